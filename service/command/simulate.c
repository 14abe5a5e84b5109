/* leaklab simulate: slow leaks take weeks, and nobody can wait for them. Scenarios run on virtual time, and
 * what a scraper would have seen goes into a file that a Prometheus can load. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/unit.h"
#include "command/command.h"
#include "command/opening.h"
#include "command/options.h"
#include "command/simulation.h"
#include "command/source.h"
#include "lab/scenario.h"

#define COMMAND "leaklab simulate"

#define NS_PER_MS        1000000
#define PROGRESS_SECONDS 2
#define TIME_SECONDS_MAX                                                                                     \
    INT64_C(7258118400) /* the year 2200: nanoseconds still fit, with what may follow                        \
                         */
#define SEED_NUMBER_TEXT  "1"
#define DEFAULT_AT        "2026-01-01T00:00:00Z"
#define DEFAULT_MAX_TASKS "1000000"
#define DEFAULT_MAX_HEAP  "2GiB"

enum simulate_option {
    SCENARIO,
    FOR,
    INTERVAL,
    OUT,
    AT,
    SEED,
    JOB,
    INSTANCE,
    MAX_TASKS,
    MAX_HEAP,
    FOLDER,
    SIMULATE_OPTIONS
};

static const struct option_spec specs[SIMULATE_OPTIONS] = {
    [SCENARIO] = {"scenario", "FILE", NULL,
                  "what to run: a scenario or a list of them, as leaklab serve --scenario takes it"},
    [FOR] = {"for", "DURATION", NULL, "how long, such as 30d; at most 366d"},
    [INTERVAL] = {"scrape-interval", "DURATION", "15s", "how often a scraper looks; at least 1ms"},
    [OUT] = {"out", "FILE", NULL, "where the OpenMetrics text goes; - is standard output"},
    [AT] = {"at", "TIME", DEFAULT_AT,
            "when it begins: RFC 3339 in UTC, such as 2026-01-01 or 2026-01-01T12:00:00Z, or seconds since "
            "1970"},
    [SEED] = {"seed", "N", SEED_NUMBER_TEXT,
              "for scenarios that bring none; the same seed gives the same bytes"},
    [JOB] = {"job", "TEXT", "leaklab", "the label job of every sample"},
    [INSTANCE] = {"instance", "TEXT", "127.0.0.1:9777", "the label instance of every sample"},
    [MAX_TASKS] = {"max-tasks", "N", DEFAULT_MAX_TASKS, "live tasks of all scenarios together"},
    [FOLDER] = SOURCE_PATTERNS_FLAG,
    [MAX_HEAP] = {"max-heap", "SIZE", DEFAULT_MAX_HEAP,
                  "memory of all scenarios together, which is really used"},
};

static const struct options options = {COMMAND, specs, SIMULATE_OPTIONS, NULL};

struct settings {
    const char *scenario_path;
    const char *out_path;
    uint64_t for_ns;
    uint64_t interval_ns;
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
        time_t time = timegm(&tm);
        *ms = (uint64_t)time * 1000;
        return time >= 0 && time <= TIME_SECONDS_MAX;
    }
    return false;
}

static bool read_times(const char **values, struct settings *settings)
{
    int64_t ns;
    if (unit_parse_duration(values[FOR], &ns) != ERR_OK || ns == 0)
        return bad_value(values, FOR, "a duration such as 6h or 30d, up to 366d");
    settings->for_ns = (uint64_t)ns;
    if (unit_parse_duration(values[INTERVAL], &ns) != ERR_OK || ns < NS_PER_MS || ns % NS_PER_MS != 0)
        return bad_value(values, INTERVAL, "a duration in whole milliseconds such as 15s");
    settings->interval_ns = (uint64_t)ns;
    if (settings->for_ns / settings->interval_ns >= LIMIT_SCRAPES) {
        fprintf(stderr, COMMAND ": --scrape-interval: %s in %s is more than %d scrapes\n", values[INTERVAL],
                values[FOR], LIMIT_SCRAPES);
        return false;
    }
    if (!parse_time(values[AT], &settings->simulation.at_ms))
        return bad_value(values, AT, "a time such as 2026-01-01T12:00:00Z, or seconds since 1970");
    return true;
}

static bool read_numbers(const char **values, struct simulation_config *config)
{
    int64_t number;
    if (unit_parse_count(values[SEED], &number) != ERR_OK)
        return bad_value(values, SEED, "a whole number");
    config->seed = (uint64_t)number;
    if (unit_parse_count(values[MAX_TASKS], &number) != ERR_OK || number == 0 || number > LIMIT_TASKS)
        return bad_value(values, MAX_TASKS, "a whole number from 1 to 2147483648");
    config->max_tasks = (uint64_t)number;
    if (unit_parse_size(values[MAX_HEAP], &number) != ERR_OK || number == 0)
        return bad_value(values, MAX_HEAP, "a size such as 512MiB or 2GiB");
    config->max_heap_bytes = (uint64_t)number;
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
        .simulation = {.job = values[JOB], .instance = values[INSTANCE]},
    };
    return read_times(values, settings) && read_numbers(values, &settings->simulation);
}

/* Virtual time says nothing about how long all this takes: a word now and then. */
static void show_progress(const struct simulation *simulation, uint64_t done_ns, uint64_t for_ns,
                          time_t *next)
{
    time_t now = time(NULL);
    if (now < *next)
        return;
    *next = now + PROGRESS_SECONDS;
    double share = (double)done_ns / (double)for_ns;
    fprintf(stderr, COMMAND ": %3.0f%%, %" PRIu64 " tasks\n", 100 * share,
            simulation_core(simulation)->runtime.live);
}

