#include "lab/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "lab/ending.h"
#include "lab/own.h"
#include "lab/problem.h"

static enum err add_programs(struct core *core)
{
    const struct catalogue *catalogue = core->config.catalogue;
    enum err err = ERR_OK;
    for (size_t i = 0; i < catalogue->count && err == ERR_OK; i++)
        err = own_count(core, catalogue->patterns[i]);
    return err;
}

enum err core_init(struct core *core, const struct core_config *config)
{
    *core = (struct core){.config = *config};
    list_init(&core->scenarios);
    list_init(&core->active);
    list_init(&core->endings);
    core->answered_end = &core->answered;
    core->programs = calloc(LIMIT_PROGRAMS, sizeof *core->programs);
    if (core->programs == NULL)
        return ERR_MEMORY;
    enum err err = runtime_init(&core->runtime, config->clock, config->max_tasks, config->max_heap_bytes);
    if (err == ERR_OK)
        runtime_set_source(&core->runtime, config->source, config->supplies);
    if (err == ERR_OK && ((err = reserve_init(&core->reserve, &core->runtime)) != ERR_OK ||
                          (err = add_programs(core)) != ERR_OK)) {
        reserve_deinit(&core->reserve);
        runtime_deinit(&core->runtime);
    }
    if (err == ERR_OK) {
        judge_init(&core->judge, &core->runtime,
                   &(struct judge_config){.interval_ns = config->judge_interval_ns});
        debug_init(&core->debug, core);
    }
    if (err != ERR_OK)
        free(core->programs);
    return err;
}

static void drop(struct core *core, struct scenario *scenario)
{
    struct core_program *program = scenario->argument;
    program->scenarios[scenario->state]--;
    core->scenario_count--;
    list_remove(&scenario->active);
    list_remove(&scenario->link);
    const struct pattern *pattern = scenario->spec.mode.pattern;
    scenario_free(scenario);
    own_release(core, pattern);
}

/* Frees every task, as far as there is time for it. */
static void reclaim_all(struct core *core)
{
    struct clock *clock = core->config.clock;
    uint64_t deadline_ns = clock->now_ns(clock) + LIMIT_CLOSE_MS * 1000000ull;
    struct link *link;
    list_each (link, &core->active) {
        struct scenario *scenario = container_of(link, struct scenario, active);
        for (size_t i = 0; i < scenario->workload_count; i++)
            workload_reclaim(&scenario->workloads[i]);
    }
    /* What tasks held outlasts their start by some rounds. */
    while ((core->runtime.starts > 0 || !list_empty(&core->runtime.jobs) ||
            core->runtime.garbage.last != NULL) &&
           clock->now_ns(clock) < deadline_ns)
        runtime_turn(&core->runtime, (struct budget){.rounds = 1000});
}

void core_close(struct core *core)
{
    if (core->closed)
        return;
    core->closed = true;
    ending_close(core);
    debug_close(&core->debug);
    core_deliver(core);
    reclaim_all(core);
    runtime_abandon(&core->runtime);
    judge_deinit(&core->judge);
}

void core_deinit(struct core *core)
{
    CHECK(core->closed);
    while (!list_empty(&core->scenarios))
        drop(core, container_of(core->scenarios.next, struct scenario, link));
    reserve_deinit(&core->reserve);
    runtime_deinit(&core->runtime);
    free(core->programs);
}

struct scenario *core_find(const struct core *core, const char *name)
{
    struct link *link;
    list_each (link, &core->scenarios) {
        struct scenario *scenario = container_of(link, struct scenario, link);
        if (strcmp(scenario->spec.name, name) == 0)
            return scenario;
    }
    return NULL;
}

struct core_program *core_program(struct core *core, const char *pattern, enum variant variant)
{
    for (uint32_t i = 0; i < core->program_count; i++)
        if (core->programs[i].variant == variant && strcmp(core->programs[i].pattern, pattern) == 0)
            return &core->programs[i];
    return NULL;
}

static struct core_program *program_of(struct core *core, struct mode mode)
{
    struct core_program *program = core_program(core, mode.pattern->name, mode.variant);
    CHECK(program != NULL);
    return program;
}

