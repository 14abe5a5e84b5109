/* What a registry showed at a row of times, as one text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "metrics/history.h"

enum { LEVEL, JOBS, AGE, SIZES, HIDDEN, FAMILIES };

static const double bounds[] = {1, 2.5};

static const struct metrics_declaration table[FAMILIES] = {
    [LEVEL] = {.name = "level", .help = "A level.", .labels = {"where"}},
    [JOBS] = {.name = "jobs_total", .help = "Jobs.", .type = METRICS_COUNTER},
    [AGE] = {.name = "age_seconds", .help = "An age.", .unit = "seconds"},
    [SIZES] =
        {.name = "sizes", .help = "Sizes.", .type = METRICS_HISTOGRAM, .bounds = bounds, .bound_count = 2},
    [HIDDEN] = {.name = "hidden", .help = "Left out."},
};

static const bool left_out[FAMILIES] = {[HIDDEN] = true};
static const struct metrics_stamp stamps[] = {{"job", "a \"b\""}, {"instance", "c:1"}};

struct fixture {
    uint32_t target;
    struct metrics_registry *registry;
    struct metrics_history *history;
    struct metrics_series *cellar, *attic, *jobs, *age, *sizes, *hidden;
    char text[4096];
    size_t size;
};

static struct metrics_series *series_of(struct fixture *fixture, size_t family, const char *value)
{
    struct metrics_series *series;
    assert_int_equal(metrics_series(fixture->registry, family, &value, &series), METRICS_OK);
    return series;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    assert_int_equal(metrics_registry_new(table, FAMILIES, &fixture->registry, NULL), METRICS_OK);
    fixture->cellar = series_of(fixture, LEVEL, "cellar");
    fixture->hidden = series_of(fixture, HIDDEN, NULL);
    metrics_set_u64(fixture->hidden, 1);
    assert_int_equal(metrics_history_new(NULL, NULL, &fixture->history), METRICS_OK);
    assert_int_equal(metrics_history_add(fixture->history, stamps, 2, &fixture->target), METRICS_OK);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    metrics_history_free(fixture->history);
    metrics_registry_free(fixture->registry);
    free(fixture);
    return 0;
}

static bool append(void *context, const char *text, size_t size)
{
    struct fixture *fixture = context;
    assert_true(fixture->size + size < sizeof fixture->text);
    memcpy(fixture->text + fixture->size, text, size);
    fixture->size += size;
    fixture->text[fixture->size] = '\0';
    return true;
}

static void record(struct fixture *fixture, uint64_t time_ms)
{
    assert_int_equal(metrics_history_scrape(fixture->history, time_ms), METRICS_OK);
    assert_int_equal(metrics_history_record(fixture->history, fixture->target, fixture->registry, left_out),
                     METRICS_OK);
}

static void miss(struct fixture *fixture, uint64_t time_ms, enum metrics_miss miss)
{
    assert_int_equal(metrics_history_scrape(fixture->history, time_ms), METRICS_OK);
    assert_int_equal(metrics_history_miss(fixture->history, fixture->target, miss), METRICS_OK);
}

static void assert_text(struct fixture *fixture, const char *text)
{
    fixture->size = 0;
    assert_true(metrics_history_write(fixture->history, append, fixture));
    assert_string_equal(fixture->text, text);
}

#define STAMPS "job=\"a \\\"b\\\"\",instance=\"c:1\""

static void samples_stand_by_family_then_series_then_time(void **state)
{
    struct fixture *fixture = *state;
    /* Given a counter and a gauge that move, and a gauge that comes later. */
    fixture->jobs = series_of(fixture, JOBS, NULL);
    metrics_set_u64(fixture->cellar, 5);
    record(fixture, 10000);
    metrics_add_u64(fixture->jobs, 2);
    fixture->attic = series_of(fixture, LEVEL, "attic");
    metrics_set(fixture->attic, 0.25);
    record(fixture, 10500);
    record(fixture, 11025);
    /* Then each family stands together, in the order of the table. */
    assert_text(fixture, "# HELP level A level.\n"
                         "# TYPE level gauge\n"
                         "level{" STAMPS ",where=\"cellar\"} 5 10\n"
                         "level{" STAMPS ",where=\"cellar\"} 5 10.5\n"
                         "level{" STAMPS ",where=\"cellar\"} 5 11.025\n"
                         "level{" STAMPS ",where=\"attic\"} 0.25 10.5\n"
                         "level{" STAMPS ",where=\"attic\"} 0.25 11.025\n"
                         "# HELP jobs Jobs.\n"
                         "# TYPE jobs counter\n"
                         "jobs_total{" STAMPS "} 0 10\n"
                         "jobs_total{" STAMPS "} 2 10.5\n"
                         "jobs_total{" STAMPS "} 2 11.025\n"
                         "# EOF\n");
    struct metrics_history_size size = metrics_history_size(fixture->history);
    assert_int_equal(size.scrapes, 3);
    assert_int_equal(size.series, 3);
    assert_int_equal(size.samples, 8);
}

