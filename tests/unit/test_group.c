/* Groups: who waits, who is woken, what a counter cannot do. Semantics as of Go's sync.WaitGroup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "stage.h"

static void whoever_waits_goes_on_when_all_have_finished(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {g: group}\n"
                       "fix:\n"
                       "  main: [add g 3, spawn worker, spawn slow * 2, wait g]\n"
                       "  worker: [sleep 1ms, finish g]\n"
                       "  slow: [sleep 5ms, finish g]\n");
    assert_int_equal(stage_in(&stage, TASK_JOIN), 1);
    stage_pass(&stage, 4 * MS);
    assert_int_equal(stage_at(&stage, "wait g"), 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "wait g"), 0);
    assert_int_equal(stage_in(&stage, TASK_LINGER), 1);
    stage_close(&stage);
}

static void nobody_waits_for_a_group_at_nothing(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {g: group}\n"
                       "fix:\n"
                       "  main: [wait g, add g 0, wait g, add g, finish g, wait g]\n");
    assert_int_equal(stage_in(&stage, TASK_LINGER), 1);
    stage_close(&stage);
}

static void all_who_wait_are_woken(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {g: group}\n"
                       "fix:\n"
                       "  main: [add g, spawn waiter * 500, sleep 1ms, finish g]\n"
                       "  waiter: [wait g]\n");
    assert_int_equal(stage_in(&stage, TASK_JOIN), 500);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 500);
    stage_close(&stage);
}

static void a_wait_that_cannot_come_to_an_end_hears_no_cancel(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {g: group}\n"
                       "fix:\n"
                       "  main: [add g 2, spawn waiter * 3, spawn worker]\n"
                       "  waiter: [wait g]\n"
                       "  worker: [finish g]\n");
    stage_cancel(&stage);
    assert_int_equal(stage_in(&stage, TASK_JOIN), 3);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    stage_close(&stage);
}

static void finishing_more_than_was_added_panics(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {g: group}\n"
                       "fix:\n"
                       "  main: [add g 2, spawn worker * 5]\n"
                       "  worker: [finish g]\n");
    assert_int_equal(stage_ended(&stage, END_RETURNED), 2);
    assert_int_equal(stage_ended(&stage, END_PANICKED), 3);
    stage_close(&stage);
}

static void adding_more_than_a_counter_holds_panics(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage,
               "share: {g: group, full: group}\n"
               "fix:\n"
               "  main: [add full 1_000_000_000, add full 1_000_000_000, add full 147_483_647, spawn a,\n"
               "         spawn b]\n"
               "  a: [add full 0, finish full, add full, sleep 1h]\n"
               "  b: [add full]\n");
    assert_int_equal(stage_ended(&stage, END_PANICKED), 1);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_close(&stage);
}

/* The waiters of the first round are still to be woken when the second one begins. */
static void a_group_is_used_again_before_those_who_waited_have_gone_on(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {g: group}\n"
                       "fix:\n"
                       "  main: [add g, spawn waiter * 300, sleep 1ms, finish g, add g, wait g]\n"
                       "  waiter: [wait g, sleep 1h]\n");
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 300);
    assert_int_equal(stage_in(&stage, TASK_JOIN), 1);
    stage_close(&stage);
}

static void groups_of_a_task_s_own_are_its_own(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn request * 4]\n"
                       "  request:\n"
                       "    own: {g: group}\n"
                       "    steps: [add g 3, spawn part * 3, wait g]\n"
                       "  part: [sleep 5ms, finish g]\n");
    assert_int_equal(stage_in(&stage, TASK_JOIN), 4);
    stage_pass(&stage, 5 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 16);
    stage_close(&stage);
}

static void a_reclaim_takes_those_who_wait_and_those_being_woken(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {g: group, never: group}\n"
                       "fix:\n"
                       "  main: [add g, add never, spawn a * 400, spawn b * 400, sleep 1ms, finish g]\n"
                       "  a: [wait g, wait never]\n"
                       "  b: [wait never]\n");
    stage.clock.manual_ns += 1 * MS;
    stage_rounds(&stage, 2);
    stage_reclaim(&stage);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_waits_goes_on_when_all_have_finished),
        cmocka_unit_test(nobody_waits_for_a_group_at_nothing),
        cmocka_unit_test(all_who_wait_are_woken),
        cmocka_unit_test(a_wait_that_cannot_come_to_an_end_hears_no_cancel),
        cmocka_unit_test(finishing_more_than_was_added_panics),
        cmocka_unit_test(adding_more_than_a_counter_holds_panics),
        cmocka_unit_test(a_group_is_used_again_before_those_who_waited_have_gone_on),
        cmocka_unit_test(groups_of_a_task_s_own_are_its_own),
        cmocka_unit_test(a_reclaim_takes_those_who_wait_and_those_being_woken),
    };
    return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
