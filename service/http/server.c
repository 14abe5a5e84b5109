#include "http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "http/parts.h"

#define MS_NS       1000000ULL
#define TICK_MIN    (5 * MS_NS)
#define TICK_MAX    (1000 * MS_NS)
#define LOG_MESSAGE 512

/* Requests that have just been told that the server stops still need a moment on the HTTP thread to say so.
 */
#define LAST_WORDS_NS (100 * MS_NS)

uint64_t server_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

int server_thread_create(pthread_t *thread, void *(*run)(void *), void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int result = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

const struct snapshot *server_snapshot(struct server *server)
{
    const struct snapshot *snapshot = server->backend.snapshot(server->backend.context);
    server->seen_ready |= snapshot->ready;
    return snapshot;
}

void server_request_ended(struct server *server)
{
    if (atomic_fetch_sub(&server->open, 1) != 1 || !atomic_load(&server->stopping))
        return;
    pthread_mutex_lock(&server->drain_mutex);
    pthread_cond_signal(&server->drained);
    pthread_mutex_unlock(&server->drain_mutex);
}

static struct visitor *visitor_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        visitor_free(&server->visitors, *socket_context);
        *socket_context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *session =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (session != NULL && session->tls_session != NULL)
        tls_attach(&server->tls, session->tls_session);
    const union MHD_ConnectionInfo *client =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct caller caller = caller_of(client == NULL ? NULL : client->client_addr);
    *socket_context =
        visitor_new(&server->visitors, server, info->connect_fd, &caller, server_now_ns() + server->idle_ns);
}

/* MHD_OPTION_URI_LOG_CALLBACK: the only place where libmicrohttpd shows the target before it takes it apart.
 */
static void *on_request_line(void *context, const char *target, struct MHD_Connection *connection)
{
    struct server *server = context;
    struct visitor *visitor = visitor_of(connection);
    if (visitor == NULL)
        return NULL;
    visitor_extend(&visitor->exchange, server_now_ns() + server->request_ns);
    exchange_begin(&visitor->exchange, connection, target);
    return &visitor->exchange;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *size,
                                  void **exchange)
{
    (void)context, (void)connection, (void)url, (void)version;
    return *exchange == NULL ? MHD_NO : exchange_step(*exchange, method, data, size);
}

static void on_request_end(void *context, struct MHD_Connection *connection, void **exchange,
                           enum MHD_RequestTerminationCode code)
{
    struct server *server = context;
    (void)connection, (void)code;
    if (*exchange == NULL)
        return;
    exchange_end(*exchange);
    visitor_extend(*exchange, server_now_ns() + server->idle_ns);
    *exchange = NULL;
}

/* Escapes are decoded where they are understood, see route.h; libmicrohttpd would cut the target at a %00. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context, (void)connection;
    return strlen(text);
}

static void on_log(void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void on_log(void *context, const char *format, va_list arguments)
{
    const struct server *server = context;
    char message[LOG_MESSAGE];
    vsnprintf(message, sizeof message, format, arguments);
    message[strcspn(message, "\r\n")] = '\0';
    log_line(server->log, LOG_DEBUG, "libmicrohttpd", LOG_TEXT("message", message));
}

static struct MHD_Daemon *start_daemon(struct server *server, int listener, unsigned connections)
{
    bool secure = server->tls.certificate != NULL;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     MHD_USE_ITC | (secure ? MHD_USE_TLS : 0);
    const struct MHD_OptionItem options[] = {
        /* The logger comes first: it hears what is wrong with the rest. */
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_log, server},
        {MHD_OPTION_LISTEN_SOCKET, listener, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)connections, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, LIMIT_CONNECTION_BYTES, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escapes, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, server},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_request_line, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_request_end, server},
        {MHD_OPTION_END, 0, NULL},
    };
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_ARRAY, options,
                         secure ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, TLS_PRIORITIES,
                         MHD_OPTION_HTTPS_CERT_CALLBACK2, tls_retrieve, MHD_OPTION_END);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return daemon;
}

/* False, with errno, when there is nothing to listen on, or no thread. libmicrohttpd takes the socket, and
 * may or may not have closed it when it cannot start: it gets a copy, which is as good as the socket, and
 * nobody else opens anything meanwhile. */
static bool start_listening(struct server *server, const struct server_config *config)
{
    struct listener *listener = &server->listener;
    unsigned connections = config->limits.connections;
    mode_t mode = config->listen_mode == 0 ? LISTENER_MODE : config->listen_mode;
    if (config->inherited != NULL)
        *listener = *config->inherited;
    else if (listener_open(listener, &config->listen, mode) != ERR_OK)
        return false;
    guard_init(&server->guard, &listener->address, config->certificate != NULL, config->allowed_hosts);
    int copy = fcntl(listener->fd, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0)
        server->daemon = start_daemon(server, copy, connections == 0 ? LIMIT_CONNECTIONS : connections);
    if (server->daemon != NULL)
        return true;
    int error = errno;
    if (copy >= 0 && fcntl(copy, F_GETFD) >= 0)
        close(copy);
    if (!listener->inherited)
        listener_close(listener);
    errno = error;
    return false;
}

