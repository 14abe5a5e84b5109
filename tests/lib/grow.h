/* Random patterns that the language accepts, from a seed. A grown pattern is plain data, a tree of statements
 * that may be copied by assignment: whoever finds that one makes a test fail cuts away what the failure does
 * not need (shrink) and shows the rest.
 *
 * What may grow is said once, in the tables of grow.c: a statement is one line in `verbs`, a kind of thing
 * one line in `kinds`. What nobody can reach is not written: the statements that name a thing or spawn a task
 * which was cut go with it. Generating and shrinking are QuickCheck's (Claessen and Hughes 2000). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* What a pattern may do without. Everything else is in. */
enum grow_feature {
    GROW_CHANCE = 1,   /* `chance`, so that the only draws are those of selects */
    GROW_TIME = 2,     /* sleeps, tickers and timeouts: nothing waits for the clock */
    GROW_LOCKS = 4,    /* locks, groups and conditions */
    GROW_PANICS = 8,   /* `panic`; tasks may still panic by what they do to a thing */
    GROW_HEAP = 16,    /* `hold`, `lose`, `drop` and queues */
    GROW_SELECTS = 32, /* `select` */
    GROW_NUMBERS = 64, /* numbers, and `set` and `if` on them */
    GROW_CHAINS = 128, /* tasks that spawn themselves and see what the one before them has */
    GROW_REAL = 256    /* files, sockets, handles, threads and jobs, `open` and `shut` */
};

#define GROW_NODES 200 /* of one pattern: things, tasks, statements, cases */
#define GROW_TASKS 16
#define GROW_DEEP  5 /* blocks inside each other */

struct grow_spec {
    uint64_t seed;
    unsigned without;    /* of enum grow_feature */
    unsigned tasks;      /* at most, main included, and GROW_TASKS; 0: 6 */
    unsigned statements; /* roughly, at most; 0: 60 */
    bool small; /* operands from the simple end of their lists, for who explores all that can happen */
};

struct grow_node {
    uint8_t role;               /* enum grow_role of grow.c */
    uint8_t row;                /* in the table of its role */
    uint8_t operand;            /* in the list of its operands, simplest first */
    bool cut;                   /* not written, and neither is what is inside or what names it */
    bool hollow;                /* what is inside is written in its place */
    bool many;                  /* a task: spawned by others than its first spawner too */
    bool links;                 /* a task: spawns itself, and has a thing that is like a shared one */
    uint16_t parent;            /* a thing's: the root when it is shared, else the task whose own it is */
    uint16_t first, last, next; /* what is inside, in order; 0: nothing */
    uint16_t names;   /* the thing, or the task, that a statement names; a condition's mutex; 0: none */
    uint16_t spawner; /* a task: the first that spawns it */
    uint16_t like;    /* a thing of a link: the shared one whose name it has; 0: its name is its own */
};

struct grown {
    struct grow_node nodes[GROW_NODES]; /* [0] is the root */
    unsigned count;
    uint64_t seed;
};

/* The same spec grows the same pattern. */
void grow(struct grown *grown, const struct grow_spec *spec);

/* Appends params, share and fix: what stands between a pattern's head and its `expect`. */
void grow_write(const struct grown *grown, struct buf *text);

/* True when a pattern still does what it should not. It may be asked of patterns that the language refuses
 * now, which it takes for harmless. */
typedef bool grow_test(const struct grown *grown, void *argument);

/* Cuts, hollows and simplifies for as long as `fails` stays true of the rest, of which no single further cut
 * is then possible. Returns how often it asked. */
unsigned grow_shrink(struct grown *grown, grow_test *fails, void *argument);

/* Statements that grow_write shows, cases included. */
unsigned grow_size(const struct grown *grown);
