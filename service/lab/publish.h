/* Publishing a snapshot without anybody waiting for anybody: of three copies the writer fills one, the reader
 * looks at another, and the third, the one published last, changes hands by one atomic exchange. One writer
 * thread, one reader thread. */
#pragma once

#include <stdatomic.h>

#include "base/err.h"
#include "lab/snapshot.h"

struct publisher {
    struct snapshot *copies[3];
    unsigned back;      /* the writer's */
    char apart[64];     /* so that reader and writer do not fight for a cache line */
    atomic_uint middle; /* index of the copy published last, with FRESH until it was read */
    char apart_too[64];
    unsigned front; /* the reader's */
};

/* Copies with room for LIMIT_PROGRAMS programs, all zero. ERR_MEMORY. */
enum err publisher_init(struct publisher *publisher);

/* Harmless on one that is all zero. */
void publisher_deinit(struct publisher *publisher);

/* Writer: the copy to fill. It has the content of some earlier publication. */
struct snapshot *publisher_back(struct publisher *publisher);

/* Writer: hands it over. What publisher_back() gave is no longer the writer's. */
void publisher_publish(struct publisher *publisher);

/* Reader: the copy published last, valid until the next call. */
const struct snapshot *publisher_front(struct publisher *publisher);
