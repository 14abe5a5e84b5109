/* runtime/wheel.h: every timer comes at its millisecond, once, whatever lies between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/macros.h"
#include "base/rng.h"
#include "fault.h"
#include "runtime/wheel.h"

#define DAY_MS   (24ull * 3600 * 1000)
#define NO_STEPS UINT32_MAX

static struct timer *next(struct wheel *wheel, uint64_t now_ms)
{
    uint32_t steps = NO_STEPS;
    return wheel_next(wheel, now_ms, &steps);
}

/* Follows the wheel's own word on when to ask again, until the timer comes; returns when that was. */
static uint64_t sleep_until(struct wheel *wheel, const struct timer *timer, uint64_t due_ms)
{
    for (;;) {
        uint64_t ask_ms = wheel_due_ms(wheel);
        assert_true(ask_ms <= due_ms);
        struct timer *came = next(wheel, ask_ms);
        if (came != NULL) {
            assert_ptr_equal(came, timer);
            return ask_ms;
        }
        assert_true(wheel_due_ms(wheel) > ask_ms);
    }
}

static void a_timer_comes_at_its_millisecond_across_every_boundary_of_a_level(void **state)
{
    (void)state;
    static const uint64_t begins[] = {0, 1, 62, 63, 64, 65, 4095, 4096, 4097, 262143, 262144, 1000000007};
    for (size_t b = 0; b < COUNT_OF(begins); b++) {
        for (uint64_t power = 1; power <= 1ull << 30; power *= 64) {
            for (uint64_t around = 0; around < 5; around++) {
                uint64_t delta = power + around - 2;
                if (delta == 0 || delta > 1ull << 31)
                    continue;
                struct wheel wheel;
                struct timer timer;
                wheel_init(&wheel, begins[b]);
                timer_init(&timer, TIMER_CALL);
                assert_int_equal(wheel_arm(&wheel, &timer, begins[b] + delta), ERR_OK);
                assert_null(next(&wheel, begins[b] + delta - 1));
                assert_ptr_equal(next(&wheel, begins[b] + delta), &timer);
                assert_false(timer_armed(&timer));
                assert_int_equal(wheel_arm(&wheel, &timer, begins[b] + 2 * delta), ERR_OK);
                assert_int_equal(sleep_until(&wheel, &timer, begins[b] + 2 * delta), begins[b] + 2 * delta);
                assert_int_equal(wheel.armed, 0);
                wheel_deinit(&wheel);
            }
        }
    }
}

static void a_sleep_of_thirty_days_wakes_up_a_few_times_only(void **state)
{
    (void)state;
    struct wheel wheel;
    struct timer timer;
    wheel_init(&wheel, 12345);
    timer_init(&timer, TIMER_CALL);
    assert_int_equal(wheel_arm(&wheel, &timer, 12345 + 30 * DAY_MS), ERR_OK);
    int asked = 0;
    while (timer_armed(&timer)) {
        uint64_t ask_ms = wheel_due_ms(&wheel);
        if (next(&wheel, ask_ms) != NULL)
            assert_int_equal(ask_ms, 12345 + 30 * DAY_MS);
        asked++;
    }
    assert_true(asked <= WHEEL_LEVELS);
    wheel_deinit(&wheel);
}

static void a_deadline_that_has_passed_is_the_next_tick(void **state)
{
    (void)state;
    struct wheel wheel;
    struct timer timer;
    wheel_init(&wheel, 100);
    timer_init(&timer, TIMER_CALL);
    assert_int_equal(wheel_arm(&wheel, &timer, 7), ERR_OK);
    assert_int_equal(wheel_due_ms(&wheel), 101);
    assert_null(next(&wheel, 100));
    assert_ptr_equal(next(&wheel, 101), &timer);
    wheel_deinit(&wheel);
}

