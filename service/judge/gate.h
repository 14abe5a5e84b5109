/* The gates: what an operation needs before a task gets past it, and what it makes possible for others. This
 * is the one place that knows what each operation means to the judge; it follows runtime/interpret.c and the
 * files of the things. Where a thing exists its state counts as it is now: a change of state is the deed of
 * some task, and every deed is noted down. */
#pragma once

#include "judge/record.h"
#include "runtime/task.h"

/* Takes the next entry from the stack, there is one, and looks at it: places behind its gate are reached, or
 * it waits at the thing that closes the gate, or nothing will ever open it. */
void gate_look(struct records *records);

/* The record of a thing as a class sees it; NULL: one inside a ghost, or no memory. */
const struct thing_rec *gate_thing(struct records *records, store_ref class, struct thing_ref ref);

/* Notes that a task of the class does carry out the operation at `pc`, whatever the gates say; `goes_on`: it
 * is woken from there. */
void gate_deed(struct records *records, store_ref class, uint16_t pc, bool goes_on);
