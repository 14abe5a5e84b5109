/* A hierarchical timing wheel (Varghese and Lauck 1987): arming and disarming cost the same with ten timers
 * and with ten million. Six levels of 64 slots, one tick a millisecond, reach 2.1 years. A slot is an array
 * of pointers rather than a linked list: with a hundred thousand tickers in shuffled memory the next timers
 * can be prefetched. The array is in blocks, so that growing copies none of them, and a block whose timers
 * have come is where the next ones go.
 *
 * Timers are intrusive and owned by their users. Deadlines are whole milliseconds of the runtime's time;
 * timers of the same millisecond fire in no promised order. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define WHEEL_LEVELS 6
#define WHEEL_SLOTS  64
#define TIMER_IDLE   UINT16_MAX
#define TIMER_NEVER  UINT64_MAX

/* Who a timer belongs to; the wheel only carries it. */
enum timer_kind { TIMER_TASK, TIMER_TICKER, TIMER_SCOPE, TIMER_CALL };

struct timer {
    uint64_t due_ms;
    uint32_t position; /* in its slot, see wheel_place() */
    uint16_t slot;     /* level * WHEEL_SLOTS + index, or TIMER_IDLE */
    uint16_t kind;     /* enum timer_kind */
};

#define WHEEL_BLOCK 1024 /* timers */

struct wheel_slot {
    struct timer ***blocks; /* of WHEEL_BLOCK, but for an only one, which may be smaller */
    uint32_t count;
    uint32_t room; /* in all blocks */
};

struct wheel {
    uint64_t
        now_ms; /* every tick before it has been worked off; the tick itself too, unless `due` has a rest */
    uint64_t armed;                  /* timers */
    uint64_t occupied[WHEEL_LEVELS]; /* bit s: slot s of the level is not empty */
    struct wheel_slot slots[WHEEL_LEVELS * WHEEL_SLOTS];
    struct wheel_slot due; /* the slot being worked off, from `cursor` on */
    uint32_t cursor;
    struct timer **spare; /* blocks without a slot, each of which begins with the next one */
    uint32_t spares;
};

void wheel_init(struct wheel *wheel, uint64_t now_ms);
void wheel_deinit(struct wheel *wheel);

static inline void timer_init(struct timer *timer, enum timer_kind kind)
{
    *timer = (struct timer){.slot = TIMER_IDLE, .kind = (uint16_t)kind};
}

static inline bool timer_armed(const struct timer *timer)
{
    return timer->slot != TIMER_IDLE;
}

/* Arms an idle timer for `due_ms`, or for the next tick if that has passed. ERR_MEMORY: it stays idle. */
enum err wheel_arm(struct wheel *wheel, struct timer *timer, uint64_t due_ms);

/* Harmless on an idle timer. */
void wheel_disarm(struct wheel *wheel, struct timer *timer);

/* Takes out the next timer that is due at `now_ms` or before, in order of milliseconds, and returns it idle;
 * NULL when there is none, and then the wheel has caught up with `now_ms`. At most `*steps` timers are looked
 * at (moving one nearer counts too), and what was used is taken off; NULL with *steps = 0 means "call again".
 * When memory is out, a timer may come early rather than be lost. */
struct timer *wheel_next(struct wheel *wheel, uint64_t now_ms, uint32_t *steps);

/* A moment not after the earliest armed timer's, TIMER_NEVER when none is armed: sleep until then, and ask
 * again. */
uint64_t wheel_due_ms(const struct wheel *wheel);

/* Where a slot keeps its timer number `position`. */
static inline struct timer **wheel_place(const struct wheel_slot *slot, uint32_t position)
{
    return &slot->blocks[position / WHEEL_BLOCK][position % WHEEL_BLOCK];
}

/* Has what wheel_peek() will look at fetched into the cache. */
__attribute__((always_inline)) static inline void wheel_fetch(const struct wheel *wheel, uint32_t ahead)
{
    if (wheel->due.count - wheel->cursor > ahead)
        __builtin_prefetch(wheel_place(&wheel->due, wheel->cursor + ahead));
}

/* The timer that comes after `ahead` others of its slot, so that it can be fetched into the cache; NULL: not
 * known. */
static inline struct timer *wheel_peek(const struct wheel *wheel, uint32_t ahead)
{
    return wheel->due.count - wheel->cursor > ahead ? *wheel_place(&wheel->due, wheel->cursor + ahead) : NULL;
}
