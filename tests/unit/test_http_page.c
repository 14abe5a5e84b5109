/* The files of the page, as the build has put them into the program, and the tags by which they are asked
 * for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/macros.h"
#include "http/page.h"
#include "page/assets.h"

#define MOST_BYTES 300000

static bool is_there(const char *name)
{
    for (size_t i = 0; i < page_asset_count; i++)
        if (strcmp(page_assets[i].name, name) == 0)
            return true;
    return false;
}

static void the_page_and_its_chart_are_there(void **state)
{
    (void)state;
    static const char *const names[] = {"index.html", "main.js", "page.css", "dygraph.min.js"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (!is_there(names[i]))
            fail_msg("missing: %s", names[i]);
}

static void all_of_it_is_small(void **state)
{
    (void)state;
    size_t size = 0;
    for (size_t i = 0; i < page_asset_count; i++)
        size += page_assets[i].gzip_size;
    assert_in_range(size, 10000, MOST_BYTES);
}

static void what_is_compressed_is_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < page_asset_count; i++) {
        const struct page_asset *asset = &page_assets[i];
        z_stream stream = {0};
        unsigned char *plain = malloc(asset->size + 1);
        assert_non_null(plain);
        assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
        stream.next_in = (Bytef *)(uintptr_t)asset->gzip;
        stream.avail_in = (uInt)asset->gzip_size;
        stream.next_out = plain;
        stream.avail_out = (uInt)asset->size + 1;
        assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
        assert_int_equal(stream.total_out, asset->size);
        assert_memory_equal(plain, asset->bytes, asset->size);
        assert_memory_equal(asset->gzip + 4, "\0\0\0\0",
                            4); /* not when it was made: a build can be repeated */
        inflateEnd(&stream);
        free(plain);
    }
}

static void a_tag_is_found_among_others(void **state)
{
    (void)state;
    static const char *const good[] = {"\"a1\"",  "*", "W/\"a1\"", "\"b\", \"a1\"", "\"b\",W/\"a1\" , \"c\"",
                                       ",,\"a1\""};
    static const char *const bad[] = {"",        "a1", "\"a\"",        "\"a1", "\"a12\"",
                                      "\"a1\"x", "**", "\"b\" \"a1\"", "W/",   ","};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (!page_tag_matches(good[i], "\"a1\""))
            fail_msg("not found in: %s", good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (page_tag_matches(bad[i], "\"a1\""))
            fail_msg("found in: %s", bad[i]);
    assert_false(page_tag_matches(NULL, "\"a1\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_and_its_chart_are_there),
        cmocka_unit_test(all_of_it_is_small),
        cmocka_unit_test(what_is_compressed_is_the_same),
        cmocka_unit_test(a_tag_is_found_among_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
