/* A daemon on virtual time: the lab's core on a clock that stands still while anything is left to do, and
 * then jumps to the next thing that is due; and a scraper that looks at it now and then. The runtime, the
 * scenarios and the metrics are the daemon's own; there is no loop, no HTTP and no process to speak of, so
 * that families about those are left out.
 *
 *     simulation_new(&simulation, &config);
 *     simulation_post(simulation, body, &answer);
 *     for each scrape: simulation_advance(simulation, interval_ns); simulation_scrape(simulation);
 *     metrics_history_write(simulation_history(simulation), ...);
 *     simulation_free(simulation);
 *
 * The same configuration, seed and body give the same history, byte for byte: nothing here asks the machine
 * for anything but memory. One thread. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "lab/core.h"
#include "metrics/history.h"

struct simulation_config {
    struct catalogue *catalogue; /* borrowed */
    uint64_t seed;               /* of the seeds of scenarios that bring none */
    uint64_t max_tasks;
    uint64_t max_heap_bytes;
    uint64_t at_ms;  /* when it begins, since 1970 */
    const char *job; /* labels of every sample, UTF-8; borrowed for the call */
    const char *instance;
};

struct simulation;

/* ERR_MEMORY; ERR_LIMIT: more patterns than a lab takes, or a label that is too long; ERR_SYNTAX: a label
 * that is not UTF-8. */
enum err simulation_new(struct simulation **result, const struct simulation_config *config);

/* Frees its tasks as well. Takes NULL. */
void simulation_free(struct simulation *simulation);

/* Asks for scenarios as POST /scenario does; takes `body` over. Returns the status, 201 when they were
 * started; *answer is the caller's, NULL when there was no memory for one. */
int simulation_post(struct simulation *simulation, json_t *body, json_t **answer);

/* Lets `ns` pass, from one thing that is due to the next. A program that never comes to rest takes time:
 * after a bounded number of rounds the clock goes on by a millisecond. */
void simulation_advance(struct simulation *simulation, uint64_t ns);

/* Keeps what a scrape would show now; the clock has moved since the one before. Of the patterns only those
 * are shown of which there has been a scenario: the zeroes of all others would be most of the text.
 * ERR_MEMORY, ERR_LIMIT. */
enum err simulation_scrape(struct simulation *simulation);

/* The scrapes so far; the simulation's. */
const struct metrics_history *simulation_history(const struct simulation *simulation);

/* The lab, for reading. */
const struct core *simulation_core(const struct simulation *simulation);
