/* Verdicts: for every statement whose gate may be closed a task that is stuck there, and the same one live
 * because somebody may still open it. Patterns in which all that can move has moved, but for what each test
 * leaves open on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "judge/judge.h"
#include "stage.h"

static struct stage stage;
static struct judge judge;

/* Counts, after the pattern has come to rest and was judged. */
static void given(const char *text, int64_t linger_ns)
{
    stage_open(&stage, (struct stage_spec){.text = text, .linger_ns = linger_ns});
    judge_init(&judge, stage.runtime, &(struct judge_config){0});
    stage_start(&stage);
    stage_pass(&stage, linger_ns + 10 * MS);
    judge_now(&judge);
    stage_check(&stage);
}

static uint64_t leaked(enum verdict verdict)
{
    return stage.tally->census.leaked[verdict];
}

/* A verdict is for ever: nothing that is let happen may disturb it (task_wake checks). */
static void over(void)
{
    uint64_t stuck = leaked(VERDICT_STUCK);
    stage_pass(&stage, 50 * MS);
    judge_now(&judge);
    assert_true(leaked(VERDICT_STUCK) >= stuck);
    stage_cancel(&stage);
    stage_pass(&stage, 50 * MS);
    judge_now(&judge);
    assert_true(leaked(VERDICT_STUCK) >= stuck);
    judge_deinit(&judge);
    stage_close(&stage);
}

/* What becomes of a pattern whose owner lingers on, hearing done at some time: how many are stuck. */
struct gate {
    const char *about;
    const char *text;
    uint64_t stuck;
};

/* `later` hears done, and may then do what nobody else does any more. */
#define LATER(deed) "  later: [await done, " deed "]\n"

