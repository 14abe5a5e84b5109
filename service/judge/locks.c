#include "judge/locks.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define NO_LOCK LIMIT_LOCKS
#define ALL     UINT64_MAX

/* What may be held, a bit for each lock: as a writer or the only one, and as a reader. */
struct held {
    uint64_t whole;
    uint64_t read;
};

/* Somebody takes `later` while holding `earlier`. */
struct order {
    uint64_t held; /* everything held at that moment */
    uint16_t at;   /* the operation that takes the later one; NO_TARGET: nobody does */
};

struct locks {
    struct flow *flow;
    struct findings *findings;
    uint32_t things[LIMIT_LOCKS];
    uint64_t handed; /* locks that somebody unlocks who cannot have taken them */
    uint64_t stray;  /* locks that somebody unlocks who may not have taken them */
    unsigned count;
    struct held may[LIMIT_OPS];
    uint64_t ever[LIMIT_OPS]; /* taken on some path, given back since or not */
    uint64_t must[LIMIT_OPS]; /* held on every path, in either way */
    struct order orders[LIMIT_LOCKS][LIMIT_LOCKS];
};

#define TAKES (ROLE_LOCK | ROLE_RLOCK)
#define GIVES (ROLE_UNLOCK | ROLE_RUNLOCK)

static uint16_t kind_of(const struct locks *locks, uint16_t index)
{
    const struct program *program = locks->flow->program;
    return program->steps[program->ops[index].step].kind;
}

static unsigned place(const struct locks *locks, uint16_t index)
{
    const struct program *program = locks->flow->program;
    return program->steps[program->ops[index].step].line;
}

static const char *name(const struct locks *locks, unsigned lock)
{
    return roles_thing(locks->flow->roles, locks->things[lock], NULL)->name;
}

/* The number of a lock, given when it is first seen; NO_LOCK beyond LIMIT_LOCKS. */
static unsigned number(struct locks *locks, uint32_t thing)
{
    unsigned i = 0;
    while (i < locks->count && locks->things[i] != thing)
        i++;
    if (i == LIMIT_LOCKS)
        return NO_LOCK;
    locks->things[i] = thing;
    locks->count = i == locks->count ? i + 1 : locks->count;
    return i;
}

/* The lock that an operation takes or gives back; NO_LOCK: none. */
static unsigned lock_of(struct locks *locks, uint16_t index, uint32_t roles, uint32_t *role)
{
    struct use uses[LIMIT_CASES];
    const struct op *op = &locks->flow->program->ops[index];
    if (op->code == OP_SELECT || roles_uses(locks->flow->roles, op, uses) == 0 || (uses[0].role & roles) == 0)
        return NO_LOCK;
    *role = uses[0].role;
    return number(locks, uses[0].thing);
}

/* The lock that a wait for a condition gives back for as long as it waits; NO_LOCK: it is no such wait. */
static unsigned lock_waited_with(struct locks *locks, uint16_t index)
{
    const struct roles *roles = locks->flow->roles;
    struct use uses[LIMIT_CASES];
    const struct op *op = &locks->flow->program->ops[index];
    if (op->code != OP_WAIT || roles_uses(roles, op, uses) == 0)
        return NO_LOCK;
    uint16_t layout;
    struct thing_ref mutex = roles_thing(roles, uses[0].thing, &layout)->mutex;
    layout = mutex.hops == HOPS_SHARE ? 0 : layout;
    return number(locks, roles->bases[layout] + outward_thing(roles->program, layout, mutex.offset));
}

/* ---- what is held where ---- */

static struct held after(struct locks *locks, uint16_t index, uint64_t *must, uint64_t *ever)
{
    struct held held = locks->may[index];
    uint32_t role;
    unsigned lock = lock_of(locks, index, TAKES | GIVES, &role);
    *must = locks->must[index];
    *ever = locks->ever[index];
    if (lock == NO_LOCK)
        return held;
    uint64_t bit = 1ull << lock;
    if (role == ROLE_LOCK)
        held.whole |= bit;
    else if (role == ROLE_RLOCK)
        held.read |= bit;
    else if (role == ROLE_UNLOCK)
        held.whole &= ~bit;
    else
        held.read &= ~bit;
    *must = (role & TAKES) != 0 ? *must | bit : *must & ~bit;
    *ever |= (role & TAKES) != 0 ? bit : 0;
    return held;
}

