/* The gate between whoever makes programs and the runtime that executes them. Three passes: every index by
 * itself; what each kind of task can reach, with the registers on the way; and what its things are, in every
 * environment that a task of the kind may see through whoever spawned it. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/macros.h"
#include "runtime/program.h"
#include "runtime/thing.h"

#define LAYOUTS_MAX (LIMIT_TASK_KINDS + 1)
#define NOT_VISITED UINT8_MAX
#define SOUND       NULL
#define SET_OUTSIDE 1 /* bit of struct layout_set.more: beyond the start's environment */
#define SET_LAST    2 /* layout LIMIT_TASK_KINDS, which has no room in `first` */

static_assert(LIMIT_TASK_KINDS <= 64, "a set of kinds or layouts fits in 64 bits and a few");
static_assert(LIMIT_LOOPS < 8, "registers fit in a byte, and NOT_VISITED is no set of them");

struct verifier {
    const struct program *program;
    uint64_t spawns[LIMIT_TASK_KINDS]; /* by kind: the kinds that it may spawn */
    uint64_t reached;                  /* kinds that are spawned, directly or not, from main */
    uint8_t live[LIMIT_OPS];           /* of the kind at hand: registers above 0 before each operation */
    uint16_t pending[LIMIT_OPS];       /* operations whose successors are to be visited */
    uint16_t pending_count;
};

/* Which operand fields an operation uses. */
struct shape {
    bool value, target, reg, kind, other, cases;
    bool compare, change; /* reg is an enum compare, an enum change */
    bool next;            /* may go on at the operation behind it */
    bool resource;        /* its thing is of the kind of resource in reg */
    int thing;            /* enum thing_kind, or -1 */
};

static const struct shape shapes[OP_CODES] = {
    [OP_END] = {.thing = -1},
    [OP_LEAVE] = {.thing = -1},
    [OP_LINGER] = {.next = true, .thing = -1},
    [OP_PANIC] = {.thing = -1},
    [OP_JUMP] = {.target = true, .thing = -1},
    [OP_BRANCH] = {.target = true, .value = true, .other = true, .compare = true, .next = true, .thing = -1},
    [OP_LOOP] = {.target = true, .value = true, .reg = true, .next = true, .thing = -1},
    [OP_NEXT] = {.target = true, .reg = true, .next = true, .thing = -1},
    [OP_SPAWN] = {.value = true, .reg = true, .kind = true, .next = true, .thing = -1},
    [OP_SEND] = {.next = true, .thing = THING_CHANNEL},
    [OP_RECV] = {.next = true, .thing = THING_CHANNEL},
    [OP_RANGE] = {.target = true, .next = true, .thing = THING_CHANNEL},
    [OP_CLOSE] = {.next = true, .thing = THING_CHANNEL},
    [OP_SELECT] = {.cases = true, .thing = -1},
    [OP_SLEEP] = {.value = true, .next = true, .thing = -1},
    [OP_TICK] = {.next = true, .thing = THING_TICKER},
    [OP_STOP] = {.next = true, .thing = THING_TICKER},
    [OP_CANCEL] = {.next = true, .thing = THING_SCOPE},
    [OP_AWAIT] = {.next = true, .thing = THING_SCOPE},
    [OP_HOLD] = {.value = true, .next = true, .thing = -1},
    [OP_LOSE] = {.value = true, .next = true, .thing = -1},
    [OP_DROP] = {.next = true, .thing = -1},
    [OP_LOCK] = {.next = true, .thing = THING_MUTEX},
    [OP_UNLOCK] = {.next = true, .thing = THING_MUTEX},
    [OP_WRITE_LOCK] = {.next = true, .thing = THING_RWMUTEX},
    [OP_WRITE_UNLOCK] = {.next = true, .thing = THING_RWMUTEX},
    [OP_READ_LOCK] = {.next = true, .thing = THING_RWMUTEX},
    [OP_READ_UNLOCK] = {.next = true, .thing = THING_RWMUTEX},
    [OP_ADD] = {.value = true, .next = true, .thing = THING_GROUP},
    [OP_FINISH] = {.next = true, .thing = THING_GROUP},
    [OP_JOIN] = {.next = true, .thing = THING_GROUP},
    [OP_WAIT] = {.next = true, .thing = THING_CONDITION},
    [OP_SIGNAL] = {.next = true, .thing = THING_CONDITION},
    [OP_BROADCAST] = {.next = true, .thing = THING_CONDITION},
    [OP_WORK] = {.value = true, .next = true, .thing = -1},
    [OP_OPEN] = {.resource = true, .next = true, .thing = THING_FILE},
    [OP_SHUT] = {.resource = true, .next = true, .thing = THING_FILE},
    [OP_CHANCE] = {.value = true, .target = true, .next = true, .thing = -1},
    [OP_SET] = {.value = true, .change = true, .next = true, .thing = THING_NUMBER},
    [OP_TEST] = {.target = true, .value = true, .compare = true, .next = true, .thing = THING_NUMBER},
};

