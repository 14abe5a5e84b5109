#include "base/unit.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/macros.h"

struct unit {
    const char *name;
    int64_t factor;
};

/* Longest first: formatting takes the first that divides. */
static const struct unit durations[] = {
    {"d", 86400000000000}, {"h", 3600000000000}, {"m", 60000000000}, {"s", 1000000000},
    {"ms", 1000000},       {"us", 1000},         {"ns", 1}};

static const struct unit sizes[] = {
    {"TiB", 1LL << 40}, {"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}, {"TB", 1000000000000},
    {"GB", 1000000000}, {"MB", 1000000},    {"kB", 1000},       {"B", 1},           {"", 1}};

static const struct unit percents[] = {{"%", 10000}};

/* Digits with at most nine decimals, as billionths would be; what follows is left in *text. Numbers are kept
 * as a whole part and a fraction in billionths, so that no float rounds what a user wrote. */
struct decimal {
    int64_t whole;
    int64_t billionths;
};

static enum err read_decimal(const char **text, struct decimal *decimal)
{
    const char *at = *text;
    bool digits = false;
    *decimal = (struct decimal){0, 0};
    for (; *at >= '0' && *at <= '9'; at++, digits = true) {
        decimal->whole = decimal->whole * 10 + (*at - '0');
        if (decimal->whole > INT64_MAX / 100)
            return ERR_RANGE;
    }
    if (*at == '.') {
        at++;
        int64_t place = 100000000;
        if (*at < '0' || *at > '9')
            return ERR_SYNTAX;
        for (; *at >= '0' && *at <= '9'; at++, digits = true, place /= 10)
            decimal->billionths += (*at - '0') * place;
    }
    *text = at;
    return digits ? ERR_OK : ERR_SYNTAX;
}

/* decimal * factor, or ERR_RANGE above `max`, and where so little is meant that nothing would be left of it.
 */
static enum err scale(struct decimal decimal, int64_t factor, int64_t max, int64_t *result)
{
    if (decimal.whole > max / factor)
        return ERR_RANGE;
    __extension__ __int128 parts = (__int128)decimal.billionths * factor / 1000000000;
    int64_t value = decimal.whole * factor + (int64_t)parts;
    if (value > max || (value == 0 && decimal.billionths > 0))
        return ERR_RANGE;
    *result = value;
    return ERR_OK;
}

static const struct unit *read_unit(const char **text, const struct unit *units, size_t count)
{
    size_t length = strcspn(*text, "0123456789.");
    for (size_t i = 0; i < count; i++) {
        if (strlen(units[i].name) == length && strncmp(units[i].name, *text, length) == 0) {
            *text += length;
            return &units[i];
        }
    }
    return NULL;
}

enum err unit_parse_duration(const char *text, int64_t *ns)
{
    if (strcmp(text, "0") == 0) {
        *ns = 0;
        return ERR_OK;
    }
    int64_t sum = 0;
    do {
        struct decimal decimal;
        int64_t part;
        enum err err = read_decimal(&text, &decimal);
        const struct unit *unit = err == ERR_OK ? read_unit(&text, durations, COUNT_OF(durations)) : NULL;
        if (unit == NULL)
            return err == ERR_OK ? ERR_SYNTAX : err;
        if ((err = scale(decimal, unit->factor, LIMIT_DURATION_NS, &part)) != ERR_OK)
            return err;
        sum += part;
        if (sum > LIMIT_DURATION_NS)
            return ERR_RANGE;
    } while (*text != '\0');
    *ns = sum;
    return ERR_OK;
}

/* One number and one unit, and nothing else. */
static enum err parse_one(const char *text, const struct unit *units, size_t count, int64_t max,
                          int64_t *result)
{
    struct decimal decimal;
    enum err err = read_decimal(&text, &decimal);
    if (err != ERR_OK)
        return err;
    const struct unit *unit = read_unit(&text, units, count);
    if (unit == NULL || *text != '\0')
        return ERR_SYNTAX;
    return scale(decimal, unit->factor, max, result);
}

enum err unit_parse_size(const char *text, int64_t *bytes)
{
    return parse_one(text, sizes, COUNT_OF(sizes), LIMIT_NUMBER, bytes);
}

enum err unit_parse_percent(const char *text, int64_t *millionths)
{
    return parse_one(text, percents, COUNT_OF(percents), 1000000, millionths);
}

enum err unit_parse_count(const char *text, int64_t *count)
{
    int64_t value = 0;
    bool digit = false;
    for (; *text != '\0'; text++) {
        if (*text == '_' && digit && text[1] >= '0' && text[1] <= '9')
            continue;
        if (*text < '0' || *text > '9')
            return ERR_SYNTAX;
        digit = true;
        value = value * 10 + (*text - '0');
        if (value > LIMIT_NUMBER)
            return ERR_RANGE;
    }
    if (!digit)
        return ERR_SYNTAX;
    *count = value;
    return ERR_OK;
}

/* Writes value / factor with as many decimals as it needs, at most `decimals`; false when that is not exact.
 */
static bool format_exact(int64_t value, const struct unit *unit, int decimals, char *text)
{
    int64_t whole = value / unit->factor;
    int64_t rest = value % unit->factor;
    char digits[10] = "";
    int used = 0;
    while (rest != 0 && used < decimals) {
        if (rest > INT64_MAX / 10)
            return false;
        rest *= 10;
        digits[used++] = (char)('0' + rest / unit->factor);
        rest %= unit->factor;
    }
    if (rest != 0)
        return false;
    digits[used] = '\0';
    snprintf(text, UNIT_TEXT, "%" PRId64 "%s%s%s", whole, used > 0 ? "." : "", digits, unit->name);
    return true;
}

/* The largest unit of `units` in which the value is at least 1 and exact with a few decimals. */
static const char *format_units(int64_t value, const struct unit *units, size_t count, char *text)
{
    for (size_t i = 0; i < count; i++)
        if (value >= units[i].factor && format_exact(value, &units[i], 3, text))
            return text;
    format_exact(value, &units[count - 1], 0, text);
    return text;
}

const char *unit_format_duration(int64_t ns, char text[static UNIT_TEXT])
{
    if (ns == 0) {
        memcpy(text, "0s", 3);
        return text;
    }
    return format_units(ns, durations, COUNT_OF(durations), text);
}

const char *unit_format_size(int64_t bytes, char text[static UNIT_TEXT])
{
    /* The binary units, then plain bytes. */
    static const struct unit shown[] = {
        {"TiB", 1LL << 40}, {"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}, {"B", 1}};
    return format_units(bytes, shown, COUNT_OF(shown), text);
}

const char *unit_format_percent(int64_t millionths, char text[static UNIT_TEXT])
{
    format_exact(millionths, &percents[0], 4, text);
    return text;
}
