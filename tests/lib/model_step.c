/* What may come next, by operation. */
#include "model_walk.h"

/* ---- select ---- */

static bool take_case(struct walk *walk, unsigned who, const struct select_case *arm)
{
    const struct model_task *task = &walk->from->tasks[who];
    if (arm->kind == CASE_AFTER)
        return false;
    uint16_t thing = walk_see(walk, task, arm->thing);
    if (arm->kind == CASE_SEND)
        return walk_send(walk, who, thing, arm->target);
    if (arm->kind == CASE_RECV)
        return walk_receive(walk, who, thing, arm->target, arm->target);
    if (arm->kind == CASE_DONE ? !walk_is_done(walk, thing)
                               : (walk_content(walk, thing) & MODEL_PENDING) == 0)
        return false;
    walk_from(walk);
    if (arm->kind == CASE_TICK)
        *model_thing(&walk->next, thing) &= (uint16_t)~MODEL_PENDING;
    walk_go(walk, who, arm->target);
    walk_emit(walk);
    return true;
}

static void select_one(struct walk *walk, unsigned who)
{
    const struct op *op = walk_op_of(walk, &walk->from->tasks[who]);
    bool ready = false;
    for (uint16_t i = 0; i < op->count; i++)
        ready |= take_case(walk, who, &walk->model->program->cases[op->first + i]);
    if (ready)
        return;
    if (op->target == NO_TARGET) {
        walk_block(walk, who);
        return;
    }
    walk_from(walk);
    walk_go(walk, who, op->target);
    walk_emit(walk);
}

/* ---- a task that has arrived ---- */

static void set(struct walk *walk, unsigned who, uint16_t thing, uint16_t value)
{
    walk_from(walk);
    *model_thing(&walk->next, thing) = value;
    walk_go(walk, who, (uint16_t)(walk->from->tasks[who].pc + 1));
    walk_emit_done(walk);
}

static void tick(struct walk *walk, unsigned who, uint16_t ticker)
{
    if ((walk_content(walk, ticker) & MODEL_PENDING) != 0)
        set(walk, who, ticker, walk_content(walk, ticker) & MODEL_FLAG);
    else
        walk_block(walk, who);
}

static void add(struct walk *walk, unsigned who, uint16_t group, int64_t amount)
{
    walk_from(walk);
    walk_count_up(walk, group, amount);
    walk_go(walk, who, (uint16_t)(walk->from->tasks[who].pc + 1));
    walk_emit(walk);
}

static void on_thing(struct walk *walk, unsigned who, const struct op *op)
{
    const struct model_task *task = &walk->from->tasks[who];
    uint16_t thing = walk_see(walk, task, op->thing), behind = (uint16_t)(task->pc + 1);
    switch ((enum op_code)op->code) {
    case OP_SEND:
        if (!walk_send(walk, who, thing, behind))
            walk_block(walk, who);
        return;
    case OP_RECV:
    case OP_RANGE:
        if (!walk_receive(walk, who, thing, behind, op->code == OP_RANGE ? op->target : behind))
            walk_block(walk, who);
        return;
    case OP_CLOSE:
        walk_close(walk, who, thing);
        return;
    case OP_TICK:
        tick(walk, who, thing);
        return;
    case OP_STOP:
    case OP_CANCEL:
        set(walk, who, thing, MODEL_FLAG);
        return;
    case OP_AWAIT:
        if (walk_is_done(walk, thing))
            walk_pass_if(walk, who, true);
        else
            walk_block(walk, who);
        return;
    case OP_ADD:
        add(walk, who, thing, walk->model->values[op->value]);
        return;
    case OP_JOIN:
        if (walk_content(walk, thing) > 0)
            walk_block(walk, who);
        else
            walk_pass_if(walk, who, true);
        return;
    default:
        walk_on_lock(walk, who, (enum op_code)op->code, thing);
    }
}

