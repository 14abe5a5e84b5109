/* From tasks to classes, and back to verdicts. */
#pragma once

#include "judge/judge.h"

/* Notes down a task as it stands, unless that has been done. */
void scan_task(struct judge *judge, struct task *task);

/* Says the word on a task once all that is possible is known, and takes its mark away. */
void scan_judge(struct judge *judge, struct task *task);

/* Sets judge->watch up. */
void scan_watch(struct judge *judge);
