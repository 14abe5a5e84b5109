/* What is found before anything runs: each kind of finding in a pattern that has it, and nothing in one that
 * differs by what the remedy says; and every variant of the catalogue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "fault.h"
#include "judge/preview.h"
#include "language/catalogue.h"
#include "language_fixture.h"

/* A chain of two links, each of them with a channel and one more thing, as the start has. */
#define CHAIN(thing, opens, steps)                                                                           \
    "share: {c: channel, links: number 2, " thing "}\nfix:\n  main: [spawn link" opens "]\n"                 \
    "  link:\n    own: {c: channel, " thing "}\n    steps:\n      - set links - 1\n"                         \
    "      - if links > 0: spawn link\n      - loop 1: " steps "\n"
#define NONE FINDING_KINDS

struct sample {
    const char *name;
    const char *text; /* what stands behind the head, from line 5 on */
    enum finding_kind kind;
    uint32_t line;
    bool trial;
};

#define BLOCKED(word) "share: {c: channel}\nfix:\n  main: [spawn a]\n  a: [" word "]\n"

/* Pairs: with the fault, without it. */
static const struct sample samples[] = {
    {"a send that nobody receives", BLOCKED("send c"), FINDING_NO_RECEIVER, 8, false},
    {"a send with a receiver", BLOCKED("spawn b, send c") "  b: [recv c]\n", NONE, 0, false},
    {"a send with room", "share: {c: channel 1}\nfix:\n  main: [spawn a]\n  a: [send c]\n", NONE, 0, false},
    {"a task alone that sends to itself", BLOCKED("send c, recv c"), FINDING_NO_RECEIVER, 8, false},
    {"a receiver behind the step that waits for it",
     "share: {c: channel, d: channel}\nfix:\n  main: [spawn a, spawn b]\n  a: [send c, recv d]\n"
     "  b: [send d, recv c]\n",
     FINDING_NO_RECEIVER, 8, false},
    {"a receiver before it",
     "share: {c: channel, d: channel}\nfix:\n  main: [spawn a, spawn b]\n  a: [send c, recv d]\n"
     "  b: [recv c, send d]\n",
     NONE, 0, false},
    {"a receive that nobody sends", BLOCKED("recv c"), FINDING_NO_SENDER, 8, false},
    {"a receive of a close", BLOCKED("spawn b, recv c") "  b: [close c]\n", NONE, 0, false},
    {"a receive behind the task's own close", BLOCKED("close c, recv c"), NONE, 0, false},
    {"a range without close", BLOCKED("spawn b, range c") "  b: [send c]\n", FINDING_NO_CLOSE, 8, false},
    {"a range that is closed", BLOCKED("spawn b, range c") "  b: [send c, close c]\n", NONE, 0, false},
    {"a select without a way on", BLOCKED("{select: {recv c: [], send c: []}}"), FINDING_NO_CASE, 8, false},
    {"a select with done", BLOCKED("{select: {recv c: [], done: []}}"), NONE, 0, false},
    {"a select with a deadline", BLOCKED("{select: {recv c: [], after 1s: []}}"), NONE, 0, false},
    {"a nil channel", "share: {c: nil channel}\nfix:\n  main: [spawn a, recv c]\n  a: [send c]\n",
     FINDING_NIL_CHANNEL, 7, false},
    {"a group that nobody finishes",
     "share: {g: group}\nfix:\n  main: [add g, spawn a, wait g]\n  a: [exit]\n", FINDING_NO_FINISH, 7, false},
    {"a group that somebody finishes",
     "share: {g: group}\nfix:\n  main: [add g, spawn a, wait g]\n  a: [finish g]\n", NONE, 0, false},
    {"a group that nobody adds to", "share: {g: group}\nfix:\n  main: [wait g]\n", NONE, 0, false},
    {"a condition that nobody signals",
     "share: {m: mutex, k: condition m}\nfix:\n  main: [spawn a]\n  a: [lock m, wait k, unlock m]\n",
     FINDING_NO_SIGNAL, 8, false},
    {"a condition that somebody signals",
     "share: {m: mutex, k: condition m}\nfix:\n  main: [spawn b, spawn a]\n  a: [lock m, wait k, unlock m]\n"
     "  b: [sleep 1ms, broadcast k]\n",
     NONE, 0, false},
    {"a loop without a way out", "fix:\n  main: [spawn a]\n  a:\n    - loop: [sleep 1s]\n",
     FINDING_NO_WAY_OUT, 8, false},
    {"a loop with a way out",
     "fix:\n  main: [spawn a]\n  a:\n    - loop:\n        - select: {after 1s: [], done: [exit]}\n", NONE, 0,
     false},
    {"a loop whose way out nobody opens",
     "share: {c: channel}\nfix:\n  main: [spawn a]\n  a:\n    - loop:\n"
     "        - select: {after 1s: [], recv c: [exit]}\n",
     FINDING_NO_WAY_OUT, 10, false},
    {"a lock taken twice",
     "share: {m: mutex}\nfix:\n  main: [spawn a]\n  a: [lock m, lock m, unlock m, unlock m]\n",
     FINDING_LOCK_TWICE, 8, false},
    {"a lock taken twice and never given back",
     "share: {m: mutex}\nfix:\n  main: [spawn a]\n  a: [lock m, lock m]\n", FINDING_LOCK_TWICE, 8, false},
    {"a lock taken one time after the other",
     "share: {m: mutex}\nfix:\n  main: [spawn a]\n  a: [lock m, unlock m, lock m, unlock m]\n", NONE, 0,
     false},
    {"a lock that somebody else unlocks",
     "share: {m: mutex}\nfix:\n  main: [spawn a, spawn b]\n  a: [lock m, lock m]\n  b: [sleep 1ms, unlock "
     "m]\n",
     NONE, 0, false},
    {"a lock that somebody else gives back by a wait for its condition",
     "share: {m: mutex, k: condition m}\nfix:\n  main: [spawn a, spawn b]\n"
     "  a: [lock m, lock m, unlock m, broadcast k]\n  b: [sleep 1ms, wait k, unlock m]\n",
     NONE, 0, false},
    {"a read lock inside a read lock with a writer",
     "share: {m: rwmutex}\nfix:\n  main: [spawn a, spawn b]\n"
     "  a: [rlock m, sleep 9ms, rlock m, runlock m, runlock m]\n  b: [sleep 1ms, lock m, unlock m]\n",
     FINDING_LOCK_TWICE, 8, false},
    {"a read lock inside a read lock without one",
     "share: {m: rwmutex}\nfix:\n  main: [spawn a]\n  a: [rlock m, rlock m, runlock m, runlock m]\n", NONE, 0,
     false},
    {"a lock kept on one of two paths",
     "share: {m: mutex}\nfix:\n  main: [spawn a]\n  a:\n    - lock m\n    - chance 0.1%: [exit]\n"
     "    - unlock m\n",
     FINDING_LOCK_KEPT, 9, false},
    {"a lock given back on both",
     "share: {m: mutex}\nfix:\n  main: [spawn a]\n  a:\n    - lock m\n"
     "    - chance 0.1%: [unlock m, exit]\n    - unlock m\n",
     NONE, 0, false},
    {"locks in two orders",
     "share: {m: mutex, o: mutex}\nfix:\n  main: [spawn a, sleep 1s, spawn b]\n"
     "  a: [lock m, lock o, unlock o, unlock m]\n  b: [lock o, lock m, unlock m, unlock o]\n",
     FINDING_LOCK_ORDER, 8, false},
    {"locks in two orders under a third",
     "share: {m: mutex, o: mutex, g: mutex}\nfix:\n  main: [spawn a, spawn b]\n"
     "  a: [lock g, lock m, lock o, unlock o, unlock m, unlock g]\n"
     "  b: [lock g, lock o, lock m, unlock m, unlock o, unlock g]\n",
     NONE, 0, false},
    {"locks in two orders in one task alone",
     "share: {m: mutex, o: mutex}\nfix:\n  main: [spawn a]\n"
     "  a: [lock m, lock o, unlock o, unlock m, lock o, lock m, unlock m, unlock o]\n",
     NONE, 0, false},
    {"locks in a circle of three",
     "share: {m: mutex, o: mutex, q: mutex}\nfix:\n  main: [spawn a, sleep 1s, spawn b, sleep 1s, spawn c]\n"
     "  a: [lock m, lock o, unlock o, unlock m]\n  b: [lock o, lock q, unlock q, unlock o]\n"
     "  c: [lock q, lock m, unlock m, unlock q]\n",
     FINDING_LOCK_ORDER, 8, false},
    {"a ticker that no path stops", "fix:\n  main: [spawn a]\n  a: {own: {t: ticker 1s}, steps: [tick t]}\n",
     FINDING_TICKER, 7, false},
    {"a ticker that one path does not stop",
     "fix:\n  main: [spawn a]\n  a:\n    own: {t: ticker 1s}\n    steps:\n      - chance 0.1%: [exit]\n"
     "      - stop t\n",
     FINDING_TICKER, 8, false},
    {"a ticker that is stopped",
     "fix:\n  main: [spawn a]\n  a: {own: {t: ticker 1s}, steps: [tick t, stop t]}\n", NONE, 0, false},
    {"a ticker that somebody else stops",
     "fix:\n  main: [spawn a]\n  a: {own: {t: ticker 1s}, steps: [spawn b]}\n  b: [stop t]\n", NONE, 0,
     false},
    {"a tick of a ticker that somebody stopped",
     "fix:\n  main: [spawn a]\n  a: {own: {t: ticker 1s}, steps: [spawn b, tick t]}\n  b: [stop t]\n",
     FINDING_LEFT, 7, true},
    {"a scope that no path cancels",
     "fix:\n  main: [spawn a]\n  a: {own: {s: scope 9m}, steps: [sleep 1s]}\n", FINDING_SCOPE, 7, false},
    {"a scope that is cancelled",
     "fix:\n  main: [spawn a]\n  a: {own: {s: scope 9m}, steps: [sleep 1s, cancel s]}\n", NONE, 0, false},
    {"a scope that is over", "fix:\n  main: [spawn a]\n  a: {own: {s: scope 9m}, steps: [await done s]}\n",
     NONE, 0, false},
    {"a scope on a path that has heard of the start's end",
     "fix:\n  main: [spawn a]\n  a:\n    own: {s: scope 9m}\n    steps:\n"
     "      - select: {after 1s: [], done: [exit]}\n      - cancel s\n",
     NONE, 0, false},
    {"a scope of all, which ends with the start",
     "share: {s: scope}\nfix:\n  main: [spawn a]\n  a: [await done s]\n", NONE, 0, false},
    {"more sends than receives", "share: {c: channel}\nfix:\n  main: [spawn a * 3, recv c]\n  a: [send c]\n",
     FINDING_LEFT, 8, true},
    {"as many", "share: {c: channel}\nfix:\n  main: [spawn a * 1, recv c]\n  a: [send c]\n", NONE, 0, false},
    {"a close by each of many", "share: {c: channel}\nfix:\n  main: [spawn a * 2]\n  a: [close c]\n",
     FINDING_PANICKED, 8, true},
    {"a second open of what is open",
     "share: {f: file}\nfix:\n  main: [spawn a]\n  a:\n    - open f\n    - open f\n    - shut f\n",
     FINDING_OPEN_LEFT, 10, true},
    {"a second open of what was shut",
     "share: {f: file}\nfix:\n  main: [spawn a]\n  a:\n    - open f\n    - shut f\n    - open f\n    - shut "
     "f\n",
     NONE, 0, false},
    {"an unlock of what is not locked", "share: {m: mutex}\nfix:\n  main: [spawn a]\n  a:\n    - unlock m\n",
     FINDING_PANICKED, 9, true},
    {"a finish of what was not added",
     "share: {g: group}\nfix:\n  main: [add g, spawn a]\n  a:\n    - finish g\n    - finish g\n",
     FINDING_PANICKED, 10, true},
    {"a send behind a close",
     "share: {c: channel 1}\nfix:\n  main: [spawn a]\n  a:\n    - close c\n    - send c\n", FINDING_PANICKED,
     10, true},
    {"more arrive than leave",
     "share: {c: channel}\nfix:\n  main:\n    - spawn b\n    - loop 90:\n        - spawn a\n        - sleep "
     "1ms\n"
     "  a:\n    - select: {send c: [], done: []}\n"
     "  b:\n    - loop:\n        - select: {recv c: [], done: [exit]}\n        - sleep 50ms\n",
     FINDING_PILED_UP, 13, true},
    {"as many leave as arrive",
     "share: {c: channel}\nfix:\n  main:\n    - spawn b\n    - loop 90:\n        - spawn a\n        - sleep "
     "1ms\n"
     "  a:\n    - select: {send c: [], done: []}\n"
     "  b:\n    - loop:\n        - select: {recv c: [], done: [exit]}\n",
     NONE, 0, false},
    {"batches that are worked off",
     "share: {c: channel}\nfix:\n  main:\n    - spawn b\n    - loop 9:\n        - loop 9:\n"
     "            - spawn a\n            - sleep 1ms\n        - sleep 100ms\n"
     "  a:\n    - select: {send c: [], done: []}\n"
     "  b:\n    - loop:\n        - select: {recv c: [], done: [exit]}\n        - sleep 8ms\n",
     NONE, 0, false},
    {"a flag that nobody sets",
     "share: {x: number}\nfix:\n  main: [spawn a]\n  a:\n    - loop:\n        - if x is 1: exit\n"
     "        - sleep 1ms\n",
     FINDING_NO_WAY_OUT, 11, false},
    {"a flag that somebody sets",
     "share: {x: number}\nfix:\n  main: [spawn a, set x 1]\n  a:\n    - loop:\n        - if x is 1: exit\n"
     "        - sleep 1ms\n",
     NONE, 0, false},
    {"a flag that is set from the beginning",
     "share: {x: number 1}\nfix:\n  main: [spawn a]\n  a:\n    - loop:\n        - if x is 1: exit\n"
     "        - sleep 1ms\n",
     NONE, 0, false},
    {"a receiver behind a flag that nobody sets",
     "share: {x: number, c: channel}\nfix:\n  main: [spawn a, spawn b]\n  a: [send c]\n"
     "  b:\n    - if x > 0: recv c\n",
     FINDING_NO_RECEIVER, 8, false},
    {"a receiver behind a flag that somebody sets",
     "share: {x: number, c: channel}\nfix:\n  main: [spawn a, set x + 1, spawn b]\n  a: [send c]\n"
     "  b:\n    - if x > 0: recv c\n",
     NONE, 0, false},
    {"a flag that is set too early",
     "share: {x: number, c: channel}\nfix:\n  main: [spawn a, set x 1, spawn b]\n  a: [send c]\n"
     "  b:\n    - if x is 0: recv c\n",
     FINDING_LEFT, 8, true},
    {"a queue into which more comes than goes out",
     "share: {q: queue 1B}\nfix:\n  main: [spawn a, spawn b]\n  a:\n    - loop:\n"
     "        - select: {send q: [], done: [exit]}\n        - sleep 1ms\n"
     "  b:\n    - loop:\n        - select: {recv q: [], done: [exit]}\n        - sleep 10ms\n",
     FINDING_OUTGROWN, 10, true},
    {"a queue that is drained",
     "share: {q: queue 1B}\nfix:\n  main: [spawn a, spawn b]\n  a:\n    - loop:\n"
     "        - select: {send q: [], done: [exit]}\n        - sleep 20ms\n"
     "  b:\n    - loop:\n        - select: {recv q: [], done: [exit]}\n        - sleep 10ms\n",
     NONE, 0, false},
    {"a chain that nobody opens", CHAIN("m: mutex", "", "[recv outer.c, close c]"), FINDING_NO_SENDER, 13,
     false},
    {"a chain that somebody opens", CHAIN("m: mutex", ", close c", "[recv outer.c, close c]"), NONE, 0,
     false},
    {"a chain that answers from its end", CHAIN("m: mutex", ", recv c", "[send outer.c]"), FINDING_LEFT, 13,
     true},
    {"a chain of which each link takes what the next one sends",
     CHAIN("m: mutex", ", recv c", "[{if links > 0: recv c}, send outer.c]"), NONE, 0, false},
    {"a chain of locks, hand over hand",
     CHAIN("m: mutex", "", "[lock outer.m, lock m, unlock outer.m, unlock m]"), NONE, 0, false},
    {"a chain of locks of which each is given back by the next link",
     CHAIN("m: mutex", ", lock m", "[lock m, unlock outer.m]"), NONE, 0, false},
    {"a chain of locks of which one is taken twice",
     CHAIN("m: mutex", "", "[lock outer.m, lock outer.m, unlock outer.m, unlock outer.m]"),
     FINDING_LOCK_TWICE, 13, false},
    {"a chain of tickers that the next link stops", CHAIN("t: ticker 1s", "", "[stop outer.t]"),
     FINDING_TICKERS_LEFT, 7, true},
    {"heap whose pointer is gone", "fix:\n  main: [spawn a]\n  a: [lose 1KiB, drop]\n", FINDING_LOST, 7,
     false},
    {"what only another word of a parameter does",
     "params: {way: {default: good, choices: [good, bad], about: x}}\nshare: {c: channel}\nfix:\n"
     "  main: [spawn a]\n  a:\n    - if way is bad: [recv c]\n",
     FINDING_NO_SENDER, 10, false},
    {"a step that never comes", "fix:\n  main: [spawn a]\n  a:\n    - loop 0: [{loop: [sleep 1s]}]\n", NONE,
     0, false},
};

