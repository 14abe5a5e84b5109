/* A row is a series as it was over time: for each of its lines (a histogram has several) the runs of scrapes
 * in which its value was the same. Rows stand in the order in which the registry made the series, so that the
 * n-th row of a family is its n-th series. */
#include "metrics/history.h"

#include <stdlib.h>
#include <string.h>

#include "metrics/internal.h"

#define PIECE_BYTES    (64 * 1024)
#define TIMESTAMP_ROOM 32
#define FIRST_ROOM     4

/* From scrape `from` on the value is `number`; or there is none. */
struct run {
    struct metrics_number number;
    uint32_t from;
    bool known;
};

struct line {
    struct run *runs;
    uint32_t count, room;
};

struct row {
    const struct metrics_series *series;
    struct row *next;
    struct line lines[]; /* series->line_count */
};

struct rows {
    struct row *first, *last;
};

struct metrics_history {
    const struct metrics_registry *registry;
    bool *left_out;    /* by family */
    struct rows *rows; /* by family */
    char *stamp;       /* job="leaklab",instance="..." */
    size_t stamp_size;
    uint64_t *times_ms;
    uint32_t count, room;
};

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

static enum metrics_err set_stamps(struct metrics_history *history, const struct metrics_stamp *stamps,
                                   size_t count)
{
    struct metrics_writer writer = {NULL, 0};
    if (count > METRICS_LABELS_MAX)
        return METRICS_LIMIT;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(stamps[i].value);
        if (size > METRICS_VALUE_BYTES)
            return METRICS_LIMIT;
        if (!metrics_utf8(stamps[i].value, size))
            return METRICS_UTF8;
    }
    write_stamps(&writer, stamps, count);
    history->stamp = malloc(writer.size + 1);
    if (history->stamp == NULL)
        return METRICS_MEMORY;
    history->stamp_size = writer.size;
    writer = (struct metrics_writer){history->stamp, 0};
    write_stamps(&writer, stamps, count);
    return METRICS_OK;
}

enum metrics_err metrics_history_new(const struct metrics_registry *registry, const bool *left_out,
                                     const struct metrics_stamp *stamps, size_t stamp_count,
                                     struct metrics_history **history)
{
    struct metrics_history *made = calloc(1, sizeof *made);
    if (made == NULL)
        return METRICS_MEMORY;
    made->registry = registry;
    made->left_out = calloc(registry->family_count + 1, sizeof *made->left_out);
    made->rows = calloc(registry->family_count + 1, sizeof *made->rows);
    enum metrics_err err =
        made->left_out == NULL || made->rows == NULL ? METRICS_MEMORY : set_stamps(made, stamps, stamp_count);
    if (err != METRICS_OK) {
        metrics_history_free(made);
        return err;
    }
    if (left_out != NULL)
        memcpy(made->left_out, left_out, registry->family_count * sizeof *left_out);
    *history = made;
    return METRICS_OK;
}

static void free_rows(struct rows *rows)
{
    for (struct row *row = rows->first, *next; row != NULL; row = next) {
        next = row->next;
        for (size_t i = 0; i < row->series->line_count; i++)
            free(row->lines[i].runs);
        free(row);
    }
}

void metrics_history_free(struct metrics_history *history)
{
    if (history == NULL)
        return;
    for (size_t i = 0; history->rows != NULL && i < history->registry->family_count; i++)
        free_rows(&history->rows[i]);
    free(history->rows);
    free(history->left_out);
    free(history->stamp);
    free(history->times_ms);
    free(history);
}

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

