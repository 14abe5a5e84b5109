/* The scheduler: budgets, slices, and that nobody starves anybody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "stage.h"

/* A clock on which each look takes a while. */
static uint64_t slow_now_ns;

static uint64_t slow_clock(const struct clock *clock)
{
    (void)clock;
    return slow_now_ns += 100000;
}

static const char busy[] = "fix:\n"
                           "  main: [spawn spinner * 3]\n"
                           "  spinner:\n"
                           "    - loop: [drop]\n";

static void a_turn_ends_when_its_time_is_up(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = busy});
    slow_now_ns = stage.clock.manual_ns;
    stage.clock.now_ns = slow_clock;
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    for (int i = 0; i < 50; i++) {
        uint64_t before_ns = slow_now_ns;
        assert_true(runtime_turn(stage.runtime, (struct budget){.ns = 1000000}));
        assert_in_range(slow_now_ns - before_ns, 1000000, 1200000);
    }
    stage_close(&stage);
}

static void a_turn_ends_after_its_rounds(void **state)
{
    (void)state;
    struct stage stage;
    struct stage idle;
    stage_open(&stage, (struct stage_spec){.text = busy});
    slow_now_ns = stage.clock.manual_ns;
    stage.clock.now_ns = slow_clock;
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    uint64_t before_ns = slow_now_ns;
    assert_true(runtime_turn(stage.runtime, (struct budget){.rounds = 7}));
    assert_int_equal(slow_now_ns - before_ns, 8 * 100000);
    stage_close(&stage);
    stage_open(&idle, (struct stage_spec){.text = busy});
    assert_false(runtime_turn(idle.runtime, (struct budget){.ns = 0}));
    stage_close(&idle);
}

static void an_endless_loop_starves_nobody(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){
                           .text = "share: {c: channel}\n"
                                   "fix:\n"
                                   "  main: [spawn spinner * 100, spawn sender * 10, spawn receiver * 10]\n"
                                   "  spinner:\n"
                                   "    - loop: [drop]\n"
                                   "  sender:\n"
                                   "    - loop 20: [send c]\n"
                                   "  receiver:\n"
                                   "    - loop 20: [recv c, sleep 1ms]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    uint64_t rounds = 0;
    while (stage_ended(&stage, END_RETURNED) < 20) {
        stage.clock.manual_ns += 100000;
        assert_true(stage_rounds(&stage, 1));
        assert_true(++rounds < 2000);
    }
    assert_int_equal(stage_in(&stage, TASK_READY), 100);
    stage_close(&stage);
}

static void a_million_tasks_are_spawned_in_slices(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {c: channel}\n"
                                                   "fix:\n"
                                                   "  main: [spawn receiver * 1000000]\n"
                                                   "  receiver: [recv c]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    uint64_t spawned = 0, rounds = 0;
    while (stage_rounds(&stage, 1)) {
        assert_true(stage.workload->census.spawned - spawned <= 200);
        spawned = stage.workload->census.spawned;
        rounds++;
    }
    assert_true(rounds > 5000);
    assert_int_equal(stage_in(&stage, TASK_RECV), 1000000);
    workload_reclaim(stage.workload);
    for (uint64_t live = 1000001; stage_rounds(&stage, 1); live = stage.runtime->live)
        assert_true(live - stage.runtime->live <= 300);
    stage_close(&stage);
}

/* Tasks that were spawned by the end, in rounds none of which spawned more than `most`. */
static uint64_t spawned_in_rounds(struct stage *stage, uint64_t most)
{
    uint64_t spawned = 0;
    while (stage_rounds(stage, 1)) {
        assert_true(stage->workload->census.spawned - spawned <= most);
        spawned = stage->workload->census.spawned;
    }
    return spawned;
}

static void many_who_spawn_at_once_share_a_round(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {c: channel}\n"
                                                   "fix:\n"
                                                   "  main: [spawn parent * 64]\n"
                                                   "  parent:\n"
                                                   "    - loop 100: [spawn child * 64]\n"
                                                   "  child: [recv c]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    assert_int_equal(spawned_in_rounds(&stage, 2500), 1 + 64 + 64 * 6400);
    stage_close(&stage);
}

