#include "runtime/census.h"

#include "base/check.h"

const char *limit_kind_word(enum limit_kind kind)
{
    static const char *const words[] = {
#define X(name, word) word,
        LIMIT_KIND_TABLE(X)
#undef X
    };
    CHECK(kind < LIMIT_KINDS);
    return words[kind];
}

const char *verdict_word(enum verdict verdict)
{
    static const char *const words[] = {
#define X(name, word) word,
        VERDICT_TABLE(X)
#undef X
    };
    CHECK(verdict < VERDICTS);
    return words[verdict];
}

void census_add(struct census *sum, const struct census *more)
{
    for (int how = 0; how < TASK_ENDS; how++)
        sum->ended[how] += more->ended[how];
    for (int state = 0; state < TASK_STATES; state++)
        sum->states[state] += more->states[state];
    sum->spawned += more->spawned;
    sum->held_bytes += more->held_bytes;
    sum->channels += more->channels;
    sum->tickers += more->tickers;
    sum->ticks += more->ticks;
    sum->ticks_dropped += more->ticks_dropped;
    sum->starts += more->starts;
}
