/* A scenario as JSON, as it is at this moment. */
#pragma once

#include <jansson.h>

#include "lab/scenario.h"

/* The scenario object of GET /scenario/{name}. The caller owns it; NULL: no memory. */
json_t *view_scenario(const struct scenario *scenario);
