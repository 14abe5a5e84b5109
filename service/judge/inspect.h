/* A close look at one task: where it stands and why, what it sees and what that is at, how it came about. A
 * task is looked for by its name (collect_id()) in a walk over all of them; what a client sent is compared
 * and never followed. Lab thread only. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "judge/collect.h"

/* Those who wait in a queue are counted up to this many. */
#define INSPECT_MOST_WAITING 10000
/* What a task sees in so many environments next to it is told, and what its start has. */
#define INSPECT_MOST_OUTWARD 16

struct inspect {
    struct runtime *runtime;
    struct walk walk;
    struct job job;
    uint64_t id;
    uint64_t key;
    void (*done)(struct inspect *inspect, const struct task *task);
};

/* Looks for the task. `done` is called once, in a turn of the runtime; NULL: there is no such task. No other
 * walk may be under way. */
void inspect_begin(struct inspect *inspect, struct runtime *runtime, uint64_t id, uint64_t key,
                   void (*done)(struct inspect *inspect, const struct task *task));

/* Ends the search, if it is under way, without calling `done`. */
void inspect_stop(struct inspect *inspect);

/* All about a task, as openapi.json describes it; `scenario` is the name of whom it belongs to. The caller
 * owns it; NULL: no memory. */
json_t *inspect_json(const struct task *task, uint64_t key, const char *scenario);
