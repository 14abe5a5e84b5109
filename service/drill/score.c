#include "drill/score.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

enum phase { SETTLING, RUNNING, RESOLVING, OVER };

struct score {
    const struct drill *drill;
    struct score_listener listener;
    enum phase phase;
    int64_t begin_ns;
    int64_t release_ns;
    int64_t took_ns;
    uint64_t more;
    size_t row_count;
    struct score_row rows[LIMIT_DRILL_ROWS]; /* first the expected ones, in the drill's order */
};

struct outcome_info {
    const char *word;
    bool fine;
};

static const struct outcome_info outcomes[OUTCOMES] = {
#define X(id, word, fine, about) [OUTCOME_##id] = {word, fine},
    OUTCOME_TABLE(X)
#undef X
};

const char *outcome_word(enum outcome outcome)
{
    return outcomes[outcome].word;
}

bool outcome_is_fine(enum outcome outcome)
{
    return outcomes[outcome].fine;
}

/* NULL: no memory. */
static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

/* The labels as one text. NULL: no memory. */
static char *labels_text(const struct label *labels, size_t count)
{
    struct buf text;
    buf_init(&text, LIMIT_REPLY_BYTES);
    char *copy = labels_append(&text, labels, count) == ERR_OK ? copy_text(buf_text(&text)) : NULL;
    buf_deinit(&text);
    return copy;
}

/* ERR_LIMIT: the table is full. */
static enum err add_row(struct score *score, enum row_kind kind, const char *name, const struct label *labels,
                        size_t count, struct score_row **added)
{
    if (score->row_count == COUNT_OF(score->rows))
        return ERR_LIMIT;
    struct score_row *row = &score->rows[score->row_count];
    *row = (struct score_row){.kind = kind, .detected_ns = -1, .resolved_ns = -1};
    row->name = copy_text(name);
    row->labels = labels_text(labels, count);
    if (row->name == NULL || row->labels == NULL) {
        free(row->name);
        free(row->labels);
        return ERR_MEMORY;
    }
    score->row_count++;
    *added = row;
    return ERR_OK;
}

static enum err fill(struct score *score)
{
    const struct drill *drill = score->drill;
    struct score_row *row;
    enum err err = ERR_OK;
    for (size_t i = 0; i < drill->expectation_count && err == ERR_OK; i++) {
        const struct expectation *expectation = &drill->expectations[i];
        err = add_row(score, ROW_EXPECTED, expectation->alert, expectation->labels, expectation->label_count,
                      &row);
        if (err == ERR_OK)
            row->expectation = expectation;
    }
    for (size_t i = 0; i < drill->silent_count && err == ERR_OK; i++)
        err = add_row(score, ROW_SILENT, drill->silent[i], NULL, 0, &row);
    return err;
}

enum err score_new(const struct drill *drill, const struct score_listener *listener, struct score **score)
{
    static_assert(2 * LIMIT_DRILL_ALERTS <= LIMIT_DRILL_ROWS, "what a drill speaks of fits");
    struct score *made = calloc(1, sizeof *made);
    if (made == NULL)
        return ERR_MEMORY;
    made->drill = drill;
    if (listener != NULL)
        made->listener = *listener;
    enum err err = fill(made);
    if (err != ERR_OK) {
        score_free(made);
        return err;
    }
    *score = made;
    return ERR_OK;
}

void score_free(struct score *score)
{
    if (score == NULL)
        return;
    for (size_t i = 0; i < score->row_count; i++) {
        free(score->rows[i].name);
        free(score->rows[i].labels);
    }
    free(score);
}

static bool is_allowed(const struct drill *drill, const struct alert *alert)
{
    for (size_t i = 0; i < drill->allowed_count; i++)
        if (strcmp(drill->allowed[i], alert->name) == 0)
            return true;
    return false;
}

/* A row that stands for this very alert, told apart by all that labels_append shows. */
static struct score_row *find_other(struct score *score, enum row_kind kind, const struct alert *alert,
                                    const char *labels)
{
    for (size_t i = 0; i < score->row_count; i++) {
        struct score_row *row = &score->rows[i];
        if (row->kind == kind && strcmp(row->name, alert->name) == 0 && strcmp(row->labels, labels) == 0)
            return row;
    }
    return NULL;
}

