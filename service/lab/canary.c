#include "lab/canary.h"

#include "base/macros.h"

#define EVERY_NS 1000000000u

/* On a thread of the pool. */
static void on_thread(uv_work_t *work)
{
    struct canary *canary = work->data;
    canary->began_ns = uv_hrtime();
}

static void on_back(uv_work_t *work, int status)
{
    struct canary *canary = work->data;
    CHECK(status == 0);
    canary->flying = false;
    canary->delay_ns = canary->began_ns - canary->submitted_ns;
}

void canary_look(struct canary *canary, uv_loop_t *loop, uint64_t now_ns)
{
    if (canary->flying || now_ns < canary->due_ns)
        return;
    canary->work.data = canary;
    canary->submitted_ns = now_ns;
    canary->due_ns = now_ns + EVERY_NS;
    canary->flying = uv_queue_work(loop, &canary->work, on_thread, on_back) == 0;
}

uint64_t canary_delay_ns(const struct canary *canary, uint64_t now_ns)
{
    uint64_t out_ns = canary->flying && now_ns > canary->submitted_ns ? now_ns - canary->submitted_ns : 0;
    return out_ns > canary->delay_ns ? out_ns : canary->delay_ns;
}
