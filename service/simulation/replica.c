#include "simulation/replica.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/rng.h"
#include "export/export.h"
#include "lab/machine.h"
#include "runtime/ghost.h"
#include "simulation/resident.h"

#define MS_NS     1000000u
#define CANARY_NS 1000000000u /* see lab/canary.h */

/* What is done at most before time goes on by a millisecond, in which a real lab thread gets about as much
 * done: so many rounds, and of those that used up all their fuel so many. A chain in which one task wakes the
 * next takes many short rounds, and no time. */
#define ROUNDS_A_MOMENT 4096
#define FULL_A_MOMENT   8

#define STOP_TURNS 256 /* between two questions whether to go on */

struct replica {
    struct clock clock;
    struct rng seeds;
    struct resource_source source;
    struct core core;
    struct exporter *exporter;
    uint64_t began_ns;
    uint64_t max_fds;
    uint64_t judge_interval_ns;
    uint64_t judge_due_ns;
    bool (*stop)(void);
    uint64_t starved_ns; /* since when every thread of libuv's pool has been blocked; UINT64_MAX: it is not */
    bool busy;           /* something is left to do at this time of the clock */
    bool open;
};

static uint64_t next_seed(void *argument)
{
    struct replica *replica = argument;
    return rng_next(&replica->seeds);
}

/* Limits as a daemon works them out on a machine that sets none but that on descriptors. */
static enum err open_core(struct replica *replica, const struct replica_config *config)
{
    const struct machine machine = {
        .total_bytes = MACHINE_UNKNOWN,
        .available_bytes = MACHINE_UNKNOWN,
        .cgroup_bytes = MACHINE_UNKNOWN,
        .descriptors = config->max_fds,
        .threads = MACHINE_UNKNOWN,
    };
    const struct machine_limits limits = machine_defaults(&machine);
    struct core_config core_config = {
        .catalogue = config->catalogue,
        .max_tasks = config->max_tasks,
        .max_heap_bytes = config->max_heap_bytes,
        .source = &replica->source,
        .clock = &replica->clock,
        .seed = next_seed,
        .argument = replica,
    };
    replica->source = ghost_source();
    memcpy(core_config.supplies, limits.supplies, sizeof core_config.supplies);
    enum err err = core_init(&replica->core, &core_config);
    replica->open = err == ERR_OK;
    return err;
}

enum err replica_new(struct replica **result, const struct replica_config *config)
{
    struct replica *replica = calloc(1, sizeof *replica);
    if (replica == NULL)
        return ERR_MEMORY;
    replica->clock = clock_manual(config->now_ns);
    replica->seeds.state = config->seed;
    replica->began_ns = config->now_ns;
    replica->max_fds = config->max_fds;
    replica->judge_interval_ns = config->judge_interval_ns;
    replica->judge_due_ns = config->now_ns + config->judge_interval_ns;
    replica->starved_ns = UINT64_MAX;
    replica->stop = config->stop;
    replica->exporter = export_new(NULL);
    enum err err = replica->exporter == NULL ? ERR_MEMORY : open_core(replica, config);
    if (err != ERR_OK) {
        replica_free(replica);
        return err;
    }
    *result = replica;
    return ERR_OK;
}

void replica_free(struct replica *replica)
{
    if (replica == NULL)
        return;
    if (replica->open) {
        core_close(&replica->core);
        core_deinit(&replica->core);
    }
    export_free(replica->exporter);
    free(replica);
}

struct core *replica_core(struct replica *replica)
{
    return &replica->core;
}

/* Does what is to be done at this time of the clock. */
static void settle(struct replica *replica)
{
    struct core *core = &replica->core;
    replica->busy = true;
    for (int rounds = 0, full = 0; replica->busy && rounds < ROUNDS_A_MOMENT && full < FULL_A_MOMENT;
         rounds++) {
        bool more = runtime_turn(&core->runtime, (struct budget){.rounds = 1});
        replica->busy = core_after_turn(core) || more;
        core_deliver(core);
        full += core->runtime.fuel <= 0;
    }
    bool starved = core->runtime.supplies_used[SUPPLY_JOBS] >= RESIDENT_POOL;
    if (!starved)
        replica->starved_ns = UINT64_MAX;
    else if (replica->starved_ns == UINT64_MAX)
        replica->starved_ns = replica->clock.manual_ns;
}

static void on_answer(struct lab_request *request, void *argument)
{
    bool *answered = argument;
    (void)request;
    *answered = true;
}

