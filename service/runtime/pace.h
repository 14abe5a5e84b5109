/* How long who works on a thread has to rest so that it takes no more than a share of a processor: after each
 * piece of work a rest of (100 - share) / share of its length. Rests of less than a millisecond are saved up,
 * since a timer cannot tell them. Whoever rested longer than it had to gets nothing for it. */
#pragma once

#include <stdint.h>

struct pace {
    uint32_t percent; /* 1 to 100 */
    uint64_t free_ns; /* when the rest for what was done ends */
};

/* It has worked from one moment to another. */
void pace_worked(struct pace *pace, uint64_t from_ns, uint64_t until_ns);

/* How long it still has to rest: 0, or at least a millisecond. */
uint64_t pace_rest_ns(const struct pace *pace, uint64_t now_ns);
