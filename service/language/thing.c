/* Things: what `share` and `own` declare. */
#include <string.h>

#include "base/macros.h"
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

const char *kind_article(enum thing_kind kind)
{
    return kind == THING_RWMUTEX ? "an" : "a";
}

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
    case THING_QUEUE:
        return (struct need){.who = "\"queue\"", .type = PARAM_SIZE, .bounds = {1, LIMIT_MESSAGE_BYTES}};
    case THING_NUMBER:
        return (struct need){.who = "\"number\"", .type = PARAM_COUNT, .bounds = {0, LIMIT_COUNT}};
    case THING_MUTEX:
    case THING_RWMUTEX:
    case THING_GROUP:
    case THING_CONDITION:
    case THING_FILE:
    case THING_SOCKET:
    case THING_HANDLE:
    case THING_THREAD:
    case THING_JOB:
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

/* Takes the "nil" of "nil channel" and the "aligned" of "aligned ticker 1s" off. False when what follows is
 * not what they go with, which was reported. */
static bool prefix_read(struct compiler *compiler, const struct node *node, struct words *words,
                        struct thing_spec *thing)
{
    thing->nil = strcmp(words->items[0].text, "nil") == 0;
    thing->aligned = strcmp(words->items[0].text, "aligned") == 0;
    if (thing->nil && (words->count != 2 || strcmp(words->items[1].text, thing_words[THING_CHANNEL]) != 0)) {
        report(compiler, node, "only a channel is nil: write \"nil channel\"");
        return false;
    }
    if (thing->aligned &&
        (words->count < 2 || strcmp(words->items[1].text, thing_words[THING_TICKER]) != 0)) {
        report(compiler, node, "only a ticker is aligned: write \"aligned ticker 1s\"");
        return false;
    }
    if (thing->nil || thing->aligned) {
        words->count--;
        memmove(words->items, words->items + 1, words->count * sizeof words->items[0]);
    }
    return true;
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
    if (!prefix_read(compiler, node, &words, thing) || !thing_kind_read(compiler, &words, &thing->kind))
        return false;
    if (words.count == 1 && (thing->kind == THING_TICKER || thing->kind == THING_QUEUE)) {
        report(compiler, node, "\"%s\" needs its %s, such as \"%s\"", thing_words[thing->kind],
               thing_values[thing->kind], thing->kind == THING_TICKER ? "ticker 10ms" : "queue 4KiB");
        return false;
    }
    if (words.count > 1 && thing_values[thing->kind][0] == '\0') {
        report(compiler, &words.items[1], "\"%s\" stands alone", words.items[0].text);
        return false;
    }
    if (words.count > 1 &&
        !operand_compile(compiler, words.items + 1, words.count - 1, thing_need(thing->kind), node, &value))
        return false;
    return accepted(compiler, node, program_add_value(program, value, &thing->value), "operands",
                    LIMIT_CONSTANTS);
}

/* ---- conditions ---- */

/* They come after everything else, so that a mutex may stand behind its condition. */
static bool is_condition(struct compiler *compiler, const struct node *node)
{
    struct words words;
    return node->kind == NODE_TEXT && words_split(compiler, node, &words) && words.count > 0 &&
           strcmp(words.items[0].text, thing_words[THING_CONDITION]) == 0;
}

/* Appends the names of a layout's mutexes, and finds the thing of that name. */
static const struct thing_spec *mutex_find(const struct layout *layout, const char *name, const char **words,
                                           size_t *count)
{
    const struct thing_spec *found = NULL;
    for (uint16_t i = 0; i < layout->count; i++) {
        const struct thing_spec *thing = &layout->things[i];
        if (thing->kind == THING_MUTEX)
            words[(*count)++] = thing->name;
        if (strcmp(thing->name, name) == 0)
            found = thing;
    }
    return found;
}

