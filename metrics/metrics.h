/* Metrics for Prometheus: declare families in a constant table, make series, set values, render a scrape.
 *
 *     declaration table -> registry -> series (one per set of label values) -> values -> text of a scrape
 *
 * The text follows the Prometheus text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats) and
 * OpenMetrics 1.0 (openmetrics.io). metrics/negotiate.h chooses between them. The library needs a C11
 * compiler and a C library, nothing else.
 *
 * Threads: a registry and its series are used by one thread at a time; that is the caller's duty. Two
 * registries have nothing in common.
 *
 * Errors: a function that returns anything but METRICS_OK has changed nothing. Nothing here prints, exits or
 * asserts.
 *
 * Values that are not known: a series that is unset, or a gauge set to NaN, is left out of the text; so is a
 * family without a single series to print. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every maximum. Bytes are counted without the final zero. */
#define METRICS_FAMILIES_MAX   1024
#define METRICS_LABELS_MAX     10  /* of a family */
#define METRICS_BOUNDS_MAX     64  /* of a histogram */
#define METRICS_NAME_BYTES     128 /* of a family, a label or a unit */
#define METRICS_HELP_BYTES     1024
#define METRICS_VALUE_BYTES    1024   /* of one label value */
#define METRICS_SERIES_DEFAULT 10000  /* of a family that does not say */
#define METRICS_SERIES_MAX     100000 /* that a family may ask for */

#define METRICS_ERR_TABLE(X)                                                                                 \
    X(OK, "no error")                                                                                        \
    X(MEMORY, "out of memory")                                                                               \
    X(LIMIT, "a maximum is reached")                                                                         \
    X(DECLARED, "the declaration is faulty")                                                                 \
    X(UTF8, "a label value is not UTF-8")                                                                    \
    X(TYPE, "not for this type of metric")                                                                   \
    X(RANGE, "not a value that this type can have")                                                          \
    X(BACKWARDS, "a count never goes back")                                                                  \
    X(SPACE, "the buffer is too small")

enum metrics_err {
#define X(code, text) METRICS_##code,
    METRICS_ERR_TABLE(X)
#undef X
};

/* The code's text: a static string, never NULL. */
const char *metrics_err_text(enum metrics_err err);

/* ---- declarations ---- */

enum metrics_type {
    METRICS_GAUGE,     /* any number; a new series is unset */
    METRICS_COUNTER,   /* only grows; a new series is 0 */
    METRICS_HISTOGRAM, /* counts of observations by size, none of them negative; a new series is empty */
    METRICS_INFO       /* always 1, what it says is in its labels; printed as a gauge in text 0.0.4 */
};

/* One family. The name is what a query says: a counter's ends in _total, an info's in _info, and a histogram
 * is named without the _bucket, _sum and _count that its samples get. OpenMetrics names a family without its
 * suffix; the renderer sees to that. */
struct metrics_declaration {
    const char *name; /* letters, digits and _, not starting with a digit; colons belong to recording rules */
    const char *help; /* one sentence, UTF-8, not empty */
    const char
        *unit; /* base unit as in OpenMetrics ("seconds", "bytes"): the name must end in it; NULL for none */
    enum metrics_type type;
    const char *labels[METRICS_LABELS_MAX]; /* names, ended by NULL or by the array's end */
    const double *bounds; /* histogram: upper bounds of its buckets, ascending, not negative, +Inf left out */
    size_t bound_count;
    uint32_t series_max; /* 0: METRICS_SERIES_DEFAULT */
};

/* Where a table is wrong. */
struct metrics_fault {
    size_t index;    /* of the declaration */
    const char *why; /* a static sentence */
};

/* Checks a table: the grammar of names, suffixes and units, reserved labels (`le`, `quantile`, anything with
 * two underscores in front; also `type`, which clashes with what other tools attach), bounds, duplicates,
 * maxima. True when all is well. `fault` may be NULL and is written only on false. */
