/* What Linux says of this process, as the values that Prometheus' own clients export under the names
 * process_* (prometheus.io/docs/instrumenting/writing_clientlibs, "process metrics"). A read costs a few
 * microseconds and allocates nothing. A value that the system does not tell is not known, and callers leave
 * it out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum process_value {
    PROCESS_CPU_SECONDS,        /* user and system */
    PROCESS_START_TIME_SECONDS, /* since 1970-01-01 UTC */
    PROCESS_VIRTUAL_MEMORY_BYTES,
    PROCESS_VIRTUAL_MEMORY_MAX_BYTES, /* UINT64_MAX: unlimited */
    PROCESS_RESIDENT_MEMORY_BYTES,
    PROCESS_OPEN_FDS,
    PROCESS_MAX_FDS, /* UINT64_MAX: unlimited */
    PROCESS_THREADS,
    PROCESS_VALUES
};

struct process_values {
    uint32_t known; /* bit v: value v is known; the others are 0 */
    double cpu_seconds;
    double start_time_seconds;
    uint64_t wholes[PROCESS_VALUES]; /* the values that are whole numbers, by enum process_value */
};

static inline bool process_knows(const struct process_values *values, enum process_value value)
{
    return (values->known >> value & 1) != 0;
}

/* What the numbers of /proc/self/stat are counted in. */
struct process_units {
    uint64_t ticks_per_second;
    uint64_t page_bytes;
    double boot_seconds; /* when the system was booted, since 1970-01-01 UTC */
};

/* Reads the text of /proc/PID/stat (proc(5)): CPU time, start, memory, threads. True when it is one;
 * otherwise nothing is written. A name of the process with spaces and parentheses in it does no harm. Pure.
 */
bool process_parse_stat(const char *text, const struct process_units *units, struct process_values *values);

/* Reads the text of /proc/PID/limits: the soft limits of open files and of address space, each of them if it
 * is there. True when at least one is. Pure. */
bool process_parse_limits(const char *text, struct process_values *values);

/* Open files of /proc, kept because opening them costs more than reading them. */
struct process_reader {
    int stat_fd; /* -1: could not be opened, and what it says is not known */
    int limits_fd;
    int descriptors_fd;
    struct process_units units;
};

/* Cannot fail: what cannot be opened is not known later. The reader is of the process that calls this, not of
 * one that it forks. process_deinit closes the files. */
void process_init(struct process_reader *reader);
void process_deinit(struct process_reader *reader);

/* Reads everything anew. One thread at a time. */
void process_read(struct process_reader *reader, struct process_values *values);

/* The same but for PROCESS_OPEN_FDS, which kernels before 6.2 take a while to count where there are many. */
void process_read_quickly(struct process_reader *reader, struct process_values *values);

/* Has the kernel end this process rather than others when memory runs out (proc_pid_oom_score_adj(5)): raises
 * its score to at least `score`, up to 1000, and never lowers it, which needs a privilege. False: it stays as
 * it was, and is lower. */
bool process_raise_oom_score(unsigned score);
