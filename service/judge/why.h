/* Why a task does not go on, in words: what would have let it, and that nobody is left to do so. The words
 * are looked up by operation and by what others do to the thing (language/role.h), so that a new kind of
 * thing needs a line in a table. For any thread; the program must be there. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "language/role.h"
#include "runtime/census.h"

/* The operation on which a task stands that is in `state` at `step`; NULL where the step has none that keeps
 * a task in that state. */
const struct op *why_operation(const struct program *program, uint16_t step, enum task_state state);

/* Appends what a stuck task at the operation lacks, to be read after a colon: "no task that still runs sends
 * on or closes `jobs`". Errors stick to the buffer. */
void why_stuck(const struct roles *roles, const struct op *op, enum task_state state, struct buf *out);

/* Likewise of one that is endless. */
void why_endless(struct buf *out);
