/* The driver on a real libuv loop and the real clock. Nothing here asserts how long anything took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/driver.h"
#include "stage.h"

#define GUARD_MS 30000

struct house {
    struct stage stage;
    uv_loop_t loop;
    uv_timer_t guard;
    struct driver driver;
    int wakes; /* that after_turn still asks for */
    bool (*until)(const struct house *house);
};

static void on_guard(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("the loop did not come to its end");
}

static void after_turn(void *argument)
{
    struct house *house = argument;
    stage_check(&house->stage);
    if (house->wakes > 0) {
        house->wakes--;
        driver_wake(&house->driver);
    }
    if (house->until != NULL && house->until(house))
        uv_stop(&house->loop);
}

static void house_open(struct house *house, const char *text)
{
    *house = (struct house){.until = NULL};
    stage_compile(&house->stage, text);
    assert_int_equal(stage_set(&house->stage, (struct stage_spec){.linger_ns = 5 * MS}), ERR_OK);
    house->stage.clock = clock_monotonic();
    house->stage.runtime->began_ns = house->stage.clock.now_ns(&house->stage.clock);
    assert_int_equal(uv_loop_init(&house->loop), 0);
    uv_timer_init(&house->loop, &house->guard);
    uv_timer_start(&house->guard, on_guard, GUARD_MS, 0);
    assert_int_equal(driver_init(&house->driver, &house->loop, house->stage.runtime, 100, after_turn, house),
                     ERR_OK);
}

static void house_run(struct house *house, bool (*until)(const struct house *house))
{
    house->until = until;
    uv_run(&house->loop, UV_RUN_DEFAULT);
    house->until = NULL;
}

static void house_start(struct house *house)
{
    assert_int_equal(workload_start(house->stage.workload), ERR_OK);
    driver_wake(&house->driver);
}

static bool idle(const struct house *house)
{
    return workload_idle(house->stage.workload);
}

/* The loop ends by itself once the handles are closed. */
static void house_close(struct house *house)
{
    driver_close(&house->driver);
    uv_close((uv_handle_t *)&house->guard, NULL);
    assert_int_equal(uv_run(&house->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&house->loop), 0);
    stage_close(&house->stage);
}

static void timers_are_served_until_nothing_is_left(void **state)
{
    (void)state;
    struct house house;
    house_open(&house, "share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn ticking * 20, spawn sleeper * 20, spawn patient * 20]\n"
                       "  ticking:\n"
                       "    own: {t: ticker 1ms}\n"
                       "    steps:\n"
                       "      - loop 5: [tick t]\n"
                       "      - stop t\n"
                       "  sleeper: [sleep 3ms, sleep 1ns, sleep 2ms]\n"
                       "  patient:\n"
                       "    - select: {recv c: , after 4ms: }\n");
    house_start(&house);
    house_run(&house, idle);
    assert_int_equal(stage_ended(&house.stage, END_RETURNED), 41);
    assert_int_equal(stage_ended(&house.stage, END_TIMED_OUT), 20);
    assert_true(house.stage.workload->census.ticks >= 100);
    house_close(&house);
}

static bool all_wait(const struct house *house)
{
    return stage_in(&house->stage, TASK_RECV) == 1000;
}

static void a_loop_without_work_makes_no_turns(void **state)
{
    (void)state;
    struct house house;
    house_open(&house, "share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn deaf * 1000, exit]\n"
                       "  deaf: [recv c]\n");
    for (int i = 0; i < 5; i++)
        uv_run(&house.loop, UV_RUN_NOWAIT);
    assert_int_equal(house.driver.turns, 0);
    house_start(&house);
    house_run(&house, all_wait);
    for (int i = 0; i < 5; i++)
        uv_run(&house.loop, UV_RUN_NOWAIT);
    uint64_t turns = house.driver.turns;
    for (int i = 0; i < 100; i++)
        uv_run(&house.loop, UV_RUN_NOWAIT);
    assert_int_equal(house.driver.turns, turns);
    house_close(&house);
}

static int beats;

static void on_beat(uv_timer_t *timer)
{
    if (++beats == 5)
        uv_stop(timer->loop);
}

static void others_on_the_loop_are_served_while_tasks_never_rest(void **state)
{
    (void)state;
    struct house house;
    uv_timer_t beat;
    house_open(&house, "fix:\n"
                       "  main: [spawn spinner * 10]\n"
                       "  spinner:\n"
                       "    - loop: [drop]\n");
    beats = 0;
    uv_timer_init(&house.loop, &beat);
    uv_timer_start(&beat, on_beat, 1, 1);
    house_start(&house);
    house_run(&house, NULL);
    assert_int_equal(beats, 5);
    assert_true(house.driver.turns > 0);
    workload_reclaim(house.stage.workload);
    house_run(&house, idle);
    uv_close((uv_handle_t *)&beat, NULL);
    house_close(&house);
}

static bool ten_turns(const struct house *house)
{
    return house->driver.turns >= 10;
}

static void a_wake_at_the_end_of_a_turn_makes_another_one(void **state)
{
    (void)state;
    struct house house;
    house_open(&house, "fix:\n"
                       "  main: []\n");
    house.wakes = 20;
    driver_wake(&house.driver);
    house_run(&house, ten_turns);
    assert_int_equal(house.driver.turns, 10);
    house_close(&house);
}

static bool some_live(const struct house *house)
{
    return workload_live(house->stage.workload) > 1000;
}

static void the_loop_closes_with_tasks_alive_and_timers_armed(void **state)
{
    (void)state;
    struct house house;
    house_open(&house, "share: {t: ticker 1ms}\n"
                       "fix:\n"
                       "  main: [spawn sleeper * 100000]\n"
                       "  sleeper: [sleep 1h]\n");
    house_start(&house);
    house_run(&house, some_live);
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_are_served_until_nothing_is_left),
        cmocka_unit_test(a_loop_without_work_makes_no_turns),
        cmocka_unit_test(others_on_the_loop_are_served_while_tasks_never_rest),
        cmocka_unit_test(a_wake_at_the_end_of_a_turn_makes_another_one),
        cmocka_unit_test(the_loop_closes_with_tasks_alive_and_timers_armed),
    };
    return cmocka_run_group_tests_name("driver", tests, NULL, NULL);
}
