#include "runtime/internal.h"

#define MILLION      1000000      /* a percentage of 100% */
#define RUN_FUEL     256          /* operations before others get their turn */
#define SPAWN_SLICE  64           /* tasks that one operation spawns before they get theirs */
#define SPAWN_FUEL   8            /* what spawning one costs, in operations */
#define HOLD_SLICE   (256 * 1024) /* bytes that one operation writes to at a time */
#define WORK_FUEL_NS 3            /* burnt for the cost of one operation: a slice uses up a round */

static enum step_result op_sleep(struct task *task, int64_t ns)
{
    if (ns == 0)
        return STEP_NEXT;
    if (task_arm(task, ns) != ERR_OK)
        return STEP_PANIC;
    task_block(task, TASK_SLEEP);
    return STEP_BLOCKED;
}

static enum step_result op_send(struct task *task, const struct op *op)
{
    struct channel *channel = env_thing(task->env, op->thing);
    switch (channel_send(task->start->workload, channel)) {
    case ATTEMPT_DONE:
        task->heard = END_RETURNED;
        return STEP_NEXT;
    case ATTEMPT_CLOSED:
        return STEP_PANIC;
    case ATTEMPT_LATER:
        return STEP_YIELD;
    case ATTEMPT_BLOCKS:
        break;
    }
    return task_block_on(task, &channel->senders, TASK_SEND);
}

/* What a receive goes on with: `range` leaves its loop at a closed channel, `recv` goes on. */
static enum step_result received(struct task *task, const struct op *op, bool closed)
{
    task->heard = END_RETURNED;
    if (!closed || op->code == OP_RECV)
        return STEP_NEXT;
    task->pc = op->target;
    return STEP_GOTO;
}

static enum step_result op_receive(struct task *task, const struct op *op)
{
    struct channel *channel = env_thing(task->env, op->thing);
    switch (channel_receive(task->start->workload, channel)) {
    case ATTEMPT_DONE:
        return received(task, op, false);
    case ATTEMPT_CLOSED:
        return received(task, op, true);
    case ATTEMPT_LATER:
        return STEP_YIELD;
    case ATTEMPT_BLOCKS:
        break;
    }
    return task_block_on(task, &channel->receivers, TASK_RECV);
}

static enum step_result op_tick(struct task *task, const struct op *op)
{
    struct ticker *ticker = env_thing(task->env, op->thing);
    if (!ticker->pending)
        return task_block_on(task, &ticker->waiters, TASK_TICK);
    ticker->pending = false;
    task->heard = END_RETURNED;
    return STEP_NEXT;
}

static enum step_result op_await(struct task *task, const struct op *op)
{
    struct scope *scope = task_scope(task, op->thing);
    if (scope_state(scope, task->start) == SCOPE_OPEN)
        return task_block_on(task, &scope->waiters, TASK_AWAIT);
    task_hear_done(task, scope);
    return STEP_NEXT;
}

static enum step_result op_linger(struct task *task)
{
    const struct workload *workload = task->start->workload;
    struct scope *scope = &task->start->scope;
    if (workload->owner_stays) {
        task_block(task, TASK_LINGER);
        return STEP_BLOCKED;
    }
    if (scope->state != SCOPE_OPEN) {
        task_hear_done(task, scope);
        return STEP_NEXT;
    }
    if (workload->linger_ns > 0 && task_arm(task, workload->linger_ns) != ERR_OK)
        return STEP_NEXT;
    return task_block_on(task, &scope->waiters, TASK_LINGER);
}

static enum step_result op_leave(struct task *task)
{
    struct start *start = task->start;
    if (!start->owner_left) {
        start->owner_left = true;
        start->workload->owners_left++;
    }
    scope_finish(start->workload->runtime, &start->scope, SCOPE_CANCELLED);
    return STEP_ENDED;
}

/* Spawns a slice and comes back for the rest, so that a million are not spawned in one go. */
static enum step_result op_spawn(struct task *task, const struct op *op)
{
    const struct workload *workload = task->start->workload;
    uint32_t *left = &task->registers[op->reg];
    bool begins = *left == 0;
    if (begins)
        *left = (uint32_t)workload->values[op->value];
    uint32_t slice = *left < SPAWN_SLICE ? *left : SPAWN_SLICE;
    if (slice == 0)
        return STEP_NEXT;
    workload->runtime->fuel -= (int32_t)slice * SPAWN_FUEL;
    *left -= slice;
    uint16_t lineage = lineages_spawn(&workload->tally->lineages, task->lineage, op->step);
    for (; slice > 0; slice--) {
        if (task_spawn(task->env, op->kind, lineage) == NULL) {
            *left = 0;
            break;
        }
    }
    return *left > 0 ? STEP_YIELD : STEP_NEXT;
}

