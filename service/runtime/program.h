/* A program: one variant of a pattern, compiled to a flat array of small operations. It is plain, constant
 * data; any number of tasks on one runtime execute it, each with nothing but a program counter, what it can
 * see, and its place in a queue. The language compiles into this form through the program_add_* functions,
 * and program_verify() is the gate: what it lets through cannot make the runtime read or write outside its
 * own data, however odd it is.
 *
 * What a task sees is a chain of environments. The outermost one belongs to the start and holds the things
 * that the pattern declares under `share`; a kind of task with things of its `own` adds one environment per
 * task; a task without any sees exactly what its spawner sees. A thing is therefore named by how many
 * environments to go outward (`hops`) and the byte offset in there. Where a task may be spawned by kinds with
 * different things of their own, as the first link of a chain and all others are, the environment there may
 * be of several layouts, and the offset comes from a table. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

/* Kinds of thing that `share` and `own` make. `word` is the language's word; `value` says what the operand
 * behind the word sets, "" when there is none. */
#define THING_TABLE(X)                                                                                       \
    X(CHANNEL, "channel", "buffer")                                                                          \
    X(TICKER, "ticker", "period")                                                                            \
    X(SCOPE, "scope", "timeout")                                                                             \
    X(MUTEX, "mutex", "")                                                                                    \
    X(RWMUTEX, "rwmutex", "")                                                                                \
    X(GROUP, "group", "")                                                                                    \
    X(CONDITION, "condition", "mutex")                                                                       \
    X(NUMBER, "number", "value")                                                                             \
    X(QUEUE, "queue", "size")                                                                                \
    X(FILE, "file", "")                                                                                      \
    X(SOCKET, "socket", "")                                                                                  \
    X(HANDLE, "handle", "")                                                                                  \
    X(THREAD, "thread", "")                                                                                  \
    X(JOB, "job", "")

enum thing_kind {
#define X(name, word, value) THING_##name,
    THING_TABLE(X)
#undef X
        THING_KINDS
};

/* What there is only so much of in a process: each has a limit and a number in `expect`. */
#define SUPPLY_TABLE(X)                                                                                      \
    X(DESCRIPTORS, "descriptors")                                                                            \
    X(HANDLES, "handles")                                                                                    \
    X(THREADS, "threads")                                                                                    \
    X(JOBS, "jobs")

enum supply {
#define X(name, word) SUPPLY_##name,
    SUPPLY_TABLE(X)
#undef X
        SUPPLIES
};

/* Kinds of thing that stand for something real, which is opened and shut (runtime/resource.h), and the supply
 * that each is taken from. In the order of THING_TABLE. */
#define RESOURCE_TABLE(X)                                                                                    \
    X(FILE, DESCRIPTORS)                                                                                     \
    X(SOCKET, DESCRIPTORS)                                                                                   \
    X(HANDLE, HANDLES)                                                                                       \
    X(THREAD, THREADS)                                                                                       \
    X(JOB, JOBS)

enum resource_kind {
#define X(name, supply) RESOURCE_##name,
    RESOURCE_TABLE(X)
#undef X
        RESOURCE_KINDS
};

/* States of a task: disjoint, each live task is in exactly one. Names are label values of leaklab_tasks. */
#define TASK_STATE_TABLE(X)                                                                                  \
    X(READY, "ready")   /* can run, waits for its turn */                                                    \
    X(RECV, "recv")     /* blocked receiving, `range` included */                                            \
    X(SEND, "send")     /* blocked sending */                                                                \
    X(SELECT, "select") /* blocked in a select */                                                            \
    X(TICK, "tick")     /* blocked on a ticker */                                                            \
    X(SLEEP, "sleep")                                                                                        \
    X(AWAIT, "await")   /* blocked until a scope is done */                                                  \
    X(LINGER, "linger") /* an owner that stays before it leaves */                                           \
    X(LOCK, "lock")     /* blocked until it holds a mutex, or an rwmutex in either way */                    \
    X(JOIN, "join")     /* blocked until a group has finished */                                             \
    X(WAIT, "wait")     /* blocked until a condition is signalled */

enum task_state {
#define X(name, word) TASK_##name,
    TASK_STATE_TABLE(X)
#undef X
        TASK_STATES
};

/* How a task ended. Names are label values of leaklab_tasks_ended_total. */
#define TASK_END_TABLE(X)                                                                                    \
    X(RETURNED, "returned")                                                                                  \
    X(CANCELLED, "cancelled") /* the last thing it heard was `done` */                                       \
    X(TIMED_OUT, "timed_out") /* the last thing it heard was a deadline */                                   \
    X(PANICKED, "panicked")                                                                                  \
    X(RECLAIMED, "reclaimed") /* freed from outside */

