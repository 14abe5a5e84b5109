/* Select: which case is taken, by whom, and what stays behind. Semantics as in the Go specification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "stage.h"

static void a_select_of_nothing_waits_for_ever(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn waiter * 2]\n"
                       "  waiter:\n"
                       "    - select: {}\n");
    stage_pass(&stage, 3600 * 1000 * MS);
    stage_cancel(&stage);
    assert_int_equal(stage_in(&stage, TASK_SELECT), 2);
    stage_close(&stage);
}

static void the_default_is_taken_when_nothing_else_can_be(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel 1, s: scope, t: ticker 10ms}\n"
                       "fix:\n"
                       "  main:\n"
                       "    - select: {recv c: panic, done: panic, done s: panic, tick t: panic, default: }\n"
                       "    - send c\n"
                       "    - select: {send c: panic, default: }\n"
                       "    - select: {recv c: , default: panic}\n"
                       "    - stop t\n");
    assert_int_equal(stage_in(&stage, TASK_LINGER), 1);
    stage_close(&stage);
}

static void a_deadline_ends_the_wait_and_counts_as_timed_out(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn waiter * 3, sleep 10ms, send c]\n"
                       "  waiter:\n"
                       "    - select: {recv c: exit, after 20ms: exit}\n");
    stage_pass(&stage, 19 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    assert_int_equal(stage_ended(&stage, END_TIMED_OUT), 0);
    assert_int_equal(stage.runtime->wheel.armed, 2);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_TIMED_OUT), 2);
    assert_int_equal(stage.runtime->wheel.armed, 0);
    stage_close(&stage);
}

static void done_is_heard_from_the_start_and_from_a_scope(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel, s: scope}\n"
                       "fix:\n"
                       "  main: [spawn a * 2, spawn b * 3, sleep 1ms, cancel s]\n"
                       "  a:\n"
                       "    - select: {recv c: , done: exit}\n"
                       "  b:\n"
                       "    - select: {recv c: , done s: exit}\n");
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 3);
    stage_cancel(&stage);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 6);
    assert_true(workload_idle(stage.workload));
    stage_close(&stage);
}

static void a_tick_is_a_case_like_any_other(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn worker]\n"
                       "  worker:\n"
                       "    own: {t: ticker 10ms}\n"
                       "    steps:\n"
                       "      - loop 3:\n"
                       "          - select: {tick t: , done: exit}\n"
                       "      - stop t\n"
                       "      - sleep 1h\n");
    stage_pass(&stage, 29 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 0);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_close(&stage);
}

static void who_was_served_on_one_channel_waits_on_none_any_more(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {a: channel, b: channel, c: channel}\n"
                       "fix:\n"
                       "  main: [spawn waiter, sleep 1ms, send a, spawn sender, spawn receiver]\n"
                       "  waiter:\n"
                       "    - select: {recv a: , recv b: , send c: }\n"
                       "    - sleep 1h\n"
                       "  sender: [send b]\n"
                       "  receiver: [recv c]\n");
    assert_int_equal(stage.runtime->wait_pools[1].objects, 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    assert_int_equal(stage_at(&stage, "send b"), 1);
    assert_int_equal(stage_at(&stage, "recv c"), 1);
    assert_int_equal(stage.runtime->wait_pools[1].objects, 0);
    stage_close(&stage);
}

static void nobody_sends_to_himself(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn both, sleep 1ms, spawn both]\n"
                       "  both:\n"
                       "    - select: {send c: , recv c: }\n");
    assert_int_equal(stage_in(&stage, TASK_SELECT), 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 2);
    stage_close(&stage);
}

static void all_of_twelve_cases_are_waited_for(void **state)
{
    (void)state;
    for (int sent = 0; sent < 12; sent++) {
        struct stage stage;
        char text[1024] =
            "share: {a: channel, b: channel, c: channel, d: channel, e: channel, f: channel, g: channel,\n"
            "  h: channel, i: channel, j: channel, k: channel, l: channel}\n"
            "fix:\n"
            "  main: [spawn waiter, sleep 1ms, send X]\n"
            "  waiter:\n"
            "    - select: {recv a: , recv b: , recv c: , recv d: , recv e: , recv f: , recv g: ,\n"
            "        recv h: , recv i: , recv j: , recv k: , recv l: }\n";
        *strchr(text, 'X') = (char)('a' + sent);
        stage_play(&stage, text);
        stage_pass(&stage, 1 * MS);
        assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
        stage_close(&stage);
    }
}

/* ---- chance ---- */

