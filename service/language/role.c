#include "language/role.h"

#include <stdlib.h>

#include "base/macros.h"

/* Operations that do something to op.thing; a select has its cases. */
static const uint32_t op_roles[OP_CODES] = {
    [OP_SEND] = ROLE_SEND,       [OP_RECV] = ROLE_RECV,
    [OP_RANGE] = ROLE_RECV,      [OP_CLOSE] = ROLE_CLOSE,
    [OP_TICK] = ROLE_TICK,       [OP_STOP] = ROLE_STOP,
    [OP_CANCEL] = ROLE_CANCEL,   [OP_AWAIT] = ROLE_DONE,
    [OP_LOCK] = ROLE_LOCK,       [OP_UNLOCK] = ROLE_UNLOCK,
    [OP_WRITE_LOCK] = ROLE_LOCK, [OP_WRITE_UNLOCK] = ROLE_UNLOCK,
    [OP_READ_LOCK] = ROLE_RLOCK, [OP_READ_UNLOCK] = ROLE_RUNLOCK,
    [OP_ADD] = ROLE_ADD,         [OP_FINISH] = ROLE_FINISH,
    [OP_JOIN] = ROLE_JOIN,       [OP_WAIT] = ROLE_WAIT,
    [OP_SIGNAL] = ROLE_SIGNAL,   [OP_BROADCAST] = ROLE_BROADCAST,
    [OP_OPEN] = ROLE_OPEN,       [OP_SHUT] = ROLE_SHUT,
    [OP_SET] = ROLE_SET,         [OP_TEST] = ROLE_TEST,
};

static const uint32_t case_roles[] = {
    [CASE_RECV] = ROLE_RECV,  [CASE_SEND] = ROLE_SEND, [CASE_TICK] = ROLE_TICK,
    [CASE_AFTER] = ROLE_NONE, [CASE_DONE] = ROLE_DONE,
};

const struct need role_needs[] = {
    {THING_CHANNEL, ROLE_RECV, ROLE_SEND | ROLE_CLOSE, "nobody sends or closes", true},
    {THING_CHANNEL, ROLE_SEND, ROLE_RECV, "nobody receives", false},
    {THING_TICKER, ROLE_MADE, ROLE_STOP, "nobody stops", true},
    {THING_SCOPE, ROLE_MADE, ROLE_CANCEL, "nobody cancels", true},
    {THING_MUTEX, ROLE_LOCK, ROLE_UNLOCK, "nobody unlocks", true},
    {THING_RWMUTEX, ROLE_LOCK, ROLE_UNLOCK, "nobody unlocks", true},
    {THING_RWMUTEX, ROLE_RLOCK, ROLE_RUNLOCK, "nobody unlocks what is read", true},
    {THING_GROUP, ROLE_ADD, ROLE_FINISH, "nobody finishes", true},
    {THING_CONDITION, ROLE_WAIT, ROLE_SIGNAL | ROLE_BROADCAST, "nobody signals", true},
    {THING_FILE, ROLE_OPEN, ROLE_SHUT, "nobody shuts", true},
    {THING_SOCKET, ROLE_OPEN, ROLE_SHUT, "nobody shuts", true},
    {THING_HANDLE, ROLE_OPEN, ROLE_SHUT, "nobody shuts", true},
    {THING_THREAD, ROLE_OPEN, ROLE_SHUT, "nobody shuts", true},
    {THING_JOB, ROLE_OPEN, ROLE_SHUT, "nobody shuts", true},
    {THING_QUEUE, ROLE_RECV, ROLE_SEND | ROLE_CLOSE, "nobody sends or closes", true},
    {THING_QUEUE, ROLE_SEND, ROLE_RECV, "nobody receives", false},
    {THING_NUMBER, ROLE_TEST, ROLE_SET, "nobody sets", true},
};

const size_t role_need_count = COUNT_OF(role_needs);

static struct use use_of(const struct roles *roles, uint16_t kind, uint32_t role, struct thing_ref ref)
{
    struct use use = {.role = role, .thing = ROLE_START};
    if (role == ROLE_NONE || ref.hops == HOPS_START_SCOPE)
        return use;
    uint16_t layout = outward_layout(&roles->outward, roles->program, kind, ref);
    if (layout == NO_LAYOUT)
        return (struct use){.role = ROLE_NONE};
    if (ref.varies)
        use.thing = roles_things(roles) + ref.offset;
    else
        use.thing = roles->bases[layout] + outward_thing(roles->program, layout, ref.offset);
    return use;
}

struct use roles_case(const struct roles *roles, const struct op *op, uint16_t which)
{
    const struct program *program = roles->program;
    const struct select_case *at = &program->cases[op->first + which];
    return use_of(roles, program->steps[op->step].kind, case_roles[at->kind], at->thing);
}

