/* Which declarations are refused, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "metrics/metrics.h"

static const double seconds[] = {0.1, 1};

/* The sentence about the only declaration of a table, "" when there is none. */
static const char *fault_of(struct metrics_declaration declaration)
{
    struct metrics_fault fault = {.why = ""};
    if (declaration.help == NULL)
        declaration.help = "Help.";
    assert_true(metrics_check(&declaration, 1, &fault) == (fault.why[0] == '\0'));
    return fault.why;
}

static const char *fault_of_gauge(const char *name)
{
    return fault_of((struct metrics_declaration){.name = name});
}

static const char *fault_of_label(const char *label)
{
    return fault_of((struct metrics_declaration){.name = "a", .labels = {"fine", label}});
}

static const char *fault_of_bounds(const double *bounds, size_t count)
{
    return fault_of((struct metrics_declaration){
        .name = "a", .type = METRICS_HISTOGRAM, .bounds = bounds, .bound_count = count});
}

#define assert_says(why, part) assert_non_null(strstr((why), (part)))

static void sound_declarations_pass(void **state)
{
    (void)state;
    static const struct metrics_declaration table[] = {
        {.name = "a", .help = "A."},
        {.name = "_a9_Z", .help = "Ünïcode, \"quotes\" and \\."},
        {.name = "a_seconds_total",
         .help = "A.",
         .unit = "seconds",
         .type = METRICS_COUNTER,
         .labels = {"le_", "_x"}},
        {.name = "b_info", .help = "A.", .type = METRICS_INFO, .labels = {"version"}},
        {.name = "c_seconds",
         .help = "A.",
         .unit = "seconds",
         .type = METRICS_HISTOGRAM,
         .bounds = seconds,
         .bound_count = 2},
        {.name = "ten", .help = "A.", .labels = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}},
    };
    assert_true(metrics_check(table, sizeof(table) / sizeof(table[0]), NULL));
}

static void names_follow_the_grammar(void **state)
{
    (void)state;
    static const char *const faulty[] = {NULL, "", "9a", "a-b", "a b", "a:b", "a.b", "\xc3\xa4", "a\n"};
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        assert_says(fault_of_gauge(faulty[i]), "the name is not made of");
    char longest[METRICS_NAME_BYTES + 2];
    memset(longest, 'a', sizeof(longest));
    longest[METRICS_NAME_BYTES + 1] = '\0';
    assert_says(fault_of_gauge(longest), "the name is not made of");
    longest[METRICS_NAME_BYTES] = '\0';
    assert_string_equal(fault_of_gauge(longest), "");
}

static void suffixes_belong_to_their_types(void **state)
{
    (void)state;
    static const char *const faulty[] = {"a_total", "a_info", "a_bucket", "a_count", "a_sum", "a_created"};
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        assert_says(fault_of_gauge(faulty[i]), "a suffix that belongs to samples");
    assert_says(fault_of((struct metrics_declaration){.name = "a", .type = METRICS_COUNTER}),
                "ends in _total");
    assert_says(fault_of((struct metrics_declaration){.name = "_total", .type = METRICS_COUNTER}),
                "ends in _total");
    assert_says(fault_of((struct metrics_declaration){.name = "a", .type = METRICS_INFO}), "ends in _info");
    assert_says(fault_of((struct metrics_declaration){.name = "a_sum_total", .type = METRICS_COUNTER}),
                "a suffix that belongs to samples");
    assert_says(fault_of((struct metrics_declaration){.name = "a", .type = (enum metrics_type)4}),
                "no such type");
}

static void help_and_unit_are_checked(void **state)
{
    (void)state;
    struct metrics_declaration gauge = {.name = "a_bytes", .help = ""};
    assert_says(fault_of(gauge), "the help");
    gauge.help = "\xff";
    assert_says(fault_of(gauge), "the help");
    gauge.help = "Help.";
    gauge.unit = "seconds";
    assert_says(fault_of(gauge), "does not end in the unit");
    gauge.unit = "ytes";
    assert_says(fault_of(gauge), "does not end in the unit");
    gauge.unit = "a_bytes";
    assert_says(fault_of(gauge), "does not end in the unit");
    gauge.unit = "by-tes";
    assert_says(fault_of(gauge), "the unit is not");
    gauge.unit = "bytes";
    assert_string_equal(fault_of(gauge), "");
    assert_says(
        fault_of((struct metrics_declaration){.name = "a_bytes_info", .type = METRICS_INFO, .unit = "bytes"}),
        "no unit");
}

