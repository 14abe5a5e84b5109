#include "lab/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "lab/describe.h"
#include "lab/forecast.h"
#include "lab/problem.h"
#include "lab_fixture.h"
#include "runtime/ghost.h"

static struct catalogue catalogue;

static struct spec_context context(void)
{
    return (struct spec_context){
        .catalogue = &catalogue, .max_tasks = 1000000, .max_heap_bytes = 4ull << 30, .seed = 99};
}

static enum err parse(const char *text, struct spec *spec, json_t **problem)
{
    struct spec_context with = context();
    json_t *body = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(body);
    enum err err = spec_parse(&with, body, spec, problem);
    json_decref(body);
    return err;
}

static struct spec spec_of(const char *text)
{
    struct spec spec;
    json_t *problem;
    if (parse(text, &spec, &problem) != ERR_OK)
        fail_msg("%s: %s", text, json_look(problem, "errors.0.detail"));
    assert_null(problem);
    return spec;
}

/* The first error must be at `pointer` and say `detail`. */
static void assert_fault(const char *text, const char *pointer, const char *detail)
{
    struct spec spec;
    json_t *problem;
    if (parse(text, &spec, &problem) == ERR_OK)
        fail_msg("%s passed", text);
    assert_non_null(problem);
    assert_int_equal(problem_status(problem), 422);
    assert_string_equal(json_look(problem, "errors.0.pointer"), pointer);
    assert_string_equal(json_look(problem, "errors.0.detail"), detail);
    json_decref(problem);
}

static void a_mode_is_enough(void **state)
{
    (void)state;
    struct spec spec = spec_of("{\"mode\": \"leak-recv\"}");
    assert_int_equal(spec.action, ACTION_SPAWN);
    assert_string_equal(spec.mode.pattern->name, "recv");
    assert_int_equal(spec.mode.variant, VARIANT_LEAK);
    assert_string_equal(spec.name, "");
    assert_int_equal(spec.rate.starts_millionths, 0);
    assert_int_equal(spec.linger_ns, 0);
    assert_int_equal(spec.duration_ns, 0);
    assert_int_equal(spec.holds_bytes, 1024);
    assert_int_equal(spec.seed, 99);
    assert_int_equal(spec.max_tasks, 1000000);
    assert_int_equal(spec.max_heap_bytes, 4ull << 30);
    assert_false(spec.dry_run);
    assert_int_equal(spec.params[0], 3000);
}

static void texts_are_as_good_as_numbers(void **state)
{
    (void)state;
    struct spec texts =
        spec_of("{\"mode\":\"fix-send\",\"n\":\"2000\",\"rate\":\"50/s\",\"linger\":\"80ms\","
                "\"duration\":\"30\",\"holds\":\"4KiB\",\"max_tasks\":\"5000\",\"max_heap\":\"1GiB\","
                "\"seed\":\"9007199254740991\",\"dry_run\":\"true\",\"patience\":\"0.5\"}");
    struct spec numbers =
        spec_of("{\"mode\":\"fix-send\",\"n\":2000,\"rate\":50,\"linger\":0.08,\"duration\":30,"
                "\"holds\":4096,\"max_tasks\":5000,\"max_heap\":1073741824,"
                "\"seed\":9007199254740991,\"dry_run\":true,\"patience\":0.5}");
    assert_memory_equal(&texts, &numbers, sizeof texts);
    assert_int_equal(texts.linger_ns, 80 * MS);
    assert_int_equal(texts.duration_ns, 30 * SEC);
    assert_int_equal(texts.seed, SPEC_SEED_MAX);
    assert_int_equal(texts.params[0], 2000);
    assert_int_equal(texts.params[2], 500 * MS);
}

static void with_a_rate_owners_stay_a_second(void **state)
{
    (void)state;
    assert_int_equal(spec_of("{\"mode\":\"leak-recv\",\"rate\":0.5}").linger_ns, SEC);
    assert_int_equal(spec_of("{\"mode\":\"leak-recv\",\"rate\":0.5,\"linger\":\"2s\"}").linger_ns, 2 * SEC);
    assert_int_equal(spec_of("{\"mode\":\"leak-recv\",\"linger\":null,\"duration\":null}").linger_ns, 0);
}

