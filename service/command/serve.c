/* leaklab serve: the lab on this thread's loop, the HTTP server on its own thread, and the signals that end
 * both. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/check.h"
#include "base/unit.h"
#include "command/command.h"
#include "command/credential.h"
#include "command/demo.h"
#include "command/opening.h"
#include "command/options.h"
#include "command/rehearsal.h"
#include "command/source.h"
#include "http/guard.h"
#include "http/server.h"
#include "lab/lab.h"
#include "lab/machine.h"

enum serve_option {
    LISTEN,
    ALLOWED_HOST,
    TOKEN_FILE,
    TOKEN_FOR_READS,
    INSECURE,
    MAX_TASKS,
    MAX_HEAP,
    MAX_DESCRIPTORS,
    MAX_HANDLES,
    MAX_THREADS,
    MAX_JOBS,
    JUDGE_INTERVAL,
    DEMO,
    SCENARIO,
    FOLDER,
    LOG_FORMAT,
    LOG_LEVEL,
    SERVE_OPTIONS
};

static const struct option_spec specs[SERVE_OPTIONS] = {
    [LISTEN] = {"listen", "HOST:PORT", "127.0.0.1:9777", "where to listen; port 0 picks a free one"},
    [ALLOWED_HOST] =
        {"allowed-host", "NAME[,NAME]", NULL,
         "names that requests may have in their Host header, beside the address to listen on and "
         "those of this machine: a proxy's, or a container's among its neighbours"},
    [TOKEN_FILE] = CREDENTIAL_FLAG,
    [TOKEN_FOR_READS] = CREDENTIAL_READS_FLAG,
    [INSECURE] = CREDENTIAL_INSECURE_FLAG,
    [MAX_TASKS] = {"max-tasks", "N", NULL,
                   "live tasks of all scenarios together (default: what fits into max-heap)"},
    [MAX_HEAP] =
        {"max-heap", "SIZE", NULL,
         "memory of all scenarios together, such as 2GiB (default: half of what the machine or its control "
         "group has free)"},
    [MAX_DESCRIPTORS] = {"max-descriptors", "N", NULL,
                         "descriptors that patterns may have open (default: what the process may have, less "
                         "what connections need)"},
    [MAX_HANDLES] = {"max-handles", "N", NULL, "libuv handles of patterns (default: 100000)"},
    [MAX_THREADS] = {"max-threads", "N", NULL,
                     "threads of patterns (default: 1000, or half of what the user or the control group may "
                     "have)"},
    [MAX_JOBS] = {"max-jobs", "N", NULL,
                  "jobs of patterns in libuv's thread pool, those that wait for a thread included (default: "
                  "1000)"},
    [JUDGE_INTERVAL] = {"judge-interval", "DURATION", "5s",
                        "how long the judge rests before it looks for leaked tasks again; 0s turns it off"},
    [DEMO] = {"demo", NULL, NULL, "start a leaking and a fixed twin of the same pattern at once"},
    [SCENARIO] = {"scenario", "FILE", NULL,
                  "start what is in this file at once: a scenario or a list of them, in YAML or JSON, as "
                  "POST /scenario takes it"},
    [FOLDER] = SOURCE_PATTERNS_FLAG,
    [LOG_FORMAT] = {"log-format", "text|json", "text", "how log lines on stderr look"},
    [LOG_LEVEL] = {"log-level", "LEVEL", "info", "debug, info, warn or error"},
};

static const struct options options = {"leaklab serve", specs, SERVE_OPTIONS, "LEAKLAB_"};

struct settings {
    struct address listen;
    const char *allowed_hosts; /* NULL: none */
    const char *token_path;    /* NULL: none */
    bool token_for_reads;
    struct token token;
    struct machine_limits limits;
    int64_t judge_interval_ns;
    bool demo;
    const char *scenario_path; /* NULL: none */
    struct log log;
};

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
    const struct settings *settings;
    json_t *opening_body; /* NULL: none, or handed over */
    struct opening opening;
    int code; /* to exit with */
    bool ending;
};

struct given {
    const char *values[SERVE_OPTIONS];
    enum option_source sources[SERVE_OPTIONS];
};

static bool bad_value(const struct given *given, enum serve_option option, const char *right)
{
    char name[OPTION_NAME];
    fprintf(stderr, "leaklab serve: %s: \"%s\" is not %s\n",
            options_name(&options, option, given->sources[option], name), given->values[option], right);
    return false;
}

static bool read_limits(const struct given *given, struct machine_limits *limits)
{
    const char *heap = given->values[MAX_HEAP];
    const char *tasks = given->values[MAX_TASKS];
    struct machine machine;
    machine_read(&machine);
    *limits = machine_defaults(&machine);
    int64_t number;
    if (heap != NULL) {
        if (unit_parse_size(heap, &number) != ERR_OK || number == 0)
            return bad_value(given, MAX_HEAP, "a size such as 512MiB or 2GiB");
        limits->max_heap_bytes = (uint64_t)number;
    }
    if (tasks != NULL) {
        if (unit_parse_count(tasks, &number) != ERR_OK || number == 0 || number > LIMIT_TASKS)
            return bad_value(given, MAX_TASKS, "a whole number from 1 to 2147483648");
        limits->max_tasks = (uint64_t)number;
    }
    for (enum serve_option option = MAX_DESCRIPTORS; option <= MAX_JOBS; option++) {
        if (given->values[option] == NULL)
            continue;
        if (unit_parse_count(given->values[option], &number) != ERR_OK || number > LIMIT_RESOURCES)
            return bad_value(given, option, "a whole number from 0 to 10000000");
        limits->supplies[option - MAX_DESCRIPTORS] = (uint64_t)number;
    }
    return true;
}

