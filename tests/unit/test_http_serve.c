/* Requests that are in order, over real sockets: what is answered at once, and what goes to the lab and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "http/local.h"
#include "http_fixture.h"

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define JSON "Content-Type: application/json\r\n"

static int start(void **state)
{
    static struct fixture fixture;
    fixture_start(&fixture, (struct server_limits){0}, NULL);
    *state = &fixture;
    return 0;
}

static int stop(void **state)
{
    fixture_stop(*state);
    return 0;
}

static void expect_echo(const struct reply *reply, enum lab_verb verb, const char *name, bool reclaim)
{
    assert_string_equal(reply_header(reply, "Content-Type"), "application/json");
    json_t *echo = reply_json(reply);
    assert_int_equal(json_integer_value(json_object_get(echo, "verb")), verb);
    assert_string_equal(json_string_value(json_object_get(echo, "name")), name);
    assert_int_equal(json_is_true(json_object_get(echo, "reclaim")), reclaim);
    json_decref(echo);
}

static void each_lab_route_asks_for_what_it_is_named(void **state)
{
    static const struct {
        const char *method, *target, *lines, *body, *name;
        enum lab_verb verb;
        bool reclaim;
    } cases[] = {
        {"POST", "/scenario", FORM, "mode=leak-recv", "", LAB_SCENARIO_POST, false},
        {"GET", "/scenario", "", NULL, "", LAB_SCENARIO_LIST, false},
        {"GET", "/scenario/leak-recv-1", "", NULL, "leak-recv-1", LAB_SCENARIO_SHOW, false},
        {"DELETE", "/scenario/a", "", NULL, "a", LAB_SCENARIO_DELETE, false},
        {"DELETE", "/scenario/a?reclaim=true", "", NULL, "a", LAB_SCENARIO_DELETE, true},
        {"POST", "/reset", "", NULL, "", LAB_RESET, false},
        {"POST", "/reset", FORM, "", "", LAB_RESET, false},
        {"GET", "/patterns/", "", NULL, "", LAB_PATTERN_LIST, false},
        {"GET", "/patterns/recv", "", NULL, "recv", LAB_PATTERN_SHOW, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reply reply;
        client_ask(*state, cases[i].method, cases[i].target, cases[i].lines, cases[i].body, &reply);
        assert_int_equal(reply.status, 200);
        expect_echo(&reply, cases[i].verb, cases[i].name, cases[i].reclaim);
    }
}

static void a_form_and_json_reach_the_lab_as_objects(void **state)
{
    struct reply reply;
    client_ask(*state, "POST", "/scenario", FORM, "mode=leak-recv&n=2000", &reply);
    json_t *echo = reply_json(&reply);
    json_t *body = json_object_get(echo, "body");
    assert_string_equal(json_string_value(json_object_get(body, "n")), "2000");
    json_decref(echo);

    client_ask(*state, "POST", "/scenario", JSON, "{\"mode\": \"leak-recv\", \"n\": 2000}", &reply);
    echo = reply_json(&reply);
    body = json_object_get(echo, "body");
    assert_int_equal(json_integer_value(json_object_get(body, "n")), 2000);
    json_decref(echo);
}

static void a_start_is_answered_with_its_location(void **state)
{
    struct fixture *fixture = *state;
    fixture->status = 201;
    fixture->location = "leak-recv-1";
    struct reply reply;
    client_ask(fixture, "POST", "/scenario", FORM, "mode=leak-recv", &reply);
    assert_int_equal(reply.status, 201);
    assert_string_equal(reply_header(&reply, "Location"), "/scenario/leak-recv-1");
}

static void a_problem_of_the_lab_is_sent_as_one(void **state)
{
    struct fixture *fixture = *state;
    fixture->status = 409;
    struct reply reply;
    client_ask(fixture, "POST", "/scenario", FORM, "mode=leak-recv", &reply);
    assert_int_equal(reply.status, 409);
    assert_string_equal(reply_header(&reply, "Content-Type"), "application/problem+json");
}

static void a_chunked_body_is_put_together(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char head[256];
    snprintf(head, sizeof head,
             "POST /scenario HTTP/1.1\r\nHost: localhost:%u\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n",
             (unsigned)fixture->port);
    client_say(fd, head);
    client_say(fd, "9\r\n{\"mode\": \r\n");
    client_say(fd, "5\r\n\"x\"} \r\n0\r\n\r\n");
    struct reply reply;
    client_read(fd, false, &reply);
    close(fd);
    assert_int_equal(reply.status, 200);
    expect_echo(&reply, LAB_SCENARIO_POST, "", false);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct fixture *fixture = *state;
    char text[1024];
    snprintf(text, sizeof text,
             "GET /scenario/one HTTP/1.1\r\nHost: x\r\n\r\n"
             "POST /scenario HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n" FORM "Content-Length: 3\r\n\r\na=b"
             "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
             "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
             (unsigned)fixture->port);
    int fd = client_connect(fixture);
    client_say(fd, text);
    struct reply reply;
    client_read(fd, false, &reply);
    expect_echo(&reply, LAB_SCENARIO_SHOW, "one", false);
    client_read(fd, false, &reply);
    expect_echo(&reply, LAB_SCENARIO_POST, "", false);
    client_read(fd, false, &reply);
    expect_problem(&reply, 404, "nothing at this path");
    client_read(fd, false, &reply);
    assert_string_equal(reply.body, "{\"status\": \"ok\"}\n");
    close(fd);
}

static void expect_continue_is_answered(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char head[256];
    snprintf(head, sizeof head,
             "POST /scenario HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n" FORM
             "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n",
             (unsigned)fixture->port);
    client_say(fd, head);
    struct reply reply;
    client_say(fd, "a=b");
    client_read(fd, false, &reply);
    assert_int_equal(reply.status, 200);
    close(fd);
}

static void head_has_the_headers_of_get_and_no_body(void **state)
{
    static const char *const targets[] = {"/",         "/metrics",      "/scenario", "/scenario/a",
                                          "/patterns", "/healthz",      "/readyz",   "/openapi.json",
                                          "/version",  "/patterns/recv"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct reply reply;
        client_ask(*state, "HEAD", targets[i], "Connection: close\r\n", NULL, &reply);
        assert_int_equal(reply.status, 200);
        assert_true(strtol(reply_header(&reply, "Content-Length"), NULL, 10) > 0);
    }
}

static void a_scrape_is_text_or_openmetrics_as_asked(void **state)
{
    struct reply reply;
    client_ask(*state, "GET", "/metrics", "", NULL, &reply);
    assert_string_equal(reply_header(&reply, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_string_equal(reply_header(&reply, "Vary"), "Accept, Accept-Encoding");
    assert_string_equal(reply_header(&reply, "Content-Encoding"), "");
    assert_non_null(strstr(reply.body, "# TYPE leaklab_tasks_spawned_total counter"));
    assert_non_null(strstr(reply.body, "revision=\"abc123\""));
    client_ask(*state, "GET", "/metrics", "Accept: application/openmetrics-text; version=1.0.0\r\n", NULL,
               &reply);
    assert_string_equal(reply_header(&reply, "Content-Type"),
                        "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert_string_equal(reply.body + reply.size - 6, "# EOF\n");
}

/* RFC 9110, 5.3: they are one list. */
static void what_is_accepted_may_stand_in_several_headers(void **state)
{
    struct reply reply;
    client_ask(*state, "GET", "/metrics",
               "Accept: text/html\r\naccept: application/openmetrics-text; version=1.0.0\r\n"
               "Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n",
               NULL, &reply);
    assert_string_equal(reply_header(&reply, "Content-Type"),
                        "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert_string_equal(reply_header(&reply, "Content-Encoding"), "gzip");
}

static void a_scrape_is_compressed_when_asked(void **state)
{
    for (int round = 0; round < 3; round++) { /* buffers and tables are used again */
        struct reply reply;
        client_ask(*state, "GET", "/metrics", "Accept-Encoding: gzip\r\n", NULL, &reply);
        assert_string_equal(reply_header(&reply, "Content-Encoding"), "gzip");
        static char plain[1 << 20];
        z_stream stream = {.next_in = (Bytef *)reply.body,
                           .avail_in = (uInt)reply.size,
                           .next_out = (Bytef *)plain,
                           .avail_out = sizeof plain - 1};
        assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
        assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
        plain[stream.total_out] = '\0';
        inflateEnd(&stream);
        assert_true(stream.total_out > reply.size);
        assert_int_equal(stream.avail_in, 0);
        assert_non_null(strstr(plain, "# TYPE leaklab_tasks_spawned_total counter"));
    }
}

static void requests_are_counted_by_route(void **state)
{
    struct reply reply;
    client_ask(*state, "GET", "/scenario/one", "", NULL, &reply);
    client_ask(*state, "BREW", "/coffee/pot", "", NULL, &reply);
    client_ask(*state, "GET", "/metrics", "", NULL, &reply);
    assert_non_null(strstr(reply.body, "{route=\"/scenario/{name}\",method=\"GET\",code=\"200\"} 1\n"));
    assert_non_null(strstr(reply.body, "{route=\"unmatched\",method=\"other\",code=\"404\"} 1\n"));
    assert_null(strstr(reply.body, "coffee"));
}

static void a_scrape_health_and_the_past_do_not_wait_for_the_lab(void **state)
{
    struct fixture *fixture = *state;
    fixture->manner = LAB_HOLDS;
    int fd = client_connect(fixture);
    client_say(fd, "GET /scenario HTTP/1.1\r\nHost: x\r\n\r\n");
    fixture_await_held(fixture, 1);
    struct reply reply;
    client_ask(fixture, "GET", "/metrics", "", NULL, &reply);
    assert_int_equal(reply.status, 200);
    client_ask(fixture, "GET", "/healthz", "", NULL, &reply);
    assert_int_equal(reply.status, 200);
    client_ask(fixture, "GET", "/timeline", "", NULL, &reply);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"boot\":\"0000b001\""));
    fixture_answer(fixture, 200);
    client_read(fd, false, &reply);
    expect_echo(&reply, LAB_SCENARIO_LIST, "", false);
    close(fd);
}

