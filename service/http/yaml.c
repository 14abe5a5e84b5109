#include "http/yaml.h"

#include <string.h>

#include "lab/problem.h"
#include "language/node.h"

json_t *yaml_problem(const struct messages *messages, const char *what)
{
    uint32_t count = messages->count + messages->dropped;
    json_t *problem = problem_new(422, "the %s has %u fault%s", what, count, count == 1 ? "" : "s");
    if (count == 1)
        problem_set_detail(problem, "line %u, column %u: %s", messages->items[0].line,
                           messages->items[0].column, messages->items[0].text);
    for (uint32_t i = 0; i < messages->count; i++)
        problem_add_place(problem, messages->items[i].line, messages->items[i].column, "%s",
                          messages->items[i].text);
    return problem;
}

/* What a plain scalar means; NULL: no memory, or a fault that was reported. */
static json_t *plain_value(const struct node *node, struct messages *messages)
{
    json_error_t error;
    const char *text = node->text;
    if (node_is_null(node))
        return json_null();
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_boolean(text[0] == 't');
    bool number = text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
    json_t *value = number ? json_loads(text, JSON_DECODE_ANY, &error) : NULL;
    if (value != NULL || !number)
        return value != NULL ? value : json_string(text);
    if (json_error_code(&error) == json_error_numeric_overflow)
        messages_add(messages, node->line, node->column, "the number is too large for any field");
    else if (json_error_code(&error) != json_error_out_of_memory)
        return json_string(text);
    return NULL;
}

static json_t *node_value(const struct node *node, struct messages *messages);

/* Puts a value, which it takes over, into its list or mapping. */
static bool put(json_t *parent, const struct node *node, json_t *value)
{
    int failed = json_is_array(parent) ? json_array_append_new(parent, value)
                                       : json_object_set_new(parent, node->key->text, value);
    return failed == 0;
}

/* NULL: no memory. A member whose value is faulty is left out: there is no result then anyway. The depth is
 * bounded by LIMIT_PATTERN_DEPTH. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static json_t *node_value(const struct node *node, struct messages *messages)
{
    if (node->kind == NODE_TEXT)
        return node->plain ? plain_value(node, messages) : json_string(node->text);
    json_t *parent = node->kind == NODE_LIST ? json_array() : json_object();
    for (const struct node *child = node->first; child != NULL && parent != NULL; child = child->next) {
        uint32_t before = messages->count + messages->dropped;
        json_t *value = node_value(child, messages);
        bool faulty = value == NULL && messages->count + messages->dropped > before;
        if (!faulty && !put(parent, child, value)) {
            json_decref(parent);
            parent = NULL;
        }
    }
    return parent;
}

json_t *yaml_decode(const char *bytes, size_t size, const char *what, json_t **problem)
{
    struct messages messages;
    const struct node *root;
    json_t *value = NULL;
    struct arena *arena = arena_new();
    *problem = NULL;
    messages_init(&messages);
    enum err err = arena == NULL ? ERR_MEMORY : node_read(bytes, size, what, arena, &messages, &root);
    if (err == ERR_OK)
        value = node_value(root, &messages);
    if (messages.err == ERR_OK && messages.count > 0) {
        json_decref(value);
        value = NULL;
        *problem = yaml_problem(&messages, what);
    }
    messages_deinit(&messages);
    arena_free(arena);
    return value;
}
