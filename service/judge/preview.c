#include "judge/preview.h"

#include <stdio.h>
#include <stdlib.h>

#include "judge/flow.h"
#include "judge/locks.h"
#include "judge/release.h"

#define SMALL_COUNT 100 /* what larger defaults are cut down to where their bounds allow it */

static int64_t small(const struct param *param, int64_t value)
{
    if (param->type != PARAM_COUNT || value <= SMALL_COUNT)
        return value;
    return param->min > SMALL_COUNT ? param->min : SMALL_COUNT;
}

/* The parameters with one of them set to one of its words; `index` beyond all parameters sets none. */
static void params_set(const struct pattern *pattern, uint16_t index, uint16_t word,
                       int64_t params[LIMIT_PARAMS])
{
    for (uint16_t i = 0; i < pattern->param_count; i++) {
        params[i] = param_default(pattern, i, params, LINGER_OPEN_NS);
        params[i] = i == index ? word : small(&pattern->params[i], params[i]);
    }
}

/* ---- one setting ---- */

static void trial_worst(struct trial *worst, const struct trial *trial)
{
    worst->cut |= trial->cut;
    worst->left = trial->left > worst->left ? trial->left : worst->left;
    worst->tickers = trial->tickers > worst->tickers ? trial->tickers : worst->tickers;
    worst->resources = trial->resources > worst->resources ? trial->resources : worst->resources;
    worst->panicked = trial->panicked > worst->panicked ? trial->panicked : worst->panicked;
}

static enum err look(struct preview *preview, struct flow *flow, const int64_t *params,
                     struct exit exits[LIMIT_TASK_KINDS])
{
    struct trial trial;
    enum err err = locks_look(flow, &preview->findings);
    if (err == ERR_OK)
        err = exits_look(flow, &preview->findings, exits);
    if (err != ERR_OK)
        return err;
    release_look(flow, &preview->findings);
    err = trial_run(flow, params, &preview->findings, &trial);
    if (err == ERR_OK)
        trial_worst(&preview->trial, &trial);
    return err;
}

static enum err look_with(struct preview *preview, const struct roles *roles, const int64_t *params,
                          struct exit exits[LIMIT_TASK_KINDS])
{
    const struct program *program = preview->program;
    int64_t *values = calloc(program->value_count + 1u, sizeof *values);
    struct flow *flow = calloc(1, sizeof *flow);
    enum err err = ERR_MEMORY;
    if (values != NULL && flow != NULL) {
        program_resolve(program, params, LINGER_OPEN_NS, 0, values);
        err = flow_init(flow, program, values, roles);
        if (err == ERR_OK) {
            err = look(preview, flow, params, exits);
            flow_deinit(flow);
        }
    }
    free(flow);
    free(values);
    return err;
}

/* ---- all settings ---- */

static enum err look_at_words(struct preview *preview, const struct pattern *pattern,
                              const struct roles *roles, struct exit exits[LIMIT_TASK_KINDS])
{
    int64_t defaults[LIMIT_PARAMS], params[LIMIT_PARAMS];
    enum err err = ERR_OK;
    unsigned settings = 0;
    params_set(pattern, LIMIT_PARAMS, 0, defaults);
    for (uint16_t i = 0; i < pattern->param_count; i++) {
        const struct param *param = &pattern->params[i];
        for (uint16_t word = 0; param->type == PARAM_CHOICE && word < param->choice_count; word++) {
            if (err != ERR_OK || word == defaults[i] || settings++ >= LIMIT_SETTINGS)
                continue;
            params_set(pattern, i, word, params);
            snprintf(preview->findings.setting, FINDING_SETTING, "%s=%s", param->name, param->choices[word]);
            err = look_with(preview, roles, params, exits);
        }
    }
    return err;
}

static enum err look_at_all(struct preview *preview, const struct pattern *pattern, const struct roles *roles)
{
    int64_t params[LIMIT_PARAMS];
    struct exit *others = calloc(LIMIT_TASK_KINDS, sizeof *others);
    if (others == NULL)
        return ERR_MEMORY;
    params_set(pattern, LIMIT_PARAMS, 0, params);
    enum err err = look_with(preview, roles, params, preview->exits);
    if (err == ERR_OK)
        err = look_at_words(preview, pattern, roles, others);
    free(others);
    findings_sort(&preview->findings);
    return err;
}

/* What the pattern states, with the defaults as a user gets them. */
static void expected(const struct pattern *pattern, struct preview *preview)
{
    const struct program *program = preview->program;
    int64_t params[LIMIT_PARAMS];
    for (uint16_t i = 0; i < pattern->param_count; i++)
        params[i] = param_default(pattern, i, params, LINGER_OPEN_NS);
    for (enum expect i = 0; i < EXPECTS; i++)
        preview->expected[i] = value_resolve(&program->values[program->expect[i]], params, LINGER_OPEN_NS, 0);
}

enum err preview_new(const struct pattern *pattern, enum variant variant, struct preview **preview)
{
    struct preview *made = calloc(1, sizeof *made);
    struct roles roles;
    if (made == NULL)
        return ERR_MEMORY;
    made->program = pattern->variants[variant].program;
    made->variant = variant;
    expected(pattern, made);
    enum err err = findings_init(&made->findings, made->program);
    if (err == ERR_OK)
        err = roles_init(&roles, made->program);
    if (err == ERR_OK) {
        err = look_at_all(made, pattern, &roles);
        roles_deinit(&roles);
    }
    if (err == ERR_OK)
        *preview = made;
    else
        preview_free(made);
    return err;
}

void preview_free(struct preview *preview)
{
    if (preview == NULL)
        return;
    findings_deinit(&preview->findings);
    free(preview);
}

/* ---- what it comes to ---- */

bool preview_declared(const struct preview *preview, const struct finding *finding)
{
    enum expect expect = finding_expect(finding->kind);
    return expect == EXPECTS ? preview->variant == VARIANT_LEAK : preview->expected[expect] > 0;
}

bool preview_expects(const struct preview *preview)
{
    for (enum expect i = 0; i < EXPECTS; i++)
        if (preview->expected[i] > 0)
            return true;
    return false;
}

uint32_t preview_undeclared(const struct preview *preview)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < preview->findings.count; i++)
        count += !preview_declared(preview, &preview->findings.items[i]);
    return count;
}

const struct finding *preview_keeps(const struct preview *preview, uint16_t kind)
{
    for (uint32_t i = 0; i < preview->findings.count; i++) {
        const struct finding *finding = &preview->findings.items[i];
        if (preview->program->steps[finding->step].kind == kind && finding_stays(finding->kind) &&
            finding->setting[0] == '\0')
            return finding;
    }
    return NULL;
}
