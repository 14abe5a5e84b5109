#include "http/access.h"

#include <microhttpd.h>
#include <string.h>

#include "http/exchange.h"

void access_init(struct access *access, const struct token *token, bool reads)
{
    *access = (struct access){.reads = reads};
    pthread_mutex_init(&access->mutex, NULL);
    if (token != NULL)
        access->token = *token;
}

void access_deinit(struct access *access)
{
    pthread_mutex_destroy(&access->mutex);
    explicit_bzero(&access->token, sizeof access->token);
}

void access_set_token(struct access *access, const struct token *token)
{
    pthread_mutex_lock(&access->mutex);
    access->token = *token;
    pthread_mutex_unlock(&access->mutex);
}

static bool needs_token(const struct access *access, const struct route *route)
{
    if (access->token.text[0] == '\0')
        return false;
    return route->method != ROUTE_GET || (access->reads && !route->bare);
}

enum token_word access_check(struct access *access, const struct exchange *exchange)
{
    const char *given =
        MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    pthread_mutex_lock(&access->mutex);
    enum token_word word = TOKEN_MATCHES;
    if (needs_token(access, exchange->match.route))
        word = token_check(&access->token, given);
    pthread_mutex_unlock(&access->mutex);
    return word;
}

const char *access_challenge(enum token_word word)
{
    return word == TOKEN_DIFFERS ? "Bearer realm=\"leaklab\", error=\"invalid_token\""
                                 : "Bearer realm=\"leaklab\"";
}

const char *access_sentence(enum token_word word)
{
    switch (word) {
    case TOKEN_ABSENT:
        return "this needs the token that the daemon was given with --token-file, in a header "
               "\"Authorization: Bearer TOKEN\": curl -H \"Authorization: Bearer $(cat FILE)\"";
    case TOKEN_SCHEME:
        return "the Authorization header must be \"Bearer TOKEN\", with the token that the daemon was given "
               "with --token-file";
    case TOKEN_DIFFERS:
        return "the token in the Authorization header is not the one that the daemon was given with "
               "--token-file";
    case TOKEN_MATCHES:
        break;
    }
    return "";
}
