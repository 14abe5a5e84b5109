/* Keeps web pages from other places out of a daemon on somebody's machine. A page can make its visitor's
 * browser send requests to 127.0.0.1; what it cannot do is hide where it came from: Origin (RFC 6454),
 * Sec-Fetch-Site (W3C Fetch Metadata), and a Host that is the page's own name even when that name has been
 * pointed at 127.0.0.1 (DNS rebinding).
 *
 * Host must be localhost, 127.0.0.1, [::1] or the address that the daemon listens on, with its port; or, with
 * any port, a name that whoever started the daemon has allowed: that of a proxy or a tunnel, or the one that
 * a container has among its neighbours. A daemon that listens on a wildcard address also answers to any IP
 * address and to the machine's own name, none of which a foreign page can have for a name; there the port is
 * not compared, because containers publish ports under other numbers. So it is on a Unix socket, where no
 * page comes but through a proxy.
 *
 * Origin, when present, must be "http://", or "https://" where the daemon speaks TLS, and the very Host; of
 * an allowed name it may be "https://" anyway, since a proxy may be what the browser speaks TLS with. `null`
 * is foreign. Sec-Fetch-Site, when present, must be same-origin or none. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "http/address.h"

struct guard {
    struct address listen;     /* with its port as bound */
    bool secure;               /* it speaks TLS */
    char hostname[256];        /* gethostname(2), "" when it cannot be told */
    const char *allowed_hosts; /* see guard_names_valid(); borrowed; NULL: none */
};

/* True for names of hosts, or IP addresses (IPv6 in brackets), with commas between them and without ports:
 * "leaklab,lab.example". At most LIMIT_ALLOWED_HOSTS. */
bool guard_names_valid(const char *names);

void guard_init(struct guard *guard, const struct address *listen, bool secure, const char *allowed_hosts);

/* True when the daemon answers to this Host; NULL: the request has none, and it does not. */
bool guard_host_allowed(const struct guard *guard, const char *host);

/* Appends what it answers to: "127.0.0.1:9777, localhost:9777 and [::1]:9777". */
void guard_describe(const struct guard *guard, struct buf *text);

/* NULL when a request whose Host is allowed may change state; otherwise a static sentence for the 403.
 * Headers that are absent are NULL. */
const char *guard_refuse(const struct guard *guard, const char *host, const char *origin,
                         const char *fetch_site);
