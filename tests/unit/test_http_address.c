/* Where the daemon listens, as a user writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "http/address.h"

static void an_ipv4_address_and_a_port(void **state)
{
    (void)state;
    struct address address;
    assert_int_equal(address_parse("127.0.0.1:9777", &address), ERR_OK);
    assert_string_equal(address.host, "127.0.0.1");
    assert_int_equal(address.port, 9777);
    assert_int_equal(address.socket.ss_family, AF_INET);
    assert_false(address.any);
}

static void an_ipv6_address_in_brackets_is_made_canonical(void **state)
{
    (void)state;
    struct address address;
    assert_int_equal(address_parse("[0:0:0:0:0:0:0:1]:0", &address), ERR_OK);
    assert_string_equal(address.host, "::1");
    assert_int_equal(address.port, 0);
    assert_int_equal(address.socket.ss_family, AF_INET6);
}

static void localhost_is_the_ipv4_loopback(void **state)
{
    (void)state;
    struct address address;
    assert_int_equal(address_parse("localhost:80", &address), ERR_OK);
    assert_string_equal(address.host, "127.0.0.1");
}

static void wildcards_are_known_as_such(void **state)
{
    (void)state;
    struct address address;
    assert_int_equal(address_parse("0.0.0.0:1", &address), ERR_OK);
    assert_true(address.any);
    assert_int_equal(address_parse("[::]:1", &address), ERR_OK);
    assert_true(address.any);
}

static void loopback_is_known_as_such(void **state)
{
    (void)state;
    static const char *const loopback[] = {"127.0.0.1:1", "127.255.0.3:1",        "localhost:1",
                                           "[::1]:1",     "[::ffff:127.0.0.1]:1", "unix:/run/x"};
    static const char *const others[] = {"0.0.0.0:1",   "[::]:1",     "128.0.0.1:1",
                                         "10.0.0.1:1",  "[::2]:1",    "[::ffff:10.0.0.1]:1",
                                         "[7f00::1]:1", "1.0.0.127:1"};
    struct address address;
    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++) {
        assert_int_equal(address_parse(loopback[i], &address), ERR_OK);
        assert_true(address_is_loopback(&address));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(address_parse(others[i], &address), ERR_OK);
        assert_false(address_is_loopback(&address));
    }
}

static void anything_else_is_refused_and_writes_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "9777",
        ":9777",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "[::1]",
        "::1:9777",
        "[::1:9777",
        "[127.0.0.1]:9777",
        "127.0.0.1:+1",
        "127.0.0.1: 1",
        "[]:1",
        "example.com:1",
        "127.0.0:1",
        "127.0.0.1:9777x",
        "[fe80::1%lo]:1",
        "127.0.0.1:000001",
        "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1",
        "unix:",
        "unix:run/x",
        "unix:127.0.0.1:1",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct address address = {.port = 7};
        assert_int_equal(address_parse(bad[i], &address), ERR_SYNTAX);
        assert_int_equal(address.port, 7);
    }
}

static void a_unix_socket_is_an_absolute_path(void **state)
{
    (void)state;
    struct address address;
    char text[ADDRESS_TEXT];
    assert_int_equal(address_parse("unix:/run/leaklab.sock:1", &address), ERR_OK);
    assert_true(address_is_unix(&address));
    assert_string_equal(address.path, "/run/leaklab.sock:1");
    assert_string_equal(address.host, "");
    assert_false(address.any);
    assert_string_equal(address_format(&address, 7, text), "unix:/run/leaklab.sock:1");
}

static void a_path_is_as_long_as_the_system_lets_it(void **state)
{
    (void)state;
    struct address address = {.port = 7};
    char text[5 + ADDRESS_PATH + 1] = "unix:/";
    memset(text + 6, 'x', ADDRESS_PATH - 1);
    assert_int_equal(address_parse(text, &address), ERR_SYNTAX);
    assert_int_equal(address.port, 7);
    text[5 + ADDRESS_PATH - 1] = '\0';
    assert_int_equal(address_parse(text, &address), ERR_OK);
    assert_int_equal(strlen(address.path), ADDRESS_PATH - 1);
}

static void formatting_puts_brackets_around_ipv6(void **state)
{
    (void)state;
    struct address address;
    char text[ADDRESS_TEXT];
    assert_int_equal(address_parse("[::1]:0", &address), ERR_OK);
    assert_string_equal(address_format(&address, 81, text), "[::1]:81");
    assert_int_equal(address_parse("127.0.0.1:0", &address), ERR_OK);
    assert_string_equal(address_format(&address, 65535, text), "127.0.0.1:65535");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_and_a_port),
        cmocka_unit_test(an_ipv6_address_in_brackets_is_made_canonical),
        cmocka_unit_test(localhost_is_the_ipv4_loopback),
        cmocka_unit_test(wildcards_are_known_as_such),
        cmocka_unit_test(loopback_is_known_as_such),
        cmocka_unit_test(anything_else_is_refused_and_writes_nothing),
        cmocka_unit_test(a_unix_socket_is_an_absolute_path),
        cmocka_unit_test(a_path_is_as_long_as_the_system_lets_it),
        cmocka_unit_test(formatting_puts_brackets_around_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
