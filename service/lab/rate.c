#include "lab/rate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/macros.h"

#define MILLION 1000000LL

__extension__ typedef unsigned __int128 wide;

static const struct {
    const char *suffix;
    int64_t ns;
} periods[] = {
    {"", RATE_SECOND_NS}, {"/s", RATE_SECOND_NS}, {"/m", 60 * RATE_SECOND_NS}, {"/h", 3600 * RATE_SECOND_NS}};

enum err rate_parse(const char *text, struct rate *rate)
{
    const char *at = text;
    int64_t millionths = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        millionths = millionths * 10 + (*at - '0') * MILLION;
        if (millionths > LIMIT_START_RATE * MILLION * 3600)
            return ERR_RANGE;
    }
    if (at == text)
        return ERR_SYNTAX;
    if (*at == '.') {
        const char *point = at++;
        for (int64_t place = MILLION / 10; *at >= '0' && *at <= '9' && place > 0; at++, place /= 10)
            millionths += (*at - '0') * place;
        if (at == point + 1)
            return ERR_SYNTAX;
    }
    for (size_t i = 0; i < COUNT_OF(periods); i++) {
        if (strcmp(at, periods[i].suffix) != 0)
            continue;
        if (millionths > LIMIT_START_RATE * MILLION * (periods[i].ns / RATE_SECOND_NS))
            return ERR_RANGE;
        *rate = (struct rate){millionths, periods[i].ns};
        return ERR_OK;
    }
    return ERR_SYNTAX;
}

uint64_t rate_due(struct rate rate, uint64_t elapsed_ns)
{
    wide part = (wide)MILLION * (wide)rate.per_ns;
    return (uint64_t)((wide)rate.starts_millionths * elapsed_ns / part);
}

uint64_t rate_due_ns(struct rate rate, uint64_t count)
{
    if (rate.starts_millionths == 0)
        return UINT64_MAX;
    wide starts = (wide)rate.starts_millionths;
    wide part = (wide)count * MILLION * (wide)rate.per_ns;
    wide ns = part / starts + (part % starts != 0);
    return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

double rate_per_second(struct rate rate)
{
    return (double)rate.starts_millionths / 1e6 * ((double)RATE_SECOND_NS / (double)rate.per_ns);
}

json_t *rate_json(struct rate rate)
{
    int64_t whole = rate.starts_millionths / MILLION;
    int64_t rest = rate.starts_millionths % MILLION;
    if (rate.per_ns == RATE_SECOND_NS)
        return rest == 0 ? json_integer(whole) : json_real((double)rate.starts_millionths / 1e6);
    char text[48];
    int length = snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64, whole, rest);
    while (text[length - 1] == '0')
        length--;
    if (text[length - 1] == '.')
        length--;
    snprintf(text + length, sizeof text - (size_t)length, "%s",
             rate.per_ns == 60 * RATE_SECOND_NS ? "/m" : "/h");
    return json_string(text);
}