static void given(const struct sample *sample, struct compiled *compiled, struct preview **preview)
{
    char text[4096];
    snprintf(text, sizeof text, "%s%sexpect: {fix: 0}\n", HEAD, sample->text);
    *compiled = compile(text);
    for (uint32_t i = 0; i < compiled->messages.count; i++)
        print_message("%s: %u: %s\n", sample->name, compiled->messages.items[i].line,
                      compiled->messages.items[i].text);
    assert_int_equal(compiled->err, ERR_OK);
    assert_int_equal(preview_new(compiled->pattern, VARIANT_FIX, preview), ERR_OK);
}

static void print_findings(const char *name, const struct preview *preview)
{
    for (uint32_t i = 0; i < preview->findings.count; i++) {
        const struct finding *finding = &preview->findings.items[i];
        print_message("%s: line %u: %s: %s\n", name, finding->line, finding_word(finding->kind),
                      finding->text);
    }
}

static const struct finding *find(const struct preview *preview, const struct sample *sample)
{
    for (uint32_t i = 0; i < preview->findings.count; i++)
        if (preview->findings.items[i].kind == sample->kind)
            return &preview->findings.items[i];
    print_findings(sample->name, preview);
    fail_msg("%s: no %s", sample->name, finding_word(sample->kind));
    return NULL;
}

