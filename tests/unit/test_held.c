/* Heap that nobody has any more: it leaves the books at once, and is freed a bounded part in a round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "stage.h"

#define KIB 1024ull
#define MIB (1024 * KIB)

/* What one round may free, when others run beside it: half of its fuel, and as the last piece more than is
 * left of it. */
#define ROUND_BYTES  (2 * MIB + 256 * KIB)
#define ROUND_BLOCKS 8192

/* Lets rounds pass until there is garbage. */
static void until_discarded(struct stage *stage)
{
    for (int round = 0; stage->runtime->garbage.last == NULL; round++) {
        assert_true(round < 100000);
        stage_rounds(stage, 1);
    }
}

/* Rounds that it takes to free all that there is, none of which frees more than `most`. */
static uint64_t rounds_to_free(struct stage *stage, uint64_t most)
{
    uint64_t rounds = 0;
    for (; stage->runtime->garbage.last != NULL; rounds++) {
        assert_true(rounds < 100000);
        uint64_t before = stage->runtime->garbage.bytes;
        uint64_t discarded = stage->runtime->garbage.discarded_bytes;
        stage_rounds(stage, 1);
        uint64_t freed =
            before + stage->runtime->garbage.discarded_bytes - discarded - stage->runtime->garbage.bytes;
        assert_true(freed <= most);
    }
    return rounds;
}

static void a_drop_of_large_blocks_is_freed_in_slices(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "fix:\n"
                                                   "  main: [spawn a]\n"
                                                   "  a: [hold 64MiB, drop, sleep 1h]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    until_discarded(&stage);
    assert_int_equal(stage.workload->census.held_bytes, 0);
    assert_true(stage.workload->charged_bytes < MIB);
    assert_int_equal(stage.runtime->garbage.bytes, 64 * MIB);
    assert_in_range(rounds_to_free(&stage, ROUND_BYTES), 29, 34);
    assert_true(workload_freed(stage.workload));
    stage_close(&stage);
}

static void a_drop_of_many_small_blocks_is_freed_in_slices(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "fix:\n"
                                                   "  main: [spawn a]\n"
                                                   "  a: [loop 100000: hold 16B, drop, sleep 1h]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    until_discarded(&stage);
    assert_int_equal(stage.workload->census.held_bytes, 0);
    assert_in_range(rounds_to_free(&stage, ROUND_BLOCKS * 16), 100000 / ROUND_BLOCKS, 20);
    stage_close(&stage);
}

static void the_end_of_a_task_frees_in_slices(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "fix:\n"
                                                   "  main: [spawn a]\n"
                                                   "  a: [loop 100000: hold 16B]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    until_discarded(&stage);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    assert_int_equal(stage.workload->census.held_bytes, 0);
    assert_in_range(rounds_to_free(&stage, ROUND_BLOCKS * 16), 100000 / ROUND_BLOCKS, 20);
    stage_close(&stage);
}

#define HOLDERS                                                                                              \
    "fix:\n"                                                                                                 \
    "  main: [spawn a * 60]\n"                                                                               \
    "  a: [hold 700KiB, hold 4KiB, hold 16B, await done]\n"

static void a_cancel_of_those_who_hold_much_is_freed_in_slices(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, HOLDERS);
    workload_cancel(stage.workload);
    until_discarded(&stage);
    assert_true(rounds_to_free(&stage, ROUND_BYTES) >= 60 * 700 * KIB / ROUND_BYTES);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 61);
    stage_close(&stage);
}

static void a_reclaim_of_those_who_hold_much_is_freed_in_slices(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, HOLDERS);
    workload_reclaim(stage.workload);
    until_discarded(&stage);
    assert_int_equal(workload_live(stage.workload), 0);
    assert_int_equal(stage.workload->charged_bytes, 0);
    assert_false(workload_freed(stage.workload));
    assert_true(rounds_to_free(&stage, ROUND_BYTES) >= 60 * 700 * KIB / ROUND_BYTES);
    assert_true(workload_idle(stage.workload) && workload_freed(stage.workload));
    stage_close(&stage);
}

static void a_reclaim_frees_what_was_lost_in_slices(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn a * 10]\n"
                       "  a: [lose 3MiB, lose 16B]\n");
    workload_reclaim(stage.workload);
    until_discarded(&stage);
    assert_int_equal(stage.workload->census.lost_bytes, 0);
    assert_int_equal(stage.runtime->garbage.bytes, 10 * (3 * MIB + 16));
    assert_true(rounds_to_free(&stage, ROUND_BYTES) >= 30 * MIB / ROUND_BYTES);
    stage_close(&stage);
}

static void messages_that_are_received_are_freed_in_slices(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {q: queue 256KiB}\n"
                                                   "fix:\n"
                                                   "  main: [loop 200: send q, loop 200: recv q]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    until_discarded(&stage);
    assert_true(rounds_to_free(&stage, ROUND_BYTES) >= 50 * MIB / ROUND_BYTES);
    assert_int_equal(stage.workload->census.queued_messages, 0);
    assert_int_equal(stage.runtime->garbage.discarded_bytes, 50 * MIB);
    stage_close(&stage);
}