static void a_deadline_beyond_the_horizon_is_cut_to_it(void **state)
{
    (void)state;
    for (uint64_t begin_ms = 0; begin_ms < 200; begin_ms += 100) {
        struct wheel wheel;
        struct timer timer;
        wheel_init(&wheel, begin_ms);
        timer_init(&timer, TIMER_CALL);
        assert_int_equal(wheel_arm(&wheel, &timer, UINT64_MAX), ERR_OK);
        assert_null(next(&wheel, 700 * DAY_MS));
        assert_ptr_equal(next(&wheel, 800 * DAY_MS), &timer);
        wheel_deinit(&wheel);
    }
}

static void a_jump_of_the_clock_brings_all_that_was_due_in_order(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    struct wheel wheel;
    struct timer timers[COUNT];
    struct rng rng = {3};
    wheel_init(&wheel, 0);
    for (int i = 0; i < COUNT; i++) {
        timer_init(&timers[i], TIMER_CALL);
        assert_int_equal(wheel_arm(&wheel, &timers[i], 1 + rng_below(&rng, 3 * 3600 * 1000)), ERR_OK);
    }
    uint64_t last_ms = 0;
    for (int i = 0; i < COUNT; i++) {
        struct timer *timer = next(&wheel, 5 * 3600 * 1000);
        assert_non_null(timer);
        assert_true(timer->due_ms >= last_ms);
        last_ms = timer->due_ms;
    }
    assert_null(next(&wheel, 5 * 3600 * 1000));
    assert_int_equal(wheel_due_ms(&wheel), TIMER_NEVER);
    wheel_deinit(&wheel);
}

static void a_timer_of_the_slot_at_hand_may_still_be_disarmed(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    struct wheel wheel;
    struct timer timers[COUNT];
    bool fired[COUNT] = {false};
    wheel_init(&wheel, 0);
    for (int i = 0; i < COUNT; i++) {
        timer_init(&timers[i], TIMER_CALL);
        assert_int_equal(wheel_arm(&wheel, &timers[i], 10), ERR_OK);
    }
    for (struct timer *timer; (timer = next(&wheel, 10)) != NULL;) {
        size_t index = (size_t)(timer - timers);
        fired[index] = true;
        size_t other = index ^ 1;
        if (!fired[other])
            wheel_disarm(&wheel, &timers[other]);
        assert_false(timer_armed(&timers[other]));
    }
    for (int i = 0; i < COUNT; i += 2)
        assert_true(fired[i] != fired[i + 1]);
    assert_int_equal(wheel.armed, 0);
    wheel_deinit(&wheel);
}

static void no_timer_is_no_moment_even_within_a_slot(void **state)
{
    (void)state;
    struct wheel wheel;
    struct timer timers[3];
    wheel_init(&wheel, 0);
    for (int i = 0; i < 3; i++) {
        timer_init(&timers[i], TIMER_CALL);
        assert_int_equal(wheel_arm(&wheel, &timers[i], 10), ERR_OK);
    }
    assert_non_null(next(&wheel, 10));
    assert_int_equal(wheel_due_ms(&wheel), 10);
    for (int i = 0; i < 3; i++)
        wheel_disarm(&wheel, &timers[i]);
    assert_int_equal(wheel_due_ms(&wheel), TIMER_NEVER);
    assert_null(next(&wheel, 10));
    wheel_deinit(&wheel);
}

