/* What a simulation runs: scenarios, the instances that they run on, and what happens to these on the way. As
 * a file it is a scenario, a list of them, or a mapping (README "A month in seconds"):
 *
 *     instances: 3
 *     scenarios:
 *       - {mode: leak-recv, n: 1, rate: 1/m}
 *       - {mode: fix-recv, rate: 2/s, instance: 1}
 *     events:
 *       - {at: 2d, restart: all, down: 20s}
 *       - {at: 5d, deploy: all, pause: 1m}
 *       - {at: 6d, miss: 2, for: 5m}
 *       - {at: 10d, add: 4}
 *
 * All times count from the beginning of the simulation. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

/* id, word; the member of that name says to which instance it happens. */
#define EVENT_TABLE(X)                                                                                       \
    X(RESTART, "restart") /* the process dies, and a new one begins after `down` */                          \
    X(DEPLOY, "deploy")   /* restarts one instance after the other, with a `pause` between */                \
    X(MISS, "miss")       /* scrapes fail: `up` is 0 */                                                      \
    X(GAP, "gap")         /* nobody scrapes: not even `up` is there */                                       \
    X(ADD, "add")         /* an instance is there from now on */                                             \
    X(REMOVE, "remove")   /* it is not any more, nor does anybody look for it */

enum event_kind {
#define X(id, word) EVENT_##id,
    EVENT_TABLE(X)
#undef X
        EVENT_KINDS
};

#define CALENDAR_ALL       UINT32_MAX
#define CALENDAR_SHARE_ALL 1000000

struct event {
    enum event_kind kind;
    uint32_t instance; /* CALENDAR_ALL: all that are there */
    uint64_t at_ns;
    uint64_t every_ns; /* happens again after so long; 0: once */
    uint64_t down_ns;
    uint64_t pause_ns;
    uint64_t for_ns; /* 0: one scrape */
    uint32_t share;  /* of scrapes that are missed, in millionths */
    bool again;      /* scenarios that had begun begin again */
};

struct calendar {
    json_t *scenarios; /* a list, without what says where they run */
    const char *root;  /* where that list stands in the file: "/scenarios", "", or NULL: it is one scenario */
    uint32_t *placed;  /* by scenario: the instance, or CALENDAR_ALL */
    char *labels[LIMIT_INSTANCES];
    uint32_t instance_count;
    uint32_t first_count; /* of these are there from the beginning */
    struct event events[LIMIT_EVENTS];
    uint32_t event_count;
};

/* Reads what a file has. `label` is the one of the first instance, from which those of the others are made
 * unless the file has names: the port counts up, or a number is added. `instances` is how many there are if
 * the file does not say; 0: it was not said here either. ERR_OK: *calendar is the caller's, to be
 * deinitialised. ERR_SYNTAX: *problem says what is not right, with a pointer for each fault. ERR_MEMORY.
 * Scenarios are checked no further than that they are there. */
enum err calendar_read(struct calendar *calendar, json_t *body, const char *label, uint32_t instances,
                       json_t **problem);

/* Harmless on one that is all zero. */
void calendar_deinit(struct calendar *calendar);
