#include "command/match.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:"
#define STARRED_BYTES NAME_BYTES "*"

struct reading {
    const char *at;
    char *why;
};

static enum err fault(struct reading *reading, const char *what)
{
    snprintf(reading->why, MATCH_WHY, "%s at \"%.40s\": right is up, process_* or name{label=\"value\"}",
             what, reading->at);
    return ERR_SYNTAX;
}

static void skip_blanks(struct reading *reading)
{
    reading->at += strspn(reading->at, " \t\n");
}

static enum err read_word(struct reading *reading, const char *bytes, char *word, size_t room)
{
    size_t size = strspn(reading->at, bytes);
    if (size >= room)
        return fault(reading, "a name is too long");
    memcpy(word, reading->at, size);
    word[size] = '\0';
    reading->at += size;
    return ERR_OK;
}

/* Reads a text in quotes of either kind. */
static enum err read_value(struct reading *reading, char value[static MATCH_TEXT])
{
    char quote = *reading->at;
    size_t size = 0;
    if (quote != '"' && quote != '\'')
        return fault(reading, "a value without quotes");
    const char *at = reading->at + 1;
    for (; *at != '\0' && *at != quote; at++) {
        if (*at == '\\' && (at[1] == quote || at[1] == '\\'))
            at++;
        if (size == MATCH_TEXT - 1)
            return fault(reading, "a value is too long");
        value[size++] = *at;
    }
    if (*at == '\0')
        return fault(reading, "a quote without its end");
    value[size] = '\0';
    reading->at = at + 1;
    return ERR_OK;
}

static enum err read_operator(struct reading *reading, enum match_operator *how)
{
    static const char *const words[] = {
        [MATCH_IS] = "=", [MATCH_IS_NOT] = "!=", [MATCH_LIKE] = "=~", [MATCH_NOT_LIKE] = "!~"};
    skip_blanks(reading);
    for (enum match_operator i = MATCH_NOT_LIKE;; i--) {
        if (strncmp(reading->at, words[i], strlen(words[i])) == 0) {
            *how = i;
            reading->at += strlen(words[i]);
            skip_blanks(reading);
            return ERR_OK;
        }
        if (i == MATCH_IS)
            return fault(reading, "none of =, !=, =~ and !~");
    }
}

/* POSIX has no meaning for them, and they would match nothing, or themselves. */
static bool has_perl_class(const char *expression)
{
    for (const char *at = strchr(expression, '\\'); at != NULL; at = strchr(at, '\\')) {
        at++;
        if (isalnum((unsigned char)*at))
            return true;
        at += *at != '\0';
    }
    return false;
}

/* The expression is of the whole value. */
static enum err compile(struct reading *reading, struct match_term *term, const char *value)
{
    char whole[MATCH_TEXT + 8];
    if (term->how != MATCH_LIKE && term->how != MATCH_NOT_LIKE)
        return ERR_OK;
    if (has_perl_class(value))
        return fault(reading, "\\d and its like are not POSIX's, which has [0-9]");
    snprintf(whole, sizeof whole, "^(%s)$", value);
    int failed = regcomp(&term->expression, whole, REG_EXTENDED | REG_NOSUB);
    if (failed == 0)
        return ERR_OK;
    return failed == REG_ESPACE ? ERR_MEMORY : fault(reading, "no regular expression");
}

static enum err read_term(struct reading *reading, struct match_selector *selector)
{
    char value[MATCH_TEXT];
    if (selector->term_count == MATCH_TERMS)
        return fault(reading, "too many labels");
    struct match_term *term = &selector->terms[selector->term_count];
    enum err err = read_word(reading, NAME_BYTES, term->label, sizeof term->label);
    if (err == ERR_OK && term->label[0] == '\0')
        err = fault(reading, "no label");
    if (err == ERR_OK)
        err = read_operator(reading, &term->how);
    const struct reading before = *reading;
    if (err == ERR_OK)
        err = read_value(reading, value);
    if (err != ERR_OK)
        return err;
    term->value = strdup(value);
    if (term->value == NULL)
        return ERR_MEMORY;
    struct reading there = before;
    err = compile(&there, term, value);
    if (err != ERR_OK) {
        free(term->value);
        term->value = NULL;
        return err;
    }
    selector->term_count++;
    skip_blanks(reading);
    return ERR_OK;
}

static enum err read_terms(struct reading *reading, struct match_selector *selector)
{
    reading->at++;
    skip_blanks(reading);
    while (*reading->at != '}') {
        enum err err = read_term(reading, selector);
        if (err != ERR_OK)
            return err;
        if (*reading->at != ',' && *reading->at != '}')
            return fault(reading, "neither , nor }");
        reading->at += *reading->at == ',';
        skip_blanks(reading);
    }
    reading->at++;
    return ERR_OK;
}

