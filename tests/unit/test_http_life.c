/* Time and endings: slow clients, a slow lab, clients that have gone, and a server that stops meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
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
#include "base/macros.h"
#include "http_fixture.h"

#define SHORT_MS 60
#define LONG_MS  60000

static const struct server_limits patient = {
    .idle_ms = LONG_MS, .request_ms = LONG_MS, .answer_ms = LONG_MS, .drain_ms = LONG_MS};

static int ask_held(struct fixture *fixture)
{
    fixture->manner = LAB_HOLDS;
    int fd = client_connect(fixture);
    client_say(fd, "GET /scenario HTTP/1.1\r\nHost: x\r\n\r\n");
    return fd;
}

static void expect_healthy(const struct fixture *fixture)
{
    struct reply reply;
    client_ask(fixture, "GET", "/healthz", "", NULL, &reply);
    assert_int_equal(reply.status, 200);
}

static void an_idle_connection_is_closed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct server_limits limits = patient;
    limits.idle_ms = SHORT_MS;
    fixture_start(&fixture, limits, NULL);
    int fresh = client_connect(&fixture);
    int used = client_connect(&fixture);
    client_say(used, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    struct reply reply;
    client_read(used, false, &reply);
    client_await_end(fresh);
    client_await_end(used);
    close(fresh);
    close(used);
    fixture_stop(&fixture);
}

/* A byte now and then restarts libmicrohttpd's timeout; it must not help. */
static void a_head_that_drips_is_cut_off(void **state)
{
    (void)state;
    struct fixture fixture;
    struct server_limits limits = patient;
    limits.request_ms = SHORT_MS;
    fixture_start(&fixture, limits, NULL);
    int fd = client_connect(&fixture);
    client_say(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n");
    char byte;
    int pieces = 0;
    struct timeval piece = {.tv_usec = 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &piece, sizeof piece);
    while (pieces++ < PATIENCE_MS && send(fd, "X", 1, MSG_NOSIGNAL) == 1 && recv(fd, &byte, 1, 0) < 0 &&
           (errno == EAGAIN || errno == EINTR))
        ;
    assert_true(pieces < PATIENCE_MS);
    close(fd);
    fixture_stop(&fixture);
}

static void a_body_that_never_comes_is_cut_off(void **state)
{
    (void)state;
    struct fixture fixture;
    struct server_limits limits = patient;
    limits.request_ms = SHORT_MS;
    fixture_start(&fixture, limits, NULL);
    int fd = client_connect(&fixture);
    client_say(fd, "POST /scenario HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na=");
    int half_closed = client_connect(&fixture);
    client_say(half_closed, "POST /scenario HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na=");
    shutdown(half_closed, SHUT_WR);
    client_await_end(fd);
    client_await_end(half_closed);
    close(fd);
    close(half_closed);
    expect_healthy(&fixture);
    assert_int_equal(fixture.posts, 0);
    fixture_stop(&fixture);
}

static void an_answer_may_come_from_another_thread_much_later(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, patient, NULL);
    int first = ask_held(&fixture);
    fixture_await_held(&fixture, 1);
    int second = ask_held(&fixture);
    fixture_await_held(&fixture, 2);
    expect_healthy(&fixture);
    fixture_answer(&fixture, 200);
    fixture_answer(&fixture, 202);
    struct reply reply;
    client_read(second, false, &reply);
    assert_int_equal(reply.status, 202);
    client_read(first, false, &reply);
    assert_int_equal(reply.status, 200);
    close(first);
    close(second);
    fixture_stop(&fixture);
}

