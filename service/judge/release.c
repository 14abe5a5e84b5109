#include "judge/release.h"

#include <string.h>

#include "base/macros.h"

#define STAYS_OPEN ": it stays open when its task has gone"

/* What must be given back, and by what. */
static const struct duty {
    enum thing_kind kind;
    uint32_t gives;   /* roles that do */
    uint32_t settles; /* roles after which nobody needs to: whoever hears that a scope is done need not cancel
                         it */
    enum finding_kind finding;
    const char *verb;
    const char *until; /* what becomes of it otherwise */
} duties[] = {
    {THING_TICKER, ROLE_STOP, 0, FINDING_TICKER, "stops", ": it ticks on for nobody"},
    {THING_SCOPE, ROLE_CANCEL, ROLE_DONE, FINDING_SCOPE, "cancels",
     ": what waits for it stays until its timeout or the end of the start"},
    {THING_FILE, ROLE_SHUT, 0, FINDING_OPEN, "shuts", STAYS_OPEN},
    {THING_SOCKET, ROLE_SHUT, 0, FINDING_OPEN, "shuts", STAYS_OPEN},
    {THING_HANDLE, ROLE_SHUT, 0, FINDING_OPEN, "shuts", STAYS_OPEN},
    {THING_THREAD, ROLE_SHUT, 0, FINDING_OPEN, "shuts", STAYS_OPEN},
    {THING_JOB, ROLE_SHUT, 0, FINDING_OPEN, "shuts", STAYS_OPEN},
};

/* A way leads through what is looked for. */
static bool passes(const struct flow *flow, const struct op *op, unsigned which, uint32_t thing,
                   uint32_t roles)
{
    if (op->code != OP_SELECT || which >= op->count) {
        bool start = (op->code == OP_AWAIT && op->thing.hops == HOPS_START_SCOPE);
        return flow_uses(flow, op, thing, roles) || (start && (roles & ROLE_DONE) != 0);
    }
    struct use use = roles_case(flow->roles, op, (uint16_t)which);
    return (use.role & roles) != 0 && (use.thing == thing || use.thing == ROLE_START);
}

/* Marks the operations that a task of `kind` can come to without a step that has one of `roles` on `thing`
 * before them. Where ROLE_DONE is among them, hearing that the start is done counts as well: its scopes are
 * then done too. */
static void without(struct flow *flow, uint16_t kind, uint32_t thing, uint32_t roles, bool out[LIMIT_OPS])
{
    const struct program *program = flow->program;
    uint16_t next[PROGRAM_SUCCESSORS];
    bool open[PROGRAM_SUCCESSORS];
    memset(out, 0, LIMIT_OPS * sizeof out[0]);
    out[program->kinds[kind].entry] = flow_kind(flow, kind);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint16_t i = 0; i < program->op_count; i++) {
            if (!out[i])
                continue;
            unsigned count = flow_ways(flow, i, next, open);
            for (unsigned j = 0; j < count; j++) {
                if (!open[j] || out[next[j]] || passes(flow, &program->ops[i], j, thing, roles))
                    continue;
                out[next[j]] = changed = true;
            }
        }
    }
}

/* The first end of the task that a path without the duty leads to; NO_TARGET: none. */
static uint16_t end_around(struct flow *flow, uint16_t kind, uint32_t thing, uint32_t roles)
{
    bool around[LIMIT_OPS];
    without(flow, kind, thing, roles, around);
    for (uint16_t i = 0; i < flow->program->op_count; i++)
        if (around[i] && flow_ends(&flow->program->ops[i]))
            return i;
    return NO_TARGET;
}

static void duty_look(struct flow *flow, struct findings *findings, const struct duty *duty, uint32_t thing,
                      uint16_t maker)
{
    const struct program *program = flow->program;
    const struct thing_spec *spec = roles_thing(flow->roles, thing, NULL);
    bool others = flow_outer(flow, thing, duty->gives);
    for (uint16_t kind = 0; kind < program->kind_count; kind++)
        others |= kind != maker && flow_does(flow, kind, thing, duty->gives);
    if (others)
        return;
    struct finding *finding = NULL;
    uint16_t end = end_around(flow, maker, thing, duty->gives | duty->settles);
    uint16_t step = program->ops[program->kinds[maker].entry].step;
    bool does = flow_does(flow, maker, thing, duty->gives);
    const char *kind = thing_kind_word(spec->kind);
    if (!does && (end != NO_TARGET || duty->settles == 0))
        finding = findings_add(findings, duty->finding, step, false, "no path %s the %s \"%s\"%s", duty->verb,
                               kind, spec->name, duty->until);
    else if (does && end != NO_TARGET)
        finding = findings_add(findings, duty->finding, step, false,
                               "a path to the end of %s (line %u) leaves the %s \"%s\" as it is%s",
                               program->kinds[maker].name, program->steps[program->ops[end].step].line, kind,
                               spec->name, duty->until);
    if (finding != NULL) {
        finding->line = spec->line;
        finding->column = 1;
    }
}

static void lost_look(struct flow *flow, struct findings *findings)
{
    for (uint16_t i = 0; i < flow->program->op_count; i++) {
        const struct op *op = &flow->program->ops[i];
        if (op->code == OP_LOSE && flow->reached[i] && flow->values[op->value] > 0)
            findings_add(findings, FINDING_LOST, op->step, false,
                         "the pointer is gone: nobody can free this heap");
    }
}

void release_look(struct flow *flow, struct findings *findings)
{
    lost_look(flow, findings);
    for (uint32_t thing = 0; thing < roles_things(flow->roles); thing++) {
        uint16_t layout;
        enum thing_kind kind = roles_thing(flow->roles, thing, &layout)->kind;
        uint16_t maker = flow->owners[layout];
        if (!flow_kind(flow, maker))
            continue;
        for (size_t i = 0; i < COUNT_OF(duties); i++) {
            /* What nobody opens needs no shutting. */
            if (duties[i].gives == ROLE_SHUT && (flow->roles->facts[thing].done & ROLE_OPEN) == 0)
                continue;
            /* The scopes of main and of all end with the start, which main ends. */
            if (duties[i].kind == kind && (kind != THING_SCOPE || maker != 0))
                duty_look(flow, findings, &duties[i], thing, maker);
        }
    }
}