static void what_is_not_known_has_no_sample(void **state)
{
    struct fixture *fixture = *state;
    fixture->age = series_of(fixture, AGE, NULL);
    metrics_set(fixture->age, 1.5);
    record(fixture, 1000);
    metrics_set(fixture->age, NAN);
    record(fixture, 2000);
    metrics_set(fixture->age, 1.5);
    record(fixture, 3000);
    assert_text(fixture, "# HELP age_seconds An age.\n"
                         "# TYPE age_seconds gauge\n"
                         "# UNIT age_seconds seconds\n"
                         "age_seconds{" STAMPS "} 1.5 1\n"
                         "age_seconds{" STAMPS "} 1.5 3\n"
                         "# EOF\n");
}

static void the_lines_of_a_histogram_stay_together(void **state)
{
    struct fixture *fixture = *state;
    fixture->sizes = series_of(fixture, SIZES, NULL);
    metrics_observe(fixture->sizes, 2);
    record(fixture, 1000);
    metrics_observe(fixture->sizes, 7);
    record(fixture, 2000);
    assert_text(fixture, "# HELP sizes Sizes.\n"
                         "# TYPE sizes histogram\n"
                         "sizes_bucket{" STAMPS ",le=\"1.0\"} 0 1\n"
                         "sizes_bucket{" STAMPS ",le=\"2.5\"} 1 1\n"
                         "sizes_bucket{" STAMPS ",le=\"+Inf\"} 1 1\n"
                         "sizes_sum{" STAMPS "} 2 1\n"
                         "sizes_count{" STAMPS "} 1 1\n"
                         "sizes_bucket{" STAMPS ",le=\"1.0\"} 0 2\n"
                         "sizes_bucket{" STAMPS ",le=\"2.5\"} 1 2\n"
                         "sizes_bucket{" STAMPS ",le=\"+Inf\"} 2 2\n"
                         "sizes_sum{" STAMPS "} 9 2\n"
                         "sizes_count{" STAMPS "} 2 2\n"
                         "# EOF\n");
}

static void without_stamps_lines_are_those_of_a_scrape(void **state)
{
    struct fixture *fixture = *state;
    metrics_history_free(fixture->history);
    assert_int_equal(metrics_history_new(NULL, NULL, &fixture->history), METRICS_OK);
    assert_int_equal(metrics_history_add(fixture->history, NULL, 0, &fixture->target), METRICS_OK);
    metrics_set_u64(fixture->cellar, 5);
    assert_int_equal(metrics_history_scrape(fixture->history, 1000), METRICS_OK);
    assert_int_equal(metrics_history_record(fixture->history, fixture->target, fixture->registry, NULL),
                     METRICS_OK);
    assert_text(fixture, "# HELP level A level.\n"
                         "# TYPE level gauge\n"
                         "level{where=\"cellar\"} 5 1\n"
                         "# HELP hidden Left out.\n"
                         "# TYPE hidden gauge\n"
                         "hidden 1 1\n"
                         "# EOF\n");
}

static void an_empty_history_says_so(void **state)
{
    assert_text(*state, "# EOF\n");
}

static void time_does_not_go_back(void **state)
{
    struct fixture *fixture = *state;
    record(fixture, 1000);
    assert_int_equal(metrics_history_scrape(fixture->history, 1000), METRICS_BACKWARDS);
    assert_int_equal(metrics_history_scrape(fixture->history, 999), METRICS_BACKWARDS);
    assert_int_equal(metrics_history_size(fixture->history).scrapes, 1);
}

static void stamps_are_checked(void **state)
{
    struct fixture *fixture = *state;
    uint32_t target = 7;
    struct metrics_stamp many[METRICS_LABELS_MAX + 1];
    for (size_t i = 0; i <= METRICS_LABELS_MAX; i++)
        many[i] = (struct metrics_stamp){"a", "b"};
    const struct metrics_stamp bad = {"job", "\xff"};
    assert_int_equal(metrics_history_add(fixture->history, &bad, 1, &target), METRICS_UTF8);
    assert_int_equal(metrics_history_add(fixture->history, many, METRICS_LABELS_MAX + 1, &target),
                     METRICS_LIMIT);
    assert_int_equal(target, 7);
}

