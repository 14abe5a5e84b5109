#include "language/outward.h"

#include "base/macros.h"

#define NOT_SPAWNED UINT16_MAX

void outward_init(struct outward *outward, const struct program *program)
{
    uint64_t spawns[LIMIT_TASK_KINDS] = {0}; /* by kind: whom it spawns */
    uint16_t queue[LIMIT_TASK_KINDS] = {
        0}; /* kinds in the order in which they are found; main is the first */
    unsigned queued = 1;
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        if (op->code == OP_SPAWN)
            spawns[program->steps[op->step].kind] |= 1ull << op->kind;
    }
    for (uint16_t i = 0; i < LIMIT_TASK_KINDS; i++)
        outward->spawners[i] = i == 0 ? 0 : NOT_SPAWNED;
    for (unsigned at = 0; at < queued; at++) {
        for (uint16_t kind = 0; kind < program->kind_count; kind++) {
            if ((spawns[queue[at]] >> kind & 1) == 0 || outward->spawners[kind] != NOT_SPAWNED)
                continue;
            outward->spawners[kind] = queue[at];
            queue[queued++] = kind;
        }
    }
}

uint16_t outward_layout(const struct outward *outward, const struct program *program, uint16_t kind,
                        struct thing_ref ref)
{
    if (ref.hops == HOPS_START_SCOPE)
        return NO_LAYOUT;
    if (ref.hops == HOPS_SHARE)
        return 0;
    for (unsigned hops = ref.hops; kind != NOT_SPAWNED; kind = outward->spawners[kind]) {
        uint16_t own = program->kinds[kind].layout;
        if (own != NO_LAYOUT && hops == 0)
            return own;
        if (own != NO_LAYOUT)
            hops--;
        if (kind == 0)
            return hops == 0 ? 0 : NO_LAYOUT;
    }
    return NO_LAYOUT;
}

uint16_t outward_thing(const struct program *program, uint16_t layout, uint16_t offset)
{
    const struct layout *in = &program->layouts[layout];
    uint16_t i = 0;
    while (i < in->count && in->things[i].offset != offset)
        i++;
    CHECK(i < in->count);
    return i;
}
