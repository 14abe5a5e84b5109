#include "lab/spec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/rng.h"
#include "base/suggest.h"
#include "lab/problem.h"
#include "lab/value.h"

#define LINGER_WITH_RATE_NS RATE_SECOND_NS
#define SENTENCE_BYTES      4096

const struct field spec_fields[SPEC_FIELDS] = {
#define X(id, name, type, fallback, min, max, unit, about)                                                   \
    [SPEC_##id] = {name, type, fallback, min, max, unit, about},
    SPEC_FIELD_TABLE(X)
#undef X
};

static const char *const action_words[SPEC_ACTIONS] = {
#define X(id, word) word,
    SPEC_ACTION_TABLE(X)
#undef X
};

const char *field_type_word(enum field_type type)
{
    static const char *const words[] = {
        [FIELD_WORD] = "choice",        [FIELD_MODE] = "mode",         [FIELD_NAME] = "name",
        [FIELD_RATE] = "rate",          [FIELD_DURATION] = "duration", [FIELD_SIZE] = "size",
        [FIELD_COUNT] = "count",        [FIELD_FLAG] = "flag",         [FIELD_SHAPE] = "choice",
        [FIELD_PERCENT] = "percentage", [FIELD_SHARE] = "percentage"};
    return words[type];
}

int64_t spec_field_max(const struct spec_context *context, enum spec_field field)
{
    int64_t max = spec_fields[field].max;
    if (field == SPEC_MAX_TASKS && context->max_tasks < (uint64_t)max)
        return (int64_t)context->max_tasks;
    if (field == SPEC_MAX_HEAP && context->max_heap_bytes < (uint64_t)max)
        return (int64_t)context->max_heap_bytes;
    return max;
}

bool spec_name_valid(const char *name)
{
    size_t length = strnlen(name, LIMIT_NAME + 1);
    if (length == 0 || length > LIMIT_NAME)
        return false;
    for (const char *at = name; *at != '\0'; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        bool mark = at != name && (*at == '.' || *at == '_' || *at == '-');
        if (!letter && !mark)
            return false;
    }
    return true;
}

/* One reading of one object. */
struct reader {
    const struct spec_context *context;
    const json_t *body;
    struct spec *spec;
    json_t *problem; /* NULL until the first fault */
    bool no_memory;
};

static void fault(struct reader *reader, const char *member, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void fault(struct reader *reader, const char *member, const char *format, ...)
{
    char sentence[SENTENCE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (reader->problem == NULL)
        reader->problem = problem_new(422, "%s: %s", member, sentence);
    if (reader->problem == NULL)
        reader->no_memory = true;
    problem_add_member(reader->problem, member, "%s", sentence);
}

/* Says what would have been right for a field; the same sentence serves a wrong type, a wrong text and a
 * wrong size. */
static void fault_field(struct reader *reader, enum spec_field id, const json_t *value)
{
    const struct field *field = &spec_fields[id];
    int64_t max = spec_field_max(reader->context, id);
    const char *own = max < field->max ? ", the daemon's limit" : "";
    char least[UNIT_TEXT], most[UNIT_TEXT];
    switch (field->type) {
    case FIELD_RATE:
        fault(reader, field->name,
              "must be 0, or a rate such as 50/s, 0.5 or 10/m, from 0.000001 to %lld starts a second%s",
              (long long)(max / 1000000), value_not(value));
        return;
    case FIELD_DURATION:
        fault(reader, field->name, "must be a duration such as 80ms or 1.5s, from %s to %s%s",
              unit_format_duration(field->min, least), unit_format_duration(max, most), value_not(value));
        return;
    case FIELD_SIZE:
        fault(reader, field->name, "must be a size such as 4KiB or 512, from %s to %s%s%s",
              unit_format_size(field->min, least), unit_format_size(max, most), own, value_not(value));
        return;
    case FIELD_COUNT:
        fault(reader, field->name, "must be a whole number from %lld to %lld%s%s", (long long)field->min,
              (long long)max, own, value_not(value));
        return;
    case FIELD_FLAG:
        fault(reader, field->name, "must be true or false");
        return;
    case FIELD_SHAPE:
        fault(reader, field->name, "must be \"steady\", \"ramp\", \"wave\", \"spike\" or \"double-halve\"%s",
              value_not(value));
        return;
    case FIELD_PERCENT:
        fault(reader, field->name, "must be a percentage such as 10%%, from %s to %s in steps of 0.01%%%s",
              share_format(field->min, least), share_format(max, most), value_not(value));
        return;
    case FIELD_SHARE:
        fault(reader, field->name,
              "must be a percentage such as 2%% or a share such as 0.02, from %s to %s in "
              "steps of 0.01%%%s",
              share_format(field->min, least), share_format(max, most), value_not(value));
        return;
    case FIELD_NAME:
        fault(reader, field->name,
              "must be 1 to %d letters, digits, '.', '_' and '-', with a letter or digit first%s", LIMIT_NAME,
              value_not(value));
        return;
    case FIELD_MODE:
        fault(reader, field->name, "must be a mode such as \"leak-recv\"%s", value_not(value));
        return;
    case FIELD_WORD:
        fault(reader, field->name, "must be \"spawn\", \"cancel\" or \"reclaim\"%s", value_not(value));
        return;
    }
}

/* Reads a field of a numeric type into *result, which keeps its default when the member is not there, or when
 * it is the null that spec_json() writes for "none". False after a fault. */
static bool read_number(struct reader *reader, enum spec_field id, int64_t *result)
{
    const struct field *field = &spec_fields[id];
    const json_t *value = json_object_get(reader->body, field->name);
    bool may_be_null =
        id == SPEC_LINGER || id == SPEC_DURATION || id == SPEC_SHAPE_PERIOD || id == SPEC_SHAPE_LOW;
    if (value == NULL || (may_be_null && json_is_null(value)))
        return true;
    int64_t max = spec_field_max(reader->context, id);
    int64_t number = 0;
    bool read = false;
    if (field->type == FIELD_COUNT)
        read = value_count(value, max, &number);
    else if (field->type == FIELD_SIZE)
        read = value_size(value, max, &number);
    else if (field->type == FIELD_DURATION)
        read = value_duration(value, max, &number);
    else if (field->type == FIELD_FLAG)
        read = value_flag(value, &number);
    else if (field->type == FIELD_PERCENT)
        read = value_percent(value, &number);
    else if (field->type == FIELD_SHARE)
        read = value_share(value, &number);
    if (!read || number < field->min || number > max) {
        fault_field(reader, id, value);
        return false;
    }
    *result = number;
    return true;
}

static bool read_rate(struct reader *reader)
{
    const json_t *value = json_object_get(reader->body, spec_fields[SPEC_RATE].name);
    struct rate rate = {0, RATE_SECOND_NS};
    if (value == NULL)
        return true;
    bool read = false;
    if (json_is_string(value)) {
        read = rate_parse(json_string_value(value), &rate) == ERR_OK;
    } else if (json_is_number(value)) {
        double number = json_number_value(value);
        read = value_scaled(number, 1e6, spec_fields[SPEC_RATE].max, &rate.starts_millionths) &&
               (number == 0 || rate.starts_millionths > 0);
    }
    if (read)
        reader->spec->rate = rate;
    else
        fault_field(reader, SPEC_RATE, value);
    return read;
}

static bool read_shape_word(struct reader *reader)
{
    const json_t *value = json_object_get(reader->body, spec_fields[SPEC_SHAPE].name);
    const char *text = json_string_value(value);
    if (value == NULL)
        return true;
    for (int shape = 0; text != NULL && shape < SHAPES; shape++) {
        if (strcmp(text, shape_word((enum shape)shape)) == 0) {
            reader->spec->shape = (enum shape)shape;
            return true;
        }
    }
    fault_field(reader, SPEC_SHAPE, value);
    return false;
}

/* A field that the shape has no use for must not be there: it would say something that does not happen. */
static void read_of_shape(struct reader *reader, enum spec_field id, bool takes, int64_t *result)
{
    enum shape shape = reader->spec->shape;
    const json_t *value = json_object_get(reader->body, spec_fields[id].name);
    if (takes)
        read_number(reader, id, result);
    else if (value != NULL && !json_is_null(value))
        fault(reader, spec_fields[id].name, "does not go with the shape %s", shape_word(shape));
    if (!takes)
        *result = 0;
}

/* After a rate that is right. */
static void read_shape(struct reader *reader)
{
    struct spec *spec = reader->spec;
    CHECK(unit_parse_duration(spec_fields[SPEC_SHAPE_PERIOD].fallback, &spec->shape_period_ns) == ERR_OK);
    CHECK(share_parse(spec_fields[SPEC_SHAPE_LOW].fallback, &spec->shape_low) == ERR_OK);
    if (!read_shape_word(reader))
        return;
    read_of_shape(reader, SPEC_SHAPE_PERIOD, shape_takes_period(spec->shape), &spec->shape_period_ns);
    read_of_shape(reader, SPEC_SHAPE_LOW, shape_takes_low(spec->shape), &spec->shape_low);
    read_number(reader, SPEC_JITTER, &spec->jitter);
    bool once = spec->rate.starts_millionths == 0;
    if (once && spec->shape != SHAPE_STEADY)
        fault(reader, spec_fields[SPEC_SHAPE].name, "needs a rate: without one there is a single start");
    if (once && spec->jitter > 0)
        fault(reader, spec_fields[SPEC_JITTER].name, "needs a rate: without one there is a single start");
}

/* After a mode that is right, or none. */
static void read_leak_share(struct reader *reader)
{
    struct spec *spec = reader->spec;
    const char *name = spec_fields[SPEC_LEAK_SHARE].name;
    const json_t *value = json_object_get(reader->body, name);
    if (spec->mode.pattern != NULL && spec->mode.variant == VARIANT_MIX) {
        CHECK(share_parse(spec_fields[SPEC_LEAK_SHARE].fallback, &spec->leak_share) == ERR_OK);
        read_number(reader, SPEC_LEAK_SHARE, &spec->leak_share);
    } else if (spec->mode.pattern != NULL && value != NULL && !json_is_null(value)) {
        fault(reader, name,
              "does not go with the mode %s-%s: it is for a mix of leak and fix, such as mix-recv",
              variant_word(spec->mode.variant), spec->mode.pattern->name);
    }
}

static void read_name(struct reader *reader, bool required)
{
    const json_t *value = json_object_get(reader->body, spec_fields[SPEC_NAME].name);
    const char *text = json_string_value(value);
    if (value == NULL && required)
        fault(reader, spec_fields[SPEC_NAME].name, "is missing: the name of the scenario to %s",
              action_words[reader->spec->action]);
    else if (value != NULL && (text == NULL || !spec_name_valid(text)))
        fault_field(reader, SPEC_NAME, value);
    else if (value != NULL)
        memcpy(reader->spec->name, text, strlen(text) + 1);
}

static void read_action(struct reader *reader)
{
    const struct field *field = &spec_fields[SPEC_ACTION];
    const json_t *value = json_object_get(reader->body, field->name);
    const char *text = json_string_value(value);
    if (value == NULL)
        return;
    for (size_t i = 0; text != NULL && i < SPEC_ACTIONS; i++) {
        if (strcmp(text, action_words[i]) == 0) {
            reader->spec->action = (enum spec_action)i;
            return;
        }
    }
    fault_field(reader, SPEC_ACTION, value);
}

static void read_mode(struct reader *reader)
{
    const char *member = spec_fields[SPEC_MODE].name;
    const json_t *value = json_object_get(reader->body, member);
    const char *text = json_string_value(value);
    struct buf why;
    buf_init(&why, SENTENCE_BYTES);
    if (value == NULL) {
        fault(reader, member,
              "is missing: variant and pattern, such as leak-recv; GET /patterns has all modes");
    } else if (text == NULL || strlen(text) >= MODE_TEXT) {
        fault_field(reader, SPEC_MODE, value);
    } else if (catalogue_find_mode(reader->context->catalogue, text, &reader->spec->mode, &why) != ERR_OK) {
        reader->spec->mode.pattern = NULL;
        fault(reader, member, "%s", buf_text(&why));
    }
    if (why.err == ERR_MEMORY)
        reader->no_memory = true;
    buf_deinit(&why);
}

/* A parameter as JSON brings it; `why` gets a sentence when it is not right. */
static enum err read_param(const struct param *param, const json_t *value, int64_t *result, struct buf *why)
{
    double number;
    const char *text = json_string_value(value);
    if (json_is_number(value) || (param->type == PARAM_DURATION && value_number(value, &number)))
        return param_from_number(param, value_number(value, &number) ? number : 0, result, why);
    if (text != NULL && strlen(text) <= LIMIT_NAME)
        return param_parse(param, text, result, why);
    /* No parameter has an empty text; the sentence about it says what would have been right. */
    enum err err = param_parse(param, "", result, why);
    buf_puts(why, value_not(value));
    return err;
}

static void read_params(struct reader *reader)
{
    struct spec *spec = reader->spec;
    const struct pattern *pattern = spec->mode.pattern;
    int64_t linger_ns = spec->linger_ns == 0 ? LINGER_OPEN_NS : spec->linger_ns;
    for (uint16_t i = 0; pattern != NULL && i < pattern->param_count; i++) {
        const struct param *param = &pattern->params[i];
        const json_t *value = json_object_get(reader->body, param->name);
        spec->params[i] = param_default(pattern, i, spec->params, linger_ns);
        if (value == NULL)
            continue;
        struct buf why;
        buf_init(&why, SENTENCE_BYTES);
        if (read_param(param, value, &spec->params[i], &why) != ERR_OK)
            fault(reader, param->name, "%s", buf_text(&why));
        if (why.err == ERR_MEMORY)
            reader->no_memory = true;
        buf_deinit(&why);
    }
}

/* True when a member is a field, or a parameter of the pattern; with an unknown mode, of any pattern. */
static bool known(const struct reader *reader, const char *member)
{
    for (size_t i = 0; i < SPEC_FIELDS; i++)
        if (strcmp(member, spec_fields[i].name) == 0)
            return true;
    const struct pattern *pattern = reader->spec->mode.pattern;
    if (pattern != NULL)
        return pattern_param(pattern, member, NULL) != NULL;
    for (size_t i = 0; i < reader->context->catalogue->count; i++)
        if (pattern_param(reader->context->catalogue->patterns[i], member, NULL) != NULL)
            return true;
    return false;
}

static void fault_unknown(struct reader *reader, const char *member)
{
    const char *words[SPEC_FIELDS + LIMIT_PARAMS];
    size_t count = 0;
    const struct pattern *pattern = reader->spec->mode.pattern;
    for (uint16_t i = 0; pattern != NULL && i < pattern->param_count; i++)
        words[count++] = pattern->params[i].name;
    for (size_t i = 0; i < SPEC_FIELDS; i++)
        words[count++] = spec_fields[i].name;
    struct buf why;
    buf_init(&why, SENTENCE_BYTES);
    buf_printf(&why, "unknown field \"%.*s\": ", LIMIT_NAME, member);
    suggest_append(&why, member, words, count);
    fault(reader, member, "%s", buf_text(&why));
    if (why.err == ERR_MEMORY)
        reader->no_memory = true;
    buf_deinit(&why);
}

static void read_spawn(struct reader *reader)
{
    struct spec *spec = reader->spec;
    const struct spec_context *context = reader->context;
    int64_t linger_ns = 0, duration_ns = 0, holds_bytes = 0, seed = (int64_t)context->seed, dry_run = 0;
    int64_t max_tasks = spec_field_max(context, SPEC_MAX_TASKS);
    int64_t max_heap_bytes = spec_field_max(context, SPEC_MAX_HEAP);
    CHECK(unit_parse_size(spec_fields[SPEC_HOLDS].fallback, &holds_bytes) == ERR_OK);
    read_mode(reader);
    read_leak_share(reader);
    read_name(reader, false);
    if (read_rate(reader))
        read_shape(reader);
    if (spec->rate.starts_millionths > 0)
        linger_ns = LINGER_WITH_RATE_NS;
    read_number(reader, SPEC_LINGER, &linger_ns);
    read_number(reader, SPEC_DURATION, &duration_ns);
    read_number(reader, SPEC_AT, &spec->at_ns);
    read_number(reader, SPEC_HOLDS, &holds_bytes);
    read_number(reader, SPEC_MAX_TASKS, &max_tasks);
    read_number(reader, SPEC_MAX_HEAP, &max_heap_bytes);
    read_number(reader, SPEC_SEED, &seed);
    read_number(reader, SPEC_DRY_RUN, &dry_run);
    spec->linger_ns = linger_ns;
    spec->duration_ns = duration_ns;
    spec->holds_bytes = holds_bytes;
    spec->max_tasks = (uint64_t)max_tasks;
    spec->max_heap_bytes = (uint64_t)max_heap_bytes;
    spec->seed = (uint64_t)seed;
    spec->dry_run = dry_run != 0;
    read_params(reader);
    const char *member;
    json_t *value;
    /* The macro wants a json_t that it may change; reading does not. */
    json_object_foreach((json_t *)(uintptr_t)reader->body, member, value)
    {
        (void)value;
        if (problem_count(reader->problem) >= LIMIT_REPORTED_ERRORS)
            break;
        if (!known(reader, member))
            fault_unknown(reader, member);
    }
}

/* An action on a scenario that is there takes its name, and nothing else. */
static void read_other(struct reader *reader)
{
    read_name(reader, true);
    const char *member;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)reader->body, member, value)
    {
        (void)value;
        if (problem_count(reader->problem) >= LIMIT_REPORTED_ERRORS)
            break;
        if (strcmp(member, spec_fields[SPEC_NAME].name) != 0 &&
            strcmp(member, spec_fields[SPEC_ACTION].name) != 0)
            fault(reader, member, "does not go with the action %s, which takes a name only",
                  action_words[reader->spec->action]);
    }
}

enum err spec_parse(const struct spec_context *context, const json_t *body, struct spec *spec,
                    json_t **problem)
{
    *spec = (struct spec){.rate = {0, RATE_SECOND_NS}};
    *problem = NULL;
    if (!json_is_object(body)) {
        *problem = problem_new(400, "the body must be an object with the fields of a scenario");
        problem_add(*problem, "", "must be an object");
        return *problem == NULL ? ERR_MEMORY : ERR_SYNTAX;
    }
    struct reader reader = {.context = context, .body = body, .spec = spec};
    read_action(&reader);
    if (spec->action == ACTION_SPAWN)
        read_spawn(&reader);
    else
        read_other(&reader);
    size_t faults = problem_count(reader.problem);
    if (faults > 1)
        problem_set_detail(reader.problem, "%zu fields are not right", faults);
    if (reader.no_memory) {
        json_decref(reader.problem);
        return ERR_MEMORY;
    }
    *problem = reader.problem;
    return reader.problem == NULL ? ERR_OK : ERR_RANGE;
}

struct arrival spec_arrival(const struct spec *spec)
{
    return (struct arrival){
        .rate = spec->rate,
        .shape = spec->shape,
        .period_ns = spec->shape_period_ns,
        .low = spec->shape_low,
        .jitter = spec->jitter,
        .seed = spec->seed,
    };
}

/* Starts draw from streams of their own (see struct start); this one is none of them. */
#define CHOICE_SALT 0x6d69782d6c65616bu

size_t spec_choose(const struct spec *spec, uint64_t start)
{
    if (spec->mode.variant != VARIANT_MIX)
        return 0;
    struct rng rng = {(spec->seed ^ CHOICE_SALT) + start * 0xd1342543de82ef95u};
    return rng_below(&rng, SHARE_WHOLE) < (uint32_t)spec->leak_share ? 0 : 1;
}

struct workload_spec spec_workload(const struct spec *spec, struct tally *tally)
{
    return (struct workload_spec){
        .tally = tally,
        .params = spec->params,
        .linger_ns = spec->linger_ns,
        .holds_bytes = spec->holds_bytes,
        .seed = spec->seed,
        .max_tasks = spec->max_tasks,
        .max_heap_bytes = spec->max_heap_bytes,
    };
}

static json_t *duration_json(int64_t ns)
{
    char text[UNIT_TEXT];
    return ns == 0 ? json_null() : json_string(unit_format_duration(ns, text));
}

static json_t *share_json(int64_t share)
{
    char text[UNIT_TEXT];
    return json_string(share_format(share, text));
}

static json_t *size_json(uint64_t bytes)
{
    char text[UNIT_TEXT];
    return json_string(unit_format_size((int64_t)bytes, text));
}

json_t *param_json(const struct param *param, int64_t value)
{
    char text[PARAM_TEXT];
    if (param->type == PARAM_COUNT)
        return json_integer(value);
    return json_string(param_format(param, value, text));
}

json_t *spec_json(const struct spec *spec)
{
    char at[UNIT_TEXT];
    char mode[MODE_TEXT];
    json_t *object = json_pack("{s:s, s:s}", spec_fields[SPEC_MODE].name, mode_format(spec->mode, mode),
                               spec_fields[SPEC_NAME].name, spec->name);
    const struct pattern *pattern = spec->mode.pattern;
    int failed = object == NULL;
    for (uint16_t i = 0; i < pattern->param_count; i++)
        failed |= json_object_set_new(object, pattern->params[i].name,
                                      param_json(&pattern->params[i], spec->params[i]));
    const struct {
        enum spec_field field;
        json_t *value;
    } rest[] = {
        {SPEC_RATE, rate_json(spec->rate)},
        {SPEC_SHAPE, json_string(shape_word(spec->shape))},
        {SPEC_SHAPE_PERIOD, duration_json(spec->shape_period_ns)},
        {SPEC_SHAPE_LOW, shape_takes_low(spec->shape) ? share_json(spec->shape_low) : json_null()},
        {SPEC_JITTER, share_json(spec->jitter)},
        {SPEC_LEAK_SHARE, spec->mode.variant == VARIANT_MIX ? share_json(spec->leak_share) : json_null()},
        {SPEC_LINGER, duration_json(spec->linger_ns)},
        {SPEC_DURATION, duration_json(spec->duration_ns)},
        {SPEC_AT, json_string(unit_format_duration(spec->at_ns, at))},
        {SPEC_HOLDS, size_json((uint64_t)spec->holds_bytes)},
        {SPEC_MAX_TASKS, json_integer((json_int_t)spec->max_tasks)},
        {SPEC_MAX_HEAP, size_json(spec->max_heap_bytes)},
        {SPEC_SEED, json_integer((json_int_t)spec->seed)},
    };
    /* A value goes with json_object_set_new() whether it fails or not. */
    for (size_t i = 0; i < COUNT_OF(rest); i++)
        failed |= json_object_set_new(object, spec_fields[rest[i].field].name, rest[i].value);
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}
