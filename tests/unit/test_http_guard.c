/* Which requests may change something, judged by Host, Origin and Sec-Fetch-Site. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "http/guard.h"

static struct guard guard_on(const char *listen, uint16_t port)
{
    struct address address;
    struct guard guard;
    assert_int_equal(address_parse(listen, &address), ERR_OK);
    guard_init(&guard, &address, port);
    snprintf(guard.hostname, sizeof guard.hostname, "box");
    return guard;
}

static void on_loopback_its_own_names_with_its_port_pass(void **state)
{
    (void)state;
    struct guard guard = guard_on("127.0.0.1:9777", 9777);
    static const char *const good[] = {"127.0.0.1:9777", "localhost:9777", "LocalHost:9777", "[::1]:9777",
                                       "[0:0:0:0:0:0:0:1]:9777"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_null(guard_refuse(&guard, good[i], NULL, NULL));
}

static void on_loopback_every_other_host_is_refused(void **state)
{
    (void)state;
    struct guard guard = guard_on("127.0.0.1:9777", 9777);
    static const char *const bad[] = {
        "evil.example:9777",
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:80",
        "localhost",
        "localhost.:9777",
        "box:9777",
        "10.0.0.1:9777",
        "127.0.0.1:9777x",
        "127.0.0.1:",
        "",
        ":9777",
        "[::1:9777",
        "[localhost]:9777",
        "127.0.0.1.evil.example:9777",
        "localhost:9777 ",
        "[]:9777",
        "127.0.0.1:99999",
        "127.0.0.1:009777",
        "user@localhost:9777",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (guard_refuse(&guard, bad[i], NULL, NULL) == NULL)
            fail_msg("passed: %s", bad[i]);
    assert_non_null(guard_refuse(&guard, NULL, NULL, NULL));
}

static void a_long_host_is_refused(void **state)
{
    (void)state;
    struct guard guard = guard_on("127.0.0.1:9777", 9777);
    char host[1024];
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    assert_non_null(guard_refuse(&guard, host, NULL, NULL));
}

static void on_one_address_that_address_passes_and_others_do_not(void **state)
{
    (void)state;
    struct guard guard = guard_on("10.1.2.3:80", 80);
    assert_null(guard_refuse(&guard, "10.1.2.3:80", NULL, NULL));
    assert_null(guard_refuse(&guard, "10.1.2.3", NULL, NULL)); /* 80 is what http means */
    assert_non_null(guard_refuse(&guard, "10.1.2.4", NULL, NULL));
    assert_non_null(guard_refuse(&guard, "box", NULL, NULL));
}

static void on_a_wildcard_addresses_and_the_machines_name_pass_with_any_port(void **state)
{
    (void)state;
    struct guard guard = guard_on("0.0.0.0:9777", 9777);
    assert_null(guard_refuse(&guard, "192.168.0.7:9777", NULL, NULL));
    assert_null(guard_refuse(&guard, "[fe80::1]:19777", NULL, NULL));
    assert_null(guard_refuse(&guard, "localhost:19777", NULL, NULL));
    assert_null(guard_refuse(&guard, "BOX:9777", NULL, NULL));
    assert_non_null(guard_refuse(&guard, "evil.example:9777", NULL, NULL));
}

static void on_a_wildcard_without_a_machine_name_no_name_passes(void **state)
{
    (void)state;
    struct guard guard = guard_on("0.0.0.0:9777", 9777);
    guard.hostname[0] = '\0';
    assert_non_null(guard_refuse(&guard, "box:9777", NULL, NULL));
}

static void an_origin_must_be_the_very_host(void **state)
{
    (void)state;
    struct guard guard = guard_on("127.0.0.1:9777", 9777);
    assert_null(guard_refuse(&guard, "localhost:9777", "http://localhost:9777", NULL));
    static const char *const foreign[] = {"null",
                                          "",
                                          "http://evil.example",
                                          "http://127.0.0.1:9777",
                                          "http://localhost:3000",
                                          "https://localhost:9777",
                                          "http://localhost:9777.evil.example",
                                          "localhost:9777"};
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        if (guard_refuse(&guard, "localhost:9777", foreign[i], NULL) == NULL)
            fail_msg("passed: %s", foreign[i]);
}

static void a_browsers_word_that_a_page_from_elsewhere_asks_is_believed(void **state)
{
    (void)state;
    struct guard guard = guard_on("127.0.0.1:9777", 9777);
    assert_null(guard_refuse(&guard, "localhost:9777", NULL, "same-origin"));
    assert_null(guard_refuse(&guard, "localhost:9777", NULL, "none"));
    assert_non_null(guard_refuse(&guard, "localhost:9777", NULL, "same-site"));
    assert_non_null(guard_refuse(&guard, "localhost:9777", NULL, "cross-site"));
    assert_non_null(guard_refuse(&guard, "localhost:9777", NULL, "what"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_loopback_its_own_names_with_its_port_pass),
        cmocka_unit_test(on_loopback_every_other_host_is_refused),
        cmocka_unit_test(a_long_host_is_refused),
        cmocka_unit_test(on_one_address_that_address_passes_and_others_do_not),
        cmocka_unit_test(on_a_wildcard_addresses_and_the_machines_name_pass_with_any_port),
        cmocka_unit_test(on_a_wildcard_without_a_machine_name_no_name_passes),
        cmocka_unit_test(an_origin_must_be_the_very_host),
        cmocka_unit_test(a_browsers_word_that_a_page_from_elsewhere_asks_is_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
