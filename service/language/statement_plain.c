/* Statements that stand alone. */
#include <string.h>

#include "base/macros.h"
#include "language/statement.h"

#define QUOTED(word) "\"" word "\""

static const struct need need_spawns = {QUOTED("spawn"), PARAM_COUNT, {0, LIMIT_COUNT}, false};
static const struct need need_add = {QUOTED("add"), PARAM_COUNT, {0, LIMIT_COUNT}, false};
static const struct need need_set = {QUOTED("set"), PARAM_COUNT, {0, LIMIT_COUNT}, false};
static const struct need need_sleep = {QUOTED("sleep"), PARAM_DURATION, {0, LIMIT_DURATION_NS}, false};
static const struct need need_work = {QUOTED("work"), PARAM_DURATION, {0, LIMIT_WORK_NS}, false};
static const struct need need_lose = {QUOTED("lose"), PARAM_SIZE, {0, LIMIT_HOLD_BYTES}, false};
static const struct need need_hold = {QUOTED("hold"), PARAM_SIZE, {0, LIMIT_HOLD_BYTES}, false};

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

bool compile_on_thing(struct body *body, const struct statement *at)
{
    struct op op = thing_op(body, at);
    if (op.code != OP_CODES)
        emit_op(body, op);
    return true;
}

bool compile_exit(struct body *body, const struct statement *at)
{
    (void)at;
    emit_op(body, (struct op){.code = body->kind == 0 ? OP_LEAVE : OP_END, .target = NO_TARGET});
    return false;
}

bool compile_panic(struct body *body, const struct statement *at)
{
    (void)at;
    emit_op(body, (struct op){.code = OP_PANIC, .target = NO_TARGET});
    return false;
}

bool compile_break(struct body *body, const struct statement *at)
{
    struct loop *loop = body->loop;
    if (loop == NULL) {
        report(body->compiler, at->head, "\"break\" is not inside a loop or a range");
        return false;
    }
    struct op op = {.code = OP_JUMP, .target = loop->breaks};
    if (loop->counted)
        op = (struct op){
            .code = OP_LOOP, .reg = loop->reg, .value = emit_constant(body, 0), .target = loop->breaks};
    loop->breaks = emit_op(body, op);
    loop->left = true;
    return false;
}

bool compile_spawn(struct body *body, const struct statement *at)
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
        op.value = emit_constant(body, 1);
    else if (strcmp(at->words.items[2].text, "*") != 0 || at->words.count == 3)
        report(body->compiler, &at->words.items[2], "write \"spawn %s\" or \"spawn %s * 16\"", name->text,
               name->text);
    else
        op.value = emit_operand(body, at, 3, need_spawns);
    if (emit_register(body, at, &op.reg))
        emit_op(body, op);
    return true;
}

bool compile_add(struct body *body, const struct statement *at)
{
    struct op op = thing_op(body, at);
    op.value = at->words.count == 2 ? emit_constant(body, 1) : emit_operand(body, at, 2, need_add);
    if (op.code != OP_CODES)
        emit_op(body, op);
    return true;
}

bool compile_set(struct body *body, const struct statement *at)
{
    const char *sign = at->words.items[2].text;
    bool plus = strcmp(sign, "+") == 0, minus = strcmp(sign, "-") == 0;
    struct op op = {.code = OP_SET, .target = NO_TARGET};
    op.reg = plus ? CHANGE_PLUS : minus ? CHANGE_MINUS : CHANGE_TO;
    op.thing = emit_thing(body, at, 1, THING_NUMBER, "set");
    op.value = emit_operand(body, at, plus || minus ? 3 : 2, need_set);
    emit_op(body, op);
    return true;
}

bool compile_await(struct body *body, const struct statement *at)
{
    if (strcmp(at->words.items[1].text, "done") != 0)
        report(body->compiler, &at->words.items[1],
               "write \"await done\" or \"await done S\", where S is a scope");
    else
        emit_op(body, (struct op){.code = OP_AWAIT, .target = NO_TARGET, .thing = emit_done(body, at, 1)});
    return true;
}

bool compile_sleep(struct body *body, const struct statement *at)
{
    emit_op(body, (struct op){
                      .code = OP_SLEEP, .target = NO_TARGET, .value = emit_operand(body, at, 1, need_sleep)});
    return true;
}

bool compile_work(struct body *body, const struct statement *at)
{
    emit_op(body,
            (struct op){.code = OP_WORK, .target = NO_TARGET, .value = emit_operand(body, at, 1, need_work)});
    return true;
}

bool compile_hold(struct body *body, const struct statement *at)
{
    emit_op(body,
            (struct op){.code = OP_HOLD, .target = NO_TARGET, .value = emit_operand(body, at, 1, need_hold)});
    return true;
}

bool compile_lose(struct body *body, const struct statement *at)
{
    emit_op(body,
            (struct op){.code = OP_LOSE, .target = NO_TARGET, .value = emit_operand(body, at, 1, need_lose)});
    return true;
}

bool compile_drop(struct body *body, const struct statement *at)
{
    (void)at;
    emit_op(body, (struct op){.code = OP_DROP, .target = NO_TARGET});
    return true;
}
