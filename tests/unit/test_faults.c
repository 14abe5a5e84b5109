/* Running out of memory at any moment of a whole run: nothing crashes, hangs, leaks or is counted wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fault.h"
#include "stage.h"

static const char *const patterns[] = {
    /* The three of the catalogue, both ways. */
    "share: {jobs: channel}\n"
    "fix:\n"
    "  main: [spawn deaf * 20, spawn hearing * 20]\n"
    "  deaf: [recv jobs]\n"
    "  hearing:\n"
    "    - select: {recv jobs: , done: exit}\n",
    "share: {results: channel, room: channel 10}\n"
    "fix:\n"
    "  main: [spawn stuck * 10, spawn buffered * 10, spawn patient * 10]\n"
    "  stuck: [send results]\n"
    "  buffered: [send room]\n"
    "  patient:\n"
    "    - select: {send results: , after 20ms: exit}\n",
    "fix:\n"
    "  main: [spawn ticking * 10, spawn stopping * 10]\n"
    "  ticking:\n"
    "    own: {t: ticker 7ms}\n"
    "    steps:\n"
    "      - loop: [tick t]\n"
    "  stopping:\n"
    "    own: {t: ticker 10ms}\n"
    "    steps:\n"
    "      - loop:\n"
    "          - select: {tick t: , done: [stop t, exit]}\n",
    /* Things of their own, an environment that is larger than any pool's, timers near and far. */
    "share: {c: channel, s: scope 30ms}\n"
    "fix:\n"
    "  main: [spawn request * 5, sleep 5ms, spawn request * 5, sleep 90ms, close c]\n"
    "  request:\n"
    "    own: {a: channel, b: channel, d: scope 1h, e: scope 12ms, f: ticker 3ms, g: ticker 4ms, h: scope, "
    "i: scope,\n"
    "          j: ticker 1h, k: scope 2d, l: channel, m: channel, n: channel, o: channel, p: scope 1ms, q: "
    "ticker 1h,\n"
    "          r: ticker 1h, s1: scope 1h, s2: scope 1h, s3: scope 1h, s4: scope 1h}\n"
    "    steps:\n"
    "      - spawn part * 3\n"
    "      - hold 300KiB\n"
    "      - select: {recv a: , tick f: , done e: , done: , after 100ms: , send b: }\n"
    "      - drop\n"
    "      - cancel d\n"
    "  part:\n"
    "    - sleep 1ms\n"
    "    - hold 100B\n"
    "    - select: {done d: , recv c: , send a: }\n"
    "    - await done s\n",
    /* Panics, ranges, endless loops that give way. */
    "share: {c: channel 2, closed: channel}\n"
    "fix:\n"
    "  main: [close closed, spawn producer * 5, spawn consumer * 3, spawn wrong * 3, sleep 40ms, close "
    "c]\n"
    "  producer:\n"
    "    - loop 20: [send c, sleep 1ms]\n"
    "  consumer:\n"
    "    - range c: [spawn follower]\n"
    "  follower:\n"
    "    - loop 3:\n"
    "        - select: {recv c: , after 3ms: , default: sleep 2ms}\n"
    "  wrong: [sleep 20ms, send closed]\n",
    /* Locks, groups and conditions, shared and of a task's own. */
    "share: {m: mutex, rw: rwmutex, g: group, k: condition m}\n"
    "fix:\n"
    "  main: [add g 4, rlock rw, spawn writer * 4, spawn request * 4, sleep 5ms, runlock rw, broadcast k, "
    "wait g]\n"
    "  writer: [lock rw, sleep 3ms, unlock rw, unlock rw]\n"
    "  request:\n"
    "    own: {mine: mutex, ready: condition mine}\n"
    "    steps: [lock mine, spawn part * 2, wait ready, rlock rw, lock m, sleep 2ms, unlock m, runlock rw, "
    "unlock mine]\n"
    "  part: [lock mine, signal ready, unlock mine, hold 100B, lock m, sleep 1ms, unlock m, finish g]\n",
};

struct script {
    struct stage stage;
    struct stage_spec spec;
};

/* One whole run; true when memory never was out. */
static bool run(void *argument)
{
    struct script *script = argument;
    struct stage *stage = &script->stage;
    if (stage_set(stage, script->spec) != ERR_OK)
        return false;
    enum err first = workload_start(stage->workload);
    assert_true(first == ERR_OK || first == ERR_MEMORY);
    stage_pass(stage, 25 * MS);
    enum err second = workload_start(stage->workload);
    assert_true(second == ERR_OK || stage->workload->capped_by == LIMIT_KIND_MEMORY);
    stage_pass(stage, 25 * MS);
    stage_jump(stage, 100 * MS);
    stage_cancel(stage);
    stage_pass(stage, 50 * MS);
    bool capped = stage->workload->capped_by == LIMIT_KIND_MEMORY;
    assert_int_equal(stage->tally->limit_hits[LIMIT_KIND_MEMORY], capped ? 1 : 0);
    stage_reclaim(stage);
    stage_strike(stage);
    return first == ERR_OK && second == ERR_OK && !capped;
}

static void any_single_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        static struct script script;
        script.spec = (struct stage_spec){.holds_bytes = 1000, .linger_ns = 60 * MS};
        stage_compile(&script.stage, patterns[i]);
        fault_sweep(run, &script);
        pattern_free(script.stage.pattern);
    }
}

static void memory_may_run_out_for_good_at_any_moment(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        static struct script script;
        script.spec = (struct stage_spec){.holds_bytes = 0, .linger_ns = 0};
        stage_compile(&script.stage, patterns[i]);
        for (uint64_t n = 1, hit = 1; hit; n++) {
            assert_true(n < 100000);
            fault_arm(n, true);
            bool done = run(&script);
            fault_disarm();
            hit = fault_hit();
            assert_true(done || hit);
        }
        pattern_free(script.stage.pattern);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_single_allocation_may_fail),
        cmocka_unit_test(memory_may_run_out_for_good_at_any_moment),
    };
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
