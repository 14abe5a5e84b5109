/* What may grow: a statement is one line in `grow_verbs` of grow_table.c, a case of a select one in
 * `grow_cases`, a kind of thing one in `grow_kinds`. For the files of grow.h alone. */
#pragma once

#include <stddef.h>

#include "grow.h"

enum grow_role { ROLE_ROOT, ROLE_PARAMS, ROLE_THING, ROLE_TASK, ROLE_STATEMENT, ROLE_CASE, ROLE_ELSE };

/* Kinds of thing, as bits of what a statement may name. */
enum {
    CHANNEL = 1,
    TICKER = 2,
    SCOPE = 4,
    MUTEX = 8,
    RWMUTEX = 16,
    GROUP = 32,
    CONDITION = 64,
    TASK = 128,
    QUEUE = 256,
    NUMBER = 512,
    REAL = 1024
};

/* `makes` are declarations; a condition's goes on with the name of its mutex. */
struct grow_kind {
    const char *word; /* its things are called word1, word2, ... */
    unsigned bit;
    const char *makes[6]; /* simplest first */
    unsigned feature;     /* not grown by who does without it; 0: always there */
    unsigned weight;
};

enum operand {
    NO_OPERAND,
    COUNT,
    TASKS,
    DURATION,
    WORKLOAD,
    SIZE,
    LOSS,
    PERCENT,
    TEST,
    LOOK,
    CHANGE,
    OPERANDS
};

/* How a statement is written, and what that asks of its place. */
enum form {
    PLAIN,
    EITHER,   /* something stands inside, and an `else` may follow */
    AROUND,   /* a loop that ends by itself: something inside, `break` may leave it */
    COUNTING, /* the same, and it takes a register */
    FOREVER,  /* the same, last in its block */
    CASES,    /* a select */
    SPAWN,    /* takes a register */
    LAST,     /* nothing may stand behind it */
    LEAVES    /* the same, inside a loop only */
};

struct grow_verb {
    const char *verb;
    unsigned names; /* kinds of thing */
    enum operand operand;
    enum form form;
    unsigned weight;
    unsigned feature;
    const char *paired; /* often follows in the same block, on the same thing */
    bool locked;        /* mostly stands between a lock and an unlock of its condition's mutex */
};

extern const struct grow_kind grow_kinds[];
extern const struct grow_verb grow_verbs[];
extern const struct grow_verb grow_case_verbs[];
extern const size_t grow_kind_count, grow_verb_count, grow_case_verb_count;

/* The texts of an operand, simplest first: shrinking goes to the first, `small` stays with the first two. */
extern const char *const grow_operands[OPERANDS][12];

/* How many texts a list has, which ends in NULL or with its array. */
size_t grow_texts(const char *const *texts, size_t most);

static inline const struct grow_verb *grow_verb(const struct grow_node *node)
{
    return node->role == ROLE_CASE ? &grow_case_verbs[node->row] : &grow_verbs[node->row];
}

static inline bool grow_is_loop(enum form form)
{
    return form == AROUND || form == COUNTING || form == FOREVER;
}