static const struct gate gates[] = {
    {"receive: nobody sends", "share: {c: channel}\nfix:\n  main: [spawn a * 3]\n  a: [recv c]\n", 3},
    {"receive: a sender may come",
     "share: {c: channel}\nfix:\n  main: [spawn a * 3, spawn later]\n  a: [recv c]\n" LATER("send c"), 0},
    {"receive: a close may come",
     "share: {c: channel}\nfix:\n  main: [spawn a * 3, spawn later]\n  a: [recv c]\n" LATER("close c"), 0},
    {"receive: another channel's close does not help",
     "share: {c: channel, d: channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [recv c]\n" LATER(
         "close d"),
     1},
    {"receive: nil",
     "share: {c: nil channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [recv c]\n" LATER("send c"), 1},
    {"receive: the sender waits for the receiver",
     "share: {c: channel, d: channel}\nfix:\n  main: [spawn a, spawn b]\n  a: [recv c, send d]\n"
     "  b: [recv d, send c]\n",
     2},
    {"send: nobody receives", "share: {c: channel}\nfix:\n  main: [spawn a * 3]\n  a: [send c]\n", 3},
    {"send: a receiver may come",
     "share: {c: channel}\nfix:\n  main: [spawn a * 3, spawn later]\n  a: [send c]\n" LATER("recv c"), 0},
    {"send: a close may come, and a panic with it",
     "share: {c: channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [send c]\n" LATER("close c"), 0},
    {"send: full", "share: {c: channel 2}\nfix:\n  main: [spawn a * 5]\n  a: [send c]\n", 3},
    {"send: full, and room may come",
     "share: {c: channel 2}\nfix:\n  main: [spawn a * 5, spawn later]\n  a: [send c]\n" LATER("range c"), 0},
    {"send: nil",
     "share: {c: nil channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [send c]\n" LATER("recv c"), 1},
    {"range: nobody sends or closes", "share: {c: channel}\nfix:\n  main: [spawn a]\n  a: [range c]\n", 1},
    {"range: a close may come",
     "share: {c: channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [range c]\n" LATER("close c"), 0},
    {"range: what stands behind needs a close, and a message is not one",
     "share: {c: channel, d: channel}\nfix:\n  main: [spawn a, spawn b, spawn later]\n"
     "  a: [range c, send d]\n  b: [recv d]\n" LATER("send c"),
     1},
    {"range: what stands inside needs a message, and a close is not one",
     "share: {c: channel, d: channel}\nfix:\n  main: [spawn a, spawn b, spawn later]\n"
     "  a:\n    - range c:\n        - send d\n  b: [recv d]\n" LATER("close c"),
     1},
    {"a task alone does not send to itself",
     "share: {c: channel, d: channel}\nfix:\n  main: [spawn a, spawn b]\n"
     "  a:\n    - await done\n    - select:\n        recv c: [send d]\n        send c:\n"
     "  b: [recv d]\n",
     1},
    {"two of a kind send to each other",
     "share: {c: channel, d: channel}\nfix:\n  main: [spawn a * 2, spawn b]\n"
     "  a:\n    - await done\n    - select:\n        recv c: [send d]\n        send c:\n"
     "  b: [recv d]\n",
     0},
    {"a task alone sends to itself through a buffer",
     "share: {c: channel 1, d: channel}\nfix:\n  main: [spawn a, spawn b]\n"
     "  a: [await done, send c, recv c, send d]\n  b: [recv d]\n",
     0},
    {"a close that has been made already is a panic, and nothing comes after it",
     "share: {c: channel, d: channel}\nfix:\n  main: [close c, spawn a, spawn later]\n  a: [recv d]\n" LATER(
         "close c, send d"),
     1},
    {"a send on a closed channel is a panic, and nothing comes after it",
     "share: {c: channel, d: channel}\nfix:\n  main: [close c, spawn a, spawn later]\n  a: [recv d]\n" LATER(
         "send c, send d"),
     1},
    {"select: no case", "fix:\n  main: [spawn a, spawn later]\n  a: [select]\n" LATER("exit"), 1},
    {"select: no case can come",
     "share: {c: channel, d: nil channel}\nfix:\n  main: [spawn a]\n  a:\n    - select:\n        recv c:\n"
     "        send d:\n",
     1},
    {"select: one of its cases can come",
     "share: {c: channel, d: channel}\nfix:\n  main: [spawn a, spawn later]\n  a:\n    - select:\n"
     "        recv c:\n        send d:\n" LATER("recv d"),
     0},
    {"select: done may come",
     "share: {c: channel}\nfix:\n  main: [spawn a]\n  a:\n    - select:\n        recv c:\n        done:\n",
     0},
    {"select: a deadline comes",
     "share: {c: channel}\nfix:\n  main: [spawn a]\n  a:\n    - select:\n        recv c:\n"
     "        after 1h:\n",
     0},
    {"select: only the case that can come leads on",
     "share: {c: channel, d: channel, e: channel}\nfix:\n  main: [spawn a, spawn b, spawn later]\n"
     "  a:\n    - select:\n        recv c: [send e]\n        recv d: exit\n  b: [recv e]\n" LATER("send d"),
     1},
    {"a sleep ends", "fix:\n  main: [spawn a]\n  a: [sleep 1h]\n", 0},
    {"tick: the ticker ticks", "share: {t: ticker 1h}\nfix:\n  main: [spawn a]\n  a: [tick t]\n", 0},
    {"tick: the ticker is stopped", "share: {t: ticker 1h}\nfix:\n  main: [stop t, spawn a]\n  a: [tick t]\n",
     1},
    {"select: the ticker is stopped",
     "share: {t: ticker 1h}\nfix:\n  main: [stop t, spawn a]\n  a:\n    - select:\n        tick t:\n", 1},
    {"await: an operator may cancel, a deadline may come",
     "share: {s: scope}\nfix:\n  main: [spawn a, spawn b]\n  a: [await done s]\n  b: [await done]\n", 0},
    {"lock: its holder has gone", "share: {m: mutex}\nfix:\n  main: [lock m, spawn a * 2]\n  a: [lock m]\n",
     2},
    {"lock: an unlock may come",
     "share: {m: mutex}\nfix:\n  main: [lock m, spawn a * 2, spawn later]\n  a: [lock m, unlock m]\n" LATER(
         "unlock m"),
     0},
    {"lock: its own unlock does not help",
     "share: {m: mutex}\nfix:\n  main: [spawn a]\n  a: [lock m, lock m, unlock m]\n", 1},
    {"lock: crosswise",
     "share: {m: mutex, n: mutex}\nfix:\n  main: [spawn a, spawn b]\n"
     "  a: [lock m, sleep 1ms, lock n, unlock n, unlock m]\n  b: [lock n, sleep 1ms, lock m, unlock m, "
     "unlock n]\n",
     2},
    {"unlock: what is not locked panics, and nothing comes after it",
     "share: {m: mutex, c: channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [recv c]\n" LATER(
         "unlock m, send c"),
     1},
    {"unlock: somebody may have locked it",
     "share: {m: mutex, c: channel}\nfix:\n  main: [spawn a, spawn later, spawn b]\n  a: [recv c]\n"
     "  b: [await done, lock m]\n" LATER("unlock m, send c"),
     0},
    {"write lock: a reader has gone with it",
     "share: {w: rwmutex}\nfix:\n  main: [rlock w, spawn a]\n  a: [lock w]\n", 1},
    {"write lock: the reader may unlock",
     "share: {w: rwmutex}\nfix:\n  main: [rlock w, spawn a, spawn later]\n  a: [lock w]\n" LATER("runlock w"),
     0},
    {"write lock: the unlock of the wrong side does not help",
     "share: {w: rwmutex}\nfix:\n  main: [rlock w, spawn a, spawn later]\n  a: [lock w]\n" LATER("unlock w"),
     1},
    {"read lock: a writer has gone with it",
     "share: {w: rwmutex}\nfix:\n  main: [lock w, spawn a * 2]\n  a: [rlock w]\n", 2},
    {"read lock: the writer may unlock",
     "share: {w: rwmutex}\nfix:\n  main: [lock w, spawn a * 2, spawn later]\n  a: [rlock w]\n" LATER(
         "unlock w"),
     0},
    {"read lock: behind a writer that waits for the first reader",
     "share: {w: rwmutex}\nfix:\n  main: [spawn a, spawn b]\n  a: [rlock w, sleep 2ms, rlock w, runlock w, "
     "runlock w]\n"
     "  b: [sleep 1ms, lock w, unlock w]\n",
     2},
    {"join: somebody has not finished",
     "share: {g: group}\nfix:\n  main: [add g 2, spawn a]\n  a: [wait g]\n", 1},
    {"join: somebody may finish",
     "share: {g: group}\nfix:\n  main: [add g 1, spawn a, spawn later]\n  a: [wait g]\n" LATER("finish g"),
     0},
    {"join: fewer may finish than have been added",
     "share: {g: group}\nfix:\n  main: [add g 2, spawn a, spawn later]\n  a: [wait g]\n" LATER("finish g"),
     1},
    {"join: as many may finish as have been added, spawned by those who still may",
     "share: {g: group}\nfix:\n  main: [add g 6, spawn a, spawn later * 2]\n  a: [wait g]\n"
     "  last: [finish g]\n" LATER("spawn last * 3"),
     0},
    {"join: fewer may finish than have been added, spawned by those who still may",
     "share: {g: group}\nfix:\n  main: [add g 7, spawn a, spawn later * 2]\n  a: [wait g]\n"
     "  last: [finish g]\n" LATER("spawn last * 3"),
     1},
    {"join: finishes are all made up for",
     "share: {g: group}\nfix:\n  main: [add g 1, spawn a, spawn b * 3]\n  a: [wait g]\n"
     "  b: [loop: [add g 1, sleep 3ms, finish g]]\n",
     1},
    {"join: one way around an add is enough",
     "share: {g: group}\nfix:\n  main: [add g 1, spawn a, spawn b]\n  a: [wait g]\n"
     "  b: [loop: [chance 50%: [add g 1], sleep 1h, finish g]]\n",
     0},
    {"join: a group of one's own is not everybody's",
     "share: {g: group}\nfix:\n  main: [add g 1, spawn a, spawn b]\n  a: [wait g]\n"
     "  b:\n    own: {g: group}\n    steps: [loop: [add g 1, sleep 3ms, finish g]]\n",
     1},
    {"join: whoever spawns himself may finish often enough",
     "share: {g: group}\nfix:\n  main: [add g 1000, spawn a, spawn b]\n  a: [wait g]\n"
     "  b:\n    own: {c: channel}\n    steps: [sleep 1h, finish g, spawn b]\n",
     0},
    {"join: somebody may finish behind another wait that may end",
     "share: {g: group, h: group}\nfix:\n  main: [add g 1, add h 1, spawn a, spawn b, spawn later]\n"
     "  a: [wait g]\n  b: [wait h, finish g]\n" LATER("finish h"),
     0},
    {"join: somebody may finish behind another wait that never ends",
     "share: {g: group, h: group}\nfix:\n  main: [add g 1, add h 2, spawn a, spawn b, spawn later]\n"
     "  a: [wait g]\n  b: [wait h, finish g]\n" LATER("finish h"),
     2},
    {"finish: below zero panics, and nothing comes after it",
     "share: {g: group, c: channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [recv c]\n" LATER(
         "finish g, send c"),
     1},
    {"finish: somebody may add",
     "share: {g: group, c: channel}\nfix:\n  main: [spawn a, spawn later, spawn b]\n  a: [recv c]\n"
     "  b: [await done, add g]\n" LATER("finish g, send c"),
     0},
    {"wait: nobody signals",
     "share: {m: mutex, k: condition m}\nfix:\n  main: [spawn a * 2]\n  a: [lock m, wait k, unlock m]\n", 2},
    {"wait: a signal may come",
     "share: {m: mutex, k: condition m}\nfix:\n  main: [spawn a * 2, spawn later]\n"
     "  a: [lock m, wait k, unlock m]\n" LATER("signal k"),
     0},
    {"wait: a broadcast may come",
     "share: {m: mutex, k: condition m}\nfix:\n  main: [spawn a * 2, spawn later]\n"
     "  a: [lock m, wait k, unlock m]\n" LATER("broadcast k"),
     0},
    {"wait: whoever waits does not signal itself",
     "share: {m: mutex, k: condition m}\nfix:\n  main: [spawn a]\n"
     "  a:\n    - lock m\n    - loop:\n        - wait k\n        - signal k\n",
     1},
    {"wait: signalled, and the mutex has gone",
     "share: {m: mutex, k: condition m}\nfix:\n  main: [spawn a, spawn b]\n"
     "  a: [lock m, wait k, unlock m]\n  b: [sleep 1ms, lock m, signal k]\n",
     1},
    {"wait: while it waits the mutex is free",
     "share: {m: mutex, k: condition m, c: channel}\nfix:\n  main: [spawn a, spawn b, spawn later]\n"
     "  a: [lock m, wait k, unlock m]\n  b: [recv c]\n" LATER("lock m, send c"),
     1},
    {"a branch that is not taken does not count",
     "params: {n: {default: 1, unit: x, about: x}}\nshare: {c: channel}\nfix:\n  main: [spawn a, spawn "
     "later]\n"
     "  a: [recv c]\n  later:\n    - await done\n    - if n is 2:\n        - send c\n",
     1},
    {"a loop of no rounds does not count",
     "params: {n: {default: 0, unit: x, about: x}}\nshare: {c: channel}\nfix:\n  main: [spawn a, spawn "
     "later]\n"
     "  a: [recv c]\n  later:\n    - await done\n    - loop n:\n        - send c\n",
     1},
    {"a chance counts",
     "share: {c: channel}\nfix:\n  main: [spawn a, spawn later]\n"
     "  a: [recv c]\n  later:\n    - await done\n    - chance 1%:\n        - send c\n",
     0},
    {"a chance of nothing does not count",
     "share: {c: channel}\nfix:\n  main: [spawn a, spawn later]\n"
     "  a: [recv c]\n  later:\n    - await done\n    - chance 0%:\n        - send c\n",
     1},
    {"who may still be spawned counts",
     "share: {c: channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [recv c]\n" LATER(
         "spawn b") "  b: [send c]\n",
     0},
    {"spawning nobody does not count",
     "params: {n: {default: 0, unit: x, about: x}}\nshare: {c: channel}\nfix:\n"
     "  main: [spawn a, spawn later]\n  a: [recv c]\n" LATER("spawn b * n") "  b: [send c]\n",
     1},
    {"who may be spawned with things of its own works on those",
     "share: {c: channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [recv c]\n" LATER(
         "spawn b") "  b:\n    own: {d: channel}\n    steps: [recv d, send c]\n",
     1},
    {"who may be spawned with things of its own is helped by its own children",
     "share: {c: channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [recv c]\n" LATER(
         "spawn b") "  b:\n    own: {d: channel}\n    steps: [spawn e, recv d, send c]\n  e: [send d]\n",
     0},
    {"who may be spawned does not serve itself over its own channel",
     "share: {c: channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [recv c]\n" LATER(
         "spawn b") "  b:\n    own: {d: channel}\n    steps:\n      - select:\n          recv d:\n          "
                    "send d:\n      - send c\n",
     1},
    {"several that may be spawned meet outside of their own",
     "share: {c: channel, e: channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [recv c]\n" LATER(
         "spawn b * 2") "  b:\n    own: {d: channel}\n    steps:\n      - select:\n          recv e:\n       "
                        "   send e:\n      - send c\n",
     0},
    {"who spawns its own kind may do whatever its program says",
     "share: {c: channel}\nfix:\n  main: [spawn a, spawn later]\n  a: [recv c]\n" LATER(
         "spawn b") "  b:\n    own: {d: channel}\n    steps:\n      - chance 50%:\n          - spawn b\n     "
                    " - recv d\n      - send c\n",
     0},
    {"things of others with the same name are others",
     "fix:\n  main: [spawn a, spawn b]\n  a:\n    own: {c: channel}\n    steps: [recv c]\n"
     "  b:\n    own: {c: channel}\n    steps: [await done, send c]\n",
     1},
    {"a task without things of its own sees its spawner's",
     "fix:\n  main: [spawn a]\n  a:\n    own: {c: channel}\n    steps: [spawn b, recv c]\n"
     "  b: [await done, send c]\n",
     0},
    {"who cannot be heard any more is stuck, though its channel is seen by who lives on",
     "share: {c: channel}\nfix:\n  main: [spawn a * 2, spawn later]\n  a: [send c]\n" LATER("exit"), 2},
};

