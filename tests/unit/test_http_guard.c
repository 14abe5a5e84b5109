/* Which requests may change something, judged by Host, Origin and Sec-Fetch-Site. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "http/guard.h"

static struct guard guard_on(const char *listen, uint16_t port)
{
    struct address address;
    struct guard guard;
    assert_int_equal(address_parse(listen, &address), ERR_OK);
    address.port = port;
    guard_init(&guard, &address, false, NULL);
    snprintf(guard.hostname, sizeof guard.hostname, "box");
    return guard;
}

/* True when a request that changes state gets through. */
static bool passes(const struct guard *guard, const char *host, const char *origin, const char *fetch_site)
{
    return guard_host_allowed(guard, host) && guard_refuse(guard, host, origin, fetch_site) == NULL;
}

static void on_loopback_its_own_names_with_its_port_pass(void **state)
{
    (void)state;
    struct guard guard = guard_on("127.0.0.1:9777", 9777);
    static const char *const good[] = {"127.0.0.1:9777", "localhost:9777", "LocalHost:9777", "[::1]:9777",
                                       "[0:0:0:0:0:0:0:1]:9777"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(passes(&guard, good[i], NULL, NULL));
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
        if (passes(&guard, bad[i], NULL, NULL))
            fail_msg("passed: %s", bad[i]);
    assert_false(passes(&guard, NULL, NULL, NULL));
}

static void a_long_host_is_refused(void **state)
{
    (void)state;
    struct guard guard = guard_on("127.0.0.1:9777", 9777);
    char host[1024];
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    assert_false(passes(&guard, host, NULL, NULL));
}

static void on_one_address_that_address_passes_and_others_do_not(void **state)
{
    (void)state;
    struct guard guard = guard_on("10.1.2.3:80", 80);
    assert_true(passes(&guard, "10.1.2.3:80", NULL, NULL));
    assert_true(passes(&guard, "10.1.2.3", NULL, NULL)); /* 80 is what http means */
    assert_false(passes(&guard, "10.1.2.4", NULL, NULL));
    assert_false(passes(&guard, "box", NULL, NULL));
}

static void on_a_wildcard_addresses_and_the_machines_name_pass_with_any_port(void **state)
{
    (void)state;
    struct guard guard = guard_on("0.0.0.0:9777", 9777);
    assert_true(passes(&guard, "192.168.0.7:9777", NULL, NULL));
    assert_true(passes(&guard, "[fe80::1]:19777", NULL, NULL));
    assert_true(passes(&guard, "localhost:19777", NULL, NULL));
    assert_true(passes(&guard, "BOX:9777", NULL, NULL));
    assert_false(passes(&guard, "evil.example:9777", NULL, NULL));
}

static void on_a_wildcard_without_a_machine_name_no_name_passes(void **state)
{
    (void)state;
    struct guard guard = guard_on("0.0.0.0:9777", 9777);
    guard.hostname[0] = '\0';
    assert_false(passes(&guard, "box:9777", NULL, NULL));
}

static void an_origin_must_be_the_very_host(void **state)
{
    (void)state;
    struct guard guard = guard_on("127.0.0.1:9777", 9777);
    assert_true(passes(&guard, "localhost:9777", "http://localhost:9777", NULL));
    static const char *const foreign[] = {"null",
                                          "",
                                          "http://evil.example",
                                          "http://127.0.0.1:9777",
                                          "http://localhost:3000",
                                          "https://localhost:9777",
                                          "http://localhost:9777.evil.example",
                                          "localhost:9777"};
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        if (passes(&guard, "localhost:9777", foreign[i], NULL))
            fail_msg("passed: %s", foreign[i]);
}

static void a_browsers_word_that_a_page_from_elsewhere_asks_is_believed(void **state)
{
    (void)state;
    struct guard guard = guard_on("127.0.0.1:9777", 9777);
    assert_true(passes(&guard, "localhost:9777", NULL, "same-origin"));
    assert_true(passes(&guard, "localhost:9777", NULL, "none"));
    assert_false(passes(&guard, "localhost:9777", NULL, "same-site"));
    assert_false(passes(&guard, "localhost:9777", NULL, "cross-site"));
    assert_false(passes(&guard, "localhost:9777", NULL, "what"));
}

static void names_that_were_allowed_pass_with_any_port(void **state)
{
    (void)state;
    struct guard guard = guard_on("127.0.0.1:9777", 9777);
    guard.allowed_hosts = "leaklab,Lab.Example,[fe80::1],10.0.0.1";
    static const char *const good[] = {"leaklab:9777",     "leaklab",       "LEAKLAB:80",    "lab.example",
                                       "[FE80:0:0::1]:80", "10.0.0.1:9777", "localhost:9777"};
    static const char *const bad[] = {"leaklab.",
                                      "leaklab.evil.example",
                                      "eaklab",
                                      "leaklab,Lab.Example",
                                      "xlab.example",
                                      "[fe80::2]",
                                      "localhost",
                                      "example",
                                      "leaklab:port",
                                      "",
                                      ",",
                                      "box:9777"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (!passes(&guard, good[i], NULL, NULL))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (passes(&guard, bad[i], NULL, NULL))
            fail_msg("passed: %s", bad[i]);
}

static void a_proxy_may_speak_tls_for_a_name_that_was_allowed(void **state)
{
    (void)state;
    struct guard guard = guard_on("127.0.0.1:9777", 9777);
    guard.allowed_hosts = "lab.example";
    assert_true(passes(&guard, "lab.example", "https://lab.example", "same-origin"));
    assert_true(passes(&guard, "lab.example:8443", "https://lab.example:8443", NULL));
    assert_true(passes(&guard, "lab.example", "http://lab.example", NULL));
    assert_false(passes(&guard, "lab.example", "https://lab.example:8443", NULL));
    assert_false(passes(&guard, "lab.example", "https://evil.example", NULL));
    assert_false(passes(&guard, "lab.example", "https://lab.example.evil.example", NULL));
    assert_false(passes(&guard, "localhost:9777", "https://localhost:9777", NULL));
}

static void only_lists_of_names_are_lists_of_names(void **state)
{
    (void)state;
    static const char *const good[] = {"leaklab", "a,b", "lab.example,10.0.0.1,[::1]", "my_host-1"};
    static const char *const bad[] = {
        "",         ",",          "a,",    ",a",   "a,,b", "leaklab:9777",
        "http://a", "a b",        "*",     "[::1", "[a]",  "[::1]:80",
        "a/b",      "user@a.b.c", "\"a\"", "[]",   "a, b", "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (!guard_names_valid(good[i]))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (guard_names_valid(bad[i]))
            fail_msg("taken: %s", bad[i]);
    char name[300];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_false(guard_names_valid(name));
}

static void it_says_what_it_answers_to(void **state)
{
    (void)state;
    struct guard guard = guard_on("10.1.2.3:80", 80);
    struct buf text;
    guard.allowed_hosts = "leaklab,lab.example";
    buf_init(&text, 1000);
    guard_describe(&guard, &text);
    assert_string_equal(buf_text(&text),
                        "localhost:80, 127.0.0.1:80, [::1]:80, 10.1.2.3:80, leaklab, lab.example");
    guard = guard_on("0.0.0.0:9777", 9777);
    buf_clear(&text);
    guard_describe(&guard, &text);
    assert_string_equal(buf_text(&text), "localhost, any IP address, box");
    buf_deinit(&text);
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
        cmocka_unit_test(names_that_were_allowed_pass_with_any_port),
        cmocka_unit_test(a_proxy_may_speak_tls_for_a_name_that_was_allowed),
        cmocka_unit_test(only_lists_of_names_are_lists_of_names),
        cmocka_unit_test(it_says_what_it_answers_to),
        cmocka_unit_test(an_origin_must_be_the_very_host),
        cmocka_unit_test(a_browsers_word_that_a_page_from_elsewhere_asks_is_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
