/* Limits: whoever reaches one is capped, once; everybody else goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fault.h"
#include "stage.h"

static const char receivers[] = "share: {c: channel}\n"
                                "fix:\n"
                                "  main: [spawn receiver * 100, sleep 1h]\n"
                                "  receiver: [recv c]\n";

/* Loops that need nodes for their selects again and again. */
static const char choosers[] = "share: {t: ticker 1ms}\n"
                               "fix:\n"
                               "  main: [spawn chooser * 3]\n"
                               "  chooser:\n"
                               "    - loop:\n"
                               "        - select: {tick t: , done: exit}\n";

static void assert_capped(const struct stage *stage, enum limit_kind kind)
{
    assert_int_equal(stage->workload->capped_by, kind);
    for (int each = 0; each < LIMIT_KINDS; each++)
        assert_int_equal(stage->tally->limit_hits[each], each == (int)kind ? 1 : 0);
}

static void a_workload_stops_at_its_own_limit_on_tasks(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = receivers, .max_tasks = 10});
    stage_start(&stage);
    assert_capped(&stage, LIMIT_KIND_OWN_TASKS);
    assert_int_equal(stage_in(&stage, TASK_RECV), 9);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_close(&stage);
}

static void exactly_the_limit_is_within_it(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = receivers, .max_tasks = 101, .runtime_max_tasks = 101});
    stage_start(&stage);
    assert_int_equal(stage.workload->capped_by, LIMIT_KINDS);
    assert_int_equal(stage.runtime->live, 101);
    stage_close(&stage);
}

static void the_runtime_s_limit_on_tasks_is_for_all_together(void **state)
{
    (void)state;
    struct stage stage, other;
    stage_open(&stage, (struct stage_spec){.text = receivers, .runtime_max_tasks = 150});
    stage_start(&stage);
    assert_int_equal(stage.workload->capped_by, LIMIT_KINDS);
    stage_open(&other, (struct stage_spec){.text = receivers, .beside = &stage});
    stage_start(&other);
    assert_capped(&other, LIMIT_KIND_TASKS);
    assert_int_equal(stage.runtime->live, 150);
    assert_int_equal(workload_live(stage.workload), 101);
    stage_close(&other);
    assert_int_equal(stage.workload->capped_by, LIMIT_KINDS);
    stage_close(&stage);
}

static void a_workload_stops_at_its_own_limit_on_heap(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = receivers, .holds_bytes = 4096, .max_heap_bytes = 50000});
    stage_start(&stage);
    assert_capped(&stage, LIMIT_KIND_OWN_HEAP);
    assert_in_range(stage.workload->charged_bytes, 50000 - 4096, 50000);
    assert_int_equal(stage.runtime->charged_bytes, stage.workload->charged_bytes);
    stage_close(&stage);
}

static void the_runtime_s_limit_on_heap_is_for_all_together(void **state)
{
    (void)state;
    struct stage stage, other;
    stage_open(&stage, (struct stage_spec){.text = receivers, .runtime_max_heap_bytes = 20000});
    stage_start(&stage);
    assert_int_equal(stage.workload->capped_by, LIMIT_KINDS);
    stage_open(&other, (struct stage_spec){.text = receivers, .beside = &stage});
    stage_start(&other);
    assert_capped(&other, LIMIT_KIND_HEAP);
    assert_in_range(stage.runtime->charged_bytes, 20000 - sizeof(struct task) + 1, 20000);
    stage_close(&other);
    stage_close(&stage);
}

/* Given that others have used up the heap to the last byte while nobody was in a select. */
static void whoever_waits_in_selects_goes_on_when_others_use_up_the_heap(void **state)
{
    (void)state;
    struct stage stage, other;
    stage_open(&stage, (struct stage_spec){.text = "share: {c: channel}\n"
                                                   "fix:\n"
                                                   "  main: [spawn chooser * 3]\n"
                                                   "  chooser:\n"
                                                   "    - loop:\n"
                                                   "        - sleep 1ms\n"
                                                   "        - select: {recv c: , done: exit, after 1ms: }\n",
                                           .runtime_max_heap_bytes = 20000});
    stage_start(&stage);
    stage_open(&other, (struct stage_spec){.text = "fix:\n"
                                                   "  main:\n"
                                                   "    - loop 20000: [hold 1B]\n",
                                           .beside = &stage});
    stage_start(&other);
    uint64_t charged = stage.runtime->charged_bytes;
    assert_in_range(charged, 20000 - 15, 20000);
    stage_pass(&stage, 101 * MS);
    assert_capped(&other, LIMIT_KIND_HEAP);
    assert_int_equal(stage.workload->capped_by, LIMIT_KINDS);
    assert_int_equal(stage_in(&stage, TASK_SELECT), 3);
    assert_int_equal(stage.runtime->charged_bytes, charged + 3 * 2 * sizeof(struct wait));
    stage_close(&other);
    stage_close(&stage);
}

