/* Locks along the paths of a program: which may be held where. Finds a lock that its own task holds already,
 * one that is held on a path to the end of its task, and orders of locks that cross. A lock that somebody
 * unlocks who cannot have taken it is handed from task to task, and left alone. */
#pragma once

#include "judge/findings.h"
#include "judge/flow.h"

/* Adds to `findings`. A lock that its own task certainly holds closes the way in flow->closed, and then the
 * flow is run again. ERR_MEMORY. */
enum err locks_look(struct flow *flow, struct findings *findings);
