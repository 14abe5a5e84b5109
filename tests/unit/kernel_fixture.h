/* The files of tests/kernels on a stage of their own, and tests that are run on every variant of each of
 * them. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "language/catalogue.h"
#include "stage.h"

#if defined(__SANITIZE_ADDRESS__)
#define KERNEL_SEEDS 20
#else
#define KERNEL_SEEDS 1000
#endif

/* The mode on a stage, with its counts cut down. The owner leaves after a while, with odd seeds only when the
 * scenario is cancelled. */
void kernel_given(struct stage *stage, const struct mode *mode, uint64_t seed);

/* Lets time pass until the next moment at which somebody may look, before the owner leaves: so many are
 * there. */
#define KERNEL_LOOKS 4
void kernel_pass(struct stage *stage, uint64_t seed, int look);

/* The owner leaves, the scenario is cancelled, and time passes until no timer is armed any more. That is the
 * ground truth: whoever is there then will never move. */
void kernel_end(struct stage *stage, uint64_t seed);

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
