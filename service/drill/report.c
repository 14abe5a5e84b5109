#include "drill/report.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/unit.h"

#define NS_PER_TENTH  100000000LL
#define NS_PER_SECOND 1000000000LL
#define NS_PER_MINUTE (60 * NS_PER_SECOND)
#define COLUMNS       5
#define CELL          512

static_assert(REPORT_TEXT > 2 * UNIT_TEXT + 16, "two durations and a few words fit");

bool report_drill_passed(const struct report_drill *drill)
{
    return drill->finished && score_passed(drill->score);
}

const char *report_time(int64_t ns, char text[static REPORT_TEXT])
{
    char exact[UNIT_TEXT];
    int64_t seconds = (ns + NS_PER_SECOND / 2) / NS_PER_SECOND;
    if (ns < 0)
        (void)snprintf(text, REPORT_TEXT, "-");
    else if (ns < NS_PER_MINUTE - NS_PER_TENTH / 2)
        (void)snprintf(text, REPORT_TEXT, "%s",
                       unit_format_duration((ns + NS_PER_TENTH / 2) / NS_PER_TENTH * NS_PER_TENTH, exact));
    else if (seconds < 3600)
        (void)snprintf(text, REPORT_TEXT, "%" PRId64 "m%" PRId64 "s", seconds / 60, seconds % 60);
    else
        (void)snprintf(text, REPORT_TEXT, "%" PRId64 "h%" PRId64 "m", seconds / 3600, seconds / 60 % 60);
    return text;
}

const char *report_expected(const struct score_row *row, char text[static REPORT_TEXT])
{
    char within[UNIT_TEXT];
    char after[UNIT_TEXT];
    if (row->kind == ROW_LEFT_OUT)
        (void)snprintf(text, REPORT_TEXT, "left out");
    else if (row->kind != ROW_EXPECTED)
        (void)snprintf(text, REPORT_TEXT, "silent");
    else if (row->expectation->after_ns > 0)
        (void)snprintf(text, REPORT_TEXT, "within %s after %s",
                       unit_format_duration(row->expectation->within_ns, within),
                       unit_format_duration(row->expectation->after_ns, after));
    else
        (void)snprintf(text, REPORT_TEXT, "within %s",
                       unit_format_duration(row->expectation->within_ns, within));
    return text;
}

static const char *const headings[COLUMNS] = {"alert", "expected", "detected after", "resolved after",
                                              "outcome"};

/* A line of the table; a text that is too long for its cell is cut. */
struct line {
    char cells[COLUMNS][CELL];
};

static void row_line(const struct score_row *row, struct line *line)
{
    char text[REPORT_TEXT];
    const char *const cells[COLUMNS - 1] = {NULL, report_expected(row, text)};
    (void)snprintf(line->cells[0], CELL, "%s%s", row->name, row->labels);
    (void)snprintf(line->cells[1], CELL, "%s", cells[1]);
    (void)snprintf(line->cells[2], CELL, "%s", report_time(row->detected_ns, text));
    (void)snprintf(line->cells[3], CELL, "%s", report_time(row->resolved_ns, text));
    (void)snprintf(line->cells[4], CELL, "%s", outcome_word(row->outcome));
}

static size_t false_alarms(const struct score *score)
{
    size_t count = 0;
    for (size_t i = 0; i < score_row_count(score); i++)
        count += score_row(score, i)->outcome == OUTCOME_FALSE_ALARM;
    return count;
}

/* What holds for all alerts of which nothing else is said; false when nothing does. */
static bool others_line(const struct score *score, struct line *line)
{
    if (!score_drill(score)->others_silent)
        return false;
    (void)snprintf(line->cells[0], CELL, "all others");
    (void)snprintf(line->cells[1], CELL, "silent");
    (void)snprintf(line->cells[2], CELL, "-");
    (void)snprintf(line->cells[3], CELL, "-");
    (void)snprintf(line->cells[4], CELL, "%s", outcome_word(OUTCOME_SILENT));
    return true;
}

static void widen(size_t widths[static COLUMNS], const struct line *line)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        size_t size = strlen(line->cells[i]);
        widths[i] = size > widths[i] ? size : widths[i];
    }
}

static void put_line(struct buf *buf, const size_t widths[static COLUMNS], const struct line *line)
{
    for (size_t i = 0; i + 1 < COLUMNS; i++)
        buf_printf(buf, "%-*s  ", (int)widths[i], line->cells[i]);
    buf_printf(buf, "%s\n", line->cells[COLUMNS - 1]);
}

void report_table(struct buf *buf, const struct report_drill *drill)
{
    const struct score *score = drill->score;
    size_t widths[COLUMNS] = {0};
    struct line line;
    char text[REPORT_TEXT];
    for (size_t i = 0; i < COLUMNS; i++)
        (void)snprintf(line.cells[i], CELL, "%s", headings[i]);
    widen(widths, &line);
    for (size_t i = 0; i < score_row_count(score); i++) {
        row_line(score_row(score, i), &line);
        widen(widths, &line);
    }
    if (others_line(score, &line))
        widen(widths, &line);
    buf_printf(buf, "%s: %s in %s, %zu false alarm%s\n", drill->drill->name,
               score_passed(score) ? "passed" : "FAILED", report_time(score_took_ns(score), text),
               false_alarms(score) + (size_t)score_more(score),
               false_alarms(score) + score_more(score) == 1 ? "" : "s");
    for (size_t i = 0; i < COLUMNS; i++)
        (void)snprintf(line.cells[i], CELL, "%s", headings[i]);
    put_line(buf, widths, &line);
    for (size_t i = 0; i < score_row_count(score); i++) {
        row_line(score_row(score, i), &line);
        put_line(buf, widths, &line);
    }
    if (score_more(score) > 0)
        buf_printf(buf, "and %" PRIu64 " more that are not told apart\n", score_more(score));
    else if (others_line(score, &line))
        put_line(buf, widths, &line);
    buf_putc(buf, '\n');
}

static void add_failure(struct buf *buf, const struct report_drill *drill)
{
    const char *before = ": ";
    buf_printf(buf, "  %s", drill->drill->name);
    if (!drill->finished) {
        buf_puts(buf, drill->error == NULL ? " was not run\n" : " was not finished\n");
        return;
    }
    for (size_t i = 0; i < score_row_count(drill->score); i++) {
        const struct score_row *row = score_row(drill->score, i);
        if (outcome_is_fine(row->outcome))
            continue;
        buf_printf(buf, "%s%s%s %s", before, row->name, row->labels, outcome_word(row->outcome));
        before = ", ";
    }
    buf_putc(buf, '\n');
}

void report_summary(struct buf *buf, const struct report_drill *drills, size_t count)
{
    size_t passed = 0;
    for (size_t i = 0; i < count; i++)
        passed += report_drill_passed(&drills[i]);
    buf_printf(buf, "%zu of %zu drill%s passed%s\n", passed, count, count == 1 ? "" : "s",
               passed == count ? "" : ":");
    for (size_t i = 0; i < count; i++)
        if (!report_drill_passed(&drills[i]))
            add_failure(buf, &drills[i]);
}
