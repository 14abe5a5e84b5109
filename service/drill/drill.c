#include "drill/drill.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/suggest.h"
#include "base/unit.h"
#include "lab/problem.h"
#include "lab/spec.h"

#define NS_PER_SECOND      1000000000LL
#define DEFAULT_RESOLVE_NS (300 * NS_PER_SECOND)
#define POINTER            256 /* every pointer fits, with names cut to NAME_SHOWN */
#define NAME_SHOWN         100

const struct drill_field_info drill_fields[DRILL_FIELDS] = {
#define X(id, name, type, required, about) [DRILL_##id] = {name, type, required, about},
    DRILL_FIELD_TABLE(X)
#undef X
};

/* What a reading works on. */
struct reader {
    struct drill *drill;
    json_t *problem; /* NULL until the first fault */
    bool no_memory;
};

static void fault(struct reader *reader, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fault(struct reader *reader, const char *pointer, const char *format, ...)
{
    struct buf text;
    va_list arguments;
    buf_init(&text, PROBLEM_TEXT - 1);
    va_start(arguments, format);
    buf_vprintf(&text, format, arguments);
    va_end(arguments);
    if (reader->problem == NULL)
        reader->problem = problem_new(422, "is no drill");
    if (reader->problem == NULL || text.err == ERR_MEMORY)
        reader->no_memory = true;
    problem_add(reader->problem, pointer, "%s", buf_text(&text));
    buf_deinit(&text);
}

static void unknown(struct reader *reader, const char *pointer, const char *word, const char *const *known,
                    size_t count)
{
    struct buf hint;
    char at[2 * POINTER];
    buf_init(&hint, PROBLEM_TEXT);
    if (suggest_append(&hint, word, known, count) == ERR_MEMORY)
        reader->no_memory = true;
    (void)snprintf(at, sizeof at, "%s/%.*s", pointer, NAME_SHOWN, word);
    fault(reader, at, "is unknown: %s", buf_text(&hint));
    buf_deinit(&hint);
}

/* A text that is not empty and not endless, or NULL. */
static const char *read_text(struct reader *reader, const json_t *value, const char *pointer,
                             const char *what)
{
    const char *text = json_string_value(value);
    if (text != NULL && text[0] != '\0' && json_string_length(value) <= LIMIT_DRILL_TEXT)
        return text;
    fault(reader, pointer, "must be %s", what);
    return NULL;
}

/* "90s", or a bare number of seconds; `fallback` when absent. */
static int64_t read_duration(struct reader *reader, const json_t *value, const char *pointer,
                             int64_t fallback)
{
    int64_t ns = -1;
    if (value == NULL)
        return fallback;
    if (json_is_integer(value) && json_integer_value(value) >= 0 &&
        json_integer_value(value) <= LIMIT_DRILL_NS / NS_PER_SECOND)
        return json_integer_value(value) * NS_PER_SECOND;
    if (json_is_string(value) && unit_parse_duration(json_string_value(value), &ns) == ERR_OK &&
        ns <= LIMIT_DRILL_NS)
        return ns;
    fault(reader, pointer, "must be a duration such as 90s or 5m, at most 7d");
    return 1; /* one fault is enough: nothing else is told to be missing */
}

/* An alert's name is a label's value: anything, but it is one line. */
static const char *read_alert(struct reader *reader, const json_t *value, const char *pointer)
{
    return read_text(reader, value, pointer, "the name of an alert");
}

static void read_labels(struct reader *reader, json_t *value, const char *pointer,
                        struct expectation *expectation)
{
    const char *name;
    json_t *text;
    if (value == NULL)
        return;
    if (!json_is_object(value) || json_object_size(value) > LIMIT_DRILL_LABELS) {
        fault(reader, pointer, "must be up to %d labels with their values, such as {pattern: recv}",
              LIMIT_DRILL_LABELS);
        return;
    }
    json_object_foreach(value, name, text)
    {
        char at[2 * POINTER];
        (void)snprintf(at, sizeof at, "%s/%.*s", pointer, NAME_SHOWN, name);
        const char *right = read_text(reader, text, at, "a text: the value that the label must have");
        if (right != NULL)
            expectation->labels[expectation->label_count++] = (struct label){name, right};
    }
}

static void read_expectation(struct reader *reader, json_t *value, size_t index)
{
    static const char *const known[] = {"alert", "within", "after", "labels"};
    struct expectation *expectation = &reader->drill->expectations[index];
    char at[POINTER];
    char member[POINTER + 16];
    const char *name;
    json_t *ignored;
    (void)snprintf(at, sizeof at, "/expect/%zu", index);
    if (!json_is_object(value)) {
        fault(reader, at, "must be an object such as {alert: TasksStuck, within: 1m}");
        return;
    }
    json_object_foreach(value, name, ignored)
    {
        bool found = false;
        for (size_t i = 0; i < COUNT_OF(known); i++)
            found |= strcmp(name, known[i]) == 0;
        if (!found)
            unknown(reader, at, name, known, COUNT_OF(known));
    }
    (void)snprintf(member, sizeof member, "%s/alert", at);
    expectation->alert = read_alert(reader, json_object_get(value, "alert"), member);
    (void)snprintf(member, sizeof member, "%s/after", at);
    expectation->after_ns = read_duration(reader, json_object_get(value, "after"), member, 0);
    (void)snprintf(member, sizeof member, "%s/within", at);
    expectation->within_ns = read_duration(reader, json_object_get(value, "within"), member, 0);
    if (json_object_get(value, "within") == NULL)
        fault(reader, member, "is missing: within which time must it fire, such as 1m?");
    (void)snprintf(member, sizeof member, "%s/labels", at);
    read_labels(reader, json_object_get(value, "labels"), member, expectation);
}

/* True for a list of at most `max` elements; absent is an empty one. */
static bool is_list(struct reader *reader, const json_t *value, const char *pointer, size_t max,
                    const char *what)
{
    if (value == NULL || (json_is_array(value) && json_array_size(value) <= max))
        return value != NULL;
    fault(reader, pointer, "must be a list of up to %zu %s", max, what);
    return false;
}

static void read_expectations(struct reader *reader, const json_t *list)
{
    size_t at;
    json_t *value;
    if (!is_list(reader, list, "/expect", LIMIT_DRILL_ALERTS, "alerts"))
        return;
    json_array_foreach(list, at, value) read_expectation(reader, value, at);
    reader->drill->expectation_count = json_array_size(list);
}

static size_t read_names(struct reader *reader, const json_t *list, const char *pointer, const char **names)
{
    size_t at;
    json_t *value;
    if (!is_list(reader, list, pointer, LIMIT_DRILL_ALERTS, "names of alerts"))
        return 0;
    json_array_foreach(list, at, value)
    {
        char member[POINTER];
        (void)snprintf(member, sizeof member, "%s/%zu", pointer, at);
        names[at] = read_alert(reader, value, member);
    }
    return json_array_size(list);
}

static void read_silent(struct reader *reader, const json_t *value)
{
    struct drill *drill = reader->drill;
    const char *word = json_string_value(value);
    drill->others_silent = value == NULL || (word != NULL && strcmp(word, "others") == 0);
    if (drill->others_silent)
        return;
    if (word != NULL)
        fault(reader, "/silent", "must be others, or a list of names of alerts");
    else
        drill->silent_count = read_names(reader, value, "/silent", drill->silent);
}

static bool named_before(const json_t *list, size_t index)
{
    const char *name = json_string_value(json_object_get(json_array_get(list, index), "name"));
    for (size_t i = 0; i < index && name != NULL; i++) {
        const char *other = json_string_value(json_object_get(json_array_get(list, i), "name"));
        if (other != NULL && strcmp(name, other) == 0)
            return true;
    }
    return false;
}

static void read_scenarios(struct reader *reader, const json_t *list)
{
    size_t at;
    json_t *value;
    if (!is_list(reader, list, "/scenarios", LIMIT_SEQUENCE, "scenarios"))
        return;
    json_array_foreach(list, at, value)
    {
        char member[POINTER];
        (void)snprintf(member, sizeof member, "/scenarios/%zu", at);
        if (!json_is_object(value))
            fault(reader, member, "must be a scenario such as {mode: leak-recv, rate: 5/s}");
        else if (json_object_get(value, "action") != NULL || json_object_get(value, "dry_run") != NULL)
            fault(reader, member, "a drill only starts scenarios: no action, no dry_run");
        else if (named_before(list, at))
            fault(reader, member, "another has the same name");
    }
    reader->drill->scenarios = list;
    reader->drill->scenario_count = json_array_size(list);
}

static void check_members(struct reader *reader, json_t *source)
{
    const char *known[DRILL_FIELDS];
    const char *name;
    json_t *ignored;
    for (size_t i = 0; i < DRILL_FIELDS; i++) {
        known[i] = drill_fields[i].name;
        char at[POINTER];
        (void)snprintf(at, sizeof at, "/%s", known[i]);
        if (drill_fields[i].required && json_object_get(source, known[i]) == NULL)
            fault(reader, at, "is missing: %s", drill_fields[i].about);
    }
    json_object_foreach(source, name, ignored)
    {
        bool found = false;
        for (size_t i = 0; i < DRILL_FIELDS; i++)
            found |= strcmp(name, known[i]) == 0;
        if (!found)
            unknown(reader, "", name, known, DRILL_FIELDS);
    }
}

/* An alert cannot be both. */
static void check_names(struct reader *reader, const char *pointer, const char *const *names, size_t count)
{
    const struct drill *drill = reader->drill;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < drill->expectation_count && names[i] != NULL; k++) {
            char at[POINTER];
            if (drill->expectations[k].alert == NULL || strcmp(drill->expectations[k].alert, names[i]) != 0)
                continue;
            (void)snprintf(at, sizeof at, "%s/%zu", pointer, i);
            fault(reader, at, "\"%s\" is expected to fire", names[i]);
            break;
        }
    }
}