void core_make_name(struct core *core, struct mode mode, char name[static LIMIT_NAME + 1])
{
    char text[MODE_TEXT];
    struct core_program *program = program_of(core, mode);
    mode_format(mode, text);
    do
        snprintf(name, LIMIT_NAME + 1, "%.43s-%llu", text, (unsigned long long)++program->named);
    while (core_find(core, name) != NULL);
}

void core_note(const struct core *core, enum timeline_what what, const struct scenario *scenario)
{
    struct clock *clock = core->config.clock;
    char mode[MODE_TEXT] = "";
    if (core->config.timeline == NULL)
        return;
    if (scenario != NULL)
        mode_format(scenario->spec.mode, mode);
    timeline_note(core->config.timeline, what, scenario == NULL ? "" : scenario->spec.name, mode,
                  clock->now_ns(clock));
}

/* A cancel that has become a reclaim on its way is told when it is done. */
static void note_move(const struct core *core, const struct scenario *scenario)
{
    static const enum timeline_what ends[SCENARIO_CAUSES] = {
        [CAUSE_COMPLETED] = MARK_COMPLETED, [CAUSE_CANCELLED] = MARK_CANCELLED,
        [CAUSE_EXPIRED] = MARK_EXPIRED,     [CAUSE_CAPPED] = MARK_CAPPED,
        [CAUSE_RECLAIMED] = MARK_CANCELLED,
    };
    switch (scenario->state) {
    case SCENARIO_RUNNING:
        core_note(core, MARK_STARTED, scenario);
        break;
    case SCENARIO_DRAINING:
        core_note(core, ends[scenario->cause], scenario);
        break;
    case SCENARIO_LEAKED:
        core_note(core, MARK_LEAKED, scenario);
        break;
    case SCENARIO_FINISHED:
        core_note(core, scenario->cause == CAUSE_RECLAIMED ? MARK_RECLAIMED : MARK_FINISHED, scenario);
        break;
    case SCENARIO_STARTING:
    case SCENARIO_STATES:
        break;
    }
}

/* Called at every move of a scenario, see scenario_moved_fn. */
static void on_moved(struct scenario *scenario, enum scenario_state from, void *argument)
{
    struct core_program *program = argument;
    note_move(program->core, scenario);
    if (from != SCENARIO_STATES)
        program->scenarios[from]--;
    program->scenarios[scenario->state]++;
    program->scenarios_seen |= 1ull << scenario->state;
    if (scenario->state == SCENARIO_FINISHED)
        list_remove(&scenario->active);
}

static bool may_be_dropped(const struct scenario *scenario)
{
    return scenario->state == SCENARIO_FINISHED && scenario->pins == 0;
}

/* The oldest one that has finished. */
static struct scenario *find_old(struct core *core)
{
    for (struct link *link = core->scenarios.prev; link != &core->scenarios; link = link->prev) {
        struct scenario *scenario = container_of(link, struct scenario, link);
        if (may_be_dropped(scenario))
            return scenario;
    }
    return NULL;
}

bool core_name_taken(const struct core *core, const char *name)
{
    const struct scenario *scenario = core_find(core, name);
    return scenario != NULL && !may_be_dropped(scenario);
}

/* Looks for what stands in the way of one more scenario, and takes nothing out of it yet: *old is to go for
 * it. */
static enum err find_room(struct core *core, const char *name, struct scenario **old,
                          enum limit_kind *refused_by)
{
    const struct runtime *runtime = &core->runtime;
    *old = core_find(core, name);
    if (*old != NULL && !may_be_dropped(*old))
        return ERR_TAKEN;
    if (runtime->live >= runtime->max_tasks)
        *refused_by = LIMIT_KIND_TASKS;
    else if (runtime->charged_bytes >= runtime->max_heap_bytes)
        *refused_by = LIMIT_KIND_HEAP;
    if (*refused_by != LIMIT_KINDS)
        return ERR_LIMIT;
    if (*old != NULL || core->scenario_count < LIMIT_SCENARIOS)
        return ERR_OK;
    *old = find_old(core);
    return *old == NULL ? ERR_LIMIT : ERR_OK;
}

