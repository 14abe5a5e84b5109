#include "runtime/panic.h"

#include "runtime/internal.h"

const char *panic_text(enum panic_why why)
{
    static const char *const texts[PANIC_WHYS] = {
#define X(id, text) text,
        PANIC_TABLE(X)
#undef X
    };
    return texts[why];
}

/* A select panics at a send on a closed channel, or when there is no memory to wait with. */
static enum panic_why why_select(const struct task *task, const struct op *op, const struct program *program)
{
    for (unsigned i = 0; i < op->count; i++) {
        const struct select_case *arm = &program->cases[op->first + i];
        if (arm->kind == CASE_SEND && ((const struct channel *)env_thing(task->env, arm->thing))->closed)
            return PANIC_SEND;
    }
    return PANIC_MEMORY;
}

/* Each operation has one thing that it panics at, beside the want of memory. */
static enum panic_why why_of(const struct task *task, const struct op *op, const struct program *program)
{
    switch ((enum op_code)op->code) {
    case OP_PANIC:
        return PANIC_STATEMENT;
    case OP_SEND:
        return PANIC_SEND;
    case OP_CLOSE:
        return ((const struct channel *)env_thing(task->env, op->thing))->nil ? PANIC_CLOSE_NIL : PANIC_CLOSE;
    case OP_UNLOCK:
        return PANIC_UNLOCK;
    case OP_WRITE_UNLOCK:
        return PANIC_WRITE_UNLOCK;
    case OP_READ_UNLOCK:
        return PANIC_READ_UNLOCK;
    case OP_WAIT:
        return PANIC_WAIT;
    case OP_ADD:
        return PANIC_ADD;
    case OP_FINISH:
        return PANIC_FINISH;
    case OP_SELECT:
        return why_select(task, op, program);
    default:
        return PANIC_MEMORY;
    }
}

void panic_note(const struct task *task)
{
    struct workload *workload = task->start->workload;
    const struct op *op = &workload->program->ops[task->pc];
    enum panic_why why = why_of(task, op, workload->program);
    uint32_t at = 0;
    while (at < workload->panic_count &&
           (workload->panics[at].step != op->step || workload->panics[at].why != why))
        at++;
    if (at == LIMIT_PANICS)
        return;
    if (at == workload->panic_count)
        workload->panics[workload->panic_count++] = (struct panic){.step = op->step, .why = (uint8_t)why};
    workload->panics[at].count++;
}
