/* The lab: a runtime on a libuv loop, the scenarios that run on it, and the mailbox through which others ask
 * for them (lab/request.h). Everything happens on the lab thread, the one that runs the loop; only
 * lab_post(), lab_snapshot() and lab_timeline() are for other threads.
 *
 *     lab_open(&lab, &loop, &config);    the mailbox is open, readiness is false
 *     lab_set_ready(lab, true);
 *     uv_run(&loop, UV_RUN_DEFAULT);     ... until something, a signal for instance, calls lab_close(lab)
 *     uv_loop_close(&loop);              0, once the loop's other handles are closed too
 *     lab_free(lab);                     when no other thread can call any of the three any more
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/log.h"
#include "lab/request.h"
#include "lab/snapshot.h"
#include "language/catalogue.h"
#include "runtime/runtime.h"

struct lab_config {
    const struct log *log;       /* borrowed; NULL: silent */
    struct catalogue *catalogue; /* borrowed; the lab thread's until lab_free() */
    uint64_t max_tasks; /* of all scenarios together, at most LIMIT_TASKS; see machine.h for a default */
    uint64_t max_heap_bytes;
    uint64_t supplies[SUPPLIES]; /* resources at most, of each supply */
    uint64_t judge_interval_ns;  /* between two runs of the judge; 0: it runs only when asked */
    uint32_t cpu_percent;        /* of a processor, that tasks and judge may take: 1 to 100; 0: all of it */
    struct clock *clock;         /* borrowed; NULL: CLOCK_MONOTONIC */
    uint64_t (*seed)(void *argument); /* for scenarios that bring none; NULL: the system's random numbers */
    void *argument;
};

/* Sets the lab up on a loop that does not run yet. ERR_MEMORY, ERR_SYSTEM: nothing is left on the loop (to
 * that end it may have been run for a moment), *result is untouched. */
enum err lab_open(struct lab **result, uv_loop_t *loop, const struct lab_config *config);

/* What the snapshot says in `ready`. It is false until told otherwise, and for good once closing began. */
void lab_set_ready(struct lab *lab, bool ready);

/* Begins the end: readiness goes false, requests that wait are answered with 503 and so is every later one,
 * tasks are freed (as far as a quarter of a second allows; the rest is left to the system), handles and
 * resources are closed. The loop must run on until they are. Calling it again is harmless. */
void lab_close(struct lab *lab);

/* After the loop has closed the lab's handles. Takes NULL. */
void lab_free(struct lab *lab);

/* Writes where tasks stand to the log: one line a step, the fullest first, LIMIT_LOGGED_STEPS at most. */
void lab_log_tasks(struct lab *lab);

/* The runtime, for reading. */
const struct runtime *lab_runtime(const struct lab *lab);
