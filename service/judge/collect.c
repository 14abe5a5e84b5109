#include "judge/collect.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "judge/why.h"

#define SLICE_NS    200000 /* of the thread at a time */
#define SLICE_STEPS 16384  /* the same on a clock that stands still */
#define CLOCK_STEPS 256    /* between two looks at the clock */
#define UNKNOWN     UINT32_MAX
#define WHY_BYTES   4096

/* The finalizer of MurmurHash3 (Austin Appleby, in the public domain): every bit in changes every bit out. */
static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 33)) * 0xff51afd7ed558ccdull;
    value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53ull;
    return value ^ (value >> 33);
}

uint64_t collect_id(const struct task *task, uint64_t key)
{
    const struct start *start = task->start;
    uint64_t id = mix(key ^ (uint64_t)(uintptr_t)task);
    id = mix(id ^ (uint64_t)(uintptr_t)start->workload ^ start->workload->seed);
    id = mix(id + start->index * 0x9e3779b97f4a7c15ull + ((uint64_t)task->kind << 16) + task->lineage + key);
    return id == 0 ? 1 : id;
}

uint64_t collect_held_bytes(const struct task *task)
{
    return held_bytes(task->held);
}

uint64_t collect_age_ms(const struct task *task)
{
    uint64_t now_ms = task->start->workload->runtime->now_ms;
    uint64_t since_ms = (uint64_t)task->since * SINCE_MS;
    return now_ms > since_ms ? now_ms - since_ms : 0;
}

/* ---- programs ---- */

static struct collect_program *find_program(struct collect *collect, const struct tally *tally)
{
    for (uint32_t i = 0; i < collect->program_count; i++) {
        struct collect_program *at = &collect->programs[i];
        if (at->tally == tally && at->program == tally->program &&
            at->step_count == tally->program->step_count)
            return at;
    }
    return NULL;
}

/* NULL: no memory. */
static struct collect_program *add_program(struct collect *collect, const struct tally *tally)
{
    struct collect_program made = {
        .tally = tally, .program = tally->program, .step_count = tally->program->step_count};
    size_t size = ((size_t)collect->program_count + 1) * sizeof made;
    struct collect_program *programs = realloc(collect->programs, size);
    if (programs == NULL)
        return NULL;
    collect->programs = programs;
    made.places = malloc(((size_t)made.step_count + 1) * sizeof *made.places);
    if (made.places == NULL)
        return NULL;
    memset(made.places, 0xff, ((size_t)made.step_count + 1) * sizeof *made.places);
    programs[collect->program_count] = made;
    return &programs[collect->program_count++];
}

static void forget_roles(struct collect *collect)
{
    if (collect->roles != NULL)
        roles_deinit(collect->roles);
    free(collect->roles);
    collect->roles = NULL;
}

static enum err learn_roles(struct collect *collect, const struct program *program)
{
    forget_roles(collect);
    struct roles *roles = malloc(sizeof *roles);
    if (roles == NULL || roles_init(roles, program) != ERR_OK) {
        free(roles);
        return ERR_MEMORY;
    }
    collect->roles = roles;
    return ERR_OK;
}

static enum err enter_workload(struct collect *collect)
{
    const struct workload *workload = collect->walk.workload;
    const char *owner = collect->plan.owner(workload, collect->plan.argument);
    if (owner == NULL) {
        walk_skip(&collect->walk);
        return ERR_OK;
    }
    struct collect_program *program = find_program(collect, workload->tally);
    if (program == NULL)
        program = add_program(collect, workload->tally);
    if (program == NULL || learn_roles(collect, workload->program) != ERR_OK)
        return ERR_MEMORY;
    collect->program = (uint32_t)(program - collect->programs);
    const struct profile *profile = collect->profile;
    for (uint32_t i = 0; i < profile->scenario_count; i++) {
        if (strcmp(profile->scenarios[i], owner) == 0) {
            collect->scenario = i;
            return ERR_OK;
        }
    }
    return profile_add_scenario(collect->profile, owner, &collect->scenario);
}

/* ---- places and origins ---- */

static enum err explain(struct collect *collect, uint32_t place, const struct op *op, enum task_state state)
{
    struct buf text;
    buf_init(&text, WHY_BYTES);
    why_stuck(collect->roles, op, state, &text);
    enum err err = text.err == ERR_MEMORY
                       ? ERR_MEMORY
                       : profile_explain(collect->profile, place, op->code == OP_WAIT && state == TASK_LOCK,
                                         buf_text(&text));
    buf_deinit(&text);
    return err;
}

static enum err explain_place(struct collect *collect, uint32_t place, uint16_t step)
{
    const struct program *program = collect->walk.workload->program;
    for (enum task_state state = TASK_READY; state < TASK_STATES; state++) {
        const struct op *op = why_operation(program, step, state);
        if (op != NULL && explain(collect, place, op, state) != ERR_OK)
            return ERR_MEMORY;
    }
    return ERR_OK;
}

