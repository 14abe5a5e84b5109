/* What a request's head means, line by line: method, target, Host, Origin, Sec-Fetch-Site, Accept,
 * Accept-Encoding; then the address that the daemon listens on and the hosts that it was told to allow; then
 * Authorization, If-None-Match and the daemon's token. An empty line is an absent header. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "http/guard.h"
#include "http/page.h"
#include "http/query.h"
#include "http/route.h"
#include "http/token.h"
#include "metrics/negotiate.h"

#define TEXT_MOST 65536
#define TAG       "\"0123abcd\""

static void check_query(const struct route_match *match)
{
    struct query query;
    json_t *problem = NULL;
    if (!query_read(match->route->keys, match->query, &query, &problem))
        fuzz_problem(problem);
}

static void check_route(const char *method, const char *target)
{
    struct route_match match;
    struct buf text;
    route_find(method, target, &match);
    CHECK((match.route == NULL) == (match.outcome == ROUTE_NO_PATH));
    CHECK(match.query != NULL);
    CHECK(match.query[0] == '\0' || (match.query > target && match.query[-1] == '?'));
    CHECK(strlen(match.name) <= LIMIT_NAME);
    if (match.outcome == ROUTE_NO_METHOD)
        CHECK(match.allow[0] != '\0');
    if (match.outcome == ROUTE_FOUND)
        check_query(&match);
    if (match.outcome != ROUTE_NO_PATH)
        return;
    buf_init(&text, TEXT_MOST);
    route_suggest(&text, target);
    CHECK(text.err == ERR_OK && text.size > 0);
    buf_deinit(&text);
}

/* Nobody gets in from a place that is not the very host, whatever else was said. */
static void check_guard(const struct guard *guard, char *const headers[static 3])
{
    struct buf text;
    const char *host = headers[0], *origin = headers[1], *site = headers[2];
    buf_init(&text, TEXT_MOST);
    guard_describe(guard, &text);
    CHECK(text.err == ERR_OK && text.size > 0);
    buf_deinit(&text);
    if (!guard_host_allowed(guard, host))
        return;
    CHECK(host != NULL);
    const char *why = guard_refuse(guard, host, origin, site);
    if (why != NULL)
        return;
    if (origin != NULL) {
        const char *colon = strstr(origin, "://");
        CHECK(colon != NULL && strcasecmp(colon + 3, host) == 0);
    }
    CHECK(site == NULL || strcasecmp(site, "same-origin") == 0 || strcasecmp(site, "none") == 0);
}

static void check_address(struct address *listen, const char *said)
{
    char text[ADDRESS_TEXT], again_text[ADDRESS_TEXT];
    struct address again;
    if (address_parse(said, listen) != ERR_OK) {
        CHECK(address_parse("127.0.0.1:9777", listen) == ERR_OK);
        return;
    }
    address_format(listen, listen->port, text);
    CHECK(address_parse(text, &again) == ERR_OK);
    CHECK(strcmp(text, address_format(&again, again.port, again_text)) == 0);
    CHECK(again.any == listen->any);
}

/* What cannot be read, or names what there is not, says nothing: with it in front the answer is the same. */
static void check_negotiation(const char *accept, const char *encoding)
{
    static const char *const noise[] = {", ,", "image/png", "a;q=2", "\001;q=1", "\"a,b\\\"\"c;q=1"};
    struct buf text;
    buf_init(&text, TEXT_MOST);
    for (size_t i = 0; i < COUNT_OF(noise); i++) {
        buf_clear(&text);
        if (accept != NULL && buf_printf(&text, "%s,%s", noise[i], accept) == ERR_OK)
            CHECK(metrics_negotiate_format(buf_text(&text)) == metrics_negotiate_format(accept));
        buf_clear(&text);
        if (encoding != NULL && buf_printf(&text, "%s,%s", noise[i], encoding) == ERR_OK)
            CHECK(metrics_negotiate_gzip(buf_text(&text)) == metrics_negotiate_gzip(encoding));
    }
    buf_deinit(&text);
}

static void check_token(const char *authorization, const char *said)
{
    struct token token;
    if (token_parse(said, strlen(said), &token) != ERR_OK)
        return;
    size_t size = strlen(token.text);
    CHECK(size >= TOKEN_MIN && strstr(said, token.text) != NULL);
    bool same = false;
    if (authorization != NULL && strncasecmp(authorization, "Bearer ", 7) == 0) {
        const char *given = authorization + 7;
        given += strspn(given, " ");
        same = strcmp(given, token.text) == 0;
    }
    CHECK((token_check(&token, authorization) == TOKEN_MATCHES) == same);
}

static void check_tag(const char *header)
{
    bool matches = page_tag_matches(header, TAG);
    CHECK(!matches || strchr(header, '*') != NULL || strstr(header, TAG) != NULL);
    if (header != NULL && (strcmp(header, "*") == 0 || strcmp(header, TAG) == 0))
        CHECK(matches);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct guard guard;
    struct address listen;
    char *method = fuzz_line(&input), *target = fuzz_line(&input), *headers[5];
    for (size_t i = 0; i < COUNT_OF(headers); i++)
        headers[i] = fuzz_header(&input);
    char *said = fuzz_line(&input), *allowed = fuzz_header(&input);
    char *authorization = fuzz_header(&input), *tag = fuzz_header(&input), *token = fuzz_line(&input);
    check_route(method, target);
    check_address(&listen, said);
    guard_init(&guard, &listen, false, allowed != NULL && guard_names_valid(allowed) ? allowed : NULL);
    check_guard(&guard, headers);
    check_negotiation(headers[3], headers[4]);
    check_token(authorization, token);
    check_tag(tag);
    for (size_t i = 0; i < COUNT_OF(headers); i++)
        free(headers[i]);
    char *const lines[] = {method, target, said, allowed, authorization, tag, token};
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        free(lines[i]);
    return 0;
}
