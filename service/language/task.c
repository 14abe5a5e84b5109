/* The tasks of one variant: who spawns whom, and what a name means to each. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
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
    if (strncmp(text->text, "spawn", 5) != 0 || !words_split(variant->compiler, text, &words) ||
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

/* ---- names ---- */

/* Where a name was found: a thing of a layout, some environments outward. */
struct found {
    const struct thing_spec *thing;
    uint16_t layout;
    uint16_t owner; /* the kind of task whose own it is; NO_KIND for the start's */
    unsigned hops;
};

/* The walk from a kind outward, through everybody who may have spawned it. A chain of tasks in which nobody
 * stands twice is at most as long as there are kinds; a cycle shows within twice that as a second distance.
 */
#define HOPS_MAX (2 * LIMIT_TASK_KINDS)
static_assert(HOPS_MAX < HOPS_START_SCOPE, "every distance that is looked at can be said");

struct walk {
    const struct variant_compiler *variant;
    const char *name;
    struct found found[2];
    unsigned count;              /* of found; 2: they differ, and the walk is over */
    uint64_t seen[HOPS_MAX + 1]; /* by distance, the kinds that were visited */
};

static const struct thing_spec *layout_find(const struct program *program, uint16_t layout, const char *name)
{
    for (uint16_t i = 0; i < program->layouts[layout].count; i++)
        if (strcmp(program->layouts[layout].things[i].name, name) == 0)
            return &program->layouts[layout].things[i];
    return NULL;
}

static void walk_found(struct walk *walk, struct found found)
{
    if (walk->count == 2)
        return;
    /* The start's environment is reached directly, however far it is. */
    if (walk->count == 1 && walk->found[0].thing == found.thing &&
        (found.layout == 0 || walk->found[0].hops == found.hops))
        return;
    walk->found[walk->count++] = found;
}

/* Looks at `kind`, `hops` environments outward, and marks its spawners as the next to be looked at. True when
 * one was marked at a distance that is done with. */
static void walk_kind(struct walk *walk, uint16_t kind, unsigned hops)
{
    const struct program *program = walk->variant->program;
    uint16_t layout = program->kinds[kind].layout;
    if (layout != NO_LAYOUT) {
        const struct thing_spec *thing = layout_find(program, layout, walk->name);
        if (thing != NULL) {
            walk_found(walk, (struct found){thing, layout, kind, hops});
            return;
        }
        hops++;
    }
    if (kind == 0) {
        const struct thing_spec *thing = layout_find(program, 0, walk->name);
        if (thing != NULL)
            walk_found(walk, (struct found){thing, 0, NO_KIND, hops});
        return;
    }
    if (hops <= HOPS_MAX)
        walk->seen[hops] |= walk->variant->tasks[kind].spawners;
}

static void walk_outward(struct walk *walk, uint16_t kind)
{
    walk->seen[0] = 1ull << kind;
    for (unsigned hops = 0; hops <= HOPS_MAX && walk->count < 2; hops++) {
        uint64_t done = 0;
        for (uint64_t todo; walk->count < 2 && (todo = walk->seen[hops] & ~done) != 0;) {
            uint16_t next = (uint16_t)__builtin_ctzll(todo);
            done |= 1ull << next;
            walk_kind(walk, next, hops);
        }
    }
}

/* True when only the start's environment can hold the name; asked first, since it is the usual case. */
static bool only_shared(const struct variant_compiler *variant, const char *name)
{
    for (uint16_t i = 1; i < variant->program->layout_count; i++)
        if (layout_find(variant->program, i, name) != NULL)
            return false;
    return true;
}

static void found_phrase(const struct variant_compiler *variant, const struct found *found,
                         char text[static 128])
{
    if (found->owner == NO_KIND)
        snprintf(text, 128, "the shared one (line %u)", found->thing->line);
    else
        snprintf(text, 128, "that of \"%s\" (line %u)", variant->tasks[found->owner].name->text,
                 found->thing->line);
}

