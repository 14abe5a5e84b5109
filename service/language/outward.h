/* What a task sees outward: the environment that a thing_ref of some kind of task means. */
#pragma once

#include "runtime/program.h"

struct outward {
    uint16_t spawners[LIMIT_TASK_KINDS]; /* of each kind, the one nearest to main; main's own is main */
};

/* Follows who spawns whom, from main. The program must be sound (program_verify). */
void outward_init(struct outward *outward, const struct program *program);

/* The layout in which the thing lies, for tasks of this kind; NO_LAYOUT for the start's scope, which is no
 * thing, and for a kind that nobody spawns. Along one way of many: program_verify saw that all of them have
 * the same kind of thing there, and the language that they have the same thing, unless it varies. */
uint16_t outward_layout(const struct outward *outward, const struct program *program, uint16_t kind,
                        struct thing_ref ref);

/* The index of the layout's thing at this offset, where program_verify saw that there is one. */
uint16_t outward_thing(const struct program *program, uint16_t layout, uint16_t offset);
