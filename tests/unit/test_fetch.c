/* The HTTP client of the subcommands, against a server that says what the test wants and remembers what it
 * heard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/fetch.h"
#include "fault.h"

#define NS_PER_S 1000000000LL

/* Serves connections, one after another, until its socket is shut down. */
struct peer {
    int socket;
    pthread_t thread;
    char url[64];
    const char *answer; /* NULL: never answers */
    int connections;
    char heard[4096]; /* of the last request, head and body */
};

static bool complete(const char *heard)
{
    const char *end = strstr(heard, "\r\n\r\n");
    const char *length = strstr(heard, "Content-Length: ");
    if (end == NULL)
        return false;
    return length == NULL ||
           strlen(end + 4) == (size_t)strtoul(length + strlen("Content-Length: "), NULL, 10);
}

static void serve_connection(struct peer *peer, int connection)
{
    size_t size = 0;
    ssize_t got;
    while ((got = recv(connection, peer->heard + size, sizeof peer->heard - 1 - size, 0)) > 0) {
        size += (size_t)got;
        peer->heard[size] = '\0';
        if (!complete(peer->heard))
            continue;
        size = 0;
        if (peer->answer != NULL)
            assert_true(send(connection, peer->answer, strlen(peer->answer), MSG_NOSIGNAL) > 0);
    }
}

static void *serve(void *argument)
{
    struct peer *peer = argument;
    int connection;
    while ((connection = accept(peer->socket, NULL, NULL)) >= 0) {
        peer->connections++;
        serve_connection(peer, connection);
        close(connection);
    }
    return NULL;
}

static void peer_start(struct peer *peer, const char *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *peer = (struct peer){.answer = answer, .socket = socket(AF_INET, SOCK_STREAM, 0)};
    assert_true(peer->socket >= 0);
    assert_int_equal(bind(peer->socket, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(peer->socket, 8), 0);
    assert_int_equal(getsockname(peer->socket, (struct sockaddr *)&address, &size), 0);
    snprintf(peer->url, sizeof peer->url, "http://127.0.0.1:%d/a?b=c", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

/* The client has closed its connections by then. */
static void peer_stop(struct peer *peer)
{
    shutdown(peer->socket, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->socket);
}

struct asked {
    enum err err;
    int status;
    size_t size;
    char body[256];
    char why[FETCH_WHY];
};

/* Asks `times` times, reading at most so many bytes, and says what the last answer was. */
static struct asked ask(const struct fetch_request *request, size_t max_bytes, int times)
{
    struct asked asked = {0};
    struct fetch_answer answer;
    struct fetcher *fetcher = fetcher_new();
    assert_non_null(fetcher);
    buf_init(&answer.body, max_bytes);
    for (int i = 0; i < times; i++)
        asked.err = fetch(fetcher, request, &answer);
    asked.status = answer.status;
    asked.size = answer.body.size;
    snprintf(asked.body, sizeof asked.body, "%s", buf_text(&answer.body));
    memcpy(asked.why, answer.why, sizeof asked.why);
    buf_deinit(&answer.body);
    fetcher_free(fetcher);
    return asked;
}

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static void test_get(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, OK_ANSWER);
    struct fetch_request request = {.method = FETCH_GET, .url = peer.url, .timeout_ns = 20 * NS_PER_S};

    struct asked asked = ask(&request, 100, 3);

    peer_stop(&peer);
    assert_int_equal(asked.err, ERR_OK);
    assert_int_equal(asked.status, 200);
    assert_string_equal(asked.body, "hello");
    assert_memory_equal(peer.heard, "GET /a?b=c HTTP/1.1\r\n", strlen("GET /a?b=c HTTP/1.1\r\n"));
    assert_int_equal(peer.connections, 1); /* kept between requests */
}

static void test_post(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, "HTTP/1.1 422 No\r\nContent-Length: 2\r\n\r\n{}");
    struct fetch_request request = {
        .method = FETCH_POST, .url = peer.url, .body = "mode=leak-recv", .timeout_ns = 20 * NS_PER_S};

    struct asked asked = ask(&request, 100, 1);

    assert_int_equal(asked.err, ERR_OK);
    assert_int_equal(asked.status, 422);
    assert_string_equal(asked.body, "{}");
    assert_memory_equal(peer.heard, "POST ", 5);
    assert_non_null(strstr(peer.heard, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(peer.heard, "\r\n\r\nmode=leak-recv"));

    request.content_type = "application/x-www-form-urlencoded";
    request.body = NULL;
    ask(&request, 100, 1);
    peer_stop(&peer);
    assert_non_null(strstr(peer.heard, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(peer.heard, "\r\nContent-Length: 0\r\n"));
}

static void test_a_token_is_sent_as_a_bearer(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, OK_ANSWER);
    struct fetch_request request = {
        .method = FETCH_POST, .url = peer.url, .token = "0123456789abcdef", .timeout_ns = 20 * NS_PER_S};

    struct asked asked = ask(&request, 100, 1);

    assert_int_equal(asked.err, ERR_OK);
    assert_non_null(strstr(peer.heard, "\r\nAuthorization: Bearer 0123456789abcdef\r\n"));
    assert_non_null(strstr(peer.heard, "\r\nContent-Type: application/json\r\n"));

    request.token = NULL;
    ask(&request, 100, 1);
    peer_stop(&peer);
    assert_null(strstr(peer.heard, "Authorization"));
}

static void test_an_answer_has_a_bound(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, OK_ANSWER);
    struct fetch_request request = {.method = FETCH_GET, .url = peer.url, .timeout_ns = 20 * NS_PER_S};

    struct asked fits = ask(&request, 5, 1);
    struct asked long_one = ask(&request, 4, 1);

    peer_stop(&peer);
    assert_int_equal(fits.err, ERR_OK);
    assert_int_equal(long_one.err, ERR_LIMIT);
    assert_int_equal(long_one.status, 0);
    assert_string_equal(long_one.why, "the answer is longer than 4 bytes");
}

static void test_goes_nowhere_else(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, "HTTP/1.1 302 There\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
    struct fetch_request request = {.method = FETCH_GET, .url = peer.url, .timeout_ns = 20 * NS_PER_S};
    setenv("http_proxy", "http://127.0.0.1:1", 1);

    struct asked asked = ask(&request, 100, 1);

    unsetenv("http_proxy");
    peer_stop(&peer);
    assert_int_equal(asked.err, ERR_OK);
    assert_int_equal(asked.status, 302);
    assert_memory_equal(peer.heard, "GET /a?b=c ", strlen("GET /a?b=c "));
}

static void test_says_why_nobody_answers(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, NULL);
    struct fetch_request request = {.method = FETCH_GET, .url = peer.url, .timeout_ns = NS_PER_S / 20};
    struct asked silent = ask(&request, 100, 1);
    peer_stop(&peer);
    assert_int_equal(silent.err, ERR_SYSTEM);
    assert_int_equal(silent.status, 0);
    assert_non_null(strstr(silent.why, "timed out"));

    request.timeout_ns = 20 * NS_PER_S;
    struct asked gone = ask(&request, 100, 1);
    assert_int_equal(gone.err, ERR_SYSTEM);
    assert_non_null(strstr(gone.why, "connect"));
}

