#include "http/export.h"

#include <jansson.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/check.h"

#define NS_PER_SECOND 1e9

/* In the order of the scrape. */
enum family {
    TASKS,
    TASKS_SPAWNED,
    TASKS_ENDED,
    LEAKED,
    EXPECTED_LEAKED,
    BLOCKED_OLDEST,
    TASK_HEAP,
    TASK_LOST_HEAP,
    QUEUE_MESSAGES,
    QUEUE_HEAP,
    HEAP_ALLOCATED,
    HEAP_ACTIVE,
    HEAP_RESIDENT,
    HEAP_RETAINED,
    HEAP_MAPPED,
    CHANNELS,
    TICKERS,
    RESOURCES,
    TICKS,
    TICKS_DROPPED,
    SCENARIOS,
    SCENARIO_STARTS,
    LIMIT_HITS,
    LIMIT_TASKS_SET,
    LIMIT_HEAP_SET,
    LIMIT_DESCRIPTORS_SET, /* and the other supplies, in their order */
    LIMIT_HANDLES_SET,
    LIMIT_THREADS_SET,
    LIMIT_JOBS_SET,
    JUDGE_SECONDS,
    JUDGE_SLICE_SECONDS,
    JUDGE_RUNS,
    LOOP_LAG,
    LOOP_TURNS,
    LOOP_IDLE,
    UV_HANDLES,
    THREADPOOL_DELAY,
    SNAPSHOT_AGE,
    HTTP_REQUESTS,
    HTTP_DURATION,
    BUILD,
    PROC_CPU,
    PROC_OPEN_FDS,
    PROC_MAX_FDS,
    PROC_VIRTUAL,
    PROC_VIRTUAL_MAX,
    PROC_RESIDENT,
    PROC_HEAP,
    PROC_START,
    PROC_THREADS,
    FAMILIES
};

static const double duration_bounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1};

#define GAUGE(name_, unit_, help_)                                                                           \
    {                                                                                                        \
        .name = (name_), .unit = (unit_), .help = (help_), .type = METRICS_GAUGE                             \
    }
#define COUNTER(name_, unit_, help_)                                                                         \
    {                                                                                                        \
        .name = (name_), .unit = (unit_), .help = (help_), .type = METRICS_COUNTER                           \
    }

