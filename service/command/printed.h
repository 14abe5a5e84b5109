/* What commands print beside text. */
#pragma once

#include <jansson.h>

#include "base/exit.h"

/* Prints a JSON value, indented, on standard output, and releases it. `flags` are json_dumpf's. EXIT_FAILED:
 * there was no memory (NULL: for the value itself), which is told in the command's name, or standard output
 * has failed, which main() tells. */
enum exit_code printed_json(const char *command, json_t *json, size_t flags);
