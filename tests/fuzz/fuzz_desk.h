/* A lab on a clock that stands still, for targets that ask it what they like; its limits are low. Nothing
 * that is asked is the daemon's fault, and in the end nothing is left. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fuzz.h"
#include "lab_fixture.h"

#define FUZZ_TASKS_MOST 300
#define FUZZ_HEAP_MOST  (4u << 20)

/* `catalogue` is borrowed until fuzz_desk_close(). */
void fuzz_desk_open(struct desk *desk, struct catalogue *catalogue);

/* Lets the lab run for so many turns, or until nothing is left to do at this time of the clock. */
void fuzz_desk_run(struct desk *desk, unsigned turns);

/* Asks for what `request` says, and lets the lab run until it has answered; a problem says what is wrong. The
 * caller frees the reply. Returns the status, 200 to 499. */
int fuzz_desk_ask(struct desk *desk, struct reply *reply, struct lab_request request);

/* The same, of an answer that nobody looks at. */
int fuzz_desk_do(struct desk *desk, struct lab_request request);

/* Reclaims everything, and checks that nothing is left. */
void fuzz_desk_reset(struct desk *desk);

void fuzz_desk_close(struct desk *desk);
