/* The metrics of leaklab: all families are declared in one table (export.c, DESIGN "Metrics"), and a scrape
 * is rendered from a snapshot of the lab, what allocator and system say, and the requests that were observed
 * here. Nothing waits for the lab thread. An exporter belongs to one thread, the HTTP thread.
 *
 * Counters of every program in the snapshot are there from the start, at zero; gauges by state appear when
 * the state was first used and stay. Counters never go back: one that would keeps its former value. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/heap.h"
#include "base/process.h"
#include "lab/snapshot.h"
#include "metrics/history.h"
#include "metrics/metrics.h"

struct exporter;

/* What one scrape is made of; all of it is borrowed for the call. */
struct export_input {
    const struct snapshot *snapshot;      /* two of the same sequence count the same, unless it is 0 */
    const struct heap_stats *heap;        /* NULL: not known, as without jemalloc */
    const struct process_values *process; /* NULL: not known */
    uint64_t now_ns;                      /* CLOCK_MONOTONIC */
};

/* `revision` of the source, for leaklab_build_info; NULL or "" when it is not known. NULL when memory is out.
 */
struct exporter *export_new(const char *revision);

/* Takes NULL. */
void export_free(struct exporter *exporter);

/* Counts one answered request. `route` is a path of the table of routes (never the path that was asked for)
 * and `method` one of a small set: each combination is a series. An observation for which there is no memory,
 * or no room among the series, is lost. */
void export_observe_request(struct exporter *exporter, const char *route, const char *method, int code,
                            double seconds);

/* Appends a scrape to `out`, whose Content-Type is metrics_content_type(format). ERR_MEMORY; ERR_LIMIT when
 * `out` or a family is full; `out` then has nothing new. */
enum err export_render(struct exporter *exporter, const struct export_input *input,
                       enum metrics_format format, struct buf *out);

/* Keeps, as the target's part of a history's last scrape, what is shown on virtual time: not the families
 * that are about a real loop, allocator and visitors. ERR_MEMORY, ERR_LIMIT. */
enum err export_record(struct exporter *exporter, const struct export_input *input,
                       struct metrics_history *history, uint32_t target);
