#include "runtime/ghost.h"

#include <stdlib.h>

#include "base/limits.h"

const uint64_t ghost_supplies[SUPPLIES] = {
    [SUPPLY_DESCRIPTORS] = LIMIT_DESCRIPTORS,
    [SUPPLY_HANDLES] = LIMIT_HANDLES,
    [SUPPLY_THREADS] = LIMIT_THREADS,
    [SUPPLY_JOBS] = LIMIT_JOBS,
};

static enum err ghost_open(struct resource_source *source, enum resource_kind kind,
                           struct resource **resource)
{
    (void)source;
    (void)kind;
    *resource = calloc(1, sizeof **resource);
    return *resource == NULL ? ERR_MEMORY : ERR_OK;
}

static void ghost_shut(struct resource_source *source, struct resource *resource)
{
    (void)source;
    resource_gone(resource);
    free(resource);
}

struct resource_source ghost_source(void)
{
    return (struct resource_source){.open = ghost_open, .shut = ghost_shut};
}
