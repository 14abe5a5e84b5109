/* A profile as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "judge/tasks.h"

#define SENTENCE_BYTES 16384

static json_t *place_json(const struct profile_place *place)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:I}", "task", place->task, "statement", place->statement, "file",
                     place->file, "line", (json_int_t)place->line, "column", (json_int_t)place->column);
}

/* A value that may have failed to be made is appended to a list, which then fails too. */
static void append(json_t *list, json_t *value, int *failed)
{
    *failed |= json_array_append_new(list, value);
}

static json_t *finished(json_t *value, int failed)
{
    if (failed == 0)
        return value;
    json_decref(value);
    return NULL;
}

static json_t *spawned_json(const struct profile *profile, const struct tasks_row *row)
{
    json_t *list = json_array();
    int failed = 0;
    for (uint32_t at = row->origin; at != PROFILE_MAIN; at = profile->origins[at].parent)
        append(list, place_json(&profile->places[profile->origins[at].place]), &failed);
    return finished(list, failed);
}

static json_t *scenarios_json(const struct profile *profile, const struct tasks_row *row)
{
    json_t *list = json_array();
    int failed = 0;
    for (uint32_t i = 0; i < row->scenario_count && i < TASKS_SCENARIOS; i++)
        append(list, json_string(profile->scenarios[row->scenarios[i]]), &failed);
    return finished(list, failed);
}

static json_t *examples_json(const struct profile_group *group)
{
    json_t *list = json_array();
    int failed = 0;
    for (unsigned i = 0; i < PROFILE_EXAMPLES && group->oldest[i].id != 0; i++) {
        char id[24];
        snprintf(id, sizeof id, "%016" PRIx64, group->oldest[i].id);
        append(list, json_pack("{s:s, s:I}", "id", id, "age_ms", (json_int_t)group->oldest[i].age_ms),
               &failed);
    }
    return finished(list, failed);
}

static json_t *states_json(const struct tasks_row *row)
{
    json_t *object = json_object();
    int failed = 0;
    for (enum task_state state = TASK_READY; state < TASK_STATES; state++)
        if (row->states[state] > 0)
            failed |= json_object_set_new(object, task_state_word(state),
                                          json_integer((json_int_t)row->states[state]));
    return finished(object, failed);
}

static json_t *why_json(const struct profile *profile, const struct tasks_row *row)
{
    if (row->group->verdict == VERDICT_LIVE)
        return json_null();
    struct buf text;
    buf_init(&text, SENTENCE_BYTES);
    tasks_sentence(profile, row, &text);
    json_t *why = text.err == ERR_MEMORY ? NULL : json_string(buf_text(&text));
    buf_deinit(&text);
    return why;
}

static json_t *row_json(const struct profile *profile, const struct tasks_row *row)
{
    const struct profile_group *group = row->group;
    return json_pack("{s:I, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:I, s:o, s:I, s:I, s:I, s:I, s:o}", "tasks",
                     (json_int_t)group->tasks, "verdict", verdict_word((enum verdict)group->verdict),
                     "states", states_json(row), "pattern", row->place->pattern, "variant",
                     row->place->variant, "step", place_json(row->place), "why", why_json(profile, row),
                     "spawned", spawned_json(profile, row), "spawned_ways", (json_int_t)row->origin_count,
                     "scenarios", scenarios_json(profile, row), "scenario_count",
                     (json_int_t)row->scenario_count, "oldest_ms", (json_int_t)group->oldest_ms, "median_ms",
                     (json_int_t)profile_median_ms(group), "held_bytes", (json_int_t)group->held_bytes,
                     "oldest", examples_json(group));
}

static json_t *rows_json(const struct profile *profile, uint32_t most, uint64_t *shown)
{
    struct tasks_rows rows;
    if (tasks_rows_init(&rows, profile) != ERR_OK)
        return NULL;
    json_t *list = json_array();
    int failed = 0;
    for (uint32_t i = 0; i < profile->group_count && i < most; i++) {
        struct tasks_row row;
        tasks_row(&rows, i, &row);
        append(list, row_json(profile, &row), &failed);
        *shown += row.group->tasks;
    }
    tasks_rows_deinit(&rows);
    return finished(list, failed);
}

json_t *tasks_json(const struct tasks_report *report)
{
    const struct profile *profile = report->profile;
    uint64_t shown = 0;
    json_t *groups = rows_json(profile, report->rows, &shown);
    return json_pack("{s:s, s:s*, s:b, s:I, s:{s:I, s:I}, s:I, s:o, s:I}", "token", report->token, "since",
                     report->since[0] == '\0' ? NULL : report->since, "judged", report->judged, "tasks",
                     (json_int_t)profile->tasks, "leaked", "stuck",
                     (json_int_t)tasks_with(profile, VERDICT_STUCK), "endless",
                     (json_int_t)tasks_with(profile, VERDICT_ENDLESS), "group_count",
                     (json_int_t)profile->group_count, "groups", groups, "tasks_in_other_groups",
                     (json_int_t)(profile->tasks - shown));
}
