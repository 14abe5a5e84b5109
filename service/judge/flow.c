#include "judge/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define NOBODY UINT16_MAX

bool flow_ends(const struct op *op)
{
    return op->code == OP_END || op->code == OP_LEAVE;
}

bool flow_waits(const struct op *op)
{
    switch ((enum op_code)op->code) {
    case OP_LINGER:
    case OP_SEND:
    case OP_RECV:
    case OP_RANGE:
    case OP_SELECT:
    case OP_SLEEP:
    case OP_TICK:
    case OP_AWAIT:
    case OP_LOCK:
    case OP_WRITE_LOCK:
    case OP_READ_LOCK:
    case OP_JOIN:
    case OP_WAIT:
        return true;
    case OP_END:
    case OP_LEAVE:
    case OP_PANIC:
    case OP_JUMP:
    case OP_BRANCH:
    case OP_LOOP:
    case OP_NEXT:
    case OP_SPAWN:
    case OP_CLOSE:
    case OP_STOP:
    case OP_CANCEL:
    case OP_HOLD:
    case OP_LOSE:
    case OP_DROP:
    case OP_UNLOCK:
    case OP_WRITE_UNLOCK:
    case OP_READ_UNLOCK:
    case OP_ADD:
    case OP_FINISH:
    case OP_SIGNAL:
    case OP_BROADCAST:
    case OP_WORK:
    case OP_OPEN:
    case OP_SHUT:
    case OP_CHANCE:
    case OP_SET:
    case OP_TEST:
    case OP_CODES:
        return false;
    }
    return false;
}

static uint16_t kind_of(const struct flow *flow, uint16_t index)
{
    return flow->program->steps[flow->program->ops[index].step].kind;
}

/* ---- how many of a kind there may be ---- */

bool flow_in_cycle(const struct program *program, uint16_t index)
{
    bool seen[LIMIT_OPS] = {false};
    uint16_t stack[LIMIT_OPS], next[PROGRAM_SUCCESSORS];
    unsigned depth = 0;
    stack[depth++] = index;
    while (depth > 0) {
        unsigned count = program_successors(program, stack[--depth], next);
        for (unsigned i = 0; i < count; i++) {
            if (next[i] == index)
                return true;
            if (!seen[next[i]])
                stack[depth++] = next[i];
            seen[next[i]] = true;
        }
    }
    return false;
}

/* The only kind that spawns this one, one at a time and once in its life; NOBODY when there is none such. */
static uint16_t only_spawner(const struct flow *flow, uint16_t kind)
{
    const struct program *program = flow->program;
    uint16_t spawner = NOBODY;
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        if (op->code != OP_SPAWN || op->kind != kind || flow->values[op->value] == 0)
            continue;
        if (spawner != NOBODY || flow->values[op->value] > 1 || flow_in_cycle(program, i))
            return NOBODY;
        spawner = kind_of(flow, i);
    }
    return spawner;
}

static void singles_collect(struct flow *flow)
{
    const struct program *program = flow->program;
    uint16_t spawners[LIMIT_TASK_KINDS];
    for (uint16_t kind = 0; kind < program->kind_count; kind++)
        spawners[kind] = kind == 0 ? NOBODY : only_spawner(flow, kind);
    for (uint16_t kind = 0; kind < program->kind_count; kind++) {
        uint16_t at = kind;
        for (uint16_t steps = 0; at != NOBODY && steps <= program->kind_count; steps++) {
            flow->single[kind] |= 1ull << at;
            at = spawners[at];
        }
    }
    for (uint16_t kind = 0; kind < program->kind_count; kind++)
        if (program->kinds[kind].layout != NO_LAYOUT)
            flow->owners[program->kinds[kind].layout] = kind;
}

/* What may be one of several is never the task's own. */
static bool many(const struct flow *flow, uint16_t kind, uint32_t thing)
{
    uint16_t layout;
    if (roles_varies(flow->roles, thing))
        return true;
    roles_thing(flow->roles, thing, &layout);
    return (flow->single[kind] >> flow->owners[layout] & 1) == 0;
}

/* ---- who does what ---- */

static uint64_t who(const struct flow *flow, uint32_t thing, uint32_t roles)
{
    uint64_t kinds = 0;
    uint32_t one;
    for (uint16_t next = 0; roles_each(flow->roles, thing, &next, &one);)
        for (unsigned role = 0; role < ROLE_COUNT; role++)
            if ((roles >> role & 1) != 0)
                kinds |= flow->who[one][role];
    return kinds;
}

bool flow_any(const struct flow *flow, uint32_t thing, uint32_t roles)
{
    return who(flow, thing, roles) != 0;
}

bool flow_outer(const struct flow *flow, uint32_t thing, uint32_t roles)
{
    uint32_t one;
    for (uint16_t next = 0; roles_each(flow->roles, thing, &next, &one);)
        if ((flow->outer[one] & roles) != 0)
            return true;
    return false;
}

bool flow_does(const struct flow *flow, uint16_t kind, uint32_t thing, uint32_t roles)
{
    return (who(flow, thing, roles) >> kind & 1) != 0;
}

