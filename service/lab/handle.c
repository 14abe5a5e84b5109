/* What the lab answers to each verb of lab/request.h. */
#include <string.h>

#include "base/macros.h"
#include "base/suggest.h"
#include "judge/steps.h"
#include "lab/core.h"
#include "lab/describe.h"
#include "lab/ending.h"
#include "lab/forecast.h"
#include "lab/own.h"
#include "lab/problem.h"
#include "lab/refuse.h"
#include "lab/sequence.h"
#include "lab/view.h"

/* Names that are looked through for one that may have been meant. */
#define SUGGESTED_FROM 100

static struct spec_context context_of(const struct core *core)
{
    return (struct spec_context){
        .catalogue = core->config.catalogue,
        .max_tasks = core->config.max_tasks,
        .max_heap_bytes = core->config.max_heap_bytes,
    };
}

/* 404 for a scenario or a pattern, with the nearest of the names that there are. */
static void refuse_absent(struct core *core, struct lab_request *request, const char *what, const char *name,
                          const char *const *names, size_t count)
{
    struct buf why;
    buf_init(&why, PROBLEM_TEXT);
    buf_printf(&why, "no %s \"%.*s\"", what, LIMIT_NAME, name);
    if (count > 0) {
        buf_puts(&why, ": ");
        suggest_append(&why, name, names, count);
    }
    core_refuse(core, request, problem_new(404, "%s", buf_text(&why)));
    buf_deinit(&why);
}

static void refuse_scenario(struct core *core, struct lab_request *request, const char *name)
{
    const char *names[SUGGESTED_FROM];
    size_t count = 0;
    struct link *link = core->scenarios.next;
    for (; link != &core->scenarios && count < SUGGESTED_FROM; link = link->next)
        names[count++] = container_of(link, struct scenario, link)->spec.name;
    refuse_absent(core, request, "scenario", name, names, count);
}

static void end(struct core *core, struct lab_request *request, const char *name, bool reclaim)
{
    struct scenario *scenario = core_find(core, name);
    if (scenario == NULL)
        refuse_scenario(core, request, name);
    else
        ending_begin(core, request, scenario, reclaim);
}

static void dry_run(struct core *core, struct lab_request *request, const struct spec *spec)
{
    if (core_name_taken(core, spec->name)) {
        refuse_spawn(core, request, spec->name, ERR_TAKEN, LIMIT_KINDS);
        return;
    }
    struct forecast forecast;
    enum err err = forecast_make(spec, core->runtime.supplies_max, &forecast);
    if (err != ERR_OK) {
        core_refuse(core, request, problem_new(500, "out of memory"));
        return;
    }
    core_answer(core, request, 200,
                json_pack("{s:b, s:o, s:o}", "dry_run", 1, "spec", spec_json(spec), "forecast",
                          forecast_json(&forecast)));
}

static void spawn(struct core *core, struct lab_request *request, struct spec *spec)
{
    if (spec->name[0] == '\0')
        core_make_name(core, spec->mode, spec->name);
    if (spec->dry_run) {
        dry_run(core, request, spec);
        return;
    }
    struct scenario *scenario;
    enum limit_kind refused_by;
    enum err err = core_spawn(core, spec, &scenario, &refused_by);
    if (err != ERR_OK) {
        refuse_spawn(core, request, spec->name, err, refused_by);
        return;
    }
    memcpy(request->location, scenario->spec.name, sizeof request->location);
    core_answer(core, request, 201, view_scenario(scenario));
}

static void post(struct core *core, struct lab_request *request)
{
    struct spec_context context = context_of(core);
    if (json_is_array(request->body)) {
        sequence_post(core, request, &context);
        return;
    }
    context.seed = core->config.seed(core->config.argument) & SPEC_SEED_MAX;
    struct spec spec;
    json_t *problem;
    enum err err = spec_parse(&context, request->body, &spec, &problem);
    if (err != ERR_OK)
        core_refuse(core, request, problem);
    else if (spec.action == ACTION_SPAWN)
        spawn(core, request, &spec);
    else
        end(core, request, spec.name, spec.action == ACTION_RECLAIM);
}

