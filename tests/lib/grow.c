#include "grow.h"

#include <string.h>

#include "base/limits.h"
#include "base/macros.h"
#include "base/rng.h"
#include "grow_table.h"

#define TRIES 20 /* for a statement that can stand here */

/* ---- growing ---- */

struct grower {
    struct grown *grown;
    const struct grow_spec *spec;
    struct rng rng;
    unsigned task;       /* at hand */
    unsigned statements; /* left for it */
};

static unsigned pick(struct grower *grower, size_t bound)
{
    return rng_below(&grower->rng, (uint32_t)bound);
}

static bool perhaps(struct grower *grower, unsigned percent)
{
    return pick(grower, 100) < percent;
}

static bool has_room(const struct grower *grower)
{
    return grower->grown->count + 4 < GROW_NODES;
}

static struct grow_node *at(struct grower *grower, unsigned index)
{
    return &grower->grown->nodes[index];
}

static unsigned add(struct grower *grower, unsigned parent, enum grow_role role, unsigned row)
{
    unsigned index = grower->grown->count++;
    CHECK(index < GROW_NODES);
    *at(grower, index) =
        (struct grow_node){.role = (uint8_t)role, .row = (uint8_t)row, .parent = (uint16_t)parent};
    struct grow_node *within = at(grower, parent);
    if (within->first == 0)
        within->first = (uint16_t)index;
    else
        at(grower, within->last)->next = (uint16_t)index;
    within->last = (uint16_t)index;
    return index;
}

static uint8_t choose_operand(struct grower *grower, enum operand operand)
{
    size_t count = grow_texts(grow_operands[operand], COUNT_OF(grow_operands[0]));
    if (grower->spec->small && count > 2)
        count = 2;
    return count == 0 ? 0 : (uint8_t)pick(grower, count);
}

/* A name means the same thing to a task whoever spawned it: what is shared, its own, and, when only one task
 * spawns it, what that one sees. */
static bool sees(struct grower *grower, unsigned task, unsigned owner)
{
    for (; owner != 0 && task != owner; task = at(grower, task)->spawner)
        if (at(grower, task)->many || at(grower, task)->spawner == 0)
            return false;
    return true;
}

/* What is shared may be hidden behind a link's own of the same name. The link itself reaches over it
 * (`outer.chan3`); for whoever may have been spawned by a link the name would not be that of what is shared.
 */
static bool hidden(struct grower *grower, unsigned thing)
{
    for (unsigned i = 1; i < grower->grown->count; i++) {
        unsigned link = at(grower, i)->parent;
        if (at(grower, i)->like != thing || at(grower, i)->role != ROLE_THING || link == grower->task)
            continue;
        for (unsigned task = grower->task; at(grower, task)->spawner != 0; task = at(grower, task)->spawner)
            if (task == link || at(grower, task)->many)
                return true;
    }
    return false;
}

static bool may_spawn(struct grower *grower, unsigned task)
{
    const struct grow_node *node = at(grower, task);
    return node->spawner == grower->task || (node->many && task >= grower->task) ||
           (node->links && task == grower->task);
}

/* A thing that the task at hand sees, of one of the kinds, or a task that it may spawn; 0: there is none. */
static unsigned choose_named(struct grower *grower, unsigned bits)
{
    unsigned found[GROW_NODES], count = 0;
    for (unsigned i = 1; i < grower->grown->count; i++) {
        const struct grow_node *node = at(grower, i);
        if (node->role == ROLE_TASK && (bits & TASK) != 0 && may_spawn(grower, i))
            found[count++] = i;
        if (node->role == ROLE_THING && (grow_kinds[node->row].bit & bits) != 0 &&
            sees(grower, grower->task, node->parent) && !hidden(grower, i))
            found[count++] = i;
    }
    return count == 0 ? 0 : found[pick(grower, count)];
}

