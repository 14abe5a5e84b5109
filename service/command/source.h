/* Where the commands that run nothing find their patterns: in the catalogue, and in a user's files. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "command/options.h"
#include "language/catalogue.h"

/* The flag of every command that takes patterns of one's own beside the built-in ones. */
#define SOURCE_PATTERNS_FLAG                                                                                 \
    {                                                                                                        \
        "patterns", "DIR", NULL,                                                                             \
            "a folder of your own patterns (*.yaml, *.yml, *.json), beside the built-in ones"                \
    }

/* Fills an initialised catalogue with the built-in patterns, and with those of a folder (NULL: none).
 * Otherwise, after messages on stderr: EXIT_FAILED when patterns have faults or memory is out, EXIT_USAGE
 * when the folder cannot be read. */
enum exit_code source_catalogue(const char *command, const char *folder, struct catalogue *catalogue);

/* What messages call a file: its path, "stdin" for "-". */
const char *source_name(const char *path);

/* Reads and compiles a file. ERR_OK: *pattern is the caller's. ERR_SYNTAX: the messages of the compiler, one
 * a line, are appended to `why`; any other error: one line that says what is in the way. */
enum err source_compile(const char *path, struct buf *why, struct pattern **pattern);

/* Appends the modes of a pattern: "leak-recv, fix-recv". */
void source_modes(struct buf *buf, const struct pattern *pattern);
