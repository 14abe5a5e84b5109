/* base/buf.h: content, bound, and what sticks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fault.h"

static void nothing_appended_reads_as_an_empty_string(void **state)
{
    (void)state;
    struct buf buf;
    size_t size = 1;
    buf_init(&buf, 10);
    assert_string_equal(buf_text(&buf), "");
    assert_null(buf_take(&buf, &size));
    assert_int_equal(size, 0);
    buf_deinit(&buf);
}

static void what_is_appended_in_pieces_reads_back_whole(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100000);
    char expected[50001] = "";
    size_t size = 0;
    for (int i = 0; size < 49000; i++) {
        size += (size_t)sprintf(expected + size, "%d;", i);
        assert_int_equal(buf_printf(&buf, "%d;", i), ERR_OK);
    }
    assert_int_equal(buf.size, size);
    assert_string_equal(buf_text(&buf), expected);
    buf_deinit(&buf);
}

static void bytes_may_be_anything(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100);
    assert_int_equal(buf_append(&buf, "a\0b", 3), ERR_OK);
    assert_int_equal(buf_putc(&buf, '\0'), ERR_OK);
    assert_int_equal(buf_puts(&buf, "c"), ERR_OK);
    assert_int_equal(buf_append(&buf, NULL, 0), ERR_OK);
    assert_int_equal(buf.size, 5);
    assert_memory_equal(buf.data, "a\0b\0c\0", 6);
    buf_deinit(&buf);
}

static void the_maximum_is_reached_exactly_and_not_passed(void **state)
{
    (void)state;
    for (size_t max = 0; max < 600; max++) {
        struct buf buf;
        buf_init(&buf, max);
        for (size_t i = 0; i < max; i++)
            assert_int_equal(buf_putc(&buf, 'x'), ERR_OK);
        assert_int_equal(buf_putc(&buf, 'y'), ERR_LIMIT);
        assert_int_equal(buf.size, max);
        assert_int_equal(strlen(buf_text(&buf)), max);
        assert_true(buf.capacity <= max + 1);
        buf_deinit(&buf);
    }
}

static void an_append_that_does_not_fit_changes_nothing_and_sticks(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 5);
    assert_int_equal(buf_puts(&buf, "abc"), ERR_OK);
    assert_int_equal(buf_printf(&buf, "%s", "def"), ERR_LIMIT);
    assert_string_equal(buf_text(&buf), "abc");
    assert_int_equal(buf_putc(&buf, 'd'), ERR_LIMIT);
    assert_int_equal(buf_append(&buf, "", 0), ERR_LIMIT);
    assert_int_equal(buf_reserve(&buf, 1), ERR_LIMIT);
    assert_string_equal(buf_text(&buf), "abc");
    assert_int_equal(buf.err, ERR_LIMIT);
    buf_clear(&buf);
    assert_int_equal(buf_puts(&buf, "later"), ERR_OK);
    assert_string_equal(buf_text(&buf), "later");
    buf_deinit(&buf);
}

static void a_size_near_the_end_of_the_address_space_does_not_wrap_around(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    assert_int_equal(buf_puts(&buf, "abc"), ERR_OK);
    assert_int_equal(buf_reserve(&buf, SIZE_MAX), ERR_LIMIT);
    assert_string_equal(buf_text(&buf), "abc");
    buf_deinit(&buf);
}

static void room_without_content_is_an_empty_string(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    assert_int_equal(buf_reserve(&buf, 500), ERR_OK);
    assert_string_equal(buf_text(&buf), "");
    assert_true(buf.capacity > 500);
    buf_deinit(&buf);
}

static void what_is_taken_belongs_to_the_caller(void **state)
{
    (void)state;
    struct buf buf;
    size_t size;
    buf_init(&buf, 100);
    buf_puts(&buf, "mine");
    char *taken = buf_take(&buf, &size);
    assert_int_equal(size, 4);
    assert_string_equal(taken, "mine");
    free(taken);
    buf_puts(&buf, "yours");
    assert_string_equal(buf_text(&buf), "yours");
    buf_deinit(&buf);
    buf_deinit(&buf);
}

static bool write_much(void *argument)
{
    (void)argument;
    struct buf buf;
    bool refused = false;
    buf_init(&buf, 10000);
    for (int i = 0; i < 1000; i++) {
        size_t before = buf.size;
        enum err err = buf_printf(&buf, "%04d", i);
        assert_true(err == ERR_OK || err == ERR_MEMORY);
        assert_true(!refused || err == ERR_MEMORY);
        refused = err != ERR_OK;
        assert_int_equal(buf.size, refused ? before : before + 4);
    }
    buf_deinit(&buf);
    return !refused;
}

static void running_out_of_memory_is_an_error_that_sticks(void **state)
{
    (void)state;
    fault_sweep(write_much, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_appended_reads_as_an_empty_string),
        cmocka_unit_test(what_is_appended_in_pieces_reads_back_whole),
        cmocka_unit_test(bytes_may_be_anything),
        cmocka_unit_test(the_maximum_is_reached_exactly_and_not_passed),
        cmocka_unit_test(an_append_that_does_not_fit_changes_nothing_and_sticks),
        cmocka_unit_test(a_size_near_the_end_of_the_address_space_does_not_wrap_around),
        cmocka_unit_test(room_without_content_is_an_empty_string),
        cmocka_unit_test(what_is_taken_belongs_to_the_caller),
        cmocka_unit_test(running_out_of_memory_is_an_error_that_sticks),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
