#include "runtime/wheel.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define SLOT_BITS  6
#define HORIZON    (1ull << (SLOT_BITS * WHEEL_LEVELS))
#define SLOT_AHEAD 32 /* places in a slot to fetch before they are written to */
#define NO_SLOT    (WHEEL_LEVELS * WHEEL_SLOTS)
#define FIRST_ROOM 16 /* timers in a slot that was empty */
#define TABLE_ROOM 2  /* blocks of a slot, at least */
#define TRIM_SLICE 4  /* blocks to be freed at a time */

void wheel_init(struct wheel *wheel, uint64_t now_ms)
{
    *wheel = (struct wheel){.now_ms = now_ms};
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

/* The only block of a slot doubles until it is whole. */
static enum err slot_grow_first(struct wheel_slot *slot)
{
    uint32_t room = slot->room == 0 ? FIRST_ROOM : slot->room * 2;
    if (slot->blocks == NULL)
        slot->blocks = calloc(TABLE_ROOM, sizeof *slot->blocks);
    struct timer **block = slot->blocks == NULL ? NULL : realloc(slot->blocks[0], room * sizeof *block);
    if (block == NULL)
        return ERR_MEMORY;
    slot->blocks[0] = block;
    slot->room = room;
    return ERR_OK;
}

static struct timer **block_take(struct wheel *wheel)
{
    struct timer **block = wheel->spare;
    if (block == NULL)
        return malloc(WHEEL_BLOCK * sizeof *block);
    wheel->spare = *(struct timer ***)(void *)block;
    wheel->spares--;
    return block;
}

/* The table has room for a power of two of blocks. */
static enum err slot_grow(struct wheel *wheel, struct wheel_slot *slot)
{
    if (slot->room < WHEEL_BLOCK)
        return slot_grow_first(slot);
    uint32_t count = slot->room / WHEEL_BLOCK;
    if (count >= TABLE_ROOM && (count & (count - 1)) == 0) {
        struct timer ***blocks = realloc(slot->blocks, 2 * (size_t)count * sizeof *blocks);
        if (blocks == NULL)
            return ERR_MEMORY;
        slot->blocks = blocks;
    }
    struct timer **block = block_take(wheel);
    if (block == NULL)
        return ERR_MEMORY;
    slot->blocks[count] = block;
    slot->room += WHEEL_BLOCK;
    return ERR_OK;
}

static void slot_deinit(struct wheel_slot *slot)
{
    for (uint32_t i = 0; i * WHEEL_BLOCK < slot->room; i++)
        free(slot->blocks[i]);
    free(slot->blocks);
}

void wheel_deinit(struct wheel *wheel)
{
    for (size_t i = 0; i < COUNT_OF(wheel->slots); i++)
        slot_deinit(&wheel->slots[i]);
    slot_deinit(&wheel->due);
    while (wheel->spare != NULL)
        free(block_take(wheel));
    wheel_init(wheel, 0);
}

/* A crowd wanders from slot to slot: some of its blocks are kept for where it goes, but not many more than it
 * needs. As it dwindles, so do they. */
static void trim(struct wheel *wheel)
{
    for (int i = 0; i < TRIM_SLICE && wheel->spares > 1 + wheel->armed / (4 * WHEEL_BLOCK); i++)
        free(block_take(wheel));
}

static void block_give(struct wheel *wheel, struct timer **block)
{
    *(struct timer ***)(void *)block = wheel->spare;
    wheel->spare = block;
    wheel->spares++;
    trim(wheel);
}

/* Gives away the last block of a slot that has more than one; `room` is left in others. */
static void slot_shrink(struct wheel *wheel, struct wheel_slot *slot, uint32_t room)
{
    block_give(wheel, slot->blocks[slot->room / WHEEL_BLOCK - 1]);
    slot->room = room;
    if (room > WHEEL_BLOCK)
        return;
    struct timer ***blocks = realloc(slot->blocks, TABLE_ROOM * sizeof *blocks);
    if (blocks != NULL)
        slot->blocks = blocks;
}

static enum err slot_append(struct wheel *wheel, struct wheel_slot *slot, struct timer *timer)
{
    if (slot->count == slot->room && slot_grow(wheel, slot) != ERR_OK)
        return ERR_MEMORY;
    struct timer **place = wheel_place(slot, slot->count);
    __builtin_prefetch(place + SLOT_AHEAD, 1);
    timer->position = slot->count++;
    *place = timer;
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

/* Timers in `due` keep the number of the slot that they were in, so that taking over a slot touches none of
 * them. */
static bool is_due(const struct wheel *wheel, const struct timer *timer)
{
    return timer->position >= wheel->cursor && timer->position < wheel->due.count &&
           *wheel_place(&wheel->due, timer->position) == timer;
}

/* The last block of a slot has become empty. The first one stays. */
static void slot_emptied(struct wheel *wheel, uint16_t index)
{
    struct wheel_slot *slot = &wheel->slots[index];
    if (slot->room > WHEEL_BLOCK)
        slot_shrink(wheel, slot, slot->room - WHEEL_BLOCK);
    if (slot->count > 0)
        return;
    wheel->occupied[index / WHEEL_SLOTS] &= ~(1ull << (index % WHEEL_SLOTS));
    trim(wheel);
}

void wheel_disarm(struct wheel *wheel, struct timer *timer)
{
    if (!timer_armed(timer))
        return;
    wheel->armed--;
    if (is_due(wheel, timer)) {
        *wheel_place(&wheel->due, timer->position) = NULL;
    } else {
        struct wheel_slot *slot = &wheel->slots[timer->slot];
        CHECK(*wheel_place(slot, timer->position) == timer);
        struct timer *last = *wheel_place(slot, --slot->count);
        *wheel_place(slot, timer->position) = last;
        last->position = timer->position;
        if (slot->count % WHEEL_BLOCK == 0)
            slot_emptied(wheel, timer->slot);
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

/* The slot that was worked off is empty but for its first block. Those in between went before. */
static void leave_due(struct wheel *wheel)
{
    struct wheel_slot *due = &wheel->due;
    if (due->room > WHEEL_BLOCK)
        slot_shrink(wheel, due, WHEEL_BLOCK);
    due->count = wheel->cursor = 0;
    trim(wheel);
}

/* Makes slot `index` the one being worked off; the arrays change places. */
static void take_slot(struct wheel *wheel, uint16_t index)
{
    leave_due(wheel);
    struct wheel_slot emptied = wheel->due;
    wheel->due = wheel->slots[index];
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
    leave_due(wheel);
    return false;
}

/* The block that ends before the cursor is not needed any more, unless it is the first or the last of its
 * slot. */
static void leave_block(struct wheel *wheel)
{
    struct wheel_slot *due = &wheel->due;
    uint32_t index = wheel->cursor / WHEEL_BLOCK - 1;
    if (index == 0 || wheel->cursor == due->room)
        return;
    block_give(wheel, due->blocks[index]);
    due->blocks[index] = NULL;
}

struct timer *wheel_next(struct wheel *wheel, uint64_t now_ms, uint32_t *steps)
{
    for (;;) {
        while (wheel->cursor < wheel->due.count) {
            if (*steps == 0)
                return NULL;
            --*steps;
            struct timer *timer = *wheel_place(&wheel->due, wheel->cursor++);
            if (wheel->cursor % WHEEL_BLOCK == 0)
                leave_block(wheel);
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
