/* What a name means to a task: a walk outward, through everybody who may have spawned it. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "language/compiler.h"

#define OUTER "outer." /* in front of a name: what it means to whoever spawned the task */

/* Where a name was found: a thing of a layout, some environments outward. */
struct found {
    const struct thing_spec *thing;
    uint16_t layout;
    uint16_t owner; /* the kind of task whose own it is; NO_KIND for the start's */
    unsigned hops;
};

/* A chain of tasks in which nobody stands twice is at most as long as there are kinds; a cycle shows within
 * twice that as a second distance. */
#define HOPS_MAX (2 * LIMIT_TASK_KINDS)
static_assert(HOPS_MAX < HOPS_START_SCOPE, "every distance that is looked at can be said");

struct walk {
    const struct variant_compiler *variant;
    const char *name;
    bool outer;                  /* beginning with the spawners; things that are alike may differ */
    struct found found[2];       /* the first, and one that does not go with it */
    unsigned count;              /* of found; 2: the walk is over */
    uint64_t seen[HOPS_MAX + 1]; /* by distance, the kinds that were visited */
    /* By layout, the thing of that name: each layout is searched once, however often it is come across. */
    const struct thing_spec *named[LIMIT_TASK_KINDS + 1];
    bool missing;     /* some way leads past main without finding it */
    bool varies;      /* outer: more than one thing was found */
    bool scattered;   /* outer: the start's, at more than one distance ... */
    struct found far; /* ... of which this is the last */
    struct outer at;  /* outer: what was found */
};

static const struct thing_spec *layout_find(const struct program *program, uint16_t layout, const char *name)
{
    for (uint16_t i = 0; i < program->layouts[layout].count; i++)
        if (strcmp(program->layouts[layout].things[i].name, name) == 0)
            return &program->layouts[layout].things[i];
    return NULL;
}

/* Whether it goes with the first one. The start's environment alone is reached directly, however far it is;
 * where others are possible too, all of them must lie at one distance. */
static bool goes_with(struct walk *walk, const struct found *found)
{
    const struct found *first = &walk->found[0];
    bool same = first->thing == found->thing, near = first->hops == found->hops;
    if (!walk->outer)
        return same && (found->layout == 0 || near);
    walk->varies |= !same;
    if (same && !near && found->layout == 0) {
        walk->scattered = true;
        walk->far = *found;
    }
    bool alike = first->thing->kind == found->thing->kind && first->thing->nil == found->thing->nil;
    return alike && (near || walk->scattered) && !(walk->varies && walk->scattered);
}

static void walk_found(struct walk *walk, struct found found)
{
    if (walk->count == 2)
        return;
    walk->at.offsets[found.layout] = found.thing->offset;
    if (walk->count == 0)
        walk->found[walk->count++] = found;
    else if (!goes_with(walk, &found))
        walk->found[walk->count++] = walk->scattered ? walk->far : found;
}

static void walk_start(struct walk *walk, unsigned hops)
{
    const struct thing_spec *thing = walk->named[0];
    if (thing != NULL)
        walk_found(walk, (struct found){thing, 0, NO_KIND, hops});
    walk->missing |= thing == NULL;
}

/* Looks at `kind`, `hops` environments outward, and marks its spawners as the next to be looked at. */
static void walk_kind(struct walk *walk, uint16_t kind, unsigned hops)
{
    const struct program *program = walk->variant->program;
    uint16_t layout = program->kinds[kind].layout;
    if (layout != NO_LAYOUT) {
        const struct thing_spec *thing = walk->named[layout];
        if (thing != NULL) {
            walk_found(walk, (struct found){thing, layout, kind, hops});
            return;
        }
        hops++;
    }
    if (kind == 0)
        walk_start(walk, hops);
    else if (hops <= HOPS_MAX)
        walk->seen[hops] |= walk->variant->tasks[kind].spawners;
}

static void walk_outward(struct walk *walk, uint16_t kind)
{
    if (!walk->outer)
        walk->seen[0] = 1ull << kind;
    else if (kind == 0)
        walk_start(walk, 1);
    else
        walk->seen[1] = walk->variant->tasks[kind].spawners;
    for (unsigned hops = 0; hops <= HOPS_MAX && walk->count < 2; hops++) {
        uint64_t done = 0;
        for (uint64_t todo; walk->count < 2 && (todo = walk->seen[hops] & ~done) != 0;) {
            uint16_t next = (uint16_t)__builtin_ctzll(todo);
            done |= 1ull << next;
            walk_kind(walk, next, hops);
        }
    }
}

/* Looks the name up in every layout. True when only the start's environment can hold it, which is the usual
 * case. */
static bool only_shared(struct walk *walk)
{
    const struct program *program = walk->variant->program;
    bool only = true;
    for (uint16_t i = 0; i < program->layout_count; i++) {
        walk->named[i] = layout_find(program, i, walk->name);
        only &= i == 0 || walk->named[i] == NULL;
    }
    return only && walk->named[0] != NULL;
}

