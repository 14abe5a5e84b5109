/* What a specification would do, told before anything runs: the answer to a dry run. Sums are bounds made
 * from the program's text: a loop without an end counts once, of two branches both count. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "lab/spec.h"

struct forecast {
    double tasks_per_start; /* the owner included; of a mix the mean, here and below */
    double leaked_per_start;
    double bytes_per_start;  /* frames, things and what tasks hold or lose: what counts against max_heap */
    double tasks_per_second; /* spawned in the long run, 0 without a rate */
    double leaked_per_second;
    double tasks_peak;          /* alive at a time; where leaks grow without an end, the limit */
    const char *limit;          /* "tasks", "heap", or NULL: none is reached */
    double limit_after_seconds; /* when there is one */
};

/* ERR_MEMORY; ERR_RANGE when an operand is out of bounds. */
enum err forecast_make(const struct spec *spec, struct forecast *forecast);

/* As an object that the caller owns. NULL: no memory. */
json_t *forecast_json(const struct forecast *forecast);
