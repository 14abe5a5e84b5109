/* Where in a text in YAML or JSON something stands, so that a message about it can say so. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds what a pointer (RFC 6901) points to, or the nearest thing around it that is there: its line and
 * column, from 1. A member of a mapping stands where its key does. False when the text cannot be read, or
 * there is no memory. */
bool place_find(const char *text, size_t size, const char *pointer, uint32_t *line, uint32_t *column);
