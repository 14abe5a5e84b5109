/* Real resources on a real loop, and what the system says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "fault.h"
#include "house.h"

#define MANY 50

static struct resource *opened(struct house *house, enum resource_kind kind)
{
    struct resource *resource = NULL;
    assert_int_equal(house->real.source.open(&house->real.source, kind, &resource), ERR_OK);
    resource->workload = NULL;
    resource->kind = kind;
    return resource;
}

static void each_kind_is_there_and_then_gone(void **state)
{
    (void)state;
    for (enum resource_kind kind = 0; kind < RESOURCE_KINDS; kind++) {
        struct house house;
        struct resource *all[MANY];
        house_open(&house);
        for (int i = 0; i < MANY; i++)
            all[i] = opened(&house, kind);
        for (enum supply supply = 0; supply < SUPPLIES; supply++)
            assert_int_equal(house_count(&house, supply), supply == resource_supply(kind) ? MANY : 0);
        assert_int_equal(house.real.handles, kind == RESOURCE_HANDLE ? MANY : 0);
        for (int i = 0; i < MANY; i++)
            house.real.source.shut(&house.real.source, all[i]);
        house_settle(&house);
        for (enum supply supply = 0; supply < SUPPLIES; supply++)
            assert_int_equal(house_count(&house, supply), 0);
        assert_int_equal(house.real.handles, 0);
        house_close(&house);
    }
}

static void what_is_still_open_at_the_end_is_shut(void **state)
{
    (void)state;
    struct house house;
    house_open(&house);
    for (enum resource_kind kind = 0; kind < RESOURCE_KINDS; kind++)
        for (int i = 0; i < MANY; i++)
            opened(&house, kind);
    house_close(&house);
}

static void an_end_with_nothing_open_is_one_too(void **state)
{
    (void)state;
    struct house house;
    house_open(&house);
    house_close(&house);
}

static void no_more_descriptors_is_an_error_and_nothing_else(void **state)
{
    (void)state;
    struct house house;
    struct rlimit before;
    struct resource *resource;
    house_open(&house);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum err file = house.real.source.open(&house.real.source, RESOURCE_FILE, &resource);
    enum err socket = house.real.source.open(&house.real.source, RESOURCE_SOCKET, &resource);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(file, ERR_LIMIT);
    assert_int_equal(socket, ERR_LIMIT);
    assert_int_equal(house_count(&house, SUPPLY_DESCRIPTORS), 0);
    house_close(&house);
}

static void the_last_descriptors_are_left_to_others(void **state)
{
    (void)state;
    struct house house;
    struct rlimit before;
    struct resource *resource;
    enum err err = ERR_OK;
    house_open(&house);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit few = {.rlim_cur = 200, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int i = 0; err == ERR_OK; i++) {
        assert_true(i < 200);
        err = house.real.source.open(&house.real.source, i % 2 ? RESOURCE_FILE : RESOURCE_SOCKET, &resource);
        if (err == ERR_OK)
            resource->workload = NULL;
    }
    /* Of 200 a quarter is left; some that were inherited may have higher numbers. */
    uint64_t open = house.before[SUPPLY_DESCRIPTORS] + house_count(&house, SUPPLY_DESCRIPTORS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(err, ERR_LIMIT);
    assert_in_range(open, 100, 160);
    house_close(&house);
}

static void no_memory_is_an_error_and_nothing_else(void **state)
{
    (void)state;
    struct house house;
    struct resource *resource;
    house_open(&house);
    for (enum resource_kind kind = 0; kind < RESOURCE_KINDS; kind++) {
        fault_arm(1, false);
        enum err err = house.real.source.open(&house.real.source, kind, &resource);
        fault_disarm();
        assert_int_equal(err, ERR_MEMORY);
        assert_int_equal(house_count(&house, resource_supply(kind)), 0);
    }
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_there_and_then_gone),
        cmocka_unit_test(what_is_still_open_at_the_end_is_shut),
        cmocka_unit_test(an_end_with_nothing_open_is_one_too),
        cmocka_unit_test(no_more_descriptors_is_an_error_and_nothing_else),
        cmocka_unit_test(the_last_descriptors_are_left_to_others),
        cmocka_unit_test(no_memory_is_an_error_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
