#include "runtime/resource.h"

#include <assert.h>

#include "runtime/internal.h"

static_assert((int)RESOURCE_JOB == THING_JOB - THING_FILE && RESOURCE_KINDS == THING_JOB - THING_FILE + 1,
              "kinds of resource are kinds of thing, in the same order");
static_assert(LIMIT_KIND_JOBS - LIMIT_KIND_DESCRIPTORS == (int)SUPPLY_JOBS &&
                  EXPECT_JOBS - EXPECT_DESCRIPTORS == (int)SUPPLY_JOBS,
              "limits and what is expected are in the order of the supplies");

/* What one of a kind costs: memory of the process, about, and time on the lab thread to open or to shut it,
 * in operations. */
static const struct {
    uint32_t bytes;
    int32_t fuel;
} costs[RESOURCE_KINDS] = {
    [RESOURCE_FILE] = {256, 128},  [RESOURCE_SOCKET] = {256, 128},
    [RESOURCE_HANDLE] = {256, 16}, [RESOURCE_THREAD] = {16 * 1024, 2048}, /* what it touches of its stack */
    [RESOURCE_JOB] = {256, 64},
};

void runtime_set_source(struct runtime *runtime, struct resource_source *source,
                        const uint64_t most[static SUPPLIES])
{
    runtime->source = source;
    for (int supply = 0; supply < SUPPLIES; supply++)
        runtime->supplies_max[supply] = source == NULL ? 0 : most[supply];
}

/* ERR_LIMIT, ERR_MEMORY: refused, and the workload is capped. */
static enum err take(struct workload *workload, enum resource_kind kind, struct resource **resource)
{
    struct runtime *runtime = workload->runtime;
    enum supply supply = resource_supply(kind);
    enum limit_kind limit = LIMIT_KIND_DESCRIPTORS + supply;
    if (runtime->supplies_used[supply] >= runtime->supplies_max[supply]) {
        workload_cap(workload, limit);
        return ERR_LIMIT;
    }
    if (!workload_charge(workload, costs[kind].bytes))
        return ERR_LIMIT;
    enum err err = runtime->source->open(runtime->source, kind, resource);
    if (err != ERR_OK) {
        workload_refund(workload, costs[kind].bytes);
        workload_cap(workload, err == ERR_MEMORY ? LIMIT_KIND_MEMORY : limit);
    }
    return err;
}

enum step_result op_open(struct task *task, struct slot *slot, enum resource_kind kind)
{
    struct start *start = task->start;
    struct workload *workload = start->workload;
    workload->runtime->fuel -= costs[kind].fuel;
    slot->resource = NULL;
    if (workload->capped_by != LIMIT_KINDS || workload->reclaimed)
        return STEP_NEXT;
    struct resource *resource;
    if (take(workload, kind, &resource) != ERR_OK)
        return STEP_NEXT;
    resource->start = start;
    resource->workload = workload;
    resource->kind = kind;
    list_init(&resource->link);
    list_push_back(&start->resources, &resource->link);
    start->env.refs++;
    workload->runtime->supplies_used[resource_supply(kind)]++;
    workload->tally->resources_seen |= 1u << kind;
    count_add(workload, open[kind], 1);
    slot->resource = resource;
    return STEP_NEXT;
}

void resource_shut(struct resource *resource)
{
    struct start *start = resource->start;
    struct workload *workload = resource->workload;
    enum resource_kind kind = resource->kind;
    list_remove(&resource->link);
    count_sub(workload, open[kind], 1);
    workload_refund(workload, costs[kind].bytes);
    workload->leaving++;
    workload->runtime->source->shut(workload->runtime->source, resource);
    env_unref(&start->env);
}

enum step_result op_shut(struct task *task, struct slot *slot, enum resource_kind kind)
{
    task->start->workload->runtime->fuel -= costs[kind].fuel;
    if (slot->resource != NULL)
        resource_shut(slot->resource);
    slot->resource = NULL;
    return STEP_NEXT;
}

void resource_gone(struct resource *resource)
{
    struct workload *workload = resource->workload;
    if (workload == NULL)
        return;
    workload->leaving--;
    workload->runtime->supplies_used[resource_supply(resource->kind)]--;
}
