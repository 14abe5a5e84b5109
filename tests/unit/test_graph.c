/* Given a pattern, when its program is drawn, then the picture shows what is there, and what is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "fault.h"
#include "language/catalogue.h"
#include "language/graph.h"
#include "language_fixture.h"

#define GRAPH_BYTES (1 << 20)
#define RED         "style=dashed, color=\"#cc0000\", fontcolor=\"#cc0000\"];\n"
#define GREY        "style=dashed, color=\"#888888\", fontcolor=\"#888888\"];\n"

static char *graph_of(const struct program *program)
{
    struct buf graph;
    size_t size;
    buf_init(&graph, GRAPH_BYTES);
    assert_int_equal(program_graph(program, NULL, 0, &graph), ERR_OK);
    return buf_take(&graph, &size);
}

/* The graph of a pattern's fix: HEAD, then this text, from line 5 on. The caller frees it. */
static char *draw(const char *text)
{
    struct buf source;
    buf_init(&source, 1 << 16);
    buf_printf(&source, "%s%sexpect: {fix: 0}\n", HEAD, text);
    struct compiled compiled = compile(buf_text(&source));
    assert_int_equal(compiled.err, ERR_OK);
    char *graph = graph_of(compiled.pattern->variants[VARIANT_FIX].program);
    compiled_free(&compiled);
    buf_deinit(&source);
    return graph;
}

static void a_graph_shows_tasks_steps_things_and_what_they_do_to_each_other(void **state)
{
    (void)state;
    char *graph = draw("share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn a * 3, close c]\n"
                       "  a:\n"
                       "    own: {t: ticker 10ms}\n"
                       "    steps:\n"
                       "      - range c: [tick t]\n"
                       "      - stop t\n");
    assert_string_equal(graph, "digraph \"fix-p\" {\n"
                               "  label=\"fix-p, p.yaml\";\n"
                               "  labelloc=t;\n"
                               "  bgcolor=white;\n"
                               "  fontname=\"sans-serif\";\n"
                               "  node [shape=box, fontname=\"sans-serif\", fontsize=11];\n"
                               "  edge [fontname=\"sans-serif\", fontsize=9];\n"
                               "  subgraph cluster_0 {\n"
                               "    label=\"main, the owner\";\n"
                               "    style=rounded;\n"
                               "    color=\"#888888\";\n"
                               "    s0 [label=\"7: spawn a * 3\"];\n"
                               "    s1 [label=\"7: close c\"];\n"
                               "    s2 [label=\"7: linger\"];\n"
                               "    e0 [shape=doublecircle, label=\"end\", fontsize=9, margin=0];\n"
                               "  }\n"
                               "  subgraph cluster_1 {\n"
                               "    label=\"a\";\n"
                               "    style=rounded;\n"
                               "    color=\"#888888\";\n"
                               "    s3 [label=\"11: range c\"];\n"
                               "    s4 [label=\"11: tick t\"];\n"
                               "    s5 [label=\"12: stop t\"];\n"
                               "    e1 [shape=doublecircle, label=\"end\", fontsize=9, margin=0];\n"
                               "    t1 [shape=ellipse, label=\"t\\nticker\"];\n"
                               "  }\n"
                               "  t0 [shape=ellipse, label=\"c\\nchannel\"];\n"
                               "  s0 -> s1 [color=\"#888888\"];\n"
                               "  s1 -> s2 [color=\"#888888\"];\n"
                               "  s2 -> e0 [color=\"#888888\"];\n"
                               "  s3 -> s5 [color=\"#888888\"];\n"
                               "  s3 -> s4 [color=\"#888888\"];\n"
                               "  s4 -> s3 [color=\"#888888\"];\n"
                               "  s5 -> e1 [color=\"#888888\"];\n"
                               "  s0 -> s3 [label=\"spawn\", style=bold, color=\"#1f5fbf\"];\n"
                               "  s1 -> t0 [label=\"close\"];\n"
                               "  t0 -> s3 [label=\"recv\"];\n"
                               "  t1 -> s4 [label=\"tick\"];\n"
                               "  s5 -> t1 [label=\"stop\"];\n"
                               "}\n");
    free(graph);
}

#define WITH(things, steps) "share: {" things "}\nfix:\n  main: [spawn a]\n  a:\n" steps

