#include "judge/record.h"

#include "base/macros.h"
#include "runtime/watch.h"

#define VIRTUALS_MOST 64 /* inside of one environment that exists: then ghosts, which are few */

static store_ref take(struct records *records, size_t bytes)
{
    store_ref taken = store_take(&records->store, bytes);
    if (taken == STORE_NONE)
        records->failed = true;
    return taken;
}

static store_ref rec_new(struct records *records, uint16_t layout, store_ref parent)
{
    uint16_t things = layout == NO_LAYOUT ? 0 : records->facts->program->layouts[layout].count;
    store_ref made = take(records, sizeof(struct env_rec) + things * sizeof(struct thing_rec));
    if (made == STORE_NONE)
        return STORE_NONE;
    struct env_rec *rec = rec_at(records, made);
    rec->layout = layout;
    rec->parent = parent;
    return made;
}

/* Lists a record whose environment is to be let go of in the end. */
static void enlist(struct records *records, store_ref made)
{
    struct env_rec *root = rec_at(records, records->root), *rec = rec_at(records, made);
    if (records->hold)
        watch_hold(rec->env);
    rec->next = root->next;
    root->next = made;
}

/* The record of an environment that exists, listed behind the start's, which is the first of them. */
static store_ref rec_existing(struct records *records, struct env *env)
{
    store_ref made = rec_new(records, env->layout, STORE_NONE);
    if (made == STORE_NONE)
        return STORE_NONE;
    struct env_rec *rec = rec_at(records, made);
    rec->env = env;
    if (records->root == STORE_NONE) {
        if (records->hold)
            watch_hold(env);
        records->root = made;
        return made;
    }
    enlist(records, made);
    watch_owner(env)->mark = made;
    return made;
}

bool records_begin(struct records *records, const struct facts *facts, struct start *start, bool hold)
{
    store_reset(&records->store);
    records->facts = facts;
    records->hold = hold;
    records->sums = !hold && facts->joins && facts->program->op_count <= STORE_PIECE_BYTES / sizeof(int64_t);
    records->sums_left = SUMS_MOST;
    records->failed = false;
    records->root = records->ledgers = records->work = records->spare = STORE_NONE;
    return rec_existing(records, &start->env) != STORE_NONE;
}

bool records_release(struct records *records, uint32_t *most)
{
    for (; *most > 0 && records->root != STORE_NONE; --*most) {
        struct env_rec *root = rec_at(records, records->root);
        struct env_rec *rec = root->next == STORE_NONE ? root : rec_at(records, root->next);
        struct env *env = rec->env;
        if (rec == root) {
            records->root = STORE_NONE;
        } else {
            root->next = rec->next;
            watch_owner(env)->mark = STORE_NONE;
        }
        if (records->hold)
            watch_release(env);
    }
    return records->root == STORE_NONE;
}

void record_leave(struct records *records, struct env *env)
{
    /* Unless others still see it the environment goes at once, and the mark with it. */
    store_ref made = env->refs > 1 ? rec_new(records, NO_LAYOUT, STORE_NONE) : STORE_NONE;
    if (made == STORE_NONE) {
        watch_owner(env)->mark = STORE_NONE;
        return;
    }
    rec_at(records, made)->env = env;
    enlist(records, made);
}

store_ref record_env(struct records *records, struct env *env)
{
    if (env->parent == NULL)
        return records->root;
    store_ref mark = watch_owner(env)->mark;
    return mark != STORE_NONE ? mark : rec_existing(records, env);
}

store_ref record_parent(struct records *records, store_ref inner)
{
    struct env_rec *rec = rec_at(records, inner);
    if (rec->parent == STORE_NONE)
        rec->parent = record_env(records, rec->env->parent);
    return rec->parent;
}

/* ---- classes ---- */

static store_ref ledger_new(struct records *records, store_ref class, enum place place)
{
    store_ref made = take(records, sizeof(struct ledger));
    if (made == STORE_NONE)
        return STORE_NONE;
    *ledger_at(records, made) =
        (struct ledger){.next = records->ledgers, .class = class, .tasks = place == PLACE_SPAWNED ? 0 : 1};
    return records->ledgers = made;
}

