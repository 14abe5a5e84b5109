/* base/utf8.h: what is a character and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/utf8.h"

static void a_sequence_has_the_length_and_the_code_that_its_bytes_say(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        uint32_t code;
    } cases[] = {{"a", 'a'},
                 {"\xc2\x80", 0x80},
                 {"\xdf\xbf", 0x7ff},
                 {"\xe0\xa0\x80", 0x800},
                 {"\xef\xbf\xbf", 0xffff},
                 {"\xf0\x90\x80\x80", 0x10000},
                 {"\xf4\x8f\xbf\xbf", 0x10ffff}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t code;
        size_t size = strlen(cases[i].bytes);
        assert_int_equal(utf8_decode(cases[i].bytes, size, &code), size);
        assert_int_equal(code, cases[i].code);
        assert_int_equal(utf8_decode(cases[i].bytes, size - 1, &code), 0);
        assert_true(utf8_valid(cases[i].bytes));
    }
}

/* Continued without a beginning, cut short, longer than need be, a surrogate, beyond the last character. */
static void what_is_not_well_formed_is_mended_byte_by_byte(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *mended;
    } cases[] = {{"\x80", "?"},
                 {"a\xc3", "a?"},
                 {"\xe2\x82z", "??z"},
                 {"\xc0\xaf", "??"},
                 {"\xe0\x9f\xbf", "???"},
                 {"\xf0\x8f\xbf\xbf", "????"},
                 {"\xed\xa0\x80", "???"},
                 {"\xf4\x90\x80\x80", "????"},
                 {"\xc3\xa4\xff", "\xc3\xa4?"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[8];
        snprintf(text, sizeof text, "%s", cases[i].bytes);
        assert_false(utf8_valid(text));
        utf8_mend(text);
        assert_string_equal(text, cases[i].mended);
        assert_true(utf8_valid(text));
    }
}

static void characters_are_counted_and_not_cut_in_two(void **state)
{
    (void)state;
    static const char text[] = "x\xc3\xa4\xe2\x82\xac.";
    static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 7, 7};
    assert_int_equal(utf8_count(text, sizeof text - 1), 4);
    for (size_t most = 0; most < COUNT_OF(whole); most++)
        assert_int_equal(utf8_cut(text, most), whole[most]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sequence_has_the_length_and_the_code_that_its_bytes_say),
        cmocka_unit_test(what_is_not_well_formed_is_mended_byte_by_byte),
        cmocka_unit_test(characters_are_counted_and_not_cut_in_two),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
