#include "judge/exits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"

#define REASONS_MOST 4

struct look {
    struct flow *flow;
    struct findings *findings;
    bool settled[LIMIT_OPS];  /* leads to an end, or to a step about which there is a finding */
    bool ends[LIMIT_OPS];     /* leads to an end */
    bool straight[LIMIT_OPS]; /* leads to an end without waiting again */
};

static uint16_t kind_of(const struct look *look, uint16_t index)
{
    const struct program *program = look->flow->program;
    return program->steps[program->ops[index].step].kind;
}

/* Marks, backward from what is marked already, whatever leads there on open ways. */
static void spread(struct look *look, bool marks[LIMIT_OPS], bool past_waits)
{
    const struct program *program = look->flow->program;
    uint16_t next[PROGRAM_SUCCESSORS];
    bool open[PROGRAM_SUCCESSORS];
    for (bool changed = true; changed;) {
        changed = false;
        for (uint16_t i = program->op_count; i-- > 0;) {
            if (marks[i] || !look->flow->reached[i] || (!past_waits && flow_waits(&program->ops[i])))
                continue;
            unsigned count = flow_ways(look->flow, i, next, open);
            for (unsigned j = 0; j < count && !marks[i]; j++)
                changed |= marks[i] = open[j] && marks[next[j]];
        }
    }
}

/* ---- steps that nobody comes past ---- */

/* Why what a use waits for never comes; empty when it may. */
static void absent(const struct look *look, uint16_t kind, struct use use, char text[FINDING_TEXT])
{
    const struct flow *flow = look->flow;
    const struct thing_spec *thing = roles_thing(flow->roles, use.thing, NULL);
    uint32_t wanted = 0;
    const char *what = NULL;
    if (use.role == ROLE_SEND) {
        wanted = ROLE_RECV;
        what = "receives from";
    } else if (use.role == ROLE_RECV) {
        wanted = ROLE_SEND | ROLE_CLOSE;
        what = "sends on or closes";
    } else if (use.role == ROLE_JOIN) {
        wanted = ROLE_FINISH;
        what = "finishes";
    } else {
        wanted = ROLE_SIGNAL | ROLE_BROADCAST;
        what = "signals";
    }
    const char *who = "nobody";
    if (flow_any(flow, use.thing, wanted) && !flow_other(flow, kind, use.thing, wanted))
        who = "nobody but the task itself";
    else if ((flow->roles->facts[use.thing].done & wanted) != 0)
        who = "nobody gets as far as the step that";
    if (thing->nil)
        snprintf(text, FINDING_TEXT, "the channel \"%s\" is never made", thing->name);
    else
        snprintf(text, FINDING_TEXT, "%s %s \"%s\"", who, what, thing->name);
}

static void tell_select(struct look *look, uint16_t index)
{
    const struct op *op = &look->flow->program->ops[index];
    char text[FINDING_TEXT] = "it has no cases", one[FINDING_TEXT];
    size_t used = 0;
    for (uint16_t i = 0; i < op->count; i++) {
        struct use use = roles_case(look->flow->roles, op, i);
        if (use.role == ROLE_NONE || used >= sizeof text)
            continue;
        absent(look, kind_of(look, index), use, one);
        int size = snprintf(text + used, sizeof text - used, "%s%s", used == 0 ? "" : ", and ", one);
        used += size < 0 ? 0 : (size_t)size;
    }
    findings_add(look->findings, FINDING_NO_CASE, op->step, false, "no case can become ready: %.*s",
                 FINDING_TEXT - 32, text);
}

