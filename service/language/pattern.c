/* The top level of a pattern. */
#include "language/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "language/compiler.h"

static const char *const variant_words[] = {
#define X(name, word) word,
    VARIANT_TABLE(X)
#undef X
        "mix",
};

const char *variant_word(enum variant variant)
{
    CHECK(variant <= VARIANT_MIX);
    return variant_words[variant];
}

const char *text_read(struct compiler *compiler, const struct node *node)
{
    if (node->kind != NODE_TEXT || node_is_null(node) || node->text[0] == '\0') {
        const char *phrase = node->kind == NODE_TEXT ? "nothing" : node_kind_phrase(node);
        report(compiler, node, "\"%s\" must be a text, not %s", node->key == NULL ? "it" : node->key->text,
               phrase);
        return NULL;
    }
    const char *copy = arena_text(compiler->pattern->arena, node->text, strlen(node->text));
    if (copy == NULL)
        report_memory(compiler);
    return copy;
}

void keys_check(struct compiler *compiler, const struct node *map, const char *const *keys, size_t count)
{
    for (const struct node *each = map->first; each != NULL; each = each->next) {
        bool known = false;
        for (size_t i = 0; i < count && !known; i++)
            known = strcmp(each->key->text, keys[i]) == 0;
        if (!known)
            report(compiler, each->key, "\"%s\" is not known here: %s", each->key->text,
                   suggestion(compiler, each->key->text, keys, count));
    }
}

/* A text that the pattern must have; "" when it has none, which was reported. */
static const char *required_text(struct compiler *compiler, const struct node *root, const char *key,
                                 const char *about)
{
    const struct node *node = node_member(root, key);
    const char *text = NULL;
    if (node != NULL)
        text = text_read(compiler, node);
    else
        report(compiler, root, "the pattern needs \"%s\": %s", key, about);
    return text == NULL ? "" : text;
}

static void texts_read(struct compiler *compiler, const struct node *root)
{
    struct pattern *pattern = compiler->pattern;
    const struct node *name = node_member(root, "pattern");
    const struct node *signature = node_member(root, "signature");
    pattern->name = required_text(compiler, root, "pattern", "its name, such as recv");
    pattern->title = required_text(compiler, root, "title", "a few words");
    pattern->story = required_text(compiler, root, "story", "how it happens in real services");
    pattern->remedy = required_text(compiler, root, "remedy", "what to do about it");
    pattern->signature = signature == NULL ? "" : text_read(compiler, signature);
    if (pattern->name[0] == '\0')
        return;
    name_check(compiler, name, "a pattern");
    pattern->name_line = name->line;
    pattern->name_column = name->column;
}

/* A text that came without a file is shown under the name of its pattern. */
static void file_name(struct compiler *compiler)
{
    struct pattern *pattern = compiler->pattern;
    const char *text = pattern->source + strspn(pattern->source, " \t\r\n");
    size_t bytes = strlen(pattern->name) + sizeof ".yaml";
    char *file = arena_alloc(pattern->arena, bytes);
    if (file == NULL)
        report_memory(compiler);
    else
        snprintf(file, bytes, "%s%s", pattern->name, *text == '{' ? ".json" : ".yaml");
    pattern->file = file;
}

/* What a number of `expect` is of. */
static struct need expect_need(enum expect expect)
{
    struct need need = {.who = "\"expect\"", .type = PARAM_COUNT, .bounds = {0, LIMIT_COUNT}};
    if (expect == EXPECT_HEAP) {
        need.type = PARAM_SIZE;
        need.bounds.max = LIMIT_DURATION_NS; /* the largest of all limits */
    }
    return need;
}

/* Compiles one operand of `expect` for a variant that the pattern has. */
static void expect_read(struct compiler *compiler, const struct node *node, enum variant which,
                        enum expect expect)
{
    struct words words;
    struct value value;
    struct pattern_variant *variant = &compiler->pattern->variants[which];
    if (text_read(compiler, node) == NULL || !words_split(compiler, node, &words) ||
        !operand_compile(compiler, words.items, words.count, expect_need(expect), node, &value))
        return;
    variant->expect_texts[expect] = arena_text(compiler->pattern->arena, words.text, strlen(words.text));
    if (variant->expect_texts[expect] == NULL)
        report_memory(compiler);
    else if (variant->program != NULL)
        accepted(compiler, node,
                 program_add_value(variant->program, value, &variant->program->expect[expect]), "operands",
                 LIMIT_CONSTANTS);
}

/* What a variant leaks: a number of tasks, or a mapping for more than tasks. What is not stated is 0. */
static void expect_variant(struct compiler *compiler, const struct node *node, enum variant which)
{
    static const char *const words[] = {
#define X(name, word) word,
        EXPECT_TABLE(X)
#undef X
    };
    struct program *program = compiler->pattern->variants[which].program;
    uint16_t none = 0;
    if (program != NULL)
        accepted(compiler, node, program_add_value(program, (struct value){.kind = VALUE_CONSTANT}, &none),
                 "operands", LIMIT_CONSTANTS);
    for (enum expect expect = 0; program != NULL && expect < EXPECTS; expect++)
        program->expect[expect] = none;
    if (node->kind != NODE_MAP) {
        expect_read(compiler, node, which, EXPECT_TASKS);
        return;
    }
    keys_check(compiler, node, words, COUNT_OF(words));
    if (node_member(node, words[EXPECT_TASKS]) == NULL)
        report(compiler, node, "\"expect\" does not say how many tasks \"%s\" leaks", variant_word(which));
    for (enum expect expect = 0; expect < EXPECTS; expect++) {
        const struct node *each = node_member(node, words[expect]);
        if (each != NULL)
            expect_read(compiler, each, which, expect);
    }
}

