/* Who does what to which thing: what every step of a program does to channels, tickers, scopes, locks, groups
 * and conditions, and who must do what somebody else waits for. Pictures (language/graph.h) and the look at a
 * program before it runs (judge/preview.h) read it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "language/outward.h"
#include "runtime/program.h"

/* What a step does to a thing. A set of them is a mask of bits. */
enum role {
    ROLE_NONE = 0,
    ROLE_SEND = 1 << 0,
    ROLE_RECV = 1 << 1,
    ROLE_CLOSE = 1 << 2,
    ROLE_TICK = 1 << 3,
    ROLE_STOP = 1 << 4,
    ROLE_DONE = 1 << 5,
    ROLE_CANCEL = 1 << 6,
    ROLE_LOCK = 1 << 7,
    ROLE_UNLOCK = 1 << 8,
    ROLE_RLOCK = 1 << 9,
    ROLE_RUNLOCK = 1 << 10,
    ROLE_ADD = 1 << 11,
    ROLE_FINISH = 1 << 12,
    ROLE_JOIN = 1 << 13,
    ROLE_WAIT = 1 << 14,
    ROLE_SIGNAL = 1 << 15,
    ROLE_BROADCAST = 1 << 16,
    ROLE_MADE = 1 << 17, /* not a step's: the thing is there */
    ROLE_OPEN = 1 << 18,
    ROLE_SHUT = 1 << 19,
    ROLE_SET = 1 << 20,
    ROLE_TEST = 1 << 21
};
#define ROLE_COUNT 32 /* bits of a set of roles */

/* Who does the one needs somebody who does one of the others. */
struct need {
    enum thing_kind kind;
    uint32_t needs;
    uint32_t others;
    const char *missing; /* "nobody receives" */
    bool inward;         /* in a picture the arrow that is missing leads to the thing */
};

/* All of them. */
extern const struct need role_needs[];
extern const size_t role_need_count;

/* What the steps of the program do to one thing, or to what may be one of several. */
struct facts {
    uint32_t done;   /* roles that some step has */
    uint32_t urgent; /* roles that some step has without another way on */
};

struct roles {
    const struct program *program;
    struct outward outward;
    struct facts *facts;                  /* of all things, layout by layout, then of program->outers */
    uint32_t bases[LIMIT_TASK_KINDS + 2]; /* of each layout: where its things begin in facts */
    bool has_start;                       /* somebody listens to the start's scope */
};

/* What an operation has to do with: the index of a thing's facts, or the start's scope. What may be one of
 * several (program->outers) has an index of its own, from roles_things() on: it is never what the task sees
 * under the same name as its own, and may be what another task does. What is done to it is among the facts of
 * each of them. */
#define ROLE_START UINT32_MAX
struct use {
    uint32_t role;
    uint32_t thing;
};

/* Looks through a sound program (program_verify), which is borrowed. ERR_MEMORY: nothing to deinitialise. */
enum err roles_init(struct roles *roles, const struct program *program);
void roles_deinit(struct roles *roles);

/* How many things there are, those of all layouts. */
uint32_t roles_things(const struct roles *roles);

/* True for what may be one of several. */
static inline bool roles_varies(const struct roles *roles, uint32_t thing)
{
    return thing != ROLE_START && thing >= roles->bases[roles->program->layout_count];
}

/* Begins at 0 with *next; each call gives one of the things that an index of facts may mean, itself if it is
 * that of a thing. False after the last. */
bool roles_each(const struct roles *roles, uint32_t thing, uint16_t *next, uint32_t *one);

/* The thing behind an index of facts, and the layout in which it lies (may be NULL): the first of several. */
const struct thing_spec *roles_thing(const struct roles *roles, uint32_t thing, uint16_t *layout);

/* The uses of an operation, in the order of its cases. Cases that use nothing, such as `after`, are left out,
 * and so are things that nobody who runs can see. */
unsigned roles_uses(const struct roles *roles, const struct op *op, struct use uses[static LIMIT_CASES]);

/* The use of one case of a select; its role is ROLE_NONE where roles_uses() leaves it out. */
struct use roles_case(const struct roles *roles, const struct op *op, uint16_t which);
