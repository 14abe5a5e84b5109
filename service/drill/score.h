/* Keeps the score of a drill: it is told the time and which alerts there are, again and again, and says what
 * that means. It asks nobody and knows no clock, so that a test can play a drill on literals.
 *
 *     settling ─▶ running ─▶ resolving ─▶ over
 *
 * settling: before anything is started. Alerts of before should have gone; those that stay are left out of
 *   the score (score_exclude), unless the drill speaks of them.
 * running: from score_begin. Each alert that is expected has its time; whatever else fires is a false alarm.
 *   It ends when all that is expected has fired, and the drill need not watch any longer, or at the drill's
 *   end.
 * resolving: from score_release, when all that was started is reclaimed. What fired has its time to resolve.
 *   False alarms still count.
 *
 * Times are in ns of any clock that does not go back. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "drill/alert.h"
#include "drill/drill.h"

/* id, word, whether the drill may pass with it, what it means. */
#define OUTCOME_TABLE(X)                                                                                     \
    X(OPEN, "open", false, "the drill was not finished")                                                     \
    X(DETECTED, "detected", true, "fired in time, and resolved")                                             \
    X(SILENT, "silent", true, "did not fire, as expected")                                                   \
    X(MISSED, "missed", false, "did not fire")                                                               \
    X(LATE, "late", false, "fired after its time")                                                           \
    X(EARLY, "early", false, "fired before its time")                                                        \
    X(UNRESOLVED, "not resolved", false, "still fires after all is reclaimed")                               \
    X(FALSE_ALARM, "false alarm", false, "fired, and should not have")                                       \
    X(LEFT_OUT, "left out", true, "was there before the drill, which does not speak of it")

enum outcome {
#define X(id, word, fine, about) OUTCOME_##id,
    OUTCOME_TABLE(X)
#undef X
        OUTCOMES
};

const char *outcome_word(enum outcome outcome);
bool outcome_is_fine(enum outcome outcome);

enum row_kind { ROW_EXPECTED, ROW_SILENT, ROW_OTHER, ROW_LEFT_OUT };

/* An alert of the report. */
struct score_row {
    enum row_kind kind;
    enum outcome outcome;
    char *name;   /* of the alert */
    char *labels; /* `{pattern="recv"}`, those that it must have or, of one that was not expected, has */
    const struct expectation *expectation; /* of ROW_EXPECTED */
    int64_t detected_ns;                   /* since score_begin; -1: never fired */
    int64_t resolved_ns; /* since score_release, 0 when it fired no more by then; -1: never */
    bool pending;        /* when looked at last */
    bool firing;
};

/* A change of a row, for whoever wants to tell it as it happens. */
enum score_change { CHANGE_PENDING, CHANGE_FIRES, CHANGE_RESOLVED };

struct score_listener {
    void (*told)(void *context, const struct score_row *row, enum score_change change, int64_t now_ns);
    void *context;
};

struct score;

/* The score of a drill, which must live as long. `listener` may be NULL; it is copied. ERR_MEMORY. */
enum err score_new(const struct drill *drill, const struct score_listener *listener, struct score **score);

/* NULL is fine. */
void score_free(struct score *score);

/* Settling: true when none of these alerts is worth waiting for: none that the drill speaks of, and none that
 * is about this instance alone. A watchdog that always fires names no instance. */
bool score_is_quiet(const struct score *score, const struct alert *alerts, size_t count);

/* Settling, at its end: leaves these alerts out of the score. Those of which the drill speaks
 * cannot be left out: each is named, one a line, in `blocking`, and the drill cannot begin when there is one.
 * ERR_MEMORY; ERR_LIMIT beyond LIMIT_DRILL_ROWS. */
enum err score_exclude(struct score *score, const struct alert *alerts, size_t count, struct buf *blocking);

/* The scenarios have been started. */
void score_begin(struct score *score, int64_t now_ns);

/* Running and resolving: these alerts are there now. ERR_MEMORY; alerts beyond LIMIT_DRILL_ROWS are counted
 * and not told apart. */
enum err score_see(struct score *score, int64_t now_ns, const struct alert *alerts, size_t count);

/* Running: true while there is something to wait for. */
bool score_is_running(const struct score *score, int64_t now_ns);

/* All that was started is reclaimed. */
void score_release(struct score *score, int64_t now_ns);

/* Resolving: true while something fires and has time left. */
bool score_is_resolving(const struct score *score, int64_t now_ns);

/* Over: every row gets its outcome. */
void score_finish(struct score *score, int64_t now_ns);

const struct drill *score_drill(const struct score *score);
size_t score_row_count(const struct score *score);
const struct score_row *score_row(const struct score *score, size_t index);

/* How many false alarms were not told apart any more. */
uint64_t score_more(const struct score *score);

/* How long the drill took, from score_begin to score_finish. */
int64_t score_took_ns(const struct score *score);

/* Over: true when every outcome is fine. */
bool score_passed(const struct score *score);
