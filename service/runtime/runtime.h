/* The runtime executes programs: it owns the tasks of every workload, their queues, their timers and their
 * memory. It knows neither libuv nor the wall clock: time enters through a clock, and a turn is a call. On a
 * real loop see runtime/driver.h; tests step a manual clock. Everything here is for one thread, the lab
 * thread.
 *
 * A workload is a program with its operands resolved and its limits set; a start is one run of its main.
 * Whatever may be long (spawning, waking, cancelling, reclaiming) is done in slices within runtime_turn(). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "runtime/census.h"
#include "runtime/lineage.h"
#include "runtime/panic.h"
#include "runtime/task.h"

/* Monotonic nanoseconds. The runtime is one processor: while a task works (`work d`) nobody else does, and
 * time goes by. It works in slices of at most WORK_SLICE_NS and lets others go on in between. */
struct clock {
    uint64_t (*now_ns)(const struct clock *clock);
    void (*burn)(struct clock *clock, uint64_t ns); /* the processor does nothing else for so long */
    uint64_t manual_ns;     /* for clock_manual: the time, which its owner moves forward */
    uint64_t wall_ahead_ns; /* what to add for the time since 1970, as it was when the clock was made */
};

#define WORK_SLICE_NS 50000

/* CLOCK_MONOTONIC. Burning spins on it. */
struct clock clock_monotonic(void);
/* Its time is the one since 1970 too, unless its owner writes wall_ahead_ns.
 * Stands still until its owner writes manual_ns, or until something burns time: that moves it forward by as
 * much, so that a turn may end later than it began. */
struct clock clock_manual(uint64_t now_ns);

/* A piece of work that is done in slices of at most some 100 us: `step` is called again and again, a slice
 * each time, until it returns true; it may add and remove jobs, itself included. Embedded in what it works
 * on. */
struct job {
    struct link link;
    bool (*step)(struct job *job);
};

/* A function to be called once at a time of the runtime. */
struct call {
    struct timer timer;
    void (*fn)(struct call *call);
};

/* What all tasks of one program do, across workloads. */
struct tally {
    const struct program *program;
    struct census census;
    struct lineages lineages;
    uint64_t states_seen;             /* bit s: some task has been in state s */
    uint64_t resources_seen;          /* bit k: some resource of kind k was opened */
    uint64_t limit_hits[LIMIT_KINDS]; /* workloads that each limit stopped */
    uint64_t (*leaked)[VERDICTS];     /* by step and verdict: leaked tasks that are blocked on it */
    uint64_t standing[];              /* by step: tasks that are blocked on it; `leaked` lies behind it */
};

/* What of a tally outlives its program. */
struct tally_kept {
    struct census census;
    uint64_t states_seen;
    uint64_t resources_seen;
    uint64_t limit_hits[LIMIT_KINDS];
};

struct workload_spec {
    struct tally *tally;   /* from runtime_tally() */
    const int64_t *params; /* the program's param_count numbers; only read during workload_init() */
    int64_t linger_ns;     /* how long an owner stays; 0: until its scope is done */
    int64_t holds_bytes;   /* heap that every task but the owner keeps */
    uint64_t seed;
    uint64_t max_tasks; /* live at a time */
    uint64_t max_heap_bytes;
    bool owner_stays; /* an owner never leaves, it hears neither done nor its linger: `leaklab run` prints its
                         1 */
};

