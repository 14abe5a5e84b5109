/* What the compiler has to say about a pattern's text: one message a fault, each with its place and with what
 * would have been right. All faults of a text are collected, not just the first; LIMIT_MESSAGES of them are
 * kept. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

struct message {
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1, in characters */
    char *text;      /* one sentence, UTF-8, without line breaks */
};

struct messages {
    struct message items[LIMIT_MESSAGES];
    uint32_t count;
    uint32_t dropped; /* more than fit */
    enum err err;     /* ERR_MEMORY when a message could not be kept; sticks */
};

/* Nothing is allocated. */
void messages_init(struct messages *messages);

/* Frees the texts; the struct may be initialised again. */
void messages_deinit(struct messages *messages);

/* Keeps one message. Bytes that would break a line are replaced; a very long message is cut.
 * The same message at the same place is kept once: what two variants share is compiled twice. */
void messages_add(struct messages *messages, uint32_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Orders by place in the file; messages of one place keep their order. */
void messages_sort(struct messages *messages);

/* Appends one line each, as compilers do: "file:line:column: text\n". */
enum err messages_print(const struct messages *messages, const char *file, struct buf *buf);
