/* A profile as text for people. */
#include <inttypes.h>
#include <stdio.h>

#include "judge/tasks.h"

#define CELL 32

struct scale {
    uint64_t over;
    const char *unit;
};

static const struct scale ages[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
static const struct scale sizes[] = {
    {1ull << 40, "TiB"}, {1ull << 30, "GiB"}, {1ull << 20, "MiB"}, {1ull << 10, "KiB"}, {1, "B"}};

/* "12s", "1.5MiB": to within a tenth of the largest unit that fits. */
static const char *scaled(uint64_t value, const struct scale *scales, char text[static CELL])
{
    while (scales->over > 1 && value < scales->over)
        scales++;
    uint64_t whole = value / scales->over;
    uint64_t tenths = value % scales->over * 10 / scales->over;
    if (tenths == 0 || whole >= 100)
        snprintf(text, CELL, "%" PRIu64 "%s", whole, scales->unit);
    else
        snprintf(text, CELL, "%" PRIu64 ".%" PRIu64 "%s", whole, tenths, scales->unit);
    return text;
}

static void write_cell(uint64_t number, int width, struct buf *out)
{
    struct buf text;
    buf_init(&text, CELL);
    tasks_number(number, &text);
    buf_printf(out, "%*s", width, buf_text(&text));
    buf_deinit(&text);
}

static void write_head(const struct tasks_report *report, struct buf *out)
{
    const struct profile *profile = report->profile;
    uint64_t stuck = tasks_with(profile, VERDICT_STUCK), endless = tasks_with(profile, VERDICT_ENDLESS);
    tasks_number(profile->tasks, out);
    buf_puts(out, profile->tasks == 1 ? " task" : " tasks");
    if (report->since[0] != '\0')
        buf_printf(out, " that came to their step after %s", report->since);
    buf_puts(out, ", ");
    tasks_number(stuck + endless, out);
    buf_puts(out, " leaked: ");
    tasks_number(stuck, out);
    buf_puts(out, " stuck, ");
    tasks_number(endless, out);
    buf_puts(out, " endless\n");
    if (!report->judged)
        buf_puts(out, "the judge has not looked at all of them yet: there may be more\n");
    buf_printf(out, "what comes after this moment: ?since=%s\n", report->token);
}

static void write_scenarios(const struct profile *profile, const struct tasks_row *row, struct buf *out)
{
    uint32_t named = row->scenario_count < TASKS_SCENARIOS ? row->scenario_count : TASKS_SCENARIOS;
    buf_puts(out, "          scenarios:");
    for (uint32_t i = 0; i < named; i++)
        buf_printf(out, " %s", profile->scenarios[row->scenarios[i]]);
    if (row->scenario_count > named)
        buf_printf(out, " and %" PRIu32 " more", row->scenario_count - named);
    buf_putc(out, '\n');
}

static void write_origins(const struct profile *profile, const struct tasks_row *row, struct buf *out)
{
    if (row->origin == PROFILE_MAIN)
        return;
    const char *by = "spawned at";
    buf_puts(out, "         ");
    for (uint32_t at = row->origin; at != PROFILE_MAIN; at = profile->origins[at].parent) {
        const struct profile_place *place = &profile->places[profile->origins[at].place];
        buf_printf(out, " %s %s:%" PRIu32 " `%s`", by, place->file, place->line, place->frame);
        by = "by one spawned at";
    }
    buf_putc(out, '\n');
}

static void write_row(const struct profile *profile, const struct tasks_row *row, struct buf *out)
{
    char oldest[CELL], median[CELL], held[CELL];
    const struct profile_group *group = row->group;
    buf_putc(out, '\n');
    write_cell(group->tasks, 13, out);
    buf_printf(out, "  %-8s %-7s %7s %7s %9s  %s:%" PRIu32 " `%s`\n",
               verdict_word((enum verdict)group->verdict), task_state_word(row->state),
               scaled(group->oldest_ms, ages, oldest), scaled(profile_median_ms(group), ages, median),
               scaled(group->held_bytes, sizes, held), row->place->file, row->place->line, row->place->frame);
    if (group->verdict != VERDICT_LIVE) {
        buf_puts(out, "          ");
        tasks_sentence(profile, row, out);
        buf_putc(out, '\n');
    }
    write_origins(profile, row, out);
    write_scenarios(profile, row, out);
}

enum err tasks_write_text(const struct tasks_report *report, struct buf *out)
{
    const struct profile *profile = report->profile;
    struct tasks_rows rows;
    enum err err = tasks_rows_init(&rows, profile);
    if (err != ERR_OK)
        return err;
    write_head(report, out);
    if (profile->group_count > 0)
        buf_puts(out, "\n        tasks  verdict  state    oldest  median      heap  step\n");
    uint32_t shown = profile->group_count < report->rows ? profile->group_count : report->rows;
    uint64_t left = profile->tasks;
    for (uint32_t i = 0; i < shown; i++) {
        struct tasks_row row;
        tasks_row(&rows, i, &row);
        write_row(profile, &row, out);
        left -= row.group->tasks;
    }
    tasks_rows_deinit(&rows);
    if (left > 0) {
        buf_puts(out, "\n");
        write_cell(left, 13, out);
        buf_puts(out, "  more, at other steps: ?limit= shows more of them\n");
    }
    return out->err;
}
