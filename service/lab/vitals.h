/* What system and allocator say of the process, for the lab's own records, once a second. Lab thread. */
#pragma once

#include <stdint.h>

#include "base/process.h"

#define VITAL_UNKNOWN UINT64_MAX

struct vitals {
    uint64_t heap_allocated_bytes;
    uint64_t heap_resident_bytes;
    uint64_t descriptors;
    uint64_t threads;
};

struct vitals_reader {
    struct process_reader process;
    uint64_t other_descriptors; /* that are not a pattern's, when they were counted last */
};

void vitals_init(struct vitals_reader *reader);
void vitals_deinit(struct vitals_reader *reader);

/* `opened`: descriptors that patterns have open. Where those are many they are not counted again in /proc,
 * which on older kernels takes longer than a turn of the loop may. */
void vitals_read(struct vitals_reader *reader, uint64_t opened, struct vitals *vitals);
