#include "metrics/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX  17 /* every double is told apart from its neighbours by 17 digits */
#define DIGITS_SAFE 15 /* and every decimal of 15 digits survives becoming a double */

/* 0.DIGITS times ten to the power of `point`, without zeros at the end. */
struct decimal {
    char digits[DIGITS_MAX + 3];
    int count;
    int point;
};

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

char *metrics_put_u64(char *at, uint64_t value)
{
    char digits[20];
    char *first = digits + sizeof(digits);
    while (value >= 100) {
        first -= 2;
        memcpy(first, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        first -= 2;
        memcpy(first, pairs + value * 2, 2);
    } else {
        *--first = (char)('0' + value);
    }
    size_t size = (size_t)(digits + sizeof(digits) - first);
    memcpy(at, first, size);
    return at + size;
}

static void decimal_strip(struct decimal *decimal)
{
    while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0')
        decimal->count--;
}

/* Most values are times, counted in whole nanoseconds: a decimal of at most 15 digits, nine of them behind
 * the point. Where that decimal reads back as the value it is the shortest that does, for no two such
 * decimals share a double. */
static bool decimal_of_nanos(double value, struct decimal *decimal)
{
    if (value < 1e-9 || value >= 1e6)
        return false;
    uint64_t nanos = (uint64_t)(value * 1e9 + 0.5);
    if ((double)nanos / 1e9 != value) /* both exact, so the quotient is what reading would give */
        return false;
    decimal->count = (int)(metrics_put_u64(decimal->digits, nanos) - decimal->digits);
    decimal->point = decimal->count - 9;
    decimal_strip(decimal);
    return true;
}

/* Whatever the locale puts between the first digit and the others is skipped. */
static void decimal_read(const char *text, struct decimal *decimal)
{
    decimal->count = 0;
    for (; *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && decimal->count < DIGITS_MAX)
            decimal->digits[decimal->count++] = *text;
    decimal->point = (int)strtol(text + 1, NULL, 10) + 1;
    decimal_strip(decimal);
}

/* `value` is finite and above 0. */
static void decimal_of(double value, struct decimal *decimal)
{
    if (decimal_of_nanos(value, decimal))
        return;
    char text[64];
    for (int digits = isnormal(value) ? DIGITS_SAFE : 1; digits <= DIGITS_MAX; digits++) {
        snprintf(text, sizeof(text), "%.*e", digits - 1, value);
        if (strtod(text, NULL) == value)
            break;
    }
    decimal_read(text, decimal);
}

static char *put(char *at, const char *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

static char *put_zeros(char *at, int count)
{
    for (; count > 0; count--)
        *at++ = '0';
    return at;
}

static char *put_exponent(char *at, const struct decimal *decimal)
{
    int exponent = decimal->point - 1;
    *at++ = decimal->digits[0];
    if (decimal->count > 1) {
        *at++ = '.';
        at = put(at, decimal->digits + 1, (size_t)decimal->count - 1);
    }
    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    unsigned size = (unsigned)abs(exponent);
    if (size < 10)
        *at++ = '0';
    return metrics_put_u64(at, size);
}

/* `plain_max`: with more digits than these before the point the exponent is written; Go's %g has 6. */
static char *put_decimal(char *at, const struct decimal *decimal, int plain_max)
{
    int count = decimal->count;
    int point = decimal->point;
    if (point < -3 || point > plain_max)
        return put_exponent(at, decimal);
    if (point <= 0) {
        at = put(at, "0.", 2);
        at = put_zeros(at, -point);
        return put(at, decimal->digits, (size_t)count);
    }
    if (point >= count) {
        at = put(at, decimal->digits, (size_t)count);
        return put_zeros(at, point - count);
    }
    at = put(at, decimal->digits, (size_t)point);
    *at++ = '.';
    return put(at, decimal->digits + point, (size_t)(count - point));
}

static char *put_real(char *at, double value, int plain_max)
{
    if (isnan(value))
        return put(at, "NaN", 3);
    if (isinf(value))
        return put(at, value > 0 ? "+Inf" : "-Inf", 4);
    if (value == 0)
        return put(at, "0", 1);
    if (value < 0) {
        *at++ = '-';
        value = -value;
    }
    struct decimal decimal = {0};
    decimal_of(value, &decimal);
    return put_decimal(at, &decimal, plain_max);
}

char *metrics_put_double(char *at, double value)
{
    return put_real(at, value, 21);
}

char *metrics_put_bound(char *at, double bound, bool point)
{
    char *end = put_real(at, bound, 6);
    bool has_point =
        memchr(at, '.', (size_t)(end - at)) != NULL || memchr(at, 'e', (size_t)(end - at)) != NULL;
    if (point && isfinite(bound) && !has_point)
        end = put(end, ".0", 2);
    return end;
}

void metrics_write(struct metrics_writer *writer, const char *bytes, size_t size)
{
    if (writer->at != NULL)
        memcpy(writer->at + writer->size, bytes, size);
    writer->size += size;
}

void metrics_write_text(struct metrics_writer *writer, const char *text)
{
    metrics_write(writer, text, strlen(text));
}

void metrics_write_escaped(struct metrics_writer *writer, const char *text, bool quotes)
{
    const char *special = quotes ? "\\\n\"" : "\\\n";
    for (;;) {
        size_t plain = strcspn(text, special);
        metrics_write(writer, text, plain);
        text += plain;
        if (*text == '\0')
            return;
        char escaped[2] = {'\\', *text == '\n' ? 'n' : *text};
        metrics_write(writer, escaped, 2);
        text++;
    }
}

/* Bytes of the sequence that begins at `text`, 0 when it is not well-formed. */
static size_t utf8_sequence(const unsigned char *text, size_t size)
{
    unsigned char lead = text[0];
    if (lead < 0x80)
        return 1;
    size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead < 0xc2 || lead > 0xf4 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (lead == 0xe0 && text[1] < 0xa0) || (lead == 0xf0 && text[1] < 0x90);
    bool surrogate = lead == 0xed && text[1] > 0x9f;
    bool too_high = lead == 0xf4 && text[1] > 0x8f;
    return overlong || surrogate || too_high ? 0 : length;
}

bool metrics_utf8(const char *text, size_t size)
{
    while (size > 0) {
        size_t length = utf8_sequence((const unsigned char *)text, size);
        if (length == 0)
            return false;
        text += length;
        size -= length;
    }
    return true;
}
