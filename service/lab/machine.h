/* How much memory, how many descriptors and threads there are to use: of the machine, or of the control group
 * that the process is in (cgroups(7), versions 1 and 2), whichever is less; and the limits that leave the
 * rest of the machine, and of the process, alone.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/program.h"

#define MACHINE_UNKNOWN UINT64_MAX

struct machine {
    uint64_t total_bytes;     /* what the machine has */
    uint64_t available_bytes; /* what could be had now without swapping: MemAvailable */
    uint64_t cgroup_bytes;    /* the control group's limit; MACHINE_UNKNOWN: none */
    uint64_t address_bytes; /* that the process may still map for itself: RLIMIT_AS and RLIMIT_DATA, less what
                               it has and what its threads will need; MACHINE_UNKNOWN: any number */
    uint64_t descriptors;   /* that the process may have open: RLIMIT_NOFILE; MACHINE_UNKNOWN: any number */
    uint64_t threads;       /* of the user or the control group: RLIMIT_NPROC, pids.max; likewise */
};

struct machine_limits {
    uint64_t max_tasks;
    uint64_t max_heap_bytes;
    uint64_t supplies[SUPPLIES];
};

/* Asks the system; what it does not tell is MACHINE_UNKNOWN. */
void machine_read(struct machine *machine);

/* The same with every path below `root` ("" for the real one): for tests. */
void machine_read_at(struct machine *machine, const char *root);

/* Half of what is available, and of the control group's or the process's limit if that is less; as many tasks
 * as fit in there with what tasks hold by default. A machine that tells nothing gets 256 MiB. Of the
 * descriptors, what is left when every connection has one (a quarter where that is more); of the threads
 * half. */
struct machine_limits machine_defaults(const struct machine *machine);

/* A line such as "MemAvailable:   16282652 kB" of the text of /proc/meminfo (proc(5)), in bytes;
 * MACHINE_UNKNOWN when it is not there. `key` is the name without the colon. */
uint64_t machine_parse_meminfo(const char *text, const char *key);

/* The text of memory.max or memory.limit_in_bytes: bytes, or MACHINE_UNKNOWN for "max", for what is no
 * number, and for the huge number that means "none" in version 1. */
uint64_t machine_parse_limit(const char *text);

/* The process's group in the text of /proc/self/cgroup. `controller` is "memory" for version 1, "" for
 * version 2. Writes its path, which begins with a slash, and returns `path`; NULL when there is no such line
 * or it does not fit. */
const char *machine_parse_cgroup(const char *text, const char *controller, char *path, size_t size);