bool metrics_check(const struct metrics_declaration *table, size_t count, struct metrics_fault *fault);

/* ---- registry ---- */

struct metrics_registry;

/* Makes a registry. `table` is borrowed, with all that it points to, until metrics_registry_free; a family is
 * named by its index in it, and is rendered in its place. METRICS_DECLARED (then *fault, if given, says
 * where), METRICS_MEMORY. */
enum metrics_err metrics_registry_new(const struct metrics_declaration *table, size_t count,
                                      struct metrics_registry **registry, struct metrics_fault *fault);

/* Frees the registry and all its series. Takes NULL. */
void metrics_registry_free(struct metrics_registry *registry);

/* ---- series ---- */

struct metrics_series;

/* Finds a series by its label values, or makes it. `values` has one text for each of the family's labels, in
 * the declared order (NULL where the family has none); they are copied. Series of a family are rendered in
 * the order in which they were made. *series belongs to the registry and stays valid as long as it does: keep
 * it where values are set often. METRICS_LIMIT (too many series, or a value too long), METRICS_UTF8,
 * METRICS_MEMORY; METRICS_RANGE when there is no such family. */
enum metrics_err metrics_series(struct metrics_registry *registry, size_t family, const char *const *values,
                                struct metrics_series **series);

/* Leaves the series out of the text until a value is set again. A counter or histogram remembers what it had.
 */
void metrics_unset(struct metrics_series *series);

/* Sets a gauge or counter. METRICS_TYPE for others; for a counter METRICS_BACKWARDS when the value is below
 * the former one, and METRICS_RANGE when it is negative, infinite or NaN. For a gauge NaN means
 * metrics_unset. */
enum metrics_err metrics_set(struct metrics_series *series, double value);

/* The same with a whole number, which is kept and printed exactly, also above 2^53. */
enum metrics_err metrics_set_u64(struct metrics_series *series, uint64_t value);

/* Adds to a gauge or counter; an unset gauge counts as 0. METRICS_TYPE; METRICS_RANGE when a counter is given
 * a negative amount, when the amount is infinite or NaN, or when the sum has no room. */
enum metrics_err metrics_add(struct metrics_series *series, double amount);
enum metrics_err metrics_add_u64(struct metrics_series *series, uint64_t amount);

/* Counts one observation in a histogram. METRICS_TYPE, METRICS_RANGE (negative, infinite or NaN). */
enum metrics_err metrics_observe(struct metrics_series *series, double value);

enum metrics_buckets {
    METRICS_PLAIN,     /* each count is of its own bucket */
    METRICS_CUMULATIVE /* each count includes those before it, as in the text */
};

/* Sets a histogram to counts that were kept elsewhere: bound_count + 1 of them, the last one for what is
 * above all bounds. METRICS_TYPE; METRICS_RANGE when cumulative counts fall, their total has no room, or
 * `sum` is not a number from 0; METRICS_BACKWARDS when a bucket or the sum is below its former value. */
enum metrics_err metrics_histogram_set(struct metrics_series *series, enum metrics_buckets kind,
                                       const uint64_t *counts, double sum);

/* ---- rendering ---- */

enum metrics_format {
    METRICS_TEXT,       /* text 0.0.4 */
    METRICS_OPENMETRICS /* OpenMetrics 1.0 */
};
#define METRICS_FORMATS 2

/* The value of the Content-Type header for the format: a static string. */
const char *metrics_content_type(enum metrics_format format);

/* A buffer of this many bytes holds the text whatever the values are; it changes only when a series is made.
 */
size_t metrics_render_max(const struct metrics_registry *registry, enum metrics_format format);

/* Writes a scrape, without a final zero, and its size. METRICS_SPACE when `capacity` is below
 * metrics_render_max. Nothing is allocated. */
enum metrics_err metrics_render(struct metrics_registry *registry, enum metrics_format format, char *text,
                                size_t capacity, size_t *size);
