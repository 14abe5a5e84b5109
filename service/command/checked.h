/* What `leaklab check` says about one file that is a pattern: as text for people, one line a fact, or as an
 * object for programs. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "judge/preview.h"

/* A pattern that has been looked at: one preview for each variant that it has. */
struct checked {
    const char *file; /* what messages call it */
    const struct pattern *pattern;
    struct preview *previews[VARIANTS]; /* NULL where the pattern has no such variant */
};

/* Appends how each task exits, what was found, and what to do about it. */
void checked_text(const struct checked *checked, struct buf *buf);

/* The same as an object of the schema in service/patterns/README.md; NULL: no memory. */
json_t *checked_json(const struct checked *checked);
