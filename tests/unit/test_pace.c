/* The pace of a thread that may have a share of a processor, on made-up time. */
#include "runtime/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define US 1000ull
#define MS 1000000ull

static void the_rest_makes_up_for_the_work(void **state)
{
    (void)state;
    struct pace pace = {.percent = 10};
    pace_worked(&pace, 100 * MS, 101 * MS);
    assert_int_equal(pace_rest_ns(&pace, 101 * MS), 9 * MS);
    assert_int_equal(pace_rest_ns(&pace, 109 * MS), 1 * MS);
    assert_int_equal(pace_rest_ns(&pace, 110 * MS), 0);
}

static void short_rests_are_saved_up(void **state)
{
    (void)state;
    struct pace pace = {.percent = 50};
    pace_worked(&pace, 100 * MS, 100 * MS + 600 * US);
    assert_int_equal(pace_rest_ns(&pace, 100 * MS + 600 * US), 0);
    pace_worked(&pace, 100 * MS + 600 * US, 101 * MS + 200 * US);
    assert_int_equal(pace_rest_ns(&pace, 101 * MS + 200 * US), 1200 * US);
}

static void a_long_rest_is_no_credit(void **state)
{
    (void)state;
    struct pace pace = {.percent = 25};
    pace_worked(&pace, 1 * MS, 2 * MS);
    pace_worked(&pace, 5000 * MS, 5001 * MS);
    assert_int_equal(pace_rest_ns(&pace, 5001 * MS), 3 * MS);
}

static void who_may_have_all_never_rests(void **state)
{
    (void)state;
    struct pace pace = {.percent = 100};
    pace_worked(&pace, 0, 1000 * MS);
    assert_int_equal(pace_rest_ns(&pace, 0), 0);
}

/* Work in pieces of any length takes its share of the time, whatever timers round up to. */
static void in_the_long_run_it_has_its_share(void **state)
{
    (void)state;
    for (uint32_t percent = 1; percent < 100; percent++) {
        struct pace pace = {.percent = percent};
        uint64_t now_ns = 7 * MS, began_ns = now_ns, worked_ns = 0;
        for (uint64_t i = 0; i < 2000; i++) {
            uint64_t piece_ns = (i * 7919 % 900 + 50) * US;
            pace_worked(&pace, now_ns, now_ns + piece_ns);
            worked_ns += piece_ns;
            now_ns += piece_ns;
            uint64_t rest_ns = pace_rest_ns(&pace, now_ns);
            now_ns += (rest_ns + MS - 1) / MS * MS;
        }
        uint64_t share = worked_ns * 10000 / (now_ns - began_ns);
        assert_in_range(share, percent * 60u, percent * 100u + 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rest_makes_up_for_the_work),   cmocka_unit_test(short_rests_are_saved_up),
        cmocka_unit_test(a_long_rest_is_no_credit),         cmocka_unit_test(who_may_have_all_never_rests),
        cmocka_unit_test(in_the_long_run_it_has_its_share),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
