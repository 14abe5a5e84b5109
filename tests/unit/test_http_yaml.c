/* YAML bodies mean what the same characters mean in JSON, and faults have their places. */
#include "http/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "fault.h"
#include "lab/problem.h"

static void assert_reads(const char *text, const char *json)
{
    json_t *problem;
    json_t *value = yaml_decode(text, strlen(text), "scenario", &problem);
    if (value == NULL)
        fail_msg("%s: %s", text, json_string_value(json_object_get(problem, "detail")));
    char *dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    assert_string_equal(dump, json);
    free(dump);
    json_decref(value);
}

static void plain_scalars_mean_what_they_mean_in_json(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        {"n: 50", "{\"n\":50}"},
        {"n: -1", "{\"n\":-1}"},
        {"n: 1.5", "{\"n\":1.5}"},
        {"n: 1e3", "{\"n\":1000.0}"},
        {"n: 2%", "{\"n\":\"2%\"}"},
        {"n: 50/s", "{\"n\":\"50/s\"}"},
        {"n: 007", "{\"n\":\"007\"}"},
        {"n: 0x10", "{\"n\":\"0x10\"}"},
        {"n: 1_000", "{\"n\":\"1_000\"}"},
        {"n: 12:30", "{\"n\":\"12:30\"}"},
        {"n: true", "{\"n\":true}"},
        {"n: false", "{\"n\":false}"},
        {"n: yes", "{\"n\":\"yes\"}"},
        {"n: True", "{\"n\":\"True\"}"},
        {"n: null", "{\"n\":null}"},
        {"n: ~", "{\"n\":null}"},
        {"n:", "{\"n\":null}"},
        {"n: \"50\"", "{\"n\":\"50\"}"},
        {"n: 'true'", "{\"n\":\"true\"}"},
        {"n: NaN", "{\"n\":\"NaN\"}"},
        {"- {mode: leak-recv, at: 1m}\n- mode: fix-recv\n",
         "[{\"mode\":\"leak-recv\",\"at\":\"1m\"},{\"mode\":\"fix-recv\"}]"},
        {"{\"a\": [1, \"\\ud83d\\ude00 \\u00e9\"], \"b\":{}}",
         "{\"a\":[1,\"\\uD83D\\uDE00 \\u00E9\"],\"b\":{}}"},
        /* What looks like an escape and is none. */
        {"{\"a\": \"\\\\ud83d\\\\ude00\"}", "{\"a\":\"\\\\ud83d\\\\ude00\"}"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_reads(cases[i].yaml, cases[i].json);
}

static void assert_refused(const char *text, int line, int column, const char *part)
{
    json_t *problem;
    assert_null(yaml_decode(text, strlen(text), "scenario", &problem));
    assert_int_equal(problem_status(problem), 422);
    json_t *error = json_array_get(json_object_get(problem, "errors"), 0);
    assert_int_equal(json_integer_value(json_object_get(error, "line")), line);
    assert_int_equal(json_integer_value(json_object_get(error, "column")), column);
    if (strstr(json_string_value(json_object_get(error, "detail")), part) == NULL)
        fail_msg("%s", json_string_value(json_object_get(error, "detail")));
    json_decref(problem);
}

static void faults_have_their_places(void **state)
{
    (void)state;
    assert_refused("mode: leak-recv\nn: 1e999\n", 2, 4, "too large");
    assert_refused("n: 99999999999999999999", 1, 4, "too large");
    assert_refused("a: &x 1\nb: *x\n", 1, 4, "anchors");
    assert_refused("mode: leak-recv\n  n: 1\n", 2, 4, "not well-formed");
    assert_refused("a: 1\na: 2\n", 2, 1, "stands here twice");
    assert_refused("# nothing\n", 1, 1, "the scenario is empty");
    assert_refused("{\"a\": \"\\ud83d\"}", 1, 10, "not well-formed");
    /* All that are there, each behind what was joined in its line. */
    assert_refused("{\"a\": \"\\ud83d\\ude00\", \"n\": 1e999}", 1, 28, "too large");
}

static void *json_take(size_t size)
{
    return malloc(size);
}

static void json_give(void *memory)
{
    free(memory);
}

static bool read_sound(void *argument)
{
    static const char text[] =
        "- {mode: leak-recv, n: 50, flag: true, none: ~, \"emoji\": \"x\"}\n- [1, 2.5]\n";
    json_t *problem;
    (void)argument;
    json_t *value = yaml_decode(text, sizeof text - 1, "scenario", &problem);
    bool read = value != NULL;
    assert_null(problem);
    json_decref(value);
    return read;
}

static bool read_faulty(void *argument)
{
    static const char text[] = "a: 1e999\nb: {c: 1e999, d: x}\n";
    json_t *problem;
    (void)argument;
    assert_null(yaml_decode(text, sizeof text - 1, "scenario", &problem));
    bool told = problem_count(problem) == 2;
    json_decref(problem);
    return told;
}

static void any_single_allocation_may_fail(void **state)
{
    (void)state;
    json_set_alloc_funcs(json_take, json_give);
    fault_sweep(read_sound, NULL);
    fault_sweep(read_faulty, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_scalars_mean_what_they_mean_in_json),
        cmocka_unit_test(faults_have_their_places),
        cmocka_unit_test(any_single_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("http_yaml", tests, NULL, NULL);
}
