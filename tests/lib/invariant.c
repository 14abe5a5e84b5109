#include "invariant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/internal.h"

#define ORDER_MOST 1024 /* nodes in queues that are looked at */
#define STEP_FUEL  10000

static const struct op *op_of(const struct task *task)
{
    return &task->start->workload->program->ops[task->pc];
}

static const struct select_case *case_of(const struct task *task, unsigned which)
{
    return &task->start->workload->program->cases[op_of(task)->first + which];
}

static unsigned node_count(const struct task *task)
{
    return task->more == NULL ? 1 : 1u + task->more_count;
}

static void each_of_starts(struct link *starts, void (*fn)(struct task *task, void *argument), void *argument)
{
    struct link *link, *each;
    list_each (link, starts)
        list_each (each, &container_of(link, struct start, link)->tasks)
            fn(container_of(each, struct task, link), argument);
}

static void each_blocked(struct stage *stage, void (*fn)(struct task *task, void *argument), void *argument)
{
    for (unsigned i = 0; i < stage->workload_count; i++) {
        each_of_starts(&stage->workloads[i].starts, fn, argument);
        each_of_starts(&stage->workloads[i].told, fn, argument);
    }
}

/* ---- where a task waits ---- */

static struct link *queue_of_case(struct task *task, const struct select_case *arm)
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
    default:
        return NULL;
    }
}

static struct link *queue_of_condition(const struct task *task, struct condition *condition)
{
    return task->state == TASK_LOCK ? &condition->mutex->waiters : &condition->waiters;
}

/* NULL: in none, only its timer, or somebody who ends it, can reach it. */
static struct link *queue_of(struct task *task, unsigned which)
{
    const struct op *op = op_of(task);
    if (op->code == OP_SLEEP || (op->code == OP_SELECT && op->count == 0) ||
        (op->code == OP_LINGER && task->start->workload->owner_stays))
        return NULL;
    if (op->code == OP_SELECT)
        return queue_of_case(task, case_of(task, which));
    if (op->code == OP_LINGER)
        return &task->start->scope.waiters;
    if (op->code == OP_AWAIT)
        return &task_scope(task, op->thing)->waiters;
    void *thing = env_thing(task->env, op->thing);
    switch ((enum op_code)op->code) {
    case OP_SEND:
        return &((struct channel *)thing)->senders;
    case OP_RECV:
    case OP_RANGE:
        return &((struct channel *)thing)->receivers;
    case OP_TICK:
        return &((struct ticker *)thing)->waiters;
    case OP_LOCK:
        return &((struct mutex *)thing)->waiters;
    case OP_WRITE_LOCK:
        return &((struct rwmutex *)thing)->writers;
    case OP_READ_LOCK:
        return &((struct rwmutex *)thing)->readers;
    case OP_JOIN:
        return &((struct group *)thing)->waiters;
    case OP_WAIT:
        return queue_of_condition(task, thing);
    default:
        fail_msg("a task is blocked on an operation of which queue_of() does not know where it waits");
        return NULL;
    }
}

/* A node's place in a queue. */
struct place {
    const struct link *queue;
    const struct wait *wait;
    bool select;
};

/* All queues in which somebody stands, one after another, each in its order. */
struct order {
    struct place places[ORDER_MOST];
    uint64_t count, expected;
};

static void note_queue(struct order *order, struct link *queue)
{
    struct link *link;
    list_each (link, queue) {
        struct wait *wait = container_of(link, struct wait, link);
        assert_int_not_equal(wait->task->state, TASK_READY);
        assert_ptr_equal(queue_of(wait->task, wait_case(wait)), queue);
        if (order->count < ORDER_MOST)
            order->places[order->count] = (struct place){queue, wait, wait->task->state == TASK_SELECT};
        order->count++;
    }
}

/* Each queue is walked by whoever stands first in it. */
static void note_task(struct task *task, void *argument)
{
    struct order *order = argument;
    if (task->state == TASK_READY)
        return;
    for (unsigned i = 0; i < node_count(task); i++) {
        struct link *queue = queue_of(task, i), *link = &task_wait(task, i)->link;
        order->expected += queue != NULL;
        if (queue == NULL)
            assert_true(list_empty(link));
        else if (queue->next == link)
            note_queue(order, queue);
    }
}

static void note(struct stage *stage, struct order *order)
{
    struct link *link;
    uint64_t waking = 0;
    order->count = order->expected = 0;
    each_blocked(stage, note_task, order);
    list_each (link, &stage->runtime->waking)
        waking++;
    assert_int_equal(order->expected, order->count + waking);
}

void invariant_places(struct stage *stage)
{
    static struct order order;
    note(stage, &order);
}

/* ---- first in, first out ---- */

static uint64_t run_of(const struct order *order, const struct link *queue)
{
    uint64_t i = 0;
    while (i < order->count && order->places[i].queue != queue)
        i++;
    return i;
}

/* One queue, from place `i` of `before` on; returns where the next one begins. */
static uint64_t compare_queue(const struct order *before, uint64_t i, const struct order *after)
{
    const struct link *queue = before->places[i].queue;
    bool stayed = false;
    for (uint64_t j = run_of(after, queue); i < before->count && before->places[i].queue == queue; i++) {
        bool stays = j < after->count && after->places[j].wait == before->places[i].wait;
        if (!stays && stayed && !before->places[i].select)
            fail_msg("a queue is not first in, first out: a task left it before one that came earlier");
        stayed |= stays;
        j += stays;
    }
    return i;
}

/* The condition that a ready task is about to signal or broadcast to; NULL: it begins with something else. A
 * signal that gets lost cannot be told from the waiters' state later on. */
static const struct link *woken_queue(const struct task *task, enum op_code code)
{
    const struct op *op = op_of(task);
    if (task->woken || op->code != code)
        return NULL;
    return &((const struct condition *)env_thing(task->env, op->thing))->waiters;
}

