#include "judge/scan.h"

#include "base/macros.h"
#include "judge/gate.h"

/* Where a task stands: a place that it has come to, one that it is blocked at, or its end. */
struct standing {
    uint16_t pc;
    enum place place;
    enum leg leg;
};

/* Where a woken task goes on, see resume() in runtime/interpret.c. */
static struct standing standing_woken(const struct task *task, const struct program *program)
{
    const struct op *op = &program->ops[task->pc];
    struct standing behind = {(uint16_t)(task->pc + 1), PLACE_READY, LEG_BEGIN};
    struct standing doomed = {task->pc, PLACE_DOOMED, LEG_BEGIN};
    bool closed = task->woken_how == WAKE_CLOSED;
    uint16_t which = task->woken_case;
    switch ((enum op_code)op->code) {
    case OP_SEND:
        return closed ? doomed : behind;
    case OP_RANGE:
        return closed ? (struct standing){op->target, PLACE_READY, LEG_BEGIN} : behind;
    case OP_WAIT:
        return task->woken_how == WAKE_SIGNAL ? (struct standing){task->pc, PLACE_READY, LEG_RELOCK} : behind;
    case OP_SELECT:
        break;
    default:
        return behind;
    }
    const struct select_case *arms = &program->cases[op->first];
    if (task->woken_how == WAKE_TIMER)
        for (which = 0; arms[which].kind != CASE_AFTER;)
            which++;
    if (arms[which].kind == CASE_SEND && closed)
        return doomed;
    return (struct standing){arms[which].target, PLACE_READY, LEG_BEGIN};
}

static struct standing standing_of(const struct task *task, const struct program *program)
{
    if (task->state == TASK_READY && task->woken)
        return standing_woken(task, program);
    struct standing standing = {task->pc, task->state == TASK_READY ? PLACE_READY : PLACE_BLOCKED, LEG_BEGIN};
    if (task->state == TASK_WAIT)
        standing.leg = LEG_WAITING;
    else if (task->state == TASK_LOCK && program->ops[task->pc].code == OP_WAIT)
        standing.leg = LEG_RELOCK;
    return standing;
}

static bool has_own(const struct facts *facts, const struct task *task)
{
    return facts->program->kinds[task->kind].layout != NO_LAYOUT;
}

/* The class that a task belongs to, as far as that was noted down: the mark of one with an environment of its
 * own is that environment's record. */
static store_ref class_of(const struct judge *judge, const struct task *task)
{
    if (task->mark == STORE_NONE || !has_own(&judge->facts, task))
        return task->mark;
    return rec_at(&judge->records, task->mark)->owner;
}

void scan_task(struct judge *judge, struct task *task)
{
    struct records *records = &judge->records;
    if (class_of(judge, task) != STORE_NONE)
        return;
    struct standing at = standing_of(task, judge->facts.program);
    store_ref rec = record_env(records, task->env);
    if (rec == STORE_NONE)
        return;
    if (has_own(&judge->facts, task))
        (void)record_owner(records, rec, task->kind, at.pc, at.place, at.leg);
    else
        task->mark = record_class(records, rec, task->kind, at.pc, at.place, at.leg);
}

/* ---- verdicts ---- */

static enum verdict verdict_of(const struct judge *judge, const struct task *task, const struct class *class)
{
    bool blocked = class->place == PLACE_BLOCKED;
    if (blocked && (class->flags & CLASS_MOVES) == 0) {
        CHECK(task->state != TASK_READY && task->pc == class->pc);
        return VERDICT_STUCK;
    }
    bool endless = judge->start->owner_left && (class->flags & CLASS_ENDS) == 0;
    return endless ? VERDICT_ENDLESS : VERDICT_LIVE;
}

static void note_age(struct judge *judge, const struct task *task)
{
    if (task->state == TASK_READY || task->state == TASK_LINGER || task->state == TASK_SLEEP)
        return;
    uint64_t since_ms = (uint64_t)task->since * SINCE_MS;
    uint64_t now_ms = judge->runtime->now_ms;
    if (now_ms > since_ms && now_ms - since_ms > judge->oldest_ms)
        judge->oldest_ms = now_ms - since_ms;
}

void scan_judge(struct judge *judge, struct task *task)
{
    store_ref id = class_of(judge, task);
    bool own = has_own(&judge->facts, task);
    enum verdict verdict = VERDICT_LIVE;
    if (id != STORE_NONE && !judge->given_up) {
        const struct class *class = class_at(&judge->records, id);
        /* Of those who came later only the environment is known, which does not exist yet. */
        if (class->place != PLACE_SPAWNED)
            verdict = verdict_of(judge, task, class);
    }
    /* An environment's record takes its mark along, but for those that came later. */
    if (!own || (task->mark != STORE_NONE && rec_at(&judge->records, task->mark)->env == NULL))
        task->mark = STORE_NONE;
    if (verdict != VERDICT_LIVE)
        watch_judge(task, verdict);
    if (verdict != VERDICT_STUCK)
        note_age(judge, task);
}

/* ---- what happens meanwhile ---- */

/* The class of a task that was spawned after all others had been noted down. Its spawner came to the spawn
 * before, and so its class is there. */
static store_ref class_of_late(struct judge *judge, struct task *task)
{
    struct records *records = &judge->records;
    if (!has_own(&judge->facts, task))
        return record_spawned(records, record_env(records, task->env), task->kind);
    store_ref outer = record_env(records, task->env->parent);
    store_ref class = outer == STORE_NONE ? STORE_NONE : record_spawned(records, outer, task->kind);
    if (class != STORE_NONE)
        task->mark = class_at(records, class)->rec;
    return class;
}

static void arrives(struct watch *watch, struct task *task)
{
    struct judge *judge = container_of(watch, struct judge, watch);
    if (judge->records.failed || judge->phase > PHASE_SPREAD)
        return;
    if (judge->phase == PHASE_SCAN)
        scan_task(judge, task);
    store_ref class = class_of(judge, task);
    if (class == STORE_NONE && !judge->records.failed)
        class = class_of_late(judge, task);
    if (class != STORE_NONE)
        gate_deed(&judge->records, class, task->pc, task->woken);
}

static void leaves(struct watch *watch, struct task *task)
{
    struct judge *judge = container_of(watch, struct judge, watch);
    if (judge->cursor == &task->link)
        judge->cursor = task->link.next;
    if (judge->last == &task->link)
        judge->last = task->link.prev;
    /* Its environment may outlive it, and then nobody else would find this mark. */
    if (has_own(&judge->facts, task) && task->mark != STORE_NONE &&
        rec_at(&judge->records, task->mark)->env == NULL)
        record_leave(&judge->records, task->env);
}

void scan_watch(struct judge *judge)
{
    judge->watch = (struct watch){.arrives = arrives, .leaves = leaves};
}
