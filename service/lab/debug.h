/* What the lab answers to those who ask which tasks are leaked and why. For each the judge has a look first,
 * and whoever asks while it does so waits for its next one, which then serves all of them. Then tasks are
 * counted into a profile, or one of them is looked for. All of it happens in slices while tasks run; the
 * profile is rendered by whoever asked, on a thread of its own.
 *
 * A profile's token names a moment: whatever comes to its step after the answer comes after that moment, and
 * whatever was there before the request did not. To keep that promise the answer waits until the clock has
 * left the unit in which task->since is told, 16 ms. Lab thread only. */
#pragma once

#include <stdbool.h>

#include "judge/collect.h"
#include "judge/inspect.h"
#include "judge/judge.h"
#include "lab/request.h"

struct core;

enum debug_phase { DEBUG_IDLE, DEBUG_JUDGING, DEBUG_COUNTING, DEBUG_SETTLING };

/* Requests, oldest first. */
struct debug_queue {
    struct lab_request *first, **end;
};

struct debug {
    struct core *core;
    enum debug_phase phase;
    struct debug_queue waiting;  /* for the judge's next run */
    struct debug_queue judged;   /* to be worked on, one after the other */
    struct debug_queue settling; /* done; for the next unit of time */
    struct lab_request *current;
    struct judge_wish wish;
    struct collect collect;
    struct inspect inspect;
    struct call call; /* the judge takes too long; or the unit of time is over */
    uint64_t key; /* of tasks' names, and of tokens: one for each run of the daemon, drawn when first asked;
                     0: not yet */
};

/* Part of the core, which is borrowed. */
void debug_init(struct debug *debug, struct core *core);

/* Answers LAB_TASKS and LAB_TASK in a later turn, or refuses at once. */
void debug_ask(struct debug *debug, struct lab_request *request);

/* Answers all with 503 and stops; before the runtime is abandoned. */
void debug_close(struct debug *debug);
