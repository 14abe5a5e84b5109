/* Cancels, reclaims and resets: each ends scenarios and answers with a receipt once their tasks have heard
 * it. The answer waits for that, but never long: LIMIT_SETTLE_MS for a cancel, LIMIT_RECLAIM_MS for a
 * reclaim. */
#pragma once

#include <stdbool.h>

#include "lab/core.h"

/* Ends one scenario, or all that have not finished (`scenario` NULL). `reclaim` also frees the tasks that do
 * not leave. The request is answered in a later ending_check(). */
void ending_begin(struct core *core, struct lab_request *request, struct scenario *scenario, bool reclaim);

/* Moves endings on and answers those that are done; after scenarios were checked. True when something was
 * given to the runtime. */
bool ending_check(struct core *core);

/* Answers all with 503. */
void ending_close(struct core *core);
