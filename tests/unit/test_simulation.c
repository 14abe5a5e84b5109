/* A daemon on virtual time: the same history each time, with what the catalogue says is leaked in it. */
#include "lab_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fault.h"
#include "simulation/simulation.h"

#define HOUR     (3600 * SEC)
#define AT_MS    1700000000000ull
#define TEXT_MAX (16u << 20)

static struct catalogue catalogue;

/* A simulation, with what it borrows. */
struct run {
    struct calendar calendar;
    struct simulation *simulation;
    uint64_t now_ns;
};

static struct simulation_config config_of(struct catalogue *patterns, const struct calendar *calendar,
                                          uint64_t seed)
{
    return (struct simulation_config){
        .catalogue = patterns,
        .calendar = calendar,
        .seed = seed,
        .max_tasks = 10000,
        .max_heap_bytes = 64 << 20,
        .max_fds = 1024,
        .judge_interval_ns = SEC,
        .interval_ns = SEC,
        .at_ms = AT_MS,
        .job = "leaklab",
    };
}

static struct run *given_of(struct catalogue *patterns, uint64_t seed, const char *text)
{
    struct run *run = calloc(1, sizeof *run);
    json_t *body = json_loads(text, 0, NULL), *problem = NULL, *answer = NULL;
    assert_non_null(run);
    assert_non_null(body);
    assert_int_equal(calendar_read(&run->calendar, body, "a", 0, &problem), ERR_OK);
    const struct simulation_config config = config_of(patterns, &run->calendar, seed);
    assert_int_equal(simulation_new(&run->simulation, &config), ERR_OK);
    assert_int_equal(simulation_begin(run->simulation, &answer), 201);
    json_decref(answer);
    json_decref(body);
    return run;
}

static struct run *given(uint64_t seed, const char *text)
{
    return given_of(&catalogue, seed, text);
}

static void gone(struct run *run)
{
    simulation_free(run->simulation);
    calendar_deinit(&run->calendar);
    free(run);
}

static void pass(struct run *run, uint64_t ns)
{
    run->now_ns += ns;
    assert_int_equal(simulation_advance(run->simulation, run->now_ns), ERR_OK);
}

static void scrape(struct run *run, uint64_t interval_ns, unsigned scrapes)
{
    for (unsigned i = 0; i < scrapes; i++) {
        assert_int_equal(simulation_scrape(run->simulation), ERR_OK);
        pass(run, interval_ns);
    }
}

static bool append(void *context, const char *text, size_t size)
{
    return buf_append(context, text, size) == ERR_OK;
}

static void text_of(const struct run *run, struct buf *text)
{
    buf_init(text, TEXT_MAX);
    assert_true(metrics_history_write(simulation_history(run->simulation), append, text));
}

#define LABELS "job=\"leaklab\",instance=\"a\",pattern=\"recv\",variant=\"leak\""

static void a_slow_leak_stands_in_the_history(void **state)
{
    (void)state;
    /* Given a leak of one task an hour. */
    struct run *run = given(1, "{\"mode\":\"leak-recv\",\"n\":1,\"rate\":\"0.016667/m\"}");
    scrape(run, HOUR, 24 * 30 + 1);
    struct buf text;
    text_of(run, &text);
    /* Then a month later there are 720. */
    assert_non_null(strstr(buf_text(&text), "leaklab_tasks{" LABELS ",state=\"recv\"} 720 1702592000\n"));
    assert_non_null(strstr(buf_text(&text), "leaklab_tasks_expected_leaked{" LABELS "} 720 1702592000\n"));
    buf_deinit(&text);
    gone(run);
}

static void scenarios_begin_at_their_time(void **state)
{
    (void)state;
    struct run *run = given(1, "[{\"mode\":\"leak-recv\",\"n\":3,\"at\":\"10m\",\"linger\":\"1m\"}]");
    scrape(run, 5 * 60 * SEC, 4);
    struct buf text;
    text_of(run, &text);
    /* Its counters are there from the start, at zero; the scrape of its time sees it. */
    assert_non_null(strstr(buf_text(&text), "leaklab_tasks_spawned_total{" LABELS "} 0 1700000000\n"
                                            "leaklab_tasks_spawned_total{" LABELS "} 0 1700000300\n"
                                            "leaklab_tasks_spawned_total{" LABELS "} 4 1700000600\n"
                                            "leaklab_tasks_spawned_total{" LABELS "} 4 1700000900\n"));
    buf_deinit(&text);
    gone(run);
}