/* What stands around a block of the task at hand. */
struct place {
    unsigned depth;
    unsigned registers;
    bool in_loop;
};

static struct place place_of(struct grower *grower, unsigned block)
{
    struct place place = {0};
    for (; at(grower, block)->role != ROLE_TASK; block = at(grower, block)->parent) {
        const struct grow_node *node = at(grower, block);
        place.depth++;
        if (node->role != ROLE_STATEMENT)
            continue;
        place.registers += grow_verbs[node->row].form == COUNTING;
        place.in_loop |= grow_is_loop(grow_verbs[node->row].form);
    }
    return place;
}

static bool may_stand(const struct grow_verb *verb, struct place place, bool last)
{
    bool ends = verb->form == LAST || verb->form == LEAVES || verb->form == FOREVER;
    bool nests = verb->form != PLAIN && verb->form != SPAWN && !(ends && verb->form != FOREVER);
    if (ends != last || (nests && place.depth >= GROW_DEEP))
        return false;
    if (verb->form == LEAVES)
        return place.in_loop;
    return (verb->form != COUNTING && verb->form != SPAWN) || place.registers + 1 < LIMIT_LOOPS;
}

static const struct grow_verb *choose_verb(struct grower *grower, const struct grow_verb *table, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (table[i].feature & grower->spec->without) != 0 ? 0 : table[i].weight;
    unsigned point = pick(grower, sum);
    for (;; table++) {
        unsigned weight = (table->feature & grower->spec->without) != 0 ? 0 : table->weight;
        if (point < weight)
            return table;
        point -= weight;
    }
}

static void grow_block(struct grower *grower, unsigned block, bool may_end);

static bool has_case(struct grower *grower, unsigned select, unsigned row, unsigned names)
{
    bool once = grow_case_verbs[row].names == 0;
    for (unsigned i = at(grower, select)->first; i != 0; i = at(grower, i)->next) {
        const struct grow_node *node = at(grower, i);
        if (node->row == row && (once || node->names == names))
            return true;
    }
    return false;
}

/* The first case goes on behind the select, so that what stands there can be reached. */
static void grow_cases(struct grower *grower, unsigned select)
{
    for (unsigned left = 1 + pick(grower, grower->spec->small ? 2 : 4); left > 0 && has_room(grower);
         left--) {
        const struct grow_verb *verb = choose_verb(grower, grow_case_verbs, grow_case_verb_count);
        unsigned row = (unsigned)(verb - grow_case_verbs);
        unsigned names = verb->names == 0 ? 0 : choose_named(grower, verb->names);
        if ((verb->names != 0 && names == 0) || has_case(grower, select, row, names))
            continue;
        bool first = at(grower, select)->first == 0;
        unsigned arm = add(grower, select, ROLE_CASE, row);
        at(grower, arm)->names = (uint16_t)names;
        at(grower, arm)->operand = choose_operand(grower, verb->operand);
        if (perhaps(grower, 50))
            grow_block(grower, arm, !first);
    }
    if (at(grower, select)->first != 0)
        return;
    for (unsigned row = 0; row < grow_case_verb_count; row++)
        if (strcmp(grow_case_verbs[row].verb, "done") == 0 && grow_case_verbs[row].names == 0)
            add(grower, select, ROLE_CASE, row);
}

/* The statement of that name on a thing of that kind. */
static void add_on(struct grower *grower, unsigned block, const char *verb, unsigned bits, unsigned names)
{
    for (unsigned row = 0; row < grow_verb_count; row++) {
        bool same = strcmp(grow_verbs[row].verb, verb) == 0 && grow_verbs[row].names == bits;
        if (same && has_room(grower))
            at(grower, add(grower, block, ROLE_STATEMENT, row))->names = (uint16_t)names;
    }
}

