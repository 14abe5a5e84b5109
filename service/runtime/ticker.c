#include "runtime/internal.h"

static struct runtime *runtime_of(const struct ticker *ticker)
{
    return ticker_env(ticker)->start->workload->runtime;
}

/* The next whole multiple of the period since 1970, in the runtime's milliseconds, rounded up. */
static uint64_t next_whole_ms(const struct runtime *runtime, uint64_t period_ms)
{
    uint64_t period_ns = period_ms * 1000000;
    uint64_t wall_ns = runtime->began_ns + runtime->clock->wall_ahead_ns + runtime->now_ns;
    return (runtime->now_ns + period_ns - wall_ns % period_ns + 999999) / 1000000;
}

/* While it is armed a ticker is listed in its start and keeps its environment. */
void ticker_init(struct ticker *ticker, struct env *env, int64_t period_ns, bool aligned)
{
    struct workload *workload = env->start->workload;
    int64_t period_ms = (period_ns + 999999) / 1000000;
    *ticker = (struct ticker){.offset = (uint64_t)((char *)ticker - (char *)env) & 0xffff,
                              .period_ms = (period_ms < 1 ? 1 : (uint64_t)period_ms) & ((1ull << 40) - 1),
                              .stopped = true};
    list_init(&ticker->waiters);
    list_init(&ticker->link);
    timer_init(&ticker->timer, TIMER_TICKER);
    uint64_t due_ms = aligned ? next_whole_ms(workload->runtime, ticker->period_ms)
                              : workload->runtime->now_ms + ticker->period_ms;
    if (wheel_arm(&workload->runtime->wheel, &ticker->timer, due_ms) != ERR_OK) {
        workload_cap(workload, LIMIT_KIND_MEMORY);
        return;
    }
    ticker->stopped = false;
    list_push_back(&env->start->tickers, &ticker->link);
    env->refs++;
    count_add(workload, tickers, 1);
}

void ticker_stop(struct ticker *ticker)
{
    if (ticker->stopped)
        return;
    ticker->stopped = true;
    ticker->pending = false;
    wheel_disarm(&runtime_of(ticker)->wheel, &ticker->timer);
    list_remove(&ticker->link);
    count_sub(ticker_env(ticker)->start->workload, tickers, 1);
    env_unref(ticker_env(ticker));
}

void ticker_fire(struct ticker *ticker)
{
    struct workload *workload = ticker_env(ticker)->start->workload;
    uint64_t now_ms = workload->runtime->now_ms;
    uint64_t due_ms = ticker->timer.due_ms + ticker->period_ms;
    if (due_ms <= now_ms) {
        uint64_t missed = (now_ms - ticker->timer.due_ms) / ticker->period_ms;
        count_add(workload, ticks_dropped, missed);
        due_ms = ticker->timer.due_ms + (missed + 1) * ticker->period_ms;
    }
    if (!list_empty(&ticker->waiters)) {
        count_add(workload, ticks, 1);
        wait_wake(ticker->waiters.next, WAKE_MATCHED);
    } else if (!ticker->pending) {
        count_add(workload, ticks, 1);
        ticker->pending = true;
    } else {
        count_add(workload, ticks_dropped, 1);
    }
    if (wheel_arm(&workload->runtime->wheel, &ticker->timer, due_ms) != ERR_OK) {
        workload_cap(workload, LIMIT_KIND_MEMORY);
        ticker_stop(ticker);
    }
}