static void expect_ready(const struct fixture *fixture, int status, const char *body)
{
    struct reply reply;
    client_ask(fixture, "GET", "/readyz", "", NULL, &reply);
    assert_int_equal(reply.status, status);
    assert_string_equal(reply.body, body);
}

static void readiness_follows_the_snapshot(void **state)
{
    struct fixture *fixture = *state;
    fixture->snapshot->ready = false;
    expect_ready(fixture, 503, "{\"status\": \"starting\"}\n");
    fixture->snapshot->ready = true;
    expect_ready(fixture, 200, "{\"status\": \"ready\"}\n");
    uint64_t published_ns = fixture->snapshot->published_ns;
    fixture->snapshot->published_ns = published_ns - 6000000000ULL;
    expect_ready(fixture, 503, "{\"status\": \"stalled\"}\n");
    fixture->snapshot->published_ns = published_ns;
    fixture->snapshot->ready = false;
    expect_ready(fixture, 503, "{\"status\": \"stopping\"}\n");
}

static void the_version_names_the_libraries(void **state)
{
    struct reply reply;
    client_ask(*state, "GET", "/version", "", NULL, &reply);
    json_t *version = reply_json(&reply);
    assert_string_equal(json_string_value(json_object_get(version, "version")), LEAKLAB_VERSION);
    assert_string_equal(json_string_value(json_object_get(version, "revision")), "abc123");
    assert_true(json_is_string(json_object_get(version, "libuv")));
    assert_true(json_is_string(json_object_get(version, "libmicrohttpd")));
    assert_non_null(json_object_get(version, "jemalloc"));
    json_decref(version);
}

