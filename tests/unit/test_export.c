/* A scrape of leaklab, from literal snapshots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/limits.h"
#include "export/export.h"
#include "fault.h"

#define PROGRAMS_MAX 2

struct fixture {
    struct exporter *exporter;
    struct snapshot *snapshot;
    struct export_input input;
    struct buf text;
};

static const struct heap_stats heap = {1000, 2000, 3000, 4000, 5000};

static const struct process_values process = {
    .known = (1u << PROCESS_VALUES) - 1,
    .cpu_seconds = 1.25,
    .start_time_seconds = 1700000000.5,
    .wholes = {[PROCESS_OPEN_FDS] = 9,
               [PROCESS_MAX_FDS] = 1024,
               [PROCESS_VIRTUAL_MEMORY_MAX_BYTES] = UINT64_MAX,
               [PROCESS_VIRTUAL_MEMORY_BYTES] = 77,
               [PROCESS_RESIDENT_MEMORY_BYTES] = 66,
               [PROCESS_THREADS] = 3},
};

/* A daemon that has just started, with both variants of one pattern. */
static struct snapshot *snapshot_new(void)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot) + PROGRAMS_MAX * sizeof(struct snapshot_program));
    assert_non_null(snapshot);
    snapshot->published_ns = 5000000000u;
    snapshot->limit_tasks = 1000000;
    snapshot->limit_heap_bytes = 1u << 30;
    snapshot->limit_supplies[SUPPLY_DESCRIPTORS] = 640;
    snapshot->limit_supplies[SUPPLY_HANDLES] = 641;
    snapshot->limit_supplies[SUPPLY_THREADS] = 642;
    snapshot->limit_supplies[SUPPLY_JOBS] = 643;
    snapshot->threadpool_delay_ns = 1500000000;
    snapshot->program_count = PROGRAMS_MAX;
    for (int i = 0; i < PROGRAMS_MAX; i++) {
        struct snapshot_program *program = &snapshot->programs[i];
        snprintf(program->pattern, sizeof(program->pattern), "recv");
        snprintf(program->variant, sizeof(program->variant), "%s", i == 0 ? "leak" : "fix");
    }
    return snapshot;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->snapshot = snapshot_new();
    fixture->exporter = export_new("abc123");
    assert_non_null(fixture->exporter);
    fixture->input = (struct export_input){fixture->snapshot, &heap, &process, 5250000000u};
    buf_init(&fixture->text, LIMIT_RESPONSE_BYTES);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    buf_deinit(&fixture->text);
    export_free(fixture->exporter);
    free(fixture->snapshot);
    free(fixture);
    return 0;
}

static const char *scrape_as(struct fixture *fixture, enum metrics_format format)
{
    buf_clear(&fixture->text);
    assert_int_equal(export_render(fixture->exporter, &fixture->input, format, &fixture->text), ERR_OK);
    return buf_text(&fixture->text);
}

/* The value of a series in a fresh scrape, "" when it is not there. Valid until the next call. */
static const char *value(struct fixture *fixture, const char *series)
{
    static char found[64];
    size_t size = strlen(series);
    for (const char *line = scrape_as(fixture, METRICS_TEXT); line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, series, size) == 0 && line[size] == ' ') {
            snprintf(found, sizeof(found), "%.*s", (int)strcspn(line + size + 1, "\n"), line + size + 1);
            return found;
        }
    }
    return "";
}

#define assert_value(fixture, series, expected) assert_string_equal(value((fixture), (series)), (expected))

static void counters_of_every_program_are_there_from_the_start(void **state)
{
    struct fixture *fixture = *state;
    static const char *const hows[] = {"returned", "cancelled", "timed_out", "panicked", "reclaimed"};
    char series[128];
    for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
        snprintf(series, sizeof(series),
                 "leaklab_tasks_ended_total{pattern=\"recv\",variant=\"fix\",how=\"%s\"}", hows[i]);
        assert_value(fixture, series, "0");
    }
    assert_value(fixture, "leaklab_tasks_spawned_total{pattern=\"recv\",variant=\"leak\"}", "0");
    assert_value(fixture, "leaklab_scenario_starts_total{pattern=\"recv\",variant=\"leak\"}", "0");
    assert_value(fixture, "leaklab_limit_hits_total{pattern=\"recv\",variant=\"fix\",limit=\"own_heap\"}",
                 "0");
    assert_value(fixture, "leaklab_ticks_total", "0");
    assert_value(fixture, "leaklab_ticks_dropped_total", "0");
    /* but no gauge by state */
    assert_null(strstr(scrape_as(fixture, METRICS_TEXT), "leaklab_tasks{"));
    assert_null(strstr(scrape_as(fixture, METRICS_TEXT), "leaklab_scenarios"));
    assert_null(strstr(scrape_as(fixture, METRICS_TEXT), "leaklab_task_heap_bytes"));
}

