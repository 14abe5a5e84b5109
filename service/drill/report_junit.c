/* The report as JUnit XML, as Jenkins and GitLab read it: https://github.com/testmoapp/junitxml */
#include <stdio.h>

#include "drill/report.h"

#define NS_PER_SECOND 1e9

/* XML 1.0 has no way to write most control characters: they become '?'. */
static void put_text(struct buf *buf, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        switch (*at) {
        case '&':
            buf_puts(buf, "&amp;");
            break;
        case '<':
            buf_puts(buf, "&lt;");
            break;
        case '>':
            buf_puts(buf, "&gt;");
            break;
        case '"':
            buf_puts(buf, "&quot;");
            break;
        case '\n':
            buf_puts(buf, "&#10;");
            break;
        default:
            buf_putc(buf, (unsigned char)*at < ' ' ? '?' : *at);
        }
    }
}

static void put_attribute(struct buf *buf, const char *name, const char *text)
{
    buf_printf(buf, " %s=\"", name);
    put_text(buf, text);
    buf_putc(buf, '"');
}

static void open_case(struct buf *buf, const struct report_drill *drill, const char *name, const char *more)
{
    buf_puts(buf, "    <testcase classname=\"");
    put_text(buf, drill->drill->name);
    buf_puts(buf, "\" name=\"");
    put_text(buf, name);
    put_text(buf, more);
    buf_putc(buf, '"');
}

static void put_row(struct buf *buf, const struct report_drill *drill, const struct score_row *row)
{
    char text[REPORT_TEXT];
    open_case(buf, drill, row->name, row->labels);
    if (row->detected_ns >= 0)
        buf_printf(buf, " time=\"%.3f\"", (double)row->detected_ns / NS_PER_SECOND);
    if (row->kind == ROW_LEFT_OUT) {
        buf_puts(buf, "><skipped/></testcase>\n");
        return;
    }
    if (outcome_is_fine(row->outcome)) {
        buf_puts(buf, "/>\n");
        return;
    }
    buf_puts(buf, "><failure");
    put_attribute(buf, "message", outcome_word(row->outcome));
    buf_puts(buf, ">expected: ");
    put_text(buf, report_expected(row, text));
    buf_puts(buf, "; detected after: ");
    put_text(buf, report_time(row->detected_ns, text));
    buf_puts(buf, "</failure></testcase>\n");
}

static void put_others(struct buf *buf, const struct report_drill *drill)
{
    open_case(buf, drill, "all others", "");
    if (score_more(drill->score) == 0)
        buf_puts(buf, "/>\n");
    else
        buf_puts(buf, "><failure message=\"more false alarms than are told apart\"/></testcase>\n");
}

static bool has_others(const struct report_drill *drill)
{
    return drill->finished && drill->drill->others_silent;
}

static size_t cases_of(const struct report_drill *drill)
{
    return drill->finished ? score_row_count(drill->score) + has_others(drill) : 1;
}

static size_t failures_of(const struct report_drill *drill)
{
    size_t count = drill->finished && score_more(drill->score) > 0;
    for (size_t i = 0; drill->finished && i < score_row_count(drill->score); i++)
        count += !outcome_is_fine(score_row(drill->score, i)->outcome);
    return count;
}

static void put_suite(struct buf *buf, const struct report_drill *drill)
{
    buf_puts(buf, "  <testsuite");
    put_attribute(buf, "name", drill->drill->name);
    put_attribute(buf, "file", drill->file);
    buf_printf(buf, " tests=\"%zu\" failures=\"%zu\" errors=\"%d\"", cases_of(drill), failures_of(drill),
               !drill->finished);
    if (drill->finished)
        buf_printf(buf, " time=\"%.3f\"", (double)score_took_ns(drill->score) / NS_PER_SECOND);
    buf_puts(buf, ">\n");
    if (!drill->finished) {
        open_case(buf, drill, "drill", "");
        buf_puts(buf, "><error");
        put_attribute(buf, "message", drill->error == NULL ? "was not run" : drill->error);
        buf_puts(buf, "/></testcase>\n");
    } else {
        for (size_t i = 0; i < score_row_count(drill->score); i++)
            put_row(buf, drill, score_row(drill->score, i));
        if (has_others(drill))
            put_others(buf, drill);
    }
    buf_puts(buf, "  </testsuite>\n");
}

void report_junit(struct buf *buf, const struct report_drill *drills, size_t count)
{
    buf_puts(buf, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"leaklab drill\">\n");
    for (size_t i = 0; i < count; i++)
        put_suite(buf, &drills[i]);
    buf_puts(buf, "</testsuites>\n");
}