static const struct metrics_declaration table[FAMILIES] = {
    [TASKS] = {.name = "leaklab_tasks",
               .help = "Live tasks by what they do; states are disjoint, so that the sum is all live tasks.",
               .labels = {"pattern", "variant", "state"},
               .series_max = LIMIT_PROGRAMS * TASK_STATES},
    [TASKS_SPAWNED] = {.name = "leaklab_tasks_spawned_total",
                       .help = "Tasks spawned; minus those ended it is the live ones.",
                       .type = METRICS_COUNTER,
                       .labels = {"pattern", "variant"}},
    [TASKS_ENDED] = {.name = "leaklab_tasks_ended_total",
                     .help = "Tasks ended, by how; reclaimed ones were freed from outside.",
                     .type = METRICS_COUNTER,
                     .labels = {"pattern", "variant", "how"}},
    [LEAKED] = {.name = "leaklab_tasks_leaked",
                .help =
                    "Live tasks that the judge found leaked: stuck ones nobody can ever wake, endless ones "
                    "never come to their end.",
                .labels = {"pattern", "variant", "verdict"}},
    [EXPECTED_LEAKED] = {.name = "leaklab_tasks_expected_leaked",
                         .help = "Live tasks that their pattern says are leaked: the ground truth.",
                         .labels = {"pattern", "variant"}},
    [BLOCKED_OLDEST] = {.name = "leaklab_tasks_blocked_oldest_seconds",
                        .help =
                            "How long the task that has been blocked longest has been so, as of the judge's "
                            "last run; sleeping and lingering are not counted.",
                        .unit = "seconds",
                        .labels = {"pattern", "variant"}},
    [TASK_HEAP] = {.name = "leaklab_task_heap_bytes",
                   .help = "Heap that live tasks hold.",
                   .unit = "bytes",
                   .labels = {"pattern", "variant"}},
    [TASK_LOST_HEAP] = {.name = "leaklab_task_lost_heap_bytes",
                        .help = "Heap that tasks have lost: nobody has a pointer to it.",
                        .unit = "bytes",
                        .labels = {"pattern", "variant"}},
    [QUEUE_MESSAGES] = {.name = "leaklab_queue_messages",
                        .help = "Messages that stand in queues.",
                        .labels = {"pattern", "variant"}},
    [QUEUE_HEAP] = {.name = "leaklab_queue_heap_bytes",
                    .help = "Heap of the messages that stand in queues.",
                    .unit = "bytes",
                    .labels = {"pattern", "variant"}},
    [HEAP_ALLOCATED] =
        GAUGE("leaklab_heap_allocated_bytes", "bytes", "Bytes that the process has allocated and not freed."),
    [HEAP_ACTIVE] = GAUGE("leaklab_heap_active_bytes", "bytes", "Pages with something allocated in them."),
    [HEAP_RESIDENT] =
        GAUGE("leaklab_heap_resident_bytes", "bytes", "Pages of the allocator that memory stands behind."),
    [HEAP_RETAINED] = GAUGE("leaklab_heap_retained_bytes", "bytes",
                            "Address space that the allocator keeps for later, with no memory behind it."),
    [HEAP_MAPPED] =
        GAUGE("leaklab_heap_mapped_bytes", "bytes", "Address space that the allocator has in use."),
    [CHANNELS] = GAUGE("leaklab_channels", NULL, "Channels that exist."),
    [TICKERS] = GAUGE("leaklab_tickers", NULL, "Tickers made and not stopped."),
    [RESOURCES] = {.name = "leaklab_resources",
                   .help = "Resources that patterns have opened and not shut.",
                   .labels = {"pattern", "variant", "kind"}},
    [TICKS] =
        COUNTER("leaklab_ticks_total", NULL, "Ticks delivered, or kept as a ticker's one pending tick."),
    [TICKS_DROPPED] =
        COUNTER("leaklab_ticks_dropped_total", NULL, "Ticks dropped because one was pending already."),
    [SCENARIOS] = {.name = "leaklab_scenarios",
                   .help = "Scenarios by state.",
                   .labels = {"pattern", "variant", "state"}},
    [SCENARIO_STARTS] = {.name = "leaklab_scenario_starts_total",
                         .help = "Starts: runs of a pattern's main.",
                         .type = METRICS_COUNTER,
                         .labels = {"pattern", "variant"}},
    [LIMIT_HITS] = {.name = "leaklab_limit_hits_total",
                    .help = "Scenarios ended because a limit was reached.",
                    .type = METRICS_COUNTER,
                    .labels = {"pattern", "variant", "limit"}},
    [LIMIT_TASKS_SET] = GAUGE("leaklab_limit_tasks", NULL, "Live tasks that the daemon allows."),
    [LIMIT_HEAP_SET] =
        GAUGE("leaklab_limit_heap_bytes", "bytes", "Heap that the daemon allows tasks to hold."),
    [LIMIT_DESCRIPTORS_SET] =
        GAUGE("leaklab_limit_descriptors", NULL, "Descriptors that the daemon allows patterns to have open."),
    [LIMIT_HANDLES_SET] =
        GAUGE("leaklab_limit_handles", NULL, "libuv handles that the daemon allows patterns to have open."),
    [LIMIT_THREADS_SET] =
        GAUGE("leaklab_limit_threads", NULL, "Threads that the daemon allows patterns to have."),
    [LIMIT_JOBS_SET] = GAUGE("leaklab_limit_jobs", NULL,
                             "Jobs in libuv's thread pool that the daemon allows patterns to have."),
    [JUDGE_SECONDS] = {.name = "leaklab_judge_seconds",
                       .help = "Time that runs of the judge took of the loop's thread, each in sum.",
                       .unit = "seconds",
                       .type = METRICS_HISTOGRAM,
                       .bounds = judge_bucket_seconds,
                       .bound_count = JUDGE_BUCKETS},
    [JUDGE_SLICE_SECONDS] = {.name = "leaklab_judge_slice_seconds",
                             .help = "Time for which the judge kept the loop's thread at a time.",
                             .unit = "seconds",
                             .type = METRICS_HISTOGRAM,
                             .bounds = judge_slice_bucket_seconds,
                             .bound_count = JUDGE_BUCKETS},
    [JUDGE_RUNS] = COUNTER("leaklab_judge_runs_total", NULL, "Runs of the judge over all tasks."),
    [LOOP_LAG] = {.name = "leaklab_loop_lag_seconds",
                  .help = "How late the loop came to a timer that only measures this.",
                  .unit = "seconds",
                  .type = METRICS_HISTOGRAM,
                  .bounds = lag_bucket_seconds,
                  .bound_count = LAG_BUCKETS},
    [LOOP_TURNS] = COUNTER("leaklab_loop_turns_total", NULL, "Turns of the loop."),
    [LOOP_IDLE] =
        COUNTER("leaklab_loop_idle_seconds_total", "seconds", "Time that the loop waited for events."),
    [UV_HANDLES] = {.name = "leaklab_uv_handles",
                    .help = "Handles on the loop, by libuv's name of their kind.",
                    .labels = {"handle"}},
    [THREADPOOL_DELAY] =
        GAUGE("leaklab_threadpool_delay_seconds", "seconds",
              "How long a job waits for a thread of libuv's pool; it grows while nobody gets one."),
    [SNAPSHOT_AGE] = GAUGE("leaklab_snapshot_age_seconds", "seconds",
                           "Age of the counts in this scrape; it grows while the loop is stalled."),
    [HTTP_REQUESTS] = {.name = "leaklab_http_requests_total",
                       .help = "Requests answered.",
                       .type = METRICS_COUNTER,
                       .labels = {"route", "method", "code"}},
    [HTTP_DURATION] = {.name = "leaklab_http_request_duration_seconds",
                       .help = "Time from a request's first line to its answer.",
                       .unit = "seconds",
                       .type = METRICS_HISTOGRAM,
                       .labels = {"route", "method", "code"},
                       .bounds = duration_bounds,
                       .bound_count = COUNT_OF(duration_bounds)},
    [BUILD] = {.name = "leaklab_build_info",
               .help = "Versions of leaklab and of the libraries that it runs with.",
               .type = METRICS_INFO,
               .labels = {"version", "revision", "libuv", "libmicrohttpd", "jansson", "jemalloc"}},
    [PROC_CPU] =
        COUNTER("process_cpu_seconds_total", "seconds", "Total user and system CPU time spent in seconds."),
    [PROC_OPEN_FDS] = GAUGE("process_open_fds", NULL, "Number of open file descriptors."),
    [PROC_MAX_FDS] = GAUGE("process_max_fds", NULL, "Maximum number of open file descriptors."),
    [PROC_VIRTUAL] = GAUGE("process_virtual_memory_bytes", "bytes", "Virtual memory size in bytes."),
    [PROC_VIRTUAL_MAX] = GAUGE("process_virtual_memory_max_bytes", "bytes",
                               "Maximum amount of virtual memory available in bytes."),
    [PROC_RESIDENT] = GAUGE("process_resident_memory_bytes", "bytes", "Resident memory size in bytes."),
    [PROC_HEAP] = GAUGE("process_heap_bytes", "bytes", "Process heap size in bytes."),
    [PROC_START] = GAUGE("process_start_time_seconds", "seconds",
                         "Start time of the process since unix epoch in seconds."),
    [PROC_THREADS] = GAUGE("process_threads", NULL, "Number of OS threads in the process."),
};

