#include "model_walk.h"

#include <string.h>

void walk_from(struct walk *walk)
{
    walk->next = *walk->from;
}

void walk_emit(struct walk *walk)
{
    model_settle(walk->model, &walk->next, walk->sink);
    walk->sink->next(walk->sink, &walk->next);
}

const struct op *walk_op_of(const struct walk *walk, const struct model_task *task)
{
    return &walk->model->program->ops[task->pc];
}

uint16_t walk_see(const struct walk *walk, const struct model_task *task, struct thing_ref ref)
{
    return model_see(walk->model, walk->from, task->env, ref);
}

uint16_t walk_content(const struct walk *walk, uint16_t thing)
{
    return walk->from->envs[thing / MODEL_SEEN].things[thing % MODEL_SEEN];
}

const struct thing_spec *walk_spec_of(const struct walk *walk, uint16_t thing)
{
    const struct model_env *env = &walk->from->envs[thing / MODEL_SEEN];
    return &walk->model->program->layouts[env->layout].things[thing % MODEL_SEEN];
}

void walk_count_up(struct walk *walk, uint16_t thing, int64_t amount)
{
    uint16_t *at = model_thing(&walk->next, thing);
    if (amount > MODEL_COUNT - *at / MODEL_ONE)
        walk->next.too_big = true;
    else
        *at = (uint16_t)(*at + amount * MODEL_ONE);
}

/* ---- what becomes of a task ---- */

void walk_told(struct walk *walk, const struct model_task *task)
{
    if (walk->sink->moves != NULL)
        walk->sink->moves(walk->sink, walk->next.envs[task->env].id, task->pc, (enum model_stage)task->stage);
}

void walk_stand(struct walk *walk, unsigned who, uint16_t pc, enum model_stage stage)
{
    struct model_task *task = &walk->next.tasks[who];
    task->pc = pc;
    task->stage = (uint8_t)stage;
}

void walk_go(struct walk *walk, unsigned who, uint16_t pc)
{
    walk_told(walk, &walk->next.tasks[who]);
    walk_stand(walk, who, pc, MODEL_ARRIVED);
}

void walk_block(struct walk *walk, unsigned who)
{
    walk_from(walk);
    walk_stand(walk, who, walk->from->tasks[who].pc, MODEL_BLOCKED);
    walk_emit(walk);
}

/* Whoever waits for a scope that is done goes on; where several cases are done, in every way. */
void walk_emit_done(struct walk *walk)
{
    struct model_state before = walk->next;
    unsigned ways = 1;
    for (unsigned way = 0; way < ways; way++) {
        walk->next = before;
        for (unsigned i = 0; i < before.task_count; i++) {
            uint16_t target = 0;
            unsigned count = model_done_cases(walk->model, &before, &before.tasks[i], way, &target);
            if (count > 0)
                walk_go(walk, i, target);
            if (count > ways)
                ways = count;
        }
        walk_emit(walk);
    }
}

void walk_panic(struct walk *walk, unsigned who)
{
    walk_from(walk);
    walk_told(walk, &walk->next.tasks[who]);
    walk_stand(walk, who, walk->from->tasks[who].pc, MODEL_DOOMED);
    if (walk->next.tasks[who].kind != 0) {
        walk_emit(walk);
        return;
    }
    if (walk->next.tasks[who].tag != 0 && walk->sink->ends != NULL)
        walk->sink->ends(walk->sink);
    walk->next.tasks[who].stage = MODEL_GONE;
    walk->next.done = true;
    walk_emit_done(walk);
}

bool walk_is_done(const struct walk *walk, uint16_t scope)
{
    return walk->from->done || (scope != MODEL_START_SCOPE && (walk_content(walk, scope) & MODEL_FLAG) != 0);
}

void walk_pass_if(struct walk *walk, unsigned who, bool passes)
{
    if (!passes)
        return;
    walk_from(walk);
    walk_go(walk, who, (uint16_t)(walk->from->tasks[who].pc + 1));
    walk_emit(walk);
}

/* ---- who waits ---- */

static bool finds_case(const struct walk *walk, const struct search *search, const struct model_task *task,
                       uint16_t *target)
{
    const struct op *op = walk_op_of(walk, task);
    for (uint16_t i = 0; i < op->count; i++) {
        const struct select_case *arm = &walk->model->program->cases[op->first + i];
        if (arm->kind != search->arm || walk_see(walk, task, arm->thing) != search->thing)
            continue;
        *target = arm->target;
        return true;
    }
    return false;
}

static bool finds(const struct walk *walk, const struct search *search, const struct model_task *task,
                  uint16_t *target)
{
    const struct op *op = walk_op_of(walk, task);
    if (task->stage != MODEL_BLOCKED)
        return false;
    if (op->code == OP_SELECT)
        return search->arm >= 0 && finds_case(walk, search, task, target);
    if ((op->code != search->code && op->code != search->other) ||
        walk_see(walk, task, op->thing) != search->thing)
        return false;
    *target = op->code == OP_RANGE && search->closes ? op->target : (uint16_t)(task->pc + 1);
    return true;
}

bool walk_same_as_before(const struct model_state *state, unsigned who)
{
    return who > 0 && memcmp(&state->tasks[who], &state->tasks[who - 1], sizeof state->tasks[0]) == 0;
}

int walk_find(const struct walk *walk, const struct search *search, unsigned who, uint16_t *target)
{
    for (; who < walk->from->task_count; who++)
        if (finds(walk, search, &walk->from->tasks[who], target))
            return (int)who;
    return -1;
}