static void what_nobody_does_is_drawn_as_missing(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *missing; /* the line of the missing edge, without its colours; NULL: none is missing */
        const char *how;
    } cases[] = {
        {WITH("c: channel", "    - recv c\n"), "  m0_0 -> t0 [label=\"nobody sends or closes\", ", RED},
        {WITH("c: channel", "    - lose 1B\n    - recv c\n"), " [label=\"nobody can free\", ", RED},
        {WITH("c: queue 1B", "    - send c\n"), " [label=\"nobody receives\", ", RED},
        {WITH("c: channel", "    - range c\n"), "  m0_0 -> t0 [label=\"nobody sends or closes\", ", RED},
        {WITH("c: channel", "    - send c\n"), "  t0 -> m0_1 [label=\"nobody receives\", ", RED},
        {WITH("c: channel 4", "    - send c\n"), "  t0 -> m0_1 [label=\"nobody receives once it is full\", ",
         GREY},
        {WITH("t: ticker 1s", "    - tick t\n"), "  m0_2 -> t0 [label=\"nobody stops\", ", RED},
        {WITH("s: scope 1s", "    - await done s\n"), "  m0_3 -> t0 [label=\"nobody cancels\", ", RED},
        {WITH("m: mutex", "    - lock m\n"), "  m0_4 -> t0 [label=\"nobody unlocks\", ", RED},
        {WITH("m: rwmutex", "    - lock m\n"), "  m0_5 -> t0 [label=\"nobody unlocks\", ", RED},
        {WITH("m: rwmutex", "    - rlock m\n"), "  m0_6 -> t0 [label=\"nobody unlocks what is read\", ", RED},
        {WITH("g: group", "    - add g 2\n    - wait g\n"), "  m0_7 -> t0 [label=\"nobody finishes\", ", RED},
        {WITH("m: mutex, q: condition m", "    - lock m\n    - wait q\n    - unlock m\n"),
         "  m1_8 -> t1 [label=\"nobody signals\", ", RED},
        {WITH("f: file", "    - open f\n"), "  m0_9 -> t0 [label=\"nobody shuts\", ", RED},
        {WITH("j: job", "    - open j\n"), "  m0_13 -> t0 [label=\"nobody shuts\", ", RED},
        {WITH("f: file", "    - open f\n    - shut f\n"), NULL, NULL},
        {WITH("x: number", "    - if x is 1: exit\n"), "  m0_16 -> t0 [label=\"nobody sets\", ", RED},
        {WITH("x: number", "    - set x 1\n    - if x is 1: exit\n"), NULL, NULL},
        {WITH("m: mutex", "    - lock m\n    - unlock m\n"), NULL, NULL},
        {WITH("g: group", "    - add g 1\n    - finish g\n    - wait g\n"), NULL, NULL},
        {WITH("c: channel", "    - select: {recv c: , done: exit}\n"),
         "  m0_0 -> t0 [label=\"nobody sends or closes\", ", GREY},
        {WITH("c: channel", "    - select: {send c: , after 1s: exit}\n"),
         "  t0 -> m0_1 [label=\"nobody receives\", ", GREY},
        {WITH("c: channel", "    - select: {recv c: , default: exit}\n"),
         "  m0_0 -> t0 [label=\"nobody sends or closes\", ", GREY},
        {WITH("c: channel, d: channel", "    - select: {recv c: , recv d: }\n"),
         "  m0_0 -> t0 [label=\"nobody sends or closes\", ", RED},
        {WITH("c: channel, d: channel", "    - select: {recv c: , recv d: }\n    - close d\n"),
         "  m0_0 -> t0 [label=\"nobody sends or closes\", ", GREY},
        {WITH("c: channel", "    - select:\n"), "  s2 -> e1 [label=\"no way out\", ", RED},
        {WITH("c: channel", "    - loop: [sleep 1s]\n"), "  s2 -> e1 [label=\"no way out\", ", RED},
        {WITH("c: channel", "    - select: {recv c: , send c: }\n"), NULL, NULL},
        {WITH("c: channel", "    - recv c\n    - close c\n"), NULL, NULL},
        {WITH("t: ticker 1s", "    - stop t\n"), NULL, NULL},
        {WITH("s: scope", "    - cancel s\n"), NULL, NULL},
        {WITH("c: channel", "    - loop: [sleep 1s, if holds > 1KiB: break]\n"), NULL, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *graph = draw(cases[i].text);
        const char *at = cases[i].missing == NULL ? NULL : strstr(graph, cases[i].missing);
        bool found =
            at != NULL && strncmp(at + strlen(cases[i].missing), cases[i].how, strlen(cases[i].how)) == 0;
        if (cases[i].missing == NULL ? strstr(graph, "dashed") != NULL : !found)
            fail_msg("%s\n%s", cases[i].text, graph);
        free(graph);
    }
}