static void of_a_mix_only_scenarios_are_counted(void **state)
{
    struct fixture *fixture = *state;
    struct snapshot_program *mix = &fixture->snapshot->programs[1];
    snprintf(mix->variant, sizeof(mix->variant), "mix");
    mix->mix = true;
    mix->scenarios[SCENARIO_RUNNING] = 1;
    assert_value(fixture, "leaklab_scenarios{pattern=\"recv\",variant=\"mix\",state=\"running\"}", "1");
    assert_value(fixture, "leaklab_scenario_starts_total{pattern=\"recv\",variant=\"leak\"}", "0");
    assert_value(fixture, "leaklab_scenario_starts_total{pattern=\"recv\",variant=\"mix\"}", "");
    assert_value(fixture, "leaklab_tasks_spawned_total{pattern=\"recv\",variant=\"mix\"}", "");
}

static void a_leak_shows_and_what_has_appeared_stays(void **state)
{
    struct fixture *fixture = *state;
    struct snapshot_program *leak = &fixture->snapshot->programs[0];
    /* given a leak of 2000 tasks */
    leak->census.spawned = 2001;
    leak->census.ended[END_RETURNED] = 1;
    leak->census.states[TASK_RECV] = 2000;
    leak->census.held_bytes = 2048000;
    leak->census.lost_bytes = 4096;
    leak->census.queued_messages = 3;
    leak->census.queued_bytes = 300;
    leak->census.starts = 1;
    leak->states_seen = 1u << TASK_RECV | 1u << TASK_LINGER;
    leak->scenarios[SCENARIO_LEAKED] = 1;
    leak->scenarios_seen = 1u << SCENARIO_LEAKED | 1u << SCENARIO_RUNNING;
    leak->limit_hits[LIMIT_KIND_OWN_TASKS] = 4;
    /* then it shows, and so do the states that it went through */
    assert_value(fixture, "leaklab_tasks{pattern=\"recv\",variant=\"leak\",state=\"recv\"}", "2000");
    assert_value(fixture, "leaklab_tasks{pattern=\"recv\",variant=\"leak\",state=\"linger\"}", "0");
    assert_value(fixture, "leaklab_tasks{pattern=\"recv\",variant=\"leak\",state=\"send\"}", "");
    assert_value(fixture, "leaklab_tasks{pattern=\"recv\",variant=\"fix\",state=\"recv\"}", "");
    assert_value(fixture, "leaklab_tasks_spawned_total{pattern=\"recv\",variant=\"leak\"}", "2001");
    assert_value(fixture, "leaklab_tasks_ended_total{pattern=\"recv\",variant=\"leak\",how=\"returned\"}",
                 "1");
    assert_value(fixture, "leaklab_task_heap_bytes{pattern=\"recv\",variant=\"leak\"}", "2048000");
    assert_value(fixture, "leaklab_task_lost_heap_bytes{pattern=\"recv\",variant=\"leak\"}", "4096");
    assert_value(fixture, "leaklab_queue_messages{pattern=\"recv\",variant=\"leak\"}", "3");
    assert_value(fixture, "leaklab_queue_heap_bytes{pattern=\"recv\",variant=\"leak\"}", "300");
    assert_value(fixture, "leaklab_scenarios{pattern=\"recv\",variant=\"leak\",state=\"leaked\"}", "1");
    assert_value(fixture, "leaklab_scenarios{pattern=\"recv\",variant=\"leak\",state=\"running\"}", "0");
    assert_value(fixture, "leaklab_limit_hits_total{pattern=\"recv\",variant=\"leak\",limit=\"own_tasks\"}",
                 "4");
    /* when it was reclaimed */
    leak->census.ended[END_RECLAIMED] = 2000;
    leak->census.states[TASK_RECV] = 0;
    leak->census.held_bytes = 0;
    leak->census.lost_bytes = 0;
    leak->scenarios[SCENARIO_LEAKED] = 0;
    /* then all of it stays, at zero */
    assert_value(fixture, "leaklab_tasks{pattern=\"recv\",variant=\"leak\",state=\"recv\"}", "0");
    assert_value(fixture, "leaklab_task_heap_bytes{pattern=\"recv\",variant=\"leak\"}", "0");
    assert_value(fixture, "leaklab_task_lost_heap_bytes{pattern=\"recv\",variant=\"leak\"}", "0");
    assert_value(fixture, "leaklab_scenarios{pattern=\"recv\",variant=\"leak\",state=\"leaked\"}", "0");
    assert_value(fixture, "leaklab_tasks_ended_total{pattern=\"recv\",variant=\"leak\",how=\"reclaimed\"}",
                 "2000");
}

