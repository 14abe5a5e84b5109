#include "language/listing.h"

#include <inttypes.h>

#include "base/macros.h"
#include "language/outward.h"

static const char *const op_words[OP_CODES] = {
    [OP_END] = "end",         [OP_LEAVE] = "leave",
    [OP_LINGER] = "linger",   [OP_PANIC] = "panic",
    [OP_JUMP] = "jump",       [OP_BRANCH] = "branch",
    [OP_LOOP] = "loop",       [OP_NEXT] = "next",
    [OP_SPAWN] = "spawn",     [OP_SEND] = "send",
    [OP_RECV] = "recv",       [OP_RANGE] = "range",
    [OP_CLOSE] = "close",     [OP_SELECT] = "select",
    [OP_SLEEP] = "sleep",     [OP_TICK] = "tick",
    [OP_STOP] = "stop",       [OP_CANCEL] = "cancel",
    [OP_AWAIT] = "await",     [OP_HOLD] = "hold",
    [OP_LOSE] = "lose",       [OP_DROP] = "drop",
    [OP_LOCK] = "lock",       [OP_UNLOCK] = "unlock",
    [OP_WRITE_LOCK] = "lock", [OP_WRITE_UNLOCK] = "unlock",
    [OP_READ_LOCK] = "rlock", [OP_READ_UNLOCK] = "runlock",
    [OP_ADD] = "add",         [OP_FINISH] = "finish",
    [OP_JOIN] = "wait",       [OP_WAIT] = "wait",
    [OP_SIGNAL] = "signal",   [OP_BROADCAST] = "broadcast",
    [OP_WORK] = "work",       [OP_OPEN] = "open",
    [OP_SHUT] = "shut",       [OP_CHANCE] = "chance",
    [OP_SET] = "set",         [OP_TEST] = "test",
};

static const char *const compare_words[] = {"is", "is not", "<", "<=", ">", ">="};

static const char *const change_words[] = {"to", "+", "-"};

static const char *const case_words[] = {"recv", "send", "tick", "after", "done"};

static void list_value(const struct program *program, uint16_t index, struct buf *buf)
{
    const struct value *value = &program->values[index];
    switch (value->kind) {
    case VALUE_CONSTANT:
        buf_printf(buf, "%" PRId64, value->number);
        return;
    case VALUE_PARAM:
        buf_printf(buf, "p%u", value->index);
        break;
    case VALUE_LINGER:
        buf_puts(buf, "linger");
        break;
    case VALUE_HOLDS:
        buf_puts(buf, "holds");
        break;
    }
    if (value->by > 0)
        buf_printf(buf, " * p%u", value->by - 1u);
    if (value->times > 1)
        buf_printf(buf, " * %" PRId32, value->times);
    if (value->over > 1)
        buf_printf(buf, " / %" PRId32, value->over);
    if (value->number > 0)
        buf_printf(buf, " + %" PRId64, value->number);
    else if (value->number < 0)
        buf_printf(buf, " - %" PRId64, -value->number);
}

static void list_thing(const struct program *program, uint16_t kind, struct thing_ref ref, struct buf *buf)
{
    if (ref.hops == HOPS_START_SCOPE) {
        buf_puts(buf, "start");
        return;
    }
    struct outward outward;
    outward_init(&outward, program);
    uint16_t layout = outward_layout(&outward, program, kind, ref);
    if (layout == NO_LAYOUT) {
        buf_puts(buf, "outer.?");
        return;
    }
    uint16_t thing = outward_thing(program, layout, thing_offset(program, ref, layout));
    const char *where = layout == program->kinds[kind].layout && ref.hops == 0 ? "own" : "outer";
    buf_printf(buf, "%s.%s", layout == 0 && !ref.varies ? "share" : where,
               program->layouts[layout].things[thing].name);
}

static void list_select(const struct program *program, uint16_t kind, const struct op *op, struct buf *buf)
{
    for (uint16_t i = 0; i < op->count; i++) {
        const struct select_case *at = &program->cases[op->first + i];
        buf_printf(buf, "\n         %s ", case_words[at->kind]);
        if (at->kind == CASE_AFTER)
            list_value(program, at->value, buf);
        else
            list_thing(program, kind, at->thing, buf);
        buf_printf(buf, " -> %u", at->target);
    }
    if (op->target != NO_TARGET)
        buf_printf(buf, "\n         default -> %u", op->target);
}

static void list_branch(const struct program *program, const struct op *op, struct buf *buf)
{
    list_value(program, op->value, buf);
    buf_printf(buf, " %s ", compare_words[op->reg]);
    list_value(program, op->other, buf);
    buf_printf(buf, " else -> %u", op->target);
}

/* An operation on a thing: "share.g 3", "share.x + 3", "share.x is 1 else -> 7". */
static void list_on_thing(const struct program *program, uint16_t kind, const struct op *op, struct buf *buf)
{
    list_thing(program, kind, op->thing, buf);
    if (op->code == OP_SET)
        buf_printf(buf, " %s", change_words[op->reg]);
    else if (op->code == OP_TEST)
        buf_printf(buf, " %s", compare_words[op->reg]);
    if (op->code == OP_ADD || op->code == OP_SET || op->code == OP_TEST) {
        buf_putc(buf, ' ');
        list_value(program, op->value, buf);
    }
    if (op->code == OP_TEST)
        buf_printf(buf, " else -> %u", op->target);
    else if (op->code == OP_RANGE)
        buf_printf(buf, ", closed -> %u", op->target);
}

static void list_operands(const struct program *program, uint16_t kind, const struct op *op, struct buf *buf)
{
    switch ((enum op_code)op->code) {
    case OP_JUMP:
        buf_printf(buf, "-> %u", op->target);
        break;
    case OP_CHANCE:
        list_value(program, op->value, buf);
        buf_printf(buf, " else -> %u", op->target);
        break;
    case OP_BRANCH:
        list_branch(program, op, buf);
        break;
    case OP_LOOP:
        buf_printf(buf, "r%u = ", op->reg);
        list_value(program, op->value, buf);
        buf_printf(buf, ", 0 -> %u", op->target);
        break;
    case OP_NEXT:
        buf_printf(buf, "r%u -> %u", op->reg, op->target);
        break;
    case OP_SPAWN:
        buf_printf(buf, "%s * ", program->kinds[op->kind].name);
        list_value(program, op->value, buf);
        buf_printf(buf, " with r%u", op->reg);
        break;
    case OP_SLEEP:
    case OP_HOLD:
    case OP_LOSE:
    case OP_WORK:
        list_value(program, op->value, buf);
        break;
    case OP_SELECT:
        list_select(program, kind, op, buf);
        break;
    case OP_END:
    case OP_LEAVE:
    case OP_LINGER:
    case OP_PANIC:
    case OP_DROP:
        break;
    default:
        list_on_thing(program, kind, op, buf);
    }
}

static bool has_operands(const struct op *op)
{
    return op->code != OP_END && op->code != OP_LEAVE && op->code != OP_LINGER && op->code != OP_PANIC &&
           op->code != OP_DROP && op->code != OP_SELECT;
}

enum err program_list(const struct program *program, struct buf *buf)
{
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        uint16_t kind = program->steps[op->step].kind;
        if (program->kinds[kind].entry == i)
            buf_printf(buf, "%s:\n", program->kinds[kind].name);
        buf_printf(buf, "%4u  %s%s", i, op_words[op->code], has_operands(op) ? " " : "");
        list_operands(program, kind, op, buf);
        buf_putc(buf, '\n');
    }
    return buf->err;
}
