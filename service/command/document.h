/* A file that a user wrote, in YAML or JSON, as JSON. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/limits.h"

struct document {
    char text[LIMIT_BODY_BYTES + 1]; /* not ended by a zero */
    size_t size;
};

/* Reads a whole file. NULL, or why it cannot be read: a text that lasts until the next call that may set
 * errno's texts. */
const char *document_open(struct document *document, const char *path);

/* What the text says. NULL: *problem is a problem (lab/problem.h) that the caller owns, or NULL when memory
 * is out. Whether it is YAML or JSON goes by the file's name, or by how the text begins. */
json_t *document_decode(const struct document *document, const char *path, json_t **problem);

/* Both of it. NULL: *why is not NULL when it cannot be read, *problem not when there is something wrong in
 * it. */
json_t *document_read(const char *path, json_t **problem, const char **why);
