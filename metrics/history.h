/* What a registry showed at a row of times, and all of it as one OpenMetrics text with timestamps: family
 * after family, within each series after series, within that in order of time, as OpenMetrics 1.0 asks for.
 * Whoever loads it (promtool tsdb create-blocks-from openmetrics) has what a scraper would have stored.
 *
 *     registry -> metrics_history_record, once a scrape -> metrics_history_write
 *
 * A value that stays the same costs nothing but its first scrape; one that moves costs 32 bytes a scrape.
 * Threads and errors as in metrics/metrics.h. */
#pragma once

#include "metrics/metrics.h"

struct metrics_history;

/* A label that every sample gets, in front of its own, as a scraper adds `job` and `instance`. */
struct metrics_stamp {
    const char *name;
    const char *value;
};

/* Makes an empty history. `registry` is borrowed until metrics_history_free. `left_out` has a truth for each
 * of its families, or is NULL: those that are true are never looked at. The stamps are copied.
 * METRICS_MEMORY; METRICS_UTF8 for a stamp that is not; METRICS_LIMIT for more than METRICS_LABELS_MAX. */
enum metrics_err metrics_history_new(const struct metrics_registry *registry, const bool *left_out,
                                     const struct metrics_stamp *stamps, size_t stamp_count,
                                     struct metrics_history **history);

/* Takes NULL. */
void metrics_history_free(struct metrics_history *history);

/* Keeps what the registry shows now as a scrape at `time_ms` since 1970. METRICS_MEMORY; METRICS_BACKWARDS
 * when that is not after the scrape before. */
enum metrics_err metrics_history_record(struct metrics_history *history, uint64_t time_ms);

/* What metrics_history_write would write. */
struct metrics_history_size {
    uint64_t scrapes, series, samples; /* a bucket of a histogram is a series, as in Prometheus */
};
struct metrics_history_size metrics_history_size(const struct metrics_history *history);

/* Takes a piece of the text; false: it cannot, and gets no further one. */
typedef bool metrics_write_fn(void *context, const char *text, size_t size);

/* Writes everything, `# EOF` included. False when `write` was. Nothing is allocated. */
bool metrics_history_write(const struct metrics_history *history, metrics_write_fn *write, void *context);
