/* The last hour, second by second: how many tasks there were, leaking and fixed, how many of them the judge
 * found leaked and how many the patterns expect, what they held; and marks for what happened to scenarios.
 * Whoever opens the page late sees the whole story.
 *
 * The lab thread writes and any thread reads, without either waiting for the other (base/ring.h): a stalled
 * lab still has its past. It is bounded: an hour of seconds takes 2.2 MB, the marks 0.2 MB more, allocated at
 * the start and backed by the system as they fill up. A second in which the lab could not look is missing;
 * every row says its own time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "lab/snapshot.h"
#include "lab/vitals.h"
#include "language/catalogue.h"

/* What is kept of the process as a whole. Names are members of GET /timeline. */
#define TIMELINE_COLUMN_TABLE(X)                                                                             \
    X(HEAP_HELD, "heap_held_bytes")           /* that tasks hold, have lost, or have put into queues */      \
    X(HEAP_ALLOCATED, "heap_allocated_bytes") /* in use by the process, says its allocator */                \
    X(HEAP_RESIDENT, "heap_resident_bytes")   /* backed by memory */                                         \
    X(TICKERS, "tickers")                                                                                    \
    X(CHANNELS, "channels")                                                                                  \
    X(HANDLES, "handles") /* libuv's */                                                                      \
    X(DESCRIPTORS, "descriptors")                                                                            \
    X(THREADS, "threads")

enum timeline_column {
#define X(name, word) TIMELINE_##name,
    TIMELINE_COLUMN_TABLE(X)
#undef X
        TIMELINE_COLUMNS
};

const char *timeline_column_word(enum timeline_column column);

/* A value that is not known. */
#define TIMELINE_UNKNOWN UINT64_MAX

struct timeline_counts {
    uint32_t tasks;
    uint32_t leaked;          /* of them, says the judge */
    uint32_t expected_leaked; /* of them, says the pattern */
};

struct timeline_program {
    uint32_t program; /* its place in the snapshot */
    struct timeline_counts counts;
};

struct timeline_row {
    uint64_t at_ms; /* since the timeline began; each is later than the one before */
    uint64_t values[TIMELINE_COLUMNS];
    struct timeline_counts variants[VARIANTS]; /* of all programs */
    uint32_t program_count;
    struct timeline_program programs[LIMIT_TIMELINE_PROGRAMS]; /* those with most tasks, in the snapshot's
                                                                  order; none without tasks */
};

/* What happened to a scenario. Names are values of a mark's `what`. */
#define TIMELINE_MARK_TABLE(X)                                                                               \
    X(STARTED, "started")                                                                                    \
    X(COMPLETED, "completed") /* its one start's owner has left; likewise the ends below: its scopes are     \
                                 done */                                                                     \
    X(CANCELLED, "cancelled")                                                                                \
    X(EXPIRED, "expired")                                                                                    \
    X(CAPPED, "capped")                                                                                      \
    X(LEAKED, "leaked")       /* the grace is over, and tasks are still there */                             \
    X(RECLAIMED, "reclaimed") /* what it left behind is gone, by force */                                    \
    X(FINISHED, "finished")   /* nothing is left */                                                          \
    X(RESET, "reset")         /* everything is cancelled and reclaimed; has no scenario */

enum timeline_what {
#define X(name, word) MARK_##name,
    TIMELINE_MARK_TABLE(X)
#undef X
        TIMELINE_MARKS
};

const char *timeline_what_word(enum timeline_what what);

struct timeline_mark {
    uint64_t at_ms;
    uint32_t what;             /* enum timeline_what */
    char name[LIMIT_NAME + 4]; /* of the scenario; "" for none */
    char mode[MODE_TEXT];
};

struct timeline;

/* `boot` tells this run of the daemon from others; `began_ns` is now, of the clock whose times are given
 * later. NULL: no memory. */
struct timeline *timeline_new(uint32_t boot, uint64_t began_ns);

/* Nobody reads it any more. Takes NULL. */
void timeline_free(struct timeline *timeline);

/* Lab thread: true once a new second has begun since the last row. */
bool timeline_due(const struct timeline *timeline, uint64_t now_ns);

/* Lab thread: after how many milliseconds that will be so, from 1 to 1000. */
uint64_t timeline_due_ms(const struct timeline *timeline, uint64_t now_ns);

/* Lab thread: makes a row of a snapshot, and pushes it. It is to be pushed after its snapshot was published:
 * who reads it looks up there what its programs are called. */
void timeline_fill(const struct timeline *timeline, const struct snapshot *snapshot,
                   const struct vitals *vitals, uint64_t now_ns, struct timeline_row *row);
void timeline_push(struct timeline *timeline, const struct timeline_row *row);

/* Lab thread: pushes a mark; name and mode are "" where there is none. */
void timeline_note(struct timeline *timeline, enum timeline_what what, const char *name, const char *mode,
                   uint64_t now_ns);

/* Any thread, here and below. Rows and marks are numbered from 0; `first` is the oldest that is kept, `end`
 * the number of the one that comes next. Reading one that is gone meanwhile returns false. */
struct timeline_span {
    uint64_t first, end;
};
struct timeline_span timeline_rows(const struct timeline *timeline);
struct timeline_span timeline_marks(const struct timeline *timeline);
bool timeline_row(const struct timeline *timeline, uint64_t number, struct timeline_row *row);
bool timeline_mark(const struct timeline *timeline, uint64_t number, struct timeline_mark *mark);

uint32_t timeline_boot(const struct timeline *timeline);
uint64_t timeline_began_ns(const struct timeline *timeline);
