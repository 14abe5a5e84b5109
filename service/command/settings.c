#include "command/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/macros.h"
#include "base/unit.h"
#include "command/activation.h"
#include "command/credential.h"
#include "command/options.h"
#include "command/source.h"
#include "http/guard.h"

enum serve_option {
    LISTEN,
    LISTEN_MODE,
    ALLOWED_HOST,
    TOKEN_FILE,
    TOKEN_FOR_READS,
    INSECURE,
    TLS_CERT,
    TLS_KEY,
    ADDRESS_CONNECTIONS,
    ADDRESS_REQUESTS,
    MAX_TASKS,
    MAX_HEAP,
    MAX_DESCRIPTORS,
    MAX_HANDLES,
    MAX_THREADS,
    MAX_JOBS,
    CPU_SHARE,
    OOM_SCORE,
    JUDGE_INTERVAL,
    DEMO,
    SCENARIO,
    FOLDER,
    LOG_FORMAT,
    LOG_LEVEL,
    SERVE_OPTIONS
};

static const struct option_spec specs[SERVE_OPTIONS] = {
    [LISTEN] =
        {"listen", "HOST:PORT", "127.0.0.1:9777",
         "where to listen; port 0 picks a free one. Or unix:/PATH. A socket that systemd hands over takes "
         "its place"},
    [LISTEN_MODE] = {"listen-mode", "MODE", "0600",
                     "who may connect to a Unix socket, as chmod takes it: 0660 lets its group"},
    [ALLOWED_HOST] =
        {"allowed-host", "NAME[,NAME]", NULL,
         "names that requests may have in their Host header, beside the address to listen on and "
         "those of this machine: a proxy's, or a container's among its neighbours"},
    [TOKEN_FILE] = CREDENTIAL_FLAG,
    [TOKEN_FOR_READS] = CREDENTIAL_READS_FLAG,
    [INSECURE] = CREDENTIAL_INSECURE_FLAG,
    [TLS_CERT] = CREDENTIAL_CERT_FLAG,
    [TLS_KEY] = CREDENTIAL_KEY_FLAG,
    [ADDRESS_CONNECTIONS] =
        {"connections-per-address", "N", NULL,
         "connections that one address may have; over it, the one that has waited longest is closed for the "
         "newest (default: as many as there is room for)"},
    [ADDRESS_REQUESTS] =
        {"requests-per-address", "N", NULL,
         "requests that one address may make in a second, probes and the page's files not counted; "
         "over it they are answered with 429 (default: any number)"},
    [MAX_TASKS] = {"max-tasks", "N", NULL,
                   "live tasks of all scenarios together (default: what fits into max-heap)"},
    [MAX_HEAP] =
        {"max-heap", "SIZE", NULL,
         "memory of all scenarios together, such as 2GiB (default: half of what the machine has free or "
         "its control group allows)"},
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
    [CPU_SHARE] = {"cpu-share", "PERCENT", "100%",
                   "of one processor, that tasks and judge may take: with less, they come later"},
    [OOM_SCORE] = {"oom-score-adj", "N", "1000",
                   "how readily the kernel ends this process rather than another when memory runs out, up to "
                   "1000; only ever raised"},
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

static bool read_manners(const struct given *given, struct settings *settings)
{
    int64_t share, score;
    if (unit_parse_percent(given->values[CPU_SHARE], &share) != ERR_OK || share < 10000 || share % 10000 != 0)
        return bad_value(given, CPU_SHARE, "a whole percentage from 1% to 100%");
    if (unit_parse_count(given->values[OOM_SCORE], &score) != ERR_OK || score > 1000)
        return bad_value(given, OOM_SCORE, "a whole number from 0 to 1000");
    settings->cpu_percent = (uint32_t)(share / 10000);
    settings->oom_score = (unsigned)score;
    return true;
}

static bool read_address_limits(const struct given *given, struct settings *settings)
{
    static const struct {
        enum serve_option option;
        int64_t most;
        const char *right;
    } bounds[] = {{ADDRESS_CONNECTIONS, LIMIT_CONNECTIONS, "a whole number from 1 to 256"},
                  {ADDRESS_REQUESTS, LIMIT_REQUEST_RATE, "a whole number from 1 to 1000000"}};
    uint32_t *const places[] = {&settings->address_connections, &settings->address_requests};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        const char *text = given->values[bounds[i].option];
        int64_t number;
        if (text == NULL)
            continue;
        if (unit_parse_count(text, &number) != ERR_OK || number == 0 || number > bounds[i].most)
            return bad_value(given, bounds[i].option, bounds[i].right);
        *places[i] = (uint32_t)number;
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
                                 settings->inherited.fd >= 0
                                     ? "LISTEN_FDS"
                                     : options_name(&options, LISTEN, given->sources[LISTEN], name),
                                 &settings->listen);
}

