/* leaklab serve: the lab on this thread's loop, the HTTP server on its own thread, and the signals that end
 * both. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/macros.h"
#include "base/process.h"
#include "command/activation.h"
#include "command/command.h"
#include "command/credential.h"
#include "command/demo.h"
#include "command/opening.h"
#include "command/options.h"
#include "command/rehearsal.h"
#include "command/settings.h"
#include "command/source.h"
#include "http/server.h"
#include "lab/lab.h"

/* What is alive while the daemon serves. */
struct daemon {
    uv_loop_t loop;
    uv_signal_t signals[4]; /* as in `watched` */
    size_t signal_count;    /* of them initialised */
    uv_thread_t stopper;    /* waits for the end from the beginning: it must not lack a thread then */
    uv_sem_t stop;
    uv_async_t stopped;
    struct catalogue catalogue;
    struct lab *lab;
    struct server *server;
    struct settings *settings;
    json_t *opening_body; /* NULL: none, or handed over */
    struct opening opening;
    int code; /* to exit with */
    bool ending;
};

/* On a thread of its own. Neither libuv's thread pool nor a new thread will do: patterns starve the one, and
 * the other may not be to be had. */
static void stop_server(void *argument)
{
    struct daemon *daemon = argument;
    uv_sem_wait(&daemon->stop);
    server_stop(daemon->server);
    uv_async_send(&daemon->stopped);
}

static void server_stopped(uv_async_t *async)
{
    struct daemon *daemon = async->data;
    CHECK(uv_thread_join(&daemon->stopper) == 0);
    uv_sem_destroy(&daemon->stop);
    uv_close((uv_handle_t *)async, NULL);
    lab_close(daemon->lab);
}

/* False: no thread is to be had, and nothing is left behind but a handle that closes. */
static bool stopper_start(struct daemon *daemon)
{
    if (uv_async_init(&daemon->loop, &daemon->stopped, server_stopped) != 0)
        return false;
    daemon->stopped.data = daemon;
    if (uv_sem_init(&daemon->stop, 0) == 0) {
        if (uv_thread_create(&daemon->stopper, stop_server, daemon) == 0)
            return true;
        uv_sem_destroy(&daemon->stop);
    }
    uv_close((uv_handle_t *)&daemon->stopped, NULL);
    return false;
}

/* Readiness goes first; the server then ends on another thread, since the requests that it lets end are
 * answered on this one; the lab closes when nobody can ask it any more. */
static void end(struct daemon *daemon)
{
    if (daemon->ending)
        return;
    daemon->ending = true;
    lab_set_ready(daemon->lab, false);
    activation_notify("STOPPING=1");
    uv_sem_post(&daemon->stop);
    for (size_t i = 0; i < COUNT_OF(daemon->signals); i++)
        uv_unref((uv_handle_t *)&daemon->signals[i]);
}

/* What can be exchanged while the daemon serves. */
static void reload(struct daemon *daemon)
{
    const struct settings *settings = daemon->settings;
    struct token token;
    struct certificate *certificate = NULL;
    if (daemon->server == NULL)
        return;
    if (settings->token_path != NULL && credential_reload(&settings->log, settings->token_path, &token)) {
        server_set_token(daemon->server, &token);
        explicit_bzero(&token, sizeof token);
    }
    if (settings->chain_path != NULL)
        certificate = credential_reload_certificate(&settings->log, settings->chain_path, settings->key_path);
    if (certificate != NULL)
        server_set_certificate(daemon->server, certificate);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;
    if (number == SIGUSR1) {
        lab_log_tasks(daemon->lab);
        return;
    }
    if (daemon->ending)
        return;
    if (number == SIGHUP) {
        reload(daemon);
        return;
    }
    log_line(&daemon->settings->log, LOG_INFO, "stopping",
             LOG_TEXT("signal", number == SIGINT ? "SIGINT" : "SIGTERM"));
    end(daemon);
}

static const int watched[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};

/* Where there is nothing to read again, a terminal that is closed ends the daemon as ever. */
static bool is_watched(const struct daemon *daemon, int number)
{
    return number != SIGHUP || daemon->settings->token_path != NULL || daemon->settings->chain_path != NULL;
}

static bool watch_signals(struct daemon *daemon)
{
    for (size_t i = 0; i < COUNT_OF(watched); i++) {
        if (uv_signal_init(&daemon->loop, &daemon->signals[i]) != 0)
            return false;
        daemon->signal_count++;
        daemon->signals[i].data = daemon;
        if (is_watched(daemon, watched[i]) &&
            uv_signal_start(&daemon->signals[i], on_signal, watched[i]) != 0)
            return false;
    }
    return true;
}

/* Whoever sends another signal on the way out does not turn an orderly end into a death by signal. */
static void ignore_signals(struct daemon *daemon)
{
    for (size_t i = 0; i < COUNT_OF(watched) && i < daemon->signal_count; i++) {
        uv_close((uv_handle_t *)&daemon->signals[i], NULL);
        signal(watched[i], SIG_IGN);
    }
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
}

static void backend_post(void *context, struct lab_request *request)
{
    lab_post(context, request);
}

static const struct snapshot *backend_snapshot(void *context)
{
    return lab_snapshot(context);
}