static void a_gate_is_judged_as_it_stands(void **state)
{
    const struct gate *gate = *state;
    given(gate->text, 0);
    if (leaked(VERDICT_STUCK) != gate->stuck)
        fail_msg("%s: %d stuck", gate->about, (int)leaked(VERDICT_STUCK));
    assert_int_equal(leaked(VERDICT_ENDLESS), 0);
    over();
}

/* ---- endless ---- */

static void a_loop_without_a_way_out_is_endless_once_its_owner_has_left(void **state)
{
    (void)state;
    given("fix:\n  main: [spawn a * 3]\n  a:\n    own: {t: ticker 10ms}\n    steps:\n      - loop:\n"
          "          - tick t\n",
          0);
    assert_int_equal(leaked(VERDICT_ENDLESS), 0);
    stage_cancel(&stage);
    judge_now(&judge);
    assert_int_equal(leaked(VERDICT_ENDLESS), 3);
    stage_pass(&stage, 100 * MS);
    judge_now(&judge);
    assert_int_equal(leaked(VERDICT_ENDLESS), 3);
    assert_int_equal(leaked(VERDICT_STUCK), 0);
    over();
}

static void a_loop_with_a_way_out_is_not_endless(void **state)
{
    (void)state;
    given("fix:\n  main: [spawn a, spawn b, spawn c]\n"
          "  a:\n    - loop:\n        - sleep 10ms\n        - chance 1%: exit\n"
          "  b:\n    - loop 1000000:\n        - sleep 10ms\n"
          "  c:\n    - loop:\n        - sleep 10ms\n        - chance 1%: panic\n",
          5 * MS);
    assert_int_equal(leaked(VERDICT_ENDLESS) + leaked(VERDICT_STUCK), 0);
    over();
}

