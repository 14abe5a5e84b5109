/* Shares of a whole, of a rate and of a way, in steps of a hundredth of a percent. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/unit.h"

#define SHARE_WHOLE 10000

/* "2.5%" is 250. ERR_SYNTAX, or ERR_RANGE above 100% and between two steps; nothing is written then. */
enum err share_parse(const char *text, int64_t *share);

/* 250 is "2.5%"; returns `text`. */
const char *share_format(int64_t share, char text[static UNIT_TEXT]);
