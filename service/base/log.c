#include "base/log.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/macros.h"

#define LINE_BYTES 4096

static const char *const level_words[] = {"debug", "info", "warn", "error"};

bool log_level_parse(const char *text, enum log_level *level)
{
    for (size_t i = 0; i < COUNT_OF(level_words); i++) {
        if (strcmp(text, level_words[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* Escapes as JSON does, which also keeps a text line one line. Bytes from 0x80 pass: the caller's text is
 * UTF-8. */
static void append_quoted(struct buf *line, const char *text)
{
    buf_putc(line, '"');
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            buf_printf(line, "\\%c", byte);
        else if (byte == '\n')
            buf_puts(line, "\\n");
        else if (byte < 0x20 || byte == 0x7f)
            buf_printf(line, "\\u%04x", byte);
        else
            buf_putc(line, (char)byte);
    }
    buf_putc(line, '"');
}

static bool is_plain(const char *text)
{
    if (text[0] == '\0')
        return false;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte <= ' ' || byte == '"' || byte == '=' || byte == '\\' || byte == 0x7f)
            return false;
    }
    return true;
}

static void append_time(struct buf *line)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    buf_printf(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
               utc.tm_hour, utc.tm_min, utc.tm_sec, (int)(now.tv_nsec / 1000000));
}

static void append_json(struct buf *line, enum log_level level, const char *message,
                        const struct log_field *fields)
{
    buf_puts(line, "{\"time\":\"");
    append_time(line);
    buf_printf(line, "\",\"level\":\"%s\",\"message\":", level_words[level]);
    append_quoted(line, message);
    for (; fields->key != NULL; fields++) {
        buf_printf(line, ",\"%s\":", fields->key);
        if (fields->text != NULL)
            append_quoted(line, fields->text);
        else
            buf_printf(line, "%" PRId64, fields->number);
    }
    buf_putc(line, '}');
}

static void append_text(struct buf *line, enum log_level level, const char *message,
                        const struct log_field *fields)
{
    append_time(line);
    buf_printf(line, " %-5s %s", level_words[level], message);
    for (; fields->key != NULL; fields++) {
        buf_printf(line, " %s=", fields->key);
        if (fields->text == NULL)
            buf_printf(line, "%" PRId64, fields->number);
        else if (is_plain(fields->text))
            buf_puts(line, fields->text);
        else
            append_quoted(line, fields->text);
    }
}

static bool put(const struct log *log, const struct buf *line)
{
    ssize_t written = write(log->fd, line->data, line->size);
    if (log->losses != NULL && written > 0)
        atomic_store(&log->losses->torn, (size_t)written != line->size);
    return written == (ssize_t)line->size;
}

static bool write_line(const struct log *log, enum log_level level, const char *message,
                       const struct log_field *fields)
{
    struct buf line;
    buf_init(&line, LINE_BYTES);
    if (log->losses != NULL && atomic_load(&log->losses->torn))
        buf_putc(&line, '\n');
    (log->json ? append_json : append_text)(&line, level, message, fields);
    buf_putc(&line, '\n');
    bool good = line.err == ERR_OK && put(log, &line);
    buf_deinit(&line);
    return good;
}

/* False: there is still no room. */
static bool tell_losses(const struct log *log)
{
    unsigned long long lost = log->losses == NULL ? 0 : atomic_exchange(&log->losses->lines, 0);
    const struct log_field fields[] = {LOG_NUMBER("lost", lost), {0}};
    if (lost == 0 || write_line(log, LOG_WARN, "lines of this log could not be written", fields))
        return true;
    atomic_fetch_add(&log->losses->lines, lost);
    return false;
}

void log_write(const struct log *log, enum log_level level, const char *message,
               const struct log_field *fields)
{
    if (log == NULL || level < log->level)
        return;
    if ((!tell_losses(log) || !write_line(log, level, message, fields)) && log->losses != NULL)
        atomic_fetch_add(&log->losses->lines, 1);
}
