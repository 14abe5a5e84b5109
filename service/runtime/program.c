#include "runtime/program.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "runtime/thing.h"

const char *thing_kind_word(enum thing_kind kind)
{
    static const char *const words[] = {
#define X(name, word, value) word,
        THING_TABLE(X)
#undef X
    };
    CHECK(kind < THING_KINDS);
    return words[kind];
}

const char *supply_word(enum supply supply)
{
    static const char *const words[] = {
#define X(name, word) word,
        SUPPLY_TABLE(X)
#undef X
    };
    CHECK(supply < SUPPLIES);
    return words[supply];
}

enum supply resource_supply(enum resource_kind kind)
{
    static const enum supply supplies[] = {
#define X(name, supply) SUPPLY_##supply,
        RESOURCE_TABLE(X)
#undef X
    };
    CHECK(kind < RESOURCE_KINDS);
    return supplies[kind];
}

const char *resource_word(enum resource_kind kind)
{
    return thing_kind_word(THING_FILE + kind);
}

const char *task_state_word(enum task_state state)
{
    static const char *const words[] = {
#define X(name, word) word,
        TASK_STATE_TABLE(X)
#undef X
    };
    CHECK(state < TASK_STATES);
    return words[state];
}

const char *task_end_word(enum task_end end)
{
    static const char *const words[] = {
#define X(name, word) word,
        TASK_END_TABLE(X)
#undef X
    };
    CHECK(end < TASK_ENDS);
    return words[end];
}

const char *expect_word(enum expect expect)
{
    static const char *const words[] = {
#define X(name, word) word,
        EXPECT_TABLE(X)
#undef X
    };
    CHECK(expect < EXPECTS);
    return words[expect];
}

static char *text_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

/* Room for one more element in a table that grows by doubling: the table, moved or not, or NULL. */
static void *table_grow(void *table, uint16_t count, size_t element_size)
{
    bool full = count == 0 || (count >= 8 && (count & (count - 1)) == 0);
    if (!full)
        return table;
    size_t capacity = count == 0 ? 8 : (size_t)count * 2;
    return realloc(table, capacity * element_size);
}

/* Grows `table` (an lvalue) for one more element, or returns from the function that uses it. */
#define GROW(table, count, limit)                                                                            \
    do {                                                                                                     \
        if ((count) >= (limit))                                                                              \
            return ERR_LIMIT;                                                                                \
        void *grown_ = table_grow((table), (count), sizeof *(table));                                        \
        if (grown_ == NULL)                                                                                  \
            return ERR_MEMORY;                                                                               \
        (table) = grown_;                                                                                    \
    } while (0)

struct program *program_new(const char *pattern, const char *variant, const char *file)
{
    struct program *program = calloc(1, sizeof *program);
    if (program == NULL)
        return NULL;
    uint16_t share;
    program->pattern = text_copy(pattern);
    program->variant = text_copy(variant);
    program->file = text_copy(file);
    if (program->pattern == NULL || program->variant == NULL || program->file == NULL ||
        program_add_layout(program, &share) != ERR_OK) {
        program_free(program);
        return NULL;
    }
    return program;
}

void program_free(struct program *program)
{
    if (program == NULL)
        return;
    for (uint16_t i = 0; i < program->step_count; i++)
        free(program->steps[i].text);
    for (uint16_t i = 0; i < program->kind_count; i++)
        free(program->kinds[i].name);
    for (uint16_t i = 0; i < program->layout_count; i++) {
        for (uint16_t j = 0; j < program->layouts[i].count; j++)
            free(program->layouts[i].things[j].name);
        free(program->layouts[i].things);
    }
    free(program->ops);
    free(program->cases);
    free(program->steps);
    free(program->values);
    free(program->layouts);
    free(program->kinds);
    free(program->outers);
    free(program->pattern);
    free(program->variant);
    free(program->file);
    free(program);
}

enum err program_add_op(struct program *program, struct op op, uint16_t *index)
{
    GROW(program->ops, program->op_count, LIMIT_OPS);
    *index = program->op_count++;
    program->ops[*index] = op;
    return ERR_OK;
}

enum err program_add_case(struct program *program, struct select_case select_case, uint16_t *index)
{
    GROW(program->cases, program->case_count, LIMIT_OPS);
    *index = program->case_count++;
    program->cases[*index] = select_case;
    return ERR_OK;
}

enum err program_add_step(struct program *program, struct step step, uint16_t *index)
{
    GROW(program->steps, program->step_count, LIMIT_STEPS);
    step.text = text_copy(step.text);
    if (step.text == NULL)
        return ERR_MEMORY;
    *index = program->step_count++;
    program->steps[*index] = step;
    return ERR_OK;
}