static void only_what_means_something_is_shown(void **state)
{
    (void)state;
    static const char *const families[] = {
        "up",
        "leaklab_tasks",
        "leaklab_tasks_spawned",
        "leaklab_tasks_ended",
        "leaklab_tasks_leaked",
        "leaklab_tasks_expected_leaked",
        "leaklab_tasks_blocked_oldest_seconds",
        "leaklab_task_heap_bytes",
        "leaklab_heap_allocated_bytes",
        "leaklab_channels",
        "leaklab_tickers",
        "leaklab_ticks",
        "leaklab_ticks_dropped",
        "leaklab_scenarios",
        "leaklab_scenario_starts",
        "leaklab_limit_hits",
        "leaklab_limit_tasks",
        "leaklab_limit_heap_bytes",
        "leaklab_limit_descriptors",
        "leaklab_limit_handles",
        "leaklab_limit_threads",
        "leaklab_limit_jobs",
        "leaklab_judge_runs",
        "leaklab_uv_handles",
        "leaklab_threadpool_delay_seconds",
        "process_open_fds",
        "process_max_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_threads",
    };
    struct run *run = given(1, "{\"mode\":\"leak-recv\",\"n\":1}");
    scrape(run, SEC, 2);
    struct buf text;
    text_of(run, &text);
    /* Then no family is about a real loop, allocator or visitors. */
    const char *at = buf_text(&text);
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        at = strstr(at, "# TYPE ");
        assert_non_null(at);
        at += strlen("# TYPE ");
        assert_memory_equal(at, families[i], strlen(families[i]));
        assert_int_equal(at[strlen(families[i])], ' ');
    }
    assert_null(strstr(at, "# TYPE "));
    /* And no other pattern is. */
    assert_null(strstr(buf_text(&text), "variant=\"fix\""));
    buf_deinit(&text);
    gone(run);
}

static const char chance_body[] =
    "[{\"mode\":\"leak-select\",\"n\":3,\"rate\":\"2/s\",\"jitter\":\"50%\",\"shape\":\"wave\"},"
    " {\"mode\":\"fix-send\",\"n\":3,\"rate\":\"1/s\"}]";

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    static const uint64_t seeds[] = {5, 5, 6};
    struct buf texts[3];
    for (int i = 0; i < 3; i++) {
        struct run *run = given(seeds[i], chance_body);
        scrape(run, SEC / 4, 1000);
        text_of(run, &texts[i]);
        gone(run);
    }
    assert_string_equal(buf_text(&texts[0]), buf_text(&texts[1]));
    assert_string_not_equal(buf_text(&texts[0]), buf_text(&texts[2]));
    for (int i = 0; i < 3; i++)
        buf_deinit(&texts[i]);
}

static void how_often_is_looked_changes_nothing(void **state)
{
    (void)state;
    uint64_t spawned[2];
    for (int i = 0; i < 2; i++) {
        struct run *run = given(5, chance_body);
        pass(run, 100 * SEC * !i);
        scrape(run, SEC / 10, 1000 * (unsigned)i);
        spawned[i] = simulation_live(run->simulation);
        gone(run);
    }
    assert_int_equal(spawned[0], spawned[1]);
}

static const char restless[] = "pattern: restless\ntitle: t\nstory: s\nremedy: r\n"
                               "leak:\n"
                               "  main: [spawn spinner]\n"
                               "  spinner:\n"
                               "    - loop:\n"
                               "        - select:\n"
                               "            default: []\n"
                               "expect: {leak: 1}\n";