enum task_end {
#define X(name, word) END_##name,
    TASK_END_TABLE(X)
#undef X
        TASK_ENDS
};

/* What a start leaves behind once its owner has left, as its pattern states it. Names are keys of `expect`;
 * what is not stated there is 0. */
#define EXPECT_TABLE(X)                                                                                      \
    X(TASKS, "tasks")                                                                                        \
    X(TICKERS, "tickers") /* armed */                                                                        \
    X(DESCRIPTORS, "descriptors")                                                                            \
    X(HANDLES, "handles")                                                                                    \
    X(THREADS, "threads")                                                                                    \
    X(JOBS, "jobs")                                                                                          \
    X(HEAP, "heap")         /* bytes that nobody has any more */                                             \
    X(PANICKED, "panicked") /* not left, but gone in a way that no start without the bug goes */

enum expect {
#define X(name, word) EXPECT_##name,
    EXPECT_TABLE(X)
#undef X
        EXPECTS
};

const char *expect_word(enum expect expect);
const char *supply_word(enum supply supply);
enum supply resource_supply(enum resource_kind kind);
/* "file", "socket", ... */
const char *resource_word(enum resource_kind kind);
const char *thing_kind_word(enum thing_kind kind);
const char *task_state_word(enum task_state state);
const char *task_end_word(enum task_end end);

/* Operations. Operand fields are those of struct op; "blocks" means that the task may stand on the
 * operation's step. */
enum op_code {
    OP_END,    /* the task ends */
    OP_LEAVE,  /* the owner leaves: the start's scope is cancelled, then the task ends */
    OP_LINGER, /* the owner stays for the workload's linger or until its scope is done; blocks */
    OP_PANIC,  /* the task ends as panicked */
    OP_JUMP,   /* go on at target */
    OP_BRANCH, /* go on at target unless `value compare other` is true */
    OP_LOOP,   /* reg = value; at 0 go on at target, which is behind the loop */
    OP_NEXT,   /* take 1 from reg; unless it is then 0 go on at target, the loop's first operation */
    OP_SPAWN,  /* spawn `value` tasks of `kind`; reg counts down, so that a million are spawned in slices */
    OP_SEND,   /* thing: channel; blocks; panics when it is closed */
    OP_RECV,   /* thing: channel; blocks; goes on when it is closed */
    OP_RANGE,  /* thing: channel; receive, or go on at target once it is closed and drained; blocks */
    OP_CLOSE,  /* thing: channel; panics when it is closed already, or nil */
    OP_SELECT, /* `count` cases from `first`; target: the default, or NO_TARGET; blocks without a default */
    OP_SLEEP,  /* for value ns; blocks */
    OP_TICK,   /* thing: ticker; blocks; one tick is kept, as in Go */
    OP_STOP,   /* thing: ticker */
    OP_CANCEL, /* thing: scope */
    OP_AWAIT,  /* thing: scope, or HOPS_START_SCOPE; blocks until it is done */
    OP_HOLD,   /* allocate value bytes, write to them, keep them until the task ends or drops them */
    OP_LOSE,   /* as HOLD, but nobody has it afterwards: only a reclaim frees it */
    OP_DROP,   /* free what the task holds */
    OP_LOCK,   /* thing: mutex; blocks */
    OP_UNLOCK, /* thing: mutex; panics when it is not locked */
    OP_WRITE_LOCK,   /* thing: rwmutex; blocks */
    OP_WRITE_UNLOCK, /* thing: rwmutex; panics when it is not locked for writing */
    OP_READ_LOCK,    /* thing: rwmutex; blocks */
    OP_READ_UNLOCK,  /* thing: rwmutex; panics when it is not locked for reading */
    OP_ADD,          /* thing: group, value; panics when the counter overflows */
    OP_FINISH,       /* thing: group; panics when the counter is 0 */
    OP_JOIN,         /* thing: group; blocks until the counter is 0 */
    OP_WAIT, /* thing: condition; unlocks its mutex, blocks, and locks it again; panics when it is not locked
              */
    OP_SIGNAL,    /* thing: condition; wakes who waits first */
    OP_BROADCAST, /* thing: condition; wakes all who wait */
    OP_WORK,      /* the processor is busy for value ns, in slices with others in between */
    OP_OPEN,      /* thing: a resource of kind reg; whatever it had open stays open */
    OP_SHUT,      /* thing: a resource of kind reg; nothing where it has none open */
    OP_CHANCE,    /* go on at target unless a draw from the start's generator falls within value millionths */
    OP_SET,       /* thing: number; reg: enum change, by value; kept within 0 and LIMIT_COUNT */
    OP_TEST,      /* thing: number; go on at target unless `thing compare value` is true; reg: enum compare */
    OP_CODES
};