static void check_sense(struct reader *reader)
{
    const struct drill *drill = reader->drill;
    check_names(reader, "/silent", drill->silent, drill->silent_count);
    check_names(reader, "/allow", drill->allowed, drill->allowed_count);
    if (drill->scenario_count == 0 && drill->outage_ns < 0)
        fault(reader, "/scenarios", "is missing: what to start, or an outage");
    if (drill->expectation_count == 0 && drill->watch_ns == 0)
        fault(reader, "/watch", "is missing: nothing is expected to fire; for how long must that hold?");
    for (size_t i = 0; i < drill->expectation_count; i++) {
        char at[POINTER];
        (void)snprintf(at, sizeof at, "/expect/%zu/within", i);
        if (drill->expectations[i].after_ns + drill->expectations[i].within_ns > LIMIT_DRILL_NS)
            fault(reader, at, "together with after is more than 7d");
    }
}

static void read_members(struct reader *reader, json_t *source)
{
    struct drill *drill = reader->drill;
    const json_t *about = json_object_get(source, "about");
    drill->name = json_string_value(json_object_get(source, "drill"));
    if (json_object_get(source, "drill") != NULL && (drill->name == NULL || !spec_name_valid(drill->name)))
        fault(reader, "/drill", "must be a name of up to %d letters, digits, '.', '_' and '-'", LIMIT_NAME);
    drill->about = about == NULL ? "" : read_text(reader, about, "/about", "a text of up to 4096 bytes");
    drill->watch_ns = read_duration(reader, json_object_get(source, "watch"), "/watch", 0);
    drill->outage_ns = read_duration(reader, json_object_get(source, "outage"), "/outage", -1);
    drill->resolve_ns =
        read_duration(reader, json_object_get(source, "resolve"), "/resolve", DEFAULT_RESOLVE_NS);
    read_scenarios(reader, json_object_get(source, "scenarios"));
    read_expectations(reader, json_object_get(source, "expect"));
    read_silent(reader, json_object_get(source, "silent"));
    drill->allowed_count = read_names(reader, json_object_get(source, "allow"), "/allow", drill->allowed);
}

