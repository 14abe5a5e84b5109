/* The text of a scrape, in both formats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "metrics/metrics.h"

enum { TEMPERATURE, JOBS, LATENCY, BUILD, FAMILIES };

static const double bounds[] = {0.005, 1, 2.5, 1e6};

static const struct metrics_declaration table[FAMILIES] = {
    [TEMPERATURE] = {.name = "app_temperature_celsius",
                     .help = "How \"warm\" it is:\nback\\slash.",
                     .unit = "celsius",
                     .labels = {"room"}},
    [JOBS] = {.name = "app_cpu_seconds_total",
              .help = "Time spent.",
              .unit = "seconds",
              .type = METRICS_COUNTER},
    [LATENCY] = {.name = "app_latency_seconds",
                 .help = "Latency.",
                 .unit = "seconds",
                 .type = METRICS_HISTOGRAM,
                 .labels = {"route"},
                 .bounds = bounds,
                 .bound_count = 4},
    [BUILD] = {.name = "app_build_info",
               .help = "Build.",
               .type = METRICS_INFO,
               .labels = {"version", "branch"}},
};

static struct metrics_registry *registry_new(void)
{
    struct metrics_registry *registry = NULL;
    assert_int_equal(metrics_registry_new(table, FAMILIES, &registry, NULL), METRICS_OK);
    return registry;
}

static struct metrics_series *series(struct metrics_registry *registry, size_t family, const char *a,
                                     const char *b)
{
    struct metrics_series *found = NULL;
    assert_int_equal(metrics_series(registry, family, (const char *[]){a, b}, &found), METRICS_OK);
    return found;
}

static void assert_renders(struct metrics_registry *registry, enum metrics_format format,
                           const char *expected)
{
    size_t capacity = metrics_render_max(registry, format);
    char *text = malloc(capacity + 1);
    assert_non_null(text);
    size_t size = 0;
    assert_int_equal(metrics_render(registry, format, text, capacity, &size), METRICS_OK);
    assert_true(size <= capacity);
    text[size] = '\0';
    assert_string_equal(text, expected);
    free(text);
}

/* One of everything, made in another order than declared. */
static struct metrics_registry *registry_full(void)
{
    struct metrics_registry *registry = registry_new();
    series(registry, BUILD, "1.0", "");
    struct metrics_series *latency = series(registry, LATENCY, "/a\\b\n\"c\"", NULL);
    assert_int_equal(metrics_observe(latency, 0.004), METRICS_OK);
    assert_int_equal(metrics_observe(latency, 2), METRICS_OK);
    assert_int_equal(metrics_set(series(registry, JOBS, NULL, NULL), 12.5), METRICS_OK);
    assert_int_equal(metrics_set(series(registry, TEMPERATURE,
                                        "k\xc3\xbc"
                                        "che",
                                        NULL),
                                 21),
                     METRICS_OK);
    assert_int_equal(metrics_set(series(registry, TEMPERATURE, "attic", NULL), NAN), METRICS_OK);
    assert_int_equal(metrics_set(series(registry, TEMPERATURE, "cellar", NULL), -0.25), METRICS_OK);
    return registry;
}

static void text_has_every_family_in_declared_order(void **state)
{
    (void)state;
    struct metrics_registry *registry = registry_full();
    assert_renders(registry, METRICS_TEXT,
                   "# HELP app_temperature_celsius How \"warm\" it is:\\nback\\\\slash.\n"
                   "# TYPE app_temperature_celsius gauge\n"
                   "app_temperature_celsius{room=\"k\xc3\xbc"
                   "che\"} 21\n"
                   "app_temperature_celsius{room=\"cellar\"} -0.25\n"
                   "# HELP app_cpu_seconds_total Time spent.\n"
                   "# TYPE app_cpu_seconds_total counter\n"
                   "app_cpu_seconds_total 12.5\n"
                   "# HELP app_latency_seconds Latency.\n"
                   "# TYPE app_latency_seconds histogram\n"
                   "app_latency_seconds_bucket{route=\"/a\\\\b\\n\\\"c\\\"\",le=\"0.005\"} 1\n"
                   "app_latency_seconds_bucket{route=\"/a\\\\b\\n\\\"c\\\"\",le=\"1\"} 1\n"
                   "app_latency_seconds_bucket{route=\"/a\\\\b\\n\\\"c\\\"\",le=\"2.5\"} 2\n"
                   "app_latency_seconds_bucket{route=\"/a\\\\b\\n\\\"c\\\"\",le=\"1e+06\"} 2\n"
                   "app_latency_seconds_bucket{route=\"/a\\\\b\\n\\\"c\\\"\",le=\"+Inf\"} 2\n"
                   "app_latency_seconds_sum{route=\"/a\\\\b\\n\\\"c\\\"\"} 2.004\n"
                   "app_latency_seconds_count{route=\"/a\\\\b\\n\\\"c\\\"\"} 2\n"
                   "# HELP app_build_info Build.\n"
                   "# TYPE app_build_info gauge\n"
                   "app_build_info{version=\"1.0\",branch=\"\"} 1\n");
    metrics_registry_free(registry);
}