static void who_never_rests_does_not_stop_time(void **state)
{
    (void)state;
    struct catalogue own;
    struct pattern *pattern;
    struct messages messages;
    catalogue_init(&own);
    messages_init(&messages);
    assert_int_equal(pattern_compile("restless.yaml", restless, strlen(restless), &messages, &pattern),
                     ERR_OK);
    messages_deinit(&messages);
    assert_int_equal(catalogue_add(&own, pattern), ERR_OK);
    /* Given a task that spins: */
    struct run *run = given_of(&own, 1, "{\"mode\":\"leak-restless\"}");
    scrape(run, 10 * MS, 10);
    /* Then it is looked at as often as asked for. */
    assert_int_equal(metrics_history_size(simulation_history(run->simulation)).scrapes, 10);
    gone(run);
    catalogue_deinit(&own);
}

static void many_that_end_together_take_no_time(void **state)
{
    (void)state;
    /* Given five thousand tasks that are told at once, while nothing else is due: */
    struct run *run = given(1, "{\"mode\":\"fix-recv\",\"n\":5000,\"linger\":\"1s\",\"holds\":\"0B\"}");
    pass(run, SEC - MS);
    assert_int_equal(simulation_live(run->simulation), 5001);
    pass(run, MS);
    assert_int_equal(simulation_live(run->simulation), 0);
    gone(run);
}

static void what_is_wrong_is_told_as_by_the_daemon(void **state)
{
    (void)state;
    struct run run = {0};
    json_t *body = json_loads("[{\"mode\":\"leek-recv\"}]", 0, NULL), *problem, *answer;
    assert_int_equal(calendar_read(&run.calendar, body, "a", 0, &problem), ERR_OK);
    const struct simulation_config config = config_of(&catalogue, &run.calendar, 1);
    assert_int_equal(simulation_new(&run.simulation, &config), ERR_OK);
    assert_int_equal(simulation_begin(run.simulation, &answer), 422);
    assert_string_equal(json_look(answer, "errors.0.pointer"), "/0/mode");
    json_decref(answer);
    json_decref(body);
    simulation_free(run.simulation);
    calendar_deinit(&run.calendar);
}

/* ---- events ---- */

/* The value of a series, by its name and labels, at so many seconds; NULL: it has none there. */
static const char *value_at(const struct buf *text, const char *series, unsigned second)
{
    static char value[64];
    size_t size = strlen(series);
    for (const char *line = buf_text(text), *next; (next = strchr(line, '\n')) != NULL; line = next + 1) {
        if (strncmp(line, series, size) != 0 || line[size] != ' ')
            continue;
        const char *number = line + size + 1, *time = strchr(number, ' ');
        if (strtoull(time, NULL, 10) != AT_MS / 1000 + second)
            continue;
        snprintf(value, sizeof value, "%.*s", (int)(time - number), number);
        return value;
    }
    return NULL;
}

static long number_at(const struct buf *text, const char *series, unsigned second)
{
    const char *value = value_at(text, series, second);
    assert_non_null(value);
    return strtol(value, NULL, 10);
}

static void assert_value(const struct buf *text, const char *series, unsigned second, const char *value)
{
    const char *found = value_at(text, series, second);
    if (found == NULL || value == NULL ? found != value : strcmp(found, value) != 0)
        fail_msg("%s at %u: %s", series, second, found == NULL ? "nothing" : found);
}

/* Scrapes each second, from the beginning to the end. */
static void seen(const char *body, uint64_t seed, unsigned seconds, struct buf *text)
{
    struct run *run = given(seed, body);
    scrape(run, SEC, seconds + 1);
    text_of(run, text);
    gone(run);
}

#define ONE     "job=\"leaklab\",instance=\"a\""
#define TWO     "job=\"leaklab\",instance=\"a-2\""
#define PATTERN ",pattern=\"recv\",variant=\"leak\""
#define LEAKED  "leaklab_tasks_leaked{" ONE PATTERN ",verdict=\"stuck\"}"
#define STARTS  "leaklab_scenario_starts_total{" ONE PATTERN "}"
#define BEGAN   "process_start_time_seconds{" ONE "}"
#define FDS     "process_open_fds{" ONE "}"

