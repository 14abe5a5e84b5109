/* Memory for the records of one judgement: pieces are taken one after the other and given back all at once.
 * It is mapped from the system directly, in chunks, so that judging does not show in the heap's statistics,
 * which are what users look at. A piece is named by 32 bits, half of what a pointer takes, since there may be
 * tens of millions of pieces. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece: its place in the store, in units of 8 bytes. STORE_NONE: no piece. */
typedef uint32_t store_ref;

#define STORE_NONE        0u
#define STORE_CHUNK_BYTES (1u << 20)
#define STORE_UNIT        8u
#define STORE_CHUNK_UNITS (STORE_CHUNK_BYTES / STORE_UNIT)
#define STORE_PIECE_BYTES 16384u /* the largest piece */

struct store {
    char **chunks;
    uint32_t chunk_count; /* mapped */
    uint32_t chunk_room;  /* of the table */
    uint32_t next;        /* unit that is free */
    uint64_t most_bytes;  /* never more than this */
};

/* Nothing is allocated. */
void store_init(struct store *store, uint64_t most_bytes);
void store_deinit(struct store *store);

/* A piece, all zero; STORE_NONE: no memory, or no more of it than allowed. */
store_ref store_take(struct store *store, size_t bytes);

/* Gives all pieces back; the memory is kept for the next ones. */
void store_reset(struct store *store);

/* Gives memory beyond the first chunk back to the system, at most `most` chunks of it. True when none is
 * left. To be called after store_reset(). */
bool store_trim(struct store *store, uint32_t most);

/* Where a piece is; it never moves. */
static inline void *store_at(const struct store *store, store_ref at)
{
    return store->chunks[at / STORE_CHUNK_UNITS] + (size_t)(at % STORE_CHUNK_UNITS) * STORE_UNIT;
}
