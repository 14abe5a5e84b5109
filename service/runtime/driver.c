#include "runtime/driver.h"

#include "base/macros.h"

static void on_idle(uv_idle_t *idle);
static void on_timer(uv_timer_t *timer);

enum err driver_init(struct driver *driver, uv_loop_t *loop, struct runtime *runtime, uint32_t percent,
                     void (*after_turn)(void *), void *argument)
{
    CHECK(percent >= 1 && percent <= 100);
    *driver = (struct driver){
        .runtime = runtime, .pace = {.percent = percent}, .after_turn = after_turn, .argument = argument};
    uv_idle_init(loop, &driver->idle);
    uv_timer_init(loop, &driver->timer);
    driver->idle.data = driver;
    driver->timer.data = driver;
    return ERR_OK;
}

/* libuv rounds to whole milliseconds and starts from its own idea of now, which is refreshed first. */
static void turn_in(struct driver *driver, uint64_t wait_ns)
{
    uv_idle_stop(&driver->idle);
    uv_update_time(driver->timer.loop);
    uv_timer_start(&driver->timer, on_timer, (wait_ns + 999999) / 1000000, 0);
}

/* Sleeps in poll until the runtime's next timer, and not less than the pace wants. */
static void await_timer(struct driver *driver)
{
    uint64_t due_ns = runtime_due_ns(driver->runtime);
    if (due_ns == UINT64_MAX) {
        uv_idle_stop(&driver->idle);
        uv_timer_stop(&driver->timer);
        return;
    }
    uint64_t now_ns = driver->runtime->clock->now_ns(driver->runtime->clock);
    uint64_t wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    uint64_t rest_ns = pace_rest_ns(&driver->pace, uv_hrtime());
    turn_in(driver, wait_ns > rest_ns ? wait_ns : rest_ns);
}

/* There is something to do: in the next round of the loop, or after a rest. */
static void go_on(struct driver *driver)
{
    uint64_t rest_ns = pace_rest_ns(&driver->pace, uv_hrtime());
    if (rest_ns > 0) {
        turn_in(driver, rest_ns);
        return;
    }
    uv_timer_stop(&driver->timer);
    uv_idle_start(&driver->idle, on_idle);
}

static void turn(struct driver *driver)
{
    uint64_t began_ns = uv_hrtime();
    driver->turns++;
    driver->busy = runtime_turn(driver->runtime, (struct budget){.ns = TURN_NS});
    driver->after_turn(driver->argument);
    pace_worked(&driver->pace, began_ns, uv_hrtime());
    if (driver->busy)
        go_on(driver);
    else
        await_timer(driver);
}

static void on_idle(uv_idle_t *idle)
{
    turn(idle->data);
}

static void on_timer(uv_timer_t *timer)
{
    turn(timer->data);
}

void driver_wake(struct driver *driver)
{
    driver->busy = true;
    go_on(driver);
}

void driver_close(struct driver *driver)
{
    uv_close((uv_handle_t *)&driver->idle, NULL);
    uv_close((uv_handle_t *)&driver->timer, NULL);
}
