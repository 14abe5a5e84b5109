/* Who asks, as far as limits go: the address that a connection comes from. Of an IPv6 address its first 64
 * bits, since whoever has one of a network has all of them (RFC 6177); whoever comes over a Unix socket is
 * one caller. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/limits.h"

struct caller {
    unsigned char bytes[16]; /* an IPv4 address as IPv6 writes it (RFC 4291, 2.5.5.2); 0: a Unix socket */
};

/* NULL, and what is no address of the internet: that of a Unix socket. */
struct caller caller_of(const struct sockaddr *address);

bool caller_equal(const struct caller *a, const struct caller *b);

/* One of `count` slots, of which callers that are different may share one; who shares with whom depends on
 * the salt. */
size_t caller_slot(const struct caller *caller, uint64_t salt, size_t count);

/* How many requests a caller may make: `rate` in each second on average, as many at once. This is the generic
 * cell rate algorithm (ITU-T I.371): all that is kept of a caller is the time at which it would have used up
 * what it has asked for. Callers that share a slot share their rate. Not thread-safe. */
struct quota {
    uint64_t interval_ns; /* 0: no limit */
    uint64_t salt;
    uint64_t until_ns[LIMIT_CALLERS];
};

/* `rate` in requests a second, at most LIMIT_REQUEST_RATE; 0: no limit. */
void quota_init(struct quota *quota, uint32_t rate, uint64_t salt);

/* True, and counted, when the caller may make a request now; `now_ns` never goes back. */
bool quota_take(struct quota *quota, const struct caller *caller, uint64_t now_ns);
