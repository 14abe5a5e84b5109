/* Mixes: a scenario of which a share of the starts leaks and the others run the fix. */
#include <stdio.h>
#include <stdlib.h>

#include "fault.h"
#include "lab/forecast.h"
#include "lab/problem.h"
#include "lab_fixture.h"
#include "runtime/ghost.h"

#define MIB 1048576ull

static struct catalogue catalogue;

static enum err parse(const char *text, struct spec *spec, json_t **problem)
{
    struct spec_context with = {
        .catalogue = &catalogue, .max_tasks = 1000000, .max_heap_bytes = 1024 * MIB, .seed = 99};
    json_t *body = json_loads(text, 0, NULL);
    assert_non_null(body);
    enum err err = spec_parse(&with, body, spec, problem);
    json_decref(body);
    return err;
}

static struct spec spec_of(const char *text)
{
    struct spec spec;
    json_t *problem;
    assert_int_equal(parse(text, &spec, &problem), ERR_OK);
    return spec;
}

static void assert_fault(const char *text, const char *pointer, const char *detail)
{
    struct spec spec;
    json_t *problem;
    assert_int_equal(parse(text, &spec, &problem), ERR_RANGE);
    assert_string_equal(json_look(problem, "errors.0.pointer"), pointer);
    assert_string_equal(json_look(problem, "errors.0.detail"), detail);
    json_decref(problem);
}

/* ---- what is asked for ---- */

static void a_share_is_a_percentage_or_a_number(void **state)
{
    (void)state;
    assert_int_equal(spec_of("{\"mode\":\"mix-recv\"}").leak_share, 200);
    assert_int_equal(spec_of("{\"mode\":\"mix-recv\",\"leak_share\":\"2.5%\"}").leak_share, 250);
    assert_int_equal(spec_of("{\"mode\":\"mix-recv\",\"leak_share\":0.02}").leak_share, 200);
    assert_int_equal(spec_of("{\"mode\":\"mix-recv\",\"leak_share\":\"0.07\"}").leak_share, 700);
    assert_int_equal(spec_of("{\"mode\":\"mix-recv\",\"leak_share\":1}").leak_share, 10000);
    assert_int_equal(spec_of("{\"mode\":\"mix-recv\",\"leak_share\":0}").leak_share, 0);
    assert_int_equal(spec_of("{\"mode\":\"leak-recv\",\"leak_share\":null}").leak_share, 0);
}

static void a_wrong_share_says_what_would_have_been_right(void **state)
{
    (void)state;
    static const char right[] = "must be a percentage such as 2% or a share such as 0.02, from 0% to 100% in "
                                "steps of 0.01%";
    static const char *const wrong[] = {"2", "1.01", "-0.1", "\"101%\"", "0.00001", "\"0.001%\"", "\"few\""};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"mode\":\"mix-recv\",\"leak_share\":%s}", wrong[i]);
        assert_fault(text, "/leak_share", right);
    }
    assert_fault("{\"mode\":\"fix-recv\",\"leak_share\":\"2%\"}", "/leak_share",
                 "does not go with the mode fix-recv: it is for a mix of leak and fix, such as mix-recv");
}

static void what_has_no_leak_and_fix_has_no_mix(void **state)
{
    (void)state;
    struct spec spec;
    json_t *problem;
    assert_int_equal(parse("{\"mode\":\"mix-plateau\"}", &spec, &problem), ERR_RANGE);
    assert_string_equal(json_look(problem, "errors.0.pointer"), "/mode");
    json_decref(problem);
    assert_fault("{\"mode\":\"mix-recw\"}", "/mode", "unknown mode \"mix-recw\": did you mean \"mix-recv\"?");
}

static void its_share_is_reported_and_can_be_posted_again(void **state)
{
    (void)state;
    struct spec first = spec_of("{\"mode\":\"mix-recv\",\"name\":\"x\",\"rate\":5,\"leak_share\":0.1}");
    json_t *json = spec_json(&first);
    assert_string_equal(json_look(json, "mode"), "mix-recv");
    assert_string_equal(json_look(json, "leak_share"), "10%");
    char *text = json_dumps(json, 0);
    struct spec second = spec_of(text);
    assert_memory_equal(&first, &second, sizeof first);
    free(text);
    json_decref(json);
    struct spec plain = spec_of("{\"mode\":\"leak-recv\",\"name\":\"x\"}");
    json = spec_json(&plain);
    assert_string_equal(json_look(json, "leak_share"), "null");
    json_decref(json);
}

static void a_forecast_is_of_the_mean(void **state)
{
    (void)state;
    struct spec spec =
        spec_of("{\"mode\":\"mix-recv\",\"n\":1,\"rate\":100,\"leak_share\":\"2%\",\"duration\":\"50s\"}");
    struct forecast forecast;
    assert_int_equal(forecast_make(&spec, ghost_supplies, &forecast), ERR_OK);
    assert_true(forecast.leaked_per_start == 0.02);
    assert_true(forecast.tasks_per_start == 2);
    assert_true(forecast.leaked_per_second == 2);
    assert_true(forecast.tasks_peak == 198 + 2 * 50);
    assert_null(forecast.limit);
    json_t *json = forecast_json(&forecast);
    assert_string_equal(json_look(json, "tasks_per_start"), "2");
    assert_string_equal(json_look(json, "leaked_per_start"), "0.02");
    json_decref(json);
}