static void openmetrics_has_units_families_without_suffix_and_an_end(void **state)
{
    (void)state;
    struct metrics_registry *registry = registry_full();
    assert_renders(registry, METRICS_OPENMETRICS,
                   "# HELP app_temperature_celsius How \\\"warm\\\" it is:\\nback\\\\slash.\n"
                   "# TYPE app_temperature_celsius gauge\n"
                   "# UNIT app_temperature_celsius celsius\n"
                   "app_temperature_celsius{room=\"k\xc3\xbc"
                   "che\"} 21\n"
                   "app_temperature_celsius{room=\"cellar\"} -0.25\n"
                   "# HELP app_cpu_seconds Time spent.\n"
                   "# TYPE app_cpu_seconds counter\n"
                   "# UNIT app_cpu_seconds seconds\n"
                   "app_cpu_seconds_total 12.5\n"
                   "# HELP app_latency_seconds Latency.\n"
                   "# TYPE app_latency_seconds histogram\n"
                   "# UNIT app_latency_seconds seconds\n"
                   "app_latency_seconds_bucket{route=\"/a\\\\b\\n\\\"c\\\"\",le=\"0.005\"} 1\n"
                   "app_latency_seconds_bucket{route=\"/a\\\\b\\n\\\"c\\\"\",le=\"1.0\"} 1\n"
                   "app_latency_seconds_bucket{route=\"/a\\\\b\\n\\\"c\\\"\",le=\"2.5\"} 2\n"
                   "app_latency_seconds_bucket{route=\"/a\\\\b\\n\\\"c\\\"\",le=\"1e+06\"} 2\n"
                   "app_latency_seconds_bucket{route=\"/a\\\\b\\n\\\"c\\\"\",le=\"+Inf\"} 2\n"
                   "app_latency_seconds_sum{route=\"/a\\\\b\\n\\\"c\\\"\"} 2.004\n"
                   "app_latency_seconds_count{route=\"/a\\\\b\\n\\\"c\\\"\"} 2\n"
                   "# HELP app_build Build.\n"
                   "# TYPE app_build info\n"
                   "app_build_info{version=\"1.0\",branch=\"\"} 1\n"
                   "# EOF\n");
    metrics_registry_free(registry);
}

static void a_family_without_anything_to_say_is_left_out(void **state)
{
    (void)state;
    struct metrics_registry *registry = registry_new();
    assert_renders(registry, METRICS_TEXT, "");
    assert_renders(registry, METRICS_OPENMETRICS, "# EOF\n");
    series(registry, TEMPERATURE, "attic", NULL); /* a gauge, not set */
    struct metrics_series *jobs = series(registry, JOBS, NULL, NULL);
    assert_renders(registry, METRICS_TEXT,
                   "# HELP app_cpu_seconds_total Time spent.\n# TYPE app_cpu_seconds_total counter\n"
                   "app_cpu_seconds_total 0\n");
    metrics_unset(jobs);
    assert_renders(registry, METRICS_TEXT, "");
    metrics_registry_free(registry);
}

static void a_changed_value_is_rendered_anew(void **state)
{
    (void)state;
    struct metrics_registry *registry = registry_new();
    struct metrics_series *jobs = series(registry, JOBS, NULL, NULL);
    static const char head[] =
        "# HELP app_cpu_seconds_total Time spent.\n# TYPE app_cpu_seconds_total counter\n";
    static const struct {
        double value;
        const char *text;
    } steps[] = {
        {0.125, "0.125"}, {0.125, "0.125"}, {7, "7"}, {1.0 / 3 + 7, "7.333333333333333"}, {8.5, "8.5"}};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        char expected[256];
        assert_int_equal(metrics_set(jobs, steps[i].value), METRICS_OK);
        snprintf(expected, sizeof(expected), "%sapp_cpu_seconds_total %s\n", head, steps[i].text);
        assert_renders(registry, METRICS_TEXT, expected);
    }
    metrics_registry_free(registry);
}

static void a_buffer_of_the_announced_size_is_needed_and_enough(void **state)
{
    (void)state;
    struct metrics_registry *registry = registry_full();
    for (int format = 0; format < METRICS_FORMATS; format++) {
        size_t capacity = metrics_render_max(registry, (enum metrics_format)format);
        char *text = malloc(capacity); /* the sanitizer sees a byte too many */
        assert_non_null(text);
        size_t size = 99;
        assert_int_equal(metrics_render(registry, (enum metrics_format)format, text, capacity - 1, &size),
                         METRICS_SPACE);
        assert_int_equal(size, 99);
        assert_int_equal(metrics_render(registry, (enum metrics_format)format, text, capacity, &size),
                         METRICS_OK);
        free(text);
    }
    metrics_registry_free(registry);
}

static void the_longest_numbers_fit(void **state)
{
    (void)state;
    struct metrics_registry *registry = registry_new();
    struct metrics_series *last = NULL;
    for (char room[] = "a"; room[0] <= 'z'; room[0]++) {
        last = series(registry, TEMPERATURE, room, NULL);
        assert_int_equal(metrics_set(last, -2.2250738585072014e-308), METRICS_OK);
    }
    for (int format = 0; format < METRICS_FORMATS; format++) {
        size_t capacity = metrics_render_max(registry, (enum metrics_format)format);
        char *text = malloc(capacity);
        assert_non_null(text);
        size_t size = 0;
        assert_int_equal(metrics_render(registry, (enum metrics_format)format, text, capacity, &size),
                         METRICS_OK);
        assert_true(size < capacity);
        free(text);
    }
    metrics_registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_has_every_family_in_declared_order),
        cmocka_unit_test(openmetrics_has_units_families_without_suffix_and_an_end),
        cmocka_unit_test(a_family_without_anything_to_say_is_left_out),
        cmocka_unit_test(a_changed_value_is_rendered_anew),
        cmocka_unit_test(a_buffer_of_the_announced_size_is_needed_and_enough),
        cmocka_unit_test(the_longest_numbers_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