static void labels_are_checked(void **state)
{
    (void)state;
    assert_string_equal(fault_of_label("other"), "");
    assert_says(fault_of_label(""), "a label is not made of");
    assert_says(fault_of_label("1st"), "a label is not made of");
    assert_says(fault_of_label("a:b"), "a label is not made of");
    assert_says(fault_of_label("__name__"), "two underscores");
    assert_says(fault_of_label("le"), "reserved");
    assert_says(fault_of_label("quantile"), "reserved");
    assert_says(fault_of_label("type"), "type");
    assert_says(fault_of_label("fine"), "the same name");
    assert_says(fault_of((struct metrics_declaration){.name = "a", .labels = {[2] = "late"}}), "gap");
}

static void bounds_are_checked(void **state)
{
    (void)state;
    assert_string_equal(fault_of_bounds(seconds, 2), "");
    assert_says(fault_of_bounds(NULL, 2), "1 to 64 bounds");
    assert_says(fault_of_bounds(seconds, 0), "1 to 64 bounds");
    assert_says(fault_of_bounds(seconds, METRICS_BOUNDS_MAX + 1), "1 to 64 bounds");
    assert_says(fault_of_bounds((double[]){1, 1}, 2), "ascend");
    assert_says(fault_of_bounds((double[]){2, 1}, 2), "ascend");
    assert_says(fault_of_bounds((double[]){-1, 1}, 2), "finite");
    assert_says(fault_of_bounds((double[]){1, INFINITY}, 2), "finite");
    assert_says(fault_of_bounds((double[]){NAN}, 1), "finite");
    assert_says(fault_of((struct metrics_declaration){.name = "a", .bounds = seconds, .bound_count = 2}),
                "only a histogram");
    assert_says(fault_of((struct metrics_declaration){.name = "a", .series_max = METRICS_SERIES_MAX + 1}),
                "series_max");
}

static void a_family_is_declared_once(void **state)
{
    (void)state;
    /* given a gauge whose name is what OpenMetrics calls the counter */
    static const struct metrics_declaration table[] = {
        {.name = "a", .help = "A."},
        {.name = "b_total", .help = "B.", .type = METRICS_COUNTER},
        {.name = "b", .help = "B."},
    };
    struct metrics_fault fault = {0};
    struct metrics_registry *registry = NULL;
    /* when a registry is to be made of it */
    enum metrics_err err = metrics_registry_new(table, 3, &registry, &fault);
    /* then it is refused, and the fault has its place */
    assert_int_equal(err, METRICS_DECLARED);
    assert_null(registry);
    assert_int_equal(fault.index, 2);
    assert_says(fault.why, "declared twice");
    assert_int_equal(metrics_registry_new(table, 2, &registry, NULL), METRICS_OK);
    metrics_registry_free(registry);
}

static void a_table_has_a_maximum(void **state)
{
    (void)state;
    struct metrics_fault fault = {0};
    struct metrics_declaration *table = calloc(METRICS_FAMILIES_MAX + 1, sizeof(*table));
    assert_non_null(table);
    assert_false(metrics_check(table, METRICS_FAMILIES_MAX + 1, &fault));
    assert_says(fault.why, "too many");
    free(table);
}

static void every_error_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(metrics_err_text(METRICS_OK), "no error");
    assert_string_equal(metrics_err_text(METRICS_SPACE), "the buffer is too small");
    assert_string_equal(metrics_err_text((enum metrics_err)99), "unknown error");
}

static bool make_registry(void *argument)
{
    (void)argument;
    static const struct metrics_declaration table[] = {
        {.name = "a", .help = "A."},
        {.name = "b_total", .help = "B.", .type = METRICS_COUNTER},
    };
    struct metrics_registry *registry = NULL;
    enum metrics_err err = metrics_registry_new(table, 2, &registry, NULL);
    assert_true(err == METRICS_OK || (err == METRICS_MEMORY && registry == NULL));
    metrics_registry_free(registry);
    return err == METRICS_OK;
}

static void making_a_registry_survives_every_failing_allocation(void **state)
{
    (void)state;
    fault_sweep(make_registry, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_declarations_pass),
        cmocka_unit_test(names_follow_the_grammar),
        cmocka_unit_test(suffixes_belong_to_their_types),
        cmocka_unit_test(help_and_unit_are_checked),
        cmocka_unit_test(labels_are_checked),
        cmocka_unit_test(bounds_are_checked),
        cmocka_unit_test(a_family_is_declared_once),
        cmocka_unit_test(a_table_has_a_maximum),
        cmocka_unit_test(every_error_has_a_text),
        cmocka_unit_test(making_a_registry_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