/* ---- which starts leak ---- */

static unsigned leaking(uint64_t seed, int64_t share, unsigned starts)
{
    struct spec spec = spec_of("{\"mode\":\"mix-recv\"}");
    unsigned count = 0;
    spec.seed = seed;
    spec.leak_share = share;
    for (unsigned start = 0; start < starts; start++)
        count += spec_choose(&spec, start) == 0;
    return count;
}

static void a_share_of_the_starts_leaks(void **state)
{
    (void)state;
    assert_int_equal(leaking(7, 0, 10000), 0);
    assert_int_equal(leaking(7, 10000, 10000), 10000);
    /* Within four standard deviations, for whatever seed. */
    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_in_range(leaking(seed, 200, 10000), 200 - 56, 200 + 56);
        assert_in_range(leaking(seed, 5000, 10000), 5000 - 200, 5000 + 200);
    }
}

static void the_same_seed_gives_the_same_split(void **state)
{
    (void)state;
    struct spec one = spec_of("{\"mode\":\"mix-recv\",\"seed\":7,\"leak_share\":\"50%\"}");
    struct spec same =
        spec_of("{\"mode\":\"mix-recv\",\"seed\":7,\"leak_share\":\"50%\",\"rate\":3,\"n\":9}");
    struct spec other = spec_of("{\"mode\":\"mix-recv\",\"seed\":8,\"leak_share\":\"50%\"}");
    unsigned differ = 0;
    for (uint64_t start = 0; start < 1000; start++) {
        assert_int_equal(spec_choose(&one, start), spec_choose(&same, start));
        differ += spec_choose(&one, start) != spec_choose(&other, start);
    }
    assert_in_range(differ, 400, 600);
}

/* ---- a scenario with two workloads ---- */

static struct snapshot *look(struct desk *desk)
{
    struct snapshot *snapshot =
        calloc(1, sizeof *snapshot + LIMIT_PROGRAMS * sizeof(struct snapshot_program));
    assert_non_null(snapshot);
    core_fill(&desk->core, snapshot);
    return snapshot;
}

/* 500 starts within five seconds, of which a tenth leaks three tasks each. */
static unsigned given_a_mix(struct desk *desk)
{
    desk_open(desk, 100000, 1024 * MIB);
    desk_spawn(desk, "{\"mode\":\"mix-recv\",\"name\":\"x\",\"n\":3,\"rate\":\"100/s\",\"linger\":\"20ms\","
                     "\"duration\":\"5s\",\"leak_share\":\"10%\",\"seed\":7}");
    return leaking(7, 1000, 500);
}

static void leaks_and_fixes_count_under_their_own_variant(void **state)
{
    (void)state;
    struct desk desk;
    unsigned leaks = given_a_mix(&desk);
    assert_in_range(leaks, 20, 80);
    desk_advance(&desk, 2 * SEC);
    struct snapshot *snapshot = look(&desk);
    const struct snapshot_program *mix = program_in(snapshot, "recv", "mix");
    assert_true(mix->mix);
    assert_int_equal(mix->scenarios[SCENARIO_RUNNING], 1);
    assert_int_equal(program_in(snapshot, "recv", "leak")->scenarios_seen, 0);
    desk_advance(&desk, 10 * SEC);
    core_fill(&desk.core, snapshot);
    const struct snapshot_program *leak = program_in(snapshot, "recv", "leak");
    const struct snapshot_program *fix = program_in(snapshot, "recv", "fix");
    assert_int_equal(leak->census.starts, leaks);
    assert_int_equal(fix->census.starts, 500 - leaks);
    assert_int_equal(census_live(&leak->census), 3 * leaks);
    assert_int_equal(leak->expected_leaked, 3 * leaks);
    assert_int_equal(census_live(&fix->census), 0);
    assert_int_equal(fix->expected_leaked, 0);
    assert_int_equal(mix->census.spawned, 0);
    assert_int_equal(mix->expected_leaked, 0);
    assert_int_equal(mix->scenarios[SCENARIO_LEAKED], 1);
    free(snapshot);
    desk_close(&desk);
}

static void it_is_shown_and_ended_as_one(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    char tasks[16];
    unsigned leaks = given_a_mix(&desk);
    desk_advance(&desk, 12 * SEC);
    snprintf(tasks, sizeof tasks, "%u", 3 * leaks);
    assert_string_equal(desk_look(&desk, "x", "mode"), "mix-recv");
    assert_string_equal(desk_look(&desk, "x", "variant"), "mix");
    assert_string_equal(desk_look(&desk, "x", "state"), "leaked");
    assert_string_equal(desk_look(&desk, "x", "cause"), "expired");
    assert_string_equal(desk_look(&desk, "x", "starts"), "500");
    assert_string_equal(desk_look(&desk, "x", "tasks.spawned"), "2000");
    assert_string_equal(desk_look(&desk, "x", "tasks.live"), tasks);
    assert_string_equal(desk_look(&desk, "x", "expected_leaked"), tasks);
    assert_int_equal(
        desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"action\":\"reclaim\",\"name\":\"x\"}"), 200);
    assert_string_equal(json_look(reply.request.answer, "receipt.tasks_reclaimed"), tasks);
    assert_string_equal(json_look(reply.request.answer, "receipt.tasks_left"), "0");
    reply_free(&reply);
    assert_string_equal(desk_look(&desk, "x", "state"), "finished");
    desk_close(&desk);
}

