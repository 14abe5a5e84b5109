/* Every pattern of the catalogue in every mode it has, mixes too, as a scenario at a rate: what is there
 * after the end against all that its file states, and nothing after a reclaim. A new file is tested by being
 * there. */
#include <stdio.h>
#include <stdlib.h>

#include "lab_fixture.h"
#include "left.h"

#define SMALL_COUNT 100 /* what larger defaults are cut down to */
#define STARTS_MOST 21
#define MIB         (1024ull * 1024)

/* POST /scenario: twenty starts within 400 ms, in all of which the pattern's larger counts are cut down. */
static void spawn(struct desk *desk, const struct mode *mode)
{
    char text[MODE_TEXT];
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s}", "mode", mode_format(*mode, text), "name", "x",
                             "rate", "50/s", "duration", "400ms", "linger", "30ms");
    assert_non_null(body);
    if (mode->variant == VARIANT_MIX)
        assert_int_equal(json_object_set_new(body, "leak_share", json_string("50%")), 0);
    int64_t params[LIMIT_PARAMS];
    for (uint16_t i = 0; i < mode->pattern->param_count; i++) {
        const struct param *param = &mode->pattern->params[i];
        params[i] = param_default(mode->pattern, i, params, 30 * (int64_t)MS);
        if (param->type == PARAM_COUNT && params[i] > SMALL_COUNT && param->min <= SMALL_COUNT)
            assert_int_equal(json_object_set_new(body, param->name, json_integer(SMALL_COUNT)), 0);
    }
    char *posted = json_dumps(body, 0);
    desk_spawn(desk, posted);
    free(posted);
    json_decref(body);
}

static void assert_conserved(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->workload_count; i++) {
        const struct census *census = &scenario->workloads[i].census;
        uint64_t states = 0;
        for (int state = 0; state < TASK_STATES; state++)
            states += census->states[state];
        assert_int_equal(census->spawned - census_ended(census), states);
    }
}

/* Each start has left what its variant states, of everything. True when that is something. */
static bool assert_left(const struct scenario *scenario)
{
    uint64_t tasks = 0, left = 0;
    for (size_t i = 0; i < scenario->workload_count; i++) {
        const struct workload *workload = &scenario->workloads[i];
        const struct census *census = &workload->census;
        assert_true(census->starts > 0);
        for (enum expect expect = 0; expect < EXPECTS; expect++) {
            uint64_t stated =
                census->starts * (uint64_t)pattern_expected_of(workload->program, workload->values, expect);
            if (left_of(census, expect) != stated)
                fail_msg("%llu %s where %llu are stated", (unsigned long long)left_of(census, expect),
                         expect_word(expect), (unsigned long long)stated);
            left += expect == EXPECT_PANICKED ? 0 : stated;
        }
        tasks += census_live(census);
    }
    assert_in_range(scenario_census(scenario).starts, STARTS_MOST - 2, STARTS_MOST);
    assert_int_equal(scenario_expected_leaked(scenario), tasks);
    return left > 0;
}

static void at_a_rate_each_start_leaks_what_its_file_states(void **state)
{
    const struct mode *mode = *state;
    struct desk desk;
    struct reply reply;
    desk_open(&desk, 1000000, 1024 * MIB);
    spawn(&desk, mode);
    for (int step = 0; step < 20; step++) {
        desk_advance(&desk, 25 * MS);
        assert_conserved(core_find(&desk.core, "x"));
    }
    desk_advance(&desk, 30 * SEC);

    struct scenario *scenario = core_find(&desk.core, "x");
    assert_conserved(scenario);
    assert_string_equal(desk_look(&desk, "x", "state"), assert_left(scenario) ? "leaked" : "finished");
    assert_string_equal(desk_look(&desk, "x", "cause"), "expired");

    assert_int_equal(
        desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"action\":\"reclaim\",\"name\":\"x\"}"), 200);
    reply_free(&reply);
    assert_string_equal(desk_look(&desk, "x", "state"), "finished");
    assert_string_equal(desk_look(&desk, "x", "tickers"), "0");
    assert_string_equal(desk_look(&desk, "x", "channels"), "0");
    assert_string_equal(desk_look(&desk, "x", "heap_bytes"), "0");
    assert_string_equal(desk_look(&desk, "x", "resources"), "{}");
    assert_string_equal(desk_look(&desk, "x", "lost_heap_bytes"), "0");
    assert_int_equal(desk.core.runtime.starts, 0);
    desk_close(&desk);
}

/* A mode, and the name of its test. */
struct listed {
    struct mode mode;
    char name[MODE_TEXT + 80];
};

static size_t list_modes(const struct catalogue *catalogue, struct listed *listed, struct CMUnitTest *tests)
{
    size_t count = 0;
    for (size_t i = 0; i < catalogue->count; i++) {
        for (enum variant which = 0; which <= VARIANT_MIX; which++) {
            struct listed *next = &listed[count];
            char text[MODE_TEXT];
            next->mode = (struct mode){catalogue->patterns[i], which};
            if (!mode_exists(next->mode))
                continue;
            snprintf(next->name, sizeof next->name, "%s: at_a_rate_each_start_leaks_what_its_file_states",
                     mode_format(next->mode, text));
            tests[count++] = (struct CMUnitTest){.name = next->name,
                                                 .test_func = at_a_rate_each_start_leaks_what_its_file_states,
                                                 .initial_state = &next->mode};
        }
    }
    return count;
}

int main(void)
{
    struct catalogue catalogue;
    load_catalogue(&catalogue);
    struct listed *listed = calloc(catalogue.count * (VARIANT_MIX + 1), sizeof *listed);
    struct CMUnitTest *tests = calloc(catalogue.count * (VARIANT_MIX + 1), sizeof *tests);
    size_t count = listed == NULL || tests == NULL ? 0 : list_modes(&catalogue, listed, tests);
    int failed = count == 0 ? 1 : _cmocka_run_group_tests("catalogue_scenario", tests, count, NULL, NULL);
    free(tests);
    free(listed);
    catalogue_deinit(&catalogue);
    return failed;
}
