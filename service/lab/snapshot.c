#include "lab/snapshot.h"

const double lag_bucket_seconds[LAG_BUCKETS] = {0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
                                                0.05,    0.1,    0.25,  0.5,   1,     2.5,  5};

const char *scenario_state_word(enum scenario_state state)
{
    static const char *const words[SCENARIO_STATES] = {
#define X(name, word) word,
        SCENARIO_STATE_TABLE(X)
#undef X
    };
    return words[state];
}
