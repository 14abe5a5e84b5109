#include "language/node.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/limits.h"
#include "base/macros.h"
#include "base/utf8.h"

/* A list or mapping that is still open. */
struct level {
    struct node *node;
    struct node *last;
    const struct node *key; /* MAP: read, and its value is still to come */
    bool again;             /* MAP: the key stands there already, and its second value is left out */
};

struct reader {
    yaml_parser_t parser;
    struct arena *arena;
    struct messages *messages;
    const char *what;
    struct level levels[LIMIT_PATTERN_DEPTH];
    unsigned depth;
    unsigned nodes;
    struct node *root;
    bool ended;
    bool twice;      /* a key stands twice in some mapping */
    bool twice_root; /* in the outermost one */
};

/* ---- characters ---- */

/* YAML 1.1, "Character Set": printable characters, and a byte order mark only at the beginning. */
static bool yaml_printable(uint32_t code, bool first)
{
    if (code == 0xfeff)
        return first;
    return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code < 0x7f) || code == 0x85 ||
           (code >= 0xa0 && code != 0xfffe && code != 0xffff);
}

/* Refuses what is not UTF-8 or not a character of YAML, with its place. */
static enum err check_characters(const char *text, size_t size, const char *what, struct messages *messages)
{
    uint32_t line = 1, column = 1;
    for (size_t at = 0; at < size;) {
        if (text[at] >= ' ' && text[at] <= '~') { /* nearly all of them */
            at++;
            column++;
            continue;
        }
        uint32_t code;
        size_t length = utf8_decode(text + at, size - at, &code);
        if (length == 0) {
            messages_add(messages, line, column, "the byte 0x%02x is not UTF-8 here",
                         (unsigned char)text[at]);
            return ERR_SYNTAX;
        }
        if (!yaml_printable(code, at == 0)) {
            messages_add(messages, line, column, "the character U+%04X must not stand in a %s", code, what);
            return ERR_SYNTAX;
        }
        column++;
        if (code == '\n') {
            line++;
            column = 1;
        }
        at += length;
    }
    return ERR_OK;
}

/* ---- JSON ---- */

/* The UTF-16 code unit of "\\uXXXX" at `at`, or 0. */
static uint32_t escaped_unit(const char *at, const char *end)
{
    uint32_t unit = 0;
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return 0;
    for (int i = 2; i < 6; i++) {
        int digit = (unsigned char)at[i];
        if (isxdigit(digit) == 0)
            return 0;
        unit = unit << 4 | (uint32_t)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
    }
    return unit;
}

/* JSON writes a character beyond U+FFFF as two escapes, "\\ud83d\\ude00" (RFC 8259, 7), where YAML has one,
 * "\\U0001f600". Rewrites the first into the second, within the double quotes of a text that begins with a
 * brace or a bracket. What that leaves over goes behind the closing quotes as spaces: all else stays in its
 * place, and messages are right. */
static void join_surrogates(char *text, size_t size)
{
    const char *end = text + size;
    size_t begin = strspn(text, " \t\r\n");
    bool quoted = false;
    size_t spare = 0;
    char *to = text + begin;
    if (text[begin] != '{' && text[begin] != '[')
        return;
    for (const char *at = to; at < end;) {
        uint32_t high = quoted ? escaped_unit(at, end) : 0;
        uint32_t low = high >> 10 == 0x36 ? escaped_unit(at + 6, end) : 0;
        if (low >> 10 == 0x37) {
            char pair[11];
            snprintf(pair, sizeof pair, "\\U%08x", 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff));
            memcpy(to, pair, 10);
            to += 10;
            at += 12;
            spare += 2;
        } else if (quoted && *at == '\\' && end - at > 1) {
            *to++ = *at++;
            *to++ = *at++;
        } else {
            bool quote = *at == '"';
            *to++ = *at++;
            if (!quote)
                continue;
            quoted = !quoted;
            memset(to, ' ', spare);
            to += spare;
            spare = 0;
        }
    }
    memset(to, ' ', (size_t)(end - to));
}

/* ---- events ---- */

/* One message at a place that libyaml counts from 0. */
#define REFUSE(reader, mark, ...)                                                                            \
    (messages_add((reader)->messages, (uint32_t)(mark).line + 1, (uint32_t)(mark).column + 1, __VA_ARGS__),  \
     ERR_SYNTAX)

static enum err node_make(struct reader *reader, enum node_kind kind, yaml_mark_t mark, struct node **node)
{
    if (reader->nodes++ == LIMIT_PATTERN_NODES)
        return REFUSE(reader, mark, "the %s is too large: more than %d texts, lists and mappings",
                      reader->what, LIMIT_PATTERN_NODES);
    *node = arena_alloc(reader->arena, sizeof **node);
    if (*node == NULL)
        return ERR_MEMORY;
    **node =
        (struct node){.kind = kind, .line = (uint32_t)mark.line + 1, .column = (uint32_t)mark.column + 1};
    return ERR_OK;
}

