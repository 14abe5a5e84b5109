#include "metrics/history.h"

#include <stdlib.h>
#include <string.h>

#include "metrics/history_internal.h"

#define FIRST_ROOM 4

enum metrics_err metrics_history_new(metrics_keep_fn *keep, void *context, struct metrics_history **history)
{
    struct metrics_history *made = calloc(1, sizeof *made);
    if (made == NULL)
        return METRICS_MEMORY;
    made->keep = keep;
    made->context = context;
    *history = made;
    return METRICS_OK;
}

static void free_row(struct row *row)
{
    for (size_t i = 0; i < row->line_count; i++) {
        free(row->lines[i].text);
        free(row->lines[i].runs);
    }
    free(row);
}

static void free_rows(struct rows *rows)
{
    for (struct row *row = rows->first, *next; row != NULL; row = next) {
        next = row->next;
        free_row(row);
    }
}

void metrics_history_free(struct metrics_history *history)
{
    if (history == NULL)
        return;
    for (uint32_t i = 0; i < history->target_count; i++) {
        struct target *target = &history->targets[i];
        for (size_t family = 0; family < target->family_room; family++)
            free_rows(&target->rows[family]);
        free(target->rows);
        free(target->stamp);
    }
    free(history->targets);
    free(history->families);
    free(history->times_ms);
    free(history);
}

/* ---- targets ---- */

static void write_stamps(struct metrics_writer *writer, const struct metrics_stamp *stamps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        metrics_write_text(writer, i == 0 ? "" : ",");
        metrics_write_text(writer, stamps[i].name);
        metrics_write_text(writer, "=\"");
        metrics_write_escaped(writer, stamps[i].value, true);
        metrics_write_text(writer, "\"");
    }
}

static enum metrics_err check_stamps(const struct metrics_stamp *stamps, size_t count)
{
    if (count > METRICS_LABELS_MAX)
        return METRICS_LIMIT;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(stamps[i].value);
        if (size > METRICS_VALUE_BYTES)
            return METRICS_LIMIT;
        if (!metrics_utf8(stamps[i].value, size))
            return METRICS_UTF8;
    }
    return METRICS_OK;
}

enum metrics_err metrics_history_add(struct metrics_history *history, const struct metrics_stamp *stamps,
                                     size_t stamp_count, uint32_t *target)
{
    struct metrics_writer writer = {NULL, 0};
    enum metrics_err err = check_stamps(stamps, stamp_count);
    if (err != METRICS_OK)
        return err;
    struct target *targets = realloc(history->targets, ((size_t)history->target_count + 1) * sizeof *targets);
    if (targets == NULL)
        return METRICS_MEMORY;
    history->targets = targets;
    write_stamps(&writer, stamps, stamp_count);
    char *stamp = malloc(writer.size + 1);
    if (stamp == NULL)
        return METRICS_MEMORY;
    targets[history->target_count] = (struct target){.stamp = stamp, .stamp_size = writer.size};
    writer = (struct metrics_writer){stamp, 0};
    write_stamps(&writer, stamps, stamp_count);
    *target = history->target_count++;
    return METRICS_OK;
}

/* ---- recording ---- */

/* Makes room for one more of `size` bytes. */
static void *grow(void *items, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room)
        return items;
    uint32_t wanted = *room == 0 ? FIRST_ROOM : *room * 2;
    void *grown = wanted > *room ? realloc(items, wanted * size) : NULL;
    if (grown != NULL)
        *room = wanted;
    return grown;
}

enum metrics_err metrics_history_scrape(struct metrics_history *history, uint64_t time_ms)
{
    if (history->count > 0 && time_ms <= history->times_ms[history->count - 1])
        return METRICS_BACKWARDS;
    uint64_t *times = grow(history->times_ms, history->count, &history->room, sizeof *times);
    if (times == NULL)
        return METRICS_MEMORY;
    history->times_ms = times;
    history->times_ms[history->count++] = time_ms;
    return METRICS_OK;
}

static bool same(const struct run *run, enum run_kind kind, const struct metrics_number *number)
{
    if (run->kind != kind || kind != RUN_VALUE)
        return run->kind == kind;
    return run->number.is_real == number->is_real &&
           (number->is_real ? run->number.real == number->real : run->number.integer == number->integer);
}

/* What stands behind the index-th line of the series in a scrape. */
static struct metrics_number line_number(const struct metrics_series *series, size_t index)
{
    if (series->declared->type != METRICS_HISTOGRAM || index == series->declared->bound_count + 1)
        return series->number;
    uint64_t total = 0;
    for (size_t i = 0; i <= index && i <= series->declared->bound_count; i++)
        total += series->counts[i];
    return (struct metrics_number){.integer = total};
}

