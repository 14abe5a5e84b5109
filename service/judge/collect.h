/* Counts all tasks into a profile while they run: a job of the runtime that looks at some thousand tasks at a
 * time. The caller sees to it that no verdict is given meanwhile (judge_hold), as runtime/walk.h wants it.
 * Lab thread only; the profile is for any thread afterwards. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "judge/profile.h"
#include "runtime/walk.h"

struct roles;

/* Which tasks, and whose. */
struct collect_plan {
    /* The name of whom a workload belongs to, to be copied; NULL: its tasks are left out. */
    const char *(*owner)(const struct workload *workload, void *argument);
    void *argument;
    uint64_t key;   /* secret: what makes tasks' names opaque, see collect_id() */
    uint32_t after; /* only tasks that came to their step after this moment, in units of SINCE_MS */
    bool has_after;
    bool leaked; /* only leaked ones */
};

/* What is known of a program: where its steps and lineages are in the profile. */
struct collect_program {
    const struct tally *tally;
    const struct program *program;
    uint32_t *places;  /* by step */
    uint32_t *origins; /* by lineage */
    uint16_t step_count, origin_count;
};

struct collect {
    struct collect_plan plan;
    struct runtime *runtime;
    struct walk walk;
    struct job job;
    struct profile *profile;
    struct collect_program *programs;
    uint32_t program_count;
    uint32_t program;    /* that of the workload at hand */
    uint32_t scenario;   /* index into the profile's */
    struct roles *roles; /* of the program at hand */
    void (*done)(struct collect *collect, enum err err);
};

/* Begins. `done` is called once, in a turn of the runtime: with ERR_OK, and the caller takes collect->profile
 * over, for profile_finish() and rendering on whatever thread; or with ERR_MEMORY. ERR_MEMORY: nothing was
 * begun, `done` will not be called. No other walk may be under way. */
enum err collect_begin(struct collect *collect, struct runtime *runtime, const struct collect_plan *plan,
                       void (*done)(struct collect *collect, enum err err));

/* Ends it, if it is under way, without calling `done`. */
void collect_stop(struct collect *collect);

/* A task's name: the same from the beginning to the end of the task, and never 0. It says nothing to whoever
 * does not hold the key. A task that takes over the place in memory of one that has ended, as one of the same
 * kind, ancestry and start, has the same name as that one. */
uint64_t collect_id(const struct task *task, uint64_t key);

/* Heap that a task holds. */
uint64_t collect_held_bytes(const struct task *task);

/* For how long it has been at its step. */
uint64_t collect_age_ms(const struct task *task);