static void channels_and_ticks_are_summed_over_programs(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < PROGRAMS_MAX; i++) {
        struct census *census = &fixture->snapshot->programs[i].census;
        census->channels = 10;
        census->tickers = 20;
        census->ticks = 30;
        census->ticks_dropped = 40;
    }
    assert_value(fixture, "leaklab_channels", "20");
    assert_value(fixture, "leaklab_tickers", "40");
    assert_value(fixture, "leaklab_ticks_total", "60");
    assert_value(fixture, "leaklab_ticks_dropped_total", "80");
}

static void the_judge_is_shown_once_it_has_spoken(void **state)
{
    struct fixture *fixture = *state;
    const char *labels = "{pattern=\"";
    struct snapshot_program *program = &fixture->snapshot->programs[0];
    program->census.spawned = 10;
    program->census.leaked[VERDICT_STUCK] = 3;
    program->blocked_oldest_ms = 1500;
    assert_null(strstr(scrape_as(fixture, METRICS_TEXT), "leaklab_tasks_leaked{"));
    fixture->snapshot->judge_runs = 2;
    fixture->snapshot->judge_buckets[1] = 2;
    fixture->snapshot->judge_seconds = 0.5;
    fixture->snapshot->judge_slice_buckets[3] = 2500;
    fixture->snapshot->judge_slice_buckets[JUDGE_BUCKETS] = 1;
    fixture->snapshot->judge_slice_seconds = 0.625;
    char name[256];
    snprintf(name, sizeof name, "leaklab_tasks_leaked%s%s\",variant=\"%s\",verdict=\"stuck\"}", labels,
             program->pattern, program->variant);
    assert_value(fixture, name, "3");
    snprintf(name, sizeof name, "leaklab_tasks_leaked%s%s\",variant=\"%s\",verdict=\"endless\"}", labels,
             program->pattern, program->variant);
    assert_value(fixture, name, "0");
    snprintf(name, sizeof name, "leaklab_tasks_blocked_oldest_seconds%s%s\",variant=\"%s\"}", labels,
             program->pattern, program->variant);
    assert_value(fixture, name, "1.5");
    assert_value(fixture, "leaklab_judge_runs_total", "2");
    assert_value(fixture, "leaklab_judge_seconds_count", "2");
    assert_value(fixture, "leaklab_judge_seconds_sum", "0.5");
    assert_value(fixture, "leaklab_judge_slice_seconds_bucket{le=\"0.00015\"}", "0");
    assert_value(fixture, "leaklab_judge_slice_seconds_bucket{le=\"0.0002\"}", "2500");
    assert_value(fixture, "leaklab_judge_slice_seconds_bucket{le=\"0.01\"}", "2500");
    assert_value(fixture, "leaklab_judge_slice_seconds_count", "2501");
    assert_value(fixture, "leaklab_judge_slice_seconds_sum", "0.625");
}

static void the_loop_shows_lag_idle_time_handles_and_age(void **state)
{
    struct fixture *fixture = *state;
    fixture->snapshot->lag_buckets[0] = 5;
    fixture->snapshot->lag_buckets[LAG_BUCKETS] = 2;
    fixture->snapshot->lag_sum_seconds = 12.5;
    fixture->snapshot->loop_turns = 99;
    fixture->snapshot->loop_idle_ns = 1500000000u;
    fixture->snapshot->uv_handles[UV_TIMER] = 2;
    assert_value(fixture, "leaklab_loop_lag_seconds_bucket{le=\"+Inf\"}", "7");
    assert_value(fixture, "leaklab_loop_lag_seconds_count", "7");
    assert_value(fixture, "leaklab_loop_lag_seconds_sum", "12.5");
    assert_value(fixture, "leaklab_loop_turns_total", "99");
    assert_value(fixture, "leaklab_loop_idle_seconds_total", "1.5");
    assert_value(fixture, "leaklab_uv_handles{handle=\"timer\"}", "2");
    assert_value(fixture, "leaklab_uv_handles{handle=\"async\"}", "");
    assert_value(fixture, "leaklab_snapshot_age_seconds", "0.25");
    assert_value(fixture, "leaklab_limit_tasks", "1000000");
    assert_value(fixture, "leaklab_limit_heap_bytes", "1073741824");
    assert_value(fixture, "leaklab_limit_descriptors", "640");
    assert_value(fixture, "leaklab_limit_handles", "641");
    assert_value(fixture, "leaklab_limit_threads", "642");
    assert_value(fixture, "leaklab_limit_jobs", "643");
    assert_value(fixture, "leaklab_threadpool_delay_seconds", "1.5");
    fixture->snapshot->uv_handles[UV_TIMER] = 0;
    assert_value(fixture, "leaklab_uv_handles{handle=\"timer\"}", "0");
    fixture->input.now_ns = 1; /* published after `now` was taken */
    assert_value(fixture, "leaklab_snapshot_age_seconds", "0");
}

