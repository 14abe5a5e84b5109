#include "http/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HTTP_PORT 80

/* A Host header, taken apart. */
struct host {
    char name[256]; /* without brackets */
    bool bracketed;
    long port;
};

void guard_init(struct guard *guard, const struct address *listen, uint16_t port)
{
    *guard = (struct guard){.listen = *listen, .port = port};
    if (gethostname(guard->hostname, sizeof guard->hostname) != 0)
        guard->hostname[0] = '\0';
    guard->hostname[sizeof guard->hostname - 1] = '\0';
}

static bool host_parse(const char *text, struct host *host)
{
    host->bracketed = text[0] == '[';
    const char *name = host->bracketed ? text + 1 : text;
    size_t size = strcspn(name, host->bracketed ? "]" : ":");
    if (size == 0 || size >= sizeof host->name)
        return false;
    memcpy(host->name, name, size);
    host->name[size] = '\0';
    const char *rest = name + size;
    if (host->bracketed && *rest++ != ']')
        return false;
    host->port = HTTP_PORT;
    if (*rest == '\0')
        return true;
    size_t digits = strspn(rest + 1, "0123456789");
    if (*rest != ':' || digits == 0 || digits > 5 || rest[1 + digits] != '\0')
        return false;
    host->port = strtol(rest + 1, NULL, 10);
    return true;
}

/* The canonical form of an address, so that "::1" and "0:0:0:0:0:0:0:1" compare equal; false for a name. */
static bool canonical(const struct host *host, char text[static ADDRESS_HOST])
{
    unsigned char bytes[sizeof(struct in6_addr)];
    int family = host->bracketed ? AF_INET6 : AF_INET;
    return inet_pton(family, host->name, bytes) == 1 && inet_ntop(family, bytes, text, ADDRESS_HOST) != NULL;
}

static bool host_allowed(const struct guard *guard, const char *text)
{
    struct host host;
    char literal[ADDRESS_HOST];
    if (!host_parse(text, &host))
        return false;
    bool is_address = canonical(&host, literal);
    if (host.bracketed && !is_address)
        return false;
    bool is_localhost = strcasecmp(host.name, "localhost") == 0;
    if (guard->listen.any)
        return is_address || is_localhost ||
               (guard->hostname[0] != '\0' && strcasecmp(host.name, guard->hostname) == 0);
    if (host.port != guard->port)
        return false;
    return is_localhost || (is_address && (strcmp(literal, "127.0.0.1") == 0 || strcmp(literal, "::1") == 0 ||
                                           strcmp(literal, guard->listen.host) == 0));
}

const char *guard_refuse(const struct guard *guard, const char *host, const char *origin,
                         const char *fetch_site)
{
    static const char scheme[] = "http://";
    if (host == NULL || !host_allowed(guard, host))
        return "the Host header does not name the address that this daemon listens on; use the address that "
               "it "
               "printed when it started";
    if (origin != NULL && (strncasecmp(origin, scheme, sizeof scheme - 1) != 0 ||
                           strcasecmp(origin + sizeof scheme - 1, host) != 0))
        return "the Origin header names another place: pages from elsewhere may not change anything here";
    if (fetch_site != NULL && strcmp(fetch_site, "same-origin") != 0 && strcmp(fetch_site, "none") != 0)
        return "the Sec-Fetch-Site header says that a page from elsewhere sent this: it may not change "
               "anything here";
    return NULL;
}
