/* The state of a start that runs: the one place at which the model looks at the runtime. */
#include "model.h"

#include "base/macros.h"
#include "runtime/internal.h"

struct taking {
    const struct model *model;
    struct start *start;
    struct model_state *state;
    const struct env *envs[MODEL_ENVS];
};

static uint16_t take_number(struct taking *taking, uint64_t number)
{
    taking->state->too_big |= number > UINT16_MAX / 4;
    return (uint16_t)(number * MODEL_ONE);
}

static uint16_t take_thing(struct taking *taking, enum thing_kind kind, const void *thing)
{
    switch (kind) {
    case THING_CHANNEL: {
        const struct channel *channel = thing;
        return take_number(taking, channel->length) | channel->closed;
    }
    case THING_TICKER: {
        const struct ticker *ticker = thing;
        return (uint16_t)((ticker->pending ? MODEL_PENDING : 0) | ticker->stopped);
    }
    case THING_SCOPE:
        return ((const struct scope *)thing)->state != SCOPE_OPEN;
    case THING_MUTEX:
        return ((const struct mutex *)thing)->locked;
    case THING_RWMUTEX: {
        const struct rwmutex *lock = thing;
        return take_number(taking, lock->reading) | lock->writing;
    }
    case THING_GROUP:
        return take_number(taking, ((const struct group *)thing)->counter);
    default:
        return 0;
    }
}

/* Outer environments first. */
static uint8_t take_env(struct taking *taking, const struct env *env)
{
    struct model_state *state = taking->state;
    const struct layout *layout = &taking->model->program->layouts[env->layout];
    for (uint8_t i = 0; i < state->env_count; i++)
        if (taking->envs[i] == env)
            return i;
    uint8_t parent = env->parent == NULL ? 0 : take_env(taking, env->parent);
    uint8_t at = model_env_new(taking->model, state, parent, env->layout);
    if (state->too_big)
        return 0;
    taking->envs[at] = env;
    state->envs[at].id = (uint8_t)(at + 1);
    for (uint16_t i = 0; i < layout->count; i++)
        state->envs[at].things[i] =
            take_thing(taking, layout->things[i].kind, (const char *)env + layout->things[i].offset);
    return at;
}

/* Behind the operation that somebody else has completed. */
static void take_woken(const struct model *model, struct model_task *task, unsigned which, bool closed,
                       bool signalled)
{
    const struct op *op = &model->program->ops[task->pc];
    const struct select_case *arms = &model->program->cases[op->first];
    task->stage = MODEL_ARRIVED;
    if (op->code == OP_WAIT && signalled)
        task->stage = MODEL_SIGNALLED;
    else if (closed && (op->code == OP_SEND || (op->code == OP_SELECT && arms[which].kind == CASE_SEND)))
        task->stage = MODEL_DOOMED;
    else if (op->code == OP_SELECT)
        task->pc = arms[which].target;
    else
        task->pc = op->code == OP_RANGE && closed ? op->target : (uint16_t)(task->pc + 1);
}

static unsigned after_case(const struct model *model, uint16_t pc)
{
    const struct op *op = &model->program->ops[pc];
    unsigned which = 0;
    while (op->code == OP_SELECT && model->program->cases[op->first + which].kind != CASE_AFTER)
        which++;
    return which;
}

static void take_stage(const struct model *model, const struct task *task, struct model_task *taken)
{
    enum op_code code = (enum op_code)model->program->ops[task->pc].code;
    if (task->state == TASK_READY && task->woken) {
        enum wake how = (enum wake)task->woken_how;
        unsigned which = how == WAKE_TIMER ? after_case(model, task->pc) : task->woken_case;
        take_woken(model, taken, which, how == WAKE_CLOSED, how == WAKE_SIGNAL);
        return;
    }
    if (task->state == TASK_WAIT)
        taken->stage = MODEL_WAITING;
    else if (task->state == TASK_LOCK && code == OP_WAIT)
        taken->stage = MODEL_RELOCKING;
    else if (task->state != TASK_READY && task->state != TASK_SLEEP && task->state != TASK_LINGER)
        taken->stage = MODEL_BLOCKED;
}

/* What was closed, is done or was signalled to all has woken who waited there, though they may not know. */
static void take_waking(const struct taking *taking, const struct task *task, struct model_task *taken)
{
    struct link *link, *waking = &taking->start->workload->runtime->waking;
    list_each (link, waking) {
        const struct wait *wait = container_of(link, struct wait, link);
        if (wait->task != task)
            continue;
        const struct op *op = &taking->model->program->ops[task->pc];
        unsigned which = wait_case(wait);
        bool done =
            op->code == OP_SELECT && taking->model->program->cases[op->first + which].kind == CASE_DONE;
        take_woken(taking->model, taken, which, !done, true);
        return;
    }
}

static void take_task(struct taking *taking, const struct task *task)
{
    struct model_state *state = taking->state;
    uint8_t env = take_env(taking, task->env);
    if (state->task_count == MODEL_TASKS)
        state->too_big = true;
    if (state->too_big)
        return;
    struct model_task *taken = &state->tasks[state->task_count++];
    *taken = (struct model_task){.env = env, .kind = (uint8_t)task->kind, .pc = task->pc};
    for (unsigned i = 0; i < LIMIT_LOOPS; i++) {
        state->too_big |= task->registers[i] > UINT8_MAX;
        taken->registers[i] = (uint8_t)task->registers[i];
    }
    take_stage(taking->model, task, taken);
    if (task->state != TASK_READY)
        take_waking(taking, task, taken);
}

/* A start's scope that is done is done inside as well, before those who wait there have been told. */
static void take_done(const struct model *model, struct model_state *state)
{
    for (unsigned i = 0; i < state->task_count; i++) {
        struct model_task *task = &state->tasks[i];
        uint16_t target = 0;
        if (model_done_cases(model, state, task, 0, &target) == 0)
            continue;
        task->pc = target;
        task->stage = MODEL_ARRIVED;
    }
}

void model_take(const struct model *model, struct start *start, struct model_state *state)
{
    struct taking taking = {.model = model, .start = start, .state = state};
    struct link *link;
    *state = (struct model_state){.done = start->scope.state != SCOPE_OPEN};
    (void)take_env(&taking, &start->env);
    list_each (link, &start->tasks)
        take_task(&taking, container_of(link, struct task, link));
    list_each (link, &start->stuck)
        take_task(&taking, container_of(link, struct task, link));
    if (!state->too_big)
        take_done(model, state);
}
