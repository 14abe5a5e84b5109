/* The kernels of tests/kernels, real bugs and the micro tests of Go's leak profile: each variant under as
 * many seeds as there is time for, on virtual time. Nothing here knows a kernel: a new file is tested by
 * being there.
 *
 * A bug may need luck to show. A file then draws that luck with `chance`, and its `expect` is what leaks in a
 * run in which it leaks: another run leaks nothing, and among all seeds there are runs of both kinds. Where
 * nothing is drawn, every run leaks what is expected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/preview.h"
#include "kernel_fixture.h"

static struct stage stage;

/* One run from its start until everything has come to rest; returns how many leaked. */
static uint64_t run(const struct mode *mode, uint64_t seed)
{
    kernel_given(&stage, mode, seed);
    stage_start(&stage);
    for (int look = 0; look < KERNEL_LOOKS; look++)
        kernel_pass(&stage, seed, look);
    kernel_end(&stage, seed);
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
    for (uint64_t seed = 0; seed < KERNEL_SEEDS; seed++) {
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
        assert_in_range(leaky_runs, 1, KERNEL_SEEDS - 1);
    else
        assert_int_equal(leaky_runs, KERNEL_SEEDS);
}

static void a_reclaim_leaves_nothing(void **state)
{
    run(*state, 0);
    stage_reclaim(&stage);
    stage_assert_empty(stage.runtime);
    stage_strike(&stage);
}

/* What leaks is found before anything runs as well, at a step of a task that is left; in a fix, nothing is.
 */
static void a_look_before_it_runs_tells_the_leak_from_the_fix(void **state)
{
    const struct mode *mode = *state;
    struct preview *preview;
    uint32_t keeping = 0;
    assert_int_equal(preview_new(mode->pattern, mode->variant, &preview), ERR_OK);
    for (uint16_t kind = 0; kind < preview->program->kind_count; kind++)
        keeping += preview_keeps(preview, kind) != NULL;
    assert_int_equal(preview_undeclared(preview), 0);
    if (mode->variant == VARIANT_FIX)
        assert_int_equal(preview->findings.count, 0);
    else
        assert_true(keeping > 0);
    preview_free(preview);
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
        KERNEL_CASE(a_look_before_it_runs_tells_the_leak_from_the_fix),
        KERNEL_CASE(its_file_is_named_after_it_and_has_both_sides),
    };
    return kernels_run("kernels", cases, COUNT_OF(cases));
}
