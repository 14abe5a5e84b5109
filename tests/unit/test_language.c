/* Given a statement, when it is compiled, then these operations come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "language/catalogue.h"
#include "language/listing.h"
#include "language_fixture.h"

#define THINGS "share: {c: channel, b: channel 4, t: ticker 10ms, s: scope 50ms}\n"

static void an_owner_lingers_and_leaves_at_the_end_of_main(void **state)
{
    (void)state;
    assert_fix("fix: {main: []}\n", "main:\n"
                                    "   0  linger\n"
                                    "   1  leave\n");
}

static void exit_in_main_leaves_at_once(void **state)
{
    (void)state;
    assert_fix("fix: {main: [exit]}\n", "main:\n"
                                        "   0  leave\n");
}

static void a_task_begins_by_keeping_what_every_task_keeps(void **state)
{
    (void)state;
    assert_fix("fix:\n  main: [spawn a, spawn b, spawn c]\n  a: []\n  b: exit\n  c: [panic]\n",
               "main:\n"
               "   0  spawn a * 1 with r0\n"
               "   1  spawn b * 1 with r0\n"
               "   2  spawn c * 1 with r0\n"
               "   3  linger\n"
               "   4  leave\n"
               "a:\n"
               "   5  hold holds\n"
               "   6  end\n"
               "b:\n"
               "   7  hold holds\n"
               "   8  end\n"
               "c:\n"
               "   9  hold holds\n"
               "  10  panic\n");
}

static void an_operand_is_listed_with_what_it_is_multiplied_by(void **state)
{
    (void)state;
    assert_fix("params: {n: {default: 3, about: x}, bytes: {default: 4KiB, about: x}}\n"
               "fix:\n"
               "  main: [hold bytes * n]\n",
               "main:\n"
               "   0  hold p1 * p0\n"
               "   1  linger\n"
               "   2  leave\n");
}

static void each_simple_statement_is_one_operation(void **state)
{
    (void)state;
    assert_fix(THINGS "fix:\n"
                      "  main:\n"
                      "    - send c\n"
                      "    - recv b\n"
                      "    - close c\n"
                      "    - sleep 1.5s\n"
                      "    - tick t\n"
                      "    - stop t\n"
                      "    - await done\n"
                      "    - await done s\n"
                      "    - cancel s\n"
                      "    - hold 4KiB\n"
                      "    - drop\n",
               "main:\n"
               "   0  send share.c\n"
               "   1  recv share.b\n"
               "   2  close share.c\n"
               "   3  sleep 1500000000\n"
               "   4  tick share.t\n"
               "   5  stop share.t\n"
               "   6  await start\n"
               "   7  await share.s\n"
               "   8  cancel share.s\n"
               "   9  hold 4096\n"
               "  10  drop\n"
               "  11  linger\n"
               "  12  leave\n");
}

static void locks_are_taken_by_their_kind(void **state)
{
    (void)state;
    assert_fix("share: {m: mutex, rw: rwmutex}\n"
               "fix:\n"
               "  main: [lock m, unlock m, lock rw, unlock rw, rlock rw, runlock rw]\n",
               "main:\n"
               "   0  lock share.m\n"
               "   1  unlock share.m\n"
               "   2  lock share.rw\n"
               "   3  unlock share.rw\n"
               "   4  rlock share.rw\n"
               "   5  runlock share.rw\n"
               "   6  linger\n"
               "   7  leave\n");
}

static void resources_are_opened_and_shut(void **state)
{
    (void)state;
    assert_fix("share: {f: file, s: socket, h: handle, t: thread, j: job}\n"
               "fix:\n"
               "  main: [open f, shut f, open s, open h, open t, shut j]\n",
               "main:\n"
               "   0  open share.f\n"
               "   1  shut share.f\n"
               "   2  open share.s\n"
               "   3  open share.h\n"
               "   4  open share.t\n"
               "   5  shut share.j\n"
               "   6  linger\n"
               "   7  leave\n");
}

static void groups_are_added_to_and_waited_for(void **state)
{
    (void)state;
    assert_fix("share: {g: group}\n"
               "params: {n: {default: 3, about: x}}\n"
               "fix:\n"
               "  main: [add g, add g n * 2, finish g, wait g]\n",
               "main:\n"
               "   0  add share.g 1\n"
               "   1  add share.g p0 * 2\n"
               "   2  finish share.g\n"
               "   3  wait share.g\n"
               "   4  linger\n"
               "   5  leave\n");
}

static void a_condition_is_tied_to_its_mutex(void **state)
{
    (void)state;
    assert_fix("share: {k: condition m, m: mutex}\n"
               "fix:\n"
               "  share: {m: mutex}\n"
               "  main: [wait k, signal k, broadcast k]\n",
               "main:\n"
               "   0  wait share.k\n"
               "   1  signal share.k\n"
               "   2  broadcast share.k\n"
               "   3  linger\n"
               "   4  leave\n");
}

static void a_number_is_set_and_looked_at(void **state)
{
    (void)state;
    assert_fix("params: {n: {default: 3, about: x}}\n"
               "share: {x: number n}\n"
               "fix:\n"
               "  main:\n"
               "    - set x 2\n"
               "    - set x + n\n"
               "    - set x - 1\n"
               "    - if x is not n: drop\n"
               "      else: [exit]\n",
               "main:\n"
               "   0  set share.x to 2\n"
               "   1  set share.x + p0\n"
               "   2  set share.x - 1\n"
               "   3  test share.x is not p0 else -> 6\n"
               "   4  drop\n"
               "   5  jump -> 7\n"
               "   6  leave\n"
               "   7  linger\n"
               "   8  leave\n");
}

static void what_the_spawner_sees_is_outer(void **state)
{
    (void)state;
    assert_fix("share: {c: channel, d: channel}\n"
               "fix:\n"
               "  main: [spawn link]\n"
               "  link:\n"
               "    own: {c: channel}\n"
               "    steps:\n"
               "      - spawn link\n"
               "      - send c\n"
               "      - recv outer.c\n"
               "      - select: {recv outer.d: []}\n",
               "main:\n"
               "   0  spawn link * 1 with r0\n"
               "   1  linger\n"
               "   2  leave\n"
               "link:\n"
               "   3  hold holds\n"
               "   4  spawn link * 1 with r0\n"
               "   5  send own.c\n"
               "   6  recv outer.c\n"
               "   7  select\n"
               "         recv share.d -> 8\n"
               "   8  end\n");
}

static void a_chance_branches_as_an_if_does(void **state)
{
    (void)state;
    assert_fix("params: {p: {default: 2%, about: x}}\n"
               "fix:\n"
               "  main:\n"
               "    - chance p:\n"
               "        - chance 50%: exit\n"
               "      else: drop\n",
               "main:\n"
               "   0  chance p0 else -> 4\n"
               "   1  chance 500000 else -> 3\n"
               "   2  leave\n"
               "   3  jump -> 5\n"
               "   4  drop\n"
               "   5  linger\n"
               "   6  leave\n");
}

static void a_loop_without_a_number_turns_until_a_break(void **state)
{
    (void)state;
    assert_fix(THINGS "fix:\n"
                      "  main:\n"
                      "    - loop:\n"
                      "        - select: {recv c: , done: break}\n"
                      "        - send b\n"
                      "    - close c\n",
               "main:\n"
               "   0  select\n"
               "         recv share.c -> 2\n"
               "         done start -> 1\n"
               "   1  jump -> 4\n"
               "   2  send share.b\n"
               "   3  jump -> 0\n"
               "   4  close share.c\n"
               "   5  linger\n"
               "   6  leave\n");
}

static void counted_loops_and_spawns_inside_them_have_a_register_each(void **state)
{
    (void)state;
    assert_fix("params: {k: {default: 3, about: rounds}}\n"
               "fix:\n"
               "  main:\n"
               "    - loop k:\n"
               "        - loop 2: [spawn a * k]\n"
               "        - spawn a\n"
               "    - spawn a * k + 1\n"
               "  a: []\n",
               "main:\n"
               "   0  loop r0 = p0, 0 -> 6\n"
               "   1  loop r1 = 2, 0 -> 4\n"
               "   2  spawn a * p0 with r2\n"
               "   3  next r1 -> 2\n"
               "   4  spawn a * 1 with r1\n"
               "   5  next r0 -> 1\n"
               "   6  spawn a * p0 + 1 with r0\n"
               "   7  linger\n"
               "   8  leave\n"
               "a:\n"
               "   9  hold holds\n"
               "  10  end\n");
}

static void a_break_out_of_a_counted_loop_clears_its_register(void **state)
{
    (void)state;
    assert_fix(THINGS "fix:\n"
                      "  main:\n"
                      "    - loop 5:\n"
                      "        - select: {recv c: break, default: }\n"
                      "        - sleep 1ms\n",
               "main:\n"
               "   0  loop r0 = 5, 0 -> 5\n"
               "   1  select\n"
               "         recv share.c -> 2\n"
               "         default -> 3\n"
               "   2  loop r0 = 0, 0 -> 5\n"
               "   3  sleep 1000000\n"
               "   4  next r0 -> 1\n"
               "   5  linger\n"
               "   6  leave\n");
}

static void range_receives_until_the_channel_is_closed(void **state)
{
    (void)state;
    assert_fix(THINGS "fix:\n"
                      "  main:\n"
                      "    - range c: [sleep 1ms]\n"
                      "    - range b\n",
               "main:\n"
               "   0  range share.c, closed -> 3\n"
               "   1  sleep 1000000\n"
               "   2  jump -> 0\n"
               "   3  range share.b, closed -> 5\n"
               "   4  jump -> 3\n"
               "   5  linger\n"
               "   6  leave\n");
}

static void select_has_every_case_of_go_and_a_deadline(void **state)
{
    (void)state;
    assert_fix(THINGS "fix:\n"
                      "  main:\n"
                      "    - select:\n"
                      "        recv c:\n"
                      "        send b: sleep 1ms\n"
                      "        tick t: [stop t, close c]\n"
                      "        after 50ms: exit\n"
                      "        done:\n"
                      "        done s: {select: {recv b: exit}}\n"
                      "        default: [drop]\n",
               "main:\n"
               "   0  select\n"
               "         recv share.c -> 10\n"
               "         send share.b -> 1\n"
               "         tick share.t -> 3\n"
               "         after 50000000 -> 6\n"
               "         done start -> 10\n"
               "         done share.s -> 7\n"
               "         default -> 9\n"
               "   1  sleep 1000000\n"
               "   2  jump -> 10\n"
               "   3  stop share.t\n"
               "   4  close share.c\n"
               "   5  jump -> 10\n"
               "   6  leave\n"
               "   7  select\n"
               "         recv share.b -> 8\n"
               "   8  leave\n"
               "   9  drop\n"
               "  10  linger\n"
               "  11  leave\n");
}

static void a_select_without_cases_blocks_for_ever(void **state)
{
    (void)state;
    assert_fix("fix:\n  main: [spawn a, spawn b, select]\n  a: [{select: {}}]\n  b:\n    - select:\n",
               "main:\n"
               "   0  spawn a * 1 with r0\n"
               "   1  spawn b * 1 with r0\n"
               "   2  select\n"
               "a:\n"
               "   3  hold holds\n"
               "   4  select\n"
               "b:\n"
               "   5  hold holds\n"
               "   6  select\n");
}

static void if_compares_numbers_and_choices(void **state)
{
    (void)state;
    assert_fix("params:\n"
               "  n: {default: 3, about: x}\n"
               "  how: {default: b, choices: [a, b, c], about: x}\n"
               "fix:\n"
               "  main:\n"
               "    - if n > 2: [drop]\n"
               "    - if how is not c: drop\n"
               "      else: [panic]\n"
               "    - if linger <= 1s:\n"
               "        - if holds is 0: exit\n"
               "    - if n >= n * 2: []\n"
               "    - if n<4: drop\n",
               "main:\n"
               "   0  branch p0 > 2 else -> 2\n"
               "   1  drop\n"
               "   2  branch p1 is not 2 else -> 5\n"
               "   3  drop\n"
               "   4  jump -> 6\n"
               "   5  panic\n"
               "   6  branch linger <= 1000000000 else -> 9\n"
               "   7  branch holds is 0 else -> 9\n"
               "   8  leave\n"
               "   9  branch p0 >= p0 * 2 else -> 10\n"
               "  10  branch p0 < 4 else -> 12\n"
               "  11  drop\n"
               "  12  linger\n"
               "  13  leave\n");
}

static void steps_are_the_statements_as_written_with_their_places(void **state)
{
    (void)state;
    struct compiled compiled = compile(HEAD "share: {c: channel}\n"
                                            "fix:\n"
                                            "  main:\n"
                                            "    - spawn  w *  3\n"
                                            "  w:\n"
                                            "    - loop:\n"
                                            "        - select:\n"
                                            "            recv c:\n"
                                            "            done: exit\n"
                                            "expect: {fix: 0}\n");
    assert_int_equal(compiled.err, ERR_OK);
    const struct program *program = compiled.pattern->variants[VARIANT_FIX].program;
    static const struct step expected[] = {
        {8, 7, 0, NULL}, {8, 7, 0, NULL}, {10, 7, 1, NULL}, {11, 11, 1, NULL}, {13, 19, 1, NULL}};
    static const char *const texts[] = {"spawn w * 3", "linger", "loop", "select", "exit"};
    assert_int_equal(program->step_count, 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(program->steps[i].text, texts[i]);
        assert_int_equal(program->steps[i].line, expected[i].line);
        assert_int_equal(program->steps[i].column, expected[i].column);
        assert_int_equal(program->steps[i].kind, expected[i].kind);
    }
    compiled_free(&compiled);
}

static void the_same_pattern_as_json_gives_the_same_program(void **state)
{
    (void)state;
    struct compiled yaml = compile(HEAD "params: {n: {default: 3, about: x}}\n"
                                        "share: {jobs: channel n}\n"
                                        "fix:\n"
                                        "  main: [spawn w * n]\n"
                                        "  w:\n"
                                        "    - select: {recv jobs: , done: exit}\n"
                                        "expect: {fix: n - 1}\n");
    struct compiled json = compile(
        "{\"pattern\":\"p\",\"title\":\"t\",\"story\":\"s\",\"remedy\":\"r\","
        "\"params\":{\"n\":{\"default\":3,\"about\":\"x\"}},\n\t\"share\":{\"jobs\":\"channel n\"},"
        "\"fix\":{\"main\":[\"spawn w * n\"],\"w\":[{\"select\":{\"recv jobs\":null,\"done\":\"exit\"}}]},"
        "\"expect\":{\"fix\":\"n - 1\"}}");
    struct buf a, b;
    buf_init(&a, 65536);
    buf_init(&b, 65536);
    assert_int_equal(yaml.err, ERR_OK);
    assert_int_equal(json.err, ERR_OK);
    program_list(yaml.pattern->variants[VARIANT_FIX].program, &a);
    program_list(json.pattern->variants[VARIANT_FIX].program, &b);
    assert_string_equal(buf_text(&a), buf_text(&b));
    assert_string_equal(json.pattern->variants[VARIANT_FIX].expect_texts[EXPECT_TASKS], "n - 1");
    buf_deinit(&a);
    buf_deinit(&b);
    compiled_free(&yaml);
    compiled_free(&json);
}

static void a_pattern_may_have_one_variant_only(void **state)
{
    (void)state;
    struct compiled compiled = compile(HEAD "leak: {main: []}\nexpect: {leak: 0}\n");
    assert_int_equal(compiled.err, ERR_OK);
    assert_non_null(compiled.pattern->variants[VARIANT_LEAK].program);
    assert_null(compiled.pattern->variants[VARIANT_FIX].program);
    assert_null(compiled.pattern->variants[VARIANT_FIX].expect_texts[EXPECT_TASKS]);
    assert_string_equal(compiled.pattern->signature, "");
    compiled_free(&compiled);
}

static void a_text_may_be_written_in_every_way_of_yaml(void **state)
{
    (void)state;
    struct compiled compiled =
        compile("\xef\xbb\xbfpattern: 'p'\ntitle: \"a \\u00e9\"\nstory: |\n  one\n  two\n"
                "remedy: >-\n  three\n  four\nfix: {main: []}\nexpect: {fix: 0}\n");
    assert_int_equal(compiled.err, ERR_OK);
    assert_string_equal(compiled.pattern->title, "a \xc3\xa9");
    assert_string_equal(compiled.pattern->story, "one\ntwo\n");
    assert_string_equal(compiled.pattern->remedy, "three four");
    compiled_free(&compiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_owner_lingers_and_leaves_at_the_end_of_main),
        cmocka_unit_test(exit_in_main_leaves_at_once),
        cmocka_unit_test(a_task_begins_by_keeping_what_every_task_keeps),
        cmocka_unit_test(an_operand_is_listed_with_what_it_is_multiplied_by),
        cmocka_unit_test(each_simple_statement_is_one_operation),
        cmocka_unit_test(locks_are_taken_by_their_kind),
        cmocka_unit_test(resources_are_opened_and_shut),
        cmocka_unit_test(groups_are_added_to_and_waited_for),
        cmocka_unit_test(a_condition_is_tied_to_its_mutex),
        cmocka_unit_test(a_number_is_set_and_looked_at),
        cmocka_unit_test(what_the_spawner_sees_is_outer),
        cmocka_unit_test(a_chance_branches_as_an_if_does),
        cmocka_unit_test(a_loop_without_a_number_turns_until_a_break),
        cmocka_unit_test(counted_loops_and_spawns_inside_them_have_a_register_each),
        cmocka_unit_test(a_break_out_of_a_counted_loop_clears_its_register),
        cmocka_unit_test(range_receives_until_the_channel_is_closed),
        cmocka_unit_test(select_has_every_case_of_go_and_a_deadline),
        cmocka_unit_test(a_select_without_cases_blocks_for_ever),
        cmocka_unit_test(if_compares_numbers_and_choices),
        cmocka_unit_test(steps_are_the_statements_as_written_with_their_places),
        cmocka_unit_test(the_same_pattern_as_json_gives_the_same_program),
        cmocka_unit_test(a_pattern_may_have_one_variant_only),
        cmocka_unit_test(a_text_may_be_written_in_every_way_of_yaml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
