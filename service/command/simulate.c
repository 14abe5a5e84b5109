/* leaklab simulate: slow leaks take weeks, and nobody can wait for them. Scenarios run on virtual time, and
 * what a scraper would have seen goes into a file that a Prometheus can load. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/ending.h"
#include "base/macros.h"
#include "base/unit.h"
#include "command/command.h"
#include "command/match.h"
#include "command/opening.h"
#include "command/options.h"
#include "command/outfile.h"
#include "command/source.h"
#include "lab/problem.h"
#include "language/place.h"
#include "simulation/calendar.h"
#include "simulation/simulation.h"

#define COMMAND "leaklab simulate"

#define NS_PER_MS        1000000
#define PROGRESS_SECONDS 2
#define EXIT_SIGNAL      128 /* and the number of the signal, as shells have it */
#define TIME_SECONDS_MAX                                                                                     \
    INT64_C(7258118400) /* the year 2200: nanoseconds still fit, with what may follow                        \
                         */
#define SEED_NUMBER_TEXT  "1"
#define DEFAULT_AT        "2026-01-01T00:00:00Z"
#define DEFAULT_JUDGE     "1m"
#define DEFAULT_MAX_TASKS "1000000"
#define DEFAULT_MAX_HEAP  "2GiB"

enum simulate_option {
    SCENARIO,
    FOR,
    INTERVAL,
    OUT,
    FORMAT,
    MATCH,
    AT,
    SEED,
    JOB,
    INSTANCE,
    INSTANCES,
    JUDGE,
    MAX_TASKS,
    MAX_HEAP,
    MAX_FDS,
    FOLDER,
    PROGRESS,
    SIMULATE_OPTIONS
};

static const struct option_spec specs[SIMULATE_OPTIONS] = {
    [SCENARIO] =
        {"scenario", "FILE", NULL,
         "what to run: a scenario or a list of them, as leaklab serve --scenario takes it, or a mapping "
         "with scenarios, instances and events, see below"},
    [FOR] = {"for", "DURATION", NULL, "how long, such as 30d; at most 366d"},
    [INTERVAL] = {"scrape-interval", "DURATION", "15s", "how often a scraper looks; at least 1ms"},
    [OUT] = {"out", "FILE", NULL, "where the text goes; - is standard output"},
    [FORMAT] = {"format", "FORMAT", "openmetrics",
                "openmetrics: with timestamps, for promtool tsdb create-blocks-from openmetrics; promtool: "
                "input_series of a test for promtool test rules"},
    [MATCH] =
        {"match", "SELECTORS", NULL,
         "keep only these series: selectors as Prometheus has them, separated by commas, such as "
         "'up,process_*,leaklab_tasks{variant=\"leak\"}'; regular expressions are POSIX's extended ones"},
    [AT] = {"at", "TIME", NULL,
            "when it begins: RFC 3339 in UTC, such as 2026-01-01 or 2026-01-01T12:00:00Z, or seconds since "
            "1970; " DEFAULT_AT " when left out, and 0 with --format promtool, where every test begins"},
    [SEED] = {"seed", "N", SEED_NUMBER_TEXT,
              "for scenarios that bring none, and for chance; the same seed gives the same bytes"},
    [JOB] = {"job", "TEXT", "leaklab", "the label job of every sample"},
    [INSTANCE] = {"instance", "TEXT", "127.0.0.1:9777",
                  "the label instance of the first instance; of further ones the port counts up"},
    [INSTANCES] = {"instances", "N", NULL, "how many there are, unless FILE says; 1 when left out"},
    [JUDGE] = {"judge-interval", "DURATION", DEFAULT_JUDGE,
               "how often the judge looks, right before the next scrape; 0s: never"},
    [MAX_TASKS] = {"max-tasks", "N", DEFAULT_MAX_TASKS,
                   "live tasks of all scenarios of an instance together"},
    [MAX_HEAP] = {"max-heap", "SIZE", DEFAULT_MAX_HEAP,
                  "memory of all scenarios of an instance together, which is really used"},
    [MAX_FDS] = {"max-fds", "N", "65536",
                 "descriptors that an instance's process may have open, from which its limit follows as a "
                 "daemon's does"},
    [FOLDER] = SOURCE_PATTERNS_FLAG,
    [PROGRESS] = {"progress", NULL, NULL, "say how far it is even when standard error is no terminal"},
};

