#include "lab/machine.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define GIB (1024ull * 1024 * 1024)

static void meminfo_is_read_in_bytes(void **state)
{
    (void)state;
    const char *text = "MemTotal:       16282652 kB\nMemFree:  1 kB\nMemAvailable:    8000000 kB\n";
    assert_int_equal(machine_parse_meminfo(text, "MemTotal"), 16282652ull * 1024);
    assert_int_equal(machine_parse_meminfo(text, "MemAvailable"), 8000000ull * 1024);
}

static void meminfo_that_does_not_tell_is_unknown(void **state)
{
    (void)state;
    assert_true(machine_parse_meminfo("", "MemTotal") == MACHINE_UNKNOWN);
    assert_true(machine_parse_meminfo("MemTotal: many kB\n", "MemTotal") == MACHINE_UNKNOWN);
    assert_true(machine_parse_meminfo("MemTotal: 12 pages\n", "MemTotal") == MACHINE_UNKNOWN);
    assert_true(machine_parse_meminfo("MemTotalX: 12 kB\n", "MemTotal") == MACHINE_UNKNOWN);
    assert_true(machine_parse_meminfo("MemTotal: 99999999999999999999 kB\n", "MemTotal") == MACHINE_UNKNOWN);
}

static void limits_of_both_versions_are_read(void **state)
{
    (void)state;
    assert_int_equal(machine_parse_limit("536870912\n"), 536870912);
    assert_true(machine_parse_limit("max\n") == MACHINE_UNKNOWN);
    assert_true(machine_parse_limit("9223372036854771712\n") == MACHINE_UNKNOWN);
    assert_true(machine_parse_limit("") == MACHINE_UNKNOWN);
    assert_true(machine_parse_limit("-1\n") == MACHINE_UNKNOWN);
}

static void the_group_is_found_by_its_controller(void **state)
{
    (void)state;
    const char *text = "12:cpu,cpuacct:/a\n5:hugetlb,memory:/docker/x\n1:name=systemd:/s\n0::/user.slice\n";
    char path[32];
    assert_string_equal(machine_parse_cgroup(text, "memory", path, sizeof path), "/docker/x");
    assert_string_equal(machine_parse_cgroup(text, "", path, sizeof path), "/user.slice");
    assert_null(machine_parse_cgroup(text, "pids", path, sizeof path));
    assert_null(machine_parse_cgroup(text, "mem", path, sizeof path));
    assert_null(machine_parse_cgroup("0::/a-path-that-is-longer-than-its-buffer", "", path, 8));
    assert_null(machine_parse_cgroup("nonsense\n::", "", path, sizeof path));
}

/* A made-up file system below `root`. */
static void write_file(const char *root, const char *path, const char *text)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = strchr(whole + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
    (void)stat;
    (void)kind;
    (void)place;
    return remove(path);
}

