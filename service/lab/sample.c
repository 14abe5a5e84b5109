#include "lab/sample.h"

#include "base/macros.h"
#include "runtime/ghost.h"
#include "runtime/runtime.h"

#define BEGAN_NS   1000000000ull
#define ROUND_WORK 16  /* what a round counts for beside its tasks */
#define WORK_BYTES 256 /* of memory that is taken, and written to, count for as much as a task */
#define WORK_FUEL  4   /* so do so many operations */
#define WORK       600000u
#define UNREST     2000 /* rounds for which time may stand still */

struct run {
    struct clock clock;
    struct runtime runtime;
    struct workload workload;
    struct sample *sample;
    double seconds[AMOUNTS];
    uint64_t work; /* left */
};

static double amount_now(const struct runtime *runtime, unsigned amount)
{
    if (amount == AMOUNT_TASKS)
        return (double)runtime->live;
    if (amount == AMOUNT_BYTES)
        return (double)runtime->charged_bytes;
    return (double)runtime->supplies_used[amount - AMOUNT_SUPPLY];
}

static void look(struct run *run)
{
    for (unsigned amount = 0; amount < AMOUNTS; amount++) {
        double now = amount_now(&run->runtime, amount);
        if (now > run->sample->most[amount])
            run->sample->most[amount] = now;
    }
}

/* Runs until nothing moves before time passes. False: it does not come to rest, or the work is used up. */
static bool settle(struct run *run)
{
    for (int round = 0; round < UNREST; round++) {
        uint64_t before = run->runtime.charged_bytes;
        bool more = runtime_turn(&run->runtime, (struct budget){.rounds = 1});
        uint64_t after = run->runtime.charged_bytes;
        look(run);
        if (!more)
            return true;
        uint64_t spent = ROUND_WORK + run->runtime.live + runtime_spent(&run->runtime) / WORK_FUEL +
                         (after > before ? (after - before) / WORK_BYTES : 0);
        if (run->work < spent)
            return false;
        run->work -= spent;
    }
    return false;
}

static void pass(struct run *run, uint64_t until_ns)
{
    double seconds = (double)(until_ns - run->clock.manual_ns) / 1e9;
    for (unsigned amount = 0; amount < AMOUNTS; amount++)
        run->seconds[amount] += amount_now(&run->runtime, amount) * seconds;
    run->clock.manual_ns = until_ns;
}

/* To its end, or as far as there is work to spend. */
static void live(struct run *run)
{
    const uint64_t end_ns = BEGAN_NS + SAMPLE_NS;
    while (settle(run) && !workload_idle(&run->workload)) {
        uint64_t due_ns = runtime_due_ns(&run->runtime);
        if (due_ns > end_ns)
            break; /* nothing moves any more, or not in time */
        pass(run, due_ns > run->clock.manual_ns ? due_ns : run->clock.manual_ns + 1);
    }
    double seconds = (double)(run->clock.manual_ns - BEGAN_NS) / 1e9;
    struct sample *sample = run->sample;
    sample->spawned = (double)run->workload.census.spawned;
    for (unsigned amount = 0; amount < AMOUNTS; amount++) {
        sample->left[amount] = amount_now(&run->runtime, amount);
        sample->seconds[amount] = run->seconds[amount] - sample->left[amount] * seconds;
    }
}

static enum err play(struct run *run, const struct workload_spec *spec)
{
    enum err err = workload_init(&run->workload, &run->runtime, spec);
    if (err != ERR_OK)
        return err;
    if (workload_start(&run->workload) == ERR_MEMORY)
        err = ERR_MEMORY;
    else
        live(run);
    if (run->workload.capped_by == LIMIT_KIND_MEMORY)
        err = ERR_MEMORY;
    workload_reclaim(&run->workload);
    while (!workload_idle(&run->workload))
        runtime_turn(&run->runtime, (struct budget){.rounds = 1});
    workload_deinit(&run->workload);
    return err;
}

enum err sample_take(const struct sample_spec *spec, struct sample *sample, bool *fits)
{
    struct run run = {.clock = clock_manual(BEGAN_NS), .sample = sample, .work = WORK};
    *sample = (struct sample){0};
    if (runtime_init(&run.runtime, &run.clock, SAMPLE_TASKS, SAMPLE_BYTES) != ERR_OK)
        return ERR_MEMORY;
    struct resource_source source = ghost_source();
    runtime_set_source(&run.runtime, &source, ghost_supplies);
    struct workload_spec workload = {
        .tally = runtime_tally(&run.runtime, spec->program),
        .params = spec->params,
        .linger_ns = spec->linger_ns,
        .holds_bytes = spec->holds_bytes,
        .seed = spec->seed,
        .max_tasks = SAMPLE_TASKS,
        .max_heap_bytes = SAMPLE_BYTES,
    };
    enum err err = workload.tally == NULL ? ERR_MEMORY : play(&run, &workload);
    *fits = run.workload.capped_by == LIMIT_KINDS;
    runtime_deinit(&run.runtime);
    return err;
}