enum compare { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };
bool compare_holds(int64_t left, enum compare compare, int64_t right);

/* What SET makes of a number: the value itself, or the number more or less by it. */
enum change { CHANGE_TO, CHANGE_PLUS, CHANGE_MINUS };

enum case_kind { CASE_RECV, CASE_SEND, CASE_TICK, CASE_AFTER, CASE_DONE };

#define NO_TARGET        UINT16_MAX
#define NO_LAYOUT        UINT16_MAX
#define HOPS_SHARE       UINT8_MAX       /* the start's environment, from wherever the task stands */
#define HOPS_START_SCOPE (UINT8_MAX - 1) /* not a thing: the scope of the start itself */

/* A thing, as seen from a task of the kind that the operation belongs to. */
struct thing_ref {
    uint8_t hops;    /* environments to go outward from the innermost one; or HOPS_SHARE, HOPS_START_SCOPE */
    bool varies;     /* `offset` is an index into program->outers; then hops is a number */
    uint16_t offset; /* bytes from the environment's beginning, from its layout: thing_offset() */
};

/* Registers count loops and spawns down. All are 0 when a task begins; LOOP sets one, NEXT brings it back to
 * 0, and the way out of a loop before that is a LOOP with the constant 0. program_verify sees to it that
 * SPAWN always finds its register at 0 (and it leaves it at 0), and that NEXT always finds one above 0. */
struct op {
    uint8_t code;  /* enum op_code */
    uint8_t reg;   /* LOOP, NEXT, SPAWN: register, below LIMIT_LOOPS; BRANCH, TEST: enum compare; OPEN, SHUT:
                      enum   resource_kind; SET: enum change */
    uint16_t step; /* index into program->steps */
    uint16_t target; /* index into program->ops, or NO_TARGET */
    uint16_t value;  /* index into program->values */
    union {
        struct thing_ref thing;
        struct {
            uint16_t first; /* SELECT: index into program->cases */
            uint16_t count; /* SELECT: 0 blocks for ever, as in Go */
        };
        uint16_t kind;  /* SPAWN: index into program->kinds */
        uint16_t other; /* BRANCH: index into program->values, the right-hand side */
    };
};

struct select_case {
    uint8_t kind;    /* enum case_kind; at most one AFTER in a select */
    uint16_t target; /* where the task goes on */
    uint16_t value;  /* AFTER: ns */
    struct thing_ref thing;
};

/* Where an operation stands in the pattern's file. One statement is one step; its operations share it. */
struct step {
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1 */
    uint16_t kind;   /* the kind of task it belongs to */
    char *text;      /* the statement as written: "recv jobs", "select", "spawn consumer * n" */
};

/* An operand. Every operand of an operation is an index into program->values; a workload resolves them all to
 * numbers once (program_resolve), so that the runtime never looks at a parameter. Durations are ns, sizes
 * bytes, percentages millionths. An operand is base * by * times / over + number, cut to what makes sense
 * where it stands: "n", "n - 1", "linger / 2", "buffer * n". */
enum value_kind {
    VALUE_CONSTANT, /* base 0: `number` is all there is */
    VALUE_PARAM,    /* base params[index] */
    VALUE_LINGER,   /* base: the workload's linger; LINGER_OPEN_NS where it has no end of its own */
    VALUE_HOLDS     /* base: the workload's holds */
};

struct value {
    enum value_kind kind;
    uint16_t index;
    int64_t number;
    uint16_t by;   /* 1 + index of a parameter, a factor; 0: none */
    int32_t times; /* 0 counts as 1 */
    int32_t over;  /* 0 counts as 1 */
    int64_t min;   /* never below it, nor below 0 */
    int64_t max;   /* never above it; 0 counts as LIMIT_DURATION_NS, the largest of all limits */
};

/* What an operand `linger` counts as where the owner stays until the scenario ends: one second. */
#define LINGER_OPEN_NS 1000000000LL

/* A queue is a channel with room for all that comes: whatever works on a channel works on a queue. */
static inline bool thing_kind_serves(enum thing_kind kind, enum thing_kind needed)
{
    return kind == needed || (needed == THING_CHANNEL && kind == THING_QUEUE);
}