/* What is about a real loop, allocator and visitors, and cannot be said truthfully on virtual time. */
static const bool real_only[FAMILIES] = {
    [HEAP_ACTIVE] = true,   [HEAP_RESIDENT] = true,
    [HEAP_RETAINED] = true, [HEAP_MAPPED] = true,
    [JUDGE_SECONDS] = true, [JUDGE_SLICE_SECONDS] = true,
    [LOOP_LAG] = true,      [LOOP_TURNS] = true,
    [LOOP_IDLE] = true,     [SNAPSHOT_AGE] = true,
    [HTTP_REQUESTS] = true, [HTTP_DURATION] = true,
    [BUILD] = true,         [PROC_CPU] = true,
    [PROC_VIRTUAL] = true,  [PROC_VIRTUAL_MAX] = true,
    [PROC_HEAP] = true,
};

/* Which family shows which whole number of process_values. */
static const uint8_t process_families[PROCESS_VALUES] = {
    [PROCESS_VIRTUAL_MEMORY_BYTES] = PROC_VIRTUAL,
    [PROCESS_VIRTUAL_MEMORY_MAX_BYTES] = PROC_VIRTUAL_MAX,
    [PROCESS_RESIDENT_MEMORY_BYTES] = PROC_RESIDENT,
    [PROCESS_OPEN_FDS] = PROC_OPEN_FDS,
    [PROCESS_MAX_FDS] = PROC_MAX_FDS,
    [PROCESS_THREADS] = PROC_THREADS,
};