static void an_endless_one_may_get_stuck_and_is_counted_once(void **state)
{
    (void)state;
    given("share: {c: channel}\nfix:\n  main: [spawn a]\n"
          "  a:\n    - sleep 50ms\n    - recv c\n    - loop:\n        - sleep 10ms\n",
          5 * MS);
    assert_int_equal(leaked(VERDICT_ENDLESS), 1);
    stage_pass(&stage, 100 * MS);
    judge_now(&judge);
    assert_int_equal(leaked(VERDICT_ENDLESS), 0);
    assert_int_equal(leaked(VERDICT_STUCK), 1);
    over();
}

static void an_owner_that_never_leaves_keeps_its_tasks_from_being_endless(void **state)
{
    (void)state;
    given("fix:\n  main: [spawn a, loop: [sleep 10ms]]\n  a: [loop: [sleep 10ms]]\n", 5 * MS);
    stage_cancel(&stage);
    judge_now(&judge);
    assert_int_equal(leaked(VERDICT_ENDLESS), 0);
    over();
}

/* ---- what a run does ---- */

#define LINKS      1000
#define LINK_STEPS 60 /* that a task of the chain may cost */

/* Each waits for the next one, the last one for somebody who will never come, or who still may. */
static uint64_t chain_steps(unsigned links, const char *last, uint64_t stuck)
{
    char text[1024];
    snprintf(text, sizeof text,
             "share: {c: channel, %s}\nfix:\n  main: [spawn link * %u, spawn later]\n"
             "  link:\n    own: {d: channel}\n    steps: [spawn next, recv d]\n"
             "  next: [recv c, send d]\n  later: [await done, %s]\n",
             "e: channel", links, last);
    given(text, 0);
    assert_int_equal(leaked(VERDICT_STUCK), stuck);
    uint64_t steps = judge.stats.steps;
    over();
    return steps;
}

