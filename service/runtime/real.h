/* The real thing: resources on a libuv loop, as services leak them.
 *
 *     file    a descriptor of /dev/null
 *     socket  a TCP socket that is not connected
 *     handle  a uv_timer_t on the loop, initialised and neither started nor closed
 *     thread  one that waits until it is told to end
 *     job     work in libuv's thread pool that blocks one of its threads until it is told to end
 *
 * Shutting waits for nobody: a thread and a job are told, and a thread is joined once it has said goodbye, so
 * that joining takes no time. All on the loop's thread. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "runtime/resource.h"

struct real_item;

struct real {
    struct resource_source source; /* what a runtime gets */
    uv_loop_t *loop;
    uv_async_t goodbye; /* some thread is about to return */
    struct link open;
    struct link returned;                 /* threads to be joined */
    _Atomic(struct real_item *) goodbyes; /* threads that are about to return, the last one first */
    uint64_t leaving;                     /* shut and not gone */
    uint64_t handles;                     /* on the loop, those that are closing included */
    void (*gone)(void *argument);         /* called when something that was shut is gone; or NULL */
    void *argument;
    bool closing;
};

/* ERR_SYSTEM. `gone` may be NULL. */
enum err real_init(struct real *real, uv_loop_t *loop, void (*gone)(void *argument), void *argument);

/* Opens nothing any more and shuts what is open; what runtime it belonged to hears nothing of that. The loop
 * must run until it has nothing left; then `real` may go. */
void real_close(struct real *real);
