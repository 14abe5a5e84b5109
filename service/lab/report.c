#include "lab/report.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

struct row {
    const struct tally *tally;
    uint16_t step;
    uint64_t tasks;
};

/* Keeps the rows in order, and only as many as fit. Returns how many there are. */
static size_t insert(struct row rows[static LIMIT_LOGGED_STEPS], size_t count, struct row row)
{
    size_t place = count;
    while (place > 0 && rows[place - 1].tasks < row.tasks)
        place--;
    if (place == LIMIT_LOGGED_STEPS)
        return count;
    size_t last = count < LIMIT_LOGGED_STEPS ? count : LIMIT_LOGGED_STEPS - 1;
    memmove(&rows[place + 1], &rows[place], (last - place) * sizeof rows[0]);
    rows[place] = row;
    return last + 1;
}

static void log_row(const struct log *log, const struct row *row)
{
    const struct program *program = row->tally->program;
    const struct step *step = &program->steps[row->step];
    char place[LIMIT_NAME + 32];
    snprintf(place, sizeof place, "%.*s:%u", LIMIT_NAME, program->file, step->line);
    log_line(log, LOG_INFO, "tasks stand at", LOG_TEXT("pattern", program->pattern),
             LOG_TEXT("variant", program->variant), LOG_TEXT("place", place), LOG_TEXT("step", step->text),
             LOG_NUMBER("tasks", row->tasks));
}

void report_tasks(const struct runtime *runtime, const struct log *log)
{
    struct row rows[LIMIT_LOGGED_STEPS];
    size_t count = 0;
    uint64_t standing = 0;
    for (uint32_t i = 0; i < runtime->tally_count; i++) {
        const struct tally *tally = runtime->tallies[i];
        for (uint16_t step = 0; step < tally->program->step_count; step++) {
            standing += tally->standing[step];
            if (tally->standing[step] > 0)
                count = insert(rows, count, (struct row){tally, step, tally->standing[step]});
        }
    }
    log_line(log, LOG_INFO, "tasks", LOG_NUMBER("live", runtime->live), LOG_NUMBER("blocked", standing),
             LOG_NUMBER("ready", runtime->live - standing),
             LOG_NUMBER("memory_bytes", runtime->charged_bytes));
    for (size_t i = 0; i < count; i++)
        log_row(log, &rows[i]);
}