static void report_ambiguous(struct variant_compiler *variant, uint16_t kind, const struct word *name,
                             const struct walk *walk)
{
    char first[128], second[128];
    const char *task = variant->tasks[kind].name->text;
    found_phrase(variant, &walk->found[0], first);
    found_phrase(variant, &walk->found[1], second);
    if (walk->found[0].thing != walk->found[1].thing)
        report(
            variant->compiler, name,
            "\"%s\" means different things, depending on who spawned \"%s\": %s or %s; give them different "
            "names",
            name->text, task, first, second);
    else
        report(variant->compiler, name,
               "\"%s\" is %s, but a different number of tasks with an \"own\" lie between it and \"%s\", "
               "depending on who spawned whom; put it under \"share\", or spawn \"%s\" in one way only",
               name->text, first, task, task);
}

/* Every name that is declared anywhere in the variant, for suggestions. */
static void report_unknown_thing(struct variant_compiler *variant, uint16_t kind, const struct word *name)
{
    const struct program *program = variant->program;
    const char *words[256];
    size_t count = 0;
    for (uint16_t i = 0; i < program->layout_count; i++) {
        for (uint16_t j = 0; j < program->layouts[i].count; j++) {
            const struct thing_spec *thing = &program->layouts[i].things[j];
            if (strcmp(thing->name, name->text) == 0) {
                report(
                    variant->compiler, name,
                    "\"%s\" (line %u) belongs to another task: \"%s\" sees its own things, those of whoever "
                    "spawned it, and what is shared",
                    name->text, thing->line, variant->tasks[kind].name->text);
                return;
            }
            if (count < COUNT_OF(words))
                words[count++] = thing->name;
        }
    }
    report(variant->compiler, name, "nothing is called \"%s\"%s%s", name->text,
           count == 0 ? ": declare it under \"share\" or \"own\"" : ": ",
           count == 0 ? "" : suggestion(variant->compiler, name->text, words, count));
}

static void report_other_kind(struct variant_compiler *variant, const struct word *name,
                              const struct thing_spec *thing, unsigned needed, const char *who)
{
    struct buf phrase;
    buf_init(&phrase, 1024);
    for (unsigned kind = 0; kind < THING_KINDS; kind++)
        if ((needed & KIND_BIT(kind)) != 0)
            buf_printf(&phrase, "%s%s %s", phrase.size == 0 ? "" : " or ", kind_article(kind),
                       thing_kind_word(kind));
    if (phrase.err == ERR_OK)
        report(variant->compiler, name, "\"%s\" needs %s, and \"%s\" is %s %s (line %u)", who,
               buf_text(&phrase), name->text, kind_article(thing->kind), thing_kind_word(thing->kind),
               thing->line);
    else
        report_memory(variant->compiler);
    buf_deinit(&phrase);
}

const struct thing_spec *thing_resolve(struct variant_compiler *variant, uint16_t kind,
                                       const struct word *name, unsigned needed, const char *who,
                                       struct thing_ref *ref)
{
    struct walk walk = {.variant = variant, .name = name->text};
    const struct thing_spec *shared = layout_find(variant->program, 0, name->text);
    if (shared != NULL && only_shared(variant, name->text))
        walk_found(&walk, (struct found){shared, 0, NO_KIND, 0});
    else
        walk_outward(&walk, kind);
    if (walk.count == 2) {
        report_ambiguous(variant, kind, name, &walk);
        return NULL;
    }
    if (walk.count == 0) {
        /* Nobody spawns it, which was reported, so that nobody can say what it would see. */
        if (variant->tasks[kind].reached)
            report_unknown_thing(variant, kind, name);
        return NULL;
    }
    const struct found *found = &walk.found[0];
    if ((needed & KIND_BIT(found->thing->kind)) == 0) {
        report_other_kind(variant, name, found->thing, needed, who);
        return NULL;
    }
    *ref = (struct thing_ref){.hops = found->layout == 0 ? HOPS_SHARE : (uint8_t)found->hops,
                              .offset = found->thing->offset};
    return found->thing;
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
