#include "fake_source.h"

#include <stdlib.h>

static enum err fake_open(struct resource_source *source, enum resource_kind kind, struct resource **resource)
{
    struct fake_source *fake = container_of(source, struct fake_source, source);
    if (++fake->opened == fake->fail_at)
        return fake->fail_with;
    *resource = calloc(1, sizeof **resource);
    if (*resource == NULL)
        return ERR_MEMORY;
    fake->open[kind]++;
    return ERR_OK;
}

static void go(struct fake_source *fake, struct resource *resource)
{
    fake->open[resource->kind]--;
    resource_gone(resource);
    free(resource);
}

static void fake_shut(struct resource_source *source, struct resource *resource)
{
    struct fake_source *fake = container_of(source, struct fake_source, source);
    if (fake->late)
        list_push_back(&fake->shut, &resource->link);
    else
        go(fake, resource);
}

void fake_source_let_go(struct fake_source *fake)
{
    while (!list_empty(&fake->shut))
        go(fake, container_of(list_pop_front(&fake->shut), struct resource, link));
}

void fake_source_init(struct fake_source *fake)
{
    *fake = (struct fake_source){.source = {.open = fake_open, .shut = fake_shut}, .fail_with = ERR_LIMIT};
    list_init(&fake->shut);
}
