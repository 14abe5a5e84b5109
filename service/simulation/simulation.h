/* Daemons on virtual time, one or many, and a scraper that looks at them now and then. Each instance runs the
 * scenarios of a calendar as a process of its own (simulation/replica.h); events restart, add and remove
 * them, or keep the scraper from seeing them.
 *
 *     simulation_new(&simulation, &config);
 *     simulation_begin(simulation, &answer);
 *     for each scrape: simulation_advance(simulation, time); simulation_scrape(simulation);
 *     metrics_history_write(simulation_history(simulation), ...);
 *     simulation_free(simulation);
 *
 * The same configuration and calendar give the same history, byte for byte. One thread.
 *
 * A process that begins late, since it was restarted or added, begins the scenarios whose time has come, at
 * once, and with what is left of their duration and where their shape would be now: the load and the bug are
 * still there. Scenarios whose duration is over are not. With `again: false` those whose time has come stay
 * away. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "lab/core.h"
#include "metrics/history.h"
#include "simulation/calendar.h"

/* Told of each scenario that a limit ended, when its process ends. */
typedef void simulation_capped_fn(void *context, const char *instance, const char *scenario,
                                  const char *limit);

struct simulation_config {
    struct catalogue *catalogue;     /* borrowed */
    const struct calendar *calendar; /* borrowed */
    uint64_t seed;                   /* of the seeds of scenarios that bring none, and of chance */
    uint64_t max_tasks;              /* of each instance, as what follows */
    uint64_t max_heap_bytes;
    uint64_t max_fds;
    uint64_t judge_interval_ns; /* 0: the judge never runs */
    uint64_t interval_ns;       /* between two scrapes */
    uint64_t at_ms;             /* when it begins, since 1970 */
    const char *job;            /* label of every sample, UTF-8; borrowed for the call */
    metrics_keep_fn *keep;      /* which series are kept; NULL: all */
    void *keep_context;
    simulation_capped_fn *capped; /* or NULL */
    void *capped_context;
    bool (*stop)(void); /* asked now and then: true ends simulation_advance at any time, for good; or NULL */
};

struct simulation;

/* ERR_MEMORY; ERR_LIMIT: more patterns than a lab takes, or a label that is too long; ERR_SYNTAX: a label
 * that is not UTF-8. */
enum err simulation_new(struct simulation **result, const struct simulation_config *config);

/* Frees its tasks as well. Takes NULL. */
void simulation_free(struct simulation *simulation);

/* Checks all scenarios as POST /scenario does, and begins. Returns the status, 201 when that went well;
 * otherwise *answer is the problem, the caller's, with pointers into the list of scenarios; NULL: no memory.
 */
int simulation_begin(struct simulation *simulation, json_t **answer);

/* Goes on to `end_ns` since the beginning. ERR_MEMORY. */
enum err simulation_advance(struct simulation *simulation, uint64_t end_ns);

/* Keeps what a scrape would show now; time has passed since the one before. ERR_MEMORY, ERR_LIMIT. */
enum err simulation_scrape(struct simulation *simulation);

/* The scrapes so far; the simulation's. */
const struct metrics_history *simulation_history(const struct simulation *simulation);

/* Live tasks of all instances. */
uint64_t simulation_live(const struct simulation *simulation);

/* Ends every process that still runs, as simulation_free() does too: their scenarios are told of then. */
void simulation_end(struct simulation *simulation);
