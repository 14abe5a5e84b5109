#include "runtime/driver.h"

#include "base/check.h"

static void on_idle(uv_idle_t *idle);
static void on_timer(uv_timer_t *timer);

enum err driver_init(struct driver *driver, uv_loop_t *loop, struct runtime *runtime,
                     void (*after_turn)(void *), void *argument)
{
    *driver = (struct driver){.runtime = runtime, .after_turn = after_turn, .argument = argument};
    uv_idle_init(loop, &driver->idle);
    uv_timer_init(loop, &driver->timer);
    driver->idle.data = driver;
    driver->timer.data = driver;
    return ERR_OK;
}

/* Sleeps in poll until the runtime's next timer. libuv rounds to whole milliseconds and starts from its own
 * idea of now, which is refreshed first. */
static void await_timer(struct driver *driver)
{
    uint64_t due_ns = runtime_due_ns(driver->runtime);
    if (due_ns == UINT64_MAX) {
        uv_timer_stop(&driver->timer);
        return;
    }
    uint64_t now_ns = driver->runtime->clock->now_ns(driver->runtime->clock);
    uint64_t wait_ms = due_ns > now_ns ? (due_ns - now_ns + 999999) / 1000000 : 0;
    uv_update_time(driver->timer.loop);
    uv_timer_start(&driver->timer, on_timer, wait_ms, 0);
}

static void turn(struct driver *driver)
{
    driver->turns++;
    driver->busy = runtime_turn(driver->runtime, (struct budget){.ns = TURN_NS});
    driver->after_turn(driver->argument);
    if (driver->busy) {
        uv_timer_stop(&driver->timer);
        uv_idle_start(&driver->idle, on_idle);
        return;
    }
    uv_idle_stop(&driver->idle);
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
    uv_idle_start(&driver->idle, on_idle);
}

void driver_close(struct driver *driver)
{
    uv_close((uv_handle_t *)&driver->idle, NULL);
    uv_close((uv_handle_t *)&driver->timer, NULL);
}
