/* A task: where it stands, what it can see, and its place in a queue. There is no stack; a frame is 128
 * bytes, and a task blocked on one channel operation costs nothing else. */
#pragma once

#include <assert.h>

#include "runtime/thing.h"

/* What a task heard when it was woken; the operation it stands on says what to do with it. */
enum wake {
    WAKE_MATCHED, /* the operation, or the case, was completed by another task, a tick or a done */
    WAKE_CLOSED,  /* the channel of the operation, or of the case, was closed */
    WAKE_SIGNAL,  /* the condition was signalled; its mutex is still to be locked */
    WAKE_TIMER    /* its own timer: a sleep or a linger is over, or the case `after` */
};

/* A block of heap that a task holds, has lost, or has sent: this header, and the rest of it was written to.
 * Blocks of one owner are a ring that hangs on its oldest, which comes after the second oldest, and is
 * followed by the newest: so a whole chain is handed on in one step, however long it is. */
struct held {
    struct held *next;
    uint64_t bytes : 63; /* with those of all older ones of its chain */
    uint64_t alone : 1;  /* its own only: it is the oldest, or a message */
};

/* Bytes of a chain. */
static inline uint64_t held_bytes(const struct held *chain)
{
    return chain == NULL ? 0 : chain->next->bytes;
}

struct task {
    /* The first cache line: all that blocking and waking touch. */
    struct wait wait;  /* in a thing's queue, or in the queue of ready tasks */
    struct wait *more; /* the further nodes of a select, or NULL */
    struct start *start;
    struct env *env;  /* the innermost environment that it sees */
    uint32_t since;   /* when it came to its step, in units of SINCE_MS since the runtime began */
    uint16_t pc;      /* index into the program's ops */
    uint16_t kind;    /* index into the program's kinds */
    uint16_t lineage; /* how it came about: see runtime/lineage.h, in the tally's */
    uint8_t state;    /* enum task_state */
    uint8_t heard;    /* enum task_end that its last wake-up amounts to */
    uint8_t more_count;
    bool timed;            /* its timer may be armed */
    uint8_t woken : 1;     /* it was woken and has not gone on yet */
    uint8_t woken_how : 3; /* enum wake */
    uint8_t woken_case : 4;
    uint8_t verdict; /* enum verdict, see runtime/watch.h */

    struct link link;   /* in start->tasks, or start->stuck */
    struct held *held;  /* what it holds, or NULL */
    struct timer timer; /* its sleep, or its select's `after` */
    uint32_t progress;  /* of what it is carrying out: bytes of a `hold`, slices of a `work` */
    uint32_t mark;      /* the watcher's own note of it; 0 when it begins */
    uint32_t registers[LIMIT_LOOPS];
};

/* Fine enough for an age, and 32 bits of it last two years. */
#define SINCE_MS 16

static_assert(sizeof(struct task) <= 128, "a blocked task costs at most 128 bytes");
static_assert(offsetof(struct task, link) == 64, "what blocking and waking touch is one cache line");
static_assert(LIMIT_HOLD_BYTES <= UINT32_MAX, "the progress of a hold fits in 32 bits");