/* Whether the drill speaks of the alert in this row; it may do so in several, with other labels. */
static bool row_fits(const struct score_row *row, const struct alert *alert)
{
    if (row->kind != ROW_EXPECTED && row->kind != ROW_SILENT)
        return false;
    if (strcmp(row->name, alert->name) != 0)
        return false;
    return row->kind == ROW_SILENT ||
           alert_has(alert, row->expectation->labels, row->expectation->label_count);
}

static bool is_spoken_of(const struct score *score, const struct alert *alert)
{
    for (size_t i = 0; i < score->row_count; i++)
        if (row_fits(&score->rows[i], alert))
            return true;
    return false;
}

/* An alert that would be a false alarm, if it began now. */
static bool is_other(const struct score *score, const struct alert *alert)
{
    return score->drill->others_silent && !is_allowed(score->drill, alert);
}

bool score_is_quiet(const struct score *score, const struct alert *alerts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct alert *alert = &alerts[i];
        bool ours = label_value(alert->labels, alert->label_count, "instance") != NULL;
        if (is_spoken_of(score, alert) || (ours && is_other(score, alert)))
            return false;
    }
    return true;
}

static enum err exclude_one(struct score *score, const struct alert *alert)
{
    struct score_row *row;
    char *labels = labels_text(alert->labels, alert->label_count);
    if (labels == NULL)
        return ERR_MEMORY;
    enum err err = ERR_OK;
    if (find_other(score, ROW_LEFT_OUT, alert, labels) == NULL) {
        err = add_row(score, ROW_LEFT_OUT, alert->name, alert->labels, alert->label_count, &row);
        if (err == ERR_OK)
            row->outcome = OUTCOME_LEFT_OUT;
    }
    free(labels);
    return err;
}

enum err score_exclude(struct score *score, const struct alert *alerts, size_t count, struct buf *blocking)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_spoken_of(score, &alerts[i])) {
            enum err err = is_other(score, &alerts[i]) ? exclude_one(score, &alerts[i]) : ERR_OK;
            if (err != ERR_OK)
                return err;
            continue;
        }
        buf_puts(blocking, alerts[i].name);
        labels_append(blocking, alerts[i].labels, alerts[i].label_count);
        buf_puts(blocking, alerts[i].firing ? " fires already\n" : " is already pending\n");
        if (blocking->err != ERR_OK)
            return blocking->err;
    }
    return ERR_OK;
}

void score_begin(struct score *score, int64_t now_ns)
{
    CHECK(score->phase == SETTLING);
    score->phase = RUNNING;
    score->begin_ns = now_ns;
}

static void tell(const struct score *score, const struct score_row *row, enum score_change change,
                 int64_t now_ns)
{
    if (score->listener.told != NULL)
        score->listener.told(score->listener.context, row, change, now_ns);
}

/* What a row that begins to fire has come to. */
static void judge_detection(const struct score *score, struct score_row *row, int64_t after_ns)
{
    row->detected_ns = after_ns;
    if (row->kind != ROW_EXPECTED)
        row->outcome = OUTCOME_FALSE_ALARM;
    else if (after_ns < row->expectation->after_ns)
        row->outcome = OUTCOME_EARLY;
    else if (score->phase == RESOLVING || after_ns > row->expectation->after_ns + row->expectation->within_ns)
        row->outcome = OUTCOME_LATE;
    else
        row->outcome = OUTCOME_DETECTED;
}

/* Moves a row to what it is now. */
static void turn_row(const struct score *score, struct score_row *row, bool pending, bool firing,
                     int64_t now_ns)
{
    bool was_pending = row->pending;
    bool was_firing = row->firing;
    row->pending = pending;
    row->firing = firing;
    if (firing && !was_firing) {
        row->resolved_ns = -1;
        if (row->detected_ns < 0)
            judge_detection(score, row, now_ns - score->begin_ns);
        tell(score, row, CHANGE_FIRES, now_ns);
    } else if (!firing && was_firing) {
        row->resolved_ns = score->phase == RESOLVING ? now_ns - score->release_ns : 0;
        tell(score, row, CHANGE_RESOLVED, now_ns);
    } else if (pending && !was_pending && !firing) {
        tell(score, row, CHANGE_PENDING, now_ns);
    }
}

