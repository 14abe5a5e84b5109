#include "runtime/runtime.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/internal.h"

/* Pieces of each kind of work in one round. A round is some ten microseconds; between rounds the clock is
 * read. */
#define ROUND_TIMERS 64
#define ROUND_WAKES  64
#define ROUND_SCOPES 64
#define ROUND_RUNS   128 /* more than timers and wakes together make ready, so that nobody waits for long */
#define ROUND_FUEL   (64 * 256) /* operations, with what they spawn, write to and free */
#define FETCH_AHEAD  16

enum err runtime_init(struct runtime *runtime, struct clock *clock, uint64_t max_tasks,
                      uint64_t max_heap_bytes)
{
    *runtime = (struct runtime){
        .clock = clock,
        .began_ns = clock->now_ns(clock),
        .max_tasks = max_tasks,
        .max_heap_bytes = max_heap_bytes,
    };
    list_init(&runtime->ready);
    list_init(&runtime->waking);
    list_init(&runtime->cancelling);
    list_init(&runtime->jobs);
    list_init(&runtime->workloads);
    runtime->fading_job.step = fading_step;
    list_init(&runtime->fading_job.link);
    wheel_init(&runtime->wheel, 0);
    slab_init(&runtime->task_pool, sizeof(struct task));
    for (size_t i = 0; i < ENV_POOLS; i++)
        slab_init(&runtime->env_pools[i], 64 * (i + 1));
    for (size_t i = 0; i < WAIT_POOLS; i++)
        slab_init(&runtime->wait_pools[i], sizeof(struct wait) * (i + 1));
    return ERR_OK;
}

static void free_slabs(struct runtime *runtime)
{
    slab_deinit(&runtime->task_pool);
    for (size_t i = 0; i < ENV_POOLS; i++)
        slab_deinit(&runtime->env_pools[i]);
    for (size_t i = 0; i < WAIT_POOLS; i++)
        slab_deinit(&runtime->wait_pools[i]);
}

void runtime_abandon(struct runtime *runtime)
{
    runtime->abandoned = true;
    free_slabs(runtime);
}

static void tally_free(struct tally *tally)
{
    lineages_deinit(&tally->lineages);
    free(tally);
}

void runtime_deinit(struct runtime *runtime)
{
    if (!runtime->abandoned)
        garbage_free(runtime);
    CHECK(runtime->abandoned || (runtime->live == 0 && runtime->starts == 0 && list_empty(&runtime->jobs)));
    free_slabs(runtime);
    for (uint32_t i = 0; i < runtime->tally_count; i++)
        tally_free(runtime->tallies[i]);
    free(runtime->tallies);
    wheel_deinit(&runtime->wheel);
}

struct tally *runtime_tally(struct runtime *runtime, const struct program *program)
{
    for (uint32_t i = 0; i < runtime->tally_count; i++)
        if (runtime->tallies[i]->program == program)
            return runtime->tallies[i];
    size_t count = runtime->tally_count;
    struct tally **tallies = realloc(runtime->tallies, (count + 1) * sizeof(struct tally *));
    if (tallies == NULL)
        return NULL;
    runtime->tallies = tallies;
    struct tally *tally = calloc(
        1, sizeof *tally + program->step_count * (sizeof tally->standing[0] + sizeof tally->leaked[0]));
    if (tally == NULL)
        return NULL;
    tally->leaked = (void *)&tally->standing[program->step_count];
    tally->program = program;
    lineages_init(&tally->lineages);
    tallies[runtime->tally_count++] = tally;
    return tally;
}

void runtime_forget(struct runtime *runtime, struct tally *tally)
{
    uint32_t at = 0;
    CHECK(census_live(&tally->census) == 0);
    while (at < runtime->tally_count && runtime->tallies[at] != tally)
        at++;
    CHECK(at < runtime->tally_count);
    for (runtime->tally_count--; at < runtime->tally_count; at++)
        runtime->tallies[at] = runtime->tallies[at + 1];
    tally_free(tally);
}

