/* base/unit.h: numbers with units, read strictly and written so that they read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/rng.h"
#include "base/unit.h"

#define UNTOUCHED (-77)

typedef enum err parse_fn(const char *text, int64_t *number);

static void assert_reads(parse_fn *parse, const char *text, int64_t expected)
{
    int64_t number = UNTOUCHED;
    assert_int_equal(parse(text, &number), ERR_OK);
    assert_int_equal(number, expected);
}

static void assert_refuses(parse_fn *parse, const char *text, enum err expected)
{
    int64_t number = UNTOUCHED;
    if (parse(text, &number) != expected)
        fail_msg("\"%s\" is not refused as %s", text, err_text(expected));
    assert_int_equal(number, UNTOUCHED);
}

static void durations_are_read_in_every_unit(void **state)
{
    (void)state;
    assert_reads(unit_parse_duration, "0", 0);
    assert_reads(unit_parse_duration, "1ns", 1);
    assert_reads(unit_parse_duration, "2us", 2000);
    assert_reads(unit_parse_duration, "80ms", 80000000);
    assert_reads(unit_parse_duration, "1.5s", 1500000000);
    assert_reads(unit_parse_duration, "2m30s", 150000000000);
    assert_reads(unit_parse_duration, "1h0.5m", 3630000000000);
    assert_reads(unit_parse_duration, ".5s", 500000000);
    assert_reads(unit_parse_duration, "7d", 604800000000000);
    assert_reads(unit_parse_duration, "366d", LIMIT_DURATION_NS);
    assert_reads(unit_parse_duration, "0.000000001s", 1);
}

static void a_duration_that_is_not_one_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",     "s",   "1",   "-1s",   "+1s",   " 1s", "1s ",
                                        "1 s",  "1S",  "1.s", "1e3s",  "1h30",  "ms5", "0x1s",
                                        "1,5s", "1µs", "00",  "1..5s", "1.5.s", "nan", "1ss"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refuses(unit_parse_duration, wrong[i], ERR_SYNTAX);
}

static void a_duration_beyond_the_limit_is_out_of_range(void **state)
{
    (void)state;
    assert_refuses(unit_parse_duration, "366d1ns", ERR_RANGE);
    assert_refuses(unit_parse_duration, "367d", ERR_RANGE);
    assert_refuses(unit_parse_duration, "0.5ns", ERR_RANGE);
    assert_refuses(unit_parse_duration, "200d200d", ERR_RANGE);
    assert_refuses(unit_parse_duration, "99999999999999999999999999999999s", ERR_RANGE);
    assert_refuses(unit_parse_duration, "92233720368547758070ns", ERR_RANGE);
}

static void sizes_are_read_in_powers_of_1024_and_of_1000(void **state)
{
    (void)state;
    assert_reads(unit_parse_size, "0", 0);
    assert_reads(unit_parse_size, "512", 512);
    assert_reads(unit_parse_size, "512B", 512);
    assert_reads(unit_parse_size, "4KiB", 4096);
    assert_reads(unit_parse_size, "1.5GiB", 1610612736);
    assert_reads(unit_parse_size, "1kB", 1000);
    assert_reads(unit_parse_size, "1MB", 1000000);
    assert_reads(unit_parse_size, "1TB", LIMIT_NUMBER);
    assert_refuses(unit_parse_size, "1TiB", ERR_RANGE);
    assert_refuses(unit_parse_size, "0.5B", ERR_RANGE);
    assert_refuses(unit_parse_size, "1000000000001", ERR_RANGE);
    static const char *const wrong[] = {"",      "KiB", "1K",     "1kb",   "1KB",
                                        "1 KiB", "-1",  "1KiB1B", "1.KiB", "4kiB"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refuses(unit_parse_size, wrong[i], ERR_SYNTAX);
}

static void percentages_are_read_in_millionths(void **state)
{
    (void)state;
    assert_reads(unit_parse_percent, "0%", 0);
    assert_reads(unit_parse_percent, "2%", 20000);
    assert_reads(unit_parse_percent, "0.0001%", 1);
    assert_reads(unit_parse_percent, "100%", 1000000);
    assert_refuses(unit_parse_percent, "100.1%", ERR_RANGE);
    assert_refuses(unit_parse_percent, "101%", ERR_RANGE);
    assert_refuses(unit_parse_percent, "0.00001%", ERR_RANGE);
    assert_refuses(unit_parse_percent, "2", ERR_SYNTAX);
    assert_refuses(unit_parse_percent, "%", ERR_SYNTAX);
    assert_refuses(unit_parse_percent, "2%%", ERR_SYNTAX);
}

static void counts_are_digits_with_underscores_between_them(void **state)
{
    (void)state;
    assert_reads(unit_parse_count, "0", 0);
    assert_reads(unit_parse_count, "007", 7);
    assert_reads(unit_parse_count, "1_000_000", 1000000);
    assert_reads(unit_parse_count, "1000000000000", LIMIT_NUMBER);
    assert_refuses(unit_parse_count, "1000000000001", ERR_RANGE);
    assert_refuses(unit_parse_count, "99999999999999999999999", ERR_RANGE);
    static const char *const wrong[] = {"", "_1", "1_", "1__0", "1.0", "1e3", "-1", "+1", " 1", "1 ", "0x1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refuses(unit_parse_count, wrong[i], ERR_SYNTAX);
}

static void numbers_are_written_as_people_write_them(void **state)
{
    (void)state;
    char text[UNIT_TEXT];
    assert_string_equal(unit_format_duration(0, text), "0s");
    assert_string_equal(unit_format_duration(1, text), "1ns");
    assert_string_equal(unit_format_duration(80000000, text), "80ms");
    assert_string_equal(unit_format_duration(1500000000, text), "1.5s");
    assert_string_equal(unit_format_duration(LIMIT_DURATION_NS, text), "366d");
    assert_string_equal(unit_format_duration(1234567, text), "1234.567us");
    assert_string_equal(unit_format_duration(1234500, text), "1234.5us");
    assert_string_equal(unit_format_size(0, text), "0B");
    assert_string_equal(unit_format_size(4096, text), "4KiB");
    assert_string_equal(unit_format_size(1610612736, text), "1.5GiB");
    assert_string_equal(unit_format_size(1000, text), "1000B");
    assert_string_equal(unit_format_percent(20000, text), "2%");
    assert_string_equal(unit_format_percent(0, text), "0%");
    assert_string_equal(unit_format_percent(1, text), "0.0001%");
}

static void what_is_written_reads_back_to_the_same_number(void **state)
{
    (void)state;
    struct rng rng = {42};
    for (int i = 0; i < 100000; i++) {
        char text[UNIT_TEXT];
        unsigned shift = rng_below(&rng, 64);
        int64_t ns = (int64_t)(rng_next(&rng) >> shift) & INT64_MAX;
        if (rng_below(&rng, 2) == 0)
            ns -= ns % (ns > 1000000 ? 250000 : 1);
        assert_reads(unit_parse_duration, unit_format_duration(ns % (LIMIT_DURATION_NS + 1), text),
                     ns % (LIMIT_DURATION_NS + 1));
        assert_reads(unit_parse_size, unit_format_size(ns % (LIMIT_NUMBER + 1), text),
                     ns % (LIMIT_NUMBER + 1));
        assert_reads(unit_parse_percent, unit_format_percent(ns % 1000001, text), ns % 1000001);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_in_every_unit),
        cmocka_unit_test(a_duration_that_is_not_one_is_refused),
        cmocka_unit_test(a_duration_beyond_the_limit_is_out_of_range),
        cmocka_unit_test(sizes_are_read_in_powers_of_1024_and_of_1000),
        cmocka_unit_test(percentages_are_read_in_millionths),
        cmocka_unit_test(counts_are_digits_with_underscores_between_them),
        cmocka_unit_test(numbers_are_written_as_people_write_them),
        cmocka_unit_test(what_is_written_reads_back_to_the_same_number),
    };
    return cmocka_run_group_tests_name("unit", tests, NULL, NULL);
}