int replica_post(struct replica *replica, json_t *body, json_t **answer)
{
    bool answered = false;
    struct lab_request request = {
        .verb = LAB_SCENARIO_POST, .body = body, .done = on_answer, .argument = &answered};
    core_handle(&replica->core, &request);
    core_deliver(&replica->core);
    /* An answer that waits, as that to a cancel, does so for a bounded time. */
    while (!answered)
        replica_advance(replica, replica->clock.manual_ns + MS_NS);
    json_decref(request.body);
    *answer = request.answer;
    return request.status;
}

void replica_advance(struct replica *replica, uint64_t end_ns)
{
    uint64_t *now_ns = &replica->clock.manual_ns;
    if (*now_ns == replica->began_ns)
        settle(replica);
    for (unsigned turn = 1; *now_ns < end_ns; turn++) {
        uint64_t due_ns = runtime_due_ns(&replica->core.runtime);
        uint64_t next_ns = replica->busy || due_ns <= *now_ns ? *now_ns + MS_NS : due_ns;
        *now_ns = next_ns < end_ns ? next_ns : end_ns;
        settle(replica);
        if (turn % STOP_TURNS == 0 && replica->stop != NULL && replica->stop())
            return;
    }
}

/* ---- what is seen ---- */

static struct snapshot *snapshot_new(void)
{
    return calloc(1, sizeof(struct snapshot) + LIMIT_PROGRAMS * sizeof(struct snapshot_program));
}

enum err replica_view_init(struct replica_view *view)
{
    *view = (struct replica_view){.all = snapshot_new(), .shown = snapshot_new()};
    if (view->all != NULL && view->shown != NULL)
        return ERR_OK;
    replica_view_deinit(view);
    return ERR_MEMORY;
}

void replica_view_deinit(struct replica_view *view)
{
    free(view->all);
    free(view->shown);
    *view = (struct replica_view){0};
}

static void list_program(struct replica_view *view, uint32_t index)
{
    if (view->listed[index])
        return;
    view->listed[index] = true;
    view->listing[view->shown->program_count++] = index;
}

/* A mix counts its scenarios, and its two parts the tasks. */
void replica_view_list(struct replica_view *view, struct replica *replica)
{
    const struct core *core = &replica->core;
    for (uint32_t i = 0; i < core->program_count; i++) {
        const struct core_program *program = &core->programs[i];
        if (program->scenarios_seen == 0)
            continue;
        list_program(view, i);
        for (size_t part = 0; program->variant == VARIANT_MIX && part < MODE_PROGRAMS; part++)
            list_program(view, program->parts[part]);
    }
}

/* A canary that was sent once the pool was full waits until there is room; one is sent each second. */
static uint64_t starved_for_ns(const struct replica *replica, uint64_t now_ns)
{
    if (replica->starved_ns == UINT64_MAX)
        return 0;
    uint64_t full_ns = replica->starved_ns - replica->began_ns;
    uint64_t sent_ns = replica->began_ns + (full_ns + CANARY_NS - 1) / CANARY_NS * CANARY_NS;
    return now_ns > sent_ns ? now_ns - sent_ns : 0;
}

/* Keeps the place that a program has once been given, as a snapshot must. */
static void fill(struct replica *replica, struct replica_view *view, uint64_t now_ns)
{
    struct snapshot *all = view->all, *shown = view->shown;
    uint32_t count = shown->program_count;
    core_fill(&replica->core, all);
    resident_handles(all);
    memcpy(shown, all, sizeof *shown);
    shown->program_count = count;
    shown->threadpool_delay_ns = starved_for_ns(replica, now_ns);
    for (uint32_t i = 0; i < count; i++)
        shown->programs[i] = all->programs[view->listing[i]];
}

static void judge_if_due(struct replica *replica, uint64_t now_ns)
{
    if (replica->judge_interval_ns == 0 || now_ns < replica->judge_due_ns)
        return;
    judge_now(&replica->core.judge);
    replica->judge_due_ns = now_ns + replica->judge_interval_ns;
}

enum err replica_show(struct replica *replica, struct replica_view *view, struct metrics_history *history,
                      uint32_t target)
{
    uint64_t now_ns = replica->clock.manual_ns;
    uint64_t charged_bytes = replica->core.runtime.charged_bytes;
    struct process_values process;
    struct heap_stats heap;
    judge_if_due(replica, now_ns);
    fill(replica, view, now_ns);
    resident_process(view->all, charged_bytes, replica->max_fds, replica->began_ns, &process);
    resident_heap(charged_bytes, &heap);
    const struct export_input input = {
        .snapshot = view->shown, .heap = &heap, .process = &process, .now_ns = now_ns};
    return export_record(replica->exporter, &input, history, target);
}