/* Each has as much to be made as many tasks that have nothing. */
static void tasks_with_much_of_their_own_share_a_round(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){
                           .text = "fix:\n"
                                   "  main: [spawn parent * 64]\n"
                                   "  parent: [loop 10: [spawn rich * 64]]\n"
                                   "  rich:\n"
                                   "    own: {a: scope, b: scope, c: scope, d: scope, e: scope, f: scope,\n"
                                   "          g: scope, h: scope, i: scope, j: scope, k: scope, l: scope}\n"
                                   "    steps: [await done]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    assert_int_equal(spawned_in_rounds(&stage, 400), 1 + 64 + 64 * 640);
    stage_close(&stage);
}

static void spawning_nobody_leaves_no_trace(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "params: {n: {default: 0, about: x}}\n"
                       "fix:\n"
                       "  main: [spawn child * n, spawn child * n]\n"
                       "  child: [exit]\n");
    assert_int_equal(stage.workload->census.spawned, 1);
    assert_true(stage.tally->lineages.count <= 1);
    stage_close(&stage);
}

static void large_holds_are_written_to_in_slices(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {c: channel}\n"
                                                   "fix:\n"
                                                   "  main: [spawn holder * 64, spawn churner * 64]\n"
                                                   "  holder: [hold 1MiB, recv c]\n"
                                                   "  churner:\n"
                                                   "    - loop 10: [hold 256KiB, drop]\n"});
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    uint64_t held = 0;
    while (stage_rounds(&stage, 1)) {
        uint64_t now = stage.workload->census.held_bytes;
        assert_true(now < held || now - held <= 3 << 20);
        held = now;
    }
    assert_int_equal(held, 64 << 20);
    stage_close(&stage);
}

static void tasks_due_at_the_same_moment_are_woken_in_one_pass(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn sleeper * 10000]\n"
                       "  sleeper: [sleep 1s]\n");
    assert_int_equal(stage_in(&stage, TASK_SLEEP), 10000);
    stage.clock.manual_ns += 1000 * (uint64_t)MS;
    uint64_t rounds = stage_settle(&stage);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 10000);
    assert_in_range(rounds, 10000 / 64, 2 * 10000 / 64 + 10);
    stage_close(&stage);
}

static void sleeps_take_at_least_their_time(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage,
               (struct stage_spec){.text = "fix:\n"
                                           "  main: [sleep 1ns, sleep 0s, sleep 1500us, sleep 1h]\n"});
    stage.clock.manual_ns += 1;
    stage_start(&stage);
    assert_int_equal(stage_at(&stage, "sleep 1ns"), 1);
    stage_pass(&stage, 1 * MS - 1);
    assert_int_equal(stage_at(&stage, "sleep 1500us"), 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1500us"), 1);
    stage_pass(&stage, 1 * MS);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 1);
    stage_close(&stage);
}

static void thirty_days_are_slept_through(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn sleeper * 3]\n"
                       "  sleeper: [sleep 30d]\n");
    stage_pass(&stage, 30ll * 24 * 3600 * 1000 * MS - 1);
    assert_int_equal(stage_in(&stage, TASK_SLEEP), 3);
    stage_pass(&stage, 1);
    assert_int_equal(stage_ended(&stage, END_RETURNED), 3);
    stage_close(&stage);
}

/* ---- jobs and calls ---- */

struct counting {
    struct job job;
    int steps, wanted;
    struct counting *next; /* added at the end */
    struct runtime *runtime;
};

static bool count(struct job *job)
{
    struct counting *counting = container_of(job, struct counting, job);
    if (++counting->steps < counting->wanted)
        return false;
    if (counting->next != NULL)
        runtime_job_add(counting->runtime, &counting->next->job);
    return true;
}

static void jobs_take_turns_until_each_is_done(void **state)
{
    (void)state;
    struct clock clock = clock_manual(5);
    struct runtime runtime;
    assert_int_equal(runtime_init(&runtime, &clock, 10, 1 << 20), ERR_OK);
    struct counting last = {.job.step = count, .wanted = 2};
    struct counting one = {.job.step = count, .wanted = 5};
    struct counting two = {.job.step = count, .wanted = 3, .next = &last, .runtime = &runtime};
    list_init(&one.job.link);
    list_init(&two.job.link);
    list_init(&last.job.link);
    runtime_job_add(&runtime, &one.job);
    runtime_job_add(&runtime, &two.job);
    runtime_job_add(&runtime, &one.job);
    runtime_turn(&runtime, (struct budget){.rounds = 4});
    assert_int_equal(one.steps, 2);
    assert_int_equal(two.steps, 2);
    assert_false(runtime_turn(&runtime, (struct budget){.rounds = 100}));
    assert_int_equal(one.steps, 5);
    assert_int_equal(two.steps, 3);
    assert_int_equal(last.steps, 2);
    runtime_deinit(&runtime);
}

