/* Scopes: who hears a cancel, a deadline, the departure of the owner; and how tasks end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "stage.h"

static void a_cancel_is_heard_by_select_and_await_and_not_by_recv(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(
        &stage,
        "share: {c: channel, s: scope}\n"
        "fix:\n"
        "  main: [spawn deaf * 2, spawn chooser * 3, spawn waiter * 4, sleep 1ms, cancel s, cancel s]\n"
        "  deaf: [recv c]\n"
        "  chooser:\n"
        "    - select: {recv c: , done s: }\n"
        "  waiter: [await done s]\n");
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 7);
    assert_int_equal(stage_in(&stage, TASK_RECV), 2);
    stage_cancel(&stage);
    assert_int_equal(stage_in(&stage, TASK_RECV), 2);
    stage_close(&stage);
}

static void a_scope_with_a_timeout_is_done_by_itself(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {s: scope 50ms, open: scope}\n"
                       "fix:\n"
                       "  main: [spawn waiter * 3, spawn chooser * 2]\n"
                       "  waiter: [await done s]\n"
                       "  chooser:\n"
                       "    - select: {done s: , done open: }\n");
    stage_pass(&stage, 49 * MS);
    assert_int_equal(stage_ended(&stage, END_TIMED_OUT), 0);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_TIMED_OUT), 5);
    stage_close(&stage);
}

static void a_scope_that_was_cancelled_does_not_time_out_any_more(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {s: scope 50ms}\n"
                       "fix:\n"
                       "  main: [spawn waiter, sleep 1ms, cancel s, sleep 100ms, spawn waiter]\n"
                       "  waiter: [await done s]\n");
    assert_int_equal(stage.runtime->wheel.armed, 2);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage.runtime->wheel.armed, 1);
    stage_pass(&stage, 100 * MS);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 2);
    stage_close(&stage);
}

static void the_scopes_of_tasks_follow_that_of_their_start(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn request * 200]\n"
                       "  request:\n"
                       "    own: {s: scope 1h}\n"
                       "    steps: [spawn part, await done s]\n"
                       "  part: [await done s]\n");
    assert_int_equal(stage.runtime->wheel.armed, 200);
    stage_cancel(&stage);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 401);
    assert_int_equal(stage.runtime->wheel.armed, 0);
    assert_true(workload_idle(stage.workload));
    stage_close(&stage);
}

static void a_scope_made_after_the_end_of_its_start_is_done(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn late]\n"
                       "  late: [await done, spawn request]\n"
                       "  request:\n"
                       "    own: {s: scope 1h}\n"
                       "    steps:\n"
                       "      - await done s\n"
                       "      - select: {recv c: , done s: }\n"
                       "      - recv c\n");
    stage_cancel(&stage);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 2);
    assert_int_equal(stage_in(&stage, TASK_RECV), 1);
    assert_int_equal(stage.runtime->wheel.armed, 0);
    stage_close(&stage);
}

static void a_cancel_is_for_one_scope_and_not_for_its_siblings(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn request, sleep 1ms, spawn request]\n"
                       "  request:\n"
                       "    own: {s: scope}\n"
                       "    steps: [spawn part, sleep 10ms, cancel s, sleep 1h]\n"
                       "  part: [await done s]\n");
    stage_pass(&stage, 10 * MS);
    assert_int_equal(stage_in(&stage, TASK_AWAIT), 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_in(&stage, TASK_AWAIT), 0);
    stage_close(&stage);
}

#define CROWD 100000

static void a_crowd_is_told_in_slices_and_newcomers_know_at_once(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {s: scope}\n"
                       "fix:\n"
                       "  main: [spawn waiter * 100000, sleep 10ms, cancel s, spawn late]\n"
                       "  waiter: [await done s]\n"
                       "  late: [await done s, sleep 1h]\n");
    assert_int_equal(stage_in(&stage, TASK_AWAIT), CROWD);
    stage.clock.manual_ns += 10 * (uint64_t)MS;
    stage_rounds(&stage, 3);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    assert_true(stage_in(&stage, TASK_AWAIT) > CROWD * 9 / 10);
    uint64_t before = stage_in(&stage, TASK_AWAIT);
    uint64_t rounds = 0;
    while (stage_rounds(&stage, 1)) {
        assert_true(before - stage_in(&stage, TASK_AWAIT) <= 1000);
        before = stage_in(&stage, TASK_AWAIT);
        rounds++;
    }
    assert_in_range(rounds, CROWD / 1000, CROWD / 10);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), CROWD);
    stage_close(&stage);
}

static void a_crowd_of_scopes_is_told_in_slices_too(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn request * 20000]\n"
                       "  request:\n"
                       "    own: {s: scope}\n"
                       "    steps: [await done s]\n");
    workload_cancel(stage.workload);
    uint64_t rounds = stage_settle(&stage);
    assert_in_range(rounds, 20, 2000);
    assert_true(workload_told(stage.workload));
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 20001);
    stage_close(&stage);
}

/* ---- the owner ---- */