static const struct options options = {COMMAND, specs, SIMULATE_OPTIONS, NULL};

struct settings {
    const char *scenario_path;
    const char *out_path;
    const char *instance;
    uint32_t instances; /* 0: not said */
    uint64_t for_ns;
    bool promtool;
    bool progress;
    struct match match;
    struct simulation_config simulation;
};

static bool bad_value(const char **values, enum simulate_option option, const char *right)
{
    fprintf(stderr, COMMAND ": --%s: \"%s\" is not %s\n", specs[option].name, values[option], right);
    return false;
}

/* RFC 3339 in UTC, with or without a time of day, or seconds since 1970. */
static bool parse_time(const char *text, uint64_t *ms)
{
    static const char *const formats[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"};
    int64_t seconds;
    if (unit_parse_count(text, &seconds) == ERR_OK) {
        *ms = (uint64_t)seconds * 1000;
        return seconds <= TIME_SECONDS_MAX;
    }
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        struct tm tm = {0};
        const char *end = strptime(text, formats[i], &tm);
        if (end == NULL || *end != '\0')
            continue;
        const int day = tm.tm_mday;
        time_t time = timegm(&tm);
        if (tm.tm_mday != day) /* February has no 30th */
            return false;
        *ms = (uint64_t)time * 1000;
        return time >= 0 && time <= TIME_SECONDS_MAX;
    }
    return false;
}

static bool read_duration(const char **values, enum simulate_option option, int64_t least_ns,
                          const char *right, uint64_t *result)
{
    int64_t ns;
    if (unit_parse_duration(values[option], &ns) != ERR_OK || ns < least_ns)
        return bad_value(values, option, right);
    *result = (uint64_t)ns;
    return true;
}

static bool read_times(const char **values, struct settings *settings)
{
    struct simulation_config *config = &settings->simulation;
    if (!read_duration(values, FOR, 1, "a duration such as 6h or 30d, up to 366d", &settings->for_ns) ||
        !read_duration(values, INTERVAL, NS_PER_MS, "a duration in whole milliseconds such as 15s",
                       &config->interval_ns) ||
        !read_duration(values, JUDGE, 0, "a duration such as 1m, or 0s", &config->judge_interval_ns))
        return false;
    if (config->interval_ns % NS_PER_MS != 0)
        return bad_value(values, INTERVAL, "a duration in whole milliseconds such as 15s");
    if (settings->for_ns / config->interval_ns >= LIMIT_SCRAPES) {
        fprintf(stderr, COMMAND ": --scrape-interval: %s in %s is more than %d scrapes\n", values[INTERVAL],
                values[FOR], LIMIT_SCRAPES);
        return false;
    }
    if (values[AT] == NULL)
        values[AT] = settings->promtool ? "0" : DEFAULT_AT;
    if (!parse_time(values[AT], &config->at_ms))
        return bad_value(values, AT, "a time such as 2026-01-01T12:00:00Z, or seconds since 1970");
    return true;
}

static bool read_count(const char **values, enum simulate_option option, int64_t most, const char *right,
                       uint64_t *result)
{
    int64_t number;
    if (unit_parse_count(values[option], &number) != ERR_OK || number == 0 || number > most)
        return bad_value(values, option, right);
    *result = (uint64_t)number;
    return true;
}

static bool read_numbers(const char **values, struct settings *settings)
{
    struct simulation_config *config = &settings->simulation;
    int64_t number;
    uint64_t instances = 0;
    if (unit_parse_count(values[SEED], &number) != ERR_OK)
        return bad_value(values, SEED, "a whole number");
    config->seed = (uint64_t)number;
    if (unit_parse_size(values[MAX_HEAP], &number) != ERR_OK || number == 0)
        return bad_value(values, MAX_HEAP, "a size such as 512MiB or 2GiB");
    config->max_heap_bytes = (uint64_t)number;
    if (values[INSTANCES] != NULL &&
        !read_count(values, INSTANCES, LIMIT_INSTANCES, "a whole number from 1 to 100", &instances))
        return false;
    settings->instances = (uint32_t)instances;
    return read_count(values, MAX_TASKS, LIMIT_TASKS, "a whole number from 1 to 2147483648",
                      &config->max_tasks) &&
           read_count(values, MAX_FDS, LIMIT_NUMBER, "a whole number from 1", &config->max_fds);
}