static void list(struct core *core, struct lab_request *request)
{
    json_t *scenarios = json_array();
    int failed = 0;
    struct link *link;
    list_each (link, &core->scenarios) {
        failed |= json_array_append_new(scenarios, view_scenario(container_of(link, struct scenario, link)));
    }
    json_t *answer = json_pack("{s:o}", "scenarios", scenarios);
    if (failed != 0) {
        json_decref(answer);
        answer = NULL;
    }
    core_answer(core, request, 200, answer);
}

static void show(struct core *core, struct lab_request *request)
{
    const struct scenario *scenario = core_find(core, request->name);
    if (scenario == NULL)
        refuse_scenario(core, request, request->name);
    else
        core_answer(core, request, 200, view_scenario(scenario));
}

static void list_patterns(struct core *core, struct lab_request *request)
{
    struct spec_context context = context_of(core);
    core_answer(core, request, 200, describe_patterns(&context));
}

static void refuse_pattern(struct core *core, struct lab_request *request)
{
    const struct catalogue *catalogue = core->config.catalogue;
    const char *names[SUGGESTED_FROM];
    size_t count = 0;
    for (; count < catalogue->count && count < SUGGESTED_FROM; count++)
        names[count] = catalogue->patterns[count]->name;
    refuse_absent(core, request, "pattern", request->name, names, count);
}

static void show_pattern(struct core *core, struct lab_request *request)
{
    const struct pattern *pattern = catalogue_find(core->config.catalogue, request->name);
    if (pattern == NULL)
        refuse_pattern(core, request);
    else
        core_answer(core, request, 200, describe_pattern(pattern, true));
}

static json_t *steps_of(struct core *core, const struct pattern *pattern)
{
    json_t *variants = json_object();
    int failed = variants == NULL;
    for (enum variant variant = 0; variant < VARIANTS; variant++) {
        const struct core_program *program = core_program(core, pattern->name, variant);
        if (pattern->variants[variant].program != NULL && program != NULL && program->tally != NULL)
            failed |= json_object_set_new(variants, variant_word(variant), steps_json(program->tally));
    }
    if (failed == 0)
        return json_pack("{s:s, s:s, s:o}", "pattern", pattern->name, "file", pattern->file, "variants",
                         variants);
    json_decref(variants);
    return NULL;
}

static void show_steps(struct core *core, struct lab_request *request)
{
    const struct pattern *pattern = catalogue_find(core->config.catalogue, request->name);
    if (pattern == NULL)
        refuse_pattern(core, request);
    else
        core_answer(core, request, 200, steps_of(core, pattern));
}

static void delete_pattern(struct core *core, struct lab_request *request)
{
    const struct pattern *pattern = catalogue_find(core->config.catalogue, request->name);
    if (pattern == NULL)
        refuse_pattern(core, request);
    else
        own_delete(core, request, pattern);
}

void core_handle(struct core *core, struct lab_request *request)
{
    request->location[0] = '\0';
    if (core->closed) {
        core_refuse(core, request, problem_new(503, "leaklab is shutting down"));
        return;
    }
    switch (request->verb) {
    case LAB_SCENARIO_POST:
        post(core, request);
        return;
    case LAB_SCENARIO_LIST:
        list(core, request);
        return;
    case LAB_SCENARIO_SHOW:
        show(core, request);
        return;
    case LAB_SCENARIO_DELETE:
        end(core, request, request->name, request->reclaim);
        return;
    case LAB_RESET:
        core_note(core, MARK_RESET, NULL);
        ending_begin(core, request, NULL, true);
        return;
    case LAB_PATTERN_LIST:
        list_patterns(core, request);
        return;
    case LAB_PATTERN_SHOW:
        show_pattern(core, request);
        return;
    case LAB_PATTERN_STEPS:
        show_steps(core, request);
        return;
    case LAB_PATTERN_POST:
        own_post(core, request);
        return;
    case LAB_PATTERN_DELETE:
        delete_pattern(core, request);
        return;
    case LAB_TASKS:
    case LAB_TASK:
        debug_ask(&core->debug, request);
        return;
    }
    CHECK(!"a verb");
}
