/* Where tasks stand, for the log. */
#pragma once

#include "base/log.h"
#include "runtime/runtime.h"

/* One line for all tasks, then one a step on which tasks are blocked: the fullest first, LIMIT_LOGGED_STEPS
 * at most. Costs a look at each step, however many tasks there are. */
void report_tasks(const struct runtime *runtime, const struct log *log);
