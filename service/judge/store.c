#include "judge/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/macros.h"

#define FIRST_UNIT  1u /* the one before it is STORE_NONE */
#define FIRST_ROOM  64u
#define CHUNKS_MOST (UINT32_MAX / STORE_CHUNK_UNITS)

void store_init(struct store *store, uint64_t most_bytes)
{
    *store = (struct store){.most_bytes = most_bytes, .next = FIRST_UNIT};
}

void store_deinit(struct store *store)
{
    for (uint32_t i = 0; i < store->chunk_count; i++)
        munmap(store->chunks[i], STORE_CHUNK_BYTES);
    free(store->chunks);
    store_init(store, store->most_bytes);
}

static bool grow_table(struct store *store)
{
    uint32_t room = store->chunk_room == 0 ? FIRST_ROOM : store->chunk_room * 2;
    char **chunks = realloc(store->chunks, room * sizeof *chunks);
    if (chunks == NULL)
        return false;
    store->chunks = chunks;
    store->chunk_room = room;
    return true;
}

static bool grow(struct store *store)
{
    if (store->chunk_count == CHUNKS_MOST || (store->chunk_count == store->chunk_room && !grow_table(store)))
        return false;
    void *chunk = mmap(NULL, STORE_CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (chunk == MAP_FAILED)
        return false;
    store->chunks[store->chunk_count++] = chunk;
    return true;
}

store_ref store_take(struct store *store, size_t bytes)
{
    CHECK(bytes <= STORE_PIECE_BYTES);
    uint32_t units = (uint32_t)((bytes + STORE_UNIT - 1) / STORE_UNIT);
    uint32_t at = store->next;
    /* A piece lies within one chunk. */
    if (at / STORE_CHUNK_UNITS != (at + units - 1) / STORE_CHUNK_UNITS)
        at = (at / STORE_CHUNK_UNITS + 1) * STORE_CHUNK_UNITS;
    if ((uint64_t)(at + units) * STORE_UNIT > store->most_bytes)
        return STORE_NONE;
    if (at / STORE_CHUNK_UNITS == store->chunk_count && !grow(store))
        return STORE_NONE;
    store->next = at + units;
    memset(store_at(store, at), 0, (size_t)units * STORE_UNIT);
    return at;
}

void store_reset(struct store *store)
{
    store->next = FIRST_UNIT;
}

bool store_trim(struct store *store, uint32_t most)
{
    for (; most > 0 && store->chunk_count > 1; most--)
        munmap(store->chunks[--store->chunk_count], STORE_CHUNK_BYTES);
    return store->chunk_count <= 1;
}