#define DRAWS 3000

static const char drawing[] = "share: {a: channel, b: channel, c: channel}\n"
                              "fix:\n"
                              "  main:\n"
                              "    - close a\n"
                              "    - close b\n"
                              "    - close c\n"
                              "    - loop 3000:\n"
                              "        - select:\n"
                              "            recv a: spawn drew-a\n"
                              "            recv b: spawn drew-b\n"
                              "            recv c: spawn drew-c\n"
                              "  drew-a: [sleep 1h]\n"
                              "  drew-b: [sleep 2h]\n"
                              "  drew-c: [sleep 3h]\n";

/* What was drawn, and a digest of the order in which it was. */
struct drawn {
    uint64_t counts[3];
    uint64_t digest;
};

static struct drawn draw(uint64_t seed, int starts)
{
    struct stage stage;
    struct drawn drawn = {.digest = 0};
    stage_open(&stage, (struct stage_spec){.text = drawing, .seed = seed});
    for (int i = 0; i < starts; i++)
        assert_int_equal(workload_start(stage.workload), ERR_OK);
    while (stage_rounds(&stage, 1))
        for (uint16_t i = 0; i < stage.program->step_count; i++)
            drawn.digest = drawn.digest * 31 + stage.tally->standing[i];
    drawn.counts[0] = stage_at(&stage, "sleep 1h");
    drawn.counts[1] = stage_at(&stage, "sleep 2h");
    drawn.counts[2] = stage_at(&stage, "sleep 3h");
    stage_close(&stage);
    return drawn;
}

static void ready_cases_are_taken_equally_often(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        struct drawn drawn = draw(seed, 1);
        assert_int_equal(drawn.counts[0] + drawn.counts[1] + drawn.counts[2], DRAWS);
        for (int i = 0; i < 3; i++)
            assert_in_range(drawn.counts[i], 870, 1130);
    }
}

static void the_same_seed_gives_the_same_run_and_another_one_does_not(void **state)
{
    (void)state;
    struct drawn one = draw(7, 2), same = draw(7, 2), other = draw(8, 2);
    assert_memory_equal(&one, &same, sizeof one);
    assert_memory_not_equal(&one, &other, sizeof one);
}

static void each_start_draws_on_its_own(void **state)
{
    (void)state;
    struct drawn one = draw(7, 1), two = draw(7, 2);
    assert_int_not_equal(two.counts[0], 2 * one.counts[0]);
}

/* ---- who has heard a close or a cancel is no longer to be had ---- */

static void nobody_receives_who_has_heard_done_already(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel, s: scope}\n"
                       "fix:\n"
                       "  main: [spawn receiver * 1000, sleep 1ms, cancel s, spawn chooser, send c]\n"
                       "  receiver:\n"
                       "    - select: {recv c: panic, done s: exit}\n"
                       "  chooser:\n"
                       "    - select: {send c: panic, default: sleep 1h}\n");
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 1000);
    assert_int_equal(stage_at(&stage, "send c"), 1);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_close(&stage);
}

static void nobody_sends_who_has_heard_a_close_already(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel, x: channel}\n"
                       "fix:\n"
                       "  main: [spawn sender * 100, sleep 1ms, close x, recv c]\n"
                       "  sender:\n"
                       "    - select: {send c: panic, recv x: exit}\n");
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 100);
    assert_int_equal(stage_at(&stage, "recv c"), 1);
    stage_close(&stage);
}