struct noting {
    struct call call;
    struct runtime *runtime;
    uint64_t called_ms;
    int calls, again;
};

static void note(struct call *call)
{
    struct noting *noting = container_of(call, struct noting, call);
    noting->calls++;
    noting->called_ms = noting->runtime->now_ms;
    if (noting->again-- > 0)
        runtime_call_at(noting->runtime, call, 0);
}

static void a_call_comes_once_at_its_time(void **state)
{
    (void)state;
    uint64_t began_ns = 77000001;
    struct clock clock = clock_manual(began_ns);
    struct runtime runtime;
    assert_int_equal(runtime_init(&runtime, &clock, 10, 1 << 20), ERR_OK);
    struct noting noting = {.call.fn = note, .runtime = &runtime};
    timer_init(&noting.call.timer, TIMER_CALL);
    assert_int_equal(runtime_due_ns(&runtime), UINT64_MAX);
    assert_int_equal(runtime_call_at(&runtime, &noting.call, began_ns + 2 * MS), ERR_OK);
    assert_int_equal(runtime_call_at(&runtime, &noting.call, began_ns + 5 * MS - 10), ERR_OK);
    assert_int_equal(runtime_due_ns(&runtime), began_ns + 5 * MS);
    clock.manual_ns = began_ns + 5 * MS - 1;
    assert_false(runtime_turn(&runtime, (struct budget){.rounds = 9}));
    assert_int_equal(noting.calls, 0);
    clock.manual_ns += 1;
    runtime_turn(&runtime, (struct budget){.rounds = 9});
    assert_int_equal(noting.calls, 1);
    assert_int_equal(noting.called_ms, 5);
    runtime_call_at(&runtime, &noting.call, began_ns + 9 * MS);
    runtime_call_cancel(&runtime, &noting.call);
    runtime_call_cancel(&runtime, &noting.call);
    clock.manual_ns += 100 * MS;
    runtime_turn(&runtime, (struct budget){.rounds = 9});
    assert_int_equal(noting.calls, 1);
    runtime_deinit(&runtime);
}

static void a_call_that_is_always_late_does_not_hold_up_a_turn(void **state)
{
    (void)state;
    struct clock clock = clock_manual(1);
    struct runtime runtime;
    assert_int_equal(runtime_init(&runtime, &clock, 10, 1 << 20), ERR_OK);
    struct noting noting = {.call.fn = note, .runtime = &runtime, .again = 1000};
    timer_init(&noting.call.timer, TIMER_CALL);
    assert_int_equal(runtime_call_at(&runtime, &noting.call, 0), ERR_OK);
    clock.manual_ns += 10 * MS;
    assert_false(runtime_turn(&runtime, (struct budget){.rounds = 100}));
    assert_in_range(noting.calls, 1, 10);
    runtime_call_cancel(&runtime, &noting.call);
    runtime_deinit(&runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_ends_when_its_time_is_up),
        cmocka_unit_test(a_turn_ends_after_its_rounds),
        cmocka_unit_test(an_endless_loop_starves_nobody),
        cmocka_unit_test(a_million_tasks_are_spawned_in_slices),
        cmocka_unit_test(many_who_spawn_at_once_share_a_round),
        cmocka_unit_test(tasks_with_much_of_their_own_share_a_round),
        cmocka_unit_test(spawning_nobody_leaves_no_trace),
        cmocka_unit_test(large_holds_are_written_to_in_slices),
        cmocka_unit_test(tasks_due_at_the_same_moment_are_woken_in_one_pass),
        cmocka_unit_test(sleeps_take_at_least_their_time),
        cmocka_unit_test(thirty_days_are_slept_through),
        cmocka_unit_test(jobs_take_turns_until_each_is_done),
        cmocka_unit_test(a_call_comes_once_at_its_time),
        cmocka_unit_test(a_call_that_is_always_late_does_not_hold_up_a_turn),
    };
    return cmocka_run_group_tests_name("scheduler", tests, NULL, NULL);
}
