/* Channels: who waits, who is woken, what close means. Semantics as in the Go specification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "stage.h"

static void a_receiver_waits_for_a_sender(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn receiver, sleep 10ms, send c]\n"
                       "  receiver: [recv c]\n");
    assert_int_equal(stage_at(&stage, "recv c"), 1);
    stage_pass(&stage, 10 * MS);
    assert_int_equal(stage_at(&stage, "recv c"), 0);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    stage_close(&stage);
}

static void a_sender_waits_for_a_receiver(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn sender * 2, sleep 10ms, recv c]\n"
                       "  sender: [send c]\n");
    assert_int_equal(stage_in(&stage, TASK_SEND), 2);
    stage_pass(&stage, 10 * MS);
    assert_int_equal(stage_in(&stage, TASK_SEND), 1);
    stage_close(&stage);
}

static void a_buffer_takes_as_many_as_fit(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel 3}\n"
                       "fix:\n"
                       "  main: [spawn sender * 5, sleep 10ms, recv c, sleep 10ms, recv c, recv c]\n"
                       "  sender: [send c]\n");
    assert_int_equal(stage_in(&stage, TASK_SEND), 2);
    stage_pass(&stage, 10 * MS);
    assert_int_equal(stage_in(&stage, TASK_SEND), 1);
    stage_pass(&stage, 10 * MS);
    assert_int_equal(stage_in(&stage, TASK_SEND), 0);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 5);
    stage_close(&stage);
}

static void what_is_buffered_waits_for_its_receiver(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel 2}\n"
                       "fix:\n"
                       "  main: [send c, send c, spawn receiver * 3]\n"
                       "  receiver: [recv c]\n");
    assert_int_equal(stage_ended(&stage, END_RETURNED), 2);
    assert_int_equal(stage_at(&stage, "recv c"), 1);
    stage_close(&stage);
}

static void who_has_waited_longest_is_served_first(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage,
               "share: {c: channel}\n"
               "fix:\n"
               "  main: [spawn first, sleep 1ms, spawn second, sleep 1ms, spawn third, sleep 1ms, send c,\n"
               "         sleep 1ms, send c, sleep 1ms, send c]\n"
               "  first: [recv c, sleep 1h]\n"
               "  second: [recv c, sleep 2h]\n"
               "  third: [recv c, sleep 3h]\n");
    stage_pass(&stage, 3 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    assert_int_equal(stage_at(&stage, "recv c"), 2);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 2h"), 1);
    assert_int_equal(stage_at(&stage, "recv c"), 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 3h"), 1);
    stage_close(&stage);
}

static void senders_are_served_in_order_through_a_full_buffer(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel 1}\n"
                       "fix:\n"
                       "  main: [send c, spawn first, sleep 1ms, spawn second, sleep 1ms, recv c]\n"
                       "  first: [send c, sleep 1h]\n"
                       "  second: [send c, sleep 2h]\n");
    assert_int_equal(stage_at(&stage, "send c"), 1);
    stage_pass(&stage, 2 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    assert_int_equal(stage_at(&stage, "send c"), 1);
    stage_close(&stage);
}

/* Every way to send meets every way to receive, in both orders: one of each goes through, nobody is left. */
static void every_way_to_send_meets_every_way_to_receive(void **state)
{
    (void)state;
    static const char *const sends[] = {"send c", "select: {send c: }", "select: {send c: , recv other: }",
                                        "select: {recv other: , done: , send c: }"};
    static const char *const receives[] = {
        "recv c", "select: {recv c: }", "select: {recv c: , after 1h: exit}",
        "select: {done: , send other: , recv c: }", "range c: [sleep 5ms, exit]"};
    for (size_t s = 0; s < COUNT_OF(sends); s++) {
        for (size_t r = 0; r < COUNT_OF(receives); r++) {
            for (int order = 0; order < 4; order++) {
                struct stage stage;
                char text[1024];
                const char *first = order % 2 == 0 ? "sender" : "receiver";
                const char *second = order % 2 == 0 ? "receiver" : "sender";
                snprintf(text, sizeof text,
                         "share: {c: channel, other: channel}\n"
                         "fix:\n"
                         "  main: [spawn %s * 2, %s spawn %s * 2]\n"
                         "  sender:\n    - %s\n    - sleep 1ms\n"
                         "  receiver:\n    - %s\n    - sleep 1ms\n",
                         first, order < 2 ? "" : "sleep 1ms,", second, sends[s], receives[r]);
                stage_play(&stage, text);
                stage_pass(&stage, 20 * MS);
                assert_int_equal(stage_ended(&stage, END_RETURNED), 4);
                stage_close(&stage);
            }
        }
    }
}

static void closing_lets_receivers_drain_and_then_go_on(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel 3}\n"
                       "fix:\n"
                       "  main: [send c, send c, send c, close c, spawn reader]\n"
                       "  reader:\n"
                       "    - range c: [sleep 10ms]\n"
                       "    - recv c\n"
                       "    - sleep 1h\n");
    stage_pass(&stage, 29 * MS);
    assert_int_equal(stage_at(&stage, "sleep 10ms"), 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_close(&stage);
}

