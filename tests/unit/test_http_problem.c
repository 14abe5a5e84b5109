/* Problem details (RFC 9457). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "fault.h"
#include "lab/problem.h"

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const json_t *error_at(const json_t *problem, size_t index)
{
    return json_array_get(json_object_get(problem, "errors"), index);
}

static void a_problem_without_errors_has_four_members(void **state)
{
    (void)state;
    json_t *problem = problem_new(404, "no scenario \"%s\"", "x");
    assert_int_equal(json_object_size(problem), 4);
    assert_string_equal(text_of(problem, "type"), "about:blank");
    assert_string_equal(text_of(problem, "title"), "Not Found");
    assert_string_equal(text_of(problem, "detail"), "no scenario \"x\"");
    assert_int_equal(problem_status(problem), 404);
    assert_int_equal(problem_count(problem), 0);
    json_decref(problem);
}

static void errors_keep_their_order_and_pointers(void **state)
{
    (void)state;
    json_t *problem = problem_new(422, "two fields are wrong");
    problem_add(problem, "/mode", "unknown mode \"%s\"", "leek-recv");
    problem_add_member(problem, "a/b~c", "unknown field");
    problem_set_detail(problem, "%d fields are wrong", 2);
    assert_int_equal(problem_count(problem), 2);
    assert_string_equal(text_of(error_at(problem, 0), "pointer"), "/mode");
    assert_string_equal(text_of(error_at(problem, 0), "detail"), "unknown mode \"leek-recv\"");
    assert_string_equal(text_of(error_at(problem, 1), "pointer"), "/a~1b~0c");
    assert_string_equal(text_of(problem, "detail"), "2 fields are wrong");
    json_decref(problem);
}

static void no_more_errors_are_kept_than_the_limit(void **state)
{
    (void)state;
    json_t *problem = problem_new(422, "many");
    for (int i = 0; i < LIMIT_REPORTED_ERRORS + 5; i++)
        problem_add(problem, "/x", "%d", i);
    assert_int_equal(problem_count(problem), LIMIT_REPORTED_ERRORS);
    json_decref(problem);
}

static void long_texts_are_cut_without_breaking_a_letter(void **state)
{
    (void)state;
    char text[2 * PROBLEM_TEXT + 2];
    for (size_t i = 0; i < sizeof text - 2; i += 2)
        memcpy(text + i, "\xC3\xA4", 2);
    text[sizeof text - 2] = '\0';
    json_t *problem = problem_new(400, "%s", text);
    assert_int_equal(strlen(text_of(problem, "detail")), PROBLEM_TEXT - 1);
    problem_add_member(problem, text, "long");
    assert_int_equal(problem_count(problem), 1);
    json_decref(problem);
}

static void what_is_not_utf8_is_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *given, *kept;
    } texts[] = {
        {"a\xFF"
         "b",
         "a?b"},
        {"\xC0\xAF", "??"},           /* overlong */
        {"\xED\xA0\x80", "???"},      /* a surrogate */
        {"\xF4\x90\x80\x80", "????"}, /* above U+10FFFF */
        {"\xE2\x82", "??"},           /* cut short */
        {"\xE2\x82\xAC", "\xE2\x82\xAC"},
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *problem = problem_new(400, "%s", texts[i].given);
        assert_string_equal(text_of(problem, "detail"), texts[i].kept);
        assert_int_equal(utf8_valid(texts[i].given), strcmp(texts[i].given, texts[i].kept) == 0);
        json_decref(problem);
    }
}

static void every_function_takes_null(void **state)
{
    (void)state;
    problem_add(NULL, "/x", "y");
    problem_add_member(NULL, "x", "y");
    problem_set_detail(NULL, "x");
    assert_int_equal(problem_count(NULL), 0);
    assert_int_equal(problem_status(NULL), 500);
}

static bool build(void *argument)
{
    (void)argument;
    json_t *problem = problem_new(422, "detail");
    problem_add(problem, "/a", "first");
    problem_add_member(problem, "b", "second");
    problem_set_detail(problem, "other");
    size_t kept = problem_count(problem);
    json_decref(problem);
    return kept == 2;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    json_set_alloc_funcs(malloc, free);
    fault_sweep(build, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_without_errors_has_four_members),
        cmocka_unit_test(errors_keep_their_order_and_pointers),
        cmocka_unit_test(no_more_errors_are_kept_than_the_limit),
        cmocka_unit_test(long_texts_are_cut_without_breaking_a_letter),
        cmocka_unit_test(what_is_not_utf8_is_replaced),
        cmocka_unit_test(every_function_takes_null),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
