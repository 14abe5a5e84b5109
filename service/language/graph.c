#include "language/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "language/role.h"

#define GREY "#888888"
#define RED  "#cc0000"
#define BLUE "#1f5fbf"

/* How each of them is drawn. */
static const struct {
    uint32_t role;
    const char *word;
    bool inward; /* the arrow leads from the thing to the step */
} arrows[] = {
    {ROLE_SEND, "send", false},
    {ROLE_RECV, "recv", true},
    {ROLE_CLOSE, "close", false},
    {ROLE_TICK, "tick", true},
    {ROLE_STOP, "stop", false},
    {ROLE_DONE, "done", true},
    {ROLE_CANCEL, "cancel", false},
    {ROLE_LOCK, "lock", true},
    {ROLE_UNLOCK, "unlock", false},
    {ROLE_RLOCK, "rlock", true},
    {ROLE_RUNLOCK, "runlock", false},
    {ROLE_ADD, "add", false},
    {ROLE_FINISH, "finish", false},
    {ROLE_JOIN, "wait", true},
    {ROLE_WAIT, "wait", true},
    {ROLE_SIGNAL, "signal", false},
    {ROLE_BROADCAST, "broadcast", false},
    {ROLE_OPEN, "open", false},
    {ROLE_SHUT, "shut", false},
    {ROLE_SET, "set", false},
    {ROLE_TEST, "if", true},
};

struct graph {
    const struct program *program;
    struct buf *buf;
    struct roles roles;
    bool can_end[LIMIT_OPS];     /* some way leads from this operation to its task's end */
    bool red_steps[LIMIT_STEPS]; /* something is missing there */
    bool red_kinds[LIMIT_TASK_KINDS];
};

/* ---- what comes next ---- */

static bool ends(const struct op *op)
{
    return op->code == OP_END || op->code == OP_LEAVE || op->code == OP_PANIC;
}

/* From the ends backward, until nothing changes: more than once only where a task jumps back. */
static void ends_collect(struct graph *graph)
{
    const struct program *program = graph->program;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint16_t i = program->op_count; i-- > 0;) {
            uint16_t next[PROGRAM_SUCCESSORS];
            unsigned count = program_successors(program, i, next);
            bool can = ends(&program->ops[i]);
            for (unsigned j = 0; j < count && !can; j++)
                can = graph->can_end[next[j]];
            changed |= can && !graph->can_end[i];
            graph->can_end[i] = can;
        }
    }
}

/* The operation that is really next: jumps are not shown. */
static uint16_t behind_jumps(const struct program *program, uint16_t index)
{
    for (uint16_t i = 0; i < program->op_count && program->ops[index].code == OP_JUMP; i++)
        index = program->ops[index].target;
    return index;
}

/* ---- drawing ---- */

static void put_quoted(struct buf *buf, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_putc(buf, '\\');
        buf_putc(buf, *text);
    }
}

static void set_red(struct graph *graph, uint16_t step)
{
    graph->red_steps[step] = true;
    graph->red_kinds[graph->program->steps[step].kind] = true;
}

static void draw_things(struct graph *graph, uint16_t layout, const char *indent)
{
    const struct program *program = graph->program;
    for (uint16_t i = 0; i < program->layouts[layout].count; i++) {
        const struct thing_spec *thing = &program->layouts[layout].things[i];
        buf_printf(graph->buf, "%st%u [shape=ellipse, label=\"", indent, graph->roles.bases[layout] + i);
        put_quoted(graph->buf, thing->name);
        buf_printf(graph->buf, "\\n%s%s\"];\n",
                   thing->nil       ? "nil "
                   : thing->aligned ? "aligned "
                                    : "",
                   thing_kind_word(thing->kind));
    }
}

/* A step is shown when it does more than jump. */
static bool step_shown(const struct program *program, uint16_t step)
{
    for (uint16_t i = 0; i < program->op_count; i++)
        if (program->ops[i].step == step && program->ops[i].code != OP_JUMP)
            return true;
    return false;
}