static void the_index_lists_every_route_with_a_curl_line(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;
    client_ask(fixture, "GET", "/", "", NULL, &reply);
    char line[128];
    snprintf(line, sizeof line, "curl -X DELETE http://127.0.0.1:%u/scenario/leak-recv-1\n",
             (unsigned)fixture->port);
    assert_non_null(strstr(reply.body, line));
    assert_string_equal(reply_header(&reply, "Content-Type"), "text/plain; charset=utf-8");
}

static void the_openapi_document_is_served(void **state)
{
    struct reply reply;
    client_ask(*state, "GET", "/openapi.json", "", NULL, &reply);
    assert_int_equal(reply.size, embedded_openapi[0].size);
    assert_memory_equal(reply.body, embedded_openapi[0].text, reply.size);
}

static void ipv6_and_wildcard_addresses_are_served(void **state)
{
    (void)state;
    struct fixture any;
    fixture_start(&any, (struct server_limits){0}, "0.0.0.0:0");
    struct reply reply;
    client_ask(&any, "POST", "/reset", "", NULL, &reply);
    assert_int_equal(reply.status, 200);
    fixture_stop(&any);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_lab_route_asks_for_what_it_is_named),
        TEST(a_form_and_json_reach_the_lab_as_objects),
        TEST(a_start_is_answered_with_its_location),
        TEST(a_problem_of_the_lab_is_sent_as_one),
        TEST(a_chunked_body_is_put_together),
        TEST(pipelined_requests_are_answered_in_order),
        TEST(expect_continue_is_answered),
        TEST(head_has_the_headers_of_get_and_no_body),
        TEST(a_scrape_is_text_or_openmetrics_as_asked),
        TEST(what_is_accepted_may_stand_in_several_headers),
        TEST(a_scrape_is_compressed_when_asked),
        TEST(requests_are_counted_by_route),
        TEST(a_scrape_health_and_the_past_do_not_wait_for_the_lab),
        TEST(readiness_follows_the_snapshot),
        TEST(the_version_names_the_libraries),
        TEST(the_index_lists_every_route_with_a_curl_line),
        TEST(the_openapi_document_is_served),
        cmocka_unit_test(ipv6_and_wildcard_addresses_are_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