static void a_shape_brings_its_own_defaults(void **state)
{
    (void)state;
    struct spec steady =
        spec_of("{\"mode\":\"leak-recv\",\"rate\":1,\"shape_period\":null,\"shape_low\":null}");
    assert_int_equal(steady.shape, SHAPE_STEADY);
    assert_int_equal(steady.shape_period_ns, 0);
    assert_int_equal(steady.jitter, 0);
    struct spec wave = spec_of("{\"mode\":\"leak-recv\",\"rate\":1,\"shape\":\"wave\",\"jitter\":\"2.5%\"}");
    assert_int_equal(wave.shape, SHAPE_WAVE);
    assert_int_equal(wave.shape_period_ns, 60 * SEC);
    assert_int_equal(wave.shape_low, 1000);
    assert_int_equal(wave.jitter, 250);
}

static void a_shape_takes_only_what_it_uses(void **state)
{
    (void)state;
    assert_fault("{\"mode\":\"leak-recv\",\"rate\":1,\"shape\":\"square\",\"shape_low\":\"1%\"}", "/shape",
                 "must be \"steady\", \"ramp\", \"wave\", \"spike\" or \"double-halve\"");
    assert_fault("{\"mode\":\"leak-recv\",\"rate\":1,\"shape_period\":5}", "/shape_period",
                 "does not go with the shape steady");
    assert_fault("{\"mode\":\"leak-recv\",\"rate\":1,\"shape\":\"double-halve\",\"shape_low\":\"1%\"}",
                 "/shape_low", "does not go with the shape double-halve");
    assert_fault("{\"mode\":\"leak-recv\",\"shape\":\"ramp\"}", "/shape",
                 "needs a rate: without one there is a single start");
    assert_fault("{\"mode\":\"leak-recv\",\"jitter\":\"1%\"}", "/jitter",
                 "needs a rate: without one there is a single start");
    static const char percent[] = "must be a percentage such as 10%, from 0% to 100% in steps of 0.01%";
    assert_fault("{\"mode\":\"leak-recv\",\"rate\":1,\"jitter\":\"101%\"}", "/jitter", percent);
    assert_fault("{\"mode\":\"leak-recv\",\"rate\":1,\"jitter\":0.1}", "/jitter", percent);
    assert_fault("{\"mode\":\"leak-recv\",\"rate\":1,\"jitter\":\"0.001%\"}", "/jitter", percent);
}

static void a_default_may_depend_on_the_linger(void **state)
{
    (void)state;
    assert_int_equal(spec_of("{\"mode\":\"fix-send\",\"linger\":\"120ms\"}").params[2], 60 * MS);
    assert_int_equal(spec_of("{\"mode\":\"fix-send\"}").params[2], LINGER_OPEN_NS / 2);
}

static void misspelt_words_are_met_with_the_nearest(void **state)
{
    (void)state;
    assert_fault("{\"mode\":\"leek-recv\"}", "/mode",
                 "unknown mode \"leek-recv\": did you mean \"leak-recv\"?");
    assert_fault("{\"mode\":\"leak-recv\",\"lingre\":1}", "/lingre",
                 "unknown field \"lingre\": did you mean \"linger\"?");
    assert_fault("{\"mode\":\"fix-send\",\"patiense\":1}", "/patiense",
                 "unknown field \"patiense\": did you mean \"patience\"?");
    assert_fault(
        "{\"mode\":\"leak-recv\",\"a/b~c\":1}", "/a~1b~0c",
        "unknown field \"a/b~c\": known: n, action, mode, name, rate, shape, shape_period, shape_low, "
        "jitter, linger, duration, at, ...");
}