static void a_restart_hides_the_leak(void **state)
{
    (void)state;
    struct buf text;
    /* Given a leak of a task a second, and a process that dies after ten. */
    seen("{\"scenarios\":[{\"mode\":\"leak-recv\",\"n\":1,\"rate\":1,\"linger\":\"100ms\"}],"
         "\"events\":[{\"at\":10,\"restart\":\"all\",\"down\":2}]}",
         1, 20, &text);
    /* Then the judge sees it grow, nobody sees anything while it is down, and it begins anew. */
    assert_value(&text, LEAKED, 9, "9");
    assert_value(&text, "up{" ONE "}", 9, "1");
    assert_value(&text, "up{" ONE "}", 10, "0");
    assert_value(&text, "up{" ONE "}", 11, "0");
    assert_value(&text, "up{" ONE "}", 12, "1");
    assert_value(&text, STARTS, 9, "9");
    assert_value(&text, STARTS, 10, NULL);
    assert_value(&text, STARTS, 12, "0");
    assert_value(&text, STARTS, 15, "3");
    assert_value(&text, LEAKED, 10, NULL);
    assert_value(&text, LEAKED, 15, "3");
    assert_value(&text, "leaklab_judge_runs_total{" ONE "}", 9, "9");
    assert_value(&text, "leaklab_judge_runs_total{" ONE "}", 15, "3");
    assert_value(&text, BEGAN, 9, "1700000000");
    assert_value(&text, BEGAN, 12, "1700000012");
    buf_deinit(&text);
}

/* Starts from second 50 to second 60, be it of another process. */
static long starts_in_the_sixth(const char *body, bool restarted)
{
    struct buf text;
    seen(body, 1, 60, &text);
    long end = number_at(&text, STARTS, 60);
    long begin = restarted ? 0 : number_at(&text, STARTS, 50);
    buf_deinit(&text);
    return end - begin;
}

#define RAMP                                                                                                 \
    "{\"scenarios\":[{\"mode\":\"leak-recv\",\"n\":1,\"rate\":10,\"shape\":\"ramp\","                        \
    "\"shape_period\":\"100s\",\"shape_low\":\"0%\"}],\"events\":["

static void what_a_load_is_at_outlives_a_restart(void **state)
{
    (void)state;
    long without = starts_in_the_sixth(RAMP "]}", false);
    assert_in_range(without, 50, 60);
    assert_int_equal(starts_in_the_sixth(RAMP "{\"at\":50,\"restart\":1,\"down\":0}]}", true), without);
}

static void what_is_over_does_not_begin_again(void **state)
{
    (void)state;
    struct buf text;
    seen("{\"scenarios\":[{\"mode\":\"leak-recv\",\"n\":1,\"rate\":1,\"duration\":20},"
         "{\"mode\":\"leak-recv\",\"n\":5,\"duration\":20}],"
         "\"events\":[{\"at\":10,\"restart\":1,\"down\":0},{\"at\":30,\"restart\":1,\"down\":0}]}",
         1, 40, &text);
    assert_value(&text, STARTS, 15, "6");
    assert_value(&text, STARTS, 29, "11");
    assert_value(&text, STARTS, 40, "0");
    buf_deinit(&text);
}

static void a_restart_may_be_the_end_of_what_had_begun(void **state)
{
    (void)state;
    struct buf text;
    seen("{\"scenarios\":[{\"mode\":\"leak-recv\",\"n\":1,\"rate\":1},{\"mode\":\"leak-recv\",\"n\":7,\"at\":"
         "20}],"
         "\"events\":[{\"at\":10,\"restart\":1,\"down\":0,\"again\":false}]}",
         1, 30, &text);
    assert_value(&text, STARTS, 9, "9");
    assert_value(&text, STARTS, 19, "0");
    assert_value(&text, STARTS, 30, "1");
    assert_value(&text, "leaklab_tasks_spawned_total{" ONE PATTERN "}", 30, "8");
    buf_deinit(&text);
}

static void a_deployment_takes_one_after_the_other(void **state)
{
    (void)state;
    struct buf text;
    seen("{\"instances\":2,\"scenarios\":[{\"mode\":\"leak-recv\",\"n\":1}],"
         "\"events\":[{\"at\":5,\"deploy\":\"all\",\"down\":2,\"pause\":3}]}",
         1, 15, &text);
    for (unsigned second = 0; second <= 15; second++) {
        assert_value(&text, "up{" ONE "}", second, second == 5 || second == 6 ? "0" : "1");
        assert_value(&text, "up{" TWO "}", second, second == 10 || second == 11 ? "0" : "1");
    }
    buf_deinit(&text);
}

