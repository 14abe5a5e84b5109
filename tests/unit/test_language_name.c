/* Given tasks with things of their own, when a name is used, then it means the nearest thing outward along
 * who spawned whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "language_fixture.h"

/* The reference of the first receive in a kind of task. */
static struct thing_ref first_recv(const char *text, const char *task)
{
    struct compiled compiled = compile(text);
    struct thing_ref ref = {.hops = 77};
    assert_int_equal(compiled.err, ERR_OK);
    const struct program *program = compiled.pattern->variants[VARIANT_FIX].program;
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        if (op->code == OP_RECV && strcmp(program->kinds[program->steps[op->step].kind].name, task) == 0)
            ref = op->thing;
    }
    compiled_free(&compiled);
    return ref;
}

static void what_is_shared_is_reached_directly(void **state)
{
    (void)state;
    struct thing_ref ref = first_recv(HEAD "share: {r: channel}\n"
                                           "fix:\n"
                                           "  main: {own: {x: channel}, steps: [spawn a]}\n"
                                           "  a: {own: {x: channel}, steps: [spawn a, spawn b]}\n"
                                           "  b: [recv r]\n"
                                           "expect: {fix: 0}\n",
                                      "b");
    assert_int_equal(ref.hops, HOPS_SHARE);
}

static void ones_own_comes_before_what_is_shared(void **state)
{
    (void)state;
    struct thing_ref ref = first_recv(HEAD "share: {r: channel}\n"
                                           "fix: {main: {own: {r: channel}, steps: [recv r]}}\n"
                                           "expect: {fix: 0}\n",
                                      "main");
    assert_int_equal(ref.hops, 0);
}

static void a_task_without_its_own_sees_its_spawners_things_as_its_own(void **state)
{
    (void)state;
    struct thing_ref ref = first_recv(HEAD "fix:\n"
                                           "  main: [spawn a]\n"
                                           "  a: {own: {r: channel}, steps: [spawn b]}\n"
                                           "  b: [spawn c]\n"
                                           "  c: [recv r]\n"
                                           "expect: {fix: 0}\n",
                                      "c");
    assert_int_equal(ref.hops, 0);
}

static void each_own_on_the_way_is_one_environment_further(void **state)
{
    (void)state;
    struct thing_ref ref = first_recv(HEAD "fix:\n"
                                           "  main: {own: {r: channel}, steps: [spawn a]}\n"
                                           "  a: {own: {x: channel}, steps: [spawn b]}\n"
                                           "  b: [spawn c]\n"
                                           "  c: {own: {y: channel}, steps: [recv r]}\n"
                                           "expect: {fix: 0}\n",
                                      "c");
    assert_int_equal(ref.hops, 2);
}

static void several_spawners_may_agree_on_what_a_name_means(void **state)
{
    (void)state;
    struct thing_ref ref = first_recv(HEAD "fix:\n"
                                           "  main: {own: {r: channel}, steps: [spawn a, spawn b, spawn c]}\n"
                                           "  a: [spawn c]\n"
                                           "  b: [spawn c, spawn b]\n"
                                           "  c: [recv r]\n"
                                           "expect: {fix: 0}\n",
                                      "c");
    assert_int_equal(ref.hops, 0);
}

static void a_task_that_spawns_itself_sees_its_own_things_first(void **state)
{
    (void)state;
    struct thing_ref ref = first_recv(HEAD "fix:\n"
                                           "  main: [spawn link]\n"
                                           "  link: {own: {r: channel}, steps: [spawn link, recv r]}\n"
                                           "expect: {fix: 0}\n",
                                      "link");
    assert_int_equal(ref.hops, 0);
}

/* The first link is spawned where nobody has one of its own, every other by a link. */
static void an_outer_name_is_what_it_means_to_the_spawner(void **state)
{
    (void)state;
    struct thing_ref ref =
        first_recv(HEAD "share: {r: channel}\n"
                        "fix:\n"
                        "  main: [spawn link]\n"
                        "  link: {own: {m: mutex, r: channel}, steps: [spawn link, recv outer.r]}\n"
                        "expect: {fix: 0}\n",
                   "link");
    assert_int_equal(ref.hops, 1);
    assert_true(ref.varies);
}

