/* What is made of the texts that Linux has about a process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/process.h"

static const struct process_units units = {
    .ticks_per_second = 100, .page_bytes = 4096, .boot_seconds = 1700000000.5};

#define STAT_HEAD " S 1 4242 4242 0 -1 4194560 900 0 1 0 "
#define STAT_TAIL " 18446744073709551615 1 1 0 0 0 0 0 4096 17 1 0 0 0 0 0\n"

static const char limits_text[] =
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max cpu time              unlimited            unlimited            seconds   \n"
    "Max processes             1000                 2000                 processes \n"
    "Max open files            1024                 1048576              files     \n"
    "Max locked memory         8388608              8388608              bytes     \n"
    "Max address space         unlimited            unlimited            bytes     \n"
    "Max file locks            unlimited            unlimited            locks     \n";

static uint64_t whole(const struct process_values *values, enum process_value value)
{
    assert_true(process_knows(values, value));
    return values->wholes[value];
}

static void stat_gives_time_memory_and_threads(void **state)
{
    (void)state;
    struct process_values values = {0};
    assert_true(process_parse_stat(
        "4242 (leaklab)" STAT_HEAD "1250 75 0 0 20 0 3 0 12345 987654144 2500" STAT_TAIL, &units, &values));
    assert_true(process_knows(&values, PROCESS_CPU_SECONDS));
    assert_true(values.cpu_seconds == 13.25);
    assert_true(process_knows(&values, PROCESS_START_TIME_SECONDS));
    assert_true(values.start_time_seconds == 1700000000.5 + 123.45);
    assert_int_equal(whole(&values, PROCESS_THREADS), 3);
    assert_int_equal(whole(&values, PROCESS_VIRTUAL_MEMORY_BYTES), 987654144);
    assert_int_equal(whole(&values, PROCESS_RESIDENT_MEMORY_BYTES), 2500 * 4096);
    assert_false(process_knows(&values, PROCESS_OPEN_FDS));
    assert_false(process_knows(&values, PROCESS_MAX_FDS));
}

static void a_name_with_parentheses_does_no_harm(void **state)
{
    (void)state;
    struct process_values values = {0};
    assert_true(process_parse_stat("1 (a) S 9 (b) )" STAT_HEAD "100 0 0 0 20 0 7 0 0 1 1" STAT_TAIL, &units,
                                   &values));
    assert_int_equal(whole(&values, PROCESS_THREADS), 7);
}

static void a_stat_that_is_none_gives_nothing(void **state)
{
    (void)state;
    static const char *const faulty[] = {
        "",
        "4242",
        "4242 (leaklab",
        "4242 (leaklab)",
        "4242 (leaklab) S 1 2 3\n",
        "1 (a)" STAT_HEAD "x 0 0 0 20 0 7 0 0 1 1" STAT_TAIL,
        "1 (a)" STAT_HEAD "1 0 0 0 20 0 7 0 0 1",
        "1 (a)" STAT_HEAD "1 0 0 0 20 0 7 0 0 99999999999999999999 1" STAT_TAIL,
        "1 (a)" STAT_HEAD "1 0 0 0 20 0 -7 0 0 1 1" STAT_TAIL,
    };
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++) {
        struct process_values values = {0};
        assert_false(process_parse_stat(faulty[i], &units, &values));
        assert_int_equal(values.known, 0);
    }
}

static void limits_give_the_soft_ones(void **state)
{
    (void)state;
    struct process_values values = {0};
    assert_true(process_parse_limits(limits_text, &values));
    assert_int_equal(whole(&values, PROCESS_MAX_FDS), 1024);
    assert_true(whole(&values, PROCESS_VIRTUAL_MEMORY_MAX_BYTES) == UINT64_MAX);
    assert_false(process_knows(&values, PROCESS_THREADS));
}

static void limits_that_are_not_there_are_not_known(void **state)
{
    (void)state;
    struct process_values values = {0};
    assert_false(process_parse_limits("", &values));
    assert_false(process_parse_limits("Max open filesystems 3\nMax open files", &values));
    assert_false(process_parse_limits("Max open files            many\n", &values));
    assert_int_equal(values.known, 0);
    assert_true(process_parse_limits("Max address space         4096     \n", &values));
    assert_int_equal(values.known, 1u << PROCESS_VIRTUAL_MEMORY_MAX_BYTES);
}

static void this_process_is_read(void **state)
{
    (void)state;
    struct process_reader reader;
    struct process_values before, after;
    process_init(&reader);
    process_read(&reader, &before);
    assert_int_equal(before.known, (1u << PROCESS_VALUES) - 1);
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(before.wholes[PROCESS_MAX_FDS] == limit.rlim_cur);
    assert_true(before.wholes[PROCESS_RESIDENT_MEMORY_BYTES] > 0);
    /* when three more files are open, then just these are counted */
    int opened[3];
    for (int i = 0; i < 3; i++)
        assert_true((opened[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
    process_read(&reader, &after);
    assert_int_equal(after.wholes[PROCESS_OPEN_FDS], before.wholes[PROCESS_OPEN_FDS] + 3);
    assert_true(after.start_time_seconds == before.start_time_seconds);
    for (int i = 0; i < 3; i++)
        close(opened[i]);
    process_deinit(&reader);
}

static void descriptors_are_counted_where_the_directory_keeps_no_count(void **state)
{
    (void)state;
    struct process_reader reader;
    struct process_values counted, listed;
    process_init(&reader);
    process_read(&reader, &counted);
    /* given fdinfo in place of fd: it has the same entries, and a size of 0 on every kernel */
    close(reader.descriptors_fd);
    reader.descriptors_fd = open("/proc/self/fdinfo", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    assert_true(reader.descriptors_fd >= 0);
    for (int again = 0; again < 2; again++) {
        process_read(&reader, &listed);
        assert_int_equal(whole(&listed, PROCESS_OPEN_FDS), whole(&counted, PROCESS_OPEN_FDS));
    }
    process_deinit(&reader);
}

static void a_reader_without_files_knows_nothing(void **state)
{
    (void)state;
    struct process_reader reader = {.stat_fd = -1, .limits_fd = -1, .descriptors_fd = -1};
    struct process_values values;
    memset(&values, 0xff, sizeof(values));
    process_read(&reader, &values);
    assert_int_equal(values.known, 0);
    process_deinit(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stat_gives_time_memory_and_threads),
        cmocka_unit_test(a_name_with_parentheses_does_no_harm),
        cmocka_unit_test(a_stat_that_is_none_gives_nothing),
        cmocka_unit_test(limits_give_the_soft_ones),
        cmocka_unit_test(limits_that_are_not_there_are_not_known),
        cmocka_unit_test(this_process_is_read),
        cmocka_unit_test(descriptors_are_counted_where_the_directory_keeps_no_count),
        cmocka_unit_test(a_reader_without_files_knows_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
