#include <time.h>

#include "runtime/internal.h"

static uint64_t monotonic_now_ns(const struct clock *clock)
{
    (void)clock;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t manual_now_ns(const struct clock *clock)
{
    return clock->manual_ns;
}

struct clock clock_monotonic(void)
{
    return (struct clock){.now_ns = monotonic_now_ns};
}

struct clock clock_manual(uint64_t now_ns)
{
    return (struct clock){.now_ns = manual_now_ns, .manual_ns = now_ns};
}
