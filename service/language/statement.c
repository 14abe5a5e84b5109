/* Statements into operations. A statement is a text ("recv jobs"), or a mapping with one member whose key is
 * the statement and whose value is what stands inside it ("loop 3": [...]). Each compiles to the operations
 * that stand in service/patterns/README.md beside it, all of them on the statement's own step. */
#include <string.h>

#include "base/check.h"
#include "language/compiler.h"

/* A loop or range around a statement. */
struct loop {
    struct loop *outer;
    bool counted;
    uint8_t reg;
    bool left;       /* by a break */
    uint16_t breaks; /* the last break's operation; a chain through their targets until the end is known */
};

/* One kind of task while its statements are compiled. */
struct body {
    struct variant_compiler *variant;
    struct compiler *compiler;
    uint16_t kind;
    uint16_t step; /* of the statement at hand */
    uint32_t line; /* of the statement before */
    uint32_t column;
    bool begun;         /* the first statement has its step */
    unsigned registers; /* in use by counted loops around the statement at hand */
    struct loop *loop;  /* the innermost one */
};

/* One statement as it stands. */
struct statement {
    const struct node *head;  /* the TEXT: the whole statement, or the key */
    const struct node *inner; /* what is inside it; NULL when the statement is a text */
    const struct node *other; /* what stands under "else"; or NULL */
    struct words words;
};

/* Compiles what is inside a statement: nothing, one statement, or a list. True when control may come out at
 * its end. */
static bool inner_compile(struct body *body, const struct node *inner);

/* ---- operations ---- */

/* Appends an operation on the step at hand. Its index; once the program is full, and this was reported, one
 * that may be written to but means nothing. */
static uint16_t emit(struct body *body, struct op op)
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

static uint16_t here(const struct body *body)
{
    return body->variant->program->op_count;
}

static void set_target(struct body *body, uint16_t index, uint16_t target)
{
    if (!body->variant->full)
        body->variant->program->ops[index].target = target;
}

/* Sends every operation of a chain, each pointing to the one before it, to `target`. */
static void chain_end(struct body *body, uint16_t last, uint16_t target)
{
    while (!body->variant->full && last != NO_TARGET) {
        struct op *op = &body->variant->program->ops[last];
        last = op->target;
        op->target = target;
    }
}

/* An operand that no word of the pattern stands for. */
static uint16_t intern(struct body *body, struct value value)
{
    uint16_t index = 0;
    struct node at = {.line = body->line, .column = body->column};
    if (!body->variant->full &&
        !accepted(body->compiler, &at, program_add_value(body->variant->program, value, &index), "operands",
                  LIMIT_CONSTANTS))
        body->variant->full = true;
    return index;
}

static uint16_t constant(struct body *body, int64_t number)
{
    return intern(body, (struct value){.kind = VALUE_CONSTANT, .number = number});
}

static uint16_t holds(struct body *body)
{
    return intern(body, (struct value){.kind = VALUE_HOLDS, .max = LIMIT_HOLD_BYTES});
}

/* A new step. A task's first one also makes it keep what every task keeps. */
static void step_begin(struct body *body, const struct node *at, const char *text)
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
        emit(body, (struct op){.code = OP_HOLD, .value = holds(body), .target = NO_TARGET});
    body->begun = true;
}

static bool register_take(struct body *body, const struct statement *at, uint8_t *reg)
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

/* ---- statements ---- */

#define QUOTED(word) "\"" word "\""

static const struct need need_chance = {QUOTED("chance"), PARAM_PERCENT, {0, 1000000}, false};
static const struct need need_rounds = {QUOTED("loop"), PARAM_COUNT, {0, LIMIT_COUNT}, false};
static const struct need need_spawns = {QUOTED("spawn"), PARAM_COUNT, {0, LIMIT_COUNT}, false};
static const struct need need_add = {QUOTED("add"), PARAM_COUNT, {0, LIMIT_COUNT}, false};
static const struct need need_set = {QUOTED("set"), PARAM_COUNT, {0, LIMIT_COUNT}, false};
static const struct need need_sleep = {QUOTED("sleep"), PARAM_DURATION, {0, LIMIT_DURATION_NS}, false};
static const struct need need_work = {QUOTED("work"), PARAM_DURATION, {0, LIMIT_WORK_NS}, false};
static const struct need need_after = {QUOTED("after"), PARAM_DURATION, {0, LIMIT_DURATION_NS}, false};
static const struct need need_lose = {QUOTED("lose"), PARAM_SIZE, {0, LIMIT_HOLD_BYTES}, false};
static const struct need need_hold = {QUOTED("hold"), PARAM_SIZE, {0, LIMIT_HOLD_BYTES}, false};

