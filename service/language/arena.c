#include "language/arena.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)4096)
#define ROUND(size) (((size) + 15) & ~(size_t)15)

struct chunk {
    struct chunk *next;
    size_t used;
    size_t capacity;
    _Alignas(16) char bytes[];
};

struct arena {
    struct chunk *chunks; /* the one with room first */
};

struct arena *arena_new(void)
{
    return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->chunks != NULL) {
        struct chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
    free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct chunk *chunk = arena->chunks;
    size = ROUND(size);
    if (chunk == NULL || size > chunk->capacity - chunk->used) {
        size_t capacity = size > CHUNK_BYTES ? size : CHUNK_BYTES;
        chunk = calloc(1, sizeof *chunk + capacity);
        if (chunk == NULL)
            return NULL;
        chunk->capacity = capacity;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    void *at = chunk->bytes + chunk->used;
    chunk->used += size;
    return at;
}

char *arena_text(struct arena *arena, const char *bytes, size_t size)
{
    char *copy = arena_alloc(arena, size + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, bytes, size);
    return copy;
}
