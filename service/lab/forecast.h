/* What a specification would do, told before it runs: the answer to a dry run. One start is tried on virtual
 * time (lab/sample.h), or a smaller one of its kind where it is large, and from that follows what starts at
 * the rate come to. Where none can be tried, sums from the program's text have to do: a loop without an end
 * counts once, of two branches both count. For the patterns of the catalogue it is right within a tenth. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "lab/spec.h"

struct forecast {
    double tasks_per_start; /* spawned, the owner included; of a mix the mean, here and below */
    double leaked_per_start;
    double bytes_per_start;  /* frames, things and what tasks hold or lose: what counts against max_heap, at a
                                time */
    double tasks_per_second; /* spawned in the long run, 0 without a rate */
    double leaked_per_second;
    double tasks_peak;          /* alive at a time; where leaks grow without an end, the limit */
    const char *limit;          /* "tasks", "heap", "descriptors", ...; NULL: none is reached */
    double limit_after_seconds; /* when there is one */
};

/* `supplies`: how much there is of each. ERR_MEMORY; ERR_RANGE when an operand is out of bounds. */
enum err forecast_make(const struct spec *spec, const uint64_t supplies[static SUPPLIES],
                       struct forecast *forecast);

/* As an object that the caller owns. NULL: no memory. */
json_t *forecast_json(const struct forecast *forecast);