/* Their waiting in selects of many cases takes more than they did before. */
static void whoever_waits_in_selects_takes_an_eighth_more_and_then_panics(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){
                           .text = "share: {gate: channel, c: channel, d: channel, e: channel, f: channel}\n"
                                   "fix:\n"
                                   "  main: [spawn chooser * 400, sleep 1ms, close gate]\n"
                                   "  chooser:\n"
                                   "    - recv gate\n"
                                   "    - select: {recv c: , recv d: , recv e: , recv f: , done: exit}\n",
                           .runtime_max_heap_bytes = 64000});
    stage_start(&stage);
    assert_int_equal(stage_in(&stage, TASK_RECV), 400);
    stage_pass(&stage, 1 * MS);
    assert_capped(&stage, LIMIT_KIND_HEAP);
    assert_in_range(stage.runtime->charged_bytes, 71000, 72000);
    assert_int_equal(stage_in(&stage, TASK_SELECT) + stage_ended(&stage, END_PANICKED), 400);
    assert_in_range(stage_ended(&stage, END_PANICKED), 1, 399);
    stage_close(&stage);
}

static void small_holds_count_as_what_they_take(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "fix:\n"
                                                   "  main: [loop 20000: [hold 1B]]\n",
                                           .runtime_max_heap_bytes = 20000});
    stage_start(&stage);
    assert_capped(&stage, LIMIT_KIND_HEAP);
    assert_in_range(stage.workload->census.held_bytes, 16 * 1000, 20000);
    assert_int_equal(stage.workload->census.held_bytes % 16, 0);
    stage_close(&stage);
}

static void a_hold_that_does_not_fit_caps_and_the_task_goes_on(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "fix:\n"
                                                   "  main: [hold 1MiB, hold 100B, sleep 1h]\n",
                                           .max_heap_bytes = 600000});
    stage_start(&stage);
    assert_capped(&stage, LIMIT_KIND_OWN_HEAP);
    assert_int_equal(stage.workload->census.held_bytes, 512 * 1024);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_close(&stage);
}

static void holds_are_counted_and_given_back(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage,
               (struct stage_spec){.text = "fix:\n"
                                           "  main: [spawn holder * 5]\n"
                                           "  holder: [hold 10KiB, sleep 1ms, drop, hold 16B, sleep 1ms]\n",
                                   .holds_bytes = 1024});
    stage_start(&stage);
    assert_int_equal(stage.workload->census.held_bytes, 5 * 11 * 1024);
    stage_pass(&stage, MS);
    assert_int_equal(stage.workload->census.held_bytes, 5 * 16);
    stage_pass(&stage, MS);
    assert_int_equal(stage.workload->census.held_bytes, 0);
    stage_close(&stage);
}

static void a_capped_workload_spawns_and_holds_no_more_even_when_there_is_room_again(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){
                           .text = "fix:\n"
                                   "  main: [spawn brief * 20, sleep 1h, spawn brief, hold 1KiB, sleep 2h]\n"
                                   "  brief: [sleep 1ms]\n",
                           .max_tasks = 10});
    stage_start(&stage);
    stage_pass(&stage, 3600 * 1000 * MS);
    assert_int_equal(stage_at(&stage, "sleep 2h"), 1);
    assert_int_equal(workload_live(stage.workload), 1);
    assert_int_equal(stage.workload->census.held_bytes, 0);
    assert_capped(&stage, LIMIT_KIND_OWN_TASKS);
    stage_close(&stage);
}

static void a_start_that_is_refused_leaves_nothing_and_counts_as_none(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = receivers, .max_tasks = 10});
    stage_start(&stage);
    uint64_t charged = stage.workload->charged_bytes;
    for (int i = 0; i < 3; i++)
        assert_int_equal(workload_start(stage.workload), ERR_LIMIT);
    assert_int_equal(stage.workload->census.starts, 1);
    assert_int_equal(stage.workload->census.channels, 1);
    assert_int_equal(stage.workload->charged_bytes, charged);
    assert_capped(&stage, LIMIT_KIND_OWN_TASKS);
    stage_close(&stage);
}

