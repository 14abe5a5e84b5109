/* A profile: where tasks stand at one moment, how they came about, and what the judge says of them. It is
 * counted up on the lab thread, task by task, and owns copies of every text it shows, so that afterwards any
 * thread may read and render it, however long that takes and whatever becomes of the patterns meanwhile.
 *
 * Two views of the same tasks: groups, one for each place and verdict, with ages, for people; and samples,
 * one for each place, ancestry, state, verdict and scenario, for tools that want a stack and labels
 * (judge/pprof.h). Both are bounded (LIMIT_PROFILE_GROUPS, LIMIT_PROFILE_SAMPLES); what no longer fits is
 * still counted, as unlisted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "runtime/census.h"
#include "runtime/program.h"

/* A step of a pattern's file. */
struct profile_place {
    const char *pattern;      /* "recv" */
    const char *variant;      /* "leak" */
    const char *file;         /* "recv.yaml" */
    const char *task;         /* the kind of task whose step it is: "consumer" */
    const char *statement;    /* "recv jobs" */
    const char *frame;        /* as a profiler shows it: "consumer recv jobs" */
    const char *lacks;        /* why a stuck task does not go on, see judge/why.h; NULL: not known */
    const char *lacks_relock; /* the same of one that was signalled and waits for its condition's lock */
    uint32_t line;
    uint32_t column;
};

/* How tasks came about: the place that spawned them, and the origin of whoever stood there. */
#define PROFILE_MAIN 0 /* origins[0]: nobody spawned it, or nobody knows who did */
struct profile_origin {
    uint32_t place;  /* index into places */
    uint32_t parent; /* index into origins, smaller than one's own */
};

/* What tasks are told apart by. */
struct profile_key {
    uint32_t place;    /* index into places */
    uint32_t origin;   /* index into origins */
    uint32_t scenario; /* index into scenarios */
    uint8_t state;     /* enum task_state */
    uint8_t verdict;   /* enum verdict */
};

struct profile_sample {
    struct profile_key key;
    uint64_t tasks;
    uint64_t held_bytes;
};

/* A task by its name, see judge/collect.h; 0: none. */
struct profile_example {
    uint64_t id;
    uint64_t age_ms;
};

/* All tasks at one place with one verdict. */
#define PROFILE_AGES     256
#define PROFILE_EXAMPLES 5
struct profile_group {
    uint32_t place;
    uint8_t verdict;
    uint64_t tasks;
    uint64_t held_bytes;
    uint64_t oldest_ms;
    struct profile_example oldest[PROFILE_EXAMPLES]; /* the oldest first */
    uint32_t ages[PROFILE_AGES];                     /* tasks by age, see profile_median_ms() */
};

struct profile {
    struct arena *arena; /* owns the texts of places and scenarios */
    struct profile_place *places;
    struct profile_origin *origins;
    const char **scenarios; /* names */
    struct profile_sample *samples;
    struct profile_group *groups;
    struct profile_table *table; /* finds samples and groups while it is being counted up */
    uint32_t place_count, origin_count, scenario_count, sample_count, group_count;
    uint32_t last_sample, last_group; /* those of the task that was counted last */
    uint64_t tasks;                   /* all that were counted, unlisted ones included */
    uint64_t unlisted_tasks[VERDICTS];
    uint64_t unlisted_held_bytes;
};

/* An empty profile; NULL: no memory. The caller owns it. */
struct profile *profile_new(void);

/* Takes NULL. */
void profile_free(struct profile *profile);

/* Each adds one, copies its texts, and writes its index. ERR_MEMORY. */
enum err profile_add_place(struct profile *profile, const struct program *program, uint16_t step,
                           uint32_t *index);
enum err profile_add_origin(struct profile *profile, uint32_t place, uint32_t parent, uint32_t *index);
enum err profile_add_scenario(struct profile *profile, const char *name, uint32_t *index);

/* Says why tasks that are stuck at a place do not go on; the text is copied. ERR_MEMORY. */
enum err profile_explain(struct profile *profile, uint32_t place, bool relock, const char *lacks);

/* One task. */
struct profile_task {
    uint64_t id;     /* 0: has none */
    uint64_t age_ms; /* for how long it has been at its place */
    uint64_t held_bytes;
};

/* Counts a task. ERR_MEMORY: it was not counted. */
enum err profile_count(struct profile *profile, struct profile_key key, const struct profile_task *task);

/* Counting is over: groups stand with most tasks first, leaked ones before live ones, samples likewise. */
void profile_finish(struct profile *profile);

/* The age that half of a group's tasks have passed, to within an eighth of it. */
uint64_t profile_median_ms(const struct profile_group *group);
