/* Raw bytes on a connection of the real server, with a lab that answers at once. Every answer is one of HTTP,
 * none is the daemon's fault, and the connection ends when the client has no more to say. The bytes 0x1e
 * split what is sent into pieces, which the server may meet one by one. Host may be "x". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "http_fixture.h"

#define ANSWER_MOST (1 << 20)
#define PIECE       0x1e
#define LAST        "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
#define DEADLINE_MS 20

/* A Unix socket: the ports of a machine run out after some ten thousand connections. */
static char folder[] = "/tmp/leaklab-fuzz-XXXXXX";
static struct sockaddr_un place = {.sun_family = AF_UNIX};

static void clean_up(void)
{
    unlink(place.sun_path);
    rmdir(folder);
}

static void start_server(struct fixture *fixture)
{
    char listen[sizeof "unix:" + sizeof place.sun_path];
    CHECK(mkdtemp(folder) != NULL && atexit(clean_up) == 0);
    snprintf(place.sun_path, sizeof place.sun_path, "%s/socket", folder);
    snprintf(listen, sizeof listen, "unix:%s", place.sun_path);
    CHECK(fixture_try_start(fixture,
                            (struct server_limits){.idle_ms = DEADLINE_MS, .request_ms = DEADLINE_MS},
                            listen) == ERR_OK);
    fixture->snapshot->published_ns = UINT64_MAX; /* of a lab that never stalls: /readyz would say so */
}

static int connect_to_server(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK(connect(fd, (const struct sockaddr *)&place, sizeof place) == 0);
    return fd;
}

/* What the server has no wish to read any more need not be sent. A last request asks it to close, so that
 * only who has left something unfinished waits for a deadline. */
static void say(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        const uint8_t *end = memchr(bytes, PIECE, size);
        size_t piece = end == NULL ? size : (size_t)(end - bytes);
        if (piece > 0 && send(fd, bytes, piece, MSG_NOSIGNAL) != (ssize_t)piece)
            break;
        bytes += end == NULL ? piece : piece + 1;
        size -= end == NULL ? piece : piece + 1;
    }
    (void)send(fd, LAST, sizeof LAST - 1, MSG_NOSIGNAL);
    (void)shutdown(fd, SHUT_WR);
}

/* Of more than ANSWER_MOST bytes, which many requests at once come to, the end is heard and not kept. */
static size_t listen_to(int fd, char *answer)
{
    static char rest[1 << 16];
    size_t size = 0;
    for (;;) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        int ready = poll(&waiting, 1, PATIENCE_MS);
        if (ready < 0 && errno == EINTR)
            continue; /* libFuzzer's clock */
        CHECK(ready == 1);
        bool full = size == ANSWER_MOST;
        ssize_t got = full ? recv(fd, rest, sizeof rest, 0) : recv(fd, answer + size, ANSWER_MOST - size, 0);
        if (got <= 0)
            break;
        size += full ? 0 : (size_t)got;
    }
    answer[size] = '\0';
    return size;
}

/* Two answers of 500 and above say that the client asks for what HTTP/1.1 does not have (RFC 9110, 15.6):
 * they are libmicrohttpd's. */
static bool is_the_clients_fault(long status)
{
    return status == 501 || status == 505;
}

static void check_answer(const char *answer, size_t size)
{
    if (size == 0)
        return;
    CHECK(size > 12 && memcmp(answer, "HTTP/1.", 7) == 0);
    long status = strtol(answer + 9, NULL, 10);
    if (status >= 100 && (status < 500 || is_the_clients_fault(status)))
        return;
    fprintf(stderr, "answered: %.200s\n", answer);
    CHECK(!"the daemon's fault");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fixture fixture;
    static char answer[ANSWER_MOST + 1];
    if (fixture.server == NULL)
        start_server(&fixture);
    int fd = connect_to_server();
    say(fd, data, size);
    check_answer(answer, listen_to(fd, answer));
    close(fd);
    return 0;
}
