/* Connections and how long they may take. libmicrohttpd's own timeout starts again with every byte, so that a
 * client that sends a byte now and then stays for ever; here a connection has a deadline for each phase, and
 * a thread that sleeps while nobody is connected shuts the sockets of those that are over it. libmicrohttpd
 * then finds them closed and cleans up as it does for any client that has gone. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "http/desk.h"
#include "http/exchange.h"

struct visitor {
    struct link link; /* visitors->list */
    int fd;           /* libmicrohttpd's */
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
    uint64_t answer_ns; /* the lab's time for a call */
    uint64_t tick_ns;   /* between two looks */
};

/* Starts the thread. Calls on the desk that are older than answer_ns are given up by it too. ERR_SYSTEM. */
enum err visitors_init(struct visitors *visitors, struct desk *desk, uint64_t answer_ns, uint64_t tick_ns);

/* Ends the thread; no connection may be left. */
void visitors_deinit(struct visitors *visitors);

/* A connection was accepted: NULL when memory is out. */
struct visitor *visitor_new(struct visitors *visitors, struct server *server, int fd, uint64_t deadline_ns);

/* libmicrohttpd is about to close it. Takes NULL. */
void visitor_free(struct visitors *visitors, struct visitor *visitor);

/* Gives the exchange's connection another deadline. */
void visitor_extend(struct exchange *exchange, uint64_t deadline_ns);
