/* Given texts that are too large, too deep, cut short or damaged, or no memory, when they are compiled, then
 * nothing happens but an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "fault.h"
#include "language/catalogue.h"
#include "language/listing.h"
#include "language_fixture.h"

/* The only message must be this one, and stand there. */
static void assert_refused(const char *text, uint32_t line, uint32_t column, const char *message)
{
    struct compiled compiled = compile(text);
    assert_int_equal(compiled.err, ERR_SYNTAX);
    assert_null(compiled.pattern);
    assert_string_equal(compiled.messages.items[0].text, message);
    assert_int_equal(compiled.messages.items[0].line, line);
    assert_int_equal(compiled.messages.items[0].column, column);
    assert_int_equal(compiled.messages.count, 1);
    compiled_free(&compiled);
}

static struct buf big_text(void)
{
    struct buf text;
    buf_init(&text, 4 << 20);
    return text;
}

static void repeat(struct buf *buf, const char *piece, int times)
{
    for (int i = 0; i < times; i++)
        buf_puts(buf, piece);
}

static void a_huge_file_is_refused_unread(void **state)
{
    (void)state;
    struct buf text = big_text();
    repeat(&text, "#", LIMIT_PATTERN_BYTES + 1);
    assert_refused(buf_text(&text), 1, 1, "the pattern is too large: 65537 bytes, where 65536 are allowed");
    buf_deinit(&text);
}

static void a_file_of_the_largest_size_is_read(void **state)
{
    (void)state;
    struct buf text = big_text();
    buf_puts(&text, HEAD "fix: {main: []}\nexpect: {fix: 0}\n#");
    repeat(&text, "x", LIMIT_PATTERN_BYTES - (int)text.size);
    struct compiled compiled = compile(buf_text(&text));
    assert_int_equal(compiled.err, ERR_OK);
    compiled_free(&compiled);
    buf_deinit(&text);
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    struct buf text = big_text();
    repeat(&text, "[", 60000);
    assert_refused(buf_text(&text), 1, LIMIT_PATTERN_DEPTH + 1,
                   "lists and mappings are nested too deep: more than 24");
    buf_clear(&text);
    repeat(&text, "{a: ", 10000);
    assert_refused(buf_text(&text), 1, LIMIT_PATTERN_DEPTH * 4 + 1,
                   "lists and mappings are nested too deep: more than 24");
    buf_deinit(&text);
}

static void many_nodes_are_refused(void **state)
{
    (void)state;
    struct buf text = big_text();
    buf_puts(&text, "[");
    repeat(&text, "a,", LIMIT_PATTERN_NODES);
    assert_refused(buf_text(&text), 1, 2 * LIMIT_PATTERN_NODES,
                   "the pattern is too large: more than 8192 texts, lists and mappings");
    buf_deinit(&text);
}

static void many_keys_are_refused(void **state)
{
    (void)state;
    struct buf text = big_text();
    for (int i = 0; i <= LIMIT_PATTERN_KEYS; i++)
        buf_printf(&text, "k%d: x\n", i);
    assert_refused(buf_text(&text), LIMIT_PATTERN_KEYS + 1, 1,
                   "the mapping is too large: more than 256 keys");
    buf_deinit(&text);
}

static void a_long_text_is_refused(void **state)
{
    (void)state;
    struct buf text = big_text();
    buf_puts(&text, "title: ");
    repeat(&text, "a", LIMIT_PATTERN_TEXT + 1);
    assert_refused(buf_text(&text), 1, 8, "the text is too long: more than 4096 bytes");
    buf_deinit(&text);
}

static void a_bomb_of_aliases_is_refused_at_its_first_anchor(void **state)
{
    (void)state;
    assert_refused("a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
                   "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\n",
                   1, 4, "anchors (&name) are not part of the language: write it out");
}

/* ---- tables of a program ---- */

static void too_much_of(const char *before, const char *piece, int times, const char *after, const char *what)
{
    struct buf text = big_text();
    buf_puts(&text, HEAD);
    buf_puts(&text, before);
    repeat(&text, piece, times);
    buf_puts(&text, after);
    struct compiled compiled = compile(buf_text(&text));
    assert_int_equal(compiled.err, ERR_SYNTAX);
    assert_int_equal(compiled.messages.count, 1);
    assert_string_equal(compiled.messages.items[0].text, what);
    compiled_free(&compiled);
    buf_deinit(&text);
}

