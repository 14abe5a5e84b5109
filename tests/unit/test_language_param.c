/* Parameters, operands and modes, and the catalogue that is built in. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "language/catalogue.h"
#include "language_fixture.h"

#define PARAMS                                                                                               \
    "params:\n"                                                                                              \
    "  n: {default: 3, unit: tasks, about: how many, min: 1, max: 100}\n"                                    \
    "  d: {default: linger / 2, about: how long}\n"                                                          \
    "  m: {default: n * 2 - 1, about: twice as many}\n"                                                      \
    "  s: {default: 4KiB, about: how large}\n"                                                               \
    "  p: {default: 2%, about: how often}\n"                                                                 \
    "  how: {default: b, choices: [a, b, c], about: which}\n"

enum { N, D, M, S, P, HOW };

static struct compiled with_params(void)
{
    struct compiled compiled = compile(HEAD PARAMS "fix: {main: []}\nexpect: {fix: n + 1}\n");
    assert_int_equal(compiled.err, ERR_OK);
    assert_int_equal(compiled.pattern->param_count, 6);
    return compiled;
}

static void a_parameter_is_of_its_defaults_type(void **state)
{
    (void)state;
    struct compiled compiled = with_params();
    static const enum param_type types[] = {PARAM_COUNT, PARAM_DURATION, PARAM_COUNT,
                                            PARAM_SIZE,  PARAM_PERCENT,  PARAM_CHOICE};
    static const char *const defaults[] = {"3", "linger / 2", "n * 2 - 1", "4KiB", "2%", "b"};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(compiled.pattern->params[i].type, types[i]);
        assert_string_equal(compiled.pattern->params[i].default_text, defaults[i]);
    }
    assert_string_equal(compiled.pattern->params[N].unit, "tasks");
    assert_string_equal(compiled.pattern->params[N].about, "how many");
    assert_int_equal(compiled.pattern->params[HOW].max, 2);
    uint16_t index;
    assert_ptr_equal(pattern_param(compiled.pattern, "s", &index), &compiled.pattern->params[S]);
    assert_int_equal(index, S);
    assert_null(pattern_param(compiled.pattern, "x", NULL));
    compiled_free(&compiled);
}

static void defaults_follow_linger_and_earlier_parameters_within_bounds(void **state)
{
    (void)state;
    struct compiled compiled = with_params();
    int64_t params[6] = {70};
    assert_int_equal(param_default(compiled.pattern, N, params, 0), 3);
    assert_int_equal(param_default(compiled.pattern, D, params, 80000000), 40000000);
    assert_int_equal(param_default(compiled.pattern, M, params, 0), 139);
    assert_int_equal(param_default(compiled.pattern, S, params, 0), 4096);
    assert_int_equal(param_default(compiled.pattern, P, params, 0), 20000);
    assert_int_equal(param_default(compiled.pattern, HOW, params, 0), 1);
    params[N] = 0;
    assert_int_equal(param_default(compiled.pattern, M, params, 0), 0);
    compiled_free(&compiled);
}

static void assert_reads(const struct param *param, const char *text, int64_t expected)
{
    struct buf why;
    int64_t value = -1;
    char written[PARAM_TEXT];
    buf_init(&why, 1024);
    assert_int_equal(param_parse(param, text, &value, &why), ERR_OK);
    assert_int_equal(value, expected);
    assert_int_equal(why.size, 0);
    assert_int_equal(param_parse(param, param_format(param, value, written), &value, &why), ERR_OK);
    assert_int_equal(value, expected);
    buf_deinit(&why);
}

static void assert_refuses(const struct param *param, const char *text, enum err err, const char *sentence)
{
    struct buf why;
    int64_t value = -1;
    buf_init(&why, 1024);
    assert_int_equal(param_parse(param, text, &value, &why), err);
    assert_int_equal(value, -1);
    assert_string_equal(buf_text(&why), sentence);
    buf_deinit(&why);
}

static void values_are_read_as_users_write_them(void **state)
{
    (void)state;
    struct compiled compiled = with_params();
    const struct param *params = compiled.pattern->params;
    assert_reads(&params[N], "1", 1);
    assert_reads(&params[N], "100", 100);
    assert_reads(&params[D], "1.5s", 1500000000);
    assert_reads(&params[D], "0", 0);
    assert_reads(&params[S], "1MiB", 1 << 20);
    assert_reads(&params[P], "12.5%", 125000);
    assert_reads(&params[HOW], "c", 2);
    assert_refuses(&params[N], "0", ERR_RANGE, "must be a whole number such as 16, from 1 to 100");
    assert_refuses(&params[N], "101", ERR_RANGE, "must be a whole number such as 16, from 1 to 100");
    assert_refuses(&params[N], "-1", ERR_SYNTAX, "must be a whole number such as 16, from 1 to 100");
    assert_refuses(&params[N], "", ERR_SYNTAX, "must be a whole number such as 16, from 1 to 100");
    assert_refuses(&params[D], "5", ERR_SYNTAX, "must be a duration such as 10ms, from 0s to 366d");
    assert_refuses(&params[D], "400d", ERR_RANGE, "must be a duration such as 10ms, from 0s to 366d");
    assert_refuses(&params[S], "2GiB", ERR_RANGE, "must be a size such as 4KiB, from 0B to 1GiB");
    assert_refuses(&params[P], "2", ERR_SYNTAX, "must be a percentage such as 2%, from 0% to 100%");
    assert_refuses(&params[HOW], "d", ERR_SYNTAX, "must be \"a\", \"b\" or \"c\"");
    assert_refuses(&params[HOW], "1", ERR_SYNTAX, "must be \"a\", \"b\" or \"c\"");
    compiled_free(&compiled);
}

static void bare_numbers_count_seconds_and_bytes(void **state)
{
    (void)state;
    struct compiled compiled = with_params();
    const struct param *params = compiled.pattern->params;
    struct buf why;
    int64_t value = -1;
    buf_init(&why, 1024);
    assert_int_equal(param_from_number(&params[N], 12, &value, &why), ERR_OK);
    assert_int_equal(value, 12);
    assert_int_equal(param_from_number(&params[D], 0.08, &value, &why), ERR_OK);
    assert_int_equal(value, 80000000);
    assert_int_equal(param_from_number(&params[S], 512, &value, &why), ERR_OK);
    assert_int_equal(value, 512);
    assert_int_equal(why.size, 0);
    assert_int_equal(param_from_number(&params[N], 1.5, &value, &why), ERR_SYNTAX);
    assert_int_equal(param_from_number(&params[N], 101, &value, &why), ERR_RANGE);
    assert_int_equal(param_from_number(&params[N], -1, &value, &why), ERR_RANGE);
    assert_int_equal(param_from_number(&params[D], 1e300, &value, &why), ERR_RANGE);
    assert_int_equal(param_from_number(&params[D], -0.5, &value, &why), ERR_RANGE);
    assert_int_equal(param_from_number(&params[D], (double)NAN, &value, &why), ERR_RANGE);
    assert_int_equal(param_from_number(&params[P], 2, &value, &why), ERR_SYNTAX);
    assert_int_equal(param_from_number(&params[HOW], 1, &value, &why), ERR_SYNTAX);
    assert_int_equal(value, 512);
    buf_deinit(&why);
    compiled_free(&compiled);
}

static void what_is_expected_to_leak_follows_the_parameters(void **state)
{
    (void)state;
    struct compiled compiled = with_params();
    const struct program *program = compiled.pattern->variants[VARIANT_FIX].program;
    int64_t params[6] = {70}, values[LIMIT_CONSTANTS];
    program_resolve(program, params, 0, 0, values);
    assert_int_equal(pattern_expected(program, values), 71);
    assert_string_equal(compiled.pattern->variants[VARIANT_FIX].expect_texts[EXPECT_TASKS], "n + 1");
    compiled_free(&compiled);
}

static void what_is_not_stated_is_expected_not_to_leak(void **state)
{
    (void)state;
    struct compiled plain =
        compile(HEAD "params: {n: {default: 7, about: a}}\nfix: {main: []}\nexpect: {fix: n}\n");
    struct compiled map = compile(HEAD "params: {n: {default: 7, about: a}}\nfix: {main: []}\n"
                                       "expect: {fix: {tickers: n * 2, tasks: 0}}\n");
    const struct program *program = plain.pattern->variants[VARIANT_FIX].program;
    int64_t params[1] = {70}, values[LIMIT_CONSTANTS];
    program_resolve(program, params, 0, 0, values);
    assert_int_equal(pattern_expected_of(program, values, EXPECT_TASKS), 70);
    assert_int_equal(pattern_expected_of(program, values, EXPECT_TICKERS), 0);
    assert_null(plain.pattern->variants[VARIANT_FIX].expect_texts[EXPECT_TICKERS]);
    program = map.pattern->variants[VARIANT_FIX].program;
    program_resolve(program, params, 0, 0, values);
    assert_int_equal(pattern_expected(program, values), 0);
    assert_int_equal(pattern_expected_of(program, values, EXPECT_TICKERS), 140);
    assert_string_equal(map.pattern->variants[VARIANT_FIX].expect_texts[EXPECT_TICKERS], "n * 2");
    compiled_free(&plain);
    compiled_free(&map);
}

static void lost_heap_is_stated_as_a_size_that_a_count_may_multiply(void **state)
{
    (void)state;
    struct compiled map =
        compile(HEAD "params: {n: {default: 7, about: a}, size: {default: 4KiB, about: b}}\n"
                     "fix: {main: []}\nexpect: {fix: {tasks: 0, heap: size * n}}\n");
    const struct program *program = map.pattern->variants[VARIANT_FIX].program;
    int64_t params[2] = {1000000, 1 << 20}, values[LIMIT_CONSTANTS];
    program_resolve(program, params, 0, 0, values);
    assert_int_equal(pattern_expected_of(program, values, EXPECT_HEAP), 1000000ll << 20);
    compiled_free(&map);
}

/* ---- the catalogue ---- */

