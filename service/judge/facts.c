#include "judge/facts.h"

#include <string.h>

bool op_is_on_thing(enum op_code code)
{
    switch (code) {
    case OP_END:
    case OP_LEAVE:
    case OP_LINGER:
    case OP_PANIC:
    case OP_JUMP:
    case OP_BRANCH:
    case OP_LOOP:
    case OP_NEXT:
    case OP_SPAWN:
    case OP_SELECT:
    case OP_SLEEP:
    case OP_HOLD:
    case OP_LOSE:
    case OP_DROP:
    case OP_CHANCE:
    case OP_WORK:
    case OP_CODES:
        return false;
    case OP_SEND:
    case OP_RECV:
    case OP_RANGE:
    case OP_CLOSE:
    case OP_TICK:
    case OP_STOP:
    case OP_CANCEL:
    case OP_AWAIT:
    case OP_LOCK:
    case OP_UNLOCK:
    case OP_WRITE_LOCK:
    case OP_WRITE_UNLOCK:
    case OP_READ_LOCK:
    case OP_READ_UNLOCK:
    case OP_ADD:
    case OP_FINISH:
    case OP_JOIN:
    case OP_WAIT:
    case OP_SIGNAL:
    case OP_BROADCAST:
    case OP_OPEN:
    case OP_SHUT:
    case OP_SET:
    case OP_TEST:
        break;
    }
    return true;
}

static void see(struct facts *facts, struct thing_ref ref)
{
    if (ref.hops != HOPS_SHARE && ref.hops != HOPS_START_SCOPE && ref.hops > facts->hops)
        facts->hops = ref.hops;
}

static void see_op(struct facts *facts, uint16_t index)
{
    const struct program *program = facts->program;
    const struct op *op = &program->ops[index];
    uint16_t kind = program->steps[op->step].kind;
    uint16_t *low = &facts->kinds[kind].low, *count = &facts->kinds[kind].count;
    if (*count == 0)
        *low = index;
    *count = (uint16_t)(index - *low + 1);
    facts->kinds[kind].waits |= op->code == OP_WAIT;
    facts->joins |= op->code == OP_JOIN;
    if (op_is_on_thing((enum op_code)op->code))
        see(facts, op->thing);
}

void facts_init(struct facts *facts, const struct workload *workload)
{
    const struct program *program = workload->program;
    facts->program = program;
    facts->values = workload->values;
    facts->hops = 0;
    facts->joins = false;
    memset(facts->kinds, 0, program->kind_count * sizeof facts->kinds[0]);
    for (uint16_t i = 0; i < program->op_count; i++)
        see_op(facts, i);
    for (uint16_t i = 0; i < program->case_count; i++)
        if (program->cases[i].kind != CASE_AFTER)
            see(facts, program->cases[i].thing);
}
