/* Log lines on a stream, as text or as JSON, one write(2) a line, from any thread. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* What could not be written: of a full disk, or a pipe that nobody reads. All zero at first. */
struct log_losses {
    atomic_ullong lines; /* since it was told last */
    atomic_bool torn;    /* the last line has no end */
};

struct log {
    int fd;
    struct log_losses *losses; /* borrowed; NULL: nobody counts */
    enum log_level level;      /* lines below it are dropped */
    bool json;
};

/* One key and its value in a line; a NULL key ends a list of them. */
struct log_field {
    const char *key;
    const char *text; /* used when not NULL */
    int64_t number;   /* otherwise */
};

#define LOG_TEXT(key_, text_)     ((struct log_field){.key = (key_), .text = (text_)})
#define LOG_NUMBER(key_, number_) ((struct log_field){.key = (key_), .number = (int64_t)(number_)})

/* Reads "debug", "info", "warn" or "error"; false for anything else. */
bool log_level_parse(const char *text, enum log_level *level);

/* Writes one line: time (UTC, RFC 3339 with milliseconds), level, message and fields. Values are quoted so
 * that no value can start a line or a field of its own. A line that cannot be written is lost; the caller
 * goes on, and the next line that can be written tells how many were, with `lost`. `log` may be NULL: nothing
 * is written. */
void log_write(const struct log *log, enum log_level level, const char *message,
               const struct log_field *fields);

/* log_line(log, LOG_INFO, "listening", LOG_TEXT("address", a), LOG_NUMBER("port", p)) */
#define log_line(log, level, ...) LOG_LINE_(log, level, __VA_ARGS__, (struct log_field){0})
#define LOG_LINE_(log, level, message, ...)                                                                  \
    log_write(log, level, message, (const struct log_field[]){__VA_ARGS__})
