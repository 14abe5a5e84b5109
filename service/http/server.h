/* The HTTP server: libmicrohttpd on a thread of its own. It reads, checks and answers requests; whatever
 * concerns scenarios and patterns is posted to the lab, and the connection sleeps until the lab has answered,
 * so that a slow lab never keeps a scrape or a health check waiting. Both sides may vanish early: a client
 * that has gone, and a lab that answers too late, cost one allocation until the other side is done.
 *
 * The server knows the lab only as two functions, which whoever starts it supplies. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "http/address.h"
#include "http/certificate.h"
#include "http/listener.h"
#include "http/token.h"

struct lab_request;
struct snapshot;
struct server;

/* What answers and what is scraped. */
struct http_backend {
    /* As lab_post: `request` is answered exactly once by calling its `done`, from any thread, also from
     * within. */
    void (*post)(void *context, struct lab_request *request);
    /* As lab_snapshot: never NULL, valid until the next call, called by the HTTP thread only. */
    const struct snapshot *(*snapshot)(void *context);
    const struct timeline *timeline; /* as lab_timeline; borrowed until the server has stopped */
    void *context;
};

/* Bounds; 0 takes the default of base/limits.h. */
struct server_limits {
    uint32_t connections;
    uint32_t
        caller_connections; /* of one caller, see http/caller.h; 0: any number, as long as there is room */
    uint32_t caller_rate;   /* requests of one caller in a second; over it 429; 0: any number */
    uint32_t commands;      /* in flight between the server and the lab */
    uint32_t unread_bytes;  /* of answers that clients have not read yet; see http/answer.h */
    uint32_t idle_ms;       /* a connection without a request */
    uint32_t
        request_ms;     /* from a request's first line to the end of its answer, the lab's time not counted */
    uint32_t answer_ms; /* the lab's time; over it the client hears 503 */
    uint32_t drain_ms;  /* open requests, once the server stops */
};

struct server_config {
    struct address listen;            /* copied */
    mode_t listen_mode;               /* of a Unix socket; 0: LISTENER_MODE */
    const struct listener *inherited; /* instead: copied, and closed by the server; NULL: none */
    struct http_backend backend;
    const struct log *log;     /* may be NULL; kept until the server has stopped */
    const char *allowed_hosts; /* names that Host may be beside its own, see http/guard.h; NULL: none; kept
                                  until the server has stopped */
    const struct token
        *token;           /* what requests that change something must have; copied; NULL: they need none */
    bool token_for_reads; /* so must the others, see http/access.h */
    struct certificate *certificate; /* taken over, also on an error; NULL: plain HTTP */
    const char *revision; /* of the source, for /version and build_info; NULL: unknown; kept likewise */
    struct server_limits limits;
};

/* Listens and serves. ERR_SYSTEM when the address cannot be listened on (errno says why), ERR_MEMORY. A
 * socket that was inherited stays the caller's on an error. */
enum err server_start(const struct server_config *config, struct server **started);

/* Where it listens, with the port that the system chose where the configuration said 0. */
const struct address *server_address(const struct server *server);

/* Requests from now on must have this token, and no more the earlier one; open connections stay. Not on a
 * server that has none, nor on one that is being stopped. Any thread. */
void server_set_token(struct server *server, const struct token *token);

/* Handshakes from now on show this certificate, which is taken over; open connections stay. Not on a server
 * that has none, nor on one that is being stopped. Any thread. */
void server_set_certificate(struct server *server, struct certificate *certificate);

/* Refuses new connections, turns /readyz to "stopping", lets open requests end for at most drain_ms, answers
 * 503 to those that still wait for the lab, closes everything and frees the server. Takes NULL. The backend's
 * snapshot is not called any more after this; requests that it has not answered yet may still be answered
 * later. Not from the HTTP thread, and not from the thread that answers requests. */
void server_stop(struct server *server);