static void load(struct catalogue *catalogue)
{
    struct buf why;
    buf_init(&why, 1 << 16);
    catalogue_init(catalogue);
    enum err err = catalogue_load(catalogue, &why);
    if (err != ERR_OK)
        print_error("%s", buf_text(&why));
    assert_int_equal(err, ERR_OK);
    buf_deinit(&why);
}

static void every_file_of_the_catalogue_is_a_pattern_with_its_name(void **state)
{
    (void)state;
    struct catalogue catalogue;
    load(&catalogue);
    assert_int_equal(catalogue.count, embedded_patterns_count);
    for (size_t i = 0; i < catalogue.count; i++) {
        const struct pattern *pattern = catalogue.patterns[i];
        char file[LIMIT_NAME + 6];
        snprintf(file, sizeof file, "%s.yaml", pattern->name);
        assert_string_equal(pattern->file, file);
        assert_true(strlen(pattern->signature) > 0);
        assert_int_equal(strlen(pattern->source), pattern->source_bytes);
        assert_true(i == 0 || strcmp(catalogue.patterns[i - 1]->name, pattern->name) < 0);
        assert_ptr_equal(catalogue_find(&catalogue, pattern->name), pattern);
    }
    assert_null(catalogue_find(&catalogue, "recieve"));
    catalogue_deinit(&catalogue);
}

