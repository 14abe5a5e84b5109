/* Chains: tasks that spawn each other, and reach what the one before them has (`outer.ended`). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/list.h"
#include "judge/inspect.h"
#include "judge/judge.h"
#include "stage.h"

/* Each link ends 10 ms after the one before it, the first one 10 ms after `first` in main. */
#define LINKS(count, first)                                                                                  \
    "share: {ended: channel, links: number " #count "}\n"                                                    \
    "fix:\n"                                                                                                 \
    "  main: [spawn link, " first "]\n"                                                                      \
    "  link:\n"                                                                                              \
    "    own: {ended: channel}\n"                                                                            \
    "    steps:\n"                                                                                           \
    "      - set links - 1\n"                                                                                \
    "      - if links > 0:\n"                                                                                \
    "          - spawn link\n"                                                                               \
    "      - recv outer.ended\n"                                                                             \
    "      - sleep 10ms\n"                                                                                   \
    "      - close ended\n"

static struct stage stage;
static struct judge judge;

static void given(const char *text)
{
    stage_play(&stage, text);
    judge_init(&judge, stage.runtime, &(struct judge_config){0});
}

static void over(void)
{
    judge_deinit(&judge);
    stage_close(&stage);
}

static uint64_t stuck(void)
{
    judge_now(&judge);
    return stage.tally->census.leaked[VERDICT_STUCK];
}

static void each_link_waits_for_the_one_before_it(void **state)
{
    (void)state;
    given(LINKS(5, "sleep 10ms, close ended"));
    for (unsigned ended = 0; ended <= 5; ended++) {
        stage_pass(&stage, 10 * MS);
        assert_int_equal(stage_ended(&stage, END_RETURNED), ended);
        assert_int_equal(stage_at(&stage, "recv outer.ended"), ended < 4 ? 4 - ended : 0);
        assert_int_equal(stuck(), 0);
    }
    over();
}

/* The first link reaches what is shared, beside a task that has nothing of its own in between. */
static void the_first_link_sees_what_its_spawner_sees(void **state)
{
    (void)state;
    given("share: {answer: channel 2, links: number 3}\n"
          "fix:\n"
          "  main: [spawn agent, recv answer]\n"
          "  agent: [spawn link]\n"
          "  link:\n"
          "    own: {m: mutex, answer: channel}\n"
          "    steps:\n"
          "      - set links - 1\n"
          "      - if links > 0: [spawn link, recv answer]\n"
          "      - select:\n"
          "          send outer.answer:\n");
    assert_int_equal(stage_ended(&stage, END_RETURNED), 4);
    assert_int_equal(stage_in(&stage, TASK_LINGER), 1);
    over();
}

/* Everything that may be named at all may be another's: hand over hand along a chain of locks. */
static void other_things_may_be_anothers_too(void **state)
{
    (void)state;
    given("share: {m: mutex, g: group, x: number 7, s: scope, t: ticker 10ms, links: number 4}\n"
          "fix:\n"
          "  main: [spawn link, tick t, stop t, cancel s]\n"
          "  link:\n"
          "    own: {m: mutex, g: group, x: number 7, s: scope, t: ticker 10ms}\n"
          "    steps:\n"
          "      - set links - 1\n"
          "      - lock outer.m\n"
          "      - lock m\n"
          "      - unlock outer.m\n"
          "      - add outer.g\n"
          "      - if links > 0: [spawn link]\n"
          "      - unlock m\n"
          "      - await done outer.s\n"
          "      - cancel s\n"
          "      - tick t\n"
          "      - stop t\n"
          "      - if outer.x is 7: [finish outer.g]\n"
          "      - wait g\n");
    assert_int_equal(stage_at(&stage, "await done outer.s"), 4);
    stage_pass(&stage, 20 * MS);
    assert_int_equal(stage_ended(&stage, END_CANCELLED) + stage_ended(&stage, END_RETURNED), 4);
    over();
}

static void all_links_of_a_chain_that_hangs_are_stuck(void **state)
{
    (void)state;
    given(LINKS(1000, "spawn late") "  late: [sleep 1h, spawn nobody]\n  nobody: []\n");
    assert_int_equal(stage_at(&stage, "recv outer.ended"), 1000);
    assert_int_equal(stuck(), 1000);
    over();
}

/* However far away the only one is who may still do something. */
static void no_link_is_stuck_while_somebody_may_open_the_chain(void **state)
{
    (void)state;
    given(LINKS(1000, "spawn late") "  late: [sleep 1h, close ended]\n");
    assert_int_equal(stage_at(&stage, "recv outer.ended"), 1000);
    assert_int_equal(stuck(), 0);
    over();
}

