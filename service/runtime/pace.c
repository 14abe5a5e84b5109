#include "runtime/pace.h"

#define LEAST_REST_NS 1000000u

void pace_worked(struct pace *pace, uint64_t from_ns, uint64_t until_ns)
{
    uint64_t begin_ns = pace->free_ns > from_ns ? pace->free_ns : from_ns;
    pace->free_ns = begin_ns + (until_ns - from_ns) * 100 / pace->percent;
}

uint64_t pace_rest_ns(const struct pace *pace, uint64_t now_ns)
{
    if (pace->percent >= 100 || pace->free_ns < now_ns + LEAST_REST_NS)
        return 0;
    return pace->free_ns - now_ns;
}
