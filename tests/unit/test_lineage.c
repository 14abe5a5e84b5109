/* Lineages: how each task came about, in two bytes a task. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fault.h"
#include "stage.h"

#define STEPS 8

/* The lineage of a live task that stands at the step with this text. */
static uint16_t lineage_of(const struct stage *stage, const char *text)
{
    const struct program *program = stage->program;
    struct start *start = container_of(stage->workload->starts.next, struct start, link);
    for (struct link *link = start->tasks.next; link != &start->tasks; link = link->next) {
        const struct task *task = container_of(link, struct task, link);
        if (strcmp(program->steps[program->ops[task->pc].step].text, text) == 0)
            return task->lineage;
    }
    fail_msg("nobody stands at \"%s\"", text);
    return LINEAGE_LOST;
}

static void expect_spawned_at(const struct stage *stage, const char *standing, unsigned count,
                              const char *const *spawns)
{
    uint16_t steps[STEPS];
    const struct lineages *lineages = &stage->tally->lineages;
    assert_int_equal(lineages_steps(lineages, lineage_of(stage, standing), steps, STEPS), count);
    for (unsigned i = 0; i < count; i++)
        assert_string_equal(stage->program->steps[steps[i]].text, spawns[i]);
}

static void a_task_knows_who_spawned_it_all_the_way_up_to_main(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel, d: channel}\n"
                       "fix:\n"
                       "  main: [spawn server * 2]\n"
                       "  server: [spawn request, send d]\n"
                       "  request: [spawn fetch * 3]\n"
                       "  fetch: [recv c]\n");
    expect_spawned_at(&stage, "recv c", 3,
                      (const char *const[]){"spawn fetch * 3", "spawn request", "spawn server * 2"});
    expect_spawned_at(&stage, "send d", 1, (const char *const[]){"spawn server * 2"});
    stage_close(&stage);
}

static void two_ways_to_the_same_task_are_told_apart(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel, d: channel}\n"
                       "fix:\n"
                       "  main: [spawn left, spawn right]\n"
                       "  left: [spawn worker]\n"
                       "  right: [sleep 1ms, spawn worker]\n"
                       "  worker: [recv c]\n");
    uint16_t left = lineage_of(&stage, "recv c");
    stage_pass(&stage, 1 * MS);
    struct start *start = container_of(stage.workload->starts.next, struct start, link);
    struct task *last = container_of(start->tasks.prev, struct task, link);
    uint16_t steps[STEPS];
    assert_int_not_equal(last->lineage, left);
    assert_int_equal(lineages_steps(&stage.tally->lineages, last->lineage, steps, STEPS), 2);
    assert_string_equal(stage.program->steps[steps[1]].text, "spawn right");
    stage_close(&stage);
}

static void a_task_that_spawns_its_own_kind_does_not_make_the_chain_longer(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {c: channel}\n"
                       "fix:\n"
                       "  main: [spawn link]\n"
                       "  link: [sleep 1ms, spawn link, recv c]\n");
    stage_pass(&stage, 50 * MS);
    assert_int_equal(stage_at(&stage, "recv c"), 50);
    assert_int_equal(stage.tally->lineages.count, 3);
    stage_close(&stage);
}

static void beyond_the_limit_an_ancestry_is_lost(void **state)
{
    (void)state;
    struct lineages lineages;
    lineages_init(&lineages);
    for (uint32_t step = 0; step < LIMIT_LINEAGES - 1; step++)
        assert_int_equal(lineages_spawn(&lineages, LINEAGE_MAIN, (uint16_t)step), step + 1);
    assert_int_equal(lineages_spawn(&lineages, LINEAGE_MAIN, LIMIT_LINEAGES), LINEAGE_LOST);
    assert_int_equal(lineages_spawn(&lineages, LINEAGE_LOST, 0), LINEAGE_LOST);
    assert_int_equal(lineages_spawn(&lineages, LINEAGE_MAIN, 7), 8);
    assert_int_equal(lineages_steps(&lineages, LINEAGE_LOST, NULL, 0), 0);
    lineages_deinit(&lineages);
}

static bool ancestry(void *argument)
{
    (void)argument;
    struct lineages lineages;
    lineages_init(&lineages);
    uint16_t child = lineages_spawn(&lineages, LINEAGE_MAIN, 3);
    uint16_t grandchild = lineages_spawn(&lineages, child, 4);
    bool whole = lineages_steps(&lineages, grandchild, NULL, 0) == 2;
    lineages_deinit(&lineages);
    return whole;
}

static void without_memory_an_ancestry_is_lost_and_nothing_else(void **state)
{
    (void)state;
    fault_sweep(ancestry, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_knows_who_spawned_it_all_the_way_up_to_main),
        cmocka_unit_test(two_ways_to_the_same_task_are_told_apart),
        cmocka_unit_test(a_task_that_spawns_its_own_kind_does_not_make_the_chain_longer),
        cmocka_unit_test(beyond_the_limit_an_ancestry_is_lost),
        cmocka_unit_test(without_memory_an_ancestry_is_lost_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
