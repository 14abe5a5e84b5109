#include "command/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/macros.h"
#include "command/source.h"

static int is_pattern(const struct dirent *entry)
{
    static const char *const suffixes[] = {".yaml", ".yml", ".json"};
    const char *suffix = strrchr(entry->d_name, '.');
    bool file = entry->d_type == DT_REG || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
    if (suffix == NULL || entry->d_name[0] == '.' || !file)
        return 0;
    for (size_t i = 0; i < COUNT_OF(suffixes); i++)
        if (strcmp(suffix, suffixes[i]) == 0)
            return 1;
    return 0;
}

/* By bytes, so that the order is the same everywhere. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The pattern is the catalogue's then, or freed. */
static enum err add(struct catalogue *catalogue, const char *path, struct pattern *pattern, struct buf *why)
{
    pattern->own = true;
    const struct pattern *same = catalogue_find(catalogue, pattern->name);
    enum err err = catalogue_add(catalogue, pattern);
    if (err == ERR_TAKEN) {
        buf_printf(why, "%s:%u:%u: ", path, pattern->name_line, pattern->name_column);
        if (same->own)
            buf_printf(why, "the pattern \"%s\" is in %s already\n", pattern->name, same->file);
        else
            buf_printf(why, "\"%s\" is the name of a built-in pattern: choose another\n", pattern->name);
        err = ERR_SYNTAX;
    }
    if (err != ERR_OK)
        pattern_free(pattern);
    return err;
}

static enum err load_file(const char *folder, const char *name, struct catalogue *catalogue, struct buf *why)
{
    struct pattern *pattern;
    struct buf path;
    buf_init(&path, 2 * LIMIT_PATTERN_TEXT);
    enum err err = buf_printf(&path, "%s/%s", folder, name);
    if (err == ERR_OK)
        err = source_compile(buf_text(&path), why, &pattern);
    if (err == ERR_OK)
        err = add(catalogue, buf_text(&path), pattern, why);
    buf_deinit(&path);
    return err;
}

static enum err load_files(const char *path, struct dirent **entries, size_t count,
                           struct catalogue *catalogue, struct buf *why)
{
    enum err result = ERR_OK;
    if (count > LIMIT_OWN_PATTERNS) {
        buf_printf(why, "%s: has %zu patterns, where %d are allowed\n", path, count, LIMIT_OWN_PATTERNS);
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        enum err err = load_file(path, entries[i]->d_name, catalogue, why);
        if (err != ERR_OK && (result == ERR_OK || result == ERR_SYNTAX))
            result = err;
    }
    return result;
}

enum err folder_load(const char *path, struct catalogue *catalogue, struct buf *why)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_pattern, by_name);
    if (count < 0) {
        buf_printf(why, "%s: %s\n", path, strerror(errno));
        return errno == ENOMEM ? ERR_MEMORY : ERR_SYSTEM;
    }
    enum err err = load_files(path, entries, (size_t)count, catalogue, why);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return err;
}
