#include "lab/machine.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/macros.h"

#define PATH_BYTES   4096
#define FILE_BYTES   16384 /* /proc/meminfo is some 1,500 bytes */
#define MIB          (1024ull * 1024)
#define UNKNOWN_HAVE (512 * MIB)
/* A frame and what a task holds unless told otherwise. */
#define TASK_BYTES   (128 + 1024)
/* Version 1 writes "no limit" as the largest multiple of a page in 63 bits. */
#define NO_LIMIT     (1ull << 62)

uint64_t machine_parse_meminfo(const char *text, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = text; line != NULL;) {
        if (strncmp(line, key, length) == 0 && line[length] == ':') {
            char *end;
            unsigned long long kib = strtoull(line + length + 1, &end, 10);
            bool number = end != line + length + 1 && strncmp(end, " kB", 3) == 0;
            return number && kib < NO_LIMIT / 1024 ? kib * 1024 : MACHINE_UNKNOWN;
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return MACHINE_UNKNOWN;
}

uint64_t machine_parse_limit(const char *text)
{
    if (*text < '0' || *text > '9')
        return MACHINE_UNKNOWN;
    unsigned long long bytes = strtoull(text, NULL, 10);
    return bytes < NO_LIMIT ? bytes : MACHINE_UNKNOWN;
}

/* True when `name` is one of the names of a list such as "cpu,memory"; "" is the one name of an empty list.
 */
static bool listed(const char *list, size_t length, const char *name)
{
    size_t wanted = strlen(name);
    if (wanted == 0)
        return length == 0;
    for (const char *at = list; at < list + length;) {
        const char *comma = memchr(at, ',', (size_t)(list + length - at));
        size_t size = (size_t)((comma == NULL ? list + length : comma) - at);
        if (size == wanted && strncmp(at, name, size) == 0)
            return true;
        at += size + 1;
    }
    return false;
}

/* Lines are "ID:CONTROLLERS:PATH"; version 2 is "0::PATH". */
const char *machine_parse_cgroup(const char *text, const char *controller, char *path, size_t size)
{
    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *end = strchrnul(line, '\n');
        const char *first = memchr(line, ':', (size_t)(end - line));
        const char *second = first == NULL ? NULL : memchr(first + 1, ':', (size_t)(end - first - 1));
        if (second != NULL && second[1] == '/' &&
            listed(first + 1, (size_t)(second - first - 1), controller)) {
            size_t length = (size_t)(end - second - 1);
            if (length >= size)
                return NULL;
            memcpy(path, second + 1, length);
            path[length] = '\0';
            return path;
        }
        line = *end == '\0' ? NULL : end + 1;
    }
    return NULL;
}

/* A whole small file as text; "" when it cannot be read. Files of /proc may come in pieces. */
static const char *read_text(const char *path, char text[static FILE_BYTES])
{
    size_t size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && size < FILE_BYTES - 1) {
        ssize_t got = read(fd, text + size, FILE_BYTES - 1 - size);
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    text[size] = '\0';
    return text;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The least limit of a group and of all groups that it is in: each of them holds. */
static uint64_t hierarchy_limit(const char *mount, char *group, const char *file)
{
    char path[PATH_BYTES], text[FILE_BYTES] = "";
    uint64_t limit = MACHINE_UNKNOWN;
    for (;;) {
        int length = snprintf(path, sizeof path, "%s%s/%s", mount, group, file);
        if (length > 0 && (size_t)length < sizeof path)
            limit = least(limit, machine_parse_limit(read_text(path, text)));
        char *slash = strrchr(group, '/');
        if (slash == NULL)
            return limit;
        *slash = '\0';
    }
}

/* A limit of the control group by the names that it has in version 2 and in version 1. */
struct group_file {
    const char *controller, *mount, *file;
};

static uint64_t cgroup_limit(const char *root, const struct group_file versions[static 2])
{
    char path[PATH_BYTES / 2], group[PATH_BYTES / 2], text[FILE_BYTES] = "";
    uint64_t limit = MACHINE_UNKNOWN;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    read_text(path, text);
    for (size_t i = 0; i < 2; i++) {
        if (machine_parse_cgroup(text, versions[i].controller, group, sizeof group) == NULL)
            continue;
        snprintf(path, sizeof path, "%s%s", root, versions[i].mount);
        limit = least(limit, hierarchy_limit(path, group, versions[i].file));
    }
    return limit;
}

static uint64_t own_limit(__rlimit_resource_t resource)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return MACHINE_UNKNOWN;
    return limit.rlim_cur;
}

