/* What scrapes of a number of targets showed at a row of times, and all of it as one text: as OpenMetrics
 * with timestamps, family after family, within each series after series, within that in order of time, as
 * OpenMetrics 1.0 asks for (promtool tsdb create-blocks-from openmetrics loads it); or as the input series of
 * a unit test of rules (promtool test rules).
 *
 *     metrics_history_new, metrics_history_add for each target
 *     for each scrape: metrics_history_scrape, then for each target metrics_history_record or _miss
 *     metrics_history_write
 *
 * Registries may come and go, as processes do that a scraper looks at: what has the same name and labels is
 * the same series. A value that stays the same costs nothing but its first scrape; one that moves costs 32
 * bytes a scrape. Threads and errors as in metrics/metrics.h, but for one thing: a scrape for which there was
 * no memory may be there in part. */
#pragma once

#include "metrics/metrics.h"

struct metrics_history;

/* A label that every sample of a target gets, in front of its own, as a scraper adds `job` and `instance`. */
struct metrics_stamp {
    const char *name;
    const char *value;
};

/* Whether a series is to be kept: `text` is its name and labels as a sample shows them, ended by a zero. */
typedef bool metrics_keep_fn(void *context, const char *text);

/* Makes an empty history without targets. `keep` is asked once for each series (for a histogram: for each of
 * its lines) and may be NULL: all are kept. METRICS_MEMORY. */
enum metrics_err metrics_history_new(metrics_keep_fn *keep, void *context, struct metrics_history **history);

/* Takes NULL. */
void metrics_history_free(struct metrics_history *history);

/* Adds a target, of which there is nothing in the scrapes so far; *target is its number. The stamps are
 * copied. METRICS_MEMORY; METRICS_UTF8 for a stamp that is not; METRICS_LIMIT for more than
 * METRICS_LABELS_MAX, or a value that is too long. */
enum metrics_err metrics_history_add(struct metrics_history *history, const struct metrics_stamp *stamps,
                                     size_t stamp_count, uint32_t *target);

/* The next scrape, at `time_ms` since 1970. Each target must now be recorded or missed, once. METRICS_MEMORY;
 * METRICS_BACKWARDS when it is not after the scrape before. */
enum metrics_err metrics_history_scrape(struct metrics_history *history, uint64_t time_ms);

/* Keeps what the registry shows now. It is not borrowed, but for one thing: a registry that takes the place
 * of another one, which is freed, is told apart by metrics_history_part(). `left_out` has a truth for each of
 * its families, or is NULL: those that are true are never looked at. METRICS_MEMORY. */
enum metrics_err metrics_history_record(struct metrics_history *history, uint32_t target,
                                        const struct metrics_registry *registry, const bool *left_out);

/* The target's registry is about to be freed; a later one goes on with its series where they are the same. */
void metrics_history_part(struct metrics_history *history, uint32_t target);

enum metrics_miss {
    METRICS_STALE, /* the scraper looked and saw nothing, and so marks the series as gone */
    METRICS_UNSEEN /* nobody looked */
};

/* There is nothing of the target in this scrape. METRICS_MEMORY. */
enum metrics_err metrics_history_miss(struct metrics_history *history, uint32_t target,
                                      enum metrics_miss miss);

/* What metrics_history_write would write. */
struct metrics_history_size {
    uint64_t scrapes, series, samples; /* a bucket of a histogram is a series, as in Prometheus */
};
struct metrics_history_size metrics_history_size(const struct metrics_history *history);

/* Takes a piece of the text; false: it cannot, and gets no further one. */
typedef bool metrics_write_fn(void *context, const char *text, size_t size);

/* Writes everything as OpenMetrics, `# EOF` included. What is missing has no sample: the format has no word
 * for a series that has gone, which a Prometheus then goes on showing for five minutes. False when `write`
 * was. Nothing is allocated. */
bool metrics_history_write(const struct metrics_history *history, metrics_write_fn *write, void *context);

/* Writes everything as a file for `promtool test rules`, in YAML, that has one test whose last member is
 * `input_series`, at `interval_ms`, which all scrapes are apart: values that stay or that move by the same
 * whole number each time are written as one (`5x7`, `1+2x9`), what nobody saw is `_`, and where a series has
 * gone stands `stale`. Tests may be appended to it. False when `write` was. Nothing is allocated. */
bool metrics_history_write_promtool(const struct metrics_history *history, uint64_t interval_ms,
                                    metrics_write_fn *write, void *context);
