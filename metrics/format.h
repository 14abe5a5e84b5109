/* How numbers and texts look in a scrape; used inside metrics/ only. Nothing here depends on the locale. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest number: sign, 21 digits before the point or 17 digits with an exponent. */
#define METRICS_NUMBER_BYTES 32

/* Each writes a number without a final zero and returns the byte behind it. */
char *metrics_put_u64(char *at, uint64_t value);

/* The shortest decimal that reads back as the same number (at a power of two sometimes one digit more); NaN,
 * +Inf and -Inf by these names. */
char *metrics_put_double(char *at, double value);

/* A bucket's bound, as Go writes it with %g, so that every client writes the same label; `point` asks for
 * OpenMetrics' canonical form, where 1 is 1.0. */
char *metrics_put_bound(char *at, double bound, bool point);

/* Counts what is put in, and stores it as well unless `at` is NULL: the same code measures and writes. */
struct metrics_writer {
    char *at;
    size_t size;
};

void metrics_write(struct metrics_writer *writer, const char *bytes, size_t size);
void metrics_write_text(struct metrics_writer *writer, const char *text);

/* Backslash and line feed are escaped, and the double quote where asked for. */
void metrics_write_escaped(struct metrics_writer *writer, const char *text, bool quotes);

/* True when `size` bytes are well-formed UTF-8 (RFC 3629): no overlong form, surrogate, or number above
 * U+10FFFF. */
bool metrics_utf8(const char *text, size_t size);