static void tell_blocked(struct look *look, uint16_t index)
{
    const struct op *op = &look->flow->program->ops[index];
    struct use uses[LIMIT_CASES];
    char text[FINDING_TEXT];
    if (op->code == OP_SELECT) {
        tell_select(look, index);
        return;
    }
    if (roles_uses(look->flow->roles, op, uses) == 0)
        return;
    enum finding_kind kind = FINDING_NO_SENDER;
    if ((uses[0].role & (ROLE_SEND | ROLE_RECV)) != 0 &&
        roles_thing(look->flow->roles, uses[0].thing, NULL)->nil)
        kind = FINDING_NIL_CHANNEL;
    else if (uses[0].role == ROLE_SEND)
        kind = FINDING_NO_RECEIVER;
    else if (uses[0].role == ROLE_JOIN)
        kind = FINDING_NO_FINISH;
    else if (uses[0].role == ROLE_WAIT)
        kind = FINDING_NO_SIGNAL;
    absent(look, kind_of(look, index), uses[0], text);
    findings_add(look->findings, kind, op->step, false, "%s", text);
}

/* A step from which no way is open. */
static bool stops_here(const struct look *look, uint16_t index)
{
    const struct op *op = &look->flow->program->ops[index];
    uint16_t next[PROGRAM_SUCCESSORS];
    bool open[PROGRAM_SUCCESSORS];
    if (!look->flow->reached[index] || !flow_waits(op))
        return false;
    unsigned count = flow_ways(look->flow, index, next, open);
    for (unsigned i = 0; i < count; i++)
        if (open[i])
            return false;
    return true;
}

/* A range of which the messages come and the end does not, and that is not left in another way. */
static bool never_closed(const struct look *look, uint16_t index, struct use *use)
{
    const struct op *op = &look->flow->program->ops[index];
    struct use uses[LIMIT_CASES];
    if (!look->flow->reached[index] || op->code != OP_RANGE || look->ends[index] ||
        roles_uses(look->flow->roles, op, uses) == 0)
        return false;
    *use = uses[0];
    return !flow_any(look->flow, uses[0].thing, ROLE_CLOSE);
}

static void steps_look(struct look *look)
{
    const struct program *program = look->flow->program;
    for (uint16_t i = 0; i < program->op_count; i++) {
        struct use use;
        look->settled[i] = look->ends[i] || look->flow->closed[i];
        if (stops_here(look, i)) {
            look->settled[i] = true;
            if (!look->flow->closed[i])
                tell_blocked(look, i);
        } else if (never_closed(look, i, &use)) {
            look->settled[i] = true;
            findings_add(look->findings, FINDING_NO_CLOSE, program->ops[i].step, false,
                         "nobody %scloses \"%s\", so that the range never ends",
                         (look->flow->roles->facts[use.thing].done & ROLE_CLOSE) != 0
                             ? "gets as far as the step that "
                             : "",
                         roles_thing(look->flow->roles, use.thing, NULL)->name);
        }
    }
    spread(look, look->settled, true);
}

/* ---- tasks that go round for ever ---- */

/* What would have been a way out of a select, had somebody sent on it. */
static void hint(const struct look *look, uint16_t index, char text[FINDING_TEXT])
{
    const struct op *op = &look->flow->program->ops[index];
    text[0] = '\0';
    for (uint16_t i = 0; op->code == OP_SELECT && i < op->count; i++) {
        struct use use = roles_case(look->flow->roles, op, i);
        if (use.role == ROLE_NONE || flow_case(look->flow, op, i))
            continue;
        absent(look, kind_of(look, index), use, text);
        return;
    }
}

static void loops_look(struct look *look)
{
    const struct program *program = look->flow->program;
    for (uint16_t kind = 0; kind < program->kind_count; kind++) {
        uint16_t at = NO_TARGET;
        for (uint16_t i = 0; i < program->op_count; i++) {
            const struct op *op = &program->ops[i];
            if (kind_of(look, i) != kind || !look->flow->reached[i] || look->settled[i] ||
                !flow_in_cycle(program, i))
                continue;
            if (at == NO_TARGET || (flow_waits(op) && !flow_waits(&program->ops[at])))
                at = i;
        }
        if (at == NO_TARGET)
            continue;
        char why[FINDING_TEXT];
        hint(look, at, why);
        findings_add(look->findings, FINDING_NO_WAY_OUT, program->ops[at].step, false,
                     "no path leads from here to the end of the task%s%.*s", why[0] == '\0' ? "" : ": ",
                     FINDING_TEXT - 64, why);
    }
}

/* ---- how a task ends ---- */

