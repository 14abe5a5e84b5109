#include "http_fixture.h"

#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void finish(struct fixture *fixture, struct lab_request *request, int status)
{
    request->status = status;
    request->answer = json_pack("{s:i, s:s, s:b, s:O?}", "verb", (int)request->verb, "name", request->name,
                                "reclaim", request->reclaim, "body", request->body);
    if (fixture->location != NULL)
        snprintf(request->location, sizeof request->location, "%s", fixture->location);
    request->done(request, request->argument);
}

static void post(void *context, struct lab_request *request)
{
    struct fixture *fixture = context;
    pthread_mutex_lock(&fixture->mutex);
    enum lab_manner manner = fixture->manner;
    fixture->posts++;
    if (manner == LAB_HOLDS) {
        request->next = NULL;
        *(fixture->held == NULL ? &fixture->held : &fixture->held_last->next) = request;
        fixture->held_last = request;
        fixture->holding++;
        pthread_cond_broadcast(&fixture->posted);
    }
    pthread_mutex_unlock(&fixture->mutex);
    if (manner == LAB_AT_ONCE)
        finish(fixture, request, fixture->status);
}

static const struct snapshot *last_snapshot(void *context)
{
    return ((struct fixture *)context)->snapshot;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void make_snapshot(struct fixture *fixture)
{
    fixture->snapshot = (void *)fixture->snapshot_bytes;
    fixture->snapshot->ready = true;
    fixture->snapshot->published_ns = now_ns();
    fixture->snapshot->program_count = 1;
    strcpy(fixture->snapshot->programs[0].pattern, "recv");
    strcpy(fixture->snapshot->programs[0].variant, "leak");
}

static enum err make_timeline(struct fixture *fixture)
{
    const struct vitals vitals = {0};
    struct timeline_row row;
    fixture->timeline = timeline_new(0xb001, now_ns());
    if (fixture->timeline == NULL)
        return ERR_MEMORY;
    timeline_fill(fixture->timeline, fixture->snapshot, &vitals, now_ns(), &row);
    timeline_push(fixture->timeline, &row);
    return ERR_OK;
}

static enum err try_start(struct fixture *fixture, struct server_limits limits, const char *listen,
                          const struct token *token, bool token_for_reads)
{
    *fixture = (struct fixture){.status = 200};
    make_snapshot(fixture);
    if (make_timeline(fixture) != ERR_OK)
        return ERR_MEMORY;
    struct server_config config = {.backend = {.post = post,
                                               .snapshot = last_snapshot,
                                               .timeline = fixture->timeline,
                                               .context = fixture},
                                   .allowed_hosts = "x", /* short, for raw requests */
                                   .token = token,
                                   .token_for_reads = token_for_reads,
                                   .revision = "abc123",
                                   .limits = limits};
    assert_int_equal(address_parse(listen == NULL ? "127.0.0.1:0" : listen, &config.listen), ERR_OK);
    pthread_mutex_init(&fixture->mutex, NULL);
    pthread_cond_init(&fixture->posted, NULL);
    enum err err = server_start(&config, &fixture->server);
    if (err == ERR_OK)
        fixture->port = server_address(fixture->server)->port;
    else
        timeline_free(fixture->timeline);
    return err;
}

enum err fixture_try_start(struct fixture *fixture, struct server_limits limits, const char *listen)
{
    return try_start(fixture, limits, listen, NULL, false);
}

void fixture_start_with_token(struct fixture *fixture, const char *token, bool for_reads)
{
    struct token parsed;
    assert_int_equal(token_parse(token, strlen(token), &parsed), ERR_OK);
    assert_int_equal(try_start(fixture, (struct server_limits){0}, NULL, &parsed, for_reads), ERR_OK);
}

void fixture_start(struct fixture *fixture, struct server_limits limits, const char *listen)
{
    assert_int_equal(fixture_try_start(fixture, limits, listen), ERR_OK);
    assert_int_not_equal(fixture->port, 0);
}

void fixture_stop(struct fixture *fixture)
{
    server_stop(fixture->server);
    fixture->server = NULL;
    while (fixture->held != NULL)
        fixture_answer(fixture, 200);
    timeline_free(fixture->timeline);
    pthread_cond_destroy(&fixture->posted);
    pthread_mutex_destroy(&fixture->mutex);
}

void fixture_await_held(struct fixture *fixture, unsigned count)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_MS / 1000;
    pthread_mutex_lock(&fixture->mutex);
    while (fixture->holding < count)
        if (pthread_cond_timedwait(&fixture->posted, &fixture->mutex, &until) != 0)
            break;
    unsigned holding = fixture->holding;
    pthread_mutex_unlock(&fixture->mutex);
    assert_int_equal(holding, count);
}