static void add_statement(struct grower *grower, unsigned block, const struct grow_verb *verb, unsigned names)
{
    unsigned mutex = verb->locked && perhaps(grower, 85) ? at(grower, names)->names : 0;
    if (mutex != 0)
        add_on(grower, block, "lock", MUTEX, mutex);
    unsigned index = add(grower, block, ROLE_STATEMENT, (unsigned)(verb - grow_verbs));
    at(grower, index)->names = (uint16_t)names;
    at(grower, index)->operand = choose_operand(grower, verb->operand);
    if (grower->statements > 0)
        grower->statements--;
    if (verb->form == CASES)
        grow_cases(grower, index);
    else if (verb->form == EITHER || grow_is_loop(verb->form))
        grow_block(grower, index, true);
    if (verb->form == EITHER && perhaps(grower, 40) && has_room(grower))
        grow_block(grower, add(grower, index, ROLE_ELSE, 0), false);
    if (verb->paired != NULL && perhaps(grower, 85)) {
        if (perhaps(grower, 40))
            grow_block(grower, block, false);
        add_on(grower, block, verb->paired, verb->names, names);
    }
    if (mutex != 0)
        add_on(grower, block, "unlock", MUTEX, mutex);
}

static void grow_statement(struct grower *grower, unsigned block, bool last)
{
    struct place place = place_of(grower, block);
    for (unsigned i = 0; i < TRIES && has_room(grower); i++) {
        const struct grow_verb *verb = choose_verb(grower, grow_verbs, grow_verb_count);
        if (!may_stand(verb, place, last))
            continue;
        unsigned names = verb->names == 0 ? 0 : choose_named(grower, verb->names);
        if (verb->names != 0 && names == 0)
            continue;
        add_statement(grower, block, verb, names);
        return;
    }
}

static void grow_block(struct grower *grower, unsigned block, bool may_end)
{
    unsigned depth = place_of(grower, block).depth;
    unsigned count = 1 + pick(grower, depth == 0 ? 4 : 2);
    for (; count > 0 && grower->statements > 0; count--)
        grow_statement(grower, block, false);
    if (may_end && perhaps(grower, depth == 0 ? 25 : 20))
        grow_statement(grower, block, true);
}

/* ---- things and tasks ---- */

/* A mutex among what is shared or the owner's; one is made where there is none. */
static unsigned mutex_beside(struct grower *grower, unsigned owner)
{
    unsigned row = 0;
    for (unsigned i = 1; i < grower->grown->count; i++) {
        const struct grow_node *node = at(grower, i);
        bool near = node->parent == owner || node->parent == 0;
        if (node->role == ROLE_THING && grow_kinds[node->row].bit == MUTEX && near)
            return i;
    }
    while (grow_kinds[row].bit != MUTEX)
        row++;
    return add(grower, owner, ROLE_THING, row);
}

static void grow_thing(struct grower *grower, unsigned owner)
{
    unsigned row, sum = 0;
    for (size_t i = 0; i < grow_kind_count; i++)
        sum += (grow_kinds[i].feature & grower->spec->without) != 0 ? 0 : grow_kinds[i].weight;
    unsigned point = pick(grower, sum);
    for (row = 0;; row++) {
        unsigned weight = (grow_kinds[row].feature & grower->spec->without) != 0 ? 0 : grow_kinds[row].weight;
        if (point < weight)
            break;
        point -= weight;
    }
    unsigned mutex = grow_kinds[row].bit == CONDITION ? mutex_beside(grower, owner) : 0;
    size_t makes = grow_texts(grow_kinds[row].makes, COUNT_OF(grow_kinds[0].makes));
    unsigned index = add(grower, owner, ROLE_THING, row);
    at(grower, index)->names = (uint16_t)mutex;
    at(grower, index)->operand = (uint8_t)pick(grower, makes);
}