static bool pass_on(struct locks *locks, uint16_t index, uint16_t to)
{
    uint64_t must, ever;
    struct held held = after(locks, index, &must, &ever);
    struct held *may = &locks->may[to];
    bool changed =
        (held.whole & ~may->whole) != 0 || (held.read & ~may->read) != 0 || (locks->must[to] & ~must) != 0;
    may->whole |= held.whole;
    may->read |= held.read;
    locks->must[to] &= must;
    locks->ever[to] |= ever;
    return changed;
}

static void held_collect(struct locks *locks)
{
    struct flow *flow = locks->flow;
    const struct program *program = flow->program;
    uint16_t next[PROGRAM_SUCCESSORS];
    bool open[PROGRAM_SUCCESSORS];
    memset(locks->may, 0, sizeof locks->may);
    memset(locks->ever, 0, sizeof locks->ever);
    memset(locks->must, 0xff, sizeof locks->must);
    for (uint16_t kind = 0; kind < program->kind_count; kind++)
        locks->must[program->kinds[kind].entry] = 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint16_t i = 0; i < program->op_count; i++) {
            unsigned count = flow->reached[i] ? flow_ways(flow, i, next, open) : 0;
            for (unsigned j = 0; j < count; j++)
                changed |= open[j] && pass_on(locks, i, next[j]);
        }
    }
}

/* The lock, and every other that may be the same one in the eyes of another task. */
static uint64_t aliases(const struct locks *locks, unsigned lock)
{
    const struct roles *roles = locks->flow->roles;
    uint64_t set = 1ull << lock;
    uint32_t mine, other;
    for (unsigned i = 0; i < locks->count; i++)
        for (uint16_t a = 0; roles_each(roles, locks->things[lock], &a, &mine);)
            for (uint16_t b = 0; roles_each(roles, locks->things[i], &b, &other);)
                set |= mine == other ? 1ull << i : 0;
    return set;
}

static void handed_collect(struct locks *locks)
{
    locks->handed = locks->stray = 0;
    for (uint16_t i = 0; i < locks->flow->program->op_count; i++) {
        uint32_t role;
        if (!locks->flow->reached[i])
            continue;
        unsigned lock = lock_of(locks, i, GIVES, &role);
        if (lock == NO_LOCK)
            lock = lock_waited_with(locks, i);
        if (lock != NO_LOCK && (locks->ever[i] >> lock & 1) == 0)
            locks->handed |= aliases(locks, lock);
        if (lock != NO_LOCK && (locks->must[i] >> lock & 1) == 0)
            locks->stray |= aliases(locks, lock);
    }
}

/* ---- the same lock twice ---- */

static bool has(uint64_t set, unsigned lock)
{
    return (set >> lock & 1) != 0;
}

/* A reader may read again, unless a writer comes between the two. */
static bool waits_for_itself(const struct locks *locks, uint16_t index, unsigned lock, uint32_t role)
{
    const struct held *held = &locks->may[index];
    if (has(locks->handed, lock))
        return false;
    if (has(held->whole, lock))
        return true;
    return has(held->read, lock) && (role == ROLE_LOCK || flow_other(locks->flow, kind_of(locks, index),
                                                                     locks->things[lock], ROLE_LOCK));
}

/* True when a way was closed. */
static bool twice_collect(struct locks *locks)
{
    struct flow *flow = locks->flow;
    bool closed = false;
    for (uint16_t i = 0; i < flow->program->op_count; i++) {
        uint32_t role;
        if (!flow->reached[i] || flow->closed[i])
            continue;
        unsigned lock = lock_of(locks, i, TAKES, &role);
        if (lock == NO_LOCK || !waits_for_itself(locks, i, lock, role))
            continue;
        bool readers = role == ROLE_RLOCK && !has(locks->may[i].whole, lock);
        findings_add(locks->findings, FINDING_LOCK_TWICE, flow->program->ops[i].step, false,
                     "waits for \"%s\", which the task itself holds already%s", name(locks, lock),
                     readers ? ": a writer that comes between keeps it out" : "");
        if (!readers && has(locks->must[i], lock) && !has(locks->stray, lock))
            closed = flow->closed[i] = true;
    }
    return closed;
}

/* ---- kept to the end ---- */

static uint16_t taken_at(struct locks *locks, uint16_t kind, unsigned lock)
{
    for (uint16_t i = 0; i < locks->flow->program->op_count; i++) {
        uint32_t role;
        if (locks->flow->reached[i] && kind_of(locks, i) == kind && lock_of(locks, i, TAKES, &role) == lock)
            return i;
    }
    CHECK(!"a lock is held that nobody took");
    return 0;
}