static bool refuse_second(void *context, const char *text, size_t size)
{
    int *pieces = context;
    (void)text;
    (void)size;
    return ++*pieces < 2;
}

static void writing_ends_when_it_is_refused(void **state)
{
    struct fixture *fixture = *state;
    int pieces = 0;
    metrics_set_u64(fixture->cellar, 5);
    for (uint64_t i = 1; i <= 10000; i++)
        record(fixture, i * 1000);
    assert_false(metrics_history_write(fixture->history, refuse_second, &pieces));
    assert_int_equal(pieces, 2);
}

#define LEVEL_HEAD "# HELP level A level.\n# TYPE level gauge\n"

static void what_is_missed_has_no_sample(void **state)
{
    struct fixture *fixture = *state;
    metrics_set_u64(fixture->cellar, 5);
    record(fixture, 1000);
    miss(fixture, 2000, METRICS_STALE);
    miss(fixture, 3000, METRICS_UNSEEN);
    record(fixture, 4000);
    assert_text(fixture, LEVEL_HEAD "level{" STAMPS ",where=\"cellar\"} 5 1\n"
                                    "level{" STAMPS ",where=\"cellar\"} 5 4\n"
                                    "# EOF\n");
}

static void targets_stand_side_by_side(void **state)
{
    struct fixture *fixture = *state;
    const struct metrics_stamp other_stamp = {"instance", "d:2"};
    uint32_t other;
    /* Given a target that comes later. */
    metrics_set_u64(fixture->cellar, 5);
    record(fixture, 1000);
    assert_int_equal(metrics_history_add(fixture->history, &other_stamp, 1, &other), METRICS_OK);
    record(fixture, 2000);
    metrics_set_u64(fixture->cellar, 6);
    assert_int_equal(metrics_history_record(fixture->history, other, fixture->registry, left_out),
                     METRICS_OK);
    assert_text(fixture, LEVEL_HEAD "level{" STAMPS ",where=\"cellar\"} 5 1\n"
                                    "level{" STAMPS ",where=\"cellar\"} 5 2\n"
                                    "level{instance=\"d:2\",where=\"cellar\"} 6 2\n"
                                    "# EOF\n");
}

/* Another registry in the place of the first, as when a process is restarted. */
static void restart(struct fixture *fixture)
{
    metrics_history_part(fixture->history, fixture->target);
    metrics_registry_free(fixture->registry);
    assert_int_equal(metrics_registry_new(table, FAMILIES, &fixture->registry, NULL), METRICS_OK);
}

static void a_series_goes_on_after_a_restart(void **state)
{
    struct fixture *fixture = *state;
    /* Given two series, of which the new process has one again, and in another order. */
    fixture->attic = series_of(fixture, LEVEL, "attic");
    metrics_set_u64(fixture->cellar, 5);
    metrics_set_u64(fixture->attic, 7);
    record(fixture, 1000);
    restart(fixture);
    series_of(fixture, LEVEL, "garden");
    metrics_set_u64(series_of(fixture, LEVEL, "attic"), 1);
    record(fixture, 2000);
    /* Then that one goes on, and the other has gone. */
    assert_text(fixture, LEVEL_HEAD "level{" STAMPS ",where=\"cellar\"} 5 1\n"
                                    "level{" STAMPS ",where=\"attic\"} 7 1\n"
                                    "level{" STAMPS ",where=\"attic\"} 1 2\n"
                                    "# EOF\n");
    assert_int_equal(metrics_history_size(fixture->history).series, 2);
}

static bool keep_attics(void *context, const char *text)
{
    int *asked = context;
    ++*asked;
    return strstr(text, "where=\"attic\"") != NULL;
}

static void only_what_is_to_be_kept_is(void **state)
{
    struct fixture *fixture = *state;
    int asked = 0;
    metrics_history_free(fixture->history);
    assert_int_equal(metrics_history_new(keep_attics, &asked, &fixture->history), METRICS_OK);
    assert_int_equal(metrics_history_add(fixture->history, stamps, 2, &fixture->target), METRICS_OK);
    fixture->attic = series_of(fixture, LEVEL, "attic");
    metrics_set_u64(fixture->cellar, 5);
    metrics_set_u64(fixture->attic, 7);
    record(fixture, 1000);
    record(fixture, 2000);
    assert_text(fixture, LEVEL_HEAD "level{" STAMPS ",where=\"attic\"} 7 1\n"
                                    "level{" STAMPS ",where=\"attic\"} 7 2\n"
                                    "# EOF\n");
    assert_int_equal(asked, 2); /* of each series once; the counters were not made */
}