static void expects_read(struct compiler *compiler, const struct node *root)
{
    const struct node *expect = node_member(root, "expect");
    if (expect != NULL && expect->kind != NODE_MAP) {
        report(compiler, expect, "\"expect\" is a mapping such as {leak: n, fix: 0}, not %s",
               node_kind_phrase(expect));
        return;
    }
    if (expect == NULL) {
        report(compiler, root,
               "the pattern needs \"expect\": the tasks that are leaked once the owner has left, such as "
               "{leak: n, fix: 0}");
        return;
    }
    keys_check(compiler, expect, variant_words, VARIANTS);
    for (enum variant which = 0; which < VARIANTS; which++) {
        const struct node *node = node_member(expect, variant_word(which));
        const struct node *tasks = node_member(root, variant_word(which));
        if (node != NULL && tasks != NULL)
            expect_variant(compiler, node, which);
        else if (tasks != NULL)
            report(compiler, expect->key, "\"expect\" does not say what \"%s\" leaks", variant_word(which));
        else if (node != NULL)
            report(compiler, node->key, "the pattern has no \"%s\"", variant_word(which));
    }
}

static void variants_compile(struct compiler *compiler, const struct node *root)
{
    unsigned count = 0;
    for (enum variant which = 0; which < VARIANTS; which++) {
        const struct node *tasks = node_member(root, variant_word(which));
        if (tasks == NULL)
            continue;
        count++;
        compiler->pattern->variants[which].program =
            variant_compile(compiler, which, tasks, node_member(root, "share"));
    }
    if (count == 0)
        report(compiler, root, "the pattern needs \"leak\", \"fix\", or \"decoy\": its tasks");
}

static void root_compile(struct compiler *compiler, const struct node *root)
{
    static const char *const keys[] = {"pattern", "title", "story", "remedy", "signature", "params",
                                       "share",   "leak",  "fix",   "decoy",  "expect"};
    if (root->kind != NODE_MAP) {
        report(compiler, root, "a pattern is a mapping that begins with \"pattern: NAME\", not %s",
               node_kind_phrase(root));
        return;
    }
    keys_check(compiler, root, keys, COUNT_OF(keys));
    texts_read(compiler, root);
    if (compiler->pattern->file == NULL)
        file_name(compiler);
    const struct node *params = node_member(root, "params");
    if (params != NULL && !node_is_null(params))
        params_compile(compiler, params);
    variants_compile(compiler, root);
    expects_read(compiler, root);
}

/* What the language made must pass the gate, whatever the text was. If it does not, that is a bug of ours,
 * which is no reason for a daemon to end: the pattern is refused, and nothing that is not sound is ever run.
 */
static enum err programs_verify(const struct pattern *pattern, struct messages *messages)
{
    enum err err = ERR_OK;
    for (enum variant which = 0; which < VARIANTS; which++) {
        const char *what;
        const struct program *program = pattern->variants[which].program;
        if (program != NULL && !program_verify(program, &what)) {
            messages_add(messages, 1, 1, "a bug of leaklab's compiler: \"%s\" became a program in which %s",
                         program->variant, what);
            err = ERR_SYNTAX;
        }
    }
    return err;
}

static struct pattern *pattern_new(const char *file, const char *text, size_t size)
{
    struct pattern *pattern = calloc(1, sizeof *pattern);
    if (pattern == NULL)
        return NULL;
    pattern->arena = arena_new();
    if (pattern->arena != NULL) {
        pattern->file = file == NULL ? NULL : arena_text(pattern->arena, file, strlen(file));
        pattern->source = arena_text(pattern->arena, text, size);
        pattern->source_bytes = size;
    }
    if ((pattern->file == NULL && file != NULL) || pattern->source == NULL) {
        pattern_free(pattern);
        return NULL;
    }
    return pattern;
}

static enum err tree_compile(struct compiler *compiler, const char *text, size_t size)
{
    const struct node *root = NULL;
    uint32_t before = compiler->messages->count;
    enum err err = node_read(text, size, "pattern", compiler->scratch, compiler->messages, &root);
    if (err != ERR_OK && (err != ERR_SYNTAX || root == NULL))
        return err;
    root_compile(compiler, root);
    if (compiler->err != ERR_OK || compiler->messages->err != ERR_OK)
        return ERR_MEMORY;
    return compiler->messages->count > before ? ERR_SYNTAX : ERR_OK;
}

enum err pattern_compile(const char *file, const char *text, size_t size, struct messages *messages,
                         struct pattern **pattern)
{
    struct compiler compiler = {.messages = messages, .scratch = arena_new()};
    /* What is too large is refused before anything is kept of it. */
    compiler.pattern = pattern_new(file, text, size > LIMIT_PATTERN_BYTES ? 0 : size);
    enum err err = ERR_MEMORY;
    if (compiler.scratch != NULL && compiler.pattern != NULL)
        err = tree_compile(&compiler, text, size);
    arena_free(compiler.scratch);
    if (err == ERR_OK)
        err = programs_verify(compiler.pattern, messages);
    messages_sort(messages);
    if (err != ERR_OK) {
        pattern_free(compiler.pattern);
        return err;
    }
    *pattern = compiler.pattern;
    return ERR_OK;
}

void pattern_free(struct pattern *pattern)
{
    if (pattern == NULL)
        return;
    for (enum variant which = 0; which < VARIANTS; which++)
        program_free(pattern->variants[which].program);
    arena_free(pattern->arena);
    free(pattern);
}
