/* What may happen in one start, for who tries all of it: a second account of what the language means, written
 * from what its statements promise (service/patterns/README.md) and sharing no code with the runtime. States
 * are taken from a running start, and model_each_deed() and model_each_time() name all that may come next.
 *
 * Time and order are free: any task may go on, any sleep be over, any ticker tick, any deadline pass and the
 * operator cancel, at any moment. Of several who wait in the same place any may be served, for another
 * schedule would have brought them there in another order. Steps are single operations; what concerns nobody
 * else (a jump, a count, a sleep, a spawn, an end) is carried out at once with the step before, since it
 * could be put off without anybody noticing. The way of exploring is that of a model checker for finite
 * states (Holzmann, "The Model Checker SPIN", 1997).
 *
 * What numbers come to is not followed: an `if` on one may go either way, at any time.
 *
 * A state has a form: bytes that are equal for states of which the tasks and environments that nobody can
 * tell apart have changed places. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/runtime.h"

#define MODEL_TASKS 20
#define MODEL_ENVS  12
#define MODEL_SEEN  8 /* things in one environment */
#define MODEL_FORM  1024
#define MODEL_COUNT 12 /* the most that a group or an rwmutex counts to */

/* What does not change. */
struct model {
    const struct program *program;
    const int64_t *values;
    bool lingers; /* an owner leaves by itself */
    bool stays;   /* an owner never leaves */
};

/* How a task stands at its operation. */
enum model_stage {
    MODEL_ARRIVED,   /* has not tried it yet; or lingers */
    MODEL_BLOCKED,   /* stands in the queue of what it waits for */
    MODEL_WAITING,   /* on a condition */
    MODEL_SIGNALLED, /* and has still to lock the mutex */
    MODEL_RELOCKING, /* stands in the queue of that mutex */
    MODEL_DOOMED,    /* is about to panic: what it was sending on was closed */
    MODEL_SPINNING,  /* goes round for ever without meeting anybody */
    MODEL_GONE
};

struct model_task {
    uint8_t env;
    uint8_t kind;
    uint8_t stage; /* enum model_stage */
    uint8_t tag;   /* whoever explores wants to know what becomes of it */
    uint16_t pc;
    uint8_t registers[LIMIT_LOOPS];
};

struct model_env {
    uint8_t id;     /* one that the first state had: from 1; made since: 0 */
    uint8_t parent; /* its own index: none */
    uint16_t layout;
    uint16_t things[MODEL_SEEN]; /* see enum model_bit */
};

/* What a thing is: channel: messages and whether it is closed; ticker; scope: done; mutex: locked; rwmutex:
 * readers and whether it is locked for writing; group: its counter. */
enum model_bit {
    MODEL_FLAG = 1,    /* closed, stopped, done, locked, or locked for writing */
    MODEL_PENDING = 2, /* of a ticker */
    MODEL_ONE = 2      /* a message, a reader; in a group: one */
};

struct model_state {
    bool done;    /* the start's scope */
    bool too_big; /* something did not fit: what is missing is unknown */
    uint8_t env_count;
    uint8_t task_count;
    struct model_env envs[MODEL_ENVS]; /* [0] is the start's */
    struct model_task tasks[MODEL_TASKS];
};

/* Who is told what happens. */
struct model_sink {
    /* A state that may come next. */
    void (*next)(struct model_sink *sink, const struct model_state *state);
    /* On the way there a task has completed the operation at which it stood; may be NULL. */
    void (*moves)(struct model_sink *sink, uint8_t env_id, uint16_t pc, enum model_stage stage);
    /* A task with a tag has ended; may be NULL. */
    void (*ends)(struct model_sink *sink);
};

/* The state of a start, as it is, its tasks in the order of start->tasks and then of start->stuck. Whoever
 * was woken has moved already. It is to be settled before anything comes next. */
void model_take(const struct model *model, struct start *start, struct model_state *state);

/* Carries out what concerns nobody else, for all tasks. `sink` may be NULL. */
void model_settle(const struct model *model, struct model_state *state, struct model_sink *sink);

/* Names all states that may come next of what a task does, some of them maybe twice. */
void model_each_deed(const struct model *model, const struct model_state *state, struct model_sink *sink);

/* The same for what comes of itself: timers, and the operator's cancel. */
void model_each_time(const struct model *model, const struct model_state *state, struct model_sink *sink);

/* The form of a state: returns its size, 0 when it is too big. */
size_t model_form(const struct model *model, const struct model_state *state, uint8_t form[MODEL_FORM]);

/* The state that a form is of. */
void model_read(const struct model *model, const uint8_t *form, struct model_state *state);

/* ---- for the files of the model alone ---- */

#define MODEL_START_SCOPE UINT16_MAX

/* A thing as a task sees it: environment * MODEL_SEEN + ordinal, or MODEL_START_SCOPE. */
uint16_t model_see(const struct model *model, const struct model_state *state, uint8_t env,
                   struct thing_ref ref);

static inline uint16_t *model_thing(struct model_state *state, uint16_t thing)
{
    return &state->envs[thing / MODEL_SEEN].things[thing % MODEL_SEEN];
}

/* An environment as it is made; its index. */
uint8_t model_env_new(const struct model *model, struct model_state *state, uint8_t parent, uint16_t layout);

/* A task of a kind that was spawned in `env`. */
void model_spawn(const struct model *model, struct model_state *state, uint8_t env, uint16_t kind);

/* In how many ways a task that waits for scopes, or selects on them, has been told that they are done;
 * `which` of them leads to the target. */
unsigned model_done_cases(const struct model *model, const struct model_state *state,
                          const struct model_task *task, unsigned which, uint16_t *target);
