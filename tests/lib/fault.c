#include "fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SWEEP_MAX 100000

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static uint64_t fail_at;
static uint64_t asked;
static bool fail_on;
static bool hit;

static bool fails(void)
{
    asked++;
    if (fail_at == 0 || asked < fail_at || (asked > fail_at && !fail_on))
        return false;
    hit = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

void fault_arm(uint64_t n, bool sticky)
{
    fail_at = n;
    fail_on = sticky;
    asked = 0;
    hit = false;
}

uint64_t fault_disarm(void)
{
    fail_at = 0;
    return asked;
}

bool fault_hit(void)
{
    return hit;
}

void fault_sweep(bool (*attempt)(void *argument), void *argument)
{
    fault_sweep_every(1, attempt, argument);
}

void fault_sweep_every(uint64_t step, bool (*attempt)(void *argument), void *argument)
{
    for (uint64_t n = 1; n < SWEEP_MAX; n += step) {
        fault_arm(n, false);
        bool done = attempt(argument);
        fault_disarm();
        if (!hit) {
            assert_true(done);
            return;
        }
    }
    fail_msg("more than %d allocations", SWEEP_MAX);
}