static bool read_format(const char **values, struct settings *settings)
{
    settings->promtool = strcmp(values[FORMAT], "promtool") == 0;
    return settings->promtool || strcmp(values[FORMAT], "openmetrics") == 0 ||
           bad_value(values, FORMAT, "openmetrics or promtool");
}

/* What is read is the caller's: to be freed with match_deinit(). */
static bool read_match(const char **values, struct settings *settings)
{
    char why[MATCH_WHY];
    if (values[MATCH] == NULL)
        return true;
    enum err err = match_read(&settings->match, values[MATCH], why);
    if (err != ERR_OK) {
        fprintf(stderr, COMMAND ": --match: %s\n", err == ERR_MEMORY ? err_text(err) : why);
        return false;
    }
    settings->simulation.keep = match_keep;
    settings->simulation.keep_context = &settings->match;
    return true;
}

static bool read_settings(const char **values, struct settings *settings)
{
    static const enum simulate_option required[] = {SCENARIO, FOR, OUT};
    for (size_t i = 0; i < COUNT_OF(required); i++) {
        const struct option_spec *spec = &specs[required[i]];
        if (values[required[i]] == NULL) {
            fprintf(stderr, COMMAND ": --%s %s is missing; see '" COMMAND " --help'\n", spec->name,
                    spec->argument);
            return false;
        }
    }
    *settings = (struct settings){
        .scenario_path = values[SCENARIO],
        .out_path = values[OUT],
        .instance = values[INSTANCE],
        .progress = values[PROGRESS] != NULL || isatty(STDERR_FILENO),
        .simulation = {.job = values[JOB]},
    };
    return read_format(values, settings) && read_times(values, settings) && read_numbers(values, settings) &&
           read_match(values, settings);
}

/* ---- running ---- */

/* Signals that end it are held back, and looked for now and then: nothing is left half done. */
static void hold_signals(void)
{
    sigset_t signals;
    ending_signals(&signals);
    sigprocmask(SIG_BLOCK, &signals, NULL);
}

static bool is_interrupted(void)
{
    return ending_waits() != 0;
}

/* A run on its way to the file. */
struct run {
    const struct settings *settings;
    struct simulation *simulation;
    FILE *out;
    int signal;                       /* that ended it */
    struct metrics_history_size size; /* of what was written */
    time_t next_word;
};

/* Virtual time says nothing about how long all this takes: a word now and then. */
static void show_progress(struct run *run, uint64_t done_ns)
{
    time_t now = time(NULL);
    if (!run->settings->progress || now < run->next_word)
        return;
    run->next_word = now + PROGRESS_SECONDS;
    double share = (double)done_ns / (double)run->settings->for_ns;
    fprintf(stderr, COMMAND ": %3.0f%%, %" PRIu64 " tasks\n", 100 * share, simulation_live(run->simulation));
}

static enum err scrape_all(struct run *run)
{
    const struct settings *settings = run->settings;
    enum err err = simulation_scrape(run->simulation);
    uint64_t at_ns = 0, interval_ns = settings->simulation.interval_ns;
    while ((run->signal = ending_waits()) == 0 && err == ERR_OK && at_ns + interval_ns <= settings->for_ns) {
        at_ns += interval_ns;
        err = simulation_advance(run->simulation, at_ns);
        if (err == ERR_OK)
            err = simulation_scrape(run->simulation);
        show_progress(run, at_ns);
    }
    return err;
}

static bool write_piece(void *context, const char *text, size_t size)
{
    struct run *run = context;
    run->signal = ending_waits();
    return run->signal == 0 && fwrite(text, 1, size, run->out) == size;
}

static void warn_capped(void *context, const char *instance, const char *scenario, const char *limit)
{
    (void)context;
    fprintf(stderr, COMMAND ": %s: scenario \"%s\" was ended by the limit on %s\n", instance, scenario,
            limit);
}