static void a_timer_that_fires_may_be_armed_again_at_once(void **state)
{
    (void)state;
    struct wheel wheel;
    struct timer timers[3];
    int counts[3] = {0};
    wheel_init(&wheel, 0);
    for (int i = 0; i < 3; i++) {
        timer_init(&timers[i], TIMER_TICKER);
        assert_int_equal(wheel_arm(&wheel, &timers[i], 10), ERR_OK);
    }
    for (struct timer *timer; (timer = next(&wheel, 1000)) != NULL; counts[timer - timers]++)
        assert_int_equal(wheel_arm(&wheel, timer, timer->due_ms + 10), ERR_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(counts[i], 100);
    assert_int_equal(wheel.armed, 3);
    wheel_deinit(&wheel);
}

static void work_is_done_in_slices_of_steps(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    struct wheel wheel;
    struct timer timers[COUNT];
    wheel_init(&wheel, 0);
    for (int i = 0; i < COUNT; i++) {
        timer_init(&timers[i], TIMER_CALL);
        assert_int_equal(wheel_arm(&wheel, &timers[i], 100), ERR_OK);
    }
    int fired = 0, slices = 0;
    while (wheel.armed > 0) {
        uint32_t steps = 8;
        int slice = 0;
        assert_true(wheel_due_ms(&wheel) <= 100);
        while (wheel_next(&wheel, 100, &steps) != NULL)
            slice++;
        assert_true(slice <= 8);
        fired += slice;
        slices++;
    }
    /* Each was looked at twice: once to come down a level. */
    assert_int_equal(fired, COUNT);
    assert_in_range(slices, COUNT / 8, 2 * COUNT / 8 + 2);
    wheel_deinit(&wheel);
}

static void disarming_an_idle_timer_is_harmless(void **state)
{
    (void)state;
    struct wheel wheel;
    struct timer timer;
    wheel_init(&wheel, 0);
    timer_init(&timer, TIMER_CALL);
    wheel_disarm(&wheel, &timer);
    assert_int_equal(wheel_arm(&wheel, &timer, 5), ERR_OK);
    wheel_disarm(&wheel, &timer);
    wheel_disarm(&wheel, &timer);
    assert_int_equal(wheel_due_ms(&wheel), TIMER_NEVER);
    assert_null(next(&wheel, 100));
    wheel_deinit(&wheel);
}

/* ---- against a model: a plain table of deadlines ---- */

#define MODEL_TIMERS 300

struct model {
    struct wheel wheel;
    struct timer timers[MODEL_TIMERS];
    uint64_t due_ms[MODEL_TIMERS]; /* TIMER_NEVER: idle */
    uint64_t now_ms;
    struct rng rng;
    bool memory_fails;
};

static uint64_t random_delta(struct rng *rng)
{
    unsigned bits = 1 + rng_below(rng, rng_below(rng, 8) == 0 ? 33 : 14);
    uint64_t delta = rng_next(rng) >> (64 - bits);
    if (rng_below(rng, 4) == 0)
        delta = (1ull << (6 * (1 + rng_below(rng, 4)))) + rng_below(rng, 3) - 1;
    return delta;
}

static uint64_t model_earliest(const struct model *model)
{
    uint64_t earliest = TIMER_NEVER;
    for (int i = 0; i < MODEL_TIMERS; i++)
        if (model->due_ms[i] < earliest)
            earliest = model->due_ms[i];
    return earliest;
}

static void model_arm(struct model *model, int i, uint64_t due_ms)
{
    assert_false(timer_armed(&model->timers[i]));
    if (model->memory_fails)
        fault_arm(1 + rng_below(&model->rng, 3), false);
    enum err err = wheel_arm(&model->wheel, &model->timers[i], due_ms);
    fault_disarm();
    if (err != ERR_OK) {
        assert_true(model->memory_fails && err == ERR_MEMORY);
        assert_false(timer_armed(&model->timers[i]));
        return;
    }
    model->due_ms[i] = due_ms > model->wheel.now_ms ? due_ms : model->wheel.now_ms + 1;
}

static void model_disarm(struct model *model, int i)
{
    wheel_disarm(&model->wheel, &model->timers[i]);
    assert_false(timer_armed(&model->timers[i]));
    model->due_ms[i] = TIMER_NEVER;
}

/* One timer has come: it was the earliest, or memory was out. Now and then it is armed again, or another one
 * goes. */
static void model_fired(struct model *model, const struct timer *timer, uint64_t *last_ms)
{
    int i = (int)(timer - model->timers);
    assert_in_range(i, 0, MODEL_TIMERS - 1);
    assert_int_not_equal(model->due_ms[i], TIMER_NEVER);
    if (!model->memory_fails) {
        assert_true(model->due_ms[i] <= model->now_ms && model->due_ms[i] >= *last_ms);
        assert_int_equal(model->due_ms[i], model_earliest(model));
        *last_ms = model->due_ms[i];
    }
    model->due_ms[i] = TIMER_NEVER;
    if (rng_below(&model->rng, 2) == 0)
        model_arm(model, i, model->now_ms + 1 + random_delta(&model->rng));
    if (rng_below(&model->rng, 4) == 0)
        model_disarm(model, (int)rng_below(&model->rng, MODEL_TIMERS));
}

static void model_advance(struct model *model)
{
    uint64_t last_ms = 0;
    model->now_ms += rng_below(&model->rng, 50) == 0 ? DAY_MS : random_delta(&model->rng) / 4;
    for (bool more = true; more;) {
        uint32_t steps = 1 + rng_below(&model->rng, 100);
        if (model->memory_fails && rng_below(&model->rng, 2) == 0)
            fault_arm(1, true);
        struct timer *timer = wheel_next(&model->wheel, model->now_ms, &steps);
        fault_disarm();
        assert_true(wheel_due_ms(&model->wheel) <= model_earliest(model) || timer != NULL);
        if (timer != NULL)
            model_fired(model, timer, &last_ms);
        else
            more = steps == 0;
    }
    assert_true(model_earliest(model) > model->now_ms);
    assert_true(wheel_due_ms(&model->wheel) > model->now_ms);
}

static void model_check(const struct model *model)
{
    uint64_t armed = 0;
    for (int i = 0; i < MODEL_TIMERS; i++) {
        assert_int_equal(timer_armed(&model->timers[i]), model->due_ms[i] != TIMER_NEVER);
        armed += model->due_ms[i] != TIMER_NEVER;
    }
    assert_int_equal(model->wheel.armed, armed);
    assert_true(wheel_due_ms(&model->wheel) <= model_earliest(model));
    if (armed == 0)
        assert_int_equal(wheel_due_ms(&model->wheel), TIMER_NEVER);
}

static void model_run(uint64_t seed, bool memory_fails)
{
    static struct model model;
    model = (struct model){.rng = {seed}, .memory_fails = memory_fails};
    model.now_ms = random_delta(&model.rng);
    wheel_init(&model.wheel, model.now_ms);
    for (int i = 0; i < MODEL_TIMERS; i++) {
        timer_init(&model.timers[i], TIMER_CALL);
        model.due_ms[i] = TIMER_NEVER;
    }
    for (int step = 0; step < 1500; step++) {
        int i = (int)rng_below(&model.rng, MODEL_TIMERS);
        uint32_t what = rng_below(&model.rng, 8);
        if (what < 4 && model.due_ms[i] == TIMER_NEVER)
            model_arm(&model, i, model.now_ms + random_delta(&model.rng));
        else if (what < 6)
            model_disarm(&model, i);
        else
            model_advance(&model);
        model_check(&model);
    }
    for (int i = 0; i < MODEL_TIMERS; i++)
        model_disarm(&model, i);
    model_check(&model);
    wheel_deinit(&model.wheel);
}

static void random_timers_come_when_a_plain_table_says_so(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++)
        model_run(seed, false);
}