static void every_field_says_what_would_have_been_right(void **state)
{
    (void)state;
    static const char rate[] =
        "must be 0, or a rate such as 50/s, 0.5 or 10/m, from 0.000001 to 1000000 starts a second";
    static const char linger[] = "must be a duration such as 80ms or 1.5s, from 1ms to 366d";
    static const char tasks[] = "must be a whole number from 1 to 1000000, the daemon's limit";
    static const char seed[] = "must be a whole number from 0 to 9007199254740991";
    static const char name[] =
        "must be 1 to 64 letters, digits, '.', '_' and '-', with a letter or digit first";
    static const char holds[] = "must be a size such as 4KiB or 512, from 0B to 1GiB";
    const struct {
        const char *member, *pointer, *detail;
    } cases[] = {
        {"\"rate\":-1", "/rate", rate},
        {"\"rate\":1e300", "/rate", rate},
        {"\"rate\":0.0000001", "/rate", rate},
        {"\"rate\":\"50/d\"", "/rate", rate},
        {"\"rate\":\"NaN\"", "/rate", rate},
        {"\"linger\":0", "/linger", linger},
        {"\"linger\":-5", "/linger", linger},
        {"\"linger\":\"1e999\"", "/linger", linger},
        {"\"linger\":\"367d\"", "/linger", linger},
        {"\"linger\":1e18", "/linger", linger},
        {"\"duration\":\"soon\"", "/duration", linger},
        {"\"max_tasks\":0", "/max_tasks", tasks},
        {"\"max_tasks\":1000001", "/max_tasks", tasks},
        {"\"max_tasks\":1.5", "/max_tasks", tasks},
        {"\"max_heap\":\"5GiB\"", "/max_heap",
         "must be a size such as 4KiB or 512, from 1B to 4GiB, the daemon's limit"},
        {"\"seed\":9007199254740992", "/seed", seed},
        {"\"seed\":\"18446744073709551615\"", "/seed", seed},
        {"\"seed\":-1", "/seed", seed},
        {"\"holds\":\"2GiB\"", "/holds", holds},
        {"\"holds\":-1", "/holds", holds},
        {"\"dry_run\":\"maybe\"", "/dry_run", "must be true or false"},
        {"\"dry_run\":1", "/dry_run", "must be true or false"},
        {"\"name\":\"\"", "/name", name},
        {"\"name\":\"../x\"", "/name", name},
        {"\"name\":\"a b\"", "/name", name},
        {"\"name\":\"\\u00e9t\\u00e9\"", "/name", name},
        {"\"name\":\"-x\"", "/name", name},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "{\"mode\":\"leak-recv\",%s}", cases[i].member);
        assert_fault(text, cases[i].pointer, cases[i].detail);
    }
}

static void wrong_types_are_named(void **state)
{
    (void)state;
    assert_fault("{\"mode\":5}", "/mode", "must be a mode such as \"leak-recv\"");
    assert_fault("{\"mode\":[]}", "/mode", "must be a mode such as \"leak-recv\", not a list");
    assert_fault(
        "{\"mode\":\"leak-recv\",\"rate\":{}}", "/rate",
        "must be 0, or a rate such as 50/s, 0.5 or 10/m, from 0.000001 to 1000000 starts a second, not an "
        "object");
    assert_fault("{\"mode\":\"leak-recv\",\"seed\":null}", "/seed",
                 "must be a whole number from 0 to 9007199254740991, not null");
    assert_fault(
        "{\"mode\":\"leak-recv\",\"name\":true}", "/name",
        "must be 1 to 64 letters, digits, '.', '_' and '-', with a letter or digit first, not true or false");
}

static void parameters_are_checked_by_their_pattern(void **state)
{
    (void)state;
    struct spec spec;
    json_t *problem;
    static const char *const wrong[] = {"-1", "1.5", "1e300", "\"\"", "\"many\"", "[]", "null", "true", "{}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"mode\":\"leak-recv\",\"n\":%s}", wrong[i]);
        assert_int_not_equal(parse(text, &spec, &problem), ERR_OK);
        assert_string_equal(json_look(problem, "errors.0.pointer"), "/n");
        assert_memory_equal(json_look(problem, "errors.0.detail"), "must be a whole number", 22);
        json_decref(problem);
    }
    assert_fault("{\"mode\":\"fix-send\",\"remedy\":\"pray\"}", "/remedy",
                 "must be \"deadline\", \"buffer\" or \"cancel\"");
}

