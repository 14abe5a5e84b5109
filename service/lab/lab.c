#include "lab/lab.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "lab/canary.h"
#include "lab/core.h"
#include "lab/mailbox.h"
#include "lab/problem.h"
#include "lab/publish.h"
#include "lab/report.h"
#include "lab/timeline.h"
#include "lab/vitals.h"
#include "runtime/driver.h"
#include "runtime/real.h"

/* How often the loop's lag is measured while there are tasks; while there are none, whenever the timeline
 * wants a row. And how often the loop's handles are counted. */
#define BEAT_MS      20
#define COUNT_MS     1000
#define MAIL_NS      1000000 /* of the thread for requests at a time: whatever comes next waits for the loop */
#define COUNTED_MOST 1000    /* handles that are not the lab's own, or counting them takes too long */

static_assert(UV_HANDLE_TYPE_MAX <= UV_HANDLE_KINDS, "a snapshot has room for every kind of handle");

struct lab {
    struct mailbox mailbox;
    struct lab_request *mail; /* taken out of it, and not yet handled; oldest first */
    struct publisher publisher;
    struct timeline *timeline;
    struct vitals_reader vitals;
    struct core core;
    struct driver driver;
    struct real real;
    struct canary canary;
    struct clock clock; /* the real one, unless the configuration brings another */
    const struct log *log;
    uv_loop_t *loop;
    uv_async_t async;
    uv_timer_t beat;
    uint64_t beat_due_ns;
    uint64_t beat_ms;    /* how long the beat that is due takes */
    uint64_t counted_ms; /* since handles were counted */
    bool ready;
    bool closing;
    uint64_t lag_buckets[LAG_BUCKETS + 1];
    double lag_sum_seconds;
    uint32_t uv_handles[UV_HANDLE_KINDS]; /* those of resources left out */
    uint64_t sequence;
};

/* A row of the timeline, once a second. */
static bool look_back(struct lab *lab, const struct snapshot *snapshot, struct timeline_row *row)
{
    struct clock *clock = lab->core.config.clock;
    uint64_t now_ns = clock->now_ns(clock);
    struct vitals vitals;
    if (!timeline_due(lab->timeline, now_ns))
        return false;
    vitals_read(&lab->vitals, lab->core.runtime.supplies_used[SUPPLY_DESCRIPTORS], &vitals);
    timeline_fill(lab->timeline, snapshot, &vitals, now_ns, row);
    return true;
}

static void publish(struct lab *lab)
{
    struct timeline_row row;
    struct snapshot *snapshot = publisher_back(&lab->publisher);
    core_fill(&lab->core, snapshot);
    snapshot->sequence = ++lab->sequence;
    snapshot->published_ns = uv_hrtime();
    snapshot->ready = lab->ready;
    memcpy(snapshot->lag_buckets, lab->lag_buckets, sizeof lab->lag_buckets);
    snapshot->lag_sum_seconds = lab->lag_sum_seconds;
    snapshot->loop_turns = lab->driver.turns;
    snapshot->loop_idle_ns = uv_metrics_idle_time(lab->loop);
    memcpy(snapshot->uv_handles, lab->uv_handles, sizeof lab->uv_handles);
    snapshot->uv_handles[UV_TIMER] += (uint32_t)lab->real.handles;
    snapshot->threadpool_delay_ns = canary_delay_ns(&lab->canary, snapshot->published_ns);
    bool new_row = look_back(lab, snapshot, &row);
    publisher_publish(&lab->publisher);
    if (new_row)
        timeline_push(lab->timeline, &row);
}

/* After a turn, and at each beat. Whoever was answered finds in the next scrape what the answer says. */
static void look_round(struct lab *lab)
{
    if (core_after_turn(&lab->core))
        driver_wake(&lab->driver);
    publish(lab);
    core_deliver(&lab->core);
}

static void after_turn(void *argument)
{
    look_round(argument);
}

static void count_handle(uv_handle_t *handle, void *argument)
{
    struct lab *lab = argument;
    if (handle->type < UV_HANDLE_KINDS)
        lab->uv_handles[handle->type]++;
}

/* Resources are counted where they are opened: walking over a hundred thousand of them would hold up the
 * loop.
 */
