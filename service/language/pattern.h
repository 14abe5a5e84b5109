/* A pattern: a small concurrent program kept as data, with the bug and without it, in the language that
 * service/patterns/README.md describes. This header turns a text into a checked pattern, and a workload's
 * settings into the numbers that the runtime needs. Everything here is constant once compiled and may be read
 * from any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "language/message.h"
#include "runtime/program.h"

/* Words of variants, as they stand in a pattern, in a mode ("leak-recv") and in label values. A pattern has a
 * leak, its fix, or both; or it is a decoy: what looks like a leak for a while and is none. */
#define VARIANT_TABLE(X)                                                                                     \
    X(LEAK, "leak")                                                                                          \
    X(FIX, "fix")                                                                                            \
    X(DECOY, "decoy")

enum variant {
#define X(name, word) VARIANT_##name,
    VARIANT_TABLE(X)
#undef X
        VARIANTS,
    VARIANT_MIX = VARIANTS /* of a mode only: a share of its starts leaks, the others run the fix */
};

/* VARIANT_MIX: "mix". */
const char *variant_word(enum variant variant);

/* What a parameter or an operand counts. `article` is for messages, `example` is a text of that type. */
#define PARAM_TYPE_TABLE(X)                                                                                  \
    X(COUNT, "count", "a whole number", "16")      /* as it is */                                            \
    X(DURATION, "duration", "a duration", "10ms")  /* ns */                                                  \
    X(SIZE, "size", "a size", "4KiB")              /* bytes */                                               \
    X(PERCENT, "percentage", "a percentage", "2%") /* millionths */                                          \
    X(CHOICE, "choice", "a word", "buffer")        /* index into choices */

enum param_type {
#define X(name, word, article, example) PARAM_##name,
    PARAM_TYPE_TABLE(X)
#undef X
        PARAM_TYPES
};

/* "count", "duration", "size", "percentage", "choice" */
const char *param_type_word(enum param_type type);

/* Something that a user may set when starting the pattern. Its value is one int64_t in the unit of its type.
 */
struct param {
    const char *name;
    enum param_type type;
    const char *unit;           /* what is counted, for people: "tasks"; "" when the pattern does not say */
    const char *about;          /* one sentence */
    const char *default_text;   /* as the pattern writes it: "3000", "10ms", "linger / 2", "deadline" */
    struct value default_value; /* may refer to earlier parameters and to linger: see param_default */
    int64_t min;                /* both bounds are inclusive; 0 and choice_count - 1 for a choice */
    int64_t max;
    const char *const *choices; /* NULL unless a choice */
    uint16_t choice_count;
};

struct pattern_variant {
    struct program *program; /* NULL when the pattern does not have this variant */
    /* What is leaked once the owner has left, as written: "n", "0"; NULL where the pattern does not state it,
     * and it is 0. */
    const char *expect_texts[EXPECTS];
};

struct pattern {
    const char *name;      /* "recv" */
    const char *title;     /* a few words */
    const char *story;     /* how it happens in real services */
    const char *remedy;    /* what to do about it */
    const char *signature; /* what it looks like on a graph; "" when the pattern does not say */
    const char *file;      /* "recv.yaml" */
    bool own;              /* a user's: it may be replaced and removed. Set by whoever loads it */
    uint32_t name_line;    /* where its name stands in the source */
    uint32_t name_column;
    const char *source; /* the text it was compiled from, with a zero behind it */
    size_t source_bytes;
    struct param *params;
    uint16_t param_count;
    struct pattern_variant variants[VARIANTS];
    struct arena *arena; /* owns all texts and params */
};

/* Compiles `size` bytes of YAML or JSON. `file` is the name that messages, steps and profiles show; NULL: the
 * pattern's own name with ".yaml" behind it, or ".json" where the text begins with a brace. ERR_OK: *pattern
 * is the caller's, every program in it has passed program_verify. ERR_SYNTAX: `messages` (initialised by the
 * caller) says why, sorted by place. ERR_MEMORY: `messages` may be incomplete. Nothing is kept of `text`. */
enum err pattern_compile(const char *file, const char *text, size_t size, struct messages *messages,
                         struct pattern **pattern);

/* Takes NULL. No workload may still use one of its programs. */
void pattern_free(struct pattern *pattern);

/* The parameter called `name` and, unless `index` is NULL, its place in params; NULL when there is none. */
const struct param *pattern_param(const struct pattern *pattern, const char *name, uint16_t *index);

/* Reads a parameter's value as a user writes it: "3000", "10ms", "4KiB", "2%", or one of the choices.
 * ERR_SYNTAX or ERR_RANGE: `why` gets a sentence that says what would have been right, without the
 * parameter's name: `must be a duration such as 10ms, from 1ms to 8784h`. *value is then untouched. */
enum err param_parse(const struct param *param, const char *text, int64_t *value, struct buf *why);

/* The same for a bare JSON number: a count as it is, seconds for a duration, bytes for a size. */
enum err param_from_number(const struct param *param, double number, int64_t *value, struct buf *why);

/* The longest text that param_format writes, with its zero. */
#define PARAM_TEXT (LIMIT_NAME + 1)

/* The value as text that param_parse reads back to the same value. Returns `text`. */
const char *param_format(const struct param *param, int64_t value, char text[static PARAM_TEXT]);

/* The value of params[index] when the user sets none. `params` holds the values of the earlier parameters;
 * `linger_ns` is the workload's linger, LINGER_OPEN_NS where it has no end of its own. Within the parameter's
 * bounds. */
int64_t param_default(const struct pattern *pattern, uint16_t index, const int64_t *params,
                      int64_t linger_ns);

/* How many tasks one start of the variant leaks once its owner has left, as the pattern states it: the ground
 * truth. `values` is what program_resolve made of the variant's program. */
static inline int64_t pattern_expected(const struct program *program, const int64_t *values)
{
    return values[program->expect[EXPECT_TASKS]];
}

/* The same of everything that a pattern states. */
static inline int64_t pattern_expected_of(const struct program *program, const int64_t *values,
                                          enum expect expect)
{
    return values[program->expect[expect]];
}
