/* Compression in one go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/gzip.h"

static void what_was_compressed_comes_back_behind_what_was_there(void **state)
{
    (void)state;
    static char plain[100000];
    static char back[sizeof plain];
    memset(plain, 'x', sizeof plain);
    struct buf out;
    buf_init(&out, 2 * sizeof plain);
    buf_puts(&out, "head");
    assert_int_equal(gzip_append(&out, plain, sizeof plain), ERR_OK);
    assert_memory_equal(out.data, "head", 4);
    assert_true(out.size < 1000);
    z_stream stream = {.next_in = (Bytef *)out.data + 4,
                       .avail_in = (uInt)out.size - 4,
                       .next_out = (Bytef *)back,
                       .avail_out = sizeof back};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    inflateEnd(&stream);
    assert_int_equal(stream.total_out, sizeof plain);
    assert_memory_equal(back, plain, sizeof plain);
    buf_deinit(&out);
}

static void a_buffer_that_is_too_small_keeps_its_content(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 8);
    buf_puts(&out, "head");
    assert_int_equal(gzip_append(&out, "some text", 9), ERR_LIMIT);
    assert_string_equal(buf_text(&out), "head");
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_compressed_comes_back_behind_what_was_there),
        cmocka_unit_test(a_buffer_that_is_too_small_keeps_its_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