static void arrived(struct walk *walk, unsigned who)
{
    const struct op *op = walk_op_of(walk, &walk->from->tasks[who]);
    switch ((enum op_code)op->code) {
    case OP_LEAVE:
    case OP_PANIC:
        walk_panic(walk, who);
        return;
    case OP_LINGER:
        return;
    case OP_TEST:
    case OP_CHANCE:
        walk_pass_if(walk, who, true);
        walk_from(walk);
        walk_go(walk, who, op->target);
        walk_emit(walk);
        return;
    case OP_SELECT:
        select_one(walk, who);
        return;
    default:
        on_thing(walk, who, op);
    }
}

/* ---- time ---- */

/* The case `after` of a select, and an owner that lingers. */
static void time_out(struct walk *walk, unsigned who)
{
    const struct model_task *task = &walk->from->tasks[who];
    const struct op *op = walk_op_of(walk, task);
    if (op->code == OP_LINGER)
        walk_pass_if(walk, who, !walk->model->stays && (walk->from->done || walk->model->lingers));
    bool waits = task->stage == MODEL_BLOCKED && op->code == OP_SELECT;
    for (uint16_t i = 0; waits && i < op->count; i++) {
        const struct select_case *arm = &walk->model->program->cases[op->first + i];
        if (arm->kind != CASE_AFTER)
            continue;
        walk_from(walk);
        walk_go(walk, who, arm->target);
        walk_emit(walk);
    }
}

static void fire(struct walk *walk, uint16_t ticker)
{
    struct search search = {ticker, OP_TICK, OP_CODES, CASE_TICK, false};
    uint16_t target = 0;
    bool heard = false;
    if ((walk_content(walk, ticker) & MODEL_FLAG) != 0)
        return;
    for (int other = -1; (other = walk_find(walk, &search, (unsigned)(other + 1), &target)) >= 0;
         heard = true) {
        walk_from(walk);
        walk_go(walk, (unsigned)other, target);
        walk_emit(walk);
    }
    if (heard || (walk_content(walk, ticker) & MODEL_PENDING) != 0)
        return;
    walk_from(walk);
    *model_thing(&walk->next, ticker) |= MODEL_PENDING;
    walk_emit(walk);
}

/* Tickers and deadlines of an environment. */
static void pass_env(struct walk *walk, unsigned env)
{
    const struct layout *layout = &walk->model->program->layouts[walk->from->envs[env].layout];
    for (uint16_t i = 0; i < layout->count; i++) {
        const struct thing_spec *spec = &layout->things[i];
        uint16_t thing = (uint16_t)(env * MODEL_SEEN + i);
        if (spec->kind == THING_TICKER)
            fire(walk, thing);
        if (spec->kind != THING_SCOPE || walk->model->values[spec->value] == 0 || walk_is_done(walk, thing))
            continue;
        walk_from(walk);
        *model_thing(&walk->next, thing) = MODEL_FLAG;
        walk_emit_done(walk);
    }
}

void model_each_time(const struct model *model, const struct model_state *state, struct model_sink *sink)
{
    static struct walk walk;
    walk = (struct walk){.model = model, .from = state, .sink = sink};
    for (unsigned who = 0; who < state->task_count; who++)
        if (!walk_same_as_before(state, who))
            time_out(&walk, who);
    for (unsigned env = 0; env < state->env_count; env++)
        pass_env(&walk, env);
    if (state->done)
        return;
    walk_from(&walk);
    walk.next.done = true;
    walk_emit_done(&walk);
}

void model_each_deed(const struct model *model, const struct model_state *state, struct model_sink *sink)
{
    static struct walk walk;
    walk = (struct walk){.model = model, .from = state, .sink = sink};
    for (unsigned who = 0; who < state->task_count; who++) {
        const struct model_task *task = &state->tasks[who];
        if (walk_same_as_before(state, who))
            continue;
        if (task->stage == MODEL_ARRIVED)
            arrived(&walk, who);
        else if (task->stage == MODEL_SIGNALLED)
            walk_lock(&walk, who, walk_mutex(&walk, walk_see(&walk, task, walk_op_of(&walk, task)->thing)),
                      MODEL_RELOCKING);
        else if (task->stage == MODEL_DOOMED)
            walk_panic(&walk, who);
    }
}
