/* What the files of the runtime share with each other and with nobody else. */
#pragma once

#include "runtime/runtime.h"
#include "runtime/walk.h"
#include "runtime/watch.h"

/* Brings the runtime's time up to date; returns the clock's. */
uint64_t runtime_read_clock(struct runtime *runtime);
/* The first whole millisecond that is not before `ns` from now. */
uint64_t runtime_deadline_ms(const struct runtime *runtime, int64_t ns);

/* Wakes the next of those who wait in runtime->waking, of which there is one. */
void runtime_wake_next(struct runtime *runtime);

/* Whoever walks over the starts (runtime/watch.h, runtime/walk.h) is moved on: one is about to leave its
 * list. */
static inline void watch_pass_start(struct runtime *runtime, const struct start *start)
{
    struct watch *watch = runtime->watch;
    struct walk *walk = runtime->walk;
    struct link **dead = start->workload->dead;
    for (int told = 0; told < 2; told++)
        if (dead[told] == &start->link)
            dead[told] = start->link.prev;
    if (walk != NULL && walk->next_start == &start->link)
        walk->next_start = start->link.next;
    if (watch != NULL && watch->next_start == &start->link)
        watch->next_start = start->link.next;
}
/* The same for one that is about to go. */
static inline void walk_leave_start(struct runtime *runtime, const struct start *start)
{
    struct walk *walk = runtime->walk;
    if (walk != NULL && walk->start == start)
        walk->start = NULL;
}
/* The same for a task that is about to leave its list. */
static inline void walk_pass_task(struct runtime *runtime, const struct task *task)
{
    struct walk *walk = runtime->walk;
    if (__builtin_expect(walk != NULL, 0) && walk->next_task == &task->link)
        walk->next_task = task->link.next;
}
/* True when a task's deeds are to be told. */
static inline bool watch_sees(const struct watch *watch, const struct task *task)
{
    return __builtin_expect(watch != NULL, 0) && watch->start == task->start;
}

/* Limits (limit.c). */
/* Takes note that the workload was refused something; only the first time counts. */
void workload_cap(struct workload *workload, enum limit_kind kind);
/* Charges memory to workload and runtime, or caps the workload and returns false. */
bool workload_charge(struct workload *workload, uint64_t bytes);
/* The same for what live tasks need to go on: they must not stop because others have used up the memory, and
 * may take an eighth more than the limit. */
bool workload_charge_further(struct workload *workload, uint64_t bytes);
void workload_refund(struct workload *workload, uint64_t bytes);

/* Environments (env.c). */
/* The environment of a start: a new start, listed in its workload, with one reference. NULL: refused, the
 * workload is capped. */
struct start *start_new(struct workload *workload);
/* An environment of `layout` inside `parent`, with one reference; it keeps one on its parent. NULL as above.
 * The frame of the task whose own it is lies right before it, in the same piece of memory, and lives as long:
 * waking the task then touches one page instead of two. */
struct env *env_new(struct env *parent, uint16_t layout);
#define FRAME_BYTES ((uint32_t)sizeof(struct task))
static inline struct task *env_frame(struct env *env)
{
    return (struct task *)(void *)((char *)env - FRAME_BYTES);
}
/* Whoever is the last to see it frees it, and what it lies in as far as nobody else sees that: of a long
 * chain the most in slices. */
void env_unref(struct env *env);
bool fading_step(struct job *job);

/* The environment of a thing as a task sees it, and the thing. */
static inline void *env_thing(struct env *env, struct thing_ref ref)
{
    if (ref.hops == HOPS_SHARE)
        return (char *)env->start + ref.offset;
    for (uint8_t hops = ref.hops; hops > 0; hops--)
        env = env->parent;
    return (char *)env + thing_offset(env->start->workload->program, ref, env->layout);
}

/* Tasks (task.c). */
/* A ready task of `kind` that sees `env` (the spawner's) and came about as `lineage` says; NULL: refused, the
 * workload is capped or being reclaimed. */
struct task *task_spawn(struct env *env, uint16_t kind, uint16_t lineage);
/* Ends a task, whatever it is waiting for, and frees it and what only it kept alive. */
void task_finish(struct task *task, enum task_end how);
/* Arms the task's timer for `ns` from now; it is disarmed when the task wakes. ERR_MEMORY: the workload is
 * capped. */
