#include "language/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define MESSAGE_BYTES 2048

void messages_init(struct messages *messages)
{
    messages->count = 0;
    messages->dropped = 0;
    messages->err = ERR_OK;
}

void messages_deinit(struct messages *messages)
{
    for (uint32_t i = 0; i < messages->count; i++)
        free(messages->items[i].text);
    messages_init(messages);
}

/* Control bytes become spaces, so that a message stays on its line and does nothing to a terminal. */
static void make_one_line(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
}

static bool is_known(const struct messages *messages, uint32_t line, uint32_t column, const char *text)
{
    for (uint32_t i = 0; i < messages->count; i++) {
        const struct message *each = &messages->items[i];
        if (each->line == line && each->column == column && strcmp(each->text, text) == 0)
            return true;
    }
    return false;
}

void messages_add(struct messages *messages, uint32_t line, uint32_t column, const char *format, ...)
{
    if (messages->count == LIMIT_MESSAGES) {
        messages->dropped++;
        return;
    }
    /* Room for a byte more than is kept, by which to see whether a character ends there. */
    char *text = malloc(MESSAGE_BYTES + 1);
    if (text == NULL) {
        messages->err = ERR_MEMORY;
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, MESSAGE_BYTES + 1, format, arguments);
    va_end(arguments);
    text[utf8_cut(text, MESSAGE_BYTES - 1)] = '\0';
    make_one_line(text);
    if (is_known(messages, line, column, text)) {
        free(text);
        return;
    }
    messages->items[messages->count++] = (struct message){line, column, text};
}

static bool message_after(const struct message *a, const struct message *b)
{
    return a->line != b->line ? a->line > b->line : a->column > b->column;
}

void messages_sort(struct messages *messages)
{
    for (uint32_t i = 1; i < messages->count; i++) {
        struct message moved = messages->items[i];
        uint32_t j = i;
        for (; j > 0 && message_after(&messages->items[j - 1], &moved); j--)
            messages->items[j] = messages->items[j - 1];
        messages->items[j] = moved;
    }
}

enum err messages_print(const struct messages *messages, const char *file, struct buf *buf)
{
    for (uint32_t i = 0; i < messages->count; i++)
        buf_printf(buf, "%s:%u:%u: %s\n", file, messages->items[i].line, messages->items[i].column,
                   messages->items[i].text);
    if (messages->dropped > 0)
        buf_printf(buf, "%s: %u more\n", file, messages->dropped);
    return buf->err;
}
