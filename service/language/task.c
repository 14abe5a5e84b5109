/* The tasks of one variant, and who spawns whom. */
#include <assert.h>
#include <string.h>

#include "base/macros.h"
#include "language/compiler.h"

static_assert(LIMIT_TASK_KINDS <= 64, "a set of kinds fits in 64 bits");

uint16_t task_find(const struct variant_compiler *variant, const char *name)
{
    for (uint16_t i = 0; i < variant->task_count; i++)
        if (strcmp(variant->tasks[i].name->text, name) == 0)
            return i;
    return NO_KIND;
}

bool variant_operand(struct variant_compiler *variant, const struct word *words, unsigned count,
                     struct need need, const struct node *node, uint16_t *index)
{
    struct value value;
    if (!operand_compile(variant->compiler, words, count, need, node, &value) || variant->full)
        return false;
    if (accepted(variant->compiler, node, program_add_value(variant->program, value, index), "operands",
                 LIMIT_CONSTANTS))
        return true;
    variant->full = true;
    return false;
}

/* ---- declarations ---- */

/* Takes apart what stands under a task's name. */
static struct task_decl decl_read(struct compiler *compiler, const struct node *task)
{
    static const char *const keys[] = {"own", "steps"};
    struct task_decl decl = {.name = task->key, .steps = task};
    if (task->kind != NODE_MAP)
        return decl;
    keys_check(compiler, task, keys, COUNT_OF(keys));
    decl.own = node_member(task, "own");
    decl.steps = node_member(task, "steps");
    if (decl.steps == NULL)
        report(compiler, task->key, "\"%s\" needs \"steps\": the list of its statements", task->key->text);
    return decl;
}

static void task_declare(struct variant_compiler *variant, const struct node *task)
{
    struct compiler *compiler = variant->compiler;
    if (!name_check(compiler, task->key, "a task"))
        return;
    struct task_decl decl = decl_read(compiler, task);
    /* The table copies the name. */
    char name[LIMIT_NAME + 1];
    memcpy(name, task->key->text, strlen(task->key->text) + 1);
    struct task_kind kind = {.name = name, .layout = NO_LAYOUT, .line = task->key->line};
    enum err err = decl.own == NULL ? ERR_OK : program_add_layout(variant->program, &kind.layout);
    uint16_t index;
    if (err == ERR_OK)
        err = program_add_kind(variant->program, kind, &index);
    if (!accepted(compiler, task->key, err, "tasks", LIMIT_TASK_KINDS)) {
        variant->full = true;
        return;
    }
    variant->tasks[variant->task_count++] = decl;
    if (decl.own != NULL)
        things_compile(compiler, variant->program, kind.layout, decl.own, NULL);
}

/* main comes first, whatever the order in the file. */
static void tasks_declare(struct variant_compiler *variant, const struct node *tasks)
{
    const struct node *main_task = node_member(tasks, "main");
    if (main_task == NULL)
        report(variant->compiler, tasks->key, "\"%s\" needs a task \"main\": it runs once a start",
               tasks->key->text);
    else
        task_declare(variant, main_task);
    for (const struct node *each = tasks->first; each != NULL && !variant->full; each = each->next)
        if (each != main_task && strcmp(each->key->text, "share") != 0)
            task_declare(variant, each);
}

/* ---- who spawns whom ---- */

/* A text in the steps is always a statement or the head of one, so that this finds every `spawn` and nothing
 * else. */
static void spawn_note(struct variant_compiler *variant, uint16_t spawner, const struct node *text)
{
    struct words words;
    if (strstr(text->text, "spawn") == NULL || !words_split(variant->compiler, text, &words) ||
        words.count < 2 || strcmp(words.items[0].text, "spawn") != 0)
        return;
    uint16_t kind = task_find(variant, words.items[1].text);
    if (kind != NO_KIND)
        variant->tasks[kind].spawners |= 1ull << spawner;
}

/* Nesting is bounded by LIMIT_PATTERN_DEPTH. */
static void spawns_note(struct variant_compiler *variant, uint16_t spawner, const struct node *node)
{
    if (node->kind == NODE_TEXT) {
        spawn_note(variant, spawner, node);
        return;
    }
    for (const struct node *each = node->first; each != NULL; each = each->next)
        spawns_note(variant, spawner, each);
}

static void tasks_reach(struct variant_compiler *variant)
{
    uint64_t reached = 1;
    for (bool grown = true; grown;) {
        grown = false;
        for (uint16_t i = 1; i < variant->task_count; i++) {
            if ((reached >> i & 1) == 0 && (variant->tasks[i].spawners & reached) != 0) {
                reached |= 1ull << i;
                grown = true;
            }
        }
    }
    for (uint16_t i = 0; i < variant->task_count; i++) {
        struct task_decl *task = &variant->tasks[i];
        task->reached = (reached >> i & 1) != 0;
        if (!task->reached)
            report(variant->compiler, task->name, "nobody spawns \"%s\"", task->name->text);
    }
}

/* ---- the variant ---- */

static void variant_tasks(struct variant_compiler *variant)
{
    for (uint16_t i = 0; i < variant->task_count; i++) {
        const struct node *steps = variant->tasks[i].steps;
        if (steps != NULL)
            spawns_note(variant, i, steps);
    }
    tasks_reach(variant);
    for (uint16_t i = 0; i < variant->task_count && !variant->full; i++)
        if (variant->tasks[i].steps != NULL)
            task_compile(variant, i);
}

/* The tasks of a variant know each other by number, so that they are compiled only when all of them are
 * known. */
static void variant_fill(struct variant_compiler *variant, const struct node *tasks, const struct node *share)
{
    things_compile(variant->compiler, variant->program, 0, share, node_member(tasks, "share"));
    tasks_declare(variant, tasks);
    if (!variant->full && variant->task_count > 0 && node_member(tasks, "main") != NULL)
        variant_tasks(variant);
}

struct program *variant_compile(struct compiler *compiler, enum variant which, const struct node *tasks,
                                const struct node *share)
{
    if (tasks->kind != NODE_MAP) {
        report(compiler, tasks, "\"%s\" is a mapping of tasks to lists of statements, not %s",
               variant_word(which), node_kind_phrase(tasks));
        return NULL;
    }
    struct variant_compiler variant = {.compiler = compiler};
    variant.program = program_new(compiler->pattern->name, variant_word(which), compiler->pattern->file);
    if (variant.program == NULL) {
        report_memory(compiler);
        return NULL;
    }
    variant.program->param_count = compiler->pattern->param_count;
    variant_fill(&variant, tasks, share);
    return variant.program;
}
