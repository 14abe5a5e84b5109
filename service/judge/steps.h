/* How many tasks stand on each step of a program now, how many of them are leaked, and why: what a listing of
 * the pattern shows beside its lines. It comes from counters that are kept where state changes, and costs the
 * same with ten tasks and with ten million; the verdicts are those of the judge's last look. Lab thread. */
#pragma once

#include <jansson.h>

#include "runtime/runtime.h"

/* As openapi.json describes it. The caller owns it; NULL: no memory. */
json_t *steps_json(const struct tally *tally);