static void draw_kind(struct graph *graph, uint16_t kind)
{
    const struct program *program = graph->program;
    buf_printf(graph->buf, "  subgraph cluster_%u {\n    label=\"", kind);
    put_quoted(graph->buf, program->kinds[kind].name);
    buf_printf(graph->buf, "%s\";\n    style=rounded;\n    color=\"" GREY "\";\n",
               kind == 0 ? ", the owner" : "");
    for (uint16_t i = 0; i < program->step_count; i++) {
        if (program->steps[i].kind != kind || !step_shown(program, i))
            continue;
        buf_printf(graph->buf, "    s%u [label=\"%u: ", i, program->steps[i].line);
        put_quoted(graph->buf, program->steps[i].text);
        buf_puts(graph->buf, "\"];\n");
    }
    buf_printf(graph->buf, "    e%u [shape=doublecircle, label=\"end\", fontsize=9, margin=0];\n", kind);
    if (program->kinds[kind].layout != NO_LAYOUT)
        draw_things(graph, program->kinds[kind].layout, "    ");
    buf_puts(graph->buf, "  }\n");
}

/* The step is nothing but an end: `exit`, not the last statement of a task, at which the task ends too. */
static bool only_ends(const struct program *program, uint16_t step)
{
    for (uint16_t i = 0; i < program->op_count; i++)
        if (program->ops[i].step == step && !ends(&program->ops[i]))
            return false;
    return true;
}

/* What comes behind a step: each follower once. */
static void draw_order(struct graph *graph, uint16_t step)
{
    const struct program *program = graph->program;
    bool drawn[LIMIT_STEPS] = {false};
    bool end = false;
    for (uint16_t i = 0; i < program->op_count; i++) {
        uint16_t next[PROGRAM_SUCCESSORS];
        if (program->ops[i].step != step || program->ops[i].code == OP_JUMP)
            continue;
        end |= ends(&program->ops[i]) && only_ends(program, step);
        unsigned count = program_successors(program, i, next);
        for (unsigned j = 0; j < count; j++) {
            uint16_t to = behind_jumps(program, next[j]);
            uint16_t follower = program->ops[to].step;
            if (ends(&program->ops[to]) && !only_ends(program, follower)) {
                end = true;
                continue;
            }
            if (program->ops[to].code == OP_JUMP || drawn[follower] || (follower == step && to > i))
                continue;
            drawn[follower] = true;
            buf_printf(graph->buf, "  s%u -> s%u [color=\"" GREY "\"];\n", step, follower);
        }
    }
    if (end)
        buf_printf(graph->buf, "  s%u -> e%u [color=\"" GREY "\"];\n", step, program->steps[step].kind);
}

static void draw_arrow(struct graph *graph, uint16_t step, uint32_t role, const char *thing)
{
    for (size_t i = 0; i < COUNT_OF(arrows); i++) {
        if (arrows[i].role != role)
            continue;
        if (arrows[i].inward)
            buf_printf(graph->buf, "  %s -> s%u", thing, step);
        else
            buf_printf(graph->buf, "  s%u -> %s", step, thing);
        buf_printf(graph->buf, " [label=\"%s\"];\n", arrows[i].word);
    }
}

/* One arrow to each thing that it may be. */
static void draw_use(struct graph *graph, uint16_t step, const struct use *use)
{
    char thing[16];
    uint32_t one;
    if (use->thing == ROLE_START)
        draw_arrow(graph, step, use->role, "start");
    for (uint16_t next = 0; use->thing != ROLE_START && roles_each(&graph->roles, use->thing, &next, &one);) {
        snprintf(thing, sizeof thing, "t%u", (unsigned)one);
        draw_arrow(graph, step, use->role, thing);
    }
}

static void draw_op(struct graph *graph, const struct op *op)
{
    const struct program *program = graph->program;
    struct use uses[LIMIT_CASES];
    unsigned count = roles_uses(&graph->roles, op, uses);
    for (unsigned i = 0; i < count; i++)
        draw_use(graph, op->step, &uses[i]);
    if (op->code == OP_SPAWN) {
        uint16_t entry = behind_jumps(program, program->kinds[op->kind].entry);
        buf_printf(graph->buf, "  s%u -> s%u [label=\"spawn\", style=bold, color=\"" BLUE "\"];\n", op->step,
                   program->ops[entry].step);
    }
    if (op->code == OP_LOSE) {
        set_red(graph, op->step);
        buf_printf(graph->buf,
                   "  l%u [shape=plaintext, label=\"?\", fontcolor=\"" RED "\"];\n"
                   "  s%u -> l%u [label=\"nobody can free\", style=dashed, color=\"" RED
                   "\", fontcolor=\"" RED "\"];\n",
                   op->step, op->step, op->step);
    }
    if (op->code == OP_LEAVE && graph->roles.has_start)
        buf_printf(graph->buf, "  s%u -> start [label=\"cancel\"];\n", op->step);
}

