/* What a program's tasks can come to at all, with its operands resolved: a fixed point from main's first
 * operation. A task goes on behind a step that waits only when somebody can come to the step that would let
 * it: a send needs a receiver other than itself, a receive needs a sender or a close, and so on. What is not
 * reached is reached in no run; what is reached may still come too late or too seldom, since this counts
 * nothing and knows no order between tasks. Reading only; any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "language/role.h"
#include "runtime/program.h"

struct flow {
    const struct program *program;
    const int64_t *values; /* resolved operands */
    const struct roles *roles;
    uint64_t (*who)[ROLE_COUNT];           /* by thing: kinds of task that can come to a step of each role */
    uint32_t *outer;                       /* by thing: roles of those who may see it as somebody else's */
    uint64_t single[LIMIT_TASK_KINDS];     /* by kind, bit o: one of it at most for each task of kind o */
    uint16_t owners[LIMIT_TASK_KINDS + 1]; /* by layout: the kind whose own it is; main for the start's */
    bool closed[LIMIT_OPS];                /* in: nobody ever comes past these, as somebody else found out */
    bool reached[LIMIT_OPS];
    bool must[LIMIT_OPS]; /* scratch */
};

/* `program` is sound; all three are borrowed. ERR_MEMORY: nothing to deinitialise. */
enum err flow_init(struct flow *flow, const struct program *program, const int64_t *values,
                   const struct roles *roles);
void flow_deinit(struct flow *flow);

/* Finds what is reached; again after a change of `closed`. */
void flow_run(struct flow *flow);

/* Where a task goes on after an operation, as program_successors tells it, and which of these ways are open.
 * Returns how many there are. */
unsigned flow_ways(struct flow *flow, uint16_t index, uint16_t next[static PROGRAM_SUCCESSORS],
                   bool open[static PROGRAM_SUCCESSORS]);

/* Whether one case of a select may come. */
bool flow_case(const struct flow *flow, const struct op *op, uint16_t which);

/* Somebody who may be there beside a task of `kind` comes to a step with one of these roles on the thing:
 * another kind, or another task of the same kind where there may be more than one that see the thing. */
bool flow_other(const struct flow *flow, uint16_t kind, uint32_t thing, uint32_t roles);

/* Somebody comes to such a step, the asking task included. */
bool flow_any(const struct flow *flow, uint32_t thing, uint32_t roles);

/* Such a step is come to by somebody to whom the thing may be another task's (`outer.jobs`), though of the
 * same kind. */
bool flow_outer(const struct flow *flow, uint32_t thing, uint32_t roles);

/* A task of this kind comes to such a step. */
bool flow_does(const struct flow *flow, uint16_t kind, uint32_t thing, uint32_t roles);

/* Main, or a kind that somebody reached spawns. */
bool flow_kind(const struct flow *flow, uint16_t kind);

/* The operation has one of these roles on the thing; the cases of a select are not looked at. */
bool flow_uses(const struct flow *flow, const struct op *op, uint32_t thing, uint32_t roles);

/* A task may come back to this operation. */
bool flow_in_cycle(const struct program *program, uint16_t index);

/* Where a task ends by itself: END, LEAVE. */
bool flow_ends(const struct op *op);

/* Where a task may have to wait. */
bool flow_waits(const struct op *op);
