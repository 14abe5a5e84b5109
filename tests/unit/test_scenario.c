/* The life of a scenario, by hand: a runtime, a clock that the test moves, and the built-in patterns. */
#include "lab/scenario.h"

#include <stdio.h>
#include <string.h>

#include "lab_fixture.h"

#define MIB (1024ull * 1024)

static void given(struct desk *desk)
{
    desk_open(desk, 100000, 1024 * MIB);
}

/* The scenario called "x" is in this state, for this cause, with that many tasks. */
static void assert_is(struct desk *desk, const char *state, const char *cause, int live)
{
    char tasks[16];
    snprintf(tasks, sizeof tasks, "%d", live);
    assert_string_equal(desk_look(desk, "x", "state"), state);
    assert_string_equal(desk_look(desk, "x", "cause"), cause);
    assert_string_equal(desk_look(desk, "x", "tasks.live"), tasks);
}

static void a_leak_runs_until_its_owner_leaves(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":20,\"linger\":\"80ms\"}");
    assert_is(&desk, "running", "null", 21);
    assert_string_equal(desk_look(&desk, "x", "tasks.states.recv"), "20");
    assert_string_equal(desk_look(&desk, "x", "expected_leaked"), "0");

    desk_advance(&desk, 79 * MS);
    assert_is(&desk, "running", "null", 21);

    desk_advance(&desk, 2 * MS);
    assert_is(&desk, "draining", "completed", 20);
    assert_string_equal(desk_look(&desk, "x", "expected_leaked"), "20");

    desk_advance(&desk, LIMIT_GRACE_MS * MS);
    assert_is(&desk, "leaked", "completed", 20);
    desk_close(&desk);
}

static void a_fix_is_finished_when_its_owner_leaves(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"x\",\"n\":20,\"linger\":\"80ms\"}");
    desk_advance(&desk, 81 * MS);
    assert_is(&desk, "finished", "completed", 0);
    assert_string_equal(desk_look(&desk, "x", "tasks.ended.cancelled"), "20");
    assert_string_equal(desk_look(&desk, "x", "heap_bytes"), "0");
    desk_close(&desk);
}

static void without_a_linger_owners_stay_until_the_scenario_ends(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"x\",\"n\":20}");
    desk_advance(&desk, 3600 * SEC);
    assert_is(&desk, "running", "null", 21);
    desk_close(&desk);
}

static void a_duration_ends_a_scenario(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"x\",\"n\":20,\"duration\":2}");
    desk_advance(&desk, 2 * SEC - MS);
    assert_is(&desk, "running", "null", 21);
    desk_advance(&desk, 2 * MS);
    assert_is(&desk, "finished", "expired", 0);
    desk_close(&desk);
}

static void a_rate_makes_exactly_the_starts_that_are_due(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    desk_spawn(
        &desk,
        "{\"mode\":\"fix-recv\",\"name\":\"x\",\"n\":1,\"rate\":\"50/s\",\"duration\":2,\"linger\":\"5ms\"}");
    assert_is(&desk, "starting", "null", 0);
    desk_advance(&desk, 20 * MS);
    assert_is(&desk, "running", "null", 2);
    desk_advance(&desk, 980 * MS);
    assert_string_equal(desk_look(&desk, "x", "starts"), "50");
    desk_advance(&desk, 2 * SEC);
    assert_string_equal(desk_look(&desk, "x", "starts"), "100");
    assert_is(&desk, "finished", "expired", 0);
    desk_close(&desk);
}

static void a_shape_moves_the_rate(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 100000, 1ull << 30);
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"x\",\"n\":1,\"rate\":\"100/s\",\"linger\":\"5ms\","
                      "\"shape\":\"double-halve\",\"shape_period\":\"6s\",\"duration\":\"12s\"}");
    static const char *const starts[] = {"12", "37", "87", "187", "237", "262", "275"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        desk_advance(&desk, SEC);
        assert_string_equal(desk_look(&desk, "x", "starts"), starts[i]);
    }
    desk_advance(&desk, 60 * SEC);
    assert_string_equal(desk_look(&desk, "x", "starts"), "525");
    assert_string_equal(desk_look(&desk, "x", "starts_skipped"), "0");
    assert_string_equal(desk_look(&desk, "x", "cause"), "expired");
    desk_close(&desk);
}

static void a_leak_with_a_rate_grows_while_it_runs(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":10,\"rate\":\"600/m\"}");
    desk_advance(&desk, 10 * SEC);
    assert_is(&desk, "running", "null", 100 * 10 + 10);
    assert_string_equal(desk_look(&desk, "x", "expected_leaked"), "900");
    desk_close(&desk);
}

static void a_late_loop_catches_up(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    desk_spawn(&desk,
               "{\"mode\":\"fix-recv\",\"name\":\"x\",\"n\":0,\"rate\":\"1000/s\",\"linger\":\"1ms\"}");
    desk.clock.manual_ns += 5 * SEC;
    desk_settle(&desk);
    assert_string_equal(desk_look(&desk, "x", "starts"), "5000");
    assert_string_equal(desk_look(&desk, "x", "starts_skipped"), "0");
    desk_close(&desk);
}

static void a_very_late_loop_skips_what_it_cannot_make_up_for(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    desk_spawn(&desk,
               "{\"mode\":\"fix-recv\",\"name\":\"x\",\"n\":0,\"rate\":\"1000000/s\",\"linger\":\"1ms\","
               "\"max_tasks\":100000}");
    struct scenario *scenario = core_find(&desk.core, "x");
    desk.clock.manual_ns += 3600 * SEC;
    runtime_turn(&desk.core.runtime, (struct budget){.rounds = 2});
    assert_int_equal(scenario->skipped, 3600000000ull - LIMIT_START_LAG);
    desk_close(&desk);
}

