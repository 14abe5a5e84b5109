#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

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

static bool parse_host4(const char *host, struct address *address)
{
    struct sockaddr_in socket4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
    const char *literal = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (inet_pton(AF_INET, literal, &socket4.sin_addr) != 1)
        return false;
    inet_ntop(AF_INET, &socket4.sin_addr, address->host, sizeof address->host);
    address->any = socket4.sin_addr.s_addr == htonl(INADDR_ANY);
    memcpy(&address->socket, &socket4, sizeof socket4);
    return true;
}

static bool parse_host6(const char *host, struct address *address)
{
    struct sockaddr_in6 socket6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
    if (inet_pton(AF_INET6, host, &socket6.sin6_addr) != 1)
        return false;
    inet_ntop(AF_INET6, &socket6.sin6_addr, address->host, sizeof address->host);
    address->any = IN6_IS_ADDR_UNSPECIFIED(&socket6.sin6_addr);
    memcpy(&address->socket, &socket6, sizeof socket6);
    return true;
}

enum err address_parse(const char *text, struct address *address)
{
    struct address parsed = {0};
    const char *colon = strrchr(text, ':');
    if (colon == NULL || !parse_port(colon + 1, &parsed.port))
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
    if (!(bracketed ? parse_host6(host, &parsed) : parse_host4(host, &parsed)))
        return ERR_SYNTAX;
    *address = parsed;
    return ERR_OK;
}

bool address_is_loopback(const struct address *address)
{
    struct sockaddr_in socket4;
    struct sockaddr_in6 socket6;
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
    snprintf(text, ADDRESS_TEXT, brackets ? "[%s]:%u" : "%s:%u", address->host, (unsigned)port);
    return text;
}
