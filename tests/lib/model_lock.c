/* Locks, conditions and groups. */
#include "model_walk.h"

#include "base/macros.h"

uint16_t walk_mutex(const struct walk *walk, uint16_t condition)
{
    return model_see(walk->model, walk->from, (uint8_t)(condition / MODEL_SEEN),
                     walk_spec_of(walk, condition)->mutex);
}

/* Who waits for a mutex: to lock it, or to have it back after a condition. */
static bool wants(const struct walk *walk, unsigned who, uint16_t mutex)
{
    const struct model_task *task = &walk->from->tasks[who];
    const struct op *op = walk_op_of(walk, task);
    if (task->stage == MODEL_BLOCKED)
        return op->code == OP_LOCK && walk_see(walk, task, op->thing) == mutex;
    if (task->stage != MODEL_RELOCKING)
        return false;
    return walk_mutex(walk, walk_see(walk, task, op->thing)) == mutex;
}

/* Gives a mutex back, to any who waits; the task goes on behind, or waits on a condition. */
static void unlock(struct walk *walk, unsigned who, uint16_t mutex, bool waits)
{
    uint16_t pc = walk->from->tasks[who].pc;
    if ((walk_content(walk, mutex) & MODEL_FLAG) == 0) {
        walk_panic(walk, who);
        return;
    }
    bool handed = false;
    for (unsigned other = 0; other <= walk->from->task_count; other++) {
        bool nobody = other == walk->from->task_count;
        if (nobody ? handed : !wants(walk, other, mutex) || walk_same_as_before(walk->from, other))
            continue;
        walk_from(walk);
        if (nobody)
            *model_thing(&walk->next, mutex) = 0;
        else
            walk_go(walk, other, (uint16_t)(walk->from->tasks[other].pc + 1));
        handed = true;
        if (waits)
            walk_stand(walk, who, pc, MODEL_WAITING);
        else
            walk_go(walk, who, (uint16_t)(pc + 1));
        walk_emit(walk);
    }
}

void walk_lock(struct walk *walk, unsigned who, uint16_t mutex, enum model_stage otherwise)
{
    bool locked = (walk_content(walk, mutex) & MODEL_FLAG) != 0;
    walk_from(walk);
    if (locked) {
        walk_stand(walk, who, walk->from->tasks[who].pc, otherwise);
    } else {
        *model_thing(&walk->next, mutex) = MODEL_FLAG;
        walk_go(walk, who, (uint16_t)(walk->from->tasks[who].pc + 1));
    }
    walk_emit(walk);
}

static bool waits_on(const struct walk *walk, unsigned who, uint16_t condition)
{
    const struct model_task *task = &walk->from->tasks[who];
    return task->stage == MODEL_WAITING && walk_see(walk, task, walk_op_of(walk, task)->thing) == condition;
}

static void signal_one(struct walk *walk, unsigned who, uint16_t condition)
{
    uint16_t behind = (uint16_t)(walk->from->tasks[who].pc + 1);
    bool woken = false;
    for (unsigned other = 0; other <= walk->from->task_count; other++) {
        bool nobody = other == walk->from->task_count;
        if (nobody ? woken : !waits_on(walk, other, condition) || walk_same_as_before(walk->from, other))
            continue;
        walk_from(walk);
        woken = true;
        if (!nobody) {
            walk_told(walk, &walk->next.tasks[other]);
            walk_stand(walk, other, walk->from->tasks[other].pc, MODEL_SIGNALLED);
        }
        walk_go(walk, who, behind);
        walk_emit(walk);
    }
}

static void signal_all(struct walk *walk, unsigned who, uint16_t condition)
{
    walk_from(walk);
    for (unsigned other = 0; other < walk->from->task_count; other++) {
        if (!waits_on(walk, other, condition))
            continue;
        walk_told(walk, &walk->next.tasks[other]);
        walk_stand(walk, other, walk->from->tasks[other].pc, MODEL_SIGNALLED);
    }
    walk_go(walk, who, (uint16_t)(walk->from->tasks[who].pc + 1));
    walk_emit(walk);
}

static bool somebody(const struct walk *walk, uint16_t thing, enum op_code code)
{
    struct search search = {thing, code, OP_CODES, -1, false};
    uint16_t target;
    return walk_find(walk, &search, 0, &target) >= 0;
}

static void write_lock(struct walk *walk, unsigned who, uint16_t thing)
{
    if (walk_content(walk, thing) != 0) {
        walk_block(walk, who);
        return;
    }
    walk_from(walk);
    *model_thing(&walk->next, thing) = MODEL_FLAG;
    walk_go(walk, who, (uint16_t)(walk->from->tasks[who].pc + 1));
    walk_emit(walk);
}