static void heap_and_process_show_what_is_known(void **state)
{
    struct fixture *fixture = *state;
    assert_value(fixture, "leaklab_heap_allocated_bytes", "1000");
    assert_value(fixture, "leaklab_heap_resident_bytes", "3000");
    assert_value(fixture, "process_heap_bytes", "2000");
    assert_value(fixture, "process_cpu_seconds_total", "1.25");
    assert_value(fixture, "process_start_time_seconds", "1700000000.5");
    assert_value(fixture, "process_open_fds", "9");
    assert_value(fixture, "process_max_fds", "1024");
    assert_value(fixture, "process_virtual_memory_bytes", "77");
    assert_value(fixture, "process_virtual_memory_max_bytes", "18446744073709551615");
    assert_value(fixture, "process_resident_memory_bytes", "66");
    assert_value(fixture, "process_threads", "3");
}

static void what_is_not_known_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    scrape_as(fixture, METRICS_TEXT);
    fixture->input.heap = NULL;
    fixture->input.process = NULL;
    const char *text = scrape_as(fixture, METRICS_TEXT);
    assert_null(strstr(text, "leaklab_heap_"));
    assert_null(strstr(text, "process_"));
    struct process_values threads = {.known = 1u << PROCESS_THREADS, .wholes = {[PROCESS_THREADS] = 5}};
    fixture->input.process = &threads;
    assert_value(fixture, "process_threads", "5");
    assert_value(fixture, "process_open_fds", "");
    assert_value(fixture, "process_cpu_seconds_total", "");
}

static void a_counter_that_would_go_back_keeps_its_value(void **state)
{
    struct fixture *fixture = *state;
    fixture->snapshot->loop_turns = 10;
    assert_value(fixture, "leaklab_loop_turns_total", "10");
    fixture->snapshot->loop_turns = 9;
    assert_value(fixture, "leaklab_loop_turns_total", "10");
}

static void requests_are_counted_and_timed(void **state)
{
    struct fixture *fixture = *state;
    export_observe_request(fixture->exporter, "/scenario/{name}", "GET", 404, 0.002);
    export_observe_request(fixture->exporter, "/scenario/{name}", "GET", 404, 0.004);
    export_observe_request(fixture->exporter, "/metrics", "GET", 200, 0.00005);
#define LABELS "route=\"/scenario/{name}\",method=\"GET\",code=\"404\""
    assert_value(fixture, "leaklab_http_requests_total{" LABELS "}", "2");
    assert_value(fixture, "leaklab_http_request_duration_seconds_bucket{" LABELS ",le=\"0.001\"}", "0");
    assert_value(fixture, "leaklab_http_request_duration_seconds_bucket{" LABELS ",le=\"0.0025\"}", "1");
    assert_value(fixture, "leaklab_http_request_duration_seconds_count{" LABELS "}", "2");
    assert_value(fixture, "leaklab_http_request_duration_seconds_sum{" LABELS "}", "0.006");
    assert_value(fixture, "leaklab_http_requests_total{route=\"/metrics\",method=\"GET\",code=\"200\"}", "1");
}

