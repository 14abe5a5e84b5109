#include "lab/timeline.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/ring.h"

#define SECOND_NS 1000000000ull

static_assert(sizeof(struct timeline_row) % 8 == 0 && sizeof(struct timeline_mark) % 8 == 0,
              "a ring's record is whole words");

struct timeline {
    struct ring *rows;
    struct ring *marks;
    uint32_t boot;
    uint64_t began_ns;
    uint64_t due_second; /* lab thread: of the next row, counted from began_ns */
};

const char *timeline_column_word(enum timeline_column column)
{
    static const char *const words[TIMELINE_COLUMNS] = {
#define X(name, word) word,
        TIMELINE_COLUMN_TABLE(X)
#undef X
    };
    return words[column];
}

const char *timeline_what_word(enum timeline_what what)
{
    static const char *const words[TIMELINE_MARKS] = {
#define X(name, word) word,
        TIMELINE_MARK_TABLE(X)
#undef X
    };
    return words[what];
}

struct timeline *timeline_new(uint32_t boot, uint64_t began_ns)
{
    struct timeline *timeline = calloc(1, sizeof *timeline);
    if (timeline == NULL)
        return NULL;
    timeline->boot = boot;
    timeline->began_ns = began_ns;
    timeline->rows = ring_new(LIMIT_TIMELINE_SECONDS, sizeof(struct timeline_row));
    timeline->marks = ring_new(LIMIT_TIMELINE_MARKS, sizeof(struct timeline_mark));
    if (timeline->rows != NULL && timeline->marks != NULL)
        return timeline;
    timeline_free(timeline);
    return NULL;
}

void timeline_free(struct timeline *timeline)
{
    if (timeline == NULL)
        return;
    ring_free(timeline->rows);
    ring_free(timeline->marks);
    free(timeline);
}

/* ---- writing ---- */

static uint64_t since_began_ns(const struct timeline *timeline, uint64_t now_ns)
{
    return now_ns > timeline->began_ns ? now_ns - timeline->began_ns : 0;
}

bool timeline_due(const struct timeline *timeline, uint64_t now_ns)
{
    return since_began_ns(timeline, now_ns) / SECOND_NS >= timeline->due_second;
}

uint64_t timeline_due_ms(const struct timeline *timeline, uint64_t now_ns)
{
    uint64_t since_ns = since_began_ns(timeline, now_ns), due_ns = timeline->due_second * SECOND_NS;
    uint64_t wait_ns = due_ns > since_ns ? due_ns - since_ns : 0;
    uint64_t wait_ms = wait_ns / 1000000 + 1; /* never a moment too early */
    return wait_ms < 1000 ? wait_ms : 1000;
}

static uint32_t narrow(uint64_t count)
{
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

static uint64_t leaked_of(const struct census *census)
{
    return census->leaked[VERDICT_STUCK] + census->leaked[VERDICT_ENDLESS];
}

static struct timeline_counts counts_of(const struct snapshot_program *program)
{
    return (struct timeline_counts){.tasks = narrow(census_live(&program->census)),
                                    .leaked = narrow(leaked_of(&program->census)),
                                    .expected_leaked = narrow(program->expected_leaked)};
}

static void add_counts(struct timeline_counts *sum, const struct timeline_counts *more)
{
    sum->tasks = narrow((uint64_t)sum->tasks + more->tasks);
    sum->leaked = narrow((uint64_t)sum->leaked + more->leaked);
    sum->expected_leaked = narrow((uint64_t)sum->expected_leaked + more->expected_leaked);
}

/* Keeps those with most tasks: where there is no room for one more, the least one has to go. */
static void list_program(struct timeline_row *row, struct timeline_program program)
{
    uint32_t least = 0;
    if (row->program_count == LIMIT_TIMELINE_PROGRAMS) {
        for (uint32_t i = 1; i < row->program_count; i++)
            if (row->programs[i].counts.tasks <= row->programs[least].counts.tasks)
                least = i;
        if (row->programs[least].counts.tasks >= program.counts.tasks)
            return;
        row->program_count--;
        memmove(&row->programs[least], &row->programs[least + 1],
                (row->program_count - least) * sizeof row->programs[0]);
    }
    row->programs[row->program_count++] = program;
}

static void fill_program(struct timeline_row *row, uint32_t place, const struct snapshot_program *program)
{
    if (program->mix)
        return;
    struct timeline_counts counts = counts_of(program);
    for (enum variant variant = 0; variant < VARIANTS; variant++)
        if (strcmp(program->variant, variant_word(variant)) == 0)
            add_counts(&row->variants[variant], &counts);
    row->values[TIMELINE_HEAP_HELD] += census_heap_bytes(&program->census);
    row->values[TIMELINE_TICKERS] += program->census.tickers;
    row->values[TIMELINE_CHANNELS] += program->census.channels;
    if (counts.tasks > 0)
        list_program(row, (struct timeline_program){.program = place, .counts = counts});
}

void timeline_fill(const struct timeline *timeline, const struct snapshot *snapshot,
                   const struct vitals *vitals, uint64_t now_ns, struct timeline_row *row)
{
    *row = (struct timeline_row){.at_ms = since_began_ns(timeline, now_ns) / 1000000};
    for (uint32_t i = 0; i < snapshot->program_count; i++)
        fill_program(row, i, &snapshot->programs[i]);
    for (size_t i = 0; i < UV_HANDLE_KINDS; i++)
        row->values[TIMELINE_HANDLES] += snapshot->uv_handles[i];
    row->values[TIMELINE_HEAP_ALLOCATED] = vitals->heap_allocated_bytes;
    row->values[TIMELINE_HEAP_RESIDENT] = vitals->heap_resident_bytes;
    row->values[TIMELINE_DESCRIPTORS] = vitals->descriptors;
    row->values[TIMELINE_THREADS] = vitals->threads;
}

void timeline_push(struct timeline *timeline, const struct timeline_row *row)
{
    timeline->due_second = row->at_ms / 1000 + 1;
    ring_push(timeline->rows, row);
}

void timeline_note(struct timeline *timeline, enum timeline_what what, const char *name, const char *mode,
                   uint64_t now_ns)
{
    struct timeline_mark mark = {.at_ms = since_began_ns(timeline, now_ns) / 1000000, .what = what};
    snprintf(mark.name, sizeof mark.name, "%s", name);
    snprintf(mark.mode, sizeof mark.mode, "%s", mode);
    ring_push(timeline->marks, &mark);
}

/* ---- reading ---- */

static struct timeline_span span_of(const struct ring *ring)
{
    uint64_t first = ring_first(ring);
    return (struct timeline_span){.first = first, .end = ring_end(ring)};
}

struct timeline_span timeline_rows(const struct timeline *timeline)
{
    return span_of(timeline->rows);
}

struct timeline_span timeline_marks(const struct timeline *timeline)
{
    return span_of(timeline->marks);
}

bool timeline_row(const struct timeline *timeline, uint64_t number, struct timeline_row *row)
{
    return ring_read(timeline->rows, number, row);
}

bool timeline_mark(const struct timeline *timeline, uint64_t number, struct timeline_mark *mark)
{
    return ring_read(timeline->marks, number, mark);
}

uint32_t timeline_boot(const struct timeline *timeline)
{
    return timeline->boot;
}

uint64_t timeline_began_ns(const struct timeline *timeline)
{
    return timeline->began_ns;
}