/* In the last scrape. What was never there is not gone either, and whose end was marked once is gone. */
static enum metrics_err record_line(struct metrics_history *history, struct line *line, enum run_kind kind,
                                    struct metrics_number number)
{
    const struct run *last = line->count > 0 ? &line->runs[line->count - 1] : NULL;
    if (!line->kept || (last == NULL ? kind != RUN_VALUE : same(last, kind, &number)))
        return METRICS_OK;
    struct run *runs = grow(line->runs, line->count, &line->room, sizeof *runs);
    if (runs == NULL)
        return METRICS_MEMORY;
    line->runs = runs;
    line->runs[line->count++] = (struct run){number, history->count - 1, kind};
    return METRICS_OK;
}

static enum metrics_err record_gone(struct metrics_history *history, struct row *row, enum run_kind kind)
{
    enum metrics_err err = METRICS_OK;
    for (size_t i = 0; i < row->line_count && err == METRICS_OK; i++)
        err = record_line(history, &row->lines[i], kind, (struct metrics_number){0});
    return err;
}

/* The line as samples show it: with the stamps between the name and the labels of its own, without the space
 * at its end. */
static char *make_text(const struct target *target, const struct metrics_chunk *chunk)
{
    const char *brace = memchr(chunk->text, '{', chunk->size);
    size_t end = chunk->size - 1;
    size_t name = brace != NULL ? (size_t)(brace - chunk->text) : end;
    char *text = malloc(end + target->stamp_size + 4);
    struct metrics_writer writer = {text, 0};
    if (text == NULL)
        return NULL;
    metrics_write(&writer, chunk->text, name);
    if (target->stamp_size > 0 || brace != NULL) {
        metrics_write_text(&writer, "{");
        metrics_write(&writer, target->stamp, target->stamp_size);
        metrics_write_text(&writer, target->stamp_size > 0 && brace != NULL ? "," : "");
        if (brace != NULL)
            metrics_write(&writer, brace + 1, end - name - 1);
        else
            metrics_write_text(&writer, "}");
    }
    text[writer.size] = '\0';
    return text;
}

static struct row *make_row(struct metrics_history *history, const struct target *target,
                            const struct metrics_series *series)
{
    struct row *row = calloc(1, sizeof *row + series->line_count * sizeof row->lines[0]);
    if (row == NULL)
        return NULL;
    row->series = series;
    row->line_count = series->line_count;
    for (size_t i = 0; i < row->line_count; i++) {
        struct line *line = &row->lines[i];
        line->text = make_text(target, &series->lines[METRICS_OPENMETRICS][i]);
        if (line->text == NULL) {
            free_row(row);
            return NULL;
        }
        line->kept = history->keep == NULL || history->keep(history->context, line->text);
    }
    return row;
}

/* A series of an earlier registry that is the same. */
static struct row *find_same(struct rows *rows, const struct row *made)
{
    if (made->line_count == 0)
        return NULL;
    for (struct row *row = rows->first; row != NULL; row = row->next)
        if (row->series == NULL && strcmp(row->lines[0].text, made->lines[0].text) == 0)
            return row;
    return NULL;
}

static struct row *add_row(struct metrics_history *history, const struct target *target, struct rows *rows,
                           const struct metrics_series *series)
{
    struct row *made = make_row(history, target, series);
    struct row *known = made == NULL ? NULL : find_same(rows, made);
    if (known != NULL) {
        known->series = series;
        free_row(made);
        return known;
    }
    if (made == NULL)
        return NULL;
    if (rows->last == NULL)
        rows->first = made;
    else
        rows->last->next = made;
    rows->last = made;
    return made;
}

/* The row of a series; `next` is the one behind the row of the series before, which it usually is. */
static struct row *row_of(struct metrics_history *history, const struct target *target, struct rows *rows,
                          const struct metrics_series *series, struct row *next)
{
    if (next != NULL && next->series == series)
        return next;
    for (struct row *row = rows->first; row != NULL; row = row->next)
        if (row->series == series)
            return row;
    return add_row(history, target, rows, series);
}

static enum metrics_err record_series(struct metrics_history *history, struct row *row)
{
    enum metrics_err err = METRICS_OK;
    enum run_kind kind = row->series->known ? RUN_VALUE : RUN_STALE;
    row->seen = history->count;
    for (size_t i = 0; i < row->line_count && err == METRICS_OK; i++)
        err = record_line(history, &row->lines[i], kind, line_number(row->series, i));
    return err;
}