struct tally_kept tally_keep(const struct tally *tally)
{
    struct tally_kept kept = {
        .census = tally->census,
        .states_seen = tally->states_seen,
        .resources_seen = tally->resources_seen,
    };
    memcpy(kept.limit_hits, tally->limit_hits, sizeof kept.limit_hits);
    return kept;
}

void tally_resume(struct tally *tally, const struct tally_kept *kept)
{
    CHECK(census_live(&kept->census) == 0 && tally->census.spawned == 0);
    tally->census = kept->census;
    tally->states_seen = kept->states_seen;
    tally->resources_seen = kept->resources_seen;
    memcpy(tally->limit_hits, kept->limit_hits, sizeof tally->limit_hits);
}

uint64_t runtime_read_clock(struct runtime *runtime)
{
    uint64_t now_ns = runtime->clock->now_ns(runtime->clock);
    runtime->now_ns = now_ns - runtime->began_ns;
    runtime->now_ms = runtime->now_ns / 1000000;
    return now_ns;
}

uint64_t runtime_deadline_ms(const struct runtime *runtime, int64_t ns)
{
    return (runtime->now_ns + (uint64_t)ns + 999999) / 1000000;
}

uint64_t runtime_due_ns(const struct runtime *runtime)
{
    uint64_t due_ms = wheel_due_ms(&runtime->wheel);
    return due_ms == TIMER_NEVER ? UINT64_MAX : runtime->began_ns + due_ms * 1000000;
}

uint64_t runtime_slab_bytes(const struct runtime *runtime)
{
    uint64_t bytes = slab_bytes(&runtime->task_pool);
    for (size_t i = 0; i < ENV_POOLS; i++)
        bytes += slab_bytes(&runtime->env_pools[i]);
    for (size_t i = 0; i < WAIT_POOLS; i++)
        bytes += slab_bytes(&runtime->wait_pools[i]);
    return bytes;
}

enum err runtime_call_at(struct runtime *runtime, struct call *call, uint64_t at_ns)
{
    uint64_t due_ms = at_ns <= runtime->began_ns ? 0 : (at_ns - runtime->began_ns + 999999) / 1000000;
    runtime_call_cancel(runtime, call);
    return wheel_arm(&runtime->wheel, &call->timer, due_ms);
}

void runtime_call_cancel(struct runtime *runtime, struct call *call)
{
    wheel_disarm(&runtime->wheel, &call->timer);
}

void runtime_job_add(struct runtime *runtime, struct job *job)
{
    if (list_empty(&job->link))
        list_push_back(&runtime->jobs, &job->link);
}

/* A ticker's timer will touch the ticker, and then the task that waits for it: both are asked for in time.
 * Inlined by force: gcc drops a call to a function that does nothing but prefetch. */
__attribute__((always_inline)) static inline void fetch_ahead(const struct wheel *wheel)
{
    const struct timer *far = wheel_peek(wheel, FETCH_AHEAD);
    struct timer *near = wheel_peek(wheel, FETCH_AHEAD / 2);
    wheel_fetch(wheel, 4 * FETCH_AHEAD);
    if (far != NULL)
        __builtin_prefetch(far, 1);
    if (near != NULL && near->kind == TIMER_TICKER) {
        const struct ticker *ticker = container_of(near, struct ticker, timer);
        __builtin_prefetch(ticker->waiters.next, 1);
    }
}

static void timer_fire(struct runtime *runtime, struct timer *timer)
{
    switch ((enum timer_kind)timer->kind) {
    case TIMER_TASK: {
        struct task *task = container_of(timer, struct task, timer);
        /* A close or a cancel came before: the task is about to be woken for that. */
        if (task->state == TASK_SELECT && select_settled(task))
            return;
        task_wake(task, 0, WAKE_TIMER);
        return;
    }
    case TIMER_TICKER:
        ticker_fire(container_of(timer, struct ticker, timer));
        return;
    case TIMER_SCOPE:
        scope_finish(runtime, container_of(timer, struct scope, timer), SCOPE_TIMED_OUT);
        return;
    case TIMER_CALL: {
        struct call *call = container_of(timer, struct call, timer);
        call->fn(call);
        return;
    }
    }
    CHECK(!"a kind of timer");
}

