/* Assertions. They mean "this is a bug in leaklab", they stay on in release builds, and they end the process
 * with the place and the condition. Running out of something is never a CHECK: it is an error that is
 * returned. */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

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