static void test_refuses_what_is_no_url_of_the_web(void **state)
{
    (void)state;
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "http://[::1", ""};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct fetch_request request = {.method = FETCH_GET, .url = urls[i], .timeout_ns = NS_PER_S};
        struct asked asked = ask(&request, 100, 1);
        assert_int_equal(asked.err, ERR_SYNTAX);
        assert_string_not_equal(asked.why, "");
    }
}

static bool try_to_get(void *argument)
{
    struct peer *peer = argument;
    struct fetch_request request = {
        .method = FETCH_GET, .url = peer->url, .token = "0123456789abcdef", .timeout_ns = 20 * NS_PER_S};
    struct fetch_answer answer;
    struct fetcher *fetcher = fetcher_new();
    if (fetcher == NULL)
        return false;
    buf_init(&answer.body, 100);
    enum err err = fetch(fetcher, &request, &answer);
    assert_true(err == ERR_OK || err == ERR_MEMORY);
    assert_true(err == ERR_OK || answer.why[0] != '\0');
    buf_deinit(&answer.body);
    fetcher_free(fetcher);
    return err == ERR_OK;
}

static void test_survives_lack_of_memory(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, OK_ANSWER);
    fault_sweep(try_to_get, &peer);
    peer_stop(&peer);
    fetcher_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_post),
        cmocka_unit_test(test_a_token_is_sent_as_a_bearer),
        cmocka_unit_test(test_an_answer_has_a_bound),
        cmocka_unit_test(test_goes_nowhere_else),
        cmocka_unit_test(test_says_why_nobody_answers),
        cmocka_unit_test(test_refuses_what_is_no_url_of_the_web),
        cmocka_unit_test(test_survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
