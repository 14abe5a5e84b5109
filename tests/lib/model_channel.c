/* Channels: who meets whom. */
#include "model_walk.h"

static struct search receivers_of(uint16_t channel, bool closes)
{
    return (struct search){channel, OP_RECV, OP_RANGE, CASE_RECV, closes};
}

static struct search senders_of(uint16_t channel)
{
    return (struct search){channel, OP_SEND, OP_CODES, CASE_SEND, false};
}

static int64_t capacity(const struct walk *walk, uint16_t channel)
{
    return walk->model->values[walk_spec_of(walk, channel)->value];
}

/* Each of those who wait may be the one; false when nobody waits. */
static bool meet(struct walk *walk, unsigned who, const struct search *search, uint16_t target)
{
    uint16_t other_target = 0;
    bool met = false;
    for (int other = -1; (other = walk_find(walk, search, (unsigned)(other + 1), &other_target)) >= 0;
         met = true) {
        if (walk_same_as_before(walk->from, (unsigned)other))
            continue;
        walk_from(walk);
        walk_go(walk, (unsigned)other, other_target);
        walk_go(walk, who, target);
        walk_emit(walk);
    }
    return met;
}

/* False: it blocks. */
bool walk_send(struct walk *walk, unsigned who, uint16_t channel, uint16_t target)
{
    struct search search = receivers_of(channel, false);
    if (walk_spec_of(walk, channel)->nil)
        return false;
    if ((walk_content(walk, channel) & MODEL_FLAG) != 0) {
        walk_panic(walk, who);
        return true;
    }
    if (meet(walk, who, &search, target))
        return true;
    if (walk_content(walk, channel) / MODEL_ONE >= capacity(walk, channel))
        return false;
    walk_from(walk);
    walk_count_up(walk, channel, 1);
    walk_go(walk, who, target);
    walk_emit(walk);
    return true;
}

bool walk_receive(struct walk *walk, unsigned who, uint16_t channel, uint16_t message, uint16_t closed)
{
    struct search search = senders_of(channel);
    if (walk_spec_of(walk, channel)->nil)
        return false;
    if (meet(walk, who, &search, message))
        return true;
    bool full = walk_content(walk, channel) / MODEL_ONE > 0;
    if (!full && (walk_content(walk, channel) & MODEL_FLAG) == 0)
        return false;
    walk_from(walk);
    if (full)
        walk_count_up(walk, channel, -1);
    walk_go(walk, who, full ? message : closed);
    walk_emit(walk);
    return true;
}

void walk_close(struct walk *walk, unsigned who, uint16_t channel)
{
    if (walk_spec_of(walk, channel)->nil || (walk_content(walk, channel) & MODEL_FLAG) != 0) {
        walk_panic(walk, who);
        return;
    }
    walk_from(walk);
    *model_thing(&walk->next, channel) |= MODEL_FLAG;
    struct search searches[] = {receivers_of(channel, true), senders_of(channel)};
    for (unsigned side = 0; side < 2; side++) {
        uint16_t target = 0;
        for (int other = -1;
             (other = walk_find(walk, &searches[side], (unsigned)(other + 1), &target)) >= 0;) {
            if (walk->next.tasks[other].stage != MODEL_BLOCKED)
                continue;
            walk_go(walk, (unsigned)other, target);
            if (side == 1)
                walk_stand(walk, (unsigned)other, walk->from->tasks[other].pc, MODEL_DOOMED);
        }
    }
    walk_go(walk, who, (uint16_t)(walk->from->tasks[who].pc + 1));
    walk_emit(walk);
}