static void remove_tree(const char *root)
{
    assert_int_equal(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void the_least_limit_of_a_hierarchy_counts(void **state)
{
    (void)state;
    char root[] = "/tmp/leaklab-machine-XXXXXX";
    assert_non_null(mkdtemp(root));
    struct machine machine;

    /* Given a group without a limit inside one that has one. */
    write_file(root, "/proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n");
    write_file(root, "/proc/self/cgroup", "0::/outer/inner\n");
    write_file(root, "/sys/fs/cgroup/outer/inner/memory.max", "max\n");
    write_file(root, "/sys/fs/cgroup/outer/memory.max", "1073741824\n");
    machine_read_at(&machine, root);
    assert_int_equal(machine.total_bytes, 8 * GIB);
    assert_int_equal(machine.available_bytes, 4 * GIB);
    assert_int_equal(machine.cgroup_bytes, GIB);

    /* Given version 1, seen from inside a container: the path is the host's, the files are at the top. */
    write_file(root, "/proc/self/cgroup", "4:memory:/docker/abc\n0::/\n");
    write_file(root, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
    machine_read_at(&machine, root);
    assert_int_equal(machine.cgroup_bytes, GIB / 2);

    /* Given both versions, of which the other one is tighter. */
    write_file(root, "/sys/fs/cgroup/memory.max", "268435456\n");
    machine_read_at(&machine, root);
    assert_int_equal(machine.cgroup_bytes, GIB / 4);

    /* Given nothing at all. */
    remove_tree(root);
    machine_read_at(&machine, root);
    assert_true(machine.total_bytes == MACHINE_UNKNOWN);
    assert_true(machine.cgroup_bytes == MACHINE_UNKNOWN);
}

static void defaults_leave_half_to_others(void **state)
{
    (void)state;
    struct machine machine = {16 * GIB,        8 * GIB,         MACHINE_UNKNOWN,
                              MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN};
    struct machine_limits limits = machine_defaults(&machine);
    assert_int_equal(limits.max_heap_bytes, 4 * GIB);
    assert_int_equal(limits.max_tasks, 4 * GIB / 1152);

    machine.cgroup_bytes = GIB;
    assert_int_equal(machine_defaults(&machine).max_heap_bytes, GIB / 2);
}

static void defaults_are_sane_at_both_ends(void **state)
{
    (void)state;
    struct machine unknown = {MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN,
                              MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN};
    assert_int_equal(machine_defaults(&unknown).max_heap_bytes, 256 * 1024 * 1024);

    struct machine huge = {1ull << 52,      1ull << 52,      MACHINE_UNKNOWN,
                           MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN};
    assert_true(machine_defaults(&huge).max_tasks <= 1ull << 31);

    struct machine tiny = {1000, 1, 0, 0, 0, 0};
    assert_true(machine_defaults(&tiny).max_tasks >= 1);
    assert_true(machine_defaults(&tiny).max_heap_bytes >= 1);
}

static uint64_t supply_of(uint64_t descriptors, uint64_t threads, enum supply supply)
{
    struct machine machine = {16 * GIB, 8 * GIB, MACHINE_UNKNOWN, MACHINE_UNKNOWN, descriptors, threads};
    return machine_defaults(&machine).supplies[supply];
}

static void defaults_leave_every_connection_its_descriptor(void **state)
{
    (void)state;
    assert_int_equal(supply_of(1024, 100, SUPPLY_DESCRIPTORS), 1024 - 256 - 128);
    assert_int_equal(supply_of(400, 100, SUPPLY_DESCRIPTORS), 100);
    assert_int_equal(supply_of(MACHINE_UNKNOWN, 100, SUPPLY_DESCRIPTORS), 100000);
    assert_int_equal(supply_of(0, 100, SUPPLY_DESCRIPTORS), 0);
}

static void defaults_leave_half_of_the_threads_to_others(void **state)
{
    (void)state;
    assert_int_equal(supply_of(1024, 100, SUPPLY_THREADS), 50);
    assert_int_equal(supply_of(1024, MACHINE_UNKNOWN, SUPPLY_THREADS), 1000);
}

static void the_groups_limit_on_threads_counts(void **state)
{
    (void)state;
    char root[] = "/tmp/leaklab-machine-XXXXXX";
    assert_non_null(mkdtemp(root));
    struct machine machine;
    write_file(root, "/proc/self/cgroup", "0::/outer\n");
    write_file(root, "/sys/fs/cgroup/outer/pids.max", "77\n");
    machine_read_at(&machine, root);
    assert_int_equal(machine.threads, 77);
    write_file(root, "/proc/self/cgroup", "3:pids:/abc\n");
    write_file(root, "/sys/fs/cgroup/pids/abc/pids.max", "66\n");
    machine_read_at(&machine, root);
    assert_int_equal(machine.threads, 66);
    remove_tree(root);
}

static void what_the_process_may_map_bounds_the_heap(void **state)
{
    (void)state;
    struct machine machine = {16 * GIB, 8 * GIB, MACHINE_UNKNOWN, GIB, MACHINE_UNKNOWN, MACHINE_UNKNOWN};
    assert_int_equal(machine_defaults(&machine).max_heap_bytes, GIB / 2);

    struct rlimit before, some;
    char root[] = "/tmp/leaklab-machine-XXXXXX";
    assert_non_null(mkdtemp(root));
    write_file(root, "/proc/self/status", "Name:\tleaklab\nVmSize:\t  102400 kB\nVmData:\t 1024 kB\n");
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    some = (struct rlimit){.rlim_cur = 64 * GIB, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_AS, &some), 0);
    machine_read_at(&machine, root);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_in_range(machine.address_bytes, 62 * GIB, 64 * GIB - 100 * 1024 * 1024);
    remove_tree(root);
}

static void this_machine_has_memory(void **state)
{
    (void)state;
    struct machine machine;
    machine_read(&machine);
    assert_true(machine.total_bytes != MACHINE_UNKNOWN && machine.total_bytes > 0);
    assert_true(machine.available_bytes <= machine.total_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meminfo_is_read_in_bytes),
        cmocka_unit_test(meminfo_that_does_not_tell_is_unknown),
        cmocka_unit_test(limits_of_both_versions_are_read),
        cmocka_unit_test(the_group_is_found_by_its_controller),
        cmocka_unit_test(the_least_limit_of_a_hierarchy_counts),
        cmocka_unit_test(defaults_leave_half_to_others),
        cmocka_unit_test(defaults_are_sane_at_both_ends),
        cmocka_unit_test(defaults_leave_every_connection_its_descriptor),
        cmocka_unit_test(defaults_leave_half_of_the_threads_to_others),
        cmocka_unit_test(the_groups_limit_on_threads_counts),
        cmocka_unit_test(what_the_process_may_map_bounds_the_heap),
        cmocka_unit_test(this_machine_has_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
