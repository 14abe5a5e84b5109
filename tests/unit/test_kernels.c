/* The kernels of tests/kernels, real bugs and the micro tests of Go's leak profile: each variant under as
 * many seeds as there is time for, on virtual time. Nothing here knows a kernel: a new file is tested by
 * being there.
 *
 * A bug may need luck to show. A file then draws that luck with `chance`, and its `expect` is what leaks in a
 * run in which it leaks: another run leaks nothing, and among all seeds there are runs of both kinds. Where
 * nothing is drawn, every run leaks what is expected. Ground truth is what is left when the owner has left,
 * the scenario was cancelled, and no timer is armed any more: nobody who is there then will ever move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_fixture.h"
#include "stage.h"

#define SEEDS       1000
#define LINGER_NS   (50 * MS)
#define LONGEST_NS  (7200000 * MS) /* more than the longest that anybody sleeps */
#define SMALL_COUNT 10             /* what larger defaults are cut down to */

static struct stage stage;

/* The mode on a stage. */
static void given(const struct mode *mode, uint64_t seed, int64_t linger_ns)
{
    const struct pattern *pattern = mode->pattern;
    stage = (struct stage){.host = &stage, .program = pattern->variants[mode->variant].program};
    for (uint16_t i = 0; i < pattern->param_count; i++) {
        int64_t value = param_default(pattern, i, stage.params, linger_ns == 0 ? LINGER_OPEN_NS : linger_ns);
        bool cut = pattern->params[i].type == PARAM_COUNT && value > SMALL_COUNT;
        stage.params[i] = cut ? SMALL_COUNT : value;
    }
    struct stage_spec spec = {.linger_ns = linger_ns, .holds_bytes = 64, .seed = seed};
    assert_int_equal(stage_set(&stage, spec), ERR_OK);
}

static void assert_at_rest(void)
{
    assert_int_equal(stage_in(&stage, TASK_LINGER), 0);
    assert_int_equal(stage_in(&stage, TASK_READY), 0);
    assert_int_equal(stage.runtime->wheel.armed, 0);
    assert_int_equal(stage_ended(&stage, END_PANICKED), 0);
}

/* One run from its start until everything has come to rest, looked at in between; returns how many leaked. In
 * every other one the owner stays until the scenario is cancelled, after so and so long. */
static uint64_t run(const struct mode *mode, uint64_t seed)
{
    static const int64_t looks_ns[] = {0, 1 * MS, 3 * MS, 6 * MS};
    bool stays = seed % 2 == 1;
    given(mode, seed, stays ? 0 : LINGER_NS);
    stage_start(&stage);
    for (size_t i = 0; i < COUNT_OF(looks_ns) - (stays ? seed / 2 % COUNT_OF(looks_ns) : 0); i++)
        stage_pass(&stage, looks_ns[i]);
    if (!stays)
        stage_pass(&stage, LONGEST_NS);
    stage_cancel(&stage);
    stage_pass(&stage, LONGEST_NS);
    assert_at_rest();
    return workload_live(stage.workload);
}

static bool draws(const struct program *program)
{
    for (uint32_t i = 0; i < program->op_count; i++)
        if (program->ops[i].code == OP_CHANCE)
            return true;
    return false;
}

static void each_run_leaks_what_its_file_states(void **state)
{
    const struct mode *mode = *state;
    uint64_t leaky_runs = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        uint64_t left = run(mode, seed);
        uint64_t stated = (uint64_t)pattern_expected(stage.program, stage.workload->values);
        if (left != 0 && left != stated)
            fail_msg("seed %llu: %llu tasks leaked, and not %llu", (unsigned long long)seed,
                     (unsigned long long)left, (unsigned long long)stated);
        leaky_runs += left != 0;
        stage_strike(&stage);
    }
    if (mode->variant == VARIANT_FIX)
        assert_int_equal(leaky_runs, 0);
    else if (draws(mode->pattern->variants[mode->variant].program))
        assert_in_range(leaky_runs, 1, SEEDS - 1);
    else
        assert_int_equal(leaky_runs, SEEDS);
}

static void a_reclaim_leaves_nothing(void **state)
{
    run(*state, 0);
    stage_reclaim(&stage);
    stage_assert_empty(stage.runtime);
    stage_strike(&stage);
}

static void its_file_is_named_after_it_and_has_both_sides(void **state)
{
    const struct mode *mode = *state;
    const struct pattern *pattern = mode->pattern;
    size_t letters = strlen(pattern->name);
    assert_int_equal(strncmp(pattern->file, pattern->name, letters), 0);
    assert_string_equal(pattern->file + letters, ".yaml");
    assert_non_null(pattern->variants[VARIANT_LEAK].program);
    assert_non_null(pattern->variants[VARIANT_FIX].program);
}

int main(void)
{
    static const struct kernel_case cases[] = {
        KERNEL_CASE(each_run_leaks_what_its_file_states),
        KERNEL_CASE(a_reclaim_leaves_nothing),
        KERNEL_CASE(its_file_is_named_after_it_and_has_both_sides),
    };
    return kernels_run("kernels", cases, COUNT_OF(cases));
}
