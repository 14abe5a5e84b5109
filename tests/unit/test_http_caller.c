/* Who asks, and how often one may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cmocka.h>

#include "http/caller.h"

#define S 1000000000ULL

static struct caller caller(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(1)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(2)};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return caller_of((const struct sockaddr *)&in);
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return caller_of((const struct sockaddr *)&in6);
}

static bool same(const char *a, const char *b)
{
    struct caller first = caller(a), second = caller(b);
    return caller_equal(&first, &second);
}

static void an_address_is_a_caller(void **state)
{
    (void)state;
    assert_true(same("192.0.2.1", "192.0.2.1"));
    assert_false(same("192.0.2.1", "192.0.2.2"));
    assert_true(same("192.0.2.1", "::ffff:192.0.2.1"));
    assert_false(same("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
}

static void a_network_of_ipv6_is_one_caller(void **state)
{
    (void)state;
    assert_true(same("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"));
    assert_false(same("2001:db8:0:1::1", "2001:db8:0:2::1"));
}

static void everybody_on_a_unix_socket_is_one_caller(void **state)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct caller some = caller_of((const struct sockaddr *)&un), none = caller_of(NULL), null = caller("::");
    (void)state;
    assert_true(caller_equal(&some, &none));
    assert_false(caller_equal(&some, &null));
}

static unsigned take(struct quota *quota, const struct caller *who, unsigned tries, uint64_t now_ns)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < tries; i++)
        taken += quota_take(quota, who, now_ns);
    return taken;
}

static void a_caller_may_ask_so_often_in_a_second(void **state)
{
    static struct quota quota;
    struct caller one = caller("192.0.2.1");
    (void)state;
    quota_init(&quota, 10, 1);
    assert_int_equal(take(&quota, &one, 100, 5 * S), 10);
    assert_int_equal(take(&quota, &one, 100, 5 * S + S / 2), 5);
    assert_int_equal(take(&quota, &one, 100, 5 * S + S / 2), 0);
    assert_int_equal(take(&quota, &one, 100, 500 * S), 10);
}

static void what_one_asks_is_not_counted_for_another(void **state)
{
    static struct quota quota;
    struct caller one = caller("192.0.2.1"), other = caller("192.0.2.2");
    (void)state;
    quota_init(&quota, 3, 1);
    assert_int_equal(take(&quota, &one, 100, 5 * S), 3);
    assert_int_equal(take(&quota, &other, 100, 5 * S), 3);
}

static void neighbours_are_spread_over_the_slots(void **state)
{
    unsigned used[256] = {0}, count = 0;
    (void)state;
    for (uint32_t i = 0; i < 256; i++) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(0x0a000000 + i)}};
        struct caller one = caller_of((const struct sockaddr *)&in);
        count += used[caller_slot(&one, 7, 256)]++ == 0;
    }
    assert_true(count > 128); /* at random it would be 162 */
}

static void without_a_limit_everything_may_be_asked(void **state)
{
    static struct quota quota;
    struct caller one = caller("192.0.2.1");
    (void)state;
    quota_init(&quota, 0, 1);
    assert_int_equal(take(&quota, &one, 1000, 5 * S), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_a_caller),
        cmocka_unit_test(a_network_of_ipv6_is_one_caller),
        cmocka_unit_test(everybody_on_a_unix_socket_is_one_caller),
        cmocka_unit_test(a_caller_may_ask_so_often_in_a_second),
        cmocka_unit_test(what_one_asks_is_not_counted_for_another),
        cmocka_unit_test(neighbours_are_spread_over_the_slots),
        cmocka_unit_test(without_a_limit_everything_may_be_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
