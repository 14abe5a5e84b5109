/* Command-line flags: Go's spelling and GNU's, the environment, and what a user hears about a mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "command/options.h"

enum { MODE, N, MAX_TASKS, JSON, COUNT };

static const struct option_spec specs[COUNT] = {
    [MODE] = {"mode", "MODE", "fix-recv", "which pattern"},
    [N] = {"n", "N", NULL, "how many"},
    [MAX_TASKS] = {"max-tasks", "N", NULL, "limit"},
    [JSON] = {"json", NULL, NULL, "JSON lines"},
};

static const struct options options = {"leaklab test", specs, COUNT, "LEAKLAB_TEST_"};

struct outcome {
    bool parsed;
    bool help;
    enum option_source sources[COUNT];
    const char *values[COUNT];
    size_t operand_count;
    const char *operands[16];
    char message[512]; /* what was written to stderr */
};

/* Parses the arguments, up to a NULL, for a command that takes so many operands, with stderr caught in a
 * file.
 */
static struct outcome parse(const char *const *arguments, size_t operands_max)
{
    struct operands operands = {.max = operands_max};
    struct outcome outcome = {0};
    char *argv[16] = {(char *)(uintptr_t) "leaklab"};
    int argc = 1;
    for (; arguments[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
    FILE *caught = tmpfile();
    FILE *saved = stderr;
    assert_non_null(caught);
    stderr = caught;
    outcome.parsed = options_parse_operands(&options, argc, argv, outcome.values, outcome.sources,
                                            &outcome.help, &operands);
    stderr = saved;
    outcome.operand_count = operands.count;
    for (size_t i = 0; i < operands.count; i++)
        outcome.operands[i] = operands.items[i];
    rewind(caught);
    outcome.message[fread(outcome.message, 1, sizeof outcome.message - 1, caught)] = '\0';
    fclose(caught);
    return outcome;
}

#define PARSE(...)               parse((const char *const[]){__VA_ARGS__, NULL}, 0)
#define PARSE_OPERANDS(max, ...) parse((const char *const[]){__VA_ARGS__, NULL}, max)

static void flags_are_read_in_go_spelling_and_in_gnu_spelling(void **state)
{
    (void)state;
    const struct outcome outcomes[] = {
        PARSE("-mode=leak-recv", "-n=2000"),
        PARSE("--mode", "leak-recv", "--n", "2000"),
        PARSE("-mode", "leak-recv", "-n", "2000"),
        PARSE("--mode=leak-recv", "--n=2000"),
    };
    for (size_t i = 0; i < COUNT_OF(outcomes); i++) {
        assert_true(outcomes[i].parsed);
        assert_string_equal(outcomes[i].values[MODE], "leak-recv");
        assert_string_equal(outcomes[i].values[N], "2000");
        assert_int_equal(outcomes[i].sources[N], FROM_FLAG);
    }
}

static void what_is_not_given_has_its_default_or_none(void **state)
{
    (void)state;
    struct outcome outcome = PARSE("-json");
    assert_true(outcome.parsed);
    assert_string_equal(outcome.values[MODE], "fix-recv");
    assert_int_equal(outcome.sources[MODE], FROM_DEFAULT);
    assert_null(outcome.values[N]);
    assert_string_equal(outcome.values[JSON], "true");
}

static void the_environment_counts_and_a_flag_wins_over_it(void **state)
{
    (void)state;
    setenv("LEAKLAB_TEST_MAX_TASKS", "10", 1);
    setenv("LEAKLAB_TEST_JSON", "false", 1);
    struct outcome from_environment = PARSE("-n=1");
    struct outcome from_flag = PARSE("--max-tasks=20");
    setenv("LEAKLAB_TEST_JSON", "perhaps", 1);
    struct outcome nonsense = PARSE("-n=1");
    struct outcome overruled = PARSE("--json");
    struct outcome help = PARSE("--help");
    unsetenv("LEAKLAB_TEST_MAX_TASKS");
    unsetenv("LEAKLAB_TEST_JSON");
    assert_string_equal(from_environment.values[MAX_TASKS], "10");
    assert_int_equal(from_environment.sources[MAX_TASKS], FROM_ENVIRONMENT);
    assert_null(from_environment.values[JSON]);
    assert_string_equal(from_flag.values[MAX_TASKS], "20");
    assert_false(nonsense.parsed);
    assert_true(overruled.parsed);
    assert_string_equal(overruled.values[JSON], "true");
    assert_true(help.parsed && help.help);
    assert_non_null(strstr(nonsense.message, "LEAKLAB_TEST_JSON is true or false, not \"perhaps\""));
}

static void a_mistake_is_refused_with_what_would_have_been_right(void **state)
{
    (void)state;
    static const struct {
        const char *argument;
        const char *message;
    } mistakes[] = {
        {"--moed=leak-recv", "leaklab test: unknown flag -moed: did you mean \"mode\"?"},
        {"-xyzzy", "leaklab test: unknown flag -xyzzy: known: mode, n, max-tasks, json"},
        {"-mode", "leaklab test: -mode needs a value"},
        {"-json=maybe", "leaklab test: -json is a switch and takes no value"},
        {"stray", "leaklab test: stray argument \"stray\""},
    };
    for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
        struct outcome outcome = PARSE(mistakes[i].argument);
        assert_false(outcome.parsed);
        if (strstr(outcome.message, mistakes[i].message) == NULL)
            fail_msg("%s gave: %s", mistakes[i].argument, outcome.message);
    }
}

static void operands_stand_before_between_and_behind_flags(void **state)
{
    (void)state;
    struct outcome outcome = PARSE_OPERANDS(4, "a.yaml", "-n", "3", "-", "--json", "b.yaml", "--", "-c.yaml");
    static const char *const expected[] = {"a.yaml", "-", "b.yaml", "-c.yaml"};
    assert_true(outcome.parsed);
    assert_string_equal(outcome.values[N], "3");
    assert_string_equal(outcome.values[JSON], "true");
    assert_int_equal(outcome.operand_count, COUNT_OF(expected));
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        assert_string_equal(outcome.operands[i], expected[i]);
}

static void one_operand_too_many_is_stray(void **state)
{
    (void)state;
    struct outcome outcome = PARSE_OPERANDS(1, "recv", "-json", "send", "ticker");
    assert_false(outcome.parsed);
    assert_non_null(strstr(outcome.message, "leaklab test: stray argument \"send\""));
    assert_true(PARSE_OPERANDS(1, "recv").parsed);
    assert_int_equal(PARSE_OPERANDS(1, "-json").operand_count, 0);
    assert_true(PARSE_OPERANDS(1, "recv", "send", "--help").help);
}

static void a_value_is_called_what_its_giver_called_it(void **state)
{
    (void)state;
    char name[OPTION_NAME];
    assert_string_equal(options_name(&options, MAX_TASKS, FROM_FLAG, name), "--max-tasks");
    assert_string_equal(options_name(&options, MAX_TASKS, FROM_ENVIRONMENT, name), "LEAKLAB_TEST_MAX_TASKS");
}

static void help_is_told_from_everything_else(void **state)
{
    (void)state;
    struct outcome outcome = PARSE("--help");
    assert_true(outcome.parsed);
    assert_true(outcome.help);
    assert_false(PARSE("-n=1").help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_are_read_in_go_spelling_and_in_gnu_spelling),
        cmocka_unit_test(what_is_not_given_has_its_default_or_none),
        cmocka_unit_test(the_environment_counts_and_a_flag_wins_over_it),
        cmocka_unit_test(a_mistake_is_refused_with_what_would_have_been_right),
        cmocka_unit_test(operands_stand_before_between_and_behind_flags),
        cmocka_unit_test(one_operand_too_many_is_stray),
        cmocka_unit_test(a_value_is_called_what_its_giver_called_it),
        cmocka_unit_test(help_is_told_from_everything_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