/* The chain has not been spawned to its end, and who is yet to come may wake those who are there. */
static void no_link_is_stuck_while_further_ones_come(void **state)
{
    (void)state;
    given("share: {answer: channel 1, links: number 12}\n"
          "fix:\n"
          "  main: [spawn link]\n"
          "  link:\n"
          "    own: {answer: channel}\n"
          "    steps:\n"
          "      - sleep 1ms\n"
          "      - set links - 1\n"
          "      - if links > 0: [spawn link, recv answer]\n"
          "      - send outer.answer\n");
    for (unsigned passed = 0; passed < 11; passed++) {
        stage_pass(&stage, 1 * MS);
        assert_int_equal(stage_at(&stage, "recv answer"), passed + 1);
        assert_int_equal(stuck(), 0);
    }
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 12);
    over();
}

/* Steps of one judgement of a chain; what main does when it has spawned it. */
static uint64_t steps_of(const char *main_goes_on, unsigned links, uint64_t found)
{
    char text[512];
    snprintf(text, sizeof text,
             "share: {ended: channel, links: number %u}\n"
             "fix:\n"
             "  main: [spawn link%s]\n"
             "  link:\n"
             "    own: {ended: channel}\n"
             "    steps:\n"
             "      - set links - 1\n"
             "      - if links > 0: spawn link\n"
             "      - recv outer.ended\n"
             "      - close ended\n",
             links, main_goes_on);
    given(text);
    assert_int_equal(stuck(), found);
    uint64_t steps = judge.stats.steps;
    over();
    return steps;
}

static void a_chain_is_judged_in_proportion_to_its_length(void **state)
{
    (void)state;
    assert_true(steps_of("", 20000, 20000) < 21 * steps_of("", 1000, 1000));
    assert_true(steps_of(", sleep 1h, close ended", 20000, 0) <
                21 * steps_of(", sleep 1h, close ended", 1000, 0));
}

/* Each link's things lie within what the one before it has: all of them go when the last link does, and yet
 * no turn takes long. */
static void a_long_chain_goes_in_slices(void **state)
{
    (void)state;
    given("share: {ended: channel, links: number 20000}\n"
          "fix:\n"
          "  main: [spawn link]\n"
          "  link:\n"
          "    own: {ended: channel, q: queue 1KiB}\n"
          "    steps: [send q, set links - 1, if links > 0: [spawn link], recv outer.ended]\n");
    const struct census *census = &stage.workload->census;
    assert_int_equal(census->channels, 20001);
    assert_int_equal(census->queued_messages, 20000);
    workload_reclaim(stage.workload);
    uint64_t rounds = 0;
    for (bool more = true; more; rounds++) {
        uint64_t before = census->channels;
        more = stage_rounds(&stage, 1);
        assert_true(before - census->channels <= 300);
    }
    assert_true(rounds > 20000 / 300);
    assert_true(workload_idle(stage.workload));
    assert_int_equal(census->channels, 0);
    assert_int_equal(census->queued_messages, 0);
    assert_int_equal(stage.runtime->charged_bytes, 0);
    over();
}

/* Whoever looks at one link is not shown all that lies outward. */
static void one_link_is_shown_with_those_next_to_it(void **state)
{
    (void)state;
    given("share: {ended: channel, links: number 1000}\n"
          "fix:\n"
          "  main: [spawn link]\n"
          "  link:\n"
          "    own: {ended: channel}\n"
          "    steps: [set links - 1, if links > 0: spawn link, recv outer.ended]\n");
    struct start *start = container_of(stage.workload->starts.next, struct start, link);
    assert_int_equal(stuck(), 1000);
    const struct task *last = container_of(start->stuck.prev, struct task, link);
    json_t *task = inspect_json(last, 1, "p");
    json_t *sees = json_object_get(task, "sees");
    assert_int_equal(json_array_size(sees), INSPECT_MOST_OUTWARD + 2);
    assert_true(json_is_false(json_object_get(json_array_get(sees, 0), "shared")));
    assert_true(json_is_true(json_object_get(json_array_get(sees, INSPECT_MOST_OUTWARD), "shared")));
    assert_string_equal(json_string_value(json_object_get(task, "why")),
                        "no task that still runs sends on or closes `ended`");
    json_decref(task);
    over();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_link_waits_for_the_one_before_it),
        cmocka_unit_test(the_first_link_sees_what_its_spawner_sees),
        cmocka_unit_test(other_things_may_be_anothers_too),
        cmocka_unit_test(all_links_of_a_chain_that_hangs_are_stuck),
        cmocka_unit_test(no_link_is_stuck_while_somebody_may_open_the_chain),
        cmocka_unit_test(no_link_is_stuck_while_further_ones_come),
        cmocka_unit_test(a_chain_is_judged_in_proportion_to_its_length),
        cmocka_unit_test(a_long_chain_goes_in_slices),
        cmocka_unit_test(one_link_is_shown_with_those_next_to_it),
    };
    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
