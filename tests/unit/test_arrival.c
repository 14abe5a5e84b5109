#include "lab/arrival.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "lab/share.h"

#define MS  1000000ull
#define SEC 1000000000ull
#define DAY (86400 * SEC)

/* 100 starts a second at most, periods of a minute. */
static struct arrival shaped(enum shape shape, int64_t low)
{
    return (struct arrival){
        .rate = {100000000, RATE_SECOND_NS}, .shape = shape, .period_ns = 60 * (int64_t)SEC, .low = low};
}

static void the_starts_of_each_shape_are_counted_exactly(void **state)
{
    (void)state;
    static const uint64_t at_s[] = {1, 6, 10, 15, 30, 45, 54, 57, 60, 120, 3600, 2592000};
    static const struct {
        enum shape shape;
        int64_t low;
        uint64_t starts[12];
    } cases[] = {
        {SHAPE_RAMP, 0, {0, 30, 83, 187, 750, 1687, 2430, 2707, 3000, 9000, 357000, 259197000}},
        {SHAPE_RAMP, 1000, {10, 87, 175, 318, 975, 1968, 2727, 3006, 3300, 9300, 357300, 259197300}},
        {SHAPE_WAVE, 0, {0, 20, 88, 275, 1500, 2724, 2979, 2996, 3000, 6000, 180000, 129600000}},
        {SHAPE_WAVE, 1000, {10, 78, 179, 397, 1650, 2902, 3221, 3267, 3300, 6600, 198000, 142560000}},
        {SHAPE_SPIKE, 1000, {10, 60, 100, 150, 300, 450, 540, 840, 1140, 2280, 68400, 49248000}},
        {SHAPE_DOUBLE_HALVE, 0, {12, 75, 125, 250, 875, 2125, 2475, 2550, 2625, 5250, 157500, 113400000}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arrival arrival = shaped(cases[i].shape, cases[i].low);
        for (size_t at = 0; at < sizeof at_s / sizeof at_s[0]; at++)
            assert_int_equal(arrival_due(&arrival, at_s[at] * SEC), cases[i].starts[at]);
    }
}

static void the_most_extreme_rates_and_periods_are_exact_too(void **state)
{
    (void)state;
    struct arrival wave = {.rate = {1000000000000, RATE_SECOND_NS},
                           .shape = SHAPE_WAVE,
                           .period_ns = 7 * (int64_t)SEC + 1,
                           .low = 3333};
    assert_int_equal(arrival_due(&wave, 366 * DAY), 21081205079822);
    struct arrival levels = {.rate = {3600000000000000, 3600 * RATE_SECOND_NS},
                             .shape = SHAPE_DOUBLE_HALVE,
                             .period_ns = (int64_t)DAY};
    assert_int_equal(arrival_due(&levels, 30 * DAY), 1134000000000);
    struct arrival ramp = {.rate = {3600000000000000, 3600 * RATE_SECOND_NS},
                           .shape = SHAPE_RAMP,
                           .period_ns = LIMIT_DURATION_NS};
    assert_int_equal(arrival_due(&ramp, 366 * DAY), 366 * 86400 * 500000ull);
    assert_int_equal(arrival_due(&ramp, UINT64_MAX), arrival_due(&ramp, 1ull << 60));
    struct arrival rare = shaped(SHAPE_SPIKE, 0);
    rare.rate = (struct rate){1, 3600 * RATE_SECOND_NS};
    assert_int_equal(arrival_due(&rare, 366 * DAY), 0);
    assert_true(arrival_due_ns(&rare, 1000000) == UINT64_MAX);
    assert_true(arrival_due_ns(&rare, UINT64_MAX) == UINT64_MAX);
}

/* Each start is due at its time, and not a nanosecond before. */
static void check_times(const struct arrival *arrival, uint64_t first, uint64_t last)
{
    uint64_t before_ns = 0;
    for (uint64_t count = first; count <= last; count++) {
        uint64_t due_ns = arrival_due_ns(arrival, count);
        assert_true(due_ns >= before_ns);
        assert_int_equal(arrival_due(arrival, due_ns), count);
        assert_int_equal(arrival_due(arrival, due_ns - 1), count - 1);
        before_ns = due_ns;
    }
}

static void a_start_is_due_when_the_count_reaches_it(void **state)
{
    (void)state;
    for (int shape = 0; shape < SHAPES; shape++) {
        for (int jitter = 0; jitter <= SHARE_WHOLE; jitter += SHARE_WHOLE / 4) {
            struct arrival arrival = shaped((enum shape)shape, shape_takes_low((enum shape)shape) ? 100 : 0);
            arrival.period_ns = shape == SHAPE_STEADY ? 0 : 997 * (int64_t)MS + 1;
            arrival.jitter = jitter;
            arrival.seed = 7;
            check_times(&arrival, 1, 300);
            check_times(&arrival, 100000000, 100000020);
        }
    }
}

static void a_start_may_fall_on_the_end_of_a_period(void **state)
{
    (void)state;
    static const enum shape shapes[] = {SHAPE_WAVE, SHAPE_SPIKE, SHAPE_DOUBLE_HALVE};
    static const uint64_t starts_a_period[] = {3000, 600, 2625};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct arrival arrival = shaped(shapes[i], 0);
        for (uint64_t periods = 1; periods <= 1000; periods *= 10)
            assert_int_equal(arrival_due_ns(&arrival, periods * starts_a_period[i]), periods * 60 * SEC);
    }
}

