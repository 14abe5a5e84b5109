/* Workloads: started, cancelled, told, idle, reclaimed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "stage.h"

static const char mixed[] = "share: {c: channel}\n"
                            "fix:\n"
                            "  main: [spawn deaf * 30, spawn hearing * 70]\n"
                            "  deaf: [recv c]\n"
                            "  hearing:\n"
                            "    - select: {recv c: , done: exit}\n";

static void a_cancel_tells_all_and_ends_those_who_hear(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, mixed);
    assert_false(workload_told(stage.workload));
    workload_cancel(stage.workload);
    assert_false(workload_told(stage.workload));
    stage_settle(&stage);
    assert_true(workload_told(stage.workload));
    assert_false(workload_idle(stage.workload));
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 71);
    assert_int_equal(workload_live(stage.workload), 30);
    assert_int_equal(stage.workload->owners_left, 1);
    stage_reclaim(&stage);
    assert_int_equal(stage_ended(&stage, END_RECLAIMED), 30);
    stage_close(&stage);
}

static void cancelling_again_is_harmless(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, mixed);
    workload_cancel(stage.workload);
    workload_cancel(stage.workload);
    stage_settle(&stage);
    stage_cancel(&stage);
    assert_int_equal(workload_live(stage.workload), 30);
    stage_reclaim(&stage);
    stage_cancel(&stage);
    stage_reclaim(&stage);
    stage_close(&stage);
}

static void nothing_starts_after_a_cancel(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = mixed});
    workload_cancel(stage.workload);
    assert_int_equal(workload_start(stage.workload), ERR_CLOSED);
    stage_settle(&stage);
    assert_true(workload_told(stage.workload) && workload_idle(stage.workload));
    assert_int_equal(workload_start(stage.workload), ERR_CLOSED);
    assert_int_equal(stage.workload->census.starts, 0);
    stage_close(&stage);
}

static void a_thousand_starts_are_cancelled_in_slices(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "fix:\n"
                                                   "  main: []\n"});
    for (int i = 0; i < 1000; i++)
        assert_int_equal(workload_start(stage.workload), ERR_OK);
    stage_settle(&stage);
    assert_int_equal(stage.workload->census.starts, 1000);
    assert_int_equal(stage_in(&stage, TASK_LINGER), 1000);
    workload_cancel(stage.workload);
    stage_rounds(&stage, 1);
    assert_false(list_empty(&stage.workload->starts));
    assert_in_range(stage_settle(&stage), 10, 100);
    assert_true(workload_idle(stage.workload));
    stage_close(&stage);
}

static void a_reclaim_in_the_midst_of_spawning_ends(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {c: channel}\n"
                                                   "fix:\n"
                                                   "  main: [spawn deaf * 100000]\n"
                                                   "  deaf: [recv c]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    stage_rounds(&stage, 20);
    uint64_t spawned = stage.workload->census.spawned;
    assert_in_range(spawned, 100, 10000);
    stage_reclaim(&stage);
    assert_int_equal(stage.workload->census.spawned, spawned);
    assert_int_equal(stage_ended(&stage, END_RECLAIMED), spawned);
    assert_int_equal(stage.workload->capped_by, LIMIT_KINDS);
    stage_close(&stage);
}

static void a_reclaim_ends_tasks_that_multiply(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "fix:\n"
                                                   "  main: [spawn twin]\n"
                                                   "  twin:\n"
                                                   "    - loop: [spawn twin * 2]\n",
                                           .max_tasks = 300000});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    stage_rounds(&stage, 10);
    assert_int_equal(stage.workload->capped_by, LIMIT_KINDS);
    stage_reclaim(&stage);
    assert_int_equal(stage.workload->capped_by, LIMIT_KINDS);
    stage_close(&stage);
}

static void a_reclaim_in_the_midst_of_a_cancel_ends(void **state)
{
    (void)state;
    for (uint64_t rounds = 0; rounds < 60; rounds++) {
        struct stage stage;
        stage_open(&stage, (struct stage_spec){.text = mixed});
        for (int i = 0; i < 30; i++)
            assert_int_equal(workload_start(stage.workload), ERR_OK);
        stage_settle(&stage);
        workload_cancel(stage.workload);
        stage_rounds(&stage, rounds);
        stage_reclaim(&stage);
        stage_close(&stage);
    }
}

static void a_cancel_in_the_midst_of_a_reclaim_is_harmless(void **state)
{
    (void)state;
    for (uint64_t rounds = 0; rounds < 12; rounds++) {
        struct stage stage;
        stage_open(&stage, (struct stage_spec){.text = mixed});
        for (int i = 0; i < 20; i++)
            assert_int_equal(workload_start(stage.workload), ERR_OK);
        stage_settle(&stage);
        workload_reclaim(stage.workload);
        stage_rounds(&stage, rounds);
        workload_cancel(stage.workload);
        stage_settle(&stage);
        stage_assert_over(stage.workload);
        stage_close(&stage);
    }
}

static void tasks_can_be_reclaimed_wherever_they_stand(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel, full: channel, t: ticker 10ms, s: scope 1h}\n"
                       "fix:\n"
                       "  main: [spawn it * 10]\n"
                       "  it:\n"
                       "    own: {mine: ticker 3ms, deadline: scope 1h}\n"
                       "    steps: [spawn a, spawn b, spawn c, spawn d, spawn e, spawn f, spawn g, recv c]\n"
                       "  a: [send full]\n"
                       "  b: [sleep 1h]\n"
                       "  c: [tick t]\n"
                       "  d: [await done deadline]\n"
                       "  e:\n"
                       "    - select: {recv c: , send full: , tick mine: , done s: , after 1h: }\n"
                       "  f:\n"
                       "    - loop: [tick mine]\n"
                       "  g: [hold 1MiB, sleep 1h]\n");
    stage_pass(&stage, 100 * MS);
    assert_true(stage.runtime->wheel.armed > 30);
    stage_reclaim(&stage);
    stage_close(&stage);
}

static void two_workloads_of_one_program_share_their_tally(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, mixed);
    struct workload *second = stage_add(&stage, (struct stage_spec){.seed = 1});
    assert_ptr_equal(runtime_tally(stage.runtime, stage.program), stage.tally);
    assert_int_equal(workload_start(second), ERR_OK);
    stage_settle(&stage);
    assert_int_equal(stage_in(&stage, TASK_RECV), 60);
    stage_cancel(&stage);
    assert_int_equal(stage_in(&stage, TASK_SELECT), 70);
    assert_int_equal(workload_live(second), 101);
    stage_reclaim(&stage);
    assert_int_equal(stage.tally->census.spawned, 202);
    assert_int_equal(workload_live(second), 101);
    stage_close(&stage);
}

static void every_start_is_counted_and_they_are_apart(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {c: channel}\n"
                                                   "fix:\n"
                                                   "  main: [spawn receiver, sleep 10ms, send c]\n"
                                                   "  receiver: [recv c, sleep 1h]\n",
                                           .linger_ns = 5 * MS});
    for (int i = 0; i < 5; i++) {
        stage_start(&stage);
        stage_pass(&stage, 4 * MS);
    }
    assert_int_equal(stage.workload->census.starts, 5);
    assert_int_equal(stage_at(&stage, "recv c"), 2);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 3);
    stage_close(&stage);
}

static void an_open_linger_counts_as_a_second_in_operands(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [sleep linger / 2, sleep 1h]\n");
    stage_pass(&stage, 499 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 0);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_close(&stage);
}

static void operands_out_of_bounds_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *use;
        int64_t most;
    } uses[] = {
        {"3", "spawn it * p", LIMIT_TASKS},
        {"3", "loop p: [sleep 1ms]", LIMIT_TASKS},
        {"3KiB", "hold p", LIMIT_HOLD_BYTES},
    };
    for (size_t i = 0; i < COUNT_OF(uses); i++) {
        struct stage stage;
        char text[512];
        snprintf(text, sizeof text,
                 "params: {p: {default: %s, about: a}}\n"
                 "fix:\n"
                 "  main:\n    - spawn it\n    - %s\n"
                 "  it: [sleep 1ms]\n",
                 uses[i].type, uses[i].use);
        stage_open(&stage, (struct stage_spec){.text = text});
        struct workload workload;
        int64_t params[] = {uses[i].most + 1};
        struct workload_spec spec = {
            .tally = stage.tally, .params = params, .max_tasks = 5, .max_heap_bytes = 5};
        assert_int_equal(workload_init(&workload, stage.runtime, &spec), ERR_RANGE);
        params[0] = uses[i].most;
        assert_int_equal(workload_init(&workload, stage.runtime, &spec), ERR_OK);
        workload_deinit(&workload);
        stage_close(&stage);
    }
}

static void branches_compare_what_the_workload_was_given(void **state)
{
    (void)state;
    static const struct {
        const char *sign;
        bool below, equal, above; /* true for 2, 3 and 4 against 3 */
    } signs[] = {
        {"is", false, true, false}, {"is not", true, false, true}, {"<", true, false, false},
        {"<=", true, true, false},  {">", false, false, true},     {">=", false, true, true},
    };
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        for (int64_t n = 2; n <= 4; n++) {
            struct stage stage;
            char text[512];
            snprintf(text, sizeof text,
                     "params: {n: {default: %d, about: a}}\n"
                     "fix:\n"
                     "  main:\n"
                     "    - if n %s 3: sleep 1h\n"
                     "      else: sleep 2h\n",
                     (int)n, signs[i].sign);
            stage_play(&stage, text);
            bool expected = n < 3 ? signs[i].below : n == 3 ? signs[i].equal : signs[i].above;
            assert_int_equal(stage_at(&stage, "sleep 1h"), expected ? 1 : 0);
            assert_int_equal(stage_at(&stage, "sleep 2h"), expected ? 0 : 1);
            stage_close(&stage);
        }
    }
}