/* What a way leads through: a case of a select, the close of a channel, or the whole step. */
static void way_text(const struct look *look, uint16_t index, unsigned which, char text[FINDING_TEXT])
{
    static const char *const words[] = {
        [CASE_RECV] = "recv",   [CASE_SEND] = "send", [CASE_TICK] = "tick",
        [CASE_AFTER] = "after", [CASE_DONE] = "done",
    };
    const struct program *program = look->flow->program;
    const struct op *op = &program->ops[index];
    const struct step *step = &program->steps[op->step];
    struct use uses[LIMIT_CASES];
    if (op->code == OP_RANGE && which == 0 && roles_uses(look->flow->roles, op, uses) > 0) {
        snprintf(text, FINDING_TEXT, "close %s (line %u)",
                 roles_thing(look->flow->roles, uses[0].thing, NULL)->name, step->line);
    } else if (op->code == OP_SELECT && which < op->count) {
        struct use use = roles_case(look->flow->roles, op, (uint16_t)which);
        bool named = use.role != ROLE_NONE && use.thing != ROLE_START;
        snprintf(text, FINDING_TEXT, "%s%s%s (line %u)", words[program->cases[op->first + which].kind],
                 named ? " " : "", named ? roles_thing(look->flow->roles, use.thing, NULL)->name : "",
                 step->line);
    } else {
        snprintf(text, FINDING_TEXT, "%.*s (line %u)", FINDING_TEXT - 32,
                 op->code == OP_SELECT ? "default" : step->text, step->line);
    }
}

/* Appends a reason to an exit's text; a fourth one and those behind it are only hinted at. */
static void reason(struct exit *exit, unsigned *count, const char *text)
{
    size_t used = strlen(exit->text);
    if (strstr(exit->text, text) != NULL || *count >= REASONS_MOST)
        return;
    ++*count;
    snprintf(exit->text + used, sizeof exit->text - used, "%s%s", used == 0 ? "" : " or ",
             *count == REASONS_MOST ? "others" : text);
}

static void exit_look(struct look *look, uint16_t kind, struct exit *exit)
{
    const struct program *program = look->flow->program;
    uint16_t next[PROGRAM_SUCCESSORS];
    bool open[PROGRAM_SUCCESSORS];
    char text[FINDING_TEXT];
    unsigned reasons = 0;
    *exit = (struct exit){.started = flow_kind(look->flow, kind)};
    for (uint16_t i = 0; i < program->op_count; i++) {
        if (kind_of(look, i) != kind || !look->flow->reached[i])
            continue;
        exit->ends |= look->straight[i];
        unsigned count = flow_waits(&program->ops[i]) ? flow_ways(look->flow, i, next, open) : 0;
        for (unsigned j = 0; j < count; j++) {
            if (!open[j] || !look->straight[next[j]])
                continue;
            way_text(look, i, j, text);
            reason(exit, &reasons, text);
        }
        if (look->straight[i] && flow_ends(&program->ops[i]) && look->straight[program->kinds[kind].entry])
            snprintf(text, sizeof text, "its last statement (line %u)",
                     program->steps[program->ops[i].step].line);
    }
    if (exit->started && look->straight[program->kinds[kind].entry])
        reason(exit, &reasons, text);
}

enum err exits_look(struct flow *flow, struct findings *findings, struct exit exits[LIMIT_TASK_KINDS])
{
    const struct program *program = flow->program;
    struct look *look = calloc(1, sizeof *look);
    if (look == NULL)
        return ERR_MEMORY;
    look->flow = flow;
    look->findings = findings;
    for (uint16_t i = 0; i < program->op_count; i++) {
        bool end = flow->reached[i] && (flow_ends(&program->ops[i]) || program->ops[i].code == OP_PANIC);
        look->ends[i] = look->straight[i] = end;
    }
    spread(look, look->ends, true);
    spread(look, look->straight, false);
    steps_look(look);
    loops_look(look);
    for (uint16_t kind = 0; kind < program->kind_count; kind++)
        exit_look(look, kind, &exits[kind]);
    free(look);
    return ERR_OK;
}
