/* A growing byte buffer with a mandatory maximum. Errors stick: after a failed append every further append
 * does nothing, so that a writer checks once, at the end. The bytes are always followed by a zero byte. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/err.h"

struct buf {
    char *data; /* NULL until the first append */
    size_t size;
    size_t capacity;
    size_t max;
    enum err err; /* ERR_OK, ERR_MEMORY or ERR_LIMIT */
};

/* `max` bounds `size`. Nothing is allocated. */
void buf_init(struct buf *buf, size_t max);

/* Frees the bytes; the buffer may be initialised again. */
void buf_deinit(struct buf *buf);

/* Forgets content and error, keeps the memory. */
void buf_clear(struct buf *buf);

enum err buf_append(struct buf *buf, const void *bytes, size_t size);
enum err buf_puts(struct buf *buf, const char *text);
enum err buf_putc(struct buf *buf, char byte);
enum err buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum err buf_vprintf(struct buf *buf, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Makes room for `size` more bytes without appending them. */
enum err buf_reserve(struct buf *buf, size_t size);

/* The content as a string; "" when nothing was appended. Valid until the next append. */
const char *buf_text(const struct buf *buf);

/* Hands the bytes to the caller, who frees them with free(); the buffer is empty afterwards. NULL when empty.
 */
char *buf_take(struct buf *buf, size_t *size);
