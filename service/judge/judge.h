/* The judge: which tasks are leaked. Because a task is a place in a program, what it may still do can be
 * worked out. The judge looks at one start after the other, for tasks only ever meet inside of one, and asks
 * for each place at which a task stands whether anything that may still happen lets it go on:
 *
 * - live: it may still move, as far as the judge can tell;
 * - stuck: nothing that can still run can ever wake it;
 * - endless: it goes on for ever: its owner has left, and from where it stands it cannot come to its end.
 *
 * Both of the latter are for ever, and neither is a guess: where the judge cannot know (the draw of a chance,
 * how often a loop goes round, how many tasks are spawned) it takes everything for possible. That scopes may
 * be done, by an operator or a deadline, is always possible, and so whoever hears `done` is live. Running out
 * of memory is not foreseen: a task that panics since there is none for its timer may end though it is
 * endless.
 *
 * Adds and finishes of groups are set against each other where a start is judged within one slice
 * (judge/balance.h). Otherwise it does not count, and it does not see that tasks keep each other from
 * meeting: one that waits for two others to meet which never run at a time counts as live. All that is known
 * of this kind is in tests/unit/test_truth.c, where verdicts are held against everything that may happen, and
 * told to users in README.md.
 *
 * The idea is that of a garbage collector that marks from what runs (Saioc et al., "Dynamic Partial Deadlock
 * Detection and Recovery via Garbage Collection", ASPLOS 2025), with possible deeds in place of references.
 *
 * Judging is a job of the runtime, done in slices while tasks run. What they do meanwhile is told to the
 * judge (runtime/watch.h), so that a verdict holds at a moment between the beginning and the end of a run.
 * The verdict is task->verdict; counts are in census.leaked. Lab thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "judge/facts.h"
#include "judge/record.h"
#include "runtime/runtime.h"
#include "runtime/watch.h"

/* Upper bounds of the buckets that runs and their slices are counted in, in seconds; a last bucket without
 * bound follows. Those of slices lie close to each other around what is aimed at and what is promised: how
 * long the judge kept the thread from everybody else is told by the slices, never by a run. */
#define JUDGE_BUCKETS 12
extern const double judge_bucket_seconds[JUDGE_BUCKETS];
extern const double judge_slice_bucket_seconds[JUDGE_BUCKETS];

struct judge_config {
    uint64_t interval_ns; /* from the end of one run to the next one; 0: only when asked */
    uint64_t most_bytes;  /* memory for one start's records; 0: LIMIT_JUDGE_BYTES */
    uint32_t slice_steps; /* for tests: steps in a slice; 0: what fits well in 200 us */
    uint32_t whole_steps; /* for tests: a start of this size is judged within one slice; 0: as fits */
};

/* What has been done so far. */
struct judge_stats {
    uint64_t runs;      /* over all starts, from first to last */
    uint64_t given_up;  /* starts that were left unjudged in some run, for want of memory */
    uint64_t steps;     /* tasks and records looked at */
    double run_seconds; /* that runs took of the thread, in sum */
    double last_seconds;
    uint64_t slice_ns; /* that slices took, in sum: those of the run that is under way as well */
    uint64_t buckets[JUDGE_BUCKETS + 1];       /* runs by what they took, not cumulative */
    uint64_t slice_buckets[JUDGE_BUCKETS + 1]; /* slices likewise */
};

/* A wish to be told: `done` is called once, in a turn of the runtime, at the end of the first run that began
 * after the wish. Embedded in what the caller keeps until then. */
struct judge_wish {
    struct link link;
    void (*done)(struct judge_wish *wish);
};

enum judge_phase { PHASE_IDLE, PHASE_NEXT, PHASE_SCAN, PHASE_SPREAD, PHASE_WORD, PHASE_RELEASE, PHASE_TRIM };

struct judge {
    struct watch watch;
    struct runtime *runtime;
    struct judge_config config;
    struct judge_stats stats;
    struct job job;
    struct call timer;
    struct link wishes;  /* for the next run */
    struct link waiting; /* for the end of this one */

    /* The run. */
    enum judge_phase phase;
    bool told;           /* visits workload->told, after workload->starts */
    uint64_t next_start; /* starts of this workload that came later are not visited */
    uint64_t oldest_ms;  /* of the workload: for how long the longest blocked live task has been so */
    uint64_t run_ns;     /* taken so far */
    bool trim_pending;   /* unused memory is to be given back */
    bool held;           /* see judge_hold() */
    struct facts facts;  /* about the workload's program */

    /* The start at hand. */
    struct start *start;
    struct records records;
    struct link *cursor; /* the next task */
    struct link *last;   /* the last one to visit; start->tasks: none */
    bool whole;          /* judged within one slice: nothing happens in between */
    bool given_up;
};

/* Borrows the runtime. Nothing is allocated; the first run begins after the interval. */
void judge_init(struct judge *judge, struct runtime *runtime, const struct judge_config *config);

/* Stops, lets go of whatever it holds, and calls no wish. To be called before runtime_deinit(); on an
 * abandoned runtime as well. */
void judge_deinit(struct judge *judge);

/* Judges every task there is, in one go, and returns when it is done: for tests and tools. A run that is
 * under way is brought to its end first. Tasks do not run meanwhile, and time does not pass. */
void judge_now(struct judge *judge);

/* Judges as soon as there is time for it. The caller sees to it that a turn of the runtime follows. */
void judge_ask(struct judge *judge, struct judge_wish *wish);

/* Takes a wish back, if it has not come true. */
void judge_forget(struct judge_wish *wish);

/* While it is held no run begins, and one that is under way rests, so that no verdict is given while somebody
 * counts them (judge/collect.h). Wishes wait until it is let go. */
void judge_hold(struct judge *judge);
void judge_let(struct judge *judge);

/* To be called now and then: sets the time of the next run if there was no memory for it. */
void judge_tend(struct judge *judge);

/* For how long the task that has been blocked longest has been so: of a workload's tasks those that are
 * stuck, and those that were live and blocked, neither sleeping nor lingering, when it was last judged. 0:
 * none. */
uint64_t judge_blocked_ms(const struct workload *workload);