void fixture_answer(struct fixture *fixture, int status)
{
    pthread_mutex_lock(&fixture->mutex);
    struct lab_request *request = fixture->held;
    assert_non_null(request);
    fixture->held = request->next;
    fixture->holding--;
    pthread_mutex_unlock(&fixture->mutex);
    finish(fixture, request, status);
}

int client_connect(const struct fixture *fixture)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(fixture->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void client_send(int fd, const char *bytes, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t piece = send(fd, bytes + sent, size - sent, MSG_NOSIGNAL);
        assert_true(piece > 0);
        sent += (size_t)piece;
    }
}

void client_say(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

/* One piece of at most `size` bytes; 0 at the end or when the connection was reset. */
static size_t receive(int fd, void *bytes, size_t size)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    if (poll(&waiting, 1, PATIENCE_MS) != 1)
        fail_msg("nothing came in %d ms", PATIENCE_MS);
    ssize_t got = recv(fd, bytes, size, 0);
    return got > 0 ? (size_t)got : 0;
}

static void receive_all(int fd, char *bytes, size_t size)
{
    for (size_t have = 0; have < size;) {
        size_t piece = receive(fd, bytes + have, size - have);
        if (piece == 0)
            fail_msg("the connection ended after %zu of %zu bytes", have, size);
        have += piece;
    }
}

/* Byte by byte, so that what a pipeline sends next stays in the socket. */
static void receive_head(int fd, struct reply *reply)
{
    size_t size = 0;
    do {
        assert_true(size < sizeof reply->head - 1);
        receive_all(fd, reply->head + size, 1);
        reply->head[++size] = '\0';
    } while (size < 4 || strcmp(reply->head + size - 4, "\r\n\r\n") != 0);
    assert_memory_equal(reply->head, "HTTP/1.", 7);
    reply->status = (int)strtol(reply->head + 9, NULL, 10);
}

const char *reply_header(const struct reply *reply, const char *name)
{
    static _Thread_local char value[512];
    size_t size = strlen(name);
    for (const char *line = strstr(reply->head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, size) != 0 || line[size] != ':')
            continue;
        const char *from = line + size + 1 + strspn(line + size + 1, " ");
        snprintf(value, sizeof value, "%.*s", (int)strcspn(from, "\r"), from);
        return value;
    }
    return "";
}

void client_read(int fd, bool bodiless, struct reply *reply)
{
    do
        receive_head(fd, reply);
    while (reply->status == 100);
    size_t size = bodiless ? 0 : strtoull(reply_header(reply, "Content-Length"), NULL, 10);
    assert_true(size <= REPLY_MAX);
    reply->size = size;
    receive_all(fd, reply->body, size);
    reply->body[size] = '\0';
}

void client_await_end(int fd)
{
    char bytes[4096];
    while (receive(fd, bytes, sizeof bytes) > 0)
        ;
}

void client_ask(const struct fixture *fixture, const char *method, const char *target, const char *lines,
                const char *body, struct reply *reply)
{
    char head[8192];
    int size = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s", method, target,
                        (unsigned)fixture->port, lines);
    if (body != NULL)
        size += snprintf(head + size, sizeof head - (size_t)size, "Content-Length: %zu\r\n", strlen(body));
    int fd = client_connect(fixture);
    client_send(fd, head, (size_t)size);
    client_say(fd, "\r\n");
    if (body != NULL)
        client_say(fd, body);
    client_read(fd, strcmp(method, "HEAD") == 0, reply);
    close(fd);
}

json_t *reply_json(const struct reply *reply)
{
    json_error_t error;
    json_t *json = json_loadb(reply->body, reply->size, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        fail_msg("%s in: %s", error.text, reply->body);
    return json;
}

void expect_problem(const struct reply *reply, int status, const char *part)
{
    if (reply->status != status || strstr(reply->body, part) == NULL)
        fail_msg("wanted %d \"%s\", got %d: %s", status, part, reply->status, reply->body);
    assert_string_equal(reply_header(reply, "Content-Type"), "application/problem+json");
    assert_string_equal(reply_header(reply, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(reply_header(reply, "Cache-Control"), "no-store");
    json_t *problem = reply_json(reply);
    assert_int_equal(json_integer_value(json_object_get(problem, "status")), status);
    json_decref(problem);
}
