/* A loop with real resources on it, for a runtime on virtual time; and what the system says of the process:
 * descriptors, threads, handles and jobs, beyond those that were there when the house was opened. */
#pragma once

#include <stdint.h>

#include "runtime/real.h"

struct house {
    uv_loop_t loop;
    struct real real;
    uint64_t before[SUPPLIES];
};

/* libuv's pool has its threads by then. */
void house_open(struct house *house);

/* Shuts what is open; nothing may be left then, or the test fails. */
void house_close(struct house *house);

/* Runs the loop until all that was shut is gone. `argument` is a struct house. */
void house_settle(void *argument);

/* What the process has of a supply, in excess of the beginning. */
uint64_t house_count(struct house *house, enum supply supply);
