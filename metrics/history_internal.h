/* What the files of a history share. A row is a series as it was over time: for each of its lines (a
 * histogram has several) the runs of scrapes in which its value was the same. */
#pragma once

#include "metrics/history.h"
#include "metrics/internal.h"

enum run_kind { RUN_VALUE, RUN_STALE, RUN_UNSEEN };

/* From scrape `from` on. */
struct run {
    struct metrics_number number; /* RUN_VALUE */
    uint32_t from;
    enum run_kind kind;
};

struct line {
    char *text; /* name{labels}, the target's stamps included */
    bool kept;
    struct run *runs;
    uint32_t count, room;
};

struct row {
    const struct metrics_series *series; /* NULL once its registry is gone */
    struct row *next;
    uint32_t seen; /* scrapes that there were when it was last in one */
    size_t line_count;
    struct line lines[];
};

struct rows {
    struct row *first, *last;
};

struct target {
    char *stamp; /* job="leaklab",instance="..." */
    size_t stamp_size;
    struct rows *rows; /* by family */
    size_t family_room;
};

struct metrics_history {
    metrics_keep_fn *keep;
    void *context;
    const struct metrics_declaration **families; /* in the order in which they were first seen */
    size_t family_count;
    struct target *targets;
    uint32_t target_count;
    uint64_t *times_ms;
    uint32_t count, room;
};

/* How far a run goes: the scrape behind its last one. */
uint32_t history_run_end(const struct metrics_history *history, const struct line *line, uint32_t run);

/* Of a line, how many scrapes it has a value in. */
uint64_t history_samples(const struct metrics_history *history, const struct line *line);

/* The first row of a family of a target, or NULL. */
const struct row *history_first(const struct metrics_history *history, uint32_t target, size_t family);

/* Text on its way to whoever takes it. */
#define HISTORY_PIECE_BYTES (64 * 1024)

struct history_output {
    metrics_write_fn *write;
    void *context;
    size_t size;
    bool failed;
    char piece[HISTORY_PIECE_BYTES];
};

void history_put(struct history_output *output, const char *text, size_t size);
void history_flush(struct history_output *output);

/* Writes a number behind `at`, and returns what is behind it. */
char *history_put_number(char *at, const struct metrics_number *number);