static void instances_come_and_go(void **state)
{
    (void)state;
    struct buf text;
    seen("{\"scenarios\":[{\"mode\":\"leak-recv\",\"n\":1,\"rate\":1}],"
         "\"events\":[{\"at\":5,\"add\":2},{\"at\":8,\"remove\":2},{\"at\":12,\"add\":2,\"every\":100}]}",
         1, 15, &text);
    for (unsigned second = 0; second <= 15; second++) {
        bool there = (second >= 5 && second < 8) || second >= 12;
        assert_value(&text, "up{" ONE "}", second, "1");
        assert_value(&text, "up{" TWO "}", second, there ? "1" : NULL);
    }
    assert_value(&text, "process_start_time_seconds{" TWO "}", 15, "1700000012");
    assert_value(&text, "leaklab_scenario_starts_total{" TWO PATTERN "}", 7, "2");
    assert_value(&text, "leaklab_scenario_starts_total{" TWO PATTERN "}", 8, NULL);
    buf_deinit(&text);
}

static void a_scrape_fails_or_nobody_makes_it(void **state)
{
    (void)state;
    struct buf text;
    seen("{\"instances\":2,\"scenarios\":[{\"mode\":\"leak-recv\",\"n\":1,\"rate\":1}],"
         "\"events\":[{\"at\":5,\"miss\":1,\"every\":3},{\"at\":10,\"gap\":\"all\",\"for\":2}]}",
         1, 15, &text);
    for (unsigned second = 0; second <= 15; second++) {
        bool looked = second != 10 && second != 11;
        bool failed = second == 5 || second == 8 || second == 11 || second == 14;
        assert_value(&text, "up{" ONE "}", second, !looked ? NULL : failed ? "0" : "1");
        assert_value(&text, "up{" TWO "}", second, looked ? "1" : NULL);
        assert_int_equal(value_at(&text, STARTS, second) != NULL, looked && !failed);
    }
    /* And nothing was lost. */
    assert_value(&text, STARTS, 15, "15");
    buf_deinit(&text);
}

static unsigned failures(uint64_t seed, const char *share)
{
    char body[200];
    struct buf text;
    unsigned failed = 0;
    snprintf(body, sizeof body,
             "{\"scenarios\":[{\"mode\":\"leak-recv\",\"n\":1}],"
             "\"events\":[{\"at\":0,\"miss\":\"all\",\"for\":\"1h\",\"share\":\"%s\"}]}",
             share);
    seen(body, seed, 600, &text);
    for (const char *at = buf_text(&text); (at = strstr(at, "\nup{" ONE "} 0 ")) != NULL; at++)
        failed++;
    buf_deinit(&text);
    return failed;
}

static void chance_misses_its_share(void **state)
{
    (void)state;
    assert_in_range(failures(1, "10%"), 35, 90);
    assert_int_equal(failures(1, "10%"), failures(1, "10%"));
    assert_int_equal(failures(1, "100%"), 601);
}

static void each_process_has_its_own_chance(void **state)
{
    (void)state;
    struct buf text;
    /* Given two instances whose starts are late by chance: */
    seen(
        "{\"instances\":2,\"scenarios\":[{\"mode\":\"leak-recv\",\"n\":1,\"rate\":0.3,\"jitter\":\"100%\"}]}",
        1, 20, &text);
    bool differ = false;
    for (unsigned second = 0; second < 20; second++) {
        char one[16];
        snprintf(one, sizeof one, "%s", value_at(&text, STARTS, second));
        differ |= strcmp(one, value_at(&text, "leaklab_scenario_starts_total{" TWO PATTERN "}", second)) != 0;
    }
    assert_true(differ);
    buf_deinit(&text);
}

