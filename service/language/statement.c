/* Statements into operations. A statement is a text ("recv jobs"), or a mapping with one member whose key is
 * the statement and whose value is what stands inside it ("loop 3": [...]). Each compiles to the operations
 * that stand in service/patterns/README.md beside it, all of them on the statement's own step. */
#include <string.h>

#include "base/macros.h"
#include "language/statement.h"

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
    emit_step(body, at.head, at.words.text);
    return verb->compile(body, &at);
}

bool inside_compile(struct body *body, const struct node *inner)
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
    variant->program->kinds[kind].entry = emit_here(&body);
    if (node_is_null(task->steps)) {
        report(variant->compiler, task->name, "\"%s\" needs a list of statements; [] ends at once",
               task->name->text);
        return;
    }
    if (!inside_compile(&body, task->steps))
        return;
    if (kind == 0) {
        struct node last = {.line = body.line, .column = body.column};
        emit_step(&body, &last, "linger");
        emit_op(&body, (struct op){.code = OP_LINGER, .target = NO_TARGET});
        emit_op(&body, (struct op){.code = OP_LEAVE, .target = NO_TARGET});
        return;
    }
    if (!body.begun)
        emit_step(&body, task->name, task->name->text);
    emit_op(&body, (struct op){.code = OP_END, .target = NO_TARGET});
}