static int case_thing(enum case_kind kind)
{
    switch (kind) {
    case CASE_RECV:
    case CASE_SEND:
        return THING_CHANNEL;
    case CASE_TICK:
        return THING_TICKER;
    case CASE_DONE:
        return THING_SCOPE;
    case CASE_AFTER:
        break;
    }
    return -1;
}

/* ---- each element by itself ---- */

static const char *check_values(const struct program *program)
{
    for (uint16_t i = 0; i < program->value_count; i++) {
        const struct value *value = &program->values[i];
        if ((unsigned)value->kind > VALUE_HOLDS)
            return "a value is of no known kind";
        if (value->kind == VALUE_PARAM && value->index >= program->param_count)
            return "a value refers to a parameter that does not exist";
        if (value->by > program->param_count)
            return "a value is multiplied by a parameter that does not exist";
        if (value->times < 0 || value->over < 0 || value->max < 0)
            return "a value has a negative factor or bound";
    }
    for (int what = 0; what < EXPECTS; what++)
        if (program->expect[what] >= program->value_count)
            return "what is expected to leak is not a value";
    return SOUND;
}

static const char *check_layouts(const struct program *program)
{
    if (program->layout_count == 0 || program->layout_count > LAYOUTS_MAX)
        return "there is no layout of the start, or too many layouts";
    for (uint16_t i = 0; i < program->layout_count; i++) {
        const struct layout *layout = &program->layouts[i];
        uint32_t end = (uint32_t)(i == 0 ? START_HEADER_BYTES : ENV_HEADER_BYTES);
        for (uint16_t j = 0; j < layout->count; j++) {
            const struct thing_spec *thing = &layout->things[j];
            if ((unsigned)thing->kind >= THING_KINDS)
                return "a thing is of no known kind";
            if (thing->nil && thing->kind != THING_CHANNEL)
                return "something else than a channel is nil";
            if (thing->aligned && thing->kind != THING_TICKER)
                return "something else than a ticker is aligned";
            if (thing->value >= program->value_count)
                return "a thing's operand is not a value";
            if (thing->offset < end || thing->offset % 8 != 0)
                return "a thing lies on top of another or across its place";
            end = thing->offset + thing_bytes(thing->kind);
        }
        if (end > layout->bytes || layout->bytes > UINT16_MAX + 1)
            return "a layout is smaller than its things, or too large";
    }
    return SOUND;
}

static const char *check_kinds(const struct program *program)
{
    if (program->kind_count == 0 || program->kind_count > LIMIT_TASK_KINDS)
        return "there is no main, or too many kinds of task";
    for (uint16_t i = 0; i < program->kind_count; i++) {
        const struct task_kind *kind = &program->kinds[i];
        if (kind->entry >= program->op_count)
            return "a kind's entry is not an operation";
        if (kind->layout != NO_LAYOUT && (kind->layout == 0 || kind->layout >= program->layout_count))
            return "a kind's layout is not one, or is the start's";
    }
    return SOUND;
}

static const char *check_select(const struct program *program, const struct op *op)
{
    if (op->target != NO_TARGET && op->target >= program->op_count)
        return "a default leads out of the program";
    if (op->count > LIMIT_CASES || op->first > program->case_count ||
        op->count > program->case_count - op->first)
        return "a select's cases are not in the program";
    unsigned deadlines = 0;
    for (uint16_t i = 0; i < op->count; i++) {
        const struct select_case *at = &program->cases[op->first + i];
        if (at->kind > CASE_DONE)
            return "a case is of no known kind";
        if (at->target >= program->op_count)
            return "a case leads out of the program";
        if (at->kind == CASE_AFTER) {
            deadlines++;
            if (at->value >= program->value_count)
                return "a case's operand is not a value";
        }
    }
    return deadlines > 1 ? "a select has two deadlines" : SOUND;
}

