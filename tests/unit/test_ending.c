/* Signals by which somebody ends a command, held back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ending.h"
#include "base/macros.h"

/* Each test has hang-ups as they are by default, whatever started it. */
static int hold_back(void **state)
{
    sigset_t signals;
    (void)state;
    signal(SIGHUP, SIG_DFL);
    ending_signals(&signals);
    return sigprocmask(SIG_BLOCK, &signals, NULL);
}

static void each_of_them_is_noticed_and_stays(void **state)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    (void)state;
    assert_int_equal(ending_waits(), 0);
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        sigset_t one;
        int taken;
        sigemptyset(&one);
        sigaddset(&one, numbers[i]);
        raise(numbers[i]);
        assert_int_equal(ending_waits(), numbers[i]);
        assert_int_equal(ending_waits(), numbers[i]);
        assert_int_equal(sigwait(&one, &taken), 0);
        assert_int_equal(ending_waits(), 0);
    }
}

static void below_nohup_nobody_hangs_up(void **state)
{
    sigset_t signals;
    (void)state;
    signal(SIGHUP, SIG_IGN);
    raise(SIGHUP); /* is pending all the same, since it is blocked */
    assert_int_equal(ending_waits(), 0);
    ending_signals(&signals);
    assert_int_equal(sigismember(&signals, SIGHUP), 0);
    assert_int_equal(sigismember(&signals, SIGINT), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_of_them_is_noticed_and_stays, hold_back),
        cmocka_unit_test_setup(below_nohup_nobody_hangs_up, hold_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
