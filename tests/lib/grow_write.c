/* A grown pattern as text, and cutting one down. */
#include <string.h>

#include "grow_table.h"

/* What is written: everything that nobody has cut, in a task that somebody spawns, and naming what is written
 * as well. */
struct view {
    const struct grown *grown;
    bool shown[GROW_NODES];
};

static bool holds_block(const struct grow_node *node)
{
    if (node->role != ROLE_STATEMENT)
        return false;
    enum form form = grow_verb(node)->form;
    return form == EITHER || grow_is_loop(form);
}

/* A block that is left with nothing inside goes too. */
static bool has_body(const struct view *view, const struct grow_node *node)
{
    for (unsigned i = node->first; i != 0; i = view->grown->nodes[i].next)
        if (view->shown[i] && view->grown->nodes[i].role != ROLE_ELSE)
            return true;
    return false;
}

static bool is_spawned(const struct view *view, unsigned task)
{
    const struct grown *grown = view->grown;
    if (grown->nodes[task].spawner == 0)
        return true;
    for (unsigned i = 0; i < grown->count; i++) {
        const struct grow_node *node = &grown->nodes[i];
        if (!view->shown[i] || node->role != ROLE_STATEMENT || node->names != task)
            continue;
        unsigned home = i;
        while (grown->nodes[home].role != ROLE_TASK)
            home = grown->nodes[home].parent;
        if (home != task)
            return true;
    }
    return false;
}

static bool stays(const struct view *view, unsigned index)
{
    const struct grow_node *node = &view->grown->nodes[index];
    if (node->cut || !view->shown[node->parent] || !view->shown[node->names])
        return false;
    if (node->role == ROLE_TASK)
        return is_spawned(view, index);
    if (node->role == ROLE_ELSE || holds_block(node))
        return has_body(view, node) || node->hollow;
    return true;
}

/* Hiding one may hide others, until nothing changes. */
static void look(struct view *view, const struct grown *grown)
{
    view->grown = grown;
    memset(view->shown, true, sizeof view->shown);
    for (bool changed = true; changed;) {
        changed = false;
        for (unsigned i = 1; i < grown->count; i++) {
            if (!view->shown[i] || stays(view, i))
                continue;
            view->shown[i] = false;
            changed = true;
        }
    }
}

/* ---- writing ---- */

static void write_name(const struct grown *grown, unsigned index, struct buf *text)
{
    if (grown->nodes[index].role == ROLE_THING && grown->nodes[index].like != 0)
        index = grown->nodes[index].like;
    const struct grow_node *node = &grown->nodes[index];
    if (node->role == ROLE_TASK && node->spawner == 0)
        buf_puts(text, "main");
    else
        buf_printf(text, "%s%u", node->role == ROLE_TASK ? "task" : grow_kinds[node->row].word, index);
}

/* The task has a thing of its own under the name of this one. */
static bool is_hidden(const struct view *view, unsigned task, unsigned thing)
{
    for (unsigned i = 1; i < view->grown->count; i++) {
        const struct grow_node *node = &view->grown->nodes[i];
        if (node->role == ROLE_THING && node->like == thing && node->parent == task && view->shown[i])
            return true;
    }
    return false;
}

static void write_head(const struct view *view, const struct grow_node *node, struct buf *text)
{
    const struct grown *grown = view->grown;
    unsigned task = node->parent;
    while (grown->nodes[task].role != ROLE_TASK)
        task = grown->nodes[task].parent;
    const struct grow_verb *verb = grow_verb(node);
    const char *operand = grow_operands[verb->operand][node->operand];
    buf_puts(text, verb->verb);
    if (node->names != 0) {
        buf_puts(text, is_hidden(view, task, node->names) ? " outer." : " ");
        write_name(grown, node->names, text);
    }
    if (verb->operand != NO_OPERAND)
        buf_printf(text, "%s%s", verb->form == SPAWN ? " * " : " ", operand);
}

static void write_block(const struct view *view, unsigned block, unsigned depth, struct buf *text);

static void write_cases(const struct view *view, unsigned select, unsigned depth, struct buf *text)
{
    const struct grown *grown = view->grown;
    for (unsigned i = grown->nodes[select].first; i != 0; i = grown->nodes[i].next) {
        if (!view->shown[i])
            continue;
        buf_printf(text, "%*s", (int)(2 * depth), "");
        write_head(view, &grown->nodes[i], text);
        buf_puts(text, ":\n");
        write_block(view, i, depth + 1, text);
    }
}