static void all_errors_come_at_once(void **state)
{
    (void)state;
    struct spec spec;
    json_t *problem;
    assert_int_not_equal(
        parse("{\"mode\":\"nope\",\"rate\":-1,\"holds\":\"x\",\"colour\":1}", &spec, &problem), ERR_OK);
    assert_int_equal(problem_count(problem), 4);
    assert_string_equal(json_look(problem, "detail"), "4 fields are not right");
    json_decref(problem);
}

static void no_object_is_a_bad_request(void **state)
{
    (void)state;
    struct spec spec;
    json_t *problem;
    assert_int_equal(parse("[]", &spec, &problem), ERR_SYNTAX);
    assert_int_equal(problem_status(problem), 400);
    json_decref(problem);
}

static void a_missing_mode_says_where_all_are(void **state)
{
    (void)state;
    assert_fault("{}", "/mode",
                 "is missing: variant and pattern, such as leak-recv; GET /patterns has all modes");
}

static void other_actions_take_a_name_only(void **state)
{
    (void)state;
    struct spec spec = spec_of("{\"action\":\"reclaim\",\"name\":\"x\"}");
    assert_int_equal(spec.action, ACTION_RECLAIM);
    assert_string_equal(spec.name, "x");
    assert_fault("{\"action\":\"cancel\"}", "/name", "is missing: the name of the scenario to cancel");
    assert_fault("{\"action\":\"cancel\",\"name\":\"x\",\"rate\":1}", "/rate",
                 "does not go with the action cancel, which takes a name only");
    assert_fault("{\"action\":\"explode\",\"name\":\"x\"}", "/action",
                 "must be \"spawn\", \"cancel\" or \"reclaim\"");
}

static void a_flood_of_wrong_members_is_cut(void **state)
{
    (void)state;
    struct spec_context with = context();
    struct spec spec;
    json_t *problem;
    json_t *body = json_pack("{s:s}", "mode", "leak-recv");
    for (int i = 0; i < 5000; i++) {
        char key[16];
        snprintf(key, sizeof key, "x%d", i);
        json_object_set_new(body, key, json_null());
    }
    assert_int_not_equal(spec_parse(&with, body, &spec, &problem), ERR_OK);
    assert_int_equal(problem_count(problem), LIMIT_REPORTED_ERRORS);
    json_decref(problem);
    json_decref(body);
}

static void the_effective_specification_can_be_posted_again(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"mode\":\"leak-recv\"}",
        "{\"mode\":\"fix-send\",\"name\":\"x\",\"rate\":\"10/"
        "m\",\"remedy\":\"buffer\",\"linger\":\"1.5s\",\"duration\":60,\"at\":\"90s\"}",
        "{\"mode\":\"leak-ticker\",\"tick\":\"25ms\",\"rate\":0.25,\"holds\":\"0\",\"max_heap\":\"64MiB\","
        "\"seed\":7}",
        "{\"mode\":\"leak-recv\",\"rate\":5,\"shape\":\"wave\",\"shape_period\":\"90s\",\"shape_low\":\"2.5%"
        "\","
        "\"jitter\":\"100%\"}",
        "{\"mode\":\"leak-recv\",\"rate\":5,\"shape\":\"double-halve\"}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct spec first = spec_of(texts[i]);
        snprintf(first.name, sizeof first.name, "some-name");
        json_t *json = spec_json(&first);
        char *text = json_dumps(json, 0);
        struct spec second = spec_of(text);
        assert_memory_equal(&first, &second, sizeof first);
        free(text);
        json_decref(json);
    }
}

