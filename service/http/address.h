/* Where the daemon listens, as a user writes it: "127.0.0.1:9777", "[::1]:0", "localhost:9777",
 * "0.0.0.0:9777", "unix:/run/leaklab.sock". */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

/* The longest IPv6 literal, with its zero (INET6_ADDRSTRLEN). */
#define ADDRESS_HOST 46

/* The longest path of a Unix socket, with its zero: what sockaddr_un has room for. */
#define ADDRESS_PATH 108

/* The longest text that address_format writes, with its zero: "unix:" and a path. */
#define ADDRESS_TEXT (5 + ADDRESS_PATH)

struct address {
    struct sockaddr_storage socket;
    char host[ADDRESS_HOST]; /* in its canonical form, without brackets; "" of a Unix socket */
    char path[ADDRESS_PATH]; /* of a Unix socket; "" of any other */
    uint16_t port;           /* 0: the system chooses */
    bool any;                /* a wildcard address: every interface */
};

/* HOST:PORT, where HOST is an IPv4 address, an IPv6 address in brackets, or localhost (127.0.0.1). No name is
 * looked up: what the daemon binds must not depend on a name server. Or unix: and an absolute path.
 * ERR_SYNTAX; nothing is written on an error. */
enum err address_parse(const char *text, struct address *address);

/* Where a socket is that somebody else has bound. ERR_SYSTEM with errno: not IPv4, IPv6 or Unix, or no socket
 * at all; nothing is written then. A name without a file (unix(7), abstract) is shown as "@name". */
enum err address_of_socket(int fd, struct address *address);

/* True for a Unix socket. */
bool address_is_unix(const struct address *address);

/* True when only this machine can reach it: 127.0.0.0/8, ::1, the former written in IPv6, a Unix socket. */
bool address_is_loopback(const struct address *address);

/* Writes "host:port" with another port, as a URL wants it, or "unix:/path"; returns `text`. */
const char *address_format(const struct address *address, uint16_t port, char text[static ADDRESS_TEXT]);
