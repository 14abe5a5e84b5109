/* What the judge notes down about one start: environments and their things, classes of tasks, and places that
 * tasks may come to.
 *
 * Tasks that see the same environment and stand at the same place are one class, which is judged as one. A
 * class knows every place that its tasks may come to stand on (`reached`). Whoever may come to an operation
 * may carry it out as soon as its gate is open (judge/gate.h); until then an entry stands in the ring of the
 * thing that closes the gate, and is looked at again when more has become possible with that thing. What is
 * possible only grows, so that the work is in proportion to the number of classes times the places of their
 * programs.
 *
 * Tasks that may be spawned are classes too. Those with things of their own get an environment that does not
 * exist yet: a virtual record, with things as they are made. It stands for all that may ever be spawned
 * there. Where a kind spawns itself the records end in a ghost: things of its own are nobody else's concern,
 * and its tasks may do whatever their program says to the things outside. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "judge/facts.h"
#include "judge/store.h"

/* Who offers something on a thing: nobody, one task (a class), or several. A task alone does not serve
 * itself. */
#define OFFER_NONE STORE_NONE
#define OFFER_MANY UINT32_MAX

/* Sides on which is offered. Who polls (a select with a default) never waits, and so two who poll never
 * meet. */
enum side { SIDE_SEND, SIDE_RECV, SIDE_POLL_SEND, SIDE_POLL_RECV, SIDES, SIDE_SIGNAL = 0 };

/* What may happen to a thing. */
enum deed {
    DEED_CLOSE = 1,        /* channel */
    DEED_LOCK = 2,         /* mutex; rwmutex, for writing */
    DEED_UNLOCK = 4,       /* mutex; rwmutex, for writing */
    DEED_READ_LOCK = 8,    /* rwmutex */
    DEED_READ_UNLOCK = 16, /* rwmutex */
    DEED_ADD = 32,         /* group */
    DEED_FINISH = 64,      /* group */
    DEED_ZERO = 128,       /* group: its counter may come to 0; where counters are summed up */
};

struct thing_rec {
    store_ref ring;          /* the last of the entries that wait here; it leads to the first */
    store_ref offers[SIDES]; /* by side: OFFER_NONE, a class, or OFFER_MANY */
    uint32_t deeds;          /* that are possible */
};

struct env_rec {
    struct env *env;    /* NULL: virtual, or a ghost */
    store_ref parent;   /* the next one outward; of an existing one made when it is first needed */
    store_ref next;     /* of those that exist */
    store_ref owner;    /* the class of the task whose own it is, if there is one */
    store_ref classes;  /* of the others */
    store_ref children; /* virtual ones, by `sibling` */
    store_ref sibling;
    store_ref ghost;           /* the ghost inside of it, if there is one */
    uint16_t layout;           /* NO_LAYOUT: a ghost */
    uint16_t kind;             /* virtual: of its owner */
    uint16_t made;             /* existing: virtual ones inside of it, all in all */
    uint8_t depth;             /* ghost: how far it is from something that is not */
    struct thing_rec things[]; /* as in its layout */
};

/* How a class stands at its first place. */
enum place { PLACE_READY, PLACE_BLOCKED, PLACE_SPAWNED, PLACE_DOOMED };

/* Legs of one operation: only waiting for a condition has more than one. */
enum leg { LEG_BEGIN, LEG_WAITING, LEG_RELOCK };

enum class_flag {
    CLASS_MANY = 1,    /* may be more than one task, as seen from the things of its environment */
    CLASS_MOVES = 2,   /* may go on from where it is blocked */
    CLASS_ENDS = 4,    /* may come to its end */
    CLASS_UNGATED = 8, /* whatever its program says is possible */
};

struct class
{
    store_ref rec;
    store_ref next; /* in rec->classes */
    uint16_t pc;    /* its first place */
    uint16_t kind;
    uint8_t place;      /* enum place */
    uint8_t leg;        /* enum leg, of its first place */
    uint8_t flags;      /* enum class_flag */
    store_ref ledger;   /* where counters are summed up */
    uint64_t reached[]; /* bit leg * count + pc - low */
};

