/* Texts from elsewhere, which may hold any bytes: JSON and XML have no room for what is not UTF-8 (RFC 3629).
 */
#pragma once

#include <stdbool.h>

bool utf8_valid(const char *text);

/* Puts a question mark in the place of each byte that is not part of a well-formed sequence. */
void utf8_mend(char *text);
