/* What is going to happen in a simulation, in order of time; what happens at the same time does so in the
 * order in which it was put in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct moment {
    uint64_t at_ns;
    uint64_t serial; /* the agenda's */
    uint32_t what;   /* the user's, as what follows */
    uint32_t instance;
    uint32_t event;
};

struct agenda {
    struct moment *moments; /* a binary heap */
    size_t count, room;
    uint64_t serial;
};

/* ERR_MEMORY. An agenda that is all zero is empty. */
enum err agenda_put(struct agenda *agenda, struct moment moment);

/* Takes the first one out, if it is not after `until_ns`. */
bool agenda_take(struct agenda *agenda, uint64_t until_ns, struct moment *moment);

/* Empties it. */
void agenda_deinit(struct agenda *agenda);
