/* A text in YAML (or JSON, which is YAML) as a tree of texts, lists and mappings, each with its place. The
 * subset is what a pattern needs: no anchors, aliases, tags or second document, no key twice, nothing deeper
 * or larger than base/limits.h allows. Texts stay texts: what is a number is for whoever reads the tree to
 * say. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "language/arena.h"
#include "language/message.h"

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    bool plain; /* TEXT: written without quotes and on one line, so that a place within it is known */
    uint32_t line;
    uint32_t column;
    const char *text;         /* TEXT; no zero within it */
    const struct node *key;   /* the TEXT before the colon, when this is a member of a mapping */
    const struct node *first; /* LIST, MAP: the first element or member */
    const struct node *next;  /* within the list or mapping that this belongs to */
    uint32_t count;           /* LIST, MAP */
};

/* Reads a whole text, which messages call `what`: "pattern". ERR_SYNTAX: `messages` says why; where nothing
 * is wrong but keys that stand twice, below the outermost mapping, *root is there all the same, each key with
 * its first value, so that what else is wrong can be told; otherwise it is NULL. ERR_MEMORY. The tree lives
 * in `arena`. JSON's two escapes for one character beyond U+FFFF, which YAML does not know, are read as JSON
 * means them. */
enum err node_read(const char *text, size_t size, const char *what, struct arena *arena,
                   struct messages *messages, const struct node **root);

/* True for what YAML and JSON write as null or as nothing at all. */
bool node_is_null(const struct node *node);

/* The member of a mapping with this key, or NULL. */
const struct node *node_member(const struct node *map, const char *key);

/* "text", "list" or "mapping", with its article: "a list". */
const char *node_kind_phrase(const struct node *node);
