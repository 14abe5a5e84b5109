/* Which series a selector keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "command/match.h"
#include "fault.h"

#define RECV "leaklab_tasks{job=\"a\",pattern=\"recv\",state=\"recv\"}"
#define SEND "leaklab_tasks{job=\"a\",pattern=\"send\",state=\"ready\"}"
#define ODD  "odd{text=\"a \\\"b\\\",c}=\\\\d\\ne\",last=\"x\"}"
#define BARE "up"

static void assert_keeps(const char *selectors, bool recv, bool send, bool odd, bool bare)
{
    struct match match;
    char why[MATCH_WHY];
    assert_int_equal(match_read(&match, selectors, why), ERR_OK);
    assert_int_equal(match_keep(&match, RECV), recv);
    assert_int_equal(match_keep(&match, SEND), send);
    assert_int_equal(match_keep(&match, ODD), odd);
    assert_int_equal(match_keep(&match, BARE), bare);
    match_deinit(&match);
}

static void names(void **state)
{
    (void)state;
    assert_keeps("leaklab_tasks", true, true, false, false);
    assert_keeps("leaklab_task", false, false, false, false);
    assert_keeps("leaklab_*", true, true, false, false);
    assert_keeps("*", true, true, true, true);
    assert_keeps("up, odd", false, false, true, true);
    assert_keeps("up\nodd,\n", false, false, true, true);
    assert_keeps("{__name__=~\"u.|odd\"}", false, false, true, true);
}

static void labels(void **state)
{
    (void)state;
    assert_keeps("leaklab_tasks{pattern=\"recv\"}", true, false, false, false);
    assert_keeps("leaklab_tasks{pattern!='recv'}", false, true, false, false);
    assert_keeps("leaklab_tasks{state=~\"rea.*\"}", false, true, false, false);
    assert_keeps("leaklab_tasks{state=~\"rea\"}", false, false, false, false);
    assert_keeps("leaklab_tasks{state!~\"rea|recv\"}", false, true, false, false);
    assert_keeps("leaklab_tasks{pattern=~\"re.*|se.*\", state=\"recv\",}", true, false, false, false);
    /* A label that is not there is empty. */
    assert_keeps("{pattern=\"\"}", false, false, true, true);
    assert_keeps("{pattern!=\"\"}", true, true, false, false);
    assert_keeps("{last=\"x\"}", false, false, true, false);
}

static void values_are_what_they_mean(void **state)
{
    (void)state;
    assert_keeps("odd{text='a \"b\",c}=\\\\d\ne'}", false, false, true, false);
    assert_keeps("odd{text=\"a \\\"b\\\",c}=\\\\d\ne\"}", false, false, true, false);
    assert_keeps("odd{c=\"\"}", false, false, true, false);
}

static void assert_refused(const char *selectors, enum err err, const char *told)
{
    struct match match;
    char why[MATCH_WHY];
    assert_int_equal(match_read(&match, selectors, why), err);
    assert_non_null(strstr(why, told));
    assert_int_equal(match.count, 0);
}

static void what_is_wrong_is_told(void **state)
{
    (void)state;
    char many[LIMIT_MATCHES * 2 + 2];
    for (size_t i = 0; i <= LIMIT_MATCHES; i++)
        memcpy(many + 2 * i, "a,", 2);
    many[sizeof many - 1] = '\0';
    assert_refused("", ERR_SYNTAX, "no selector at \"\": right is up, process_* or name{label=\"value\"}");
    assert_refused("up{", ERR_SYNTAX, "no label");
    assert_refused("up{a", ERR_SYNTAX, "none of =, !=, =~ and !~");
    assert_refused("up{a=b}", ERR_SYNTAX, "a value without quotes at \"b}\"");
    assert_refused("up{a=\"b}", ERR_SYNTAX, "a quote without its end");
    assert_refused("up{a=\"b\" c=\"d\"}", ERR_SYNTAX, "neither , nor } at \"c=");
    assert_refused("up{a=~\"(\"}", ERR_SYNTAX, "no regular expression at \"\"(\"}\"");
    assert_refused("up{a!~'x\\.\\d+'}", ERR_SYNTAX, "\\d and its like are not POSIX's, which has [0-9] at");
    assert_refused("up}", ERR_SYNTAX, "neither a comma nor the end");
    assert_refused(
        "up{a=\"1\",a=\"1\",a=\"1\",a=\"1\",a=\"1\",a=\"1\",a=\"1\",a=\"1\",a=\"1\",a=\"1\",a=\"1\"}",
        ERR_SYNTAX, "too many labels");
    assert_refused(many, ERR_LIMIT, "more than 100 selectors");
}

static bool read_once(void *argument)
{
    struct match match;
    char why[MATCH_WHY];
    enum err err = match_read(&match, argument, why);
    assert_true(err == ERR_OK || err == ERR_MEMORY);
    match_deinit(&match);
    return err == ERR_OK;
}

static void without_memory_it_says_so(void **state)
{
    static char selectors[] = "up,leaklab_tasks{pattern=~\"recv|send\",state!=\"ready\"},{a!~\"x\"}";
    (void)state;
    fault_sweep(read_once, selectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(labels),
        cmocka_unit_test(values_are_what_they_mean),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
