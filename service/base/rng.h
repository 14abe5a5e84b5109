/* A small seeded generator (splitmix64, Steele, Lea and Flood 2014): 8 bytes of state, the same seed gives
 * the same run. Not for secrets. */
#pragma once

#include <stdint.h>

struct rng {
    uint64_t state;
};

uint64_t rng_next(struct rng *rng);

/* A number below `bound`, evenly spread; `bound` is at least 1. */
uint32_t rng_below(struct rng *rng, uint32_t bound);
