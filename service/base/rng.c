#include "base/rng.h"

#include "base/macros.h"

uint64_t rng_next(struct rng *rng)
{
    uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t rng_below(struct rng *rng, uint32_t bound)
{
    CHECK(bound > 0);
    /* Lemire's multiply-shift; the bias is below 2^-32 of the bound, which no pattern can notice. */
    return (uint32_t)(((rng_next(rng) >> 32) * bound) >> 32);
}
