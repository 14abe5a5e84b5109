#include "command/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "command/folder.h"

#define READ_BYTES 4096

/* What is told of the faults of a whole folder. */
#define FAULTS_BYTES (8 * 1024 * 1024)

enum exit_code source_catalogue(const char *command, const char *folder, struct catalogue *catalogue)
{
    struct buf why;
    buf_init(&why, FAULTS_BYTES);
    enum err err = catalogue_load(catalogue, &why);
    bool builtin = err == ERR_OK;
    if (builtin && folder != NULL)
        err = folder_load(folder, catalogue, &why);
    if (err != ERR_OK && !(builtin && err == ERR_SYNTAX)) /* faults speak for themselves */
        fprintf(stderr, "%s: cannot load the patterns: ", command);
    if (err != ERR_OK)
        fprintf(stderr, "%s%s", why.size > 0 ? why.data : err_text(err), why.size > 0 ? "" : "\n");
    buf_deinit(&why);
    return err == ERR_OK ? EXIT_OK : err == ERR_SYSTEM || err == ERR_LIMIT ? EXIT_USAGE : EXIT_FAILED;
}

const char *source_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "stdin" : path;
}

static enum err read_all(int fd, struct buf *text)
{
    char bytes[READ_BYTES];
    while (text->size <= LIMIT_PATTERN_BYTES) {
        size_t wanted = LIMIT_PATTERN_BYTES + 1 - text->size;
        ssize_t got = read(fd, bytes, wanted < sizeof bytes ? wanted : sizeof bytes);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return ERR_SYSTEM;
        if (got > 0 && buf_append(text, bytes, (size_t)got) != ERR_OK)
            return text->err;
    }
    return ERR_OK;
}

/* One byte more than a pattern may have at the most: whoever gets that knows that it is too large.
 * ERR_SYSTEM: errno says why. */
static enum err read_source(const char *path, struct buf *text)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_SYSTEM;
    enum err err = read_all(fd, text);
    int why = errno;
    if (!standard)
        close(fd);
    errno = why;
    return err;
}

/* What steps and profiles call the file: they have no room for its folders. */
static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? source_name(path) : slash + 1;
}

enum err source_compile(const char *path, struct buf *why, struct pattern **pattern)
{
    struct messages messages;
    struct buf text;
    char file[NAME_MAX + 1];
    snprintf(file, sizeof file, "%s", file_of(path));
    utf8_mend(file); /* it stands in JSON */
    buf_init(&text, LIMIT_PATTERN_BYTES + 1);
    messages_init(&messages);
    enum err err = read_source(path, &text);
    int system = errno;
    if (text.size > LIMIT_PATTERN_BYTES) {
        messages_add(&messages, 1, 1, "the pattern is too large: more than %d bytes", LIMIT_PATTERN_BYTES);
        err = ERR_SYNTAX;
    }
    if (err == ERR_OK)
        err = pattern_compile(file, buf_text(&text), text.size, &messages, pattern);
    if (err == ERR_SYNTAX)
        messages_print(&messages, source_name(path), why);
    else if (err != ERR_OK)
        buf_printf(why, "cannot read \"%s\": %s\n", source_name(path),
                   err == ERR_SYSTEM ? strerror(system) : err_text(err));
    messages_deinit(&messages);
    buf_deinit(&text);
    return err;
}

void source_modes(struct buf *buf, const struct pattern *pattern)
{
    const char *before = "";
    for (enum variant which = 0; which <= VARIANT_MIX; which++) {
        char text[MODE_TEXT];
        struct mode mode = {pattern, which};
        if (!mode_exists(mode))
            continue;
        buf_printf(buf, "%s%s", before, mode_format(mode, text));
        before = ", ";
    }
}