static enum step_result op_hold(struct task *task, const struct op *op)
{
    uint64_t total = (uint64_t)task->start->workload->values[op->value];
    if (total == 0)
        return STEP_NEXT;
    uint64_t slice = total - task->progress;
    if (slice > HOLD_SLICE)
        slice = HOLD_SLICE;
    task->progress += (uint32_t)slice;
    enum err err = op->code == OP_LOSE ? task_lose(task, slice) : task_hold(task, slice);
    if (err == ERR_OK && task->progress < total)
        return STEP_YIELD;
    task->progress = 0;
    return STEP_NEXT;
}

/* Burns a slice and comes back for the rest. */
static enum step_result op_work(struct task *task, const struct op *op)
{
    struct runtime *runtime = task->start->workload->runtime;
    uint64_t total = (uint64_t)task->start->workload->values[op->value];
    uint64_t done = (uint64_t)task->progress * WORK_SLICE_NS;
    uint64_t slice = total - done;
    if (slice > WORK_SLICE_NS)
        slice = WORK_SLICE_NS;
    runtime->clock->burn(runtime->clock, slice);
    runtime->fuel -= (int32_t)(slice / WORK_FUEL_NS);
    task->progress++;
    if (done + slice < total && task->progress < UINT32_MAX)
        return STEP_YIELD;
    task->progress = 0;
    return STEP_NEXT;
}

static enum step_result go_to(struct task *task, uint16_t target)
{
    task->pc = target;
    return STEP_GOTO;
}

static enum step_result op_loop(struct task *task, const struct op *op, const int64_t *values)
{
    task->registers[op->reg] = (uint32_t)values[op->value];
    return task->registers[op->reg] == 0 ? go_to(task, op->target) : STEP_NEXT;
}

static enum step_result op_test(struct task *task, const struct op *op, int64_t value)
{
    const struct number *number = env_thing(task->env, op->thing);
    bool holds = compare_holds(number->value, (enum compare)op->reg, value);
    return holds ? STEP_NEXT : go_to(task, op->target);
}

/* Operations on a thing. */
static enum step_result step_on_thing(struct task *task, const struct op *op, const struct workload *workload)
{
    switch ((enum op_code)op->code) {
    case OP_SEND:
        return op_send(task, op);
    case OP_RECV:
    case OP_RANGE:
        return op_receive(task, op);
    case OP_CLOSE:
        return channel_close(workload->runtime, env_thing(task->env, op->thing)) ? STEP_NEXT : STEP_PANIC;
    case OP_TICK:
        return op_tick(task, op);
    case OP_STOP:
        ticker_stop(env_thing(task->env, op->thing));
        return STEP_NEXT;
    case OP_CANCEL:
        scope_finish(workload->runtime, env_thing(task->env, op->thing), SCOPE_CANCELLED);
        return STEP_NEXT;
    case OP_AWAIT:
        return op_await(task, op);
    case OP_LOCK:
        return op_lock(task, env_thing(task->env, op->thing));
    case OP_UNLOCK:
        return op_unlock(env_thing(task->env, op->thing));
    case OP_WRITE_LOCK:
        return op_write_lock(task, env_thing(task->env, op->thing));
    case OP_WRITE_UNLOCK:
        return op_write_unlock(workload->runtime, env_thing(task->env, op->thing));
    case OP_READ_LOCK:
        return op_read_lock(task, env_thing(task->env, op->thing));
    case OP_READ_UNLOCK:
        return op_read_unlock(env_thing(task->env, op->thing));
    case OP_ADD:
        return op_add(env_thing(task->env, op->thing), workload->values[op->value]);
    case OP_SET:
        return op_set(env_thing(task->env, op->thing), (enum change)op->reg, workload->values[op->value]);
    case OP_FINISH:
        return op_finish(workload->runtime, env_thing(task->env, op->thing));
    case OP_JOIN:
        return op_join(task, env_thing(task->env, op->thing));
    case OP_WAIT:
        return op_wait(task, env_thing(task->env, op->thing));
    case OP_OPEN:
        return op_open(task, env_thing(task->env, op->thing), (enum resource_kind)op->reg);
    case OP_SHUT:
        return op_shut(task, env_thing(task->env, op->thing), (enum resource_kind)op->reg);
    case OP_SIGNAL:
        return op_signal(env_thing(task->env, op->thing));
    case OP_BROADCAST:
        return op_broadcast(workload->runtime, env_thing(task->env, op->thing));
    default:
        CHECK(!"an operation");
        return STEP_PANIC;
    }
}

