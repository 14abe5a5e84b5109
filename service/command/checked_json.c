#include "command/checked.h"
#include "language/catalogue.h"

/* Sets a member only if there is a value: a NULL object or value makes the whole NULL. */
static json_t *with(json_t *object, const char *key, json_t *value)
{
    if (object != NULL && json_object_set_new(object, key, value) == 0)
        return object;
    if (object == NULL)
        json_decref(value);
    json_decref(object);
    return NULL;
}

static json_t *json_exit(const struct preview *preview, uint16_t kind)
{
    const struct exit *exit = &preview->exits[kind];
    const struct finding *keeps = preview_keeps(preview, kind);
    json_t *object = json_pack("{s:s, s:b, s:b, s:s}", "task", preview->program->kinds[kind].name, "starts",
                               exit->started, "exits", exit->ends, "by", exit->text);
    if (keeps != NULL)
        object = with(object, "stays_at_line", json_integer(preview->program->steps[keeps->step].line));
    return object;
}

static json_t *json_finding(const struct preview *preview, const struct finding *finding)
{
    const struct step *step = &preview->program->steps[finding->step];
    json_t *object = json_pack(
        "{s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:s, s:b}", "kind", finding_word(finding->kind), "task",
        preview->program->kinds[step->kind].name, "line", (int)finding->line, "column", (int)finding->column,
        "step", step->text, "text", finding->text, "remedy", finding_remedy(finding->kind), "evidence",
        finding->trial ? "trial" : "program", "declared", preview_declared(preview, finding));
    if (finding->setting[0] != '\0')
        object = with(object, "setting", json_string(finding->setting));
    return object;
}

static json_t *json_trial(const struct trial *trial)
{
    return json_pack("{s:b, s:I, s:I, s:I, s:I}", "whole", !trial->cut, "tasks_left", (json_int_t)trial->left,
                     "tickers_left", (json_int_t)trial->tickers, "resources_left",
                     (json_int_t)trial->resources, "panicked", (json_int_t)trial->panicked);
}

/* Appends to an array, or frees it and returns NULL. */
static json_t *and_also(json_t *array, json_t *value)
{
    if (array != NULL && json_array_append_new(array, value) == 0)
        return array;
    if (array == NULL)
        json_decref(value);
    json_decref(array);
    return NULL;
}

static json_t *json_expected(const struct preview *preview)
{
    json_t *object = json_object();
    for (enum expect i = 0; i < EXPECTS; i++)
        object = with(object, expect_word(i), json_integer(preview->expected[i]));
    return object;
}

static json_t *json_preview(const struct pattern *pattern, const struct preview *preview)
{
    char mode[MODE_TEXT];
    json_t *tasks = json_array(), *found = json_array();
    for (uint16_t kind = 0; kind < preview->program->kind_count; kind++)
        tasks = and_also(tasks, json_exit(preview, kind));
    for (uint32_t i = 0; i < preview->findings.count; i++)
        found = and_also(found, json_finding(preview, &preview->findings.items[i]));
    json_t *object = json_pack("{s:s}", "mode", mode_format((struct mode){pattern, preview->variant}, mode));
    object = with(object, "expected", json_expected(preview));
    object = with(object, "tasks", tasks);
    object = with(object, "findings", found);
    return with(object, "trial", json_trial(&preview->trial));
}

json_t *checked_json(const struct checked *checked)
{
    uint32_t undeclared = 0;
    json_t *variants = json_array();
    for (enum variant which = 0; which < VARIANTS; which++) {
        if (checked->previews[which] == NULL)
            continue;
        undeclared += preview_undeclared(checked->previews[which]);
        variants = and_also(variants, json_preview(checked->pattern, checked->previews[which]));
    }
    json_t *object = json_pack("{s:s, s:b, s:[], s:s}", "file", checked->file, "ok", undeclared == 0,
                               "errors", "pattern", checked->pattern->name);
    return with(object, "variants", variants);
}
