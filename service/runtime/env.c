#include <stdlib.h>
#include <string.h>

#include "runtime/internal.h"

#define POOL_STEP  64
#define DEEP       16  /* environments that go at once, one in the other: more than most patterns have */
#define FADE_SLICE 256 /* in one step of the job that frees the others */
#define THING_FUEL 4   /* what making one costs, in operations */

uint32_t thing_bytes(enum thing_kind kind)
{
    switch (kind) {
    case THING_CHANNEL:
        return sizeof(struct channel);
    case THING_TICKER:
        return sizeof(struct ticker);
    case THING_SCOPE:
        return sizeof(struct scope);
    case THING_MUTEX:
        return sizeof(struct mutex);
    case THING_RWMUTEX:
        return sizeof(struct rwmutex);
    case THING_GROUP:
        return sizeof(struct group);
    case THING_CONDITION:
        return sizeof(struct condition);
    case THING_NUMBER:
        return sizeof(struct number);
    case THING_QUEUE:
        return sizeof(struct queue);
    case THING_FILE:
    case THING_SOCKET:
    case THING_HANDLE:
    case THING_THREAD:
    case THING_JOB:
        return sizeof(struct slot);
    case THING_KINDS:
        break;
    }
    CHECK(!"a kind of thing");
    return 0;
}

static void *storage_take(struct runtime *runtime, uint32_t bytes)
{
    uint32_t pool = (bytes - 1) / POOL_STEP;
    return pool < ENV_POOLS ? slab_take(&runtime->env_pools[pool]) : malloc(bytes);
}

static void storage_give(struct runtime *runtime, void *storage, uint32_t bytes)
{
    uint32_t pool = (bytes - 1) / POOL_STEP;
    if (pool < ENV_POOLS)
        slab_give(&runtime->env_pools[pool], storage);
    else
        free(storage);
}

/* Charged and allocated, or NULL with the workload capped. */
static void *storage_new(struct workload *workload, uint32_t bytes)
{
    if (!workload_charge(workload, bytes))
        return NULL;
    void *storage = storage_take(workload->runtime, bytes);
    if (storage == NULL) {
        workload_refund(workload, bytes);
        workload_cap(workload, LIMIT_KIND_MEMORY);
    }
    return storage;
}

static void things_init(struct env *env, const struct layout *layout)
{
    struct start *start = env->start;
    struct workload *workload = start->workload;
    for (uint16_t i = 0; i < layout->count; i++) {
        const struct thing_spec *spec = &layout->things[i];
        void *thing = (char *)env + spec->offset;
        int64_t value = workload->values[spec->value];
        switch (spec->kind) {
        case THING_CHANNEL:
            channel_init(thing, (uint64_t)value, spec->nil);
            count_add(workload, channels, !spec->nil);
            break;
        case THING_TICKER:
            ticker_init(thing, env, value, spec->aligned);
            break;
        case THING_SCOPE:
            scope_open(thing, start, value);
            break;
        case THING_MUTEX:
            mutex_init(thing);
            break;
        case THING_RWMUTEX:
            rwmutex_init(thing);
            break;
        case THING_GROUP:
            group_init(thing);
            break;
        case THING_CONDITION:
            condition_init(thing, env_thing(env, spec->mutex));
            break;
        case THING_NUMBER:
            number_init(thing, value);
            break;
        case THING_QUEUE:
            queue_init(thing, (uint64_t)value);
            break;
        case THING_FILE:
        case THING_SOCKET:
        case THING_HANDLE:
        case THING_THREAD:
        case THING_JOB:
            *(struct slot *)thing = (struct slot){.resource = NULL};
            break;
        case THING_KINDS:
            CHECK(!"a kind of thing");
        }
    }
}

static void things_deinit(struct env *env, const struct layout *layout)
{
    struct workload *workload = env->start->workload;
    for (uint16_t i = 0; i < layout->count; i++) {
        const struct thing_spec *spec = &layout->things[i];
        void *thing = (char *)env + spec->offset;
        if (spec->kind == THING_CHANNEL)
            count_sub(workload, channels, !spec->nil);
        else if (spec->kind == THING_SCOPE)
            scope_close(workload->runtime, thing);
        else if (spec->kind == THING_QUEUE)
            queue_close(workload, thing);
    }
}