static void count_handles(struct lab *lab)
{
    if (lab->real.handles > COUNTED_MOST)
        return;
    memset(lab->uv_handles, 0, sizeof lab->uv_handles);
    uv_walk(lab->loop, count_handle, lab);
    lab->uv_handles[UV_TIMER] -= (uint32_t)lab->real.handles;
}

static void measure_lag(struct lab *lab)
{
    uint64_t now_ns = uv_hrtime();
    double lag = now_ns > lab->beat_due_ns ? (double)(now_ns - lab->beat_due_ns) / 1e9 : 0;
    size_t bucket = 0;
    while (bucket < LAG_BUCKETS && lag > lag_bucket_seconds[bucket])
        bucket++;
    lab->lag_buckets[bucket]++;
    lab->lag_sum_seconds += lag;
}

static void on_beat(uv_timer_t *timer);

static bool rests(const struct lab *lab)
{
    return lab->core.runtime.live == 0 && list_empty(&lab->core.active);
}

/* The loop's own idea of now may be a turn old; without refreshing it the beat would come early and hide the
 * lag. */
static void next_beat(struct lab *lab)
{
    struct clock *clock = lab->core.config.clock;
    lab->beat_ms = rests(lab) ? timeline_due_ms(lab->timeline, clock->now_ns(clock)) : BEAT_MS;
    uv_update_time(lab->loop);
    lab->beat_due_ns = uv_hrtime() + lab->beat_ms * 1000000;
    uv_timer_start(&lab->beat, on_beat, lab->beat_ms, 0);
}

static void on_beat(uv_timer_t *timer)
{
    struct lab *lab = timer->data;
    measure_lag(lab);
    lab->counted_ms += lab->beat_ms;
    if (lab->counted_ms >= COUNT_MS) {
        lab->counted_ms = 0;
        count_handles(lab);
    }
    canary_look(&lab->canary, lab->loop, uv_hrtime());
    look_round(lab);
    next_beat(lab);
}

/* A scenario may wait for just this to be over. */
static void on_gone(void *argument)
{
    struct lab *lab = argument;
    if (!lab->closing)
        driver_wake(&lab->driver);
}

static void on_mail(uv_async_t *async)
{
    struct lab *lab = async->data;
    uint64_t began_ns = uv_hrtime();
    do {
        if (lab->mail == NULL && (lab->mail = mailbox_take(&lab->mailbox)) == NULL)
            break;
        struct lab_request *request = lab->mail;
        lab->mail = request->next;
        core_handle(&lab->core, request);
    } while (uv_hrtime() - began_ns < MAIL_NS);
    if (lab->mail != NULL || !mailbox_empty(&lab->mailbox))
        uv_async_send(async); /* the rest once the loop has been round */
    publish(lab);
    core_deliver(&lab->core);
    driver_wake(&lab->driver);
    if (lab->beat_ms == BEAT_MS || lab->closing || rests(lab))
        return;
    if (uv_hrtime() >= lab->beat_due_ns)
        measure_lag(lab); /* its time has come and gone while requests were worked on */
    next_beat(lab);       /* there are tasks now */
}

/* For requests that the core never sees, from any thread. */
static void refuse_all(struct lab_request *request)
{
    while (request != NULL) {
        struct lab_request *next = request->next;
        request->location[0] = '\0';
        request->answer = problem_new(503, "leaklab is shutting down");
        request->status = 503;
        request->done(request, request->argument);
        request = next;
    }
}

void lab_post(struct lab *lab, struct lab_request *request)
{
    request->next = NULL;
    mailbox_enter(&lab->mailbox);
    bool taken = mailbox_push(&lab->mailbox, request);
    if (taken)
        uv_async_send(&lab->async);
    mailbox_leave(&lab->mailbox);
    if (!taken)
        refuse_all(request);
}

const struct snapshot *lab_snapshot(struct lab *lab)
{
    return publisher_front(&lab->publisher);
}

const struct timeline *lab_timeline(const struct lab *lab)
{
    return lab->timeline;
}

static uint64_t system_seed(void *argument)
{
    uint64_t seed = 0;
    (void)argument;
    /* Without random numbers every run has the same seed, which is reported like any other. */
    (void)uv_random(NULL, NULL, &seed, sizeof seed, 0, NULL);
    return seed;
}

