#include "lab/scenario.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/macros.h"

#define START_SLICE 256
#define BIT(state)  (1u << SCENARIO_##state)

static const uint8_t moves[SCENARIO_STATES] = {
    [SCENARIO_STARTING] = BIT(RUNNING) | BIT(DRAINING),
    [SCENARIO_RUNNING] = BIT(DRAINING),
    [SCENARIO_DRAINING] = BIT(FINISHED) | BIT(LEAKED),
    [SCENARIO_LEAKED] = BIT(FINISHED),
    [SCENARIO_FINISHED] = 0,
};

const char *scenario_cause_word(enum scenario_cause cause)
{
    static const char *const words[SCENARIO_CAUSES] = {
#define X(name, word) word,
        SCENARIO_CAUSE_TABLE(X)
#undef X
    };
    return words[cause];
}

static struct runtime *runtime_of(const struct scenario *scenario)
{
    return scenario->workloads[0].runtime;
}

/* One is cancelled when all are. */
static bool cancelled(const struct scenario *scenario)
{
    return scenario->workloads[0].cancelled;
}

static bool idle(const struct scenario *scenario)
{
    bool all = true;
    for (size_t i = 0; i < scenario->workload_count; i++)
        all &= workload_idle(&scenario->workloads[i]);
    return all;
}

/* Starts whose owner has left something behind. */
static uint64_t owners_left(const struct scenario *scenario)
{
    uint64_t left = 0;
    for (size_t i = 0; i < scenario->workload_count; i++)
        left += scenario->workloads[i].owners_left;
    return left;
}

struct census scenario_census(const struct scenario *scenario)
{
    struct census sum = {0};
    for (size_t i = 0; i < scenario->workload_count; i++)
        census_add(&sum, &scenario->workloads[i].census);
    return sum;
}

enum limit_kind scenario_capped_by(const struct scenario *scenario)
{
    return scenario->workloads[0].capped_by; /* what caps one caps its twin */
}

bool scenario_told(const struct scenario *scenario)
{
    bool all = true;
    for (size_t i = 0; i < scenario->workload_count; i++)
        all &= workload_told(&scenario->workloads[i]);
    return all;
}

bool scenario_freed(const struct scenario *scenario)
{
    bool all = true;
    for (size_t i = 0; i < scenario->workload_count; i++)
        all &= workload_freed(&scenario->workloads[i]);
    return all;
}

static uint64_t live(const struct scenario *scenario)
{
    struct census census = scenario_census(scenario);
    return census_live(&census);
}

static uint64_t now_ns(const struct scenario *scenario)
{
    const struct clock *clock = runtime_of(scenario)->clock;
    return clock->now_ns(clock);
}

static void log_move(const struct scenario *scenario)
{
    bool ended = scenario->state == SCENARIO_FINISHED || scenario->state == SCENARIO_LEAKED;
    char mode[MODE_TEXT];
    log_line(scenario->log, ended ? LOG_INFO : LOG_DEBUG, "scenario", LOG_TEXT("name", scenario->spec.name),
             LOG_TEXT("mode", mode_format(scenario->spec.mode, mode)),
             LOG_TEXT("state", scenario_state_word(scenario->state)),
             LOG_TEXT("cause", scenario_cause_word(scenario->cause)), LOG_NUMBER("tasks", live(scenario)));
}

/* What must be true of a scenario in its state. */
static void check_state(const struct scenario *scenario)
{
    bool ending = scenario->state != SCENARIO_STARTING && scenario->state != SCENARIO_RUNNING;
    CHECK(ending == (scenario->cause != CAUSE_NONE));
    CHECK(ending == cancelled(scenario));
    if (scenario->state == SCENARIO_FINISHED)
        CHECK(idle(scenario) && scenario->due_ns == UINT64_MAX);
}

static void move(struct scenario *scenario, enum scenario_state to)
{
    enum scenario_state from = scenario->state;
    CHECK((moves[from] & (1u << to)) != 0);
    scenario->state = to;
    check_state(scenario);
    log_move(scenario);
    if (scenario->moved != NULL)
        scenario->moved(scenario, from, scenario->argument);
}

