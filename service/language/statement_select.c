/* The select: a mapping of cases, each with statements of its own. */
#include <string.h>

#include "base/macros.h"
#include "language/statement.h"

#define QUOTED(word) "\"" word "\""

static const struct need need_after = {QUOTED("after"), PARAM_DURATION, {0, LIMIT_DURATION_NS}, false};

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
        made.thing = emit_thing(body, at, 1, THING_CHANNEL, kind == CASE_RECV ? "recv" : "send");
        break;
    case CASE_TICK:
        made.thing = emit_thing(body, at, 1, THING_TICKER, "tick");
        break;
    case CASE_AFTER:
        made.value = emit_operand(body, at, 1, need_after);
        break;
    case CASE_DONE:
        made.thing = emit_done(body, at, 0);
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
        arm_target(body, select, arm, emit_here(body));
        bool comes_out = inside_compile(body, arm->inner);
        body->step = step;
        if (comes_out && i + 1 < arms->count)
            over = emit_op(body, (struct op){.code = OP_JUMP, .target = over});
        goes_on |= comes_out;
    }
    for (unsigned i = 0; i < arms->count; i++)
        if (node_is_null(arms->items[i].inner))
            arm_target(body, select, &arms->items[i], emit_here(body));
    emit_chain_end(body, over, emit_here(body));
    return goes_on;
}

bool compile_select(struct body *body, const struct statement *at)
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
    return arms_compile(body, emit_op(body, op), &arms);
}
