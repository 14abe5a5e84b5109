#include "export/export.h"

#include <jansson.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/macros.h"
#include "export/family.h"

#define NS_PER_SECOND 1e9

/* Which family shows which whole number of process_values. */
static const uint8_t process_families[PROCESS_VALUES] = {
    [PROCESS_VIRTUAL_MEMORY_BYTES] = FAMILY_PROC_VIRTUAL,
    [PROCESS_VIRTUAL_MEMORY_MAX_BYTES] = FAMILY_PROC_VIRTUAL_MAX,
    [PROCESS_RESIDENT_MEMORY_BYTES] = FAMILY_PROC_RESIDENT,
    [PROCESS_OPEN_FDS] = FAMILY_PROC_OPEN_FDS,
    [PROCESS_MAX_FDS] = FAMILY_PROC_MAX_FDS,
    [PROCESS_THREADS] = FAMILY_PROC_THREADS,
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
    uint64_t sequence; /* of the snapshot whose programs and handles the series show; 0: none */
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
    return need(exporter, &build, FAMILY_BUILD, values);
}

struct exporter *export_new(const char *revision)
{
    struct exporter *exporter = calloc(1, sizeof(*exporter));
    if (exporter == NULL)
        return NULL;
    enum metrics_err made = metrics_registry_new(families, FAMILIES, &exporter->registry, NULL);
    CHECK(made != METRICS_DECLARED);
    enum err err = err_of(made);
    for (enum family family = 0; family < FAMILIES && err == ERR_OK; family++)
        if (families[family].labels[0] == NULL)
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
    if (metrics_series(exporter->registry, FAMILY_HTTP_REQUESTS, values, &requests) != METRICS_OK ||
        metrics_series(exporter->registry, FAMILY_HTTP_DURATION, values, &duration) != METRICS_OK)
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
    enum err err = set_each(exporter, FAMILY_LEAKED, program, series->leaked, program->census.leaked,
                            VERDICTS, shown, verdict_name);
    if (err == ERR_OK)
        err = need(exporter, &series->oldest, FAMILY_BLOCKED_OLDEST, values);
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
    enum err err =
        set_one(exporter, FAMILY_QUEUE_MESSAGES, program, &series->messages, census->queued_messages);
    if (err == ERR_OK)
        err = set_one(exporter, FAMILY_QUEUE_HEAP, program, &series->queued, census->queued_bytes);
    return err;
}

static enum err set_program(struct exporter *exporter, const struct snapshot_program *program,
                            struct program_series *series)
{
    const struct census *census = &program->census;
    if (program->mix)
        return set_each(exporter, FAMILY_SCENARIOS, program, series->scenarios, program->scenarios,
                        SCENARIO_STATES, program->scenarios_seen, scenario_word);
    enum err err = set_one(exporter, FAMILY_TASKS_SPAWNED, program, &series->spawned, census->spawned);
    if (err == ERR_OK)
        err = set_each(exporter, FAMILY_TASKS_ENDED, program, series->ended, census->ended, TASK_ENDS,
                       UINT64_MAX, end_word);
    if (err == ERR_OK)
        err = set_each(exporter, FAMILY_TASKS, program, series->states, census->states, TASK_STATES,
                       program->states_seen, state_word);
    if (err == ERR_OK && (census->spawned > 0 || census->held_bytes > 0))
        err = set_one(exporter, FAMILY_TASK_HEAP, program, &series->heap, census->held_bytes);
    if (err == ERR_OK && (series->lost != NULL || census->lost_bytes > 0))
        err = set_one(exporter, FAMILY_TASK_LOST_HEAP, program, &series->lost, census->lost_bytes);
    if (err == ERR_OK)
        err = set_queues(exporter, program, series);
    if (err == ERR_OK && census->spawned > 0)
        err = set_one(exporter, FAMILY_EXPECTED_LEAKED, program, &series->expected, program->expected_leaked);
    if (err == ERR_OK)
        err = set_each(exporter, FAMILY_SCENARIOS, program, series->scenarios, program->scenarios,
                       SCENARIO_STATES, program->scenarios_seen, scenario_word);
    if (err == ERR_OK)
        err = set_each(exporter, FAMILY_RESOURCES, program, series->resources, census->open, RESOURCE_KINDS,
                       program->resources_seen, open_word);
    if (err == ERR_OK)
        err = set_one(exporter, FAMILY_SCENARIO_STARTS, program, &series->starts, census->starts);
    if (err == ERR_OK)
        err = set_each(exporter, FAMILY_LIMIT_HITS, program, series->limit_hits, program->limit_hits,
                       LIMIT_KINDS, UINT64_MAX, limit_word);
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
    set(exporter->single[FAMILY_CHANNELS], channels);
    set(exporter->single[FAMILY_TICKERS], tickers);
    set(exporter->single[FAMILY_TICKS], ticks);
    set(exporter->single[FAMILY_TICKS_DROPPED], ticks_dropped);
    return ERR_OK;
}

