/* Why tasks panic: what in Go would end the process ends one task here. */
#pragma once

#include <stdint.h>

/* id, and a sentence's rest: "a task panicked: ..." */
#define PANIC_TABLE(X)                                                                                       \
    X(STATEMENT, "panic")                                                                                    \
    X(SEND, "send on closed channel")                                                                        \
    X(CLOSE, "close of closed channel")                                                                      \
    X(CLOSE_NIL, "close of nil channel")                                                                     \
    X(UNLOCK, "unlock of unlocked mutex")                                                                    \
    X(WRITE_UNLOCK, "unlock of rwmutex that is not locked for writing")                                      \
    X(READ_UNLOCK, "runlock of rwmutex that nobody reads")                                                   \
    X(WAIT, "wait on condition of unlocked mutex")                                                           \
    X(ADD, "group counter too large")                                                                        \
    X(FINISH, "negative group counter")                                                                      \
    X(MEMORY, "out of memory")

enum panic_why {
#define X(id, text) PANIC_##id,
    PANIC_TABLE(X)
#undef X
        PANIC_WHYS
};

const char *panic_text(enum panic_why why);

/* Panics of one workload at one step, for one reason. */
struct panic {
    uint64_t count;
    uint16_t step; /* index into the program's steps */
    uint8_t why;   /* enum panic_why */
};