/* What somebody else has found out about a step is drawn there, once, and not beside what is red already. */
static void marks_are_drawn_in_red_at_their_steps(void **state)
{
    (void)state;
    static const char text[] = HEAD "share: {c: channel, d: channel, e: channel}\n"
                                    "fix:\n"
                                    "  main: [spawn a, recv c]\n"
                                    "  a: [send c, recv d, {select: {recv c: , send c: }}, close e]\n"
                                    "expect: {fix: 0}\n";
    /* Steps: 0 spawn, 1 recv c, 2 linger, 3 send c, 4 recv d, 5 select, 6 close e. */
    static const struct graph_mark marks[] = {
        {.step = 3, .late = true, .text = "unused"},
        {.step = 3, .text = "the second"},
        {.step = 4, .text = "red already"},
        {.step = 5, .late = true, .text = "one of several"},
        {.step = 6, .text = "panics"},
        {.step = 1, .late = true, .text = "unused"},
        {.step = 0, .task = true, .text = "stays open"},
        {.step = 4, .task = true, .text = "red already"},
    };
    struct compiled compiled = compile(text);
    struct buf graph;
    buf_init(&graph, GRAPH_BYTES);
    assert_int_equal(program_graph(compiled.pattern->variants[VARIANT_FIX].program, marks,
                                   sizeof marks / sizeof marks[0], &graph),
                     ERR_OK);
    const char *drawn = buf_text(&graph);
    assert_non_null(strstr(drawn, "  s3 -> k0 [label=\"nobody receives any more\", " RED));
    assert_non_null(strstr(drawn, "  s5 -> k3 [label=\"one of several\", " RED));
    assert_non_null(strstr(drawn, "  s6 -> k4 [label=\"panics\", " RED));
    assert_non_null(strstr(drawn, "  k5 -> s1 [label=\"nobody sends or closes any more\", " RED));
    assert_non_null(strstr(drawn, "  s0 -> k6 [label=\"stays open\", " RED));
    assert_null(strstr(drawn, "unused"));
    assert_null(strstr(drawn, "the second"));
    assert_null(strstr(drawn, "red already"));
    buf_deinit(&graph);
    compiled_free(&compiled);
}

static void done_comes_from_the_owner_who_leaves(void **state)
{
    (void)state;
    char *graph = draw(WITH("", "    - await done\n"));
    assert_non_null(strstr(graph, "  start [shape=ellipse, label=\"the start's scope\"];\n"));
    assert_non_null(strstr(graph, "  s1 -> start [label=\"cancel\"];\n"));
    assert_non_null(strstr(graph, "  start -> s2 [label=\"done\"];\n"));
    free(graph);
}

static void a_thing_of_somebody_else_is_drawn_once(void **state)
{
    (void)state;
    char *graph = draw("fix:\n"
                       "  main: [spawn request * 2]\n"
                       "  request:\n"
                       "    own: {result: channel}\n"
                       "    steps: [spawn fetch, recv result]\n"
                       "  fetch:\n"
                       "    own: {receipt: channel}\n"
                       "    steps: [spawn deliver, recv receipt]\n"
                       "  deliver: [send result, send receipt]\n");
    const char *thing = strstr(graph, "label=\"result\\nchannel\"");
    assert_non_null(thing);
    assert_null(strstr(thing + 1, "label=\"result\\nchannel\""));
    assert_non_null(strstr(graph, "  t0 -> s3 [label=\"recv\"];\n"));
    assert_non_null(strstr(graph, "  t1 -> s5 [label=\"recv\"];\n"));
    assert_non_null(strstr(graph, "  s6 -> t0 [label=\"send\"];\n"));
    assert_non_null(strstr(graph, "  s7 -> t1 [label=\"send\"];\n"));
    assert_null(strstr(graph, "dashed"));
    free(graph);
}

/* What may be one of two has an arrow to each, and what is done to it is missing at neither. */
static void what_may_be_one_of_several_is_drawn_at_all_of_them(void **state)
{
    (void)state;
    char *graph = draw("share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn link, send c]\n"
                       "  link:\n"
                       "    own: {c: channel}\n"
                       "    steps: [spawn link, recv outer.c]\n");
    assert_non_null(strstr(graph, "  t0 -> s4 [label=\"recv\"];\n"));
    assert_non_null(strstr(graph, "  t1 -> s4 [label=\"recv\"];\n"));
    assert_non_null(strstr(graph, "  m1_0 -> t1 [label=\"nobody sends or closes\", " RED));
    assert_null(strstr(graph, "t0 -> m"));
    assert_null(strstr(graph, "-> t0 [label=\"nobody"));
    free(graph);
}

static void the_end_of_a_task_is_not_its_last_statement(void **state)
{
    (void)state;
    char *graph = draw(WITH("", "    - if holds > 1KiB: [sleep 1s]\n      else: [sleep 2s]\n"));
    assert_non_null(strstr(graph, "  s3 -> e1 "));
    assert_non_null(strstr(graph, "  s4 -> e1 "));
    assert_null(strstr(graph, "  s3 -> s4 "));
    free(graph);
}

