/* Requests that the lab works on, and the suspended connections that wait for them. Each call has two owners
 * that may leave in either order: the exchange that waits, and the lab that answers. The desk's mutex settles
 * who is last; the desk itself lives until both the server and the last call have let go of it, so that an
 * answer that comes after the server has stopped finds solid ground. */
#pragma once

#include <microhttpd.h>
#include <stdint.h>

#include "base/err.h"
#include "http/server.h"
#include "lab/request.h"

struct desk;
struct call;

enum ticket_state {
    TICKET_NONE,
    TICKET_WAITING,
    TICKET_ANSWERED,
    TICKET_LATE,   /* the lab took too long */
    TICKET_STOPPED /* the server stops */
};

/* The waiting side's half of a call. It must stay in place until desk_take has given the answer or the
 * reason. */
struct ticket {
    enum ticket_state state;
    struct call *call;
};

/* A desk for at most `max` calls that have been posted and not been freed, and for fewer of those whose
 * answers are long: what is at the lab keeps its connection, and its answer takes memory until it has been
 * rendered. NULL when memory is out. */
struct desk *desk_new(uint32_t max);

/* Lets go of the desk. No ticket may still wait (desk_abandon). Takes NULL. */
void desk_free(struct desk *desk);

/* A request to fill in, with its `done` already set; NULL when memory is out. Freed by call_free, or by
 * desk_post. */
struct lab_request *call_new(enum lab_verb verb);
void call_free(struct lab_request *request);

/* Suspends the connection and posts the request, which is the desk's from then on. ERR_LIMIT when too many
 * of its kind are in flight, ERR_CLOSED when calls have been given up as TICKET_STOPPED; the caller then
 * still owns the request. The connection is resumed exactly once. */
enum err desk_post(struct desk *desk, const struct http_backend *backend, struct lab_request *request,
                   struct MHD_Connection *connection, uint64_t now_ns, struct ticket *ticket);

/* After the connection was resumed: says why, and hands over the answered request (call_free it) for
 * TICKET_ANSWERED. The ticket is empty afterwards, unless it still waits. */
enum ticket_state desk_take(struct desk *desk, struct ticket *ticket, struct lab_request **request);

/* Gives up the calls posted at or before `posted_ns`: resumes their connections with the reason. Their
 * answers are thrown away when they come. Any thread. */
void desk_abandon(struct desk *desk, uint64_t posted_ns, enum ticket_state why);