static void assert_promtool(struct fixture *fixture, const char *text)
{
    fixture->size = 0;
    assert_true(metrics_history_write_promtool(fixture->history, 15000, append, fixture));
    assert_string_equal(fixture->text, text);
}

#define PROMTOOL_HEAD "tests:\n  - interval: 15000ms\n    input_series:\n"
#define CELLAR                                                                                               \
    PROMTOOL_HEAD "      - series: 'level{job=\"a \\\"b\\\"\",instance=\"c:1\",where=\"cellar\"}'\n"         \
                  "        values: '"

static void follow(struct fixture *fixture, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        metrics_set(fixture->cellar, values[i]);
        record(fixture, 15000 * (i + 1));
    }
}

static void promtool_counts_in_steps(void **state)
{
    /* What stays, what climbs, what falls to what then stays, and what is no whole number. */
    static const double values[] = {4, 4, 4, 5, 7, 9, 11, 8, 5, 2, 2, 2, 9, 0.5, 1.5, 2.5, 2.5};
    follow(*state, values, sizeof values / sizeof values[0]);
    assert_promtool(*state, CELLAR "4x2 5+2x3 8-3x2 2x1 9 0.5 1.5 2.5x1'\n");
}

static void promtool_is_told_what_has_gone(void **state)
{
    struct fixture *fixture = *state;
    miss(fixture, 15000, METRICS_STALE);
    miss(fixture, 30000, METRICS_STALE);
    metrics_set_u64(fixture->cellar, 5);
    record(fixture, 45000);
    miss(fixture, 60000, METRICS_STALE);
    miss(fixture, 75000, METRICS_STALE);
    record(fixture, 90000);
    miss(fixture, 105000, METRICS_UNSEEN);
    miss(fixture, 120000, METRICS_UNSEEN);
    record(fixture, 135000);
    miss(fixture, 150000, METRICS_STALE);
    assert_promtool(fixture, CELLAR "_x2 5 stale _ 5 _x2 5 stale'\n");
}

static void promtool_quotes_as_yaml_does(void **state)
{
    struct fixture *fixture = *state;
    const struct metrics_stamp stamp = {"instance", "it's"};
    metrics_history_free(fixture->history);
    assert_int_equal(metrics_history_new(NULL, NULL, &fixture->history), METRICS_OK);
    assert_int_equal(metrics_history_add(fixture->history, &stamp, 1, &fixture->target), METRICS_OK);
    metrics_set_u64(fixture->cellar, 5);
    record(fixture, 0);
    assert_promtool(fixture, PROMTOOL_HEAD
                    "      - series: 'level{instance=\"it''s\",where=\"cellar\"}'\n        values: '5'\n");
}

/* Given a scrape for which there was no memory, what was there before is whole. */
static bool live_once(void *argument)
{
    struct fixture *fixture = argument;
    struct metrics_history *history;
    uint32_t target;
    if (metrics_history_new(NULL, NULL, &history) != METRICS_OK)
        return false;
    bool whole = metrics_history_add(history, stamps, 2, &target) == METRICS_OK;
    for (uint64_t i = 1; i <= 9 && whole; i++) {
        metrics_set_u64(fixture->cellar, i);
        whole = metrics_history_scrape(history, i * 1000) == METRICS_OK &&
                (i == 5 ? metrics_history_miss(history, target, METRICS_STALE)
                        : metrics_history_record(history, target, fixture->registry, left_out)) == METRICS_OK;
    }
    struct metrics_history_size size = metrics_history_size(history);
    assert_true(size.samples <= size.scrapes);
    assert_true(!whole || (size.scrapes == 9 && size.samples == 8));
    metrics_history_free(history);
    return whole;
}

static void without_memory_it_says_so(void **state)
{
    fault_sweep(live_once, *state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(samples_stand_by_family_then_series_then_time),
        TEST(what_is_not_known_has_no_sample),
        TEST(the_lines_of_a_histogram_stay_together),
        TEST(without_stamps_lines_are_those_of_a_scrape),
        TEST(an_empty_history_says_so),
        TEST(time_does_not_go_back),
        TEST(stamps_are_checked),
        TEST(writing_ends_when_it_is_refused),
        TEST(what_is_missed_has_no_sample),
        TEST(targets_stand_side_by_side),
        TEST(a_series_goes_on_after_a_restart),
        TEST(only_what_is_to_be_kept_is),
        TEST(promtool_counts_in_steps),
        TEST(promtool_is_told_what_has_gone),
        TEST(promtool_quotes_as_yaml_does),
        TEST(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
