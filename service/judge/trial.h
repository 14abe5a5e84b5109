/* A trial run: a variant is run with given operands on a clock of its own, which jumps from timer to timer,
 * with nobody watching. The owner stays as long as it does by default and leaves, then the start is
 * cancelled, and whoever is still there at the end and waits for no time was left behind. It shows what
 * happened in these runs, a few seeds each, and proves nothing about others; it is what counts: five sends
 * and one receive. Bounded in tasks, memory and rounds (base/limits.h). Any thread; a second of CPU at the
 * most. */
#pragma once

#include "judge/findings.h"
#include "judge/flow.h"

/* What the runs came to, the worst of each. */
struct trial {
    bool cut;           /* a limit ended a run before its time: too many tasks, too much memory, no rest */
    uint64_t left;      /* tasks that were left */
    uint64_t tickers;   /* that were left armed */
    uint64_t resources; /* that were left open */
    uint64_t panicked;
};

/* `params` are those from which flow->values were resolved. Adds to `findings` what they do not know yet.
 * ERR_MEMORY. */
enum err trial_run(struct flow *flow, const int64_t *params, struct findings *findings, struct trial *trial);