static bool run_timers(struct runtime *runtime)
{
    uint32_t steps = ROUND_TIMERS;
    struct timer *timer;
    while ((timer = wheel_next(&runtime->wheel, runtime->now_ms, &steps)) != NULL) {
        fetch_ahead(&runtime->wheel);
        timer_fire(runtime, timer);
    }
    return steps < ROUND_TIMERS;
}

/* The tasks on this list waited for a channel that was closed, for a scope that is done, for a group that has
 * finished, for a condition, or to read what a writer has unlocked; their operation tells. */
static enum wake broadcast_meaning(const struct wait *wait)
{
    const struct task *task = wait->task;
    const struct program *program = task->start->workload->program;
    const struct op *op = &program->ops[task->pc];
    switch ((enum op_code)op->code) {
    case OP_SEND:
    case OP_RECV:
    case OP_RANGE:
        return WAKE_CLOSED;
    case OP_WAIT:
        return WAKE_SIGNAL;
    case OP_SELECT:
        break;
    default:
        return WAKE_MATCHED;
    }
    return program->cases[op->first + wait_case(wait)].kind == CASE_DONE ? WAKE_MATCHED : WAKE_CLOSED;
}

void runtime_wake_next(struct runtime *runtime)
{
    struct link *link = runtime->waking.next;
    __builtin_prefetch(link->next, 1);
    wait_wake(link, broadcast_meaning(container_of(link, struct wait, link)));
}

static bool run_waking(struct runtime *runtime)
{
    int i = 0;
    for (; i < ROUND_WAKES && !list_empty(&runtime->waking); i++)
        runtime_wake_next(runtime);
    return i > 0;
}

static bool run_cancelling(struct runtime *runtime)
{
    int i = 0;
    for (; i < ROUND_SCOPES && !list_empty(&runtime->cancelling); i++)
        scope_finish(runtime, container_of(runtime->cancelling.next, struct scope, sibling), SCOPE_CANCELLED);
    return i > 0;
}

static bool run_ready(struct runtime *runtime)
{
    int i = 0;
    for (; i < ROUND_RUNS && runtime->fuel > 0 && !list_empty(&runtime->ready); i++) {
        struct link *link = list_pop_front(&runtime->ready);
        __builtin_prefetch(runtime->ready.next, 1);
        task_run(container_of(link, struct task, wait.link));
    }
    return i > 0;
}

static bool run_jobs(struct runtime *runtime)
{
    if (list_empty(&runtime->jobs))
        return false;
    struct job *job = container_of(list_pop_front(&runtime->jobs), struct job, link);
    list_push_back(&runtime->jobs, &job->link);
    if (job->step(job))
        list_remove(&job->link);
    return true;
}

uint32_t runtime_spent(const struct runtime *runtime)
{
    return (uint32_t)(ROUND_FUEL - runtime->fuel);
}

bool runtime_turn(struct runtime *runtime, struct budget budget)
{
    uint64_t start_ns = runtime_read_clock(runtime);
    for (uint64_t round = 1;; round++) {
        bool busy = run_timers(runtime);
        busy |= run_cancelling(runtime);
        busy |= run_waking(runtime);
        runtime->fuel = ROUND_FUEL;
        busy |= garbage_run(runtime);
        busy |= run_ready(runtime);
        busy |= run_jobs(runtime);
        if (!busy)
            return false;
        uint64_t now_ns = runtime_read_clock(runtime);
        if ((budget.ns > 0 && now_ns - start_ns >= budget.ns) || round == budget.rounds)
            return true;
    }
}