static enum metrics_err record_family(struct metrics_history *history, const struct target *target,
                                      struct rows *rows, const struct metrics_family *family)
{
    enum metrics_err err = METRICS_OK;
    struct row *next = rows->first;
    for (const struct metrics_series *series = family->first; series != NULL; series = series->next) {
        struct row *row = row_of(history, target, rows, series, next);
        if (row == NULL)
            return METRICS_MEMORY;
        err = record_series(history, row);
        if (err != METRICS_OK)
            return err;
        next = row->next;
    }
    for (struct row *row = rows->first; row != NULL && err == METRICS_OK; row = row->next)
        if (row->seen != history->count)
            err = record_gone(history, row, RUN_STALE);
    return err;
}

/* Where the families of the registry's table begin; those of a table that was not seen before are added. */
static enum metrics_err find_table(struct metrics_history *history, const struct metrics_registry *registry,
                                   size_t *base)
{
    for (*base = 0; *base < history->family_count; ++*base)
        if (history->families[*base] == registry->families[0].declared)
            return METRICS_OK;
    size_t count = history->family_count + registry->family_count;
    const struct metrics_declaration **families = realloc(history->families, count * sizeof *families);
    if (families == NULL)
        return METRICS_MEMORY;
    history->families = families;
    for (size_t i = 0; i < registry->family_count; i++)
        families[history->family_count + i] = registry->families[i].declared;
    history->family_count = count;
    return METRICS_OK;
}

static enum metrics_err make_room(struct target *target, size_t count)
{
    if (count <= target->family_room)
        return METRICS_OK;
    struct rows *rows = realloc(target->rows, count * sizeof *rows);
    if (rows == NULL)
        return METRICS_MEMORY;
    memset(rows + target->family_room, 0, (count - target->family_room) * sizeof *rows);
    target->rows = rows;
    target->family_room = count;
    return METRICS_OK;
}

enum metrics_err metrics_history_record(struct metrics_history *history, uint32_t target,
                                        const struct metrics_registry *registry, const bool *left_out)
{
    struct target *kept = &history->targets[target];
    size_t base;
    if (registry->family_count == 0)
        return METRICS_OK;
    enum metrics_err err = find_table(history, registry, &base);
    if (err == METRICS_OK)
        err = make_room(kept, base + registry->family_count);
    for (size_t i = 0; i < registry->family_count && err == METRICS_OK; i++)
        if (left_out == NULL || !left_out[i])
            err = record_family(history, kept, &kept->rows[base + i], &registry->families[i]);
    return err;
}

void metrics_history_part(struct metrics_history *history, uint32_t target)
{
    struct target *kept = &history->targets[target];
    for (size_t family = 0; family < kept->family_room; family++)
        for (struct row *row = kept->rows[family].first; row != NULL; row = row->next)
            row->series = NULL;
}

enum metrics_err metrics_history_miss(struct metrics_history *history, uint32_t target,
                                      enum metrics_miss miss)
{
    struct target *kept = &history->targets[target];
    enum run_kind kind = miss == METRICS_STALE ? RUN_STALE : RUN_UNSEEN;
    enum metrics_err err = METRICS_OK;
    for (size_t family = 0; family < kept->family_room; family++)
        for (struct row *row = kept->rows[family].first; row != NULL && err == METRICS_OK; row = row->next)
            err = record_gone(history, row, kind);
    return err;
}

/* ---- what there is ---- */

uint32_t history_run_end(const struct metrics_history *history, const struct line *line, uint32_t run)
{
    return run + 1 < line->count ? line->runs[run + 1].from : history->count;
}

uint64_t history_samples(const struct metrics_history *history, const struct line *line)
{
    uint64_t samples = 0;
    for (uint32_t i = 0; i < line->count; i++)
        if (line->runs[i].kind == RUN_VALUE)
            samples += history_run_end(history, line, i) - line->runs[i].from;
    return samples;
}

const struct row *history_first(const struct metrics_history *history, uint32_t target, size_t family)
{
    const struct target *kept = &history->targets[target];
    return family < kept->family_room ? kept->rows[family].first : NULL;
}

static void add_size(const struct metrics_history *history, const struct row *row,
                     struct metrics_history_size *size)
{
    for (; row != NULL; row = row->next) {
        for (size_t i = 0; i < row->line_count; i++) {
            uint64_t samples = history_samples(history, &row->lines[i]);
            size->samples += samples;
            size->series += samples > 0;
        }
    }
}

struct metrics_history_size metrics_history_size(const struct metrics_history *history)
{
    struct metrics_history_size size = {.scrapes = history->count};
    for (uint32_t target = 0; target < history->target_count; target++)
        for (size_t family = 0; family < history->family_count; family++)
            add_size(history, history_first(history, target, family), &size);
    return size;
}
