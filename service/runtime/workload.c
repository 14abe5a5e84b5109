#include <stdlib.h>

#include "runtime/internal.h"

#define CANCEL_SLICE  64
#define RECLAIM_SLICE 256
#define SHUT_COST     4 /* of a slice: closing something real is a system call */

/* Tells a slice of the starts that their scopes are done. */
static bool cancel_step(struct job *job)
{
    struct workload *workload = container_of(job, struct workload, cancel_job);
    for (int i = 0; i < CANCEL_SLICE; i++) {
        if (list_empty(&workload->starts))
            return true;
        struct start *start = container_of(workload->starts.next, struct start, link);
        watch_pass_start(workload->runtime, start);
        list_remove(&start->link);
        list_push_back(&workload->told, &start->link);
        scope_finish(workload->runtime, &start->scope, SCOPE_CANCELLED);
    }
    return list_empty(&workload->starts);
}

/* Frees up to *slice tasks and tickers of a start, and what heap they have lost, and then, when nobody can
 * see them any more, its resources; true when nothing is left, and then the start is gone. */
static bool start_reclaim(struct start *start, int *slice)
{
    struct env *env = &start->env;
    env->refs++;
    for (; *slice > 0; --*slice) {
        if (!list_empty(&start->tickers))
            ticker_stop(container_of(start->tickers.next, struct ticker, link));
        else if (!list_empty(&start->tasks))
            task_finish(container_of(start->tasks.next, struct task, link), END_RECLAIMED);
        else if (!list_empty(&start->stuck))
            task_finish(container_of(start->stuck.next, struct task, link), END_RECLAIMED);
        else if (start->lost != NULL)
            start_find_lost(start);
        else
            break;
    }
    while (*slice > 0 && start->live == 0 && !list_empty(&start->resources)) {
        resource_shut(container_of(start->resources.next, struct resource, link));
        *slice -= SHUT_COST;
    }
    bool empty = list_empty(&start->tickers) && start->live == 0 && list_empty(&start->resources) &&
                 start->lost == NULL;
    env_unref(env);
    return empty;
}

static bool reclaim_step(struct job *job)
{
    struct workload *workload = container_of(job, struct workload, reclaim_job);
    for (int slice = RECLAIM_SLICE; slice > 0;) {
        struct link *list = list_empty(&workload->starts) ? &workload->told : &workload->starts;
        if (list_empty(list))
            return true;
        if (!start_reclaim(container_of(list->next, struct start, link), &slice))
            return false;
        slice--;
    }
    return false;
}

static bool operand_in_range(const struct program *program, const int64_t *values)
{
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        bool counts = op->code == OP_SPAWN || op->code == OP_LOOP;
        if (counts && values[op->value] > LIMIT_TASKS)
            return false;
        if ((op->code == OP_HOLD || op->code == OP_LOSE) && values[op->value] > LIMIT_HOLD_BYTES)
            return false;
    }
    for (uint16_t i = 0; i < program->layout_count; i++)
        for (uint16_t j = 0; j < program->layouts[i].count; j++)
            if (program->layouts[i].things[j].kind == THING_QUEUE &&
                values[program->layouts[i].things[j].value] > LIMIT_MESSAGE_BYTES)
                return false;
    for (uint16_t i = 0; i < program->value_count; i++)
        if (values[i] < 0 || values[i] > LIMIT_DURATION_NS)
            return false;
    return true;
}