/* Without memory for the timer, scenario_check() tries again. */
static void wake_at(struct scenario *scenario, uint64_t at_ns)
{
    scenario->due_ns = at_ns;
    (void)runtime_call_at(runtime_of(scenario), &scenario->timer, at_ns);
}

static void wake_never(struct scenario *scenario)
{
    scenario->due_ns = UINT64_MAX;
    runtime_call_cancel(runtime_of(scenario), &scenario->timer);
}

static uint64_t end_ns(const struct scenario *scenario)
{
    return scenario->spec.duration_ns == 0 ? UINT64_MAX
                                           : scenario->began_ns + (uint64_t)scenario->spec.duration_ns;
}

/* Sets the timer to the next start or to the end of the duration, whichever is first. A start that is further
 * away than a timer may be is asked for again on the way. */
static void wake_for_next(struct scenario *scenario)
{
    uint64_t at_ns = end_ns(scenario);
    uint64_t far_ns = now_ns(scenario) + LIMIT_DURATION_NS;
    struct arrival arrival = spec_arrival(&scenario->spec);
    uint64_t next_ns = arrival_due_ns(&arrival, scenario->starts + 1);
    if (next_ns < at_ns - scenario->began_ns)
        at_ns = scenario->began_ns + next_ns;
    if (at_ns != UINT64_MAX)
        wake_at(scenario, at_ns < far_ns ? at_ns : far_ns);
}

/* How many starts are due by now; none is due after the end. A loop that was held up for very long does not
 * make up for all of it. */
static uint64_t starts_due(struct scenario *scenario, uint64_t now)
{
    uint64_t elapsed_ns = (now < end_ns(scenario) ? now : end_ns(scenario)) - scenario->began_ns;
    struct arrival arrival = spec_arrival(&scenario->spec);
    uint64_t due = arrival_due(&arrival, elapsed_ns);
    if (due > scenario->starts + LIMIT_START_LAG) {
        scenario->skipped += due - LIMIT_START_LAG - scenario->starts;
        scenario->starts = due - LIMIT_START_LAG;
    }
    return due;
}

/* Its time has come, be it that the loop sees it late. */
static bool begin_late(struct scenario *scenario)
{
    scenario->waiting = false;
    scenario->began_ns += (uint64_t)scenario->spec.at_ns;
    (void)scenario_begin(scenario); /* capped: scenario_check() sees it */
    return true;
}

/* Makes one start, of the program that is its turn's. */
static enum err start_next(struct scenario *scenario)
{
    size_t which = spec_choose(&scenario->spec, scenario->starts);
    enum err err = workload_start(&scenario->workloads[which]);
    scenario->starts += err == ERR_OK;
    return err;
}

static bool start_step(struct job *job)
{
    struct scenario *scenario = container_of(job, struct scenario, job);
    if (cancelled(scenario))
        return true;
    if (scenario->waiting)
        return begin_late(scenario);
    uint64_t now = now_ns(scenario);
    uint64_t due = starts_due(scenario, now);
    for (int i = 0; i < START_SLICE && scenario->starts < due; i++) {
        if (start_next(scenario) != ERR_OK)
            return true; /* capped: scenario_check() sees it */
        if (scenario->state == SCENARIO_STARTING)
            move(scenario, SCENARIO_RUNNING);
    }
    if (scenario->starts < due)
        return false;
    if (now >= end_ns(scenario))
        scenario_cancel(scenario, CAUSE_EXPIRED);
    else
        wake_for_next(scenario);
    return true;
}

static void on_timer(struct call *call)
{
    struct scenario *scenario = container_of(call, struct scenario, timer);
    scenario->due_ns = UINT64_MAX;
    switch (scenario->state) {
    case SCENARIO_STARTING:
    case SCENARIO_RUNNING:
        if (scenario->spec.rate.starts_millionths > 0 || scenario->waiting)
            runtime_job_add(runtime_of(scenario), &scenario->job);
        else
            scenario_cancel(scenario, CAUSE_EXPIRED);
        return;
    case SCENARIO_DRAINING:
        if (!idle(scenario) && !scenario->reclaiming)
            move(scenario, SCENARIO_LEAKED);
        return;
    case SCENARIO_FINISHED:
    case SCENARIO_LEAKED:
    case SCENARIO_STATES:
        break;
    }
    CHECK(!"a state with a timer");
}

