#include "judge/judge.h"

#include "base/limits.h"
#include "base/macros.h"
#include "judge/slice.h"

#define SLICE_STEPS 4096   /* more than are done in the time of one */
#define CLOCK_STEPS 64     /* between two looks at the clock */
#define SLICE_NS    200000 /* of the thread at a time */
#define REST_TIMES  20     /* for every second that it took a run rests that many: 5% of a core at most */

const double judge_bucket_seconds[JUDGE_BUCKETS] = {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05,
                                                    0.1,    0.25,   0.5,   1,     2.5,  10};
const double judge_slice_bucket_seconds[JUDGE_BUCKETS] = {0.00005, 0.0001,  0.00015, 0.0002, 0.00025, 0.0003,
                                                          0.0005,  0.00075, 0.001,   0.002,  0.005,   0.01};

static uint64_t clock_ns(const struct judge *judge)
{
    return judge->runtime->clock->now_ns(judge->runtime->clock);
}

static void begin(struct judge *judge)
{
    judge->run_ns = 0;
    list_splice(&judge->waiting, &judge->wishes);
    slice_begin(judge);
    runtime_job_add(judge->runtime, &judge->job);
}

/* Without memory for the timer judge_tend() comes back to it. */
static void rest(struct judge *judge)
{
    uint64_t rest_ns = judge->run_ns * REST_TIMES;
    if (judge->config.interval_ns > rest_ns)
        rest_ns = judge->config.interval_ns;
    if (judge->config.interval_ns > 0)
        (void)runtime_call_at(judge->runtime, &judge->timer, clock_ns(judge) + rest_ns);
}

static void count_into(uint64_t counts[static JUDGE_BUCKETS + 1], const double bounds[static JUDGE_BUCKETS],
                       double seconds)
{
    size_t bucket = 0;
    while (bucket < JUDGE_BUCKETS && seconds > bounds[bucket])
        bucket++;
    counts[bucket]++;
}

static void count_run(struct judge *judge)
{
    struct judge_stats *stats = &judge->stats;
    double seconds = (double)judge->run_ns / 1e9;
    count_into(stats->buckets, judge_bucket_seconds, seconds);
    stats->runs++;
    stats->run_seconds += seconds;
    stats->last_seconds = seconds;
}

static void count_slice(struct judge *judge, uint64_t slice_ns)
{
    double seconds = (double)slice_ns / 1e9;
    judge->run_ns += slice_ns;
    judge->stats.slice_ns += slice_ns;
    count_into(judge->stats.slice_buckets, judge_slice_bucket_seconds, seconds);
}

static void end(struct judge *judge)
{
    struct link fulfilled, *link;
    slice_stop(judge);
    count_run(judge);
    list_init(&fulfilled);
    list_splice(&fulfilled, &judge->waiting);
    while ((link = list_pop_front(&fulfilled)) != NULL) {
        struct judge_wish *wish = container_of(link, struct judge_wish, link);
        wish->done(wish);
    }
    if (judge->phase != PHASE_IDLE)
        return; /* somebody who was told has asked again */
    if (judge->held || list_empty(&judge->wishes))
        rest(judge);
    else
        begin(judge);
}

/* False when the run is over. */
static bool slice(struct judge *judge)
{
    uint64_t began_ns = clock_ns(judge), now_ns = began_ns;
    uint32_t left = judge->config.slice_steps == 0 ? SLICE_STEPS : judge->config.slice_steps;
    bool more = true;
    while (more && left > 0 && now_ns - began_ns < SLICE_NS) {
        uint32_t steps = left < CLOCK_STEPS ? left : CLOCK_STEPS, begun = steps;
        while (more && steps > 0)
            more = slice_advance(judge, &steps);
        left -= begun;
        judge->stats.steps += begun - steps;
        now_ns = clock_ns(judge);
    }
    count_slice(judge, now_ns - began_ns);
    return more;
}

static bool on_job(struct job *job)
{
    struct judge *judge = container_of(job, struct judge, job);
    if (judge->held || slice(judge))
        return false;
    list_remove(&job->link);
    end(judge);
    return judge->phase == PHASE_IDLE;
}

static void on_timer(struct call *call)
{
    struct judge *judge = container_of(call, struct judge, timer);
    if (judge->held)
        rest(judge);
    else if (judge->phase == PHASE_IDLE)
        begin(judge);
}

void judge_init(struct judge *judge, struct runtime *runtime, const struct judge_config *config)
{
    *judge = (struct judge){.runtime = runtime, .config = *config, .job.step = on_job, .timer.fn = on_timer};
    uint64_t most_bytes = config->most_bytes == 0 ? LIMIT_JUDGE_BYTES : config->most_bytes;
    store_init(&judge->records.store, most_bytes);
    list_init(&judge->job.link);
    list_init(&judge->wishes);
    list_init(&judge->waiting);
    timer_init(&judge->timer.timer, TIMER_CALL);
    rest(judge);
}

void judge_deinit(struct judge *judge)
{
    slice_stop(judge);
    list_remove(&judge->job.link);
    runtime_call_cancel(judge->runtime, &judge->timer);
    store_deinit(&judge->records.store);
}

void judge_now(struct judge *judge)
{
    for (int runs = judge->phase == PHASE_IDLE ? 1 : 2; runs > 0; runs--) {
        if (judge->phase == PHASE_IDLE)
            begin(judge);
        while (slice(judge)) {
        }
        list_remove(&judge->job.link);
        end(judge);
    }
}

void judge_ask(struct judge *judge, struct judge_wish *wish)
{
    list_push_back(&judge->wishes, &wish->link);
    if (judge->phase == PHASE_IDLE && !judge->held)
        begin(judge);
}

void judge_hold(struct judge *judge)
{
    CHECK(!judge->held);
    judge->held = true;
}

void judge_let(struct judge *judge)
{
    CHECK(judge->held);
    judge->held = false;
    if (judge->phase == PHASE_IDLE && !list_empty(&judge->wishes))
        begin(judge);
}

void judge_forget(struct judge_wish *wish)
{
    list_remove(&wish->link);
}

void judge_tend(struct judge *judge)
{
    if (judge->phase == PHASE_IDLE && !timer_armed(&judge->timer.timer))
        rest(judge);
}

uint64_t judge_blocked_ms(const struct workload *workload)
{
    uint64_t oldest_ms = workload->blocked_oldest_ms;
    uint64_t stuck_ms = (uint64_t)workload->stuck_since * SINCE_MS;
    uint64_t now_ms = workload->runtime->now_ms;
    bool stuck = workload->census.leaked[VERDICT_STUCK] > 0 && now_ms > stuck_ms;
    return stuck && now_ms - stuck_ms > oldest_ms ? now_ms - stuck_ms : oldest_ms;
}
