/* Any allocation of the server may fail: it then answers 500, ends the connection or does not start, and
 * leaves nothing behind. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "fault.h"
#include "http_fixture.h"

/* Sends a request and says whether it was answered with 200. Allocates nothing: the injector counts every
 * thread. */
static bool asks_well(const struct fixture *fixture, const char *request)
{
    char answer[64];
    size_t size = 0;
    int fd = client_connect(fixture);
    client_say(fd, request);
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    while (size < sizeof answer - 1) {
        if (poll(&waiting, 1, PATIENCE_MS) != 1)
            fail_msg("no answer to: %s", request);
        ssize_t piece = recv(fd, answer + size, sizeof answer - 1 - size, 0);
        if (piece <= 0)
            break;
        size += (size_t)piece;
    }
    answer[size] = '\0';
    client_await_end(fd);
    close(fd);
    return strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

static bool serve_each_kind(void *argument)
{
    static const char *const requests[] = {
        "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
        "DELETE /scenario/a?reclaim=true HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
        "GET /timeline HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "POST /scenario HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
        "13\r\n"
        "Connection: close\r\n\r\n{\"mode\": \"x\"}",
        "POST /scenario HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: 3\r\nConnection: close\r\n\r\na=b",
        "POST /scenario HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/yaml\r\n"
        "Content-Length: 4\r\nConnection: close\r\n\r\na: 1",
        "POST /patterns HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/yaml\r\n"
        "Content-Length: 82\r\nConnection: close\r\n\r\n"
        "{pattern: a, title: t, story: s, remedy: r, fix: {main: [exit]}, expect: {fix: 0}}",
    };
    (void)argument;
    struct fixture fixture;
    /* On a wildcard address any port may stand in Host. */
    if (fixture_try_start(&fixture, (struct server_limits){0}, "0.0.0.0:0") != ERR_OK)
        return false;
    bool good = true;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        good &= asks_well(&fixture, requests[i]);
    fixture_stop(&fixture);
    return good;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    json_set_alloc_funcs(malloc, free);
    fault_sweep(serve_each_kind, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
