#include "language/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "language/outward.h"

#define GREY "#888888"
#define RED  "#cc0000"
#define BLUE "#1f5fbf"

/* What a step does to a thing. A set of them is a mask of bits. */
enum role {
    ROLE_NONE = 0,
    ROLE_SEND = 1 << 0,
    ROLE_RECV = 1 << 1,
    ROLE_CLOSE = 1 << 2,
    ROLE_TICK = 1 << 3,
    ROLE_STOP = 1 << 4,
    ROLE_DONE = 1 << 5,
    ROLE_CANCEL = 1 << 6,
    ROLE_LOCK = 1 << 7,
    ROLE_UNLOCK = 1 << 8,
    ROLE_RLOCK = 1 << 9,
    ROLE_RUNLOCK = 1 << 10,
    ROLE_ADD = 1 << 11,
    ROLE_FINISH = 1 << 12,
    ROLE_JOIN = 1 << 13,
    ROLE_WAIT = 1 << 14,
    ROLE_SIGNAL = 1 << 15,
    ROLE_BROADCAST = 1 << 16,
    ROLE_MADE = 1 << 17 /* not a step's: the thing is there */
};

/* Operations that do something to op.thing; a select has its cases. */
static const uint32_t op_roles[OP_CODES] = {
    [OP_SEND] = ROLE_SEND,       [OP_RECV] = ROLE_RECV,           [OP_RANGE] = ROLE_RECV,
    [OP_CLOSE] = ROLE_CLOSE,     [OP_TICK] = ROLE_TICK,           [OP_STOP] = ROLE_STOP,
    [OP_CANCEL] = ROLE_CANCEL,   [OP_AWAIT] = ROLE_DONE,          [OP_LOCK] = ROLE_LOCK,
    [OP_UNLOCK] = ROLE_UNLOCK,   [OP_WRITE_LOCK] = ROLE_LOCK,     [OP_WRITE_UNLOCK] = ROLE_UNLOCK,
    [OP_READ_LOCK] = ROLE_RLOCK, [OP_READ_UNLOCK] = ROLE_RUNLOCK, [OP_ADD] = ROLE_ADD,
    [OP_FINISH] = ROLE_FINISH,   [OP_JOIN] = ROLE_JOIN,           [OP_WAIT] = ROLE_WAIT,
    [OP_SIGNAL] = ROLE_SIGNAL,   [OP_BROADCAST] = ROLE_BROADCAST,
};

static const uint32_t case_roles[] = {
    [CASE_RECV] = ROLE_RECV,  [CASE_SEND] = ROLE_SEND, [CASE_TICK] = ROLE_TICK,
    [CASE_AFTER] = ROLE_NONE, [CASE_DONE] = ROLE_DONE,
};

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
};

/* Who does the one needs somebody who does one of the others. */
static const struct need {
    enum thing_kind kind;
    uint32_t needs;
    uint32_t others;
    const char *missing;
    bool inward; /* the arrow that is missing leads to the thing */
} needs[] = {
    {THING_CHANNEL, ROLE_RECV, ROLE_SEND | ROLE_CLOSE, "nobody sends or closes", true},
    {THING_CHANNEL, ROLE_SEND, ROLE_RECV, "nobody receives", false},
    {THING_TICKER, ROLE_MADE, ROLE_STOP, "nobody stops", true},
    {THING_SCOPE, ROLE_MADE, ROLE_CANCEL, "nobody cancels", true},
    {THING_MUTEX, ROLE_LOCK, ROLE_UNLOCK, "nobody unlocks", true},
    {THING_RWMUTEX, ROLE_LOCK, ROLE_UNLOCK, "nobody unlocks", true},
    {THING_RWMUTEX, ROLE_RLOCK, ROLE_RUNLOCK, "nobody unlocks what is read", true},
    {THING_GROUP, ROLE_ADD, ROLE_FINISH, "nobody finishes", true},
    {THING_CONDITION, ROLE_WAIT, ROLE_SIGNAL | ROLE_BROADCAST, "nobody signals", true},
};

/* What the steps of the program do to one thing. */
struct facts {
    uint32_t done;   /* roles that some step has */
    uint32_t urgent; /* roles that some step has without another way on */
};

struct graph {
    const struct program *program;
    struct buf *buf;
    struct outward outward;
    struct facts *facts;                  /* of all things, layout by layout */
    uint32_t bases[LIMIT_TASK_KINDS + 2]; /* of each layout: where its things begin in facts */
    bool can_end[LIMIT_OPS];              /* some way leads from this operation to its task's end */
    bool has_start;                       /* somebody listens to the start's scope */
};