/* ---- what is missing ---- */

static bool has_room(const struct program *program, const struct thing_spec *thing)
{
    const struct value *value = &program->values[thing->value];
    return thing->kind == THING_CHANNEL && (value->kind != VALUE_CONSTANT || value->number != 0);
}

/* The steps that do to the thing what somebody else would have to answer, and whose thing it is. */
static void set_red_users(struct graph *graph, uint32_t id, uint32_t needs)
{
    for (uint16_t i = 0; i < graph->program->kind_count; i++) {
        uint16_t layout = graph->program->kinds[i].layout;
        if (layout != NO_LAYOUT)
            graph->red_kinds[i] |= id >= graph->roles.bases[layout] && id < graph->roles.bases[layout + 1];
    }
    for (uint16_t i = 0; i < graph->program->op_count; i++) {
        struct use uses[LIMIT_CASES];
        unsigned count = roles_uses(&graph->roles, &graph->program->ops[i], uses);
        uint32_t one;
        for (unsigned j = 0; j < count; j++)
            for (uint16_t next = 0;
                 uses[j].thing != ROLE_START && roles_each(&graph->roles, uses[j].thing, &next, &one);)
                if (one == id && (needs == ROLE_MADE || (uses[j].role & needs) != 0))
                    set_red(graph, graph->program->ops[i].step);
    }
}

static void draw_missing(struct graph *graph, const struct thing_spec *thing, uint32_t id, size_t need)
{
    const struct facts *facts = &graph->roles.facts[id];
    bool urgent = (facts->urgent & role_needs[need].needs) != 0 || role_needs[need].needs == ROLE_MADE;
    bool room = role_needs[need].needs == ROLE_SEND && has_room(graph->program, thing);
    const char *color = urgent && !room ? RED : GREY;
    if (urgent && !room)
        set_red_users(graph, id, role_needs[need].needs);
    buf_printf(graph->buf, "  m%u_%zu [shape=plaintext, label=\"?\", fontcolor=\"%s\"];\n", id, need, color);
    if (role_needs[need].inward)
        buf_printf(graph->buf, "  m%u_%zu -> t%u", id, need, id);
    else
        buf_printf(graph->buf, "  t%u -> m%u_%zu", id, id, need);
    buf_printf(graph->buf, " [label=\"%s%s\", style=dashed, color=\"%s\", fontcolor=\"%s\"];\n",
               role_needs[need].missing, room ? " once it is full" : "", color, color);
}

static void draw_all_missing(struct graph *graph)
{
    const struct program *program = graph->program;
    for (uint16_t layout = 0; layout < program->layout_count; layout++) {
        for (uint16_t i = 0; i < program->layouts[layout].count; i++) {
            const struct thing_spec *thing = &program->layouts[layout].things[i];
            uint32_t id = graph->roles.bases[layout] + i;
            uint32_t done = graph->roles.facts[id].done | ROLE_MADE;
            for (size_t need = 0; need < role_need_count; need++)
                if (role_needs[need].kind == thing->kind && (done & role_needs[need].needs) != 0 &&
                    (done & role_needs[need].others) == 0)
                    draw_missing(graph, thing, id, need);
        }
    }
}

/* The first step of each kind from which its task never comes to its end. */
static void draw_no_way_out(struct graph *graph)
{
    const struct program *program = graph->program;
    bool drawn[LIMIT_TASK_KINDS] = {false};
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        uint16_t kind = program->steps[op->step].kind;
        if (graph->can_end[i] || op->code == OP_JUMP)
            continue;
        set_red(graph, op->step);
        if (drawn[kind])
            continue;
        drawn[kind] = true;
        buf_printf(graph->buf,
                   "  s%u -> e%u [label=\"no way out\", style=dashed, color=\"" RED "\", fontcolor=\"" RED
                   "\"];\n",
                   op->step, kind);
    }
}

