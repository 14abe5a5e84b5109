/* Requests that are not in order: each is answered, or its connection ended, and the server goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
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

/* Whatever was sent, the server still answers, and the lab has heard nothing. */
static int stop(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;
    client_ask(fixture, "GET", "/healthz", "", NULL, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(fixture->posts, 0);
    fixture_stop(fixture);
    return 0;
}

static void expect(const struct fixture *fixture, const char *method, const char *target, const char *lines,
                   const char *body, int status, const char *part)
{
    struct reply reply;
    client_ask(fixture, method, target, lines, body, &reply);
    expect_problem(&reply, status, part);
}

static void unknown_paths_are_404_with_the_nearest(void **state)
{
    expect(*state, "GET", "/scenarios", "", NULL, 404, "did you mean");
    expect(*state, "POST", "/scenario/a/b", FORM, "a=b", 404, "nothing at this path");
    expect(*state, "GET", "/%00", "", NULL, 404, "nothing at this path");
    expect(*state, "GET", "/metrics%00", "", NULL, 404, "nothing at this path");
    expect(*state, "GET", "/\xff\xfe", "", NULL, 404, "nothing at this path");
}

static void names_that_cannot_be_are_404(void **state)
{
    expect(*state, "GET", "/scenario/a%2F..%2Fb", "", NULL, 404, "names are");
    expect(*state, "DELETE", "/scenario/%00", "", NULL, 404, "names are");
}

static void a_long_target_is_414(void **state)
{
    char target[LIMIT_TARGET_BYTES + 100];
    memset(target, 'a', sizeof target - 1);
    target[0] = '/';
    target[sizeof target - 1] = '\0';
    expect(*state, "GET", target, "", NULL, 414, "longer than");
}

static void wrong_methods_are_405_with_allow(void **state)
{
    struct reply reply;
    client_ask(*state, "PUT", "/scenario/a", FORM, "a=b", &reply);
    assert_string_equal(reply_header(&reply, "Allow"), "GET, HEAD, DELETE");
    expect_problem(&reply, 405, "only to");
    client_ask(*state, "GET", "/reset", "", NULL, &reply);
    assert_string_equal(reply_header(&reply, "Allow"), "POST");
    expect_problem(&reply, 405, "only to POST");
    expect(*state, "OPTIONS", "/metrics", "", NULL, 405, "only to");
    expect(*state, "DELETE", "/scenario", "", NULL, 405, "only to");
    expect(*state, "\x80\xff", "/metrics", "", NULL, 405, "only to");
}

static void foreign_pages_are_refused_what_changes_state(void **state)
{
    expect(*state, "POST", "/reset", "Origin: http://evil.example\r\n", NULL, 403, "Origin");
    expect(*state, "POST", "/reset", "Origin: null\r\n", NULL, 403, "Origin");
    expect(*state, "POST", "/scenario", "Sec-Fetch-Site: cross-site\r\n" FORM, "mode=leak-recv", 403,
           "Sec-Fetch-Site");
    expect(*state, "DELETE", "/scenario/a", "Sec-Fetch-Site: same-site\r\n", NULL, 403, "Sec-Fetch-Site");
}

/* Asks on a connection of its own, with these lines and no others. */
static int status_of(const struct fixture *fixture, const char *request, struct reply *reply)
{
    int fd = client_connect(fixture);
    client_say(fd, request);
    client_read(fd, false, reply);
    close(fd);
    return reply->status;
}

static void a_foreign_host_is_refused(void **state)
{
    static const char *const requests[] = {
        "POST /reset HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /scenario HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /timeline HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /debug/tasks HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /version HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    };
    struct reply reply;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        status_of(*state, requests[i], &reply);
        expect_problem(&reply, 421, "evil.example");
        expect_problem(&reply, 421, "localhost:");
    }
    assert_int_equal(((struct fixture *)*state)->posts, 0);
}

/* Prometheus and whoever watches over the process come by whatever name they were told. */
static void monitors_may_come_by_any_name(void **state)
{
    struct reply reply;
    assert_int_equal(status_of(*state, "GET /metrics HTTP/1.1\r\nHost: leaklab:9777\r\n\r\n", &reply), 200);
    assert_int_equal(status_of(*state, "GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", &reply), 200);
    assert_int_equal(status_of(*state, "GET /readyz HTTP/1.0\r\n\r\n", &reply), 200);
}

static void no_host_is_refused(void **state)
{
    struct reply reply;
    status_of(*state, "POST /reset HTTP/1.0\r\nContent-Length: 0\r\n\r\n", &reply);
    expect_problem(&reply, 421, "Host");
    status_of(*state, "GET /scenario HTTP/1.0\r\n\r\n", &reply);
    expect_problem(&reply, 421, "Host");
}

static void other_content_types_are_415(void **state)
{
    expect(*state, "POST", "/scenario", "Content-Type: text/plain\r\n", "mode=leak-recv", 415,
           "Content-Type");
    expect(*state, "POST", "/scenario", "", "mode=leak-recv", 415, "Content-Type");
    expect(*state, "POST", "/scenario", FORM, "{\"mode\": \"leak-recv\"}", 415, "looks like JSON");
}

static void compressed_bodies_are_415(void **state)
{
    expect(*state, "POST", "/scenario", FORM "Content-Encoding: gzip\r\n", "mode=leak-recv", 415,
           "Content-Encoding");
    expect(*state, "POST", "/patterns", "Content-Type: application/yaml\r\nContent-Encoding: br\r\n", "a: b",
           415, "Content-Encoding");
}

/* What is behind such a head is a body for one reader and the next request for another (RFC 9112, 11.2). */
static void heads_that_say_twice_where_the_body_ends_are_400_and_the_last(void **state)
{
    static const char *const lines[] = {
        "Content-Length: 0\r\nContent-Length: 45\r\n",
        "Content-Length: 45\r\nContent-Length: 0\r\n",
        "Content-Length: 45\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length : 45\r\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct reply reply;
        char request[512];
        int fd = client_connect(*state);
        snprintf(request, sizeof request,
                 "POST /scenario HTTP/1.1\r\nHost: x\r\n%s%s\r\n0\r\n\r\nPOST /reset HTTP/1.1\r\nHost: "
                 "x\r\nContent-Length: 0\r\n\r\n",
                 JSON, lines[i]);
        client_say(fd, request);
        client_read(fd, false, &reply);
        expect_problem(&reply, 400, "where the body ends");
        assert_string_equal(reply_header(&reply, "Connection"), "close");
        client_await_end(fd);
        close(fd);
    }
}

static void missing_and_misplaced_bodies_are_400(void **state)
{
    expect(*state, "POST", "/scenario", "", NULL, 400, "missing");
    expect(*state, "POST", "/scenario", JSON, "", 400, "missing");
    expect(*state, "POST", "/reset", JSON, "{}", 400, "takes no body");
    expect(*state, "DELETE", "/scenario/a", FORM, "reclaim=true", 400, "takes no body");
}

static void malformed_bodies_are_400(void **state)
{
    expect(*state, "POST", "/scenario", JSON, "{\"mode\": ", 400, "line 1");
    expect(*state, "POST", "/scenario", JSON, "7", 400, "must be a JSON object");
    expect(*state, "POST", "/scenario", JSON, "{\"n\": 1, \"n\": 2}", 400, "duplicate");
    expect(*state, "POST", "/scenario", FORM, "n=1&n=2", 400, "twice");
    expect(*state, "POST", "/scenario", FORM, "n=%ff", 400, "UTF-8");
    expect(*state, "POST", "/scenario", JSON, "{\"n\": 1e999}", 422, "too large");
}

static void unknown_query_parameters_are_422(void **state)
{
    expect(*state, "DELETE", "/scenario/a?reclame=true", "", NULL, 422, "did you mean \\\"reclaim\\\"");
    expect(*state, "DELETE", "/scenario/a?reclaim=yes", "", NULL, 422, "neither");
    expect(*state, "GET", "/scenario?state=running", "", NULL, 422, "none is known here");
}

static void a_zero_byte_in_a_body_is_400(void **state)
{
    struct fixture *fixture = *state;
    char head[256];
    int fd = client_connect(fixture);
    snprintf(head, sizeof head,
             "POST /scenario HTTP/1.1\r\nHost: localhost:%u\r\n" JSON "Content-Length: 10\r\n\r\n",
             (unsigned)fixture->port);
    client_say(fd, head);
    client_send(fd, "{\"n\": 1}\0\0", 10);
    struct reply reply;
    client_read(fd, false, &reply);
    expect_problem(&reply, 400, "zero byte");
    close(fd);
}

/* Sends the head of a POST /scenario with a length, and then that many bytes or as many as `sent`. */
static int send_large(const struct fixture *fixture, size_t length, size_t sent, const char *lines)
{
    char head[512];
    int fd = client_connect(fixture);
    snprintf(head, sizeof head,
             "POST /scenario HTTP/1.1\r\nHost: localhost:%u\r\n" FORM "%sContent-Length: %zu\r\n\r\n",
             (unsigned)fixture->port, lines, length);
    client_say(fd, head);
    static char bytes[LIMIT_BODY_BYTES + 1];
    assert_true(sent <= sizeof bytes);
    memset(bytes, 'a', sent);
    client_send(fd, bytes, sent);
    return fd;
}

static void a_body_over_the_limit_is_413_and_the_connection_goes_on(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;
    int fd = send_large(fixture, LIMIT_BODY_BYTES + 1, LIMIT_BODY_BYTES + 1, "");
    client_read(fd, false, &reply);
    expect_problem(&reply, 413, "larger than 65536");
    client_say(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    client_read(fd, false, &reply);
    assert_int_equal(reply.status, 200);
    close(fd);
}

static void a_client_that_asks_first_hears_413_at_once(void **state)
{
    struct reply reply;
    int fd = send_large(*state, LIMIT_BODY_BYTES + 1, 0, "Expect: 100-continue\r\n");
    client_read(fd, false, &reply);
    expect_problem(&reply, 413, "larger than 65536");
    client_await_end(fd);
    close(fd);
}

static void a_hopelessly_large_body_is_413_at_once(void **state)
{
    struct reply reply;
    int fd = send_large(*state, 1000000000000, 0, "");
    client_read(fd, false, &reply);
    expect_problem(&reply, 413, "larger than 65536");
    client_await_end(fd);
    close(fd);
}

static void send_chunks(int fd, size_t bytes)
{
    static char chunk[0x1000 + 8];
    memset(chunk, 'a', sizeof chunk);
    memcpy(chunk, "1000\r\n", 6);
    memcpy(chunk + sizeof chunk - 2, "\r\n", 2);
    for (size_t sent = 0; sent < bytes; sent += 0x1000)
        if (send(fd, chunk, sizeof chunk, MSG_NOSIGNAL) != (ssize_t)sizeof chunk)
            return;
}

static int start_chunks(const struct fixture *fixture)
{
    char head[256];
    int fd = client_connect(fixture);
    snprintf(head, sizeof head,
             "POST /scenario HTTP/1.1\r\nHost: localhost:%u\r\n" FORM "Transfer-Encoding: chunked\r\n\r\n",
             (unsigned)fixture->port);
    client_say(fd, head);
    return fd;
}

static void a_chunked_body_over_the_limit_is_413(void **state)
{
    struct reply reply;
    int fd = start_chunks(*state);
    send_chunks(fd, LIMIT_BODY_BYTES + 0x1000);
    client_say(fd, "0\r\n\r\n");
    client_read(fd, false, &reply);
    expect_problem(&reply, 413, "larger than 65536");
    close(fd);
}

static void an_endless_chunked_body_ends_the_connection(void **state)
{
    int fd = start_chunks(*state);
    send_chunks(fd, LIMIT_DISCARD_BYTES * 4);
    client_await_end(fd);
    close(fd);
}

static void a_body_cut_short_is_forgotten(void **state)
{
    close(send_large(*state, 100, 50, ""));
}

static void what_is_not_http_ends_the_connection(void **state)
{
    static const char *const rubbish[] = {
        "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nx\r\n\r\n",
        "GET\r\n\r\n",
        "GET /metrics\r\n\r\n",
        "GET /metrics HTTP/9.9\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /metrics HTTP/1.1\r\n\r\n", /* no Host */
        "POST /scenario HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /scenario HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST /scenario HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /scenario HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    };
    (void)state;
    /* Some of it might still become a request, until its time is over. */
    struct fixture hasty;
    fixture_start(&hasty, (struct server_limits){.idle_ms = 100, .request_ms = 100}, NULL);
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        int fd = client_connect(&hasty);
        client_say(fd, rubbish[i]);
        client_await_end(fd);
        close(fd);
    }
    assert_int_equal(hasty.posts, 0);
    fixture_stop(&hasty);
}

static void a_head_without_end_ends_the_connection(void **state)
{
    int fd = client_connect(*state);
    client_say(fd, "GET /metrics HTTP/1.1\r\nHost: x\r\n");
    char line[1024];
    memset(line, 'a', sizeof line);
    memcpy(line, "X: ", 3);
    memcpy(line + sizeof line - 2, "\r\n", 2);
    for (int i = 0; i < 100; i++)
        if (send(fd, line, sizeof line, MSG_NOSIGNAL) < 0)
            break;
    client_await_end(fd);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unknown_paths_are_404_with_the_nearest),
        TEST(names_that_cannot_be_are_404),
        TEST(a_long_target_is_414),
        TEST(wrong_methods_are_405_with_allow),
        TEST(foreign_pages_are_refused_what_changes_state),
        TEST(a_foreign_host_is_refused),
        TEST(monitors_may_come_by_any_name),
        TEST(no_host_is_refused),
        TEST(other_content_types_are_415),
        TEST(compressed_bodies_are_415),
        TEST(heads_that_say_twice_where_the_body_ends_are_400_and_the_last),
        TEST(missing_and_misplaced_bodies_are_400),
        TEST(malformed_bodies_are_400),
        TEST(unknown_query_parameters_are_422),
        TEST(a_zero_byte_in_a_body_is_400),
        TEST(a_body_over_the_limit_is_413_and_the_connection_goes_on),
        TEST(a_client_that_asks_first_hears_413_at_once),
        TEST(a_hopelessly_large_body_is_413_at_once),
        TEST(a_chunked_body_over_the_limit_is_413),
        TEST(an_endless_chunked_body_ends_the_connection),
        TEST(a_body_cut_short_is_forgotten),
        TEST(what_is_not_http_ends_the_connection),
        TEST(a_head_without_end_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
