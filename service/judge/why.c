#include "judge/why.h"

#include <string.h>

#include "base/macros.h"

/* What is said of somebody who does it, before the name of the thing. */
struct verb {
    uint32_t role;
    const char *text;
};

static const struct verb verbs[] = {
    {ROLE_SEND, "sends on"},  {ROLE_RECV, "receives from"},   {ROLE_CLOSE, "closes"},
    {ROLE_UNLOCK, "unlocks"}, {ROLE_RUNLOCK, "lets go of"},   {ROLE_FINISH, "finishes"},
    {ROLE_SIGNAL, "signals"}, {ROLE_BROADCAST, "broadcasts"}, {ROLE_CANCEL, "cancels"},
};

/* Who must do what, for a task that stands blocked doing `waits`: role_needs as far as it speaks of those,
 * and what it leaves out since no step lacks it for certain. */
struct lack {
    enum thing_kind kind;
    uint32_t waits;
    uint32_t others;
};

static const struct lack lacks[] = {
    {THING_RWMUTEX, ROLE_LOCK, ROLE_UNLOCK | ROLE_RUNLOCK},  /* readers keep a writer out as well */
    {THING_RWMUTEX, ROLE_RLOCK, ROLE_UNLOCK | ROLE_RUNLOCK}, /* and so does a writer that waits for them */
    {THING_GROUP, ROLE_JOIN, ROLE_FINISH},
    {THING_SCOPE, ROLE_DONE, ROLE_CANCEL},
};

/* The states in which an operation keeps a task, as bits. */
static const uint32_t op_states[OP_CODES] = {
    [OP_SEND] = 1u << TASK_SEND,
    [OP_RECV] = 1u << TASK_RECV,
    [OP_RANGE] = 1u << TASK_RECV,
    [OP_SELECT] = 1u << TASK_SELECT,
    [OP_TICK] = 1u << TASK_TICK,
    [OP_SLEEP] = 1u << TASK_SLEEP,
    [OP_AWAIT] = 1u << TASK_AWAIT,
    [OP_LINGER] = 1u << TASK_LINGER,
    [OP_LOCK] = 1u << TASK_LOCK,
    [OP_WRITE_LOCK] = 1u << TASK_LOCK,
    [OP_READ_LOCK] = 1u << TASK_LOCK,
    [OP_JOIN] = 1u << TASK_JOIN,
    [OP_WAIT] = 1u << TASK_WAIT | 1u << TASK_LOCK,
};

const struct op *why_operation(const struct program *program, uint16_t step, enum task_state state)
{
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        if (op->step == step && (op_states[op->code] & 1u << state) != 0)
            return op;
    }
    return NULL;
}

static uint32_t others_of(enum thing_kind kind, uint32_t waits)
{
    for (size_t i = 0; i < COUNT_OF(lacks); i++)
        if (lacks[i].kind == kind && lacks[i].waits == waits)
            return lacks[i].others;
    for (size_t i = 0; i < role_need_count; i++)
        if (role_needs[i].kind == kind && role_needs[i].needs == waits)
            return role_needs[i].others;
    return ROLE_NONE;
}

/* "sends on or closes `jobs`" */
static void say_deeds(uint32_t others, const char *thing, struct buf *out)
{
    const char *between = "";
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        if ((others & verbs[i].role) == 0)
            continue;
        buf_printf(out, "%s%s", between, verbs[i].text);
        between = " or ";
    }
    buf_printf(out, " `%s`", thing);
}

/* What a thing by its nature never lets anybody do; false: it does not say. */
static bool say_nature(const struct thing_spec *thing, uint32_t waits, struct buf *out)
{
    if (thing->kind == THING_CHANNEL && thing->nil)
        buf_printf(out, "`%s` is nil, on which nobody ever %s", thing->name,
                   waits == ROLE_SEND ? "receives" : "sends");
    else if (thing->kind == THING_TICKER)
        buf_printf(out, "`%s` was stopped and never ticks again", thing->name);
    else
        return false;
    return true;
}

/* One thing that it waits for. `goes_on`: the sentence has begun to say what nobody does, and goes on with
 * more of that. */
static void say_use(const struct roles *roles, struct use use, bool *goes_on, bool first, struct buf *out)
{
    const struct thing_spec *thing = use.thing == ROLE_START ? NULL : roles_thing(roles, use.thing, NULL);
    if (!first)
        buf_puts(out, ", ");
    if (thing != NULL && say_nature(thing, use.role, out)) {
        *goes_on = false;
        return;
    }
    buf_puts(out, *goes_on ? "or " : "no task that still runs ");
    *goes_on = true;
    if (thing == NULL)
        buf_puts(out, "cancels its start");
    else
        say_deeds(others_of(thing->kind, use.role), thing->name, out);
}

static void say_relock(const struct roles *roles, struct use use, struct buf *out)
{
    uint16_t layout;
    const struct thing_spec *condition = roles_thing(roles, use.thing, &layout);
    uint16_t of = condition->mutex.hops == HOPS_SHARE ? 0 : layout;
    const struct layout *things = &roles->program->layouts[of];
    for (uint16_t i = 0; i < things->count; i++)
        if (things->things[i].offset == condition->mutex.offset)
            buf_printf(out, "it was signalled, and no task that still runs unlocks `%s`",
                       things->things[i].name);
}

void why_stuck(const struct roles *roles, const struct op *op, enum task_state state, struct buf *out)
{
    struct use uses[LIMIT_CASES];
    unsigned count = roles_uses(roles, op, uses);
    if (op->code == OP_SELECT && op->count == 0) {
        buf_puts(out, "a select without cases never goes on");
        return;
    }
    if (op->code == OP_WAIT && state == TASK_LOCK && count == 1) {
        say_relock(roles, uses[0], out);
        return;
    }
    bool goes_on = false;
    for (unsigned i = 0; i < count; i++)
        say_use(roles, uses[i], &goes_on, i == 0, out);
    if (count == 0)
        buf_puts(out, "nothing that still runs can wake it");
}

void why_endless(struct buf *out)
{
    buf_puts(out, "its owner has left and no path from here leads to its end");
}