static void each_fault_is_found_and_nothing_without_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        const struct sample *sample = &samples[i];
        struct compiled compiled;
        struct preview *preview;
        given(sample, &compiled, &preview);
        if (sample->kind == NONE) {
            print_findings(sample->name, preview);
            assert_int_equal(preview->findings.count, 0);
        } else {
            const struct finding *finding = find(preview, sample);
            if (finding->line != sample->line || finding->trial != sample->trial)
                fail_msg("%s: in line %u, %s", sample->name, finding->line, finding->text);
            assert_true(strlen(finding->text) > 10 && strlen(finding_remedy(finding->kind)) > 10);
            assert_true(preview_undeclared(preview) > 0);
            for (uint32_t j = 0; j < preview->findings.count; j++)
                assert_true(preview->findings.items[j].kind == sample->kind ||
                            preview->findings.items[j].trial);
        }
        preview_free(preview);
        compiled_free(&compiled);
    }
}

static void a_finding_says_what_was_set_for_it(void **state)
{
    (void)state;
    const struct sample *sample = &samples[COUNT_OF(samples) - 2];
    struct compiled compiled;
    struct preview *preview;
    given(sample, &compiled, &preview);
    assert_string_equal(find(preview, sample)->setting, "way=bad");
    preview_free(preview);
    compiled_free(&compiled);
}

