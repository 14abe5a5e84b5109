/* Measures the runtime by itself, on a real libuv loop and with patterns of the catalogue, and prints one
 * JSON object. See USAGE; tests/bench/README.md says what each number means. Every run ends by itself:
 * GUARD_SECONDS.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "base/macros.h"
#include "base/rng.h"
#include "base/unit.h"
#include "language/catalogue.h"
#include "runtime/driver.h"

#define USAGE                                                                                                \
    "usage: bench_runtime spawn   MODE N                  make N tasks, wait until all are blocked\n"        \
    "       bench_runtime cancel  MODE N                  the same, then cancel them\n"                      \
    "       bench_runtime reclaim MODE N                  the same, then free them from outside\n"           \
    "       bench_runtime messages FILE N ROUNDS          a pattern of the bench's own, to its end\n"        \
    "       bench_runtime tickers N PERIOD WINDOW [ORDER] N tickers, counted during WINDOW\n"                \
    "ORDER: made       in memory as they are due, all in one start (default)\n"                              \
    "       shuffled   all over memory, in 64 starts\n"                                                      \
    "       scattered  all over memory, each in a start of its own\n"

#define GUARD_SECONDS 120
#define TICKER_MODE   "leak-ticker"
#define WARM_UP_MS    500

/* Shuffling: so many workloads share the tickers. */
#define SHUFFLE_WORKLOADS 64
#define NEAR_BYTES        4096

struct bench {
    uv_loop_t loop;
    uv_timer_t guard;
    uv_timer_t window;
    struct clock clock;
    struct runtime runtime;
    struct driver driver;
    struct catalogue catalogue;
    struct mode mode;
    struct tally *tally;
    bool (*until)(
        const struct bench *bench); /* the loop stops after the first turn at whose end this is true */
    uint64_t spawned;               /* for `until` */
    const struct workload *watched; /* for `until` */
    uint64_t turn_ended_ns;
    uint64_t turn_longest_ns; /* between two ends of turns, while `until` was awaited */
};

_Noreturn static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_runtime: %s: %s\n", what, why);
    exit(1);
}

static void must(enum err err, const char *what)
{
    if (err != ERR_OK)
        fail(what, err_text(err));
}

static void must_uv(int status, const char *what)
{
    if (status != 0)
        fail(what, uv_strerror(status));
}