static enum err member_key(struct reader *reader, struct level *level, const struct node *key)
{
    if (key->kind != NODE_TEXT) {
        messages_add(reader->messages, key->line, key->column, "what stands before a colon must be text");
        return ERR_SYNTAX;
    }
    if (level->node->count == LIMIT_PATTERN_KEYS) {
        messages_add(reader->messages, key->line, key->column, "the mapping is too large: more than %d keys",
                     LIMIT_PATTERN_KEYS);
        return ERR_SYNTAX;
    }
    const struct node *same = node_member(level->node, key->text);
    if (same != NULL) {
        messages_add(reader->messages, key->line, key->column, "\"%s\" stands here twice: first in line %u",
                     key->text, same->key->line);
        reader->twice = true;
        reader->twice_root |= reader->depth == 1;
        level->again = true;
    }
    level->key = key;
    return ERR_OK;
}

/* Puts a new node where the text is: the root, an element, a key or a key's value. */
static enum err node_place(struct reader *reader, struct node *node)
{
    if (reader->depth == 0) {
        reader->root = node;
        return ERR_OK;
    }
    struct level *level = &reader->levels[reader->depth - 1];
    if (level->node->kind == NODE_MAP && level->key == NULL)
        return member_key(reader, level, node);
    node->key = level->key;
    level->key = NULL;
    if (level->again) {
        level->again = false;
        return ERR_OK;
    }
    if (level->last == NULL)
        level->node->first = node;
    else
        level->last->next = node;
    level->last = node;
    level->node->count++;
    return ERR_OK;
}

static enum err on_text(struct reader *reader, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t size = event->data.scalar.length;
    struct node *node;
    enum err err = node_make(reader, NODE_TEXT, event->start_mark, &node);
    if (err != ERR_OK)
        return err;
    if (size > LIMIT_PATTERN_TEXT)
        return REFUSE(reader, event->start_mark, "the text is too long: more than %d bytes",
                      LIMIT_PATTERN_TEXT);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t')
            return REFUSE(reader, event->start_mark, "the text holds a control character");
    node->text = arena_text(reader->arena, text, size);
    if (node->text == NULL)
        return ERR_MEMORY;
    node->plain =
        event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && event->start_mark.line == event->end_mark.line;
    return node_place(reader, node);
}

static enum err on_open(struct reader *reader, enum node_kind kind, const yaml_event_t *event)
{
    struct node *node;
    if (reader->depth == LIMIT_PATTERN_DEPTH)
        return REFUSE(reader, event->start_mark, "lists and mappings are nested too deep: more than %d",
                      LIMIT_PATTERN_DEPTH);
    enum err err = node_make(reader, kind, event->start_mark, &node);
    if (err == ERR_OK)
        err = node_place(reader, node);
    if (err == ERR_OK)
        reader->levels[reader->depth++] = (struct level){.node = node};
    return err;
}

static enum err check_tag(struct reader *reader, const yaml_char_t *anchor, const yaml_char_t *tag,
                          yaml_mark_t mark)
{
    if (anchor != NULL)
        return REFUSE(reader, mark, "anchors (&name) are not part of the language: write it out");
    /* "!" alone says that a text is a text. */
    if (tag != NULL && strcmp((const char *)tag, "!") != 0)
        return REFUSE(reader, mark, "tags (!name) are not part of the language: leave it out");
    return ERR_OK;
}

static enum err on_event(struct reader *reader, const yaml_event_t *event)
{
    yaml_mark_t mark = event->start_mark;
    enum err err = ERR_OK;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        err = check_tag(reader, event->data.scalar.anchor, event->data.scalar.tag, mark);
        return err == ERR_OK ? on_text(reader, event) : err;
    case YAML_SEQUENCE_START_EVENT:
        err = check_tag(reader, event->data.sequence_start.anchor, event->data.sequence_start.tag, mark);
        return err == ERR_OK ? on_open(reader, NODE_LIST, event) : err;
    case YAML_MAPPING_START_EVENT:
        err = check_tag(reader, event->data.mapping_start.anchor, event->data.mapping_start.tag, mark);
        return err == ERR_OK ? on_open(reader, NODE_MAP, event) : err;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reader->depth--;
        return ERR_OK;
    case YAML_ALIAS_EVENT:
        return REFUSE(reader, mark, "aliases (*name) are not part of the language: write it out");
    case YAML_DOCUMENT_START_EVENT:
        if (reader->root != NULL)
            return REFUSE(reader, mark, "a second document begins here: one file is one %s", reader->what);
        return ERR_OK;
    case YAML_STREAM_END_EVENT:
    case YAML_NO_EVENT:
        reader->ended = true;
        return ERR_OK;
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return ERR_OK;
    }
    return ERR_OK;
}

