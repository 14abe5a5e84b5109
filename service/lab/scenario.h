/* One scenario: what was asked for, a workload that does it (a mix has two), and a life of five states.
 *
 *     starting ─▶ running ─▶ draining ─▶ finished
 *                               └─────▶ leaked ─▶ finished
 *
 * It starts what its rate says, ends by itself, by a cancel, at its duration or at a limit, and waits for its
 * tasks to go. Whoever is still there when the grace is over has leaked; that is not the end either, for a
 * reclaim or a late departure finishes it. Time is the runtime's; nothing happens but in runtime_turn() and
 * in the functions below, so that tests drive a scenario by hand. Lab thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "lab/snapshot.h"
#include "lab/spec.h"
#include "runtime/runtime.h"

/* Why a scenario ends. NONE while it runs. */
#define SCENARIO_CAUSE_TABLE(X)                                                                              \
    X(NONE, "")                                                                                              \
    X(COMPLETED, "completed") /* its one start's owner has left */                                           \
    X(CANCELLED, "cancelled") /* by request */                                                               \
    X(EXPIRED, "expired")     /* its duration is over */                                                     \
    X(CAPPED, "capped")       /* a limit stopped it */                                                       \
    X(RECLAIMED, "reclaimed") /* its tasks were freed from outside */

enum scenario_cause {
#define X(name, word) CAUSE_##name,
    SCENARIO_CAUSE_TABLE(X)
#undef X
        SCENARIO_CAUSES
};

const char *scenario_cause_word(enum scenario_cause cause);

struct scenario;

/* Called at each move from state to state. At the first, into `starting`, `from` is SCENARIO_STATES. */
typedef void scenario_moved_fn(struct scenario *scenario, enum scenario_state from, void *argument);

struct scenario {
    struct link link;   /* for the owner */
    struct link active; /* for the owner */
    uint32_t pins;      /* for the owner */
    struct spec spec;
    struct workload
        workloads[MODE_PROGRAMS]; /* one for each program of the mode; limits are for both together */
    size_t workload_count;
    enum scenario_state state;
    enum scenario_cause cause;
    uint64_t began_ns; /* of the runtime's clock; while it waits for its time: when it was asked for */
    uint64_t starts;   /* made or skipped, of those that the rate calls for */
    uint64_t skipped;  /* too late to be made up for */
    uint64_t due_ns;   /* when the timer is wanted; UINT64_MAX: not */
    struct call timer; /* the next start or the end of the duration, later the end of the grace */
    struct job job;    /* makes the starts that are due, in slices */
    bool waiting;      /* for its time to begin */
    bool reclaiming;
    uint32_t panics_logged[MODE_PROGRAMS]; /* of each workload's panics */
    const struct log *log;
    scenario_moved_fn *moved;
    void *argument;
};

/* A scenario in `starting`, of which nothing runs yet. `moved` may be NULL. ERR_MEMORY; ERR_RANGE: its
 * parameters make an operand that is out of bounds. */
enum err scenario_new(struct scenario **result, struct runtime *runtime, const struct spec *spec,
                      const struct log *log, scenario_moved_fn *moved, void *argument);

/* Takes NULL. Nothing of it may be alive, or the runtime was abandoned. */
void scenario_free(struct scenario *scenario);

/* Begins: without a rate the one start is made at once, otherwise the first one when it is due. ERR_LIMIT,
 * ERR_MEMORY: the start was refused; scenario_capped_by() says by which limit. The scenario may then be
 * freed, or kept: it ends as capped. */
enum err scenario_begin(struct scenario *scenario);

/* The same in a later turn, its `at` from now. A start that is refused then ends it as capped. */
void scenario_begin_later(struct scenario *scenario);

/* To be called after scenario_begin_later(), before it begins: it goes on as if it had begun `elapsed_ns`
 * ago, which is less than its duration: its shape, what is left of that, and the number of its next start are
 * as they would be now. What was due before is not made up for; without a rate its one start is made now. */
void scenario_resume(struct scenario *scenario, uint64_t elapsed_ns);

/* Ends it for `cause`: no further starts, all scopes done, the grace begins. Harmless once it is draining. */
void scenario_cancel(struct scenario *scenario, enum scenario_cause cause);

/* Ends it if it has not ended, and frees its tasks. Harmless on a finished one. */
void scenario_reclaim(struct scenario *scenario);

/* Looks at its workloads and moves on where that is due: to be called after each turn. True when something
 * was given to the runtime, so that another turn is due. */
bool scenario_check(struct scenario *scenario);

/* What its workloads count, together. */
struct census scenario_census(const struct scenario *scenario);

/* The first limit that it hit; LIMIT_KINDS: none. */
enum limit_kind scenario_capped_by(const struct scenario *scenario);

/* True once each start has been told and whoever heard it has gone on, see workload_told(). */
bool scenario_told(const struct scenario *scenario);

/* True when the heap that its tasks have let go of is free, see workload_freed(). */
bool scenario_freed(const struct scenario *scenario);

/* Live tasks that its pattern says are leaked; those of one workload. */
uint64_t scenario_expected_leaked(const struct scenario *scenario);
uint64_t scenario_expected_of(const struct workload *workload);