static uint64_t ns_or(uint32_t ms, uint64_t default_ms)
{
    return (ms == 0 ? default_ms : ms) * MS_NS;
}

static void apply_limits(struct server *server, const struct server_limits *limits)
{
    server->idle_ns = ns_or(limits->idle_ms, LIMIT_IDLE_SECONDS * 1000);
    server->request_ns = ns_or(limits->request_ms, LIMIT_REQUEST_SECONDS * 1000);
    server->answer_ns = ns_or(limits->answer_ms, LIMIT_ANSWER_SECONDS * 1000);
    server->drain_ns = ns_or(limits->drain_ms, LIMIT_DRAIN_MS);
    server->unread_most = limits->unread_bytes == 0 ? LIMIT_UNREAD_BYTES : limits->unread_bytes;
}

/* A quarter of the shortest deadline: none is overrun by more than that. */
static uint64_t tick_ns(const struct server *server)
{
    uint64_t tick = TICK_MAX * 4;
    tick = server->idle_ns < tick ? server->idle_ns : tick;
    tick = server->request_ns < tick ? server->request_ns : tick;
    tick = server->answer_ns < tick ? server->answer_ns : tick;
    return tick / 4 < TICK_MIN ? TICK_MIN : tick / 4;
}

static struct server *server_new(const struct server_config *config)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return NULL;
    server->backend = config->backend;
    server->log = config->log;
    server->revision = config->revision;
    access_init(&server->access, config->token, config->token_for_reads);
    tls_init(&server->tls, config->certificate);
    apply_limits(server, &config->limits);
    uint64_t salt = server_now_ns();
    (void)!getrandom(&salt, sizeof salt, GRND_NONBLOCK); /* the clock is good enough without it */
    quota_init(&server->quota, config->limits.caller_rate, salt);
    pthread_mutex_init(&server->drain_mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&server->drained, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return server;
}

static void server_free(struct server *server)
{
    scrape_deinit(&server->scrape);
    export_free(server->exporter);
    desk_free(server->desk);
    access_deinit(&server->access);
    tls_deinit(&server->tls);
    pthread_cond_destroy(&server->drained);
    pthread_mutex_destroy(&server->drain_mutex);
    free(server);
}

static enum err open_visitors(struct server *server, const struct server_limits *limits)
{
    unsigned most = limits->connections == 0 ? LIMIT_CONNECTIONS : limits->connections;
    /* Whoever makes room does so at libmicrohttpd's next turn: a quarter is there for those who come until
     * then. */
    struct visitors_config config = {.desk = server->desk,
                                     .answer_ns = server->answer_ns,
                                     .tick_ns = tick_ns(server),
                                     .crowded = most - most / 4,
                                     .caller_most = limits->caller_connections,
                                     .salt = server->quota.salt};
    return visitors_init(&server->visitors, &config);
}

enum err server_start(const struct server_config *config, struct server **started)
{
    const struct server_limits *limits = &config->limits;
    struct server *server = server_new(config);
    if (server == NULL) {
        certificate_free(config->certificate);
        return ERR_MEMORY;
    }
    enum err err = ERR_MEMORY;
    server->desk = desk_new(limits->commands == 0 ? LIMIT_COMMANDS_IN_FLIGHT : limits->commands);
    server->exporter = export_new(config->revision);
    if (server->desk == NULL || server->exporter == NULL || scrape_init(&server->scrape) != ERR_OK)
        goto err_after_new;
    err = open_visitors(server, limits);
    if (err != ERR_OK)
        goto err_after_new;

    err = ERR_SYSTEM;
    if (!start_listening(server, config))
        goto err_after_visitors;
    *started = server;
    return ERR_OK;

err_after_visitors:;
    int error = errno;
    visitors_deinit(&server->visitors);
    errno = error;
err_after_new:
    server_free(server);
    return err;
}

const struct address *server_address(const struct server *server)
{
    return &server->listener.address;
}

void server_set_token(struct server *server, const struct token *token)
{
    access_set_token(&server->access, token);
}

void server_set_certificate(struct server *server, struct certificate *certificate)
{
    tls_exchange(&server->tls, certificate);
}

/* Waits until no request is open, or until `until_ns`. */
static void wait_drained(struct server *server, uint64_t until_ns)
{
    struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                             .tv_nsec = (long)(until_ns % 1000000000)};
    pthread_mutex_lock(&server->drain_mutex);
    while (atomic_load(&server->open) > 0)
        if (pthread_cond_timedwait(&server->drained, &server->drain_mutex, &until) != 0)
            break;
    pthread_mutex_unlock(&server->drain_mutex);
}

void server_stop(struct server *server)
{
    if (server == NULL)
        return;
    atomic_store(&server->stopping, true);
    MHD_socket copy = MHD_quiesce_daemon(server->daemon);
    listener_refuse(&server->listener);
    wait_drained(server, server_now_ns() + server->drain_ns);
    desk_abandon(server->desk, UINT64_MAX, TICKET_STOPPED);
    wait_drained(server, server_now_ns() + LAST_WORDS_NS);
    MHD_stop_daemon(server->daemon);
    if (copy != MHD_INVALID_SOCKET)
        close(copy);
    listener_close(&server->listener);
    visitors_deinit(&server->visitors);
    server_free(server);
}