static store_ref class_new(struct records *records, store_ref rec, uint16_t kind, uint16_t pc,
                           enum place place)
{
    size_t bits = records->facts->kinds[kind].count * (records->facts->kinds[kind].waits ? 3u : 1u);
    store_ref made = take(records, sizeof(struct class) + (bits + 63) / 64 * sizeof(uint64_t));
    if (made == STORE_NONE)
        return STORE_NONE;
    struct class *class = class_at(records, made);
    class->rec = rec;
    class->kind = kind;
    class->pc = pc;
    class->place = (uint8_t)place;
    if (records->sums)
        class->ledger = ledger_new(records, made, place);
    return made;
}

/* Begins with its first place. */
static store_ref class_begun(struct records *records, store_ref made, enum leg leg)
{
    struct class *class = class_at(records, made);
    class->leg = (uint8_t)leg;
    if (class->place == PLACE_DOOMED)
        class->flags |= CLASS_ENDS;
    else
        record_reach(records, made, class->pc, leg);
    return made;
}

/* One of the classes of a record; whoever was found last comes first. */
static store_ref class_find(struct records *records, struct env_rec *rec, uint16_t pc, enum place place,
                            enum leg leg)
{
    for (store_ref *from = &rec->classes, at; (at = *from) != STORE_NONE;
         from = &class_at(records, at)->next) {
        struct class *class = class_at(records, at);
        if (class->pc != pc || class->place != place || class->leg != leg)
            continue;
        *from = class->next;
        class->next = rec->classes;
        return rec->classes = at;
    }
    return STORE_NONE;
}

static store_ref class_add(struct records *records, store_ref in, uint16_t kind, uint16_t pc,
                           enum place place, enum leg leg, uint8_t flags)
{
    store_ref made = class_new(records, in, kind, pc, place);
    if (made == STORE_NONE)
        return STORE_NONE;
    struct env_rec *rec = rec_at(records, in);
    struct class *class = class_at(records, made);
    class->flags = flags;
    class->next = rec->classes;
    rec->classes = made;
    return class_begun(records, made, leg);
}

store_ref record_class(struct records *records, store_ref in, uint16_t kind, uint16_t pc, enum place place,
                       enum leg leg)
{
    store_ref found = class_find(records, rec_at(records, in), pc, place, leg);
    if (found == STORE_NONE)
        return class_add(records, in, kind, pc, place, leg, 0);
    struct class *class = class_at(records, found);
    class->flags |= CLASS_MANY;
    if (records->sums)
        ledger_at(records, class->ledger)->tasks++;
    return found;
}

store_ref record_owner(struct records *records, store_ref of, uint16_t kind, uint16_t pc, enum place place,
                       enum leg leg)
{
    store_ref made = class_new(records, of, kind, pc, place);
    if (made == STORE_NONE)
        return STORE_NONE;
    rec_at(records, of)->owner = made;
    return class_begun(records, made, leg);
}

/* ---- those who may be spawned ---- */

/* The ghost inside of a record. Beyond the farthest sight all ghosts are alike. */
static store_ref ghost_in(struct records *records, store_ref outer)
{
    struct env_rec *rec = rec_at(records, outer);
    if (rec_is_ghost(rec) && rec->depth >= records->facts->hops)
        return outer;
    if (rec->ghost == STORE_NONE) {
        store_ref made = rec_new(records, NO_LAYOUT, outer);
        if (made == STORE_NONE)
            return STORE_NONE;
        rec_at(records, made)->depth = rec_is_ghost(rec) ? (uint8_t)(rec->depth + 1) : 1;
        rec->ghost = made;
    }
    return rec->ghost;
}

/* True when the kind is among those whose virtual environments these are, from this one outward. */
static bool recurs(const struct records *records, const struct env_rec *rec, uint16_t kind)
{
    for (; rec->env == NULL; rec = rec_at(records, rec->parent))
        if (rec->kind == kind)
            return true;
    return false;
}

