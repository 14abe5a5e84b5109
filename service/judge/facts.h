/* What the judge looks up about a program again and again, worked out once for each workload that it visits:
 * programs come and go, and this is cheaper than to remember them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/runtime.h"

struct facts {
    const struct program *program;
    const int64_t *values; /* the workload's operands */
    uint8_t hops;          /* environments outward that the farthest sight goes */
    bool joins;            /* somebody waits for groups */
    struct {
        uint16_t low;   /* its operations lie from here on ... */
        uint16_t count; /* ... within so many */
        bool waits;     /* it waits for conditions */
    } kinds[LIMIT_TASK_KINDS];
};

void facts_init(struct facts *facts, const struct workload *workload);

/* True for an operation on a thing: op->thing then says which. */
bool op_is_on_thing(enum op_code code);