static void full_tables_are_reported_once(void **state)
{
    (void)state;
    too_much_of("fix:\n  main:\n", "    - drop\n", LIMIT_STEPS + 1, "expect: {fix: 0}\n",
                "too many steps: at most 1024 fit");
    struct buf text = big_text();
    buf_puts(&text, "fix:\n  main:\n");
    for (int i = 0; i < LIMIT_CONSTANTS + 1; i++)
        buf_printf(&text, "    - sleep %dms\n", i);
    too_much_of(buf_text(&text), "", 0, "expect: {fix: 0}\n", "too many operands: at most 512 fit");
    buf_clear(&text);
    buf_puts(&text, "share:\n");
    for (int i = 0; i < LIMIT_THINGS + 1; i++)
        buf_printf(&text, "  c%d: channel\n", i);
    too_much_of(buf_text(&text), "", 0, "fix: {main: []}\nexpect: {fix: 0}\n",
                "too many things: at most 64 fit");
    buf_clear(&text);
    buf_puts(&text, "fix:\n  main: []\n");
    for (int i = 0; i < LIMIT_TASK_KINDS; i++)
        buf_printf(&text, "  t%d: [spawn t%d]\n", i, i);
    too_much_of(buf_text(&text), "", 0, "expect: {fix: 0}\n", "too many tasks: at most 64 fit");
    buf_clear(&text);
    buf_puts(&text, "params:\n");
    for (int i = 0; i < LIMIT_PARAMS + 1; i++)
        buf_printf(&text, "  p%d: {default: 1, about: x}\n", i);
    too_much_of(buf_text(&text), "", 0, "fix: {main: []}\nexpect: {fix: 0}\n",
                "too many parameters: at most 16 fit");
    buf_clear(&text);
    buf_puts(&text, "share:\n");
    for (int i = 0; i < LIMIT_CASES + 1; i++)
        buf_printf(&text, "  c%d: channel\n", i);
    buf_puts(&text, "fix:\n  main:\n    - select:\n");
    for (int i = 0; i < LIMIT_CASES + 1; i++)
        buf_printf(&text, "        recv c%d:\n", i);
    too_much_of(buf_text(&text), "", 0, "expect: {fix: 0}\n", "too many cases in one select: at most 12 fit");
    buf_clear(&text);
    buf_puts(&text, "share:\n");
    for (int i = 0; i < 60; i++)
        buf_printf(&text, "  c%d: channel\n", i);
    buf_puts(&text, "fix:\n  main: [spawn t0, spawn t1, spawn t2]\n");
    for (int task = 0; task * 60 <= LIMIT_OUTERS; task++) {
        buf_printf(&text, "  t%d:\n    own:\n", task);
        for (int i = 0; i < 60; i++)
            buf_printf(&text, "      c%d: channel\n", i);
        buf_printf(&text, "    steps:\n      - spawn t%d\n", task);
        for (int i = 0; i < 60; i++)
            buf_printf(&text, "      - recv outer.c%d\n", i);
    }
    too_much_of(buf_text(&text), "", 0, "expect: {fix: 0}\n", "too many outer things: at most 128 fit");
    buf_deinit(&text);
}

static void a_name_has_a_longest_length(void **state)
{
    (void)state;
    struct buf text = big_text();
    buf_puts(&text, "fix: {main: [spawn ");
    repeat(&text, "a", LIMIT_NAME);
    buf_puts(&text, "], ");
    repeat(&text, "a", LIMIT_NAME);
    buf_puts(&text, ": []}\n");
    char *shown = compile_fix(buf_text(&text));
    assert_non_null(strstr(shown, "spawn aaaa"));
    free(shown);
    buf_clear(&text);
    buf_puts(&text, HEAD "fix: {main: [], ");
    repeat(&text, "a", LIMIT_NAME + 1);
    buf_puts(&text, ": []}\nexpect: {fix: 0}\n");
    struct compiled compiled = compile(buf_text(&text));
    assert_int_equal(compiled.messages.count, 1);
    assert_non_null(strstr(compiled.messages.items[0].text, "cannot name a task"));
    compiled_free(&compiled);
    buf_deinit(&text);
}

