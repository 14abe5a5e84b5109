/* UTF-8 (RFC 3629), in texts from elsewhere, which may hold any bytes: JSON and XML have no room for others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed sequence at the beginning of `size` bytes, which are one at least; 0 when there
 * is none. *code is what it stands for, and of no use where there is none. */
size_t utf8_decode(const char *bytes, size_t size, uint32_t *code);

bool utf8_valid(const char *text);

/* Puts a question mark in the place of each byte that is not part of a well-formed sequence. */
void utf8_mend(char *text);

/* Characters, as columns count them, in `size` bytes. */
size_t utf8_count(const char *text, size_t size);

/* Bytes of a text, `most` at most, at the end of which no character is cut in two. */
size_t utf8_cut(const char *text, size_t most);