static void an_exit_says_what_a_task_waits_for_last(void **state)
{
    (void)state;
    static const struct sample sample = {
        .name = "exits",
        .text = "share: {c: channel}\nfix:\n  main: [spawn a, spawn b, {if linger < 0s: [spawn d]}]\n  a:\n"
                "    - select:\n        recv c:\n        done: [sleep 1s]\n        after 2s: [{loop: [sleep "
                "1s]}]\n"
                "  b: [spawn e, close c]\n  d: []\n  e: [select]\n",
    };
    struct compiled compiled;
    struct preview *preview;
    given(&sample, &compiled, &preview);
    const struct exit *exits = preview->exits;
    assert_string_equal(exits[0].text, "linger (line 7)");
    assert_string_equal(exits[1].text, "recv c (line 9) or sleep 1s (line 11)");
    assert_string_equal(exits[2].text, "its last statement (line 13)");
    assert_true(exits[1].ends && exits[2].ends && exits[4].started);
    assert_false(exits[3].started);
    assert_false(exits[4].ends);
    assert_string_equal(exits[4].text, "");
    assert_int_equal(preview_keeps(preview, 4)->kind, FINDING_NO_CASE);
    preview_free(preview);
    compiled_free(&compiled);
}

static void what_expect_says_is_declared(void **state)
{
    (void)state;
    struct compiled compiled =
        compile(HEAD "leak: {main: [spawn a], a: [select]}\nfix: {main: [spawn a], a: [select]}\n"
                     "expect: {leak: 0, fix: 1}\n");
    struct preview *leak, *fix;
    assert_int_equal(preview_new(compiled.pattern, VARIANT_LEAK, &leak), ERR_OK);
    assert_int_equal(preview_new(compiled.pattern, VARIANT_FIX, &fix), ERR_OK);
    assert_int_equal(preview_undeclared(leak), 1);
    assert_int_equal(preview_undeclared(fix), 0);
    preview_free(leak);
    preview_free(fix);
    compiled_free(&compiled);
}

