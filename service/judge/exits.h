/* How does it exit? For each kind of task: whether some path leads to its end, and what it waits for last on
 * that path; and the steps that nobody ever comes past. */
#pragma once

#include "judge/findings.h"
#include "judge/flow.h"

struct exit {
    bool started;            /* main, or a kind that somebody comes to spawn */
    bool ends;               /* a path leads to its end */
    char text[FINDING_TEXT]; /* what it waits for last: "recv jobs (line 14) or done (line 16)"; "its last
                                statement (line 9)" when it waits for nothing; "" unless it ends */
};

/* Fills `exits` for each kind of task, and adds to `findings`. The flow has been run. ERR_MEMORY. */
enum err exits_look(struct flow *flow, struct findings *findings, struct exit exits[LIMIT_TASK_KINDS]);
