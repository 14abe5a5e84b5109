/* Work: it takes the runtime's time, one task at a time, in slices between which others go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "stage.h"

static uint64_t took_ns(const struct stage *stage)
{
    return stage->clock.manual_ns - 1000 * MS;
}

static void work_takes_time(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [work 0s, spawn worker]\n"
                       "  worker: [work 10ms, work 1ns]\n");
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    assert_int_equal(took_ns(&stage), 10 * MS + 1);
    stage_close(&stage);
}

static void there_is_one_processor(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn worker * 20]\n"
                       "  worker: [work 10ms]\n");
    assert_int_equal(stage_ended(&stage, END_RETURNED), 20);
    assert_int_equal(took_ns(&stage), 200 * MS);
    stage_close(&stage);
}

/* Neither who is ready nor who sleeps waits for the end of a day's work. */
static void others_go_on_in_between(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "fix:\n"
                                                   "  main: [spawn worker, spawn quick, spawn sleeper]\n"
                                                   "  worker: [work 1d]\n"
                                                   "  quick: []\n"
                                                   "  sleeper: [sleep 5ms]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    stage_rounds(&stage, 10);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    stage_rounds(&stage, 200);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 2);
    assert_int_equal(stage_in(&stage, TASK_READY), 1);
    stage_close(&stage);
}

/* One slice a round, after which the clock is read: no turn is longer than it may be. */
static void a_round_burns_one_slice_whoever_works(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "fix:\n"
                                                   "  main: [spawn worker * 100]\n"
                                                   "  worker: [work 1h]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    for (int i = 0; i < 300; i++) {
        uint64_t before_ns = took_ns(&stage);
        stage_rounds(&stage, 1);
        assert_in_range(took_ns(&stage) - before_ns, 0, WORK_SLICE_NS);
    }
    assert_true(runtime_turn(stage.runtime, (struct budget){.ns = MS}));
    stage_close(&stage);
}

static void work_hears_no_cancel_and_can_be_reclaimed(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "fix:\n"
                                                   "  main: [spawn worker * 3]\n"
                                                   "  worker: [work 1h, hold 1MiB, work 1h]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    stage_rounds(&stage, 10);
    workload_cancel(stage.workload);
    stage_rounds(&stage, 10);
    assert_int_equal(stage_in(&stage, TASK_READY), 3);
    workload_reclaim(stage.workload);
    stage_rounds(&stage, 10);
    stage_assert_over(stage.workload);
    stage_close(&stage);
}

static void a_real_clock_burns_what_it_is_told(void **state)
{
    (void)state;
    struct clock clock = clock_monotonic();
    uint64_t before_ns = clock.now_ns(&clock);
    clock.burn(&clock, 100000);
    assert_true(clock.now_ns(&clock) - before_ns >= 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_takes_time),
        cmocka_unit_test(there_is_one_processor),
        cmocka_unit_test(others_go_on_in_between),
        cmocka_unit_test(a_round_burns_one_slice_whoever_works),
        cmocka_unit_test(work_hears_no_cancel_and_can_be_reclaimed),
        cmocka_unit_test(a_real_clock_burns_what_it_is_told),
    };
    return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