static enum err set_handles(struct exporter *exporter, const struct snapshot *snapshot)
{
    for (int kind = 0; kind < UV_HANDLE_KINDS; kind++) {
        const char *word = uv_handle_type_name((uv_handle_type)kind);
        if (word == NULL || (exporter->handles[kind] == NULL && snapshot->uv_handles[kind] == 0))
            continue;
        enum err err = need(exporter, &exporter->handles[kind], FAMILY_UV_HANDLES, &word);
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
    metrics_set(single[FAMILY_SNAPSHOT_AGE], (double)age_ns / NS_PER_SECOND);
    set(single[FAMILY_LIMIT_TASKS_SET], snapshot->limit_tasks);
    set(single[FAMILY_LIMIT_HEAP_SET], snapshot->limit_heap_bytes);
    for (int supply = 0; supply < SUPPLIES; supply++)
        set(single[FAMILY_LIMIT_DESCRIPTORS_SET + supply], snapshot->limit_supplies[supply]);
    metrics_set(single[FAMILY_THREADPOOL_DELAY], (double)snapshot->threadpool_delay_ns / NS_PER_SECOND);
    metrics_histogram_set(single[FAMILY_LOOP_LAG], METRICS_PLAIN, snapshot->lag_buckets,
                          snapshot->lag_sum_seconds);
    metrics_histogram_set(single[FAMILY_JUDGE_SECONDS], METRICS_PLAIN, snapshot->judge_buckets,
                          snapshot->judge_seconds);
    metrics_histogram_set(single[FAMILY_JUDGE_SLICE_SECONDS], METRICS_PLAIN, snapshot->judge_slice_buckets,
                          snapshot->judge_slice_seconds);
    set(single[FAMILY_JUDGE_RUNS], snapshot->judge_runs);
    set(single[FAMILY_LOOP_TURNS], snapshot->loop_turns);
    metrics_set(single[FAMILY_LOOP_IDLE], (double)snapshot->loop_idle_ns / NS_PER_SECOND);
}

static void set_heap(struct exporter *exporter, const struct heap_stats *heap)
{
    static const struct heap_stats nothing;
    bool known = heap != NULL;
    if (!known)
        heap = &nothing;
    set_if(exporter->single[FAMILY_HEAP_ALLOCATED], known, heap->allocated_bytes);
    set_if(exporter->single[FAMILY_HEAP_ACTIVE], known, heap->active_bytes);
    set_if(exporter->single[FAMILY_HEAP_RESIDENT], known, heap->resident_bytes);
    set_if(exporter->single[FAMILY_HEAP_RETAINED], known, heap->retained_bytes);
    set_if(exporter->single[FAMILY_HEAP_MAPPED], known, heap->mapped_bytes);
    set_if(exporter->single[FAMILY_PROC_HEAP], known, heap->active_bytes);
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
    set_real_if(exporter->single[FAMILY_PROC_CPU], process_knows(process, PROCESS_CPU_SECONDS),
                process->cpu_seconds);
    set_real_if(exporter->single[FAMILY_PROC_START], process_knows(process, PROCESS_START_TIME_SECONDS),
                process->start_time_seconds);
}

/* Nearly all of the series, and the same for as long as the snapshot is: many scrapes at once get it as it
 * is. */
static enum err set_counts(struct exporter *exporter, const struct snapshot *snapshot)
{
    if (snapshot->sequence != 0 && snapshot->sequence == exporter->sequence)
        return ERR_OK;
    exporter->sequence = 0;
    enum err err = set_programs(exporter, snapshot);
    if (err == ERR_OK)
        err = set_handles(exporter, snapshot);
    if (err == ERR_OK)
        exporter->sequence = snapshot->sequence;
    return err;
}

static enum err set_all(struct exporter *exporter, const struct export_input *input)
{
    enum err err = set_counts(exporter, input->snapshot);
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
    return err_of(metrics_history_record(history, target, exporter->registry, family_real_only));
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
