/* Resources that are not real: a source that only counts, for tests of what the runtime does with them, and
 * of what it does when there are no more. */
#pragma once

#include <stdbool.h>

#include "runtime/resource.h"

struct fake_source {
    struct resource_source source;
    uint64_t open[RESOURCE_KINDS];
    uint64_t opened;  /* all that there have been */
    uint64_t fail_at; /* the opening, counted from 1, that fails; 0: none */
    enum err fail_with;
    bool late;        /* what is shut goes only with fake_source_let_go() */
    struct link shut; /* that have not gone */
};

void fake_source_init(struct fake_source *fake);

/* Lets everything that was shut be gone. */
void fake_source_let_go(struct fake_source *fake);
