#include "runtime/internal.h"

#define WAITS_BYTES(count) ((size_t)(count) * sizeof(struct wait))

static bool limit_allows(struct workload *workload)
{
    struct runtime *runtime = workload->runtime;
    if (workload->capped_by != LIMIT_KINDS || workload->reclaimed)
        return false;
    uint64_t twin_live = workload->twin == NULL ? 0 : workload_live(workload->twin);
    if (workload_live(workload) + twin_live >= workload->max_tasks)
        workload_cap(workload, LIMIT_KIND_OWN_TASKS);
    else if (runtime->live >= runtime->max_tasks)
        workload_cap(workload, LIMIT_KIND_TASKS);
    else
        return true;
    return false;
}

/* Memory for a task of this kind, and the environment that it sees, with a reference for it. */
static struct task *frame_new(struct env *spawner, const struct task_kind *kind, struct env **env)
{
    struct workload *workload = spawner->start->workload;
    if (kind->layout != NO_LAYOUT) {
        *env = env_new(spawner, kind->layout);
        return *env == NULL ? NULL : env_frame(*env);
    }
    if (!workload_charge(workload, FRAME_BYTES))
        return NULL;
    struct task *task = slab_take(&workload->runtime->task_pool);
    if (task == NULL) {
        workload_refund(workload, FRAME_BYTES);
        workload_cap(workload, LIMIT_KIND_MEMORY);
        return NULL;
    }
    *env = spawner;
    spawner->refs++;
    return task;
}

/* Gives back what frame_new() gave. */
static void frame_free(struct task *task)
{
    struct workload *workload = task->start->workload;
    struct env *env = task->env;
    if (workload->program->kinds[task->kind].layout == NO_LAYOUT) {
        slab_give(&workload->runtime->task_pool, task);
        workload_refund(workload, FRAME_BYTES);
    }
    env_unref(env);
}

static void task_init(struct task *task, struct env *env, uint16_t kind, uint16_t lineage)
{
    struct start *start = env->start;
    *task = (struct task){
        .wait.task = task,
        .start = start,
        .pc = start->workload->program->kinds[kind].entry,
        .kind = kind,
        .lineage = lineage,
        .state = TASK_READY,
        .env = env,
        .heard = END_RETURNED,
    };
    list_init(&task->wait.link);
    timer_init(&task->timer, TIMER_TASK);
    list_push_back(&start->tasks, &task->link);
    start->live++;
}

struct task *task_spawn(struct env *env, uint16_t kind, uint16_t lineage)
{
    struct workload *workload = env->start->workload;
    struct runtime *runtime = workload->runtime;
    if (!limit_allows(workload))
        return NULL;
    struct task *task = frame_new(env, &workload->program->kinds[kind], &env);
    if (task == NULL)
        return NULL;
    task_init(task, env, kind, lineage);
    runtime->live++;
    count_add(workload, spawned, 1);
    count_add(workload, states[TASK_READY], 1);
    workload->tally->states_seen |= 1u << TASK_READY;
    list_push_back(&runtime->ready, &task->wait.link);
    return task;
}

static const struct op *task_op(const struct task *task)
{
    return &task->start->workload->program->ops[task->pc];
}

enum err task_arm(struct task *task, int64_t ns)
{
    struct workload *workload = task->start->workload;
    struct runtime *runtime = workload->runtime;
    enum err err = wheel_arm(&runtime->wheel, &task->timer, runtime_deadline_ms(runtime, ns));
    task->timed = err == ERR_OK;
    if (err != ERR_OK)
        workload_cap(workload, LIMIT_KIND_MEMORY);
    return err;
}

/* Counts a task in or out at the step on which it is blocked. */
static void count_standing(const struct task *task, uint64_t by)
{
    struct tally *tally = task->start->workload->tally;
    uint16_t step = task_op(task)->step;
    tally->standing[step] += by;
    if (task->verdict != VERDICT_LIVE)
        tally->leaked[step][task->verdict] += by;
}

void task_block(struct task *task, enum task_state state)
{
    struct workload *workload = task->start->workload;
    task->since = (uint32_t)(workload->runtime->now_ms / SINCE_MS);
    task->state = (uint8_t)state;
    count_state(workload->tally, workload, TASK_READY, state);
    count_standing(task, 1);
}

enum step_result task_block_on(struct task *task, struct link *queue, enum task_state state)
{
    list_push_back(queue, &task->wait.link);
    task_block(task, state);
    return STEP_BLOCKED;
}

