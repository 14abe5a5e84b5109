/* The judge on every pattern of the catalogue, in every variant it has: once all owners have left, whom it
 * finds leaked are exactly as many as the file states. Nothing here knows a pattern: a new file is tested by
 * being there. That nobody is found leaked too early the runtime checks, whenever it wakes a task. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/judge.h"
#include "language/catalogue.h"
#include "stage.h"

#define LINGER_NS    (50 * MS)
#define AFTERMATH_NS (60000 * MS) /* in which everybody goes who can */
#if defined(__SANITIZE_ADDRESS__)
#define SMALL_COUNT 40 /* what larger defaults are cut down to */
#else
#define SMALL_COUNT 100
#endif

static struct stage stage;
static struct judge judge;

static int64_t small(const struct param *param, int64_t value)
{
    if (param->type != PARAM_COUNT || value <= SMALL_COUNT)
        return value;
    return param->min > SMALL_COUNT ? param->min : SMALL_COUNT;
}

/* The mode on a stage, with its defaults. */
static void given(const struct mode *mode, int64_t linger_ns, struct judge_config config)
{
    stage = (struct stage){.host = &stage, .program = mode->pattern->variants[mode->variant].program};
    for (uint16_t i = 0; i < mode->pattern->param_count; i++)
        stage.params[i] =
            small(&mode->pattern->params[i],
                  param_default(mode->pattern, i, stage.params, linger_ns == 0 ? LINGER_OPEN_NS : linger_ns));
    struct stage_spec spec = {.linger_ns = linger_ns, .holds_bytes = 1024, .seed = 7};
    assert_int_equal(stage_set(&stage, spec), ERR_OK);
    judge_init(&judge, stage.runtime, &config);
}

static void over(void)
{
    judge_deinit(&judge);
    stage_strike(&stage);
}

static uint64_t leaked(void)
{
    const struct census *census = &stage.workload->census;
    return census->leaked[VERDICT_STUCK] + census->leaked[VERDICT_ENDLESS];
}

static void assert_found(void)
{
    const struct workload *workload = stage.workload;
    judge_now(&judge);
    stage_check(&stage);
    assert_int_equal(stage_in(&stage, TASK_LINGER), 0);
    assert_int_equal(leaked(),
                     (int64_t)workload->census.starts * pattern_expected(stage.program, workload->values));
    /* Whoever is still there has leaked, and the other way round. */
    assert_int_equal(leaked(), workload_live(workload));
}

static void once_its_owner_has_left_the_leaked_are_found(void **state)
{
    given(*state, LINGER_NS, (struct judge_config){0});
    stage_start(&stage);
    stage_pass(&stage, LINGER_NS + AFTERMATH_NS);
    assert_found();
    over();
}

/* Starts come and go, and the judge looks on all the while: what it says in the midst of it must hold. */
static void at_a_rate(const struct mode *mode, struct judge_config config)
{
    config.interval_ns = 7 * MS;
    given(mode, LINGER_NS, config);
    for (int start = 0; start < 8; start++) {
        stage_start(&stage);
        stage_pass(&stage, LINGER_NS / 5);
    }
    stage_pass(&stage, AFTERMATH_NS / 40);
    assert_true(judge.stats.runs > 10);
    assert_found();
    over();
}

static void at_a_rate_they_are_found_in_one_go(void **state)
{
    at_a_rate(*state, (struct judge_config){0});
}

static void at_a_rate_they_are_found_in_slices(void **state)
{
    at_a_rate(*state, (struct judge_config){.slice_steps = 7, .whole_steps = 1});
}

static void a_cancel_makes_all_of_them_leaked(void **state)
{
    static const int64_t after_ns[] = {0, 3 * MS, 25 * MS, 2000 * MS};
    const struct mode *mode = *state;
    for (size_t i = 0; i < COUNT_OF(after_ns); i++) {
        given(mode, 0, (struct judge_config){.interval_ns = 2 * MS, .slice_steps = 11, .whole_steps = 1});
        stage_start(&stage);
        stage_pass(&stage, after_ns[i]);
        stage_cancel(&stage);
        stage_pass(&stage, AFTERMATH_NS / 40);
        assert_found();
        over();
    }
}

/* Before its owner leaves a task may be stuck already, but never one of a fix. */
static void nobody_is_found_where_nobody_leaks(void **state)
{
    const struct mode *mode = *state;
    given(mode, 0, (struct judge_config){0});
    stage_start(&stage);
    for (int ms = 0; ms < 300; ms++) {
        judge_now(&judge);
        if (pattern_expected(stage.program, stage.workload->values) == 0)
            assert_int_equal(leaked(), 0);
        stage_pass(&stage, MS);
    }
    over();
}

/* ---- every test for every mode ---- */

#define CASE_TABLE(X)                                                                                        \
    X(once_its_owner_has_left_the_leaked_are_found)                                                          \
    X(at_a_rate_they_are_found_in_one_go)                                                                    \
    X(at_a_rate_they_are_found_in_slices)                                                                    \
    X(a_cancel_makes_all_of_them_leaked)                                                                     \
    X(nobody_is_found_where_nobody_leaks)

static const struct {
    const char *name;
    CMUnitTestFunction function;
} cases[] = {
#define X(function) {#function, function},
    CASE_TABLE(X)
#undef X
};

struct listed {
    struct mode mode;
    char names[COUNT_OF(cases)][MODE_TEXT + 80];
};

static void list_mode(struct listed *listed, struct CMUnitTest *tests)
{
    char text[MODE_TEXT];
    mode_format(listed->mode, text);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        snprintf(listed->names[i], sizeof listed->names[i], "%s: %s", text, cases[i].name);
        tests[i] = (struct CMUnitTest){
            .name = listed->names[i], .test_func = cases[i].function, .initial_state = &listed->mode};
    }
}

static int run_all(const struct catalogue *catalogue, struct listed *listed, struct CMUnitTest *tests)
{
    size_t count = 0;
    for (size_t i = 0; i < catalogue->count; i++) {
        for (enum variant which = 0; which < VARIANTS; which++) {
            if (catalogue->patterns[i]->variants[which].program == NULL)
                continue;
            listed[count].mode = (struct mode){catalogue->patterns[i], which};
            list_mode(&listed[count], &tests[count * COUNT_OF(cases)]);
            count++;
        }
    }
    return count == 0
               ? 1
               : _cmocka_run_group_tests("judge_catalogue", tests, count * COUNT_OF(cases), NULL, NULL);
}

int main(void)
{
    struct catalogue catalogue;
    struct buf why;
    buf_init(&why, 65536);
    catalogue_init(&catalogue);
    if (catalogue_load(&catalogue, &why) != ERR_OK) {
        fprintf(stderr, "%s", buf_text(&why));
        return 1;
    }
    size_t most = catalogue.count * VARIANTS;
    struct listed *listed = calloc(most, sizeof *listed);
    struct CMUnitTest *tests = calloc(most * COUNT_OF(cases), sizeof *tests);
    int failed = listed == NULL || tests == NULL ? 1 : run_all(&catalogue, listed, tests);
    free(tests);
    free(listed);
    catalogue_deinit(&catalogue);
    buf_deinit(&why);
    return failed;
}
