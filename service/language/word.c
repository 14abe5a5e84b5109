#include <string.h>

#include "base/suggest.h"
#include "base/utf8.h"
#include "language/compiler.h"

#define SHOWN_BYTES 40 /* of a text that is too long to be shown in a message */

void report_memory(struct compiler *compiler)
{
    compiler->err = ERR_MEMORY;
}

bool accepted(struct compiler *compiler, const struct node *node, enum err err, const char *table, int limit)
{
    if (err == ERR_OK)
        return true;
    if (err == ERR_LIMIT)
        report(compiler, node, "too many %s: at most %d fit", table, limit);
    else
        report_memory(compiler);
    return false;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_sign(char byte)
{
    return byte != '\0' && strchr("*/+<>=!", byte) != NULL;
}

/* Bytes of the word or sign at `text`, which is not a space. */
static size_t word_length(const char *text)
{
    size_t length = 0;
    if (*text == '*' || *text == '/' || *text == '+')
        return 1;
    if (is_sign(*text))
        return text[1] == '=' ? 2 : 1;
    while (text[length] != '\0' && !is_space(text[length]) && !is_sign(text[length]))
        length++;
    return length;
}

/* The text with every run of spaces as one. */
static char *single_spaced(struct arena *arena, const char *text)
{
    char *copy = arena_alloc(arena, strlen(text) + 1);
    if (copy == NULL)
        return NULL;
    size_t size = 0;
    for (; *text != '\0'; text++) {
        if (!is_space(*text))
            copy[size++] = *text;
        else if (size > 0 && copy[size - 1] != ' ')
            copy[size++] = ' ';
    }
    if (size > 0 && copy[size - 1] == ' ')
        copy[size - 1] = '\0';
    return copy;
}

bool words_split(struct compiler *compiler, const struct node *node, struct words *words)
{
    *words = (struct words){.text = single_spaced(compiler->scratch, node->text)};
    if (words->text == NULL) {
        report_memory(compiler);
        return false;
    }
    const char *at = node->text;
    for (;;) {
        while (is_space(*at))
            at++;
        if (*at == '\0')
            return true;
        if (words->count == WORDS_MAX) {
            report(compiler, node, "\"%.*s...\" has more words than any statement",
                   (int)utf8_cut(words->text, SHOWN_BYTES), words->text);
            return false;
        }
        size_t length = word_length(at);
        struct word *word = &words->items[words->count++];
        word->text = arena_text(compiler->scratch, at, length);
        word->line = node->line;
        word->column =
            node->column + (node->plain ? (uint32_t)utf8_count(node->text, (size_t)(at - node->text)) : 0);
        if (word->text == NULL) {
            report_memory(compiler);
            return false;
        }
        at += length;
    }
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

bool name_valid(const char *text)
{
    if (!is_letter(*text) || strlen(text) > LIMIT_NAME)
        return false;
    for (; *text != '\0'; text++)
        if (!is_letter(*text) && !(*text >= '0' && *text <= '9') && *text != '-' && *text != '_')
            return false;
    return true;
}

bool name_check(struct compiler *compiler, const struct node *node, const char *what)
{
    if (name_valid(node->text))
        return true;
    report(compiler, node,
           "\"%s\" cannot name %s: a name is a letter, then letters, digits, - and _, at most %d in all",
           node->text, what, LIMIT_NAME);
    return false;
}

const char *suggestion(struct compiler *compiler, const char *word, const char *const *words, size_t count)
{
    struct buf buf;
    buf_init(&buf, 16 * 1024);
    /* The message that it is for would be dropped, and comparing takes a while. */
    if (compiler->messages->count == LIMIT_MESSAGES)
        return "";
    enum err err = suggest_append(&buf, word, words, count);
    const char *copy = err == ERR_OK ? arena_text(compiler->scratch, buf_text(&buf), buf.size) : NULL;
    buf_deinit(&buf);
    if (copy == NULL)
        report_memory(compiler);
    return copy == NULL ? "" : copy;
}
