#include "lab/vitals.h"

#include "base/heap.h"

#define COUNTED_MOST 1000

void vitals_init(struct vitals_reader *reader)
{
    *reader = (struct vitals_reader){.other_descriptors = VITAL_UNKNOWN};
    process_init(&reader->process);
}

void vitals_deinit(struct vitals_reader *reader)
{
    process_deinit(&reader->process);
}

static uint64_t known(const struct process_values *values, enum process_value value)
{
    return process_knows(values, value) ? values->wholes[value] : VITAL_UNKNOWN;
}

void vitals_read(struct vitals_reader *reader, uint64_t opened, struct vitals *vitals)
{
    struct heap_stats heap = {.allocated_bytes = VITAL_UNKNOWN, .resident_bytes = VITAL_UNKNOWN};
    struct process_values values;
    (void)heap_stats_read(&heap);
    if (opened <= COUNTED_MOST)
        process_read(&reader->process, &values);
    else
        process_read_quickly(&reader->process, &values);
    vitals->heap_allocated_bytes = heap.allocated_bytes;
    vitals->heap_resident_bytes = heap.resident_bytes;
    vitals->threads = known(&values, PROCESS_THREADS);
    vitals->descriptors = known(&values, PROCESS_OPEN_FDS);
    if (opened > COUNTED_MOST && reader->other_descriptors != VITAL_UNKNOWN)
        vitals->descriptors = reader->other_descriptors + opened;
    else if (vitals->descriptors != VITAL_UNKNOWN)
        reader->other_descriptors = vitals->descriptors > opened ? vitals->descriptors - opened : 0;
}
