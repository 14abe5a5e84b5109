#include <time.h>

#include "runtime/internal.h"

static uint64_t read_ns(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t monotonic_now_ns(const struct clock *clock)
{
    (void)clock;
    return read_ns(CLOCK_MONOTONIC);
}

static void monotonic_burn(struct clock *clock, uint64_t ns)
{
    uint64_t end_ns = monotonic_now_ns(clock) + ns;
    while (monotonic_now_ns(clock) < end_ns)
        continue;
}

static uint64_t manual_now_ns(const struct clock *clock)
{
    return clock->manual_ns;
}

static void manual_burn(struct clock *clock, uint64_t ns)
{
    clock->manual_ns += ns;
}

struct clock clock_monotonic(void)
{
    return (struct clock){.now_ns = monotonic_now_ns,
                          .burn = monotonic_burn,
                          .wall_ahead_ns = read_ns(CLOCK_REALTIME) - read_ns(CLOCK_MONOTONIC)};
}

struct clock clock_manual(uint64_t now_ns)
{
    return (struct clock){.now_ns = manual_now_ns, .burn = manual_burn, .manual_ns = now_ns};
}
