/* Where the daemon listens, as a user writes it: "127.0.0.1:9777", "[::1]:0", "localhost:9777",
 * "0.0.0.0:9777". */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

/* The longest IPv6 literal, with its zero (INET6_ADDRSTRLEN). */
#define ADDRESS_HOST 46

/* The longest text that address_format writes, with its zero: brackets, colon and port around the host. */
#define ADDRESS_TEXT (ADDRESS_HOST + 8)

struct address {
    struct sockaddr_storage socket;
    char host[ADDRESS_HOST]; /* in its canonical form, without brackets */
    uint16_t port;           /* 0: the system chooses */
    bool any;                /* a wildcard address: every interface */
};

/* HOST:PORT, where HOST is an IPv4 address, an IPv6 address in brackets, or localhost (127.0.0.1). No name is
 * looked up: what the daemon binds must not depend on a name server. ERR_SYNTAX; nothing is written on an
 * error. */
enum err address_parse(const char *text, struct address *address);

/* True when only this machine can reach it: 127.0.0.0/8, ::1, or the former written in IPv6. */
bool address_is_loopback(const struct address *address);

/* Writes "host:port" with another port, as a URL wants it; returns `text`. */
const char *address_format(const struct address *address, uint16_t port, char text[static ADDRESS_TEXT]);