enum err drill_read(json_t *source, struct drill *drill, json_t **problem)
{
    struct reader reader = {.drill = drill};
    memset(drill, 0, sizeof *drill);
    drill->source = source;
    *problem = NULL;
    if (json_is_object(source)) {
        check_members(&reader, source);
        read_members(&reader, source);
        check_sense(&reader);
    } else {
        fault(&reader, "", "must be an object with drill, scenarios and expect");
    }
    if (reader.problem == NULL && !reader.no_memory)
        return ERR_OK;
    drill_deinit(drill);
    if (reader.no_memory) {
        json_decref(reader.problem);
        return ERR_MEMORY;
    }
    *problem = reader.problem;
    return ERR_SYNTAX;
}

void drill_deinit(struct drill *drill)
{
    json_decref(drill->source);
    memset(drill, 0, sizeof *drill);
}

int64_t drill_end_ns(const struct drill *drill)
{
    int64_t end = drill->watch_ns;
    for (size_t i = 0; i < drill->expectation_count; i++) {
        int64_t own = drill->expectations[i].after_ns + drill->expectations[i].within_ns;
        end = own > end ? own : end;
    }
    return end;
}

size_t drill_alert_names(const struct drill *drill, const char **names)
{
    size_t count = 0;
    for (size_t i = 0; i < drill->expectation_count; i++)
        names[count++] = drill->expectations[i].alert;
    for (size_t i = 0; i < drill->silent_count; i++)
        names[count++] = drill->silent[i];
    for (size_t i = 0; i < drill->allowed_count; i++)
        names[count++] = drill->allowed[i];
    return count;
}
