/* Conditions: who waits, who is woken, and who has the mutex then. Semantics as of Go's sync.Cond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "stage.h"

static void waiting_lets_go_of_the_mutex_and_takes_it_again(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {k: condition m, m: mutex}\n"
                       "fix:\n"
                       "  main: [spawn waiter, sleep 1ms, lock m, signal k, sleep 5ms, unlock m]\n"
                       "  waiter: [lock m, wait k, sleep 1h, unlock m]\n");
    assert_int_equal(stage_in(&stage, TASK_WAIT), 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_in(&stage, TASK_WAIT), 0);
    assert_int_equal(stage_in(&stage, TASK_LOCK), 1);
    assert_int_equal(stage_at(&stage, "wait k"), 1);
    stage_pass(&stage, 5 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_close(&stage);
}

static void a_signal_wakes_who_has_waited_longest(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage,
               "share: {m: mutex, k: condition m}\n"
               "fix:\n"
               "  main: [spawn first, sleep 1ms, spawn second, sleep 1ms, signal k, sleep 1ms, signal k]\n"
               "  first: [lock m, wait k, unlock m, sleep 1h]\n"
               "  second: [lock m, wait k, unlock m, sleep 2h]\n");
    stage_pass(&stage, 2 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    assert_int_equal(stage_in(&stage, TASK_WAIT), 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 2h"), 1);
    stage_close(&stage);
}

static void a_signal_that_nobody_waits_for_is_lost(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex, k: condition m}\n"
                       "fix:\n"
                       "  main: [signal k, broadcast k, spawn waiter * 3]\n"
                       "  waiter: [lock m, wait k, unlock m]\n");
    assert_int_equal(stage_in(&stage, TASK_WAIT), 3);
    stage_cancel(&stage);
    assert_int_equal(stage_in(&stage, TASK_WAIT), 3);
    stage_close(&stage);
}

static void a_broadcast_wakes_all_who_wait_and_they_queue_for_the_mutex(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex, k: condition m}\n"
                       "fix:\n"
                       "  main: [spawn waiter * 300, sleep 1ms, broadcast k]\n"
                       "  waiter: [lock m, wait k, sleep 1ms, unlock m]\n");
    assert_int_equal(stage_in(&stage, TASK_WAIT), 300);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1ms"), 1);
    assert_int_equal(stage_in(&stage, TASK_LOCK), 299);
    stage_pass(&stage, 100 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 100);
    stage_pass(&stage, 200 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 300);
    stage_close(&stage);
}

/* While the first are still being woken, the same condition is waited for again. */
static void who_waits_after_a_broadcast_waits_for_the_next(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex, k: condition m}\n"
                       "fix:\n"
                       "  main: [spawn waiter * 300, sleep 1ms, broadcast k, lock m, wait k]\n"
                       "  waiter: [lock m, wait k, unlock m]\n");
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 300);
    assert_int_equal(stage_in(&stage, TASK_WAIT), 1);
    stage_close(&stage);
}

static void waiting_without_the_lock_panics(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex, k: condition m}\n"
                       "fix:\n"
                       "  main: [spawn waiter]\n"
                       "  waiter: [wait k]\n");
    assert_int_equal(stage_ended(&stage, END_PANICKED), 1);
    stage_close(&stage);
}

static void a_condition_of_a_task_s_own_is_tied_to_its_own_or_a_shared_mutex(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex}\n"
                       "fix:\n"
                       "  main: [spawn narrow * 2, spawn wide * 2]\n"
                       "  narrow:\n"
                       "    own: {k: condition n, n: mutex}\n"
                       "    steps: [lock n, spawn waker, wait k, sleep 1h]\n"
                       "  waker: [lock n, signal k, unlock n]\n"
                       "  wide:\n"
                       "    own: {k2: condition m}\n"
                       "    steps: [lock m, spawn waker2, wait k2, sleep 2h]\n"
                       "  waker2: [lock m, signal k2, unlock m]\n");
    assert_int_equal(stage_at(&stage, "sleep 1h"), 2);
    assert_int_equal(stage_at(&stage, "sleep 2h"), 1);
    assert_int_equal(stage_in(&stage, TASK_LOCK), 1);
    stage_close(&stage);
}

static void a_reclaim_takes_those_who_wait_and_those_being_woken(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex, k: condition m}\n"
                       "fix:\n"
                       "  main: [spawn waiter * 500, sleep 1ms, broadcast k]\n"
                       "  waiter: [lock m, wait k, wait k, unlock m]\n");
    stage.clock.manual_ns += 1 * MS;
    stage_rounds(&stage, 2);
    stage_reclaim(&stage);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_lets_go_of_the_mutex_and_takes_it_again),
        cmocka_unit_test(a_signal_wakes_who_has_waited_longest),
        cmocka_unit_test(a_signal_that_nobody_waits_for_is_lost),
        cmocka_unit_test(a_broadcast_wakes_all_who_wait_and_they_queue_for_the_mutex),
        cmocka_unit_test(who_waits_after_a_broadcast_waits_for_the_next),
        cmocka_unit_test(waiting_without_the_lock_panics),
        cmocka_unit_test(a_condition_of_a_task_s_own_is_tied_to_its_own_or_a_shared_mutex),
        cmocka_unit_test(a_reclaim_takes_those_who_wait_and_those_being_woken),
    };
    return cmocka_run_group_tests_name("condition", tests, NULL, NULL);
}