/* An alert that no row of the drill's stands for, and that fires: finds its row or makes one. */
static enum err see_other(struct score *score, const struct alert *alert, bool *seen)
{
    if (!alert->firing || !is_other(score, alert))
        return ERR_OK;
    char *labels = labels_text(alert->labels, alert->label_count);
    if (labels == NULL)
        return ERR_MEMORY;
    enum err err = ERR_OK;
    if (find_other(score, ROW_LEFT_OUT, alert, labels) == NULL) {
        struct score_row *row = find_other(score, ROW_OTHER, alert, labels);
        if (row == NULL)
            err = add_row(score, ROW_OTHER, alert->name, alert->labels, alert->label_count, &row);
        if (err == ERR_OK)
            seen[row - score->rows] = true;
        else if (err == ERR_LIMIT)
            score->more++;
    }
    free(labels);
    return err == ERR_LIMIT ? ERR_OK : err;
}

enum err score_see(struct score *score, int64_t now_ns, const struct alert *alerts, size_t count)
{
    bool pending[LIMIT_DRILL_ROWS] = {0};
    bool firing[LIMIT_DRILL_ROWS] = {0};
    CHECK(score->phase == RUNNING || score->phase == RESOLVING);
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < score->row_count; k++) {
            if (!row_fits(&score->rows[k], &alerts[i]))
                continue;
            found = true;
            *(alerts[i].firing ? &firing[k] : &pending[k]) = true;
        }
        enum err err = found ? ERR_OK : see_other(score, &alerts[i], firing);
        if (err != ERR_OK)
            return err;
    }
    for (size_t k = 0; k < score->row_count; k++)
        if (score->rows[k].kind != ROW_LEFT_OUT)
            turn_row(score, &score->rows[k], pending[k], firing[k], now_ns);
    return ERR_OK;
}

bool score_is_running(const struct score *score, int64_t now_ns)
{
    const struct drill *drill = score->drill;
    int64_t after_ns = now_ns - score->begin_ns;
    if (after_ns <= drill->watch_ns)
        return true;
    for (size_t i = 0; i < drill->expectation_count; i++)
        if (score->rows[i].detected_ns < 0)
            return after_ns <= drill_end_ns(drill);
    return false;
}

void score_release(struct score *score, int64_t now_ns)
{
    CHECK(score->phase == RUNNING);
    score->phase = RESOLVING;
    score->release_ns = now_ns;
}

static bool any_fires(const struct score *score)
{
    for (size_t i = 0; i < score->row_count; i++)
        if (score->rows[i].firing)
            return true;
    return false;
}

bool score_is_resolving(const struct score *score, int64_t now_ns)
{
    return any_fires(score) && now_ns - score->release_ns <= score->drill->resolve_ns;
}

void score_finish(struct score *score, int64_t now_ns)
{
    CHECK(score->phase == RESOLVING);
    score->phase = OVER;
    score->took_ns = now_ns - score->begin_ns;
    for (size_t i = 0; i < score->row_count; i++) {
        struct score_row *row = &score->rows[i];
        if (row->outcome == OUTCOME_OPEN)
            row->outcome = row->kind == ROW_EXPECTED ? OUTCOME_MISSED : OUTCOME_SILENT;
        else if (row->outcome == OUTCOME_DETECTED && row->firing)
            row->outcome = OUTCOME_UNRESOLVED;
    }
}

const struct drill *score_drill(const struct score *score)
{
    return score->drill;
}

size_t score_row_count(const struct score *score)
{
    return score->row_count;
}

const struct score_row *score_row(const struct score *score, size_t index)
{
    CHECK(index < score->row_count);
    return &score->rows[index];
}

uint64_t score_more(const struct score *score)
{
    return score->more;
}

int64_t score_took_ns(const struct score *score)
{
    return score->took_ns;
}

bool score_passed(const struct score *score)
{
    for (size_t i = 0; i < score->row_count; i++)
        if (!outcome_is_fine(score->rows[i].outcome))
            return false;
    return score->phase == OVER && score->more == 0;
}
