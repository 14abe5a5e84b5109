/* From a method and a target to a route, or to what would have been right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "http/query.h"
#include "http/route.h"
#include "lab/problem.h"

static struct route_match find(const char *method, const char *target)
{
    struct route_match match;
    route_find(method, target, &match);
    return match;
}

static void every_route_of_the_table_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &route_table[i];
        const char *target = route->example == NULL ? route->path : route->example;
        struct route_match match = find(route_method_word(route->method), target);
        assert_int_equal(match.outcome, ROUTE_FOUND);
        assert_ptr_equal(match.route, route);
        assert_int_equal(match.name[0] != '\0', strstr(route->path, "{name}") != NULL);
    }
}

static void head_is_found_where_get_is(void **state)
{
    (void)state;
    assert_int_equal(find("HEAD", "/metrics").outcome, ROUTE_FOUND);
    assert_int_equal(find("HEAD", "/reset").outcome, ROUTE_NO_METHOD);
}

static void another_method_is_told_which_ones_the_path_has(void **state)
{
    (void)state;
    assert_string_equal(find("PUT", "/scenario/x").allow, "GET, HEAD, DELETE");
    assert_string_equal(find("DELETE", "/scenario").allow, "POST, GET, HEAD");
    assert_string_equal(find("GET", "/reset").allow, "POST");
    assert_string_equal(find("get", "/reset").allow, "POST");
    assert_int_equal(find("GET", "/reset").outcome, ROUTE_NO_METHOD);
    assert_string_equal(find("GET", "/reset").route->path, "/reset");
}

static void spellings_of_one_path_are_the_same(void **state)
{
    (void)state;
    assert_string_equal(find("GET", "/scenario/").route->path, "/scenario");
    assert_string_equal(find("GET", "/%73cenario").route->path, "/scenario");
    assert_string_equal(find("GET", "http://127.0.0.1:9777/healthz").route->path, "/healthz");
    assert_string_equal(find("GET", "https://127.0.0.1:9777/healthz").route->path, "/healthz");
    assert_string_equal(find("GET", "HTTP://127.0.0.1").route->path, "/");
    assert_string_equal(find("GET", "/?x").route->path, "/");
}

static void names_are_decoded_and_checked(void **state)
{
    (void)state;
    struct route_match match = find("GET", "/scenario/leak%2Drecv%2d1/?reclaim=true");
    assert_int_equal(match.outcome, ROUTE_FOUND);
    assert_string_equal(match.name, "leak-recv-1");
    assert_string_equal(match.query, "reclaim=true");

    static const char *const bad[] = {"/scenario/a%2fb", "/scenario/a%00",    "/scenario/a%",
                                      "/scenario/a b",   "/scenario/%ff",     "/scenario/a+b",
                                      "/scenario/~x",    "/scenario/\xC3\xA4"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(find("GET", bad[i]).outcome, ROUTE_BAD_NAME);
}

static void a_name_has_a_greatest_length(void **state)
{
    (void)state;
    char target[128] = "/scenario/";
    size_t size = strlen(target);
    memset(target + size, 'a', LIMIT_NAME);
    assert_int_equal(find("GET", target).outcome, ROUTE_FOUND);
    assert_int_equal(strlen(find("GET", target).name), LIMIT_NAME);
    target[size + LIMIT_NAME] = 'a';
    assert_int_equal(find("GET", target).outcome, ROUTE_BAD_NAME);
}

static void other_paths_are_not_found(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "*",        "scenario",      "//",         "/scenario//",
                                      "//scenario", "/scenari", "/scenario/a/b", "/metricss",  "/metrics/x",
                                      "/METRICS",   "?",        "/scenario/a//", "/./metrics", "/%",
                                      "/%2fmetrics"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (find("GET", bad[i]).outcome != ROUTE_NO_PATH)
            fail_msg("found: \"%s\"", bad[i]);
}

static void the_nearest_route_is_suggested(void **state)
{
    (void)state;
    static const struct {
        const char *target, *nearest;
    } cases[] = {{"/scenarios", "\"/scenario\""},
                 {"/metric?x=/patterns", "\"/metrics\""},
                 {"/scenarios/leak-recv-1", "\"/scenario\""},
                 {"/pattern", "\"/patterns\""},
                 {"/health", "\"/healthz\""}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text;
        buf_init(&text, 1024);
        route_suggest(&text, cases[i].target);
        if (strstr(buf_text(&text), cases[i].nearest) == NULL)
            fail_msg("%s: %s", cases[i].target, buf_text(&text));
        buf_deinit(&text);
    }
}

static void each_route_is_listed_once(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 4096);
    route_suggest(&text, "/nothing-that-looks-like-one");
    const char *first = strstr(buf_text(&text), "/patterns/{name},");
    assert_non_null(first);
    assert_null(strstr(first + 1, "/patterns/{name},"));
    buf_deinit(&text);
}

static const struct route *cancel_route(void)
{
    return find("DELETE", "/scenario/x").route;
}

static void a_query_may_ask_to_reclaim(void **state)
{
    (void)state;
    struct query query;
    json_t *problem;
    assert_true(query_read(cancel_route()->keys, "reclaim=true", &query, &problem) && query.reclaim);
    assert_true(query_read(cancel_route()->keys, "reclaim=false", &query, &problem) && !query.reclaim);
    assert_true(query_read(cancel_route()->keys, "", &query, &problem) && !query.reclaim);
    assert_true(query_read(cancel_route()->keys, "&&", &query, &problem) && !query.reclaim);
    assert_true(query_read(find("POST", "/patterns").route->keys, "dry_run=true", &query, &problem) &&
                query.dry_run);
}

static void any_other_query_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *query, *part;
        int status;
    } cases[] = {{"reclaim=1", "neither", 422},
                 {"reclaim", "neither", 422},
                 {"reclaim=TRUE", "neither", 422},
                 {"reclaim=true&reclaim=true", "twice", 422},
                 {"reclame=true", "did you mean \"reclaim\"", 422},
                 {"%=true", NULL, 400},
                 {"reclaim=%00", NULL, 400}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct query query;
        json_t *problem;
        assert_false(query_read(cancel_route()->keys, cases[i].query, &query, &problem));
        assert_int_equal(problem_status(problem), cases[i].status);
        const json_t *error = json_array_get(json_object_get(problem, "errors"), 0);
        if (cases[i].part != NULL)
            assert_non_null(strstr(json_string_value(json_object_get(error, "detail")), cases[i].part));
        json_decref(problem);
    }
}

static void a_route_without_parameters_takes_none(void **state)
{
    (void)state;
    struct query query;
    json_t *problem;
    assert_false(query_read(find("GET", "/scenario").route->keys, "reclaim=true", &query, &problem));
    assert_int_equal(problem_status(problem), 422);
    json_decref(problem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_of_the_table_is_found),
        cmocka_unit_test(head_is_found_where_get_is),
        cmocka_unit_test(another_method_is_told_which_ones_the_path_has),
        cmocka_unit_test(spellings_of_one_path_are_the_same),
        cmocka_unit_test(names_are_decoded_and_checked),
        cmocka_unit_test(a_name_has_a_greatest_length),
        cmocka_unit_test(other_paths_are_not_found),
        cmocka_unit_test(the_nearest_route_is_suggested),
        cmocka_unit_test(each_route_is_listed_once),
        cmocka_unit_test(a_query_may_ask_to_reclaim),
        cmocka_unit_test(any_other_query_is_refused),
        cmocka_unit_test(a_route_without_parameters_takes_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
