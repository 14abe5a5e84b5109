#include <string.h>

#include "metrics/history_internal.h"

#define TIMESTAMP_ROOM 32
#define HEADER_ROOM    (METRICS_HELP_BYTES * 2 + METRICS_NAME_BYTES * 5)

void history_flush(struct history_output *output)
{
    if (!output->failed && output->size > 0)
        output->failed = !output->write(output->context, output->piece, output->size);
    output->size = 0;
}

void history_put(struct history_output *output, const char *text, size_t size)
{
    while (size > 0) {
        size_t part = sizeof output->piece - output->size;
        part = part < size ? part : size;
        memcpy(output->piece + output->size, text, part);
        output->size += part;
        text += part;
        size -= part;
        if (output->size == sizeof output->piece)
            history_flush(output);
    }
}

char *history_put_number(char *at, const struct metrics_number *number)
{
    return number->is_real ? metrics_put_double(at, number->real) : metrics_put_u64(at, number->integer);
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

static void put_sample(struct history_output *output, const char *line, const struct metrics_number *number,
                       uint64_t time_ms)
{
    char text[METRICS_NUMBER_BYTES + TIMESTAMP_ROOM];
    char *at = text;
    *at++ = ' ';
    at = history_put_number(at, number);
    *at++ = ' ';
    at = put_time(at, time_ms);
    *at++ = '\n';
    history_put(output, line, strlen(line));
    history_put(output, text, (size_t)(at - text));
}

/* The lines of a series belong together at each time, as a histogram's do. */
static void put_row(struct history_output *output, const struct metrics_history *history,
                    const struct row *row)
{
    uint32_t at[METRICS_BOUNDS_MAX + 3] = {0};
    for (uint32_t scrape = 0; scrape < history->count && !output->failed; scrape++) {
        for (size_t i = 0; i < row->line_count; i++) {
            const struct line *line = &row->lines[i];
            while (at[i] + 1 < line->count && line->runs[at[i] + 1].from <= scrape)
                at[i]++;
            if (line->count == 0 || line->runs[at[i]].from > scrape || line->runs[at[i]].kind != RUN_VALUE)
                continue;
            put_sample(output, line->text, &line->runs[at[i]].number, history->times_ms[scrape]);
        }
    }
}

static bool shows(const struct metrics_history *history, size_t family)
{
    for (uint32_t target = 0; target < history->target_count; target++)
        for (const struct row *row = history_first(history, target, family); row != NULL; row = row->next)
            for (size_t i = 0; i < row->line_count; i++)
                if (history_samples(history, &row->lines[i]) > 0)
                    return true;
    return false;
}

static void put_header(struct history_output *output, const struct metrics_declaration *declared)
{
    char text[HEADER_ROOM];
    struct metrics_writer writer = {text, 0};
    metrics_write_header(&writer, declared, METRICS_OPENMETRICS);
    history_put(output, text, writer.size);
}

bool metrics_history_write(const struct metrics_history *history, metrics_write_fn *write, void *context)
{
    struct history_output output = {.write = write, .context = context, .size = 0};
    for (size_t family = 0; family < history->family_count && !output.failed; family++) {
        if (!shows(history, family))
            continue;
        put_header(&output, history->families[family]);
        for (uint32_t target = 0; target < history->target_count; target++)
            for (const struct row *row = history_first(history, target, family); row != NULL; row = row->next)
                put_row(&output, history, row);
    }
    history_put(&output, "# EOF\n", 6);
    history_flush(&output);
    return !output.failed;
}