static void without_memory_a_timer_is_refused_or_early_but_never_lost(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++)
        model_run(seed, true);
}

/* ---- crowds ---- */

/* Timers that the wheel has memory for. */
static uint64_t room(const struct wheel *wheel)
{
    uint64_t room = wheel->due.room + (uint64_t)wheel->spares * WHEEL_BLOCK;
    for (size_t i = 0; i < COUNT_OF(wheel->slots); i++)
        room += wheel->slots[i].room;
    return room;
}

static struct timer *crowd_new(struct wheel *wheel, int count, uint64_t due_ms)
{
    struct timer *timers = calloc((size_t)count, sizeof *timers);
    assert_non_null(timers);
    wheel_init(wheel, 0);
    for (int i = 0; i < count; i++) {
        timer_init(&timers[i], TIMER_CALL);
        assert_int_equal(wheel_arm(wheel, &timers[i], due_ms), ERR_OK);
    }
    return timers;
}

static void a_crowd_leaves_no_array_behind(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    struct wheel wheel;
    struct timer *timers = crowd_new(&wheel, COUNT, 5000);
    assert_true(room(&wheel) < COUNT + WHEEL_BLOCK);
    for (int i = 0; i < COUNT / 2; i++)
        wheel_disarm(&wheel, &timers[i]);
    assert_true(room(&wheel) < COUNT / 2 + COUNT / 4);
    while (next(&wheel, 5000) != NULL)
        continue;
    assert_true(room(&wheel) <= 4096);
    wheel_deinit(&wheel);
    free(timers);
}