static void a_crowd_costs_in_proportion(void **state)
{
    (void)state;
    assert_true(chain_steps(LINKS, "send e", 2 * LINKS) < LINKS * LINK_STEPS);
    assert_true(chain_steps(LINKS, "send c", 0) < LINKS * LINK_STEPS);
}

/* A chain of which each link has a channel of its own and waits for that of the link before it. */
static uint64_t daisy_steps(unsigned links, const char *first, uint64_t stuck)
{
    static char text[8000];
    struct buf buf;
    buf_init(&buf, sizeof text);
    buf_puts(&buf, "share: {c0: channel");
    for (unsigned i = 1; i <= links; i++)
        buf_printf(&buf, ", c%u: channel", i);
    buf_puts(&buf, "}\nfix:\n  main: [spawn later");
    for (unsigned i = 0; i < links; i++)
        buf_printf(&buf, ", spawn t%u", i);
    buf_printf(&buf, "]\n  later: [await done, %s]\n", first);
    for (unsigned i = 0; i < links; i++)
        buf_printf(&buf, "  t%u: [recv c%u, send c%u]\n", i, i, i + 1);
    snprintf(text, sizeof text, "%s", buf_text(&buf));
    buf_deinit(&buf);
    given(text, 0);
    assert_int_equal(leaked(VERDICT_STUCK), stuck);
    uint64_t steps = judge.stats.steps;
    over();
    return steps;
}

