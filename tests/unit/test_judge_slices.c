/* The judge in slices, while tasks run in between: whoever was stuck when a run began is found, and whoever
 * is found is stuck when it ends and ever after. Who is not, and is called so, is noticed when he is woken
 * (the runtime checks). Every pattern here hands something on without rest, so that at each moment most tasks
 * look as if nobody could ever wake them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "fault.h"
#include "judge/judge.h"
#include "stage.h"

struct play {
    const char *name;
    const char *text;
    uint64_t stuck; /* from some time on */
};

#define DEAD       "dead: channel"
#define SPAWN_DEAD "spawn corpse * 7"
#define CORPSE     "  corpse: [recv dead]\n"

static const struct play plays[] = {
    {"a token goes round a ring",
     "share: {c0: channel, c1: channel, c2: channel, c3: channel, " DEAD "}\nfix:\n"
     "  main: [" SPAWN_DEAD ", spawn r0, spawn r1, spawn r2, spawn r3, send c0]\n" CORPSE
     "  r0: [loop: [recv c0, send c1]]\n  r1: [loop: [recv c1, send c2]]\n"
     "  r2: [loop: [recv c2, send c3]]\n  r3: [loop: [recv c3, send c0]]\n",
     7},
    {"a token goes round through buffers",
     "share: {c0: channel 1, c1: channel 1, c2: channel 2, " DEAD "}\nfix:\n"
     "  main: [" SPAWN_DEAD ", spawn r0 * 3, spawn r1 * 2, spawn r2 * 4, send c0]\n" CORPSE
     "  r0: [loop: [recv c0, send c1]]\n  r1:\n    - range c1:\n        - send c2\n"
     "  r2:\n    - loop:\n        - select:\n            recv c2: [send c0]\n            recv dead:\n",
     7},
    {"a lock is handed on",
     "share: {m: mutex, n: mutex, c: channel, " DEAD "}\nfix:\n"
     "  main: [" SPAWN_DEAD ", spawn a * 9, spawn b, spawn d]\n" CORPSE
     "  a: [loop: [lock m, drop, lock n, drop, unlock n, unlock m]]\n"
     "  b: [loop: [lock n, send c, unlock n]]\n  d: [loop: [recv c]]\n",
     7},
    {"readers and writers take turns",
     "share: {w: rwmutex, " DEAD "}\nfix:\n"
     "  main: [" SPAWN_DEAD ", spawn a * 9, spawn b * 3]\n" CORPSE
     "  a: [loop: [rlock w, drop, runlock w]]\n  b: [loop: [lock w, drop, unlock w]]\n",
     7},
    {"a group is used again and again",
     "share: {g: group, go: channel, " DEAD "}\nfix:\n"
     "  main: [" SPAWN_DEAD ", spawn boss, spawn hand * 3]\n" CORPSE
     "  boss: [loop: [add g 3, send go, send go, send go, wait g]]\n"
     "  hand: [loop: [recv go, drop, finish g]]\n",
     7},
    {"one wakes the other through conditions",
     "share: {m: mutex, ping: condition m, pong: condition m, " DEAD "}\nfix:\n"
     "  main: [" SPAWN_DEAD ", spawn a * 3, spawn b]\n" CORPSE
     "  a: [loop: [lock m, wait ping, signal pong, unlock m]]\n"
     "  b: [loop: [lock m, broadcast ping, unlock m, drop]]\n",
     7},
    {"each makes its successor and goes",
     "share: {c: channel, " DEAD "}\nfix:\n"
     "  main: [" SPAWN_DEAD ", spawn keeper * 2, spawn a * 3]\n" CORPSE "  keeper: [loop: [recv c]]\n"
     "  a:\n    own: {d: channel}\n    steps: [spawn helper, recv d, send c, spawn a]\n"
     "  helper: [send d]\n",
     7},
    {"requests with helpers of their own come and go",
     "share: {c: channel, " DEAD "}\nfix:\n"
     "  main: [" SPAWN_DEAD ", spawn server, spawn keeper]\n" CORPSE
     "  server: [loop: [spawn request, recv c]]\n  keeper: [loop: [recv c]]\n"
     "  request:\n    own: {d: channel, e: channel 1}\n    steps: [spawn worker, spawn late, recv d, send "
     "c]\n"
     "  worker: [send d, send e]\n  late: [recv e, send c]\n",
     7},
    {"a close wakes many",
     "share: {" DEAD "}\nfix:\n  main: [" SPAWN_DEAD ", spawn a * 2]\n" CORPSE
     "  a:\n    own: {d: channel, go: channel}\n    steps:\n      - spawn b * 5\n      - drop\n      - close "
     "d\n"
     "      - loop 5:\n          - recv go\n      - spawn a\n"
     "  b: [range d, send go]\n",
     7},
    {"a chain grows, and each link answers the one before it",
     "share: {d: channel, " DEAD "}\nfix:\n  main: [" SPAWN_DEAD ", spawn a, recv d]\n" CORPSE
     "  a:\n    own: {d: channel}\n    steps: [sleep 1ms, send outer.d, spawn a, recv d]\n",
     7},
    {"leaks go on while they are looked at",
     "share: {c: channel, " DEAD "}\nfix:\n  main: [" SPAWN_DEAD ", spawn a * 3]\n" CORPSE
     "  a:\n    - loop 400:\n        - spawn leaky\n        - drop\n    - send c\n"
     "  leaky:\n    own: {d: channel}\n    steps: [spawn child, recv d]\n  child: [send c]\n",
     7},
};

static struct stage stage;
static struct judge judge;

static uint64_t stuck(void)
{
    return stage.tally->census.leaked[VERDICT_STUCK];
}

