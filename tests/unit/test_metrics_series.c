/* Finding series and setting their values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "metrics/metrics.h"

enum { GAUGE, COUNTER, HISTOGRAM, INFO, FEW, FAMILIES };

static const double bounds[] = {0.1, 1, 10};

static const struct metrics_declaration table[FAMILIES] = {
    [GAUGE] = {.name = "gauge", .help = "G.", .labels = {"a", "b"}},
    [COUNTER] = {.name = "counter_total", .help = "C.", .type = METRICS_COUNTER},
    [HISTOGRAM] =
        {.name = "size", .help = "H.", .type = METRICS_HISTOGRAM, .bounds = bounds, .bound_count = 3},
    [INFO] = {.name = "build_info", .help = "I.", .type = METRICS_INFO, .labels = {"version"}},
    [FEW] = {.name = "few", .help = "F.", .labels = {"a"}, .series_max = 2},
};

struct fixture {
    struct metrics_registry *registry;
    struct metrics_series *gauge, *counter, *histogram, *info;
    char text[16384];
};

static struct metrics_series *series(struct fixture *fixture, size_t family, const char *a, const char *b)
{
    struct metrics_series *found = NULL;
    assert_int_equal(metrics_series(fixture->registry, family, (const char *[]){a, b}, &found), METRICS_OK);
    assert_non_null(found);
    return found;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    assert_int_equal(metrics_registry_new(table, FAMILIES, &fixture->registry, NULL), METRICS_OK);
    fixture->gauge = series(fixture, GAUGE, "x", "y");
    fixture->counter = series(fixture, COUNTER, NULL, NULL);
    fixture->histogram = series(fixture, HISTOGRAM, NULL, NULL);
    fixture->info = series(fixture, INFO, "1", NULL);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    metrics_registry_free(fixture->registry);
    free(fixture);
    return 0;
}

/* The text behind `line` in a scrape, "" when there is no such line. */
static const char *value(struct fixture *fixture, const char *line)
{
    size_t size;
    assert_int_equal(
        metrics_render(fixture->registry, METRICS_TEXT, fixture->text, sizeof(fixture->text) - 1, &size),
        METRICS_OK);
    fixture->text[size] = '\0';
    char *at = strstr(fixture->text, line);
    while (at != NULL && (at[-1] != '\n' || at[strlen(line)] != ' '))
        at = strstr(at + 1, line);
    if (at == NULL)
        return "";
    at += strlen(line) + 1;
    at[strcspn(at, "\n")] = '\0';
    return at;
}

static const char *gauge_value(struct fixture *fixture)
{
    return value(fixture, "gauge{a=\"x\",b=\"y\"}");
}

static const char *counter_value(struct fixture *fixture)
{
    return value(fixture, "counter_total");
}

static void the_same_labels_find_the_same_series(void **state)
{
    struct fixture *fixture = *state;
    char x[] = "x"; /* another address than the literal's */
    assert_ptr_equal(series(fixture, GAUGE, x, "y"), fixture->gauge);
    assert_ptr_not_equal(series(fixture, GAUGE, "y", "x"), fixture->gauge);
    assert_ptr_not_equal(series(fixture, GAUGE, "xy", ""), series(fixture, GAUGE, "", "xy"));
    assert_ptr_equal(series(fixture, COUNTER, NULL, NULL), fixture->counter);
}

static void thousands_of_series_are_found_again(void **state)
{
    struct fixture *fixture = *state;
    static struct metrics_series *made[METRICS_SERIES_DEFAULT];
    char a[16];
    for (int i = 0; i < 3000; i++) {
        snprintf(a, sizeof(a), "%d", i);
        made[i] = series(fixture, GAUGE, a, "");
    }
    for (int i = 0; i < 3000; i++) {
        snprintf(a, sizeof(a), "%d", i);
        assert_ptr_equal(series(fixture, GAUGE, a, ""), made[i]);
    }
}