/* The series of one program, each NULL until it is made. */
struct program_series {
    struct metrics_series *spawned, *expected, *oldest, *heap, *lost, *messages, *queued, *starts;
    struct metrics_series *leaked[VERDICTS];
    struct metrics_series *ended[TASK_ENDS];
    struct metrics_series *states[TASK_STATES];
    struct metrics_series *limit_hits[LIMIT_KINDS];
    struct metrics_series *scenarios[SCENARIO_STATES];
    struct metrics_series *resources[RESOURCE_KINDS];
};

struct exporter {
    struct metrics_registry *registry;
    struct metrics_series *single[FAMILIES]; /* of families without labels; NULL for the others */
    struct metrics_series *handles[UV_HANDLE_KINDS];
    struct program_series *programs; /* in the snapshot's order */
    uint32_t program_count;
};

static enum err err_of(enum metrics_err err)
{
    CHECK(err == METRICS_OK || err == METRICS_MEMORY || err == METRICS_LIMIT || err == METRICS_UTF8);
    if (err == METRICS_UTF8)
        return ERR_SYNTAX;
    return err == METRICS_OK ? ERR_OK : err == METRICS_MEMORY ? ERR_MEMORY : ERR_LIMIT;
}

/* Makes the series unless it is there. */
static enum err need(struct exporter *exporter, struct metrics_series **series, enum family family,
                     const char *const *values)
{
    return *series != NULL ? ERR_OK : err_of(metrics_series(exporter->registry, family, values, series));
}

static enum err make_build_info(struct exporter *exporter, const char *revision)
{
    const char *jemalloc = heap_allocator_version();
    const char *const values[] = {
        LEAKLAB_VERSION,       revision != NULL && revision[0] != '\0' ? revision : "unknown",
        uv_version_string(),   MHD_get_version(),
        jansson_version_str(), jemalloc != NULL ? jemalloc : "none",
    };
    struct metrics_series *build = NULL;
    return need(exporter, &build, BUILD, values);
}

struct exporter *export_new(const char *revision)
{
    struct exporter *exporter = calloc(1, sizeof(*exporter));
    if (exporter == NULL)
        return NULL;
    enum metrics_err made = metrics_registry_new(table, FAMILIES, &exporter->registry, NULL);
    CHECK(made != METRICS_DECLARED);
    enum err err = err_of(made);
    for (enum family family = 0; family < FAMILIES && err == ERR_OK; family++)
        if (table[family].labels[0] == NULL)
            err = need(exporter, &exporter->single[family], family, NULL);
    if (err == ERR_OK)
        err = make_build_info(exporter, revision);
    if (err == ERR_OK)
        return exporter;
    export_free(exporter);
    return NULL;
}

void export_free(struct exporter *exporter)
{
    if (exporter == NULL)
        return;
    metrics_registry_free(exporter->registry);
    free(exporter->programs);
    free(exporter);
}

