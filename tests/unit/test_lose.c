/* Heap that is lost: nobody has it, a cancel does not bring it back, a reclaim does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fault.h"
#include "stage.h"

#define LOSER                                                                                                \
    "fix:\n"                                                                                                 \
    "  main: [spawn loser * 10]\n"                                                                           \
    "  loser: [lose 600KiB, lose 16B, lose 0]\n"

#define LOST (10 * (600 * 1024 + 16))

static void what_is_lost_outlives_whoever_lost_it(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = LOSER, .linger_ns = MS});
    stage_start(&stage);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(workload_live(stage.workload), 0);
    assert_int_equal(stage.workload->census.held_bytes, 0);
    assert_int_equal(stage.workload->census.lost_bytes, LOST);
    assert_int_equal(stage.workload->owners_left, 1);
    assert_true(stage.workload->charged_bytes > LOST);
    assert_false(workload_idle(stage.workload));
    stage_close(&stage);
}

static void a_cancel_leaves_it_and_a_reclaim_frees_it(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, LOSER);
    stage_start(&stage);
    stage_cancel(&stage);
    assert_int_equal(workload_live(stage.workload), 0);
    assert_int_equal(stage.workload->census.lost_bytes, 2 * LOST);
    stage_reclaim(&stage);
    stage_close(&stage);
}

static void it_counts_against_the_limits(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = LOSER, .max_heap_bytes = 1 << 20});
    stage_start(&stage);
    assert_int_equal(stage.workload->capped_by, LIMIT_KIND_OWN_HEAP);
    assert_in_range(stage.workload->census.lost_bytes, 256 * 1024, 1 << 20);
    stage_close(&stage);
}

/* The n-th allocation fails, for every n: what there is no memory for is not lost. */
static void memory_that_runs_out_caps(void **state)
{
    (void)state;
    bool capped = true;
    for (unsigned n = 1; capped; n++) {
        struct stage stage;
        stage_open(&stage, (struct stage_spec){.text = LOSER});
        assert_true(n < 1000);
        fault_arm(n, true);
        (void)workload_start(stage.workload);
        for (int round = 0; round < 1000 && runtime_turn(stage.runtime, (struct budget){.rounds = 1});)
            round++;
        fault_disarm();
        stage_check(&stage);
        capped = stage.workload->capped_by != LIMIT_KINDS;
        assert_true(capped ? stage.workload->census.lost_bytes < LOST
                           : stage.workload->census.lost_bytes == LOST);
        stage_close(&stage);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_lost_outlives_whoever_lost_it),
        cmocka_unit_test(a_cancel_leaves_it_and_a_reclaim_frees_it),
        cmocka_unit_test(it_counts_against_the_limits),
        cmocka_unit_test(memory_that_runs_out_caps),
    };
    return cmocka_run_group_tests_name("lose", tests, NULL, NULL);
}