/* ---- no memory ---- */

static bool compile_once(void *argument)
{
    const struct embedded_file *embedded = argument;
    struct messages messages;
    struct pattern *pattern = NULL;
    messages_init(&messages);
    enum err err = pattern_compile(embedded->name, embedded->text, embedded->size, &messages, &pattern);
    if (err != ERR_OK) {
        assert_int_equal(err, ERR_MEMORY);
        assert_null(pattern);
    }
    pattern_free(pattern);
    messages_deinit(&messages);
    return err == ERR_OK;
}

static void compiling_survives_any_allocation_that_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < embedded_patterns_count; i++) {
        struct embedded_file embedded = embedded_patterns[i];
        fault_sweep(compile_once, &embedded);
    }
}

static bool compile_faulty_once(void *argument)
{
    static const char text[] =
        HEAD "leek: {}\nshare: {a: chanel}\nfix: {main: [recv b, spawn x, sleep soon]}\n";
    struct messages messages;
    struct pattern *pattern = NULL;
    messages_init(&messages);
    enum err err = pattern_compile("p.yaml", text, strlen(text), &messages, &pattern);
    assert_null(pattern);
    assert_true(err == ERR_SYNTAX || err == ERR_MEMORY);
    messages_deinit(&messages);
    (void)argument;
    return err == ERR_SYNTAX;
}

static void reporting_survives_any_allocation_that_fails(void **state)
{
    (void)state;
    fault_sweep(compile_faulty_once, NULL);
}

static bool load_once(void *argument)
{
    struct catalogue catalogue;
    struct buf why;
    struct mode mode;
    (void)argument;
    catalogue_init(&catalogue);
    buf_init(&why, 1 << 16);
    enum err err = catalogue_load(&catalogue, &why);
    if (err == ERR_OK)
        err = catalogue_find_mode(&catalogue, "leek-recv", &mode, &why);
    bool done = err == ERR_UNKNOWN && why.err == ERR_OK;
    assert_true(err == ERR_UNKNOWN || err == ERR_MEMORY);
    buf_deinit(&why);
    catalogue_deinit(&catalogue);
    return done;
}

static void the_catalogue_survives_any_allocation_that_fails(void **state)
{
    (void)state;
    fault_sweep_every(13, load_once, NULL); /* each pattern has been swept by itself */
}

/* ---- damage ---- */

/* Everything that the language has, in one pattern. */
static const char everything[] = HEAD
    "signature: g\n"
    "params:\n"
    "  n: {default: 3, about: x}\n"
    "  d: {default: linger / 2, min: 1ms, about: x}\n"
    "  how: {default: a, choices: [a, b], about: x}\n"
    "share: {c: channel, b: channel n, t: ticker d, s: scope 50ms}\n"
    "leak:\n"
    "  share: {c: channel 4}\n"
    "  main: [spawn w * n, sleep d, close c]\n"
    "  w:\n"
    "    own: {r: channel, u: ticker 10ms}\n"
    "    steps:\n"
    "      - spawn v\n"
    "      - loop 3:\n"
    "          - loop:\n"
    "              - select: {recv r: break, tick u: , done s: exit, after d: {send c: }, default: [drop]}\n"
    "          - range b: [hold 4KiB, if n > 2: break]\n"
    "  v: [send r, await done, cancel s, stop t]\n"
    "fix:\n"
    "  main:\n"
    "    - if how is b: [panic]\n"
    "      else: [loop n: [recv c, {loop 2: [break]}]]\n"
    "    - exit\n"
    "expect: {leak: n * 2, fix: 0}\n";

