/* What a task makes and must give back: tickers to stop, scopes to cancel. Finds those that nobody gives
 * back, those for which a path to the end of the task that made them leads around it, and heap that nobody
 * can give back any more. */
#pragma once

#include "judge/findings.h"
#include "judge/flow.h"

/* Adds to `findings`. The flow has been run. */
void release_look(struct flow *flow, struct findings *findings);
