#include "judge/inspect.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/macros.h"
#include "judge/why.h"
#include "runtime/resource.h"

#define SLICE_NS    200000
#define SLICE_STEPS 16384
#define CLOCK_STEPS 256
#define WHY_BYTES   16384

/* ---- the search ---- */

/* True when it is over; *found is then the task, or NULL. */
static bool advance(struct inspect *inspect, uint32_t steps, const struct task **found)
{
    for (;;) {
        switch (walk_next(&inspect->walk, &steps)) {
        case WALK_WORKLOAD:
            break;
        case WALK_TASK:
            if (collect_id(inspect->walk.task, inspect->key) == inspect->id) {
                *found = inspect->walk.task;
                return true;
            }
            break;
        case WALK_LATER:
            return false;
        case WALK_OVER:
            return true;
        }
    }
}

static bool on_job(struct job *job)
{
    struct inspect *inspect = container_of(job, struct inspect, job);
    struct clock *clock = inspect->runtime->clock;
    uint64_t began_ns = clock->now_ns(clock);
    const struct task *found = NULL;
    bool over = false;
    for (uint32_t done = 0; !over && done < SLICE_STEPS && clock->now_ns(clock) - began_ns < SLICE_NS;
         done += CLOCK_STEPS)
        over = advance(inspect, CLOCK_STEPS, &found);
    if (!over)
        return false;
    inspect_stop(inspect);
    inspect->done(inspect, found);
    return list_empty(&job->link);
}

void inspect_begin(struct inspect *inspect, struct runtime *runtime, uint64_t id, uint64_t key,
                   void (*done)(struct inspect *inspect, const struct task *task))
{
    *inspect = (struct inspect){.runtime = runtime, .job.step = on_job, .id = id, .key = key, .done = done};
    list_init(&inspect->job.link);
    walk_begin(&inspect->walk, runtime);
    runtime_job_add(runtime, &inspect->job);
}

void inspect_stop(struct inspect *inspect)
{
    if (inspect->walk.runtime == NULL)
        return;
    walk_end(&inspect->walk);
    list_remove(&inspect->job.link);
}

/* ---- what it sees ---- */

/* Sets a member that may fail to be made; what fails once stays failed. */
static void put(json_t *object, const char *key, json_t *value, int *failed)
{
    *failed |= json_object_set_new(object, key, value);
}

static json_t *finished(json_t *value, int failed)
{
    if (failed == 0)
        return value;
    json_decref(value);
    return NULL;
}

static json_int_t waiting(const struct link *queue)
{
    json_int_t count = 0;
    const struct link *link = queue->next;
    for (; link != queue && count < INSPECT_MOST_WAITING; link = link->next)
        count++;
    return count;
}

static const char *scope_word(enum scope_state state)
{
    static const char *const words[] = {
        [SCOPE_OPEN] = "open", [SCOPE_CANCELLED] = "cancelled", [SCOPE_TIMED_OUT] = "timed_out"};
    return words[state];
}

static json_t *channel_json(const void *thing)
{
    const struct channel *channel = thing;
    return json_pack("{s:b, s:b, s:I, s:I, s:I, s:I}", "nil", channel->nil, "closed", channel->closed,
                     "length", (json_int_t)channel->length, "capacity", (json_int_t)channel->capacity,
                     "receivers_waiting", waiting(&channel->receivers), "senders_waiting",
                     waiting(&channel->senders));
}

static json_t *queue_json(const void *thing)
{
    const struct queue *queue = thing;
    const struct channel *channel = &queue->channel;
    uint64_t bytes = queue->last == NULL ? 0 : channel->length * queue->message_bytes;
    return json_pack("{s:b, s:I, s:I, s:I, s:I}", "closed", channel->closed, "length",
                     (json_int_t)channel->length, "message_bytes", (json_int_t)queue->message_bytes, "bytes",
                     (json_int_t)bytes, "receivers_waiting", waiting(&channel->receivers));
}

static json_t *ticker_json(const void *thing)
{
    const struct ticker *ticker = thing;
    return json_pack("{s:I, s:b, s:b, s:I}", "period_ms", (json_int_t)ticker->period_ms, "stopped",
                     (int)ticker->stopped, "pending", (int)ticker->pending, "waiting",
                     waiting(&ticker->waiters));
}

static json_t *scope_json(const void *thing)
{
    const struct scope *scope = thing;
    return json_pack("{s:s, s:b, s:I}", "state", scope_word(scope->state), "deadline",
                     (int)timer_armed(&scope->timer), "waiting", waiting(&scope->waiters));
}

static json_t *mutex_json(const void *thing)
{
    const struct mutex *mutex = thing;
    return json_pack("{s:b, s:I}", "locked", mutex->locked, "waiting", waiting(&mutex->waiters));
}

static json_t *rwmutex_json(const void *thing)
{
    const struct rwmutex *rwmutex = thing;
    return json_pack("{s:b, s:I, s:I, s:I}", "writing", rwmutex->writing, "reading",
                     (json_int_t)rwmutex->reading, "writers_waiting", waiting(&rwmutex->writers),
                     "readers_waiting", waiting(&rwmutex->readers));
}

static json_t *group_json(const void *thing)
{
    const struct group *group = thing;
    return json_pack("{s:I, s:I}", "counter", (json_int_t)group->counter, "waiting",
                     waiting(&group->waiters));
}

static json_t *condition_json(const void *thing)
{
    const struct condition *condition = thing;
    return json_pack("{s:I}", "waiting", waiting(&condition->waiters));
}

static json_t *number_json(const void *thing)
{
    return json_pack("{s:I}", "value", (json_int_t)((const struct number *)thing)->value);
}

