#include "judge/gate.h"

#include "base/macros.h"

#define MILLION 1000000 /* a percentage of 100% */

/* An entry being looked at. */
struct look {
    struct records *records;
    store_ref class_id;
    struct class *class;
    uint16_t pc;
    enum leg leg;
    bool polls;                 /* a case of a select with a default */
    struct thing_rec *waits_at; /* what closes the gate, if something may still open it */
};

/* A thing as a class sees it. */
struct sight {
    struct thing_rec *rec; /* NULL: inside a ghost */
    const void *thing;     /* NULL: does not exist yet, and will be as it is made */
    const struct thing_spec *spec;
    store_ref offerer; /* whose name offers of this class bear here */
};

static unsigned ordinal(const struct layout *layout, uint16_t offset)
{
    unsigned low = 0, high = layout->count;
    while (low + 1 < high) {
        unsigned middle = (low + high) / 2;
        if (layout->things[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Several tasks of a class that exists only virtually may meet at whatever lies outside of their own. */
static store_ref offerer_of(const struct look *look, const struct env_rec *inner, const struct env_rec *at)
{
    if ((look->class->flags & CLASS_MANY) != 0 || (inner->env == NULL && inner != at))
        return OFFER_MANY;
    return look->class_id;
}

static struct sight see_in(const struct look *look, store_ref in, struct thing_ref ref)
{
    struct records *records = look->records;
    struct env_rec *rec = rec_at(records, in);
    if (rec_is_ghost(rec))
        return (struct sight){0};
    const struct layout *layout = &records->facts->program->layouts[rec->layout];
    uint16_t offset = thing_offset(records->facts->program, ref, rec->layout);
    unsigned at = ordinal(layout, offset);
    return (struct sight){
        .rec = &rec->things[at],
        .thing = rec->env == NULL ? NULL : (const char *)rec->env + offset,
        .spec = &layout->things[at],
        .offerer = offerer_of(look, rec_at(records, look->class->rec), rec),
    };
}

/* The record that a reference leads to; STORE_NONE: no memory. */
static store_ref follow(const struct look *look, struct thing_ref ref)
{
    struct records *records = look->records;
    store_ref at = look->class->rec;
    if (ref.hops == HOPS_SHARE)
        return records->root;
    for (uint8_t hops = ref.hops; hops > 0 && at != STORE_NONE; hops--)
        at = record_parent(records, at);
    return at;
}

static struct sight see(const struct look *look, struct thing_ref ref)
{
    store_ref at = follow(look, ref);
    return at == STORE_NONE ? (struct sight){0} : see_in(look, at, ref);
}

/* The mutex of a condition: in the same environment or in the start's. */
static struct sight see_mutex(const struct look *look, struct thing_ref condition)
{
    store_ref at = follow(look, condition);
    struct sight sight = at == STORE_NONE ? (struct sight){0} : see_in(look, at, condition);
    if (sight.rec == NULL)
        return sight;
    struct thing_ref mutex = sight.spec->mutex;
    return see_in(look, mutex.hops == HOPS_SHARE ? look->records->root : at, mutex);
}

const struct thing_rec *gate_thing(struct records *records, store_ref class, struct thing_ref ref)
{
    struct look look = {.records = records, .class_id = class, .class = class_at(records, class)};
    return see(&look, ref).rec;
}

/* ---- what is possible ---- */

static bool ungated(const struct look *look)
{
    return (look->class->flags & CLASS_UNGATED) != 0;
}

static void offer(const struct look *look, const struct sight *sight, enum side side)
{
    store_ref *offers = &sight->rec->offers[side];
    if (*offers == OFFER_MANY || *offers == sight->offerer)
        return;
    *offers = *offers == OFFER_NONE ? sight->offerer : OFFER_MANY;
    record_stir(look->records, sight->rec);
}

/* Somebody else offers the other side. */
static bool offered(const struct sight *sight, enum side side)
{
    store_ref who = sight->rec->offers[side];
    return who != OFFER_NONE && (who == OFFER_MANY || who != sight->offerer);
}

/* Somebody takes the other side of a channel: through a buffer it may be oneself, and without one of both
 * must have waited. */
static bool met(const struct look *look, const struct sight *sight, uint64_t capacity, enum side waits,
                enum side polls)
{
    const store_ref *offers = sight->rec->offers;
    if (capacity > 0)
        return offers[waits] != OFFER_NONE || offers[polls] != OFFER_NONE;
    return offered(sight, waits) || (!look->polls && offered(sight, polls));
}

static void enable(const struct look *look, const struct sight *sight, uint32_t deeds)
{
    if (sight->rec == NULL || (sight->rec->deeds & deeds) == deeds)
        return;
    sight->rec->deeds |= deeds;
    record_stir(look->records, sight->rec);
}

static bool possible(const struct sight *sight, enum deed deed)
{
    return (sight->rec->deeds & deed) != 0;
}

/* ---- what comes of a look ---- */

static void moves(const struct look *look)
{
    if (look->pc == look->class->pc && look->leg == look->class->leg)
        look->class->flags |= CLASS_MOVES;
}

static void goes(const struct look *look, uint16_t pc)
{
    moves(look);
    record_reach(look->records, look->class_id, pc, LEG_BEGIN);
}

static void goes_on(const struct look *look)
{
    goes(look, (uint16_t)(look->pc + 1));
}

static void ends(const struct look *look)
{
    moves(look);
    look->class->flags |= CLASS_ENDS;
}

static void waits(struct look *look, const struct sight *sight)
{
    look->waits_at = sight->rec;
}

/* ---- channels ---- */

/* A send panics where the channel is closed, and that may still come after it was found to be possible. */
static void look_at_send(struct look *look, struct thing_ref ref, uint16_t target)
{
    struct sight sight = see(look, ref);
    const struct channel *channel = sight.thing;
    if (sight.rec == NULL) {
        ends(look);
        goes(look, target);
        return;
    }
    if (sight.spec->nil)
        return;
    offer(look, &sight, look->polls ? SIDE_POLL_SEND : SIDE_SEND);
    bool closed = channel != NULL && channel->closed;
    bool closes = closed || possible(&sight, DEED_CLOSE);
    if (closes || ungated(look))
        ends(look);
    uint64_t capacity =
        channel != NULL ? channel->capacity : (uint64_t)look->records->facts->values[sight.spec->value];
    uint64_t length = channel != NULL ? channel->length : 0;
    bool received = met(look, &sight, capacity, SIDE_RECV, SIDE_POLL_RECV);
    bool passes = !closed && (length < capacity || received);
    if (passes || ungated(look))
        goes(look, target);
    if (!closed && !(closes && passes))
        waits(look, &sight);
}

/* A message may come: one that is there, or from somebody; through a buffer from oneself as well. */
static bool message_comes(const struct look *look, const struct sight *sight)
{
    const struct channel *channel = sight->thing;
    if (channel != NULL && channel->length > 0)
        return true;
    if (channel != NULL && channel->closed)
        return false;
    uint64_t capacity =
        channel != NULL ? channel->capacity : (uint64_t)look->records->facts->values[sight->spec->value];
    return met(look, sight, capacity, SIDE_SEND, SIDE_POLL_SEND);
}

/* `message` and `closed`: where a receive goes on with a message, and where when the channel is closed. */
static void look_at_receive(struct look *look, struct thing_ref ref, uint16_t message, uint16_t closed)
{
    struct sight sight = see(look, ref);
    const struct channel *channel = sight.thing;
    if (sight.rec != NULL && sight.spec->nil)
        return;
    if (sight.rec != NULL)
        offer(look, &sight, look->polls ? SIDE_POLL_RECV : SIDE_RECV);
    bool all = sight.rec == NULL || ungated(look);
    bool comes = all || message_comes(look, &sight);
    bool closes = all || (channel != NULL && channel->closed) || possible(&sight, DEED_CLOSE);
    if (comes)
        goes(look, message);
    if (closes)
        goes(look, closed);
    bool whole = message == closed ? comes || closes : comes && closes;
    if (!whole && !(channel != NULL && channel->closed))
        waits(look, &sight);
}

static void look_at_close(struct look *look, struct thing_ref ref)
{
    struct sight sight = see(look, ref);
    const struct channel *channel = sight.thing;
    ends(look);
    if (sight.rec != NULL && sight.spec->nil)
        return;
    enable(look, &sight, DEED_CLOSE);
    if (channel == NULL || !channel->closed || ungated(look))
        goes_on(look);
}

/* ---- locks ---- */

static bool locked(const struct sight *sight)
{
    const struct mutex *mutex = sight->thing;
    return mutex != NULL && mutex->locked;
}

/* Where a mutex is taken: it is free, or somebody may free it. */
static bool takes(struct look *look, const struct sight *sight)
{
    if (sight->rec == NULL)
        return true;
    if (locked(sight) && !possible(sight, DEED_UNLOCK) && !ungated(look)) {
        waits(look, sight);
        return false;
    }
    enable(look, sight, DEED_LOCK);
    return true;
}

/* Where it is given back: it is taken, or somebody may have taken it; otherwise the task panics. */
static bool gives(struct look *look, const struct sight *sight)
{
    ends(look);
    if (sight->rec == NULL)
        return true;
    if (!locked(sight) && !possible(sight, DEED_LOCK) && !ungated(look)) {
        waits(look, sight);
        return false;
    }
    enable(look, sight, DEED_UNLOCK);
    return true;
}

static void look_at_lock(struct look *look, struct thing_ref ref)
{
    struct sight sight = see(look, ref);
    if (takes(look, &sight))
        goes_on(look);
}

static void look_at_unlock(struct look *look, struct thing_ref ref)
{
    struct sight sight = see(look, ref);
    if (gives(look, &sight))
        goes_on(look);
}

/* Each side of an rwmutex is kept out by whoever holds it. */
static void look_at_write_lock(struct look *look, struct thing_ref ref)
{
    struct sight sight = see(look, ref);
    const struct rwmutex *lock = sight.thing;
    bool free = sight.rec == NULL || lock == NULL || ungated(look) ||
                ((!lock->writing || possible(&sight, DEED_UNLOCK)) &&
                 (lock->reading == 0 || possible(&sight, DEED_READ_UNLOCK)));
    if (!free) {
        waits(look, &sight);
        return;
    }
    enable(look, &sight, DEED_LOCK);
    goes_on(look);
}

/* A writer that waits keeps readers out as one that writes does: both end with a writer's unlock. */
static void look_at_read_lock(struct look *look, struct thing_ref ref)
{
    struct sight sight = see(look, ref);
    const struct rwmutex *lock = sight.thing;
    bool free = sight.rec == NULL || lock == NULL || ungated(look) || possible(&sight, DEED_UNLOCK) ||
                (!lock->writing && list_empty(&lock->writers));
    if (!free) {
        waits(look, &sight);
        return;
    }
    enable(look, &sight, DEED_READ_LOCK);
    goes_on(look);
}

static void look_at_rw_unlock(struct look *look, struct thing_ref ref, bool held, enum deed lock,
                              enum deed unlock)
{
    struct sight sight = see(look, ref);
    ends(look);
    if (sight.rec != NULL && !held && !possible(&sight, lock) && !ungated(look)) {
        waits(look, &sight);
        return;
    }
    enable(look, &sight, unlock);
    goes_on(look);
}

static void look_at_write_unlock(struct look *look, struct thing_ref ref)
{
    const struct rwmutex *lock = see(look, ref).thing;
    look_at_rw_unlock(look, ref, lock != NULL && lock->writing, DEED_LOCK, DEED_UNLOCK);
}

static void look_at_read_unlock(struct look *look, struct thing_ref ref)
{
    const struct rwmutex *lock = see(look, ref).thing;
    look_at_rw_unlock(look, ref, lock != NULL && lock->reading > 0, DEED_READ_LOCK, DEED_READ_UNLOCK);
}

/* ---- groups ---- */

static void look_at_add(struct look *look, const struct op *op)
{
    struct sight sight = see(look, op->thing);
    ends(look);
    if (look->records->facts->values[op->value] > 0)
        enable(look, &sight, DEED_ADD);
    goes_on(look);
}

static bool counts(const struct sight *sight)
{
    const struct group *group = sight->thing;
    return group != NULL && group->counter > 0;
}

static void look_at_finish(struct look *look, struct thing_ref ref)
{
    struct sight sight = see(look, ref);
    ends(look);
    if (sight.rec != NULL && !counts(&sight) && !possible(&sight, DEED_ADD) && !ungated(look)) {
        waits(look, &sight);
        return;
    }
    enable(look, &sight, DEED_FINISH);
    goes_on(look);
}

/* Where counters are not summed up a single finish may be the last one. */
static void look_at_join(struct look *look, struct thing_ref ref)
{
    struct sight sight = see(look, ref);
    enum deed opens = look->records->sums ? DEED_ZERO : DEED_FINISH;
    if (sight.rec == NULL || !counts(&sight) || possible(&sight, opens) || ungated(look))
        goes_on(look);
    else
        waits(look, &sight);
}

/* ---- conditions ---- */

static void look_at_signal(struct look *look, struct thing_ref ref)
{
    struct sight sight = see(look, ref);
    if (sight.rec != NULL)
        offer(look, &sight, SIDE_SIGNAL);
    goes_on(look);
}

/* Gives the mutex back, waits for a signal of somebody else, and takes the mutex again. */
static void look_at_wait(struct look *look, struct thing_ref ref)
{
    struct sight mutex = see_mutex(look, ref);
    struct sight condition = see(look, ref);
    switch (look->leg) {
    case LEG_BEGIN:
        if (gives(look, &mutex))
            record_reach(look->records, look->class_id, look->pc, LEG_WAITING);
        return;
    case LEG_WAITING:
        if (condition.rec != NULL && !offered(&condition, SIDE_SIGNAL) && !ungated(look)) {
            waits(look, &condition);
            return;
        }
        moves(look);
        record_reach(look->records, look->class_id, look->pc, LEG_RELOCK);
        return;
    case LEG_RELOCK:
        if (takes(look, &mutex))
            goes_on(look);
    }
}

/* ---- the others ---- */

static void look_at_tick(struct look *look, struct thing_ref ref, uint16_t target)
{
    struct sight sight = see(look, ref);
    const struct ticker *ticker = sight.thing;
    if (ticker == NULL || !ticker->stopped || ticker->pending || ungated(look))
        goes(look, target);
}

static void look_at_spawn(struct look *look, const struct op *op)
{
    if (look->records->facts->values[op->value] > 0)
        (void)record_spawned(look->records, look->class->rec, op->kind);
    goes_on(look);
}

/* Every case is a gate of its own. */
static void look_at_select(struct look *look, const struct op *op)
{
    if (op->target != NO_TARGET)
        goes(look, op->target);
    for (uint16_t arm = 0; arm < op->count; arm++)
        record_push(look->records, look->class_id, look->pc, LEG_BEGIN, (uint8_t)arm);
}

static void look_at_arm(struct look *look, const struct select_case *arm)
{
    switch ((enum case_kind)arm->kind) {
    case CASE_RECV:
        look_at_receive(look, arm->thing, arm->target, arm->target);
        return;
    case CASE_SEND:
        look_at_send(look, arm->thing, arm->target);
        return;
    case CASE_TICK:
        look_at_tick(look, arm->thing, arm->target);
        return;
    case CASE_AFTER:
    case CASE_DONE:
        goes(look, arm->target);
    }
}

/* Ways that part without waiting for anybody. What a number comes to is not foreseen: both ways of a test are
 * possible. */
static void look_at_fork(struct look *look, const struct op *op)
{
    const int64_t *values = look->records->facts->values;
    bool on = true, away = true;
    if (op->code == OP_BRANCH) {
        on = compare_holds(values[op->value], (enum compare)op->reg, values[op->other]);
        away = !on;
    } else if (op->code == OP_CHANCE) {
        on = values[op->value] > 0;
        away = values[op->value] < MILLION;
    } else if (op->code == OP_LOOP) {
        on = values[op->value] > 0;
        away = !on;
    }
    if (on)
        goes_on(look);
    if (away)
        goes(look, op->target);
}

static void look_at_thing(struct look *look, const struct op *op)
{
    uint16_t behind = (uint16_t)(look->pc + 1);
    switch ((enum op_code)op->code) {
    case OP_SEND:
        look_at_send(look, op->thing, behind);
        return;
    case OP_RECV:
        look_at_receive(look, op->thing, behind, behind);
        return;
    case OP_RANGE:
        look_at_receive(look, op->thing, behind, op->target);
        return;
    case OP_CLOSE:
        look_at_close(look, op->thing);
        return;
    case OP_TICK:
        look_at_tick(look, op->thing, behind);
        return;
    case OP_LOCK:
        look_at_lock(look, op->thing);
        return;
    case OP_UNLOCK:
        look_at_unlock(look, op->thing);
        return;
    case OP_WRITE_LOCK:
        look_at_write_lock(look, op->thing);
        return;
    case OP_WRITE_UNLOCK:
        look_at_write_unlock(look, op->thing);
        return;
    case OP_READ_LOCK:
        look_at_read_lock(look, op->thing);
        return;
    case OP_READ_UNLOCK:
        look_at_read_unlock(look, op->thing);
        return;
    case OP_ADD:
        look_at_add(look, op);
        return;
    case OP_FINISH:
        look_at_finish(look, op->thing);
        return;
    case OP_JOIN:
        look_at_join(look, op->thing);
        return;
    case OP_WAIT:
        look_at_wait(look, op->thing);
        return;
    case OP_SIGNAL:
    case OP_BROADCAST:
        look_at_signal(look, op->thing);
        return;
    default:
        CHECK(!"an operation on a thing that can close a gate");
    }
}

static void look_at_op(struct look *look, const struct op *op)
{
    switch ((enum op_code)op->code) {
    case OP_END:
    case OP_LEAVE:
    case OP_PANIC:
        ends(look);
        return;
    case OP_JUMP:
        goes(look, op->target);
        return;
    case OP_BRANCH:
    case OP_TEST:
    case OP_CHANCE:
    case OP_LOOP:
    case OP_NEXT:
        look_at_fork(look, op);
        return;
    case OP_SPAWN:
        look_at_spawn(look, op);
        return;
    case OP_SELECT:
        look_at_select(look, op);
        return;
    case OP_LINGER:
    case OP_SLEEP:
    case OP_HOLD:
    case OP_LOSE:
    case OP_DROP:
    case OP_STOP:
    case OP_CANCEL:
    case OP_AWAIT:
    case OP_WORK:
    case OP_OPEN:
    case OP_SHUT:
    case OP_SET:
        goes_on(look);
        return;
    default:
        look_at_thing(look, op);
    }
}

void gate_look(struct records *records)
{
    store_ref at = record_pop(records);
    struct entry entry = *entry_at(records, at);
    const struct program *program = records->facts->program;
    const struct op *op = &program->ops[entry.pc];
    struct look look = {
        .records = records,
        .class_id = entry.class,
        .class = class_at(records, entry.class),
        .pc = entry.pc,
        .leg = (enum leg)entry.leg,
    };
    look.polls = entry.arm != ARM_ALL && op->target != NO_TARGET;
    if (entry.arm != ARM_ALL)
        look_at_arm(&look, &program->cases[op->first + entry.arm]);
    else
        look_at_op(&look, op);
    if (look.waits_at != NULL)
        record_park(records, look.waits_at, at);
    else
        record_drop(records, at);
}

/* ---- deeds ---- */

/* What an operation that is carried out does to its thing. The other operations make everything they may do
 * possible as soon as they are reached. */
static uint32_t deeds_of(enum op_code code)
{
    switch (code) {
    case OP_LOCK:
    case OP_WRITE_LOCK:
        return DEED_LOCK;
    case OP_UNLOCK:
    case OP_WRITE_UNLOCK:
        return DEED_UNLOCK;
    case OP_READ_LOCK:
        return DEED_READ_LOCK;
    case OP_READ_UNLOCK:
        return DEED_READ_UNLOCK;
    case OP_FINISH:
        return DEED_FINISH;
    default:
        return 0;
    }
}

void gate_deed(struct records *records, store_ref class_id, uint16_t pc, bool goes_on)
{
    const struct op *op = &records->facts->program->ops[pc];
    struct look look = {
        .records = records, .class_id = class_id, .class = class_at(records, class_id), .pc = pc};
    if (goes_on)
        look.class->flags |= CLASS_MOVES;
    else
        record_reach(records, class_id, pc, LEG_BEGIN);
    if (op->code == OP_WAIT) {
        struct sight mutex = see_mutex(&look, op->thing);
        enable(&look, &mutex, DEED_LOCK | DEED_UNLOCK);
        record_reach(records, class_id, pc, LEG_WAITING);
        if (goes_on)
            record_reach(records, class_id, pc, LEG_RELOCK);
        return;
    }
    uint32_t deeds = deeds_of((enum op_code)op->code);
    if (deeds == 0)
        return;
    struct sight sight = see(&look, op->thing);
    enable(&look, &sight, deeds);
}
