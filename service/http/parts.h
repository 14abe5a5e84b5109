/* What the server's files share; nothing outside http/ includes it. */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/log.h"
#include "export/export.h"
#include "http/access.h"
#include "http/caller.h"
#include "http/desk.h"
#include "http/exchange.h"
#include "http/guard.h"
#include "http/listener.h"
#include "http/scrape.h"
#include "http/server.h"
#include "http/tls.h"
#include "http/visitor.h"
#include "lab/snapshot.h"

struct server {
    struct http_backend backend;
    const struct log *log;
    const char *revision;
    uint64_t idle_ns, request_ns, answer_ns, drain_ns;
    struct listener listener;
    struct guard guard;
    struct access access;
    struct tls tls;
    struct quota quota; /* HTTP thread */
    struct desk *desk;
    struct visitors visitors;
    struct exporter *exporter; /* HTTP thread */
    struct scrape scrape;      /* HTTP thread */
    size_t unread_bytes;       /* of answers that are on their way. HTTP thread */
    size_t unread_most;
    bool seen_ready; /* HTTP thread: a snapshot was ready once, so that one that is not means stopping */
    struct MHD_Daemon *daemon;
    atomic_bool stopping;
    atomic_uint open; /* requests begun and not ended */
    pthread_mutex_t drain_mutex;
    pthread_cond_t drained; /* `open` has come down to 0 while stopping */
};

/* CLOCK_MONOTONIC. */
uint64_t server_now_ns(void);

/* A request has ended; lets a stopping server know. */
void server_request_ended(struct server *server);

/* The backend's snapshot. HTTP thread. */
const struct snapshot *server_snapshot(struct server *server);

/* pthread_create with every signal blocked, so that signals reach the threads that expect them. */
int server_thread_create(pthread_t *thread, void *(*run)(void *), void *context);
