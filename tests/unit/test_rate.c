#include "lab/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SEC 1000000000ull

static struct rate rate_of(const char *text)
{
    struct rate rate = {-1, -1};
    assert_int_equal(rate_parse(text, &rate), ERR_OK);
    return rate;
}

static void rates_are_read_with_and_without_a_period(void **state)
{
    (void)state;
    assert_int_equal(rate_of("50").starts_millionths, 50000000);
    assert_int_equal(rate_of("50/s").per_ns, SEC);
    assert_int_equal(rate_of("3000/m").per_ns, 60 * SEC);
    assert_int_equal(rate_of("10/h").per_ns, 3600 * SEC);
    assert_int_equal(rate_of("0.5").starts_millionths, 500000);
    assert_int_equal(rate_of("0.000001/s").starts_millionths, 1);
    assert_int_equal(rate_of("0").starts_millionths, 0);
    assert_int_equal(rate_of("1000000/s").starts_millionths, 1000000000000);
}

static void what_is_no_rate_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",     "/s",   "-1",   "+1",   "1/",   "1/d",       "1 /s",
                                        "1/s ", ".5/s", "1./s", "1e3",  "nan",  "0.0000001", "50/ss",
                                        "0x10", "1,5",  "inf",  "1..2", "1/s/s"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct rate rate = {7, 8};
        assert_int_equal(rate_parse(wrong[i], &rate), ERR_SYNTAX);
        assert_int_equal(rate.starts_millionths, 7);
    }
}

static void rates_above_the_limit_are_out_of_range(void **state)
{
    (void)state;
    struct rate rate;
    assert_int_equal(rate_parse("1000000.1/s", &rate), ERR_RANGE);
    assert_int_equal(rate_parse("60000001/m", &rate), ERR_RANGE);
    assert_int_equal(rate_parse("99999999999999999999999999/h", &rate), ERR_RANGE);
}

static void starts_due_are_counted_exactly(void **state)
{
    (void)state;
    struct rate fifty = rate_of("50/s");
    assert_int_equal(rate_due(fifty, 0), 0);
    assert_int_equal(rate_due(fifty, 20000000 - 1), 0);
    assert_int_equal(rate_due(fifty, 20000000), 1);
    assert_int_equal(rate_due(fifty, SEC), 50);
    assert_int_equal(rate_due(fifty, 1000 * 3600 * SEC), 180000000);
    assert_int_equal(rate_due(rate_of("7/h"), 3600 * SEC), 7);
    assert_int_equal(rate_due(rate_of("0"), 3600 * SEC), 0);
}

static void a_start_is_due_when_the_count_reaches_it(void **state)
{
    (void)state;
    static const char *const texts[] = {"50/s", "7/h", "0.3", "999983/s", "0.000001/h", "3000/m"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct rate rate = rate_of(texts[i]);
        for (uint64_t count = 1; count < 100; count++) {
            uint64_t due_ns = rate_due_ns(rate, count);
            if (due_ns == UINT64_MAX)
                break;
            assert_int_equal(rate_due(rate, due_ns), count);
            assert_int_equal(rate_due(rate, due_ns - 1), count - 1);
        }
    }
    assert_true(rate_due_ns(rate_of("0"), 1) == UINT64_MAX);
    assert_true(rate_due_ns(rate_of("0.000001/h"), UINT64_MAX) == UINT64_MAX);
}

static void a_rate_as_json_can_be_posted_again(void **state)
{
    (void)state;
    static const struct {
        const char *text, *json;
    } cases[] = {{"50/s", "50"},           {"0.5", "0.5"},           {"0", "0"},
                 {"3000/m", "\"3000/m\""}, {"0.25/h", "\"0.25/h\""}, {"10/h", "\"10/h\""},
                 {"100/m", "\"100/m\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *json = rate_json(rate_of(cases[i].text));
        char *text = json_dumps(json, JSON_ENCODE_ANY);
        assert_string_equal(text, cases[i].json);
        free(text);
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_read_with_and_without_a_period),
        cmocka_unit_test(what_is_no_rate_is_refused),
        cmocka_unit_test(rates_above_the_limit_are_out_of_range),
        cmocka_unit_test(starts_due_are_counted_exactly),
        cmocka_unit_test(a_start_is_due_when_the_count_reaches_it),
        cmocka_unit_test(a_rate_as_json_can_be_posted_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