static void a_break_leads_only_out_of_its_loop(void **state)
{
    (void)state;
    char *graph = draw(WITH("", "    - loop 3: [sleep 1s, if holds > 1KiB: break, sleep 2s]\n"));
    assert_non_null(strstr(graph, "s6 [label=\"9: sleep 2s\"]"));
    assert_non_null(strstr(graph, "  s5 -> e1 "));
    assert_null(strstr(graph, "  s5 -> s"));
    free(graph);
}

/* Thirty kinds that all spawn each other: the ways outward are without number. */
static void tasks_that_all_spawn_each_other_are_drawn(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 16);
    buf_puts(&text, "share: {c: channel}\nfix:\n  main: [spawn k29, close c]\n");
    for (unsigned i = 0; i < 30; i++) {
        buf_printf(&text, "  k%u:\n    - recv c\n", i);
        for (unsigned j = 0; j < 30; j++)
            buf_printf(&text, "    - spawn k%u\n", j);
    }
    char *graph = draw(buf_text(&text));
    assert_non_null(strstr(graph, "label=\"k0\""));
    free(graph);
    buf_deinit(&text);
}

static void a_name_with_quotes_does_not_end_a_label(void **state)
{
    (void)state;
    static const char text[] = HEAD "fix: {main: []}\nexpect: {fix: 0}\n";
    struct messages messages;
    struct pattern *pattern;
    messages_init(&messages);
    assert_int_equal(pattern_compile("a\"b\\c.yaml", text, strlen(text), &messages, &pattern), ERR_OK);
    char *graph = graph_of(pattern->variants[VARIANT_FIX].program);
    assert_non_null(strstr(graph, "label=\"fix-p, a\\\"b\\\\c.yaml\";"));
    free(graph);
    pattern_free(pattern);
    messages_deinit(&messages);
}

static void every_mode_of_the_catalogue_is_drawn_the_same_each_time(void **state)
{
    (void)state;
    struct catalogue catalogue;
    struct buf why;
    buf_init(&why, 1 << 16);
    catalogue_init(&catalogue);
    assert_int_equal(catalogue_load(&catalogue, &why), ERR_OK);
    for (size_t i = 0; i < catalogue.count * VARIANTS; i++) {
        const struct program *program = catalogue.patterns[i / VARIANTS]->variants[i % VARIANTS].program;
        if (program == NULL)
            continue;
        char *graph = graph_of(program), *again = graph_of(program);
        assert_string_equal(graph, again);
        free(graph);
        free(again);
    }
    catalogue_deinit(&catalogue);
    buf_deinit(&why);
}

static void a_graph_that_does_not_fit_is_an_error(void **state)
{
    (void)state;
    static const char text[] = HEAD "fix: {main: []}\nexpect: {fix: 0}\n";
    struct compiled compiled = compile(text);
    struct buf graph;
    buf_init(&graph, 100);
    assert_int_equal(program_graph(compiled.pattern->variants[VARIANT_FIX].program, NULL, 0, &graph),
                     ERR_LIMIT);
    buf_deinit(&graph);
    compiled_free(&compiled);
}

static bool draw_without_memory(void *argument)
{
    struct buf graph;
    buf_init(&graph, GRAPH_BYTES);
    enum err err = program_graph(argument, NULL, 0, &graph);
    bool whole = err == ERR_OK && graph.size > 2 && strcmp(graph.data + graph.size - 2, "}\n") == 0;
    assert_true(whole || err == ERR_MEMORY);
    buf_deinit(&graph);
    return whole;
}

static void memory_that_is_out_is_an_error(void **state)
{
    (void)state;
    struct compiled compiled = compile(HEAD "fix: {main: []}\nexpect: {fix: 0}\n");
    fault_sweep(draw_without_memory, compiled.pattern->variants[VARIANT_FIX].program);
    compiled_free(&compiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_graph_shows_tasks_steps_things_and_what_they_do_to_each_other),
        cmocka_unit_test(what_nobody_does_is_drawn_as_missing),
        cmocka_unit_test(marks_are_drawn_in_red_at_their_steps),
        cmocka_unit_test(done_comes_from_the_owner_who_leaves),
        cmocka_unit_test(a_thing_of_somebody_else_is_drawn_once),
        cmocka_unit_test(what_may_be_one_of_several_is_drawn_at_all_of_them),
        cmocka_unit_test(the_end_of_a_task_is_not_its_last_statement),
        cmocka_unit_test(a_break_leads_only_out_of_its_loop),
        cmocka_unit_test(tasks_that_all_spawn_each_other_are_drawn),
        cmocka_unit_test(a_name_with_quotes_does_not_end_a_label),
        cmocka_unit_test(every_mode_of_the_catalogue_is_drawn_the_same_each_time),
        cmocka_unit_test(a_graph_that_does_not_fit_is_an_error),
        cmocka_unit_test(memory_that_is_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
