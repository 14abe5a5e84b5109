#include "language/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "language/node.h"

/* Takes the next part of a pointer, unescaped. False: there is none, or it is longer than any key. */
static bool next_part(const char **pointer, char part[static LIMIT_PATTERN_TEXT])
{
    const char *at = *pointer;
    size_t size = 0;
    if (*at != '/')
        return false;
    for (at++; *at != '\0' && *at != '/'; at++) {
        bool escaped = *at == '~' && (at[1] == '0' || at[1] == '1');
        if (size == LIMIT_PATTERN_TEXT - 1)
            return false;
        part[size++] = !escaped ? *at : at[1] == '0' ? '~' : '/';
        at += escaped;
    }
    part[size] = '\0';
    *pointer = at;
    return true;
}

static const struct node *element(const struct node *list, const char *part)
{
    char *end;
    unsigned long index = strtoul(part, &end, 10);
    const struct node *node = *end == '\0' ? list->first : NULL;
    for (; node != NULL && index > 0; index--)
        node = node->next;
    return node;
}

static const struct node *follow(const struct node *node, const char *pointer)
{
    char part[LIMIT_PATTERN_TEXT];
    while (next_part(&pointer, part)) {
        const struct node *child = node->kind == NODE_LIST  ? element(node, part)
                                   : node->kind == NODE_MAP ? node_member(node, part)
                                                            : NULL;
        if (child == NULL)
            return node;
        node = child;
    }
    return node;
}

bool place_find(const char *text, size_t size, const char *pointer, uint32_t *line, uint32_t *column)
{
    struct messages messages;
    const struct node *root;
    struct arena *arena = arena_new();
    messages_init(&messages);
    bool found = arena != NULL && node_read(text, size, "file", arena, &messages, &root) == ERR_OK;
    if (found) {
        const struct node *node = follow(root, pointer);
        *line = node->key != NULL ? node->key->line : node->line;
        *column = node->key != NULL ? node->key->column : node->column;
    }
    messages_deinit(&messages);
    arena_free(arena);
    return found;
}
