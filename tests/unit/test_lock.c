/* Mutexes and rwmutexes: who waits, who is let in first, and what unlocking wrongly means. Semantics as in
 * Go's package sync. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "stage.h"

static void a_mutex_lets_one_in_at_a_time(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex}\n"
                       "fix:\n"
                       "  main: [spawn worker * 3]\n"
                       "  worker: [lock m, sleep 10ms, unlock m]\n");
    assert_int_equal(stage_at(&stage, "sleep 10ms"), 1);
    assert_int_equal(stage_in(&stage, TASK_LOCK), 2);
    stage_pass(&stage, 10 * MS);
    assert_int_equal(stage_at(&stage, "sleep 10ms"), 1);
    assert_int_equal(stage_at(&stage, "lock m"), 1);
    stage_pass(&stage, 20 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 3);
    stage_close(&stage);
}

static void who_has_waited_longest_gets_the_lock(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex}\n"
                       "fix:\n"
                       "  main: [lock m, spawn first, sleep 1ms, spawn second, sleep 1ms, unlock m, lock m]\n"
                       "  first: [lock m, sleep 10ms, unlock m, sleep 1h]\n"
                       "  second: [lock m, sleep 20ms, unlock m, sleep 2h]\n");
    stage_pass(&stage, 2 * MS);
    assert_int_equal(stage_at(&stage, "sleep 10ms"), 1);
    assert_int_equal(stage_at(&stage, "lock m"), 2);
    stage_pass(&stage, 10 * MS);
    assert_int_equal(stage_at(&stage, "sleep 20ms"), 1);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_pass(&stage, 20 * MS);
    assert_int_equal(stage_at(&stage, "sleep 2h"), 1);
    assert_int_equal(stage_in(&stage, TASK_LINGER), 1);
    stage_close(&stage);
}

static void a_mutex_is_not_reentrant(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex}\n"
                       "fix:\n"
                       "  main: [spawn worker * 2]\n"
                       "  worker: [lock m, sleep 1ms, lock m, unlock m]\n");
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_in(&stage, TASK_LOCK), 2);
    stage_cancel(&stage);
    assert_int_equal(stage_in(&stage, TASK_LOCK), 2);
    stage_close(&stage);
}

static void any_task_may_unlock(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex, rw: rwmutex}\n"
                       "fix:\n"
                       "  main: [lock m, lock rw, spawn other, lock m, lock rw, unlock m]\n"
                       "  other: [sleep 1ms, unlock m, unlock rw]\n");
    assert_int_equal(stage_at(&stage, "lock m"), 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_in(&stage, TASK_LINGER), 1);
    stage_close(&stage);
}

static void unlocking_what_is_not_locked_panics(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex, free: rwmutex, read: rwmutex, written: rwmutex}\n"
                       "fix:\n"
                       "  main: [rlock read, lock written, spawn a, spawn b, spawn c, spawn d, spawn e]\n"
                       "  a: [unlock m]\n"
                       "  b: [unlock free]\n"
                       "  c: [runlock free]\n"
                       "  d: [unlock read]\n"
                       "  e: [runlock written]\n");
    assert_int_equal(stage_ended(&stage, END_PANICKED), 5);
    stage_close(&stage);
}

static void unlocking_twice_panics_the_second_time(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex}\n"
                       "fix:\n"
                       "  main: [lock m, spawn worker * 3]\n"
                       "  worker: [unlock m]\n");
    assert_int_equal(stage_ended(&stage, END_RETURNED), 1);
    assert_int_equal(stage_ended(&stage, END_PANICKED), 2);
    stage_close(&stage);
}

static void readers_read_together_and_keep_writers_out(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {rw: rwmutex}\n"
                       "fix:\n"
                       "  main: [spawn reader * 3, spawn writer * 2]\n"
                       "  reader: [rlock rw, sleep 10ms, runlock rw]\n"
                       "  writer: [lock rw, sleep 5ms, unlock rw]\n");
    assert_int_equal(stage_at(&stage, "sleep 10ms"), 3);
    assert_int_equal(stage_at(&stage, "lock rw"), 2);
    stage_pass(&stage, 10 * MS);
    assert_int_equal(stage_at(&stage, "sleep 5ms"), 1);
    stage_pass(&stage, 10 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 5);
    stage_close(&stage);
}

static void a_writer_that_waits_keeps_new_readers_out(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {rw: rwmutex}\n"
                       "fix:\n"
                       "  main: [spawn outer, sleep 1ms, spawn writer]\n"
                       "  outer: [rlock rw, sleep 2ms, rlock rw, runlock rw, runlock rw]\n"
                       "  writer: [lock rw, unlock rw]\n");
    stage_pass(&stage, 2 * MS);
    assert_int_equal(stage_at(&stage, "rlock rw"), 1);
    assert_int_equal(stage_at(&stage, "lock rw"), 1);
    stage_cancel(&stage);
    assert_int_equal(stage_in(&stage, TASK_LOCK), 2);
    stage_close(&stage);
}

/* Two writers wait, and 300 readers, of whom the last came after the second writer. */
static void all_readers_that_wait_go_before_the_next_writer(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {rw: rwmutex}\n"
                       "fix:\n"
                       "  main: [lock rw, spawn reader * 150, sleep 1ms, spawn writer * 2, sleep 1ms,\n"
                       "         spawn reader * 150, sleep 1ms, unlock rw]\n"
                       "  reader: [rlock rw, sleep 10ms, runlock rw]\n"
                       "  writer: [lock rw, sleep 20ms, unlock rw]\n");
    assert_int_equal(stage_at(&stage, "rlock rw"), 150);
    stage_pass(&stage, 3 * MS);
    assert_int_equal(stage_at(&stage, "sleep 10ms"), 300);
    assert_int_equal(stage_at(&stage, "lock rw"), 2);
    stage_pass(&stage, 10 * MS);
    assert_int_equal(stage_at(&stage, "sleep 20ms"), 1);
    stage_pass(&stage, 40 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 302);
    stage_close(&stage);
}

