/* A file that is there whole or not at all: what is written goes to a file beside it, which takes its name in
 * the end. What is no file, such as a device or a pipe, and standard output are written to as they are. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct outfile {
    FILE *stream;
    char *path; /* the file's, with links followed; NULL: it is written to as it is */
    char *part; /* that of the file beside it */
    bool standard;
};

/* Begins; `path` "-" is standard output, and so is any name of the file to which that goes. False, and errno
 * says why: nothing was begun. */
bool outfile_open(struct outfile *outfile, const char *path);

/* Ends it, once: when `whole`, the file is there, with what was written and nothing else; otherwise all is as
 * it was before. False, and errno says why, when the former could not be done: the latter holds then. */
bool outfile_close(struct outfile *outfile, bool whole);
