#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

void buf_init(struct buf *buf, size_t max)
{
    CHECK(max < SIZE_MAX / 2);
    *buf = (struct buf){.max = max};
}

void buf_deinit(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->max);
}

void buf_clear(struct buf *buf)
{
    buf->size = 0;
    buf->err = ERR_OK;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

enum err buf_reserve(struct buf *buf, size_t size)
{
    if (buf->err != ERR_OK)
        return buf->err;
    if (size > buf->max - buf->size)
        return buf->err = ERR_LIMIT;
    size_t needed = buf->size + size + 1;
    if (needed <= buf->capacity)
        return ERR_OK;
    size_t capacity = buf->capacity < 128 ? 256 : buf->capacity * 2;
    if (capacity < needed)
        capacity = needed;
    if (capacity > buf->max + 1)
        capacity = buf->max + 1;
    char *data = realloc(buf->data, capacity);
    if (data == NULL)
        return buf->err = ERR_MEMORY;
    data[buf->size] = '\0';
    buf->data = data;
    buf->capacity = capacity;
    return ERR_OK;
}

enum err buf_append(struct buf *buf, const void *bytes, size_t size)
{
    if (buf_reserve(buf, size) != ERR_OK)
        return buf->err;
    if (size > 0)
        memcpy(buf->data + buf->size, bytes, size);
    buf->size += size;
    buf->data[buf->size] = '\0';
    return ERR_OK;
}

enum err buf_puts(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

enum err buf_putc(struct buf *buf, char byte)
{
    return buf_append(buf, &byte, 1);
}

enum err buf_vprintf(struct buf *buf, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    CHECK(size >= 0);
    if (buf_reserve(buf, (size_t)size) != ERR_OK)
        return buf->err;
    vsnprintf(buf->data + buf->size, (size_t)size + 1, format, arguments);
    buf->size += (size_t)size;
    return ERR_OK;
}

enum err buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    enum err err = buf_vprintf(buf, format, arguments);
    va_end(arguments);
    return err;
}

const char *buf_text(const struct buf *buf)
{
    return buf->data == NULL ? "" : buf->data;
}

char *buf_take(struct buf *buf, size_t *size)
{
    char *data = buf->data;
    *size = buf->size;
    buf_init(buf, buf->max);
    return data;
}
