/* Where and why tasks panic: one entry for each step and reason, however many tasks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "fault.h"
#include "stage.h"

/* A pattern whose tasks panic, and what is noted: "count x step: why". */
static const struct {
    const char *text;
    const char *noted;
} cases[] = {
    {"fix:\n  main: [spawn w * 3]\n  w: [panic]\n", "3 x panic: panic"},
    {"share: {c: channel}\nfix:\n  main: [close c, spawn w * 3]\n  w: [send c]\n",
     "3 x send c: send on closed channel"},
    /* Blocked first, and woken by the close. */
    {"share: {c: channel}\nfix:\n  main: [spawn w * 2, sleep 1ms, close c]\n  w: [send c]\n",
     "2 x send c: send on closed channel"},
    {"share: {c: channel}\nfix:\n  main: [spawn w * 2, sleep 1ms, close c]\n  w:\n"
     "    - select: {send c: , after 1h: exit}\n",
     "2 x select: send on closed channel"},
    {"share: {c: channel}\nfix:\n  main: [close c, spawn w]\n  w:\n    - select: {send c: , after 1h: "
     "exit}\n",
     "1 x select: send on closed channel"},
    {"share: {c: channel}\nfix:\n  main: [spawn w * 4]\n  w: [close c]\n",
     "3 x close c: close of closed channel"},
    {"share: {c: nil channel}\nfix:\n  main: [spawn w]\n  w: [close c]\n",
     "1 x close c: close of nil channel"},
    {"share: {m: mutex}\nfix:\n  main: [spawn w]\n  w: [unlock m]\n",
     "1 x unlock m: unlock of unlocked mutex"},
    {"share: {m: rwmutex}\nfix:\n  main: [spawn w]\n  w: [unlock m]\n",
     "1 x unlock m: unlock of rwmutex that is not locked for writing"},
    {"share: {m: rwmutex}\nfix:\n  main: [spawn w]\n  w: [runlock m]\n",
     "1 x runlock m: runlock of rwmutex that nobody reads"},
    {"share: {m: mutex, k: condition m}\nfix:\n  main: [spawn w]\n  w: [wait k]\n",
     "1 x wait k: wait on condition of unlocked mutex"},
    {"share: {g: group}\nfix:\n  main: [spawn w]\n  w: [finish g]\n", "1 x finish g: negative group counter"},
    {"share: {g: group}\nfix:\n  main: [spawn w]\n  w:\n    - loop 3:\n        - add g 1000000000\n",
     "1 x add g 1000000000: group counter too large"},
};

static void assert_noted(const struct workload *workload, uint32_t which, const char *noted)
{
    char text[256];
    const struct panic *panic = &workload->panics[which];
    snprintf(text, sizeof text, "%llu x %s: %s", (unsigned long long)panic->count,
             workload->program->steps[panic->step].text, panic_text((enum panic_why)panic->why));
    assert_string_equal(text, noted);
}

static void each_reason_has_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stage stage;
        stage_play(&stage, cases[i].text);
        stage_pass(&stage, 5 * MS);
        assert_int_equal(stage.workload->panic_count, 1);
        assert_noted(stage.workload, 0, cases[i].noted);
        assert_int_equal(stage.workload->panics[0].count, stage_ended(&stage, END_PANICKED));
        stage_close(&stage);
    }
}

static void what_panics_at_many_steps_is_noted_as_far_as_there_is_room(void **state)
{
    (void)state;
    struct stage stage;
    char text[4096] = "fix:\n  main:\n";
    for (int i = 0; i < LIMIT_PANICS + 2; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "    - spawn w%d * 2\n", i);
    for (int i = 0; i < LIMIT_PANICS + 2; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "  w%d: [panic]\n", i);
    stage_play(&stage, text);
    assert_int_equal(stage.workload->panic_count, LIMIT_PANICS);
    assert_noted(stage.workload, LIMIT_PANICS - 1, "2 x panic: panic");
    assert_int_equal(stage_ended(&stage, END_PANICKED), 2 * (LIMIT_PANICS + 2));
    stage_close(&stage);
}

struct starved {
    struct stage stage;
    uint64_t panics;
};

static bool run(void *argument)
{
    struct starved *starved = argument;
    struct stage *stage = &starved->stage;
    if (stage_set(stage, (struct stage_spec){.linger_ns = 0}) != ERR_OK)
        return false;
    bool whole = workload_start(stage->workload) == ERR_OK;
    stage_pass(stage, 2 * MS);
    whole &= stage->workload->capped_by == LIMIT_KINDS;
    for (uint32_t i = 0; i < stage->workload->panic_count; i++)
        assert_int_equal(stage->workload->panics[i].why, PANIC_MEMORY);
    starved->panics += stage->workload->panic_count;
    stage_reclaim(stage);
    stage_strike(stage);
    return whole;
}

static void who_cannot_wait_for_want_of_memory_says_so(void **state)
{
    (void)state;
    static struct starved starved;
    stage_compile(&starved.stage, "share: {c: channel}\nfix:\n  main: [spawn w]\n  w:\n"
                                  "    - select: {recv c: , after 1h: exit}\n");
    fault_sweep(run, &starved);
    assert_true(starved.panics > 0);
    pattern_free(starved.stage.pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_has_its_words),
        cmocka_unit_test(who_cannot_wait_for_want_of_memory_says_so),
        cmocka_unit_test(what_panics_at_many_steps_is_noted_as_far_as_there_is_room),
    };
    return cmocka_run_group_tests_name("panic", tests, NULL, NULL);
}
