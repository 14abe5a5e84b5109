/* One request and its answer. A connection has one exchange, used again for each request on it; only the HTTP
 * thread touches it, but for the ticket, which the desk guards.
 *
 *     IDLE ─▶ RECEIVING ─▶ ANSWERED ─▶ IDLE
 *                 └─▶ WAITING ─┘          (suspended while the lab works)
 *
 * A request that is refused is still read to its end, within LIMIT_DISCARD_BYTES, and answered then: a server
 * that answers early and closes makes the client's kernel throw the answer away (RFC 9112, 9.6). */
#pragma once

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "http/desk.h"
#include "http/query.h"
#include "http/route.h"

struct server;

enum exchange_phase { EXCHANGE_IDLE, EXCHANGE_RECEIVING, EXCHANGE_WAITING, EXCHANGE_ANSWERED };

struct exchange {
    struct server *server;
    struct MHD_Connection *connection;
    enum exchange_phase phase;
    const char *method; /* libmicrohttpd's, valid until the exchange ends */
    char target[LIMIT_TARGET_BYTES + 1];
    bool target_cut;
    bool refused; /* by `refusal`; NULL: no memory for it */
    json_t *refusal;
    bool last;             /* the connection is closed behind its answer */
    const char *challenge; /* WWW-Authenticate of a 401; NULL: none */
    struct route_match match;
    struct query query; /* of a request that the lab answers */
    struct buf body;
    size_t discarded;
    struct ticket ticket;
    size_t answer_bytes; /* of the response that was made last */
    size_t unread_bytes; /* of the answer, until the client has read it */
    uint64_t started_ns; /* CLOCK_MONOTONIC */
};

void exchange_init(struct exchange *exchange, struct server *server);
void exchange_deinit(struct exchange *exchange);

/* The request's first line is there. */
void exchange_begin(struct exchange *exchange, struct MHD_Connection *connection, const char *target);

/* libmicrohttpd's MHD_AccessHandlerCallback: called first with the head alone, then with each piece of the
 * body, then at its end, and once more after the connection was resumed. */
enum MHD_Result exchange_step(struct exchange *exchange, const char *method, const char *data, size_t *size);

/* The answer has been sent, or the connection is gone. */
void exchange_end(struct exchange *exchange);