static void read_lock(struct walk *walk, unsigned who, uint16_t thing)
{
    if ((walk_content(walk, thing) & MODEL_FLAG) != 0 || somebody(walk, thing, OP_WRITE_LOCK)) {
        walk_block(walk, who);
        return;
    }
    walk_from(walk);
    walk_count_up(walk, thing, 1);
    walk_go(walk, who, (uint16_t)(walk->from->tasks[who].pc + 1));
    walk_emit(walk);
}

/* Who gives the lock back goes on, and so does any writer that waits. */
static void hand_to_writer(struct walk *walk, unsigned who, uint16_t thing)
{
    uint16_t behind = (uint16_t)(walk->from->tasks[who].pc + 1), target = 0;
    struct search writers = {thing, OP_WRITE_LOCK, OP_CODES, -1, false};
    bool handed = false;
    for (int other = -1; (other = walk_find(walk, &writers, (unsigned)(other + 1), &target)) >= 0;
         handed = true) {
        walk_from(walk);
        *model_thing(&walk->next, thing) = MODEL_FLAG;
        walk_go(walk, (unsigned)other, target);
        walk_go(walk, who, behind);
        walk_emit(walk);
    }
    if (handed)
        return;
    walk_from(walk);
    *model_thing(&walk->next, thing) = 0;
    walk_go(walk, who, behind);
    walk_emit(walk);
}

/* All readers that wait go before the next writer. */
static void write_unlock(struct walk *walk, unsigned who, uint16_t thing)
{
    struct search readers = {thing, OP_READ_LOCK, OP_CODES, -1, false};
    uint16_t target = 0;
    if ((walk_content(walk, thing) & MODEL_FLAG) == 0) {
        walk_panic(walk, who);
        return;
    }
    if (!somebody(walk, thing, OP_READ_LOCK)) {
        hand_to_writer(walk, who, thing);
        return;
    }
    walk_from(walk);
    *model_thing(&walk->next, thing) = 0;
    for (int other = -1; (other = walk_find(walk, &readers, (unsigned)(other + 1), &target)) >= 0;) {
        walk_count_up(walk, thing, 1);
        walk_go(walk, (unsigned)other, target);
    }
    walk_go(walk, who, (uint16_t)(walk->from->tasks[who].pc + 1));
    walk_emit(walk);
}

static void read_unlock(struct walk *walk, unsigned who, uint16_t thing)
{
    uint16_t reading = walk_content(walk, thing) / MODEL_ONE;
    if (reading == 0) {
        walk_panic(walk, who);
    } else if (reading == 1) {
        hand_to_writer(walk, who, thing);
    } else {
        walk_from(walk);
        walk_count_up(walk, thing, -1);
        walk_go(walk, who, (uint16_t)(walk->from->tasks[who].pc + 1));
        walk_emit(walk);
    }
}

/* ---- groups ---- */

static void finish(struct walk *walk, unsigned who, uint16_t group)
{
    struct search joins = {group, OP_JOIN, OP_CODES, -1, false};
    uint16_t target = 0;
    if (walk_content(walk, group) == 0) {
        walk_panic(walk, who);
        return;
    }
    walk_from(walk);
    walk_count_up(walk, group, -1);
    for (int other = -1; walk_content(walk, group) == MODEL_ONE &&
                         (other = walk_find(walk, &joins, (unsigned)(other + 1), &target)) >= 0;)
        walk_go(walk, (unsigned)other, target);
    walk_go(walk, who, (uint16_t)(walk->from->tasks[who].pc + 1));
    walk_emit(walk);
}

void walk_on_lock(struct walk *walk, unsigned who, enum op_code code, uint16_t thing)
{
    switch (code) {
    case OP_LOCK:
        walk_lock(walk, who, thing, MODEL_BLOCKED);
        return;
    case OP_UNLOCK:
        unlock(walk, who, thing, false);
        return;
    case OP_WRITE_LOCK:
        write_lock(walk, who, thing);
        return;
    case OP_WRITE_UNLOCK:
        write_unlock(walk, who, thing);
        return;
    case OP_READ_LOCK:
        read_lock(walk, who, thing);
        return;
    case OP_READ_UNLOCK:
        read_unlock(walk, who, thing);
        return;
    case OP_FINISH:
        finish(walk, who, thing);
        return;
    case OP_WAIT:
        unlock(walk, who, walk_mutex(walk, thing), true);
        return;
    case OP_SIGNAL:
        signal_one(walk, who, thing);
        return;
    case OP_BROADCAST:
        signal_all(walk, who, thing);
        return;
    default:
        CHECK(!"an operation of the model");
    }
}
