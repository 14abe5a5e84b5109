/* Numbers with units, as users write and read them: durations ("80ms", "1.5s", "2m30s", "7d"), sizes ("4KiB",
 * "1.5GiB", "512", "1MB"), percentages ("2%"). Reading is strict: the whole text, no sign, no space. What is
 * above zero and below a nanosecond, a byte or a millionth is ERR_RANGE: it would be read as nothing. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Units: ns, us, ms, s, m, h, d; several may follow each other, as in Go. "0" needs none. ERR_SYNTAX, or
 * ERR_RANGE above LIMIT_DURATION_NS. Nothing is written on an error. */
enum err unit_parse_duration(const char *text, int64_t *ns);

/* Units: none or B for bytes, KiB MiB GiB TiB for powers of 1024, kB MB GB TB for powers of 1000. ERR_RANGE
 * above LIMIT_NUMBER. */
enum err unit_parse_size(const char *text, int64_t *bytes);

/* A percentage from 0% to 100%, in millionths: "2%" is 20000. */
enum err unit_parse_percent(const char *text, int64_t *millionths);

/* A whole number from 0 to LIMIT_NUMBER, decimal digits only, with _ allowed between digits. */
enum err unit_parse_count(const char *text, int64_t *count);

/* The longest text that a unit_format_* writes, with its zero. */
#define UNIT_TEXT 32

/* Shortest exact text, such as "1.5s" or "4KiB"; what is written reads back to the same number. Returns
 * `text`. */
const char *unit_format_duration(int64_t ns, char text[static UNIT_TEXT]);
const char *unit_format_size(int64_t bytes, char text[static UNIT_TEXT]);
const char *unit_format_percent(int64_t millionths, char text[static UNIT_TEXT]);