static void messages_of_a_queue_that_goes_are_freed_in_slices(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "fix:\n"
                                                   "  main: [spawn a]\n"
                                                   "  a:\n"
                                                   "    own: {q: queue 1MiB}\n"
                                                   "    steps: [loop 50: send q]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    until_discarded(&stage);
    assert_true(rounds_to_free(&stage, 3 * MIB) >= 50 / 3);
    stage_close(&stage);
}

/* Ending a million tasks with a small block each takes no more memory or time than it did. */
static void a_small_block_is_freed_at_once(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage,
               (struct stage_spec){.text = "share: {q: queue 4KiB}\n"
                                           "fix:\n"
                                           "  main: [spawn a * 300, loop 10: send q, loop 10: recv q]\n"
                                           "  a: [await done]\n",
                                   .holds_bytes = 1024});
    stage_start(&stage);
    assert_int_equal(stage.workload->census.held_bytes, 300 * KIB);
    stage_cancel(&stage);
    assert_int_equal(stage_ended(&stage, END_CANCELLED), 301);
    assert_int_equal(stage.runtime->garbage.discarded_bytes, 0);
    stage_close(&stage);
}

static void a_block_that_is_freed_at_once_costs_the_round_what_it_takes(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {q: queue 4KiB}\n"
                                                   "fix:\n"
                                                   "  main: [loop 3000: send q, loop 3000: recv q]\n"});
    const struct census *census = &stage.workload->census;
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    uint64_t rounds = 0;
    for (bool more = true; more;) {
        uint64_t before = census->queued_messages;
        more = stage_rounds(&stage, 1);
        rounds += census->queued_messages < before;
    }
    assert_in_range(rounds, 3, 10);
    assert_int_equal(stage.runtime->garbage.discarded_bytes, 0);
    stage_close(&stage);
}

/* Small blocks take many rounds, in which large ones could be held anew. */
static void what_is_not_yet_free_counts_against_the_memory_of_the_process(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage,
               (struct stage_spec){.text = "fix:\n"
                                           "  main: [spawn a]\n"
                                           "  a: [loop 400000: hold 16B, drop, hold 7MiB, sleep 1h]\n",
                                   .runtime_max_heap_bytes = 8 * MIB});
    const struct runtime *runtime = stage.runtime;
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    for (bool more = true; more;) {
        more = stage_rounds(&stage, 1);
        assert_true(runtime->charged_bytes + runtime->garbage.bytes <= 10 * MIB);
    }
    assert_int_equal(stage.workload->capped_by, LIMIT_KINDS);
    assert_int_equal(stage.workload->census.held_bytes, 7 * MIB);
    stage_close(&stage);
}

/* Whatever lies in one heap, each block is told by its own bytes. */
static void blocks_of_every_kind_are_freed_one_behind_the_other(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {q: queue 9KiB}\n"
                       "fix:\n"
                       "  main: [spawn a * 20, spawn b * 20, loop 7: send q]\n"
                       "  a: [hold 5KiB, hold 16B, hold 300KiB, lose 20KiB, lose 16B, await done]\n"
                       "  b: [hold 5KiB, recv q, await done]\n");
    stage_check(&stage);
    assert_int_equal(stage.workload->census.held_bytes, 20 * (310 * KIB + 16));
    uint64_t before = stage.runtime->garbage.discarded_bytes;
    stage_reclaim(&stage);
    assert_int_equal(stage.runtime->garbage.discarded_bytes - before, 20 * (330 * KIB + 32));
    assert_int_equal(stage.runtime->garbage.bytes, 0);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drop_of_large_blocks_is_freed_in_slices),
        cmocka_unit_test(a_drop_of_many_small_blocks_is_freed_in_slices),
        cmocka_unit_test(the_end_of_a_task_frees_in_slices),
        cmocka_unit_test(a_cancel_of_those_who_hold_much_is_freed_in_slices),
        cmocka_unit_test(a_reclaim_of_those_who_hold_much_is_freed_in_slices),
        cmocka_unit_test(a_reclaim_frees_what_was_lost_in_slices),
        cmocka_unit_test(messages_that_are_received_are_freed_in_slices),
        cmocka_unit_test(messages_of_a_queue_that_goes_are_freed_in_slices),
        cmocka_unit_test(a_small_block_is_freed_at_once),
        cmocka_unit_test(a_block_that_is_freed_at_once_costs_the_round_what_it_takes),
        cmocka_unit_test(what_is_not_yet_free_counts_against_the_memory_of_the_process),
        cmocka_unit_test(blocks_of_every_kind_are_freed_one_behind_the_other),
    };
    return cmocka_run_group_tests_name("held", tests, NULL, NULL);
}
