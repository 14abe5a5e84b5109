/* The secret that whoever changes something must know: a bearer token (RFC 6750), one line in a file that the
 * daemon and its clients read.
 *
 * Comparing takes the same time whatever is wrong and wherever (CWE-208): an answer's time tells nothing that
 * would help to guess. What is compared is as long as the longest token, and not as long as what was sent. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/limits.h"

/* Shorter ones can be guessed. */
#define TOKEN_MIN 16

struct token {
    char text[LIMIT_TOKEN_BYTES + 1]; /* zeros behind it to the end; "": none */
};

/* Takes a token with the blanks and line ends around it. ERR_SYNTAX: shorter than TOKEN_MIN, longer than
 * LIMIT_TOKEN_BYTES, or with a character that RFC 6750 does not give to tokens: they have letters, digits and
 * any of "-._~+/=". Nothing is written on an error. */
enum err token_parse(const char *text, size_t size, struct token *token);

/* Reads it from a file, of which no more than a token's length is read, and which is not waited for. NULL, or
 * what is wrong with it, for a user: it never quotes what is there, and lasts until the next call that may
 * set errno's texts. Nothing is written on an error. */
const char *token_read(const char *path, struct token *token);

enum token_word {
    TOKEN_MATCHES,
    TOKEN_ABSENT, /* there is no Authorization header */
    TOKEN_SCHEME, /* it is of another kind than Bearer */
    TOKEN_DIFFERS
};

/* What an Authorization header (NULL: absent) says about it. */
enum token_word token_check(const struct token *token, const char *authorization);