static void an_outer_name_that_means_one_thing_is_named_like_any_other(void **state)
{
    (void)state;
    struct thing_ref shared = first_recv(HEAD "share: {r: channel}\n"
                                              "fix:\n"
                                              "  main: [spawn a, spawn b]\n"
                                              "  a: {own: {x: channel}, steps: [spawn b]}\n"
                                              "  b: {own: {r: channel}, steps: [recv outer.r]}\n"
                                              "expect: {fix: 0}\n",
                                         "b");
    assert_int_equal(shared.hops, HOPS_SHARE);
    assert_false(shared.varies);
    struct thing_ref near = first_recv(HEAD "share: {r: channel}\n"
                                            "fix:\n"
                                            "  main: {own: {r: channel}, steps: [spawn a]}\n"
                                            "  a: [spawn b]\n"
                                            "  b: {own: {r: channel}, steps: [recv outer.r]}\n"
                                            "expect: {fix: 0}\n",
                                       "b");
    assert_int_equal(near.hops, 1);
    assert_false(near.varies);
    struct thing_ref of_main = first_recv(HEAD "share: {r: channel}\n"
                                               "fix: {main: {own: {r: channel}, steps: [recv outer.r]}}\n"
                                               "expect: {fix: 0}\n",
                                          "main");
    assert_int_equal(of_main.hops, HOPS_SHARE);
}

static void a_variants_share_adds_to_and_overrides_the_common_one(void **state)
{
    (void)state;
    struct compiled compiled = compile(HEAD "share: {a: channel, b: channel}\n"
                                            "leak: {main: [recv a, recv b]}\n"
                                            "fix:\n"
                                            "  share: {b: ticker 10ms, c: channel 3}\n"
                                            "  main: [recv a, tick b, recv c]\n"
                                            "expect: {leak: 0, fix: 0}\n");
    assert_int_equal(compiled.err, ERR_OK);
    const struct layout *leak = &compiled.pattern->variants[VARIANT_LEAK].program->layouts[0];
    const struct layout *fix = &compiled.pattern->variants[VARIANT_FIX].program->layouts[0];
    assert_int_equal(leak->count, 2);
    assert_int_equal(fix->count, 3);
    assert_string_equal(fix->things[1].name, "b");
    assert_int_equal(fix->things[1].kind, THING_TICKER);
    assert_int_equal(fix->things[1].line, 8);
    compiled_free(&compiled);
}

/* Sixty-four tasks that all spawn each other, each with things of its own: every name has endless ways to be
 * reached. */
static void many_ways_to_a_name_are_walked_in_bounded_time(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 17);
    buf_puts(&text, HEAD "share: {r: channel}\nfix:\n  main: [spawn t1]\n");
    for (int i = 1; i < LIMIT_TASK_KINDS; i++) {
        buf_printf(&text, "  t%d: {own: {x%d: channel}, steps: [recv r, recv x%d", i, i, i);
        for (int j = 1; j < LIMIT_TASK_KINDS && i < 12; j++)
            buf_printf(&text, ", spawn t%d", j);
        buf_puts(&text, ", recv x7]}\n");
    }
    buf_puts(&text, "expect: {fix: 0}\n");
    struct compiled compiled = compile(buf_text(&text));
    assert_int_equal(compiled.err, ERR_SYNTAX);
    assert_int_equal(compiled.messages.count, LIMIT_MESSAGES);
    assert_non_null(strstr(compiled.messages.items[0].text, "a different number of tasks"));
    compiled_free(&compiled);
    buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shared_is_reached_directly),
        cmocka_unit_test(ones_own_comes_before_what_is_shared),
        cmocka_unit_test(a_task_without_its_own_sees_its_spawners_things_as_its_own),
        cmocka_unit_test(each_own_on_the_way_is_one_environment_further),
        cmocka_unit_test(several_spawners_may_agree_on_what_a_name_means),
        cmocka_unit_test(a_task_that_spawns_itself_sees_its_own_things_first),
        cmocka_unit_test(an_outer_name_is_what_it_means_to_the_spawner),
        cmocka_unit_test(an_outer_name_that_means_one_thing_is_named_like_any_other),
        cmocka_unit_test(a_variants_share_adds_to_and_overrides_the_common_one),
        cmocka_unit_test(many_ways_to_a_name_are_walked_in_bounded_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
