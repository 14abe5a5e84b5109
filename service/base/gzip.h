/* Compression in one go, in gzip's format (RFC 1952). */
#pragma once

#include <stddef.h>

#include "base/buf.h"

/* Appends `size` bytes, compressed, to `out`, which must have room for them as they would be if nothing could
 * be saved. ERR_MEMORY, ERR_LIMIT: `out` has its old content. */
enum err gzip_append(struct buf *out, const void *bytes, size_t size);
