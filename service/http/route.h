/* The one table of routes. Everything that must know them reads it: dispatch, 404 and 405 answers, the index
 * page, the metrics' label `route`, and the test that compares it with openapi.json. */
#pragma once

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "lab/request.h"

struct exchange;

/* How a profile that the lab answers with is shown. */
enum route_view { VIEW_NONE, VIEW_TASKS, VIEW_PPROF_TASKS, VIEW_PPROF_LEAKED, VIEW_PPROF_HEAP, ROUTE_VIEWS };

enum route_method { ROUTE_GET, ROUTE_POST, ROUTE_DELETE, ROUTE_METHODS };

enum route_body { ROUTE_NO_BODY, ROUTE_SCENARIO, ROUTE_PATTERN };

struct route {
    const char *path; /* "/scenario/{name}" */
    enum route_method method;
    enum MHD_Result (*serve)(
        struct exchange *exchange); /* answers on the HTTP thread; NULL: the lab answers */
    enum lab_verb verb;             /* what to ask the lab */
    enum route_body body;           /* what it takes */
    bool open;                      /* answers whatever the Host header says */
    bool bare;                      /* needs no token: it tells nothing of this daemon but that it lives */
    uint32_t keys;                  /* of a query, those that it takes: see http/query.h */
    enum route_view view;
    const char *about;   /* for the index page */
    const char *curl;    /* an example's arguments before the URL, "" for none */
    const char *example; /* the example's path; NULL: the same as `path` */
};

extern const struct route route_table[];
extern const size_t route_count;

enum route_outcome {
    ROUTE_FOUND,
    ROUTE_NO_PATH,
    ROUTE_NO_METHOD, /* `allow` says which methods the path has */
    ROUTE_BAD_NAME   /* {name} holds what no name may hold */
};

struct route_match {
    enum route_outcome outcome;
    const struct route
        *route; /* NULL for ROUTE_NO_PATH; otherwise one of the path's routes, for its `path` */
    char name[LIMIT_NAME + 1]; /* {name}, decoded; "" where the path has none */
    char allow[64];            /* "GET, HEAD, DELETE" */
    const char *query;         /* what follows '?' in the target, still encoded; "" for none */
};

/* "GET", "POST", "DELETE". */
const char *route_method_word(enum route_method method);

/* Finds the route of a method and a request target (RFC 9112, origin-form or absolute-form). HEAD matches
 * where GET does; one slash at the end is ignored; segments are percent-decoded before they are compared.
 * `match->query` points into `target`. */
void route_find(const char *method, const char *target, struct route_match *match);

/* Appends a sentence about a target that has no route: the nearest one, or all. */
void route_suggest(struct buf *text, const char *target);
