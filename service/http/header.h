/* The headers of a request. HTTP thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "http/exchange.h"

/* The value of the first header of that name; NULL when there is none. It lives as long as the request. */
const char *header_first(const struct exchange *exchange, const char *name);

/* How many headers of that name there are. */
unsigned header_count(const struct exchange *exchange, const char *name);

/* Whether some header has a blank in its name or behind it, which libmicrohttpd takes for a part of it. */
bool header_spaced(const struct exchange *exchange);

/* Longer lists are cut, behind a comma. */
#define HEADER_LIST_BYTES 4096

/* The values of all headers of that name, which is the same as one with commas between them (RFC 9110, 5.3);
 * NULL when there is none. Where there are several, they stand in `text`. */
const char *header_list(const struct exchange *exchange, const char *name,
                        char text[static HEADER_LIST_BYTES]);
