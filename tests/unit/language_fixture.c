#include "language_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "language/listing.h"

struct compiled compile(const char *text)
{
    struct compiled compiled = {.pattern = NULL};
    messages_init(&compiled.messages);
    compiled.err = pattern_compile("p.yaml", text, strlen(text), &compiled.messages, &compiled.pattern);
    return compiled;
}

void compiled_free(struct compiled *compiled)
{
    pattern_free(compiled->pattern);
    messages_deinit(&compiled->messages);
}

char *compile_fix(const char *text)
{
    struct buf source, shown;
    size_t size;
    buf_init(&source, 1 << 20);
    buf_init(&shown, 1 << 20);
    buf_printf(&source, "%s%sexpect: {fix: 0}\n", HEAD, text);
    struct compiled compiled = compile(buf_text(&source));
    if (compiled.err == ERR_OK)
        program_list(compiled.pattern->variants[VARIANT_FIX].program, &shown);
    else
        messages_print(&compiled.messages, "p.yaml", &shown);
    compiled_free(&compiled);
    buf_deinit(&source);
    return buf_take(&shown, &size);
}

void assert_fix(const char *text, const char *expected)
{
    char *shown = compile_fix(text);
    assert_string_equal(shown, expected);
    free(shown);
}
