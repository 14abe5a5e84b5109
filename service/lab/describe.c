#include "lab/describe.h"

#include <string.h>

#include "base/macros.h"
#include "base/unit.h"

/* Sets a member that may fail to be made; what fails once stays failed. */
static void put(json_t *object, const char *key, json_t *value, int *failed)
{
    *failed |= json_object_set_new(object, key, value);
}

static json_t *finished(json_t *object, int failed)
{
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

/* A bound or a default of a field in the unit that a user writes. */
static json_t *field_value(const struct field *field, int64_t value)
{
    char text[UNIT_TEXT];
    if (field->type == FIELD_DURATION)
        return json_string(unit_format_duration(value, text));
    if (field->type == FIELD_SIZE)
        return json_string(unit_format_size(value, text));
    if (field->type == FIELD_PERCENT || field->type == FIELD_SHARE)
        return json_string(share_format(value, text));
    return json_integer(field->type == FIELD_RATE ? value / 1000000 : value);
}

static json_t *shapes(void)
{
    json_t *words = json_array();
    int failed = words == NULL;
    for (int shape = 0; shape < SHAPES; shape++)
        failed |= json_array_append_new(words, json_string(shape_word((enum shape)shape)));
    return finished(words, failed);
}

static json_t *describe_field(const struct spec_context *context, enum spec_field id)
{
    const struct field *field = &spec_fields[id];
    bool numeric = field->type == FIELD_RATE || field->type == FIELD_DURATION || field->type == FIELD_SIZE ||
                   field->type == FIELD_COUNT || field->type == FIELD_PERCENT || field->type == FIELD_SHARE;
    bool limit = id == SPEC_MAX_TASKS || id == SPEC_MAX_HEAP;
    json_t *object = json_pack("{s:s, s:s, s:b}", "name", field->name, "type", field_type_word(field->type),
                               "required", id == SPEC_MODE);
    int failed = object == NULL;
    if (limit)
        put(object, "default", field_value(field, spec_field_max(context, id)), &failed);
    else
        put(object, "default", field->fallback[0] == '\0' ? json_null() : json_string(field->fallback),
            &failed);
    if (numeric) {
        put(object, "min", field_value(field, field->min), &failed);
        put(object, "max", field_value(field, spec_field_max(context, id)), &failed);
    }
    if (field->type == FIELD_SHAPE)
        put(object, "choices", shapes(), &failed);
    put(object, "unit", json_string(field->unit), &failed);
    put(object, "about", json_string(field->about), &failed);
    return finished(object, failed);
}

static json_t *describe_param(const struct param *param)
{
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", param->name, "type", param_type_word(param->type),
                  "default", param->default_text, "unit", param->unit, "about", param->about);
    int failed = object == NULL;
    if (param->type != PARAM_CHOICE) {
        put(object, "min", param_json(param, param->min), &failed);
        put(object, "max", param_json(param, param->max), &failed);
        return finished(object, failed);
    }
    json_t *choices = json_array();
    for (uint16_t i = 0; i < param->choice_count; i++)
        failed |= json_array_append_new(choices, json_string(param->choices[i]));
    put(object, "choices", choices, &failed);
    return finished(object, failed);
}

/* As written: "n" when only tasks are stated, {"tasks": "0", "tickers": "n"} otherwise. */
static json_t *describe_expect(const struct pattern_variant *variant)
{
    json_t *object = json_object();
    int failed = 0;
    for (enum expect expect = 0; expect < EXPECTS; expect++)
        if (variant->expect_texts[expect] != NULL)
            put(object, expect_word(expect), json_string(variant->expect_texts[expect]), &failed);
    if (json_object_size(object) > 1)
        return finished(object, failed);
    json_decref(object);
    return json_string(variant->expect_texts[EXPECT_TASKS]);
}

json_t *describe_pattern(const struct pattern *pattern, bool whole)
{
    json_t *modes = json_array();
    json_t *params = json_array();
    json_t *expect = json_object();
    int failed = 0;
    for (int variant = 0; variant <= VARIANT_MIX; variant++) {
        char text[MODE_TEXT];
        struct mode mode = {pattern, (enum variant)variant};
        if (!mode_exists(mode))
            continue;
        failed |= json_array_append_new(modes, json_string(mode_format(mode, text)));
        if (mode.variant != VARIANT_MIX)
            put(expect, variant_word(mode.variant), describe_expect(&pattern->variants[variant]), &failed);
    }
    for (uint16_t i = 0; i < pattern->param_count; i++)
        failed |= json_array_append_new(params, describe_param(&pattern->params[i]));
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", pattern->name, "title", pattern->title, "story",
                  pattern->story, "remedy", pattern->remedy, "signature", pattern->signature);
    failed |= object == NULL;
    put(object, "own", json_boolean(pattern->own), &failed);
    put(object, "modes", modes, &failed);
    put(object, "params", params, &failed);
    put(object, "expect", expect, &failed);
    if (whole) {
        put(object, "file", json_string(pattern->file), &failed);
        put(object, "source", json_stringn(pattern->source, pattern->source_bytes), &failed);
    }
    return finished(object, failed);
}

json_t *describe_patterns(const struct spec_context *context)
{
    json_t *patterns = json_array();
    json_t *fields = json_array();
    int failed = 0;
    for (size_t i = 0; i < context->catalogue->count; i++)
        failed |= json_array_append_new(patterns, describe_pattern(context->catalogue->patterns[i], false));
    for (size_t i = 0; i < SPEC_FIELDS; i++)
        failed |= json_array_append_new(fields, describe_field(context, (enum spec_field)i));
    json_t *object = json_object();
    failed |= object == NULL;
    put(object, "patterns", patterns, &failed);
    put(object, "fields", fields, &failed);
    return finished(object, failed);
}
