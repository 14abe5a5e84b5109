/* leaklab drill: would the monitoring have caught it? Starts the scenarios of a drill, asks Prometheus which
 * alerts fire, and scores them against what the drill expects. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/unit.h"
#include "base/utf8.h"
#include "client/libcurl.h"
#include "command/command.h"
#include "command/credential.h"
#include "command/document.h"
#include "command/options.h"
#include "command/outfile.h"
#include "drill/conduct.h"
#include "http/address.h"
#include "lab/problem.h"

#define COMMAND      "leaklab drill"
#define REPORT_BYTES (16 * 1024 * 1024)
#define NS_PER_MS    1000000

enum drill_option {
    PROMETHEUS,
    TARGET,
    LISTEN,
    INSTANCE,
    JOB,
    TOKEN_FILE,
    CA_FILE,
    FOLDER,
    SETTLE,
    POLL,
    TIMEOUT,
    JSON,
    JUNIT,
    DRILL_OPTIONS
};

static const struct option_spec specs[DRILL_OPTIONS] = {
    [PROMETHEUS] = {"prometheus", "URL", "http://127.0.0.1:9090",
                    "whose alerts are scored; it must scrape the daemon"},
    [TARGET] = {"target", "URL", NULL,
                "a daemon that is there already, such as http://127.0.0.1:9777 (default: one of its own)"},
    [LISTEN] = {"listen", "HOST:PORT", "127.0.0.1:9777",
                "where a daemon of its own listens: an address that Prometheus scrapes"},
    [INSTANCE] = {"instance", "NAME", "", "what Prometheus calls the daemon (default: found by its address)"},
    [JOB] = {"job", "NAME", "", "the job that scrapes the daemon (default: found)"},
    [TOKEN_FILE] = {"token-file", "FILE", NULL,
                    "the token that the daemon wants, if it wants one (default: that of LEAKLAB_TOKEN_FILE)"},
    [CA_FILE] =
        {"ca-file", "FILE", NULL,
         "certificates that vouch for a daemon or a Prometheus at https://, in PEM (default: those of "
         "the system)"},
    [FOLDER] = {"patterns", "DIR", NULL, "a folder of your own patterns, for a daemon of its own"},
    [SETTLE] = {"settle", "DURATION", "2m",
                "how long Prometheus may take to see the daemon, and earlier alerts to resolve"},
    [POLL] = {"poll", "DURATION", "1s", "how often Prometheus is asked"},
    [TIMEOUT] = {"timeout", "DURATION", "10s", "how long Prometheus and the daemon may take to answer"},
    [JSON] = {"json", NULL, NULL, "print the report as JSON"},
    [JUNIT] = {"junit", "FILE", NULL, "write the report as JUnit XML as well"},
};

static const struct options options = {COMMAND, specs, DRILL_OPTIONS, NULL};

/* A run: all drills, and what came of them. */
struct run {
    struct conduct_config config;
    struct drilled drilled;
    bool json;
    const char *junit_path; /* NULL: none */
    struct outfile junit;
    size_t count;
    struct drill drills[LIMIT_DRILLS];
    struct score *scores[LIMIT_DRILLS];
    struct report_drill reports[LIMIT_DRILLS];
};

static bool bad_value(const char **values, enum drill_option option, const char *right)
{
    fprintf(stderr, COMMAND ": --%s: \"%s\" is not %s\n", specs[option].name, values[option], right);
    return false;
}

static bool read_duration(const char **values, enum drill_option option, int64_t min_ns, int64_t *ns)
{
    if (unit_parse_duration(values[option], ns) == ERR_OK && *ns >= min_ns && *ns <= LIMIT_DRILL_NS)
        return true;
    return bad_value(values, option,
                     min_ns == 0 ? "a duration such as 1s or 2m, at most 7d"
                                 : "a duration such as 1s or 2m, at least 10ms and at most 7d");
}

static bool read_site(const char **values, enum drill_option option, struct site *site)
{
    return site_parse(values[option], site) == ERR_OK ||
           bad_value(values, option, "a URL such as http://127.0.0.1:9090");
}