#define DEAD_STARTS 100

/* What one more run looks at. */
static uint64_t steps_of_a_run(void)
{
    uint64_t before = judge.stats.steps;
    judge_now(&judge);
    return judge.stats.steps - before;
}

static void starts_with_nobody_left_to_judge_are_passed_over(void **state)
{
    (void)state;
    given("share: {c: channel}\nfix:\n  main: [spawn a]\n  a: [recv c]\n", 1 * MS);
    for (int i = 1; i < DEAD_STARTS; i++)
        assert_int_equal(workload_start(stage.workload), ERR_OK);
    stage_pass(&stage, 10 * MS);
    uint64_t first = steps_of_a_run();
    assert_int_equal(leaked(VERDICT_STUCK), DEAD_STARTS);
    (void)steps_of_a_run(); /* sees that they are dead */
    assert_true(steps_of_a_run() < first / 20);

    /* Who comes later is judged all the same. */
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    stage_pass(&stage, 10 * MS);
    judge_now(&judge);
    assert_int_equal(leaked(VERDICT_STUCK), DEAD_STARTS + 1);

    /* Told to end, they change over to another list. */
    stage_cancel(&stage);
    stage_pass(&stage, 10 * MS);
    (void)steps_of_a_run();
    assert_true(steps_of_a_run() < first / 20);
    over();
}

static void a_chain_costs_in_proportion(void **state)
{
    (void)state;
    uint64_t short_one = daisy_steps(30, "send c0", 0), long_one = daisy_steps(60, "send c0", 0);
    assert_true(long_one < short_one * 5 / 2);
    daisy_steps(60, "exit", 60);
}

