#include "command/document.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "http/body.h"

/* By its name, or by how it begins: what JSON can be begins with a brace or a bracket. */
static enum body_type type_of(const char *path, const char *bytes, size_t size)
{
    const char *suffix = strrchr(path, '.');
    size_t blank = 0;
    if (suffix != NULL && (strcmp(suffix, ".yaml") == 0 || strcmp(suffix, ".yml") == 0))
        return BODY_YAML;
    while (blank < size && strchr(" \t\r\n", bytes[blank]) != NULL && bytes[blank] != '\0')
        blank++;
    bool brace = blank < size && (bytes[blank] == '{' || bytes[blank] == '[');
    return brace || (suffix != NULL && strcmp(suffix, ".json") == 0) ? BODY_JSON : BODY_YAML;
}

json_t *document_read(const char *path, json_t **problem, const char **why)
{
    char bytes[LIMIT_BODY_BYTES + 1];
    *problem = NULL;
    *why = NULL;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        *why = strerror(errno);
        return NULL;
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    int failed = ferror(file) ? errno : 0;
    (void)fclose(file); /* only read */
    static_assert(LIMIT_BODY_BYTES == 65536, "as it is told");
    if (failed != 0)
        *why = strerror(failed);
    else if (size > LIMIT_BODY_BYTES)
        *why = "is larger than 65536 bytes";
    if (*why != NULL)
        return NULL;
    return body_decode(type_of(path, bytes, size), bytes, size, problem);
}
