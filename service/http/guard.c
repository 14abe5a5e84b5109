#include "http/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/limits.h"

#define HTTP_PORT  80
#define HTTPS_PORT 443
#define NO_PORT    (-1) /* the scheme says it */

/* A Host header, taken apart. */
struct host {
    char name[256]; /* without brackets */
    bool bracketed;
    long port;
};

void guard_init(struct guard *guard, const struct address *listen, bool secure, const char *allowed_hosts)
{
    *guard = (struct guard){.listen = *listen, .secure = secure, .allowed_hosts = allowed_hosts};
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
    host->port = NO_PORT;
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

/* ---- names that were allowed ---- */

/* The name at `*at`, which moves on to the next; "" at the end. */
static size_t next_name(const char **at, const char **name)
{
    *name = *at;
    size_t size = strcspn(*at, ",");
    *at += size + ((*at)[size] == ',');
    return size;
}

static bool name_valid(const char *name, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    struct host host;
    char text[sizeof host.name], literal[ADDRESS_HOST];
    if (size == 0 || size >= sizeof text)
        return false;
    memcpy(text, name, size);
    text[size] = '\0';
    if (text[0] == '[')
        return text[size - 1] == ']' && host_parse(text, &host) && canonical(&host, literal);
    return text[strspn(text, plain)] == '\0';
}

bool guard_names_valid(const char *names)
{
    size_t count = 0;
    size_t length = strlen(names);
    if (length == 0 || names[length - 1] == ',')
        return false;
    while (*names != '\0') {
        const char *name;
        size_t size = next_name(&names, &name);
        if (++count > LIMIT_ALLOWED_HOSTS || !name_valid(name, size))
            return false;
    }
    return true;
}

/* The same name, or the same address however it is written. */
static bool is_name(const struct host *host, const char *name, size_t size)
{
    struct host allowed;
    char text[sizeof allowed.name], literal[ADDRESS_HOST], wanted[ADDRESS_HOST];
    if (!host->bracketed)
        return strlen(host->name) == size && strncasecmp(host->name, name, size) == 0;
    if (size >= sizeof text)
        return false;
    memcpy(text, name, size);
    text[size] = '\0';
    return text[0] == '[' && host_parse(text, &allowed) && canonical(&allowed, wanted) &&
           canonical(host, literal) && strcmp(wanted, literal) == 0;
}

static bool was_allowed(const struct guard *guard, const struct host *host)
{
    const char *at = guard->allowed_hosts == NULL ? "" : guard->allowed_hosts;
    while (*at != '\0') {
        const char *name;
        size_t size = next_name(&at, &name);
        if (is_name(host, name, size))
            return true;
    }
    return false;
}

/* ---- judging ---- */

static bool reached_by_any_name(const struct guard *guard)
{
    return guard->listen.any || address_is_unix(&guard->listen);
}

bool guard_host_allowed(const struct guard *guard, const char *text)
{
    struct host host;
    char literal[ADDRESS_HOST];
    if (text == NULL || !host_parse(text, &host))
        return false;
    bool is_address = canonical(&host, literal);
    if (host.bracketed && !is_address)
        return false;
    if (was_allowed(guard, &host))
        return true;
    bool is_localhost = strcasecmp(host.name, "localhost") == 0;
    if (reached_by_any_name(guard))
        return is_address || is_localhost ||
               (guard->hostname[0] != '\0' && strcasecmp(host.name, guard->hostname) == 0);
    if ((host.port == NO_PORT ? (guard->secure ? HTTPS_PORT : HTTP_PORT) : host.port) != guard->listen.port)
        return false;
    return is_localhost || (is_address && (strcmp(literal, "127.0.0.1") == 0 || strcmp(literal, "::1") == 0 ||
                                           strcmp(literal, guard->listen.host) == 0));
}

void guard_describe(const struct guard *guard, struct buf *text)
{
    char own[ADDRESS_TEXT];
    unsigned port = guard->listen.port;
    if (reached_by_any_name(guard)) {
        buf_puts(text, "localhost, any IP address");
        if (guard->hostname[0] != '\0')
            buf_printf(text, ", %s", guard->hostname);
    } else {
        address_format(&guard->listen, guard->listen.port, own);
        buf_printf(text, "localhost:%u, 127.0.0.1:%u, [::1]:%u", port, port, port);
        if (strcmp(guard->listen.host, "127.0.0.1") != 0 && strcmp(guard->listen.host, "::1") != 0)
            buf_printf(text, ", %s", own);
    }
    for (const char *at = guard->allowed_hosts == NULL ? "" : guard->allowed_hosts; *at != '\0';) {
        const char *name;
        size_t size = next_name(&at, &name);
        buf_printf(text, ", %.*s", (int)size, name);
    }
}

/* The scheme's end in an origin that this Host may have; NULL: it may have none such. */
static const char *origin_authority(const struct guard *guard, const char *host, const char *origin)
{
    static const char plain[] = "http://", secure[] = "https://";
    struct host parsed;
    if (!guard->secure && strncasecmp(origin, plain, sizeof plain - 1) == 0)
        return origin + sizeof plain - 1;
    if (strncasecmp(origin, secure, sizeof secure - 1) == 0 &&
        (guard->secure || (host_parse(host, &parsed) && was_allowed(guard, &parsed))))
        return origin + sizeof secure - 1;
    return NULL;
}

const char *guard_refuse(const struct guard *guard, const char *host, const char *origin,
                         const char *fetch_site)
{
    const char *authority = origin == NULL ? host : origin_authority(guard, host, origin);
    if (authority == NULL || strcasecmp(authority, host) != 0)
        return "the Origin header names another place: pages from elsewhere may not change anything here";
    if (fetch_site != NULL && strcmp(fetch_site, "same-origin") != 0 && strcmp(fetch_site, "none") != 0)
        return "the Sec-Fetch-Site header says that a page from elsewhere sent this: it may not change "
               "anything here";
    return NULL;
}
