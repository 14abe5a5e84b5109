/* base/log.h: what a line looks like, and that no value can break out of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "fault.h"

#define TIME_LENGTH (sizeof "2026-01-02T03:04:05.678Z" - 1)

static int ends[2];

static int open_pipe(void **state)
{
    (void)state;
    return pipe2(ends, O_NONBLOCK);
}

static int close_pipe(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static struct log a_log(bool json)
{
    return (struct log){.fd = ends[1], .level = LOG_DEBUG, .json = json};
}

/* All that was written since the last call. */
static const char *written(void)
{
    static char text[16384];
    ssize_t size = read(ends[0], text, sizeof text - 1);
    text[size < 0 ? 0 : size] = '\0';
    return text;
}

/* The line without its time, whose form is checked. */
static const char *behind_time(const char *line)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    for (size_t i = 0; i < TIME_LENGTH; i++)
        assert_true(form[i] == 'd' ? line[i] >= '0' && line[i] <= '9' : line[i] == form[i]);
    return line + TIME_LENGTH;
}

static void a_text_line_has_time_level_message_and_fields(void **state)
{
    (void)state;
    struct log log = a_log(false);
    log_line(&log, LOG_INFO, "listening", LOG_TEXT("address", "127.0.0.1:9777"), LOG_NUMBER("tasks", -5));
    assert_string_equal(behind_time(written()), " info  listening address=127.0.0.1:9777 tasks=-5\n");
    log_line(&log, LOG_ERROR, "stopped");
    assert_string_equal(behind_time(written()), " error stopped\n");
}

static void a_json_line_is_one_object(void **state)
{
    (void)state;
    struct log log = a_log(true);
    log_line(&log, LOG_WARN, "a \"quoted\" word", LOG_TEXT("name", "x"), LOG_NUMBER("tasks", 7));
    const char *line = written();
    assert_memory_equal(line, "{\"time\":\"", 9);
    assert_string_equal(
        behind_time(line + 9),
        "\",\"level\":\"warn\",\"message\":\"a \\\"quoted\\\" word\",\"name\":\"x\",\"tasks\":7}\n");
}

static void no_value_starts_a_line_or_a_field_of_its_own(void **state)
{
    (void)state;
    struct log log = a_log(false);
    log_line(&log, LOG_INFO, "m", LOG_TEXT("a", "x\n2026 info forged"), LOG_TEXT("b", "y level=error"),
             LOG_TEXT("c", ""), LOG_TEXT("w", "two words"), LOG_TEXT("d", "q\"uote\\"),
             LOG_TEXT("e", "\x1b[31m\x7f\t"));
    assert_string_equal(
        behind_time(written()),
        " info  m a=\"x\\n2026 info forged\" b=\"y level=error\" c=\"\" w=\"two words\" d=\"q\\\"uote\\\\\" "
        "e=\"\\u001b[31m\\u007f\\u0009\"\n");
    log = a_log(true);
    log_line(&log, LOG_INFO, "m", LOG_TEXT("a", "x\",\"level\":\"error\n"));
    assert_non_null(strstr(written(), ",\"a\":\"x\\\",\\\"level\\\":\\\"error\\n\"}\n"));
}

static void lines_below_the_level_are_dropped(void **state)
{
    (void)state;
    struct log log = a_log(false);
    log.level = LOG_WARN;
    log_line(&log, LOG_INFO, "quiet");
    assert_string_equal(written(), "");
    log_line(&log, LOG_WARN, "loud");
    assert_non_null(strstr(written(), "loud"));
    log_line(NULL, LOG_ERROR, "nowhere");
}

static void a_line_that_cannot_be_made_or_written_is_lost(void **state)
{
    (void)state;
    struct log log = a_log(false);
    char huge[8192];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    log_line(&log, LOG_INFO, "m", LOG_TEXT("huge", huge));
    assert_string_equal(written(), "");
    fault_arm(1, true);
    log_line(&log, LOG_INFO, "m");
    fault_disarm();
    assert_string_equal(written(), "");
    log.fd = -1;
    log_line(&log, LOG_INFO, "m");
}

/* A pipe that nobody reads is as full as a disk can be. */
static void lines_that_were_lost_are_counted_and_told(void **state)
{
    (void)state;
    static char filler[4096];
    struct log_losses losses = {0};
    struct log log = a_log(false);
    log.losses = &losses;
    memset(filler, 'x', sizeof filler);
    while (write(ends[1], filler, sizeof filler) > 0)
        continue;
    for (int i = 0; i < 3; i++)
        log_line(&log, LOG_INFO, "lost");
    assert_int_equal(atomic_load(&losses.lines), 3);
    while (read(ends[0], filler, sizeof filler) > 0)
        continue;
    log_line(&log, LOG_INFO, "kept");
    const char *text = written();
    const char *second = strchr(text, '\n') + 1;
    assert_memory_equal(behind_time(text), " warn  lines of this log could not be written lost=3\n", 53);
    assert_string_equal(behind_time(second), " info  kept\n");
    log_line(&log, LOG_INFO, "again");
    assert_string_equal(behind_time(written()), " info  again\n");
}

static void a_line_that_was_cut_short_is_ended_before_the_next(void **state)
{
    (void)state;
    struct log_losses losses = {.torn = true};
    struct log log = a_log(false);
    log.losses = &losses;
    log_line(&log, LOG_INFO, "whole");
    const char *text = written();
    assert_int_equal(text[0], '\n');
    assert_string_equal(behind_time(text + 1), " info  whole\n");
    assert_false(atomic_load(&losses.torn));
}

static void levels_are_read_by_their_names(void **state)
{
    (void)state;
    enum log_level level = LOG_ERROR;
    assert_true(log_level_parse("debug", &level) && level == LOG_DEBUG);
    assert_true(log_level_parse("info", &level) && level == LOG_INFO);
    assert_true(log_level_parse("warn", &level) && level == LOG_WARN);
    assert_true(log_level_parse("error", &level) && level == LOG_ERROR);
    assert_false(log_level_parse("warning", &level));
    assert_false(log_level_parse("", &level));
    assert_int_equal(level, LOG_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_text_line_has_time_level_message_and_fields, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(a_json_line_is_one_object, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(no_value_starts_a_line_or_a_field_of_its_own, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(lines_below_the_level_are_dropped, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(a_line_that_cannot_be_made_or_written_is_lost, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(lines_that_were_lost_are_counted_and_told, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(a_line_that_was_cut_short_is_ended_before_the_next, open_pipe,
                                        close_pipe),
        cmocka_unit_test(levels_are_read_by_their_names),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