/* A thing that is shared, and to which no condition is tied; 0: there is none. */
static unsigned choose_shared(struct grower *grower)
{
    unsigned found[GROW_NODES], count = 0;
    for (unsigned i = 1; i < grower->grown->count; i++) {
        const struct grow_node *node = at(grower, i);
        bool tied = node->names != 0;
        for (unsigned j = 1; j < grower->grown->count; j++)
            tied |= at(grower, j)->names == i;
        if (node->role == ROLE_THING && node->parent == 0 && !tied)
            found[count++] = i;
    }
    return count == 0 ? 0 : found[pick(grower, count)];
}

/* Makes a link of the task: each sees what is shared, or what the one before it has of the same name, at the
 * same distance. */
static void grow_link(struct grower *grower, unsigned task)
{
    unsigned shared = choose_shared(grower);
    bool far = at(grower, task)->many || shared == 0;
    for (unsigned i = 1; i < grower->grown->count; i++)
        for (unsigned by = at(grower, task)->spawner; by != 0; by = at(grower, by)->spawner)
            far |= at(grower, by)->many || (at(grower, i)->role == ROLE_THING && at(grower, i)->parent == by);
    if (far)
        return;
    unsigned own = add(grower, task, ROLE_THING, at(grower, shared)->row);
    at(grower, own)->operand = at(grower, shared)->operand;
    at(grower, own)->like = (uint16_t)shared;
    at(grower, task)->links = true;
}

/* main, and others of which each has one that surely spawns it; some are spawned by whoever likes. */
static void grow_tasks(struct grower *grower, unsigned most)
{
    unsigned tasks[GROW_NODES], count = 1 + pick(grower, most);
    for (unsigned i = 0; i < count; i++) {
        tasks[i] = add(grower, 0, ROLE_TASK, 0);
        at(grower, tasks[i])->spawner = (uint16_t)(i == 0 ? 0 : tasks[pick(grower, i)]);
        at(grower, tasks[i])->many = i > 0 && perhaps(grower, 25);
    }
    for (unsigned i = 1; i < count; i++)
        if (perhaps(grower, 40))
            for (unsigned things = 1 + pick(grower, 3); things > 0; things--)
                grow_thing(grower, tasks[i]);
    for (unsigned i = 1; i < count; i++)
        if ((grower->spec->without & GROW_CHAINS) == 0 && perhaps(grower, 20))
            grow_link(grower, tasks[i]);
}

static void grow_body(struct grower *grower, unsigned task)
{
    grower->task = task;
    unsigned spawn = 0;
    while (grow_verbs[spawn].form != SPAWN)
        spawn++;
    for (unsigned i = task + 1; i < grower->grown->count; i++) {
        if (at(grower, i)->role != ROLE_TASK || at(grower, i)->spawner != task || !has_room(grower))
            continue;
        if (perhaps(grower, 20))
            grow_statement(grower, task, false);
        add_statement(grower, task, &grow_verbs[spawn], i);
    }
    grow_block(grower, task, true);
}

void grow(struct grown *grown, const struct grow_spec *spec)
{
    struct grower grower = {.grown = grown, .spec = spec, .rng = {spec->seed}};
    *grown = (struct grown){.count = 1, .seed = spec->seed};
    unsigned most = spec->tasks == 0 ? 6 : spec->tasks < GROW_TASKS ? spec->tasks : GROW_TASKS;
    unsigned statements = spec->statements == 0 ? 60 : spec->statements;
    add(&grower, 0, ROLE_PARAMS, 0);
    for (unsigned things = 1 + pick(&grower, spec->small ? 3 : 8); things > 0; things--)
        grow_thing(&grower, 0);
    grow_tasks(&grower, most);
    unsigned tasks = 0, end = grown->count;
    for (unsigned i = 0; i < end; i++)
        tasks += grown->nodes[i].role == ROLE_TASK;
    for (unsigned i = 0; i < end; i++) {
        if (grown->nodes[i].role != ROLE_TASK)
            continue;
        grower.statements = 1 + statements / tasks;
        grow_body(&grower, i);
    }
}