static void a_cancel_tells_both(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    desk_open(&desk, 100000, 1024 * MIB);
    desk_spawn(&desk, "{\"mode\":\"mix-recv\",\"name\":\"x\",\"n\":3,\"rate\":\"100/s\",\"linger\":\"1h\","
                      "\"leak_share\":\"50%\",\"seed\":7}");
    desk_advance(&desk, SEC);
    unsigned leaks = leaking(7, 5000, 100);
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_DELETE, "x", NULL), 202);
    assert_int_equal(strtoul(json_look(reply.request.answer, "receipt.tasks_told"), NULL, 10), 400);
    assert_int_equal(strtoul(json_look(reply.request.answer, "receipt.tasks_left"), NULL, 10), 3 * leaks);
    reply_free(&reply);
    desk_close(&desk);
}

static uint64_t hits(const struct snapshot *snapshot, enum limit_kind kind)
{
    return program_in(snapshot, "recv", "leak")->limit_hits[kind] +
           program_in(snapshot, "recv", "fix")->limit_hits[kind];
}

static void its_limits_are_for_both_together(void **state)
{
    (void)state;
    static const struct {
        const char *limit;
        const char *word;
        enum limit_kind kind;
    } limits[] = {{"\"max_tasks\":50", "own_tasks", LIMIT_KIND_OWN_TASKS},
                  {"\"max_heap\":\"64KiB\"", "own_heap", LIMIT_KIND_OWN_HEAP}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct desk desk;
        char body[256];
        desk_open(&desk, 100000, 1024 * MIB);
        snprintf(body, sizeof body,
                 "{\"mode\":\"mix-recv\",\"name\":\"x\",\"n\":1,\"rate\":\"1000/s\",\"linger\":\"1h\","
                 "\"leak_share\":\"50%%\",%s}",
                 limits[i].limit);
        desk_spawn(&desk, body);
        uint64_t most = 0, most_bytes = 0;
        for (int ms = 0; ms < 100; ms++) {
            desk_advance(&desk, MS);
            most = desk.core.runtime.live > most ? desk.core.runtime.live : most;
            most_bytes =
                desk.core.runtime.charged_bytes > most_bytes ? desk.core.runtime.charged_bytes : most_bytes;
        }
        assert_string_equal(desk_look(&desk, "x", "cause"), "capped");
        assert_string_equal(desk_look(&desk, "x", "capped_by"), limits[i].word);
        assert_in_range(most, 48, 50 + (i == 1 ? 100 : 0));
        assert_in_range(most_bytes, 32 * 1024, i == 1 ? 64 * 1024 : MIB);
        struct snapshot *snapshot = look(&desk);
        assert_int_equal(hits(snapshot, limits[i].kind), 1);
        free(snapshot);
        desk_close(&desk);
    }
}

/* A mix that has not begun when the test ends, beside those of the attempts before it. */
static bool begin_once(void *argument)
{
    struct desk *desk = argument;
    struct core *core = &desk->core;
    struct spec spec = spec_of("{\"mode\":\"mix-recv\",\"n\":1,\"rate\":1}");
    struct scenario *scenario;
    enum limit_kind refused_by;
    uint32_t before = core->scenario_count;
    spec.mode.pattern = catalogue_find(&desk->catalogue, "recv");
    core_make_name(core, spec.mode, spec.name);
    bool begun = core_spawn(core, &spec, &scenario, &refused_by) == ERR_OK;
    assert_int_equal(core->scenario_count, before + begun);
    return begun;
}

static void without_memory_there_is_none(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 100000, 1024 * MIB);
    fault_sweep(begin_once, &desk);
    desk_close(&desk);
}

static int set_up(void **state)
{
    (void)state;
    load_catalogue(&catalogue);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    catalogue_deinit(&catalogue);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_share_is_a_percentage_or_a_number),
        cmocka_unit_test(a_wrong_share_says_what_would_have_been_right),
        cmocka_unit_test(what_has_no_leak_and_fix_has_no_mix),
        cmocka_unit_test(its_share_is_reported_and_can_be_posted_again),
        cmocka_unit_test(a_forecast_is_of_the_mean),
        cmocka_unit_test(a_share_of_the_starts_leaks),
        cmocka_unit_test(the_same_seed_gives_the_same_split),
        cmocka_unit_test(leaks_and_fixes_count_under_their_own_variant),
        cmocka_unit_test(it_is_shown_and_ended_as_one),
        cmocka_unit_test(a_cancel_tells_both),
        cmocka_unit_test(its_limits_are_for_both_together),
        cmocka_unit_test(without_memory_there_is_none),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