/* Threads that the daemon begins later than here, with libuv's and the allocator's. */
#define THREADS_TO_COME 12

/* What is left of a limit of memory when `has` bytes are taken, and a stack for each thread to come. */
static uint64_t address_left(__rlimit_resource_t resource, uint64_t has)
{
    uint64_t limit = own_limit(resource), stack = own_limit(RLIMIT_STACK);
    if (limit == MACHINE_UNKNOWN)
        return MACHINE_UNKNOWN;
    uint64_t taken = (has == MACHINE_UNKNOWN ? 0 : has) +
                     THREADS_TO_COME * (stack == MACHINE_UNKNOWN ? 8 * MIB : least(stack, 64 * MIB));
    return taken < limit - limit / 4 ? limit - taken : limit / 4;
}

void machine_read_at(struct machine *machine, const char *root)
{
    static const struct group_file memory[] = {
        {"", "/sys/fs/cgroup", "memory.max"},
        {"memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
    };
    static const struct group_file pids[] = {
        {"", "/sys/fs/cgroup", "pids.max"},
        {"pids", "/sys/fs/cgroup/pids", "pids.max"},
    };
    char path[PATH_BYTES], text[FILE_BYTES] = "";
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    read_text(path, text);
    *machine = (struct machine){
        .total_bytes = machine_parse_meminfo(text, "MemTotal"),
        .available_bytes = machine_parse_meminfo(text, "MemAvailable"),
        .cgroup_bytes = cgroup_limit(root, memory),
        .descriptors = own_limit(RLIMIT_NOFILE),
        .threads = least(own_limit(RLIMIT_NPROC), cgroup_limit(root, pids)),
    };
    snprintf(path, sizeof path, "%s/proc/self/status", root);
    read_text(path, text);
    machine->address_bytes = least(address_left(RLIMIT_AS, machine_parse_meminfo(text, "VmSize")),
                                   address_left(RLIMIT_DATA, machine_parse_meminfo(text, "VmData")));
}

void machine_read(struct machine *machine)
{
    machine_read_at(machine, "");
}

struct machine_limits machine_defaults(const struct machine *machine)
{
    uint64_t have = least(least(machine->total_bytes, machine->available_bytes),
                          least(machine->cgroup_bytes, machine->address_bytes));
    if (have == MACHINE_UNKNOWN)
        have = UNKNOWN_HAVE;
    uint64_t heap = least(have / 2, LIMIT_NUMBER);
    /* Whole mebibytes read better wherever the limit is shown. */
    heap -= heap < MIB ? 0 : heap % MIB;
    heap += heap == 0;
    uint64_t tasks = least(heap / TASK_BYTES, LIMIT_TASKS);
    uint64_t reserve = LIMIT_CONNECTIONS + LIMIT_SPARE_DESCRIPTORS;
    uint64_t descriptors = machine->descriptors / 4;
    if (machine->descriptors > reserve && machine->descriptors - reserve > descriptors)
        descriptors = machine->descriptors - reserve;
    return (struct machine_limits){
        .max_tasks = tasks == 0 ? 1 : tasks,
        .max_heap_bytes = heap,
        .supplies = {[SUPPLY_DESCRIPTORS] = least(descriptors, LIMIT_DESCRIPTORS),
                     [SUPPLY_HANDLES] = LIMIT_HANDLES,
                     [SUPPLY_THREADS] = least(machine->threads / 2, LIMIT_THREADS),
                     [SUPPLY_JOBS] = LIMIT_JOBS},
    };
}