enum err task_arm(struct task *task, int64_t ns);
/* Moves a running task to a state in which it stands on its operation's step. */
void task_block(struct task *task, enum task_state state);
/* Makes a blocked task ready. `which`: the case of its select, 0 otherwise. */
void task_wake(struct task *task, unsigned which, enum wake how);
/* Puts a running task at the end of the queue of ready ones. */
void task_yield(struct task *task);
/* Allocates and writes to `bytes` that the task keeps. ERR_LIMIT: the workload is capped. */
enum err task_hold(struct task *task, uint64_t bytes);
/* Lets go of all that the task holds. */
void task_drop(struct task *task);
/* As task_hold(), but nobody has it afterwards: only a reclaim frees it, until which the start stays. */
enum err task_lose(struct task *task, uint64_t bytes);
/* Lets go of all that the start's tasks have lost; there must be something. */
void start_find_lost(struct start *start);
/* Nodes for a select of `count` cases; the first is the task's own. ERR_MEMORY, ERR_LIMIT: the workload is
 * capped. */
enum err task_take_waits(struct task *task, unsigned count);
void task_give_waits(struct task *task);
static inline struct wait *task_wait(struct task *task, unsigned which)
{
    return which == 0 ? &task->wait : &task->more[which - 1];
}
/* The case that a node stands for: the inverse of task_wait(). */
static inline unsigned wait_case(const struct wait *wait)
{
    const struct task *task = wait->task;
    return wait == &task->wait ? 0 : 1 + (unsigned)(wait - task->more);
}
/* Wakes the task of a node that stands in a queue. */
void wait_wake(struct link *link, enum wake how);

/* Counting. */
static inline void count_state(struct tally *tally, struct workload *workload, enum task_state from,
                               enum task_state to)
{
    tally->census.states[from]--;
    tally->census.states[to]++;
    workload->census.states[from]--;
    workload->census.states[to]++;
    tally->states_seen |= 1ull << to;
}
#define count_add(workload, field, amount)                                                                   \
    ((workload)->tally->census.field += (amount), (workload)->census.field += (amount))
#define count_sub(workload, field, amount)                                                                   \
    ((workload)->tally->census.field -= (amount), (workload)->census.field -= (amount))

/* Channels (channel.c). The result of an attempt that does not block. */
enum attempt {
    ATTEMPT_DONE,
    ATTEMPT_CLOSED,
    ATTEMPT_BLOCKS,
    ATTEMPT_LATER /* who waits first is about to leave, see select_settled(): yield and try again */
};
void channel_init(struct channel *channel, uint64_t capacity, bool nil);
/* What an attempt would come to; nothing is changed. */
enum attempt channel_try_send(const struct channel *channel);
enum attempt channel_try_receive(const struct channel *channel);
enum attempt channel_send(struct workload *workload, struct channel *channel);
enum attempt channel_receive(struct workload *workload, struct channel *channel);
/* False when it was closed already, or is nil. Waiting tasks are woken in slices. */
bool channel_close(struct runtime *runtime, struct channel *channel);

/* Queues (queue.c). */
void queue_init(struct queue *queue, uint64_t message_bytes);
/* Before its memory goes: lets go of the messages that nobody took. */
void queue_close(struct workload *workload, struct queue *queue);
/* What a send that nobody waits for appends, and a receive takes away. False: there was no memory. */
bool queue_append(struct workload *workload, struct queue *queue);
void queue_take(struct workload *workload, struct queue *queue);

/* Heap that is held (held.c). */
/* What a block of that many bytes really takes: its header takes the beginning of what is asked for, so that
 * a hold of 1 KiB costs 1 KiB, and one of 1 B the header. */
static inline uint64_t held_size(uint64_t bytes)
{
    return bytes < sizeof(struct held) ? sizeof(struct held) : bytes;
}
/* A block of held_size() bytes that was charged and written to, which costs the round as many operations as
 * would take that long; a chain of its own. NULL: the workload is capped. */
struct held *held_new(struct workload *workload, uint64_t bytes);
/* Makes a new block the newest of a chain. */
void held_add(struct held **chain, struct held *held);
/* Nobody has the chain any more: its bytes, `bytes` in all, are no longer charged, and unless it is small it
 * is freed in slices, which begins in the next round. */
void held_discard(struct workload *workload, struct held *chain, uint64_t bytes);
/* Frees a slice of that. False: there is none. */
bool garbage_run(struct runtime *runtime);
/* Frees all of it, at once. */
void garbage_free(struct runtime *runtime);