static bool same(const struct run *run, bool known, const struct metrics_number *number)
{
    if (run->known != known || !known)
        return run->known == known;
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

/* What was begun for a scrape that then failed takes up no scrape: the next one begins where it began. */
static enum metrics_err record_line(struct line *line, uint32_t scrape, bool known,
                                    struct metrics_number number)
{
    if (line->count > 0 ? same(&line->runs[line->count - 1], known, &number) : !known)
        return METRICS_OK;
    struct run *runs = grow(line->runs, line->count, &line->room, sizeof *runs);
    if (runs == NULL)
        return METRICS_MEMORY;
    line->runs = runs;
    line->runs[line->count++] = (struct run){number, scrape, known};
    return METRICS_OK;
}

static struct row *add_row(struct rows *rows, const struct metrics_series *series)
{
    struct row *row = calloc(1, sizeof *row + series->line_count * sizeof row->lines[0]);
    if (row == NULL)
        return NULL;
    row->series = series;
    if (rows->last == NULL)
        rows->first = row;
    else
        rows->last->next = row;
    rows->last = row;
    return row;
}

static enum metrics_err record_family(struct rows *rows, const struct metrics_family *family, uint32_t scrape)
{
    struct row *row = rows->first;
    for (const struct metrics_series *series = family->first; series != NULL; series = series->next) {
        if (row == NULL && (row = add_row(rows, series)) == NULL)
            return METRICS_MEMORY;
        for (size_t i = 0; i < series->line_count; i++) {
            enum metrics_err err = record_line(&row->lines[i], scrape, series->known, line_number(series, i));
            if (err != METRICS_OK)
                return err;
        }
        row = row->next;
    }
    return METRICS_OK;
}

enum metrics_err metrics_history_record(struct metrics_history *history, uint64_t time_ms)
{
    uint32_t scrape = history->count;
    if (scrape > 0 && time_ms <= history->times_ms[scrape - 1])
        return METRICS_BACKWARDS;
    uint64_t *times = grow(history->times_ms, scrape, &history->room, sizeof *times);
    if (times == NULL)
        return METRICS_MEMORY;
    history->times_ms = times;
    for (size_t i = 0; i < history->registry->family_count; i++) {
        if (history->left_out[i])
            continue;
        enum metrics_err err = record_family(&history->rows[i], &history->registry->families[i], scrape);
        if (err != METRICS_OK)
            return err;
    }
    history->times_ms[history->count++] = time_ms;
    return METRICS_OK;
}

/* How far the run goes. */
static uint32_t run_end(const struct metrics_history *history, const struct line *line, uint32_t run)
{
    uint32_t end = run + 1 < line->count ? line->runs[run + 1].from : history->count;
    return end < history->count ? end : history->count;
}

static uint64_t line_samples(const struct metrics_history *history, const struct line *line)
{
    uint64_t samples = 0;
    for (uint32_t i = 0; i < line->count; i++)
        if (line->runs[i].known && line->runs[i].from < history->count)
            samples += run_end(history, line, i) - line->runs[i].from;
    return samples;
}

struct metrics_history_size metrics_history_size(const struct metrics_history *history)
{
    struct metrics_history_size size = {.scrapes = history->count};
    for (size_t i = 0; i < history->registry->family_count; i++) {
        for (const struct row *row = history->rows[i].first; row != NULL; row = row->next) {
            for (size_t line = 0; line < row->series->line_count; line++) {
                uint64_t samples = line_samples(history, &row->lines[line]);
                size.samples += samples;
                size.series += samples > 0;
            }
        }
    }
    return size;
}

/* Text on its way to whoever takes it. */
struct output {
    metrics_write_fn *write;
    void *context;
    size_t size;
    bool failed;
    char piece[PIECE_BYTES];
};

static void flush(struct output *output)
{
    if (!output->failed && output->size > 0)
        output->failed = !output->write(output->context, output->piece, output->size);
    output->size = 0;
}

static void put(struct output *output, const char *text, size_t size)
{
    while (size > 0) {
        size_t part = sizeof output->piece - output->size;
        part = part < size ? part : size;
        memcpy(output->piece + output->size, text, part);
        output->size += part;
        text += part;
        size -= part;
        if (output->size == sizeof output->piece)
            flush(output);
    }
}

/* The beginning of a line, with the stamps between the name and the labels of its own. */
static void put_name(struct output *output, const struct metrics_history *history,
                     const struct metrics_chunk *chunk)
{
    const char *brace = memchr(chunk->text, '{', chunk->size);
    size_t name = brace != NULL ? (size_t)(brace - chunk->text) : chunk->size - 1;
    if (history->stamp_size == 0) {
        put(output, chunk->text, chunk->size);
        return;
    }
    put(output, chunk->text, name);
    put(output, "{", 1);
    put(output, history->stamp, history->stamp_size);
    if (brace == NULL) {
        put(output, "} ", 2);
    } else {
        put(output, ",", 1);
        put(output, brace + 1, chunk->size - name - 1);
    }
}

/* Seconds, with as much of the milliseconds as they need. */
static char *put_time(char *at, uint64_t time_ms)
{
    uint64_t rest = time_ms % 1000;
    at = metrics_put_u64(at, time_ms / 1000);
    if (rest == 0)
        return at;
    *at++ = '.';
    for (uint64_t digit = 100; rest > 0; digit /= 10) {
        *at++ = (char)('0' + rest / digit);
        rest %= digit;
    }
    return at;
}

static void put_sample(struct output *output, const struct metrics_history *history,
                       const struct metrics_chunk *chunk, const struct metrics_number *number,
                       uint32_t scrape)
{
    char text[METRICS_NUMBER_BYTES + TIMESTAMP_ROOM];
    char *at =
        number->is_real ? metrics_put_double(text, number->real) : metrics_put_u64(text, number->integer);
    *at++ = ' ';
    at = put_time(at, history->times_ms[scrape]);
    *at++ = '\n';
    put_name(output, history, chunk);
    put(output, text, (size_t)(at - text));
}

/* The lines of a series belong together at each time, as a histogram's do. */
static void put_row(struct output *output, const struct metrics_history *history, const struct row *row)
{
    uint32_t at[METRICS_BOUNDS_MAX + 3] = {0};
    const struct metrics_chunk *chunks = row->series->lines[METRICS_OPENMETRICS];
    for (uint32_t scrape = 0; scrape < history->count && !output->failed; scrape++) {
        for (size_t i = 0; i < row->series->line_count; i++) {
            const struct line *line = &row->lines[i];
            while (at[i] + 1 < line->count && line->runs[at[i] + 1].from <= scrape)
                at[i]++;
            if (line->count == 0 || line->runs[at[i]].from > scrape || !line->runs[at[i]].known)
                continue;
            put_sample(output, history, &chunks[i], &line->runs[at[i]].number, scrape);
        }
    }
}

static bool shows(const struct metrics_history *history, const struct rows *rows)
{
    for (const struct row *row = rows->first; row != NULL; row = row->next)
        for (size_t i = 0; i < row->series->line_count; i++)
            if (line_samples(history, &row->lines[i]) > 0)
                return true;
    return false;
}

bool metrics_history_write(const struct metrics_history *history, metrics_write_fn *write, void *context)
{
    struct output output = {.write = write, .context = context, .size = 0};
    for (size_t i = 0; i < history->registry->family_count && !output.failed; i++) {
        const struct metrics_chunk *header = &history->registry->families[i].header[METRICS_OPENMETRICS];
        if (!shows(history, &history->rows[i]))
            continue;
        put(&output, header->text, header->size);
        for (const struct row *row = history->rows[i].first; row != NULL; row = row->next)
            put_row(&output, history, row);
    }
    put(&output, "# EOF\n", 6);
    flush(&output);
    return !output.failed;
}