/* Where a daemon of its own is asked: a wildcard is no address to connect to. */
static bool read_listen(const char **values, struct drilled *drilled)
{
    struct address address;
    char host[ADDRESS_TEXT];
    if (address_parse(values[LISTEN], &address) != ERR_OK)
        return bad_value(values, LISTEN, "HOST:PORT, such as 127.0.0.1:9777 or 0.0.0.0:9777");
    if (address_is_unix(&address))
        return bad_value(values, LISTEN, "an address that Prometheus can scrape: a Unix socket is none");
    if (address.port == 0)
        return bad_value(values, LISTEN, "an address that Prometheus can know: port 0 is any");
    address_format(&address, address.port, drilled->listen);
    if (address.any)
        (void)snprintf(host, sizeof host, strchr(address.host, ':') != NULL ? "[::1]:%u" : "127.0.0.1:%u",
                       (unsigned)address.port);
    else
        (void)snprintf(host, sizeof host, "%s", drilled->listen);
    if (site_parse(host, &drilled->site) == ERR_OK)
        return true;
    fprintf(stderr, COMMAND ": %s\n", err_text(ERR_MEMORY)); /* an address is a URL always */
    return false;
}

static bool read_daemon(const char **values, const enum option_source *sources, struct run *run)
{
    static const enum drill_option own[] = {LISTEN, FOLDER};
    struct drilled *drilled = &run->drilled;
    if (values[TARGET] == NULL) {
        drilled->patterns = values[FOLDER];
        if (!read_listen(values, drilled))
            return false;
    } else {
        for (size_t i = 0; i < COUNT_OF(own); i++) {
            if (sources[own[i]] == FROM_DEFAULT)
                continue;
            fprintf(stderr, COMMAND ": --%s is for a daemon of its own, and --target names another\n",
                    specs[own[i]].name);
            return false;
        }
        if (!read_site(values, TARGET, &drilled->site))
            return false;
    }
    (void)snprintf(drilled->named, sizeof drilled->named, "%s", drilled->site.host);
    return true;
}

/* A daemon of its own reads the environment too, so that the token there is the daemon's. */
static bool read_token(const char **values, struct drilled *drilled)
{
    const char *inherited = getenv("LEAKLAB_TOKEN_FILE");
    drilled->token_path = values[TOKEN_FILE];
    if (drilled->token_path != NULL)
        return credential_read(COMMAND, "--token-file", drilled->token_path, &drilled->token);
    if (inherited == NULL || inherited[0] == '\0')
        return true;
    return credential_read(COMMAND, "LEAKLAB_TOKEN_FILE", inherited, &drilled->token);
}

static bool read_trusted(const char **values, struct conduct_config *config)
{
    config->trusted = values[CA_FILE];
    if (config->trusted == NULL || access(config->trusted, R_OK) == 0)
        return true;
    fprintf(stderr, COMMAND ": --ca-file: %s: %s\n", config->trusted, strerror(errno));
    return false;
}

static bool read_settings(const char **values, const enum option_source *sources, struct run *run)
{
    struct conduct_config *config = &run->config;
    config->instance = values[INSTANCE];
    config->job = values[JOB];
    run->json = values[JSON] != NULL;
    run->junit_path = values[JUNIT];
    return read_site(values, PROMETHEUS, &config->prometheus) &&
           read_duration(values, SETTLE, 0, &config->settle_ns) &&
           read_duration(values, POLL, 10 * NS_PER_MS, &config->poll_ns) &&
           read_duration(values, TIMEOUT, 10 * NS_PER_MS, &config->timeout_ns) &&
           read_trusted(values, config) && read_token(values, &run->drilled) &&
           read_daemon(values, sources, run);
}

/* Everything that is wrong with a file. */
static void say_faults(const char *path, const json_t *problem)
{
    size_t at;
    json_t *error;
    const json_t *errors = json_object_get(problem, "errors");
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    if (json_array_size(errors) == 0)
        fprintf(stderr, "%s: %s\n", path, detail == NULL ? err_text(ERR_MEMORY) : detail);
    json_array_foreach(errors, at, error)
    {
        const char *pointer = json_string_value(json_object_get(error, "pointer"));
        const char *text = json_string_value(json_object_get(error, "detail"));
        if (pointer != NULL)
            fprintf(stderr, "%s: %s: %s\n", path, pointer, text);
        else
            fprintf(stderr, "%s:%lld:%lld: %s\n", path,
                    (long long)json_integer_value(json_object_get(error, "line")),
                    (long long)json_integer_value(json_object_get(error, "column")), text);
    }
}

