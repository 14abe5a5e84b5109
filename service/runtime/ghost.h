/* Resources that are not there, for runs on virtual time that nobody watches from outside: they are counted
 * like real ones (runtime/real.h), and cost the process nothing but a little memory. */
#pragma once

#include "runtime/resource.h"

/* A source without a state of its own; what it opens does not outlive its runtime. */
struct resource_source ghost_source(void);

/* As many of each supply as a daemon allows by default where the machine sets no limit. */
extern const uint64_t ghost_supplies[SUPPLIES];
