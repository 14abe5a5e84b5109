#include "lab/own.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "lab/describe.h"
#include "lab/problem.h"

/* Scenarios that a refusal names. */
#define NAMED_USERS 10

/* ---- counting ---- */

static bool rows_fit(struct core *core, const struct pattern *pattern)
{
    uint32_t missing = 0;
    for (enum variant which = 0; which <= VARIANT_MIX; which++)
        missing +=
            mode_exists((struct mode){pattern, which}) && core_program(core, pattern->name, which) == NULL;
    return missing <= LIMIT_PROGRAMS - core->program_count;
}

/* Takes the tally from a row, which keeps what it counted. */
static void row_retire(struct core *core, struct core_program *row)
{
    if (row == NULL || row->tally == NULL)
        return;
    row->kept = tally_keep(row->tally);
    runtime_forget(&core->runtime, row->tally);
    row->tally = NULL;
}

static struct core_program *row_make(struct core *core, const char *pattern, enum variant variant)
{
    struct core_program *row = core_program(core, pattern, variant);
    if (row != NULL)
        return row;
    CHECK(core->program_count < LIMIT_PROGRAMS);
    row = &core->programs[core->program_count];
    row->core = core;
    row->variant = variant;
    row->parts[0] = core->program_count++;
    snprintf(row->pattern, sizeof row->pattern, "%s", pattern);
    return row;
}

static void row_set(struct core *core, const struct pattern *pattern, enum variant variant,
                    struct tally *tally)
{
    struct core_program *row = row_make(core, pattern->name, variant);
    row_retire(core, row);
    tally_resume(tally, &row->kept);
    row->tally = tally;
}

/* The row of a mix counts nothing but its scenarios; it points to the rows of what its starts run. */
static void mix_set(struct core *core, const struct pattern *pattern)
{
    static const enum variant variants[MODE_PROGRAMS] = {VARIANT_LEAK, VARIANT_FIX};
    if (!mode_exists((struct mode){pattern, VARIANT_MIX}))
        return;
    struct core_program *row = row_make(core, pattern->name, VARIANT_MIX);
    for (size_t i = 0; i < MODE_PROGRAMS; i++)
        row->parts[i] = (uint32_t)(core_program(core, pattern->name, variants[i]) - core->programs);
}

/* The tallies that a pattern needs, all or none. */
static enum err tallies_make(struct core *core, const struct pattern *pattern,
                             struct tally *tallies[static VARIANTS])
{
    for (enum variant which = 0; which < VARIANTS; which++) {
        const struct program *program = pattern->variants[which].program;
        tallies[which] = program == NULL ? NULL : runtime_tally(&core->runtime, program);
        if (tallies[which] != NULL || program == NULL)
            continue;
        while (which-- > 0)
            if (tallies[which] != NULL)
                runtime_forget(&core->runtime, tallies[which]);
        return ERR_MEMORY;
    }
    return ERR_OK;
}

/* Gives each variant of the pattern its tally; a variant that an older text had and this one has not loses
 * its own. */
static void rows_set(struct core *core, const struct pattern *pattern,
                     struct tally *const tallies[static VARIANTS])
{
    for (enum variant which = 0; which < VARIANTS; which++) {
        if (tallies[which] != NULL)
            row_set(core, pattern, which, tallies[which]);
        else
            row_retire(core, core_program(core, pattern->name, which));
    }
    mix_set(core, pattern);
}

enum err own_count(struct core *core, const struct pattern *pattern)
{
    struct tally *tallies[VARIANTS];
    enum err err = rows_fit(core, pattern) ? tallies_make(core, pattern, tallies) : ERR_LIMIT;
    if (err == ERR_OK)
        rows_set(core, pattern, tallies);
    return err;
}

/* ---- users ---- */

/* 409 when a scenario that has not finished uses the pattern, which *used tells; NULL also without memory. */
static json_t *problem_of_users(const struct core *core, const struct pattern *pattern, bool *used)
{
    struct buf names;
    size_t count = 0;
    struct link *link;
    buf_init(&names, PROBLEM_TEXT);
    list_each (link, &core->active) {
        const struct scenario *scenario = container_of(link, struct scenario, active);
        if (scenario->spec.mode.pattern == pattern && count++ < NAMED_USERS)
            buf_printf(&names, "%s\"%s\"", count == 1 ? "" : ", ", scenario->spec.name);
    }
    *used = count > 0;
    json_t *problem = NULL;
    if (*used)
        problem =
            problem_new(409, "the pattern \"%s\" is in use by %zu scenario%s that %s not finished: %s%s",
                        pattern->name, count, count == 1 ? "" : "s", count == 1 ? "has" : "have",
                        buf_text(&names), count > NAMED_USERS ? ", ..." : "");
    buf_deinit(&names);
    return problem;
}

