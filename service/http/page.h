/* The web page: GET / for browsers, and its parts below /page/. Each is sent compressed where that is wanted,
 * with an ETag to ask again with (RFC 9110, 8.8.3 and 13.1.2), and under a policy that lets nothing in from
 * elsewhere: no script or style but its own files, no frame around it. */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

struct exchange;

/* True when a browser asks: one that takes text/html by name. */
bool page_is_wanted(const struct exchange *exchange);

/* GET /: the page, for whoever wants one. */
enum MHD_Result page_serve(struct exchange *exchange);

/* GET /page/{name}. */
enum MHD_Result page_serve_part(struct exchange *exchange);

/* True when an If-None-Match header names this entity tag, which stands in quotes, or is "*". NULL: no. */
bool page_tag_matches(const char *header, const char *tag);