/* With millions in one slot, copying them takes a tenth of a second. */
static void a_crowd_stays_where_it_is_as_it_grows(void **state)
{
    (void)state;
    enum { BLOCKS = 200, COUNT = BLOCKS * WHEEL_BLOCK };
    struct wheel wheel;
    struct timer *timers = crowd_new(&wheel, WHEEL_BLOCK, 5000);
    struct timer *later = calloc(COUNT, sizeof *later);
    const struct wheel_slot *slot = &wheel.slots[timers[0].slot];
    struct timer **places[BLOCKS];
    for (uint32_t i = 0; i < COUNT; i++) {
        timer_init(&later[i], TIMER_CALL);
        assert_int_equal(wheel_arm(&wheel, &later[i], 5000), ERR_OK);
        if (i % WHEEL_BLOCK == 0)
            places[i / WHEEL_BLOCK] = wheel_place(slot, i);
    }
    assert_int_equal(slot->count, WHEEL_BLOCK + COUNT);
    for (uint32_t i = 0; i < COUNT; i += WHEEL_BLOCK)
        assert_ptr_equal(wheel_place(slot, i), places[i / WHEEL_BLOCK]);
    wheel_deinit(&wheel);
    free(timers);
    free(later);
}

/* Tickers: whoever has come is armed again, for the same moment as the others. */
static void a_crowd_that_wanders_takes_its_memory_along(void **state)
{
    (void)state;
    enum { COUNT = 20000, PERIOD_MS = 10, BEGIN_MS = 1000, END_MS = 2000 };
    struct wheel wheel;
    struct timer *timers = crowd_new(&wheel, COUNT, PERIOD_MS);
    uint64_t fired = 0;
    for (uint64_t now_ms = 1; now_ms <= END_MS; now_ms++) {
        if (now_ms == BEGIN_MS)
            fault_arm(0, false);
        for (struct timer *timer; (timer = next(&wheel, now_ms)) != NULL; fired++)
            assert_int_equal(wheel_arm(&wheel, timer, now_ms + PERIOD_MS), ERR_OK);
    }
    /* Hardly ever anything but the table of a slot's blocks is allocated. */
    assert_true(fault_disarm() < 10 * (END_MS - BEGIN_MS) / PERIOD_MS);
    assert_int_equal(fired, (uint64_t)COUNT * (END_MS / PERIOD_MS));
    assert_true(room(&wheel) < COUNT + (WHEEL_SLOTS + 8) * WHEEL_BLOCK);
    wheel_deinit(&wheel);
    free(timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_comes_at_its_millisecond_across_every_boundary_of_a_level),
        cmocka_unit_test(a_sleep_of_thirty_days_wakes_up_a_few_times_only),
        cmocka_unit_test(a_deadline_that_has_passed_is_the_next_tick),
        cmocka_unit_test(a_deadline_beyond_the_horizon_is_cut_to_it),
        cmocka_unit_test(a_jump_of_the_clock_brings_all_that_was_due_in_order),
        cmocka_unit_test(a_timer_of_the_slot_at_hand_may_still_be_disarmed),
        cmocka_unit_test(no_timer_is_no_moment_even_within_a_slot),
        cmocka_unit_test(a_timer_that_fires_may_be_armed_again_at_once),
        cmocka_unit_test(work_is_done_in_slices_of_steps),
        cmocka_unit_test(disarming_an_idle_timer_is_harmless),
        cmocka_unit_test(random_timers_come_when_a_plain_table_says_so),
        cmocka_unit_test(without_memory_a_timer_is_refused_or_early_but_never_lost),
        cmocka_unit_test(a_crowd_leaves_no_array_behind),
        cmocka_unit_test(a_crowd_stays_where_it_is_as_it_grows),
        cmocka_unit_test(a_crowd_that_wanders_takes_its_memory_along),
    };
    return cmocka_run_group_tests_name("wheel", tests, NULL, NULL);
}
