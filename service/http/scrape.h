/* GET /metrics: the snapshot that the lab published last, in the format and encoding that the client asks
 * for. It never waits for the lab. */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/process.h"

struct exchange;

/* What scrapes use again and again. */
struct scrape {
    z_stream deflate;  /* set up once: its tables are a quarter of a megabyte */
    struct link spare; /* bodies that no answer is using */
    unsigned spares;
    struct process_reader process;
    struct process_values values; /* as read with the snapshot of this sequence, at this time */
    struct heap_stats heap;
    bool heap_known;
    uint64_t sequence;
    uint64_t read_ns; /* 0: never */
};

enum err scrape_init(struct scrape *scrape);

/* Every answer has been sent or given up. Harmless on zeroes. */
void scrape_deinit(struct scrape *scrape);

/* Compresses `plain` into `out`, which is empty, at the level that is quick: for what is made anew for each
 * answer. ERR_MEMORY, ERR_LIMIT. */
enum err scrape_compress(struct scrape *scrape, const struct buf *plain, struct buf *out);

enum MHD_Result scrape_serve(struct exchange *exchange);
