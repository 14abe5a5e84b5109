#include "http/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define UNIX "unix:"

static bool parse_port(const char *text, uint16_t *port)
{
    uint32_t value = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (uint32_t)(text[i] - '0');
    if (value > UINT16_MAX)
        return false;
    *port = (uint16_t)value;
    return true;
}

static void set_v4(struct address *address, const struct sockaddr_in *socket4)
{
    address->port = ntohs(socket4->sin_port);
    inet_ntop(AF_INET, &socket4->sin_addr, address->host, sizeof address->host);
    address->any = socket4->sin_addr.s_addr == htonl(INADDR_ANY);
    memcpy(&address->socket, socket4, sizeof *socket4);
}

static void set_v6(struct address *address, const struct sockaddr_in6 *socket6)
{
    address->port = ntohs(socket6->sin6_port);
    inet_ntop(AF_INET6, &socket6->sin6_addr, address->host, sizeof address->host);
    address->any = IN6_IS_ADDR_UNSPECIFIED(&socket6->sin6_addr);
    memcpy(&address->socket, socket6, sizeof *socket6);
}

static bool parse_host4(const char *host, uint16_t port, struct address *address)
{
    struct sockaddr_in socket4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    const char *literal = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (inet_pton(AF_INET, literal, &socket4.sin_addr) != 1)
        return false;
    set_v4(address, &socket4);
    return true;
}

static bool parse_host6(const char *host, uint16_t port, struct address *address)
{
    struct sockaddr_in6 socket6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET6, host, &socket6.sin6_addr) != 1)
        return false;
    set_v6(address, &socket6);
    return true;
}

static bool parse_path(const char *path, struct address *address)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    size_t size = strnlen(path, sizeof local.sun_path);
    if (path[0] != '/' || size >= sizeof local.sun_path)
        return false;
    memcpy(local.sun_path, path, size);
    memcpy(address->path, local.sun_path, sizeof address->path);
    memcpy(&address->socket, &local, sizeof local);
    return true;
}

enum err address_parse(const char *text, struct address *address)
{
    struct address parsed = {0};
    uint16_t port;
    if (strncmp(text, UNIX, sizeof UNIX - 1) == 0) {
        if (!parse_path(text + sizeof UNIX - 1, &parsed))
            return ERR_SYNTAX;
        *address = parsed;
        return ERR_OK;
    }
    const char *colon = strrchr(text, ':');
    if (colon == NULL || !parse_port(colon + 1, &port))
        return ERR_SYNTAX;
    size_t size = (size_t)(colon - text);
    bool bracketed = size >= 2 && text[0] == '[' && text[size - 1] == ']';
    if (bracketed) {
        text++;
        size -= 2;
    }
    char host[ADDRESS_HOST];
    if (size == 0 || size >= sizeof host)
        return ERR_SYNTAX;
    memcpy(host, text, size);
    host[size] = '\0';
    if (!(bracketed ? parse_host6(host, port, &parsed) : parse_host4(host, port, &parsed)))
        return ERR_SYNTAX;
    *address = parsed;
    return ERR_OK;
}

/* The bytes behind `size` are not set: a name without a file has no zero at its end. */
static void set_unix(struct address *address, const struct sockaddr_un *local, socklen_t size)
{
    size_t room = sizeof address->path - 1;
    size_t name =
        size > offsetof(struct sockaddr_un, sun_path) ? size - offsetof(struct sockaddr_un, sun_path) : 0;
    memcpy(address->path, local->sun_path, name < room ? name : room);
    if (name > 0 && address->path[0] == '\0')
        address->path[0] = '@';
    memcpy(&address->socket, local, sizeof *local);
}

enum err address_of_socket(int fd, struct address *address)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } bound = {.local = {0}};
    socklen_t size = sizeof bound;
    if (getsockname(fd, &bound.any, &size) != 0)
        return ERR_SYSTEM;
    struct address found = {0};
    switch (bound.any.sa_family) {
    case AF_INET:
        set_v4(&found, &bound.v4);
        break;
    case AF_INET6:
        set_v6(&found, &bound.v6);
        break;
    case AF_UNIX:
        set_unix(&found, &bound.local, size);
        break;
    default:
        errno = EAFNOSUPPORT;
        return ERR_SYSTEM;
    }
    *address = found;
    return ERR_OK;
}

bool address_is_unix(const struct address *address)
{
    return address->socket.ss_family == AF_UNIX;
}

bool address_is_loopback(const struct address *address)
{
    struct sockaddr_in socket4;
    struct sockaddr_in6 socket6;
    if (address_is_unix(address))
        return true;
    if (address->socket.ss_family == AF_INET) {
        memcpy(&socket4, &address->socket, sizeof socket4);
        return ntohl(socket4.sin_addr.s_addr) >> 24 == 127;
    }
    memcpy(&socket6, &address->socket, sizeof socket6);
    return IN6_IS_ADDR_LOOPBACK(&socket6.sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&socket6.sin6_addr) && socket6.sin6_addr.s6_addr[12] == 127);
}

const char *address_format(const struct address *address, uint16_t port, char text[static ADDRESS_TEXT])
{
    bool brackets = address->socket.ss_family == AF_INET6;
    if (address_is_unix(address)) {
        snprintf(text, ADDRESS_TEXT, UNIX "%s", address->path);
        return text;
    }
    snprintf(text, ADDRESS_TEXT, brackets ? "[%s]:%u" : "%s:%u", address->host, (unsigned)port);
    return text;
}
