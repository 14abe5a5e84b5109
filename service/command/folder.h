/* A folder of a user's own patterns: `--patterns DIR`. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "language/catalogue.h"

/* Compiles every *.yaml, *.yml and *.json of the folder, in the order of their names, and adds them to the
 * catalogue as own patterns; what is no file, and names that
 * begin with a dot, are left alone. At most LIMIT_OWN_PATTERNS.
 * ERR_SYNTAX: `why` gets every fault of every file, one a line, as file:line:column: text, and the catalogue
 * has the patterns without faults. ERR_SYSTEM, ERR_LIMIT, ERR_MEMORY: `why` gets one line. */
enum err folder_load(const char *path, struct catalogue *catalogue, struct buf *why);
