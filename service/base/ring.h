/* The last so many records of a fixed size: one thread pushes, any thread reads, and nobody ever waits for
 * anybody. Records are numbered from 0; a record that is overwritten while it is read is told from one that
 * was read whole, as with a seqlock (Boehm, "Can seqlocks get along with programming language memory
 * models?", 2012), so that a slow reader gets nothing rather than nonsense. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

/* Room for `capacity` records of `record_bytes`, a multiple of 8. All of it is allocated now; the system
 * gives pages as they are first used. NULL: no memory. */
struct ring *ring_new(uint32_t capacity, size_t record_bytes);

/* No thread reads it any more. Takes NULL. */
void ring_free(struct ring *ring);

/* The one writer: copies a record in, in place of the oldest one where there is no room. */
void ring_push(struct ring *ring, const void *record);

/* Any thread: the number that the next record gets, and that of the oldest one which is still there, or will
 * be gone just now. */
uint64_t ring_end(const struct ring *ring);
uint64_t ring_first(const struct ring *ring);

/* Any thread: copies a record out. False when it is gone, or not there yet; what `record` then holds means
 * nothing. */
bool ring_read(const struct ring *ring, uint64_t number, void *record);