void export_observe_request(struct exporter *exporter, const char *route, const char *method, int code,
                            double seconds)
{
    char digits[16];
    snprintf(digits, sizeof(digits), "%d", code);
    const char *const values[] = {route, method, digits};
    struct metrics_series *requests;
    struct metrics_series *duration;
    if (metrics_series(exporter->registry, HTTP_REQUESTS, values, &requests) != METRICS_OK ||
        metrics_series(exporter->registry, HTTP_DURATION, values, &duration) != METRICS_OK)
        return;
    metrics_add_u64(requests, 1);
    metrics_observe(duration, seconds);
}

/* What is refused here would have gone back: the former value stays. */
static void set(struct metrics_series *series, uint64_t value)
{
    enum metrics_err err = metrics_set_u64(series, value);
    CHECK(err == METRICS_OK || err == METRICS_BACKWARDS);
}

static void set_if(struct metrics_series *series, bool known, uint64_t value)
{
    if (known)
        set(series, value);
    else
        metrics_unset(series);
}

/* Room for the series of as many programs as the snapshot has. */
static enum err grow_programs(struct exporter *exporter, uint32_t count)
{
    if (count <= exporter->program_count)
        return ERR_OK;
    struct program_series *programs = realloc(exporter->programs, count * sizeof(*programs));
    if (programs == NULL)
        return ERR_MEMORY;
    for (uint32_t i = exporter->program_count; i < count; i++)
        programs[i] = (struct program_series){0};
    exporter->programs = programs;
    exporter->program_count = count;
    return ERR_OK;
}

/* Sets a family's series of one program that differ in one more label. `seen`: bit i, the i-th has been used.
 */
static enum err set_each(struct exporter *exporter, enum family family,
                         const struct snapshot_program *program, struct metrics_series **series,
                         const uint64_t *counts, int count, uint64_t seen, const char *(*word)(int index))
{
    for (int i = 0; i < count; i++) {
        if ((seen >> i & 1) == 0 && counts[i] == 0)
            continue;
        const char *const values[] = {program->pattern, program->variant, word(i)};
        enum err err = need(exporter, &series[i], family, values);
        if (err != ERR_OK)
            return err;
        set(series[i], counts[i]);
    }
    return ERR_OK;
}

static const char *end_word(int index)
{
    return task_end_word((enum task_end)index);
}

static const char *state_word(int index)
{
    return task_state_word((enum task_state)index);
}

static const char *verdict_name(int index)
{
    return verdict_word((enum verdict)index);
}

static const char *limit_word(int index)
{
    return limit_kind_word((enum limit_kind)index);
}

static const char *scenario_word(int index)
{
    return scenario_state_word((enum scenario_state)index);
}

static const char *open_word(int index)
{
    return resource_word((enum resource_kind)index);
}

static enum err set_one(struct exporter *exporter, enum family family, const struct snapshot_program *program,
                        struct metrics_series **series, uint64_t count)
{
    const char *const values[] = {program->pattern, program->variant};
    enum err err = need(exporter, series, family, values);
    if (err == ERR_OK)
        set(*series, count);
    return err;
}

/* What the judge says, once it has spoken. */
static enum err set_judged(struct exporter *exporter, const struct snapshot_program *program,
                           struct program_series *series)
{
    const char *const values[] = {program->pattern, program->variant};
    const uint64_t shown = 1u << VERDICT_STUCK | 1u << VERDICT_ENDLESS;
    enum err err = set_each(exporter, LEAKED, program, series->leaked, program->census.leaked, VERDICTS,
                            shown, verdict_name);
    if (err == ERR_OK)
        err = need(exporter, &series->oldest, BLOCKED_OLDEST, values);
    if (err == ERR_OK)
        metrics_set(series->oldest, (double)program->blocked_oldest_ms / 1000);
    return err;
}

static enum err set_queues(struct exporter *exporter, const struct snapshot_program *program,
                           struct program_series *series)
{
    const struct census *census = &program->census;
    if (series->queued == NULL && census->queued_messages == 0)
        return ERR_OK;
    enum err err = set_one(exporter, QUEUE_MESSAGES, program, &series->messages, census->queued_messages);
    if (err == ERR_OK)
        err = set_one(exporter, QUEUE_HEAP, program, &series->queued, census->queued_bytes);
    return err;
}

