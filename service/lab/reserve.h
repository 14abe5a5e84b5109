/* Memory put aside for the day when the system has no more of it to give (RLIMIT_AS, RLIMIT_DATA, or a kernel
 * that does not overcommit). What leaks holds then all that there was, and whoever would scrape or reclaim
 * still needs some to be answered. It is given back to the system in that moment, and the limit of the
 * runtime's heap goes down to what was there, so that tasks do not take it as well. Once most of the heap is
 * free, and the system has twice as much to give, both are as before. Never touched, it costs no memory but
 * address space. Lab thread. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "runtime/runtime.h"

#define RESERVE_BYTES (16ull * 1024 * 1024)

struct reserve {
    void *bytes;             /* NULL: given back */
    uint64_t denials;        /* the runtime's, as seen last */
    uint64_t max_heap_bytes; /* the runtime's limit as it was */
};

/* ERR_MEMORY. */
enum err reserve_init(struct reserve *reserve, const struct runtime *runtime);
void reserve_deinit(struct reserve *reserve);

/* Looks whether memory was denied since the last look. To be called after each turn. */
void reserve_tend(struct reserve *reserve, struct runtime *runtime, const struct log *log);
