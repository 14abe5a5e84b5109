#include "export/family.h"

#include "base/macros.h"
#include "lab/snapshot.h"

static const double duration_bounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1};

#define GAUGE(name_, unit_, help_)                                                                           \
    {                                                                                                        \
        .name = (name_), .unit = (unit_), .help = (help_), .type = METRICS_GAUGE                             \
    }
#define COUNTER(name_, unit_, help_)                                                                         \
    {                                                                                                        \
        .name = (name_), .unit = (unit_), .help = (help_), .type = METRICS_COUNTER                           \
    }

const struct metrics_declaration families[FAMILIES] = {
    [FAMILY_TASKS] =
        {.name = "leaklab_tasks",
         .help = "Live tasks by what they do; states are disjoint, so that the sum is all live tasks.",
         .labels = {"pattern", "variant", "state"},
         .series_max = LIMIT_PROGRAMS * TASK_STATES},
    [FAMILY_TASKS_SPAWNED] = {.name = "leaklab_tasks_spawned_total",
                              .help = "Tasks spawned; minus those ended it is the live ones.",
                              .type = METRICS_COUNTER,
                              .labels = {"pattern", "variant"}},
    [FAMILY_TASKS_ENDED] = {.name = "leaklab_tasks_ended_total",
                            .help = "Tasks ended, by how; reclaimed ones were freed from outside.",
                            .type = METRICS_COUNTER,
                            .labels = {"pattern", "variant", "how"}},
    [FAMILY_LEAKED] =
        {.name = "leaklab_tasks_leaked",
         .help = "Live tasks that the judge found leaked: stuck ones nobody can ever wake, endless ones "
                 "never come to their end.",
         .labels = {"pattern", "variant", "verdict"}},
    [FAMILY_EXPECTED_LEAKED] = {.name = "leaklab_tasks_expected_leaked",
                                .help = "Live tasks that their pattern says are leaked: the ground truth.",
                                .labels = {"pattern", "variant"}},
    [FAMILY_BLOCKED_OLDEST] =
        {.name = "leaklab_tasks_blocked_oldest_seconds",
         .help = "How long the task that has been blocked longest has been so, as of the judge's "
                 "last run; sleeping and lingering are not counted.",
         .unit = "seconds",
         .labels = {"pattern", "variant"}},
    [FAMILY_TASK_HEAP] = {.name = "leaklab_task_heap_bytes",
                          .help = "Heap that live tasks hold.",
                          .unit = "bytes",
                          .labels = {"pattern", "variant"}},
    [FAMILY_TASK_LOST_HEAP] = {.name = "leaklab_task_lost_heap_bytes",
                               .help = "Heap that tasks have lost: nobody has a pointer to it.",
                               .unit = "bytes",
                               .labels = {"pattern", "variant"}},
    [FAMILY_QUEUE_MESSAGES] = {.name = "leaklab_queue_messages",
                               .help = "Messages that stand in queues.",
                               .labels = {"pattern", "variant"}},
    [FAMILY_QUEUE_HEAP] = {.name = "leaklab_queue_heap_bytes",
                           .help = "Heap of the messages that stand in queues.",
                           .unit = "bytes",
                           .labels = {"pattern", "variant"}},
    [FAMILY_HEAP_ALLOCATED] =
        GAUGE("leaklab_heap_allocated_bytes", "bytes", "Bytes that the process has allocated and not freed."),
    [FAMILY_HEAP_ACTIVE] =
        GAUGE("leaklab_heap_active_bytes", "bytes", "Pages with something allocated in them."),
    [FAMILY_HEAP_RESIDENT] =
        GAUGE("leaklab_heap_resident_bytes", "bytes", "Pages of the allocator that memory stands behind."),
    [FAMILY_HEAP_RETAINED] =
        GAUGE("leaklab_heap_retained_bytes", "bytes",
              "Address space that the allocator keeps for later, with no memory behind it."),
    [FAMILY_HEAP_MAPPED] =
        GAUGE("leaklab_heap_mapped_bytes", "bytes", "Address space that the allocator has in use."),
    [FAMILY_CHANNELS] = GAUGE("leaklab_channels", NULL, "Channels that exist."),
    [FAMILY_TICKERS] = GAUGE("leaklab_tickers", NULL, "Tickers made and not stopped."),
    [FAMILY_RESOURCES] = {.name = "leaklab_resources",
                          .help = "Resources that patterns have opened and not shut.",
                          .labels = {"pattern", "variant", "kind"}},
    [FAMILY_TICKS] =
        COUNTER("leaklab_ticks_total", NULL, "Ticks delivered, or kept as a ticker's one pending tick."),
    [FAMILY_TICKS_DROPPED] =
        COUNTER("leaklab_ticks_dropped_total", NULL, "Ticks dropped because one was pending already."),
    [FAMILY_SCENARIOS] = {.name = "leaklab_scenarios",
                          .help = "Scenarios by state.",
                          .labels = {"pattern", "variant", "state"}},
    [FAMILY_SCENARIO_STARTS] = {.name = "leaklab_scenario_starts_total",
                                .help = "Starts: runs of a pattern's main.",
                                .type = METRICS_COUNTER,
                                .labels = {"pattern", "variant"}},
    [FAMILY_LIMIT_HITS] = {.name = "leaklab_limit_hits_total",
                           .help = "Scenarios ended because a limit was reached.",
                           .type = METRICS_COUNTER,
                           .labels = {"pattern", "variant", "limit"}},
    [FAMILY_LIMIT_TASKS_SET] = GAUGE("leaklab_limit_tasks", NULL, "Live tasks that the daemon allows."),
    [FAMILY_LIMIT_HEAP_SET] =
        GAUGE("leaklab_limit_heap_bytes", "bytes", "Heap that the daemon allows tasks to hold."),
    [FAMILY_LIMIT_DESCRIPTORS_SET] =
        GAUGE("leaklab_limit_descriptors", NULL, "Descriptors that the daemon allows patterns to have open."),
    [FAMILY_LIMIT_HANDLES_SET] =
        GAUGE("leaklab_limit_handles", NULL, "libuv handles that the daemon allows patterns to have open."),
    [FAMILY_LIMIT_THREADS_SET] =
        GAUGE("leaklab_limit_threads", NULL, "Threads that the daemon allows patterns to have."),
    [FAMILY_LIMIT_JOBS_SET] = GAUGE("leaklab_limit_jobs", NULL,
                                    "Jobs in libuv's thread pool that the daemon allows patterns to have."),
    [FAMILY_JUDGE_SECONDS] = {.name = "leaklab_judge_seconds",
                              .help = "Time that runs of the judge took of the loop's thread, each in sum.",
                              .unit = "seconds",
                              .type = METRICS_HISTOGRAM,
                              .bounds = judge_bucket_seconds,
                              .bound_count = JUDGE_BUCKETS},
    [FAMILY_JUDGE_SLICE_SECONDS] = {.name = "leaklab_judge_slice_seconds",
                                    .help = "Time for which the judge kept the loop's thread at a time.",
                                    .unit = "seconds",
                                    .type = METRICS_HISTOGRAM,
                                    .bounds = judge_slice_bucket_seconds,
                                    .bound_count = JUDGE_BUCKETS},
    [FAMILY_JUDGE_RUNS] = COUNTER("leaklab_judge_runs_total", NULL, "Runs of the judge over all tasks."),
    [FAMILY_LOOP_LAG] = {.name = "leaklab_loop_lag_seconds",
                         .help = "How late the loop came to a timer that only measures this.",
                         .unit = "seconds",
                         .type = METRICS_HISTOGRAM,
                         .bounds = lag_bucket_seconds,
                         .bound_count = LAG_BUCKETS},
    [FAMILY_LOOP_TURNS] = COUNTER("leaklab_loop_turns_total", NULL, "Turns of the loop."),
    [FAMILY_LOOP_IDLE] =
        COUNTER("leaklab_loop_idle_seconds_total", "seconds", "Time that the loop waited for events."),
    [FAMILY_UV_HANDLES] = {.name = "leaklab_uv_handles",
                           .help = "Handles on the loop, by libuv's name of their kind.",
                           .labels = {"handle"}},
    [FAMILY_THREADPOOL_DELAY] =
        GAUGE("leaklab_threadpool_delay_seconds", "seconds",
              "How long a job waits for a thread of libuv's pool; it grows while nobody gets one."),
    [FAMILY_SNAPSHOT_AGE] = GAUGE("leaklab_snapshot_age_seconds", "seconds",
                                  "Age of the counts in this scrape; it grows while the loop is stalled."),
    [FAMILY_HTTP_REQUESTS] = {.name = "leaklab_http_requests_total",
                              .help = "Requests answered.",
                              .type = METRICS_COUNTER,
                              .labels = {"route", "method", "code"}},
    [FAMILY_HTTP_DURATION] = {.name = "leaklab_http_request_duration_seconds",
                              .help = "Time from a request's head to its answer.",
                              .unit = "seconds",
                              .type = METRICS_HISTOGRAM,
                              .labels = {"route", "method", "code"},
                              .bounds = duration_bounds,
                              .bound_count = COUNT_OF(duration_bounds)},
    [FAMILY_BUILD] = {.name = "leaklab_build_info",
                      .help = "Versions of leaklab and of the libraries that it runs with.",
                      .type = METRICS_INFO,
                      .labels = {"version", "revision", "libuv", "libmicrohttpd", "jansson", "jemalloc"}},
    [FAMILY_PROC_CPU] =
        COUNTER("process_cpu_seconds_total", "seconds", "Total user and system CPU time spent in seconds."),
    [FAMILY_PROC_OPEN_FDS] = GAUGE("process_open_fds", NULL, "Number of open file descriptors."),
    [FAMILY_PROC_MAX_FDS] = GAUGE("process_max_fds", NULL, "Maximum number of open file descriptors."),
    [FAMILY_PROC_VIRTUAL] = GAUGE("process_virtual_memory_bytes", "bytes", "Virtual memory size in bytes."),
    [FAMILY_PROC_VIRTUAL_MAX] = GAUGE("process_virtual_memory_max_bytes", "bytes",
                                      "Maximum amount of virtual memory available in bytes."),
    [FAMILY_PROC_RESIDENT] =
        GAUGE("process_resident_memory_bytes", "bytes", "Resident memory size in bytes."),
    [FAMILY_PROC_HEAP] = GAUGE("process_heap_bytes", "bytes", "Process heap size in bytes."),
    [FAMILY_PROC_START] = GAUGE("process_start_time_seconds", "seconds",
                                "Start time of the process since unix epoch in seconds."),
    [FAMILY_PROC_THREADS] = GAUGE("process_threads", NULL, "Number of OS threads in the process."),
};

const bool family_real_only[FAMILIES] = {
    [FAMILY_HEAP_ACTIVE] = true,   [FAMILY_HEAP_RESIDENT] = true,
    [FAMILY_HEAP_RETAINED] = true, [FAMILY_HEAP_MAPPED] = true,
    [FAMILY_JUDGE_SECONDS] = true, [FAMILY_JUDGE_SLICE_SECONDS] = true,
    [FAMILY_LOOP_LAG] = true,      [FAMILY_LOOP_TURNS] = true,
    [FAMILY_LOOP_IDLE] = true,     [FAMILY_SNAPSHOT_AGE] = true,
    [FAMILY_HTTP_REQUESTS] = true, [FAMILY_HTTP_DURATION] = true,
    [FAMILY_BUILD] = true,         [FAMILY_PROC_CPU] = true,
    [FAMILY_PROC_VIRTUAL] = true,  [FAMILY_PROC_VIRTUAL_MAX] = true,
    [FAMILY_PROC_HEAP] = true,
};