static void a_program_that_never_rests_is_cut_short(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "fix:\n  main: [spawn a]\n  a:\n    - loop: [{chance 0%: [exit]}]\n",
        "fix:\n  main: [spawn a]\n  a:\n    - loop: [spawn a, sleep 1ms]\n",
        "params: {n: {default: 1000000, min: 1000000, unit: tasks, about: x}}\n"
        "fix:\n  main: [spawn a * n]\n  a: [await done]\n",
        /* Who waits here is freed in the end, years after the trial gave up. */
        "share: {c: channel}\nfix:\n  main: [spawn a, spawn b]\n"
        "  a: [{loop 100: [{loop 1000: [sleep 2h]}]}, close c]\n  b: [recv c]\n",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct sample sample = {.name = "restless", .text = texts[i]};
        struct compiled compiled;
        struct preview *preview;
        given(&sample, &compiled, &preview);
        assert_true(preview->trial.cut);
        for (uint32_t j = 0; j < preview->findings.count; j++)
            assert_false(preview->findings.items[j].trial);
        preview_free(preview);
        compiled_free(&compiled);
    }
}

static void the_catalogue_has_findings_in_each_leak_and_in_nothing_else(void **state)
{
    (void)state;
    struct catalogue catalogue;
    struct buf why;
    unsigned wrong = 0;
    catalogue_init(&catalogue);
    buf_init(&why, 65536);
    assert_int_equal(catalogue_load(&catalogue, &why), ERR_OK);
    for (size_t i = 0; i < catalogue.count * VARIANTS; i++) {
        struct mode mode = {catalogue.patterns[i / VARIANTS], (enum variant)(i % VARIANTS)};
        struct preview *preview;
        char text[MODE_TEXT];
        if (mode.pattern->variants[mode.variant].program == NULL)
            continue;
        assert_int_equal(preview_new(mode.pattern, mode.variant, &preview), ERR_OK);
        bool right = (mode.variant == VARIANT_LEAK) == (preview->findings.count > 0) &&
                     preview_undeclared(preview) == 0 && !preview->trial.cut;
        if (!right) {
            print_message("%s: %u findings\n", mode_format(mode, text), preview->findings.count);
            print_findings(text, preview);
            wrong++;
        }
        preview_free(preview);
    }
    catalogue_deinit(&catalogue);
    buf_deinit(&why);
    assert_int_equal(wrong, 0);
}

