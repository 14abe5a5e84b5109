/* What Prometheus answers to a drill's questions, read from JSON: its HTTP API v1, see
 * https://prometheus.io/docs/prometheus/latest/querying/api/. It asks nobody. Whatever has another shape than
 * the documented one is ERR_SYNTAX, with a word in `why`. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "drill/alert.h"
#include "drill/drill.h"

#define PROMETHEUS_TARGETS "/api/v1/targets?state=active"
#define PROMETHEUS_RULES   "/api/v1/rules?type=alert"
#define PROMETHEUS_ALERTS  "/api/v1/alerts"

/* The `data` of an answer, borrowed, or NULL after a sentence in `why`: what it says is wrong, or that it is
 * no answer of Prometheus'. */
const json_t *prometheus_data(const json_t *answer, struct buf *why);

/* Which target is looked for: one that is scraped at one of these addresses ("host:port"), or is called so
 * by its label `instance`. Texts may be "". */
struct target_wish {
    const char *instance; /* when it is not "", only this counts */
    const char *job;      /* when it is not "", it must be this */
    const char *addresses[3];
};

enum target_health { TARGET_UNKNOWN, TARGET_UP, TARGET_DOWN };

/* What was found. Texts are borrowed from the answer. */
struct target {
    const char *instance;
    const char *job; /* NULL: several jobs scrape it */
    const char *last_error;
    enum target_health health;
};

/* ERR_OK; ERR_ABSENT when there is none, with the instances that there are in `why`; ERR_SYNTAX. */
enum err target_find(const json_t *data, const struct target_wish *wish, struct target *target,
                     struct buf *why);

/* Checks that a drill can be scored: each alert of which it speaks has a rule, which can be evaluated, and
 * which does not wait longer (`for`) than the drill gives it. Faults are appended to `why`, one a line.
 * ERR_OK, ERR_ABSENT, ERR_SYNTAX, ERR_MEMORY. */
enum err rules_check(const json_t *data, const struct drill *drill, struct buf *why);

/* The alerts that there are. Texts are borrowed from the answer. */
struct alert_list {
    struct alert *alerts;
    size_t count;
    struct label *labels; /* of all of them */
};

/* Those of `data` that may concern whoever these labels describe. The caller ends the list. ERR_SYNTAX,
 * ERR_LIMIT, ERR_MEMORY, with a sentence in `why`. */
enum err alerts_read(const json_t *data, const struct label *labels, size_t count, struct alert_list *list,
                     struct buf *why);
void alert_list_deinit(struct alert_list *list);
