/* One start of a program, run on a clock of its own that jumps from timer to timer, to see what starts amount
 * to: how many tasks and how much heap, for how long, and what stays. It really holds what its tasks hold, so
 * that it is for starts of at most SAMPLE_TASKS and SAMPLE_BYTES; a few
 * milliseconds as a rule, and some tens at the most. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "runtime/program.h"

#define SAMPLE_TASKS 4000u
#define SAMPLE_BYTES (32u << 20)

/* What a start has some of, and of what a daemon allows so much: live tasks, bytes that count against
 * max_heap, and each supply (AMOUNT_SUPPLY + SUPPLY_...). */
enum amount { AMOUNT_TASKS, AMOUNT_BYTES, AMOUNT_SUPPLY, AMOUNTS = AMOUNT_SUPPLY + SUPPLIES };

/* Means of starts, which add up and can be multiplied. */
struct sample {
    double spawned;          /* tasks, the owner included */
    double most[AMOUNTS];    /* at a time */
    double left[AMOUNTS];    /* at the end: once its owner has left and all have gone who can */
    double seconds[AMOUNTS]; /* for which it had each, less those of what is left: what starts that are not
                                over yet add to what earlier ones have left */
};

struct sample_spec {
    const struct program *program;
    const int64_t *params;
    int64_t linger_ns; /* 0: the owner stays, and the end is SAMPLE_NS later */
    int64_t holds_bytes;
    uint64_t seed;
};

/* What is watched of a start at most, on its own clock. */
#define SAMPLE_NS 600000000000ull

/* *fits is false, and the sample of no use, when the start is larger than a sample may be. ERR_MEMORY;
 * ERR_RANGE: an operand is out of bounds for its operation. */
enum err sample_take(const struct sample_spec *spec, struct sample *sample, bool *fits);