static void patterns_and_fields_are_described_from_their_tables(void **state)
{
    (void)state;
    struct spec_context with = context();
    json_t *answer = describe_patterns(&with);
    assert_int_equal(json_array_size(json_object_get(answer, "patterns")), catalogue.count);
    assert_string_equal(json_look(answer, "patterns.0.name"), catalogue.patterns[0]->name);
    assert_int_equal(json_array_size(json_object_get(answer, "fields")), SPEC_FIELDS);
    assert_string_equal(json_look(answer, "fields.1.required"), "true");
    assert_string_equal(json_look(answer, "fields.3.type"), "rate");
    assert_string_equal(json_look(answer, "fields.4.choices.0"), "steady");
    assert_string_equal(json_look(answer, "fields.4.choices.4"), "double-halve");
    assert_string_equal(json_look(answer, "fields.12.max"), "1000000");
    assert_string_equal(json_look(answer, "fields.13.max"), "4GiB");
    json_decref(answer);

    json_t *recv = describe_pattern(catalogue_find(&catalogue, "recv"), false);
    assert_string_equal(json_look(recv, "modes.0"), "leak-recv");
    assert_string_equal(json_look(recv, "expect.leak"), "n");
    assert_string_equal(json_look(recv, "params.0.default"), "3000");
    json_decref(recv);
    json_t *send = describe_pattern(catalogue_find(&catalogue, "send"), false);
    assert_string_equal(json_look(send, "params.1.choices.2"), "cancel");
    json_decref(send);

    json_t *whole = describe_pattern(catalogue_find(&catalogue, "ticker"), true);
    assert_string_equal(json_look(whole, "file"), "ticker.yaml");
    assert_memory_equal(json_string_value(json_object_get(whole, "source")), "pattern: ticker\n", 16);
    json_decref(whole);
}

static struct forecast forecast_of(const char *text)
{
    struct spec spec = spec_of(text);
    struct forecast forecast;
    assert_int_equal(forecast_make(&spec, ghost_supplies, &forecast), ERR_OK);
    return forecast;
}

static void a_single_start_is_forecast(void **state)
{
    (void)state;
    struct forecast forecast = forecast_of("{\"mode\":\"leak-recv\",\"n\":2000}");
    assert_int_equal(forecast.tasks_per_start, 2001);
    assert_int_equal(forecast.leaked_per_start, 2000);
    assert_true(forecast.tasks_peak == 2001);
    assert_true(forecast.tasks_per_second == 0);
    assert_null(forecast.limit);
    assert_in_range(forecast.bytes_per_start, 2000 * 1024 + 2001 * 128, 2000 * 1024 + 2001 * 128 + 1024);
}

static void a_growing_leak_is_forecast_to_reach_its_limit(void **state)
{
    (void)state;
    struct forecast forecast =
        forecast_of("{\"mode\":\"leak-recv\",\"n\":100,\"rate\":10,\"holds\":0,\"max_tasks\":11010}");
    assert_true(forecast.tasks_per_second == 1010);
    assert_true(forecast.leaked_per_second == 1000);
    assert_string_equal(forecast.limit, "tasks");
    assert_true(forecast.limit_after_seconds > 10.9 && forecast.limit_after_seconds < 11.1);
    assert_true(forecast.tasks_peak == 11010);

    /* With an end before that, nothing is reached. */
    forecast = forecast_of(
        "{\"mode\":\"leak-recv\",\"n\":100,\"rate\":10,\"holds\":0,\"max_tasks\":11010,\"duration\":5}");
    assert_null(forecast.limit);
    assert_true(forecast.tasks_peak == 101 + 5000);
}

static void a_shape_moves_what_is_forecast(void **state)
{
    (void)state;
    /* 50 starts in the first 10 s, then ten a second: start 110 takes it over the limit. */
    struct forecast forecast = forecast_of("{\"mode\":\"leak-recv\",\"n\":100,\"rate\":10,\"holds\":0,"
                                           "\"max_tasks\":11010,\"shape\":\"ramp\",\"shape_low\":\"0%\","
                                           "\"shape_period\":\"10s\"}");
    assert_string_equal(forecast.limit, "tasks");
    assert_true(forecast.limit_after_seconds == 16);
    assert_true(forecast.tasks_peak == 11010);

    forecast = forecast_of("{\"mode\":\"leak-recv\",\"n\":100,\"rate\":10,\"holds\":0,\"duration\":\"20s\","
                           "\"shape\":\"spike\",\"shape_period\":\"10s\"}");
    assert_null(forecast.limit);
    assert_true(forecast.leaked_per_second == 190);
    assert_true(forecast.tasks_peak == 101 + 100 * 38);
}