static void who_was_found_stuck_is_not_looked_at_again(void **state)
{
    (void)state;
    given("share: {c: channel}\nfix:\n  main: [spawn a * 1000]\n  a: [recv c]\n", 5 * MS);
    assert_int_equal(leaked(VERDICT_STUCK), 1000);
    uint64_t before = judge.stats.steps;
    judge_now(&judge);
    assert_true(judge.stats.steps - before < 20);
    over();
}

static void a_reclaim_takes_the_leaked_with_it(void **state)
{
    (void)state;
    given("share: {c: channel}\nfix:\n  main: [spawn a * 10, spawn b * 5]\n  a: [recv c]\n"
          "  b: [loop: [sleep 1ms]]\n",
          5 * MS);
    assert_int_equal(leaked(VERDICT_STUCK), 10);
    assert_int_equal(leaked(VERDICT_ENDLESS), 5);
    stage_reclaim(&stage);
    assert_int_equal(leaked(VERDICT_STUCK) + leaked(VERDICT_ENDLESS), 0);
    assert_int_equal(stage_ended(&stage, END_RECLAIMED), 15);
    judge_now(&judge);
    judge_deinit(&judge);
    stage_close(&stage);
}

static void who_has_been_blocked_longest_is_told(void **state)
{
    (void)state;
    given("share: {c: channel, d: channel}\nfix:\n  main: [spawn a, spawn b, spawn later]\n"
          "  a: [sleep 500ms, recv c]\n  b: [recv d]\n  later: [await done, send d]\n",
          0);
    stage_pass(&stage, 1000 * MS);
    judge_now(&judge);
    assert_int_equal(leaked(VERDICT_STUCK), 1);
    assert_in_range(judge_blocked_ms(stage.workload), 950, 1050);
    stage_cancel(&stage);
    judge_now(&judge);
    assert_in_range(judge_blocked_ms(stage.workload), 450, 550);
    stage_pass(&stage, 1000 * MS);
    assert_in_range(judge_blocked_ms(stage.workload), 1450, 1550);
    stage_reclaim(&stage);
    assert_int_equal(judge_blocked_ms(stage.workload), 0);
    judge_deinit(&judge);
    stage_close(&stage);
}

/* Whoever was released at once with many others is not stuck, though what he waited for is closed again. */
static void who_is_about_to_be_woken_is_not_stuck(void **state)
{
    (void)state;
    stage_open(&stage, (struct stage_spec){.text = "share: {g: group, dead: channel}\nfix:\n"
                                                   "  main: [add g, spawn a * 500, spawn b]\n  a: [wait g]\n"
                                                   "  b: [sleep 1ms, finish g, add g, recv dead]\n"});
    judge_init(&judge, stage.runtime, &(struct judge_config){0});
    stage_start(&stage);
    stage.clock.manual_ns += 1 * MS;
    stage_rounds(&stage, 1);
    assert_int_equal(stage_in(&stage, TASK_JOIN), 500);
    judge_now(&judge);
    assert_int_equal(leaked(VERDICT_STUCK), 1);
    stage_settle(&stage);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 500);
    over();
}

/* ---- when it runs ---- */

static void it_runs_by_itself(void **state)
{
    (void)state;
    stage_open(&stage,
               (struct stage_spec){.text = "share: {c: channel}\nfix:\n  main: [spawn a]\n  a: [recv c]\n"});
    judge_init(&judge, stage.runtime, &(struct judge_config){.interval_ns = 5000 * MS});
    stage_start(&stage);
    stage_pass(&stage, 4999 * MS);
    assert_int_equal(judge.stats.runs, 0);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(judge.stats.runs, 1);
    assert_int_equal(leaked(VERDICT_STUCK), 1);
    stage_pass(&stage, 20000 * MS);
    assert_int_equal(judge.stats.runs, 5);
    judge_deinit(&judge);
    stage_close(&stage);
}

#define LOOK_NS 30000

/* Time that passes while one looks at the clock. */
static uint64_t clock_that_goes_on(const struct clock *clock)
{
    (void)clock;
    return stage.clock.manual_ns += LOOK_NS;
}