unsigned roles_uses(const struct roles *roles, const struct op *op, struct use uses[static LIMIT_CASES])
{
    unsigned count = 0;
    if (op->code != OP_SELECT) {
        uses[0] = use_of(roles, roles->program->steps[op->step].kind, op_roles[op->code], op->thing);
        return uses[0].role != ROLE_NONE;
    }
    for (uint16_t i = 0; i < op->count; i++) {
        uses[count] = roles_case(roles, op, i);
        count += uses[count].role != ROLE_NONE;
    }
    return count;
}

/* Somebody does what the use waits for. A ticker ticks by itself, and every scope ends with the start's. */
static bool may_come(const struct roles *roles, const struct use *use)
{
    for (size_t i = 0; i < COUNT_OF(role_needs); i++)
        if (role_needs[i].needs == use->role)
            return (roles->facts[use->thing].done & role_needs[i].others) != 0;
    return true;
}

/* A select that goes on by its default, its deadline, or a case for which there is somebody. */
static bool goes_on(const struct roles *roles, const struct op *op, const struct use *uses, unsigned count)
{
    bool on = op->code == OP_SELECT && (op->target != NO_TARGET || op->count > count);
    for (unsigned i = 0; i < count && op->code == OP_SELECT && !on; i++)
        on = may_come(roles, &uses[i]);
    return on;
}

static void done_note(struct roles *roles, const struct use *use)
{
    uint32_t one;
    if (use->thing == ROLE_START)
        roles->has_start = true;
    for (uint16_t next = 0; use->thing != ROLE_START && roles_each(roles, use->thing, &next, &one);)
        roles->facts[one].done |= use->role;
}

static void urgent_note(struct roles *roles, const struct use *use)
{
    uint32_t one;
    for (uint16_t next = 0; use->thing != ROLE_START && roles_each(roles, use->thing, &next, &one);)
        roles->facts[one].urgent |= use->role;
}

/* What may be one of several has the facts of all of them. */
static void facts_join(struct roles *roles)
{
    for (uint16_t i = 0; i < roles->program->outer_count; i++) {
        uint32_t all = roles_things(roles) + i, one;
        for (uint16_t next = 0; roles_each(roles, all, &next, &one);) {
            roles->facts[all].done |= roles->facts[one].done;
            roles->facts[all].urgent |= roles->facts[one].urgent;
        }
    }
}

static void facts_collect(struct roles *roles)
{
    const struct program *program = roles->program;
    struct use uses[LIMIT_CASES];
    for (uint16_t i = 0; i < program->op_count; i++) {
        unsigned count = roles_uses(roles, &program->ops[i], uses);
        for (unsigned j = 0; j < count; j++)
            done_note(roles, &uses[j]);
    }
    facts_join(roles);
    for (uint16_t i = 0; i < program->op_count; i++) {
        unsigned count = roles_uses(roles, &program->ops[i], uses);
        bool on = goes_on(roles, &program->ops[i], uses, count);
        for (unsigned j = 0; j < count && !on; j++)
            urgent_note(roles, &uses[j]);
    }
    facts_join(roles);
}

uint32_t roles_things(const struct roles *roles)
{
    return roles->bases[roles->program->layout_count];
}

bool roles_each(const struct roles *roles, uint32_t thing, uint16_t *next, uint32_t *one)
{
    const struct program *program = roles->program;
    if (!roles_varies(roles, thing)) {
        *one = thing;
        return (*next)++ == 0;
    }
    CHECK(thing - roles_things(roles) < program->outer_count);
    const struct outer *outer = &program->outers[thing - roles_things(roles)];
    while (*next < program->layout_count) {
        uint16_t layout = (*next)++;
        if (outer->offsets[layout] == 0)
            continue;
        *one = roles->bases[layout] + outward_thing(program, layout, outer->offsets[layout]);
        return true;
    }
    return false;
}

const struct thing_spec *roles_thing(const struct roles *roles, uint32_t thing, uint16_t *layout)
{
    uint16_t at = 0, next = 0;
    bool found = roles_each(roles, thing, &next, &thing);
    CHECK(found && thing < roles_things(roles));
    while (thing >= roles->bases[at + 1])
        at++;
    if (layout != NULL)
        *layout = at;
    return &roles->program->layouts[at].things[thing - roles->bases[at]];
}

enum err roles_init(struct roles *roles, const struct program *program)
{
    *roles = (struct roles){.program = program};
    for (uint16_t i = 0; i < program->layout_count; i++)
        roles->bases[i + 1] = roles->bases[i] + program->layouts[i].count;
    roles->facts = calloc(roles_things(roles) + program->outer_count + 1u, sizeof *roles->facts);
    if (roles->facts == NULL)
        return ERR_MEMORY;
    outward_init(&roles->outward, program);
    facts_collect(roles);
    return ERR_OK;
}

void roles_deinit(struct roles *roles)
{
    free(roles->facts);
    roles->facts = NULL;
}
