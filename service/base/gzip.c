#include "base/gzip.h"

#include <limits.h>
#include <stdint.h>
#include <zlib.h>

#include "base/macros.h"

/* A window of 32 KiB, and the bit that asks for gzip's frame instead of zlib's (zlib.h, deflateInit2). */
#define WINDOW_BITS  (15 + 16)
#define MEMORY_LEVEL 8

enum err gzip_append(struct buf *out, const void *bytes, size_t size)
{
    z_stream stream = {0};
    if (out->err != ERR_OK)
        return out->err;
    if (size > INT_MAX)
        return ERR_LIMIT;
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return ERR_MEMORY;
    size_t bound = deflateBound(&stream, size);
    enum err err = buf_reserve(out, bound);
    if (err == ERR_OK) {
        stream.next_in = (Bytef *)(uintptr_t)bytes;
        stream.avail_in = (uInt)size;
        stream.next_out = (Bytef *)out->data + out->size;
        stream.avail_out = (uInt)bound;
        CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
        out->size += bound - stream.avail_out;
        out->data[out->size] = 0;
    }
    deflateEnd(&stream);
    return err;
}
