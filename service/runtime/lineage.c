#include "runtime/lineage.h"

#include <stdlib.h>

#include "base/err.h"

#define FIRST_ROOM 16

void lineages_init(struct lineages *lineages)
{
    *lineages = (struct lineages){0};
}

void lineages_deinit(struct lineages *lineages)
{
    free(lineages->items);
    lineages_init(lineages);
}

/* Room for one more, main's included when it is the first. */
static enum err make_room(struct lineages *lineages)
{
    if (lineages->count < lineages->room)
        return ERR_OK;
    size_t room = lineages->room == 0 ? FIRST_ROOM : (size_t)lineages->room * 2;
    if (room > LIMIT_LINEAGES)
        return ERR_LIMIT;
    struct lineage *items = realloc(lineages->items, room * sizeof *items);
    if (items == NULL)
        return ERR_MEMORY;
    lineages->items = items;
    lineages->room = (uint16_t)room;
    if (lineages->count == 0)
        lineages->items[lineages->count++] = (struct lineage){0};
    return ERR_OK;
}

/* The one with this step among a lineage and its ancestors; LINEAGE_LOST: none. */
static uint16_t find_upwards(const struct lineages *lineages, uint16_t lineage, uint16_t step)
{
    for (; lineage != LINEAGE_MAIN; lineage = lineages->items[lineage].parent)
        if (lineages->items[lineage].step == step)
            return lineage;
    return LINEAGE_LOST;
}

uint16_t lineages_spawn(struct lineages *lineages, uint16_t parent, uint16_t step)
{
    if (parent == LINEAGE_LOST)
        return LINEAGE_LOST;
    uint16_t next = lineages->count == 0 ? 0 : lineages->items[parent].child;
    for (; next != 0; next = lineages->items[next].sibling)
        if (lineages->items[next].step == step)
            return next;
    uint16_t again = find_upwards(lineages, parent, step);
    if (again != LINEAGE_LOST)
        return again;
    if (make_room(lineages) != ERR_OK)
        return LINEAGE_LOST;
    uint16_t made = lineages->count++;
    struct lineage *spawner = &lineages->items[parent];
    lineages->items[made] = (struct lineage){.step = step, .parent = parent, .sibling = spawner->child};
    spawner->child = made;
    return made;
}

unsigned lineages_steps(const struct lineages *lineages, uint16_t lineage, uint16_t *steps, unsigned room)
{
    unsigned count = 0;
    if (lineage == LINEAGE_LOST)
        return 0;
    for (; lineage != LINEAGE_MAIN; lineage = lineages->items[lineage].parent) {
        if (count < room)
            steps[count] = lineages->items[lineage].step;
        count++;
    }
    return count;
}