static const char *check_op(const struct program *program, uint16_t index)
{
    const struct op *op = &program->ops[index];
    if (op->code >= OP_CODES)
        return "an operation is of no known kind";
    if (op->step >= program->step_count)
        return "an operation has no step";
    const struct shape *shape = &shapes[op->code];
    if (shape->value && op->value >= program->value_count)
        return "an operand is not a value";
    if (shape->target && op->target >= program->op_count)
        return "an operation leads out of the program";
    if (shape->next && index + 1 == program->op_count)
        return "the last operation runs off the end";
    if (shape->reg && op->reg >= LIMIT_LOOPS)
        return "a register does not exist";
    if (shape->resource && op->reg >= RESOURCE_KINDS)
        return "a resource is of no known kind";
    if (shape->kind && (op->kind == 0 || op->kind >= program->kind_count))
        return "what is spawned is not a kind of task, or is main";
    if (shape->other && op->other >= program->value_count)
        return "a comparison is not one of two values";
    if (shape->compare && op->reg > COMPARE_GE)
        return "a comparison is of no known kind";
    if (shape->change && op->reg > CHANGE_MINUS)
        return "a change of a number is of no known kind";
    return shape->cases ? check_select(program, op) : SOUND;
}

static const char *check_ops(const struct program *program)
{
    for (uint16_t i = 0; i < program->step_count; i++)
        if (program->steps[i].kind >= program->kind_count)
            return "a step belongs to no kind of task";
    if (program->op_count > LIMIT_OPS)
        return "there are too many operations";
    for (uint16_t i = 0; i < program->op_count; i++) {
        const char *fault = check_op(program, i);
        if (fault != SOUND)
            return fault;
    }
    return SOUND;
}

/* ---- what a kind of task can reach ---- */

/* Control comes to `target` with `live` registers above 0. */
static const char *flow_to(struct verifier *verifier, uint16_t target, uint8_t live)
{
    if (verifier->live[target] == NOT_VISITED) {
        verifier->live[target] = live;
        verifier->pending[verifier->pending_count++] = target;
        return SOUND;
    }
    return verifier->live[target] == live ? SOUND : "two ways to an operation disagree about a register";
}

static const char *flow_through_select(struct verifier *verifier, const struct op *op, uint8_t live)
{
    const char *fault = op->target == NO_TARGET ? SOUND : flow_to(verifier, op->target, live);
    for (uint16_t i = 0; i < op->count && fault == SOUND; i++)
        fault = flow_to(verifier, verifier->program->cases[op->first + i].target, live);
    return fault;
}

/* True for the way out of a loop: a LOOP with the constant 0, which only clears its register and jumps. */
static bool only_clears(const struct program *program, const struct op *op)
{
    if (op->code != OP_LOOP)
        return false;
    const struct value *value = &program->values[op->value];
    return value->kind == VALUE_CONSTANT && value->number <= 0 && value->min <= 0;
}

unsigned program_successors(const struct program *program, uint16_t index,
                            uint16_t next[static PROGRAM_SUCCESSORS])
{
    const struct op *op = &program->ops[index];
    unsigned count = 0;
    for (uint16_t i = 0; op->code == OP_SELECT && i < op->count; i++)
        next[count++] = program->cases[op->first + i].target;
    if (shapes[op->code].target || (op->code == OP_SELECT && op->target != NO_TARGET))
        next[count++] = op->target;
    if (shapes[op->code].next && !only_clears(program, op))
        next[count++] = (uint16_t)(index + 1);
    return count;
}

/* Visits whatever comes after operation `index`. */
static const char *flow_from(struct verifier *verifier, uint16_t index)
{
    const struct op *op = &verifier->program->ops[index];
    uint8_t live = verifier->live[index];
    uint8_t bit = (uint8_t)(1u << (op->reg < LIMIT_LOOPS ? op->reg : 0));
    uint8_t at_target = live, behind = live;
    if (op->code == OP_SELECT)
        return flow_through_select(verifier, op, live);
    if (op->code == OP_LOOP) {
        at_target = live & (uint8_t)~bit;
        behind = live | bit;
    } else if (op->code == OP_NEXT) {
        if ((live & bit) == 0)
            return "a loop goes on that has not begun";
        behind = live & (uint8_t)~bit;
    } else if (op->code == OP_SPAWN && (live & bit) != 0) {
        return "a spawn counts with the register of a loop around it";
    }
    const char *fault = shapes[op->code].target ? flow_to(verifier, op->target, at_target) : SOUND;
    if (fault == SOUND && shapes[op->code].next && !only_clears(verifier->program, op))
        fault = flow_to(verifier, (uint16_t)(index + 1), behind);
    return fault;
}

