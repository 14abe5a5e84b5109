/* A file that a user wrote, in YAML or JSON, as JSON. */
#pragma once

#include <jansson.h>

/* Reads a whole file. NULL: *why is a text when it cannot be read (until the next call that may set errno's
 * texts), or *problem is a problem (lab/problem.h) that the caller owns when there is something wrong in it;
 * both are NULL when memory is out. What the text is goes by the file's name, or by how it begins. */
json_t *document_read(const char *path, json_t **problem, const char **why);
