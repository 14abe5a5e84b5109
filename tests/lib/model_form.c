/* The form of a state: environments in each other, and in each its tasks and then what is inside of it, both
 * in the order of their bytes. What no task sees is left out. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define TASK_BYTES (5 + LIMIT_LOOPS)

struct writer {
    const struct model *model;
    const struct model_state *state;
    bool full;
};

struct inner {
    size_t size;
    uint8_t bytes[MODEL_FORM];
};

static int by_bytes(const void *left, const void *right)
{
    return memcmp(left, right, TASK_BYTES);
}

static size_t put_tasks(const struct writer *writer, uint8_t env, uint8_t *out)
{
    uint8_t *at = out + 1;
    uint8_t count = 0;
    for (unsigned i = 0; i < writer->state->task_count; i++) {
        const struct model_task *task = &writer->state->tasks[i];
        if (task->env != env || task->stage == MODEL_GONE)
            continue;
        *at++ = task->kind;
        *at++ = task->stage;
        *at++ = task->tag;
        *at++ = (uint8_t)(task->pc >> 8);
        *at++ = (uint8_t)task->pc;
        memcpy(at, task->registers, LIMIT_LOOPS);
        at += LIMIT_LOOPS;
        count++;
    }
    out[0] = count;
    qsort(out + 1, count, TASK_BYTES, by_bytes);
    return (size_t)(at - out);
}

/* Puts what is inside in order, the least first. */
static void insert(struct inner *inner[], unsigned count, struct inner *one)
{
    unsigned at = count;
    for (; at > 0; at--) {
        size_t size = one->size < inner[at - 1]->size ? one->size : inner[at - 1]->size;
        int order = memcmp(one->bytes, inner[at - 1]->bytes, size);
        if (order > 0 || (order == 0 && one->size >= inner[at - 1]->size))
            break;
        inner[at] = inner[at - 1];
    }
    inner[at] = one;
}

static size_t put_env(struct writer *writer, uint8_t env, uint8_t *out);

static size_t put_inner(struct writer *writer, uint8_t env, uint8_t *out, size_t room, bool *seen)
{
    struct inner *inner[MODEL_ENVS];
    unsigned count = 0;
    size_t size = 1;
    for (uint8_t i = 1; i < writer->state->env_count; i++) {
        if (writer->state->envs[i].parent != env)
            continue;
        struct inner *one = malloc(sizeof *one);
        CHECK(one != NULL);
        one->size = put_env(writer, i, one->bytes);
        if (one->size > 0)
            insert(inner, count++, one);
        else
            free(one);
    }
    *seen = count > 0;
    out[0] = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        if (size + inner[i]->size <= room)
            memcpy(out + size, inner[i]->bytes, inner[i]->size);
        else
            writer->full = true;
        size += inner[i]->size;
        free(inner[i]);
    }
    return size;
}

/* 0: no task sees it. */
static size_t put_env(struct writer *writer, uint8_t env, uint8_t *out)
{
    const struct model_env *self = &writer->state->envs[env];
    const struct layout *layout = &writer->model->program->layouts[self->layout];
    uint8_t *at = out;
    bool seen;
    *at++ = self->id;
    *at++ = (uint8_t)self->layout;
    for (uint16_t i = 0; i < layout->count; i++) {
        *at++ = (uint8_t)(self->things[i] >> 8);
        *at++ = (uint8_t)self->things[i];
    }
    size_t tasks = put_tasks(writer, env, at);
    seen = tasks > 1;
    at += tasks;
    bool further;
    at += put_inner(writer, env, at, (size_t)(out + MODEL_FORM - at), &further);
    return seen || further || env == 0 ? (size_t)(at - out) : 0;
}

size_t model_form(const struct model *model, const struct model_state *state, uint8_t form[MODEL_FORM])
{
    static uint8_t bytes[MODEL_FORM];
    struct writer writer = {.model = model, .state = state};
    if (state->too_big)
        return 0;
    size_t size = put_env(&writer, 0, bytes);
    if (writer.full || size + 1 > MODEL_FORM)
        return 0;
    form[0] = state->done;
    memcpy(form + 1, bytes, size);
    return size + 1;
}

static const uint8_t *read_env(const struct model *model, const uint8_t *at, struct model_state *state,
                               uint8_t parent)
{
    uint8_t env = state->env_count++;
    struct model_env *self = &state->envs[env];
    *self = (struct model_env){.id = at[0], .parent = env == 0 ? 0 : parent, .layout = at[1]};
    at += 2;
    for (uint16_t i = 0; i < model->program->layouts[self->layout].count; i++, at += 2)
        self->things[i] = (uint16_t)(at[0] << 8 | at[1]);
    for (uint8_t count = *at++; count > 0; count--, at += TASK_BYTES) {
        struct model_task *task = &state->tasks[state->task_count++];
        *task = (struct model_task){
            .env = env, .kind = at[0], .stage = at[1], .tag = at[2], .pc = (uint16_t)(at[3] << 8 | at[4])};
        memcpy(task->registers, at + 5, LIMIT_LOOPS);
    }
    for (uint8_t count = *at++; count > 0; count--)
        at = read_env(model, at, state, env);
    return at;
}

void model_read(const struct model *model, const uint8_t *form, struct model_state *state)
{
    state->done = form[0] != 0;
    state->too_big = false;
    state->env_count = 0;
    state->task_count = 0;
    (void)read_env(model, form + 1, state, 0);
}
