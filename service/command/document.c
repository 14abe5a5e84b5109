#include "command/document.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/macros.h"
#include "http/body.h"

/* Where something begins, or the size. */
static size_t skip_blanks(const char *bytes, size_t size)
{
    size_t blank = 0;
    while (blank < size && bytes[blank] != '\0' && strchr(" \t\r\n", bytes[blank]) != NULL)
        blank++;
    return blank;
}

/* By its name, or by how it begins: what JSON can be begins with a brace or a bracket. */
static enum body_type type_of(const char *path, const char *bytes, size_t size)
{
    const char *suffix = strrchr(path, '.');
    size_t blank = skip_blanks(bytes, size);
    if (suffix != NULL && (strcmp(suffix, ".yaml") == 0 || strcmp(suffix, ".yml") == 0))
        return BODY_YAML;
    bool brace = blank < size && (bytes[blank] == '{' || bytes[blank] == '[');
    return brace || (suffix != NULL && strcmp(suffix, ".json") == 0) ? BODY_JSON : BODY_YAML;
}

const char *document_open(struct document *document, const char *path)
{
    document->size = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return strerror(errno);
    document->size = fread(document->text, 1, sizeof document->text, file);
    int failed = ferror(file) ? errno : 0;
    (void)fclose(file); /* only read */
    static_assert(LIMIT_BODY_BYTES == 65536, "as it is told");
    if (failed != 0)
        return strerror(failed);
    if (document->size > LIMIT_BODY_BYTES)
        return "is larger than 65536 bytes";
    return skip_blanks(document->text, document->size) == document->size ? "the file is empty" : NULL;
}

json_t *document_decode(const struct document *document, const char *path, json_t **problem)
{
    enum body_type type = type_of(path, document->text, document->size);
    return body_decode(type, document->text, document->size, problem);
}

json_t *document_read(const char *path, json_t **problem, const char **why)
{
    struct document document;
    *problem = NULL;
    *why = document_open(&document, path);
    return *why == NULL ? document_decode(&document, path, problem) : NULL;
}