struct workload {
    struct runtime *runtime;
    struct tally *tally;
    const struct program *program;
    int64_t *values; /* the program's operands, resolved */
    int64_t linger_ns;
    bool owner_stays;
    bool cancelled;            /* no further starts */
    bool reclaimed;            /* no further tasks */
    enum limit_kind capped_by; /* the first limit that it hit; LIMIT_KINDS: none */
    uint64_t seed;
    uint64_t max_tasks;
    uint64_t max_heap_bytes;
    uint64_t charged_bytes; /* frames, environments, nodes of selects and what tasks hold */
    uint64_t next_start;
    struct panic panics[LIMIT_PANICS]; /* the first kinds that occurred, in their order */
    uint32_t panic_count;
    uint64_t owners_left;     /* starts whose owner has left and that still have tasks, armed tickers, open
                                 resources or lost heap */
    uint64_t leaving;         /* resources that were shut and are not gone yet */
    uint64_t discarded_bytes; /* of the runtime's garbage, when it last added to it */
    struct census census;
    struct link link;      /* in runtime->workloads */
    struct workload *twin; /* whose tasks and memory count together with its own, see workload_join */
    struct link starts;    /* not yet told to end */
    struct link told;
    /* Of `starts` and of `told`: the last of those at its front in which nobody is left to be judged; the
     * list itself: there is none. The judge's, who passes over them. */
    struct link *dead[2];
    uint32_t stuck_since;       /* the least `since` of its stuck tasks, if it has any */
    uint64_t blocked_oldest_ms; /* at the last look of a judge: for how long the live task that had been
                                   blocked longest had been so; who sleeps or lingers is not blocked */
    struct job cancel_job;
    struct job reclaim_job;
};

/* Heap that nobody has any more, still to be freed. It is not charged; as long as it and what is charged are
 * more than may be, no task runs. */
struct garbage {
    struct held *last; /* of a ring, in the order in which they are freed; NULL: there is none */
    uint64_t bytes;
    uint64_t discarded_bytes; /* ever */
};

#define ENV_POOLS  16 /* environments of 64, 128, ... 1024 bytes; larger ones come from malloc */
#define WAIT_POOLS (LIMIT_CASES - 1)

struct runtime {
    struct clock *clock;
    uint64_t began_ns;
    uint64_t now_ns; /* since it began; moves between rounds, and when a workload starts */
    uint64_t now_ms; /* the same, in whole milliseconds */
    struct wheel wheel;
    struct link ready;      /* tasks by their wait node */
    struct link waking;     /* wait nodes of things that were closed or are done */
    struct link cancelling; /* scopes whose parent is done */
    struct link jobs;
    struct garbage garbage;
    struct env *fading; /* environments that nobody sees any more, still to be freed */
    struct job fading_job;
    struct slab_pool task_pool;
    struct slab_pool env_pools[ENV_POOLS];
    struct slab_pool wait_pools[WAIT_POOLS]; /* the further nodes of a select: 1, 2, ... of them */
    int32_t fuel;                            /* that tasks may still spend in this round, see RUN_FUEL */
    struct tally **tallies;
    uint32_t tally_count;
    uint64_t live;
    uint64_t charged_bytes;
    uint64_t max_tasks;
    uint64_t max_heap_bytes;
    uint64_t denials;                 /* times that the system had no memory for a workload */
    uint64_t starts;                  /* alive */
    struct resource_source *source;   /* NULL: there are no resources to be had */
    uint64_t supplies_used[SUPPLIES]; /* what is leaving included */
    uint64_t supplies_max[SUPPLIES];
    struct link workloads;
    struct watch *watch; /* NULL, or who looks on: runtime/watch.h */
    struct walk *walk;   /* NULL, or who walks over all tasks: runtime/walk.h */
    uint16_t walks;      /* serial of the last walk */
    bool abandoned;
};

/* `clock` is borrowed. ERR_MEMORY. */
enum err runtime_init(struct runtime *runtime, struct clock *clock, uint64_t max_tasks,
                      uint64_t max_heap_bytes);

/* Where resources come from, and how many of each supply there may be at a time. `source` is borrowed;
 * without one, as at the beginning, every limit is 0. */
void runtime_set_source(struct runtime *runtime, struct resource_source *source,
                        const uint64_t most[static SUPPLIES]);

/* No task may be alive, unless the runtime was abandoned. */
void runtime_deinit(struct runtime *runtime);

