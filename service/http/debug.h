/* Profiles over HTTP: rendered here, on the HTTP thread, from what the lab has counted. */
#pragma once

#include <microhttpd.h>

#include "http/exchange.h"

/* The response to a request that the lab answered with a profile; NULL: no memory, or more than
 * LIMIT_RESPONSE_BYTES. */
struct MHD_Response *debug_response(struct exchange *exchange, struct lab_request *request);

/* Serves the list of profiles. */
enum MHD_Result debug_index(struct exchange *exchange);
