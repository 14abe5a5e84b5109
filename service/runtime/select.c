/* Select, as in the Go specification, "Select statements": one of the cases that can proceed is chosen at
 * random; with none, the default; without a default the task waits in the queues of all of them. */
#include "runtime/internal.h"

/* What carrying out a case would come to. */
static enum attempt case_try(const struct task *task, const struct select_case *arm)
{
    bool ready = false;
    switch ((enum case_kind)arm->kind) {
    case CASE_RECV:
        return channel_try_receive(env_thing(task->env, arm->thing));
    case CASE_SEND:
        return channel_try_send(env_thing(task->env, arm->thing));
    case CASE_TICK:
        ready = ((struct ticker *)env_thing(task->env, arm->thing))->pending;
        break;
    case CASE_DONE:
        ready = scope_state(task_scope(task, arm->thing), task->start) != SCOPE_OPEN;
        break;
    case CASE_AFTER:
        break;
    }
    return ready ? ATTEMPT_DONE : ATTEMPT_BLOCKS;
}

bool select_settled(const struct task *task)
{
    const struct program *program = task->start->workload->program;
    const struct op *op = &program->ops[task->pc];
    for (unsigned i = 0; i < op->count; i++) {
        const struct select_case *arm = &program->cases[op->first + i];
        bool channel = arm->kind == CASE_RECV || arm->kind == CASE_SEND;
        if (channel && ((struct channel *)env_thing(task->env, arm->thing))->closed)
            return true;
        if (arm->kind == CASE_DONE && scope_state(task_scope(task, arm->thing), task->start) != SCOPE_OPEN)
            return true;
    }
    return false;
}

/* Goes on behind a case that was completed; `how` tells in which way. */
static enum step_result case_taken(struct task *task, const struct select_case *arm, enum wake how)
{
    task->heard = END_RETURNED;
    if (arm->kind == CASE_AFTER)
        task->heard = END_TIMED_OUT;
    else if (arm->kind == CASE_DONE)
        task_hear_done(task, task_scope(task, arm->thing));
    else if (arm->kind == CASE_SEND && how == WAKE_CLOSED)
        return STEP_PANIC;
    task->pc = arm->target;
    return STEP_GOTO;
}

/* Carries out a case that case_try() found able to proceed. */
static enum step_result case_proceed(struct task *task, const struct select_case *arm)
{
    enum attempt attempt = ATTEMPT_DONE;
    if (arm->kind == CASE_RECV)
        attempt = channel_receive(task->start->workload, env_thing(task->env, arm->thing));
    else if (arm->kind == CASE_SEND)
        attempt = channel_send(task->start->workload, env_thing(task->env, arm->thing));
    else if (arm->kind == CASE_TICK)
        ((struct ticker *)env_thing(task->env, arm->thing))->pending = false;
    CHECK(attempt == ATTEMPT_DONE || attempt == ATTEMPT_CLOSED);
    return case_taken(task, arm, attempt == ATTEMPT_CLOSED ? WAKE_CLOSED : WAKE_MATCHED);
}

static struct link *case_queue(struct task *task, const struct select_case *arm)
{
    switch ((enum case_kind)arm->kind) {
    case CASE_RECV:
        return &((struct channel *)env_thing(task->env, arm->thing))->receivers;
    case CASE_SEND:
        return &((struct channel *)env_thing(task->env, arm->thing))->senders;
    case CASE_TICK:
        return &((struct ticker *)env_thing(task->env, arm->thing))->waiters;
    case CASE_DONE:
        return &task_scope(task, arm->thing)->waiters;
    case CASE_AFTER:
        break;
    }
    return NULL;
}

/* Stands in the queue of every case. A task that cannot be given the nodes or the timer for it panics. */
static enum step_result select_block(struct task *task, const struct select_case *arms, unsigned count,
                                     const int64_t *values)
{
    if (task_take_waits(task, count) != ERR_OK)
        return STEP_PANIC;
    for (unsigned i = 0; i < count; i++) {
        if (arms[i].kind == CASE_AFTER && task_arm(task, values[arms[i].value]) != ERR_OK) {
            task_give_waits(task);
            return STEP_PANIC;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        struct link *queue = case_queue(task, &arms[i]);
        if (queue != NULL)
            list_push_back(queue, &task_wait(task, i)->link);
    }
    task_block(task, TASK_SELECT);
    return STEP_BLOCKED;
}

enum step_result select_enter(struct task *task, const struct op *op, const struct program *program)
{
    const struct select_case *arms = op->count == 0 ? NULL : &program->cases[op->first];
    uint8_t ready[LIMIT_CASES];
    uint32_t ready_count = 0;
    bool later = false;
    task->start->workload->runtime->fuel -= op->count;
    for (unsigned i = 0; i < op->count; i++) {
        enum attempt attempt = case_try(task, &arms[i]);
        if (attempt == ATTEMPT_DONE || attempt == ATTEMPT_CLOSED)
            ready[ready_count++] = (uint8_t)i;
        later |= attempt == ATTEMPT_LATER;
    }
    if (ready_count > 0) {
        uint32_t chosen = ready_count == 1 ? 0 : rng_below(&task->start->rng, ready_count);
        return case_proceed(task, &arms[ready[chosen]]);
    }
    if (later)
        return STEP_YIELD;
    if (op->target != NO_TARGET) {
        task->pc = op->target;
        return STEP_GOTO;
    }
    return select_block(task, arms, op->count, task->start->workload->values);
}

enum step_result select_resume(struct task *task, const struct op *op, const struct program *program)
{
    const struct select_case *arms = &program->cases[op->first];
    unsigned which = task->woken_case;
    if (task->woken_how == WAKE_TIMER)
        for (which = 0; arms[which].kind != CASE_AFTER;)
            which++;
    return case_taken(task, &arms[which], (enum wake)task->woken_how);
}
