/* The specification of a scenario: what a user asked for, checked and made complete. One table of fields
 * drives reading, checking, the effective specification in answers, and the list of fields in GET /patterns;
 * a pattern's own parameters (language/pattern.h) stand beside them.
 *
 * Values come as JSON, where "80ms", "4KiB", "50/s" and "2000" are as good as numbers, because forms and
 * command lines have nothing but texts. A bare number is seconds for a duration, bytes for a size, starts a
 * second for a rate. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/unit.h"
#include "lab/arrival.h"
#include "lab/rate.h"
#include "lab/share.h"
#include "language/catalogue.h"
#include "runtime/runtime.h"

/* Seeds stay exact in every JSON reader: below 2^53. */
#define SPEC_SEED_MAX ((1LL << 53) - 1)

enum field_type {
    FIELD_WORD,
    FIELD_MODE,
    FIELD_NAME,
    FIELD_RATE,
    FIELD_DURATION,
    FIELD_SIZE,
    FIELD_COUNT,
    FIELD_FLAG,
    FIELD_SHAPE,
    FIELD_PERCENT,
    FIELD_SHARE /* a percentage, which may be a bare number too: 0.02 is 2% */
};

/* id, name, type, default as text ("" none), min, max, unit, about. Bounds are inclusive and in the unit of
 * the type: ns, bytes, millionths of a start a second, a count, hundredths of a percent. The daemon's own
 * limits bound max_tasks and max_heap further. */
#define SPEC_FIELD_TABLE(X)                                                                                  \
    X(ACTION, "action", FIELD_WORD, "spawn", 0, 0, "",                                                       \
      "what to do: spawn, cancel or reclaim; the last two take a name")                                      \
    X(MODE, "mode", FIELD_MODE, "", 0, 0, "",                                                                \
      "variant and pattern, such as leak-recv, fix-recv or mix-recv")                                        \
    X(NAME, "name", FIELD_NAME, "", 1, LIMIT_NAME, "", "the scenario's id; <mode>-<k> when left out")        \
    X(RATE, "rate", FIELD_RATE, "0", 0, LIMIT_START_RATE * 1000000LL, "starts a second",                     \
      "how often to start, such as 50/s, 0.5 or 10/m; 0 starts once")                                        \
    X(SHAPE, "shape", FIELD_SHAPE, "steady", 0, 0, "",                                                       \
      "how the rate moves: steady, ramp, wave, spike or double-halve; the rate is the highest that it "      \
      "comes "                                                                                               \
      "to")                                                                                                  \
    X(SHAPE_PERIOD, "shape_period", FIELD_DURATION, "1m", 1000000LL, LIMIT_DURATION_NS, "",                  \
      "how long a ramp climbs, and after which time the other shapes repeat; none when steady")              \
    X(SHAPE_LOW, "shape_low", FIELD_PERCENT, "10%", 0, SHARE_WHOLE, "",                                      \
      "the share of the rate at which a ramp begins, and to which a wave and a spike come down")             \
    X(JITTER, "jitter", FIELD_PERCENT, "0%", 0, SHARE_WHOLE, "",                                             \
      "each start is late by up to this share of the way to the next, as the seed says")                     \
    X(LINGER, "linger", FIELD_DURATION, "", 1000000LL, LIMIT_DURATION_NS, "",                                \
      "how long a start's owner stays before it leaves; until the scenario ends when left out, 1s with a "   \
      "rate")                                                                                                \
    X(DURATION, "duration", FIELD_DURATION, "", 1000000LL, LIMIT_DURATION_NS, "",                            \
      "after this time the scenario is cancelled by itself; never when left out")                            \
    X(AT, "at", FIELD_DURATION, "0s", 0, LIMIT_DURATION_NS, "",                                              \
      "how long after it was asked for the scenario begins")                                                 \
    X(HOLDS, "holds", FIELD_SIZE, "1KiB", 0, LIMIT_HOLD_BYTES, "bytes",                                      \
      "heap that every task but the owner keeps while it lives")                                             \
    X(MAX_TASKS, "max_tasks", FIELD_COUNT, "", 1, LIMIT_TASKS, "tasks",                                      \
      "live tasks at which the scenario ends as capped; the daemon's limit when left out")                   \
    X(MAX_HEAP, "max_heap", FIELD_SIZE, "", 1, LIMIT_NUMBER, "bytes",                                        \
      "memory at which the scenario ends as capped; the daemon's limit when left out")                       \
    X(SEED, "seed", FIELD_COUNT, "", 0, SPEC_SEED_MAX, "",                                                   \
      "the same seed gives the same run; random when left out")                                              \
    X(LEAK_SHARE, "leak_share", FIELD_SHARE, "2%", 0, SHARE_WHOLE, "",                                       \
      "the share of starts that leak, such as 2% or 0.02, as the seed says; with a mode such as mix-recv, "  \
      "none with the others")                                                                                \
    X(DRY_RUN, "dry_run", FIELD_FLAG, "false", 0, 1, "",                                                     \
      "answer with the effective specification and a forecast, start nothing")

