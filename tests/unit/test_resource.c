/* What is opened and shut, with a source that only counts: variables, owners, limits, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "stage.h"

#define ALL "share: {f: file, s: socket, h: handle, t: thread, j: job}\n"

static uint64_t open_of(const struct stage *stage, enum resource_kind kind)
{
    assert_int_equal(stage->workload->census.open[kind], stage->fake.open[kind]);
    return stage->fake.open[kind];
}

static void each_kind_is_opened_and_shut(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, ALL "fix:\n"
                           "  main: [open f, open s, open h, open t, open j, sleep 1s,\n"
                           "         shut f, shut s, shut h, shut t, shut j, sleep 1s]\n");
    for (enum resource_kind kind = 0; kind < RESOURCE_KINDS; kind++)
        assert_int_equal(open_of(&stage, kind), 1);
    assert_int_equal(stage.runtime->supplies_used[SUPPLY_DESCRIPTORS], 2);
    assert_true(stage.workload->charged_bytes > 0);
    stage_pass(&stage, 1000 * MS);
    for (enum resource_kind kind = 0; kind < RESOURCE_KINDS; kind++)
        assert_int_equal(open_of(&stage, kind), 0);
    assert_int_equal(stage.tally->resources_seen, (1u << RESOURCE_KINDS) - 1);
    stage_close(&stage);
}

static void opening_again_abandons_what_was_open(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {f: file}\n"
                       "fix:\n"
                       "  main: [loop 3: [open f], shut f]\n");
    assert_int_equal(open_of(&stage, RESOURCE_FILE), 2);
    stage_close(&stage);
}

static void shutting_what_is_not_open_does_nothing(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {f: file}\n"
                       "fix:\n"
                       "  main: [shut f, open f, shut f, shut f]\n");
    assert_int_equal(stage.fake.opened, 1);
    assert_int_equal(open_of(&stage, RESOURCE_FILE), 0);
    assert_int_equal(stage_ended(&stage, END_PANICKED), 0);
    stage_close(&stage);
}

static void what_a_task_leaves_open_outlives_it_its_owner_and_a_cancel(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "fix:\n"
                                                   "  main: [spawn opener * 3]\n"
                                                   "  opener:\n"
                                                   "    own: {f: file}\n"
                                                   "    steps: [open f]\n",
                                           .linger_ns = 10 * MS});
    stage_start(&stage);
    stage_pass(&stage, 20 * MS);
    assert_int_equal(workload_live(stage.workload), 0);
    assert_int_equal(stage.workload->owners_left, 1);
    stage_cancel(&stage);
    stage_pass(&stage, 60000 * MS);
    assert_int_equal(open_of(&stage, RESOURCE_FILE), 3);
    assert_int_equal(stage.runtime->starts, 1);
    assert_false(workload_idle(stage.workload));
    stage_reclaim(&stage);
    assert_int_equal(stage.fake.open[RESOURCE_FILE], 0);
    stage_close(&stage);
}

static void any_task_that_sees_it_may_shut_it(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "share: {f: file}\n"
                       "fix:\n"
                       "  main: [open f, spawn closer]\n"
                       "  closer: [shut f]\n");
    assert_int_equal(stage.fake.opened, 1);
    assert_int_equal(open_of(&stage, RESOURCE_FILE), 0);
    stage_close(&stage);
}

static void a_supply_that_is_used_up_caps_the_workload(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum supply supply;
        enum limit_kind limit;
    } rows[] = {
        {"share: {f: file, s: socket}\nfix: {main: [loop 9: [open f, open s]]}\n", SUPPLY_DESCRIPTORS,
         LIMIT_KIND_DESCRIPTORS},
        {"share: {h: handle}\nfix: {main: [loop 9: [open h]]}\n", SUPPLY_HANDLES, LIMIT_KIND_HANDLES},
        {"share: {t: thread}\nfix: {main: [loop 9: [open t]]}\n", SUPPLY_THREADS, LIMIT_KIND_THREADS},
        {"share: {j: job}\nfix: {main: [loop 9: [open j]]}\n", SUPPLY_JOBS, LIMIT_KIND_JOBS},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct stage stage;
        struct stage_spec spec = {.text = rows[i].text};
        spec.supplies[rows[i].supply] = 5;
        stage_open(&stage, spec);
        stage_start(&stage);
        assert_int_equal(census_open(&stage.workload->census, rows[i].supply), 5);
        assert_int_equal(stage.fake.opened, 5);
        assert_int_equal(stage.workload->capped_by, rows[i].limit);
        assert_int_equal(stage.tally->limit_hits[rows[i].limit], 1);
        assert_int_equal(stage_in(&stage, TASK_LINGER), 1);
        stage_close(&stage);
    }
}

static void an_opening_that_fails_caps_the_workload_and_leaves_nothing(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth <= 6; nth++) {
        for (int memory = 0; memory < 2; memory++) {
            struct stage stage;
            stage_open(&stage, (struct stage_spec){.text = ALL "fix:\n"
                                                               "  main: [open t, open f, open s, open h,\n"
                                                               "         open j, open t, shut f, shut t]\n"});
            stage.fake.fail_at = nth;
            stage.fake.fail_with = memory ? ERR_MEMORY : ERR_LIMIT;
            stage_start(&stage);
            static const enum limit_kind limits[] = {LIMIT_KIND_THREADS,     LIMIT_KIND_DESCRIPTORS,
                                                     LIMIT_KIND_DESCRIPTORS, LIMIT_KIND_HANDLES,
                                                     LIMIT_KIND_JOBS,        LIMIT_KIND_THREADS};
            assert_int_equal(stage.workload->capped_by, memory ? LIMIT_KIND_MEMORY : limits[nth - 1]);
            assert_int_equal(stage.fake.opened, nth);
            stage_reclaim(&stage);
            for (enum resource_kind kind = 0; kind < RESOURCE_KINDS; kind++)
                assert_int_equal(stage.fake.open[kind], 0);
            stage_close(&stage);
        }
    }
}

static void memory_that_is_used_up_opens_nothing(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {t: thread}\nfix: {main: [loop 9: [open t]]}\n",
                                           .max_heap_bytes = 40000});
    stage_start(&stage);
    assert_int_equal(stage.workload->capped_by, LIMIT_KIND_OWN_HEAP);
    assert_int_equal(open_of(&stage, RESOURCE_THREAD), 2);
    stage_close(&stage);
}

static void without_a_source_there_is_nothing_to_be_had(void **state)
{
    (void)state;
    struct stage stage;
    static const uint64_t most[SUPPLIES] = {5, 5, 5, 5};
    stage_open(&stage, (struct stage_spec){.text = "share: {f: file}\nfix: {main: [open f, shut f]}\n"});
    runtime_set_source(stage.runtime, NULL, most);
    stage_start(&stage);
    assert_int_equal(stage.workload->capped_by, LIMIT_KIND_DESCRIPTORS);
    stage_close(&stage);
}

static void it_is_not_over_before_all_that_was_shut_is_gone(void **state)
{
    (void)state;
    struct stage stage;
    struct stage_spec spec = {.text = "share: {t: thread}\nfix: {main: [open t, shut t, open t]}\n"};
    spec.supplies[SUPPLY_THREADS] = 2;
    stage_open(&stage, spec);
    stage.fake.late = true;
    stage_start(&stage);
    assert_int_equal(stage.workload->census.open[RESOURCE_THREAD], 1);
    assert_int_equal(stage.runtime->supplies_used[SUPPLY_THREADS], 2);
    workload_reclaim(stage.workload);
    stage_settle(&stage);
    assert_int_equal(stage.runtime->starts, 0);
    assert_int_equal(stage.workload->leaving, 2);
    assert_false(workload_idle(stage.workload));
    fake_source_let_go(&stage.fake);
    assert_true(workload_idle(stage.workload));
    stage_close(&stage);
}

/* Opening costs time: nobody may hold up the others with it. */
static void a_round_opens_only_so_many(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {t: thread}\n"
                                                   "fix: {main: [loop 500: [open t]]}\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    assert_true(stage_rounds(&stage, 1));
    assert_in_range(stage.fake.opened, 1, 16);
    stage_settle(&stage);
    assert_int_equal(stage.fake.opened, 500);
    workload_reclaim(stage.workload);
    assert_true(stage_rounds(&stage, 1));
    assert_in_range(stage.fake.open[RESOURCE_THREAD], 400, 499);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_opened_and_shut),
        cmocka_unit_test(opening_again_abandons_what_was_open),
        cmocka_unit_test(shutting_what_is_not_open_does_nothing),
        cmocka_unit_test(what_a_task_leaves_open_outlives_it_its_owner_and_a_cancel),
        cmocka_unit_test(any_task_that_sees_it_may_shut_it),
        cmocka_unit_test(a_supply_that_is_used_up_caps_the_workload),
        cmocka_unit_test(an_opening_that_fails_caps_the_workload_and_leaves_nothing),
        cmocka_unit_test(memory_that_is_used_up_opens_nothing),
        cmocka_unit_test(without_a_source_there_is_nothing_to_be_had),
        cmocka_unit_test(it_is_not_over_before_all_that_was_shut_is_gone),
        cmocka_unit_test(a_round_opens_only_so_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