/* ---- what is wrong with it ---- */

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
    const struct found *found = walk->found;
    found_phrase(variant, &found[0], first);
    found_phrase(variant, &found[1], second);
    if (walk->outer && found[0].hops == found[1].hops)
        report(variant->compiler, name,
               "\"%s\" may be %s or %s, depending on who spawned \"%s\": they must be of one kind",
               name->text, first, second, task);
    else if (walk->outer)
        report(variant->compiler, name,
               "\"%s\" may be %s, %u outward, or %s, %u outward, depending on who spawned \"%s\": every task "
               "with an \"own\" counts, and what may be one of several must lie at one distance",
               name->text, first, found[0].hops, second, found[1].hops, task);
    else if (found[0].thing != found[1].thing)
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

static void report_missing(struct variant_compiler *variant, uint16_t kind, const struct word *name,
                           const struct walk *walk)
{
    char first[128];
    found_phrase(variant, &walk->found[0], first);
    report(
        variant->compiler, name,
        "\"%s\" is %s, but not every \"%s\" is spawned where there is one; declare one under \"share\" too",
        name->text, first, variant->tasks[kind].name->text);
}

/* Every name that is declared anywhere in the variant, for suggestions. */
static void report_unknown_thing(struct variant_compiler *variant, uint16_t kind, const struct word *name,
                                 const struct walk *walk)
{
    const struct program *program = variant->program;
    const char *words[256], *task = variant->tasks[kind].name->text;
    size_t count = 0;
    for (uint16_t i = 0; i < program->layout_count; i++) {
        for (uint16_t j = 0; j < program->layouts[i].count; j++) {
            const struct thing_spec *thing = &program->layouts[i].things[j];
            if (strcmp(thing->name, walk->name) == 0) {
                if (walk->outer)
                    report(variant->compiler, name,
                           "nobody who spawns \"%s\" sees anything called \"%s\"; declare one under "
                           "\"share\" too",
                           task, walk->name);
                else
                    report(variant->compiler, name,
                           "\"%s\" (line %u) belongs to another task: \"%s\" sees its own things, those of "
                           "whoever spawned it, and what is shared",
                           walk->name, thing->line, task);
                return;
            }
            if (count < COUNT_OF(words))
                words[count++] = thing->name;
        }
    }
    report(variant->compiler, name, "nothing is called \"%s\"%s%s", walk->name,
           count == 0 ? ": declare it under \"share\" or \"own\"" : ": ",
           count == 0 ? "" : suggestion(variant->compiler, walk->name, words, count));
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

/* ---- what it means ---- */

/* Finds it, the only one or several that are alike. False when that was reported. */
static bool find(struct variant_compiler *variant, uint16_t kind, const struct word *name, struct walk *walk)
{
    if (only_shared(walk))
        walk_found(walk, (struct found){walk->named[0], 0, NO_KIND, 0});
    else
        walk_outward(walk, kind);
    if (walk->count == 2)
        report_ambiguous(variant, kind, name, walk);
    else if (walk->count == 0 && variant->tasks[kind].reached)
        report_unknown_thing(variant, kind, name, walk);
    else if (walk->count == 1 && walk->missing)
        report_missing(variant, kind, name, walk);
    else
        return walk->count == 1; /* 0: nobody spawns it, which was reported */
    return false;
}

static struct thing_ref refer(struct variant_compiler *variant, const struct word *name,
                              const struct walk *walk)
{
    const struct found *found = &walk->found[0];
    if (!walk->varies)
        return (struct thing_ref){.hops = found->layout == 0 ? HOPS_SHARE : (uint8_t)found->hops,
                                  .offset = found->thing->offset};
    struct thing_ref ref = {.hops = (uint8_t)found->hops, .varies = true};
    struct node at = {.line = name->line, .column = name->column};
    if (!variant->full &&
        !accepted(variant->compiler, &at, program_add_outer(variant->program, &walk->at, &ref.offset),
                  "outer things", LIMIT_OUTERS))
        variant->full = true;
    return ref;
}

const char *name_behind_outer(const char *text)
{
    return strncmp(text, OUTER, strlen(OUTER)) == 0 ? text + strlen(OUTER) : text;
}

const struct thing_spec *thing_resolve(struct variant_compiler *variant, uint16_t kind,
                                       const struct word *name, unsigned needed, const char *who,
                                       struct thing_ref *ref)
{
    const char *inner = name_behind_outer(name->text);
    bool outer = inner != name->text;
    struct walk walk = {.variant = variant, .name = inner, .outer = outer};
    if (outer && variant->program->kinds[kind].layout == NO_LAYOUT) {
        report(variant->compiler, name,
               "\"%s\" passes over what a task has of its own, and \"%s\" has nothing: write \"%s\"",
               name->text, variant->tasks[kind].name->text, walk.name);
        return NULL;
    }
    if (!find(variant, kind, name, &walk))
        return NULL;
    const struct thing_spec *thing = walk.found[0].thing;
    if ((needed & KIND_BIT(thing->kind)) == 0) {
        report_other_kind(variant, name, thing, needed, who);
        return NULL;
    }
    *ref = refer(variant, name, &walk);
    return thing;
}
