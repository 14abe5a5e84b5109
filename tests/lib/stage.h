/* A pattern on a stage: compiled from the text in the test, on a runtime of its own whose clock stands still
 * until the test moves it. After every round the books are checked (stage_check), and stage_close sees to it
 * that nothing is left. Faults end the test. */
#pragma once

#include <stdint.h>

#include "fake_source.h"
#include "language/pattern.h"
#include "runtime/runtime.h"

#define STAGE_WORKLOADS 4
#define MS              1000000ll

struct stage_spec {
    const char *text;     /* share, params, fix: what stands between a pattern's head and its `expect` */
    struct stage *beside; /* whose runtime to use; it must be closed later. NULL: one of its own */
    int64_t linger_ns;
    int64_t holds_bytes;
    uint64_t seed;
    uint64_t max_tasks; /* of the workload; 0: no limit, here and below */
    uint64_t max_heap_bytes;
    uint64_t runtime_max_tasks;
    uint64_t runtime_max_heap_bytes;
    struct resource_source *source; /* of a runtime of its own; NULL: the stage's fake */
    uint64_t supplies[SUPPLIES];
    void (*outside)(void *argument); /* called when nothing can move before time passes; may be NULL */
    void *argument;
    bool owner_stays;
};

struct stage {
    struct pattern *pattern;
    const struct program *program;
    int64_t params[LIMIT_PARAMS];
    struct clock clock;
    struct runtime own;
    struct fake_source fake;
    void (*outside)(void *argument);
    void *argument;
    struct runtime *runtime; /* &own, or that of another stage */
    struct stage *host;      /* whose clock counts */
    struct tally *tally;
    struct census before; /* at the last check */
    struct workload workloads[STAGE_WORKLOADS];
    struct workload *workload; /* the first of them */
    unsigned workload_count;
};

/* Compiles the text's fix and makes a workload of it. Nothing is started. */
void stage_open(struct stage *stage, struct stage_spec spec);

/* The two parts of stage_open and of stage_close, for tests in which memory runs out: stage_set fails with
 * ERR_MEMORY, leaves nothing behind then, and may be called again after that or after stage_strike. */
void stage_compile(struct stage *stage, const char *text);
enum err stage_set(struct stage *stage, struct stage_spec spec);
void stage_strike(struct stage *stage);

/* stage_open with nothing but a text, one start, and all of what it then does. */
void stage_play(struct stage *stage, const char *text);

/* A further workload of the same pattern; `text` and `beside` are not looked at. */
struct workload *stage_add(struct stage *stage, struct stage_spec spec);

/* Starts main, and runs everything until nothing can move before time passes. */
void stage_start(struct stage *stage);

/* Runs until nothing can move before time passes; returns how many rounds it took. */
uint64_t stage_settle(struct stage *stage);

/* As many rounds, for programs that never settle. True when there is more to do. */
bool stage_rounds(struct stage *stage, uint64_t rounds);

/* Lets time pass, from timer to timer; work that is done meanwhile may take longer than that. */
void stage_pass(struct stage *stage, int64_t ns);

/* Lets time pass in one jump, as after a stall. */
void stage_jump(struct stage *stage, int64_t ns);

/* spawned - ended = live, the states add up to it, those blocked stand on their steps, each task is in
 * exactly one queue, counters do not go back. With a thousand tasks or fewer, each of them is looked at. */
void stage_check(struct stage *stage);

/* Live tasks of all workloads in a state, and ended ones; blocked ones by the text of their step. */
uint64_t stage_in(const struct stage *stage, enum task_state state);
uint64_t stage_ended(const struct stage *stage, enum task_end how);
uint64_t stage_at(const struct stage *stage, const char *step);

/* Cancels or reclaims the first workload and settles. */
void stage_cancel(struct stage *stage);
void stage_reclaim(struct stage *stage);

/* Asserts that a workload has nothing left. */
void stage_assert_over(const struct workload *workload);

/* Reclaims, checks that everything is back at zero, and frees all. */
void stage_close(struct stage *stage);

/* Asserts that a runtime without workloads holds nothing. */
void stage_assert_empty(const struct runtime *runtime);
