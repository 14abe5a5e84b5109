/* Statements with something inside: loop, range, if and chance. */
#include <string.h>

#include "base/macros.h"
#include "language/statement.h"

#define QUOTED(word) "\"" word "\""

static const struct need need_chance = {QUOTED("chance"), PARAM_PERCENT, {0, 1000000}, false};
static const struct need need_rounds = {QUOTED("loop"), PARAM_COUNT, {0, LIMIT_COUNT}, false};

static bool compile_counted(struct body *body, const struct statement *at, struct loop *loop)
{
    struct op op = {.code = OP_LOOP, .target = NO_TARGET};
    if (!emit_register(body, at, &loop->reg))
        return true;
    op.reg = loop->reg;
    op.value = emit_operand(body, at, 1, need_rounds);
    uint16_t head = emit_op(body, op), step = body->step;
    uint16_t begin = emit_here(body);
    body->registers++;
    bool again = inside_compile(body, at->inner);
    body->registers--;
    body->step = step;
    if (again)
        emit_op(body, (struct op){.code = OP_NEXT, .reg = loop->reg, .target = begin});
    emit_target(body, head, emit_here(body));
    return true;
}

bool compile_loop(struct body *body, const struct statement *at)
{
    struct loop loop = {.outer = body->loop, .counted = at->words.count > 1, .breaks = NO_TARGET};
    bool goes_on = true;
    body->loop = &loop;
    if (node_is_null(at->inner)) {
        report(body->compiler, at->head, "\"loop\" has nothing inside: it would turn for ever");
    } else if (loop.counted) {
        compile_counted(body, at, &loop);
    } else {
        uint16_t begin = emit_here(body), step = body->step;
        bool again = inside_compile(body, at->inner);
        body->step = step;
        if (again)
            emit_op(body, (struct op){.code = OP_JUMP, .target = begin});
        goes_on = loop.left;
    }
    body->loop = loop.outer;
    emit_chain_end(body, loop.breaks, emit_here(body));
    return goes_on;
}

bool compile_range(struct body *body, const struct statement *at)
{
    struct loop loop = {.outer = body->loop, .breaks = NO_TARGET};
    struct op op = {.code = OP_RANGE, .target = NO_TARGET};
    op.thing = emit_thing(body, at, 1, THING_CHANNEL, "range");
    uint16_t head = emit_op(body, op), step = body->step;
    body->loop = &loop;
    bool again = at->inner == NULL || inside_compile(body, at->inner);
    body->loop = loop.outer;
    body->step = step;
    if (again)
        emit_op(body, (struct op){.code = OP_JUMP, .target = head});
    emit_target(body, head, emit_here(body));
    emit_chain_end(body, loop.breaks, emit_here(body));
    return true;
}

/* Reads "is", "is not", "<" and so on at word 2; how many words it took, 0 when that was reported. */
static unsigned compare_read(struct body *body, const struct statement *at, uint8_t *compare)
{
    static const char *const signs[] = {"is", "is not", "<", "<=", ">", ">="};
    static const uint8_t compares[] = {COMPARE_EQ, COMPARE_NE, COMPARE_LT,
                                       COMPARE_LE, COMPARE_GT, COMPARE_GE};
    const struct word *sign = &at->words.items[2];
    if (strcmp(sign->text, "is") == 0 && at->words.count > 3 && strcmp(sign[1].text, "not") == 0) {
        *compare = COMPARE_NE;
        return 2;
    }
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        if (strcmp(signs[i], sign->text) == 0) {
            *compare = compares[i];
            return 1;
        }
    }
    report(body->compiler, sign, "\"%s\" compares nothing: write is, is not, <, <=, > or >=", sign->text);
    return 0;
}

static void compare_choice(struct body *body, const struct statement *at, unsigned from,
                           const struct param *param, struct op *op)
{
    const struct word *word = &at->words.items[from];
    if (op->reg != COMPARE_EQ && op->reg != COMPARE_NE)
        report(body->compiler, &at->words.items[2], "a choice is compared with is and is not");
    if (from + 1 != at->words.count) {
        report(body->compiler, word, "a choice is compared with one word");
        return;
    }
    for (uint16_t i = 0; i < param->choice_count; i++) {
        if (strcmp(param->choices[i], word->text) == 0) {
            op->other = emit_constant(body, i);
            return;
        }
    }
    report(body->compiler, word, "\"%s\" is none of the choices of \"%s\": %s", word->text, param->name,
           suggestion(body->compiler, word->text, param->choices, param->choice_count));
}

