/* What concerns nobody else: environments, spawning, counting, ending. */
#include "model.h"

#include "base/macros.h"

#define MILLION   1000000
#define SPIN_MOST 2000 /* operations without meeting anybody, after which it will never be otherwise */

static uint8_t ordinal(const struct layout *layout, uint16_t offset)
{
    uint8_t at = 0;
    while (layout->things[at].offset != offset)
        at++;
    return at;
}

uint16_t model_see(const struct model *model, const struct model_state *state, uint8_t env,
                   struct thing_ref ref)
{
    if (ref.hops == HOPS_START_SCOPE)
        return MODEL_START_SCOPE;
    if (ref.hops == HOPS_SHARE)
        env = 0;
    else
        for (uint8_t hops = ref.hops; hops > 0; hops--)
            env = state->envs[env].parent;
    return (uint16_t)(env * MODEL_SEEN + ordinal(&model->program->layouts[state->envs[env].layout],
                                                 thing_offset(model->program, ref, state->envs[env].layout)));
}

uint8_t model_env_new(const struct model *model, struct model_state *state, uint8_t parent, uint16_t layout)
{
    if (state->env_count == MODEL_ENVS || model->program->layouts[layout].count > MODEL_SEEN) {
        state->too_big = true;
        return 0;
    }
    uint8_t at = state->env_count++;
    state->envs[at] = (struct model_env){.parent = parent, .layout = layout};
    return at;
}

void model_spawn(const struct model *model, struct model_state *state, uint8_t env, uint16_t kind)
{
    const struct task_kind *made = &model->program->kinds[kind];
    if (made->layout != NO_LAYOUT)
        env = model_env_new(model, state, env, made->layout);
    if (state->task_count == MODEL_TASKS)
        state->too_big = true;
    if (state->too_big)
        return;
    state->tasks[state->task_count++] =
        (struct model_task){.env = env, .kind = (uint8_t)kind, .pc = made->entry};
}

/* Where a task goes on behind an operation that concerns nobody else; NO_TARGET: the operation is another. */
static uint16_t alone(const struct model *model, struct model_state *state, struct model_task *task)
{
    const struct op *op = &model->program->ops[task->pc];
    int64_t value = model->values[op->value];
    uint16_t behind = (uint16_t)(task->pc + 1);
    switch ((enum op_code)op->code) {
    case OP_SLEEP:
    case OP_HOLD:
    case OP_DROP:
    case OP_WORK:
    case OP_OPEN:
    case OP_SHUT:
    case OP_SET:
        return behind;
    case OP_JUMP:
        return op->target;
    case OP_BRANCH:
        return compare_holds(value, (enum compare)op->reg, model->values[op->other]) ? behind : op->target;
    case OP_CHANCE:
        return value <= 0 ? op->target : value >= MILLION ? behind : NO_TARGET;
    case OP_LOOP:
        state->too_big |= value > UINT8_MAX;
        task->registers[op->reg] = (uint8_t)value;
        return value == 0 ? op->target : behind;
    case OP_NEXT:
        return --task->registers[op->reg] > 0 ? op->target : behind;
    case OP_SPAWN:
        if (task->registers[op->reg] > 0)
            value = task->registers[op->reg];
        task->registers[op->reg] = 0;
        for (; value > 0 && !state->too_big; value--)
            model_spawn(model, state, task->env, op->kind);
        return behind;
    default:
        return NO_TARGET;
    }
}

static bool ends(const struct model *model, const struct model_task *task)
{
    enum op_code code = (enum op_code)model->program->ops[task->pc].code;
    bool panics = task->stage == MODEL_DOOMED || (task->stage == MODEL_ARRIVED && code == OP_PANIC);
    return (task->stage == MODEL_ARRIVED && code == OP_END) || (panics && task->kind != 0);
}

/* One that spins stands where its round is lowest, so that it is the same wherever it was seen. */
static void settle_task(const struct model *model, struct model_state *state, struct model_task *task)
{
    uint16_t lowest = UINT16_MAX;
    for (unsigned steps = 0; task->stage == MODEL_ARRIVED && !state->too_big; steps++) {
        uint16_t next = alone(model, state, task);
        if (next == NO_TARGET)
            return;
        task->pc = next;
        if (steps > SPIN_MOST && next < lowest)
            lowest = next;
        if (steps == 2 * SPIN_MOST)
            *task = (struct model_task){.env = task->env,
                                        .kind = task->kind,
                                        .stage = MODEL_SPINNING,
                                        .tag = task->tag,
                                        .pc = lowest};
    }
}

/* A start's scope that is done takes all others with it. */
static void settle_scopes(const struct model *model, struct model_state *state)
{
    for (unsigned env = 0; env < state->env_count; env++) {
        const struct layout *layout = &model->program->layouts[state->envs[env].layout];
        for (uint16_t i = 0; i < layout->count; i++)
            if (layout->things[i].kind == THING_SCOPE)
                state->envs[env].things[i] = MODEL_FLAG;
    }
}

void model_settle(const struct model *model, struct model_state *state, struct model_sink *sink)
{
    for (unsigned i = 0; i < state->task_count && !state->too_big; i++) {
        struct model_task *task = &state->tasks[i];
        settle_task(model, state, task);
        if (!ends(model, task))
            continue;
        if (task->tag != 0 && sink != NULL && sink->ends != NULL)
            sink->ends(sink);
        task->stage = MODEL_GONE;
    }
    if (state->done && !state->too_big)
        settle_scopes(model, state);
}

static bool is_done(const struct model_state *state, uint16_t scope)
{
    return state->done || (scope != MODEL_START_SCOPE &&
                           (state->envs[scope / MODEL_SEEN].things[scope % MODEL_SEEN] & MODEL_FLAG) != 0);
}

unsigned model_done_cases(const struct model *model, const struct model_state *state,
                          const struct model_task *task, unsigned which, uint16_t *target)
{
    const struct op *op = &model->program->ops[task->pc];
    uint16_t targets[LIMIT_CASES];
    unsigned count = 0;
    if (task->stage != MODEL_BLOCKED)
        return 0;
    if (op->code == OP_AWAIT && is_done(state, model_see(model, state, task->env, op->thing)))
        targets[count++] = (uint16_t)(task->pc + 1);
    for (uint16_t i = 0; op->code == OP_SELECT && i < op->count; i++) {
        const struct select_case *arm = &model->program->cases[op->first + i];
        if (arm->kind == CASE_DONE && is_done(state, model_see(model, state, task->env, arm->thing)))
            targets[count++] = arm->target;
    }
    if (count > 0)
        *target = targets[which % count];
    return count;
}