/* The token, and whether the daemon may listen there with or without one. */
static bool read_access(const struct given *given, struct settings *settings)
{
    const char *path = given->values[TOKEN_FILE];
    char name[OPTION_NAME];
    settings->token_path = path;
    settings->token_for_reads = given->values[TOKEN_FOR_READS] != NULL;
    if (path != NULL)
        return credential_read(options.command,
                               options_name(&options, TOKEN_FILE, given->sources[TOKEN_FILE], name), path,
                               &settings->token);
    if (settings->token_for_reads) {
        fprintf(stderr, "leaklab serve: %s: which token? Give --token-file FILE\n",
                options_name(&options, TOKEN_FOR_READS, given->sources[TOKEN_FOR_READS], name));
        return false;
    }
    return given->values[INSECURE] != NULL ||
           credential_may_listen(options.command,
                                 options_name(&options, LISTEN, given->sources[LISTEN], name),
                                 &settings->listen);
}

static bool read_settings(const struct given *given, struct settings *settings)
{
    const char *const *values = given->values;
    *settings = (struct settings){
        .demo = values[DEMO] != NULL, .scenario_path = values[SCENARIO], .log = {.fd = STDERR_FILENO}};
    if (address_parse(values[LISTEN], &settings->listen) != ERR_OK)
        return bad_value(given, LISTEN, "HOST:PORT, such as 127.0.0.1:9777, [::1]:9777 or 0.0.0.0:9777");
    settings->allowed_hosts = values[ALLOWED_HOST];
    if (settings->allowed_hosts != NULL && !guard_names_valid(settings->allowed_hosts))
        return bad_value(given, ALLOWED_HOST,
                         "a list of host names without ports, such as leaklab,lab.example");
    settings->log.json = strcmp(values[LOG_FORMAT], "json") == 0;
    if (!settings->log.json && strcmp(values[LOG_FORMAT], "text") != 0)
        return bad_value(given, LOG_FORMAT, "text or json");
    if (!log_level_parse(values[LOG_LEVEL], &settings->log.level))
        return bad_value(given, LOG_LEVEL, "debug, info, warn or error");
    if (unit_parse_duration(values[JUDGE_INTERVAL], &settings->judge_interval_ns) != ERR_OK)
        return bad_value(given, JUDGE_INTERVAL, "a duration such as 5s, or 0s");
    return read_access(given, settings) && read_limits(given, &settings->limits);
}

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
    uv_sem_post(&daemon->stop);
    for (size_t i = 0; i < COUNT_OF(daemon->signals); i++)
        uv_unref((uv_handle_t *)&daemon->signals[i]);
}

/* What can be exchanged while the daemon serves. */
static void reload(struct daemon *daemon)
{
    struct token token;
    if (daemon->server == NULL ||
        !credential_reload(&daemon->settings->log, daemon->settings->token_path, &token))
        return;
    server_set_token(daemon->server, &token);
    explicit_bzero(&token, sizeof token);
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
    return number != SIGHUP || daemon->settings->token_path != NULL;
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
        .backend = {.post = backend_post,
                    .snapshot = backend_snapshot,
                    .timeline = lab_timeline(daemon->lab),
                    .context = daemon->lab},
        .log = &settings->log,
        .allowed_hosts = settings->allowed_hosts,
        .token = settings->token_path == NULL ? NULL : &settings->token,
        .token_for_reads = settings->token_for_reads,
        .revision = LEAKLAB_REVISION,
    };
    errno = 0;
    enum err err = server_start(&config, &daemon->server);
    if (err != ERR_OK) {
        address_format(&settings->listen, settings->listen.port, text);
        log_line(&settings->log, LOG_ERROR, "cannot listen", LOG_TEXT("address", text),
                 LOG_TEXT("why", err == ERR_SYSTEM && errno != 0 ? strerror(errno) : err_text(err)));
        return false;
    }
    address_format(&settings->listen, server_port(daemon->server), text);
    log_line(&settings->log, LOG_INFO, "listening", LOG_TEXT("address", text),
             LOG_NUMBER("max_tasks", settings->limits.max_tasks),
             LOG_NUMBER("max_heap_bytes", settings->limits.max_heap_bytes));
    return true;
}

static void on_opened(bool started, void *argument)
{
    struct daemon *daemon = argument;
    if (started) {
        lab_set_ready(daemon->lab, true);
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
        lab_set_ready(daemon->lab, true);
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
    };
    memcpy(config.supplies, settings->limits.supplies, sizeof config.supplies);
    const char *why;
    signal(SIGPIPE, SIG_IGN);
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

static int print_help(void)
{
    puts("usage: leaklab serve [flags]\n\nRuns the daemon until SIGTERM or SIGINT; SIGUSR1 logs where tasks "
         "stand;\nSIGHUP reads the token again.\n");
    options_print_help(&options);
    return EXIT_OK;
}

int command_serve(int argc, char **argv)
{
    struct given given;
    struct settings settings;
    struct daemon daemon = {.settings = &settings};
    bool help;
    if (!options_parse(&options, argc, argv, given.values, given.sources, &help))
        return EXIT_USAGE;
    if (help)
        return print_help();
    if (!read_settings(&given, &settings))
        return EXIT_USAGE;
    if (settings.scenario_path != NULL &&
        (daemon.opening_body = opening_read("leaklab serve", settings.scenario_path)) == NULL)
        return EXIT_USAGE;
    catalogue_init(&daemon.catalogue);
    int code = source_catalogue("leaklab serve", given.values[FOLDER], &daemon.catalogue);
    if (code == EXIT_OK)
        code = open_and_serve(&daemon);
    json_decref(daemon.opening_body);
    catalogue_deinit(&daemon.catalogue);
    return code;
}