static void a_jitter_makes_starts_late_as_the_seed_says(void **state)
{
    (void)state;
    struct arrival exact = {.rate = {10000000, RATE_SECOND_NS}};
    struct arrival late = exact, other = exact;
    late.jitter = other.jitter = SHARE_WHOLE / 10;
    late.seed = 1;
    other.seed = 2;
    uint64_t sum_ns = 0, same = 0;
    for (uint64_t count = 1; count <= 1000; count++) {
        uint64_t late_ns = arrival_due_ns(&late, count) - arrival_due_ns(&exact, count);
        assert_true(late_ns < 10 * MS);
        sum_ns += late_ns;
        same += arrival_due_ns(&late, count) == arrival_due_ns(&other, count);
    }
    assert_in_range(sum_ns / 1000, 4800000, 5200000);
    assert_int_equal(same, 0);
}

static void counts_never_fall(void **state)
{
    (void)state;
    for (int shape = 0; shape < SHAPES; shape++) {
        struct arrival arrival = shaped((enum shape)shape, 0);
        arrival.period_ns = shape == SHAPE_STEADY ? 0 : (int64_t)SEC;
        arrival.rate.starts_millionths = 1000000000000;
        arrival.jitter = SHARE_WHOLE;
        uint64_t before = 0;
        for (uint64_t at_ns = 0; at_ns < 3 * SEC; at_ns += 99991) {
            uint64_t due = arrival_due(&arrival, at_ns);
            assert_true(due >= before);
            before = due;
        }
    }
}

static void the_long_run_is_the_mean_of_a_period(void **state)
{
    (void)state;
    static const struct {
        enum shape shape;
        int64_t low;
        double per_second;
    } cases[] = {{SHAPE_STEADY, 0, 100},
                 {SHAPE_RAMP, 1000, 100},
                 {SHAPE_WAVE, 0, 50},
                 {SHAPE_SPIKE, 1000, 19},
                 {SHAPE_DOUBLE_HALVE, 0, 43.75}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arrival arrival = shaped(cases[i].shape, cases[i].low);
        assert_float_equal((float)arrival_per_second(&arrival), (float)cases[i].per_second, 0.0001f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_starts_of_each_shape_are_counted_exactly),
        cmocka_unit_test(the_most_extreme_rates_and_periods_are_exact_too),
        cmocka_unit_test(a_start_is_due_when_the_count_reaches_it),
        cmocka_unit_test(a_start_may_fall_on_the_end_of_a_period),
        cmocka_unit_test(a_jitter_makes_starts_late_as_the_seed_says),
        cmocka_unit_test(counts_never_fall),
        cmocka_unit_test(the_long_run_is_the_mean_of_a_period),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