static void a_family_has_a_maximum_of_series(void **state)
{
    struct fixture *fixture = *state;
    struct metrics_series *first = series(fixture, FEW, "1", NULL);
    series(fixture, FEW, "2", NULL);
    struct metrics_series *third = NULL;
    assert_int_equal(metrics_series(fixture->registry, FEW, (const char *[]){"3"}, &third), METRICS_LIMIT);
    assert_null(third);
    assert_ptr_equal(series(fixture, FEW, "1", NULL), first);
}

static void odd_label_values_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct metrics_series *none = NULL;
    assert_int_equal(metrics_series(fixture->registry, FEW, (const char *[]){"\xff"}, &none), METRICS_UTF8);
    char longest[METRICS_VALUE_BYTES + 2];
    memset(longest, 'v', sizeof(longest));
    longest[METRICS_VALUE_BYTES + 1] = '\0';
    assert_int_equal(metrics_series(fixture->registry, FEW, (const char *[]){longest}, &none), METRICS_LIMIT);
    assert_int_equal(metrics_series(fixture->registry, FAMILIES, NULL, &none), METRICS_RANGE);
    assert_null(none);
    longest[METRICS_VALUE_BYTES] = '\0';
    series(fixture, FEW, longest, NULL);
}

static void a_gauge_is_unset_until_it_is_set(void **state)
{
    struct fixture *fixture = *state;
    assert_string_equal(gauge_value(fixture), "");
    assert_int_equal(metrics_set(fixture->gauge, -2.5), METRICS_OK);
    assert_string_equal(gauge_value(fixture), "-2.5");
    assert_int_equal(metrics_set(fixture->gauge, NAN), METRICS_OK);
    assert_string_equal(gauge_value(fixture), "");
    assert_int_equal(metrics_add(fixture->gauge, 1.5), METRICS_OK);
    assert_string_equal(gauge_value(fixture), "1.5");
    metrics_unset(fixture->gauge);
    assert_string_equal(gauge_value(fixture), "");
    assert_int_equal(metrics_set(fixture->gauge, INFINITY), METRICS_OK);
    assert_string_equal(gauge_value(fixture), "+Inf");
    assert_int_equal(metrics_set(fixture->gauge, -3), METRICS_OK);
    assert_int_equal(metrics_add_u64(fixture->gauge, 1), METRICS_OK);
    assert_string_equal(gauge_value(fixture), "-2");
}

static void whole_numbers_above_2_to_the_53_are_exact(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(metrics_set_u64(fixture->gauge, UINT64_MAX), METRICS_OK);
    assert_string_equal(gauge_value(fixture), "18446744073709551615");
    assert_int_equal(metrics_set_u64(fixture->counter, 9007199254740993u), METRICS_OK);
    assert_string_equal(counter_value(fixture), "9007199254740993");
    assert_int_equal(metrics_add_u64(fixture->counter, 2), METRICS_OK);
    assert_int_equal(metrics_add(fixture->counter, 2), METRICS_OK);
    assert_string_equal(counter_value(fixture), "9007199254740997");
    assert_int_equal(metrics_set_u64(fixture->counter, 9007199254740996u), METRICS_BACKWARDS);
}

static void a_large_counter_is_compared_exactly(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(metrics_set_u64(fixture->counter, 9007199254740993u), METRICS_OK);
    assert_int_equal(metrics_set(fixture->counter, 9007199254740992.0), METRICS_BACKWARDS);
    assert_int_equal(metrics_add(fixture->counter, 0.5), METRICS_OK);
    assert_string_equal(counter_value(fixture), "9007199254740993");
    assert_int_equal(metrics_set(fixture->counter, 9007199254740994.0), METRICS_OK);
    assert_int_equal(metrics_set_u64(fixture->counter, 9007199254740993u), METRICS_BACKWARDS);
    assert_int_equal(metrics_set(fixture->counter, 18446744073709551616.0), METRICS_OK);
    assert_int_equal(metrics_set_u64(fixture->counter, UINT64_MAX), METRICS_BACKWARDS);
}