static enum err run(struct simulation *simulation, const struct settings *settings)
{
    time_t next = time(NULL) + PROGRESS_SECONDS;
    enum err err = simulation_scrape(simulation);
    uint64_t at_ns = 0;
    while (err == ERR_OK && at_ns + settings->interval_ns <= settings->for_ns) {
        simulation_advance(simulation, settings->interval_ns);
        at_ns += settings->interval_ns;
        err = simulation_scrape(simulation);
        show_progress(simulation, at_ns, settings->for_ns, &next);
    }
    return err;
}

static bool write_piece(void *context, const char *text, size_t size)
{
    return fwrite(text, 1, size, context) == size;
}

static void warn_capped(const struct core *core)
{
    struct link *link;
    list_each (link, &core->scenarios) {
        const struct scenario *scenario = container_of(link, struct scenario, link);
        if (scenario->cause == CAUSE_CAPPED)
            fprintf(stderr, COMMAND ": scenario \"%s\" was ended by the limit on %s\n", scenario->spec.name,
                    limit_kind_word(scenario_capped_by(scenario)));
    }
}

static enum exit_code finish(const struct simulation *simulation, const struct settings *settings, FILE *out)
{
    const struct metrics_history *history = simulation_history(simulation);
    struct metrics_history_size size = metrics_history_size(history);
    if (!metrics_history_write(history, write_piece, out) || fflush(out) != 0) {
        fprintf(stderr, COMMAND ": --out %s: %s\n", settings->out_path, strerror(errno));
        return EXIT_FAILED;
    }
    warn_capped(simulation_core(simulation));
    fprintf(stderr, COMMAND ": %" PRIu64 " scrapes of %" PRIu64 " series: %" PRIu64 " samples in %s\n",
            size.scrapes, size.series, size.samples,
            strcmp(settings->out_path, "-") == 0 ? "standard output" : settings->out_path);
    return EXIT_OK;
}

static enum exit_code simulate(const struct settings *settings, json_t *body, FILE *out)
{
    struct simulation *simulation;
    json_t *answer;
    enum err err = simulation_new(&simulation, &settings->simulation);
    if (err != ERR_OK) {
        json_decref(body);
        fprintf(stderr, COMMAND ": %s\n",
                err == ERR_MEMORY ? err_text(err) : "--job and --instance must be UTF-8, up to 1024 bytes");
        return err == ERR_MEMORY ? EXIT_FAILED : EXIT_USAGE;
    }
    enum exit_code code = EXIT_OK;
    int status = simulation_post(simulation, body, &answer);
    if (status >= 400) {
        opening_say(COMMAND, settings->scenario_path, answer);
        code = EXIT_USAGE;
    } else if (status != 201) {
        fprintf(stderr, COMMAND ": --scenario %s: starts no scenario\n", settings->scenario_path);
        code = EXIT_USAGE;
    } else if ((err = run(simulation, settings)) != ERR_OK) {
        fprintf(stderr, COMMAND ": %s\n", err_text(err));
        code = EXIT_FAILED;
    } else {
        code = finish(simulation, settings, out);
    }
    json_decref(answer);
    simulation_free(simulation);
    return code;
}

/* Removes what was begun, if it is a file and no device or pipe. */
static void forget(const char *path)
{
    struct stat status;
    if (lstat(path, &status) == 0 && S_ISREG(status.st_mode))
        unlink(path);
}

/* The file is opened first: nobody wants to hear in the end that there is no such folder. */
static enum exit_code simulate_into(const struct settings *settings, json_t *body)
{
    bool standard = strcmp(settings->out_path, "-") == 0;
    FILE *out = standard ? stdout : fopen(settings->out_path, "we");
    if (out == NULL) {
        json_decref(body);
        fprintf(stderr, COMMAND ": --out %s: %s\n", settings->out_path, strerror(errno));
        return EXIT_USAGE;
    }
    enum exit_code code = simulate(settings, body, out);
    if (standard)
        return code;
    if (fclose(out) != 0 && code == EXIT_OK) {
        fprintf(stderr, COMMAND ": --out %s: %s\n", settings->out_path, strerror(errno));
        code = EXIT_FAILED;
    }
    if (code != EXIT_OK)
        forget(settings->out_path);
    return code;
}

static int print_help(void)
{
    puts("usage: " COMMAND " --scenario FILE --for DURATION --out FILE [flags]\n\n"
         "Runs scenarios on virtual time and writes what a scraper would have seen, as OpenMetrics with\n"
         "timestamps, of the patterns that the scenarios use. To load it into a Prometheus:\n"
         "  promtool tsdb create-blocks-from openmetrics FILE DATA-FOLDER\n");
    options_print_help(&options);
    return EXIT_OK;
}

int command_simulate(int argc, char **argv)
{
    const char *values[SIMULATE_OPTIONS];
    enum option_source sources[SIMULATE_OPTIONS];
    struct settings settings;
    struct catalogue catalogue;
    bool help;
    if (!options_parse(&options, argc, argv, values, sources, &help))
        return EXIT_USAGE;
    if (help)
        return print_help();
    if (!read_settings(values, &settings))
        return EXIT_USAGE;
    json_t *body = opening_read(COMMAND, settings.scenario_path);
    if (body == NULL)
        return EXIT_USAGE;
    settings.simulation.catalogue = &catalogue;
    catalogue_init(&catalogue);
    enum exit_code code = source_catalogue(COMMAND, values[FOLDER], &catalogue);
    if (code == EXIT_OK)
        code = simulate_into(&settings, body);
    else
        json_decref(body);
    catalogue_deinit(&catalogue);
    return code;
}