static bool read_certificate(const struct given *given, struct settings *settings)
{
    settings->chain_path = given->values[TLS_CERT];
    settings->key_path = given->values[TLS_KEY];
    if ((settings->chain_path == NULL) != (settings->key_path == NULL)) {
        fprintf(stderr, "%s: --tls-cert and --tls-key go together\n", options.command);
        return false;
    }
    return settings->chain_path == NULL ||
           credential_read_certificate(options.command, settings->chain_path, settings->key_path,
                                       &settings->certificate);
}

/* A mode as chmod takes it: one to four octal digits, permissions only. */
static bool read_mode(const struct given *given, mode_t *mode)
{
    const char *text = given->values[LISTEN_MODE];
    size_t digits = strspn(text, "01234567");
    unsigned long value = strtoul(text, NULL, 8);
    if (digits == 0 || digits > 4 || text[digits] != '\0' || value == 0 || value > 0777)
        return bad_value(given, LISTEN_MODE, "a mode such as 0600 or 0660");
    *mode = (mode_t)value;
    return true;
}

/* Whoever hands a socket over has said where. */
static bool read_listen(const struct given *given, struct settings *settings)
{
    const char *why;
    if (!activation_take(&settings->inherited, &why)) {
        fprintf(stderr, "%s: the socket of LISTEN_FDS: %s\n", options.command, why);
        return false;
    }
    if (!read_mode(given, &settings->listen_mode))
        return false;
    if (settings->inherited.fd >= 0)
        settings->listen = settings->inherited.address;
    else if (address_parse(given->values[LISTEN], &settings->listen) != ERR_OK)
        return bad_value(
            given, LISTEN,
            "HOST:PORT, such as 127.0.0.1:9777, [::1]:9777 or 0.0.0.0:9777, or unix:/PATH of less "
            "than 108 characters");
    return true;
}

static bool read_values(const struct given *given, struct settings *settings)
{
    const char *const *values = given->values;
    *settings = (struct settings){.demo = values[DEMO] != NULL,
                                  .scenario_path = values[SCENARIO],
                                  .folder = values[FOLDER],
                                  .log = {.fd = STDERR_FILENO, .losses = &settings->losses}};
    if (!read_listen(given, settings))
        return false;
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
    return read_access(given, settings) && read_address_limits(given, settings) &&
           read_manners(given, settings) && read_limits(given, &settings->limits) &&
           read_certificate(given, settings);
}

static void print_help(void)
{
    puts("usage: leaklab serve [flags]\n\nRuns the daemon until SIGTERM or SIGINT; SIGUSR1 logs where tasks "
         "stand;\nSIGHUP reads token and certificate again.\n");
    options_print_help(&options);
}

bool settings_read(int argc, char **argv, struct settings *settings, bool *help)
{
    struct given given;
    if (!options_parse(&options, argc, argv, given.values, given.sources, help))
        return false;
    if (*help) {
        print_help();
        return true;
    }
    return read_values(&given, settings);
}
