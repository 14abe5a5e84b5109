#include "runtime/internal.h"

void scope_init(struct scope *scope)
{
    *scope = (struct scope){.state = SCOPE_OPEN};
    list_init(&scope->waiters);
    list_init(&scope->children);
    list_init(&scope->sibling);
    timer_init(&scope->timer, TIMER_SCOPE);
}

void scope_open(struct scope *scope, struct start *start, int64_t timeout_ns)
{
    struct runtime *runtime = start->workload->runtime;
    scope_init(scope);
    scope->state = start->scope.state;
    if (scope->state != SCOPE_OPEN)
        return;
    list_push_back(&start->scope.children, &scope->sibling);
    if (timeout_ns > 0 &&
        wheel_arm(&runtime->wheel, &scope->timer, runtime_deadline_ms(runtime, timeout_ns)) != ERR_OK) {
        /* A deadline that cannot be kept has passed: what waits for it must not wait for ever. */
        workload_cap(start->workload, LIMIT_KIND_MEMORY);
        scope_finish(runtime, scope, SCOPE_TIMED_OUT);
    }
}

/* Children may be many: they are told in slices, and until then take their word from the start's scope. */
void scope_finish(struct runtime *runtime, struct scope *scope, enum scope_state state)
{
    if (scope->state != SCOPE_OPEN)
        return;
    scope->state = state;
    list_remove(&scope->sibling);
    wheel_disarm(&runtime->wheel, &scope->timer);
    list_splice(&runtime->waking, &scope->waiters);
    list_splice(&runtime->cancelling, &scope->children);
}

void scope_close(struct runtime *runtime, struct scope *scope)
{
    CHECK(list_empty(&scope->waiters) && list_empty(&scope->children));
    list_remove(&scope->sibling);
    wheel_disarm(&runtime->wheel, &scope->timer);
}
