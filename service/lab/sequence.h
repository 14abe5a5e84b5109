/* A list of scenarios in one POST /scenario: all of them are added, or none. */
#pragma once

#include "lab/core.h"

/* Answers a request whose body is a list: 201 with all scenarios, or a problem whose pointers begin with the
 * place in the list ("/2/mode"). They begin in the next turn, each after its own `at`; one that a limit does
 * not let begin then ends as capped. */
void sequence_post(struct core *core, struct lab_request *request, const struct spec_context *context);