/* Begins a scenario that is listed. What its own limits do not let begin stays, and ends as capped. */
static enum err begin(struct core *core, struct scenario *scenario, enum limit_kind *refused_by)
{
    if (scenario->spec.at_ns > 0) {
        scenario_begin_later(scenario);
        return ERR_OK;
    }
    enum err err = scenario_begin(scenario);
    enum limit_kind kind = scenario_capped_by(scenario);
    if (err == ERR_OK || kind == LIMIT_KIND_OWN_TASKS || kind == LIMIT_KIND_OWN_HEAP)
        return ERR_OK;
    *refused_by = kind;
    drop(core, scenario);
    return kind == LIMIT_KIND_TASKS || kind == LIMIT_KIND_HEAP ? ERR_LIMIT : ERR_MEMORY;
}

static void enlist(struct core *core, struct scenario *scenario)
{
    list_push_back(core->scenarios.next, &scenario->link);
    list_push_back(&core->active, &scenario->active);
    core->scenario_count++;
}

static void log_spawned(const struct core *core, const struct scenario *scenario)
{
    char mode[MODE_TEXT];
    log_line(core->config.log, LOG_INFO, "scenario", LOG_TEXT("name", scenario->spec.name),
             LOG_TEXT("mode", mode_format(scenario->spec.mode, mode)),
             LOG_TEXT("state", scenario_state_word(scenario->state)),
             LOG_NUMBER("seed", scenario->spec.seed));
}

enum err core_spawn(struct core *core, const struct spec *spec, struct scenario **result,
                    enum limit_kind *refused_by)
{
    struct core_program *program = program_of(core, spec->mode);
    struct scenario *old, *scenario;
    *refused_by = LIMIT_KINDS;
    enum err err = find_room(core, spec->name, &old, refused_by);
    if (err != ERR_OK)
        return err;
    err = scenario_new(&scenario, &core->runtime, spec, core->config.log, on_moved, program);
    if (err != ERR_OK)
        return err;
    enlist(core, scenario);
    if ((err = begin(core, scenario, refused_by)) != ERR_OK)
        return err;
    if (old != NULL)
        drop(core, old);
    log_spawned(core, scenario);
    *result = scenario;
    return ERR_OK;
}

/* What stands in the way of that many more. */
static enum err find_room_for(const struct core *core, size_t count, enum limit_kind *refused_by)
{
    const struct runtime *runtime = &core->runtime;
    uint32_t staying = 0;
    struct link *link;
    list_each (link, &core->scenarios)
        staying += !may_be_dropped(container_of(link, struct scenario, link));
    if (runtime->live >= runtime->max_tasks)
        *refused_by = LIMIT_KIND_TASKS;
    else if (runtime->charged_bytes >= runtime->max_heap_bytes)
        *refused_by = LIMIT_KIND_HEAP;
    return *refused_by == LIMIT_KINDS && staying + count <= LIMIT_SCENARIOS ? ERR_OK : ERR_LIMIT;
}

/* Undoes scenario_new() of one that was never listed. */
static void forget(struct scenario *scenario)
{
    struct core_program *program = scenario->argument;
    program->scenarios[scenario->state]--;
    scenario_free(scenario);
}

static void list_all(struct core *core, struct scenario *const *scenarios, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct scenario *old = core_find(core, scenarios[i]->spec.name);
        if (old != NULL)
            drop(core, old);
        enlist(core, scenarios[i]);
        scenario_begin_later(scenarios[i]);
        log_spawned(core, scenarios[i]);
    }
    while (core->scenario_count > LIMIT_SCENARIOS)
        drop(core, find_old(core));
}

enum err core_spawn_all(struct core *core, const struct spec *specs, size_t count, struct scenario **results,
                        size_t *failed, enum limit_kind *refused_by)
{
    *refused_by = LIMIT_KINDS;
    *failed = 0;
    enum err err = find_room_for(core, count, refused_by);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < count; i++) {
        struct core_program *program = program_of(core, specs[i].mode);
        err = scenario_new(&results[i], &core->runtime, &specs[i], core->config.log, on_moved, program);
        if (err == ERR_OK)
            continue;
        *failed = i;
        while (i > 0)
            forget(results[--i]);
        return err;
    }
    list_all(core, results, count);
    return ERR_OK;
}