/* A thing of an environment. */
struct thing_spec {
    char *name;
    enum thing_kind kind;
    bool nil;       /* channel: declared and never made */
    bool aligned;   /* ticker: ticks on whole multiples of its period */
    uint16_t value; /* channel: buffer; ticker: period, ns; scope: timeout, ns, 0 for none; queue: bytes of
                       a message; number: what it begins with */
    uint16_t offset;
    struct thing_ref mutex; /* condition: in its own environment (0 hops) or in the start's (HOPS_SHARE) */
    uint32_t line;
};

/* What an environment holds. layouts[0] is the start's. */
struct layout {
    struct thing_spec *things;
    uint16_t count;
    uint32_t bytes; /* of the whole environment, its header included */
};

/* A thing in an environment that may be of several layouts. */
struct outer {
    uint16_t offsets[LIMIT_TASK_KINDS + 1]; /* by layout; 0: that layout has no such thing */
};

struct task_kind {
    char *name;
    uint16_t entry;  /* index into program->ops */
    uint16_t layout; /* of its own things, or NO_LAYOUT */
    uint32_t line;
};

struct program {
    char *pattern; /* "recv" */
    char *variant; /* "leak" or "fix" */
    char *file;    /* "recv.yaml" */
    struct op *ops;
    struct select_case *cases;
    struct step *steps;
    struct value *values;
    struct layout *layouts;
    struct task_kind *kinds; /* kinds[0] is main */
    struct outer *outers;
    uint16_t op_count, case_count, step_count, value_count, layout_count, kind_count, outer_count;
    uint16_t param_count; /* how many parameters a workload must bring; set by whoever makes the program */
    uint16_t expect[EXPECTS]; /* indices into values: what one start leaks */
};

/* An empty program with layouts[0] made; NULL when memory is out. The texts are copied. The caller owns it.
 */
struct program *program_new(const char *pattern, const char *variant, const char *file);

/* Takes NULL. No workload may still use it. */
void program_free(struct program *program);

/* Each adds one element and writes its index; texts are copied. ERR_MEMORY, or ERR_LIMIT when the table is
 * full (LIMIT_OPS, LIMIT_STEPS, ...). An op that is still to be completed may be changed through
 * program->ops. */
enum err program_add_op(struct program *program, struct op op, uint16_t *index);
enum err program_add_case(struct program *program, struct select_case select_case, uint16_t *index);
enum err program_add_step(struct program *program, struct step step, uint16_t *index);
enum err program_add_kind(struct program *program, struct task_kind kind, uint16_t *index);
enum err program_add_layout(struct program *program, uint16_t *index);
/* An equal value, or an equal outer, is found again rather than added twice. */
enum err program_add_value(struct program *program, struct value value, uint16_t *index);
enum err program_add_outer(struct program *program, const struct outer *outer, uint16_t *index);
/* Appends a thing to a layout and assigns its offset. */
enum err program_add_thing(struct program *program, uint16_t layout, struct thing_spec thing,
                           uint16_t *offset);

/* Where the thing lies in an environment of that layout, which the reference leads to; 0: it has none. */
static inline uint16_t thing_offset(const struct program *program, struct thing_ref ref, uint16_t layout)
{
    return ref.varies ? program->outers[ref.offset].offsets[layout] : ref.offset;
}

/* One operand as a number. `params` has as many values as the pattern has parameters. Sums that would not fit
 * are cut to the operand's bounds. */
int64_t value_resolve(const struct value *value, const int64_t *params, int64_t linger_ns,
                      int64_t holds_bytes);

/* All of them: `values` gets program->value_count numbers. */
void program_resolve(const struct program *program, const int64_t *params, int64_t linger_ns,
                     int64_t holds_bytes, int64_t *values);

/* True when every index, register, target, hop and offset of the program is sound, every kind's operations
 * end, and every thing is of the kind that its operation needs. `what` (may be NULL) gets a static sentence
 * about the first fault. A program that the language made and that is refused here is a bug in the language.
 */
bool program_verify(const struct program *program, const char **what);

/* More than any operation has. */
#define PROGRAM_SUCCESSORS (LIMIT_CASES + 2)

/* The operations at which a task may go on after operation `index` of a sound program: `next` gets them, in
 * the order cases, target, the one behind. Returns how many: 0 where a task ends, and at a select without
 * cases. */
unsigned program_successors(const struct program *program, uint16_t index,
                            uint16_t next[static PROGRAM_SUCCESSORS]);