static void the_process_is_worked_out_from_what_is_open(void **state)
{
    (void)state;
    struct buf text;
    seen("[{\"mode\":\"leak-file\",\"n\":5,\"at\":2},{\"mode\":\"leak-thread\",\"n\":3,\"at\":2},"
         "{\"mode\":\"leak-handle\",\"n\":4,\"at\":2}]",
         1, 4, &text);
    assert_value(&text, FDS, 1, "18");
    assert_value(&text, FDS, 3, "23");
    assert_value(&text, "process_threads{" ONE "}", 1, "9");
    assert_value(&text, "process_threads{" ONE "}", 3, "12");
    assert_value(&text, "leaklab_uv_handles{" ONE ",handle=\"timer\"}", 1, "2");
    assert_value(&text, "leaklab_uv_handles{" ONE ",handle=\"timer\"}", 3, "6");
    assert_value(&text, "process_max_fds{" ONE "}", 3, "1024");
    assert_value(&text, "leaklab_limit_descriptors{" ONE "}", 3, "640");
    assert_true(number_at(&text, "process_resident_memory_bytes{" ONE "}", 3) > (9 << 20) + 3 * 12288);
    buf_deinit(&text);
}

static void a_pool_without_threads_is_seen(void **state)
{
    (void)state;
    struct buf text;
    /* Given three jobs that never end, and a fourth after ten seconds. */
    seen("[{\"mode\":\"leak-threadpool\",\"n\":3},{\"mode\":\"leak-threadpool\",\"n\":1,\"at\":\"9500ms\"}]",
         1, 20, &text);
    assert_value(&text, "leaklab_threadpool_delay_seconds{" ONE "}", 9, "0");
    assert_value(&text, "leaklab_threadpool_delay_seconds{" ONE "}", 10, "0");
    assert_value(&text, "leaklab_threadpool_delay_seconds{" ONE "}", 15, "5");
    buf_deinit(&text);
}

static void a_mix_shows_both_of_its_parts(void **state)
{
    (void)state;
    struct buf text;
    seen("[{\"mode\":\"mix-recv\",\"n\":1,\"rate\":10,\"leak_share\":\"50%\"}]", 1, 10, &text);
    long leaks = number_at(&text, STARTS, 10);
    long fixes =
        number_at(&text, "leaklab_scenario_starts_total{" ONE ",pattern=\"recv\",variant=\"fix\"}", 10);
    assert_int_equal(leaks + fixes, 100);
    assert_true(leaks > 0 && fixes > 0);
    buf_deinit(&text);
}

/* How often the simulation may still ask before it has to stop. */
static unsigned patience;

static bool impatient(void)
{
    if (patience > 0)
        patience--;
    return patience == 0;
}

/* However long the time is in which nobody scrapes, whoever wants it to end does not wait for it. */
static void it_ends_at_any_time(void **state)
{
    static const char *const texts[] = {
        "{\"mode\":\"fix-recv\",\"n\":1,\"rate\":\"1/s\"}",
        "{\"scenarios\":[{\"mode\":\"fix-recv\",\"n\":1}],"
        "\"events\":[{\"at\":\"1s\",\"every\":\"1s\",\"restart\":\"all\"}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct run run = {0};
        json_t *body = json_loads(texts[i], 0, NULL), *problem = NULL, *answer = NULL;
        assert_int_equal(calendar_read(&run.calendar, body, "a", 0, &problem), ERR_OK);
        struct simulation_config config = config_of(&catalogue, &run.calendar, 1);
        config.stop = impatient;
        patience = 3;
        assert_int_equal(simulation_new(&run.simulation, &config), ERR_OK);
        assert_int_equal(simulation_begin(run.simulation, &answer), 201);
        pass(&run, 300 * 24 * HOUR); /* for which the test would run into its time limit */
        assert_int_equal(patience, 0);
        assert_int_equal(simulation_scrape(run.simulation), ERR_OK);
        json_decref(answer);
        json_decref(body);
        simulation_free(run.simulation);
        calendar_deinit(&run.calendar);
    }
}

static void told(void *context, const char *instance, const char *scenario, const char *limit)
{
    char *all = context;
    snprintf(all + strlen(all), 100, "%s/%s/%s ", instance, scenario, limit);
}