bool core_after_turn(struct core *core)
{
    bool given = false;
    for (struct link *link = core->active.next, *next; link != &core->active; link = next) {
        next = link->next;
        given |= scenario_check(container_of(link, struct scenario, active));
    }
    reserve_tend(&core->reserve, &core->runtime, core->config.log);
    judge_tend(&core->judge);
    return ending_check(core) || given;
}

static void fill_program(const struct core_program *program, struct snapshot_program *copy)
{
    const struct tally *tally = program->tally;
    struct tally_kept now = tally == NULL ? program->kept : tally_keep(tally);
    copy->mix = program->variant == VARIANT_MIX;
    copy->census = now.census;
    copy->states_seen = now.states_seen;
    copy->resources_seen = now.resources_seen;
    memcpy(copy->limit_hits, now.limit_hits, sizeof copy->limit_hits);
    memcpy(copy->scenarios, program->scenarios, sizeof copy->scenarios);
    copy->scenarios_seen = program->scenarios_seen;
    copy->expected_leaked = 0;
    copy->blocked_oldest_ms = 0;
}

static void fill_judge(const struct judge *judge, struct snapshot *snapshot)
{
    snapshot->judge_runs = judge->stats.runs;
    snapshot->judge_seconds = judge->stats.run_seconds;
    memcpy(snapshot->judge_buckets, judge->stats.buckets, sizeof snapshot->judge_buckets);
    snapshot->judge_slice_seconds = (double)judge->stats.slice_ns / 1e9;
    memcpy(snapshot->judge_slice_buckets, judge->stats.slice_buckets, sizeof snapshot->judge_slice_buckets);
}

/* What is known of workloads, and not of programs. */
static void fill_workload(const struct workload *workload, struct snapshot_program *copy)
{
    uint64_t blocked_ms = judge_blocked_ms(workload);
    copy->expected_leaked += scenario_expected_of(workload);
    if (blocked_ms > copy->blocked_oldest_ms)
        copy->blocked_oldest_ms = blocked_ms;
}

void core_fill(struct core *core, struct snapshot *snapshot)
{
    snapshot->limit_tasks = core->config.max_tasks;
    snapshot->limit_heap_bytes = core->runtime.max_heap_bytes;
    memcpy(snapshot->limit_supplies, core->runtime.supplies_max, sizeof snapshot->limit_supplies);
    for (uint32_t i = 0; i < core->program_count; i++) {
        struct snapshot_program *copy = &snapshot->programs[i];
        if (i >= snapshot->program_count) {
            snprintf(copy->pattern, sizeof copy->pattern, "%s", core->programs[i].pattern);
            snprintf(copy->variant, sizeof copy->variant, "%s", variant_word(core->programs[i].variant));
        }
        fill_program(&core->programs[i], copy);
    }
    snapshot->program_count = core->program_count;
    struct link *link;
    list_each (link, &core->active) {
        const struct scenario *scenario = container_of(link, struct scenario, active);
        const struct core_program *program = scenario->argument;
        for (size_t i = 0; i < scenario->workload_count; i++)
            fill_workload(&scenario->workloads[i], &snapshot->programs[program->parts[i]]);
    }
    fill_judge(&core->judge, snapshot);
}

void core_answer(struct core *core, struct lab_request *request, int status, json_t *answer)
{
    request->status = status;
    request->answer = answer;
    request->next = NULL;
    *core->answered_end = request;
    core->answered_end = &request->next;
}

void core_deliver(struct core *core)
{
    struct lab_request *request = core->answered;
    core->answered = NULL;
    core->answered_end = &core->answered;
    while (request != NULL) {
        struct lab_request *next = request->next;
        request->done(request, request->argument);
        request = next;
    }
}

void core_refuse(struct core *core, struct lab_request *request, json_t *problem)
{
    core_answer(core, request, problem_status(problem), problem);
}
