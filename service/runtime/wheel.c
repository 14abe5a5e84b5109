#include "runtime/wheel.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define SLOT_BITS  6
#define HORIZON    (1ull << (SLOT_BITS * WHEEL_LEVELS))
#define SLOT_AHEAD 32 /* places in a slot to fetch before they are written to */
#define NO_SLOT    (WHEEL_LEVELS * WHEEL_SLOTS)
#define KEPT_ROOM  1024 /* timers that an empty slot keeps room for */

void wheel_init(struct wheel *wheel, uint64_t now_ms)
{
    *wheel = (struct wheel){.now_ms = now_ms};
}

void wheel_deinit(struct wheel *wheel)
{
    for (size_t i = 0; i < COUNT_OF(wheel->slots); i++)
        free(wheel->slots[i].timers);
    free(wheel->due.timers);
    free(wheel->spare.timers);
    wheel_init(wheel, 0);
}

/* The slot that a deadline belongs to, seen from `now_ms`: on level l those less than 64^(l+1) ms away, told
 * apart by digit l of the deadline. When the wheel reaches the slot, what is in it is less than 64^l away and
 * comes down. */
static uint16_t slot_of(uint64_t now_ms, uint64_t due_ms)
{
    uint64_t delta = due_ms - now_ms;
    unsigned level = 0;
    while (level < WHEEL_LEVELS - 1 && delta >= 1ull << (SLOT_BITS * (level + 1)))
        level++;
    return (uint16_t)(level * WHEEL_SLOTS + ((due_ms >> (SLOT_BITS * level)) & (WHEEL_SLOTS - 1)));
}

static enum err slot_grow(struct wheel *wheel, struct wheel_slot *slot)
{
    uint32_t capacity = slot->capacity == 0 ? 16 : slot->capacity * 2;
    struct timer **timers;
    if (capacity > KEPT_ROOM && wheel->spare.capacity >= capacity) {
        timers = wheel->spare.timers;
        capacity = wheel->spare.capacity;
        wheel->spare = (struct wheel_slot){0};
        memcpy(timers, slot->timers, slot->count * sizeof *timers);
        free(slot->timers);
    } else {
        timers = realloc(slot->timers, capacity * sizeof *timers);
        if (timers == NULL)
            return ERR_MEMORY;
    }
    slot->timers = timers;
    slot->capacity = capacity;
    return ERR_OK;
}

static enum err slot_append(struct wheel *wheel, struct wheel_slot *slot, struct timer *timer)
{
    if (slot->count == slot->capacity && slot_grow(wheel, slot) != ERR_OK)
        return ERR_MEMORY;
    __builtin_prefetch(slot->timers + slot->count + SLOT_AHEAD, 1);
    timer->position = slot->count;
    slot->timers[slot->count++] = timer;
    return ERR_OK;
}

static enum err place(struct wheel *wheel, struct timer *timer)
{
    uint16_t index = slot_of(wheel->now_ms, timer->due_ms);
    enum err err = slot_append(wheel, &wheel->slots[index], timer);
    if (err != ERR_OK)
        return err;
    timer->slot = index;
    wheel->occupied[index / WHEEL_SLOTS] |= 1ull << (index % WHEEL_SLOTS);
    return ERR_OK;
}

enum err wheel_arm(struct wheel *wheel, struct timer *timer, uint64_t due_ms)
{
    CHECK(!timer_armed(timer));
    if (due_ms <= wheel->now_ms)
        due_ms = wheel->now_ms + 1;
    if (due_ms - wheel->now_ms >= HORIZON)
        due_ms = wheel->now_ms + HORIZON - 1;
    timer->due_ms = due_ms;
    enum err err = place(wheel, timer);
    if (err == ERR_OK)
        wheel->armed++;
    return err;
}

/* An empty slot that held a crowd does not keep its array: a crowd wanders from slot to slot, and would leave
 * one in each. The largest is kept for the next crowd, while there are timers enough for one. */
static void slot_retire(struct wheel *wheel, struct wheel_slot *slot)
{
    if (slot->capacity > KEPT_ROOM) {
        struct wheel_slot emptied = {.timers = slot->timers, .capacity = slot->capacity};
        *slot = (struct wheel_slot){0};
        if (emptied.capacity > wheel->spare.capacity) {
            free(wheel->spare.timers);
            wheel->spare = emptied;
        } else {
            free(emptied.timers);
        }
    }
    if (wheel->spare.capacity / 2 > wheel->armed) {
        free(wheel->spare.timers);
        wheel->spare = (struct wheel_slot){0};
    }
}

/* Timers in `due` keep the number of the slot that they were in, so that taking over a slot touches none of
 * them. */
