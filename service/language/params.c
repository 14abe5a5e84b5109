/* The declaration of parameters. */
#include <string.h>

#include "base/macros.h"
#include "language/compiler.h"

bool param_name_reserved(const char *name)
{
    /* Fields of POST /scenario, flags of the commands, and words of the language. */
    static const char *const reserved[] = {
        "action",    "mode",   "name", "rate",      "shape",    "leak_share", "linger",
        "duration",  "holds",  "seed", "max_tasks", "max_heap", "dry_run",    "pattern",
        "variant",   "help",   "json", "version",   "is",       "not",        "shape_period",
        "shape_low", "jitter", "at",   "patterns",  "instance"};
    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        if (strcmp(reserved[i], name) == 0)
            return true;
    return false;
}

/* The type of what the default's first word is; PARAM_TYPES when it is nothing known. */
static enum param_type default_type(const struct compiler *compiler, const struct words *words)
{
    enum param_type type;
    if (words->count == 0)
        return PARAM_TYPES;
    const struct param *param = pattern_param(compiler->pattern, words->items[0].text, NULL);
    if (param != NULL)
        return param->type == PARAM_CHOICE ? PARAM_TYPES : param->type;
    if (strcmp(words->items[0].text, "linger") == 0)
        return PARAM_DURATION;
    return type_of_literal(words->items[0].text, &type) ? type : PARAM_TYPES;
}

static void bound_compile(struct compiler *compiler, const struct node *node, const char *who,
                          enum param_type type, int64_t *bound)
{
    struct words words;
    struct value value = {0};
    struct need need = {.who = who, .type = type, .bounds = type_bounds(type), .default_of_param = true};
    if (node == NULL || text_read(compiler, node) == NULL || !words_split(compiler, node, &words) ||
        !operand_compile(compiler, words.items, words.count, need, node, &value))
        return;
    if (value.kind == VALUE_CONSTANT)
        *bound = value.number;
    else
        report(compiler, node, "%s needs %s, not a parameter", who, type_phrase(type));
}

static bool choice_compile(struct compiler *compiler, const struct node *choices, struct param *param)
{
    if (choices->kind != NODE_LIST || choices->count == 0) {
        report(compiler, choices, "\"choices\" is a list of words such as [deadline, buffer]");
        return false;
    }
    if (choices->count > LIMIT_CHOICES)
        return accepted(compiler, choices, ERR_LIMIT, "choices", LIMIT_CHOICES);
    const char **words = arena_alloc(compiler->pattern->arena, choices->count * sizeof *words);
    if (words == NULL) {
        report_memory(compiler);
        return false;
    }
    uint16_t count = 0;
    for (const struct node *each = choices->first; each != NULL; each = each->next) {
        const char *word = text_read(compiler, each);
        if (word == NULL || !name_check(compiler, each, "a choice"))
            return false;
        for (uint16_t i = 0; i < count; i++) {
            if (strcmp(words[i], word) == 0) {
                report(compiler, each, "the choice \"%s\" stands here twice", word);
                return false;
            }
        }
        words[count++] = word;
    }
    param->choices = words;
    param->choice_count = count;
    param->max = count - 1;
    return true;
}

static bool choice_default(struct compiler *compiler, const struct node *node, struct param *param)
{
    for (uint16_t i = 0; i < param->choice_count; i++) {
        if (strcmp(param->choices[i], param->default_text) == 0) {
            param->default_value = (struct value){.kind = VALUE_CONSTANT, .number = i};
            return true;
        }
    }
    report(compiler, node, "the default \"%s\" is none of the choices: %s", param->default_text,
           suggestion(compiler, param->default_text, param->choices, param->choice_count));
    return false;
}

