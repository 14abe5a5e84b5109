#include "house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>

static uint64_t entries_of(const char *path)
{
    uint64_t count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (const struct dirent *each; (each = readdir(directory)) != NULL;)
        count += each->d_name[0] != '.';
    closedir(directory);
    return count;
}

static void count_handle(uv_handle_t *handle, void *argument)
{
    (void)handle;
    ++*(uint64_t *)argument;
}

static uint64_t count(struct house *house, enum supply supply)
{
    uint64_t handles = 0;
    switch (supply) {
    case SUPPLY_DESCRIPTORS:
        return entries_of("/proc/self/fd");
    case SUPPLY_HANDLES:
        uv_walk(&house->loop, count_handle, &handles);
        return handles;
    case SUPPLY_THREADS:
        return entries_of("/proc/self/task");
    case SUPPLY_JOBS:
        return house->loop.active_reqs.count;
    case SUPPLIES:
        break;
    }
    fail();
    return 0;
}

uint64_t house_count(struct house *house, enum supply supply)
{
    return count(house, supply) - house->before[supply];
}

static void do_nothing(uv_work_t *work)
{
    (void)work;
}

static void on_nothing_done(uv_work_t *work, int status)
{
    (void)work;
    assert_int_equal(status, 0);
}

void house_open(struct house *house)
{
    uv_work_t work;
    assert_int_equal(uv_loop_init(&house->loop), 0);
    assert_int_equal(uv_queue_work(&house->loop, &work, do_nothing, on_nothing_done), 0);
    uv_run(&house->loop, UV_RUN_DEFAULT);
    assert_int_equal(real_init(&house->real, &house->loop, NULL, NULL), ERR_OK);
    for (enum supply supply = 0; supply < SUPPLIES; supply++)
        house->before[supply] = count(house, supply);
}

void house_settle(void *argument)
{
    struct house *house = argument;
    while (house->real.leaving > 0)
        uv_run(&house->loop, UV_RUN_ONCE);
}

void house_close(struct house *house)
{
    real_close(&house->real);
    uv_run(&house->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&house->loop), 0);
}