/* Forgets every task of a process that is about to end, however many there are: frames go back in whole
 * slabs, what tasks hold is left to the system. Afterwards workloads and the runtime can be deinitialised,
 * and nothing else. */
void runtime_abandon(struct runtime *runtime);

/* The tally of a program, made when first asked for. NULL: no memory. The program must live as long as the
 * runtime, or until runtime_forget(). */
struct tally *runtime_tally(struct runtime *runtime, const struct program *program);

/* Frees a tally of which nothing is alive. Workloads that had it may only be deinitialised. */
void runtime_forget(struct runtime *runtime, struct tally *tally);

/* What there is to keep of a tally, and a new tally that goes on from there: counters of a program never go
 * back, be it that its text was replaced. Of what is kept nothing may be alive. */
struct tally_kept tally_keep(const struct tally *tally);
void tally_resume(struct tally *tally, const struct tally_kept *kept);

/* Bounds of one turn: it ends when nothing is left to do, when `ns` have passed on the clock, or after
 * `rounds` rounds of at most some 16,000 operations each, usually far fewer; 0 means no bound. */
struct budget {
    uint64_t ns;
    uint64_t rounds;
};

/* Runs timers that are due, wakes, runs ready tasks and jobs. True when there is more to do now. */
bool runtime_turn(struct runtime *runtime, struct budget budget);

/* The operations, with what they spawned and wrote to, that the last round cost. */
uint32_t runtime_spent(const struct runtime *runtime);

/* When the next timer may be due, in ns of the clock; UINT64_MAX: none is armed. */
uint64_t runtime_due_ns(const struct runtime *runtime);

/* Memory of its own: slabs, whether full or not. */
uint64_t runtime_slab_bytes(const struct runtime *runtime);

/* Copies parameters and resolves operands. ERR_MEMORY; ERR_RANGE: an operand is out of bounds for its
 * operation. */
enum err workload_init(struct workload *workload, struct runtime *runtime, const struct workload_spec *spec);

/* Makes one of two for what limits are about: each one's max_tasks and max_heap_bytes, which are the same,
 * are for both together, and what stops one stops the other. Before either is started; both end together. */
void workload_join(struct workload *one, struct workload *other);

/* Nothing of it may be alive (see workload_idle), or the runtime was abandoned. */
void workload_deinit(struct workload *workload);

/* Starts main once; it runs in a later turn. ERR_LIMIT: a limit is hit (see workload->capped_by) ;
 * ERR_CLOSED: it was cancelled; ERR_MEMORY. */
enum err workload_start(struct workload *workload);

/* No further starts, and every scope of its starts is done. Happens in slices; calling it again is harmless.
 */
void workload_cancel(struct workload *workload);

/* True once each start has been told and whoever heard it has gone on. */
bool workload_told(const struct workload *workload);

/* No further starts or tasks, and frees every task, ticker and resource from outside. Happens in slices;
 * workload_idle() is true at its end. */
void workload_reclaim(struct workload *workload);

/* True when no start is left: no task, no environment, no armed ticker, no resource, be it on its way out, no
 * job. */
bool workload_idle(const struct workload *workload);

/* True when what its tasks held and have let go of was given back to the allocator. It is not charged any
 * more before that already, and an idle workload need not wait for it. */
bool workload_freed(const struct workload *workload);

/* Live tasks. */
static inline uint64_t workload_live(const struct workload *workload)
{
    return census_live(&workload->census);
}

/* Calls `fn` at `at_ns` of the clock (whole milliseconds, rounded up). ERR_MEMORY. Arming an armed call moves
 * it. */
enum err runtime_call_at(struct runtime *runtime, struct call *call, uint64_t at_ns);
void runtime_call_cancel(struct runtime *runtime, struct call *call);

/* Adds a job, if it is not there. */
void runtime_job_add(struct runtime *runtime, struct job *job);