/* Finds the mutex of "condition m" beside it or in the share. False when that was reported. */
static bool condition_tie(struct compiler *compiler, const struct program *program, uint16_t layout,
                          const struct words *words, struct thing_spec *condition)
{
    if (words->count != 2) {
        report(compiler, &words->items[0], "\"condition\" needs its mutex, such as \"condition m\"");
        return false;
    }
    const struct word *name = &words->items[1];
    const char *known[2 * LIMIT_THINGS];
    size_t count = 0;
    const struct thing_spec *own = mutex_find(&program->layouts[layout], name->text, known, &count);
    const struct thing_spec *mutex =
        own != NULL || layout == 0 ? own : mutex_find(&program->layouts[0], name->text, known, &count);
    if (mutex == NULL) {
        report(compiler, name, "no mutex is called \"%s\" beside the condition or under \"share\"%s%s",
               name->text, count == 0 ? "" : ": ",
               count == 0 ? "" : suggestion(compiler, name->text, known, count));
        return false;
    }
    if (mutex->kind != THING_MUTEX) {
        report(compiler, name, "\"condition\" needs a mutex, and \"%s\" is %s %s (line %u)", name->text,
               kind_article(mutex->kind), thing_words[mutex->kind], mutex->line);
        return false;
    }
    condition->mutex =
        (struct thing_ref){.hops = own == NULL || layout == 0 ? HOPS_SHARE : 0, .offset = mutex->offset};
    return true;
}

/* Reads "condition m" into a thing without its name. False when that was reported. */
static bool condition_read(struct compiler *compiler, struct program *program, uint16_t layout,
                           const struct node *node, struct thing_spec *condition)
{
    struct words words;
    condition->kind = THING_CONDITION;
    return words_split(compiler, node, &words) &&
           condition_tie(compiler, program, layout, &words, condition) &&
           accepted(compiler, node,
                    program_add_value(program, (struct value){.kind = VALUE_CONSTANT}, &condition->value),
                    "operands", LIMIT_CONSTANTS);
}

/* ---- share and own ---- */

/* An `if` names parameters, linger, holds and numbers alike: a number that is called as one of the others is
 * reported. */
static bool number_name_check(struct compiler *compiler, const struct node *name)
{
    bool builtin = strcmp(name->text, "linger") == 0 || strcmp(name->text, "holds") == 0;
    bool param = pattern_param(compiler->pattern, name->text, NULL) != NULL;
    if (builtin)
        report(compiler, name, "a number cannot be called \"%s\": \"if %s\" means that of the scenario",
               name->text, name->text);
    else if (param)
        report(compiler, name,
               "\"%s\" is a parameter already, which \"if %s\" means: give the number another name",
               name->text, name->text);
    return !builtin && !param;
}

/* Adds either the conditions of a mapping or everything else in it, except what `override` declares too.
 * False when the layout is full. */
static bool things_add(struct compiler *compiler, struct program *program, uint16_t layout,
                       const struct node *things, const struct node *override, bool conditions)
{
    if (things == NULL || things->kind != NODE_MAP)
        return true;
    for (const struct node *each = things->first; each != NULL; each = each->next) {
        struct thing_spec thing = {.line = each->key->line};
        uint16_t offset;
        if (override != NULL && override->kind == NODE_MAP && node_member(override, each->key->text) != NULL)
            continue;
        if (is_condition(compiler, each) != conditions || !name_check(compiler, each->key, "a thing"))
            continue;
        if (!(conditions ? condition_read(compiler, program, layout, each, &thing)
                         : thing_read(compiler, program, each, &thing)))
            continue;
        if (thing.kind == THING_NUMBER && !number_name_check(compiler, each->key))
            continue;
        /* The table copies the name. */
        char name[LIMIT_NAME + 1];
        memcpy(name, each->key->text, strlen(each->key->text) + 1);
        thing.name = name;
        if (!accepted(compiler, each->key, program_add_thing(program, layout, thing, &offset), "things",
                      LIMIT_THINGS))
            return false;
    }
    return true;
}

static void things_check(struct compiler *compiler, const struct node *things)
{
    if (things != NULL && !node_is_null(things) && things->kind != NODE_MAP)
        report(compiler, things, "\"%s\" is a mapping of names to things, not %s", things->key->text,
               node_kind_phrase(things));
}

void things_compile(struct compiler *compiler, struct program *program, uint16_t layout,
                    const struct node *things, const struct node *override)
{
    things_check(compiler, things);
    things_check(compiler, override);
    (void)(things_add(compiler, program, layout, things, override, false) &&
           things_add(compiler, program, layout, override, NULL, false) &&
           things_add(compiler, program, layout, things, override, true) &&
           things_add(compiler, program, layout, override, NULL, true));
}