static enum err find_place(struct collect *collect, uint16_t step, uint32_t *place)
{
    struct collect_program *program = &collect->programs[collect->program];
    *place = program->places[step];
    if (*place != UNKNOWN)
        return ERR_OK;
    if (profile_add_place(collect->profile, program->program, step, place) != ERR_OK ||
        explain_place(collect, *place, step) != ERR_OK)
        return ERR_MEMORY;
    program->places[step] = *place;
    return ERR_OK;
}

/* Room for an origin of each lineage that there is by now. */
static enum err room_for_origins(struct collect_program *program)
{
    uint16_t count = program->tally->lineages.count;
    uint32_t *origins = realloc(program->origins, (size_t)count * sizeof *origins);
    if (origins == NULL)
        return ERR_MEMORY;
    for (uint16_t i = program->origin_count; i < count; i++)
        origins[i] = i == LINEAGE_MAIN ? PROFILE_MAIN : UNKNOWN;
    program->origins = origins;
    program->origin_count = count;
    return ERR_OK;
}

static enum err find_origin(struct collect *collect, uint16_t lineage, uint32_t *origin)
{
    struct collect_program *program = &collect->programs[collect->program];
    *origin = PROFILE_MAIN;
    if (lineage == LINEAGE_MAIN || lineage == LINEAGE_LOST)
        return ERR_OK;
    if (lineage >= program->origin_count && room_for_origins(program) != ERR_OK)
        return ERR_MEMORY;
    const struct lineage *lineages = program->tally->lineages.items;
    while (program->origins[lineage] == UNKNOWN) {
        /* The farthest ancestor that is not there yet. */
        uint16_t at = lineage;
        while (program->origins[lineages[at].parent] == UNKNOWN)
            at = lineages[at].parent;
        uint32_t place;
        if (find_place(collect, lineages[at].step, &place) != ERR_OK ||
            profile_add_origin(collect->profile, place, program->origins[lineages[at].parent],
                               &program->origins[at]) != ERR_OK)
            return ERR_MEMORY;
    }
    *origin = program->origins[lineage];
    return ERR_OK;
}

/* ---- tasks ---- */

static bool wanted(const struct collect_plan *plan, const struct task *task)
{
    return (!plan->leaked || task->verdict != VERDICT_LIVE) &&
           (!plan->has_after || task->since > plan->after);
}

static enum err count_task(struct collect *collect, const struct task *task)
{
    if (!wanted(&collect->plan, task))
        return ERR_OK;
    const struct program *program = collect->walk.workload->program;
    struct profile_key key = {.scenario = collect->scenario, .state = task->state, .verdict = task->verdict};
    if (find_place(collect, program->ops[task->pc].step, &key.place) != ERR_OK ||
        find_origin(collect, task->lineage, &key.origin) != ERR_OK)
        return ERR_MEMORY;
    struct profile_task about = {
        .id = collect_id(task, collect->plan.key),
        .age_ms = collect_age_ms(task),
        .held_bytes = collect_held_bytes(task),
    };
    return profile_count(collect->profile, key, &about);
}

/* True when all have been met, or *err says why no more will be. */
static bool advance(struct collect *collect, uint32_t steps, enum err *err)
{
    while (*err == ERR_OK) {
        switch (walk_next(&collect->walk, &steps)) {
        case WALK_WORKLOAD:
            *err = enter_workload(collect);
            break;
        case WALK_TASK:
            *err = count_task(collect, collect->walk.task);
            break;
        case WALK_LATER:
            return false;
        case WALK_OVER:
            return true;
        }
    }
    return true;
}

static void drop_helpers(struct collect *collect)
{
    for (uint32_t i = 0; i < collect->program_count; i++) {
        free(collect->programs[i].places);
        free(collect->programs[i].origins);
    }
    free(collect->programs);
    collect->programs = NULL;
    collect->program_count = 0;
    forget_roles(collect);
    walk_end(&collect->walk);
    list_remove(&collect->job.link);
}

static bool on_job(struct job *job)
{
    struct collect *collect = container_of(job, struct collect, job);
    struct clock *clock = collect->runtime->clock;
    uint64_t began_ns = clock->now_ns(clock);
    enum err err = ERR_OK;
    bool over = false;
    for (uint32_t done = 0; !over && done < SLICE_STEPS && clock->now_ns(clock) - began_ns < SLICE_NS;
         done += CLOCK_STEPS)
        over = advance(collect, CLOCK_STEPS, &err);
    if (!over)
        return false;
    drop_helpers(collect);
    if (err != ERR_OK) {
        profile_free(collect->profile);
        collect->profile = NULL;
    }
    collect->done(collect, err);
    return list_empty(&job->link);
}

enum err collect_begin(struct collect *collect, struct runtime *runtime, const struct collect_plan *plan,
                       void (*done)(struct collect *collect, enum err err))
{
    *collect = (struct collect){.plan = *plan, .runtime = runtime, .job.step = on_job, .done = done};
    collect->profile = profile_new();
    if (collect->profile == NULL)
        return ERR_MEMORY;
    list_init(&collect->job.link);
    walk_begin(&collect->walk, runtime);
    runtime_job_add(runtime, &collect->job);
    return ERR_OK;
}

void collect_stop(struct collect *collect)
{
    if (collect->walk.runtime == NULL)
        return;
    drop_helpers(collect);
    profile_free(collect->profile);
    collect->profile = NULL;
}
