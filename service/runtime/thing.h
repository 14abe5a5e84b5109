/* Things that tasks share: channels, tickers, scopes, locks, groups and conditions, and the environments that
 * hold them. All are plain memory with intrusive queues; they live inside their environment and are freed
 * with it. One thread.
 *
 * A waiting task stands in the queue of a thing with a wait node. A task blocked on one operation uses the
 * node inside its own frame; a select of k cases takes k - 1 more from the runtime's pools. Nodes leave a
 * queue without knowing it (base/list.h), so that a close or a cancel can move a whole queue to the runtime's
 * list of tasks to be woken in one step, and the waking itself is done in slices. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/rng.h"
#include "runtime/program.h"
#include "runtime/resource.h"
#include "runtime/wheel.h"

struct held;
struct task;
struct workload;

struct wait {
    struct link link;
    struct task *task;
};

/* Semantics as in the Go specification, "Channel types": unbuffered when `capacity` is 0. Messages carry no
 * value, so a buffer is a number. On a nil channel everybody waits for ever, senders and receivers beside
 * each other. */
struct channel {
    struct link receivers; /* of struct wait */
    struct link senders;
    uint64_t capacity;
    uint64_t length;
    bool closed;
    bool nil;
    bool queue; /* it is the beginning of a struct queue */
};

/* A channel without an end to its room, whose messages are heap while they stand in it: a send never blocks.
 * In Go a slice under a lock with a condition. A message for which there is no memory is dropped, and the
 * workload capped. */
struct queue {
    struct channel channel;
    struct held *last; /* of a ring of channel.length messages, the first of which comes next; or NULL */
    uint64_t message_bytes;
};

/* As Go's time.Ticker: one tick is kept when nobody waits, further ones are dropped; it must be stopped.
 * While it is armed it keeps its environment alive, as a ticker that nobody stopped does. */
struct ticker {
    /* With its environment's header before it, what a tick touches is one cache line. */
    struct link waiters;
    struct timer timer;
    uint64_t period_ms : 40;
    uint64_t offset : 16; /* from the beginning of its environment, in bytes */
    uint64_t pending : 1;
    uint64_t stopped : 1;

    struct link link; /* in start->tickers while armed */
};

enum scope_state { SCOPE_OPEN, SCOPE_CANCELLED, SCOPE_TIMED_OUT };

/* What Go calls a context. A scope that is done stays done; its children are done with it. */
struct scope {
    struct link waiters;  /* tasks that await or select on `done` */
    struct link children; /* of struct scope, by `sibling` */
    struct link sibling;
    struct timer timer; /* its deadline */
    enum scope_state state;
};

/* As Go's sync.Mutex: not reentrant, and whoever sees it may unlock it. Handed on in the order of waiting. */
struct mutex {
    struct link waiters; /* of struct wait; nobody waits while it is not locked */
    bool locked;
};

/* As Go's sync.RWMutex: a writer that waits keeps new readers out, and when a writer unlocks, every reader
 * that waits goes before the next writer. Both numbers may be too high once waiting tasks have been
 * reclaimed: all that can see the lock is then being reclaimed as well. */
struct rwmutex {
    struct link writers; /* that wait */
    struct link readers; /* that wait: only while it is locked for writing, or a writer waits */
    uint64_t readers_waiting;
    uint64_t reading;
    bool writing;
};

/* As Go's sync.WaitGroup; its counter has 32 bits there as well. */
struct group {
    struct link waiters; /* of struct wait; nobody waits while the counter is 0 */
    uint64_t counter;    /* at most GROUP_MOST */
};

#define GROUP_MOST INT32_MAX

/* A count that tasks share, a flag when it is 0 or 1. In Go an atomic.Int64, so that who looks sees the last
 * change. */
struct number {
    int64_t value; /* 0 to LIMIT_COUNT */
};

/* As Go's sync.Cond on a sync.Mutex: a signal that nobody waits for is lost. */
struct condition {
    struct link waiters;
    struct mutex *mutex; /* in the same environment or in the start's, which lives longer */
};

/* An environment: a header and then the things of its layout. Freed when the last task that sees it has gone,
 * no inner environment is left, none of its tickers is armed, and, a
 * start's, its tasks have lost no heap. */
struct env {
    uint32_t refs;
    uint16_t layout;    /* index into the program's layouts */
    struct env *parent; /* NULL for a start's */
    struct start *start;
};

/* One run of a pattern's main. Its environment is its beginning, so that a start lives exactly as long as the
 * environment that all of its tasks see. */
struct start {
    struct env env;
    struct workload *workload;
    struct link link;      /* in the workload's list of starts */
    struct link tasks;     /* live tasks but the stuck ones, oldest first */
    struct link stuck;     /* those that were found stuck: nobody need ever look at them again */
    struct link tickers;   /* armed tickers */
    struct link resources; /* open ones, whoever may still see them */
    struct held *lost;     /* what its tasks have lost, or NULL; keeps the environment until a reclaim */
    struct scope scope;
    struct rng rng;
    uint64_t index; /* 0 for the workload's first start */
    uint32_t live;  /* tasks */
    bool owner_left;
    uint16_t walked; /* serial of the last walk that entered it (runtime/walk.h) */
};

#define ENV_HEADER_BYTES   ((uint32_t)sizeof(struct env))
#define START_HEADER_BYTES ((uint32_t)sizeof(struct start))

/* The environment that a ticker is in. */
static inline struct env *ticker_env(const struct ticker *ticker)
{
    return (struct env *)(uintptr_t)((const char *)ticker - ticker->offset);
}

/* Size of a thing of this kind within an environment, a multiple of 8. */
uint32_t thing_bytes(enum thing_kind kind);