enum err workload_init(struct workload *workload, struct runtime *runtime, const struct workload_spec *spec)
{
    const struct program *program = spec->tally->program;
    int64_t *values = calloc((size_t)program->value_count + 1, sizeof *values);
    if (values == NULL)
        return ERR_MEMORY;
    int64_t linger_ns = spec->linger_ns == 0 ? LINGER_OPEN_NS : spec->linger_ns;
    program_resolve(program, spec->params, linger_ns, spec->holds_bytes, values);
    if (!operand_in_range(program, values)) {
        free(values);
        return ERR_RANGE;
    }
    *workload = (struct workload){
        .runtime = runtime,
        .tally = spec->tally,
        .program = program,
        .values = values,
        .linger_ns = spec->linger_ns,
        .owner_stays = spec->owner_stays,
        .capped_by = LIMIT_KINDS,
        .seed = spec->seed,
        .max_tasks = spec->max_tasks,
        .max_heap_bytes = spec->max_heap_bytes,
        .cancel_job.step = cancel_step,
        .reclaim_job.step = reclaim_step,
    };
    list_init(&workload->starts);
    list_init(&workload->told);
    workload->dead[false] = &workload->starts;
    workload->dead[true] = &workload->told;
    list_push_back(&runtime->workloads, &workload->link);
    list_init(&workload->cancel_job.link);
    list_init(&workload->reclaim_job.link);
    return ERR_OK;
}

void workload_join(struct workload *one, struct workload *other)
{
    CHECK(one->twin == NULL && other->twin == NULL && one->next_start == 0 && other->next_start == 0);
    CHECK(one->max_tasks == other->max_tasks && one->max_heap_bytes == other->max_heap_bytes);
    one->twin = other;
    other->twin = one;
}

/* Whoever walks over the workloads is told that this one is about to leave. */
static void watch_pass_workload(const struct workload *workload)
{
    struct walk *walk = workload->runtime->walk;
    if (walk != NULL && walk->workload == workload)
        walk_skip(walk);
    if (walk != NULL && walk->next_workload == &workload->link)
        walk->next_workload = workload->link.next;
    struct watch *watch = workload->runtime->watch;
    if (watch == NULL)
        return;
    if (watch->workload == workload)
        watch->workload = NULL;
    if (watch->next_workload == &workload->link)
        watch->next_workload = workload->link.next;
}

void workload_deinit(struct workload *workload)
{
    CHECK(workload->runtime->abandoned || workload_idle(workload));
    watch_pass_workload(workload);
    list_remove(&workload->link);
    free(workload->values);
    workload->values = NULL;
}

enum err workload_start(struct workload *workload)
{
    if (workload->cancelled)
        return ERR_CLOSED;
    /* The last turn may be long ago, and tickers and deadlines begin now. */
    runtime_read_clock(workload->runtime);
    struct start *start = start_new(workload);
    bool spawned = start != NULL && task_spawn(&start->env, 0, LINEAGE_MAIN) != NULL;
    /* Nobody is there to stop its tickers, which would keep it for ever. */
    while (start != NULL && !spawned && !list_empty(&start->tickers))
        ticker_stop(container_of(start->tickers.next, struct ticker, link));
    if (start != NULL)
        env_unref(&start->env);
    if (!spawned)
        return workload->capped_by == LIMIT_KIND_MEMORY ? ERR_MEMORY : ERR_LIMIT;
    workload->next_start++;
    count_add(workload, starts, 1);
    return ERR_OK;
}

void workload_cancel(struct workload *workload)
{
    workload->cancelled = true;
    runtime_job_add(workload->runtime, &workload->cancel_job);
}

bool workload_told(const struct workload *workload)
{
    const struct runtime *runtime = workload->runtime;
    return workload->cancelled && list_empty(&workload->cancel_job.link) && list_empty(&runtime->waking) &&
           list_empty(&runtime->cancelling) && workload->census.states[TASK_READY] == 0;
}

void workload_reclaim(struct workload *workload)
{
    workload->cancelled = true;
    workload->reclaimed = true;
    runtime_job_add(workload->runtime, &workload->reclaim_job);
}

bool workload_idle(const struct workload *workload)
{
    return list_empty(&workload->starts) && list_empty(&workload->told) &&
           list_empty(&workload->cancel_job.link) && list_empty(&workload->reclaim_job.link) &&
           workload->leaving == 0;
}

bool workload_freed(const struct workload *workload)
{
    const struct garbage *garbage = &workload->runtime->garbage;
    return garbage->discarded_bytes - garbage->bytes >= workload->discarded_bytes;
}