/* Its tickers tick already, and nobody would ever stop them. */
static void a_start_that_is_refused_leaves_no_ticker(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {t: ticker 10ms}\n"
                                                   "fix:\n"
                                                   "  main: [sleep 1s, stop t, exit]\n",
                                           .max_tasks = 1});
    stage_start(&stage);
    assert_int_equal(workload_start(stage.workload), ERR_LIMIT);
    assert_int_equal(stage.workload->census.tickers, 1);
    stage_pass(&stage, 1000 * MS);
    assert_int_equal(stage.workload->census.tickers, 0);
    assert_true(workload_idle(stage.workload));
    stage_close(&stage);
}

static void a_start_without_room_for_its_things_is_refused(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = receivers, .max_heap_bytes = 100});
    assert_int_equal(workload_start(stage.workload), ERR_LIMIT);
    assert_capped(&stage, LIMIT_KIND_OWN_HEAP);
    stage_close(&stage);
}

static void each_workload_hits_a_limit_once(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = receivers, .max_tasks = 10});
    struct workload *second = stage_add(&stage, (struct stage_spec){.max_tasks = 20});
    stage_start(&stage);
    assert_int_equal(workload_start(second), ERR_OK);
    stage_settle(&stage);
    assert_int_equal(stage.tally->limit_hits[LIMIT_KIND_OWN_TASKS], 2);
    assert_int_equal(stage.runtime->live, 30);
    stage_close(&stage);
}

static void a_start_without_memory_is_refused_as_such(void **state)
{
    (void)state;
    struct stage stage;
    for (uint64_t n = 1; n <= 2; n++) {
        stage_open(&stage, (struct stage_spec){.text = receivers});
        fault_arm(n, true);
        assert_int_equal(workload_start(stage.workload), ERR_MEMORY);
        assert_int_equal(fault_disarm(), n);
        assert_capped(&stage, LIMIT_KIND_MEMORY);
        stage_close(&stage);
    }
}

static void without_memory_tasks_are_capped_and_others_go_on(void **state)
{
    (void)state;
    struct stage stage, other;
    stage_play(&stage, choosers);
    stage_open(&other, (struct stage_spec){.text = "share: {c: channel}\n"
                                                   "fix:\n"
                                                   "  main: [spawn receiver * 100]\n"
                                                   "  receiver: [hold 1KiB, recv c]\n",
                                           .beside = &stage});
    assert_int_equal(workload_start(other.workload), ERR_OK);
    fault_arm(1, true);
    stage_settle(&other);
    fault_disarm();
    assert_capped(&other, LIMIT_KIND_MEMORY);
    assert_true(stage_in(&other, TASK_RECV) > 0);
    stage_pass(&stage, 50 * MS);
    assert_int_equal(stage.workload->census.ticks, 50);
    assert_int_equal(stage_in(&stage, TASK_SELECT), 3);
    stage_close(&other);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_workload_stops_at_its_own_limit_on_tasks),
        cmocka_unit_test(exactly_the_limit_is_within_it),
        cmocka_unit_test(the_runtime_s_limit_on_tasks_is_for_all_together),
        cmocka_unit_test(a_workload_stops_at_its_own_limit_on_heap),
        cmocka_unit_test(the_runtime_s_limit_on_heap_is_for_all_together),
        cmocka_unit_test(whoever_waits_in_selects_goes_on_when_others_use_up_the_heap),
        cmocka_unit_test(whoever_waits_in_selects_takes_an_eighth_more_and_then_panics),
        cmocka_unit_test(small_holds_count_as_what_they_take),
        cmocka_unit_test(a_hold_that_does_not_fit_caps_and_the_task_goes_on),
        cmocka_unit_test(holds_are_counted_and_given_back),
        cmocka_unit_test(a_capped_workload_spawns_and_holds_no_more_even_when_there_is_room_again),
        cmocka_unit_test(a_start_that_is_refused_leaves_nothing_and_counts_as_none),
        cmocka_unit_test(a_start_that_is_refused_leaves_no_ticker),
        cmocka_unit_test(a_start_without_room_for_its_things_is_refused),
        cmocka_unit_test(each_workload_hits_a_limit_once),
        cmocka_unit_test(a_start_without_memory_is_refused_as_such),
        cmocka_unit_test(without_memory_tasks_are_capped_and_others_go_on),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