static bool read_drill(struct run *run, char *path)
{
    json_t *problem;
    const char *why;
    struct drill *drill = &run->drills[run->count];
    json_t *source = document_read(path, &problem, &why);
    if (why != NULL) {
        fprintf(stderr, COMMAND ": %s: %s\n", path, why);
        return false;
    }
    enum err err = source == NULL ? ERR_SYNTAX : drill_read(source, drill, &problem);
    if (err != ERR_OK) {
        say_faults(path, problem);
        json_decref(problem);
        return false;
    }
    utf8_mend(path); /* for the reports: it has been read */
    run->reports[run->count++] = (struct report_drill){.file = path, .drill = drill};
    return true;
}

/* Reports tell drills apart by their names; and an outage needs a daemon that may be ended. */
static bool check_drills(const struct run *run)
{
    bool fine = true;
    for (size_t i = 0; i < run->count; i++) {
        const struct report_drill *report = &run->reports[i];
        for (size_t k = 0; k < i; k++)
            if (strcmp(run->drills[i].name, run->drills[k].name) == 0) {
                fprintf(stderr, "%s: /drill: %s has this name already\n", report->file, run->reports[k].file);
                fine = false;
            }
        if (run->drills[i].outage_ns >= 0 && run->drilled.listen[0] == '\0') {
            fprintf(
                stderr,
                "%s: /outage: ends the daemon, which must then be one of the drill's own: without --target\n",
                report->file);
            fine = false;
        }
    }
    return fine;
}

static bool read_drills(struct run *run, const struct operands *files)
{
    bool fine = true;
    if (files->count == 0) {
        fprintf(stderr, COMMAND ": which drill? Give its file; see '" COMMAND " --help'\n");
        return false;
    }
    for (size_t i = 0; i < files->count; i++)
        fine &= read_drill(run, files->items[i]);
    return fine && check_drills(run);
}

static void print(struct buf *buf)
{
    fwrite(buf_text(buf), 1, buf->size, stdout);
    (void)fflush(stdout);
    buf_deinit(buf);
}

static enum exit_code one_drill(struct run *run, struct conductor *conductor, size_t index)
{
    struct report_drill *report = &run->reports[index];
    struct score_listener listener = conduct_listener(conductor);
    struct buf table;
    if (score_new(report->drill, &listener, &run->scores[index]) != ERR_OK) {
        buf_clear(&conductor->why);
        buf_puts(&conductor->why, err_text(ERR_MEMORY));
        return EXIT_FAILED;
    }
    report->score = run->scores[index];
    enum exit_code code = conduct_drill(conductor, run->scores[index]);
    report->finished = code == EXIT_OK;
    if (code == EXIT_OK && !run->json) {
        buf_init(&table, REPORT_BYTES);
        report_table(&table, report);
        print(&table);
    }
    return code;
}

/* Why a run ends early: on stderr, and in the report of the drill at which it ended. */
static void say_why(struct run *run, const struct conductor *conductor, enum exit_code code, size_t at)
{
    const char *why = buf_text(&conductor->why);
    size_t size = conductor->why.size;
    if (size > 0)
        utf8_mend(conductor->why.data); /* it may name what a flag named */
    if (code == EXIT_INTERRUPTED && !conductor->left_behind) {
        fprintf(stderr, COMMAND ": interrupted; what it started is reclaimed\n");
        why = "interrupted";
    } else {
        fprintf(stderr, COMMAND ": %s%s", why, size > 0 && why[size - 1] == '\n' ? "" : "\n");
    }
    run->reports[at < run->count ? at : 0].error = why;
}

/* False when it could not be written, after a message. */
static bool write_junit(struct run *run)
{
    struct buf text;
    buf_init(&text, REPORT_BYTES);
    report_junit(&text, run->reports, run->count);
    bool whole = text.err == ERR_OK && fwrite(buf_text(&text), 1, text.size, run->junit.stream) == text.size;
    whole = outfile_close(&run->junit, whole) && whole;
    if (!whole)
        fprintf(stderr, COMMAND ": --junit %s: %s\n", run->junit_path,
                text.err != ERR_OK ? err_text(text.err) : strerror(errno));
    buf_deinit(&text);
    return whole;
}

