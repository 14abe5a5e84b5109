/* A daemon on virtual time, from its start to its end: the lab's core on a clock that stands still while
 * anything is left to do, and then jumps to the next thing that is due. The runtime, the scenarios, the judge
 * and the metrics are the daemon's own; there is no loop, no HTTP and no process. What a process would say of
 * itself is worked out from what is counted, see simulation/resident.h.
 *
 *     replica_new(&replica, &config);
 *     replica_post(replica, body, &answer);
 *     for each scrape: replica_advance(replica, time_ns); replica_show(replica, view, history, target);
 *     replica_free(replica);
 *
 * Nothing here asks the machine for anything but memory. One thread. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "lab/core.h"
#include "metrics/history.h"

struct replica_config {
    struct catalogue *catalogue; /* borrowed */
    uint64_t seed;               /* of the seeds of scenarios that bring none */
    uint64_t max_tasks;
    uint64_t max_heap_bytes;
    uint64_t max_fds;
    uint64_t judge_interval_ns; /* 0: the judge never runs */
    uint64_t now_ns;            /* when the process starts, since 1970 */
    bool (*stop)(void);         /* asked now and then: true ends replica_advance early; or NULL */
};

/* What is shown of replicas of one catalogue, and room to do so. */
struct replica_view {
    struct snapshot *all;             /* every program, in the catalogue's order */
    struct snapshot *shown;           /* those that are listed */
    bool listed[LIMIT_PROGRAMS];      /* a program of `all` is */
    uint32_t listing[LIMIT_PROGRAMS]; /* shown->programs[i] is all->programs[listing[i]] */
};

struct replica;

/* ERR_MEMORY; ERR_LIMIT: more patterns than a lab takes. */
enum err replica_new(struct replica **result, const struct replica_config *config);

/* Frees its tasks as well. Takes NULL. */
void replica_free(struct replica *replica);

/* Asks for scenarios as POST /scenario does; takes `body` over. Returns the status, 201 when they were
 * started; *answer is the caller's, NULL when there was no memory for one. A list begins with the next
 * replica_advance(). */
int replica_post(struct replica *replica, json_t *body, json_t **answer);

/* Goes on until `end_ns`, from one thing that is due to the next. A program that never comes to rest takes
 * time: after a bounded number of rounds the clock goes on by a millisecond. To be called once at the time of
 * its start as well. */
void replica_advance(struct replica *replica, uint64_t end_ns);

/* ERR_MEMORY. */
enum err replica_view_init(struct replica_view *view);
void replica_view_deinit(struct replica_view *view);

/* Lists the programs of which the replica has scenarios, or had; what is listed stays so. */
void replica_view_list(struct replica_view *view, struct replica *replica);

/* Judges if that is due, and keeps what a scrape would show now as the target's part of the history's last
 * scrape: what is listed. The zeroes of all other programs would be most of the text. ERR_MEMORY, ERR_LIMIT.
 */
enum err replica_show(struct replica *replica, struct replica_view *view, struct metrics_history *history,
                      uint32_t target);

/* The lab, for reading, and to resume a scenario. */
struct core *replica_core(struct replica *replica);
