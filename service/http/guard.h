/* Keeps web pages from other places out of a daemon on somebody's machine. A page can make its visitor's
 * browser send requests to 127.0.0.1; what it cannot do is hide where it came from: Origin (RFC 6454),
 * Sec-Fetch-Site (W3C Fetch Metadata), and a Host that is the page's own name even when that name has been
 * pointed at 127.0.0.1 (DNS rebinding).
 *
 * Host must be localhost, 127.0.0.1, [::1] or the address that the daemon listens on, with its port. A daemon
 * that listens on a wildcard address also answers to any IP address and to the machine's own name, none of
 * which a foreign page can have for a name; there the port is not compared, because containers publish ports
 * under other numbers. Origin, when present, must be "http://" and the very Host; `null` is foreign.
 * Sec-Fetch-Site, when present, must be same-origin or none. */
#pragma once

#include "http/address.h"

struct guard {
    struct address listen;
    uint16_t port;      /* as bound */
    char hostname[256]; /* gethostname(2), "" when it cannot be told */
};

void guard_init(struct guard *guard, const struct address *listen, uint16_t port);

/* NULL when a request that changes state may pass; otherwise a static sentence for the 403. Headers that are
 * absent are NULL; a request without Host does not pass. */
const char *guard_refuse(const struct guard *guard, const char *host, const char *origin,
                         const char *fetch_site);