/* Of this process, in bytes: the second number of /proc/self/statm, see proc(5). */
static uint64_t resident_bytes(void)
{
    char line[128];
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL || strchr(line, ' ') == NULL)
        fail("/proc/self/statm", "cannot be read");
    fclose(file);
    return strtoull(strchr(line, ' '), NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static double cpu_seconds(void)
{
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

static void on_guard(uv_timer_t *timer)
{
    (void)timer;
    fail("guard", "the measurement did not come to its end");
}

static void on_window(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void on_turn(void *argument)
{
    struct bench *bench = argument;
    if (bench->until == NULL)
        return;
    uint64_t now_ns = uv_hrtime();
    if (now_ns - bench->turn_ended_ns > bench->turn_longest_ns)
        bench->turn_longest_ns = now_ns - bench->turn_ended_ns;
    bench->turn_ended_ns = now_ns;
    if (bench->until(bench))
        uv_stop(&bench->loop);
}

static char *read_file(const char *path, size_t *size)
{
    char *text = malloc(LIMIT_PATTERN_BYTES);
    FILE *file = fopen(path, "r");
    if (text == NULL || file == NULL)
        fail(path, text == NULL ? err_text(ERR_MEMORY) : "cannot be read");
    *size = fread(text, 1, LIMIT_PATTERN_BYTES, file);
    fclose(file);
    return text;
}

/* Adds the pattern in a file of the bench's own; `mode` gets its fix. */
static void add_own(struct catalogue *catalogue, const char *path, struct mode *mode)
{
    struct messages messages;
    struct pattern *pattern;
    size_t size;
    char *text = read_file(path, &size);
    messages_init(&messages);
    must(pattern_compile(path, text, size, &messages, &pattern), path);
    must(catalogue_add(catalogue, pattern), path);
    *mode = (struct mode){.pattern = pattern, .variant = VARIANT_FIX};
    messages_deinit(&messages);
    free(text);
}

/* `mode`: of the catalogue; or, where it ends in ".yaml", the fix in that file. */
static void bench_init(struct bench *bench, const char *mode)
{
    struct buf why;
    size_t length = strlen(mode);
    *bench = (struct bench){.clock = clock_monotonic()};
    buf_init(&why, 4096);
    must_uv(uv_loop_init(&bench->loop), "loop");
    must_uv(uv_timer_init(&bench->loop, &bench->guard), "timer");
    must_uv(uv_timer_init(&bench->loop, &bench->window), "timer");
    must_uv(uv_timer_start(&bench->guard, on_guard, GUARD_SECONDS * 1000, 0), "timer");
    must(runtime_init(&bench->runtime, &bench->clock, LIMIT_TASKS, LIMIT_NUMBER), "runtime");
    must(driver_init(&bench->driver, &bench->loop, &bench->runtime, 100, on_turn, bench), "driver");
    catalogue_init(&bench->catalogue);
    if (length > 5 && strcmp(mode + length - 5, ".yaml") == 0)
        add_own(&bench->catalogue, mode, &bench->mode);
    else if (catalogue_load(&bench->catalogue, &why) != ERR_OK ||
             catalogue_find_mode(&bench->catalogue, mode, &bench->mode, &why) != ERR_OK)
        fail(mode, buf_text(&why));
    const struct program *program = bench->mode.pattern->variants[bench->mode.variant].program;
    if ((bench->tally = runtime_tally(&bench->runtime, program)) == NULL)
        fail("tally", err_text(ERR_MEMORY));
    buf_deinit(&why);
}

/* No workload may be left in it. */
static void bench_deinit(struct bench *bench)
{
    driver_close(&bench->driver);
    uv_close((uv_handle_t *)&bench->guard, NULL);
    uv_close((uv_handle_t *)&bench->window, NULL);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    must_uv(uv_loop_close(&bench->loop), "loop");
    runtime_deinit(&bench->runtime);
    catalogue_deinit(&bench->catalogue);
}

/* Runs the loop until `until` is true at the end of a turn; returns how long it took. */
static uint64_t bench_run_until(struct bench *bench, bool (*until)(const struct bench *))
{
    uint64_t began_ns = uv_hrtime();
    bench->until = until;
    bench->turn_ended_ns = began_ns;
    bench->turn_longest_ns = 0;
    driver_wake(&bench->driver);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    bench->until = NULL;
    return bench->turn_ended_ns - began_ns;
}

static void bench_run_for(struct bench *bench, uint64_t ms)
{
    must_uv(uv_timer_start(&bench->window, on_window, ms, 0), "timer");
    driver_wake(&bench->driver);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
}

static bool none_ready(const struct bench *bench)
{
    return bench->tally->census.states[TASK_READY] == 0;
}

/* With running tickers somebody is always ready. */
static bool all_spawned(const struct bench *bench)
{
    return bench->tally->census.spawned >= bench->spawned;
}

static bool watched_told(const struct bench *bench)
{
    return workload_told(bench->watched);
}

static bool watched_idle(const struct bench *bench)
{
    return workload_idle(bench->watched);
}

static void set_param(const struct pattern *pattern, int64_t *params, const char *name, const char *text)
{
    struct buf why;
    uint16_t index;
    const struct param *param = pattern_param(pattern, name, &index);
    buf_init(&why, 4096);
    if (param == NULL)
        fail(name, "the pattern has no such parameter");
    if (param_parse(param, text, &params[index], &why) != ERR_OK)
        fail(name, buf_text(&why));
    buf_deinit(&why);
}

/* `param` may be NULL: besides n, none is set. Tasks hold nothing, so that what is measured is the task
 * itself. */
static void add_workload(struct bench *bench, struct workload *workload, const char *n, const char *param,
                         const char *value, uint64_t seed)
{
    const struct pattern *pattern = bench->mode.pattern;
    int64_t params[LIMIT_PARAMS] = {0};
    for (uint16_t i = 0; i < pattern->param_count; i++)
        params[i] = param_default(pattern, i, params, LINGER_OPEN_NS);
    set_param(pattern, params, "n", n);
    if (param != NULL)
        set_param(pattern, params, param, value);
    struct workload_spec spec = {.tally = bench->tally,
                                 .params = params,
                                 .seed = seed,
                                 .max_tasks = LIMIT_TASKS,
                                 .max_heap_bytes = LIMIT_NUMBER};
    must(workload_init(workload, &bench->runtime, &spec), "workload");
}

static void remove_workload(struct bench *bench, struct workload *workload)
{
    workload_reclaim(workload);
    bench->watched = workload;
    bench_run_until(bench, watched_idle);
    workload_deinit(workload);
}

struct spawned {
    uint64_t ns;
    uint64_t turn_longest_ns;
    uint64_t resident_before;
    uint64_t resident_after;
};

/* From nothing to N tasks, each standing on its blocking step. */
static struct spawned spawn_all(struct bench *bench, struct workload *workload, const char *n)
{
    struct spawned spawned = {.resident_before = resident_bytes()};
    add_workload(bench, workload, n, NULL, NULL, 1);
    must(workload_start(workload), "start");
    spawned.ns = bench_run_until(bench, none_ready);
    spawned.turn_longest_ns = bench->turn_longest_ns;
    spawned.resident_after = resident_bytes();
    if (workload->capped_by != LIMIT_KINDS)
        fail("limit reached", limit_kind_word(workload->capped_by));
    return spawned;
}

static void measure_spawn(const char *mode, const char *n)
{
    struct bench bench;
    struct workload workload;
    bench_init(&bench, mode);
    struct spawned spawned = spawn_all(&bench, &workload, n);
    double tasks = (double)workload_live(&workload);
    printf("{\"measure\":\"spawn\",\"mode\":\"%s\",\"tasks\":%.0f,\"seconds\":%.6f,\"tasks_per_second\":%.0f,"
           "\"resident_before_bytes\":%" PRIu64 ",\"resident_after_bytes\":%" PRIu64
           ",\"bytes_per_task\":%.1f,\"slab_bytes_per_task\":%.1f,\"turn_longest_seconds\":%.6f}\n",
           mode, tasks, seconds(spawned.ns), tasks / seconds(spawned.ns), spawned.resident_before,
           spawned.resident_after, (double)(spawned.resident_after - spawned.resident_before) / tasks,
           (double)runtime_slab_bytes(&bench.runtime) / tasks, seconds(spawned.turn_longest_ns));
    remove_workload(&bench, &workload);
    bench_deinit(&bench);
}

/* `end` sets off the end of all tasks, which is there when `until` is true. */
static void measure_end(const char *measure, const char *mode, const char *n, void (*end)(struct workload *),
                        bool (*until)(const struct bench *))
{
    struct bench bench;
    struct workload workload;
    bench_init(&bench, mode);
    struct spawned spawned = spawn_all(&bench, &workload, n);
    uint64_t tasks = workload_live(&workload);
    bench.watched = &workload;
    end(&workload);
    uint64_t ns = bench_run_until(&bench, until);
    uint64_t left = workload_live(&workload);
    double ended = (double)(tasks - left);
    printf("{\"measure\":\"%s\",\"mode\":\"%s\",\"tasks\":%" PRIu64 ",\"tasks_left\":%" PRIu64
           ",\"seconds\":%.6f,\"ns_per_task\":%.1f,\"resident_before_bytes\":%" PRIu64
           ",\"resident_full_bytes\":%" PRIu64 ",\"resident_after_bytes\":%" PRIu64
           ",\"turn_longest_seconds\":%.6f}\n",
           measure, mode, tasks, left, seconds(ns), ended > 0 ? (double)ns / ended : 0.0,
           spawned.resident_before, spawned.resident_after, resident_bytes(), seconds(bench.turn_longest_ns));
    remove_workload(&bench, &workload);
    bench_deinit(&bench);
}

/* From the start until every task has come to its end. */
static void measure_messages(const char *path, const char *n, const char *rounds)
{
    struct bench bench;
    struct workload workload;
    bench_init(&bench, path);
    add_workload(&bench, &workload, n, "rounds", rounds, 1);
    must(workload_start(&workload), "start");
    bench.watched = &workload;
    uint64_t ns = bench_run_until(&bench, watched_idle);
    if (workload.panic_count > 0 || workload_live(&workload) > 0 || workload.capped_by != LIMIT_KINDS)
        fail(path, "did not come to its end");
    printf("{\"measure\":\"%s\",\"tasks\":%" PRIu64 ",\"seconds\":%.6f}\n", bench.mode.pattern->name,
           bench.tally->census.spawned, seconds(ns));
    remove_workload(&bench, &workload);
    bench_deinit(&bench);
}

/* The share of timers, of all that are armed, that lie near the one that fires before them. */
static double near_share(const struct wheel *wheel)
{
    uint64_t near = 0, all = 0;
    for (size_t i = 0; i < COUNT_OF(wheel->slots); i++) {
        const struct wheel_slot *slot = &wheel->slots[i];
        for (uint32_t k = 1; k < slot->count; k++) {
            uintptr_t here = (uintptr_t)*wheel_place(slot, k), before = (uintptr_t)*wheel_place(slot, k - 1);
            near += (here > before ? here - before : before - here) <= NEAR_BYTES;
            all++;
        }
    }
    return all == 0 ? 0.0 : (double)near / (double)all;
}

/* How tickers lie in memory and time, against the order in which they are due. */
enum order { ORDER_MADE, ORDER_SHUFFLED, ORDER_SCATTERED };

static const char *const order_words[] = {"made", "shuffled", "scattered"};

struct tickers {
    struct workload workloads[SHUFFLE_WORKLOADS];
    size_t count;
    const char *tick;
};

/* `starts` starts of `n` tickers each. */
static void start_tickers(struct bench *bench, struct tickers *tickers, size_t index, uint64_t starts,
                          uint64_t n)
{
    struct workload *workload = &tickers->workloads[index];
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, n);
    add_workload(bench, workload, text, "tick", tickers->tick, index);
    for (uint64_t made = 0; made < starts; made++)
        must(workload_start(workload), "start");
    bench->spawned = bench->tally->census.spawned + starts * n; /* the owners are there already */
    bench_run_until(bench, all_spawned);
}

/* Starts of one ticker each, of all workloads in random order: each workload lies all over the slabs. */
static void scatter_tickers(struct bench *bench, struct tickers *tickers, uint64_t n, struct rng *rng)
{
    for (size_t i = 0; i < tickers->count; i++)
        add_workload(bench, &tickers->workloads[i], "1", "tick", tickers->tick, i);
    for (uint64_t made = 0; made < n; made++)
        must(workload_start(&tickers->workloads[rng_below(rng, (uint32_t)tickers->count)]), "start");
    bench->spawned = bench->tally->census.spawned + n;
    bench_run_until(bench, all_spawned);
}

/* Frees each workload, in random order and a random while after the one before it, and starts it anew, so
 * that it gets the places that it left all over the slabs, and another time: as one start, or with a start
 * for each ticker. */
static void replace_tickers(struct bench *bench, struct tickers *tickers, enum order order, struct rng *rng)
{
    size_t places[SHUFFLE_WORKLOADS];
    for (size_t i = 0; i < tickers->count; i++) {
        size_t other = rng_below(rng, (uint32_t)i + 1);
        places[i] = places[other];
        places[other] = i;
    }
    for (size_t i = 0; i < tickers->count; i++) {
        struct workload *workload = &tickers->workloads[places[i]];
        uint64_t owners = workload->census.starts;
        uint64_t n = workload_live(workload) - owners;
        remove_workload(bench, workload);
        bench_run_for(bench, 1 + rng_below(rng, 3));
        if (order == ORDER_SCATTERED)
            start_tickers(bench, tickers, places[i], n, 1);
        else
            start_tickers(bench, tickers, places[i], 1, n);
    }
}

static void make_tickers(struct bench *bench, struct tickers *tickers, uint64_t n, enum order order)
{
    struct rng rng = {.state = 1};
    if (order == ORDER_MADE) {
        tickers->count = 1;
        start_tickers(bench, tickers, 0, 1, n);
        return;
    }
    tickers->count = SHUFFLE_WORKLOADS;
    scatter_tickers(bench, tickers, n, &rng);
    replace_tickers(bench, tickers, order, &rng);
}

static enum order read_order(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(order_words); i++)
        if (strcmp(word, order_words[i]) == 0)
            return (enum order)i;
    fail(word, "no such order");
}

/* Counts what the tickers do during the window. */
static void watch_tickers(struct bench *bench, int64_t n, int64_t period_ns, int64_t window_ns,
                          enum order order)
{
    const struct census *census = &bench->tally->census;
    uint64_t ticks = census->ticks, dropped = census->ticks_dropped;
    uint64_t turns = bench->driver.turns, began_ns = uv_hrtime();
    double cpu = cpu_seconds();
    bench_run_for(bench, (uint64_t)window_ns / 1000000);
    double elapsed = seconds(uv_hrtime() - began_ns);
    cpu = cpu_seconds() - cpu;
    ticks = census->ticks - ticks;
    double due = (double)n * elapsed / seconds((uint64_t)period_ns);
    printf("{\"measure\":\"tickers\",\"tickers\":%" PRId64
           ",\"order\":\"%s\",\"near_share\":%.4f,\"seconds\":%.3f,"
           "\"ticks_due\":%.0f,\"ticks\":%" PRIu64 ",\"ticks_dropped\":%" PRIu64
           ",\"delivered_share\":%.6f,\"cpu_seconds\":%.3f,\"cores\":%.4f,\"turns\":%" PRIu64 "}\n",
           n, order_words[order], near_share(&bench->runtime.wheel), elapsed, due, ticks,
           census->ticks_dropped - dropped, (double)ticks / due, cpu, cpu / elapsed,
           bench->driver.turns - turns);
}

static void measure_tickers(const char *n_text, const char *tick, const char *window, enum order order)
{
    struct bench bench;
    struct tickers *tickers = calloc(1, sizeof *tickers);
    int64_t n, period_ns, window_ns;
    must(unit_parse_count(n_text, &n), n_text);
    must(unit_parse_duration(tick, &period_ns), tick);
    must(unit_parse_duration(window, &window_ns), window);
    if (tickers == NULL || n == 0 || period_ns == 0)
        fail("tickers", err_text(tickers == NULL ? ERR_MEMORY : ERR_RANGE));
    tickers->tick = tick;
    bench_init(&bench, TICKER_MODE);
    make_tickers(&bench, tickers, (uint64_t)n, order);
    bench_run_for(&bench, WARM_UP_MS);
    watch_tickers(&bench, n, period_ns, window_ns, order);
    for (size_t i = 0; i < tickers->count; i++)
        remove_workload(&bench, &tickers->workloads[i]);
    bench_deinit(&bench);
    free(tickers);
}

int main(int argc, char **argv)
{
    const char *measure = argc > 1 ? argv[1] : "";
    if (strcmp(measure, "spawn") == 0 && argc == 4)
        measure_spawn(argv[2], argv[3]);
    else if (strcmp(measure, "cancel") == 0 && argc == 4)
        measure_end(measure, argv[2], argv[3], workload_cancel, watched_told);
    else if (strcmp(measure, "reclaim") == 0 && argc == 4)
        measure_end(measure, argv[2], argv[3], workload_reclaim, watched_idle);
    else if (strcmp(measure, "messages") == 0 && argc == 5)
        measure_messages(argv[2], argv[3], argv[4]);
    else if (strcmp(measure, "tickers") == 0 && (argc == 5 || argc == 6))
        measure_tickers(argv[2], argv[3], argv[4], argc == 6 ? read_order(argv[5]) : ORDER_MADE);
    else {
        fputs(USAGE, stderr);
        return 2;
    }
    return 0;
}
