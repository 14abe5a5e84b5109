/* A drill: scenarios to start, and what the monitoring is expected to say of them. It is read from a file, in
 * YAML or JSON:
 *
 *     drill: recv
 *     about: Consumers wait on a channel on which nobody sends any more.
 *     scenarios:
 *       - {mode: leak-recv, n: 1, rate: 5/s}
 *       - {mode: fix-recv, n: 1, rate: 5/s}
 *     expect:
 *       - {alert: TasksStuck, within: 1m, labels: {pattern: recv, variant: leak}}
 *     silent: others
 *
 * Times count from the moment in which the scenarios are started. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "drill/alert.h"

/* member, type as a user knows it, whether it must be there, what it means. */
#define DRILL_FIELD_TABLE(X)                                                                                 \
    X(DRILL, "drill", "name", true, "what the drill is called: letters, digits, '.', '_' and '-'")           \
    X(ABOUT, "about", "text", false, "a sentence for who reads the report")                                  \
    X(SCENARIOS, "scenarios", "list", false,                                                                 \
      "what to start, as POST /scenario takes it; each may begin later (at)")                                \
    X(EXPECT, "expect", "list", false,                                                                       \
      "alerts that must fire: {alert: NAME, within: DURATION}, with labels that it must have and, if it "    \
      "must not fire before, after: DURATION")                                                               \
    X(SILENT, "silent", "names or others", false,                                                            \
      "alerts that must not fire: a list of names; others (the default): all that are not expected")         \
    X(ALLOW, "allow", "names", false, "alerts that may fire or not")                                         \
    X(WATCH, "watch", "duration", false,                                                                     \
      "how long to look at least; must be there when nothing is expected. Otherwise a drill goes on once "   \
      "all that is expected has fired")                                                                      \
    X(OUTAGE, "outage", "duration", false,                                                                   \
      "after this time the daemon is ended, and started again once the drill has seen enough; only with a "  \
      "daemon that leaklab drill starts itself")                                                             \
    X(RESOLVE, "resolve", "duration", false, "how long alerts may take to resolve once all is reclaimed (5m)")

enum drill_field {
#define X(id, name, type, required, about) DRILL_##id,
    DRILL_FIELD_TABLE(X)
#undef X
        DRILL_FIELDS
};

/* A row of DRILL_FIELD_TABLE. */
struct drill_field_info {
    const char *name;
    const char *type;
    bool required;
    const char *about;
};

extern const struct drill_field_info drill_fields[DRILL_FIELDS];

/* An alert that must fire between `after_ns` and `after_ns + within_ns`. */
struct expectation {
    const char *alert;
    struct label labels[LIMIT_DRILL_LABELS];
    size_t label_count;
    int64_t after_ns;
    int64_t within_ns;
};

/* Texts belong to `source`. */
struct drill {
    json_t *source;
    const char *name;
    const char *about; /* "" when left out */
    size_t scenario_count;
    const json_t *scenarios; /* a list; NULL when left out */
    size_t expectation_count;
    struct expectation expectations[LIMIT_DRILL_ALERTS];
    bool others_silent;
    size_t silent_count;
    const char *silent[LIMIT_DRILL_ALERTS]; /* unless others_silent */
    size_t allowed_count;
    const char *allowed[LIMIT_DRILL_ALERTS];
    int64_t watch_ns;
    int64_t outage_ns; /* -1: none */
    int64_t resolve_ns;
};

/* Reads what stood in a file, and takes `source` over in any case. ERR_OK: *drill is the caller's, to be
 * ended with drill_deinit. Otherwise *problem is a problem (lab/problem.h) with every fault that was found,
 * or NULL when memory is out, and *drill needs no end. Scenarios are looked at only as far as that they are
 * objects: what is right in them the daemon knows. */
enum err drill_read(json_t *source, struct drill *drill, json_t **problem);
void drill_deinit(struct drill *drill);

/* The latest moment at which something expected may still fire, or at which there is nothing more to see;
 * from the start. */
int64_t drill_end_ns(const struct drill *drill);

/* The names of the `count` alerts that it speaks of, to `names`, which has room for three times
 * LIMIT_DRILL_ALERTS; returns how many. */
size_t drill_alert_names(const struct drill *drill, const char **names);