static void a_counter_never_goes_back(void **state)
{
    struct fixture *fixture = *state;
    assert_string_equal(counter_value(fixture), "0");
    assert_int_equal(metrics_set(fixture->counter, 1.5), METRICS_OK);
    assert_int_equal(metrics_set(fixture->counter, 1.25), METRICS_BACKWARDS);
    assert_int_equal(metrics_set_u64(fixture->counter, 1), METRICS_BACKWARDS);
    assert_int_equal(metrics_add(fixture->counter, -1), METRICS_RANGE);
    assert_int_equal(metrics_set(fixture->counter, -1), METRICS_RANGE);
    assert_int_equal(metrics_set(fixture->counter, NAN), METRICS_RANGE);
    assert_int_equal(metrics_set(fixture->counter, INFINITY), METRICS_RANGE);
    assert_int_equal(metrics_add(fixture->counter, NAN), METRICS_RANGE);
    assert_string_equal(counter_value(fixture), "1.5");
    assert_int_equal(metrics_set(fixture->counter, 1.5), METRICS_OK);
    assert_int_equal(metrics_add(fixture->counter, 0.5), METRICS_OK);
    assert_string_equal(counter_value(fixture), "2");
}

static void an_unset_counter_remembers_its_value(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(metrics_set_u64(fixture->counter, 5), METRICS_OK);
    metrics_unset(fixture->counter);
    assert_string_equal(counter_value(fixture), "");
    assert_int_equal(metrics_set_u64(fixture->counter, 4), METRICS_BACKWARDS);
    assert_int_equal(metrics_set_u64(fixture->counter, 5), METRICS_OK);
    assert_string_equal(counter_value(fixture), "5");
}

static void sums_without_room_are_refused(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(metrics_set_u64(fixture->counter, UINT64_MAX), METRICS_OK);
    assert_int_equal(metrics_add_u64(fixture->counter, 1), METRICS_RANGE);
    assert_string_equal(counter_value(fixture), "18446744073709551615");
    assert_int_equal(metrics_set(fixture->gauge, 1e308), METRICS_OK);
    assert_int_equal(metrics_add(fixture->gauge, 1e308), METRICS_RANGE);
}

static void observations_fall_into_their_buckets(void **state)
{
    struct fixture *fixture = *state;
    static const double observed[] = {0, 0.1, 0.25, 1, 10, 10.5, 1000};
    for (size_t i = 0; i < sizeof(observed) / sizeof(observed[0]); i++)
        assert_int_equal(metrics_observe(fixture->histogram, observed[i]), METRICS_OK);
    assert_string_equal(value(fixture, "size_bucket{le=\"0.1\"}"), "2");
    assert_string_equal(value(fixture, "size_bucket{le=\"1\"}"), "4");
    assert_string_equal(value(fixture, "size_bucket{le=\"10\"}"), "5");
    assert_string_equal(value(fixture, "size_bucket{le=\"+Inf\"}"), "7");
    assert_string_equal(value(fixture, "size_count"), "7");
    assert_string_equal(value(fixture, "size_sum"), "1021.85");
    assert_int_equal(metrics_observe(fixture->histogram, -1), METRICS_RANGE);
    assert_int_equal(metrics_observe(fixture->histogram, NAN), METRICS_RANGE);
    assert_int_equal(metrics_observe(fixture->histogram, INFINITY), METRICS_RANGE);
    assert_string_equal(value(fixture, "size_count"), "7");
}

static void a_histogram_is_set_from_counts_of_either_kind(void **state)
{
    struct fixture *fixture = *state;
    struct metrics_series *histogram = fixture->histogram;
    assert_int_equal(metrics_histogram_set(histogram, METRICS_PLAIN, (uint64_t[]){1, 2, 0, 3}, 40.5),
                     METRICS_OK);
    assert_string_equal(value(fixture, "size_bucket{le=\"1\"}"), "3");
    assert_string_equal(value(fixture, "size_bucket{le=\"+Inf\"}"), "6");
    assert_string_equal(value(fixture, "size_sum"), "40.5");
    assert_int_equal(metrics_histogram_set(histogram, METRICS_CUMULATIVE, (uint64_t[]){1, 3, 4, 7}, 41),
                     METRICS_OK);
    assert_string_equal(value(fixture, "size_bucket{le=\"10\"}"), "4");
    assert_string_equal(value(fixture, "size_count"), "7");
    assert_string_equal(value(fixture, "size_sum"), "41");
}

