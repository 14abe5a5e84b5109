/* Numbers that tasks share: flags and counters, which wake nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "judge/judge.h"
#include "stage.h"

static void a_flag_is_seen_by_who_looks(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {stopped: number}\n"
                       "fix:\n"
                       "  main: [spawn poller * 3, sleep 25ms, set stopped 1]\n"
                       "  poller:\n"
                       "    - loop:\n"
                       "        - if stopped is 1: exit\n"
                       "        - sleep 10ms\n");
    assert_int_equal(stage_in(&stage, TASK_SLEEP), 4);
    stage_pass(&stage, 29 * MS);
    assert_int_equal(stage_at(&stage, "sleep 10ms"), 3);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 3);
    stage_close(&stage);
}

/* The flag is set before what it stands for is done: who believes it waits for ever. */
static void a_flag_that_is_set_too_early_is_believed(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {closed: number, results: channel}\n"
                       "fix:\n"
                       "  main: [spawn closer, spawn reader]\n"
                       "  closer:\n"
                       "    - if closed is 0:\n"
                       "        - set closed 1\n"
                       "        - exit\n"
                       "    - close results\n"
                       "  reader: [recv results]\n");
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    assert_int_equal(stage_at(&stage, "recv results"), 1);
    stage_close(&stage);
}

static void tasks_count_together(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {left: number 500, c: channel}\n"
                       "fix:\n"
                       "  main: [spawn worker * 500]\n"
                       "  worker:\n"
                       "    - set left - 1\n"
                       "    - if left > 0: recv c\n"
                       "      else: close c\n");
    assert_int_equal(stage_ended(&stage, END_RETURNED), 500);
    stage_close(&stage);
}

static void each_comparison_is_what_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *test;
        bool holds;
    } tests[] = {
        {"x is 5", true}, {"x is 4", false}, {"x is not 4", true}, {"x is not 5", false}, {"x < 6", true},
        {"x < 5", false}, {"x <= 5", true},  {"x <= 4", false},    {"x > 4", true},       {"x > 5", false},
        {"x >= 5", true}, {"x >= 6", false}, {"x is n", false},    {"x is n + 2", true},
    };
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        char text[256];
        struct stage stage;
        snprintf(text, sizeof text,
                 "params: {n: {default: 3, about: some}}\n"
                 "share: {x: number n + 2}\n"
                 "fix:\n  main:\n    - if %s: [sleep 1h]\n      else: [sleep 2h]\n",
                 tests[i].test);
        stage_play(&stage, text);
        assert_int_equal(stage_at(&stage, tests[i].holds ? "sleep 1h" : "sleep 2h"), 1);
        stage_close(&stage);
    }
}

/* Never below nothing, nor above what counts are. */
static void it_stays_within_its_bounds(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {low: number 2, high: number 1_000_000_000}\n"
                       "fix:\n"
                       "  main:\n"
                       "    - set low - 3\n"
                       "    - set low + 1\n"
                       "    - set high + 1_000_000_000\n"
                       "    - set high - 1\n"
                       "    - if low is 1:\n"
                       "        - if high is 999_999_999: [sleep 1h]\n");
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_close(&stage);
}

static void setting_wakes_nobody(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {ready: number, m: mutex, k: condition m}\n"
                       "fix:\n"
                       "  main: [spawn waiter, sleep 1ms, set ready 1]\n"
                       "  waiter:\n"
                       "    - lock m\n"
                       "    - if ready is 0: wait k\n"
                       "    - unlock m\n");
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_in(&stage, TASK_WAIT), 1);
    stage_close(&stage);
}

static void a_number_of_a_task_s_own_is_seen_by_those_it_spawns(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {turn: number}\n"
                       "fix:\n"
                       "  main: [spawn request * 2]\n"
                       "  request:\n"
                       "    own: {gone: number 7}\n"
                       "    steps:\n"
                       "      - spawn child\n"
                       "      - set turn + 1\n"
                       "      - if turn is 1: set gone 0\n"
                       "      - sleep 1h\n"
                       "  child:\n"
                       "    - sleep 1ms\n"
                       "    - if gone is 7: sleep 2h\n");
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 2h"), 1);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    stage_close(&stage);
}

/* The same in each start. */
static void each_start_has_its_own(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {x: number}\n"
                                                   "fix:\n"
                                                   "  main:\n"
                                                   "    - set x + 1\n"
                                                   "    - if x is 1: sleep 1h\n"});
    stage_start(&stage);
    stage_start(&stage);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 2);
    stage_close(&stage);
}

/* Whoever would receive if a number changed is not said to be gone for ever; who waits for nobody is. */
static void the_judge_takes_both_sides_for_possible(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t stuck;
    } programs[] = {
        {"share: {x: number, c: channel}\n"
         "fix:\n"
         "  main: [spawn sender, spawn receiver]\n"
         "  sender: [send c]\n"
         "  receiver:\n"
         "    - loop:\n"
         "        - sleep 1h\n"
         "        - if x is 1: [recv c]\n"
         "          else: [set x + 1]\n",
         0},
        {"share: {x: number, c: channel}\n"
         "fix:\n"
         "  main: [spawn sender, spawn receiver]\n"
         "  sender: [send c]\n"
         "  receiver:\n"
         "    - loop:\n"
         "        - sleep 1h\n"
         "        - if x is 1: [set x 0]\n"
         "          else: [set x + 1]\n",
         1},
    };
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct stage stage;
        struct judge judge;
        stage_play(&stage, programs[i].text);
        judge_init(&judge, stage.runtime, &(struct judge_config){0});
        judge_now(&judge);
        assert_int_equal(stage.tally->census.leaked[VERDICT_STUCK], programs[i].stuck);
        judge_deinit(&judge);
        stage_close(&stage);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flag_is_seen_by_who_looks),
        cmocka_unit_test(a_flag_that_is_set_too_early_is_believed),
        cmocka_unit_test(tasks_count_together),
        cmocka_unit_test(each_comparison_is_what_it_says),
        cmocka_unit_test(it_stays_within_its_bounds),
        cmocka_unit_test(setting_wakes_nobody),
        cmocka_unit_test(a_number_of_a_task_s_own_is_seen_by_those_it_spawns),
        cmocka_unit_test(each_start_has_its_own),
        cmocka_unit_test(the_judge_takes_both_sides_for_possible),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