struct env *env_new(struct env *parent, uint16_t layout_index)
{
    struct workload *workload = parent->start->workload;
    const struct layout *layout = &workload->program->layouts[layout_index];
    char *storage = storage_new(workload, FRAME_BYTES + layout->bytes);
    if (storage == NULL)
        return NULL;
    struct env *env = (struct env *)(void *)(storage + FRAME_BYTES);
    *env = (struct env){.refs = 1, .layout = layout_index, .parent = parent, .start = parent->start};
    parent->refs++;
    workload->runtime->fuel -= THING_FUEL * layout->count;
    things_init(env, layout);
    return env;
}

struct start *start_new(struct workload *workload)
{
    const struct layout *layout = &workload->program->layouts[0];
    struct start *start = storage_new(workload, layout->bytes);
    if (start == NULL)
        return NULL;
    *start = (struct start){.workload = workload, .index = workload->next_start};
    start->env = (struct env){.refs = 1, .start = start};
    start->rng.state = workload->seed + start->index * 0x632be59bd9b4e019u;
    list_init(&start->tasks);
    list_init(&start->stuck);
    list_init(&start->tickers);
    list_init(&start->resources);
    list_init(&start->link);
    scope_init(&start->scope);
    list_push_back(&workload->starts, &start->link);
    workload->runtime->starts++;
    things_init(&start->env, layout);
    return start;
}

static void start_free(struct start *start)
{
    struct workload *workload = start->workload;
    CHECK(start->live == 0 && list_empty(&start->tickers) && list_empty(&start->resources) &&
          start->lost == NULL);
    watch_pass_start(workload->runtime, start);
    walk_leave_start(workload->runtime, start);
    list_remove(&start->link);
    if (start->owner_left)
        workload->owners_left--;
    workload->runtime->starts--;
    scope_close(workload->runtime, &start->scope);
}

/* Frees one that nobody sees any more. Returns the next one outward if that is now seen by nobody either. */
static struct env *env_free(struct env *env)
{
    struct workload *workload = env->start->workload;
    const struct layout *layout = &workload->program->layouts[env->layout];
    struct env *parent = env->parent;
    things_deinit(env, layout);
    if (parent == NULL)
        start_free(env->start);
    uint32_t frame_bytes = parent == NULL ? 0 : FRAME_BYTES;
    storage_give(workload->runtime, (char *)env - frame_bytes, frame_bytes + layout->bytes);
    workload_refund(workload, frame_bytes + layout->bytes);
    return parent != NULL && --parent->refs == 0 ? parent : NULL;
}

/* Environments that nobody sees and that are still to be freed are chained through the frames of their tasks,
 * which have ended. */
static struct env **next_fading(struct env *env)
{
    return (struct env **)(void *)env_frame(env);
}

void env_unref(struct env *env)
{
    if (env == NULL || --env->refs > 0)
        return;
    for (int i = 0; env != NULL && (i < DEEP || env->parent == NULL); i++)
        env = env_free(env);
    if (env == NULL)
        return;
    struct runtime *runtime = env->start->workload->runtime;
    *next_fading(env) = runtime->fading;
    runtime->fading = env;
    runtime_job_add(runtime, &runtime->fading_job);
}

/* Each start of them lives until its turn has come. */
bool fading_step(struct job *job)
{
    struct runtime *runtime = container_of(job, struct runtime, fading_job);
    for (int i = 0; i < FADE_SLICE && runtime->fading != NULL; i++) {
        struct env *next = *next_fading(runtime->fading);
        struct env *outer = env_free(runtime->fading);
        runtime->fading = next;
        if (outer == NULL)
            continue;
        if (outer->parent == NULL) {
            env_free(outer);
            continue;
        }
        *next_fading(outer) = next;
        runtime->fading = outer;
    }
    return runtime->fading == NULL;
}
