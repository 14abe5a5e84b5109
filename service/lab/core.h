/* The lab without a loop: a runtime, the scenarios on it, and what answers requests. lab/lab.h puts it on a
 * libuv loop; tests turn its runtime by hand on a manual clock. Lab thread only.
 *
 *     core_handle(&core, request);                  requests come in
 *     while (runtime_turn(&core.runtime, budget) | core_after_turn(&core)) {}
 *     core_deliver(&core);                          answers go out
 *     core_close(&core); core_deinit(&core);
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "judge/judge.h"
#include "lab/debug.h"
#include "lab/request.h"
#include "lab/reserve.h"
#include "lab/scenario.h"
#include "lab/snapshot.h"
#include "lab/timeline.h"
#include "language/catalogue.h"
#include "runtime/runtime.h"

struct core_config {
    const struct log *log;       /* borrowed, may be NULL */
    struct timeline *timeline;   /* borrowed; hears what happens to scenarios; may be NULL */
    struct catalogue *catalogue; /* borrowed; only the core changes it, see lab/own.h */
    uint64_t max_tasks;
    uint64_t max_heap_bytes;
    struct resource_source *source;   /* borrowed; NULL: there are no resources to be had */
    uint64_t supplies[SUPPLIES];      /* at most, of each */
    uint64_t judge_interval_ns;       /* between two runs of the judge; 0: it runs only when asked */
    struct clock *clock;              /* borrowed */
    uint64_t (*seed)(void *argument); /* for scenarios that bring none */
    void *argument;
};

/* What is counted for a mode: a pattern's name and a variant, and what their scenarios are at. It stays when
 * the pattern is replaced or removed, so that its counters go on from where they were. */
struct core_program {
    struct core *core;
    char pattern[LIMIT_NAME + 1];
    enum variant variant;          /* VARIANT_MIX: its tasks and starts count for the two variants */
    struct tally *tally;           /* of the program that has this name now; NULL: none has, or it is a mix */
    struct tally_kept kept;        /* while there is none */
    uint32_t parts[MODE_PROGRAMS]; /* the places of what its starts run: its own, or those of leak and fix */
    uint64_t scenarios[SCENARIO_STATES];
    uint64_t scenarios_seen; /* bit s: one has been in state s */
    uint64_t named;          /* names made up so far */
};

struct core {
    struct core_config config;
    struct runtime runtime;
    struct reserve reserve;
    struct judge judge;
    struct debug debug;
    struct core_program *programs;            /* every mode that has been there; they never move */
    uint32_t program_count;                   /* at most LIMIT_PROGRAMS */
    struct pattern *retired[LIMIT_SCENARIOS]; /* in no catalogue any more, but scenarios show them */
    uint32_t retired_count;
    struct link scenarios; /* all, newest first */
    struct link active;    /* those that are not finished */
    uint32_t scenario_count;
    struct link endings;          /* requests that wait for a receipt, see lab/ending.h */
    struct lab_request *answered; /* in order, not yet delivered */
    struct lab_request **answered_end;
    bool closed;
};

/* ERR_MEMORY; ERR_LIMIT: more than LIMIT_PROGRAMS programs. */
enum err core_init(struct core *core, const struct core_config *config);

/* After core_close(). */
void core_deinit(struct core *core);

/* Answers the request, at once or in a later core_after_turn(); the answer goes out with core_deliver(). */
void core_handle(struct core *core, struct lab_request *request);

/* To be called after each turn of the runtime, and now and then without one. True when something was given to
 * the runtime, so that another turn is due. */
bool core_after_turn(struct core *core);

/* Writes the programs' counts into a snapshot with room for LIMIT_PROGRAMS of them, and the limits. */
void core_fill(struct core *core, struct snapshot *snapshot);

/* Answers what waits with 503, and frees all tasks; those that LIMIT_CLOSE_MS are too short for are left to
 * the system. Requests that come later are answered with 503. */
void core_close(struct core *core);

/* The scenario of that name, or NULL. */
struct scenario *core_find(const struct core *core, const char *name);

/* Adds a scenario that was asked for, and begins it. Whoever finished first makes room. On ERR_OK `*result`
 * is listed. ERR_TAKEN; ERR_LIMIT: no room, or `*refused_by` says which limit, reached already, refused it
 * (LIMIT_KINDS: no room); ERR_RANGE, ERR_MEMORY. */
enum err core_spawn(struct core *core, const struct spec *spec, struct scenario **result,
                    enum limit_kind *refused_by);

/* Adds `count` scenarios that were asked for together, all or none, and lets them begin in a later turn.
 * Their names are not taken, and no two are the same. On ERR_OK results[i] is that of specs[i]; whatever its
 * start then meets, ends it as it does any scenario. Errors as above, of specs[*failed]. */
enum err core_spawn_all(struct core *core, const struct spec *specs, size_t count, struct scenario **results,
                        size_t *failed, enum limit_kind *refused_by);

/* The row of a mode, which may be in the catalogue no more; NULL: it never was. */
struct core_program *core_program(struct core *core, const char *pattern, enum variant variant);

/* Marks in the timeline, if there is one, what has happened to a scenario; NULL: to no single one. */
void core_note(const struct core *core, enum timeline_what what, const struct scenario *scenario);

/* True when a scenario of that name is in the way of a new one. */
bool core_name_taken(const struct core *core, const char *name);

/* Makes up a name that is not taken, "leak-recv-1". */
void core_make_name(struct core *core, struct mode mode, char name[static LIMIT_NAME + 1]);

/* Answers a request: sets status and answer, which it takes over. `done` is called by core_deliver(). NULL:
 * no memory for an answer. */
void core_answer(struct core *core, struct lab_request *request, int status, json_t *answer);

/* Answers with a problem, whose status it takes; NULL: no memory. */
void core_refuse(struct core *core, struct lab_request *request, json_t *problem);

/* Hands out the answers, in order. To be called after the snapshot was published: who has been told that a
 * task is gone must not meet it in a scrape. */
void core_deliver(struct core *core);
