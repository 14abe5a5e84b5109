/* Which series to keep, as Prometheus' selectors say it: `up`,
 * `leaklab_tasks{variant="leak",state!="ready"}`,
 * `{__name__=~"process_.*",instance!~"a|b"}`, and `process_*` for names that begin so. Regular expressions
 * are POSIX extended ones, of the whole value; a label that is not there is "". A set of selectors keeps what
 * any of them does. */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/limits.h"

#define MATCH_TERMS 10   /* of one selector */
#define MATCH_TEXT  1100 /* room for a name or a value, with its zero */
#define MATCH_WHY   200

enum match_operator { MATCH_IS, MATCH_IS_NOT, MATCH_LIKE, MATCH_NOT_LIKE };

struct match_term {
    char label[LIMIT_NAME + 1];
    char *value;
    enum match_operator how;
    regex_t expression; /* LIKE, NOT_LIKE */
};

struct match_selector {
    char name[LIMIT_NAME * 2]; /* may have stars; "": any */
    struct match_term terms[MATCH_TERMS];
    size_t term_count;
};

struct match {
    struct match_selector *selectors;
    size_t count;
};

/* Reads selectors that are separated by commas or blanks. ERR_OK: *match is the caller's. ERR_SYNTAX,
 * ERR_LIMIT (more than LIMIT_MATCHES): `why` says what is not right, and what would be. ERR_MEMORY. */
enum err match_read(struct match *match, const char *text, char why[static MATCH_WHY]);

/* Harmless on one that is all zero. */
void match_deinit(struct match *match);

/* True for the name and labels of a sample, `text`, if a selector matches them. A metrics_keep_fn: `context`
 * is the struct match. */
bool match_keep(void *context, const char *text);