static enum err set_program(struct exporter *exporter, const struct snapshot_program *program,
                            struct program_series *series)
{
    const struct census *census = &program->census;
    if (program->mix)
        return set_each(exporter, SCENARIOS, program, series->scenarios, program->scenarios, SCENARIO_STATES,
                        program->scenarios_seen, scenario_word);
    enum err err = set_one(exporter, TASKS_SPAWNED, program, &series->spawned, census->spawned);
    if (err == ERR_OK)
        err = set_each(exporter, TASKS_ENDED, program, series->ended, census->ended, TASK_ENDS, UINT64_MAX,
                       end_word);
    if (err == ERR_OK)
        err = set_each(exporter, TASKS, program, series->states, census->states, TASK_STATES,
                       program->states_seen, state_word);
    if (err == ERR_OK && (census->spawned > 0 || census->held_bytes > 0))
        err = set_one(exporter, TASK_HEAP, program, &series->heap, census->held_bytes);
    if (err == ERR_OK && (series->lost != NULL || census->lost_bytes > 0))
        err = set_one(exporter, TASK_LOST_HEAP, program, &series->lost, census->lost_bytes);
    if (err == ERR_OK)
        err = set_queues(exporter, program, series);
    if (err == ERR_OK && census->spawned > 0)
        err = set_one(exporter, EXPECTED_LEAKED, program, &series->expected, program->expected_leaked);
    if (err == ERR_OK)
        err = set_each(exporter, SCENARIOS, program, series->scenarios, program->scenarios, SCENARIO_STATES,
                       program->scenarios_seen, scenario_word);
    if (err == ERR_OK)
        err = set_each(exporter, RESOURCES, program, series->resources, census->open, RESOURCE_KINDS,
                       program->resources_seen, open_word);
    if (err == ERR_OK)
        err = set_one(exporter, SCENARIO_STARTS, program, &series->starts, census->starts);
    if (err == ERR_OK)
        err = set_each(exporter, LIMIT_HITS, program, series->limit_hits, program->limit_hits, LIMIT_KINDS,
                       UINT64_MAX, limit_word);
    return err;
}

static enum err set_programs(struct exporter *exporter, const struct snapshot *snapshot)
{
    uint64_t channels = 0, tickers = 0, ticks = 0, ticks_dropped = 0;
    enum err err = grow_programs(exporter, snapshot->program_count);
    for (uint32_t i = 0; i < snapshot->program_count && err == ERR_OK; i++) {
        const struct snapshot_program *program = &snapshot->programs[i];
        err = set_program(exporter, program, &exporter->programs[i]);
        if (err == ERR_OK && snapshot->judge_runs > 0 && program->census.spawned > 0)
            err = set_judged(exporter, program, &exporter->programs[i]);
        channels += program->census.channels;
        tickers += program->census.tickers;
        ticks += program->census.ticks;
        ticks_dropped += program->census.ticks_dropped;
    }
    if (err != ERR_OK)
        return err;
    set(exporter->single[CHANNELS], channels);
    set(exporter->single[TICKERS], tickers);
    set(exporter->single[TICKS], ticks);
    set(exporter->single[TICKS_DROPPED], ticks_dropped);
    return ERR_OK;
}

static enum err set_handles(struct exporter *exporter, const struct snapshot *snapshot)
{
    for (int kind = 0; kind < UV_HANDLE_KINDS; kind++) {
        const char *word = uv_handle_type_name((uv_handle_type)kind);
        if (word == NULL || (exporter->handles[kind] == NULL && snapshot->uv_handles[kind] == 0))
            continue;
        enum err err = need(exporter, &exporter->handles[kind], UV_HANDLES, &word);
        if (err != ERR_OK)
            return err;
        set(exporter->handles[kind], snapshot->uv_handles[kind]);
    }
    return ERR_OK;
}

