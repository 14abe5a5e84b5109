/* Numbers, escapes and UTF-8 of metrics/format.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/format.h"

static const char *real(double value)
{
    static char text[METRICS_NUMBER_BYTES + 1];
    *metrics_put_double(text, value) = '\0';
    return text;
}

static const char *bound(double value, bool point)
{
    static char text[METRICS_NUMBER_BYTES + 1];
    *metrics_put_bound(text, value, point) = '\0';
    return text;
}

static void whole_numbers_of_every_length_are_exact(void **state)
{
    (void)state;
    uint64_t power = 1;
    for (int digits = 1; digits <= 20; digits++, power *= 10) {
        uint64_t around[] = {power - 1, power, power + 1, power * 9 / 7};
        for (size_t i = 0; i < 4; i++) {
            char text[METRICS_NUMBER_BYTES + 1];
            char expected[METRICS_NUMBER_BYTES + 1];
            *metrics_put_u64(text, around[i]) = '\0';
            snprintf(expected, sizeof(expected), "%llu", (unsigned long long)around[i]);
            assert_string_equal(text, expected);
        }
    }
    char largest[METRICS_NUMBER_BYTES + 1];
    *metrics_put_u64(largest, UINT64_MAX) = '\0';
    assert_string_equal(largest, "18446744073709551615");
}

static void reals_are_written_with_the_fewest_digits(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "0"},
        {1.0, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {0.000123, "0.000123"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {1.25e-9, "1.25e-09"},
        {1e-9, "1e-09"},
        {12345.678901234, "12345.678901234"},
        {999999.999999999, "999999.999999999"},
        {1700000000.12, "1700000000.12"},
        {1e6, "1000000"},
        {1234567.5, "1234567.5"},
        {1e20, "100000000000000000000"},
        {1e21, "1e+21"},
        {1.0 / 3.0, "0.3333333333333333"},
        {2.0 / 3.0, "0.6666666666666666"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {5e-324, "5e-324"},
        {INFINITY, "+Inf"},
        {-INFINITY, "-Inf"},
        {NAN, "NaN"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(real(cases[i].value), cases[i].text);
}

static void any_real_reads_back_as_itself_and_fits(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252u; /* xorshift64 */
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double value;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        assert_true(strtod(real(value), NULL) == value);
        assert_true(strlen(real(value)) < METRICS_NUMBER_BYTES);
        double seconds = (double)(bits >> 14) / 1e9;
        assert_true(strtod(real(seconds), NULL) == seconds);
    }
}

static void the_locale_changes_nothing(void **state)
{
    (void)state;
    static const char *const with_comma[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < 4 && !found; i++)
        found = setlocale(LC_NUMERIC, with_comma[i]) != NULL;
    if (!found)
        skip();
    assert_string_equal(real(0.1 + 0.2), "0.30000000000000004");
    assert_string_equal(real(1e-300), "1e-300");
    setlocale(LC_NUMERIC, "C");
}

static void bounds_are_canonical(void **state)
{
    (void)state;
    assert_string_equal(bound(1, false), "1");
    assert_string_equal(bound(1, true), "1.0");
    assert_string_equal(bound(0, true), "0.0");
    assert_string_equal(bound(0.005, true), "0.005");
    assert_string_equal(bound(2.5, false), "2.5");
    assert_string_equal(bound(100000, true), "100000.0");
    assert_string_equal(bound(1e6, true), "1e+06");
    assert_string_equal(bound(1e6, false), "1e+06");
    assert_string_equal(bound(1e-5, true), "1e-05");
    assert_string_equal(bound(INFINITY, true), "+Inf");
    assert_string_equal(bound(INFINITY, false), "+Inf");
}

static const char *escaped(const char *text, bool quotes)
{
    static char out[128];
    struct metrics_writer measure = {0};
    metrics_write_escaped(&measure, text, quotes);
    struct metrics_writer writer = {.at = out};
    metrics_write_escaped(&writer, text, quotes);
    assert_int_equal(measure.size, writer.size);
    out[writer.size] = '\0';
    return out;
}

static void special_characters_are_escaped(void **state)
{
    (void)state;
    assert_string_equal(escaped("plain", true), "plain");
    assert_string_equal(escaped("", true), "");
    assert_string_equal(escaped("a\\b\n\"c\"", true), "a\\\\b\\n\\\"c\\\"");
    assert_string_equal(escaped("a\\b\n\"c\"", false), "a\\\\b\\n\"c\"");
}

static bool utf8(const char *text)
{
    return metrics_utf8(text, strlen(text));
}

static void only_well_formed_utf8_passes(void **state)
{
    (void)state;
    assert_true(utf8(""));
    assert_true(utf8("a\x7f"));
    assert_true(
        utf8("\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
    static const char *const faulty[] = {
        "\x80",             /* nothing before it */
        "\xc0\xaf",         /* overlong */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* surrogate */
        "\xf4\x90\x80\x80", /* too high */
        "\xf5\x80\x80\x80", /* too high */
        "\xff",             /* never */
        "\xc3",             /* cut short */
        "\xe2\x82",         /* cut short */
        "\xf0\x9f\x98",     /* cut short */
        "\xe2\x28\xa1",     /* no continuation */
    };
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        assert_false(utf8(faulty[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_of_every_length_are_exact),
        cmocka_unit_test(reals_are_written_with_the_fewest_digits),
        cmocka_unit_test(any_real_reads_back_as_itself_and_fits),
        cmocka_unit_test(the_locale_changes_nothing),
        cmocka_unit_test(bounds_are_canonical),
        cmocka_unit_test(special_characters_are_escaped),
        cmocka_unit_test(only_well_formed_utf8_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