/* Takes back what make_workloads() made. */
static void free_workloads(struct scenario *scenario)
{
    while (scenario->workload_count > 0)
        workload_deinit(&scenario->workloads[--scenario->workload_count]);
}

/* A workload for each program of the mode. */
static enum err make_workloads(struct scenario *scenario, struct runtime *runtime)
{
    const struct program *programs[MODE_PROGRAMS];
    size_t count = mode_programs(scenario->spec.mode, programs);
    CHECK(count > 0 && count <= MODE_PROGRAMS);
    for (size_t i = 0; i < count; i++) {
        struct tally *tally = runtime_tally(runtime, programs[i]);
        if (tally == NULL)
            return ERR_MEMORY;
        struct workload_spec spec = spec_workload(&scenario->spec, tally);
        /* A limit that is no tighter than the daemon's is the daemon's: let the runtime name that one. */
        if (spec.max_tasks >= runtime->max_tasks)
            spec.max_tasks = UINT64_MAX;
        if (spec.max_heap_bytes >= runtime->max_heap_bytes)
            spec.max_heap_bytes = UINT64_MAX;
        enum err err = workload_init(&scenario->workloads[i], runtime, &spec);
        if (err != ERR_OK)
            return err;
        scenario->workload_count++;
    }
    if (count > 1)
        workload_join(&scenario->workloads[0], &scenario->workloads[1]);
    return ERR_OK;
}

enum err scenario_new(struct scenario **result, struct runtime *runtime, const struct spec *spec,
                      const struct log *log, scenario_moved_fn *moved, void *argument)
{
    struct scenario *scenario = calloc(1, sizeof *scenario);
    if (scenario == NULL)
        return ERR_MEMORY;
    *scenario = (struct scenario){
        .spec = *spec,
        .state = SCENARIO_STARTING,
        .due_ns = UINT64_MAX,
        .timer.fn = on_timer,
        .job.step = start_step,
        .log = log,
        .moved = moved,
        .argument = argument,
    };
    enum err err = make_workloads(scenario, runtime);
    if (err != ERR_OK) {
        free_workloads(scenario);
        free(scenario);
        return err;
    }
    list_init(&scenario->link);
    list_init(&scenario->active);
    list_init(&scenario->job.link);
    timer_init(&scenario->timer.timer, TIMER_CALL);
    scenario->began_ns = now_ns(scenario);
    if (moved != NULL)
        moved(scenario, SCENARIO_STATES, argument);
    *result = scenario;
    return ERR_OK;
}

void scenario_free(struct scenario *scenario)
{
    if (scenario == NULL)
        return;
    free_workloads(scenario);
    free(scenario);
}

void scenario_begin_later(struct scenario *scenario)
{
    scenario->waiting = true;
    if (scenario->spec.at_ns == 0)
        runtime_job_add(runtime_of(scenario), &scenario->job);
    else
        wake_at(scenario, scenario->began_ns + (uint64_t)scenario->spec.at_ns);
}

void scenario_resume(struct scenario *scenario, uint64_t elapsed_ns)
{
    CHECK(scenario->waiting && scenario->spec.at_ns == 0 && elapsed_ns <= scenario->began_ns);
    scenario->began_ns -= elapsed_ns;
    if (scenario->spec.rate.starts_millionths == 0)
        return;
    struct arrival arrival = spec_arrival(&scenario->spec);
    scenario->starts = arrival_due(&arrival, elapsed_ns);
}

enum err scenario_begin(struct scenario *scenario)
{
    if (scenario->spec.rate.starts_millionths == 0) {
        enum err err = start_next(scenario);
        if (err != ERR_OK)
            return err;
        move(scenario, SCENARIO_RUNNING);
    }
    wake_for_next(scenario);
    return ERR_OK;
}

