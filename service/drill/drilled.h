/* The daemon that a drill runs against: one that is there already, or one of its own, which it starts in a
 * process of its own and ends again. One thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "client/fetch.h"
#include "client/site.h"
#include "drill/drill.h"
#include "http/address.h"
#include "http/token.h"

struct drilled {
    struct fetcher *fetcher; /* borrowed */
    struct site site;
    char named[SITE_HOST]; /* "host:port", as the user named it */
    char ip[FETCH_IP];     /* of whoever answered; "" before drilled_reach */
    int64_t timeout_ns;
    bool (*abandon)(void *context); /* see struct fetch_request */
    void *context;
    const char *token_path; /* --token-file of the user, for one of its own; NULL: that of the environment */
    struct token token;     /* sent with each request; "": none */
    const char *patterns;   /* for one of its own: --patterns; NULL: none */
    char listen[ADDRESS_TEXT]; /* for one of its own: where; "": it is there already */
    pid_t pid;                 /* of one of its own; 0: it does not run */
    json_t *names;             /* of the scenarios that may be there, until they are cleared; NULL: none */
};

/* What becomes of a request is a sentence in `why`, without a newline. ERR_SYSTEM: it does not answer, or not
 * in time; ERR_SYNTAX: it refuses, or is no leaklab; ERR_CLOSED: abandoned; ERR_MEMORY. */

/* Starts one of its own and waits until it is ready. ERR_TAKEN: somebody listens there already. */
enum err drilled_start(struct drilled *drilled, struct buf *why);

/* Ends one of its own and waits for its end; nothing to do otherwise. */
void drilled_stop(struct drilled *drilled);

/* Asks who is there, and keeps to whoever answers. */
enum err drilled_reach(struct drilled *drilled, struct buf *why);

/* Asks whether the scenarios of a drill would be started. Each fault is a line in `why`. */
enum err drilled_try(struct drilled *drilled, const struct drill *drill, struct buf *why);

/* Starts the scenarios of a drill, all or none. After an error that leaves it open whether they were started,
 * drilled_clear clears them too. */
enum err drilled_begin(struct drilled *drilled, const struct drill *drill, struct buf *why);

/* Looks after what was started: how many tasks live. ERR_ABSENT: it has been restarted and knows nothing of
 * it. */
enum err drilled_look(struct drilled *drilled, uint64_t *tasks, struct buf *why);

/* Cancels and reclaims what was started, all of it, even when one cannot be. */
enum err drilled_clear(struct drilled *drilled, struct buf *why);