static void given(const struct play *play, uint64_t rounds, struct judge_config config)
{
    stage_open(&stage, (struct stage_spec){.text = play->text, .seed = 11});
    judge_init(&judge, stage.runtime, &config);
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    stage_rounds(&stage, rounds);
}

static void over(void)
{
    judge_deinit(&judge);
    stage_close(&stage);
}

static void on_done(struct judge_wish *wish)
{
    (void)wish;
}

static void run_to_its_end(void)
{
    struct judge_wish wish = {.done = on_done};
    uint64_t runs = judge.stats.runs;
    judge_ask(&judge, &wish);
    for (int round = 0; judge.stats.runs == runs; round++) {
        assert_true(round < 1000000);
        stage.clock.manual_ns += 100000;
        stage_rounds(&stage, 1);
    }
}

#if defined(__SANITIZE_ADDRESS__)
#define BEGINNINGS 1
static const uint32_t slices[] = {6};
#else
#define BEGINNINGS 3
static const uint32_t slices[] = {1, 6, 31};
#endif

/* The same play from the same seed, as far as the moment at which the run begins. */
static void what_is_found_lies_between_beginning_and_end(void **state)
{
    const struct play *play = *state;
    for (uint64_t rounds = 1; rounds <= BEGINNINGS; rounds++) {
        for (size_t i = 0; i < COUNT_OF(slices); i++) {
            given(play, rounds, (struct judge_config){0});
            judge_now(&judge);
            uint64_t at_first = stuck();
            over();
            given(play, rounds, (struct judge_config){.slice_steps = slices[i], .whole_steps = 1});
            run_to_its_end();
            uint64_t found = stuck();
            judge_now(&judge);
            assert_in_range(found, at_first, stuck());
            /* Time to disprove it. */
            stage_rounds(&stage, 30);
            judge_now(&judge);
            if (rounds == BEGINNINGS)
                assert_true(stuck() >= play->stuck);
            over();
        }
    }
}

static void runs_without_rest_find_nobody_who_moves(void **state)
{
    given(*state, 1, (struct judge_config){.interval_ns = 1, .slice_steps = 40, .whole_steps = 1});
    for (int round = 0; round < 300; round++) {
        stage.clock.manual_ns += 300000;
        stage_rounds(&stage, 1);
    }
    assert_true(judge.stats.runs > 0);
    over();
}

/* A run is cut off by a cancel, a reclaim, the end of the judge, whatever it is at. */
static void a_run_may_be_cut_off_anywhere(void **state)
{
    for (uint64_t rounds = 0; rounds < 60; rounds += 1 + rounds / 8) {
        struct judge_wish wish = {.done = on_done};
        given(*state, 5, (struct judge_config){.slice_steps = 2, .whole_steps = 1});
        judge_ask(&judge, &wish);
        stage_rounds(&stage, rounds);
        if (rounds % 3 == 0)
            workload_cancel(stage.workload);
        stage_rounds(&stage, rounds % 5);
        if (rounds % 2 == 0) {
            stage_reclaim(&stage);
            assert_int_equal(stuck(), 0);
            stage_settle(&stage);
        }
        over();
    }
}

static void without_memory_a_start_is_left_for_the_next_time(void **state)
{
    const struct play *play = *state;
    for (uint64_t bytes = 0; bytes < 6000; bytes += bytes < 1500 ? 144 : 1600) {
        given(play, 10, (struct judge_config){.slice_steps = 9, .whole_steps = bytes % 144 == 0 ? 1 : 0});
        judge.records.store.most_bytes = bytes;
        run_to_its_end();
        if (judge.stats.given_up > 0)
            assert_int_equal(stuck(), 0);
        judge.records.store.most_bytes = LIMIT_JUDGE_BYTES;
        uint64_t before = judge.stats.given_up;
        judge_now(&judge);
        assert_int_equal(judge.stats.given_up, before);
        stage_rounds(&stage, 20);
        judge_now(&judge);
        over();
    }
}

/* The table of chunks is the only thing on the heap. */
static void without_a_table_nothing_is_judged(void **state)
{
    given(*state, 10, (struct judge_config){0});
    fault_arm(1, true);
    judge_now(&judge);
    assert_true(fault_hit());
    fault_disarm();
    assert_int_equal(judge.stats.given_up, 1);
    assert_int_equal(stuck(), 0);
    judge_now(&judge);
    assert_int_equal(judge.stats.given_up, 1);
    over();
}

#define CASE_TABLE(X)                                                                                        \
    X(what_is_found_lies_between_beginning_and_end)                                                          \
    X(runs_without_rest_find_nobody_who_moves)                                                               \
    X(a_run_may_be_cut_off_anywhere)                                                                         \
    X(without_memory_a_start_is_left_for_the_next_time)                                                      \
    X(without_a_table_nothing_is_judged)

static const struct {
    const char *name;
    CMUnitTestFunction function;
} cases[] = {
#define X(function) {#function, function},
    CASE_TABLE(X)
#undef X
};

int main(void)
{
    static struct CMUnitTest tests[COUNT_OF(plays) * COUNT_OF(cases)];
    static char names[COUNT_OF(tests)][160];
    for (size_t i = 0; i < COUNT_OF(tests); i++) {
        const struct play *play = &plays[i / COUNT_OF(cases)];
        snprintf(names[i], sizeof names[i], "%s: %s", play->name, cases[i % COUNT_OF(cases)].name);
        tests[i] = (struct CMUnitTest){.name = names[i],
                                       .test_func = cases[i % COUNT_OF(cases)].function,
                                       .initial_state = (void *)(uintptr_t)play};
    }
    return _cmocka_run_group_tests("judge_slices", tests, COUNT_OF(tests), NULL, NULL);
}