/* ---- what the program does ---- */

/* What an operation has to do with: the index of a thing's facts, or the start's scope. */
#define START UINT32_MAX
struct use {
    uint32_t role;
    uint32_t thing;
};

/* Adds a use; nothing where the role is none, or where nobody who runs sees the thing. */
static void use_add(const struct graph *graph, const struct op *op, struct use use, struct thing_ref ref,
                    struct use uses[LIMIT_CASES], unsigned *count)
{
    const struct program *program = graph->program;
    use.thing = START;
    if (ref.hops != HOPS_START_SCOPE && use.role != ROLE_NONE) {
        uint16_t layout = outward_layout(&graph->outward, program, program->steps[op->step].kind, ref);
        if (layout == NO_LAYOUT)
            return;
        use.thing = graph->bases[layout] + outward_thing(program, layout, ref.offset);
    }
    if (use.role != ROLE_NONE)
        uses[(*count)++] = use;
}

/* The uses of an operation, at most LIMIT_CASES. */
static unsigned uses_of(const struct graph *graph, const struct op *op, struct use uses[LIMIT_CASES])
{
    unsigned count = 0;
    if (op->code != OP_SELECT) {
        use_add(graph, op, (struct use){.role = op_roles[op->code]}, op->thing, uses, &count);
        return count;
    }
    for (uint16_t i = 0; i < op->count; i++) {
        const struct select_case *at = &graph->program->cases[op->first + i];
        use_add(graph, op, (struct use){.role = case_roles[at->kind]}, at->thing, uses, &count);
    }
    return count;
}

/* Somebody does what the use waits for. A ticker ticks by itself, and every scope ends with the start's. */
static bool may_come(const struct graph *graph, const struct use *use)
{
    for (size_t i = 0; i < COUNT_OF(needs); i++)
        if (needs[i].needs == use->role)
            return (graph->facts[use->thing].done & needs[i].others) != 0;
    return true;
}

/* A select that goes on by its default, its deadline, or a case for which there is somebody. */
static bool goes_on(const struct graph *graph, const struct op *op, const struct use *uses, unsigned count)
{
    bool on = op->code == OP_SELECT && (op->target != NO_TARGET || op->count > count);
    for (unsigned i = 0; i < count && op->code == OP_SELECT && !on; i++)
        on = may_come(graph, &uses[i]);
    return on;
}

static void facts_collect(struct graph *graph)
{
    const struct program *program = graph->program;
    struct use uses[LIMIT_CASES];
    for (uint16_t i = 0; i < program->op_count; i++) {
        unsigned count = uses_of(graph, &program->ops[i], uses);
        for (unsigned j = 0; j < count; j++) {
            if (uses[j].thing == START)
                graph->has_start = true;
            else
                graph->facts[uses[j].thing].done |= uses[j].role;
        }
    }
    for (uint16_t i = 0; i < program->op_count; i++) {
        unsigned count = uses_of(graph, &program->ops[i], uses);
        bool on = goes_on(graph, &program->ops[i], uses, count);
        for (unsigned j = 0; j < count && !on; j++)
            if (uses[j].thing != START)
                graph->facts[uses[j].thing].urgent |= uses[j].role;
    }
}

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

