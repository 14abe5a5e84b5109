/* Connections and how long they may take. libmicrohttpd's own timeout starts again with every byte, so that a
 * client that sends a byte now and then stays for ever; here a connection has a deadline for each phase, and
 * a thread that sleeps while nobody is connected shuts the sockets of those that are over it. libmicrohttpd
 * then finds them closed and cleans up as it does for any client that has gone.
 *
 * Where connections are crowded, or descriptors run out, or one caller has more than it may, the newest gets
 * its room from another: of the caller that has most, the one that has waited longest for a request, or else
 * for the rest of one, or else for its answer to be read. So whoever comes anew is answered, however many
 * connections others hold open and say nothing on. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "http/caller.h"
#include "http/desk.h"
#include "http/exchange.h"

struct visitor {
    struct link link; /* visitors->list */
    int fd;           /* libmicrohttpd's */
    struct caller caller;
    bool leaving; /* its socket was shut to make room */
    _Atomic uint64_t deadline_ns;
    struct exchange exchange;
};

struct visitors {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct link list;
    bool stopping;
    struct desk *desk;
    uint64_t answer_ns;   /* the lab's time for a call */
    uint64_t tick_ns;     /* between two looks */
    unsigned crowded;     /* connections from which on the newest gets another's room */
    unsigned caller_most; /* that one caller may have; 0: any number */
    uint64_t salt;
};

struct visitors_config {
    struct desk *desk; /* borrowed */
    uint64_t answer_ns, tick_ns;
    unsigned crowded, caller_most;
    uint64_t salt; /* for caller_slot() */
};

/* Starts the thread. Calls on the desk that are older than answer_ns are given up by it too. ERR_SYSTEM. */
enum err visitors_init(struct visitors *visitors, const struct visitors_config *config);

/* Ends the thread; no connection may be left. */
void visitors_deinit(struct visitors *visitors);

/* A connection was accepted, and another may be shut for it. NULL when memory is out. HTTP thread, since what
 * the others are at is looked at. */
struct visitor *visitor_new(struct visitors *visitors, struct server *server, int fd,
                            const struct caller *caller, uint64_t deadline_ns);

/* libmicrohttpd is about to close it. Takes NULL. */
void visitor_free(struct visitors *visitors, struct visitor *visitor);

/* Hangs up on the connection that has not read its answer for the longest time. HTTP thread. */
void visitors_hurry(struct visitors *visitors);

/* Who the exchange is with. */
const struct caller *visitor_caller(struct exchange *exchange);

/* Gives the exchange's connection another deadline. */
void visitor_extend(struct exchange *exchange, uint64_t deadline_ns);
