#include "judge/tasks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/why.h"

enum err tasks_rows_init(struct tasks_rows *rows, const struct profile *profile)
{
    *rows = (struct tasks_rows){.profile = profile};
    rows->by_origin = calloc(profile->origin_count, sizeof *rows->by_origin);
    rows->seen = calloc((size_t)profile->scenario_count + 1, sizeof *rows->seen);
    if (rows->by_origin != NULL && rows->seen != NULL)
        return ERR_OK;
    tasks_rows_deinit(rows);
    return ERR_MEMORY;
}

void tasks_rows_deinit(struct tasks_rows *rows)
{
    free(rows->by_origin);
    free(rows->seen);
}

static void add_sample(struct tasks_rows *rows, struct tasks_row *row, const struct profile_sample *sample)
{
    row->states[sample->key.state] += sample->tasks;
    row->origin_count += rows->by_origin[sample->key.origin] == 0;
    rows->by_origin[sample->key.origin] += sample->tasks;
    if (rows->seen[sample->key.scenario] == rows->row)
        return;
    rows->seen[sample->key.scenario] = rows->row;
    if (row->scenario_count < TASKS_SCENARIOS)
        row->scenarios[row->scenario_count] = sample->key.scenario;
    row->scenario_count++;
}

void tasks_row(struct tasks_rows *rows, uint32_t group, struct tasks_row *row)
{
    const struct profile *profile = rows->profile;
    const struct profile_group *at = &profile->groups[group];
    *row = (struct tasks_row){.group = at, .place = &profile->places[at->place]};
    memset(rows->by_origin, 0, profile->origin_count * sizeof *rows->by_origin);
    rows->row++;
    for (uint32_t i = 0; i < profile->sample_count; i++)
        if (profile->samples[i].key.place == at->place && profile->samples[i].key.verdict == at->verdict)
            add_sample(rows, row, &profile->samples[i]);
    for (uint32_t i = 0; i < profile->origin_count; i++)
        if (rows->by_origin[i] > rows->by_origin[row->origin])
            row->origin = i;
    for (enum task_state state = TASK_READY; state < TASK_STATES; state++)
        if (row->states[state] > row->states[row->state])
            row->state = state;
}

uint64_t tasks_with(const struct profile *profile, enum verdict verdict)
{
    uint64_t tasks = profile->unlisted_tasks[verdict];
    for (uint32_t i = 0; i < profile->group_count; i++)
        if (profile->groups[i].verdict == verdict)
            tasks += profile->groups[i].tasks;
    return tasks;
}

void tasks_number(uint64_t number, struct buf *out)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0)
            buf_putc(out, ',');
        buf_putc(out, digits[i]);
    }
}

static void say_place(const struct tasks_row *row, const char *one, const char *many, uint64_t tasks,
                      struct buf *out)
{
    const struct profile_place *place = row->place;
    tasks_number(tasks, out);
    buf_printf(out, " %s at %s:%" PRIu32 " `%s`: ", tasks == 1 ? one : many, place->file, place->line,
               place->statement);
}

static void say_origin(const struct profile *profile, const struct tasks_row *row, struct buf *out)
{
    if (row->origin != PROFILE_MAIN) {
        const struct profile_place *from = &profile->places[profile->origins[row->origin].place];
        buf_printf(out, "; spawned at %s:%" PRIu32, from->file, from->line);
    }
    if (row->origin_count > 1)
        buf_printf(out, " and in %" PRIu32 " other way%s", row->origin_count - 1,
                   row->origin_count == 2 ? "" : "s");
    buf_putc(out, '.');
}

/* Tasks that are stuck at one step in different states lack different things. */
static void say_stuck(const struct profile *profile, const struct tasks_row *row, struct buf *out)
{
    const struct profile_place *place = row->place;
    bool first = true;
    for (enum task_state state = TASK_READY; state < TASK_STATES; state++) {
        if (row->states[state] == 0)
            continue;
        bool relock = state == TASK_LOCK && place->lacks_relock != NULL;
        const char *lacks = relock ? place->lacks_relock : place->lacks;
        if (!first)
            buf_putc(out, ' ');
        first = false;
        say_place(row, "task waits", "tasks wait", row->states[state], out);
        buf_puts(out, lacks == NULL ? "nothing that still runs can wake it" : lacks);
        say_origin(profile, row, out);
    }
}

void tasks_sentence(const struct profile *profile, const struct tasks_row *row, struct buf *out)
{
    if (row->group->verdict == VERDICT_STUCK) {
        say_stuck(profile, row, out);
    } else if (row->group->verdict == VERDICT_ENDLESS) {
        say_place(row, "task goes on for ever", "tasks go on for ever", row->group->tasks, out);
        why_endless(out);
        say_origin(profile, row, out);
    }
}
