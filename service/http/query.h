/* What a query may say: each key declared once, with what it takes. A route says which of them it has. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/curve.h"
#include "lab/request.h"

#define QUERY_TABLE(X)                                                                                       \
    X(RECLAIM, "reclaim")                                                                                    \
    X(DRY_RUN, "dry_run")                                                                                    \
    X(LEAKED, "leaked")                                                                                      \
    X(PATTERN, "pattern")                                                                                    \
    X(SCENARIO, "scenario")                                                                                  \
    X(SINCE, "since")                                                                                        \
    X(FROM, "since") /* of GET /timeline */                                                                  \
    X(LIMIT, "limit")                                                                                        \
    X(FORMAT, "format")                                                                                      \
    X(DEBUG, "debug")

enum query_key {
#define X(name, word) QUERY_##name,
    QUERY_TABLE(X)
#undef X
        QUERY_KEYS
};

/* A set of keys: 1u << QUERY_RECLAIM. */
#define QUERY_OF_TASKS (1u << QUERY_PATTERN | 1u << QUERY_SCENARIO | 1u << QUERY_SINCE)

enum query_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_PPROF };

struct query {
    bool reclaim;
    bool dry_run;
    struct lab_tasks_query tasks;
    bool has_from;
    struct curve_token from;
    uint32_t limit; /* groups shown */
    enum query_format format;
    bool debug; /* a profile as Go's text */
};

/* Reads a query of these keys; what it does not say has its default. False when it holds a key that is not
 * among them, one given twice, or a value that the key does not take: *problem is then a 422, or for what
 * cannot be decoded a 400, that the caller owns, or NULL when memory is out. */
bool query_read(uint32_t keys, const char *text, struct query *query, json_t **problem);