static void a_cancelled_leak_has_leaked_after_the_grace(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-send\",\"name\":\"x\",\"n\":20}");
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_DELETE, "x", NULL), 202);
    reply_free(&reply);
    assert_is(&desk, "draining", "cancelled", 20);
    desk_advance(&desk, LIMIT_GRACE_MS * MS + MS);
    assert_is(&desk, "leaked", "cancelled", 20);
    assert_string_equal(desk_look(&desk, "x", "expected_leaked"), "20");

    /* Leaked is for ever, unless somebody reclaims. */
    desk_advance(&desk, 3600 * SEC);
    assert_is(&desk, "leaked", "cancelled", 20);
    assert_int_equal(
        desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"action\":\"reclaim\",\"name\":\"x\"}"), 200);
    reply_free(&reply);
    assert_is(&desk, "finished", "reclaimed", 0);
    assert_string_equal(desk_look(&desk, "x", "tasks.ended.reclaimed"), "20");
    desk_close(&desk);
}

static void tasks_that_end_late_finish_a_leaked_scenario(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"fix-send\",\"name\":\"x\",\"n\":20,\"patience\":\"5s\"}");
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_DELETE, "x", NULL), 202);
    reply_free(&reply);
    desk_advance(&desk, LIMIT_GRACE_MS * MS + MS);
    assert_is(&desk, "leaked", "cancelled", 20);
    desk_advance(&desk, 4 * SEC);
    assert_is(&desk, "finished", "cancelled", 0);
    assert_string_equal(desk_look(&desk, "x", "tasks.ended.timed_out"), "20");
    desk_close(&desk);
}

static void its_own_task_limit_caps_a_scenario_and_nothing_else(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"y\",\"n\":10}");
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":1000000,\"max_tasks\":100}");
    desk_advance(&desk, LIMIT_GRACE_MS * MS + MS);
    assert_is(&desk, "leaked", "capped", 99);
    assert_string_equal(desk_look(&desk, "x", "capped_by"), "own_tasks");
    assert_string_equal(desk_look(&desk, "y", "state"), "running");
    assert_string_equal(desk_look(&desk, "y", "tasks.live"), "11");
    desk_close(&desk);
}

static void a_limit_that_lets_nothing_begin_caps_at_once(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"max_heap\":1}");
    assert_is(&desk, "finished", "capped", 0);
    assert_string_equal(desk_look(&desk, "x", "capped_by"), "own_heap");
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"max_heap\":1,\"rate\":100}");
    desk_advance(&desk, 11 * MS);
    assert_is(&desk, "finished", "capped", 0);
    desk_close(&desk);
}

static void the_daemons_limit_caps_too(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 500, 1024 * MIB);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":100,\"rate\":10}");
    desk_advance(&desk, 2 * SEC);
    assert_is(&desk, "leaked", "capped", 495);
    assert_string_equal(desk_look(&desk, "x", "capped_by"), "tasks");
    const struct program *program = core_find(&desk.core, "x")->workloads[0].program;
    assert_int_equal(runtime_tally(&desk.core.runtime, program)->limit_hits[LIMIT_KIND_TASKS], 1);
    desk_close(&desk);
}

static void a_scenario_that_never_started_can_be_cancelled(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"rate\":\"0.000001/h\"}");
    desk_advance(&desk, 3600 * SEC);
    assert_is(&desk, "starting", "null", 0);
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_DELETE, "x", NULL), 200);
    reply_free(&reply);
    assert_is(&desk, "finished", "cancelled", 0);
    desk_close(&desk);
}

static void the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    char first[256] = "";
    for (int run = 0; run < 2; run++) {
        struct desk desk;
        given(&desk);
        desk_spawn(
            &desk,
            "{\"mode\":\"fix-ticker\",\"name\":\"x\",\"n\":7,\"rate\":13,\"seed\":5,\"tick\":\"3ms\"}");
        desk_advance(&desk, 3 * SEC);
        const char *tasks = desk_look(&desk, "x", "tasks");
        if (run == 0)
            snprintf(first, sizeof first, "%s", tasks);
        assert_string_equal(first, tasks);
        desk_close(&desk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leak_runs_until_its_owner_leaves),
        cmocka_unit_test(a_fix_is_finished_when_its_owner_leaves),
        cmocka_unit_test(without_a_linger_owners_stay_until_the_scenario_ends),
        cmocka_unit_test(a_duration_ends_a_scenario),
        cmocka_unit_test(a_rate_makes_exactly_the_starts_that_are_due),
        cmocka_unit_test(a_shape_moves_the_rate),
        cmocka_unit_test(a_leak_with_a_rate_grows_while_it_runs),
        cmocka_unit_test(a_late_loop_catches_up),
        cmocka_unit_test(a_very_late_loop_skips_what_it_cannot_make_up_for),
        cmocka_unit_test(a_cancelled_leak_has_leaked_after_the_grace),
        cmocka_unit_test(tasks_that_end_late_finish_a_leaked_scenario),
        cmocka_unit_test(its_own_task_limit_caps_a_scenario_and_nothing_else),
        cmocka_unit_test(a_limit_that_lets_nothing_begin_caps_at_once),
        cmocka_unit_test(the_daemons_limit_caps_too),
        cmocka_unit_test(a_scenario_that_never_started_can_be_cancelled),
        cmocka_unit_test(the_same_seed_gives_the_same_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