static enum err read_selector(struct reading *reading, struct match_selector *selector)
{
    const char *begin = reading->at;
    enum err err = read_word(reading, STARRED_BYTES, selector->name, sizeof selector->name);
    if (err == ERR_OK && *reading->at == '{')
        err = read_terms(reading, selector);
    if (err == ERR_OK && reading->at == begin)
        err = fault(reading, "no selector");
    if (err == ERR_OK && *reading->at != '\0' && strchr(", \t\n", *reading->at) == NULL)
        err = fault(reading, "neither a comma nor the end");
    return err;
}

static enum err read_next(struct match *match, struct reading *reading)
{
    if (match->count == LIMIT_MATCHES) {
        snprintf(reading->why, MATCH_WHY, "more than %d selectors", LIMIT_MATCHES);
        return ERR_LIMIT;
    }
    struct match_selector *selectors = realloc(match->selectors, (match->count + 1) * sizeof *selectors);
    if (selectors == NULL)
        return ERR_MEMORY;
    match->selectors = selectors;
    memset(&selectors[match->count], 0, sizeof *selectors);
    return read_selector(reading, &selectors[match->count++]);
}

enum err match_read(struct match *match, const char *text, char why[static MATCH_WHY])
{
    struct reading reading = {.at = text, .why = why};
    enum err err = ERR_OK;
    *match = (struct match){0};
    why[0] = '\0';
    do {
        reading.at += strspn(reading.at, ", \t\n");
        if (*reading.at != '\0' || match->count == 0)
            err = read_next(match, &reading);
    } while (err == ERR_OK && *reading.at != '\0');
    if (err != ERR_OK)
        match_deinit(match);
    return err;
}

void match_deinit(struct match *match)
{
    for (size_t i = 0; i < match->count; i++) {
        for (size_t t = 0; t < match->selectors[i].term_count; t++) {
            struct match_term *term = &match->selectors[i].terms[t];
            free(term->value);
            if (term->how == MATCH_LIKE || term->how == MATCH_NOT_LIKE)
                regfree(&term->expression);
        }
    }
    free(match->selectors);
    *match = (struct match){0};
}

/* ---- matching ---- */

/* Takes one label out of `at`, which is behind the brace or a comma; returns what is behind it. */
static const char *take_label(const char *at, const char **name, size_t *name_size,
                              char value[static MATCH_TEXT])
{
    size_t size = 0;
    *name = at;
    *name_size = strcspn(at, "=");
    for (at += *name_size + 2; *at != '"'; at++) {
        bool escaped = *at == '\\';
        at += escaped;
        if (size < MATCH_TEXT - 1)
            value[size++] = *at;
        if (escaped && *at == 'n')
            value[size - 1] = '\n';
    }
    value[size] = '\0';
    at++;
    return at + (*at == ',');
}

/* The value of a label in a sample's text, "" when it has none. */
static void find_label(const char *text, const char *label, char value[static MATCH_TEXT])
{
    const char *at = text + strcspn(text, "{");
    const char *name;
    size_t size;
    if (strcmp(label, "__name__") == 0) {
        snprintf(value, MATCH_TEXT, "%.*s", (int)(at - text), text);
        return;
    }
    for (at += *at == '{'; *at != '\0' && *at != '}';) {
        at = take_label(at, &name, &size, value);
        if (strlen(label) == size && memcmp(label, name, size) == 0)
            return;
    }
    value[0] = '\0';
}

static bool term_holds(const struct match_term *term, const char *text)
{
    char value[MATCH_TEXT];
    find_label(text, term->label, value);
    switch (term->how) {
    case MATCH_IS:
        return strcmp(value, term->value) == 0;
    case MATCH_IS_NOT:
        return strcmp(value, term->value) != 0;
    case MATCH_LIKE:
        return regexec(&term->expression, value, 0, NULL, 0) == 0;
    case MATCH_NOT_LIKE:
        return regexec(&term->expression, value, 0, NULL, 0) != 0;
    }
    return false;
}

static bool selects(const struct match_selector *selector, const char *text)
{
    char name[MATCH_TEXT];
    find_label(text, "__name__", name);
    bool holds = selector->name[0] == '\0' || fnmatch(selector->name, name, 0) == 0;
    for (size_t i = 0; i < selector->term_count && holds; i++)
        holds = term_holds(&selector->terms[i], text);
    return holds;
}

bool match_keep(void *context, const char *text)
{
    const struct match *match = context;
    for (size_t i = 0; i < match->count; i++)
        if (selects(&match->selectors[i], text))
            return true;
    return false;
}
