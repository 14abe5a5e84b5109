/* Who spawned whom, all the way up to main. A lineage is a chain of spawn steps; all tasks of a program that
 * came about in the same way share one, so that a task pays two bytes for its ancestry, as a goroutine pays
 * for `created by` in a dump. Each is made when a task is first spawned along it. Where a step would come a
 * second time (a task that spawns its own kind), the lineage is that of the first time: a chain is never
 * longer than the program has steps. Lab thread only. */
#pragma once

#include <stdint.h>

#include "base/limits.h"

#define LINEAGE_MAIN 0          /* nobody spawned it */
#define LINEAGE_LOST UINT16_MAX /* there was no room for it (LIMIT_LINEAGES), or no memory */

struct lineage {
    uint16_t step;    /* index into the program's steps */
    uint16_t parent;  /* the spawner's lineage */
    uint16_t child;   /* the first of those whose parent this is; 0: none */
    uint16_t sibling; /* the next one with the same parent; 0: none */
};

struct lineages {
    struct lineage *items; /* items[0] is main's */
    uint16_t count;
    uint16_t room;
};

/* Nothing is allocated. */
void lineages_init(struct lineages *lineages);

void lineages_deinit(struct lineages *lineages);

/* The lineage of a task that a task of lineage `parent` spawns at `step`. */
uint16_t lineages_spawn(struct lineages *lineages, uint16_t parent, uint16_t step);

/* The steps of a lineage, the nearest first: `steps` gets as many as fit in `room`. Returns how many there
 * are; 0 for main, and where it is lost. */
unsigned lineages_steps(const struct lineages *lineages, uint16_t lineage, uint16_t *steps, unsigned room);