/* What a class may take away from the group at hand, see judge/balance.h. */
struct ledger {
    store_ref next;
    store_ref class;
    store_ref least; /* of int64_t, by place as in class->reached, without legs; STORE_NONE: not yet made */
    uint32_t tasks;  /* that exist; 0: those that may be spawned */
};

#define ARM_ALL UINT8_MAX /* a select, before its cases have entries of their own */

/* A class has come to a place. */
struct entry {
    store_ref next;
    store_ref class;
    uint16_t pc;
    uint8_t leg;
    uint8_t arm; /* of a select */
};

struct records {
    struct store store;
    const struct facts *facts;
    bool hold;          /* environments are held, since others go on meanwhile */
    bool sums;          /* counters are summed up: nothing happens meanwhile, and somebody waits for them */
    uint32_t sums_left; /* places that may still be looked at for it */
    bool failed;        /* memory was out: what is noted down is not complete */
    store_ref root;     /* the start's environment */
    store_ref ledgers;
    store_ref work;  /* entries to be looked at, a stack */
    store_ref spare; /* entries */
};

static inline struct env_rec *rec_at(const struct records *records, store_ref rec)
{
    return store_at(&records->store, rec);
}
static inline struct class *class_at(const struct records *records, store_ref class)
{
    return store_at(&records->store, class);
}
static inline struct entry *entry_at(const struct records *records, store_ref entry)
{
    return store_at(&records->store, entry);
}
static inline struct ledger *ledger_at(const struct records *records, store_ref ledger)
{
    return store_at(&records->store, ledger);
}
static inline bool rec_is_ghost(const struct env_rec *rec)
{
    return rec->layout == NO_LAYOUT;
}

/* Places that are looked at for the sums of one start. */
#define SUMS_MOST 4096

/* Begins with a start: nothing is noted down but its environment. False when memory is out. */
bool records_begin(struct records *records, const struct facts *facts, struct start *start, bool hold);

/* Lets go of up to *most environments that are held, and of their marks; true when none is left. */
bool records_release(struct records *records, uint32_t *most);

/* The owner of an environment that does not exist in the records, but has a mark, is about to end: the mark
 * is taken away in time. */
void record_leave(struct records *records, struct env *env);

/* Each returns STORE_NONE when memory is out, and has noted that in records->failed. */

/* The record of an environment that exists. */
store_ref record_env(struct records *records, struct env *env);
/* The next one outward of a record that has one. */
store_ref record_parent(struct records *records, store_ref inner);
/* The class of a task that exists and has no environment of its own, at this place; one more task is in it.
 */
store_ref record_class(struct records *records, store_ref in, uint16_t kind, uint16_t pc, enum place place,
                       enum leg leg);
/* The class of the one task whose own environment this is. */
store_ref record_owner(struct records *records, store_ref of, uint16_t kind, uint16_t pc, enum place place,
                       enum leg leg);
/* The class of the tasks of `kind` that a task there may spawn. */
store_ref record_spawned(struct records *records, store_ref by, uint16_t kind);

/* Notes that tasks of the class may come to `pc`, on that leg. */
void record_reach(struct records *records, store_ref class, uint16_t pc, enum leg leg);
/* An entry of its own, on the stack. */
void record_push(struct records *records, store_ref class, uint16_t pc, enum leg leg, uint8_t arm);
/* Takes the next entry from the stack; there is one. */
store_ref record_pop(struct records *records);
/* Puts an entry that is not on the stack into a thing's ring, or away. */
void record_park(struct records *records, struct thing_rec *thing, store_ref entry);
void record_drop(struct records *records, store_ref entry);
/* More has become possible with this thing: all who wait there are looked at again. */
void record_stir(struct records *records, struct thing_rec *thing);