bool flow_other(const struct flow *flow, uint16_t kind, uint32_t thing, uint32_t roles)
{
    uint64_t kinds = who(flow, thing, roles);
    if (!many(flow, kind, thing))
        kinds &= ~(1ull << kind);
    return kinds != 0 || flow_outer(flow, thing, roles);
}

bool flow_kind(const struct flow *flow, uint16_t kind)
{
    return flow->reached[flow->program->kinds[kind].entry];
}

static bool has_room(const struct flow *flow, uint32_t channel)
{
    uint32_t one;
    for (uint16_t next = 0; roles_each(flow->roles, channel, &next, &one);)
        if (flow->values[roles_thing(flow->roles, one, NULL)->value] > 0)
            return true;
    return false;
}

/* A use may be over at some time, as far as others are concerned. */
static bool may_come(const struct flow *flow, uint16_t kind, struct use use)
{
    if (use.thing == ROLE_START)
        return true;
    const struct thing_spec *thing = roles_thing(flow->roles, use.thing, NULL);
    if (thing->kind == THING_CHANNEL && thing->nil)
        return false;
    if (use.role == ROLE_SEND) /* on a closed channel it panics: it does not stay */
        return has_room(flow, use.thing) || flow_other(flow, kind, use.thing, ROLE_RECV) ||
               flow_any(flow, use.thing, ROLE_CLOSE);
    if (use.role == ROLE_RECV)
        return flow_any(flow, use.thing, ROLE_CLOSE) || flow_other(flow, kind, use.thing, ROLE_SEND) ||
               (has_room(flow, use.thing) && flow_any(flow, use.thing, ROLE_SEND));
    if (use.role == ROLE_WAIT)
        return flow_other(flow, kind, use.thing, ROLE_SIGNAL | ROLE_BROADCAST);
    return true;
}

bool flow_case(const struct flow *flow, const struct op *op, uint16_t which)
{
    struct use use = roles_case(flow->roles, op, which);
    if (use.role == ROLE_NONE)
        return flow->program->cases[op->first + which].kind == CASE_AFTER;
    return may_come(flow, flow->program->steps[op->step].kind, use);
}

/* ---- where a task goes on ---- */

static bool compares(int64_t a, enum compare compare, int64_t b)
{
    switch (compare) {
    case COMPARE_EQ:
        return a == b;
    case COMPARE_NE:
        return a != b;
    case COMPARE_LT:
        return a < b;
    case COMPARE_LE:
        return a <= b;
    case COMPARE_GT:
        return a > b;
    case COMPARE_GE:
        return a >= b;
    }
    CHECK(!"a comparison");
    return false;
}

static bool joins(struct flow *flow, uint16_t index, struct use use);

/* Whether a number may compare so: it is what it begins with for as long as nobody sets it. */
static bool tests(const struct flow *flow, const struct op *op, struct use use, bool outcome)
{
    if (use.role == ROLE_NONE || flow_any(flow, use.thing, ROLE_SET))
        return true;
    uint32_t one;
    for (uint16_t next = 0; roles_each(flow->roles, use.thing, &next, &one);) {
        int64_t number = flow->values[roles_thing(flow->roles, one, NULL)->value];
        if (compares(number, (enum compare)op->reg, flow->values[op->value]) == outcome)
            return true;
    }
    return false;
}

/* Whether a task may go on behind an operation, and at its target. */
static void ways(struct flow *flow, uint16_t index, bool *next, bool *target)
{
    const struct op *op = &flow->program->ops[index];
    struct use uses[LIMIT_CASES] = {{0}};
    bool on = op->code == OP_SELECT || roles_uses(flow->roles, op, uses) == 0 ||
              may_come(flow, kind_of(flow, index), uses[0]);
    *next = *target = on && !flow->closed[index];
    if (op->code == OP_BRANCH)
        *target =
            !(*next = compares(flow->values[op->value], (enum compare)op->reg, flow->values[op->other]));
    else if (op->code == OP_LOOP)
        *target = !(*next = flow->values[op->value] > 0);
    else if (op->code == OP_CHANCE) {
        *next = flow->values[op->value] > 0;
        *target = flow->values[op->value] < 1000000;
    } else if (op->code == OP_TEST) {
        *next = tests(flow, op, uses[0], true);
        *target = tests(flow, op, uses[0], false);
    } else if (op->code == OP_RANGE) {
        *target = uses[0].role != ROLE_NONE && flow_any(flow, uses[0].thing, ROLE_CLOSE);
    } else if (op->code == OP_JOIN && uses[0].role != ROLE_NONE) {
        *next = joins(flow, index, uses[0]);
    }
}

unsigned flow_ways(struct flow *flow, uint16_t index, uint16_t next[static PROGRAM_SUCCESSORS],
                   bool open[static PROGRAM_SUCCESSORS])
{
    const struct op *op = &flow->program->ops[index];
    unsigned count = program_successors(flow->program, index, next);
    bool behind, target;
    ways(flow, index, &behind, &target);
    for (unsigned i = 0; i < count; i++) {
        if (op->code == OP_SELECT)
            open[i] = i >= op->count || flow_case(flow, op, (uint16_t)i);
        else if (op->code == OP_LOOP && count == 1)
            open[i] = true; /* the way out of a loop before its end */
        else
            open[i] = i + 1 == count && next[i] == index + 1 ? behind : target;
    }
    return count;
}

