/* A canary in libuv's thread pool, which a process has one of: a job that does nothing, one at a time and
 * once a second. How long it waits for a thread is how long everybody else's file system and DNS work waits.
 * Lab thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct canary {
    uv_work_t work;
    bool flying; /* handed to the pool and not back yet */
    uint64_t due_ns;
    uint64_t submitted_ns;
    uint64_t began_ns; /* when a thread took it; that thread's while it flies */
    uint64_t delay_ns; /* of the last one that came back */
};

/* Times are those of uv_hrtime(). Zeroed memory is a canary that is due. */

/* To be called now and then: sends one if it is due and the last one is back. */
void canary_look(struct canary *canary, uv_loop_t *loop, uint64_t now_ns);

/* How long the last one waited; one that is still out counts from when it has waited longer than that. */
uint64_t canary_delay_ns(const struct canary *canary, uint64_t now_ns);
