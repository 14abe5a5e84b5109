/* Tickers: one tick is kept, late ones are dropped, and somebody has to stop them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "stage.h"

static const struct census *census(const struct stage *stage)
{
    return &stage->workload->census;
}

static void a_tick_comes_every_period(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn worker]\n"
                       "  worker:\n"
                       "    own: {t: ticker 10ms}\n"
                       "    steps:\n"
                       "      - loop: [tick t]\n");
    stage_pass(&stage, 9 * MS);
    assert_int_equal(census(&stage)->ticks, 0);
    stage_pass(&stage, 991 * MS);
    assert_int_equal(census(&stage)->ticks, 100);
    assert_int_equal(census(&stage)->ticks_dropped, 0);
    assert_int_equal(stage_in(&stage, TASK_TICK), 1);
    stage_close(&stage);
}

static const char aligned_late[] = "fix:\n"
                                   "  main: [sleep 15ms, spawn worker]\n"
                                   "  worker:\n"
                                   "    own: {t: aligned ticker 20ms}\n"
                                   "    steps:\n"
                                   "      - loop: [tick t]\n";

static void an_aligned_ticker_ticks_on_whole_multiples_of_its_period(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, aligned_late);
    stage_pass(&stage, 19 * MS);
    assert_int_equal(census(&stage)->ticks, 0);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(census(&stage)->ticks, 1);
    stage_pass(&stage, 19 * MS);
    assert_int_equal(census(&stage)->ticks, 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(census(&stage)->ticks, 2);
    stage_close(&stage);
}

static void an_aligned_ticker_made_on_a_whole_multiple_ticks_at_the_next(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {t: aligned ticker 20ms}\nfix:\n  main: [tick t, stop t, sleep 1h]\n");
    stage_pass(&stage, 19 * MS);
    assert_int_equal(census(&stage)->ticks, 0);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(census(&stage)->ticks, 1);
    stage_close(&stage);
}

/* The runtime counts milliseconds from its own beginning: the tick comes at the first after the whole one. */
static void whole_multiples_are_those_of_the_time_of_day(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, aligned_late);
    stage.clock.wall_ahead_ns = 2 * MS + 1;
    stage_pass(&stage, 17 * MS);
    assert_int_equal(census(&stage)->ticks, 0);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(census(&stage)->ticks, 1);
    stage_pass(&stage, 20 * MS);
    assert_int_equal(census(&stage)->ticks, 2);
    stage_close(&stage);
}

static void one_tick_is_kept_for_who_is_late_and_the_others_are_dropped(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {t: ticker 10ms}\n"
                       "fix:\n"
                       "  main: [sleep 35ms, tick t, sleep 1ms, tick t, stop t, sleep 1h]\n");
    stage_pass(&stage, 35 * MS);
    assert_int_equal(census(&stage)->ticks, 1);
    assert_int_equal(census(&stage)->ticks_dropped, 2);
    assert_int_equal(stage_at(&stage, "sleep 1ms"), 1);
    stage_pass(&stage, 4 * MS);
    assert_int_equal(stage_in(&stage, TASK_TICK), 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_close(&stage);
}

static void a_stall_drops_ticks_and_keeps_the_phase(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn worker]\n"
                       "  worker:\n"
                       "    own: {t: ticker 10ms}\n"
                       "    steps:\n"
                       "      - loop: [tick t]\n");
    stage_jump(&stage, 105 * MS);
    assert_int_equal(census(&stage)->ticks, 1);
    assert_int_equal(census(&stage)->ticks_dropped, 9);
    stage_pass(&stage, 4 * MS);
    assert_int_equal(census(&stage)->ticks, 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(census(&stage)->ticks, 2);
    stage_jump(&stage, 24ll * 3600 * 1000 * MS);
    assert_int_equal(census(&stage)->ticks, 3);
    assert_int_equal(census(&stage)->ticks + census(&stage)->ticks_dropped, 11 + 24 * 3600 * 100);
    stage_close(&stage);
}

static void one_tick_is_for_one_of_those_who_wait(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {t: ticker 10ms}\n"
                       "fix:\n"
                       "  main: [spawn worker * 3]\n"
                       "  worker: [tick t]\n");
    for (uint64_t waiting = 3; waiting > 0; waiting--) {
        assert_int_equal(stage_in(&stage, TASK_TICK), waiting);
        stage_pass(&stage, 10 * MS);
    }
    assert_int_equal(stage_in(&stage, TASK_TICK), 0);
    stage_close(&stage);
}

