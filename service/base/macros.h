/* What C leaves to be said by hand. */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* An assertion: "if this is not true, there is a bug in leaklab". It stays on in release builds, and ends the
 * process with the place and the condition. Running out of something is never a CHECK: it is an error that is
 * returned. */
#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (__builtin_expect(!(condition), 0)) {                                                             \
            fprintf(stderr, "%s:%d: %s: bug: not true: %s\n", __FILE__, __LINE__, __func__, #condition);     \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* The structure that holds `member`, from a pointer to that member. */
#define container_of(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