static bool still_stands(const struct order *order, const struct link *queue, const struct wait *wait)
{
    for (uint64_t i = run_of(order, queue); i < order->count && order->places[i].queue == queue; i++)
        if (order->places[i].wait == wait)
            return true;
    return false;
}

static void compare_woken(const struct order *before, const struct order *after, const struct link *signalled,
                          const struct link *told)
{
    uint64_t first = run_of(before, signalled);
    if (first < before->count && still_stands(after, signalled, before->places[first].wait))
        fail_msg("a signal did not wake who waited first");
    for (uint64_t i = run_of(before, told); i < before->count && before->places[i].queue == told; i++)
        if (still_stands(after, told, before->places[i].wait))
            fail_msg("a broadcast did not wake all who waited");
}

bool invariant_step(struct stage *stage)
{
    static struct order before, after;
    struct runtime *runtime = stage->runtime;
    struct link *link = list_pop_front(&runtime->ready);
    if (link == NULL)
        return stage_rounds(stage, 1);
    struct task *task = container_of(link, struct task, wait.link);
    const struct link *signalled = woken_queue(task, OP_SIGNAL), *told = woken_queue(task, OP_BROADCAST);
    note(stage, &before);
    runtime->fuel = STEP_FUEL;
    task_run(task);
    stage_check(stage);
    note(stage, &after);
    if (before.count > ORDER_MOST || after.count > ORDER_MOST)
        return true;
    for (uint64_t i = 0; i < before.count;)
        i = compare_queue(&before, i, &after);
    compare_woken(&before, &after, signalled, told);
    return true;
}

/* ---- at rest ---- */

static bool somebody_else(const struct link *queue, const struct task *task)
{
    struct link *link;
    list_each (link, queue)
        if (container_of(link, struct wait, link)->task != task)
            return true;
    return false;
}

static bool can_receive(const struct task *task, const struct channel *channel)
{
    return !channel->nil &&
           (channel->closed || channel->length > 0 || somebody_else(&channel->senders, task));
}

static bool can_send(const struct task *task, const struct channel *channel)
{
    return !channel->nil && (channel->closed || channel->length < channel->capacity ||
                             somebody_else(&channel->receivers, task));
}

/* The timer is to come, or whoever waits for it was forgotten. */
static bool to_come(const struct task *task, const struct timer *timer)
{
    return timer_armed(timer) && timer->due_ms > task->start->workload->runtime->now_ms;
}

static bool can_tick(const struct task *task, const struct ticker *ticker)
{
    return ticker->pending || (!ticker->stopped && !to_come(task, &ticker->timer));
}

static bool is_done(const struct task *task, const struct scope *scope)
{
    return scope->state != SCOPE_OPEN || task->start->scope.state != SCOPE_OPEN ||
           (timer_armed(&scope->timer) && !to_come(task, &scope->timer));
}

static bool case_can_proceed(const struct task *task, const struct select_case *arm)
{
    switch ((enum case_kind)arm->kind) {
    case CASE_RECV:
        return can_receive(task, env_thing(task->env, arm->thing));
    case CASE_SEND:
        return can_send(task, env_thing(task->env, arm->thing));
    case CASE_TICK:
        return can_tick(task, env_thing(task->env, arm->thing));
    case CASE_DONE:
        return is_done(task, task_scope(task, arm->thing));
    case CASE_AFTER:
        return !to_come(task, &task->timer);
    }
    return false;
}

static bool can_linger_no_more(const struct task *task)
{
    const struct workload *workload = task->start->workload;
    if (workload->owner_stays)
        return false;
    return task->start->scope.state != SCOPE_OPEN ||
           (workload->linger_ns > 0 && !to_come(task, &task->timer));
}

static bool can_lock(const struct task *task, void *thing)
{
    const struct rwmutex *rwmutex = thing;
    switch ((enum op_code)op_of(task)->code) {
    case OP_LOCK:
        return !((struct mutex *)thing)->locked;
    case OP_WAIT:
        return !((struct condition *)thing)->mutex->locked;
    case OP_WRITE_LOCK:
        return !rwmutex->writing && rwmutex->reading == 0;
    default:
        return !rwmutex->writing && list_empty(&rwmutex->writers);
    }
}

static bool can_go_on(const struct task *task)
{
    const struct op *op = op_of(task);
    bool can = false;
    switch ((enum task_state)task->state) {
    case TASK_RECV:
        return can_receive(task, env_thing(task->env, op->thing));
    case TASK_SEND:
        return can_send(task, env_thing(task->env, op->thing));
    case TASK_SELECT:
        for (unsigned i = 0; i < op->count; i++)
            can |= case_can_proceed(task, case_of(task, i));
        return can;
    case TASK_TICK:
        return can_tick(task, env_thing(task->env, op->thing));
    case TASK_SLEEP:
        return !to_come(task, &task->timer);
    case TASK_AWAIT:
        return is_done(task, task_scope(task, op->thing));
    case TASK_LINGER:
        return can_linger_no_more(task);
    case TASK_LOCK:
        return can_lock(task, env_thing(task->env, op->thing));
    case TASK_JOIN:
        return ((struct group *)env_thing(task->env, op->thing))->counter == 0;
    default:
        return false;
    }
}

static void rest_task(struct task *task, void *argument)
{
    (void)argument;
    const struct program *program = task->start->workload->program;
    if (task->state == TASK_READY || can_go_on(task))
        fail_msg("at rest, a task of %s could go on with `%s`", program->kinds[task->kind].name,
                 program->steps[op_of(task)->step].text);
}

void invariant_rest(struct stage *stage)
{
    each_blocked(stage, rest_task, NULL);
}