static void nested_loops_turn_as_often_as_they_say(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel}\n"
                       "fix:\n"
                       "  main:\n"
                       "    - loop 3:\n"
                       "        - loop 4:\n"
                       "            - spawn it * 2\n"
                       "            - loop 0: [panic]\n"
                       "            - loop 9: break\n"
                       "    - spawn it * 0\n"
                       "  it: [recv c]\n");
    assert_int_equal(stage_in(&stage, TASK_RECV), 24);
    stage_close(&stage);
}

static void the_runtime_says_what_its_slabs_hold(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = mixed});
    assert_int_equal(runtime_slab_bytes(stage.runtime), 0);
    stage_start(&stage);
    assert_int_equal(runtime_slab_bytes(stage.runtime), 3 * SLAB_BYTES);
    stage_close(&stage);
}

static void every_limit_has_a_word(void **state)
{
    (void)state;
    assert_string_equal(limit_kind_word(LIMIT_KIND_TASKS), "tasks");
    assert_string_equal(limit_kind_word(LIMIT_KIND_OWN_HEAP), "own_heap");
    assert_string_equal(limit_kind_word(LIMIT_KIND_MEMORY), "memory");
}

static void a_runtime_can_be_abandoned_with_everything_alive(void **state)
{
    (void)state;
    /* Static: what the abandoned workload keeps is still in sight of the leak sanitizer. */
    static struct stage stage;
    stage_play(&stage, "share: {c: channel, t: ticker 1ms}\n"
                       "fix:\n"
                       "  main: [spawn receiver * 5000, spawn chooser * 1000, spawn sleeper * 1000]\n"
                       "  receiver: [recv c]\n"
                       "  chooser:\n"
                       "    - select: {recv c: , tick t: }\n"
                       "  sleeper: [sleep 1h]\n");
    workload_cancel(stage.workload);
    stage_rounds(&stage, 2);
    runtime_abandon(stage.runtime);
    pattern_free(stage.pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancel_tells_all_and_ends_those_who_hear),
        cmocka_unit_test(cancelling_again_is_harmless),
        cmocka_unit_test(nothing_starts_after_a_cancel),
        cmocka_unit_test(a_thousand_starts_are_cancelled_in_slices),
        cmocka_unit_test(a_reclaim_in_the_midst_of_spawning_ends),
        cmocka_unit_test(a_reclaim_ends_tasks_that_multiply),
        cmocka_unit_test(a_reclaim_in_the_midst_of_a_cancel_ends),
        cmocka_unit_test(a_cancel_in_the_midst_of_a_reclaim_is_harmless),
        cmocka_unit_test(tasks_can_be_reclaimed_wherever_they_stand),
        cmocka_unit_test(two_workloads_of_one_program_share_their_tally),
        cmocka_unit_test(every_start_is_counted_and_they_are_apart),
        cmocka_unit_test(an_open_linger_counts_as_a_second_in_operands),
        cmocka_unit_test(operands_out_of_bounds_are_refused),
        cmocka_unit_test(branches_compare_what_the_workload_was_given),
        cmocka_unit_test(nested_loops_turn_as_often_as_they_say),
        cmocka_unit_test(the_runtime_says_what_its_slabs_hold),
        cmocka_unit_test(every_limit_has_a_word),
        cmocka_unit_test(a_runtime_can_be_abandoned_with_everything_alive),
    };
    return cmocka_run_group_tests_name("workload", tests, NULL, NULL);
}