/* Everything that is not a handle. */
static enum err init(struct lab *lab, const struct lab_config *config)
{
    lab->log = config->log;
    lab->clock = clock_monotonic();
    struct core_config core_config = {
        .log = config->log,
        .catalogue = config->catalogue,
        .max_tasks = config->max_tasks,
        .max_heap_bytes = config->max_heap_bytes,
        .source = &lab->real.source,
        .judge_interval_ns = config->judge_interval_ns,
        .clock = config->clock == NULL ? &lab->clock : config->clock,
        .seed = config->seed == NULL ? system_seed : config->seed,
        .argument = config->argument,
    };
    memcpy(core_config.supplies, config->supplies, sizeof core_config.supplies);
    mailbox_init(&lab->mailbox);
    struct clock *clock = core_config.clock;
    lab->timeline = timeline_new((uint32_t)system_seed(NULL), clock->now_ns(clock));
    core_config.timeline = lab->timeline;
    enum err err = lab->timeline == NULL ? ERR_MEMORY : publisher_init(&lab->publisher);
    if (err == ERR_OK && (err = core_init(&lab->core, &core_config)) != ERR_OK)
        publisher_deinit(&lab->publisher);
    if (err == ERR_OK)
        vitals_init(&lab->vitals);
    else
        timeline_free(lab->timeline);
    return err;
}

static void deinit(struct lab *lab)
{
    core_close(&lab->core);
    core_deinit(&lab->core);
    vitals_deinit(&lab->vitals);
    timeline_free(lab->timeline);
    publisher_deinit(&lab->publisher);
}

static enum err attach(struct lab *lab, uv_loop_t *loop, uint32_t percent)
{
    lab->loop = loop;
    if (uv_loop_configure(loop, UV_METRICS_IDLE_TIME) != 0 || uv_async_init(loop, &lab->async, on_mail) != 0)
        return ERR_SYSTEM;
    enum err err = real_init(&lab->real, loop, on_gone, lab);
    if (err == ERR_OK) {
        err = driver_init(&lab->driver, loop, &lab->core.runtime, percent, after_turn, lab);
        if (err != ERR_OK)
            real_close(&lab->real);
    }
    if (err != ERR_OK) {
        uv_close((uv_handle_t *)&lab->async, NULL);
        uv_run(loop, UV_RUN_NOWAIT);
        return err;
    }
    uv_timer_init(loop, &lab->beat);
    lab->async.data = lab;
    lab->beat.data = lab;
    return ERR_OK;
}

enum err lab_open(struct lab **result, uv_loop_t *loop, const struct lab_config *config)
{
    struct lab *lab = calloc(1, sizeof *lab);
    if (lab == NULL)
        return ERR_MEMORY;
    enum err err = init(lab, config);
    if (err != ERR_OK) {
        free(lab);
        return err;
    }
    err = attach(lab, loop, config->cpu_percent == 0 ? 100 : config->cpu_percent);
    if (err != ERR_OK) {
        deinit(lab);
        free(lab);
        return err;
    }
    /* Now, so that the pool has its threads before there are others that could stand in its way. */
    canary_look(&lab->canary, loop, uv_hrtime());
    count_handles(lab);
    publish(lab);
    next_beat(lab);
    *result = lab;
    return ERR_OK;
}

void lab_set_ready(struct lab *lab, bool ready)
{
    lab->ready = ready && !lab->closing;
    if (!lab->closing)
        publish(lab);
}

void lab_close(struct lab *lab)
{
    if (lab->closing)
        return;
    lab_set_ready(lab, false);
    lab->closing = true;
    refuse_all(lab->mail);
    lab->mail = NULL;
    refuse_all(mailbox_close(&lab->mailbox));
    core_close(&lab->core);
    real_close(&lab->real);
    driver_close(&lab->driver);
    uv_close((uv_handle_t *)&lab->async, NULL);
    uv_close((uv_handle_t *)&lab->beat, NULL);
}

void lab_free(struct lab *lab)
{
    if (lab == NULL)
        return;
    CHECK(lab->closing);
    deinit(lab);
    free(lab);
}

void lab_log_tasks(struct lab *lab)
{
    if (!lab->closing)
        report_tasks(&lab->core.runtime, lab->log);
}

const struct runtime *lab_runtime(const struct lab *lab)
{
    return &lab->core.runtime;
}