/* Answers, and is true, when the pattern of the catalogue must stay as it is. */
static bool refuse_change(struct core *core, struct lab_request *request, const struct pattern *pattern)
{
    if (!pattern->own) {
        core_refuse(core, request,
                    problem_new(409,
                                "\"%s\" is a built-in pattern, which cannot be replaced or removed: choose "
                                "another name",
                                pattern->name));
        return true;
    }
    bool used;
    json_t *problem = problem_of_users(core, pattern, &used);
    if (used)
        core_refuse(core, request, problem);
    return used;
}

/* True when a scenario shows the pattern; its workload is over, and no longer counts. */
static bool is_shown(struct core *core, const struct pattern *pattern)
{
    bool shown = false;
    struct link *link;
    list_each (link, &core->scenarios) {
        struct scenario *scenario = container_of(link, struct scenario, link);
        if (scenario->spec.mode.pattern != pattern)
            continue;
        CHECK(scenario->state == SCENARIO_FINISHED);
        for (size_t i = 0; i < scenario->workload_count; i++)
            scenario->workloads[i].tally = NULL;
        shown = true;
    }
    return shown;
}

/* The pattern is in no catalogue any more. */
static void retire(struct core *core, struct pattern *pattern)
{
    if (!is_shown(core, pattern)) {
        pattern_free(pattern);
        return;
    }
    CHECK(core->retired_count < LIMIT_SCENARIOS);
    core->retired[core->retired_count++] = pattern;
}

void own_release(struct core *core, const struct pattern *pattern)
{
    struct pattern **retired = core->retired;
    uint32_t at = 0;
    while (at < core->retired_count && retired[at] != pattern)
        at++;
    if (at == core->retired_count || is_shown(core, pattern))
        return;
    pattern_free(retired[at]);
    retired[at] = retired[--core->retired_count];
}

/* ---- requests ---- */

static void log_change(const struct core *core, const char *what, const struct pattern *pattern)
{
    log_line(core->config.log, LOG_INFO, what, LOG_TEXT("pattern", pattern->name),
             LOG_TEXT("file", pattern->file));
}

static size_t count_own(const struct catalogue *catalogue)
{
    size_t own = 0;
    for (size_t i = 0; i < catalogue->count; i++)
        own += catalogue->patterns[i]->own;
    return own;
}

static void refuse_addition(struct core *core, struct lab_request *request, enum err err, bool full)
{
    json_t *problem;
    if (err == ERR_MEMORY)
        problem = problem_new(500, "out of memory");
    else if (full)
        problem =
            problem_new(429, "there are %d patterns of one's own already: remove one", LIMIT_OWN_PATTERNS);
    else
        problem = problem_new(429,
                              "%d patterns and variants have been counted, which is all that can be: take a "
                              "name that has been there before, or restart",
                              LIMIT_PROGRAMS);
    core_refuse(core, request, problem);
}

static enum err add(struct core *core, struct pattern *pattern)
{
    struct catalogue *catalogue = core->config.catalogue;
    enum err err = catalogue_add(catalogue, pattern);
    if (err == ERR_OK && (err = own_count(core, pattern)) != ERR_OK)
        catalogue_remove(catalogue, pattern->name);
    return err;
}

static enum err replace(struct core *core, struct pattern *pattern)
{
    enum err err = own_count(core, pattern);
    if (err == ERR_OK)
        retire(core, catalogue_replace(core->config.catalogue, pattern));
    return err;
}

void own_post(struct core *core, struct lab_request *request)
{
    struct pattern *pattern = request->pattern;
    const struct catalogue *catalogue = core->config.catalogue;
    const struct pattern *old = catalogue_find(catalogue, pattern->name);
    if (old != NULL && refuse_change(core, request, old))
        return;
    bool fresh = old == NULL;
    bool full = fresh && count_own(catalogue) >= LIMIT_OWN_PATTERNS;
    pattern->own = true;
    enum err err = full               ? ERR_LIMIT
                   : request->dry_run ? (rows_fit(core, pattern) ? ERR_OK : ERR_LIMIT)
                   : fresh            ? add(core, pattern)
                                      : replace(core, pattern);
    if (err != ERR_OK) {
        refuse_addition(core, request, err, full);
        return;
    }
    if (request->dry_run) {
        core_answer(core, request, 200, describe_pattern(pattern, true));
        return;
    }
    request->pattern = NULL;
    if (fresh)
        memcpy(request->location, pattern->name, strlen(pattern->name) + 1);
    log_change(core, fresh ? "pattern added" : "pattern replaced", pattern);
    core_answer(core, request, fresh ? 201 : 200, describe_pattern(pattern, true));
}

void own_delete(struct core *core, struct lab_request *request, const struct pattern *pattern)
{
    if (refuse_change(core, request, pattern))
        return;
    json_t *answer = json_pack("{s:s, s:b}", "name", pattern->name, "removed", 1);
    struct pattern *old = catalogue_remove(core->config.catalogue, pattern->name);
    for (enum variant which = 0; which < VARIANTS; which++)
        row_retire(core, core_program(core, old->name, which));
    log_change(core, "pattern removed", old);
    retire(core, old);
    core_answer(core, request, 200, answer);
}