static void draw_things(struct graph *graph, uint16_t layout, const char *indent)
{
    const struct program *program = graph->program;
    for (uint16_t i = 0; i < program->layouts[layout].count; i++) {
        const struct thing_spec *thing = &program->layouts[layout].things[i];
        buf_printf(graph->buf, "%st%u [shape=ellipse, label=\"", indent, graph->bases[layout] + i);
        put_quoted(graph->buf, thing->name);
        buf_printf(graph->buf, "\\n%s%s\"];\n", thing->nil ? "nil " : "", thing_kind_word(thing->kind));
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

static void draw_use(struct graph *graph, uint16_t step, const struct use *use)
{
    char thing[16] = "start";
    if (use->thing != START)
        snprintf(thing, sizeof thing, "t%u", (unsigned)use->thing);
    for (size_t i = 0; i < COUNT_OF(arrows); i++) {
        if (arrows[i].role != use->role)
            continue;
        if (arrows[i].inward)
            buf_printf(graph->buf, "  %s -> s%u", thing, step);
        else
            buf_printf(graph->buf, "  s%u -> %s", step, thing);
        buf_printf(graph->buf, " [label=\"%s\"];\n", arrows[i].word);
    }
}

static void draw_op(struct graph *graph, const struct op *op)
{
    const struct program *program = graph->program;
    struct use uses[LIMIT_CASES];
    unsigned count = uses_of(graph, op, uses);
    for (unsigned i = 0; i < count; i++)
        draw_use(graph, op->step, &uses[i]);
    if (op->code == OP_SPAWN) {
        uint16_t entry = behind_jumps(program, program->kinds[op->kind].entry);
        buf_printf(graph->buf, "  s%u -> s%u [label=\"spawn\", style=bold, color=\"" BLUE "\"];\n", op->step,
                   program->ops[entry].step);
    }
    if (op->code == OP_LEAVE && graph->has_start)
        buf_printf(graph->buf, "  s%u -> start [label=\"cancel\"];\n", op->step);
}

/* ---- what is missing ---- */

static bool has_room(const struct program *program, const struct thing_spec *thing)
{
    const struct value *value = &program->values[thing->value];
    return thing->kind == THING_CHANNEL && (value->kind != VALUE_CONSTANT || value->number != 0);
}

static void draw_missing(struct graph *graph, const struct thing_spec *thing, uint32_t id, size_t need)
{
    const struct facts *facts = &graph->facts[id];
    bool urgent = (facts->urgent & needs[need].needs) != 0 || needs[need].needs == ROLE_MADE;
    bool room = needs[need].needs == ROLE_SEND && has_room(graph->program, thing);
    const char *color = urgent && !room ? RED : GREY;
    buf_printf(graph->buf, "  m%u_%zu [shape=plaintext, label=\"?\", fontcolor=\"%s\"];\n", id, need, color);
    if (needs[need].inward)
        buf_printf(graph->buf, "  m%u_%zu -> t%u", id, need, id);
    else
        buf_printf(graph->buf, "  t%u -> m%u_%zu", id, id, need);
    buf_printf(graph->buf, " [label=\"%s%s\", style=dashed, color=\"%s\", fontcolor=\"%s\"];\n",
               needs[need].missing, room ? " once it is full" : "", color, color);
}

static void draw_all_missing(struct graph *graph)
{
    const struct program *program = graph->program;
    for (uint16_t layout = 0; layout < program->layout_count; layout++) {
        for (uint16_t i = 0; i < program->layouts[layout].count; i++) {
            const struct thing_spec *thing = &program->layouts[layout].things[i];
            uint32_t id = graph->bases[layout] + i;
            uint32_t done = graph->facts[id].done | ROLE_MADE;
            for (size_t need = 0; need < COUNT_OF(needs); need++)
                if (needs[need].kind == thing->kind && (done & needs[need].needs) != 0 &&
                    (done & needs[need].others) == 0)
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
        if (graph->can_end[i] || op->code == OP_JUMP || drawn[kind])
            continue;
        drawn[kind] = true;
        buf_printf(graph->buf,
                   "  s%u -> e%u [label=\"no way out\", style=dashed, color=\"" RED "\", fontcolor=\"" RED
                   "\"];\n",
                   op->step, kind);
    }
}

static void draw(struct graph *graph)
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
    if (graph->has_start)
        buf_puts(graph->buf, "  start [shape=ellipse, label=\"the start's scope\"];\n");
    for (uint16_t i = 0; i < program->step_count; i++)
        draw_order(graph, i);
    for (uint16_t i = 0; i < program->op_count; i++)
        draw_op(graph, &program->ops[i]);
    draw_all_missing(graph);
    draw_no_way_out(graph);
    buf_puts(graph->buf, "}\n");
}

enum err program_graph(const struct program *program, struct buf *buf)
{
    struct graph *graph = calloc(1, sizeof *graph);
    if (graph == NULL)
        return ERR_MEMORY;
    graph->program = program;
    graph->buf = buf;
    for (uint16_t i = 0; i < program->layout_count; i++)
        graph->bases[i + 1] = graph->bases[i] + program->layouts[i].count;
    graph->facts = calloc(graph->bases[program->layout_count] + 1u, sizeof *graph->facts);
    enum err err = ERR_MEMORY;
    if (graph->facts != NULL) {
        outward_init(&graph->outward, program);
        facts_collect(graph);
        ends_collect(graph);
        draw(graph);
        err = buf->err;
    }
    free(graph->facts);
    free(graph);
    return err;
}
