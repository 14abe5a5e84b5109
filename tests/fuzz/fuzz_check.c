/* `leaklab check`: the input is a pattern, in YAML or JSON. Each variant of what compiles is looked at, and
 * run for a moment, and what is found can be told as text and as JSON. */
#include <stdlib.h>

#include "command/checked.h"
#include "fuzz.h"
#include "language/pattern.h"

#define TEXT_MOST (8 << 20)

static void look(struct checked *checked, enum variant which)
{
    if (checked->pattern->variants[which].program == NULL)
        return;
    CHECK(preview_new(checked->pattern, which, &checked->previews[which]) == ERR_OK);
    CHECK(preview_undeclared(checked->previews[which]) <= LIMIT_FINDINGS);
}

static void tell(const struct checked *checked)
{
    struct buf text;
    buf_init(&text, TEXT_MOST);
    checked_text(checked, &text);
    CHECK(text.err == ERR_OK && text.size > 0);
    buf_deinit(&text);
    json_t *json = checked_json(checked);
    CHECK(json != NULL);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct messages messages;
    struct pattern *pattern = NULL;
    size_t bytes;
    char *text = fuzz_rest(&input, &bytes);
    messages_init(&messages);
    (void)pattern_compile(NULL, text, bytes, &messages, &pattern);
    messages_deinit(&messages);
    free(text);
    if (pattern == NULL)
        return 0;
    struct checked checked = {.file = pattern->file, .pattern = pattern};
    for (enum variant which = 0; which < VARIANTS; which++)
        look(&checked, which);
    tell(&checked);
    for (int which = 0; which < VARIANTS; which++)
        preview_free(checked.previews[which]);
    pattern_free(pattern);
    return 0;
}