static void write_statement(const struct view *view, unsigned index, unsigned depth, struct buf *text)
{
    const struct grown *grown = view->grown;
    const struct grow_node *node = &grown->nodes[index];
    bool cases = grow_verb(node)->form == CASES && has_body(view, node);
    if (node->hollow) {
        write_block(view, index, depth, text);
        return;
    }
    buf_printf(text, "%*s- ", (int)(2 * depth), "");
    write_head(view, node, text);
    buf_puts(text, holds_block(node) || cases ? ":\n" : "\n");
    if (cases)
        write_cases(view, index, depth + 2, text);
    else
        write_block(view, index, depth + 2, text);
    for (unsigned i = node->first; i != 0; i = grown->nodes[i].next) {
        if (!view->shown[i] || grown->nodes[i].role != ROLE_ELSE)
            continue;
        buf_printf(text, "%*selse:\n", (int)(2 * depth + 2), "");
        write_block(view, i, depth + 2, text);
    }
}

/* Of what is hollow, whatever is inside stands here: statements, those behind `else`, those of all cases. */
static void write_block(const struct view *view, unsigned block, unsigned depth, struct buf *text)
{
    const struct grown *grown = view->grown;
    bool hollow = grown->nodes[block].hollow;
    for (unsigned i = grown->nodes[block].first; i != 0; i = grown->nodes[i].next) {
        if (!view->shown[i])
            continue;
        if (grown->nodes[i].role == ROLE_STATEMENT)
            write_statement(view, i, depth, text);
        else if (hollow)
            write_block(view, i, depth, text);
    }
}

static bool write_things(const struct view *view, unsigned owner, const char *before, struct buf *text)
{
    bool some = false;
    for (unsigned i = 1; i < view->grown->count; i++) {
        const struct grow_node *node = &view->grown->nodes[i];
        if (node->role != ROLE_THING || node->parent != owner || !view->shown[i])
            continue;
        buf_puts(text, some ? ", " : before);
        write_name(view->grown, i, text);
        buf_printf(text, ": %s", grow_kinds[node->row].makes[node->operand]);
        if (node->names != 0) {
            buf_putc(text, ' ');
            write_name(view->grown, node->names, text);
        }
        some = true;
    }
    if (some)
        buf_puts(text, "}\n");
    return some;
}

static void write_task(const struct view *view, unsigned task, struct buf *text)
{
    buf_puts(text, "  ");
    write_name(view->grown, task, text);
    bool empty = true;
    for (unsigned i = view->grown->nodes[task].first; i != 0; i = view->grown->nodes[i].next)
        empty &= !view->shown[i] || view->grown->nodes[i].role != ROLE_STATEMENT;
    if (write_things(view, task, ":\n    own: {", text))
        buf_puts(text, empty ? "    steps: []\n" : "    steps:\n");
    else
        buf_puts(text, empty ? ": []\n" : ":\n");
    write_block(view, task, 2, text);
}

void grow_write(const struct grown *grown, struct buf *text)
{
    struct view view;
    look(&view, grown);
    for (unsigned i = 1; i < grown->count; i++)
        if (grown->nodes[i].role == ROLE_PARAMS && view.shown[i])
            buf_puts(text, "params: {n: {default: 3, about: some}, word: {default: red, about: one, "
                           "choices: [red, blue]}}\n");
    write_things(&view, 0, "share: {", text);
    buf_puts(text, "fix:\n");
    for (unsigned i = 1; i < grown->count; i++)
        if (grown->nodes[i].role == ROLE_TASK && view.shown[i])
            write_task(&view, i, text);
}

unsigned grow_size(const struct grown *grown)
{
    struct view view;
    unsigned size = 0;
    look(&view, grown);
    for (unsigned i = 1; i < grown->count; i++) {
        const struct grow_node *node = &grown->nodes[i];
        size += view.shown[i] && !node->hollow && (node->role == ROLE_STATEMENT || node->role == ROLE_CASE);
    }
    return size;
}

/* ---- cutting down ---- */

/* Every way to make one node less, most first. */
enum less { LESS_CUT, LESS_HOLLOW, LESS_OPERAND, LESS_WAYS };

static bool make_less(struct grow_node *node, enum less way)
{
    bool may = node->first != 0 && node->role == ROLE_STATEMENT && !node->hollow;
    switch (way) {
    case LESS_CUT:
        node->cut = true;
        return node->role != ROLE_TASK || node->spawner != 0;
    case LESS_HOLLOW:
        node->hollow = true;
        return may;
    default:
        may = node->operand != 0;
        node->operand = 0;
        return may;
    }
}

/* One round over all that is still shown; true when something went. */
static bool shrink_round(struct grown *grown, grow_test *fails, void *argument, unsigned *asked)
{
    bool changed = false;
    for (unsigned i = 1; i < grown->count; i++) {
        for (enum less way = LESS_CUT; way < LESS_WAYS; way++) {
            struct view view;
            look(&view, grown);
            struct grown trial = *grown;
            if (!view.shown[i] || !make_less(&trial.nodes[i], way))
                continue;
            ++*asked;
            if (!fails(&trial, argument))
                continue;
            *grown = trial;
            changed = true;
        }
    }
    return changed;
}

unsigned grow_shrink(struct grown *grown, grow_test *fails, void *argument)
{
    unsigned asked = 0;
    while (shrink_round(grown, fails, argument, &asked))
        continue;
    return asked;
}
