/* Queues: channels without an end to their room, whose messages are heap while they stand there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fault.h"
#include "stage.h"

static void a_send_never_blocks_and_its_message_is_heap_until_it_is_received(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {q: queue 1KiB, go: channel}\n"
                       "fix:\n"
                       "  main: [spawn producer, spawn consumer]\n"
                       "  producer: [loop 1000: send q]\n"
                       "  consumer: [sleep 1ms, loop 400: recv q, recv go]\n");
    const struct census *census = &stage.workload->census;
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    assert_int_equal(census->queued_messages, 1000);
    assert_int_equal(census->queued_bytes, 1000 * 1024);
    assert_true(stage.workload->charged_bytes > 1000 * 1024);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(census->queued_messages, 600);
    assert_int_equal(census->queued_bytes, 600 * 1024);
    stage_close(&stage);
}

static void whoever_waits_gets_the_message_at_once(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {q: queue 1KiB}\n"
                       "fix:\n"
                       "  main: [spawn consumer * 3, sleep 1ms, loop 2: send q]\n"
                       "  consumer: [recv q]\n");
    assert_int_equal(stage_in(&stage, TASK_RECV), 3);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 2);
    assert_int_equal(stage.workload->census.queued_messages, 0);
    stage_close(&stage);
}

static void a_closed_queue_drains_and_then_ends(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {q: queue 1B}\n"
                       "fix:\n"
                       "  main: [loop 5: send q, close q, spawn consumer, spawn late]\n"
                       "  consumer:\n"
                       "    - range q: [hold 20B]\n"
                       "    - sleep 1h\n"
                       "  late: [send q]\n");
    assert_int_equal(stage.workload->census.held_bytes, 100);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    assert_int_equal(stage_ended(&stage, END_PANICKED), 1);
    stage_close(&stage);
}

static void it_stands_in_a_select(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {q: queue 1B}\n"
                       "fix:\n"
                       "  main: [spawn consumer, spawn producer]\n"
                       "  consumer:\n"
                       "    - loop 3:\n"
                       "        - select: {recv q: , done: exit}\n"
                       "  producer:\n"
                       "    - loop 4:\n"
                       "        - select: {send q: , done: panic}\n");
    assert_int_equal(stage_ended(&stage, END_RETURNED), 2);
    assert_int_equal(stage.workload->census.queued_messages, 1);
    stage_close(&stage);
}

/* The scenario is capped, and the sender goes on without its message. */
static void the_heap_is_its_limit(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {q: queue 1KiB}\n"
                                                   "fix:\n"
                                                   "  main: [spawn producer]\n"
                                                   "  producer: [loop 1000: send q]\n",
                                           .max_heap_bytes = 101 * 1024});
    stage_start(&stage);
    assert_int_equal(stage.workload->capped_by, LIMIT_KIND_OWN_HEAP);
    assert_int_equal(stage.workload->census.queued_messages, 100);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    stage_close(&stage);
}

static void memory_that_runs_out_caps(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {q: queue 1KiB}\n"
                                                   "fix:\n"
                                                   "  main: [sleep 1ms, loop 3: send q]\n"});
    stage_start(&stage);
    stage.clock.manual_ns += 1 * MS;
    fault_arm(2, true);
    (void)runtime_turn(stage.runtime, (struct budget){.rounds = 1});
    (void)runtime_turn(stage.runtime, (struct budget){.rounds = 1});
    fault_disarm();
    assert_int_equal(stage.workload->capped_by, LIMIT_KIND_MEMORY);
    assert_int_equal(stage.workload->census.queued_messages, 1);
    stage_close(&stage);
}

/* Each is written to, whether it stays or not: as many as a round of small ones would take seconds. */
static void large_messages_use_up_a_round(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {q: queue 1MiB}\n"
                                                   "fix:\n"
                                                   "  main: [loop 100: [send q, recv q]]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    assert_in_range(stage_settle(&stage), 40, 200);
    stage_close(&stage);
}

/* Nobody waits while a million messages are freed. */
static void what_nobody_took_is_freed_in_slices(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {q: queue 16B}\n"
                                                   "fix:\n"
                                                   "  main: [loop 50000: send q, exit]\n"});
    stage_start(&stage);
    stage_start(&stage);
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    uint64_t rounds = 0;
    while (stage.workload->census.starts > 0 && !workload_idle(stage.workload))
        stage_rounds(&stage, 1);
    assert_int_equal(stage.workload->census.queued_messages, 0);
    assert_int_equal(stage.workload->charged_bytes, 0);
    while (!workload_freed(stage.workload) && ++rounds < 1000)
        stage_rounds(&stage, 1);
    assert_in_range(rounds, 50000 / 8192, 9);
    stage_close(&stage);
}

static void a_runtime_that_ends_frees_the_rest_at_once(void **state)
{
    (void)state;
    struct stage stage;
    stage_compile(&stage, "share: {q: queue 16B}\n"
                          "fix:\n"
                          "  main: [loop 10000: send q, exit]\n");
    assert_int_equal(stage_set(&stage, (struct stage_spec){.seed = 1}), ERR_OK);
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    while (!workload_idle(stage.workload))
        (void)runtime_turn(stage.runtime, (struct budget){.rounds = 1});
    assert_non_null(stage.runtime->garbage.last);
    workload_deinit(stage.workload);
    runtime_deinit(stage.runtime);
    pattern_free(stage.pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_send_never_blocks_and_its_message_is_heap_until_it_is_received),
        cmocka_unit_test(whoever_waits_gets_the_message_at_once),
        cmocka_unit_test(a_closed_queue_drains_and_then_ends),
        cmocka_unit_test(it_stands_in_a_select),
        cmocka_unit_test(the_heap_is_its_limit),
        cmocka_unit_test(memory_that_runs_out_caps),
        cmocka_unit_test(large_messages_use_up_a_round),
        cmocka_unit_test(what_nobody_took_is_freed_in_slices),
        cmocka_unit_test(a_runtime_that_ends_frees_the_rest_at_once),
    };
    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