static void heap_may_be_the_limit_that_is_reached_first(void **state)
{
    (void)state;
    struct forecast forecast =
        forecast_of("{\"mode\":\"leak-recv\",\"n\":1000,\"holds\":\"1MiB\",\"max_heap\":\"64MiB\"}");
    assert_string_equal(forecast.limit, "heap");
    assert_true(forecast.limit_after_seconds == 0);
    assert_true(forecast.tasks_peak <= 65);
}

static void a_fixed_pattern_does_not_grow(void **state)
{
    (void)state;
    struct forecast forecast =
        forecast_of("{\"mode\":\"fix-ticker\",\"n\":10,\"rate\":20,\"linger\":\"2s\"}");
    assert_null(forecast.limit);
    assert_true(forecast.tasks_peak == 11 * 40);
    assert_true(forecast.leaked_per_second == 0);
}

struct sweep {
    const char *text;
    json_t *body;
};

static bool parse_once(void *argument)
{
    const struct sweep *sweep = argument;
    struct spec_context with = context();
    struct spec spec;
    struct forecast forecast;
    json_t *problem;
    enum err err = spec_parse(&with, sweep->body, &spec, &problem);
    if (err != ERR_OK) {
        assert_true(err == ERR_MEMORY || problem != NULL);
        json_decref(problem);
        return err != ERR_MEMORY;
    }
    json_t *effective = spec_json(&spec);
    json_t *told =
        forecast_make(&spec, ghost_supplies, &forecast) == ERR_OK ? forecast_json(&forecast) : NULL;
    bool whole = effective != NULL && told != NULL;
    json_decref(effective);
    json_decref(told);
    return whole;
}

static bool describe_once(void *argument)
{
    (void)argument;
    struct spec_context with = context();
    json_t *patterns = describe_patterns(&with);
    bool whole = patterns != NULL;
    json_decref(patterns);
    return whole;
}

static void without_memory_nothing_is_left_behind(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"mode\":\"fix-send\",\"n\":5,\"rate\":\"10/m\",\"patience\":\"5ms\"}",
        "{\"mode\":\"leek-recv\",\"rate\":-1,\"colour\":\"red\"}",
        "{\"mode\":\"leak-recv\",\"n\":-1}",
        "{\"action\":\"cancel\",\"rate\":5}",
        "{}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct sweep sweep = {texts[i], json_loads(texts[i], 0, NULL)};
        fault_sweep(parse_once, &sweep);
        json_decref(sweep.body);
    }
    fault_sweep_every(7, describe_once, NULL);
}

static int set_up(void **state)
{
    (void)state;
    json_can_fail();
    load_catalogue(&catalogue);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    catalogue_deinit(&catalogue);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mode_is_enough),
        cmocka_unit_test(texts_are_as_good_as_numbers),
        cmocka_unit_test(with_a_rate_owners_stay_a_second),
        cmocka_unit_test(a_shape_brings_its_own_defaults),
        cmocka_unit_test(a_shape_takes_only_what_it_uses),
        cmocka_unit_test(a_default_may_depend_on_the_linger),
        cmocka_unit_test(misspelt_words_are_met_with_the_nearest),
        cmocka_unit_test(every_field_says_what_would_have_been_right),
        cmocka_unit_test(wrong_types_are_named),
        cmocka_unit_test(parameters_are_checked_by_their_pattern),
        cmocka_unit_test(all_errors_come_at_once),
        cmocka_unit_test(no_object_is_a_bad_request),
        cmocka_unit_test(a_missing_mode_says_where_all_are),
        cmocka_unit_test(other_actions_take_a_name_only),
        cmocka_unit_test(a_flood_of_wrong_members_is_cut),
        cmocka_unit_test(the_effective_specification_can_be_posted_again),
        cmocka_unit_test(patterns_and_fields_are_described_from_their_tables),
        cmocka_unit_test(a_single_start_is_forecast),
        cmocka_unit_test(a_growing_leak_is_forecast_to_reach_its_limit),
        cmocka_unit_test(a_shape_moves_what_is_forecast),
        cmocka_unit_test(heap_may_be_the_limit_that_is_reached_first),
        cmocka_unit_test(a_fixed_pattern_does_not_grow),
        cmocka_unit_test(without_memory_nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
