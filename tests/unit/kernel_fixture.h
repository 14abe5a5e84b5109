/* The files of tests/kernels, and tests that are run on every variant of each of them. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "language/catalogue.h"

/* A test; its state is a `const struct mode *`. */
struct kernel_case {
    const char *name;
    CMUnitTestFunction function;
};

#define KERNEL_CASE(function)                                                                                \
    {                                                                                                        \
#function, function                                                                                  \
    }

/* Compiles the files and runs each case on each mode; a test's name says the mode and the case. Returns how
 * many failed; files with faults, and none at all, count as one. */
int kernels_run(const char *group, const struct kernel_case *cases, size_t case_count);
