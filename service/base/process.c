#include "base/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEXT_BYTES       4096 /* more than either file of /proc has */
#define DIRECTORY_BYTES  4096
#define DIRECTORY_READS  100000 /* some 16 million descriptors */
#define STAT_FIELD_FIRST 3      /* the state, behind the name */

/* Fields of /proc/PID/stat, numbered as in proc(5). */
enum stat_field {
    STAT_UTIME = 14,
    STAT_STIME = 15,
    STAT_THREADS = 20,
    STAT_START = 22,
    STAT_VIRTUAL_BYTES = 23,
    STAT_RESIDENT_PAGES = 24,
    STAT_FIELDS
};

static void set_whole(struct process_values *values, enum process_value value, uint64_t whole)
{
    values->known |= 1u << value;
    values->wholes[value] = whole;
}

/* A decimal number followed by a space or an end; false for anything else. A sign is not looked for: no field
 * that is used here is negative in a living process. */
static bool read_whole(const char **at, uint64_t *whole)
{
    const char *digit = *at;
    uint64_t sum = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++)
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(*digit - '0'), &sum))
            return false;
    if (digit == *at || (*digit != ' ' && *digit != '\n' && *digit != '\0'))
        return false;
    *at = digit;
    *whole = sum;
    return true;
}

static bool field_is_used(int field)
{
    return field == STAT_UTIME || field == STAT_STIME || field == STAT_THREADS || field >= STAT_START;
}

bool process_parse_stat(const char *text, const struct process_units *units, struct process_values *values)
{
    uint64_t fields[STAT_FIELDS] = {0};
    const char *at = strrchr(text, ')'); /* the name is whatever its owner likes */
    if (at == NULL)
        return false;
    at++;
    for (int field = STAT_FIELD_FIRST; field < STAT_FIELDS; field++) {
        if (*at != ' ')
            return false;
        at++;
        if (field_is_used(field) && !read_whole(&at, &fields[field]))
            return false;
        at += strcspn(at, " \n");
    }
    double ticks = (double)units->ticks_per_second;
    values->cpu_seconds = (double)(fields[STAT_UTIME] + fields[STAT_STIME]) / ticks;
    values->start_time_seconds = units->boot_seconds + (double)fields[STAT_START] / ticks;
    values->known |= 1u << PROCESS_CPU_SECONDS | 1u << PROCESS_START_TIME_SECONDS;
    set_whole(values, PROCESS_THREADS, fields[STAT_THREADS]);
    set_whole(values, PROCESS_VIRTUAL_MEMORY_BYTES, fields[STAT_VIRTUAL_BYTES]);
    set_whole(values, PROCESS_RESIDENT_MEMORY_BYTES, fields[STAT_RESIDENT_PAGES] * units->page_bytes);
    return true;
}

/* "Max open files            1024                 1048576              files     " */
static bool parse_limit(const char *text, const char *name, enum process_value value,
                        struct process_values *values)
{
    static const char unlimited[] = "unlimited ";
    size_t size = strlen(name);
    const char *line = text;
    while (strncmp(line, name, size) != 0 || line[size] != ' ') {
        line = strchr(line, '\n');
        if (line == NULL)
            return false;
        line++;
    }
    const char *at = line + size;
    at += strspn(at, " ");
    uint64_t limit = UINT64_MAX;
    if (strncmp(at, unlimited, sizeof(unlimited) - 1) != 0 && !read_whole(&at, &limit))
        return false;
    set_whole(values, value, limit);
    return true;
}

bool process_parse_limits(const char *text, struct process_values *values)
{
    bool files = parse_limit(text, "Max open files", PROCESS_MAX_FDS, values);
    bool space = parse_limit(text, "Max address space", PROCESS_VIRTUAL_MEMORY_MAX_BYTES, values);
    return files || space;
}

static double seconds_of(clockid_t clock)
{
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void process_init(struct process_reader *reader)
{
    long ticks = sysconf(_SC_CLK_TCK);
    long page = sysconf(_SC_PAGESIZE);
    *reader = (struct process_reader){
        .stat_fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC),
        .limits_fd = open("/proc/self/limits", O_RDONLY | O_CLOEXEC),
        .descriptors_fd = open("/proc/self/fd", O_RDONLY | O_CLOEXEC | O_DIRECTORY),
        .units =
            {.ticks_per_second = ticks > 0 ? (uint64_t)ticks : 100,
             .page_bytes = page > 0 ? (uint64_t)page : 4096,
             /* Taken once: a start that moves with each correction of the clock would look like restarts. */
             .boot_seconds = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME)},
    };
}

static void close_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void process_deinit(struct process_reader *reader)
{
    close_open(reader->stat_fd);
    close_open(reader->limits_fd);
    close_open(reader->descriptors_fd);
    *reader = (struct process_reader){-1, -1, -1, reader->units};
}

static bool read_text(int fd, char text[static TEXT_BYTES])
{
    ssize_t size = fd < 0 ? -1 : pread(fd, text, TEXT_BYTES - 1, 0);
    if (size <= 0)
        return false;
    text[size] = '\0';
    return true;
}

/* Entries in one piece of a directory, "." and ".." left out. */
static uint64_t count_entries(const char *piece, size_t size)
{
    uint64_t count = 0;
    size_t at = 0;
    while (at + offsetof(struct dirent64, d_name) < size) {
        unsigned short length;
        memcpy(&length, piece + at + offsetof(struct dirent64, d_reclen), sizeof(length));
        if (length == 0)
            break;
        count += piece[at + offsetof(struct dirent64, d_name)] != '.';
        at += length;
    }
    return count;
}

static bool count_descriptors(int fd, uint64_t *count)
{
    struct stat status;
    if (fd < 0)
        return false;
    if (fstat(fd, &status) == 0 && status.st_size > 0) { /* Linux 6.2 and later keep count */
        *count = (uint64_t)status.st_size;
        return true;
    }
    if (lseek(fd, 0, SEEK_SET) != 0)
        return false;
    *count = 0;
    for (int reads = 0; reads < DIRECTORY_READS; reads++) {
        _Alignas(struct dirent64) char piece[DIRECTORY_BYTES];
        ssize_t size = getdents64(fd, piece, sizeof(piece));
        if (size <= 0)
            return size == 0;
        *count += count_entries(piece, (size_t)size);
    }
    return false;
}

void process_read_quickly(struct process_reader *reader, struct process_values *values)
{
    char text[TEXT_BYTES];
    *values = (struct process_values){0};
    if (read_text(reader->stat_fd, text))
        process_parse_stat(text, &reader->units, values);
    if (read_text(reader->limits_fd, text))
        process_parse_limits(text, values);
}

void process_read(struct process_reader *reader, struct process_values *values)
{
    uint64_t descriptors;
    process_read_quickly(reader, values);
    if (count_descriptors(reader->descriptors_fd, &descriptors))
        set_whole(values, PROCESS_OPEN_FDS, descriptors);
}

bool process_raise_oom_score(unsigned score)
{
    char text[TEXT_BYTES] = "";
    int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return score == 0;
    bool good = read(fd, text, sizeof text - 1) > 0;
    if (good && strtol(text, NULL, 10) < (long)score) {
        int size = snprintf(text, sizeof text, "%u", score);
        good = pwrite(fd, text, (size_t)size, 0) == size;
    }
    close(fd);
    return good;
}