static json_t *resource_json(const void *thing)
{
    const struct slot *slot = thing;
    return json_pack("{s:b}", "open", slot->resource != NULL);
}

static json_t *(*const contents[THING_KINDS])(const void *thing) = {
    [THING_CHANNEL] = channel_json, [THING_TICKER] = ticker_json,       [THING_SCOPE] = scope_json,
    [THING_MUTEX] = mutex_json,     [THING_RWMUTEX] = rwmutex_json,     [THING_GROUP] = group_json,
    [THING_FILE] = resource_json,   [THING_CONDITION] = condition_json, [THING_SOCKET] = resource_json,
    [THING_HANDLE] = resource_json, [THING_THREAD] = resource_json,     [THING_JOB] = resource_json,
    [THING_NUMBER] = number_json,   [THING_QUEUE] = queue_json,
};

static json_t *thing_json(const struct env *env, const struct thing_spec *spec)
{
    json_t *object = contents[spec->kind]((const char *)env + spec->offset);
    int failed = object == NULL;
    put(object, "name", json_string(spec->name), &failed);
    put(object, "kind", json_string(thing_kind_word(spec->kind)), &failed);
    put(object, "shared", json_boolean(env->parent == NULL), &failed);
    return finished(object, failed);
}

/* The next one outward; of a long chain not all are shown, but the start's always is. */
static const struct env *outward(const struct env *env, unsigned *shown)
{
    if (env->parent != NULL && ++*shown == INSPECT_MOST_OUTWARD)
        return &env->start->env;
    return env->parent;
}

/* From the innermost environment outward. */
static json_t *sees_json(const struct task *task)
{
    const struct program *program = task->start->workload->program;
    json_t *list = json_array();
    int failed = 0;
    unsigned shown = 0;
    for (const struct env *env = task->env; env != NULL; env = outward(env, &shown)) {
        const struct layout *layout = &program->layouts[env->layout];
        for (uint16_t i = 0; i < layout->count; i++)
            failed |= json_array_append_new(list, thing_json(env, &layout->things[i]));
    }
    return finished(list, failed);
}

/* ---- where it stands, and how it came to be there ---- */

static json_t *step_json(const struct program *program, uint16_t step)
{
    const struct step *at = &program->steps[step];
    return json_pack("{s:s, s:s, s:s, s:I, s:I}", "task", program->kinds[at->kind].name, "statement",
                     at->text, "file", program->file, "line", (json_int_t)at->line, "column",
                     (json_int_t)at->column);
}

static json_t *why_json(const struct task *task)
{
    const struct program *program = task->start->workload->program;
    struct roles roles;
    struct buf text;
    json_t *why = NULL;
    if (task->verdict == VERDICT_LIVE)
        return json_null();
    if (roles_init(&roles, program) != ERR_OK)
        return NULL;
    buf_init(&text, WHY_BYTES);
    if (task->verdict == VERDICT_STUCK)
        why_stuck(&roles, &program->ops[task->pc], (enum task_state)task->state, &text);
    else
        why_endless(&text);
    if (text.err != ERR_MEMORY)
        why = json_string(buf_text(&text));
    buf_deinit(&text);
    roles_deinit(&roles);
    return why;
}

static json_t *spawned_json(const struct task *task)
{
    const struct workload *workload = task->start->workload;
    uint16_t steps[LIMIT_STEPS];
    unsigned count = lineages_steps(&workload->tally->lineages, task->lineage, steps, LIMIT_STEPS);
    json_t *list = json_array();
    int failed = 0;
    for (unsigned i = 0; i < count && i < LIMIT_STEPS; i++)
        failed |= json_array_append_new(list, step_json(workload->program, steps[i]));
    return finished(list, failed);
}

static void tell(json_t *events, const char *event, int *failed)
{
    *failed |= json_array_append_new(events, json_pack("{s:s}", "event", event));
}

/* In the order in which they came about. */
static json_t *events_json(const struct task *task)
{
    const struct start *start = task->start;
    json_t *events = json_array();
    int failed = 0;
    tell(events, "spawned", &failed);
    failed |= json_array_append_new(events, json_pack("{s:s, s:I}", "event", "came to its step", "ago_ms",
                                                      (json_int_t)collect_age_ms(task)));
    if (start->owner_left)
        tell(events, "the owner of its start left", &failed);
    if (start->scope.state != SCOPE_OPEN)
        tell(events, "the scope of its start was cancelled", &failed);
    if (task->verdict != VERDICT_LIVE)
        tell(events, task->verdict == VERDICT_STUCK ? "judged stuck" : "judged endless", &failed);
    return finished(events, failed);
}

json_t *inspect_json(const struct task *task, uint64_t key, const char *scenario)
{
    const struct start *start = task->start;
    const struct program *program = start->workload->program;
    char id[24];
    snprintf(id, sizeof id, "%016" PRIx64, collect_id(task, key));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:o, s:o, s:I, s:I, s:s, s:b, s:o, s:o, s:o}",
                     "id", id, "scenario", scenario, "pattern", program->pattern, "variant", program->variant,
                     "task", program->kinds[task->kind].name, "start", (json_int_t)start->index, "state",
                     task_state_word((enum task_state)task->state), "verdict",
                     verdict_word((enum verdict)task->verdict), "step",
                     step_json(program, program->ops[task->pc].step), "why", why_json(task), "age_ms",
                     (json_int_t)collect_age_ms(task), "held_bytes", (json_int_t)collect_held_bytes(task),
                     "scope", scope_word(start->scope.state), "owner_left", start->owner_left, "sees",
                     sees_json(task), "spawned", spawned_json(task), "events", events_json(task));
}