static bool is_due(const struct wheel *wheel, const struct timer *timer)
{
    return timer->position >= wheel->cursor && timer->position < wheel->due.count &&
           wheel->due.timers[timer->position] == timer;
}

void wheel_disarm(struct wheel *wheel, struct timer *timer)
{
    if (!timer_armed(timer))
        return;
    wheel->armed--;
    if (is_due(wheel, timer)) {
        wheel->due.timers[timer->position] = NULL;
    } else {
        struct wheel_slot *slot = &wheel->slots[timer->slot];
        CHECK(slot->timers[timer->position] == timer);
        struct timer *last = slot->timers[--slot->count];
        slot->timers[timer->position] = last;
        last->position = timer->position;
        if (slot->count == 0) {
            wheel->occupied[timer->slot / WHEEL_SLOTS] &= ~(1ull << (timer->slot % WHEEL_SLOTS));
            slot_retire(wheel, slot);
        }
    }
    timer->slot = TIMER_IDLE;
}

/* Bits of `map` from slot `from` on, turned so that bit 0 is `from`. */
static uint64_t turned(uint64_t map, unsigned from)
{
    from &= WHEEL_SLOTS - 1;
    return from == 0 ? map : (map >> from) | (map << (WHEEL_SLOTS - from));
}

/* The first tick after now_ms at which a slot has to be worked off; TIMER_NEVER when all are empty. */
static uint64_t next_tick(const struct wheel *wheel)
{
    uint64_t next = TIMER_NEVER;
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        if (wheel->occupied[level] == 0)
            continue;
        uint64_t digit = wheel->now_ms >> (SLOT_BITS * level);
        uint64_t ahead = turned(wheel->occupied[level], (unsigned)(digit + 1) & (WHEEL_SLOTS - 1));
        uint64_t tick = (digit + 1 + (uint64_t)__builtin_ctzll(ahead)) << (SLOT_BITS * level);
        if (tick < next)
            next = tick;
    }
    return next;
}

/* A slot that has to be worked off at this very tick, upper levels first, since their timers come down, some
 * of them to this tick; NO_SLOT when there is none. */
static uint16_t slot_here(const struct wheel *wheel)
{
    for (unsigned level = WHEEL_LEVELS; level-- > 0;) {
        unsigned shift = SLOT_BITS * level;
        unsigned index = (unsigned)(wheel->now_ms >> shift) & (WHEEL_SLOTS - 1);
        bool begins = (wheel->now_ms & ((1ull << shift) - 1)) == 0;
        if (begins && (wheel->occupied[level] >> index & 1) != 0)
            return (uint16_t)(level * WHEEL_SLOTS + index);
    }
    return NO_SLOT;
}

uint64_t wheel_due_ms(const struct wheel *wheel)
{
    if (wheel->armed == 0)
        return TIMER_NEVER;
    if (wheel->cursor < wheel->due.count || slot_here(wheel) != NO_SLOT)
        return wheel->now_ms;
    return next_tick(wheel);
}

/* Makes slot `index` the one being worked off; the arrays change places. */
static void take_slot(struct wheel *wheel, uint16_t index)
{
    struct wheel_slot emptied = wheel->due;
    wheel->due = wheel->slots[index];
    wheel->cursor = 0;
    emptied.count = 0;
    slot_retire(wheel, &emptied);
    wheel->slots[index] = emptied;
    wheel->occupied[index / WHEEL_SLOTS] &= ~(1ull << (index % WHEEL_SLOTS));
}

/* Moves on to the next tick up to `now_ms` with a slot to work off; false when there is none. */
static bool advance(struct wheel *wheel, uint64_t now_ms)
{
    for (;;) {
        uint16_t here = slot_here(wheel);
        if (here != NO_SLOT) {
            take_slot(wheel, here);
            return true;
        }
        uint64_t next = next_tick(wheel);
        if (next > now_ms)
            break;
        wheel->now_ms = next;
    }
    if (now_ms > wheel->now_ms)
        wheel->now_ms = now_ms;
    wheel->due.count = wheel->cursor = 0;
    slot_retire(wheel, &wheel->due);
    return false;
}

struct timer *wheel_next(struct wheel *wheel, uint64_t now_ms, uint32_t *steps)
{
    for (;;) {
        while (wheel->cursor < wheel->due.count) {
            if (*steps == 0)
                return NULL;
            --*steps;
            struct timer *timer = wheel->due.timers[wheel->cursor++];
            if (timer == NULL)
                continue;
            if (timer->due_ms > wheel->now_ms && place(wheel, timer) == ERR_OK)
                continue;
            timer->slot = TIMER_IDLE;
            wheel->armed--;
            return timer;
        }
        if (!advance(wheel, now_ms))
            return NULL;
    }
}