static bool start_server(struct daemon *daemon)
{
    const struct settings *settings = daemon->settings;
    char text[ADDRESS_TEXT];
    struct server_config config = {
        .listen = settings->listen,
        .listen_mode = settings->listen_mode,
        .inherited = settings->inherited.fd < 0 ? NULL : &settings->inherited,
        .backend = {.post = backend_post,
                    .snapshot = backend_snapshot,
                    .timeline = lab_timeline(daemon->lab),
                    .context = daemon->lab},
        .log = &settings->log,
        .allowed_hosts = settings->allowed_hosts,
        .token = settings->token_path == NULL ? NULL : &settings->token,
        .token_for_reads = settings->token_for_reads,
        .certificate = settings->certificate,
        .revision = LEAKLAB_REVISION,
        .limits = {.caller_connections = settings->address_connections,
                   .caller_rate = settings->address_requests},
    };
    daemon->settings->certificate = NULL;
    errno = 0;
    enum err err = server_start(&config, &daemon->server);
    if (err != ERR_OK) {
        address_format(&settings->listen, settings->listen.port, text);
        log_line(&settings->log, LOG_ERROR, "cannot listen", LOG_TEXT("address", text),
                 LOG_TEXT("why", err == ERR_SYSTEM && errno != 0 ? strerror(errno) : err_text(err)));
        return false;
    }
    const struct address *address = server_address(daemon->server);
    address_format(address, address->port, text);
    log_line(&settings->log, LOG_INFO, "listening", LOG_TEXT("address", text),
             LOG_NUMBER("max_tasks", settings->limits.max_tasks),
             LOG_NUMBER("max_heap_bytes", settings->limits.max_heap_bytes));
    return true;
}

static void set_ready(struct daemon *daemon)
{
    lab_set_ready(daemon->lab, true);
    activation_notify("READY=1");
}

static void on_opened(bool started, void *argument)
{
    struct daemon *daemon = argument;
    if (started) {
        set_ready(daemon);
    } else if (!daemon->ending) {
        daemon->code = EXIT_USAGE;
        end(daemon);
    }
}

/* Who asks for scenarios at the start is not ready before they are there. */
static void open_scenarios(struct daemon *daemon)
{
    json_t *body = daemon->opening_body;
    if (body == NULL) {
        set_ready(daemon);
        return;
    }
    daemon->opening_body = NULL;
    daemon->opening.path = daemon->settings->scenario_path;
    daemon->opening.done = on_opened;
    daemon->opening.argument = daemon;
    opening_post(&daemon->opening, daemon->lab, body);
}

static void cannot_start(const struct settings *settings, const char *why)
{
    log_line(&settings->log, LOG_ERROR, "cannot start", LOG_TEXT("why", why));
}

/* Runs until a signal. The loop must have nothing left when it ends. */
static int serve(struct daemon *daemon)
{
    daemon->code = EXIT_OK;
    if (!watch_signals(daemon) || !stopper_start(daemon)) {
        cannot_start(daemon->settings, "no thread is to be had, or signals cannot be watched");
        lab_close(daemon->lab);
        ignore_signals(daemon);
        return EXIT_FAILED;
    }
    if (start_server(daemon)) {
        open_scenarios(daemon);
        if (daemon->settings->demo)
            demo_start(daemon->lab, &daemon->settings->log);
    } else {
        daemon->code = EXIT_FAILED;
        end(daemon);
    }
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    ignore_signals(daemon);
    return daemon->code;
}

static int open_and_serve(struct daemon *daemon)
{
    const struct settings *settings = daemon->settings;
    struct lab_config config = {
        .log = &settings->log,
        .catalogue = &daemon->catalogue,
        .max_tasks = settings->limits.max_tasks,
        .max_heap_bytes = settings->limits.max_heap_bytes,
        .judge_interval_ns = (uint64_t)settings->judge_interval_ns,
        .cpu_percent = settings->cpu_percent,
    };
    memcpy(config.supplies, settings->limits.supplies, sizeof config.supplies);
    const char *why;
    signal(SIGPIPE, SIG_IGN);
    if (!process_raise_oom_score(settings->oom_score))
        log_line(&settings->log, LOG_WARN, "the kernel may end another process first",
                 LOG_TEXT("why", "/proc/self/oom_score_adj cannot be written"));
    int no_loop = rehearse(&why) ? uv_loop_init(&daemon->loop) : 0;
    if (why != NULL || no_loop != 0) {
        cannot_start(settings, why != NULL ? why : uv_strerror(no_loop));
        return EXIT_FAILED;
    }
    enum err err = lab_open(&daemon->lab, &daemon->loop, &config);
    int code = EXIT_FAILED;
    if (err == ERR_OK)
        code = serve(daemon);
    else
        cannot_start(settings, err_text(err));
    CHECK(uv_loop_close(&daemon->loop) == 0);
    lab_free(daemon->lab);
    if (code == EXIT_OK)
        log_line(&settings->log, LOG_INFO, "stopped");
    return code;
}

int command_serve(int argc, char **argv)
{
    struct settings settings;
    struct daemon daemon = {.settings = &settings};
    bool help;
    if (!settings_read(argc, argv, &settings, &help))
        return EXIT_USAGE;
    if (help)
        return EXIT_OK;
    int code = EXIT_USAGE;
    catalogue_init(&daemon.catalogue);
    if (settings.scenario_path != NULL)
        daemon.opening_body = opening_read("leaklab serve", settings.scenario_path);
    if (settings.scenario_path == NULL || daemon.opening_body != NULL)
        code = source_catalogue("leaklab serve", settings.folder, &daemon.catalogue);
    if (code == EXIT_OK)
        code = open_and_serve(&daemon);
    json_decref(daemon.opening_body);
    catalogue_deinit(&daemon.catalogue);
    certificate_free(settings.certificate);
    return code;
}
