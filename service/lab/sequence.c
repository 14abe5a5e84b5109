#include "lab/sequence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "lab/problem.h"
#include "lab/refuse.h"
#include "lab/view.h"

struct sequence {
    size_t count;
    struct spec *specs;
    json_t *problem; /* NULL until the first fault */
    bool no_memory;
};

static void fault(struct sequence *sequence, size_t index, const char *member, const char *detail)
{
    char pointer[PROBLEM_TEXT];
    if (sequence->problem == NULL)
        sequence->problem = problem_new(422, "number %zu of the list, counted from 0: %s", index, detail);
    if (sequence->problem == NULL)
        sequence->no_memory = true;
    snprintf(pointer, sizeof pointer, "/%zu%s", index, member);
    problem_add(sequence->problem, pointer, "%s", detail);
}

/* Takes over what is wrong with one body. */
static void add_problem(struct sequence *sequence, size_t index, const json_t *problem)
{
    size_t at;
    json_t *error;
    if (problem_count(problem) == 0) /* there was no memory for one */
        sequence->no_memory = true;
    json_array_foreach(json_object_get(problem, "errors"), at, error)
        fault(sequence, index, json_string_value(json_object_get(error, "pointer")),
              json_string_value(json_object_get(error, "detail")));
}

/* A made-up name must be nobody's, of the list neither. */
static bool named_before(const struct sequence *sequence, size_t end, const char *name)
{
    for (size_t i = 0; i < end; i++)
        if (strcmp(sequence->specs[i].name, name) == 0)
            return true;
    return false;
}

static void check_spec(struct core *core, struct sequence *sequence, size_t index)
{
    const struct spec *spec = &sequence->specs[index];
    if (spec->action != ACTION_SPAWN)
        fault(sequence, index, "/action", "a list only starts scenarios: send this by itself");
    else if (spec->dry_run)
        fault(sequence, index, "/dry_run", "a list has no forecast: send this by itself");
    else if (spec->name[0] != '\0' && named_before(sequence, index, spec->name))
        fault(sequence, index, "/name", "is the name of another of the list");
    else if (spec->name[0] != '\0' && core_name_taken(core, spec->name))
        fault(sequence, index, "/name", "is taken by a scenario that has not finished");
}

static void read_specs(struct core *core, struct sequence *sequence, const struct spec_context *context,
                       const json_t *list)
{
    for (size_t i = 0; i < sequence->count && problem_count(sequence->problem) < LIMIT_REPORTED_ERRORS; i++) {
        struct spec_context own = *context;
        json_t *problem;
        own.seed = core->config.seed(core->config.argument) & SPEC_SEED_MAX;
        enum err err = spec_parse(&own, json_array_get(list, i), &sequence->specs[i], &problem);
        if (err == ERR_MEMORY)
            sequence->no_memory = true;
        else if (err != ERR_OK)
            add_problem(sequence, i, problem);
        else
            check_spec(core, sequence, i);
        json_decref(problem);
    }
    size_t faults = problem_count(sequence->problem);
    if (faults > 1)
        problem_set_detail(sequence->problem, "%zu fields are not right: nothing was started", faults);
}

static void make_names(struct core *core, struct sequence *sequence)
{
    for (size_t i = 0; i < sequence->count; i++) {
        struct spec *spec = &sequence->specs[i];
        char name[LIMIT_NAME + 1];
        if (spec->name[0] != '\0')
            continue;
        do
            core_make_name(core, spec->mode, name);
        while (named_before(sequence, sequence->count, name));
        memcpy(spec->name, name, sizeof name);
    }
}

static void answer(struct core *core, struct lab_request *request, struct scenario *const *scenarios,
                   size_t count)
{
    json_t *views = json_array();
    int failed = 0;
    for (size_t i = 0; i < count; i++)
        failed |= json_array_append_new(views, view_scenario(scenarios[i]));
    json_t *body = json_pack("{s:o}", "scenarios", views);
    if (failed != 0) {
        json_decref(body);
        body = NULL;
    }
    core_answer(core, request, 201, body);
}

static void spawn_all(struct core *core, struct lab_request *request, struct sequence *sequence)
{
    struct scenario **scenarios = calloc(sequence->count, sizeof(struct scenario *));
    size_t failed = 0;
    enum limit_kind refused_by = LIMIT_KINDS;
    enum err err = scenarios == NULL ? ERR_MEMORY
                                     : core_spawn_all(core, sequence->specs, sequence->count, scenarios,
                                                      &failed, &refused_by);
    if (err == ERR_OK) {
        answer(core, request, scenarios, sequence->count);
    } else if (err == ERR_RANGE) {
        fault(sequence, failed, "", "the parameters together make a number that is out of range");
        core_refuse(core, request, sequence->problem);
        sequence->problem = NULL;
    } else {
        refuse_spawn(core, request, sequence->specs[failed].name, err, refused_by);
    }
    free(scenarios);
}

void sequence_post(struct core *core, struct lab_request *request, const struct spec_context *context)
{
    struct sequence sequence = {.count = json_array_size(request->body)};
    if (sequence.count == 0 || sequence.count > LIMIT_SEQUENCE) {
        json_t *problem =
            problem_new(422, "a list has 1 to %d scenarios, not %zu", LIMIT_SEQUENCE, sequence.count);
        problem_add(problem, "", "must have 1 to %d scenarios", LIMIT_SEQUENCE);
        core_refuse(core, request, problem);
        return;
    }
    sequence.specs = calloc(sequence.count, sizeof *sequence.specs);
    if (sequence.specs == NULL)
        sequence.no_memory = true;
    else
        read_specs(core, &sequence, context, request->body);
    if (sequence.no_memory) {
        json_decref(sequence.problem);
        core_refuse(core, request, problem_new(500, "out of memory"));
    } else if (sequence.problem != NULL) {
        core_refuse(core, request, sequence.problem);
    } else {
        make_names(core, &sequence);
        spawn_all(core, request, &sequence);
    }
    free(sequence.specs);
}
