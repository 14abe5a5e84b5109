/* Numbers that tasks share. Whoever changes one wakes nobody, so that a flag is seen only by who looks. */
#include "runtime/internal.h"

static int64_t kept(int64_t value)
{
    return value < 0 ? 0 : value > LIMIT_COUNT ? LIMIT_COUNT : value;
}

void number_init(struct number *number, int64_t value)
{
    number->value = kept(value);
}

enum step_result op_set(struct number *number, enum change change, int64_t amount)
{
    int64_t value = kept(amount);
    switch (change) {
    case CHANGE_TO:
        break;
    case CHANGE_PLUS:
        value = number->value + value;
        break;
    case CHANGE_MINUS:
        value = number->value - value;
        break;
    }
    number->value = kept(value);
    return STEP_NEXT;
}
