#include "simulation/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/suggest.h"
#include "base/unit.h"
#include "lab/problem.h"

#define DOWN_NS    5000000000u
#define PAUSE_NS   30000000000u
#define LABEL_ROOM 1100
#define POINTER    128

#define WHERE "\"all\", an instance's number from 1, or its label"

struct reading {
    struct calendar *calendar;
    const char *label;
    bool named; /* the file gives the instances' labels */
    json_t *problem;
    enum err err; /* ERR_MEMORY sticks */
};

__attribute__((format(printf, 3, 4))) static void fault(struct reading *reading, const char *pointer,
                                                        const char *format, ...)
{
    char text[PROBLEM_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (reading->problem == NULL)
        reading->problem = problem_new(422, "%s", text);
    if (reading->problem == NULL)
        reading->err = ERR_MEMORY;
    problem_add(reading->problem, pointer, "%s", text);
}

static bool whole(const struct reading *reading)
{
    return reading->err == ERR_OK && reading->problem == NULL;
}

static void unknown_member(struct reading *reading, const char *pointer, const char *name,
                           const char *const *names, size_t count)
{
    struct buf why;
    buf_init(&why, PROBLEM_TEXT);
    buf_printf(&why, "unknown member \"%.64s\": ", name);
    suggest_append(&why, name, names, count);
    fault(reading, pointer, "%s", buf_text(&why));
    buf_deinit(&why);
}

/* ---- instances ---- */

static void add_label(struct reading *reading, const char *pointer, const char *label)
{
    struct calendar *calendar = reading->calendar;
    if (calendar->instance_count == LIMIT_INSTANCES) {
        fault(reading, pointer, "is one instance too many: %d at most", LIMIT_INSTANCES);
        return;
    }
    for (uint32_t i = 0; i < calendar->instance_count; i++) {
        if (strcmp(calendar->labels[i], label) == 0) {
            fault(reading, pointer, "\"%.64s\" is the label of another instance", label);
            return;
        }
    }
    calendar->labels[calendar->instance_count] = strdup(label);
    if (calendar->labels[calendar->instance_count] == NULL)
        reading->err = ERR_MEMORY;
    else
        calendar->instance_count++;
}

/* "host:9777" is followed by "host:9778", and "web" by "web-2". */
static void make_label(struct reading *reading, uint32_t number)
{
    char text[LABEL_ROOM];
    const char *colon = strrchr(reading->label, ':');
    int64_t port;
    if (number > 0 && colon != NULL && unit_parse_count(colon + 1, &port) == ERR_OK)
        snprintf(text, sizeof text, "%.*s:%lld", (int)(colon - reading->label), reading->label,
                 (long long)port + number);
    else if (number > 0)
        snprintf(text, sizeof text, "%s-%u", reading->label, number + 1);
    else
        snprintf(text, sizeof text, "%s", reading->label);
    add_label(reading, "/instances", text);
}

static void make_labels(struct reading *reading, uint32_t count)
{
    const uint32_t *have = &reading->calendar->instance_count;
    for (uint32_t number = *have; number < count && *have == number; number++)
        make_label(reading, number);
}

static void read_instances(struct reading *reading, const json_t *value, uint32_t given)
{
    json_int_t count = json_integer_value(value);
    size_t at;
    json_t *label;
    if (value != NULL && given > 0) {
        fault(reading, "/instances", "is said by --instances as well: one of the two is enough");
    } else if (value == NULL || (json_is_integer(value) && count >= 1 && count <= LIMIT_INSTANCES)) {
        make_labels(reading, value != NULL ? (uint32_t)count : given > 0 ? given : 1);
    } else if (json_is_array(value) && json_array_size(value) > 0) {
        reading->named = true;
        json_array_foreach(value, at, label)
        {
            char pointer[POINTER];
            snprintf(pointer, sizeof pointer, "/instances/%zu", at);
            if (json_string_value(label) != NULL && json_string_length(label) > 0)
                add_label(reading, pointer, json_string_value(label));
            else
                fault(reading, pointer, "must be the label of an instance, such as web-1:9777");
        }
    } else {
        fault(reading, "/instances", "must be a number from 1 to %d, or a list of labels", LIMIT_INSTANCES);
    }
    reading->calendar->first_count = reading->calendar->instance_count;
}

/* The instance that a value means. What is added may be a new one. */
static uint32_t read_where(struct reading *reading, const char *pointer, const json_t *value, bool adds)
{
    struct calendar *calendar = reading->calendar;
    const char *text = json_string_value(value);
    json_int_t number = json_integer_value(value);
    if (text != NULL && strcmp(text, "all") == 0 && !adds)
        return CALENDAR_ALL;
    for (uint32_t i = 0; i < calendar->instance_count && text != NULL; i++)
        if (strcmp(calendar->labels[i], text) == 0)
            return i;
    if (adds && text != NULL && text[0] != '\0' && strcmp(text, "all") != 0)
        add_label(reading, pointer, text);
    else if (adds && number > 0 && number <= LIMIT_INSTANCES && !reading->named)
        make_labels(reading, (uint32_t)number);
    else if (number < 1 || number > calendar->instance_count)
        fault(reading, pointer, "must be %s; there %s %u",
              adds ? "an instance's number from 1, or its label" : WHERE,
              calendar->instance_count == 1 ? "is" : "are", calendar->instance_count);
    return text != NULL ? calendar->instance_count - 1 : number > 0 ? (uint32_t)number - 1 : 0;
}

/* ---- events ---- */

static const char *const event_words[EVENT_KINDS] = {
#define X(id, word) [EVENT_##id] = (word),
    EVENT_TABLE(X)
#undef X
};

enum member { AT, EVERY, DOWN, PAUSE, FOR, SHARE, AGAIN, MEMBERS };

/* Which kinds of event have it. */
static const struct {
    const char *name;
    unsigned kinds;
} members[MEMBERS] = {
    [AT] = {"at", ~0u},
    [EVERY] = {"every", ~0u},
    [DOWN] = {"down", 1u << EVENT_RESTART | 1u << EVENT_DEPLOY},
    [PAUSE] = {"pause", 1u << EVENT_DEPLOY},
    [FOR] = {"for", 1u << EVENT_MISS | 1u << EVENT_GAP},
    [SHARE] = {"share", 1u << EVENT_MISS},
    [AGAIN] = {"again", 1u << EVENT_RESTART | 1u << EVENT_DEPLOY | 1u << EVENT_ADD},
};

static const char *member_pointer(char pointer[static POINTER], size_t index, const char *name)
{
    snprintf(pointer, POINTER, "/events/%zu%s%.64s", index, name[0] == '\0' ? "" : "/", name);
    return pointer;
}

/* A duration as a text, or seconds. */
static bool duration_of(const json_t *value, int64_t *ns)
{
    if (json_is_integer(value)) {
        json_int_t seconds = json_integer_value(value);
        *ns = seconds < 0 || seconds > LIMIT_DURATION_NS / 1000000000 ? -1 : seconds * 1000000000;
        return *ns >= 0;
    }
    return json_is_string(value) && unit_parse_duration(json_string_value(value), ns) == ERR_OK;
}

static void read_duration(struct reading *reading, const char *pointer, const json_t *value, int64_t least_ns,
                          uint64_t *result)
{
    char least[UNIT_TEXT];
    int64_t ns;
    if (!duration_of(value, &ns) || ns < least_ns)
        fault(reading, pointer, "must be a duration such as 90s or 2d, from %s to 366d",
              unit_format_duration(least_ns, least));
    else
        *result = (uint64_t)ns;
}

static void read_share(struct reading *reading, const char *pointer, const json_t *value, uint32_t *share)
{
    int64_t millionths;
    const char *text = json_string_value(value);
    if (text == NULL || unit_parse_percent(text, &millionths) != ERR_OK || millionths == 0)
        fault(reading, pointer, "must be a share such as 2%%, above 0%% and up to 100%%");
    else
        *share = (uint32_t)millionths;
}

static void read_member(struct reading *reading, const char *pointer, enum member member, const json_t *value,
                        struct event *event)
{
    switch (member) {
    case AT:
        read_duration(reading, pointer, value, 0, &event->at_ns);
        return;
    case EVERY:
        read_duration(reading, pointer, value, LIMIT_EVERY_NS, &event->every_ns);
        return;
    case DOWN:
        read_duration(reading, pointer, value, 0, &event->down_ns);
        return;
    case PAUSE:
        read_duration(reading, pointer, value, 0, &event->pause_ns);
        return;
    case FOR:
        read_duration(reading, pointer, value, 1, &event->for_ns);
        return;
    case SHARE:
        read_share(reading, pointer, value, &event->share);
        return;
    case AGAIN:
        if (!json_is_boolean(value))
            fault(reading, pointer, "must be true or false");
        event->again = json_is_true(value);
        return;
    case MEMBERS:
        break;
    }
    CHECK(!"a member");
}

static enum event_kind kind_named(const char *name)
{
    enum event_kind kind = 0;
    while (kind < EVENT_KINDS && strcmp(name, event_words[kind]) != 0)
        kind++;
    return kind;
}

/* What happens is the one member that is named after it. */
static enum event_kind kind_of(struct reading *reading, size_t index, json_t *value)
{
    char pointer[POINTER];
    enum event_kind kind = EVENT_KINDS;
    const char *name;
    json_t *member;
    int kinds = 0;
    json_object_foreach(value, name, member)
    {
        enum event_kind named = kind_named(name);
        kinds += named < EVENT_KINDS;
        kind = named < EVENT_KINDS ? named : kind;
    }
    if (kinds == 1)
        return kind;
    fault(reading, member_pointer(pointer, index, ""),
          "must say what happens, once: restart, deploy, miss, gap, add or remove");
    return EVENT_KINDS;
}

static void read_event_member(struct reading *reading, size_t index, const char *name, const json_t *value,
                              struct event *event)
{
    char pointer[POINTER];
    const char *names[MEMBERS];
    size_t count = 0;
    enum member member = 0;
    member_pointer(pointer, index, name);
    if (strcmp(name, event_words[event->kind]) == 0) {
        event->instance = read_where(reading, pointer, value, event->kind == EVENT_ADD);
        if (event->kind == EVENT_GAP && event->instance != CALENDAR_ALL && whole(reading))
            fault(reading, pointer,
                  "must be \"all\": when nobody scrapes, nobody does; for one instance: miss");
        return;
    }
    while (member < MEMBERS && strcmp(name, members[member].name) != 0)
        member++;
    if (member < MEMBERS && (members[member].kinds >> event->kind & 1) != 0) {
        read_member(reading, pointer, member, value, event);
        return;
    }
    for (member = 0; member < MEMBERS; member++)
        if ((members[member].kinds >> event->kind & 1) != 0)
            names[count++] = members[member].name;
    unknown_member(reading, pointer, name, names, count);
}

static void read_event(struct reading *reading, size_t index, json_t *value)
{
    struct calendar *calendar = reading->calendar;
    char pointer[POINTER];
    const char *name;
    json_t *member;
    struct event event = {
        .down_ns = DOWN_NS, .pause_ns = PAUSE_NS, .share = CALENDAR_SHARE_ALL, .again = true};
    if (!json_is_object(value)) {
        fault(reading, member_pointer(pointer, index, ""),
              "must be a mapping such as {at: 2d, restart: all}");
        return;
    }
    if (json_object_get(value, "at") == NULL)
        fault(reading, member_pointer(pointer, index, ""), "must have \"at\", when it happens, such as 2d");
    event.kind = kind_of(reading, index, value);
    if (event.kind == EVENT_KINDS)
        return;
    json_object_foreach(value, name, member) read_event_member(reading, index, name, member, &event);
    calendar->events[calendar->event_count++] = event;
}

static void read_events(struct reading *reading, const json_t *events)
{
    size_t at;
    json_t *event;
    if (events == NULL)
        return;
    if (!json_is_array(events) || json_array_size(events) > LIMIT_EVENTS) {
        fault(reading, "/events", "must be a list of at most %d events", LIMIT_EVENTS);
        return;
    }
    json_array_foreach(events, at, event) read_event(reading, at, event);
}

/* ---- scenarios ---- */

static void read_scenario(struct reading *reading, size_t index, json_t *value)
{
    struct calendar *calendar = reading->calendar;
    json_t *where = json_object_get(value, "instance");
    json_t *copy = json_copy(value);
    char pointer[POINTER];
    snprintf(pointer, sizeof pointer, "/scenarios/%zu/instance", index);
    bool placed = where != NULL && calendar->root != NULL && calendar->root[0] != '\0';
    calendar->placed[index] = placed ? read_where(reading, pointer, where, false) : CALENDAR_ALL;
    if (placed)
        json_object_del(copy, "instance");
    if (json_array_append_new(calendar->scenarios, copy) != 0)
        reading->err = ERR_MEMORY;
}

static void read_scenarios(struct reading *reading, json_t *value)
{
    struct calendar *calendar = reading->calendar;
    size_t count = calendar->root == NULL ? 1 : json_array_size(value);
    if (calendar->root != NULL && (!json_is_array(value) || count == 0 || count > LIMIT_SEQUENCE)) {
        fault(reading, calendar->root, "must be a list of 1 to %d scenarios", LIMIT_SEQUENCE);
        return;
    }
    calendar->scenarios = json_array();
    calendar->placed = calloc(count, sizeof *calendar->placed);
    if (calendar->scenarios == NULL || calendar->placed == NULL) {
        reading->err = ERR_MEMORY;
        return;
    }
    for (size_t i = 0; i < count && reading->err == ERR_OK; i++)
        read_scenario(reading, i, calendar->root == NULL ? value : json_array_get(value, i));
}

static void read_mapping(struct reading *reading, json_t *body, uint32_t instances)
{
    static const char *const names[] = {"instances", "scenarios", "events"};
    const char *name;
    json_t *value;
    json_object_foreach(body, name, value)
    {
        char pointer[POINTER];
        size_t i = 0;
        while (i < COUNT_OF(names) && strcmp(name, names[i]) != 0)
            i++;
        snprintf(pointer, sizeof pointer, "/%.64s", name);
        if (i == COUNT_OF(names))
            unknown_member(reading, pointer, name, names, COUNT_OF(names));
    }
    /* Events first: they may add instances that scenarios name. */
    read_instances(reading, json_object_get(body, "instances"), instances);
    read_events(reading, json_object_get(body, "events"));
    read_scenarios(reading, json_object_get(body, "scenarios"));
}

enum err calendar_read(struct calendar *calendar, json_t *body, const char *label, uint32_t instances,
                       json_t **problem)
{
    struct reading reading = {.calendar = calendar, .label = label};
    bool mapping = json_object_get(body, "scenarios") != NULL || json_object_get(body, "events") != NULL ||
                   json_object_get(body, "instances") != NULL;
    memset(calendar, 0, sizeof *calendar);
    calendar->root = mapping ? "/scenarios" : json_is_array(body) ? "" : NULL;
    if (mapping) {
        read_mapping(&reading, body, instances);
    } else {
        read_instances(&reading, NULL, instances);
        read_scenarios(&reading, body);
    }
    if (problem_count(reading.problem) > 1)
        problem_set_detail(reading.problem, "%zu things are not right: nothing was started",
                           problem_count(reading.problem));
    *problem = reading.problem;
    if (whole(&reading))
        return ERR_OK;
    calendar_deinit(calendar);
    if (reading.err == ERR_OK)
        return ERR_SYNTAX;
    json_decref(reading.problem);
    *problem = NULL;
    return reading.err;
}

void calendar_deinit(struct calendar *calendar)
{
    json_decref(calendar->scenarios);
    free(calendar->placed);
    for (uint32_t i = 0; i < calendar->instance_count; i++)
        free(calendar->labels[i]);
    memset(calendar, 0, sizeof *calendar);
}