static bool write_all(struct run *run)
{
    const struct metrics_history *history = simulation_history(run->simulation);
    bool written = run->settings->promtool
                       ? metrics_history_write_promtool(
                             history, run->settings->simulation.interval_ns / NS_PER_MS, write_piece, run)
                       : metrics_history_write(history, write_piece, run);
    return written && fflush(run->out) == 0;
}

static int say_signal(const struct run *run)
{
    fprintf(stderr, COMMAND ": interrupted: nothing was written to %s\n",
            strcmp(run->settings->out_path, "-") == 0 ? "the end" : run->settings->out_path);
    return EXIT_SIGNAL + run->signal;
}

static int finish(struct run *run)
{
    simulation_end(run->simulation);
    run->size = metrics_history_size(simulation_history(run->simulation));
    if (run->size.series == 0) {
        fprintf(stderr, COMMAND ": --match: no series is like that\n");
        return EXIT_FAILED;
    }
    if (!write_all(run)) {
        if (run->signal != 0)
            return say_signal(run);
        fprintf(stderr, COMMAND ": --out %s: %s\n", run->settings->out_path, strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

static void say_written(const struct run *run)
{
    const char *path = run->settings->out_path;
    fprintf(stderr, COMMAND ": %" PRIu64 " scrapes of %" PRIu64 " series: %" PRIu64 " samples in %s\n",
            run->size.scrapes, run->size.series, run->size.samples,
            strcmp(path, "-") == 0 ? "standard output" : path);
}

/* ---- what is wrong with the file ---- */

/* The file's own pointer for one into the list of scenarios. */
static void say_fault(const struct settings *settings, const struct document *bytes, const char *root,
                      const json_t *error)
{
    const char *pointer = json_string_value(json_object_get(error, "pointer"));
    const char *detail = json_string_value(json_object_get(error, "detail"));
    char whole[PROBLEM_TEXT];
    uint32_t line, column;
    if (root == NULL && pointer[0] == '/')
        pointer += strcspn(pointer + 1, "/") + 1;
    snprintf(whole, sizeof whole, "%s%s", root == NULL ? "" : root, pointer);
    if (place_find(bytes->text, bytes->size, whole, &line, &column))
        fprintf(stderr, "%s:%" PRIu32 ":%" PRIu32 ": %s: %s\n", settings->scenario_path, line, column, whole,
                detail);
    else
        fprintf(stderr, "  %s: %s\n", whole, detail);
}

/* Says why nothing is run: each fault with its place in the file. */
static void say_problem(const struct settings *settings, const struct document *bytes, const char *root,
                        const json_t *problem)
{
    size_t at;
    json_t *error;
    const json_t *errors = json_object_get(problem, "errors");
    /* What is told of a list as a whole is told by the one fault of a scenario that is in none. */
    const json_t *whole = root == NULL && json_array_size(errors) == 1 ? json_array_get(errors, 0) : problem;
    const char *detail = json_string_value(json_object_get(whole, "detail"));
    fprintf(stderr, COMMAND ": --scenario %s: %s\n", settings->scenario_path,
            detail == NULL ? "out of memory" : detail);
    json_array_foreach(errors, at, error) say_fault(settings, bytes, root, error);
}

/* ---- from the file to the file ---- */

static int simulate(struct run *run, const struct document *bytes)
{
    const struct settings *settings = run->settings;
    json_t *answer;
    enum err err = simulation_new(&run->simulation, &settings->simulation);
    if (err != ERR_OK) {
        fprintf(stderr, COMMAND ": %s\n",
                err == ERR_MEMORY ? err_text(err) : "--job and --instance must be UTF-8, up to 1024 bytes");
        return err == ERR_MEMORY ? EXIT_FAILED : EXIT_USAGE;
    }
    int code;
    if (simulation_begin(run->simulation, &answer) != 201) {
        say_problem(settings, bytes, settings->simulation.calendar->root, answer);
        code = answer == NULL ? EXIT_FAILED : EXIT_USAGE;
    } else if ((err = scrape_all(run)) != ERR_OK) {
        fprintf(stderr, COMMAND ": %s\n", err_text(err));
        code = EXIT_FAILED;
    } else {
        code = run->signal != 0 ? say_signal(run) : finish(run);
    }
    json_decref(answer);
    simulation_free(run->simulation);
    return code;
}

/* The file is opened first: nobody wants to hear in the end that there is no such folder. */
static int simulate_into(const struct settings *settings, const struct document *bytes)
{
    struct outfile outfile;
    if (!outfile_open(&outfile, settings->out_path)) {
        fprintf(stderr, COMMAND ": --out %s: %s\n", settings->out_path, strerror(errno));
        return EXIT_USAGE;
    }
    struct run run = {
        .settings = settings, .out = outfile.stream, .next_word = time(NULL) + PROGRESS_SECONDS};
    int code = simulate(&run, bytes);
    if (!outfile_close(&outfile, code == EXIT_OK)) {
        fprintf(stderr, COMMAND ": --out %s: %s\n", settings->out_path, strerror(errno));
        return EXIT_FAILED;
    }
    if (code == EXIT_OK)
        say_written(&run);
    return code;
}

static int print_help(void)
{
    puts("usage: " COMMAND " --scenario FILE --for DURATION --out FILE [flags]\n\n"
         "Runs scenarios on virtual time and writes what a scraper would have seen, as OpenMetrics with\n"
         "timestamps, of the patterns that the scenarios use. To load it into a Prometheus:\n"
         "  promtool tsdb create-blocks-from openmetrics FILE DATA-FOLDER\n");
    options_print_help(&options);
    puts("\nFILE may have more than one instance, and events that happen to them:\n\n"
         "  instances: 3                 # or a list of labels\n"
         "  scenarios:\n"
         "    - {mode: leak-recv, n: 1, rate: 1/m}\n"
         "    - {mode: fix-recv, rate: 2/s, instance: 1}        # on one of them only\n"
         "  events:                      # at and every count from the beginning\n"
         "    - {at: 2d, restart: all, down: 20s}               # again: false leaves what had begun away\n"
         "    - {at: 5d, deploy: all, down: 20s, pause: 1m}     # one after the other\n"
         "    - {at: 6d, miss: 2, for: 5m}                      # failed scrapes: up is 0\n"
         "    - {at: 0s, miss: all, for: 30d, share: 1%}        # some of them, by the seed\n"
         "    - {at: 7d, gap: all, for: 10m}                    # nobody scraped: no up either\n"
         "    - {at: 9d, add: 4}                                # one more, and away again\n"
         "    - {at: 20d, remove: 4}\n"
         "    - {at: 3h, restart: 1, every: 1d}");
    return EXIT_OK;
}

static int run_file(struct settings *settings, const struct document *bytes)
{
    struct calendar *calendar = calloc(1, sizeof *calendar);
    json_t *problem = NULL;
    json_t *body = opening_decode(COMMAND, settings->scenario_path, bytes);
    if (body == NULL || calendar == NULL) {
        free(calendar);
        json_decref(body);
        return body == NULL ? EXIT_USAGE : EXIT_FAILED;
    }
    enum err err = calendar_read(calendar, body, settings->instance, settings->instances, &problem);
    json_decref(body);
    int code = err == ERR_SYNTAX ? EXIT_USAGE : EXIT_FAILED;
    if (err == ERR_OK) {
        hold_signals();
        settings->simulation.calendar = calendar;
        settings->simulation.capped = warn_capped;
        settings->simulation.stop = is_interrupted;
        code = simulate_into(settings, bytes);
        calendar_deinit(calendar);
    } else {
        say_problem(settings, bytes, "", problem);
    }
    json_decref(problem);
    free(calendar);
    return code;
}

int command_simulate(int argc, char **argv)
{
    const char *values[SIMULATE_OPTIONS];
    enum option_source sources[SIMULATE_OPTIONS];
    struct settings settings;
    struct catalogue catalogue;
    struct document bytes;
    bool help;
    if (!options_parse(&options, argc, argv, values, sources, &help))
        return EXIT_USAGE;
    if (help)
        return print_help();
    if (!read_settings(values, &settings))
        return EXIT_USAGE;
    int code = EXIT_USAGE;
    settings.simulation.catalogue = &catalogue;
    catalogue_init(&catalogue);
    if (opening_text(COMMAND, settings.scenario_path, &bytes))
        code = source_catalogue(COMMAND, values[FOLDER], &catalogue);
    if (code == EXIT_OK)
        code = run_file(&settings, &bytes);
    catalogue_deinit(&catalogue);
    match_deinit(&settings.match);
    return code;
}