/* Their deadline comes while those before them are being woken. */
static void nobody_times_out_who_has_heard_a_close_already(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn waiter * 20000, sleep 80ms, close c]\n"
                       "  waiter:\n"
                       "    - select: {recv c: exit, after 92ms: panic}\n");
    stage_pass(&stage, 79 * MS);
    stage.clock.manual_ns += 1 * MS;
    assert_true(stage_rounds(&stage, 1)); /* the close, and the first of those who hear of it */
    stage.clock.manual_ns += 100 * MS;
    stage_settle(&stage);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 20000);
    assert_int_equal(stage_ended(&stage, END_PANICKED), 0);
    stage_close(&stage);
}

/* Looking at a case takes as long as an operation. */
static void the_cases_of_a_select_use_up_a_round(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){
                           .text = "share: {c: channel}\n"
                                   "fix:\n"
                                   "  main: [spawn one, spawn one, spawn one, spawn one]\n"
                                   "  one:\n"
                                   "    - loop 20000:\n"
                                   "        - select: {recv c: , send c: , after 1s: , default: }\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    /* 4 * 20000 selects, of five operations with the loop, 16384 a round. */
    assert_in_range(stage_settle(&stage), 15, 60);
    stage_close(&stage);
}

static void who_stands_behind_those_who_have_heard_is_found(void **state)
{
    (void)state;
    static const char *const sends[] = {"send c", "select: {send c: , default: panic}",
                                        "select: {send c: , done: panic}"};
    for (size_t i = 0; i < COUNT_OF(sends); i++) {
        struct stage stage;
        char text[1024];
        snprintf(text, sizeof text,
                 "share: {c: channel, s: scope}\n"
                 "fix:\n"
                 "  main:\n"
                 "    - spawn leaver * 500\n"
                 "    - sleep 1ms\n"
                 "    - spawn receiver\n"
                 "    - sleep 1ms\n"
                 "    - cancel s\n"
                 "    - %s\n"
                 "    - sleep 2h\n"
                 "  leaver:\n"
                 "    - select: {recv c: panic, done s: exit}\n"
                 "  receiver: [recv c, sleep 1h]\n",
                 sends[i]);
        stage_play(&stage, text);
        stage_pass(&stage, 2 * MS);
        assert_int_equal(stage_ended(&stage, END_CANCELLED), 500);
        assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
        assert_int_equal(stage_at(&stage, "sleep 2h"), 1);
        stage_close(&stage);
    }
}

static void the_end_of_the_start_reaches_selects_on_its_scopes_at_once(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel, s: scope}\n"
                       "fix:\n"
                       "  main: [spawn last, spawn receiver * 100, sleep 1ms]\n"
                       "  last: [await done, send c]\n"
                       "  receiver:\n"
                       "    - select: {recv c: panic, done s: exit}\n");
    stage_pass(&stage, 1 * MS);
    stage_cancel(&stage);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 101);
    assert_int_equal(stage_at(&stage, "send c"), 1);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_select_of_nothing_waits_for_ever),
        cmocka_unit_test(the_default_is_taken_when_nothing_else_can_be),
        cmocka_unit_test(a_deadline_ends_the_wait_and_counts_as_timed_out),
        cmocka_unit_test(done_is_heard_from_the_start_and_from_a_scope),
        cmocka_unit_test(a_tick_is_a_case_like_any_other),
        cmocka_unit_test(who_was_served_on_one_channel_waits_on_none_any_more),
        cmocka_unit_test(nobody_sends_to_himself),
        cmocka_unit_test(all_of_twelve_cases_are_waited_for),
        cmocka_unit_test(ready_cases_are_taken_equally_often),
        cmocka_unit_test(the_same_seed_gives_the_same_run_and_another_one_does_not),
        cmocka_unit_test(each_start_draws_on_its_own),
        cmocka_unit_test(nobody_receives_who_has_heard_done_already),
        cmocka_unit_test(nobody_sends_who_has_heard_a_close_already),
        cmocka_unit_test(nobody_times_out_who_has_heard_a_close_already),
        cmocka_unit_test(the_cases_of_a_select_use_up_a_round),
        cmocka_unit_test(who_stands_behind_those_who_have_heard_is_found),
        cmocka_unit_test(the_end_of_the_start_reaches_selects_on_its_scopes_at_once),
    };
    return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
