/* The report as JSON. */
#include <jansson.h>
#include <stdlib.h>

#include "drill/report.h"

#define NS_PER_SECOND 1e9

/* Seconds, or null for what never happened. */
static json_t *seconds(int64_t ns)
{
    return ns < 0 ? json_null() : json_real((double)ns / NS_PER_SECOND);
}

static json_t *labels_json(const struct score_row *row)
{
    json_t *object = json_object();
    for (size_t i = 0; row->expectation != NULL && i < row->expectation->label_count; i++)
        if (json_object_set_new(object, row->expectation->labels[i].name,
                                json_string(row->expectation->labels[i].value)) != 0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

static json_t *row_json(const struct score_row *row)
{
    char expected[REPORT_TEXT];
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o}", "alert", row->name, "told_apart_by", row->labels,
                  "expected", report_expected(row, expected), "outcome", outcome_word(row->outcome), "fine",
                  (int)outcome_is_fine(row->outcome), "detected_after_seconds", seconds(row->detected_ns),
                  "resolved_after_seconds", seconds(row->resolved_ns));
    if (json == NULL || row->expectation == NULL)
        return json;
    if (json_object_set_new(json, "labels", labels_json(row)) == 0)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *rows_json(const struct score *score)
{
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < score_row_count(score); i++)
        if (json_array_append_new(list, row_json(score_row(score, i))) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *drill_json(const struct report_drill *drill)
{
    if (!drill->finished)
        return json_pack("{s:s, s:s, s:b, s:b, s:s?}", "drill", drill->drill->name, "file", drill->file,
                         "finished", 0, "passed", 0, "error", drill->error);
    return json_pack("{s:s, s:s, s:b, s:b, s:o, s:o, s:I}", "drill", drill->drill->name, "file", drill->file,
                     "finished", 1, "passed", (int)score_passed(drill->score), "took_seconds",
                     seconds(score_took_ns(drill->score)), "alerts", rows_json(drill->score),
                     "alerts_not_shown", (json_int_t)score_more(drill->score));
}

static json_t *all_json(const struct report_drill *drills, size_t count)
{
    bool passed = true;
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < count; i++) {
        passed &= report_drill_passed(&drills[i]);
        if (json_array_append_new(list, drill_json(&drills[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list == NULL ? NULL : json_pack("{s:b, s:o}", "passed", (int)passed, "drills", list);
}

static int append(const char *bytes, size_t size, void *buf)
{
    return buf_append(buf, bytes, size) == ERR_OK ? 0 : -1;
}

enum err report_json(struct buf *buf, const struct report_drill *drills, size_t count)
{
    json_t *all = all_json(drills, count);
    int failed =
        all == NULL || json_dump_callback(all, append, buf, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    json_decref(all);
    if (failed)
        return buf->err == ERR_OK ? ERR_MEMORY : buf->err;
    return buf_putc(buf, '\n');
}