/* Operand from word `from` on. */
static uint16_t operand(struct body *body, const struct statement *at, unsigned from, struct need need)
{
    uint16_t index = 0;
    variant_operand(body->variant, at->words.items + from, at->words.count - from, need, at->head, &index);
    return index;
}

static struct thing_ref thing(struct body *body, const struct statement *at, unsigned word,
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

/* Statements that are a word and a thing: the operation that each one is, by the kind of the thing. */
static const struct {
    const char *word;
    enum thing_kind kind;
    enum op_code code;
} thing_verbs[] = {
    {"send", THING_CHANNEL, OP_SEND},       {"recv", THING_CHANNEL, OP_RECV},
    {"close", THING_CHANNEL, OP_CLOSE},     {"tick", THING_TICKER, OP_TICK},
    {"stop", THING_TICKER, OP_STOP},        {"cancel", THING_SCOPE, OP_CANCEL},
    {"lock", THING_MUTEX, OP_LOCK},         {"unlock", THING_MUTEX, OP_UNLOCK},
    {"lock", THING_RWMUTEX, OP_WRITE_LOCK}, {"unlock", THING_RWMUTEX, OP_WRITE_UNLOCK},
    {"rlock", THING_RWMUTEX, OP_READ_LOCK}, {"runlock", THING_RWMUTEX, OP_READ_UNLOCK},
    {"add", THING_GROUP, OP_ADD},           {"finish", THING_GROUP, OP_FINISH},
    {"wait", THING_GROUP, OP_JOIN},         {"wait", THING_CONDITION, OP_WAIT},
    {"signal", THING_CONDITION, OP_SIGNAL}, {"broadcast", THING_CONDITION, OP_BROADCAST},
    {"open", THING_FILE, OP_OPEN},          {"shut", THING_FILE, OP_SHUT},
    {"open", THING_SOCKET, OP_OPEN},        {"shut", THING_SOCKET, OP_SHUT},
    {"open", THING_HANDLE, OP_OPEN},        {"shut", THING_HANDLE, OP_SHUT},
    {"open", THING_THREAD, OP_OPEN},        {"shut", THING_THREAD, OP_SHUT},
    {"open", THING_JOB, OP_OPEN},           {"shut", THING_JOB, OP_SHUT},
    {"send", THING_QUEUE, OP_SEND},         {"recv", THING_QUEUE, OP_RECV},
    {"close", THING_QUEUE, OP_CLOSE},
};

/* The operation of a thing verb. OP_CODES when the thing was reported. */
static struct op thing_op(struct body *body, const struct statement *at)
{
    const char *word = at->words.items[0].text;
    struct op op = {.code = OP_CODES, .target = NO_TARGET};
    unsigned needed = 0;
    for (size_t i = 0; i < COUNT_OF(thing_verbs); i++)
        if (strcmp(thing_verbs[i].word, word) == 0)
            needed |= KIND_BIT(thing_verbs[i].kind);
    const struct thing_spec *thing =
        thing_resolve(body->variant, body->kind, &at->words.items[1], needed, word, &op.thing);
    for (size_t i = 0; thing != NULL && i < COUNT_OF(thing_verbs); i++)
        if (strcmp(thing_verbs[i].word, word) == 0 && thing_verbs[i].kind == thing->kind)
            op.code = thing_verbs[i].code;
    if (op.code == OP_OPEN || op.code == OP_SHUT)
        op.reg = (uint8_t)(thing->kind - THING_FILE);
    return op;
}

static bool compile_on_thing(struct body *body, const struct statement *at)
{
    struct op op = thing_op(body, at);
    if (op.code != OP_CODES)
        emit(body, op);
    return true;
}

static bool compile_exit(struct body *body, const struct statement *at)
{
    (void)at;
    emit(body, (struct op){.code = body->kind == 0 ? OP_LEAVE : OP_END, .target = NO_TARGET});
    return false;
}

static bool compile_panic(struct body *body, const struct statement *at)
{
    (void)at;
    emit(body, (struct op){.code = OP_PANIC, .target = NO_TARGET});
    return false;
}

static bool compile_break(struct body *body, const struct statement *at)
{
    struct loop *loop = body->loop;
    if (loop == NULL) {
        report(body->compiler, at->head, "\"break\" is not inside a loop or a range");
        return false;
    }
    struct op op = {.code = OP_JUMP, .target = loop->breaks};
    if (loop->counted)
        op = (struct op){
            .code = OP_LOOP, .reg = loop->reg, .value = constant(body, 0), .target = loop->breaks};
    loop->breaks = emit(body, op);
    loop->left = true;
    return false;
}

static bool compile_spawn(struct body *body, const struct statement *at)
{
    struct variant_compiler *variant = body->variant;
    const struct word *name = &at->words.items[1];
    struct op op = {.code = OP_SPAWN, .target = NO_TARGET};
    op.kind = task_find(variant, name->text);
    if (op.kind == 0) {
        report(body->compiler, name, "\"main\" is not spawned: it runs once a start");
    } else if (op.kind == NO_KIND) {
        const char *words[LIMIT_TASK_KINDS];
        size_t count = 0;
        for (uint16_t i = 1; i < variant->task_count; i++)
            words[count++] = variant->tasks[i].name->text;
        report(body->compiler, name, "no task is called \"%s\"%s%s", name->text, count == 0 ? "" : ": ",
               count == 0 ? "" : suggestion(body->compiler, name->text, words, count));
    }
    if (at->words.count == 2)
        op.value = constant(body, 1);
    else if (strcmp(at->words.items[2].text, "*") != 0 || at->words.count == 3)
        report(body->compiler, &at->words.items[2], "write \"spawn %s\" or \"spawn %s * 16\"", name->text,
               name->text);
    else
        op.value = operand(body, at, 3, need_spawns);
    if (register_take(body, at, &op.reg))
        emit(body, op);
    return true;
}

static bool compile_add(struct body *body, const struct statement *at)
{
    struct op op = thing_op(body, at);
    op.value = at->words.count == 2 ? constant(body, 1) : operand(body, at, 2, need_add);
    if (op.code != OP_CODES)
        emit(body, op);
    return true;
}

static bool compile_set(struct body *body, const struct statement *at)
{
    const char *sign = at->words.items[2].text;
    bool plus = strcmp(sign, "+") == 0, minus = strcmp(sign, "-") == 0;
    struct op op = {.code = OP_SET, .target = NO_TARGET};
    op.reg = plus ? CHANGE_PLUS : minus ? CHANGE_MINUS : CHANGE_TO;
    op.thing = thing(body, at, 1, THING_NUMBER, "set");
    op.value = operand(body, at, plus || minus ? 3 : 2, need_set);
    emit(body, op);
    return true;
}

/* "done" or "done S" from word `from` on. */
static struct thing_ref done(struct body *body, const struct statement *at, unsigned from)
{
    if (at->words.count == from + 1)
        return (struct thing_ref){.hops = HOPS_START_SCOPE};
    return thing(body, at, from + 1, THING_SCOPE, "done");
}

static bool compile_await(struct body *body, const struct statement *at)
{
    if (strcmp(at->words.items[1].text, "done") != 0)
        report(body->compiler, &at->words.items[1],
               "write \"await done\" or \"await done S\", where S is a scope");
    else
        emit(body, (struct op){.code = OP_AWAIT, .target = NO_TARGET, .thing = done(body, at, 1)});
    return true;
}

static bool compile_sleep(struct body *body, const struct statement *at)
{
    emit(body, (struct op){.code = OP_SLEEP, .target = NO_TARGET, .value = operand(body, at, 1, need_sleep)});
    return true;
}

static bool compile_work(struct body *body, const struct statement *at)
{
    emit(body, (struct op){.code = OP_WORK, .target = NO_TARGET, .value = operand(body, at, 1, need_work)});
    return true;
}

static bool compile_hold(struct body *body, const struct statement *at)
{
    emit(body, (struct op){.code = OP_HOLD, .target = NO_TARGET, .value = operand(body, at, 1, need_hold)});
    return true;
}

static bool compile_lose(struct body *body, const struct statement *at)
{
    emit(body, (struct op){.code = OP_LOSE, .target = NO_TARGET, .value = operand(body, at, 1, need_lose)});
    return true;
}

static bool compile_drop(struct body *body, const struct statement *at)
{
    (void)at;
    emit(body, (struct op){.code = OP_DROP, .target = NO_TARGET});
    return true;
}

/* ---- statements with something inside ---- */

static bool compile_counted(struct body *body, const struct statement *at, struct loop *loop)
{
    struct op op = {.code = OP_LOOP, .target = NO_TARGET};
    if (!register_take(body, at, &loop->reg))
        return true;
    op.reg = loop->reg;
    op.value = operand(body, at, 1, need_rounds);
    uint16_t head = emit(body, op), step = body->step;
    uint16_t begin = here(body);
    body->registers++;
    bool again = inner_compile(body, at->inner);
    body->registers--;
    body->step = step;
    if (again)
        emit(body, (struct op){.code = OP_NEXT, .reg = loop->reg, .target = begin});
    set_target(body, head, here(body));
    return true;
}

static bool compile_loop(struct body *body, const struct statement *at)
{
    struct loop loop = {.outer = body->loop, .counted = at->words.count > 1, .breaks = NO_TARGET};
    bool goes_on = true;
    body->loop = &loop;
    if (node_is_null(at->inner)) {
        report(body->compiler, at->head, "\"loop\" has nothing inside: it would turn for ever");
    } else if (loop.counted) {
        compile_counted(body, at, &loop);
    } else {
        uint16_t begin = here(body), step = body->step;
        bool again = inner_compile(body, at->inner);
        body->step = step;
        if (again)
            emit(body, (struct op){.code = OP_JUMP, .target = begin});
        goes_on = loop.left;
    }
    body->loop = loop.outer;
    chain_end(body, loop.breaks, here(body));
    return goes_on;
}

static bool compile_range(struct body *body, const struct statement *at)
{
    struct loop loop = {.outer = body->loop, .breaks = NO_TARGET};
    struct op op = {.code = OP_RANGE, .target = NO_TARGET};
    op.thing = thing(body, at, 1, THING_CHANNEL, "range");
    uint16_t head = emit(body, op), step = body->step;
    body->loop = &loop;
    bool again = at->inner == NULL || inner_compile(body, at->inner);
    body->loop = loop.outer;
    body->step = step;
    if (again)
        emit(body, (struct op){.code = OP_JUMP, .target = head});
    set_target(body, head, here(body));
    chain_end(body, loop.breaks, here(body));
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
            op->other = constant(body, i);
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
    op->thing = thing(body, at, 1, THING_NUMBER, "if");
    unsigned words = compare_read(body, at, &op->reg);
    if (words > 0)
        op->value = operand(body, at, 2 + words, need);
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
    op->value = intern(body, value);
    if (need.type == PARAM_CHOICE) {
        compare_choice(body, at, 2 + words, param, op);
        return true;
    }
    need.bounds = type_bounds(need.type);
    op->other = operand(body, at, 2 + words, need);
    return true;
}

/* What stands inside a statement that may be skipped by `op`, whose target is still open, and under its
 * "else".
 */
static bool branch_compile(struct body *body, const struct statement *at, struct op op)
{
    uint16_t branch = emit(body, op), step = body->step, over = NO_TARGET;
    bool goes_on = inner_compile(body, at->inner);
    if (at->other == NULL) {
        set_target(body, branch, here(body));
        return true;
    }
    body->step = step;
    if (goes_on)
        over = emit(body, (struct op){.code = OP_JUMP, .target = NO_TARGET});
    set_target(body, branch, here(body));
    goes_on |= inner_compile(body, at->other);
    chain_end(body, over, here(body));
    return goes_on;
}

static bool compile_if(struct body *body, const struct statement *at)
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

static bool compile_chance(struct body *body, const struct statement *at)
{
    struct op op = {.code = OP_CHANCE, .target = NO_TARGET, .value = operand(body, at, 1, need_chance)};
    return branch_compile(body, at, op);
}

/* ---- select ---- */

struct case_verb {
    const char *word;
    const char *form;
    uint8_t kind;        /* enum case_kind, or CASE_DEFAULT */
    uint8_t least, most; /* words */
};

#define CASE_DEFAULT (CASE_DONE + 1)

static const struct case_verb case_verbs[] = {
    {"recv", "\"recv C\"", CASE_RECV, 2, 2},
    {"send", "\"send C\"", CASE_SEND, 2, 2},
    {"tick", "\"tick T\"", CASE_TICK, 2, 2},
    {"after", "\"after 10ms\"", CASE_AFTER, 2, WORDS_MAX},
    {"done", "\"done\" or \"done S\"", CASE_DONE, 1, 2},
    {"default", "\"default\"", CASE_DEFAULT, 1, 1},
};

static const struct case_verb *case_verb(struct body *body, const struct statement *at)
{
    const char *words[COUNT_OF(case_verbs)];
    for (size_t i = 0; i < COUNT_OF(case_verbs); i++) {
        const struct case_verb *verb = &case_verbs[i];
        words[i] = verb->word;
        if (at->words.count == 0 || strcmp(at->words.items[0].text, verb->word) != 0)
            continue;
        if (at->words.count >= verb->least && at->words.count <= verb->most)
            return verb;
        report(body->compiler, at->head, "cannot read \"%s\": write %s", at->words.text, verb->form);
        return NULL;
    }
    const char *first = at->words.count == 0 ? "" : at->words.items[0].text;
    report(body->compiler, at->head, "\"%s\" is no case of a select: %s", first,
           suggestion(body->compiler, first, words, COUNT_OF(words)));
    return NULL;
}

static struct select_case case_read(struct body *body, const struct statement *at, uint8_t kind)
{
    struct select_case made = {.kind = kind, .target = NO_TARGET};
    switch ((enum case_kind)kind) {
    case CASE_RECV:
    case CASE_SEND:
        made.thing = thing(body, at, 1, THING_CHANNEL, kind == CASE_RECV ? "recv" : "send");
        break;
    case CASE_TICK:
        made.thing = thing(body, at, 1, THING_TICKER, "tick");
        break;
    case CASE_AFTER:
        made.value = operand(body, at, 1, need_after);
        break;
    case CASE_DONE:
        made.thing = done(body, at, 0);
        break;
    }
    return made;
}

/* What becomes of one member of a select's mapping. */
struct arm {
    const struct node *inner;
    bool present;
    bool is_default;
    uint16_t index; /* of its case */
};

struct arms {
    struct arm items[LIMIT_CASES + 1];
    unsigned count;
    bool has_default, has_after;
};

/* Adds one case; bodies come later, so that the cases of a select stay together. */
static void arm_read(struct body *body, const struct node *member, struct arms *arms)
{
    struct statement at = {.head = member->key};
    struct arm arm = {.inner = member, .present = true};
    if (!words_split(body->compiler, at.head, &at.words))
        return;
    const struct case_verb *verb = case_verb(body, &at);
    if (verb == NULL)
        return;
    arm.is_default = verb->kind == CASE_DEFAULT;
    bool *once = verb->kind == CASE_AFTER ? &arms->has_after : arm.is_default ? &arms->has_default : NULL;
    if (once != NULL && *once) {
        report(body->compiler, at.head, "a select has at most one \"%s\"", verb->word);
        return;
    }
    if (once != NULL)
        *once = true;
    if (!arm.is_default) {
        struct select_case made = case_read(body, &at, verb->kind);
        if (body->variant->full ||
            !accepted(body->compiler, at.head, program_add_case(body->variant->program, made, &arm.index),
                      "cases of selects", LIMIT_OPS)) {
            body->variant->full = true;
            return;
        }
    }
    arms->items[arms->count++] = arm;
}

static void arm_target(struct body *body, uint16_t select, const struct arm *arm, uint16_t target)
{
    if (body->variant->full)
        return;
    if (arm->is_default)
        body->variant->program->ops[select].target = target;
    else
        body->variant->program->cases[arm->index].target = target;
}

/* The statements of every case, each of which goes on behind the select. True when one does. */
static bool arms_compile(struct body *body, uint16_t select, struct arms *arms)
{
    uint16_t step = body->step, over = NO_TARGET;
    bool goes_on = false;
    for (unsigned i = 0; i < arms->count; i++) {
        struct arm *arm = &arms->items[i];
        if (node_is_null(arm->inner)) {
            goes_on = true;
            continue;
        }
        arm_target(body, select, arm, here(body));
        bool comes_out = inner_compile(body, arm->inner);
        body->step = step;
        if (comes_out && i + 1 < arms->count)
            over = emit(body, (struct op){.code = OP_JUMP, .target = over});
        goes_on |= comes_out;
    }
    for (unsigned i = 0; i < arms->count; i++)
        if (node_is_null(arms->items[i].inner))
            arm_target(body, select, &arms->items[i], here(body));
    chain_end(body, over, here(body));
    return goes_on;
}

static bool compile_select(struct body *body, const struct statement *at)
{
    struct arms arms = {.count = 0};
    struct op op = {.code = OP_SELECT, .target = NO_TARGET};
    const struct node *inner = at->inner;
    bool none = inner == NULL || node_is_null(inner);
    if (!none && inner->kind != NODE_MAP) {
        report(body->compiler, inner, "\"select\" is a mapping of cases such as \"recv C:\", not %s",
               node_kind_phrase(inner));
        return true;
    }
    if (!none && inner->count > LIMIT_CASES + (node_member(inner, "default") != NULL)) {
        accepted(body->compiler, at->head, ERR_LIMIT, "cases in one select", LIMIT_CASES);
        return true;
    }
    op.first = body->variant->program->case_count;
    for (const struct node *each = none ? NULL : inner->first; each != NULL; each = each->next)
        arm_read(body, each, &arms);
    op.count = (uint16_t)(body->variant->program->case_count - op.first);
    return arms_compile(body, emit(body, op), &arms);
}

/* ---- which statement it is ---- */

enum inside { INSIDE_NOTHING, INSIDE_MAY, INSIDE_MUST };

struct verb {
    const char *word;
    const char *form;    /* how it is written, for messages */
    uint8_t least, most; /* words */
    enum inside inside;
    bool (*compile)(struct body *body, const struct statement *at);
};

static const struct verb verbs[] = {
    {"spawn", "\"spawn T\" or \"spawn T * 16\"", 2, WORDS_MAX, INSIDE_NOTHING, compile_spawn},
    {"exit", "\"exit\"", 1, 1, INSIDE_NOTHING, compile_exit},
    {"panic", "\"panic\"", 1, 1, INSIDE_NOTHING, compile_panic},
    {"loop", "\"loop:\" or \"loop 16:\"", 1, WORDS_MAX, INSIDE_MUST, compile_loop},
    {"break", "\"break\"", 1, 1, INSIDE_NOTHING, compile_break},
    {"if", "\"if n > 3:\"", 4, WORDS_MAX, INSIDE_MUST, compile_if},
    {"chance", "\"chance 2%:\"", 2, WORDS_MAX, INSIDE_MUST, compile_chance},
    {"send", "\"send C\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"recv", "\"recv C\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"close", "\"close C\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"range", "\"range C:\"", 2, 2, INSIDE_MAY, compile_range},
    {"select", "\"select:\"", 1, 1, INSIDE_MAY, compile_select},
    {"sleep", "\"sleep 10ms\"", 2, WORDS_MAX, INSIDE_NOTHING, compile_sleep},
    {"work", "\"work 10ms\"", 2, WORDS_MAX, INSIDE_NOTHING, compile_work},
    {"tick", "\"tick T\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"stop", "\"stop T\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"cancel", "\"cancel S\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"await", "\"await done\" or \"await done S\"", 2, 3, INSIDE_NOTHING, compile_await},
    {"hold", "\"hold 4KiB\"", 2, WORDS_MAX, INSIDE_NOTHING, compile_hold},
    {"lose", "\"lose 4KiB\"", 2, WORDS_MAX, INSIDE_NOTHING, compile_lose},
    {"drop", "\"drop\"", 1, 1, INSIDE_NOTHING, compile_drop},
    {"lock", "\"lock M\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"unlock", "\"unlock M\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"rlock", "\"rlock M\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"runlock", "\"runlock M\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"add", "\"add G\" or \"add G 16\"", 2, WORDS_MAX, INSIDE_NOTHING, compile_add},
    {"set", "\"set X 1\", \"set X + 1\" or \"set X - 1\"", 3, WORDS_MAX, INSIDE_NOTHING, compile_set},
    {"finish", "\"finish G\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"wait", "\"wait G\", or \"wait K\" on a condition", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"signal", "\"signal K\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"broadcast", "\"broadcast K\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"open", "\"open F\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
    {"shut", "\"shut F\"", 2, 2, INSIDE_NOTHING, compile_on_thing},
};

static const struct verb *verb_find(struct body *body, const struct statement *at)
{
    const char *words[COUNT_OF(verbs)];
    const char *first = at->words.items[0].text;
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        if (strcmp(verbs[i].word, first) == 0)
            return &verbs[i];
        words[i] = verbs[i].word;
    }
    if (strcmp(first, "else") == 0)
        report(body->compiler, at->head,
               "\"else\" without an \"if\" or a \"chance\": it stands under it, without a dash");
    else
        report(body->compiler, at->head, "\"%s\" is no statement: %s", first,
               suggestion(body->compiler, first, words, COUNT_OF(words)));
    return NULL;
}

/* Checks the form; what is wrong was reported when it returns false. */
static bool verb_check(struct body *body, const struct verb *verb, const struct statement *at)
{
    struct compiler *compiler = body->compiler;
    if (at->words.count < verb->least || at->words.count > verb->most)
        report(compiler, at->head, "cannot read \"%s\": write %s", at->words.text, verb->form);
    else if (verb->inside == INSIDE_NOTHING && at->inner != NULL)
        report(compiler, at->head, "\"%s\" has nothing inside: write it without the colon", verb->word);
    else if (verb->inside == INSIDE_MUST && at->inner == NULL)
        report(compiler, at->head, "\"%s\" needs something inside: write %s and a list below it", verb->word,
               verb->form);
    else
        return true;
    return false;
}

/* Takes a node apart. False when that was reported. */
static bool statement_read(struct body *body, const struct node *node, struct statement *at)
{
    struct compiler *compiler = body->compiler;
    if (node->kind == NODE_LIST || node_is_null(node)) {
        report(compiler, node, "a statement is text, or text and a colon, not %s", node_kind_phrase(node));
        return false;
    }
    *at = (struct statement){.head = node};
    if (node->kind == NODE_MAP) {
        if (node->count == 0) {
            report(compiler, node, "an empty mapping is no statement");
            return false;
        }
        at->head = node->first->key;
        at->inner = node->first;
    }
    if (!words_split(compiler, at->head, &at->words))
        return false;
    if (at->words.count == 0) {
        report(compiler, at->head, "an empty text is no statement");
        return false;
    }
    const struct node *second = node->kind == NODE_MAP ? node->first->next : NULL;
    const char *word = at->words.items[0].text;
    bool branches = strcmp(word, "if") == 0 || strcmp(word, "chance") == 0;
    if (second != NULL && branches && strcmp(second->key->text, "else") == 0) {
        at->other = second;
        second = second->next;
    }
    if (second != NULL)
        report(compiler, second->key, "\"%s\" needs a dash of its own: one statement an item",
               second->key->text);
    return second == NULL;
}

/* True when control may go on behind it, or when it is faulty. */
static bool statement_compile(struct body *body, const struct node *node)
{
    struct statement at;
    if (body->variant->full || body->compiler->err != ERR_OK || !statement_read(body, node, &at))
        return true;
    const struct verb *verb = verb_find(body, &at);
    if (verb == NULL || !verb_check(body, verb, &at))
        return true;
    step_begin(body, at.head, at.words.text);
    return verb->compile(body, &at);
}

static bool inner_compile(struct body *body, const struct node *inner)
{
    if (node_is_null(inner))
        return true;
    if (inner->kind != NODE_LIST)
        return statement_compile(body, inner);
    bool goes_on = true;
    for (const struct node *each = inner->first; each != NULL; each = each->next) {
        if (!goes_on)
            report(body->compiler, each, "nothing ever comes here: what stands before it does not go on");
        goes_on = statement_compile(body, each);
    }
    return goes_on;
}

void task_compile(struct variant_compiler *variant, uint16_t kind)
{
    const struct task_decl *task = &variant->tasks[kind];
    struct body body = {.variant = variant,
                        .compiler = variant->compiler,
                        .kind = kind,
                        .line = task->name->line,
                        .column = task->name->column};
    variant->program->kinds[kind].entry = here(&body);
    if (node_is_null(task->steps)) {
        report(variant->compiler, task->name, "\"%s\" needs a list of statements; [] ends at once",
               task->name->text);
        return;
    }
    if (!inner_compile(&body, task->steps))
        return;
    if (kind == 0) {
        struct node last = {.line = body.line, .column = body.column};
        step_begin(&body, &last, "linger");
        emit(&body, (struct op){.code = OP_LINGER, .target = NO_TARGET});
        emit(&body, (struct op){.code = OP_LEAVE, .target = NO_TARGET});
        return;
    }
    if (!body.begun)
        step_begin(&body, task->name, task->name->text);
    emit(&body, (struct op){.code = OP_END, .target = NO_TARGET});
}
