/* Request bodies: JSON and forms, and everything that may be wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/macros.h"
#include "fault.h"
#include "http/body.h"
#include "lab/problem.h"

static json_t *decode(enum body_type type, const char *text)
{
    json_t *problem;
    json_t *object = body_decode(type, text, strlen(text), &problem);
    assert_null(problem);
    assert_non_null(object);
    return object;
}

static void refused(enum body_type type, const char *bytes, size_t size, int status, const char *part)
{
    json_t *problem;
    if (body_decode(type, bytes, size, &problem) != NULL || problem == NULL)
        fail_msg("accepted: %.*s", (int)size, bytes);
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    if (problem_status(problem) != status || strstr(detail, part) == NULL)
        fail_msg("%.*s: %d %s", (int)size, bytes, problem_status(problem), detail);
    json_decref(problem);
}

static const char *member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void content_types_are_told_apart(void **state)
{
    (void)state;
    enum body_type type;
    assert_true(body_type_parse("application/json", &type) && type == BODY_JSON);
    assert_true(body_type_parse("Application/JSON ; charset=\"UTF-8\"", &type) && type == BODY_JSON);
    assert_true(body_type_parse("application/x-www-form-urlencoded;charset=utf-8", &type) &&
                type == BODY_FORM);
    static const char *const bad[] = {"",
                                      "text/plain",
                                      "application/jsonp",
                                      "application/json garbage",
                                      "application/json; charset=latin1",
                                      "application/json; charset=utf-80",
                                      "application/json;charset=utf-16",
                                      "multipart/form-data; boundary=x"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(body_type_parse(bad[i], &type));
    assert_false(body_type_parse(NULL, &type));
}

static void a_form_becomes_an_object_of_strings(void **state)
{
    (void)state;
    json_t *object = decode(BODY_FORM, "mode=leak-recv&n=2000&name=a%20b+c%C3%A4&empty=&bare&&x=a%3Db=c");
    assert_int_equal(json_object_size(object), 6);
    assert_string_equal(member(object, "mode"), "leak-recv");
    assert_string_equal(member(object, "n"), "2000");
    assert_string_equal(member(object, "name"), "a b c\xC3\xA4");
    assert_string_equal(member(object, "empty"), "");
    assert_string_equal(member(object, "bare"), "");
    assert_string_equal(member(object, "x"), "a=b=c");
    json_decref(object);
}

static void malformed_forms_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"n=%", "escape"},    {"n=%2", "escape"},     {"n=%zz", "escape"},         {"n=%00", "escape"},
        {"n=%ff", "UTF-8"},   {"n=\xff", "UTF-8"},    {"%f0=1", "UTF-8"},          {"=1", "without a name"},
        {"n=1&n=2", "twice"}, {"n=1&%6e=2", "twice"}, {"a=1&=", "without a name"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        refused(BODY_FORM, bad[i].text, strlen(bad[i].text), 400, bad[i].part);
    refused(BODY_FORM, "n=a\0b", 5, 400, "zero byte");
}

static void a_duplicate_field_is_pointed_at(void **state)
{
    (void)state;
    json_t *problem;
    assert_null(body_decode(BODY_FORM, "n=1&n=2", 7, &problem));
    const json_t *error = json_array_get(json_object_get(problem, "errors"), 0);
    assert_string_equal(member(error, "pointer"), "/n");
    json_decref(problem);
}

static void a_form_has_a_bounded_number_of_fields(void **state)
{
    (void)state;
    char text[LIMIT_FORM_FIELDS * 8 + 8];
    size_t size = 0;
    for (int i = 0; i < LIMIT_FORM_FIELDS; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "f%d=&", i);
    json_decref(decode(BODY_FORM, text));
    snprintf(text + size, sizeof text - size, "last=");
    refused(BODY_FORM, text, strlen(text), 400, "more than");
}

static void json_sent_as_a_form_is_explained(void **state)
{
    (void)state;
    const char *text = " {\"mode\": \"leak-recv\"}";
    refused(BODY_FORM, text, strlen(text), 415, "application/json");
}

static void json_keeps_its_types(void **state)
{
    (void)state;
    json_t *object =
        decode(BODY_JSON, " {\"mode\": \"leak-recv\", \"n\": 2000, \"rate\": 1.5, \"dry_run\": true} ");
    assert_int_equal(json_object_size(object), 4);
    assert_true(json_is_integer(json_object_get(object, "n")));
    assert_true(json_is_true(json_object_get(object, "dry_run")));
    json_decref(object);
}

static void malformed_json_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
        int status;
    } bad[] = {
        {"{\"n\": 1", "line 1", 400},
        {"{\n \"n\": }", "line 2", 400},
        {"{\"n\": 1} x", "well-formed", 400},
        {"{\"n\": 1}{}", "well-formed", 400},
        {"{\"n\": 1, \"n\": 2}", "duplicate", 400},
        {"{\"n\": NaN}", "well-formed", 400},
        {"{\"n\": -}", "well-formed", 400},
        {"{\"n\": 01}", "well-formed", 400},
        {"{'n': 1}", "well-formed", 400},
        {"{\"n\": \"\xff\"}", "UTF-8", 400},
        {"{\"n\": \"\xed\xa0\x80\"}", "UTF-8", 400},
        {"{\"n\": \"a\\u0000b\"}", "zero byte", 400},
        {"{\"a\\u0000b\": 1}", "zero byte", 400},
        {"{\"n\": 1e999}", "too large", 422},
        {"{\"n\": 99999999999999999999}", "too large", 422},
        {"1", "must be a JSON object", 400},
        {"\"text\"", "must be a JSON object", 400},
        {"null", "must be a JSON object", 400},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        refused(BODY_JSON, bad[i].text, strlen(bad[i].text), bad[i].status, bad[i].part);
    refused(BODY_JSON, "{\"n\": 1\0}", 9, 400, "zero byte");
}

static void an_empty_body_is_missing(void **state)
{
    (void)state;
    refused(BODY_JSON, NULL, 0, 400, "missing");
    refused(BODY_FORM, " \r\n", 3, 400, "missing");
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    char text[4 * LIMIT_JSON_DEPTH + 64];
    size_t size = (size_t)snprintf(text, sizeof text, "{\"s\": \"[[[[[[[[\\\"[[[[[[\", \"x\": ");
    memset(text + size, '[', LIMIT_JSON_DEPTH - 1);
    memset(text + size + LIMIT_JSON_DEPTH - 1, ']', LIMIT_JSON_DEPTH - 1);
    size += 2 * (LIMIT_JSON_DEPTH - 1);
    text[size] = '}';
    text[size + 1] = '\0';
    json_decref(decode(BODY_JSON, text));

    memset(text, '[', LIMIT_JSON_DEPTH + 1);
    refused(BODY_JSON, text, LIMIT_JSON_DEPTH + 1, 400, "deeper");
}

static void unescaping_is_bounded(void **state)
{
    (void)state;
    char out[4];
    assert_true(body_unescape("a%62c", 5, false, out, 3));
    assert_string_equal(out, "abc");
    assert_false(body_unescape("abcd", 4, false, out, 3));
    assert_true(body_unescape("+", 1, false, out, 3));
    assert_string_equal(out, "+");
}

static bool decode_both(void *argument)
{
    (void)argument;
    static const char form[] = "mode=leak-recv&n=2000";
    static const char json[] = "{\"mode\": \"leak-recv\", \"n\": [1, {}]}";
    json_t *problem;
    json_t *first = body_decode(BODY_FORM, form, sizeof form - 1, &problem);
    json_decref(problem);
    json_t *second = body_decode(BODY_JSON, json, sizeof json - 1, &problem);
    json_decref(problem);
    bool good = first != NULL && second != NULL;
    json_decref(first);
    json_decref(second);
    return good;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    json_set_alloc_funcs(malloc, free);
    fault_sweep(decode_both, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_types_are_told_apart),
        cmocka_unit_test(a_form_becomes_an_object_of_strings),
        cmocka_unit_test(malformed_forms_are_refused),
        cmocka_unit_test(a_duplicate_field_is_pointed_at),
        cmocka_unit_test(a_form_has_a_bounded_number_of_fields),
        cmocka_unit_test(json_sent_as_a_form_is_explained),
        cmocka_unit_test(json_keeps_its_types),
        cmocka_unit_test(malformed_json_is_refused_with_its_place),
        cmocka_unit_test(an_empty_body_is_missing),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(unescaping_is_bounded),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