static enum step_result step(struct task *task, const struct op *op, const struct workload *workload)
{
    const int64_t *values = workload->values;
    switch ((enum op_code)op->code) {
    case OP_END:
        return STEP_ENDED;
    case OP_LEAVE:
        return op_leave(task);
    case OP_LINGER:
        return op_linger(task);
    case OP_PANIC:
        return STEP_PANIC;
    case OP_JUMP:
        return go_to(task, op->target);
    case OP_BRANCH:
        return compare_holds(values[op->value], (enum compare)op->reg, values[op->other])
                   ? STEP_NEXT
                   : go_to(task, op->target);
    case OP_TEST:
        return op_test(task, op, values[op->value]);
    case OP_CHANCE:
        return rng_below(&task->start->rng, MILLION) < values[op->value] ? STEP_NEXT
                                                                         : go_to(task, op->target);
    case OP_LOOP:
        return op_loop(task, op, values);
    case OP_NEXT:
        return --task->registers[op->reg] > 0 ? go_to(task, op->target) : STEP_NEXT;
    case OP_SPAWN:
        return op_spawn(task, op);
    case OP_SELECT:
        return select_enter(task, op, workload->program);
    case OP_SLEEP:
        return op_sleep(task, values[op->value]);
    case OP_WORK:
        return op_work(task, op);
    case OP_HOLD:
    case OP_LOSE:
        return op_hold(task, op);
    case OP_DROP:
        task_drop(task);
        return STEP_NEXT;
    default:
        return step_on_thing(task, op, workload);
    }
}

/* What a woken task goes on with. */
static enum step_result resume(struct task *task, const struct op *op, const struct program *program)
{
    task->woken = 0;
    switch ((enum op_code)op->code) {
    case OP_SELECT:
        return select_resume(task, op, program);
    case OP_SEND:
        task->heard = END_RETURNED;
        return task->woken_how == WAKE_CLOSED ? STEP_PANIC : STEP_NEXT;
    case OP_RECV:
    case OP_RANGE:
        return received(task, op, task->woken_how == WAKE_CLOSED);
    case OP_AWAIT:
        task_hear_done(task, task_scope(task, op->thing));
        return STEP_NEXT;
    case OP_LINGER:
        if (task->woken_how == WAKE_TIMER)
            task->heard = END_RETURNED;
        else
            task_hear_done(task, &task->start->scope);
        return STEP_NEXT;
    case OP_WAIT:
        return op_wait_resume(task, env_thing(task->env, op->thing));
    default:
        task->heard = END_RETURNED;
        return STEP_NEXT;
    }
}

/* Compiled twice, so that being watched costs a task nothing when it is not. */
__attribute__((always_inline)) static inline void run(struct task *task, struct watch *watch)
{
    const struct workload *workload = task->start->workload;
    struct runtime *runtime = workload->runtime;
    const struct op *ops = workload->program->ops;
    if (watch != NULL && task->woken)
        watch->arrives(watch, task);
    enum step_result result = task->woken ? resume(task, &ops[task->pc], workload->program) : STEP_GOTO;
    for (int32_t rest = runtime->fuel - RUN_FUEL; runtime->fuel > rest; runtime->fuel--) {
        if (result == STEP_NEXT)
            task->pc++;
        else if (result != STEP_GOTO)
            break;
        if (watch != NULL)
            watch->arrives(watch, task);
        result = step(task, &ops[task->pc], workload);
    }
    switch (result) {
    case STEP_NEXT:
        task->pc++;
        __attribute__((fallthrough));
    case STEP_GOTO:
    case STEP_YIELD:
        task_yield(task);
        break;
    case STEP_BLOCKED:
        break;
    case STEP_PANIC:
        panic_note(task);
        if (task->kind == 0)
            op_leave(task);
        task_finish(task, END_PANICKED);
        break;
    case STEP_ENDED:
        task_finish(task, (enum task_end)task->heard);
        break;
    }
}

__attribute__((noinline)) static void run_watched(struct task *task, struct watch *watch)
{
    run(task, watch);
}

void task_run(struct task *task)
{
    struct watch *watch = task->start->workload->runtime->watch;
    if (watch_sees(watch, task))
        run_watched(task, watch);
    else
        run(task, NULL);
}
