/* Runs a runtime on a libuv loop: turns of at most half a millisecond, between which libuv polls; one
 * uv_timer_t for all of the runtime's timers, and for the rests that a share of the processor wants. Lab
 * thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "runtime/pace.h"
#include "runtime/runtime.h"

#define TURN_NS 500000u

struct driver {
    struct runtime *runtime;
    uv_idle_t idle;   /* active while there is something to do: the loop then does not sleep in poll */
    uv_timer_t timer; /* the runtime's next timer */
    struct pace pace;
    uint64_t turns;
    void (*after_turn)(void *argument);
    void *argument;
    bool busy;
};

/* Attaches the runtime to the loop. `after_turn` is called at the end of each turn. Turns take at most
 * `percent` of a processor, 1 to 100. ERR_SYSTEM. */
enum err driver_init(struct driver *driver, uv_loop_t *loop, struct runtime *runtime, uint32_t percent,
                     void (*after_turn)(void *), void *argument);

/* To be called after something was given to the runtime from outside a turn (a start, a cancel, a call): a
 * turn follows as soon as the loop comes round. */
void driver_wake(struct driver *driver);

/* Closes the handles; the loop must run once more until they are closed. */
void driver_close(struct driver *driver);
