#include "lab/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/unit.h"
#include "lab/share.h"

const char *value_not(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return ", not an object";
    case JSON_ARRAY:
        return ", not a list";
    case JSON_NULL:
        return ", not null";
    case JSON_TRUE:
    case JSON_FALSE:
        return ", not true or false";
    case JSON_STRING:
    case JSON_INTEGER:
    case JSON_REAL:
        break;
    }
    return "";
}

bool value_number(const json_t *value, double *number)
{
    if (json_is_number(value)) {
        *number = json_number_value(value);
        return true;
    }
    const char *text = json_string_value(value);
    if (text == NULL || *text == '\0' || text[strspn(text, "0123456789.")] != '\0' || strlen(text) > 40)
        return false;
    char *end;
    *number = strtod(text, &end);
    return *end == '\0';
}

bool value_scaled(double number, double scale, int64_t max, int64_t *result)
{
    double value = number * scale;
    if (!(value >= 0 && value <= (double)max))
        return false;
    *result = llround(value);
    return *result <= max;
}

/* A whole decimal number; counts above LIMIT_NUMBER, as seeds are, do not pass unit_parse_count. */
static bool parse_whole(const char *text, int64_t max, int64_t *result)
{
    int64_t value;
    if (unit_parse_count(text, &value) != ERR_OK) {
        if (*text == '\0' || strlen(text) > 16 || text[strspn(text, "0123456789")] != '\0')
            return false;
        value = strtoll(text, NULL, 10);
    }
    if (value > max)
        return false;
    *result = value;
    return true;
}

bool value_count(const json_t *value, int64_t max, int64_t *result)
{
    if (json_is_string(value))
        return parse_whole(json_string_value(value), max, result);
    double number = json_number_value(value);
    return json_is_number(value) && number == floor(number) && value_scaled(number, 1, max, result);
}

bool value_size(const json_t *value, int64_t max, int64_t *result)
{
    if (json_is_string(value))
        return unit_parse_size(json_string_value(value), result) == ERR_OK && *result <= max;
    return value_count(value, max, result);
}

bool value_duration(const json_t *value, int64_t max, int64_t *result)
{
    double seconds;
    if (value_number(value, &seconds))
        return value_scaled(seconds, 1e9, max, result);
    return json_is_string(value) && unit_parse_duration(json_string_value(value), result) == ERR_OK;
}

bool value_percent(const json_t *value, int64_t *result)
{
    return json_is_string(value) && share_parse(json_string_value(value), result) == ERR_OK;
}

bool value_share(const json_t *value, int64_t *result)
{
    double number;
    if (!value_number(value, &number))
        return value_percent(value, result);
    double steps = number * SHARE_WHOLE;
    return fabs(steps - round(steps)) < 1e-6 && value_scaled(number, SHARE_WHOLE, SHARE_WHOLE, result);
}

bool value_flag(const json_t *value, int64_t *result)
{
    const char *text = json_string_value(value);
    bool yes = json_is_true(value) || (text != NULL && strcmp(text, "true") == 0);
    bool no = json_is_false(value) || (text != NULL && strcmp(text, "false") == 0);
    *result = yes;
    return yes || no;
}
