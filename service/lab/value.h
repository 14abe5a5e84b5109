/* A value of a request's body as the number that a field wants. Forms know no numbers: a text that is one
 * will do for each of them. Every function: false when the value is none of that kind, or out of bounds;
 * *result is not written then. Any thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What a value of a wrong type is called at the end of a sentence: ", not a list"; "" for texts and numbers,
 * which are wrong in another way. */
const char *value_not(const json_t *value);

/* The number of a JSON number, or of a text that is nothing but one. */
bool value_number(const json_t *value, double *number);

/* number * scale as a whole number from 0 to max. */
bool value_scaled(double number, double scale, int64_t max, int64_t *result);

/* A whole number from 0 to max. */
bool value_count(const json_t *value, int64_t max, int64_t *result);

/* Bytes, such as "4KiB" or 512. */
bool value_size(const json_t *value, int64_t max, int64_t *result);

/* Nanoseconds: a text such as "80ms", or a number of seconds. */
bool value_duration(const json_t *value, int64_t max, int64_t *result);

/* A text with its sign, such as "10%", in SHARE_WHOLE: whether 1 is all of it or a hundredth, nobody can
 * tell. */
bool value_percent(const json_t *value, int64_t *result);

/* The same, or a number from 0 to 1. */
bool value_share(const json_t *value, int64_t *result);

/* true or false, as 1 or 0. */
bool value_flag(const json_t *value, int64_t *result);
