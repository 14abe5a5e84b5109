/* Parameters as a workload's settings meet them: reading, writing, defaults. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "language/compiler.h"

const struct param *pattern_param(const struct pattern *pattern, const char *name, uint16_t *index)
{
    for (uint16_t i = 0; i < pattern->param_count; i++) {
        if (strcmp(pattern->params[i].name, name) == 0) {
            if (index != NULL)
                *index = i;
            return &pattern->params[i];
        }
    }
    return NULL;
}

/* What would have been right, and the same error, so that a caller returns it. */
static enum err explain(const struct param *param, enum err err, struct buf *why)
{
    char min[PARAM_TEXT], max[PARAM_TEXT];
    if (param->type != PARAM_CHOICE) {
        buf_printf(why, "must be %s, from %s to %s", type_phrase(param->type),
                   type_format(param->type, param->min, min), type_format(param->type, param->max, max));
        return err;
    }
    buf_puts(why, "must be ");
    for (uint16_t i = 0; i < param->choice_count; i++) {
        const char *before = i == 0 ? "" : i + 1 == param->choice_count ? " or " : ", ";
        buf_printf(why, "%s\"%s\"", before, param->choices[i]);
    }
    return err;
}

enum err param_parse(const struct param *param, const char *text, int64_t *value, struct buf *why)
{
    int64_t number;
    for (uint16_t i = 0; i < param->choice_count; i++) {
        if (strcmp(param->choices[i], text) == 0) {
            *value = i;
            return ERR_OK;
        }
    }
    enum err err = type_parse(param->type, text, &number);
    if (err == ERR_OK && (number < param->min || number > param->max))
        err = ERR_RANGE;
    if (err != ERR_OK)
        return explain(param, err, why);
    *value = number;
    return ERR_OK;
}

enum err param_from_number(const struct param *param, double number, int64_t *value, struct buf *why)
{
    if (param->type == PARAM_CHOICE || param->type == PARAM_PERCENT)
        return explain(param, ERR_SYNTAX, why);
    double scaled = param->type == PARAM_DURATION ? round(number * 1e9) : number;
    if (isnan(scaled) || scaled < (double)param->min || scaled > (double)param->max)
        return explain(param, ERR_RANGE, why);
    if (scaled != floor(scaled))
        return explain(param, ERR_SYNTAX, why);
    *value = (int64_t)scaled;
    return ERR_OK;
}

const char *param_format(const struct param *param, int64_t value, char text[static PARAM_TEXT])
{
    if (param->type != PARAM_CHOICE)
        return type_format(param->type, value, text);
    CHECK(value >= 0 && value < param->choice_count);
    snprintf(text, PARAM_TEXT, "%s", param->choices[value]);
    return text;
}

int64_t param_default(const struct pattern *pattern, uint16_t index, const int64_t *params, int64_t linger_ns)
{
    CHECK(index < pattern->param_count);
    const struct param *param = &pattern->params[index];
    int64_t value = value_resolve(&param->default_value, params, linger_ns, 0);
    return value < param->min ? param->min : value > param->max ? param->max : value;
}