static void build_info_names_every_library(void **state)
{
    struct fixture *fixture = *state;
    const char *line = strstr(scrape_as(fixture, METRICS_TEXT), "\nleaklab_build_info{");
    assert_non_null(line);
    char found[512];
    snprintf(found, sizeof(found), "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
    static const char *const parts[] = {"{version=\"" LEAKLAB_VERSION "\",revision=\"abc123\",libuv=\"1.",
                                        ",libmicrohttpd=\"", ",jansson=\"2.", ",jemalloc=\""};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        assert_non_null(strstr(found, parts[i]));
    assert_null(strstr(found, "\"\""));
}

static void programs_that_come_later_are_added(void **state)
{
    struct fixture *fixture = *state;
    fixture->snapshot->program_count = 1;
    assert_value(fixture, "leaklab_tasks_spawned_total{pattern=\"recv\",variant=\"fix\"}", "");
    fixture->snapshot->program_count = 2;
    assert_value(fixture, "leaklab_tasks_spawned_total{pattern=\"recv\",variant=\"fix\"}", "0");
    assert_value(fixture, "leaklab_tasks_spawned_total{pattern=\"recv\",variant=\"leak\"}", "0");
}

static void openmetrics_ends_and_drops_suffixes(void **state)
{
    struct fixture *fixture = *state;
    const char *text = scrape_as(fixture, METRICS_OPENMETRICS);
    assert_non_null(strstr(text, "\n# TYPE leaklab_tasks_spawned counter\n"));
    assert_non_null(strstr(text, "\n# TYPE leaklab_build info\n"));
    assert_non_null(strstr(text, "\n# UNIT process_cpu_seconds seconds\n"));
    assert_string_equal(text + strlen(text) - 6, "# EOF\n");
}

static void a_snapshot_is_counted_once_and_the_next_one_again(void **state)
{
    struct fixture *fixture = *state;
    struct snapshot *snapshot = fixture->snapshot;
    snapshot->sequence = 7;
    snapshot->programs[0].census.spawned = 1;
    assert_string_equal(value(fixture, "leaklab_tasks_spawned_total{pattern=\"recv\",variant=\"leak\"}"),
                        "1");
    fixture->input.now_ns += 1000000000u;
    snapshot->programs[0].census.spawned = 2; /* which no snapshot of the same sequence would say */
    assert_string_equal(value(fixture, "leaklab_tasks_spawned_total{pattern=\"recv\",variant=\"leak\"}"),
                        "1");
    assert_string_equal(value(fixture, "leaklab_snapshot_age_seconds"), "1.25");
    snapshot->sequence = 8;
    assert_string_equal(value(fixture, "leaklab_tasks_spawned_total{pattern=\"recv\",variant=\"leak\"}"),
                        "2");
}

static void a_buffer_without_room_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct buf small;
    buf_init(&small, 100);
    assert_int_equal(export_render(fixture->exporter, &fixture->input, METRICS_TEXT, &small), ERR_LIMIT);
    assert_int_equal(small.size, 0);
    buf_deinit(&small);
}

static bool scrape_once(void *argument)
{
    struct fixture *fixture = argument;
    struct exporter *exporter = export_new(NULL);
    if (exporter == NULL)
        return false;
    struct buf text;
    buf_init(&text, LIMIT_RESPONSE_BYTES);
    export_observe_request(exporter, "/metrics", "GET", 200, 0.001);
    enum err err = export_render(exporter, &fixture->input, METRICS_TEXT, &text);
    assert_true(err == ERR_OK || (err == ERR_MEMORY && text.size == 0));
    buf_clear(&text);
    if (err != ERR_OK) { /* what failed is made up for by the next scrape */
        assert_int_equal(export_render(exporter, &fixture->input, METRICS_TEXT, &text), ERR_OK);
        assert_non_null(strstr(buf_text(&text), "\nleaklab_uv_handles{handle=\"async\"} 1\n"));
    }
    buf_deinit(&text);
    export_free(exporter);
    return err == ERR_OK;
}

static void a_scrape_survives_every_failing_allocation(void **state)
{
    struct fixture *fixture = *state;
    fixture->snapshot->programs[0].states_seen = 1u << TASK_RECV;
    fixture->snapshot->uv_handles[UV_ASYNC] = 1;
    fixture->snapshot->sequence = 1;
    fault_sweep(scrape_once, fixture);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(counters_of_every_program_are_there_from_the_start),
        TEST(of_a_mix_only_scenarios_are_counted),
        TEST(a_leak_shows_and_what_has_appeared_stays),
        TEST(channels_and_ticks_are_summed_over_programs),
        TEST(the_judge_is_shown_once_it_has_spoken),
        TEST(the_loop_shows_lag_idle_time_handles_and_age),
        TEST(heap_and_process_show_what_is_known),
        TEST(what_is_not_known_is_left_out),
        TEST(a_counter_that_would_go_back_keeps_its_value),
        TEST(requests_are_counted_and_timed),
        TEST(build_info_names_every_library),
        TEST(programs_that_come_later_are_added),
        TEST(openmetrics_ends_and_drops_suffixes),
        TEST(a_snapshot_is_counted_once_and_the_next_one_again),
        TEST(a_buffer_without_room_is_an_error),
        TEST(a_scrape_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