static bool write_reports(struct run *run)
{
    struct buf text;
    enum err err = ERR_OK;
    buf_init(&text, REPORT_BYTES);
    if (run->json)
        err = report_json(&text, run->reports, run->count);
    else
        report_summary(&text, run->reports, run->count);
    if (err != ERR_OK)
        fprintf(stderr, COMMAND ": %s\n", err_text(err));
    print(&text);
    bool whole = run->junit_path == NULL || write_junit(run);
    return whole && err == ERR_OK;
}

static enum exit_code run_drills(struct run *run)
{
    struct conductor conductor;
    size_t at = 0;
    enum exit_code code =
        conductor_init(&conductor, &run->config, &run->drilled) == ERR_OK ? EXIT_OK : EXIT_FAILED;
    if (code == EXIT_OK)
        code = conduct_rules(&conductor, run->drills, run->count);
    if (code == EXIT_OK)
        code = conduct_daemon(&conductor, run->drills, run->count);
    for (; at < run->count && code == EXIT_OK; at += code == EXIT_OK)
        code = one_drill(run, &conductor, at);
    if (code != EXIT_OK)
        say_why(run, &conductor, code, at);
    bool passed = true;
    for (size_t i = 0; i < run->count; i++)
        passed &= report_drill_passed(&run->reports[i]);
    if (!write_reports(run) && code == EXIT_OK)
        code = EXIT_FAILED;
    conductor_deinit(&conductor);
    return code != EXIT_OK ? code : passed ? EXIT_OK : EXIT_FAILED;
}

/* The file is opened first: nobody wants to hear in the end that there is no such folder. Until the end it
 * stays what it was. */
static enum exit_code open_and_run(struct run *run)
{
    if (run->junit_path != NULL && !outfile_open(&run->junit, run->junit_path)) {
        fprintf(stderr, COMMAND ": --junit %s: %s\n", run->junit_path, strerror(errno));
        return EXIT_USAGE;
    }
    return run_drills(run);
}

static int print_help(void)
{
    puts("usage: " COMMAND " FILE... --prometheus URL [flags]\n\n"
         "Starts the scenarios of each drill, asks Prometheus which alerts fire, reclaims, waits until they\n"
         "have resolved, and says whether all was as expected. Exit 0: it was; 1: it was not; 2: it could "
         "not\n"
         "be found out; 130: interrupted, and what was started is reclaimed.\n\n"
         "A drill is a file in YAML or JSON:\n\n"
         "  drill: recv\n"
         "  scenarios:\n"
         "    - {mode: leak-recv, n: 1, rate: 5/s}\n"
         "  expect:\n"
         "    - {alert: TasksStuck, within: 1m, labels: {pattern: recv}}\n\n"
         "Times count from the start of the scenarios. Its members:\n");
    for (size_t i = 0; i < DRILL_FIELDS; i++)
        printf("  %-10s %s\n", drill_fields[i].name, drill_fields[i].about);
    puts("\nOnly alerts count whose labels instance and job are those of the daemon, or are not there. The\n"
         "settings of a daemon of its own may be given in its environment, such as LEAKLAB_MAX_TASKS.\n");
    options_print_help(&options);
    return EXIT_OK;
}

int command_drill(int argc, char **argv)
{
    const char *values[DRILL_OPTIONS];
    enum option_source sources[DRILL_OPTIONS];
    struct operands files = {.max = LIMIT_DRILLS};
    bool help;
    if (!options_parse_operands(&options, argc, argv, values, sources, &help, &files))
        return EXIT_USAGE;
    if (help)
        return print_help();
    if (!libcurl_load(COMMAND))
        return EXIT_FAILED;
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        fprintf(stderr, COMMAND ": %s\n", err_text(ERR_MEMORY));
        return EXIT_FAILED;
    }
    enum exit_code code = EXIT_USAGE;
    if (read_settings(values, sources, run) && read_drills(run, &files))
        code = open_and_run(run);
    for (size_t i = 0; i < run->count; i++) {
        score_free(run->scores[i]);
        drill_deinit(&run->drills[i]);
    }
    free(run);
    return code;
}
