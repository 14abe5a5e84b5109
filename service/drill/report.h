/* What came of the drills: as a table for a terminal, as JSON, and as JUnit XML for whoever runs them in
 * continuous integration. Every writer appends to a buffer, whose own error says how that went. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "drill/score.h"

/* One drill of a run. */
struct report_drill {
    const char *file;
    const struct drill *drill;
    const struct score *score; /* NULL, or not finished: it did not come to an end */
    const char *error;         /* then why, one or several lines; NULL: the run ended before it began */
    bool finished;
};

/* True when it came to an end and passed. */
bool report_drill_passed(const struct report_drill *drill);

/* A drill that came to an end: a heading and a row for each alert. */
void report_table(struct buf *buf, const struct report_drill *drill);

/* A last line: how many passed, and of the others what is wrong. */
void report_summary(struct buf *buf, const struct report_drill *drills, size_t count);

/* An object with all drills, with a newline at its end. ERR_MEMORY. */
enum err report_json(struct buf *buf, const struct report_drill *drills, size_t count);

/* A JUnit file: a suite for each drill, a case for each alert. */
void report_junit(struct buf *buf, const struct report_drill *drills, size_t count);

/* For the writers: what was expected of a row ("within 1m", "silent"), as `text`, which is returned. */
#define REPORT_TEXT 96
const char *report_expected(const struct score_row *row, char text[static REPORT_TEXT]);

/* A time as a person reads it: "12.3s", "1m3s", "2h5m"; "-" when it is negative. */
const char *report_time(int64_t ns, char text[static REPORT_TEXT]);
