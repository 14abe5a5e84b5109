/* Operands: literals with units, parameters and the builtins, with a little arithmetic by constants. */
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/unit.h"
#include "language/compiler.h"

/* What a factor may be. */
#define FACTOR_MAX 1000000

struct bounds type_bounds(enum param_type type)
{
    static const struct bounds bounds[PARAM_TYPES] = {
        [PARAM_COUNT] = {0, LIMIT_COUNT},        [PARAM_DURATION] = {0, LIMIT_DURATION_NS},
        [PARAM_SIZE] = {0, LIMIT_HOLD_BYTES},    [PARAM_PERCENT] = {0, 1000000},
        [PARAM_CHOICE] = {0, LIMIT_CHOICES - 1},
    };
    return bounds[type];
}

const char *param_type_word(enum param_type type)
{
    static const char *const words[] = {
#define X(name, word, article, example) word,
        PARAM_TYPE_TABLE(X)
#undef X
    };
    CHECK(type < PARAM_TYPES);
    return words[type];
}

const char *type_article(enum param_type type)
{
    static const char *const articles[] = {
#define X(name, word, article, example) article,
        PARAM_TYPE_TABLE(X)
#undef X
    };
    CHECK(type < PARAM_TYPES);
    return articles[type];
}

const char *type_phrase(enum param_type type)
{
    static const char *const phrases[] = {
#define X(name, word, article, example) article " such as " example,
        PARAM_TYPE_TABLE(X)
#undef X
    };
    CHECK(type < PARAM_TYPES);
    return phrases[type];
}

const char *type_format(enum param_type type, int64_t value, char text[static PARAM_TEXT])
{
    switch (type) {
    case PARAM_DURATION:
        return unit_format_duration(value, text);
    case PARAM_SIZE:
        return unit_format_size(value, text);
    case PARAM_PERCENT:
        return unit_format_percent(value, text);
    case PARAM_COUNT:
    case PARAM_CHOICE:
    case PARAM_TYPES:
        break;
    }
    snprintf(text, PARAM_TEXT, "%lld", (long long)value);
    return text;
}

enum err type_parse(enum param_type type, const char *text, int64_t *value)
{
    switch (type) {
    case PARAM_COUNT:
        return unit_parse_count(text, value);
    case PARAM_DURATION:
        return unit_parse_duration(text, value);
    case PARAM_SIZE:
        return unit_parse_size(text, value);
    case PARAM_PERCENT:
        return unit_parse_percent(text, value);
    case PARAM_CHOICE:
    case PARAM_TYPES:
        break;
    }
    return ERR_SYNTAX;
}

bool type_of_literal(const char *text, enum param_type *type)
{
    for (enum param_type each = PARAM_COUNT; each < PARAM_CHOICE; each++) {
        int64_t value;
        enum err err = type_parse(each, text, &value);
        if (err == ERR_OK || err == ERR_RANGE) {
            *type = each;
            return true;
        }
    }
    return false;
}

/* ---- the base: a literal, a parameter, a builtin ---- */

static void report_range(struct compiler *compiler, const struct word *word, struct need need)
{
    char min[PARAM_TEXT], max[PARAM_TEXT];
    report(compiler, word, "%s needs %s from %s to %s, not \"%s\"", need.who, type_article(need.type),
           type_format(need.type, need.bounds.min, min), type_format(need.type, need.bounds.max, max),
           word->text);
}

static void report_type(struct compiler *compiler, const struct word *word, struct need need,
                        enum param_type type)
{
    report(compiler, word, "%s needs %s, not the %s \"%s\"", need.who, type_phrase(need.type),
           param_type_word(type), word->text);
}

/* A word that is no literal of any type and no name that is known. */
static void report_unknown(struct compiler *compiler, const struct word *word, struct need need)
{
    const char *phrase = type_phrase(need.type);
    if (!name_valid(word->text)) {
        report(compiler, word, "%s needs %s, not \"%s\"", need.who, phrase, word->text);
        return;
    }
    const char *words[LIMIT_PARAMS + 2];
    size_t count = 0;
    for (uint16_t i = 0; i < compiler->pattern->param_count; i++)
        if (compiler->pattern->params[i].type == need.type)
            words[count++] = compiler->pattern->params[i].name;
    if (need.type == PARAM_DURATION)
        words[count++] = "linger";
    if (need.type == PARAM_SIZE && !need.default_of_param)
        words[count++] = "holds";
    if (count == 0)
        report(compiler, word, "%s needs %s; no parameter is called \"%s\"", need.who, phrase, word->text);
    else
        report(compiler, word, "%s needs %s; no parameter is called \"%s\": %s", need.who, phrase, word->text,
               suggestion(compiler, word->text, words, count));
}