/* Some task of the variant, or all of them, have a thing of that name. */
static bool thing_declared(const struct program *program, const char *text)
{
    const char *name = name_behind_outer(text);
    for (uint16_t i = 0; i < program->layout_count; i++)
        for (uint16_t j = 0; j < program->layouts[i].count; j++)
            if (strcmp(program->layouts[i].things[j].name, name) == 0)
                return true;
    return false;
}

/* Compiles "X op k", where X is called as a thing, into a test whose target is still open. */
static void test_compile(struct body *body, const struct statement *at, struct op *op)
{
    struct need need = {"the comparison", PARAM_COUNT, type_bounds(PARAM_COUNT), false};
    op->code = OP_TEST;
    op->thing = emit_thing(body, at, 1, THING_NUMBER, "if");
    unsigned words = compare_read(body, at, &op->reg);
    if (words > 0)
        op->value = emit_operand(body, at, 2 + words, need);
}

/* Compiles "A op B" into a branch whose target is still open. False when that was reported. */
static bool compare_compile(struct body *body, const struct statement *at, struct op *op)
{
    uint16_t index;
    const struct word *left = &at->words.items[1];
    const struct param *param = pattern_param(body->compiler->pattern, left->text, &index);
    struct need need = {.who = "the comparison", .type = param != NULL ? param->type : PARAM_DURATION};
    struct value value = {.kind = VALUE_PARAM, .index = param != NULL ? index : 0};
    if (param == NULL && strcmp(left->text, "linger") == 0) {
        value.kind = VALUE_LINGER;
    } else if (param == NULL && strcmp(left->text, "holds") == 0) {
        value.kind = VALUE_HOLDS;
        need.type = PARAM_SIZE;
    } else if (param == NULL) {
        report(body->compiler, left,
               "\"if\" compares a parameter, a number, linger or holds with something; \"%s\" is none",
               left->text);
        return false;
    }
    unsigned words = compare_read(body, at, &op->reg);
    if (words == 0 || need.type == PARAM_TYPES)
        return false;
    op->value = emit_value(body, value);
    if (need.type == PARAM_CHOICE) {
        compare_choice(body, at, 2 + words, param, op);
        return true;
    }
    need.bounds = type_bounds(need.type);
    op->other = emit_operand(body, at, 2 + words, need);
    return true;
}

/* What stands inside a statement that may be skipped by `op`, whose target is still open, and under its
 * "else".
 */
static bool branch_compile(struct body *body, const struct statement *at, struct op op)
{
    uint16_t branch = emit_op(body, op), step = body->step, over = NO_TARGET;
    bool goes_on = inside_compile(body, at->inner);
    if (at->other == NULL) {
        emit_target(body, branch, emit_here(body));
        return true;
    }
    body->step = step;
    if (goes_on)
        over = emit_op(body, (struct op){.code = OP_JUMP, .target = NO_TARGET});
    emit_target(body, branch, emit_here(body));
    goes_on |= inside_compile(body, at->other);
    emit_chain_end(body, over, emit_here(body));
    return goes_on;
}

bool compile_if(struct body *body, const struct statement *at)
{
    struct op op = {.code = OP_BRANCH, .target = NO_TARGET};
    const char *left = at->words.items[1].text;
    if (pattern_param(body->compiler->pattern, left, NULL) == NULL && strcmp(left, "linger") != 0 &&
        strcmp(left, "holds") != 0 && thing_declared(body->variant->program, left))
        test_compile(body, at, &op);
    else
        compare_compile(body, at, &op);
    return branch_compile(body, at, op);
}

bool compile_chance(struct body *body, const struct statement *at)
{
    struct op op = {.code = OP_CHANCE, .target = NO_TARGET, .value = emit_operand(body, at, 1, need_chance)};
    return branch_compile(body, at, op);
}