/* One more virtual one may be made inside of the existing one around here. */
static bool has_room(struct records *records, struct env_rec *rec)
{
    while (rec->env == NULL)
        rec = rec_at(records, rec->parent);
    return rec->made < VIRTUALS_MOST ? ++rec->made, true : false;
}

static store_ref spawned_in(struct records *records, store_ref in, uint16_t kind, uint8_t flags)
{
    uint16_t entry = records->facts->program->kinds[kind].entry;
    if (in == STORE_NONE)
        return STORE_NONE;
    store_ref found = class_find(records, rec_at(records, in), entry, PLACE_SPAWNED, LEG_BEGIN);
    return found != STORE_NONE ? found : class_add(records, in, kind, entry, PLACE_SPAWNED, LEG_BEGIN, flags);
}

/* A virtual environment and its owner, which sees it alone. */
static store_ref virtual_new(struct records *records, store_ref outer, uint16_t kind)
{
    const struct task_kind *spawned = &records->facts->program->kinds[kind];
    store_ref made = rec_new(records, spawned->layout, outer);
    if (made == STORE_NONE)
        return STORE_NONE;
    struct env_rec *rec = rec_at(records, made), *around = rec_at(records, outer);
    rec->kind = kind;
    rec->sibling = around->children;
    around->children = made;
    return record_owner(records, made, kind, spawned->entry, PLACE_SPAWNED, LEG_BEGIN);
}

store_ref record_spawned(struct records *records, store_ref by, uint16_t kind)
{
    struct env_rec *rec = rec_at(records, by);
    bool own = records->facts->program->kinds[kind].layout != NO_LAYOUT;
    if (rec_is_ghost(rec))
        return spawned_in(records, own ? ghost_in(records, by) : by, kind, CLASS_MANY | CLASS_UNGATED);
    if (!own)
        return spawned_in(records, by, kind, CLASS_MANY);
    for (store_ref at = rec->children; at != STORE_NONE; at = rec_at(records, at)->sibling)
        if (rec_at(records, at)->kind == kind)
            return rec_at(records, at)->owner;
    if (recurs(records, rec, kind) || !has_room(records, rec))
        return spawned_in(records, ghost_in(records, by), kind, CLASS_MANY | CLASS_UNGATED);
    return virtual_new(records, by, kind);
}

/* ---- places ---- */

void record_push(struct records *records, store_ref class, uint16_t pc, enum leg leg, uint8_t arm)
{
    store_ref made = records->spare;
    if (made != STORE_NONE)
        records->spare = entry_at(records, made)->next;
    else if ((made = take(records, sizeof(struct entry))) == STORE_NONE)
        return;
    *entry_at(records, made) = (struct entry){records->work, class, pc, (uint8_t)leg, arm};
    records->work = made;
}

void record_reach(struct records *records, store_ref class, uint16_t pc, enum leg leg)
{
    struct class *at = class_at(records, class);
    unsigned bit = (unsigned)leg * records->facts->kinds[at->kind].count +
                   (unsigned)(pc - records->facts->kinds[at->kind].low);
    if ((at->reached[bit / 64] >> bit % 64 & 1) != 0)
        return;
    at->reached[bit / 64] |= 1ull << bit % 64;
    record_push(records, class, pc, leg, ARM_ALL);
}

store_ref record_pop(struct records *records)
{
    store_ref entry = records->work;
    records->work = entry_at(records, entry)->next;
    return entry;
}

void record_park(struct records *records, struct thing_rec *thing, store_ref entry)
{
    struct entry *at = entry_at(records, entry);
    if (thing->ring == STORE_NONE) {
        at->next = entry;
    } else {
        struct entry *last = entry_at(records, thing->ring);
        at->next = last->next;
        last->next = entry;
    }
    thing->ring = entry;
}

void record_drop(struct records *records, store_ref entry)
{
    entry_at(records, entry)->next = records->spare;
    records->spare = entry;
}

void record_stir(struct records *records, struct thing_rec *thing)
{
    if (thing->ring == STORE_NONE)
        return;
    struct entry *last = entry_at(records, thing->ring);
    store_ref first = last->next;
    last->next = records->work;
    records->work = first;
    thing->ring = STORE_NONE;
}