/* Pieces that are likely to lead somewhere. */
static const char *const pieces[] = {
    "- ",   "  ",     "\n",      ": ",     "[",         "]",     "{",       "}",        ", ",
    "exit", "break",  "spawn w", "recv c", "send r",    "loop:", "loop 2:", "select:",  "done:",
    "own:", "steps:", "share:",  "main:",  "if n > 3:", "else:", " * n",    " / 2",     "linger",
    "&a ",  "*a",     "'",       "\"",     "!!int ",    "# ",    "---\n",   "\t",       "0",
    "-1",   "1e9",    "channel", "null",   "\xc3\xa9",  "\xff",  "|\n",     "range c:",
};

static uint32_t below(struct rng *rng, size_t bound)
{
    return rng_below(rng, (uint32_t)bound);
}

/* Takes out, copies or inserts something, somewhere. */
static void damage(struct buf *text, struct rng *rng)
{
    struct buf made;
    buf_init(&made, LIMIT_PATTERN_BYTES * 2);
    size_t at = below(rng, text->size + 1);
    size_t length = below(rng, text->size - at + 1 < 40 ? text->size - at + 1 : 40);
    const char *piece = pieces[below(rng, sizeof pieces / sizeof *pieces)];
    buf_append(&made, text->data, at);
    switch (below(rng, 4)) {
    case 0: /* cut */
        break;
    case 1: /* twice */
        buf_append(&made, text->data + at, length);
        buf_append(&made, text->data + at, length);
        break;
    case 2: /* replaced */
        buf_puts(&made, piece);
        break;
    default: /* inserted */
        buf_puts(&made, piece);
        length = 0;
    }
    buf_append(&made, text->data + at + (at + length <= text->size ? length : 0),
               text->size - at - (at + length <= text->size ? length : 0));
    buf_deinit(text);
    *text = made;
}

/* Compiles; true when it is a pattern. Whatever comes out is sound, and whatever does not says why. */
static bool survives(const struct buf *text)
{
    struct messages messages;
    struct pattern *pattern = NULL;
    struct buf listing;
    messages_init(&messages);
    buf_init(&listing, 1 << 22);
    enum err err = pattern_compile("p.yaml", buf_text(text), text->size, &messages, &pattern);
    assert_true(err == ERR_OK || (err == ERR_SYNTAX && messages.count > 0));
    for (uint32_t i = 0; i < messages.count; i++)
        assert_null(strstr(messages.items[i].text, "a bug of leaklab"));
    for (enum variant which = 0; pattern != NULL && which < VARIANTS; which++)
        if (pattern->variants[which].program != NULL)
            program_list(pattern->variants[which].program, &listing);
    buf_deinit(&listing);
    pattern_free(pattern);
    messages_deinit(&messages);
    return err == ERR_OK;
}

static void damaged_patterns_do_no_harm(void **state)
{
    (void)state;
    unsigned compiled = 0;
    for (uint64_t seed = 0; seed < 6000; seed++) {
        struct rng rng = {.state = seed};
        struct buf text;
        buf_init(&text, LIMIT_PATTERN_BYTES * 2);
        if (seed % 2 == 0)
            buf_puts(&text, everything);
        else
            buf_puts(&text, embedded_patterns[below(&rng, embedded_patterns_count)].text);
        for (uint32_t times = 1 + below(&rng, 3); times > 0; times--)
            damage(&text, &rng);
        compiled += survives(&text);
        buf_deinit(&text);
    }
    /* Otherwise what compiles was hardly tried. */
    assert_true(compiled > 300);
}

/* Random statements in flow style that make sense by themselves: a break stands in a loop, and what does not
 * go on stands last. */
struct writer {
    struct buf *buf;
    struct rng *rng;
    unsigned depth, loops;
};

static void write_statements(struct writer *writer);

static void write_select(struct writer *writer)
{
    static const char *const cases[] = {"recv c", "send b", "tick t", "after 5ms",
                                        "done",   "done s", "default"};
    buf_puts(writer->buf, "{select: {recv x: , ");
    for (uint32_t i = below(writer->rng, 3); i < 7; i += 1 + below(writer->rng, 4)) {
        buf_printf(writer->buf, "%s: ", cases[i]);
        if (below(writer->rng, 3) > 0)
            write_statements(writer);
        buf_puts(writer->buf, ", ");
    }
    buf_puts(writer->buf, "}}");
}

