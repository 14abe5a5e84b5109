#include "runtime/internal.h"

#define FURTHER_SHARE 8 /* of max_heap: what live tasks may take beyond it */

static void charge(struct workload *workload, uint64_t bytes)
{
    workload->charged_bytes += bytes;
    workload->runtime->charged_bytes += bytes;
}

void workload_cap(struct workload *workload, enum limit_kind kind)
{
    workload->runtime->denials += kind == LIMIT_KIND_MEMORY;
    if (workload->capped_by != LIMIT_KINDS)
        return;
    workload->capped_by = kind;
    if (workload->twin != NULL)
        workload->twin->capped_by = kind;
    workload->tally->limit_hits[kind]++;
}

bool workload_charge(struct workload *workload, uint64_t bytes)
{
    struct runtime *runtime = workload->runtime;
    uint64_t twin_bytes = workload->twin == NULL ? 0 : workload->twin->charged_bytes;
    if (workload->charged_bytes + twin_bytes + bytes > workload->max_heap_bytes) {
        workload_cap(workload, LIMIT_KIND_OWN_HEAP);
        return false;
    }
    if (runtime->charged_bytes + bytes > runtime->max_heap_bytes) {
        workload_cap(workload, LIMIT_KIND_HEAP);
        return false;
    }
    charge(workload, bytes);
    return true;
}

bool workload_charge_further(struct workload *workload, uint64_t bytes)
{
    struct runtime *runtime = workload->runtime;
    uint64_t all = runtime->charged_bytes + bytes, most = runtime->max_heap_bytes;
    if (all > most && all - most > most / FURTHER_SHARE) {
        workload_cap(workload, LIMIT_KIND_HEAP);
        return false;
    }
    charge(workload, bytes);
    return true;
}

void workload_refund(struct workload *workload, uint64_t bytes)
{
    workload->charged_bytes -= bytes;
    workload->runtime->charged_bytes -= bytes;
}