static bool preview_without_memory(void *argument)
{
    struct preview *preview = NULL;
    enum err err = preview_new(argument, VARIANT_FIX, &preview);
    assert_true(err == ERR_OK || (err == ERR_MEMORY && preview == NULL));
    preview_free(preview);
    return err == ERR_OK;
}

static void memory_that_is_out_is_an_error(void **state)
{
    (void)state;
    struct compiled compiled =
        compile(HEAD "share: {c: channel}\nfix: {main: [spawn a, recv c], a: [send c]}\nexpect: {fix: 0}\n");
    assert_int_equal(compiled.err, ERR_OK);
    fault_sweep(preview_without_memory, compiled.pattern);
    compiled_free(&compiled);
}

static void what_stands_behind_a_lock_that_somebody_else_may_give_back_is_looked_at(void **state)
{
    (void)state;
    const struct sample sample = {
        "a stray unlock",
        "share: {b: rwmutex, c: channel}\nfix:\n  main: [spawn a, spawn x]\n  a: [rlock b, lock b, recv c]\n"
        "  x:\n    - chance 50%: [rlock b]\n    - runlock b\n",
        FINDING_NO_SENDER, 8, false};
    struct compiled compiled;
    struct preview *preview;
    given(&sample, &compiled, &preview);
    assert_int_equal(find(preview, &sample)->line, 8);
    preview_free(preview);
    compiled_free(&compiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_found_and_nothing_without_it),
        cmocka_unit_test(what_stands_behind_a_lock_that_somebody_else_may_give_back_is_looked_at),
        cmocka_unit_test(a_finding_says_what_was_set_for_it),
        cmocka_unit_test(an_exit_says_what_a_task_waits_for_last),
        cmocka_unit_test(what_expect_says_is_declared),
        cmocka_unit_test(a_program_that_never_rests_is_cut_short),
        cmocka_unit_test(the_catalogue_has_findings_in_each_leak_and_in_nothing_else),
        cmocka_unit_test(memory_that_is_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
