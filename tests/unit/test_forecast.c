/* What a dry run foretells against what then happens, for each mode of the catalogue that is no mix of
 * others: at once, at a rate, and up to a limit. Nothing here knows a pattern: a new file is tested by being
 * there. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lab/forecast.h"
#include "lab_fixture.h"

#define TENTH 0.1
#define STEP  (100 * MS)

static struct desk desk;
static unsigned limited_by_supplies;

/* The forecast of a spec, which is JSON without its closing brace. */
static json_t *foretell(const char *spec)
{
    char body[512];
    struct reply reply;
    snprintf(body, sizeof body, "%s,\"dry_run\":true}", spec);
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, body), 200);
    json_t *forecast = json_incref(json_object_get(reply.request.answer, "forecast"));
    reply_free(&reply);
    return forecast;
}

static double told(const json_t *forecast, const char *member)
{
    return json_number_value(json_object_get(forecast, member));
}

/* What one scenario came to. */
struct outcome {
    double spawned, starts, tasks_most, bytes_most, left;
    double capped_after_seconds; /* 0: it was not */
    enum limit_kind capped_by;   /* LIMIT_KINDS: it was not */
};

/* Runs until nothing is left to do at this time of the clock; what was there at a time counts, for however
 * short. */
static void settle(struct outcome *outcome)
{
    const struct runtime *runtime = &desk.core.runtime;
    bool more = true;
    while (more) {
        more = runtime_turn(&desk.core.runtime, (struct budget){.rounds = 1});
        more |= core_after_turn(&desk.core);
        core_deliver(&desk.core);
        outcome->tasks_most = fmax(outcome->tasks_most, (double)runtime->live);
        outcome->bytes_most = fmax(outcome->bytes_most, (double)runtime->charged_bytes);
    }
}

/* The body goes to the lab, which has not begun anything yet. */
static void spawn(const char *body)
{
    struct reply reply;
    desk_post(&desk, &reply, LAB_SCENARIO_POST, NULL, body);
    core_deliver(&desk.core);
    assert_true(reply.answered && reply.request.status == 201);
    reply_free(&reply);
}

/* Runs it for `seconds`, or until a limit ends it. */
static struct outcome run(const char *spec, double seconds)
{
    char body[512];
    struct outcome outcome = {0};
    struct reply reply;
    const struct runtime *runtime = &desk.core.runtime;
    snprintf(body, sizeof body, "%s,\"name\":\"x\"}", spec);
    uint64_t began_ns = desk.clock.manual_ns;
    spawn(body);
    for (double now = 0; now < seconds && outcome.capped_after_seconds == 0;) {
        settle(&outcome);
        if (scenario_capped_by(core_find(&desk.core, "x")) != LIMIT_KINDS)
            outcome.capped_after_seconds = now;
        uint64_t due_ns = runtime_due_ns(runtime), next_ns = desk.clock.manual_ns + STEP;
        desk.clock.manual_ns = due_ns > desk.clock.manual_ns && due_ns < next_ns ? due_ns : next_ns;
        now = (double)(desk.clock.manual_ns - began_ns) / 1e9;
    }
    const struct scenario *scenario = core_find(&desk.core, "x");
    outcome.capped_by = scenario_capped_by(scenario);
    for (size_t i = 0; i < scenario->workload_count; i++)
        outcome.spawned += (double)scenario->workloads[i].census.spawned;
    outcome.left = (double)runtime->live;
    assert_int_equal(desk_ask(&desk, &reply, LAB_RESET, NULL, NULL), 200);
    reply_free(&reply);
    desk_settle(&desk);
    return outcome;
}

/* `slack`: what a start more or less, or a moment, may make of a difference. */
static void assert_close(const char *mode, const char *what, double foretold, double is, double slack)
{
    if (fabs(foretold - is) > TENTH * fmax(fabs(is), fabs(foretold)) + slack)
        fail_msg("%s: %s was foretold as %g and is %g", mode, what, foretold, is);
}

static void one_start(const char *mode)
{
    char spec[256];
    snprintf(spec, sizeof spec, "{\"mode\":\"%s\",\"linger\":\"2s\",\"seed\":5", mode);
    json_t *forecast = foretell(spec);
    struct outcome outcome = run(spec, 600);
    assert_close(mode, "tasks_per_start", told(forecast, "tasks_per_start"), outcome.spawned, 0);
    assert_close(mode, "tasks_peak", told(forecast, "tasks_peak"), outcome.tasks_most, 1);
    assert_close(mode, "heap_bytes_per_start", told(forecast, "heap_bytes_per_start"), outcome.bytes_most,
                 1024);
    assert_close(mode, "leaked_per_start", told(forecast, "leaked_per_start"), outcome.left, 0);
    json_decref(forecast);
}