static void set_loop(struct exporter *exporter, const struct snapshot *snapshot, uint64_t now_ns)
{
    struct metrics_series **single = exporter->single;
    uint64_t age_ns = now_ns > snapshot->published_ns ? now_ns - snapshot->published_ns : 0;
    metrics_set(single[SNAPSHOT_AGE], (double)age_ns / NS_PER_SECOND);
    set(single[LIMIT_TASKS_SET], snapshot->limit_tasks);
    set(single[LIMIT_HEAP_SET], snapshot->limit_heap_bytes);
    for (int supply = 0; supply < SUPPLIES; supply++)
        set(single[LIMIT_DESCRIPTORS_SET + supply], snapshot->limit_supplies[supply]);
    metrics_set(single[THREADPOOL_DELAY], (double)snapshot->threadpool_delay_ns / NS_PER_SECOND);
    metrics_histogram_set(single[LOOP_LAG], METRICS_PLAIN, snapshot->lag_buckets, snapshot->lag_sum_seconds);
    metrics_histogram_set(single[JUDGE_SECONDS], METRICS_PLAIN, snapshot->judge_buckets,
                          snapshot->judge_seconds);
    metrics_histogram_set(single[JUDGE_SLICE_SECONDS], METRICS_PLAIN, snapshot->judge_slice_buckets,
                          snapshot->judge_slice_seconds);
    set(single[JUDGE_RUNS], snapshot->judge_runs);
    set(single[LOOP_TURNS], snapshot->loop_turns);
    metrics_set(single[LOOP_IDLE], (double)snapshot->loop_idle_ns / NS_PER_SECOND);
}

static void set_heap(struct exporter *exporter, const struct heap_stats *heap)
{
    static const struct heap_stats nothing;
    bool known = heap != NULL;
    if (!known)
        heap = &nothing;
    set_if(exporter->single[HEAP_ALLOCATED], known, heap->allocated_bytes);
    set_if(exporter->single[HEAP_ACTIVE], known, heap->active_bytes);
    set_if(exporter->single[HEAP_RESIDENT], known, heap->resident_bytes);
    set_if(exporter->single[HEAP_RETAINED], known, heap->retained_bytes);
    set_if(exporter->single[HEAP_MAPPED], known, heap->mapped_bytes);
    set_if(exporter->single[PROC_HEAP], known, heap->active_bytes);
}

static void set_real_if(struct metrics_series *series, bool known, double value)
{
    if (known)
        metrics_set(series, value);
    else
        metrics_unset(series);
}

static void set_process(struct exporter *exporter, const struct process_values *process)
{
    static const struct process_values nothing;
    if (process == NULL)
        process = &nothing;
    for (enum process_value value = 0; value < PROCESS_VALUES; value++)
        if (value != PROCESS_CPU_SECONDS && value != PROCESS_START_TIME_SECONDS)
            set_if(exporter->single[process_families[value]], process_knows(process, value),
                   process->wholes[value]);
    set_real_if(exporter->single[PROC_CPU], process_knows(process, PROCESS_CPU_SECONDS),
                process->cpu_seconds);
    set_real_if(exporter->single[PROC_START], process_knows(process, PROCESS_START_TIME_SECONDS),
                process->start_time_seconds);
}

static enum err set_all(struct exporter *exporter, const struct export_input *input)
{
    enum err err = set_programs(exporter, input->snapshot);
    if (err == ERR_OK)
        err = set_handles(exporter, input->snapshot);
    if (err != ERR_OK)
        return err;
    set_loop(exporter, input->snapshot, input->now_ns);
    set_heap(exporter, input->heap);
    set_process(exporter, input->process);
    return ERR_OK;
}

enum err export_record(struct exporter *exporter, const struct export_input *input,
                       struct metrics_history *history, uint32_t target)
{
    enum err err = set_all(exporter, input);
    if (err != ERR_OK)
        return err;
    return err_of(metrics_history_record(history, target, exporter->registry, real_only));
}

enum err export_render(struct exporter *exporter, const struct export_input *input,
                       enum metrics_format format, struct buf *out)
{
    enum err err = set_all(exporter, input);
    if (err != ERR_OK)
        return err;
    size_t room = metrics_render_max(exporter->registry, format);
    err = buf_reserve(out, room);
    if (err != ERR_OK)
        return err;
    size_t size = 0;
    CHECK(metrics_render(exporter->registry, format, out->data + out->size, room, &size) == METRICS_OK);
    out->size += size;
    out->data[out->size] = '\0';
    return ERR_OK;
}