/* The defaults that the command line promises: 3000 tasks, one ticker of 10 ms, a deadline at half the
 * linger. */
static void the_articles_patterns_have_the_articles_defaults(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *param;
        int64_t expected;
    } rows[] = {{"recv", "n", 3000},   {"send", "n", 3000},
                {"send", "remedy", 0}, {"send", "patience", 60000000},
                {"ticker", "n", 1},    {"ticker", "tick", 10000000}};
    struct catalogue catalogue;
    load(&catalogue);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint16_t index;
        int64_t params[LIMIT_PARAMS] = {0};
        const struct pattern *pattern = catalogue_find(&catalogue, rows[i].pattern);
        assert_non_null(pattern);
        assert_non_null(pattern_param(pattern, rows[i].param, &index));
        assert_int_equal(param_default(pattern, index, params, 120000000), rows[i].expected);
        assert_string_equal(pattern->variants[VARIANT_LEAK].expect_texts[EXPECT_TASKS], "n");
        assert_string_equal(pattern->variants[VARIANT_FIX].expect_texts[EXPECT_TASKS], "0");
    }
    catalogue_deinit(&catalogue);
}

static void a_mode_is_a_variant_and_a_pattern(void **state)
{
    (void)state;
    struct catalogue catalogue;
    struct mode mode = {0};
    struct buf why;
    char text[MODE_TEXT];
    load(&catalogue);
    buf_init(&why, 1 << 16);
    assert_int_equal(catalogue_find_mode(&catalogue, "fix-ticker", &mode, &why), ERR_OK);
    assert_string_equal(mode.pattern->name, "ticker");
    assert_int_equal(mode.variant, VARIANT_FIX);
    assert_string_equal(mode_format(mode, text), "fix-ticker");
    assert_int_equal(why.size, 0);
    assert_int_equal(catalogue_find_mode(&catalogue, "leek-recv", &mode, &why), ERR_UNKNOWN);
    assert_string_equal(buf_text(&why), "unknown mode \"leek-recv\": did you mean \"leak-recv\"?");
    buf_clear(&why);
    assert_int_equal(catalogue_find_mode(&catalogue, "", &mode, &why), ERR_UNKNOWN);
    buf_clear(&why);
    assert_int_equal(catalogue_modes(&catalogue, &why), ERR_OK);
    assert_non_null(strstr(buf_text(&why), "leak-recv, fix-recv, "));
    assert_non_null(strstr(buf_text(&why), "leak-send, fix-send, "));
    buf_deinit(&why);
    catalogue_deinit(&catalogue);
}

