/* When a scenario's starts are due: a rate, the shape in which it moves, and a jitter. The rate of a spec is
 * the highest that its shape comes to; a shape is a run of straight pieces, each a share of that rate at its
 * beginning and at its end, so that the area below it, which is the number of starts, is known exactly, in
 * whole numbers, for any time: nothing adds up, nothing drifts.
 *
 *     ramp          climbs from `low` to the rate within the period, and stays there
 *     wave          from `low` up to the rate and back within each period, along a sine
 *     spike         `low`, and the rate in the last tenth of each period
 *     double-halve  an eighth of the rate, a quarter, a half, all of it, a half, a quarter: a sixth of the
 *                   period each
 *
 * A jitter of 10% makes each start late by up to a tenth of the way to the next, by how much the seed and the
 * start's number say. Starts stay in order. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lab/rate.h"

/* id, word, takes a period, takes a low */
#define SHAPE_TABLE(X)                                                                                       \
    X(STEADY, "steady", false, false)                                                                        \
    X(RAMP, "ramp", true, true)                                                                              \
    X(WAVE, "wave", true, true)                                                                              \
    X(SPIKE, "spike", true, true)                                                                            \
    X(DOUBLE_HALVE, "double-halve", true, false)

enum shape {
#define X(id, word, period, low) SHAPE_##id,
    SHAPE_TABLE(X)
#undef X
        SHAPES
};

struct arrival {
    struct rate rate;
    enum shape shape;
    int64_t period_ns; /* up to LIMIT_DURATION_NS; 0 for a shape without one */
    int64_t low;       /* of SHARE_WHOLE; 0 for a shape without one */
    int64_t jitter;    /* of SHARE_WHOLE */
    uint64_t seed;
};

const char *shape_word(enum shape shape);
bool shape_takes_period(enum shape shape);
bool shape_takes_low(enum shape shape);

/* How many starts are due after `elapsed_ns`; never less than for an earlier time. With a shape or a jitter
 * nothing becomes due after 36 years. */
uint64_t arrival_due(const struct arrival *arrival, uint64_t elapsed_ns);

/* When start number `count` (from 1) is due, in ns since the beginning, rounded up; UINT64_MAX: never. */
uint64_t arrival_due_ns(const struct arrival *arrival, uint64_t count);

/* Starts a second in the long run. */
double arrival_per_second(const struct arrival *arrival);
