/* Every pattern of the catalogue in every variant it has, on virtual time, against what its file states.
 * Nothing here knows a pattern: a new file is tested by being there. Each test's name says the mode that it
 * is about. Resources are real: what the system says of the process is compared as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "house.h"
#include "language/catalogue.h"
#include "left.h"
#include "stage.h"

#define LINGER_NS    (50 * MS)
#define HOLDS        1024
#define AFTERMATH_NS (60000 * MS) /* in which everybody goes who can */
#define WATCHED_MS   500          /* for as long leak and fix are compared */
#define SMALL_COUNT  100 /* what larger defaults are cut down to, so that all tasks can be looked at */
#define TEXT_LEAST   40  /* letters in which a story can be told */

static struct stage stage;
static struct house house;

/* A count that the pattern's bounds allow and that is small enough to look at every task. */
static int64_t small(const struct param *param, int64_t value)
{
    if (param->type != PARAM_COUNT || value <= SMALL_COUNT)
        return value;
    return param->min > SMALL_COUNT ? param->min : SMALL_COUNT;
}

/* One parameter at one of its words; beyond all parameters: none. */
static struct {
    uint16_t param;
    int64_t word;
} setting = {.param = LIMIT_PARAMS};

/* Before each test: one that failed may have left its setting. */
static int set_nothing(void **state)
{
    (void)state;
    setting.param = LIMIT_PARAMS;
    return 0;
}

/* With the defaults, and then with every word that a parameter may be. */
static void with_each_word(const struct mode *mode, void (*test)(const struct mode *mode))
{
    const struct pattern *pattern = mode->pattern;
    test(mode);
    for (uint16_t i = 0; i < pattern->param_count; i++) {
        if (pattern->params[i].type != PARAM_CHOICE)
            continue;
        setting.param = i;
        for (setting.word = 0; setting.word < pattern->params[i].choice_count; setting.word++)
            test(mode);
    }
    setting.param = LIMIT_PARAMS;
}

/* The mode on a stage, with its defaults but for the setting. */
static void given(const struct mode *mode, int64_t linger_ns)
{
    stage = (struct stage){.host = &stage, .program = mode->pattern->variants[mode->variant].program};
    for (uint16_t i = 0; i < mode->pattern->param_count; i++)
        stage.params[i] =
            small(&mode->pattern->params[i],
                  param_default(mode->pattern, i, stage.params, linger_ns == 0 ? LINGER_OPEN_NS : linger_ns));
    if (setting.param < mode->pattern->param_count)
        stage.params[setting.param] = setting.word;
    struct stage_spec spec = {.linger_ns = linger_ns,
                              .holds_bytes = HOLDS,
                              .seed = 7,
                              .source = &house.real.source,
                              .outside = house_settle,
                              .argument = &house};
    assert_int_equal(stage_set(&stage, spec), ERR_OK);
}

/* The system says the same of the process as the census does. */
static void assert_real(void)
{
    for (enum supply supply = 0; supply < SUPPLIES; supply++)
        if (house_count(&house, supply) != census_open(&stage.workload->census, supply))
            fail_msg("%llu %s where %llu are counted", (unsigned long long)house_count(&house, supply),
                     supply_word(supply), (unsigned long long)census_open(&stage.workload->census, supply));
}

/* What the tasks of a kind keep besides `holds` is nothing, for all kinds. */
static bool holds_alone(const struct program *program)
{
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        if (op->code == OP_DROP || (op->code == OP_HOLD && program->values[op->value].kind != VALUE_HOLDS))
            return false;
    }
    return true;
}

/* Whoever is left keeps its heap, and nobody else's is there: the owners have left. */
static void assert_held(const struct workload *workload)
{
    uint64_t held = workload->census.held_bytes;
    if (holds_alone(stage.program))
        assert_int_equal(held, workload_live(workload) * HOLDS);
    assert_true(held == 0 || workload_live(workload) > 0);
}

/* Who has not stayed has ended, and by itself: nobody was freed from outside. */
static void assert_ended(const struct census *census)
{
    assert_int_equal(census->ended[END_RECLAIMED], 0);
    assert_int_equal(census->ended[END_RETURNED] + census->ended[END_CANCELLED] +
                         census->ended[END_TIMED_OUT] + census->ended[END_PANICKED],
                     census->spawned - census_live(census));
}

