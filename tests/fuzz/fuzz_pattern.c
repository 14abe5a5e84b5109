/* The pattern compiler: the input is a pattern, in YAML or JSON. What it refuses has a place and a sentence;
 * what it accepts is sound, means the same the second time, and can be shown and drawn. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "language/graph.h"
#include "language/listing.h"
#include "language/pattern.h"

#define TEXT_MOST (8 << 20)

static void check_message(const struct message *message)
{
    CHECK(message->line > 0 && message->column > 0);
    CHECK(message->text[0] != '\0' && strchr(message->text, '\n') == NULL);
}

static struct pattern *compile(const char *text, size_t size)
{
    struct messages messages;
    struct pattern *pattern = NULL;
    messages_init(&messages);
    enum err err = pattern_compile(NULL, text, size, &messages, &pattern);
    CHECK(err == ERR_OK || err == ERR_SYNTAX);
    CHECK((err == ERR_OK) == (messages.count == 0));
    for (uint32_t i = 0; i < messages.count; i++)
        check_message(&messages.items[i]);
    messages_deinit(&messages);
    return err == ERR_OK ? pattern : NULL;
}

/* Everything that a program can be turned into, as text. */
static char *write_all(const struct pattern *pattern)
{
    struct buf text;
    size_t size;
    buf_init(&text, TEXT_MOST);
    for (int which = 0; which < VARIANTS; which++) {
        const struct program *program = pattern->variants[which].program;
        const char *what = "";
        if (program == NULL)
            continue;
        CHECK(program_verify(program, &what));
        CHECK(program_list(program, &text) == ERR_OK);
        CHECK(program_graph(program, NULL, 0, &text) == ERR_OK);
    }
    return buf_take(&text, &size);
}

static void check_params(const struct pattern *pattern)
{
    int64_t values[LIMIT_PARAMS];
    for (uint16_t i = 0; i < pattern->param_count; i++) {
        const struct param *param = &pattern->params[i];
        char text[PARAM_TEXT];
        int64_t again = param->min - 1;
        values[i] = param_default(pattern, i, values, LINGER_OPEN_NS);
        CHECK(values[i] >= param->min && values[i] <= param->max);
        CHECK(param_parse(param, param_format(param, values[i], text), &again, NULL) == ERR_OK);
        CHECK(again == values[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    size_t bytes;
    char *text = fuzz_rest(&input, &bytes);
    struct pattern *pattern = compile(text, bytes);
    free(text);
    if (pattern == NULL)
        return 0;
    struct pattern *again = compile(pattern->source, pattern->source_bytes);
    CHECK(again != NULL);
    char *first = write_all(pattern), *second = write_all(again);
    CHECK(first != NULL && second != NULL && strcmp(first, second) == 0);
    free(first);
    free(second);
    check_params(pattern);
    pattern_free(again);
    pattern_free(pattern);
    return 0;
}