static uint64_t sum(const uint64_t counts[static JUDGE_BUCKETS + 1])
{
    uint64_t all = 0;
    for (size_t i = 0; i <= JUDGE_BUCKETS; i++)
        all += counts[i];
    return all;
}

static void each_slice_is_counted_by_what_it_took(void **state)
{
    (void)state;
    stage_open(&stage, (struct stage_spec){
                           .text = "share: {c: channel}\nfix:\n  main: [spawn a * 5000]\n  a: [recv c]\n"});
    judge_init(&judge, stage.runtime, &(struct judge_config){0});
    stage_start(&stage);
    stage.clock.now_ns = clock_that_goes_on;
    judge_now(&judge);
    const struct judge_stats *stats = &judge.stats;
    assert_int_equal(leaked(VERDICT_STUCK), 5000);
    assert_int_equal(sum(stats->buckets), 1);
    assert_true(sum(stats->slice_buckets) > 5);
    /* Seven looks at the clock are more than 200 us; only the last slice may be shorter. */
    size_t bucket = 0;
    while (judge_slice_bucket_seconds[bucket] < 7 * LOOK_NS / 1e9)
        bucket++;
    assert_in_range(sum(stats->slice_buckets) - stats->slice_buckets[bucket], 0, 1);
    assert_true((double)stats->slice_ns / 1e9 == stats->run_seconds);
    stage.clock = clock_manual(stage.clock.manual_ns);
    judge_deinit(&judge);
    stage_close(&stage);
}

struct asked {
    struct judge_wish wish;
    unsigned called;
};

static void on_asked(struct judge_wish *wish)
{
    container_of(wish, struct asked, wish)->called++;
}

static void it_runs_when_asked(void **state)
{
    (void)state;
    struct asked first = {.wish.done = on_asked}, second = {.wish.done = on_asked};
    stage_open(&stage, (struct stage_spec){.text = "fix:\n  main: []\n"});
    judge_init(&judge, stage.runtime, &(struct judge_config){.slice_steps = 1});
    stage_start(&stage);
    judge_ask(&judge, &first.wish);
    stage_rounds(&stage, 1);
    assert_int_equal(first.called, 0);
    judge_ask(&judge, &second.wish);
    stage_settle(&stage);
    assert_int_equal(first.called, 1);
    assert_int_equal(second.called, 1);
    assert_int_equal(judge.stats.runs, 2);
    stage_pass(&stage, 60000 * MS);
    assert_int_equal(judge.stats.runs, 2);
    judge_deinit(&judge);
    stage_close(&stage);
}

#define CASE_TABLE(X)                                                                                        \
    X(a_loop_without_a_way_out_is_endless_once_its_owner_has_left)                                           \
    X(a_loop_with_a_way_out_is_not_endless)                                                                  \
    X(an_endless_one_may_get_stuck_and_is_counted_once)                                                      \
    X(an_owner_that_never_leaves_keeps_its_tasks_from_being_endless)                                         \
    X(a_crowd_costs_in_proportion)                                                                           \
    X(a_chain_costs_in_proportion)                                                                           \
    X(starts_with_nobody_left_to_judge_are_passed_over)                                                      \
    X(who_was_found_stuck_is_not_looked_at_again)                                                            \
    X(a_reclaim_takes_the_leaked_with_it)                                                                    \
    X(who_is_about_to_be_woken_is_not_stuck)                                                                 \
    X(who_has_been_blocked_longest_is_told)                                                                  \
    X(each_slice_is_counted_by_what_it_took)                                                                 \
    X(it_runs_by_itself)                                                                                     \
    X(it_runs_when_asked)

static const struct CMUnitTest cases[] = {
#define X(function) cmocka_unit_test(function),
    CASE_TABLE(X)
#undef X
};

int main(void)
{
    struct CMUnitTest tests[COUNT_OF(gates) + COUNT_OF(cases)];
    for (size_t i = 0; i < COUNT_OF(gates); i++)
        tests[i] = (struct CMUnitTest){.name = gates[i].about,
                                       .test_func = a_gate_is_judged_as_it_stands,
                                       .initial_state = (void *)(uintptr_t)&gates[i]};
    memcpy(&tests[COUNT_OF(gates)], cases, sizeof cases);
    return _cmocka_run_group_tests("judge", tests, COUNT_OF(tests), NULL, NULL);
}