void scenario_cancel(struct scenario *scenario, enum scenario_cause cause)
{
    if (scenario->state != SCENARIO_STARTING && scenario->state != SCENARIO_RUNNING)
        return;
    list_remove(&scenario->job.link);
    for (size_t i = 0; i < scenario->workload_count; i++)
        workload_cancel(&scenario->workloads[i]);
    scenario->cause = cause;
    wake_at(scenario, now_ns(scenario) + LIMIT_GRACE_MS * 1000000ull);
    move(scenario, SCENARIO_DRAINING);
}

void scenario_reclaim(struct scenario *scenario)
{
    if (scenario->state == SCENARIO_FINISHED)
        return;
    scenario_cancel(scenario, CAUSE_RECLAIMED);
    scenario->cause = CAUSE_RECLAIMED;
    scenario->reclaiming = true;
    for (size_t i = 0; i < scenario->workload_count; i++)
        workload_reclaim(&scenario->workloads[i]);
}

static void log_capped(const struct scenario *scenario)
{
    struct census census = scenario_census(scenario);
    uint64_t charged_bytes = 0;
    for (size_t i = 0; i < scenario->workload_count; i++)
        charged_bytes += scenario->workloads[i].charged_bytes;
    log_line(scenario->log, LOG_WARN, "a limit ends a scenario", LOG_TEXT("name", scenario->spec.name),
             LOG_TEXT("limit", limit_kind_word(scenario_capped_by(scenario))),
             LOG_NUMBER("tasks", census_live(&census)), LOG_NUMBER("memory_bytes", charged_bytes));
}

/* Once for each step and reason, however many tasks panic there. */
static void log_panics(struct scenario *scenario, size_t which)
{
    const struct workload *workload = &scenario->workloads[which];
    const struct program *program = workload->program;
    while (scenario->panics_logged[which] < workload->panic_count) {
        const struct panic *panic = &workload->panics[scenario->panics_logged[which]++];
        const struct step *step = &program->steps[panic->step];
        char place[LIMIT_NAME + 32];
        snprintf(place, sizeof place, "%.*s:%u", LIMIT_NAME, program->file, step->line);
        log_line(scenario->log, LOG_WARN, "a task panicked", LOG_TEXT("name", scenario->spec.name),
                 LOG_TEXT("pattern", program->pattern), LOG_TEXT("variant", program->variant),
                 LOG_TEXT("place", place), LOG_TEXT("step", step->text),
                 LOG_TEXT("why", panic_text((enum panic_why)panic->why)));
    }
}

/* True when its one start has come to its end, be it that tasks are left behind. */
static bool completed(const struct scenario *scenario)
{
    return scenario->state == SCENARIO_RUNNING && scenario->spec.rate.starts_millionths == 0 &&
           (owners_left(scenario) > 0 || idle(scenario));
}

bool scenario_check(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->workload_count; i++)
        log_panics(scenario, i);
    if (!cancelled(scenario) && scenario_capped_by(scenario) != LIMIT_KINDS) {
        log_capped(scenario);
        scenario_cancel(scenario, CAUSE_CAPPED);
        return true;
    }
    if (completed(scenario)) {
        scenario_cancel(scenario, CAUSE_COMPLETED);
        return true;
    }
    bool ending = scenario->state == SCENARIO_DRAINING || scenario->state == SCENARIO_LEAKED;
    if (ending && idle(scenario)) {
        wake_never(scenario);
        move(scenario, SCENARIO_FINISHED);
        return false;
    }
    if (scenario->due_ns == UINT64_MAX || timer_armed(&scenario->timer.timer))
        return false;
    wake_at(scenario, scenario->due_ns);
    return true;
}

uint64_t scenario_expected_of(const struct workload *workload)
{
    uint64_t per_start = (uint64_t)pattern_expected(workload->program, workload->values);
    uint64_t live = workload_live(workload);
    if (workload->owners_left > 0 && per_start > live / workload->owners_left)
        return live;
    return per_start * workload->owners_left;
}

uint64_t scenario_expected_leaked(const struct scenario *scenario)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < scenario->workload_count; i++)
        sum += scenario_expected_of(&scenario->workloads[i]);
    return sum;
}