/* Once all owners have left: as much as the file states, of everything; and a fix or a decoy leaves nothing
 * whatever. */
static void assert_leaked(const struct mode *mode)
{
    const struct workload *workload = stage.workload;
    int64_t starts = (int64_t)workload->census.starts;
    assert_int_equal(stage_in(&stage, TASK_LINGER), 0);
    assert_int_equal(stage_in(&stage, TASK_READY), 0);
    for (enum expect expect = 0; expect < EXPECTS; expect++) {
        int64_t stated = pattern_expected_of(stage.program, workload->values, expect);
        uint64_t left = left_of(&workload->census, expect);
        if (left != (uint64_t)(starts * stated))
            fail_msg("%llu %s where %lld are stated", (unsigned long long)left, expect_word(expect),
                     (long long)(starts * stated));
        assert_true(mode->variant == VARIANT_LEAK || stated == 0);
    }
    assert_held(workload);
    assert_ended(&workload->census);
    assert_real();
    if (mode->variant == VARIANT_LEAK)
        return;
    stage_assert_over(workload);
    stage_assert_empty(stage.runtime);
}

static void one_start(const struct mode *mode)
{
    given(mode, LINGER_NS);
    stage_start(&stage);
    stage_pass(&stage, LINGER_NS);
    stage_pass(&stage, AFTERMATH_NS);
    assert_leaked(mode);
    stage_strike(&stage);
}

static void a_start_leaks_what_its_file_states(void **state)
{
    with_each_word(*state, one_start);
}

static void starts_beside_each_other_leak_as_many_times_as_much(void **state)
{
    const struct mode *mode = *state;
    given(mode, LINGER_NS);
    for (int start = 0; start < 5; start++) {
        stage_start(&stage);
        stage_pass(&stage, LINGER_NS / 4);
    }
    stage_pass(&stage, AFTERMATH_NS);
    assert_int_equal(stage.workload->census.starts, 5);
    assert_leaked(mode);
    stage_strike(&stage);
}

static void cancels(const struct mode *mode)
{
    static const int64_t after_ns[] = {0, 3 * MS, 25 * MS, 2000 * MS};
    for (size_t i = 0; i < COUNT_OF(after_ns); i++) {
        given(mode, 0);
        stage_start(&stage);
        stage_pass(&stage, after_ns[i]);
        stage_cancel(&stage);
        stage_pass(&stage, AFTERMATH_NS);
        assert_leaked(mode);
        stage_strike(&stage);
    }
}

static void a_cancel_at_any_time_leaves_what_the_file_states(void **state)
{
    with_each_word(*state, cancels);
}

static void a_reclaim_at_any_time_leaves_nothing(void **state)
{
    const struct mode *mode = *state;
    static const int64_t after_ns[] = {0, 3 * MS, 25 * MS, LINGER_NS + 10 * MS, AFTERMATH_NS};
    for (size_t i = 0; i < COUNT_OF(after_ns); i++) {
        given(mode, LINGER_NS);
        assert_int_equal(workload_start(stage.workload), ERR_OK);
        if (i == 0)
            stage_rounds(&stage, 2);
        else
            stage_pass(&stage, after_ns[i]);
        stage_reclaim(&stage);
        stage_assert_empty(stage.runtime);
        assert_real();
        stage_strike(&stage);
    }
}

/* What a variant leaves behind, or takes while its owner is there. */
struct trace {
    uint64_t left; /* of everything that a file may state */
    uint64_t held_bytes;
    uint64_t queued_most; /* while it was watched */
    uint64_t task_ms;
};

static struct trace trace_of(const struct pattern *pattern, enum variant variant)
{
    const struct mode mode = {pattern, variant};
    struct trace trace = {0};
    given(&mode, WATCHED_MS * MS);
    stage_start(&stage);
    for (int ms = 0; ms < WATCHED_MS; ms++) {
        stage_pass(&stage, MS);
        if (stage.workload->census.queued_messages > trace.queued_most)
            trace.queued_most = stage.workload->census.queued_messages;
        trace.task_ms += workload_live(stage.workload);
    }
    stage_pass(&stage, AFTERMATH_NS);
    for (enum expect expect = 0; expect < EXPECTS; expect++)
        trace.left += left_of(&stage.workload->census, expect);
    trace.held_bytes = stage.workload->census.held_bytes;
    stage_strike(&stage);
    return trace;
}

