#include "runtime/internal.h"

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
    workload_charge_always(workload, bytes);
    return true;
}

void workload_charge_always(struct workload *workload, uint64_t bytes)
{
    workload->charged_bytes += bytes;
    workload->runtime->charged_bytes += bytes;
}

void workload_refund(struct workload *workload, uint64_t bytes)
{
    workload->charged_bytes -= bytes;
    workload->runtime->charged_bytes -= bytes;
}
