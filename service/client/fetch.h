/* A small HTTP client over libcurl, for subcommands that ask a daemon or a Prometheus: one request at a time,
 * on the calling thread, with a bound on how long it takes and on how much is read. Only http and https;
 * redirects are not followed, and no proxy is used: who is asked are services of one's own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The longest sentence about a failure, with its zero. */
#define FETCH_WHY 256

/* The longest address of whoever answers, with its zero (INET6_ADDRSTRLEN). */
#define FETCH_IP 46

/* Keeps the connection between requests. */
struct fetcher;

enum fetch_method { FETCH_GET, FETCH_POST };

struct fetch_request {
    enum fetch_method method;
    const char *url;          /* with its query, escaped */
    const char *body;         /* of a POST; NULL: empty */
    const char *content_type; /* of the body; NULL: application/json */
    const char *unix_path;    /* of a Unix socket to ask instead of the URL's host; NULL: none */
    const char *token;        /* sent as "Authorization: Bearer ..."; NULL: none */
    int64_t timeout_ns;       /* for all of it, the connection included; less than 1 ms counts as 1 ms */
    /* Asked at least once a second while nothing comes: true ends the request. NULL: nobody is asked. */
    bool (*abandon)(void *context);
    void *context;
};

struct fetch_answer {
    struct buf body; /* initialised by the caller, its max is how much is read; cleared before each request */
    char ip[FETCH_IP];   /* of whoever answered, without brackets; "" without an answer */
    int status;          /* such as 200 or 404; 0 without an answer */
    char why[FETCH_WHY]; /* after an error: what went wrong, for a user: "Connection refused" */
};

/* Call from one thread, before others that use libcurl have begun. NULL: out of memory, or no libcurl. */
struct fetcher *fetcher_new(void);

/* NULL is fine. */
void fetcher_free(struct fetcher *fetcher);

/* For https, trusts the certificates in this PEM file in place of the system's; with `any_name` whatever name
 * they are for, where the file is the service's very own. The path is borrowed. */
void fetcher_trust(struct fetcher *fetcher, const char *path, bool any_name);

/* Any answer is ERR_OK, whatever its status says. Otherwise `why` has a sentence: ERR_SYNTAX: not a URL that
 * can be asked; ERR_LIMIT: the answer is longer than its buffer may be; ERR_MEMORY; ERR_CLOSED: it was
 * abandoned; ERR_SYSTEM: nobody answered in time. */
enum err fetch(struct fetcher *fetcher, const struct fetch_request *request, struct fetch_answer *answer);