static void a_histogram_never_goes_back(void **state)
{
    struct fixture *fixture = *state;
    struct metrics_series *histogram = fixture->histogram;
    assert_int_equal(metrics_histogram_set(histogram, METRICS_PLAIN, (uint64_t[]){1, 2, 0, 3}, 40),
                     METRICS_OK);
    assert_int_equal(metrics_histogram_set(histogram, METRICS_PLAIN, (uint64_t[]){1, 1, 9, 9}, 41),
                     METRICS_BACKWARDS);
    assert_int_equal(metrics_histogram_set(histogram, METRICS_PLAIN, (uint64_t[]){1, 2, 0, 3}, 39),
                     METRICS_BACKWARDS);
    assert_int_equal(metrics_histogram_set(histogram, METRICS_CUMULATIVE, (uint64_t[]){3, 2, 4, 4}, 41),
                     METRICS_RANGE);
    assert_int_equal(metrics_histogram_set(histogram, METRICS_PLAIN, (uint64_t[]){UINT64_MAX, 2, 4, 4}, 41),
                     METRICS_RANGE);
    assert_int_equal(metrics_histogram_set(histogram, METRICS_PLAIN, (uint64_t[]){1, 2, 0, 3}, NAN),
                     METRICS_RANGE);
    assert_string_equal(value(fixture, "size_count"), "6");
    assert_string_equal(value(fixture, "size_sum"), "40");
}

static void each_type_has_its_own_setters(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(metrics_set(fixture->histogram, 1), METRICS_TYPE);
    assert_int_equal(metrics_set_u64(fixture->info, 1), METRICS_TYPE);
    assert_int_equal(metrics_add(fixture->info, 1), METRICS_TYPE);
    assert_int_equal(metrics_add_u64(fixture->histogram, 1), METRICS_TYPE);
    assert_int_equal(metrics_observe(fixture->gauge, 1), METRICS_TYPE);
    assert_int_equal(metrics_histogram_set(fixture->counter, METRICS_PLAIN, (uint64_t[]){0, 0, 0, 0}, 0),
                     METRICS_TYPE);
    assert_string_equal(value(fixture, "build_info{version=\"1\"}"), "1");
}

/* Enough series that the table for finding them grows. */
static bool make_many(void *argument)
{
    (void)argument;
    struct metrics_registry *registry = NULL;
    if (metrics_registry_new(table, FAMILIES, &registry, NULL) != METRICS_OK)
        return false;
    enum metrics_err err = METRICS_OK;
    for (int i = 0; i < 150 && err == METRICS_OK; i++) {
        char a[16];
        snprintf(a, sizeof(a), "%d", i);
        size_t before = metrics_render_max(registry, METRICS_TEXT);
        struct metrics_series *made = NULL;
        err = metrics_series(registry, i % 2 ? GAUGE : INFO, (const char *[]){a, "b"}, &made);
        assert_true(err == METRICS_OK || (err == METRICS_MEMORY && made == NULL));
        assert_true((err == METRICS_OK) == (metrics_render_max(registry, METRICS_TEXT) > before));
    }
    metrics_registry_free(registry);
    return err == METRICS_OK;
}

static void making_series_survives_every_failing_allocation(void **state)
{
    (void)state;
    fault_sweep(make_many, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_same_labels_find_the_same_series),
        TEST(thousands_of_series_are_found_again),
        TEST(a_family_has_a_maximum_of_series),
        TEST(odd_label_values_are_refused),
        TEST(a_gauge_is_unset_until_it_is_set),
        TEST(a_large_counter_is_compared_exactly),
        TEST(whole_numbers_above_2_to_the_53_are_exact),
        TEST(a_counter_never_goes_back),
        TEST(an_unset_counter_remembers_its_value),
        TEST(sums_without_room_are_refused),
        TEST(observations_fall_into_their_buckets),
        TEST(a_histogram_is_set_from_counts_of_either_kind),
        TEST(a_histogram_never_goes_back),
        TEST(each_type_has_its_own_setters),
        cmocka_unit_test(making_series_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
