/* Things: what `share` and `own` declare. */
#include <string.h>

#include "base/check.h"
#include "language/compiler.h"

static const char *const thing_words[] = {
#define X(name, word, value) word,
    THING_TABLE(X)
#undef X
};

static const char *const thing_values[] = {
#define X(name, word, value) value,
    THING_TABLE(X)
#undef X
};

/* What the operand behind a thing's word must be. */
static struct need thing_need(enum thing_kind kind)
{
    switch (kind) {
    case THING_CHANNEL:
        return (struct need){.who = "\"channel\"", .type = PARAM_COUNT, .bounds = {0, LIMIT_CHANNEL_BUFFER}};
    case THING_TICKER:
        return (struct need){
            .who = "\"ticker\"", .type = PARAM_DURATION, .bounds = {LIMIT_TICK_NS, LIMIT_DURATION_NS}};
    case THING_SCOPE:
        return (struct need){.who = "\"scope\"", .type = PARAM_DURATION, .bounds = {0, LIMIT_DURATION_NS}};
    case THING_MUTEX:
    case THING_RWMUTEX:
    case THING_GROUP:
    case THING_KINDS:
        break;
    }
    CHECK(false);
}

static bool thing_kind_read(struct compiler *compiler, const struct words *words, enum thing_kind *kind)
{
    for (*kind = 0; *kind < THING_KINDS; (*kind)++)
        if (strcmp(words->items[0].text, thing_words[*kind]) == 0)
            return true;
    report(compiler, &words->items[0], "\"%s\" is no kind of thing: %s", words->items[0].text,
           suggestion(compiler, words->items[0].text, thing_words, COUNT_OF(thing_words)));
    return false;
}

/* Reads "channel 16" into a thing without its name. False when that was reported. */
static bool thing_read(struct compiler *compiler, struct program *program, const struct node *node,
                       struct thing_spec *thing)
{
    struct words words;
    struct value value = {.kind = VALUE_CONSTANT};
    if (node->kind != NODE_TEXT || node_is_null(node)) {
        report(compiler, node, "a thing is a word such as channel or ticker, not %s", node_kind_phrase(node));
        return false;
    }
    if (!words_split(compiler, node, &words))
        return false;
    if (words.count == 0) {
        report(compiler, node, "a thing is a word such as channel or ticker, not an empty text");
        return false;
    }
    if (!thing_kind_read(compiler, &words, &thing->kind))
        return false;
    if (words.count == 1 && thing->kind == THING_TICKER) {
        report(compiler, node, "\"ticker\" needs its %s, such as \"ticker 10ms\"", thing_values[thing->kind]);
        return false;
    }
    if (words.count > 1 && thing_values[thing->kind][0] == '\0') {
        report(compiler, &words.items[1], "\"%s\" stands alone", words.items[0].text);
        return false;
    }
    if (words.count > 1 &&
        !operand_compile(compiler, words.items + 1, words.count - 1, thing_need(thing->kind), node, &value))
        return false;
    return accept(compiler, node, program_add_value(program, value, &thing->value), "operands",
                  LIMIT_CONSTANTS);
}

void things_compile(struct compiler *compiler, struct program *program, uint16_t layout,
                    const struct node *things, const struct node *except)
{
    if (things == NULL || node_is_null(things))
        return;
    if (things->kind != NODE_MAP) {
        report(compiler, things, "\"%s\" is a mapping of names to things, not %s", things->key->text,
               node_kind_phrase(things));
        return;
    }
    for (const struct node *each = things->first; each != NULL; each = each->next) {
        struct thing_spec thing = {.line = each->key->line};
        uint16_t offset;
        if (except != NULL && except->kind == NODE_MAP && node_member(except, each->key->text) != NULL)
            continue;
        /* The table copies the name. */
        char name[LIMIT_NAME + 1];
        if (!name_check(compiler, each->key, "a thing") || !thing_read(compiler, program, each, &thing))
            continue;
        memcpy(name, each->key->text, strlen(each->key->text) + 1);
        thing.name = name;
        if (!accept(compiler, each->key, program_add_thing(program, layout, thing, &offset), "things",
                    LIMIT_THINGS))
            return;
    }
}