static const char lingering[] = "fix:\n"
                                "  main: [spawn waiter * 3]\n"
                                "  waiter: [await done]\n";

static void the_start_is_done_when_its_owner_leaves_after_its_linger(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = lingering, .linger_ns = 80 * MS});
    stage_start(&stage);
    assert_int_equal(stage_in(&stage, TASK_LINGER), 1);
    stage_pass(&stage, 79 * MS);
    assert_int_equal(workload_live(stage.workload), 4);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 3);
    assert_true(workload_idle(stage.workload));
    stage_close(&stage);
}

static void without_a_linger_the_owner_stays_until_the_workload_is_cancelled(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, lingering);
    stage_pass(&stage, 3600 * 1000 * MS);
    assert_int_equal(workload_live(stage.workload), 4);
    stage_cancel(&stage);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 4);
    stage_close(&stage);
}

static void an_owner_that_is_told_to_stay_hears_nothing(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = lingering, .linger_ns = 80 * MS, .owner_stays = true});
    stage_start(&stage);
    stage_pass(&stage, 1000 * MS);
    assert_int_equal(workload_live(stage.workload), 4);
    stage_cancel(&stage);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 3);
    assert_int_equal(stage_in(&stage, TASK_LINGER), 1);
    stage_reclaim(&stage);
    stage_close(&stage);
}

static void an_owner_may_exit_before_its_linger(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {c: channel}\n"
                                                   "fix:\n"
                                                   "  main: [spawn waiter, spawn deaf, sleep 5ms, exit]\n"
                                                   "  waiter: [await done]\n"
                                                   "  deaf: [recv c]\n",
                                           .linger_ns = 80 * MS});
    stage_start(&stage);
    assert_int_equal(stage.workload->owners_left, 0);
    stage_pass(&stage, 5 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 1);
    assert_int_equal(stage.workload->owners_left, 1);
    stage_close(&stage);
}

/* ---- how tasks end ---- */

static void a_task_ends_as_what_it_heard_last(void **state)
{
    (void)state;
    static const struct {
        const char *steps;
        enum task_end how;
    } ends[] = {
        {"sleep 1ms", END_RETURNED},
        {"exit", END_RETURNED},
        {"panic", END_PANICKED},
        {"await done s", END_TIMED_OUT},
        {"await done over", END_CANCELLED},
        {"select: {after 1ms: }", END_TIMED_OUT},
        {"select: {done over: }", END_CANCELLED},
        {"select: {recv closed: }", END_RETURNED},
        /* What comes after counts, whether it had to wait or not. */
        {"await done over\n    - sleep 1ms", END_RETURNED},
        {"await done over\n    - recv closed", END_RETURNED},
        {"await done over\n    - send room", END_RETURNED},
        {"await done over\n    - recv never", END_RECLAIMED},
        {"select: {after 1ms: }\n    - await done over", END_CANCELLED},
        {"await done over\n    - drop", END_CANCELLED},
    };
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct stage stage;
        char text[1024];
        snprintf(text, sizeof text,
                 "share: {s: scope 5ms, over: scope, closed: channel, room: channel 9, never: channel}\n"
                 "fix:\n"
                 "  main: [close closed, cancel over, spawn it, sleep 1h]\n"
                 "  it:\n    - %s\n",
                 ends[i].steps);
        stage_play(&stage, text);
        stage_pass(&stage, 10 * MS);
        bool alive = ends[i].how == END_RECLAIMED;
        assert_int_equal(workload_live(stage.workload), alive ? 2 : 1);
        if (!alive)
            assert_int_equal(stage_ended(&stage, ends[i].how), 1);
        stage_reclaim(&stage);
        assert_int_equal(stage_ended(&stage, END_RECLAIMED), alive ? 2 : 1);
        stage_close(&stage);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancel_is_heard_by_select_and_await_and_not_by_recv),
        cmocka_unit_test(a_scope_with_a_timeout_is_done_by_itself),
        cmocka_unit_test(a_scope_that_was_cancelled_does_not_time_out_any_more),
        cmocka_unit_test(the_scopes_of_tasks_follow_that_of_their_start),
        cmocka_unit_test(a_scope_made_after_the_end_of_its_start_is_done),
        cmocka_unit_test(a_cancel_is_for_one_scope_and_not_for_its_siblings),
        cmocka_unit_test(a_crowd_is_told_in_slices_and_newcomers_know_at_once),
        cmocka_unit_test(a_crowd_of_scopes_is_told_in_slices_too),
        cmocka_unit_test(the_start_is_done_when_its_owner_leaves_after_its_linger),
        cmocka_unit_test(without_a_linger_the_owner_stays_until_the_workload_is_cancelled),
        cmocka_unit_test(an_owner_that_is_told_to_stay_hears_nothing),
        cmocka_unit_test(an_owner_may_exit_before_its_linger),
        cmocka_unit_test(a_task_ends_as_what_it_heard_last),
    };
    return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
