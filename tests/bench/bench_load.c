/* A light HTTP/1.1 client (RFC 9112) that asks for one path over keep-alive connections and prints latencies
 * as one JSON object. The same program asks leaklab and its peers. SIGINT ends it early, with what it has.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define USAGE                                                                                                \
    "usage: bench_load ADDRESS:PORT PATH CONNECTIONS REQUESTS SECONDS [EVERY_US]\n"                          \
    "Sends at most REQUESTS for at most SECONDS; with one connection, a request every EVERY_US.\n"

#define MAX_CONNECTIONS    64
#define MAX_REQUESTS       2000000
#define MAX_SECONDS        300
#define MAX_RESPONSE_BYTES (1 << 20)
#define SILENCE_MS         30000 /* a server that is silent for so long has failed */

struct connection {
    int fd;
    uint64_t sent_ns;
    size_t size;  /* of what was received of the response so far */
    size_t chunk; /* where the next chunk begins, in a chunked response; 0: not known yet */
    char bytes[MAX_RESPONSE_BYTES + 1];
};

struct load {
    struct sockaddr_in address;
    char request[512];
    size_t request_size;
    long connection_count, requests, every_us;
    double seconds;
    struct connection *connections;
    int epoll;
    uint64_t began_ns;
    uint64_t *latencies_ns;
    long sent, done;
    size_t body_bytes;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

_Noreturn static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_load: %s: %s\n", what, why);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool load_over(const struct load *load)
{
    return stopped || load->sent == load->requests ||
           (double)(now_ns() - load->began_ns) / 1e9 >= load->seconds;
}

static void connection_open(struct load *load, struct connection *connection)
{
    int on = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (struct sockaddr *)&load->address, sizeof load->address) != 0)
        fail("connect", strerror(errno));
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(connection->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0)
        fail("epoll_ctl", strerror(errno));
}

/* Requests are far smaller than a socket's buffer, so that a short write means that the connection is lost.
 */
static void connection_send(struct load *load, struct connection *connection)
{
    connection->size = 0;
    connection->chunk = 0;
    connection->sent_ns = now_ns();
    if (send(connection->fd, load->request, load->request_size, MSG_NOSIGNAL) != (ssize_t)load->request_size)
        fail("send", strerror(errno));
    load->sent++;
}

/* Where the body of a complete response ends; 0 while it is not complete. */
static size_t response_end(struct connection *connection, size_t body)
{
    char *bytes = connection->bytes;
    const char *length = strcasestr(bytes, "\r\nContent-Length:");
    if (length != NULL && length < bytes + body) {
        size_t end = body + (size_t)strtoul(length + 17, NULL, 10);
        return connection->size >= end ? end : 0;
    }
    if (connection->chunk == 0)
        connection->chunk = body;
    for (;;) {
        char *line = bytes + connection->chunk;
        if (memchr(line, '\n', connection->size - connection->chunk) == NULL)
            return 0;
        size_t size = strtoul(line, NULL, 16);
        size_t next = connection->chunk +
                      (size_t)((char *)memchr(line, '\n', MAX_RESPONSE_BYTES) + 1 - line) + size + 2;
        if (next > connection->size)
            return 0;
        if (size == 0)
            return next;
        connection->chunk = next;
    }
}

/* Takes in what has arrived; true when the response is complete. */
static bool connection_receive(struct load *load, struct connection *connection)
{
    ssize_t got =
        recv(connection->fd, connection->bytes + connection->size, MAX_RESPONSE_BYTES - connection->size, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got <= 0)
        fail("receive", got < 0 ? strerror(errno) : "the server closed, or the response is too large");
    connection->size += (size_t)got;
    connection->bytes[connection->size] = 0;
    const char *blank = strstr(connection->bytes, "\r\n\r\n");
    if (blank == NULL)
        return false;
    size_t body = (size_t)(blank + 4 - connection->bytes);
    size_t end = response_end(connection, body);
    if (end == 0)
        return false;
    if (strncmp(connection->bytes, "HTTP/1.1 200 ", 13) != 0)
        fail("answer", "not HTTP/1.1 200");
    load->latencies_ns[load->done++] = now_ns() - connection->sent_ns;
    load->body_bytes = end - body;
    return true;
}

