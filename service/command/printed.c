#include "command/printed.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

enum exit_code printed_json(const char *command, json_t *json, size_t flags)
{
    bool printed = json != NULL && json_dumpf(json, stdout, JSON_INDENT(2) | flags) == 0;
    json_decref(json);
    if (printed) {
        putchar('\n');
        return EXIT_OK;
    }
    if (!ferror(stdout))
        fprintf(stderr, "%s: %s\n", command, err_text(ERR_MEMORY));
    return EXIT_FAILED;
}