/* ---- what comes too late ---- */

/* What the step waits for; NULL: for nothing, or for one of several. */
static const struct need *need_of(struct graph *graph, uint16_t step)
{
    const struct need *found = NULL;
    for (uint16_t i = 0; i < graph->program->op_count; i++) {
        struct use uses[LIMIT_CASES];
        if (graph->program->ops[i].step != step)
            continue;
        unsigned count = roles_uses(&graph->roles, &graph->program->ops[i], uses);
        for (unsigned j = 0; j < count; j++)
            for (size_t need = 0; uses[j].thing != ROLE_START && need < role_need_count; need++)
                if ((uses[j].role & role_needs[need].needs) != 0 &&
                    role_needs[need].kind == roles_thing(&graph->roles, uses[j].thing, NULL)->kind) {
                    if (found != NULL && found != &role_needs[need])
                        return NULL;
                    found = &role_needs[need];
                }
    }
    return found;
}

static void draw_mark(struct graph *graph, const struct graph_mark *mark, size_t id)
{
    const struct need *need = mark->late ? need_of(graph, mark->step) : NULL;
    buf_printf(graph->buf, "  k%zu [shape=plaintext, label=\"?\", fontcolor=\"" RED "\"];\n", id);
    if (need != NULL && need->inward)
        buf_printf(graph->buf, "  k%zu -> s%u", id, mark->step);
    else
        buf_printf(graph->buf, "  s%u -> k%zu", mark->step, id);
    buf_printf(graph->buf, " [label=\"%s%s\", style=dashed, color=\"" RED "\", fontcolor=\"" RED "\"];\n",
               need == NULL ? mark->text : need->missing, need == NULL ? "" : " any more");
}

/* Those that come first are drawn: the second at a step says what the first says already. */
static void draw_marks(struct graph *graph, const struct graph_mark *marks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct graph_mark *mark = &marks[i];
        CHECK(mark->step < graph->program->step_count);
        uint16_t kind = graph->program->steps[mark->step].kind;
        if (mark->task ? graph->red_kinds[kind] : graph->red_steps[mark->step])
            continue;
        draw_mark(graph, mark, i);
        if (!mark->task)
            graph->red_steps[mark->step] = true;
    }
}

static void draw(struct graph *graph, const struct graph_mark *marks, size_t mark_count)
{
    const struct program *program = graph->program;
    buf_printf(graph->buf, "digraph \"%s-%s\" {\n  label=\"%s-%s, ", program->variant, program->pattern,
               program->variant, program->pattern);
    put_quoted(graph->buf, program->file);
    buf_puts(graph->buf, "\";\n  labelloc=t;\n  bgcolor=white;\n  fontname=\"sans-serif\";\n"
                         "  node [shape=box, fontname=\"sans-serif\", fontsize=11];\n"
                         "  edge [fontname=\"sans-serif\", fontsize=9];\n");
    for (uint16_t i = 0; i < program->kind_count; i++)
        draw_kind(graph, i);
    draw_things(graph, 0, "  ");
    if (graph->roles.has_start)
        buf_puts(graph->buf, "  start [shape=ellipse, label=\"the start's scope\"];\n");
    for (uint16_t i = 0; i < program->step_count; i++)
        draw_order(graph, i);
    for (uint16_t i = 0; i < program->op_count; i++)
        draw_op(graph, &program->ops[i]);
    draw_all_missing(graph);
    draw_no_way_out(graph);
    draw_marks(graph, marks, mark_count);
    buf_puts(graph->buf, "}\n");
}

enum err program_graph(const struct program *program, const struct graph_mark *marks, size_t mark_count,
                       struct buf *buf)
{
    struct graph *graph = calloc(1, sizeof *graph);
    if (graph == NULL)
        return ERR_MEMORY;
    graph->program = program;
    graph->buf = buf;
    enum err err = roles_init(&graph->roles, program);
    if (err == ERR_OK) {
        ends_collect(graph);
        draw(graph, marks, mark_count);
        err = buf->err;
        roles_deinit(&graph->roles);
    }
    free(graph);
    return err;
}
