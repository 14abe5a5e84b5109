#include "lab/reserve.h"

#include <sys/mman.h>

/* Straight from the system: what the allocator frees it keeps for the arena that had it. */
static void *take(void)
{
    void *bytes = mmap(NULL, RESERVE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return bytes == MAP_FAILED ? NULL : bytes;
}

/* The same, where as much again is left to others, who were given what there was before. */
static void *take_of_plenty(void)
{
    char *bytes = mmap(NULL, RESERVE_BYTES * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    munmap(bytes + RESERVE_BYTES, RESERVE_BYTES);
    return bytes;
}

static void give_back(struct reserve *reserve)
{
    if (reserve->bytes != NULL)
        munmap(reserve->bytes, RESERVE_BYTES);
    reserve->bytes = NULL;
}

enum err reserve_init(struct reserve *reserve, const struct runtime *runtime)
{
    *reserve = (struct reserve){.bytes = take(), .max_heap_bytes = runtime->max_heap_bytes};
    return reserve->bytes == NULL ? ERR_MEMORY : ERR_OK;
}

void reserve_deinit(struct reserve *reserve)
{
    give_back(reserve);
}

/* An eighth less than what there was: tasks that run must not take at once what was given back. Where there
 * is next to nothing the limit is not the reason, and stays above what anybody needs. */
static void lower_limit(struct runtime *runtime, const struct log *log)
{
    uint64_t had = runtime->charged_bytes - runtime->charged_bytes / 8;
    uint64_t limit = had < RESERVE_BYTES ? RESERVE_BYTES : had;
    if (limit >= runtime->max_heap_bytes)
        return;
    runtime->max_heap_bytes = limit;
    log_line(log, LOG_WARN, "the system has no more memory", LOG_NUMBER("heap_bytes", runtime->charged_bytes),
             LOG_NUMBER("max_heap_bytes", limit));
}

void reserve_tend(struct reserve *reserve, struct runtime *runtime, const struct log *log)
{
    if (runtime->denials != reserve->denials) {
        reserve->denials = runtime->denials;
        give_back(reserve);
        lower_limit(runtime, log);
    } else if (reserve->bytes == NULL && runtime->charged_bytes <= runtime->max_heap_bytes / 2 &&
               (reserve->bytes = take_of_plenty()) != NULL) {
        runtime->max_heap_bytes = reserve->max_heap_bytes;
    }
}