static void starts_at_a_rate(const char *mode)
{
    char spec[256];
    snprintf(spec, sizeof spec, "{\"mode\":\"%s\",\"rate\":10,\"duration\":\"10s\",\"linger\":\"500ms\"",
             mode);
    json_t *forecast = foretell(spec);
    struct outcome outcome = run(spec, 10);
    double most = told(forecast, "tasks_per_start");
    assert_close(mode, "tasks_peak at a rate", told(forecast, "tasks_peak"), outcome.tasks_most, most);
    json_decref(forecast);
}

static void a_limit(const char *mode)
{
    char spec[256];
    snprintf(spec, sizeof spec, "{\"mode\":\"%s\",\"rate\":10,\"linger\":\"500ms\"", mode);
    json_t *forecast = foretell(spec);
    double growth = told(forecast, "leaked_per_second"), start = told(forecast, "tasks_per_start");
    json_decref(forecast);
    if (growth == 0)
        return;
    snprintf(spec, sizeof spec, "{\"mode\":\"%s\",\"rate\":10,\"linger\":\"500ms\",\"max_tasks\":%.0f", mode,
             growth * 8 + start * 10);
    forecast = foretell(spec);
    struct outcome outcome = run(spec, 60);
    assert_string_equal(json_string_value(json_object_get(forecast, "limit")), "tasks");
    assert_close(mode, "limit_after_seconds", told(forecast, "limit_after_seconds"),
                 outcome.capped_after_seconds, 0.2);
    json_decref(forecast);
}

/* What is opened for real has limits of its own, which no scenario sets. */
static void a_supply(const char *mode)
{
    char spec[256];
    snprintf(spec, sizeof spec, "{\"mode\":\"%s\",\"rate\":10,\"linger\":\"500ms\",\"duration\":\"20s\"",
             mode);
    json_t *forecast = foretell(spec);
    const char *limit = json_string_value(json_object_get(forecast, "limit"));
    struct outcome outcome = run(spec, 20);
    assert_string_equal(limit == NULL ? "none" : limit,
                        outcome.capped_by == LIMIT_KINDS ? "none" : limit_kind_word(outcome.capped_by));
    assert_close(mode, "limit_after_seconds", told(forecast, "limit_after_seconds"),
                 outcome.capped_after_seconds, 0.2);
    if (limit != NULL)
        assert_close(mode, "tasks_peak at a limit of supplies", told(forecast, "tasks_peak"),
                     outcome.tasks_most, told(forecast, "tasks_per_start"));
    limited_by_supplies += limit != NULL;
    json_decref(forecast);
}

#if defined(__SANITIZE_ADDRESS__)
#define EACH 6 /* of so many modes one is tried */
#else
#define EACH 1
#endif

static void each_mode(void (*check)(const char *mode))
{
    unsigned number = 0;
    char mode[MODE_TEXT];
    for (size_t i = 0; i < desk.catalogue.count; i++)
        for (enum variant variant = 0; variant < VARIANTS; variant++) {
            const struct mode which = {desk.catalogue.patterns[i], variant};
            if (mode_exists(which) && number++ % EACH == 0)
                check(mode_format(which, mode));
        }
}

static void what_one_start_comes_to_is_foretold(void **state)
{
    (void)state;
    each_mode(one_start);
}

static void what_starts_at_a_rate_come_to_is_foretold(void **state)
{
    (void)state;
    each_mode(starts_at_a_rate);
}

static void when_a_limit_is_reached_is_foretold(void **state)
{
    (void)state;
    each_mode(a_limit);
}

static void when_descriptors_handles_threads_or_jobs_run_out_is_foretold(void **state)
{
    (void)state;
    uint64_t *supplies = desk.core.runtime.supplies_max, before[SUPPLIES];
    memcpy(before, supplies, sizeof before);
    for (int supply = 0; supply < SUPPLIES; supply++)
        supplies[supply] = 95;
    limited_by_supplies = 0;
    each_mode(a_supply);
    memcpy(supplies, before, sizeof before);
    assert_true(EACH > 1 || limited_by_supplies >= SUPPLIES);
}

static int set_up(void **state)
{
    (void)state;
    desk_open(&desk, 100000000, 1ull << 40);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    desk_close(&desk);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_start_comes_to_is_foretold),
        cmocka_unit_test(what_starts_at_a_rate_come_to_is_foretold),
        cmocka_unit_test(when_a_limit_is_reached_is_foretold),
        cmocka_unit_test(when_descriptors_handles_threads_or_jobs_run_out_is_foretold),
    };
    return cmocka_run_group_tests_name("forecast", tests, set_up, tear_down);
}