static void closing_wakes_every_receiver_and_range_ends(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage,
               "share: {c: channel}\n"
               "fix:\n"
               "  main: [spawn receiver * 300, spawn ranger * 300, spawn chooser * 300, sleep 1ms, close c]\n"
               "  receiver: [recv c]\n"
               "  ranger:\n"
               "    - range c: [panic]\n"
               "  chooser:\n"
               "    - select: {recv c: exit, done: panic}\n");
    assert_int_equal(stage_in(&stage, TASK_RECV), 600);
    assert_int_equal(stage_in(&stage, TASK_SELECT), 300);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 900);
    stage_close(&stage);
}

static void a_sender_that_waits_panics_when_the_channel_is_closed(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage,
               "share: {c: channel 1}\n"
               "fix:\n"
               "  main: [send c, spawn sender * 3, spawn chooser * 2, sleep 1ms, close c, recv c, recv c,\n"
               "         sleep 1h]\n"
               "  sender: [send c]\n"
               "  chooser:\n"
               "    - select: {send c: , done: }\n");
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_PANICKED), 5);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_close(&stage);
}

static void sending_on_a_closed_channel_panics(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel 5}\n"
                       "fix:\n"
                       "  main: [close c, spawn sender, spawn chooser]\n"
                       "  sender: [send c]\n"
                       "  chooser:\n"
                       "    - select: {send c: , default: }\n");
    assert_int_equal(stage_ended(&stage, END_PANICKED), 2);
    stage_close(&stage);
}

static void closing_twice_panics(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn closer * 3]\n"
                       "  closer: [close c]\n");
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    assert_int_equal(stage_ended(&stage, END_PANICKED), 2);
    stage_close(&stage);
}

static void a_panic_of_the_owner_is_its_departure(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn worker * 3, sleep 1ms, close c, close c]\n"
                       "  worker: [await done]\n");
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_PANICKED), 1);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 3);
    assert_true(workload_idle(stage.workload));
    stage_close(&stage);
}

static void channels_of_a_task_s_own_go_with_it(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn request * 4]\n"
                       "  request:\n"
                       "    own: {a: channel, b: channel 2}\n"
                       "    steps: [spawn answer, recv a]\n"
                       "  answer: [sleep 5ms, send a, sleep 5ms, send b]\n");
    assert_int_equal(stage.workload->census.channels, 9);
    stage_pass(&stage, 5 * MS);
    assert_int_equal(stage_at(&stage, "sleep 5ms"), 4);
    assert_int_equal(stage.workload->census.channels, 9);
    stage_pass(&stage, 5 * MS);
    assert_int_equal(stage.workload->census.channels, 1);
    stage_close(&stage);
}

static void on_a_nil_channel_everybody_waits_for_ever(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: nil channel}\n"
                       "fix:\n"
                       "  main: [spawn sender, spawn receiver, spawn ranger, spawn chooser, spawn passer]\n"
                       "  sender: [send c]\n"
                       "  receiver: [recv c]\n"
                       "  ranger: [range c]\n"
                       "  chooser:\n"
                       "    - select: {recv c: panic, send c: panic, done: }\n"
                       "  passer:\n"
                       "    - select: {recv c: panic, send c: panic, default: }\n");
    assert_int_equal(stage_in(&stage, TASK_SEND), 1);
    assert_int_equal(stage_in(&stage, TASK_RECV), 2);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    assert_int_equal(stage.workload->census.channels, 0);
    stage_cancel(&stage);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 2);
    assert_int_equal(stage_ended(&stage, END_PANICKED), 0);
    assert_int_equal(workload_live(stage.workload), 3);
    stage_close(&stage);
}

static void closing_a_nil_channel_panics(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: nil channel}\n"
                       "fix:\n"
                       "  main: [spawn receiver, spawn closer * 2]\n"
                       "  receiver: [recv c]\n"
                       "  closer: [close c]\n");
    assert_int_equal(stage_ended(&stage, END_PANICKED), 2);
    assert_int_equal(stage_in(&stage, TASK_RECV), 1);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receiver_waits_for_a_sender),
        cmocka_unit_test(a_sender_waits_for_a_receiver),
        cmocka_unit_test(a_buffer_takes_as_many_as_fit),
        cmocka_unit_test(what_is_buffered_waits_for_its_receiver),
        cmocka_unit_test(who_has_waited_longest_is_served_first),
        cmocka_unit_test(senders_are_served_in_order_through_a_full_buffer),
        cmocka_unit_test(every_way_to_send_meets_every_way_to_receive),
        cmocka_unit_test(closing_lets_receivers_drain_and_then_go_on),
        cmocka_unit_test(closing_wakes_every_receiver_and_range_ends),
        cmocka_unit_test(a_sender_that_waits_panics_when_the_channel_is_closed),
        cmocka_unit_test(sending_on_a_closed_channel_panics),
        cmocka_unit_test(closing_twice_panics),
        cmocka_unit_test(a_panic_of_the_owner_is_its_departure),
        cmocka_unit_test(on_a_nil_channel_everybody_waits_for_ever),
        cmocka_unit_test(closing_a_nil_channel_panics),
        cmocka_unit_test(channels_of_a_task_s_own_go_with_it),
    };
    return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