static void a_pattern_of_a_name_that_is_taken_is_not_added(void **state)
{
    (void)state;
    struct catalogue catalogue;
    struct buf why;
    load(&catalogue);
    buf_init(&why, 1 << 16);
    size_t count = catalogue.count;
    struct compiled same =
        compile("pattern: recv\ntitle: t\nstory: s\nremedy: r\nfix: {main: []}\nexpect: {fix: 0}\n");
    assert_int_equal(catalogue_add(&catalogue, same.pattern), ERR_TAKEN);
    compiled_free(&same);
    assert_int_equal(catalogue_load(&catalogue, &why), ERR_SYNTAX);
    assert_int_equal(catalogue.count, count);
    struct compiled other =
        compile("pattern: only\ntitle: t\nstory: s\nremedy: r\nfix: {main: []}\nexpect: {fix: 0}\n");
    assert_int_equal(catalogue_add(&catalogue, other.pattern), ERR_OK);
    other.pattern = NULL;
    compiled_free(&other);
    buf_clear(&why);
    catalogue_modes(&catalogue, &why);
    assert_non_null(strstr(buf_text(&why), "fix-only"));
    assert_null(strstr(buf_text(&why), "leak-only"));
    buf_deinit(&why);
    catalogue_deinit(&catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parameter_is_of_its_defaults_type),
        cmocka_unit_test(defaults_follow_linger_and_earlier_parameters_within_bounds),
        cmocka_unit_test(values_are_read_as_users_write_them),
        cmocka_unit_test(bare_numbers_count_seconds_and_bytes),
        cmocka_unit_test(what_is_expected_to_leak_follows_the_parameters),
        cmocka_unit_test(what_is_not_stated_is_expected_not_to_leak),
        cmocka_unit_test(lost_heap_is_stated_as_a_size_that_a_count_may_multiply),
        cmocka_unit_test(every_file_of_the_catalogue_is_a_pattern_with_its_name),
        cmocka_unit_test(the_articles_patterns_have_the_articles_defaults),
        cmocka_unit_test(a_mode_is_a_variant_and_a_pattern),
        cmocka_unit_test(a_pattern_of_a_name_that_is_taken_is_not_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