enum spec_field {
#define X(id, name, type, fallback, min, max, unit, about) SPEC_##id,
    SPEC_FIELD_TABLE(X)
#undef X
        SPEC_FIELDS
};

#define SPEC_ACTION_TABLE(X)                                                                                 \
    X(SPAWN, "spawn")                                                                                        \
    X(CANCEL, "cancel")                                                                                      \
    X(RECLAIM, "reclaim")

enum spec_action {
#define X(id, word) ACTION_##id,
    SPEC_ACTION_TABLE(X)
#undef X
        SPEC_ACTIONS
};

/* A row of SPEC_FIELD_TABLE. */
struct field {
    const char *name;
    enum field_type type;
    const char *fallback; /* the default as text; "" when there is none, or when it depends */
    int64_t min;
    int64_t max;
    const char *unit;
    const char *about;
};

extern const struct field spec_fields[SPEC_FIELDS];

/* "rate", "duration", "size", ... */
const char *field_type_word(enum field_type type);

struct spec {
    enum spec_action action;
    struct mode mode;          /* spawn only, as is everything below but the name */
    char name[LIMIT_NAME + 1]; /* "": to be made up */
    struct rate rate;
    enum shape shape;
    int64_t shape_period_ns; /* 0: the shape has none */
    int64_t shape_low;       /* of SHARE_WHOLE; 0: the shape has none */
    int64_t jitter;          /* of SHARE_WHOLE */
    int64_t leak_share;      /* of SHARE_WHOLE; 0 unless the mode is a mix */
    int64_t linger_ns;       /* 0: until the scenario ends */
    int64_t duration_ns;     /* 0: no end of its own */
    int64_t at_ns;           /* after it was asked for */
    int64_t holds_bytes;
    uint64_t seed;
    uint64_t max_tasks;
    uint64_t max_heap_bytes;
    bool dry_run;
    int64_t params[LIMIT_PARAMS]; /* as many as the pattern has */
};

/* What a specification is read against. */
struct spec_context {
    const struct catalogue *catalogue;
    uint64_t max_tasks; /* defaults, and the most that may be asked for */
    uint64_t max_heap_bytes;
    uint64_t seed; /* taken, below SPEC_SEED_MAX, when none is given */
};

/* Reads a JSON object. ERR_OK: *spec is complete. Otherwise *problem is a problem (lab/problem.h) that the
 * caller owns, with every error of the object, or NULL when memory is out (ERR_MEMORY); *spec is then not to
 * be used. */
enum err spec_parse(const struct spec_context *context, const json_t *body, struct spec *spec,
                    json_t **problem);

/* The effective specification as an object that can be posted again: values with units are texts. NULL: no
 * memory. */
json_t *spec_json(const struct spec *spec);

/* What the runtime needs to know; `tally` is that of a program of the mode. Borrows spec->params. */
struct workload_spec spec_workload(const struct spec *spec, struct tally *tally);

/* When its starts are due. */
struct arrival spec_arrival(const struct spec *spec);

/* Which of the mode's programs (see mode_programs) a start runs, the first of all being number 0. Of a mix 0
 * is the leak and 1 the fix, drawn from the seed for each number by itself: the same seed gives the same
 * split, whatever else there is. */
size_t spec_choose(const struct spec *spec, uint64_t start);

/* The largest value of a field in this context: the daemon's own limits are less than the table's. */
int64_t spec_field_max(const struct spec_context *context, enum spec_field field);

/* A parameter's value as JSON: a number for a count, a text for everything else. NULL: no memory. */
json_t *param_json(const struct param *param, int64_t value);

/* True for a scenario's name: 1 to LIMIT_NAME letters, digits, '.', '_' and '-' of ASCII, a letter or digit
 * first, so that it is the same in a URL. */
bool spec_name_valid(const char *name);
