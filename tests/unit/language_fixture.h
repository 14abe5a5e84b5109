/* Compiles texts for tests of the language. */
#pragma once

#include "language/pattern.h"

/* What every pattern needs before its tasks: four lines, so that a test's own text begins in line 5. */
#define HEAD "pattern: p\ntitle: t\nstory: s\nremedy: r\n"

struct compiled {
    enum err err;
    struct pattern *pattern; /* NULL unless ERR_OK */
    struct messages messages;
};

/* The caller calls compiled_free. */
struct compiled compile(const char *text);
void compiled_free(struct compiled *compiled);

/* HEAD, the text, and an `expect`: the fix's listing, or the messages when it does not compile. The caller
 * frees it. */
char *compile_fix(const char *text);

/* Compares compile_fix(text) with what is expected. */
void assert_fix(const char *text, const char *expected);