/* What libyaml says is not what would have been right. */
static const struct {
    const char *problem;
    const char *hint;
} hints[] = {
    {"mapping values are not allowed in this context",
     "a text with a colon and a space in it stands in quotes"},
    {"block sequence entries are not allowed in this context", "a list begins on a line of its own"},
    {"could not find expected ':'", "a key needs a colon and a space behind it"},
    {"did not find expected key", "what belongs together begins in the same column"},
    {"did not find expected '-' indicator", "what belongs together begins in the same column"},
    {"found character that cannot start any token",
     "lines are indented by spaces, not tabs; a text that begins with @, ` or % stands in quotes"},
    {"found a tab character that violates indentation", "lines are indented by spaces, not tabs"},
    {"found a tab character where an indentation space is expected",
     "lines are indented by spaces, not tabs"},
    {"did not find expected ',' or ']'", "a comma between two elements, or a ] behind the last"},
    {"did not find expected ',' or '}'", "a comma between two members, or a } behind the last"},
    {"did not find expected node content", "here a text, a list or a mapping must stand, or a bracket close"},
    {"found unexpected end of stream", "a quote is not closed"},
    {"found unknown escape character", "in double quotes a \\ is written \\\\"},
};

static const char *hint_of(const char *problem)
{
    for (size_t i = 0; i < COUNT_OF(hints); i++)
        if (strcmp(hints[i].problem, problem) == 0)
            return hints[i].hint;
    return NULL;
}

static enum err parser_failed(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem == NULL ? "cannot be read" : parser->problem;
    const char *hint = hint_of(problem);
    const char *more = hint == NULL ? parser->context : hint;
    if (parser->error == YAML_MEMORY_ERROR)
        return ERR_MEMORY;
    messages_add(reader->messages, (uint32_t)parser->problem_mark.line + 1,
                 (uint32_t)parser->problem_mark.column + 1, "not well-formed YAML: %s%s%s", problem,
                 more == NULL ? "" : ": ", more == NULL ? "" : more);
    return ERR_SYNTAX;
}

static enum err read_events(struct reader *reader)
{
    enum err err = ERR_OK;
    while (err == ERR_OK && !reader->ended) {
        yaml_event_t event;
        if (yaml_parser_parse(&reader->parser, &event) == 0)
            return parser_failed(reader);
        err = on_event(reader, &event);
        yaml_event_delete(&event);
    }
    return err;
}

enum err node_read(const char *text, size_t size, const char *what, struct arena *arena,
                   struct messages *messages, const struct node **root)
{
    struct reader reader = {.arena = arena, .messages = messages, .what = what};
    *root = NULL;
    if (size > LIMIT_PATTERN_BYTES) {
        messages_add(messages, 1, 1, "the %s is too large: %zu bytes, where %d are allowed", what, size,
                     LIMIT_PATTERN_BYTES);
        return ERR_SYNTAX;
    }
    enum err err = check_characters(text, size, what, messages);
    if (err != ERR_OK)
        return err;
    if (memmem(text, size, "\\u", 2) != NULL) {
        char *copy = arena_text(arena, text, size);
        if (copy == NULL)
            return ERR_MEMORY;
        join_surrogates(copy, size);
        text = copy;
    }
    if (yaml_parser_initialize(&reader.parser) == 0)
        return ERR_MEMORY;
    /* A byte order mark says nothing that is not known, and libyaml would take it for text. */
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
    err = read_events(&reader);
    yaml_parser_delete(&reader.parser);
    if (err == ERR_OK && reader.root == NULL) {
        messages_add(messages, 1, 1, "the %s is empty", what);
        err = ERR_SYNTAX;
    }
    *root = err == ERR_OK && !reader.twice_root ? reader.root : NULL;
    return err == ERR_OK && reader.twice ? ERR_SYNTAX : err;
}

bool node_is_null(const struct node *node)
{
    return node->kind == NODE_TEXT && node->plain &&
           (node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

const struct node *node_member(const struct node *map, const char *key)
{
    for (const struct node *member = map->first; member != NULL; member = member->next)
        if (strcmp(member->key->text, key) == 0)
            return member;
    return NULL;
}

const char *node_kind_phrase(const struct node *node)
{
    static const char *const phrases[] = {"text", "a list", "a mapping"};
    return node_is_null(node) ? "nothing" : phrases[node->kind];
}