enum err program_add_kind(struct program *program, struct task_kind kind, uint16_t *index)
{
    GROW(program->kinds, program->kind_count, LIMIT_TASK_KINDS);
    kind.name = text_copy(kind.name);
    if (kind.name == NULL)
        return ERR_MEMORY;
    *index = program->kind_count++;
    program->kinds[*index] = kind;
    return ERR_OK;
}

enum err program_add_layout(struct program *program, uint16_t *index)
{
    GROW(program->layouts, program->layout_count, LIMIT_TASK_KINDS + 1);
    *index = program->layout_count++;
    program->layouts[*index] = (struct layout){
        .bytes = (uint32_t)(*index == 0 ? START_HEADER_BYTES : ENV_HEADER_BYTES),
    };
    return ERR_OK;
}

static bool value_equal(const struct value *a, const struct value *b)
{
    return a->kind == b->kind && a->index == b->index && a->number == b->number && a->by == b->by &&
           a->times == b->times && a->over == b->over && a->min == b->min && a->max == b->max;
}

enum err program_add_value(struct program *program, struct value value, uint16_t *index)
{
    for (uint16_t i = 0; i < program->value_count; i++) {
        if (value_equal(&program->values[i], &value)) {
            *index = i;
            return ERR_OK;
        }
    }
    GROW(program->values, program->value_count, LIMIT_CONSTANTS);
    *index = program->value_count++;
    program->values[*index] = value;
    return ERR_OK;
}

enum err program_add_outer(struct program *program, const struct outer *outer, uint16_t *index)
{
    for (uint16_t i = 0; i < program->outer_count; i++) {
        if (memcmp(&program->outers[i], outer, sizeof *outer) == 0) {
            *index = i;
            return ERR_OK;
        }
    }
    GROW(program->outers, program->outer_count, LIMIT_OUTERS);
    *index = program->outer_count++;
    program->outers[*index] = *outer;
    return ERR_OK;
}

enum err program_add_thing(struct program *program, uint16_t layout, struct thing_spec thing,
                           uint16_t *offset)
{
    CHECK(layout < program->layout_count && thing.kind < THING_KINDS);
    struct layout *at = &program->layouts[layout];
    uint32_t bytes = thing_bytes(thing.kind);
    if (at->bytes + bytes > UINT16_MAX)
        return ERR_LIMIT;
    GROW(at->things, at->count, LIMIT_THINGS);
    thing.name = text_copy(thing.name);
    if (thing.name == NULL)
        return ERR_MEMORY;
    thing.offset = (uint16_t)at->bytes;
    *offset = thing.offset;
    at->things[at->count++] = thing;
    at->bytes += bytes;
    return ERR_OK;
}

static int64_t value_base(const struct value *value, const int64_t *params, int64_t linger_ns,
                          int64_t holds_bytes)
{
    switch (value->kind) {
    case VALUE_CONSTANT:
        return 0;
    case VALUE_PARAM:
        return params[value->index];
    case VALUE_LINGER:
        return linger_ns;
    case VALUE_HOLDS:
        return holds_bytes;
    }
    CHECK(!"a kind of value");
    return 0;
}

int64_t value_resolve(const struct value *value, const int64_t *params, int64_t linger_ns,
                      int64_t holds_bytes)
{
    int64_t times = value->times == 0 ? 1 : value->times;
    int64_t over = value->over == 0 ? 1 : value->over;
    int64_t min = value->min < 0 ? 0 : value->min;
    int64_t max = value->max == 0 ? LIMIT_DURATION_NS : value->max;
    /* A base is below 2^63, a count below 2^30 and a factor below 2^31: the product cannot overflow, and
     * neither can the sum. */
    __extension__ __int128 exact = value_base(value, params, linger_ns, holds_bytes);
    if (value->by > 0)
        exact *= params[value->by - 1];
    exact = exact * times / over + value->number;
    if (exact > max)
        exact = max;
    return exact < min ? min : (int64_t)exact;
}

void program_resolve(const struct program *program, const int64_t *params, int64_t linger_ns,
                     int64_t holds_bytes, int64_t *values)
{
    for (uint16_t i = 0; i < program->value_count; i++)
        values[i] = value_resolve(&program->values[i], params, linger_ns, holds_bytes);
}

bool compare_holds(int64_t left, enum compare compare, int64_t right)
{
    switch (compare) {
    case COMPARE_EQ:
        return left == right;
    case COMPARE_NE:
        return left != right;
    case COMPARE_LT:
        return left < right;
    case COMPARE_LE:
        return left <= right;
    case COMPARE_GT:
        return left > right;
    case COMPARE_GE:
        return left >= right;
    }
    return false;
}
