/* What can be asked for, as JSON: the fields of POST /scenario and the patterns of a catalogue. Every
 * function returns a new object that the caller owns, NULL when memory is out. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "lab/spec.h"

/* {"patterns": [...], "fields": [...]}: the answer of GET /patterns. */
json_t *describe_patterns(const struct spec_context *context);

/* One pattern. `whole` adds its file and its source. */
json_t *describe_pattern(const struct pattern *pattern, bool whole);