/* Between the unlock and the waking of the last reader, a writer may try: the readers have the lock already.
 */
static void readers_have_the_lock_before_they_are_woken(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {rw: rwmutex}\n"
                       "fix:\n"
                       "  main: [lock rw, spawn reader * 500, sleep 1ms, unlock rw, lock rw]\n"
                       "  reader: [rlock rw, sleep 1h]\n");
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 500);
    assert_int_equal(stage_at(&stage, "lock rw"), 1);
    stage_close(&stage);
}

static void locks_of_a_task_s_own_are_its_own(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn request * 4]\n"
                       "  request:\n"
                       "    own: {m: mutex, rw: rwmutex}\n"
                       "    steps: [lock m, rlock rw, spawn part, sleep 5ms, runlock rw, unlock m]\n"
                       "  part: [rlock rw, lock m, unlock m, runlock rw]\n");
    assert_int_equal(stage_at(&stage, "lock m"), 4);
    stage_pass(&stage, 5 * MS);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 8);
    stage_close(&stage);
}

static void a_reclaim_takes_those_who_wait_for_a_lock(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex, rw: rwmutex}\n"
                       "fix:\n"
                       "  main: [lock m, lock rw, spawn a * 400, spawn b * 400, spawn c * 400, sleep 1ms,\n"
                       "         unlock rw]\n"
                       "  a: [lock m]\n"
                       "  b: [rlock rw, runlock rw]\n"
                       "  c: [lock rw]\n");
    stage.clock.manual_ns += 1 * MS;
    stage_rounds(&stage, 2);
    stage_reclaim(&stage);
    stage_close(&stage);
}

static void whoever_panics_keeps_what_it_has_locked(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {m: mutex}\n"
                       "fix:\n"
                       "  main: [spawn worker * 3]\n"
                       "  worker: [lock m, panic]\n");
    assert_int_equal(stage_ended(&stage, END_PANICKED), 1);
    assert_int_equal(stage_in(&stage, TASK_LOCK), 2);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mutex_lets_one_in_at_a_time),
        cmocka_unit_test(who_has_waited_longest_gets_the_lock),
        cmocka_unit_test(a_mutex_is_not_reentrant),
        cmocka_unit_test(any_task_may_unlock),
        cmocka_unit_test(unlocking_what_is_not_locked_panics),
        cmocka_unit_test(unlocking_twice_panics_the_second_time),
        cmocka_unit_test(readers_read_together_and_keep_writers_out),
        cmocka_unit_test(a_writer_that_waits_keeps_new_readers_out),
        cmocka_unit_test(all_readers_that_wait_go_before_the_next_writer),
        cmocka_unit_test(readers_have_the_lock_before_they_are_woken),
        cmocka_unit_test(locks_of_a_task_s_own_are_its_own),
        cmocka_unit_test(a_reclaim_takes_those_who_wait_for_a_lock),
        cmocka_unit_test(whoever_panics_keeps_what_it_has_locked),
    };
    return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
