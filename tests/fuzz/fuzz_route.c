/* What a request's head means, line by line: method, target, Host, Origin, Sec-Fetch-Site, Accept,
 * Accept-Encoding; then the address that the daemon listens on and the hosts that it was told to allow. An
 * empty line is an absent header. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "http/guard.h"
#include "http/query.h"
#include "http/route.h"
#include "metrics/negotiate.h"

#define TEXT_MOST 65536

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct guard guard;
    struct address listen;
    char *method = fuzz_line(&input), *target = fuzz_line(&input), *headers[5];
    for (size_t i = 0; i < COUNT_OF(headers); i++)
        headers[i] = fuzz_header(&input);
    char *said = fuzz_line(&input), *allowed = fuzz_header(&input);
    check_route(method, target);
    check_address(&listen, said);
    guard_init(&guard, &listen, false, allowed != NULL && guard_names_valid(allowed) ? allowed : NULL);
    check_guard(&guard, headers);
    (void)metrics_negotiate_format(headers[3]);
    (void)metrics_negotiate_gzip(headers[4]);
    for (size_t i = 0; i < COUNT_OF(headers); i++)
        free(headers[i]);
    free(method);
    free(target);
    free(said);
    free(allowed);
    return 0;
}