bool flow_uses(const struct flow *flow, const struct op *op, uint32_t thing, uint32_t roles)
{
    struct use uses[LIMIT_CASES];
    if (op->code == OP_SELECT)
        return false;
    unsigned count = roles_uses(flow->roles, op, uses);
    return count > 0 && uses[0].thing == thing && (uses[0].role & roles) != 0;
}

/* ---- groups ---- */

/* Takes `state` as what is certain at an operation on one way more; true when that changes what is known. */
static bool meet(bool *must, bool state)
{
    bool changed = *must && !state;
    *must = *must && state;
    return changed;
}

/* flow->must: on every way from main's beginning, the group was added to before the operation. Ways to what
 * waits for the group lead through nothing that is not open yet. */
static void added_before(struct flow *flow, uint32_t group)
{
    const struct program *program = flow->program;
    uint16_t next[PROGRAM_SUCCESSORS];
    bool open[PROGRAM_SUCCESSORS];
    memset(flow->must, true, sizeof flow->must);
    flow->must[program->kinds[0].entry] = false;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint16_t i = 0; i < program->op_count; i++) {
            const struct op *op = &program->ops[i];
            if (!flow->reached[i] || op->code == OP_JOIN)
                continue;
            bool adds = flow_uses(flow, op, group, ROLE_ADD) && flow->values[op->value] > 0;
            bool state = flow->must[i] || adds;
            unsigned count = flow_ways(flow, i, next, open);
            for (unsigned j = 0; j < count; j++)
                changed |= open[j] && meet(&flow->must[next[j]], state);
            if (op->code == OP_SPAWN)
                changed |= meet(&flow->must[program->kinds[op->kind].entry], state);
        }
    }
}

/* A wait for a group goes on when somebody finishes, or when nothing may have been added. */
static bool joins(struct flow *flow, uint16_t index, struct use use)
{
    if (flow_any(flow, use.thing, ROLE_FINISH) || !flow_any(flow, use.thing, ROLE_ADD))
        return true;
    added_before(flow, use.thing);
    return !flow->must[index];
}

/* ---- the fixed point ---- */

static void deed_note(struct flow *flow, uint16_t kind, const struct use *use)
{
    uint32_t one;
    for (uint16_t next = 0; use->thing != ROLE_START && roles_each(flow->roles, use->thing, &next, &one);) {
        for (unsigned role = 0; role < ROLE_COUNT; role++)
            if ((use->role >> role & 1) != 0)
                flow->who[one][role] |= 1ull << kind;
        if (roles_varies(flow->roles, use->thing))
            flow->outer[one] |= use->role;
    }
}

static bool reach(struct flow *flow, uint16_t index)
{
    const struct op *op = &flow->program->ops[index];
    struct use uses[LIMIT_CASES];
    if (flow->reached[index])
        return false;
    flow->reached[index] = true;
    unsigned count = roles_uses(flow->roles, op, uses);
    for (unsigned i = 0; i < count; i++)
        deed_note(flow, kind_of(flow, index), &uses[i]);
    return true;
}

void flow_run(struct flow *flow)
{
    const struct program *program = flow->program;
    uint16_t next[PROGRAM_SUCCESSORS];
    bool open[PROGRAM_SUCCESSORS];
    memset(flow->reached, 0, sizeof flow->reached);
    memset(flow->who, 0, (roles_things(flow->roles) + 1u) * sizeof *flow->who);
    memset(flow->outer, 0, (roles_things(flow->roles) + 1u) * sizeof *flow->outer);
    reach(flow, program->kinds[0].entry);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint16_t i = 0; i < program->op_count; i++) {
            const struct op *op = &program->ops[i];
            if (!flow->reached[i])
                continue;
            unsigned count = flow_ways(flow, i, next, open);
            for (unsigned j = 0; j < count; j++)
                changed |= open[j] && reach(flow, next[j]);
            if (op->code == OP_SPAWN && flow->values[op->value] > 0)
                changed |= reach(flow, program->kinds[op->kind].entry);
        }
    }
}

enum err flow_init(struct flow *flow, const struct program *program, const int64_t *values,
                   const struct roles *roles)
{
    *flow = (struct flow){.program = program, .values = values, .roles = roles};
    flow->who = calloc(roles_things(roles) + 1u, sizeof *flow->who);
    flow->outer = calloc(roles_things(roles) + 1u, sizeof *flow->outer);
    if (flow->who == NULL || flow->outer == NULL) {
        flow_deinit(flow);
        return ERR_MEMORY;
    }
    singles_collect(flow);
    return ERR_OK;
}

void flow_deinit(struct flow *flow)
{
    free(flow->who);
    free(flow->outer);
    flow->who = NULL;
    flow->outer = NULL;
}
