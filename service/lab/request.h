/* What others ask of the lab thread, and how the answer comes back. A request is posted to the lab's mailbox
 * and answered exactly once, on the lab thread, by calling `done`. Any thread may post. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

struct lab;
struct pattern;
struct profile;

enum lab_verb {
    LAB_SCENARIO_POST,   /* body: the POST /scenario object, whose member `action` decides; or a list */
    LAB_SCENARIO_LIST,   /* all scenarios, newest first */
    LAB_SCENARIO_SHOW,   /* name */
    LAB_SCENARIO_DELETE, /* name; reclaim: also free what leaked */
    LAB_RESET,           /* cancel and reclaim everything */
    LAB_PATTERN_LIST,
    LAB_PATTERN_SHOW,   /* name */
    LAB_PATTERN_STEPS,  /* name: how many tasks stand on each of its steps */
    LAB_PATTERN_POST,   /* pattern: added, or put in the place of the one of that name; dry_run */
    LAB_PATTERN_DELETE, /* name */
    LAB_TASKS,          /* tasks: a profile of those tasks, once the judge has had a look */
    LAB_TASK            /* name: a task's id */
};

/* Which tasks, and what for. Texts are "" where it does not matter. */
#define LAB_TOKEN_TEXT 18 /* of a token, with its zero */
struct lab_tasks_query {
    bool leaked; /* only those */
    bool token;  /* the answer shows a token, which takes a few ms more */
    char pattern[LIMIT_NAME + 1];
    char scenario[LIMIT_NAME + 1];
    char since[LAB_TOKEN_TEXT]; /* the token of an earlier answer: only who came to their step after it */
};

struct lab_request {
    enum lab_verb verb;
    char name[LIMIT_NAME + 1];
    bool reclaim;
    bool dry_run; /* nothing is changed; the answer is what it would have been */
    struct lab_tasks_query tasks;
    json_t *body;            /* owned by the request; NULL where the verb has none */
    struct pattern *pattern; /* likewise; the lab takes it, and leaves NULL, when it adds it */

    /* Set by the lab thread before it calls `done`. */
    int status;     /* HTTP status that fits */
    json_t *answer; /* owned by the request; an RFC 9457 problem where status >= 400; NULL: no memory */
    struct profile *profile;       /* owned by the request; LAB_TASKS with status 200: in place of an answer,
                                      and still to be finished (profile_finish) */
    bool judged;                   /* the judge had looked at all tasks when they were counted */
    char token[LAB_TOKEN_TEXT];    /* of the profile's moment */
    char location[LIMIT_NAME + 1]; /* of a scenario or pattern that is new: its name; otherwise "" */

    void (*done)(struct lab_request *request, void *argument);
    void *argument;
    struct lab_request *next; /* the mailbox's */
};

/* Hands the request over until `done` is called. After lab_close() began, `done` is called with status 503,
 * possibly from this thread before lab_post returns. */
void lab_post(struct lab *lab, struct lab_request *request);

/* The snapshot published last. For one reader thread only; valid until its next call. Never NULL. */
struct snapshot;
const struct snapshot *lab_snapshot(struct lab *lab);

/* What is kept of the last hour, see lab/timeline.h. Any thread; valid until lab_free(). */
struct timeline;
const struct timeline *lab_timeline(const struct lab *lab);
