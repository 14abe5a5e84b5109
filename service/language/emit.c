#include <string.h>

#include "base/macros.h"
#include "language/statement.h"

uint16_t emit_op(struct body *body, struct op op)
{
    struct variant_compiler *variant = body->variant;
    uint16_t index = 0;
    op.step = body->step;
    if (variant->full)
        return 0;
    struct node at = {.line = body->line, .column = body->column};
    if (!accepted(body->compiler, &at, program_add_op(variant->program, op, &index), "operations", LIMIT_OPS))
        variant->full = true;
    return index;
}

uint16_t emit_here(const struct body *body)
{
    return body->variant->program->op_count;
}

void emit_target(struct body *body, uint16_t index, uint16_t target)
{
    if (!body->variant->full)
        body->variant->program->ops[index].target = target;
}

void emit_chain_end(struct body *body, uint16_t last, uint16_t target)
{
    while (!body->variant->full && last != NO_TARGET) {
        struct op *op = &body->variant->program->ops[last];
        last = op->target;
        op->target = target;
    }
}

uint16_t emit_value(struct body *body, struct value value)
{
    uint16_t index = 0;
    struct node at = {.line = body->line, .column = body->column};
    if (!body->variant->full &&
        !accepted(body->compiler, &at, program_add_value(body->variant->program, value, &index), "operands",
                  LIMIT_CONSTANTS))
        body->variant->full = true;
    return index;
}

uint16_t emit_constant(struct body *body, int64_t number)
{
    return emit_value(body, (struct value){.kind = VALUE_CONSTANT, .number = number});
}

static uint16_t holds(struct body *body)
{
    return emit_value(body, (struct value){.kind = VALUE_HOLDS, .max = LIMIT_HOLD_BYTES});
}

void emit_step(struct body *body, const struct node *at, const char *text)
{
    char copy[LIMIT_PATTERN_TEXT + 1];
    size_t size = strlen(text);
    memcpy(copy, text, size + 1);
    struct step step = {.line = at->line, .column = at->column, .kind = body->kind, .text = copy};
    body->line = at->line;
    body->column = at->column;
    if (body->variant->full)
        return;
    if (!accepted(body->compiler, at, program_add_step(body->variant->program, step, &body->step), "steps",
                  LIMIT_STEPS)) {
        body->variant->full = true;
        return;
    }
    if (!body->begun && body->kind != 0)
        emit_op(body, (struct op){.code = OP_HOLD, .value = holds(body), .target = NO_TARGET});
    body->begun = true;
}

bool emit_register(struct body *body, const struct statement *at, uint8_t *reg)
{
    if (body->registers < LIMIT_LOOPS) {
        *reg = (uint8_t)body->registers;
        return true;
    }
    report(body->compiler, at->head,
           "nested too deep: at most %d counted loops fit into each other, and a spawn counts as one",
           LIMIT_LOOPS);
    return false;
}

uint16_t emit_operand(struct body *body, const struct statement *at, unsigned from, struct need need)
{
    uint16_t index = 0;
    variant_operand(body->variant, at->words.items + from, at->words.count - from, need, at->head, &index);
    return index;
}

struct thing_ref emit_thing(struct body *body, const struct statement *at, unsigned word,
                            enum thing_kind kind, const char *who)
{
    struct thing_ref ref = {.hops = HOPS_SHARE};
    unsigned needed = 0;
    for (unsigned each = 0; each < THING_KINDS; each++)
        if (thing_kind_serves((enum thing_kind)each, kind))
            needed |= KIND_BIT(each);
    thing_resolve(body->variant, body->kind, &at->words.items[word], needed, who, &ref);
    return ref;
}

struct thing_ref emit_done(struct body *body, const struct statement *at, unsigned from)
{
    if (at->words.count == from + 1)
        return (struct thing_ref){.hops = HOPS_START_SCOPE};
    return emit_thing(body, at, from + 1, THING_SCOPE, "done");
}