static void stopping_a_ticker_lets_its_environment_go(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn worker * 5]\n"
                       "  worker:\n"
                       "    own: {t: ticker 10ms, c: channel}\n"
                       "    steps: [tick t, stop t, stop t]\n");
    assert_int_equal(census(&stage)->tickers, 5);
    assert_int_equal(census(&stage)->channels, 5);
    stage_pass(&stage, 10 * MS);
    assert_int_equal(census(&stage)->tickers, 0);
    assert_int_equal(census(&stage)->channels, 0);
    assert_int_equal(stage.runtime->wheel.armed, 0);
    stage_close(&stage);
}

static void a_ticker_that_nobody_stops_outlives_its_task(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn worker * 5]\n"
                       "  worker:\n"
                       "    own: {t: ticker 10ms, c: channel}\n"
                       "    steps: [tick t]\n");
    stage_cancel(&stage);
    stage_pass(&stage, 1000 * MS);
    assert_int_equal(workload_live(stage.workload), 0);
    assert_int_equal(census(&stage)->tickers, 5);
    assert_int_equal(census(&stage)->channels, 5);
    assert_int_equal(census(&stage)->ticks, 10);
    assert_int_equal(census(&stage)->ticks_dropped, 490);
    assert_false(workload_idle(stage.workload));
    assert_int_equal(stage.workload->owners_left, 1);
    stage_reclaim(&stage);
    stage_close(&stage);
}

static void nobody_hears_a_ticker_that_was_stopped(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {t: ticker 10ms}\n"
                       "fix:\n"
                       "  main: [spawn worker, sleep 25ms, stop t, sleep 1ms, spawn worker]\n"
                       "  worker: [tick t, sleep 20ms, tick t]\n");
    stage_pass(&stage, 1000 * MS);
    assert_int_equal(stage_in(&stage, TASK_TICK), 2);
    stage_close(&stage);
}

static void a_kept_tick_goes_when_the_ticker_is_stopped(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {t: ticker 10ms}\n"
                       "fix:\n"
                       "  main: [sleep 15ms, stop t, tick t]\n");
    stage_pass(&stage, 1000 * MS);
    assert_int_equal(census(&stage)->ticks, 1);
    assert_int_equal(stage_in(&stage, TASK_TICK), 1);
    stage_close(&stage);
}

static void a_period_below_a_millisecond_is_one(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "params: {p: {default: 1ms, min: 1ms, about: a}}\n"
                                                   "share: {t: ticker p}\n"
                                                   "fix:\n"
                                                   "  main:\n"
                                                   "    - loop: [tick t]\n"});
    stage.params[0] = 1;
    assert_int_equal(workload_start(stage_add(&stage, (struct stage_spec){.seed = 0})), ERR_OK);
    stage_pass(&stage, 100 * MS);
    assert_int_equal(stage.tally->census.ticks, 100);
    stage_close(&stage);
}

static void a_ticker_begins_when_its_start_does(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {t: ticker 10ms, s: scope 20ms}\n"
                                                   "fix:\n"
                                                   "  main: [tick t, stop t, await done s]\n"});
    stage.clock.manual_ns += 3600 * 1000 * (uint64_t)MS;
    stage_start(&stage);
    assert_int_equal(census(&stage)->ticks + census(&stage)->ticks_dropped, 0);
    stage_pass(&stage, 10 * MS);
    assert_int_equal(census(&stage)->ticks, 1);
    assert_int_equal(stage_in(&stage, TASK_AWAIT), 1);
    stage_pass(&stage, 10 * MS);
    assert_int_equal(stage_in(&stage, TASK_AWAIT), 0);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tick_comes_every_period),
        cmocka_unit_test(an_aligned_ticker_ticks_on_whole_multiples_of_its_period),
        cmocka_unit_test(an_aligned_ticker_made_on_a_whole_multiple_ticks_at_the_next),
        cmocka_unit_test(whole_multiples_are_those_of_the_time_of_day),
        cmocka_unit_test(one_tick_is_kept_for_who_is_late_and_the_others_are_dropped),
        cmocka_unit_test(a_stall_drops_ticks_and_keeps_the_phase),
        cmocka_unit_test(one_tick_is_for_one_of_those_who_wait),
        cmocka_unit_test(stopping_a_ticker_lets_its_environment_go),
        cmocka_unit_test(a_ticker_that_nobody_stops_outlives_its_task),
        cmocka_unit_test(nobody_hears_a_ticker_that_was_stopped),
        cmocka_unit_test(a_kept_tick_goes_when_the_ticker_is_stopped),
        cmocka_unit_test(a_period_below_a_millisecond_is_one),
        cmocka_unit_test(a_ticker_begins_when_its_start_does),
    };
    return cmocka_run_group_tests_name("ticker", tests, NULL, NULL);
}
