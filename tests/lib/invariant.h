/* What must be true of every task on a stage, found by walking the runtime's own structures, whatever the
 * program: beside the books of stage_check. Faults end the test. */
#pragma once

#include "stage.h"

/* Between rounds: each blocked task stands in the queues of what its operation names, once in each, or on the
 * runtime's list of those to be woken; nobody else stands in a queue. */
void invariant_places(struct stage *stage);

/* At rest (a turn has said that there is no more to do): no blocked task's operation could complete. A task
 * for which it could has lost its wake-up. */
void invariant_rest(struct stage *stage);

/* Runs one ready task until it blocks, ends or yields, or a round when none is ready. In between, queues are
 * first in, first out: who stays keeps its place, who comes goes to the end, and who leaves was in front of
 * all who stay, unless another case of its select was taken. A signal that the task begins with wakes who
 * waits first, a broadcast all. True when there is more to do. */
bool invariant_step(struct stage *stage);