static void kept_collect(struct locks *locks)
{
    const struct program *program = locks->flow->program;
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        if (!locks->flow->reached[i] || (!flow_ends(op) && op->code != OP_PANIC))
            continue;
        uint64_t held = (locks->may[i].whole | locks->may[i].read) & ~locks->handed;
        for (unsigned lock = 0; lock < locks->count; lock++)
            if (has(held, lock))
                findings_add(locks->findings, FINDING_LOCK_KEPT,
                             program->ops[taken_at(locks, kind_of(locks, i), lock)].step, false,
                             "keeps \"%s\" on a path to the end of the task (line %u)", name(locks, lock),
                             place(locks, i));
    }
}

/* ---- orders that cross ---- */

static void orders_collect(struct locks *locks)
{
    for (unsigned i = 0; i < LIMIT_LOCKS * LIMIT_LOCKS; i++)
        locks->orders[i / LIMIT_LOCKS][i % LIMIT_LOCKS].at = NO_TARGET;
    for (uint16_t i = 0; i < locks->flow->program->op_count; i++) {
        uint32_t role;
        if (!locks->flow->reached[i])
            continue;
        unsigned later = lock_of(locks, i, TAKES, &role);
        uint64_t held = locks->may[i].whole | locks->may[i].read;
        if (later == NO_LOCK)
            continue;
        if (role == ROLE_RLOCK && !flow_any(locks->flow, locks->things[later], ROLE_LOCK))
            continue; /* nothing but readers */
        for (unsigned earlier = 0; earlier < locks->count; earlier++) {
            struct order *order = &locks->orders[earlier][later];
            if (earlier != later && has(held & ~locks->handed, earlier) && order->at == NO_TARGET)
                *order = (struct order){.held = held, .at = i};
        }
    }
}

/* Two tasks of one kind may be there at a time, as far as this lock is concerned. */
static bool beside(const struct locks *locks, const struct order *a, const struct order *b, unsigned lock)
{
    uint16_t kind = kind_of(locks, a->at);
    uint32_t role = ROLE_LOCK | ROLE_RLOCK;
    return kind != kind_of(locks, b->at) || flow_other(locks->flow, kind, locks->things[lock], role);
}

/* The shortest way from one lock back to another along the orders; the first order of it, NULL for none.
 * `common` gets what is held at every step of it. */
static const struct order *way_back(const struct locks *locks, unsigned from, unsigned to, uint64_t *common)
{
    unsigned queue[LIMIT_LOCKS], before[LIMIT_LOCKS], queued = 0;
    uint64_t seen = 1ull << from;
    queue[queued++] = from;
    for (unsigned at = 0; at < queued; at++) {
        for (unsigned next = 0; next < locks->count; next++) {
            if (locks->orders[queue[at]][next].at == NO_TARGET || has(seen, next))
                continue;
            before[next] = queue[at];
            seen |= 1ull << next;
            queue[queued++] = next;
        }
    }
    if (!has(seen, to))
        return NULL;
    const struct order *first = NULL;
    *common = ALL;
    for (unsigned at = to; at != from; at = before[at]) {
        first = &locks->orders[before[at]][at];
        *common &= first->held & ~(1ull << before[at]);
    }
    return first;
}

static void crossings_collect(struct locks *locks)
{
    const struct program *program = locks->flow->program;
    for (unsigned earlier = 0; earlier < locks->count; earlier++) {
        for (unsigned later = 0; later < locks->count; later++) {
            const struct order *order = &locks->orders[earlier][later];
            uint64_t common;
            if (order->at == NO_TARGET)
                continue;
            const struct order *other = way_back(locks, later, earlier, &common);
            if (other == NULL || (common & order->held & ~(1ull << earlier)) != 0 ||
                !beside(locks, order, other, earlier))
                continue;
            findings_add(locks->findings, FINDING_LOCK_ORDER, program->ops[order->at].step, false,
                         "takes \"%s\" while it holds \"%s\", and task %s (line %u) goes the other way round",
                         name(locks, later), name(locks, earlier),
                         program->kinds[kind_of(locks, other->at)].name, place(locks, other->at));
        }
    }
}

enum err locks_look(struct flow *flow, struct findings *findings)
{
    struct locks *locks = calloc(1, sizeof *locks);
    if (locks == NULL)
        return ERR_MEMORY;
    locks->flow = flow;
    locks->findings = findings;
    do {
        flow_run(flow);
        held_collect(locks);
        handed_collect(locks);
    } while (twice_collect(locks));
    kept_collect(locks);
    orders_collect(locks);
    crossings_collect(locks);
    free(locks);
    return ERR_OK;
}
