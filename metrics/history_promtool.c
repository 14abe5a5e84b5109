#include <string.h>

#include "metrics/history_internal.h"

/* A whole number that promtool, which counts in doubles, keeps exact. */
#define EXACT_MAX (UINT64_C(1) << 53)

/* Fewer are as short one by one. */
#define STEPS_LEAST 3

static void put_text(struct history_output *output, const char *text)
{
    history_put(output, text, strlen(text));
}

static void put_u64(struct history_output *output, uint64_t value)
{
    char text[METRICS_NUMBER_BYTES];
    history_put(output, text, (size_t)(metrics_put_u64(text, value) - text));
}

/* In single quotes, as YAML has them: only the quote itself is doubled. A line feed in a label is escaped. */
static void put_quoted(struct history_output *output, const char *text)
{
    for (; *text != '\0'; text++)
        history_put(output, *text == '\'' ? "\'\'" : text, *text == '\'' ? 2 : 1);
}

/* How many values stand at the scrapes of one run. */
static uint32_t run_length(const struct metrics_history *history, const struct line *line, uint32_t run)
{
    return history_run_end(history, line, run) - line->runs[run].from;
}

static bool exact(const struct run *run)
{
    return run->kind == RUN_VALUE && !run->number.is_real && run->number.integer < EXACT_MAX;
}

/* How many of the runs from `first` on, each one scrape long, are apart by the same step; the last one of
 * them may be longer, and then counts with its first scrape. */
static uint32_t count_steps(const struct metrics_history *history, const struct line *line, uint32_t first,
                            int64_t *step)
{
    uint32_t count = 1;
    *step = 0;
    while (first + count < line->count) {
        const struct run *before = &line->runs[first + count - 1], *run = &line->runs[first + count];
        if (!exact(before) || !exact(run) || run_length(history, line, first + count - 1) > 1)
            break;
        int64_t apart = (int64_t)run->number.integer - (int64_t)before->number.integer;
        if (count > 1 && apart != *step)
            break;
        *step = apart;
        count++;
    }
    return count;
}

static void put_value(struct history_output *output, const struct metrics_number *number)
{
    char text[METRICS_NUMBER_BYTES];
    history_put(output, text, (size_t)(history_put_number(text, number) - text));
}

/* `times` further ones follow the first. */
static void put_steps(struct history_output *output, const struct metrics_number *number, int64_t step,
                      uint64_t times)
{
    put_value(output, number);
    if (times == 0)
        return;
    if (step != 0) {
        put_text(output, step > 0 ? "+" : "-");
        put_u64(output, step > 0 ? (uint64_t)step : (uint64_t)-step);
    }
    put_text(output, "x");
    put_u64(output, times);
}

/* So many scrapes at which there is nothing. */
static void put_nothing(struct history_output *output, uint64_t count)
{
    put_text(output, "_");
    if (count > 1) {
        put_text(output, "x");
        put_u64(output, count);
    }
}

/* A scraper marks the end of a series once. */
static void put_gone(struct history_output *output, const struct run *run, uint32_t length)
{
    if (run->kind == RUN_STALE) {
        put_text(output, "stale");
        length--;
    }
    if (run->kind == RUN_STALE && length > 0)
        put_text(output, " ");
    if (length > 0)
        put_nothing(output, length);
}

/* Writes what stands from scrape `*skip` of run `i` on, and returns the run to go on with, and where in it. A
 * scrape that was written as the last of a row of steps may begin a run that is longer. */
static uint32_t put_piece(struct history_output *output, const struct metrics_history *history,
                          const struct line *line, uint32_t i, uint32_t *skip)
{
    const struct run *run = &line->runs[i];
    uint32_t length = run_length(history, line, i) - *skip;
    int64_t step;
    *skip = 0;
    if (run->kind != RUN_VALUE) {
        put_gone(output, run, length);
        return i + 1;
    }
    uint32_t steps = count_steps(history, line, i, &step);
    if (steps < STEPS_LEAST) {
        put_steps(output, &run->number, 0, length - 1);
        return i + 1;
    }
    put_steps(output, &run->number, step, steps - 1);
    *skip = run_length(history, line, i + steps - 1) > 1;
    return i + steps - (*skip > 0);
}

static void put_values(struct history_output *output, const struct metrics_history *history,
                       const struct line *line)
{
    uint32_t skip = 0;
    if (line->runs[0].from > 0) {
        put_nothing(output, line->runs[0].from);
        put_text(output, " ");
    }
    for (uint32_t i = 0; i < line->count;) {
        i = put_piece(output, history, line, i, &skip);
        put_text(output, i < line->count ? " " : "");
    }
}

static void put_row(struct history_output *output, const struct metrics_history *history,
                    const struct row *row)
{
    for (size_t i = 0; i < row->line_count && !output->failed; i++) {
        const struct line *line = &row->lines[i];
        if (history_samples(history, line) == 0)
            continue;
        put_text(output, "      - series: \'");
        put_quoted(output, line->text);
        put_text(output, "\'\n        values: \'");
        put_values(output, history, line);
        put_text(output, "\'\n");
    }
}

bool metrics_history_write_promtool(const struct metrics_history *history, uint64_t interval_ms,
                                    metrics_write_fn *write, void *context)
{
    struct history_output output = {.write = write, .context = context, .size = 0};
    put_text(&output, "tests:\n  - interval: ");
    put_u64(&output, interval_ms);
    put_text(&output, "ms\n    input_series:\n");
    for (size_t family = 0; family < history->family_count; family++)
        for (uint32_t target = 0; target < history->target_count; target++)
            for (const struct row *row = history_first(history, target, family); row != NULL; row = row->next)
                put_row(&output, history, row);
    history_flush(&output);
    return !output.failed;
}
