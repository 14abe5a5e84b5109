/* Content negotiation for a scrape, from the request's headers (RFC 9110, 12.4.2, 12.5.1 and 12.5.3). Pure
 * functions. Elements of a header that are not well-formed, or whose weight is not one, are skipped; no
 * header is refused. */
#pragma once

#include <stdbool.h>

#include "metrics/metrics.h"

/* The format to send, from the value of Accept (several headers: joined by commas; NULL: none was sent).
 *
 * A format gets the weight of the range that names it most closely: by type and version, by type, by `text/`
 * or `application/` with a wildcard behind it, by a wildcard for everything. The greater weight wins; of
 * equal ones a format that is named by its own type goes before one under a wildcard, then the one named
 * first. Parameters other than `version` and `q` are not looked at. OpenMetrics answers to the versions 1.0.0
 * and 0.0.1 and to none, and always says 1.0.0. Text 0.0.4 is what everybody else gets, also who accepts
 * neither: a scrape in a form that was not asked for serves better than none. */
enum metrics_format metrics_negotiate_format(const char *accept);

/* True when the answer may be compressed with gzip and the client does not prefer it plain, from the value of
 * Accept-Encoding. Without the header the answer is false. */
bool metrics_negotiate_gzip(const char *accept_encoding);
