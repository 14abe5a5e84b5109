#include "simulation/agenda.h"

#include <stdlib.h>

#define FIRST_ROOM 16

static bool before(const struct moment *one, const struct moment *other)
{
    return one->at_ns != other->at_ns ? one->at_ns < other->at_ns : one->serial < other->serial;
}

static void swap(struct moment *one, struct moment *other)
{
    struct moment kept = *one;
    *one = *other;
    *other = kept;
}

enum err agenda_put(struct agenda *agenda, struct moment moment)
{
    if (agenda->count == agenda->room) {
        size_t room = agenda->room == 0 ? FIRST_ROOM : agenda->room * 2;
        struct moment *moments = realloc(agenda->moments, room * sizeof *moments);
        if (moments == NULL)
            return ERR_MEMORY;
        agenda->moments = moments;
        agenda->room = room;
    }
    size_t at = agenda->count++;
    moment.serial = agenda->serial++;
    agenda->moments[at] = moment;
    for (; at > 0 && before(&agenda->moments[at], &agenda->moments[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&agenda->moments[at], &agenda->moments[(at - 1) / 2]);
    return ERR_OK;
}

static void sink(struct agenda *agenda)
{
    struct moment *moments = agenda->moments;
    for (size_t at = 0, child; (child = 2 * at + 1) < agenda->count; at = child) {
        if (child + 1 < agenda->count && before(&moments[child + 1], &moments[child]))
            child++;
        if (!before(&moments[child], &moments[at]))
            return;
        swap(&moments[child], &moments[at]);
    }
}

bool agenda_take(struct agenda *agenda, uint64_t until_ns, struct moment *moment)
{
    if (agenda->count == 0 || agenda->moments[0].at_ns > until_ns)
        return false;
    *moment = agenda->moments[0];
    agenda->moments[0] = agenda->moments[--agenda->count];
    sink(agenda);
    return true;
}

void agenda_deinit(struct agenda *agenda)
{
    free(agenda->moments);
    *agenda = (struct agenda){0};
}