static void who_hit_a_limit_is_told_of_when_its_process_ends(void **state)
{
    (void)state;
    char all[300] = "";
    struct run run = {0};
    json_t *problem, *answer;
    json_t *body = json_loads("{\"scenarios\":[{\"mode\":\"leak-file\",\"n\":1000,\"name\":\"many\"}],"
                              "\"events\":[{\"at\":2,\"restart\":1}]}",
                              0, NULL);
    assert_int_equal(calendar_read(&run.calendar, body, "a", 0, &problem), ERR_OK);
    struct simulation_config config = config_of(&catalogue, &run.calendar, 1);
    config.capped = told;
    config.capped_context = all;
    assert_int_equal(simulation_new(&run.simulation, &config), ERR_OK);
    assert_int_equal(simulation_begin(run.simulation, &answer), 201);
    assert_int_equal(simulation_advance(run.simulation, SEC), ERR_OK);
    assert_string_equal(all, "");
    assert_int_equal(simulation_advance(run.simulation, 10 * SEC), ERR_OK);
    assert_string_equal(all, "a/many/descriptors ");
    simulation_end(run.simulation);
    assert_string_equal(all, "a/many/descriptors a/many/descriptors ");
    json_decref(answer);
    json_decref(body);
    simulation_free(run.simulation);
    calendar_deinit(&run.calendar);
}

static bool live_of(struct run *run)
{
    const struct simulation_config config = config_of(&catalogue, &run->calendar, 1);
    json_t *answer = NULL;
    if (simulation_new(&run->simulation, &config) != ERR_OK)
        return false;
    bool whole = simulation_begin(run->simulation, &answer) == 201;
    for (uint64_t i = 1; i <= 6 && whole; i++)
        whole = simulation_scrape(run->simulation) == ERR_OK &&
                simulation_advance(run->simulation, i * SEC) == ERR_OK;
    json_decref(answer);
    simulation_free(run->simulation);
    return whole;
}

/* Two instances, one restarted and one more added. */
static bool live_once(void *argument)
{
    struct run run = {0};
    json_t *problem = NULL;
    json_t *body = json_loads(argument, 0, NULL);
    if (body == NULL)
        return false;
    bool whole = calendar_read(&run.calendar, body, "a", 0, &problem) == ERR_OK && live_of(&run);
    json_decref(problem);
    json_decref(body);
    calendar_deinit(&run.calendar);
    return whole;
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    static char body[] = "{\"instances\":2,\"scenarios\":[{\"mode\":\"leak-recv\",\"n\":2}],\"events\":["
                         "{\"at\":1,\"restart\":1,\"down\":1},{\"at\":3,\"add\":3}]}";
    fault_sweep_every(3, live_once, body);
}

static int open_catalogue(void **state)
{
    (void)state;
    json_can_fail();
    load_catalogue(&catalogue);
    return 0;
}

static int close_catalogue(void **state)
{
    (void)state;
    catalogue_deinit(&catalogue);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_leak_stands_in_the_history),
        cmocka_unit_test(scenarios_begin_at_their_time),
        cmocka_unit_test(only_what_means_something_is_shown),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(how_often_is_looked_changes_nothing),
        cmocka_unit_test(who_never_rests_does_not_stop_time),
        cmocka_unit_test(it_ends_at_any_time),
        cmocka_unit_test(many_that_end_together_take_no_time),
        cmocka_unit_test(what_is_wrong_is_told_as_by_the_daemon),
        cmocka_unit_test(a_restart_hides_the_leak),
        cmocka_unit_test(what_a_load_is_at_outlives_a_restart),
        cmocka_unit_test(what_is_over_does_not_begin_again),
        cmocka_unit_test(a_restart_may_be_the_end_of_what_had_begun),
        cmocka_unit_test(a_deployment_takes_one_after_the_other),
        cmocka_unit_test(instances_come_and_go),
        cmocka_unit_test(a_scrape_fails_or_nobody_makes_it),
        cmocka_unit_test(chance_misses_its_share),
        cmocka_unit_test(each_process_has_its_own_chance),
        cmocka_unit_test(the_process_is_worked_out_from_what_is_open),
        cmocka_unit_test(a_pool_without_threads_is_seen),
        cmocka_unit_test(a_mix_shows_both_of_its_parts),
        cmocka_unit_test(who_hit_a_limit_is_told_of_when_its_process_ends),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
