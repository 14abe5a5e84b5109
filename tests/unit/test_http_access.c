/* A server that wants a token: which routes need it, and what those hear who have none or another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/route.h"
#include "http_fixture.h"

#define TOKEN    "0123456789abcdef"
#define OTHER    "fedcba9876543210"
#define RIGHT    "Authorization: Bearer " TOKEN "\r\n"
#define WRONG    "Authorization: Bearer " OTHER "\r\n"
#define JSON     "Content-Type: application/json\r\n"
#define YAML     "Content-Type: application/yaml\r\n"
#define SCENARIO "{\"mode\": \"leak-recv\"}"

static const char pattern[] = "pattern: mine\nleak:\n  main:\n    - exit\n";

/* One request to a route as it wants it. */
static int ask(const struct fixture *fixture, const struct route *route, const char *lines)
{
    static const char *const bodies[] = {NULL, SCENARIO, pattern};
    static const char *const types[] = {"", JSON, YAML};
    struct reply reply;
    char head[512];
    snprintf(head, sizeof head, "%s%s", types[route->body], lines);
    client_ask(fixture, route_method_word(route->method), route->example ? route->example : route->path, head,
               bodies[route->body], &reply);
    return reply.status;
}

static bool tells_nothing(const struct route *route)
{
    static const char *const paths[] = {"/", "/page/{name}", "/healthz", "/readyz", "/openapi.json"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (strcmp(paths[i], route->path) == 0)
            return true;
    return false;
}

static void whatever_changes_something_needs_the_token(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_start_with_token(&fixture, TOKEN, false);
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &route_table[i];
        bool changes = route->method != ROUTE_GET;
        unsigned posts = fixture.posts;
        assert_int_equal(ask(&fixture, route, "") == 401, changes);
        assert_int_equal(ask(&fixture, route, WRONG) == 401, changes);
        assert_true(!changes || fixture.posts == posts); /* the lab has heard nothing */
        assert_int_not_equal(ask(&fixture, route, RIGHT), 401);
    }
    fixture_stop(&fixture);
}

static void reading_needs_it_where_that_is_wanted(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_start_with_token(&fixture, TOKEN, true);
    for (size_t i = 0; i < route_count; i++) {
        assert_int_equal(ask(&fixture, &route_table[i], "") != 401, tells_nothing(&route_table[i]));
        assert_int_not_equal(ask(&fixture, &route_table[i], RIGHT), 401);
    }
    fixture_stop(&fixture);
}

static void expect_refused(const struct fixture *fixture, const char *lines, const char *challenge,
                           const char *part)
{
    struct reply reply;
    client_ask(fixture, "POST", "/reset", lines, NULL, &reply);
    assert_string_equal(reply_header(&reply, "WWW-Authenticate"), challenge);
    expect_problem(&reply, 401, part);
    assert_null(strstr(reply.body, TOKEN));
}

static void a_refusal_says_what_would_have_been_right(void **state)
{
    struct fixture fixture;
    struct reply reply;
    (void)state;
    fixture_start_with_token(&fixture, TOKEN, false);
    expect_refused(&fixture, "", "Bearer realm=\"leaklab\"", "curl -H");
    expect_refused(&fixture, "Authorization: Basic YTpi\r\n", "Bearer realm=\"leaklab\"", "header must be");
    expect_refused(&fixture, WRONG, "Bearer realm=\"leaklab\", error=\"invalid_token\"", "is not the one");
    client_ask(&fixture, "POST", "/reset", WRONG RIGHT, NULL, &reply);
    expect_problem(&reply, 400, "2 times");
    client_ask(&fixture, "POST", "/reset", RIGHT "Origin: http://evil.example\r\n", NULL, &reply);
    expect_problem(&reply, 403, "");
    assert_int_equal(fixture.posts, 0);
    fixture_stop(&fixture);
}

static void say_reset(int connection, const char *lines, struct reply *reply)
{
    char text[256];
    snprintf(text, sizeof text, "POST /reset HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n%s\r\n", lines);
    client_say(connection, text);
    client_read(connection, false, reply);
}

static void another_token_takes_over_on_the_same_connection(void **state)
{
    struct fixture fixture;
    struct reply reply;
    struct token other;
    (void)state;
    fixture_start_with_token(&fixture, TOKEN, false);
    int connection = client_connect(&fixture);
    say_reset(connection, RIGHT, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(token_parse(OTHER, strlen(OTHER), &other), ERR_OK);
    server_set_token(fixture.server, &other);
    say_reset(connection, RIGHT, &reply);
    assert_int_equal(reply.status, 401);
    say_reset(connection, WRONG, &reply);
    assert_int_equal(reply.status, 200);
    close(connection);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_changes_something_needs_the_token),
        cmocka_unit_test(reading_needs_it_where_that_is_wanted),
        cmocka_unit_test(a_refusal_says_what_would_have_been_right),
        cmocka_unit_test(another_token_takes_over_on_the_same_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
