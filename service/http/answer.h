/* Answers: libmicrohttpd responses with the headers that every answer has, counted and logged when queued.
 * HTTP thread. */
#pragma once

#include <jansson.h>
#include <microhttpd.h>

#include "base/buf.h"
#include "http/exchange.h"

/* Queues `response`, which is given up in any case, also on failure; NULL answers 500. Adds
 * X-Content-Type-Options, Cache-Control unless the response has one, and Connection: close while the server
 * stops. The result is what the access handler returns.
 *
 * Answers take memory until their clients have read them. Where there is too much of it, whoever has not read
 * for the longest time is hung up on, and what only tells something is answered with 429; scrapes have as
 * much room again. */
enum MHD_Result answer_queue(struct exchange *exchange, int status, struct MHD_Response *response);

/* A response of bytes that outlive it; NULL when memory is out. */
struct MHD_Response *answer_static(const char *type, const void *bytes, size_t size);

/* A response with the buffer's content, which leaves the buffer; NULL when memory is out or the buffer has
 * failed. */
struct MHD_Response *answer_buffer(struct exchange *exchange, const char *type, struct buf *buf);

/* A response of a JSON value, indented, as `application/json`, or as a problem where `status` is 400 or
 * above. The value stays the caller's; NULL gives NULL. */
struct MHD_Response *answer_json(struct exchange *exchange, int status, const json_t *json);

/* Queues a problem with its status, with Allow where the route has no such method, with WWW-Authenticate
 * where a token is missing, and with Retry-After where too much was asked. Releases the problem; NULL
 * answers 500. */
enum MHD_Result answer_problem(struct exchange *exchange, json_t *problem);
