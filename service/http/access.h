/* Who may do what, once it is sure that no foreign page asks (see guard.h): with a token, whatever changes
 * something needs it, and on wish whatever tells something too. What probes ask (/healthz, /readyz) and what
 * is the same in every daemon (the page's files, the index, /openapi.json) never does. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "http/token.h"

struct exchange;

/* The token may be exchanged while requests are answered. */
struct access {
    pthread_mutex_t mutex;
    struct token token; /* "": none, and everybody may do everything */
    bool reads;         /* GET needs it too */
};

/* `token` NULL: none. */
void access_init(struct access *access, const struct token *token, bool reads);
void access_deinit(struct access *access);

/* From now on this token is the right one, and the earlier one wrong. Any thread. */
void access_set_token(struct access *access, const struct token *token);

/* What the exchange's Authorization header says; TOKEN_MATCHES also where none is needed. HTTP thread. */
enum token_word access_check(struct access *access, const struct exchange *exchange);

/* For a 401: what to say in WWW-Authenticate, and to whoever reads the problem. */
const char *access_challenge(enum token_word word);
const char *access_sentence(enum token_word word);