static void write_nested(struct writer *writer)
{
    static const char *const heads[] = {"loop 3", "loop n", "range b", "if n > 3", "if holds is 0"};
    uint32_t head = below(writer->rng, 5);
    unsigned loops = writer->loops;
    writer->loops += head < 3;
    buf_printf(writer->buf, "{%s: ", heads[head]);
    write_statements(writer);
    writer->loops = loops;
    if (head == 4) {
        buf_puts(writer->buf, ", else: [drop, ");
        write_select(writer);
        buf_puts(writer->buf, "]");
    }
    buf_puts(writer->buf, "}");
}

static void write_last(struct writer *writer)
{
    static const char *const ends[] = {"exit", "panic", "select", "{loop: [tick t]}", "break"};
    buf_puts(writer->buf, ends[below(writer->rng, writer->loops > 0 ? 5 : 4)]);
}

static void write_statement(struct writer *writer)
{
    static const char *const simple[] = {"spawn w",   "spawn v * 5", "send c",  "recv b",
                                         "range c",   "sleep 5ms",   "tick t",  "await done",
                                         "hold 4KiB", "drop",        "close c", "stop t"};
    uint32_t kind = writer->depth < 5 ? below(writer->rng, 4) : 0;
    if (kind < 2)
        buf_puts(writer->buf, simple[below(writer->rng, sizeof simple / sizeof *simple)]);
    else if (kind == 2)
        write_select(writer);
    else
        write_nested(writer);
}

static void write_statements(struct writer *writer)
{
    buf_puts(writer->buf, "[");
    writer->depth++;
    for (uint32_t count = 1 + below(writer->rng, writer->depth == 1 ? 5 : 2); count > 0; count--) {
        write_statement(writer);
        buf_puts(writer->buf, ", ");
    }
    if (writer->depth > 1 && below(writer->rng, 3) == 0)
        write_last(writer);
    writer->depth--;
    buf_puts(writer->buf, "]");
}

static void random_programs_are_sound(void **state)
{
    (void)state;
    unsigned compiled = 0;
    for (uint64_t seed = 0; seed < 5000; seed++) {
        struct rng rng = {.state = seed};
        struct buf text;
        struct writer writer = {.buf = &text, .rng = &rng};
        buf_init(&text, LIMIT_PATTERN_BYTES * 2);
        buf_puts(&text, HEAD "params: {n: {default: 3, about: x}}\n"
                             "share: {c: channel, x: channel, b: channel n, t: ticker 5ms, s: scope 50ms}\n"
                             "fix:\n  main: [spawn v, spawn w, if n > 2: ");
        write_statements(&writer);
        buf_puts(&text, "]\n  v: ");
        write_statements(&writer);
        buf_puts(&text, "\n  w:\n    own: {y: channel, z: scope}\n    steps: ");
        write_statements(&writer);
        buf_puts(&text, "\nexpect: {fix: 0}\n");
        compiled += survives(&text);
        buf_deinit(&text);
    }
    assert_true(compiled > 4000);
}

static void a_pattern_cut_short_anywhere_does_no_harm(void **state)
{
    (void)state;
    for (size_t size = 0; size < strlen(everything); size++) {
        struct buf text;
        buf_init(&text, LIMIT_PATTERN_BYTES);
        buf_append(&text, everything, size);
        survives(&text);
        buf_deinit(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_huge_file_is_refused_unread),
        cmocka_unit_test(a_file_of_the_largest_size_is_read),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(many_nodes_are_refused),
        cmocka_unit_test(many_keys_are_refused),
        cmocka_unit_test(a_long_text_is_refused),
        cmocka_unit_test(a_bomb_of_aliases_is_refused_at_its_first_anchor),
        cmocka_unit_test(full_tables_are_reported_once),
        cmocka_unit_test(a_name_has_a_longest_length),
        cmocka_unit_test(compiling_survives_any_allocation_that_fails),
        cmocka_unit_test(reporting_survives_any_allocation_that_fails),
        cmocka_unit_test(the_catalogue_survives_any_allocation_that_fails),
        cmocka_unit_test(damaged_patterns_do_no_harm),
        cmocka_unit_test(random_programs_are_sound),
        cmocka_unit_test(a_pattern_cut_short_anywhere_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
