/* A lab without a loop, on a clock that the test moves; and JSON that fails when memory does. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "fake_source.h"
#include "lab/core.h"
#include "language/catalogue.h"

#define MS  1000000ull
#define SEC 1000000000ull

/* The seed of scenarios that bring none. */
#define DESK_SEED 4711

struct desk {
    struct catalogue catalogue;
    struct clock clock;
    struct core core;
    struct fake_source fake;
};

/* What a request came back with. */
struct reply {
    struct lab_request request;
    bool answered;
};

/* The built-in patterns, compiled. */
void load_catalogue(struct catalogue *catalogue);

void desk_open(struct desk *desk, uint64_t max_tasks, uint64_t max_heap_bytes);
void desk_close(struct desk *desk);

/* Turns the runtime until nothing is left to do at this time of the clock. */
void desk_settle(struct desk *desk);

/* Moves the clock on, stopping wherever a timer is due, and settles. */
void desk_advance(struct desk *desk, uint64_t ns);

/* Hands a request over; `body` is JSON, or NULL. The reply may come later. */
void desk_post(struct desk *desk, struct reply *reply, enum lab_verb verb, const char *name,
               const char *body);

/* The same, and settles; the reply must be there then. Returns its status. */
int desk_ask(struct desk *desk, struct reply *reply, enum lab_verb verb, const char *name, const char *body);

/* POST /scenario, which must be answered with 201. */
void desk_spawn(struct desk *desk, const char *body);

/* A value of the scenario's object, by a path such as "tasks.live"; the text or the digits of it. Valid until
 * the next call. */
const char *desk_look(struct desk *desk, const char *name, const char *path);

/* The same of any JSON. */
const char *json_look(const json_t *json, const char *path);

/* What the snapshot says about a mode; it must be there. */
const struct snapshot_program *program_in(const struct snapshot *snapshot, const char *pattern,
                                          const char *variant);

void reply_done(struct lab_request *request, void *argument);
void reply_free(struct reply *reply);

/* Makes jansson allocate where fault_arm() can make it fail. */
void json_can_fail(void);