/* Marks in verifier->live every operation that a task of this kind can come to. */
static const char *flow_kind(struct verifier *verifier, uint16_t kind)
{
    const struct program *program = verifier->program;
    memset(verifier->live, NOT_VISITED, program->op_count);
    verifier->pending_count = 0;
    const char *fault = flow_to(verifier, program->kinds[kind].entry, 0);
    while (fault == SOUND && verifier->pending_count > 0) {
        uint16_t index = verifier->pending[--verifier->pending_count];
        const struct op *op = &program->ops[index];
        if (program->steps[op->step].kind != kind)
            return "an operation's step belongs to another kind of task";
        if (kind != 0 && (op->code == OP_LEAVE || op->code == OP_LINGER))
            return "only main can linger and leave";
        if (op->code == OP_SPAWN)
            verifier->spawns[kind] |= 1ull << op->kind;
        fault = flow_from(verifier, index);
    }
    return fault;
}

static const char *check_flow(struct verifier *verifier)
{
    uint16_t kinds = verifier->program->kind_count;
    CHECK(kinds > 0 && kinds <= LIMIT_TASK_KINDS);
    for (uint16_t kind = 0; kind < kinds; kind++) {
        const char *fault = flow_kind(verifier, kind);
        if (fault != SOUND)
            return fault;
    }
    verifier->reached = 1;
    for (uint64_t before = 0; before != verifier->reached;) {
        before = verifier->reached;
        for (uint16_t kind = 0; kind < kinds; kind++)
            if ((before >> kind & 1) != 0)
                verifier->reached |= verifier->spawns[kind];
    }
    if (verifier->reached != UINT64_MAX >> (64 - kinds))
        return "nobody spawns a kind of task";
    return SOUND;
}

/* ---- what its things are ---- */

/* A set of layouts, and whether "beyond the start's environment" is among them. */
struct layout_set {
    uint64_t first;
    uint8_t more;
};

/* By kind of task: the layouts that may be some number of environments outward from it. */
struct level {
    struct layout_set sets[LIMIT_TASK_KINDS];
};

static struct layout_set set_of(uint16_t layout)
{
    return layout < 64 ? (struct layout_set){.first = 1ull << layout} : (struct layout_set){.more = SET_LAST};
}

/* True when `set` has grown. */
static bool set_join(struct layout_set *set, struct layout_set other)
{
    struct layout_set before = *set;
    set->first |= other.first;
    set->more |= other.more;
    return set->first != before.first || set->more != before.more;
}

/* Computes what is `hops` environments outward from each kind, given what is hops - 1 outward: a task's chain
 * begins with its own environment, if its kind has one, and goes on with what its spawner sees; main's
 * spawner is the start. Kinds without things of their own pass the question on, so that the answer is the
 * least fixed point. */
static void level_compute(const struct verifier *verifier, const struct level *inner, unsigned hops,
                          struct level *level)
{
    const struct program *program = verifier->program;
    struct layout_set start = hops == 0 ? set_of(0) : (struct layout_set){.more = SET_OUTSIDE};
    struct layout_set start_inner = hops <= 1 ? set_of(0) : (struct layout_set){.more = SET_OUTSIDE};
    *level = (struct level){0};
    for (uint16_t kind = 0; kind < program->kind_count; kind++)
        if (program->kinds[kind].layout != NO_LAYOUT && hops == 0)
            level->sets[kind] = set_of(program->kinds[kind].layout);
    bool own_main = program->kinds[0].layout != NO_LAYOUT;
    if (!own_main)
        level->sets[0] = start;
    else if (hops > 0)
        level->sets[0] = start_inner;
    for (bool grown = true; grown;) {
        grown = false;
        for (uint16_t spawner = 0; spawner < program->kind_count; spawner++) {
            for (uint16_t kind = 1; kind < program->kind_count; kind++) {
                if ((verifier->spawns[spawner] >> kind & 1) == 0)
                    continue;
                if (program->kinds[kind].layout == NO_LAYOUT)
                    grown |= set_join(&level->sets[kind], level->sets[spawner]);
                else if (hops > 0)
                    grown |= set_join(&level->sets[kind], inner->sets[spawner]);
            }
        }
    }
}

static bool layout_has(const struct layout *layout, uint16_t offset, int kind)
{
    for (uint16_t i = 0; i < layout->count; i++)
        if (layout->things[i].offset == offset)
            return thing_kind_serves(layout->things[i].kind, (enum thing_kind)kind);
    return false;
}