void task_give_waits(struct task *task)
{
    struct workload *workload = task->start->workload;
    if (task->more == NULL)
        return;
    for (unsigned i = 0; i < task->more_count; i++)
        list_remove(&task->more[i].link);
    slab_give(&workload->runtime->wait_pools[task->more_count - 1], task->more);
    workload_refund(workload, WAITS_BYTES(task->more_count));
    task->more = NULL;
}

/* Takes a blocked task out of every queue it stands in. */
static void task_unblock(struct task *task)
{
    struct runtime *runtime = task->start->workload->runtime;
    list_remove(&task->wait.link);
    if (task->more != NULL)
        task_give_waits(task);
    if (task->timed) {
        task->timed = false;
        wheel_disarm(&runtime->wheel, &task->timer);
    }
    count_standing(task, (uint64_t)-1);
}

void task_wake(struct task *task, unsigned which, enum wake how)
{
    struct workload *workload = task->start->workload;
    CHECK(task->state != TASK_READY && task->verdict != VERDICT_STUCK);
    task_unblock(task);
    count_state(workload->tally, workload, (enum task_state)task->state, TASK_READY);
    task->state = TASK_READY;
    task->woken = 1;
    task->woken_how = how & 7;
    task->woken_case = which & 15;
    list_push_back(&workload->runtime->ready, &task->wait.link);
}

void wait_wake(struct link *link, enum wake how)
{
    struct wait *wait = container_of(link, struct wait, link);
    task_wake(wait->task, wait_case(wait), how);
}

void task_yield(struct task *task)
{
    list_push_back(&task->start->workload->runtime->ready, &task->wait.link);
}

enum err task_take_waits(struct task *task, unsigned count)
{
    struct workload *workload = task->start->workload;
    task->more_count = 0;
    if (count < 2)
        return ERR_OK;
    unsigned further = count - 1;
    task->more = slab_take(&workload->runtime->wait_pools[further - 1]);
    if (task->more == NULL) {
        workload_cap(workload, LIMIT_KIND_MEMORY);
        return ERR_MEMORY;
    }
    if (!workload_charge_further(workload, WAITS_BYTES(further))) {
        slab_give(&workload->runtime->wait_pools[further - 1], task->more);
        task->more = NULL;
        return ERR_LIMIT;
    }
    task->more_count = (uint8_t)further;
    for (unsigned i = 0; i < further; i++) {
        task->more[i].task = task;
        list_init(&task->more[i].link);
    }
    return ERR_OK;
}

enum err task_hold(struct task *task, uint64_t bytes)
{
    struct workload *workload = task->start->workload;
    bytes = held_size(bytes);
    struct held *held = held_new(workload, bytes);
    if (held == NULL)
        return ERR_LIMIT;
    held_add(&task->held, held);
    count_add(workload, held_bytes, bytes);
    return ERR_OK;
}

enum err task_lose(struct task *task, uint64_t bytes)
{
    struct start *start = task->start;
    bytes = held_size(bytes);
    struct held *held = held_new(start->workload, bytes);
    if (held == NULL)
        return ERR_LIMIT;
    if (start->lost == NULL)
        start->env.refs++;
    held_add(&start->lost, held);
    count_add(start->workload, lost_bytes, bytes);
    return ERR_OK;
}

void start_find_lost(struct start *start)
{
    struct workload *workload = start->workload;
    uint64_t bytes = held_bytes(start->lost);
    count_sub(workload, lost_bytes, bytes);
    held_discard(workload, start->lost, bytes);
    start->lost = NULL;
    env_unref(&start->env);
}

void task_drop(struct task *task)
{
    struct workload *workload = task->start->workload;
    if (task->held == NULL)
        return;
    uint64_t bytes = held_bytes(task->held);
    count_sub(workload, held_bytes, bytes);
    held_discard(workload, task->held, bytes);
    task->held = NULL;
}

void task_finish(struct task *task, enum task_end how)
{
    struct start *start = task->start;
    struct workload *workload = start->workload;
    struct runtime *runtime = workload->runtime;
    if (watch_sees(runtime->watch, task))
        runtime->watch->leaves(runtime->watch, task);
    walk_pass_task(runtime, task);
    if (task->verdict != VERDICT_LIVE)
        count_sub(workload, leaked[task->verdict], 1);
    if (task->state == TASK_READY)
        list_remove(&task->wait.link);
    else
        task_unblock(task);
    task_drop(task);
    count_sub(workload, states[task->state], 1);
    count_add(workload, ended[how], 1);
    runtime->live--;
    start->live--;
    list_remove(&task->link);
    frame_free(task);
}
