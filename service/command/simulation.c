#include "command/simulation.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "http/export.h"
#include "runtime/ghost.h"

#define MS_NS 1000000u

/* What is done at most before time goes on by a millisecond, in which a real lab thread gets about as much
 * done: so many rounds, and of those that used up all their fuel so many. A chain in which one task wakes the
 * next takes many short rounds, and no time. */
#define ROUNDS_A_MOMENT 4096
#define FULL_A_MOMENT   8

struct simulation {
    struct clock clock;
    struct rng seeds;
    struct resource_source source;
    struct core core;
    struct exporter *exporter;
    struct metrics_history *history;
    struct snapshot *all;   /* every program, in the catalogue's order */
    struct snapshot *shown; /* those of which there has been a scenario, in the order of that */
    bool listed[LIMIT_PROGRAMS];
    uint32_t listing[LIMIT_PROGRAMS]; /* shown->programs[i] is all->programs[listing[i]] */
    bool busy;                        /* something is left to do at this time of the clock */
    bool open;
};

static uint64_t next_seed(void *argument)
{
    struct simulation *simulation = argument;
    return rng_next(&simulation->seeds);
}

static struct snapshot *snapshot_new(void)
{
    return calloc(1, sizeof(struct snapshot) + LIMIT_PROGRAMS * sizeof(struct snapshot_program));
}

static enum err open_core(struct simulation *simulation, const struct simulation_config *config)
{
    struct core_config core_config = {
        .catalogue = config->catalogue,
        .max_tasks = config->max_tasks,
        .max_heap_bytes = config->max_heap_bytes,
        .clock = &simulation->clock,
        .seed = next_seed,
        .argument = simulation,
    };
    simulation->source = ghost_source();
    core_config.source = &simulation->source;
    memcpy(core_config.supplies, ghost_supplies, sizeof core_config.supplies);
    enum err err = core_init(&simulation->core, &core_config);
    simulation->open = err == ERR_OK;
    return err;
}

enum err simulation_new(struct simulation **result, const struct simulation_config *config)
{
    const struct metrics_stamp stamps[] = {{"job", config->job}, {"instance", config->instance}};
    struct simulation *simulation = calloc(1, sizeof *simulation);
    if (simulation == NULL)
        return ERR_MEMORY;
    simulation->clock = clock_manual(config->at_ms * MS_NS);
    simulation->seeds.state = config->seed;
    simulation->all = snapshot_new();
    simulation->shown = snapshot_new();
    simulation->exporter = export_new(NULL);
    enum err err =
        simulation->all == NULL || simulation->shown == NULL || simulation->exporter == NULL
            ? ERR_MEMORY
            : export_history_new(simulation->exporter, stamps, COUNT_OF(stamps), &simulation->history);
    if (err == ERR_OK)
        err = open_core(simulation, config);
    if (err != ERR_OK) {
        simulation_free(simulation);
        return err;
    }
    *result = simulation;
    return ERR_OK;
}

void simulation_free(struct simulation *simulation)
{
    if (simulation == NULL)
        return;
    if (simulation->open) {
        core_close(&simulation->core);
        core_deinit(&simulation->core);
    }
    metrics_history_free(simulation->history);
    export_free(simulation->exporter);
    free(simulation->all);
    free(simulation->shown);
    free(simulation);
}

/* Does what is to be done at this time of the clock. */
static void settle(struct simulation *simulation)
{
    struct core *core = &simulation->core;
    simulation->busy = true;
    for (int rounds = 0, full = 0; simulation->busy && rounds < ROUNDS_A_MOMENT && full < FULL_A_MOMENT;
         rounds++) {
        bool more = runtime_turn(&core->runtime, (struct budget){.rounds = 1});
        simulation->busy = core_after_turn(core) || more;
        core_deliver(core);
        full += core->runtime.fuel <= 0;
    }
}

static void on_answer(struct lab_request *request, void *argument)
{
    bool *answered = argument;
    (void)request;
    *answered = true;
}

int simulation_post(struct simulation *simulation, json_t *body, json_t **answer)
{
    bool answered = false;
    struct lab_request request = {
        .verb = LAB_SCENARIO_POST, .body = body, .done = on_answer, .argument = &answered};
    core_handle(&simulation->core, &request);
    core_deliver(&simulation->core);
    /* An answer that waits, as that to a cancel, does so for a bounded time. */
    while (!answered)
        simulation_advance(simulation, MS_NS);
    settle(simulation);
    json_decref(request.body);
    *answer = request.answer;
    return request.status;
}

void simulation_advance(struct simulation *simulation, uint64_t ns)
{
    uint64_t *now_ns = &simulation->clock.manual_ns;
    uint64_t end_ns = *now_ns + ns;
    while (*now_ns < end_ns) {
        uint64_t due_ns = runtime_due_ns(&simulation->core.runtime);
        uint64_t next_ns = simulation->busy || due_ns <= *now_ns ? *now_ns + MS_NS : due_ns;
        *now_ns = next_ns < end_ns ? next_ns : end_ns;
        settle(simulation);
    }
}

/* Keeps the place that a program has once been given, as a snapshot must. */
static void show(struct simulation *simulation)
{
    struct snapshot *all = simulation->all, *shown = simulation->shown;
    core_fill(&simulation->core, all);
    for (uint32_t i = 0; i < all->program_count; i++) {
        if (simulation->listed[i] || all->programs[i].scenarios_seen == 0)
            continue;
        simulation->listed[i] = true;
        simulation->listing[shown->program_count++] = i;
    }
    for (uint32_t i = 0; i < shown->program_count; i++)
        shown->programs[i] = all->programs[simulation->listing[i]];
    shown->limit_tasks = all->limit_tasks;
    shown->limit_heap_bytes = all->limit_heap_bytes;
}

enum err simulation_scrape(struct simulation *simulation)
{
    uint64_t now_ns = simulation->clock.manual_ns;
    show(simulation);
    const struct export_input input = {.snapshot = simulation->shown, .now_ns = now_ns};
    return export_record(simulation->exporter, &input, simulation->history, now_ns / MS_NS);
}

const struct metrics_history *simulation_history(const struct simulation *simulation)
{
    return simulation->history;
}

const struct core *simulation_core(const struct simulation *simulation)
{
    return &simulation->core;
}