static const char *check_conditions(const struct program *program)
{
    for (uint16_t i = 0; i < program->layout_count; i++) {
        for (uint16_t j = 0; j < program->layouts[i].count; j++) {
            const struct thing_spec *thing = &program->layouts[i].things[j];
            bool shared = thing->mutex.hops == HOPS_SHARE;
            if (thing->kind != THING_CONDITION)
                continue;
            if (thing->mutex.varies || (!shared && thing->mutex.hops != 0) ||
                !layout_has(&program->layouts[shared ? 0 : i], thing->mutex.offset, THING_MUTEX))
                return "a condition's lock is not a mutex beside it or in the start";
        }
    }
    return SOUND;
}

static const char *check_thing(const struct program *program, struct layout_set set, struct thing_ref ref,
                               int kind)
{
    if ((set.more & SET_OUTSIDE) != 0)
        return "a thing is looked for outside of the start";
    for (uint16_t i = 0; i < program->layout_count; i++) {
        struct layout_set one = set_of(i);
        bool member = (one.first & set.first) != 0 || (one.more & set.more) != 0;
        if (member && !layout_has(&program->layouts[i], thing_offset(program, ref, i), kind))
            return "a thing is not what its operation needs, or not there";
    }
    return SOUND;
}

/* Checks the thing if it is `hops` outward; the others have their turn at their own level. */
static const char *check_ref(const struct program *program, struct layout_set set, unsigned hops,
                             struct thing_ref ref, int kind)
{
    if (ref.varies && (ref.hops >= HOPS_START_SCOPE || ref.offset >= program->outer_count))
        return "a thing that may be one of several is not looked for outward, or not in the table";
    if (ref.hops == HOPS_START_SCOPE)
        return kind == THING_SCOPE ? SOUND : "the start's scope is taken for something else";
    if (ref.hops == HOPS_SHARE)
        return check_thing(program, set_of(0), ref, kind);
    return ref.hops == hops ? check_thing(program, set, ref, kind) : SOUND;
}

static const char *check_op_things(const struct program *program, const struct op *op, struct layout_set set,
                                   unsigned hops)
{
    int thing = shapes[op->code].thing;
    if (thing >= 0)
        return check_ref(program, set, hops, op->thing, thing + (shapes[op->code].resource ? op->reg : 0));
    const char *fault = SOUND;
    for (uint16_t i = 0; op->code == OP_SELECT && i < op->count && fault == SOUND; i++) {
        const struct select_case *at = &program->cases[op->first + i];
        int kind = case_thing(at->kind);
        if (kind >= 0)
            fault = check_ref(program, set, hops, at->thing, kind);
    }
    return fault;
}

static unsigned ref_hops(struct thing_ref ref)
{
    return ref.hops == HOPS_SHARE || ref.hops == HOPS_START_SCOPE ? 0 : ref.hops;
}

static unsigned most_hops(const struct program *program)
{
    unsigned most = 0;
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        if (shapes[op->code].thing >= 0 && ref_hops(op->thing) > most)
            most = ref_hops(op->thing);
    }
    for (uint16_t i = 0; i < program->case_count; i++)
        if (program->cases[i].kind <= CASE_DONE && case_thing(program->cases[i].kind) >= 0 &&
            ref_hops(program->cases[i].thing) > most)
            most = ref_hops(program->cases[i].thing);
    return most;
}

/* Each operation belongs to the kind of its step: check_flow saw to that for all that can be reached. */
static const char *check_things(const struct verifier *verifier)
{
    const struct program *program = verifier->program;
    unsigned most = most_hops(program);
    struct level levels[2];
    for (unsigned hops = 0; hops <= most; hops++) {
        struct level *level = &levels[hops % 2];
        level_compute(verifier, &levels[(hops + 1) % 2], hops, level);
        for (uint16_t i = 0; i < program->op_count; i++) {
            const struct op *op = &program->ops[i];
            uint16_t kind = program->steps[op->step].kind;
            const char *fault = check_op_things(program, op, level->sets[kind], hops);
            if (fault != SOUND)
                return fault;
        }
    }
    return SOUND;
}

bool program_verify(const struct program *program, const char **what)
{
    struct verifier verifier = {.program = program};
    const char *fault = check_values(program);
    if (fault == SOUND)
        fault = check_layouts(program);
    if (fault == SOUND)
        fault = check_conditions(program);
    if (fault == SOUND)
        fault = check_kinds(program);
    if (fault == SOUND)
        fault = check_ops(program);
    if (fault == SOUND)
        fault = check_flow(&verifier);
    if (fault == SOUND)
        fault = check_things(&verifier);
    if (what != NULL)
        *what = fault;
    return fault == SOUND;
}
