/* Where the commands that run nothing find their patterns: in the catalogue, and in a user's files. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "language/catalogue.h"

/* Fills an initialised catalogue with the built-in patterns. False after a message on stderr that begins with
 * `command`. */
bool source_catalogue(const char *command, struct catalogue *catalogue);

/* What messages call a file: its path, "stdin" for "-". */
const char *source_name(const char *path);

/* Reads and compiles a file. ERR_OK: *pattern is the caller's. ERR_SYNTAX: the messages of the compiler, one
 * a line, are appended to `why`; any other error: one line that says what is in the way. */
enum err source_compile(const char *path, struct buf *why, struct pattern **pattern);

/* Appends the modes of a pattern: "leak-recv, fix-recv". */
void source_modes(struct buf *buf, const struct pattern *pattern);
