/* Files that are part of the program: leaklab_embed() of cmake/module.cmake makes a table of them at build.
 */
#pragma once

#include <stddef.h>

struct embedded_file {
    const char *name; /* without its folder: "recv.yaml" */
    const char *text; /* with a zero behind it */
    size_t size;      /* without that zero */
};

/* Declares a table and its length: EMBEDDED_FILES(embedded_patterns) declares embedded_patterns and
 * embedded_patterns_count. */
#define EMBEDDED_FILES(symbol)                                                                               \
    extern const struct embedded_file symbol[];                                                              \
    extern const size_t symbol##_count
