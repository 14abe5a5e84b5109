/* URLs of services, as users write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "client/site.h"

static const char *const fine[][3] = {
    {"http://127.0.0.1:9777", "http://127.0.0.1:9777", "127.0.0.1:9777"},
    {"localhost:9777", "http://localhost:9777", "localhost:9777"},
    {"http://leaklab/", "http://leaklab", "leaklab:80"},
    {"https://example.org/prometheus/", "https://example.org/prometheus", "example.org:443"},
    {"http://[::1]:9090", "http://[::1]:9090", "[::1]:9090"},
};

static const char *const faulty[] = {
    "", "ftp://a", "http://", "http://a:0x1", "http://a?x=1", "http://a/#b", "http://a b"};

static void urls_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fine); i++) {
        struct site site;
        assert_int_equal(site_parse(fine[i][0], &site), ERR_OK);
        assert_string_equal(site.url, fine[i][1]);
        assert_string_equal(site.host, fine[i][2]);
    }
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    char endless[SITE_URL + 16];
    struct site site = {.url = "kept"};
    for (size_t i = 0; i < COUNT_OF(faulty); i++)
        assert_int_equal(site_parse(faulty[i], &site), ERR_SYNTAX);
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_int_equal(site_parse(endless, &site), ERR_SYNTAX);
    assert_string_equal(site.url, "kept");
}

static void a_name_is_kept_to_one_address(void **state)
{
    (void)state;
    struct site site;
    assert_int_equal(site_parse("http://leaklab:9777/x", &site), ERR_OK);
    assert_int_equal(site_pin(&site, "10.0.0.5"), ERR_OK);
    assert_string_equal(site.url, "http://10.0.0.5:9777/x");
    assert_string_equal(site.host, "10.0.0.5:9777");
    assert_int_equal(site_pin(&site, "fe80::1"), ERR_OK);
    assert_string_equal(site.host, "[fe80::1]:9777");
    /* A certificate is for the name. */
    assert_int_equal(site_parse("https://leaklab", &site), ERR_OK);
    assert_int_equal(site_pin(&site, "10.0.0.5"), ERR_OK);
    assert_string_equal(site.url, "https://leaklab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_read),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(a_name_is_kept_to_one_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