static void a_client_that_has_gone_costs_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, patient, NULL);
    for (unsigned i = 1; i <= 8; i++) {
        int fd = ask_held(&fixture);
        fixture_await_held(&fixture, i);
        struct linger reset = {.l_onoff = 1};
        if (i % 2 == 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    for (int i = 0; i < 8; i++)
        fixture_answer(&fixture, 200);
    expect_healthy(&fixture);
    fixture_stop(&fixture);
}

static void a_lab_that_is_late_is_not_waited_for(void **state)
{
    (void)state;
    struct fixture fixture;
    struct server_limits limits = patient;
    limits.answer_ms = SHORT_MS;
    fixture_start(&fixture, limits, NULL);
    int fd = ask_held(&fixture);
    struct reply reply;
    client_read(fd, false, &reply);
    expect_problem(&reply, 503, "has not answered");
    fixture_answer(&fixture, 200); /* nobody listens any more */
    client_say(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    client_read(fd, false, &reply);
    assert_int_equal(reply.status, 200);
    close(fd);
    fixture_stop(&fixture);
}

static void too_many_commands_in_flight_are_429(void **state)
{
    (void)state;
    struct fixture fixture;
    struct server_limits limits = patient;
    limits.commands = 1;
    fixture_start(&fixture, limits, NULL);
    int first = ask_held(&fixture);
    fixture_await_held(&fixture, 1);
    int second = ask_held(&fixture);
    struct reply reply;
    client_read(second, false, &reply);
    expect_problem(&reply, 429, "too many such commands");
    fixture_answer(&fixture, 200);
    client_read(first, false, &reply);
    assert_int_equal(reply.status, 200);
    close(first);
    close(second);
    fixture_stop(&fixture);
}

static void questions_that_the_lab_works_on_keep_nobody_out(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        unsigned held;
    } crowds[] = {{"GET /debug/tasks HTTP/1.1\r\nHost: x\r\n\r\n", LIMIT_PROFILES_IN_FLIGHT},
                  {"GET /scenario HTTP/1.1\r\nHost: x\r\n\r\n", LIMIT_LISTS_IN_FLIGHT},
                  {"GET /patterns/recv HTTP/1.1\r\nHost: x\r\n\r\n", LIMIT_COMMANDS_IN_FLIGHT}};
    for (size_t i = 0; i < COUNT_OF(crowds); i++) {
        struct fixture fixture;
        struct reply reply;
        int fds[LIMIT_CONNECTIONS + 20];
        fixture_start(&fixture, patient, NULL);
        fixture.manner = LAB_HOLDS;
        for (size_t k = 0; k < COUNT_OF(fds); k++) {
            fds[k] = client_connect(&fixture);
            (void)!send(fds[k], crowds[i].request, strlen(crowds[i].request), MSG_NOSIGNAL);
        }
        fixture_await_held(&fixture, crowds[i].held);
        client_ask(&fixture, "GET", "/metrics", "", NULL, &reply);
        assert_int_equal(reply.status, 200);
        fixture_await_held(&fixture, crowds[i].held); /* and no more than that */
        for (unsigned k = 0; k < crowds[i].held; k++)
            fixture_answer(&fixture, 200);
        for (size_t k = 0; k < COUNT_OF(fds); k++)
            close(fds[k]);
        fixture_stop(&fixture);
    }
}

static void connections_over_the_limit_wait_for_room(void **state)
{
    (void)state;
    struct fixture fixture;
    struct server_limits limits = patient;
    limits.connections = 2;
    fixture_start(&fixture, limits, NULL);
    int fds[3];
    struct reply reply;
    for (int i = 0; i < 3; i++) {
        fds[i] = client_connect(&fixture);
        client_say(fds[i], "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        if (i == 2)
            break;
        client_read(fds[i], false, &reply);
    }
    close(fds[0]);
    client_read(fds[2], false, &reply);
    assert_int_equal(reply.status, 200);
    close(fds[1]);
    close(fds[2]);
    fixture_stop(&fixture);
}

static void *stop_server(void *context)
{
    struct fixture *fixture = context;
    server_stop(fixture->server);
    fixture->server = NULL;
    return NULL;
}

/* Requests on a connection that was open before learn that the server stops: the answer is the last one
 * there. A server that began to stop while it answered may still have said that it is ready. */
static bool is_stopping(int fd)
{
    struct reply reply;
    client_say(fd, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    client_read(fd, false, &reply);
    bool last = strcmp(reply_header(&reply, "Connection"), "close") == 0;
    if (reply.status == 503) {
        assert_true(last);
        assert_string_equal(reply.body, "{\"status\": \"stopping\"}\n");
    }
    return last;
}

static void a_stopping_server_lets_open_requests_end(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, patient, NULL);
    int probe = client_connect(&fixture);
    assert_false(is_stopping(probe));
    int fd = ask_held(&fixture);
    fixture_await_held(&fixture, 1);
    pthread_t stopper;
    assert_int_equal(pthread_create(&stopper, NULL, stop_server, &fixture), 0);
    while (!is_stopping(probe))
        ;
    fixture_answer(&fixture, 200);
    struct reply reply;
    client_read(fd, false, &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply_header(&reply, "Connection"), "close");
    pthread_join(stopper, NULL);
    close(fd);
    close(probe);
    fixture_stop(&fixture);
}

static void a_stopping_server_does_not_wait_for_ever(void **state)
{
    (void)state;
    struct fixture fixture;
    struct server_limits limits = patient;
    limits.drain_ms = 1;
    fixture_start(&fixture, limits, NULL);
    int idle = client_connect(&fixture);
    int half = client_connect(&fixture);
    client_say(half, "POST /scenario HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na");
    int fd = ask_held(&fixture);
    fixture_await_held(&fixture, 1);
    server_stop(fixture.server);
    fixture.server = NULL;
    struct reply reply;
    client_read(fd, false, &reply);
    expect_problem(&reply, 503, "shutting down");
    fixture_answer(&fixture, 200); /* after the server has gone */
    client_await_end(idle);
    client_await_end(half);
    close(idle);
    close(half);
    close(fd);
    fixture_stop(&fixture);
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void a_stopped_server_leaves_no_descriptor_open(void **state)
{
    (void)state;
    unsigned before = open_descriptors();
    struct fixture fixture;
    fixture_start(&fixture, patient, NULL);
    struct reply reply;
    client_ask(&fixture, "GET", "/metrics", "", NULL, &reply);
    int fd = client_connect(&fixture);
    close(fd);
    fixture_stop(&fixture);
    assert_int_equal(open_descriptors(), before);
}

static void a_port_that_is_taken_is_an_error(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, patient, NULL);
    struct server_config config = {.backend = {0}};
    char text[32];
    snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)fixture.port);
    assert_int_equal(address_parse(text, &config.listen), ERR_OK);
    unsigned before = open_descriptors();
    struct server *second = NULL;
    assert_int_equal(server_start(&config, &second), ERR_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
    assert_null(second);
    assert_int_equal(open_descriptors(), before);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_connection_is_closed),
        cmocka_unit_test(a_head_that_drips_is_cut_off),
        cmocka_unit_test(a_body_that_never_comes_is_cut_off),
        cmocka_unit_test(an_answer_may_come_from_another_thread_much_later),
        cmocka_unit_test(a_client_that_has_gone_costs_nothing),
        cmocka_unit_test(a_lab_that_is_late_is_not_waited_for),
        cmocka_unit_test(too_many_commands_in_flight_are_429),
        cmocka_unit_test(questions_that_the_lab_works_on_keep_nobody_out),
        cmocka_unit_test(connections_over_the_limit_wait_for_room),
        cmocka_unit_test(a_stopping_server_lets_open_requests_end),
        cmocka_unit_test(a_stopping_server_does_not_wait_for_ever),
        cmocka_unit_test(a_stopped_server_leaves_no_descriptor_open),
        cmocka_unit_test(a_port_that_is_taken_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
