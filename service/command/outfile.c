#include "command/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define PATH_BYTES 65536
#define PARTS_MOST                                                                                           \
    100 /* names that are tried: processes in containers have the same few numbers again and again */
#define MODE_NEW  0666
#define MODE_BITS 07777

static void forget(struct outfile *outfile)
{
    free(outfile->path);
    free(outfile->part);
    outfile->path = NULL;
    outfile->part = NULL;
}

static char *part_name(const char *path, int turn)
{
    struct buf name;
    size_t size;
    buf_init(&name, PATH_BYTES);
    buf_printf(&name, "%s.%ld-%d.part", path, (long)getpid(), turn);
    char *text = name.err == ERR_OK ? buf_take(&name, &size) : NULL;
    buf_deinit(&name);
    if (text == NULL)
        errno = ENOMEM;
    return text;
}

/* A file that is replaced keeps its mode. */
static FILE *open_part(struct outfile *outfile, const struct stat *old)
{
    int fd = open(outfile->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE_NEW);
    if (fd < 0)
        return NULL;
    FILE *stream = old == NULL || fchmod(fd, old->st_mode & MODE_BITS) == 0 ? fdopen(fd, "w") : NULL;
    if (stream == NULL) {
        int failed = errno;
        close(fd);
        unlink(outfile->part);
        errno = failed;
    }
    return stream;
}

/* One that was killed may have left its part behind: that is nobody's any more, but who could know? */
static bool open_free_part(struct outfile *outfile, const struct stat *old)
{
    for (int turn = 0; turn < PARTS_MOST; turn++) {
        free(outfile->part);
        outfile->part = part_name(outfile->path, turn);
        outfile->stream = outfile->part == NULL ? NULL : open_part(outfile, old);
        if (outfile->stream != NULL || outfile->part == NULL || errno != EEXIST)
            break;
    }
    return outfile->stream != NULL;
}

/* /dev/stdout, by this name or another: there may be something in the file already. */
static bool is_standard(const struct stat *status)
{
    struct stat own;
    return S_ISREG(status->st_mode) && fstat(STDOUT_FILENO, &own) == 0 && own.st_dev == status->st_dev &&
           own.st_ino == status->st_ino;
}

bool outfile_open(struct outfile *outfile, const char *path)
{
    struct stat status;
    bool there = stat(path, &status) == 0;
    *outfile = (struct outfile){.standard = strcmp(path, "-") == 0 || (there && is_standard(&status))};
    if (outfile->standard) {
        outfile->stream = stdout;
        return true;
    }
    if (path[0] == '\0') {
        errno = ENOENT;
        return false;
    }
    if (there && !S_ISREG(status.st_mode)) {
        outfile->stream = fopen(path, "we");
        return outfile->stream != NULL;
    }
    outfile->path = there ? realpath(path, NULL) : strdup(path);
    if (outfile->path != NULL && open_free_part(outfile, there ? &status : NULL))
        return true;
    int failed = errno;
    forget(outfile);
    errno = failed;
    return false;
}

bool outfile_close(struct outfile *outfile, bool whole)
{
    bool done = fflush(outfile->stream) == 0 || !whole;
    int failed = errno;
    if (!outfile->standard && fclose(outfile->stream) != 0 && done && whole) {
        failed = errno;
        done = false;
    }
    if (outfile->part != NULL && whole && done && rename(outfile->part, outfile->path) != 0) {
        failed = errno;
        done = false;
    }
    if (outfile->part != NULL && (!whole || !done))
        unlink(outfile->part);
    forget(outfile);
    errno = failed;
    return done;
}