static bool base_name(struct compiler *compiler, const struct word *word, struct need need,
                      struct value *value)
{
    enum param_type type;
    uint16_t index;
    const struct param *param = pattern_param(compiler->pattern, word->text, &index);
    if (param != NULL) {
        type = param->type;
        *value = (struct value){.kind = VALUE_PARAM, .index = index};
    } else if (strcmp(word->text, "linger") == 0) {
        type = PARAM_DURATION;
        *value = (struct value){.kind = VALUE_LINGER};
    } else if (strcmp(word->text, "holds") == 0 && !need.default_of_param) {
        type = PARAM_SIZE;
        *value = (struct value){.kind = VALUE_HOLDS};
    } else {
        report_unknown(compiler, word, need);
        return false;
    }
    if (type == PARAM_TYPES)
        return false; /* the parameter itself is faulty, which was reported */
    if (type != need.type) {
        report_type(compiler, word, need, type);
        return false;
    }
    return true;
}

static bool base_literal(struct compiler *compiler, const struct word *word, struct need need,
                         struct value *value)
{
    enum param_type type;
    int64_t number;
    enum err err = type_parse(need.type, word->text, &number);
    if (err == ERR_OK) {
        *value = (struct value){.kind = VALUE_CONSTANT, .number = number};
        return true;
    }
    if (err == ERR_RANGE)
        report_range(compiler, word, need);
    else if (type_of_literal(word->text, &type))
        report_type(compiler, word, need, type);
    else
        report_unknown(compiler, word, need);
    return false;
}

/* ---- arithmetic ---- */

static bool is_one_of(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

static bool factor(struct compiler *compiler, const struct word *sign, const struct word *word,
                   struct value *value)
{
    int64_t number;
    uint16_t index;
    const struct param *param = pattern_param(compiler->pattern, word->text, &index);
    if (sign->text[0] == '*' && param != NULL && param->type == PARAM_COUNT) {
        value->by = (uint16_t)(index + 1);
        return true;
    }
    if (type_parse(PARAM_COUNT, word->text, &number) != ERR_OK || number < 1 || number > FACTOR_MAX) {
        report(compiler, word, "behind \"%s\" stands a whole number from 1 to %d%s, not \"%s\"", sign->text,
               FACTOR_MAX, sign->text[0] == '*' ? " or a parameter that is one" : "", word->text);
        return false;
    }
    if (sign->text[0] == '*')
        value->times = (int32_t)number;
    else
        value->over = (int32_t)number;
    return true;
}

static bool addend(struct compiler *compiler, const struct word *sign, const struct word *word,
                   struct need need, struct value *value)
{
    int64_t number;
    if (type_parse(need.type, word->text, &number) != ERR_OK) {
        report(compiler, word, "behind \"%s\" stands %s, not \"%s\"", sign->text, type_phrase(need.type),
               word->text);
        return false;
    }
    value->number += sign->text[0] == '+' ? number : -number;
    return true;
}

/* Bounds are kept only where arithmetic may leave them, so that equal operands stay equal. */
static bool settle(struct compiler *compiler, const struct word *word, struct need need, bool arithmetic,
                   struct value *value)
{
    if (value->kind == VALUE_CONSTANT) {
        if (value->number < need.bounds.min || value->number > need.bounds.max) {
            report_range(compiler, word, need);
            return false;
        }
        return true;
    }
    char least[PARAM_TEXT];
    if (arithmetic || value->kind != VALUE_PARAM) {
        value->min = need.bounds.min;
        value->max = need.bounds.max;
        return true;
    }
    const struct param *param = &compiler->pattern->params[value->index];
    if (param->min < need.bounds.min && !need.default_of_param) {
        type_format(need.type, need.bounds.min, least);
        report(compiler, word, "%s is at least %s, and \"%s\" may be less: give it \"min: %s\"", need.who,
               least, word->text, least);
        return false;
    }
    return true;
}

bool operand_compile(struct compiler *compiler, const struct word *words, unsigned count, struct need need,
                     const struct node *node, struct value *value)
{
    if (count == 0) {
        report(compiler, node, "%s needs %s", need.who, type_phrase(need.type));
        return false;
    }
    bool literal = words[0].text[0] >= '0' && words[0].text[0] <= '9';
    if (literal ? !base_literal(compiler, &words[0], need, value)
                : !base_name(compiler, &words[0], need, value))
        return false;
    unsigned at = 1;
    if (!literal && at + 1 < count && is_one_of(words[at].text, "*", "/")) {
        if (!factor(compiler, &words[at], &words[at + 1], value))
            return false;
        at += 2;
    }
    if (!literal && at + 1 < count && is_one_of(words[at].text, "+", "-")) {
        if (!addend(compiler, &words[at], &words[at + 1], need, value))
            return false;
        at += 2;
    }
    if (at < count) {
        report(compiler, &words[at], "\"%s\" is too much here: an operand is %s, or a parameter%s",
               words[at].text, type_phrase(need.type),
               literal ? "" : ", then * or / and a number, then + or - and one");
        return false;
    }
    return settle(compiler, &words[0], need, at > 1, value);
}
