/* How often a scenario starts: an exact fraction, so that a thousand hours at 50/s are 180,000,000 starts and
 * not one less. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

#define RATE_SECOND_NS 1000000000LL

/* starts_millionths / 1e6 starts in each per_ns. Without starts there is one, at once. */
struct rate {
    int64_t starts_millionths;
    int64_t per_ns; /* a second, a minute or an hour */
};

/* Reads "50/s", "3000/m", "10/h", "0.5" or "50", with up to six decimals. ERR_SYNTAX; ERR_RANGE above
 * LIMIT_START_RATE a second. *rate is untouched on an error. */
enum err rate_parse(const char *text, struct rate *rate);

/* How many starts are due after `elapsed_ns`: the whole part of rate times time. */
uint64_t rate_due(struct rate rate, uint64_t elapsed_ns);

/* When start number `count` (from 1) is due, in ns since the beginning, rounded up; UINT64_MAX: never. */
uint64_t rate_due_ns(struct rate rate, uint64_t count);

/* Starts a second. */
double rate_per_second(struct rate rate);

/* As it can be posted again: a number for starts a second, otherwise "10/m" or "10/h". NULL: no memory. */
json_t *rate_json(struct rate rate);