/* Everything but a choice: the default says of which type the parameter is. */
static bool number_compile(struct compiler *compiler, const struct node *map, const struct node *node,
                           struct param *param)
{
    struct words words;
    if (!words_split(compiler, node, &words))
        return false;
    param->default_text = arena_text(compiler->pattern->arena, words.text, strlen(words.text));
    if (param->default_text == NULL) {
        report_memory(compiler);
        return false;
    }
    enum param_type type = default_type(compiler, &words);
    const struct param *base =
        words.count == 0 ? NULL : pattern_param(compiler->pattern, words.items[0].text, NULL);
    if (base != NULL && base->type == PARAM_TYPES)
        return false; /* that one is faulty, which was reported */
    if (type == PARAM_TYPES) {
        report(compiler, node,
               "the default \"%s\" is neither a number such as 16, 10ms, 4KiB or 2%%, nor linger, nor an "
               "earlier "
               "parameter; a word needs \"choices\"",
               words.text);
        return false;
    }
    struct bounds bounds = type_bounds(type);
    bound_compile(compiler, node_member(map, "min"), "\"min\"", type, &bounds.min);
    bound_compile(compiler, node_member(map, "max"), "\"max\"", type, &bounds.max);
    if (bounds.min > bounds.max) {
        report(compiler, node_member(map, "min") != NULL ? node_member(map, "min") : map,
               "\"min\" is above \"max\"");
        return false;
    }
    param->min = bounds.min;
    param->max = bounds.max;
    struct need need = {.who = "the default", .type = type, .bounds = bounds, .default_of_param = true};
    if (!operand_compile(compiler, words.items, words.count, need, node, &param->default_value))
        return false;
    param->type = type;
    return true;
}

static void param_texts(struct compiler *compiler, const struct node *map, struct param *param)
{
    const struct node *about = node_member(map, "about");
    const struct node *unit = node_member(map, "unit");
    param->unit = unit == NULL ? "" : text_read(compiler, unit);
    if (about == NULL)
        report(compiler, map->key, "\"%s\" needs \"about\": a sentence that says what it is", param->name);
    else
        param->about = text_read(compiler, about);
}

static void param_compile(struct compiler *compiler, const struct node *map, struct param *param)
{
    static const char *const keys[] = {"default", "unit", "about", "min", "max", "choices"};
    if (map->kind != NODE_MAP) {
        report(compiler, map, "a parameter is a mapping such as {default: 16, about: \"...\"}, not %s",
               node_kind_phrase(map));
        return;
    }
    keys_check(compiler, map, keys, COUNT_OF(keys));
    param_texts(compiler, map, param);
    const struct node *node = node_member(map, "default");
    const struct node *choices = node_member(map, "choices");
    if (node == NULL) {
        report(compiler, map->key, "\"%s\" needs a \"default\"", param->name);
        return;
    }
    param->default_text = text_read(compiler, node);
    if (param->default_text == NULL)
        return;
    if (choices == NULL) {
        number_compile(compiler, map, node, param);
        return;
    }
    const struct node *bound =
        node_member(map, "min") != NULL ? node_member(map, "min") : node_member(map, "max");
    if (bound != NULL)
        report(compiler, bound->key, "a parameter with \"choices\" has neither \"min\" nor \"max\"");
    if (choice_compile(compiler, choices, param) && choice_default(compiler, node, param))
        param->type = PARAM_CHOICE;
}

void params_compile(struct compiler *compiler, const struct node *params)
{
    struct pattern *pattern = compiler->pattern;
    if (params->kind != NODE_MAP) {
        report(compiler, params, "\"params\" is a mapping of names, not %s", node_kind_phrase(params));
        return;
    }
    if (params->count > LIMIT_PARAMS) {
        accepted(compiler, params->key, ERR_LIMIT, "parameters", LIMIT_PARAMS);
        return;
    }
    pattern->params = arena_alloc(pattern->arena, params->count * sizeof *pattern->params);
    if (pattern->params == NULL) {
        report_memory(compiler);
        return;
    }
    for (const struct node *each = params->first; each != NULL; each = each->next) {
        struct param param = {.type = PARAM_TYPES, .unit = "", .about = ""};
        param.name = text_read(compiler, each->key);
        if (param.name == NULL || !name_check(compiler, each->key, "a parameter"))
            continue;
        if (param_name_reserved(param.name))
            report(compiler, each->key, "\"%s\" cannot name a parameter: it means something else already",
                   param.name);
        param_compile(compiler, each, &param);
        pattern->params[pattern->param_count++] = param;
    }
}