static void the_leak_costs_what_the_fix_does_not(void **state)
{
    const struct mode *mode = *state;
    if (mode->variant != VARIANT_LEAK || mode->pattern->variants[VARIANT_FIX].program == NULL)
        return;
    struct trace leak = trace_of(mode->pattern, VARIANT_LEAK);
    struct trace fix = trace_of(mode->pattern, VARIANT_FIX);
    assert_true(leak.left > fix.left || leak.held_bytes > fix.held_bytes ||
                leak.queued_most > fix.queued_most || leak.task_ms > fix.task_ms * 3 / 2);
}

/* What a graph shows of everything that the mode leaves behind, and of tasks, heap and CPU whatever it does.
 */
static void assert_signed(const struct mode *mode)
{
    static const char *const words[EXPECTS] = {
        [EXPECT_TASKS] = "ask",      [EXPECT_TICKERS] = "icker",    [EXPECT_DESCRIPTORS] = "process_open_fds",
        [EXPECT_HANDLES] = "handle", [EXPECT_THREADS] = "threads",  [EXPECT_JOBS] = "threadpool_delay",
        [EXPECT_HEAP] = "heap",      [EXPECT_PANICKED] = "panicked"};
    const char *signature = mode->pattern->signature;
    const char *const *stated = mode->pattern->variants[mode->variant].expect_texts;
    for (enum expect expect = 0; expect < EXPECTS; expect++)
        if (stated[expect] != NULL && strstr(signature, words[expect]) == NULL)
            fail_msg("the signature says nothing of %s", expect_word(expect));
    if (strstr(signature, "eap") == NULL && strstr(signature, "emory") == NULL)
        fail_msg("the signature says nothing of heap");
    if (strstr(signature, "CPU") == NULL)
        fail_msg("the signature says nothing of CPU");
}

static void its_file_tells_the_whole_story(void **state)
{
    const struct mode *mode = *state;
    const struct pattern *pattern = mode->pattern;
    const char *texts[] = {pattern->story, pattern->remedy, pattern->signature};
    size_t letters = strlen(pattern->name);
    assert_int_equal(strncmp(pattern->file, pattern->name, letters), 0);
    assert_string_equal(pattern->file + letters, ".yaml");
    assert_true(pattern->title[0] != '\0');
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_true(strlen(texts[i]) > TEXT_LEAST);
    assert_signed(mode);
    for (uint16_t i = 0; i < pattern->param_count; i++)
        if (pattern->params[i].type == PARAM_COUNT)
            assert_true(pattern->params[i].unit[0] != '\0');
}

/* ---- every test for every mode ---- */

#define CASE_TABLE(X)                                                                                        \
    X(a_start_leaks_what_its_file_states)                                                                    \
    X(starts_beside_each_other_leak_as_many_times_as_much)                                                   \
    X(a_cancel_at_any_time_leaves_what_the_file_states)                                                      \
    X(a_reclaim_at_any_time_leaves_nothing)                                                                  \
    X(the_leak_costs_what_the_fix_does_not)                                                                  \
    X(its_file_tells_the_whole_story)

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

/* Fills in one mode's tests. */
static void list_mode(struct listed *listed, struct CMUnitTest *tests)
{
    char text[MODE_TEXT];
    mode_format(listed->mode, text);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        snprintf(listed->names[i], sizeof listed->names[i], "%s: %s", text, cases[i].name);
        tests[i] = (struct CMUnitTest){.name = listed->names[i],
                                       .test_func = cases[i].function,
                                       .setup_func = set_nothing,
                                       .initial_state = &listed->mode};
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
    if (count == 0) {
        fprintf(stderr, "the catalogue is empty\n");
        return 1;
    }
    return _cmocka_run_group_tests("catalogue", tests, count * COUNT_OF(cases), NULL, NULL);
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
    house_open(&house);
    int failed = listed == NULL || tests == NULL ? 1 : run_all(&catalogue, listed, tests);
    house_close(&house);
    free(tests);
    free(listed);
    catalogue_deinit(&catalogue);
    buf_deinit(&why);
    return failed;
}