/* Tickers (ticker.c). */
/* Aligned: its ticks fall on whole multiples of the period since 1970, or up to a millisecond later. */
void ticker_init(struct ticker *ticker, struct env *env, int64_t period_ns, bool aligned);
void ticker_stop(struct ticker *ticker);
void ticker_fire(struct ticker *ticker);

/* Scopes (scope.c). */
void scope_init(struct scope *scope);
/* A scope of a task: done when the start's is, or at its deadline (`timeout_ns`, 0 for none). */
void scope_open(struct scope *scope, struct start *start, int64_t timeout_ns);
void scope_finish(struct runtime *runtime, struct scope *scope, enum scope_state state);
/* Before its memory goes. */
void scope_close(struct runtime *runtime, struct scope *scope);
/* What it is, its start's end included, which may not have reached it yet. */
static inline enum scope_state scope_state(const struct scope *scope, const struct start *start)
{
    return scope->state != SCOPE_OPEN ? scope->state : start->scope.state;
}
/* The scope that an operation or a case names: a thing, or the start's own. */
static inline struct scope *task_scope(const struct task *task, struct thing_ref ref)
{
    return ref.hops == HOPS_START_SCOPE ? &task->start->scope : env_thing(task->env, ref);
}
/* The task has heard that a scope is done, and remembers in which way. */
static inline void task_hear_done(struct task *task, const struct scope *scope)
{
    task->heard = scope_state(scope, task->start) == SCOPE_TIMED_OUT ? END_TIMED_OUT : END_CANCELLED;
}

/* Locks (lock.c). */
void mutex_init(struct mutex *mutex);
void rwmutex_init(struct rwmutex *rwmutex);

/* Groups (group.c). */
void group_init(struct group *group);

/* Numbers (number.c): what is beyond 0 or LIMIT_COUNT is cut to it. */
void number_init(struct number *number, int64_t value);

/* Conditions (condition.c). */
void condition_init(struct condition *condition, struct mutex *mutex);

/* Notes in its workload where and why a task panics, before anything is undone (panic.c). */
void panic_note(const struct task *task);

/* Runs a ready task until it blocks, ends or has had its share (interpret.c). */
void task_run(struct task *task);

/* What an operation comes to. */
enum step_result { STEP_NEXT, STEP_GOTO, STEP_BLOCKED, STEP_YIELD, STEP_PANIC, STEP_ENDED };

/* Puts a running task at the end of a thing's queue. */
enum step_result task_block_on(struct task *task, struct link *queue, enum task_state state);

/* Operations on locks (lock.c): a lock that is handed on belongs to the woken task
 * before it runs. */
enum step_result op_lock(struct task *task, struct mutex *mutex);
enum step_result op_unlock(struct mutex *mutex);
enum step_result op_write_lock(struct task *task, struct rwmutex *rwmutex);
enum step_result op_write_unlock(struct runtime *runtime, struct rwmutex *rwmutex);
enum step_result op_read_lock(struct task *task, struct rwmutex *rwmutex);
enum step_result op_read_unlock(struct rwmutex *rwmutex);

/* Operations on groups (group.c). */
enum step_result op_add(struct group *group, int64_t amount);
enum step_result op_finish(struct runtime *runtime, struct group *group);
enum step_result op_join(struct task *task, struct group *group);

/* The operation on numbers (number.c). */
enum step_result op_set(struct number *number, enum change change, int64_t amount);

/* Operations on conditions (condition.c). */
enum step_result op_wait(struct task *task, struct condition *condition);
/* What a task that was woken from op_wait goes on with. */
enum step_result op_wait_resume(struct task *task, struct condition *condition);
enum step_result op_signal(struct condition *condition);
enum step_result op_broadcast(struct runtime *runtime, struct condition *condition);

/* Resources (resource.c). */
enum step_result op_open(struct task *task, struct slot *slot, enum resource_kind kind);
enum step_result op_shut(struct task *task, struct slot *slot, enum resource_kind kind);
/* Begins to close an open one. It is the last use of the start, unless somebody else keeps that. */
void resource_shut(struct resource *resource);

/* Select (select.c). */
enum step_result select_enter(struct task *task, const struct op *op, const struct program *program);
enum step_result select_resume(struct task *task, const struct op *op, const struct program *program);
/* True when a close or a cancel has completed the select that a task waits in, and only the waking is still
 * to come. As in Go nobody else may complete it any more. */
bool select_settled(const struct task *task);