static void pace(const struct load *load, const struct connection *connection)
{
    uint64_t due_ns = connection->sent_ns + (uint64_t)load->every_us * 1000u;
    struct timespec due = {.tv_sec = (time_t)(due_ns / 1000000000u), .tv_nsec = (long)(due_ns % 1000000000u)};
    if (load->every_us > 0)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static void load_run(struct load *load)
{
    struct epoll_event events[MAX_CONNECTIONS];
    for (long i = 0; i < load->connection_count; i++)
        connection_open(load, &load->connections[i]);
    load->began_ns = now_ns();
    for (long i = 0; i < load->connection_count && !load_over(load); i++)
        connection_send(load, &load->connections[i]);
    while (load->done < load->sent) {
        int count = epoll_wait(load->epoll, events, MAX_CONNECTIONS, SILENCE_MS);
        if (count == 0 || (count < 0 && errno != EINTR))
            fail("wait", count == 0 ? "no answer" : strerror(errno));
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!connection_receive(load, connection))
                continue;
            pace(load, connection);
            if (!load_over(load))
                connection_send(load, connection);
        }
    }
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The nearest-rank percentile of sorted latencies, in microseconds. */
static double percentile_us(const struct load *load, double percent)
{
    long rank = (long)(percent / 100 * (double)load->done);
    return (double)load->latencies_ns[rank < load->done ? rank : load->done - 1] / 1e3;
}

static void load_print(const struct load *load, const char *path)
{
    double seconds = (double)(now_ns() - load->began_ns) / 1e9;
    if (load->done == 0)
        fail(path, "no request was made");
    qsort(load->latencies_ns, (size_t)load->done, sizeof *load->latencies_ns, compare);
    printf("{\"measure\":\"load\",\"path\":\"%s\",\"connections\":%ld,\"requests\":%ld,\"seconds\":%.3f,"
           "\"requests_per_second\":%.0f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,"
           "\"body_bytes\":%zu}\n",
           path, load->connection_count, load->done, seconds, (double)load->done / seconds,
           percentile_us(load, 50), percentile_us(load, 90), percentile_us(load, 99),
           (double)load->latencies_ns[load->done - 1] / 1e3, load->body_bytes);
}

static long number(const char *text, long max)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == 0 || *end != 0 || value < 0 || value > max)
        fail(text, "not a number in range");
    return value;
}

static void load_read_arguments(struct load *load, int argc, char **argv)
{
    char host[64];
    char *colon = strrchr(argv[1], ':');
    if (colon == NULL || (size_t)(colon - argv[1]) >= sizeof host)
        fail(argv[1], "not an ADDRESS:PORT");
    memcpy(host, argv[1], (size_t)(colon - argv[1]));
    host[colon - argv[1]] = 0;
    load->address.sin_family = AF_INET;
    load->address.sin_port = htons((uint16_t)number(colon + 1, 65535));
    if (inet_pton(AF_INET, host, &load->address.sin_addr) != 1)
        fail(host, "not an IPv4 address");
    int size = snprintf(load->request, sizeof load->request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", argv[2],
                        argv[1]);
    if (size < 0 || (size_t)size >= sizeof load->request)
        fail(argv[2], "too long");
    load->request_size = (size_t)size;
    load->connection_count = number(argv[3], MAX_CONNECTIONS);
    load->requests = number(argv[4], MAX_REQUESTS);
    load->seconds = (double)number(argv[5], MAX_SECONDS);
    load->every_us = argc == 7 ? number(argv[6], 1000000) : 0;
    if (load->every_us > 0 && load->connection_count != 1)
        fail("EVERY_US", "needs one connection");
}

int main(int argc, char **argv)
{
    struct load load = {0};
    struct sigaction action = {.sa_handler = on_signal};
    if (argc != 6 && argc != 7) {
        fputs(USAGE, stderr);
        return 2;
    }
    load_read_arguments(&load, argc, argv);
    sigaction(SIGINT, &action, NULL);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.connections = calloc((size_t)load.connection_count, sizeof *load.connections);
    load.latencies_ns = calloc((size_t)load.requests, sizeof *load.latencies_ns);
    if (load.epoll < 0 || load.connections == NULL || load.latencies_ns == NULL)
        fail("start", strerror(errno));
    load_run(&load);
    load_print(&load, argv[2]);
    free(load.latencies_ns);
    free(load.connections);
    close(load.epoll);
    return 0;
}
