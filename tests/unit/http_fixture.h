/* A server on a loopback port with a lab that the test plays, and a client that sends raw bytes. Nothing here
 * sleeps: every wait is for an event, and fails the test after PATIENCE_MS. Nothing here allocates either,
 * because the fault injector counts for one thread at a time. */
#pragma once

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/server.h"
#include "lab/request.h"
#include "lab/snapshot.h"
#include "lab/timeline.h"

#define PATIENCE_MS 20000
#define REPLY_MAX   (128 * 1024)

enum lab_manner {
    LAB_AT_ONCE, /* answers within post */
    LAB_HOLDS    /* keeps requests until fixture_answer */
};

struct fixture {
    struct server *server;
    uint16_t port;
    pthread_mutex_t mutex;
    pthread_cond_t posted;
    enum lab_manner manner;
    int status; /* of the next answers; the answer is {"verb": , "name": , "reclaim": , "body": } */
    const char *location;
    struct lab_request *held, *held_last;
    unsigned posts;            /* requests that reached the lab */
    unsigned holding;          /* of them not yet answered */
    struct timeline *timeline; /* with one row */
    struct snapshot *snapshot; /* in `snapshot_bytes`, with one program */
    _Alignas(
        max_align_t) unsigned char snapshot_bytes[sizeof(struct snapshot) + sizeof(struct snapshot_program)];
};

/* Starts a server that may fail to; allocates nothing itself but the timeline. After an error there is
 * nothing to stop. */
enum err fixture_try_start(struct fixture *fixture, struct server_limits limits, const char *listen);

/* Starts one that wants a token; see struct server_config. */
void fixture_start_with_token(struct fixture *fixture, const char *token, bool for_reads);

/* The same for one that may not. `listen` NULL: a port of 127.0.0.1. */
void fixture_start(struct fixture *fixture, struct server_limits limits, const char *listen);

/* Stops the server, unless the test did. */
void fixture_stop(struct fixture *fixture);

/* Waits until the lab holds `count` requests. */
void fixture_await_held(struct fixture *fixture, unsigned count);

/* Answers the request that has been held longest, on the calling thread. */
void fixture_answer(struct fixture *fixture, int status);

struct reply {
    int status;
    char head[4096]; /* status line and headers */
    size_t size;
    char body[REPLY_MAX + 1]; /* with a zero behind it */
};

int client_connect(const struct fixture *fixture);
void client_send(int fd, const char *bytes, size_t size);
void client_say(int fd, const char *text);

/* Reads one reply; `bodiless` when it answers a HEAD. Fails the test when the connection ends before. */
void client_read(int fd, bool bodiless, struct reply *reply);

/* Waits until the other side has closed; what still comes is thrown away. */
void client_await_end(int fd);

/* One request on a connection of its own. `lines`: further header lines, each with its CRLF. */
void client_ask(const struct fixture *fixture, const char *method, const char *target, const char *lines,
                const char *body, struct reply *reply);

/* The value of a header, "" when there is none; valid until the next call. */
const char *reply_header(const struct reply *reply, const char *name);

/* The body as JSON; the caller releases it. */
json_t *reply_json(const struct reply *reply);

/* Checks status and content type, and that `part` is in the detail or in the errors. */
void expect_problem(const struct reply *reply, int status, const char *part);
