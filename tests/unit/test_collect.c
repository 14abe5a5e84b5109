/* Counting tasks into a profile while they run, and what is then said of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "judge/collect.h"
#include "judge/judge.h"
#include "judge/tasks.h"
#include "stage.h"

#define KEY 0x1234567890abcdefull

struct gathering {
    struct collect collect;
    enum err err;
    unsigned called;
};

static void on_done(struct collect *collect, enum err err)
{
    struct gathering *gathering = container_of(collect, struct gathering, collect);
    gathering->err = err;
    gathering->called++;
}

static const char *owner_of(const struct workload *workload, void *argument)
{
    (void)workload;
    return argument;
}

static char here[] = "here";
static const struct collect_plan all = {.owner = owner_of, .argument = here, .key = KEY};

static void judge_all(struct stage *stage)
{
    struct judge judge;
    judge_init(&judge, stage->runtime, &(struct judge_config){.interval_ns = 0});
    judge_now(&judge);
    judge_deinit(&judge);
}

/* The finished profile of what is there; the caller frees it. */
static struct profile *given_collected(struct stage *stage, const struct collect_plan *plan)
{
    struct gathering gathering = {0};
    assert_int_equal(collect_begin(&gathering.collect, stage->runtime, plan, on_done), ERR_OK);
    stage_settle(stage);
    assert_int_equal(gathering.called, 1);
    assert_int_equal(gathering.err, ERR_OK);
    profile_finish(gathering.collect.profile);
    return gathering.collect.profile;
}

static const char three_kinds[] = "share: {jobs: channel, t: ticker 1s}\nfix:\n"
                                  "  main: [spawn boss, spawn waiter * 30, spawn looper * 2, sleep 1h]\n"
                                  "  boss: [spawn consumer * 40, sleep 1h]\n"
                                  "  consumer: [hold 100, recv jobs]\n"
                                  "  waiter: [sleep 1h]\n"
                                  "  looper: [loop: [tick t]]\n";

static void each_task_is_counted_once_at_its_place(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, three_kinds);
    judge_all(&stage);
    struct profile *profile = given_collected(&stage, &all);
    uint64_t live = runtime_tally(stage.runtime, stage.program)->census.states[TASK_READY];
    for (int i = 0; i < TASK_STATES; i++)
        live += i == TASK_READY ? 0 : stage.tally->census.states[i];
    assert_int_equal(profile->tasks, live);
    assert_int_equal(tasks_with(profile, VERDICT_STUCK), 40);
    assert_int_equal(profile->groups[0].tasks, 40);
    assert_int_equal(profile->groups[0].held_bytes, 4000);
    assert_string_equal(profile->places[profile->groups[0].place].statement, "recv jobs");
    assert_true(profile->groups[0].oldest[PROFILE_EXAMPLES - 1].id != 0);
    profile_free(profile);
    stage_close(&stage);
}

static void the_way_in_which_tasks_came_about_is_told_all_the_way_up(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, three_kinds);
    judge_all(&stage);
    struct profile *profile = given_collected(&stage, &all);
    struct tasks_rows rows;
    struct tasks_row row;
    assert_int_equal(tasks_rows_init(&rows, profile), ERR_OK);
    tasks_row(&rows, 0, &row);
    const struct profile_origin *by_boss = &profile->origins[row.origin];
    assert_string_equal(profile->places[by_boss->place].statement, "spawn consumer * 40");
    assert_string_equal(profile->places[profile->origins[by_boss->parent].place].statement, "spawn boss");
    assert_int_equal(profile->origins[by_boss->parent].parent, PROFILE_MAIN);
    tasks_rows_deinit(&rows);
    profile_free(profile);
    stage_close(&stage);
}

static void only_what_was_asked_for_is_counted(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, three_kinds);
    judge_all(&stage);
    struct collect_plan plan = all;

    plan.leaked = true;
    struct profile *profile = given_collected(&stage, &plan);
    assert_int_equal(profile->tasks, 40);
    profile_free(profile);

    plan.leaked = false;
    plan.argument = NULL;
    profile = given_collected(&stage, &plan);
    assert_int_equal(profile->tasks, 0);
    profile_free(profile);

    plan = all;
    plan.has_after = true;
    plan.after = (uint32_t)(stage.runtime->now_ms / SINCE_MS);
    stage_pass(&stage, SINCE_MS * MS);
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    stage_settle(&stage);
    profile = given_collected(&stage, &plan);
    assert_int_equal(profile->tasks, 1 + 1 + 30 + 2 + 40);
    profile_free(profile);
    stage_close(&stage);
}

static void tasks_and_starts_may_come_and_go_meanwhile(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = "share: {c: channel, d: channel}\nfix:\n"
                                                   "  main: [spawn a * 300, spawn b, recv d]\n"
                                                   "  a: [select: {recv c: exit, done: exit}]\n"
                                                   "  b: [loop 200: [send c]]\n"});
    for (int i = 0; i < 40; i++)
        stage_start(&stage);
    /* One link at a time, and in between starts are told to end and tasks leave. */
    struct walk walk;
    unsigned met[2] = {0};
    uint64_t there = stage.tally->census.states[TASK_RECV];
    walk_begin(&walk, stage.runtime);
    for (int step = 0;; step++) {
        uint32_t one = 1;
        enum walk_event event = walk_next(&walk, &one);
        if (event == WALK_OVER)
            break;
        if (event == WALK_TASK)
            met[walk.task->state == TASK_RECV]++;
        if (step == 500)
            workload_cancel(stage.workload);
        if (step % 50 == 0)
            stage_rounds(&stage, 1);
    }
    walk_end(&walk);
    assert_int_equal(there, 40);
    assert_int_equal(met[1], there);
    stage_close(&stage);
}

static void a_walk_outlives_what_it_stands_in(void **state)
{
    (void)state;
    for (unsigned steps = 1; steps < 400; steps += 7) {
        struct stage stage;
        stage_open(&stage, (struct stage_spec){.text = "share: {c: channel}\nfix:\n"
                                                       "  main: [spawn a * 20]\n  a: [recv c]\n"});
        for (int i = 0; i < 8; i++)
            stage_start(&stage);
        struct walk walk;
        uint32_t some = steps, rest = 10000;
        walk_begin(&walk, stage.runtime);
        while (walk_next(&walk, &some) != WALK_LATER && some > 0) {
        }
        stage_reclaim(&stage);
        while (walk_next(&walk, &rest) == WALK_WORKLOAD) {
        }
        assert_true(rest > 0);
        walk_end(&walk);
        stage_close(&stage);
    }
}

static void a_name_is_a_tasks_own_and_stays(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, three_kinds);
    struct start *start = container_of(stage.workload->starts.next, struct start, link);
    const struct task *first = container_of(start->tasks.next, struct task, link);
    const struct task *second = container_of(start->tasks.next->next, struct task, link);
    uint64_t id = collect_id(first, KEY);
    assert_true(id != collect_id(second, KEY));
    assert_true(id != collect_id(first, KEY + 1));
    stage_pass(&stage, 5 * MS);
    judge_all(&stage);
    assert_true(id == collect_id(first, KEY));
    stage_close(&stage);
}

/* For each kind of blocking operation, a text in which tasks are stuck on it, and what is said of them. */
static const struct {
    const char *text;
    const char *sentence;
} sentences[] = {
    {"share: {c: channel}\nfix:\n  main: [spawn a * 2]\n  a: [recv c]\n",
     "2 tasks wait at x.yaml:9 `recv c`: no task that still runs sends on or closes `c`; spawned at "},
    {"share: {c: channel}\nfix:\n  main: [spawn a]\n  a:\n    - range c:\n        - drop\n",
     "1 task waits at x.yaml:10 `range c`: no task that still runs sends on or closes `c`; spawned at "},
    {"share: {c: channel}\nfix:\n  main: [spawn a]\n  a: [send c]\n",
     "`send c`: no task that still runs receives from `c`; "},
    {"share: {c: nil channel}\nfix:\n  main: [spawn a]\n  a: [recv c]\n",
     "`recv c`: `c` is nil, on which nobody ever sends; "},
    {"share: {c: nil channel}\nfix:\n  main: [spawn a]\n  a: [send c]\n",
     "`send c`: `c` is nil, on which nobody ever receives; "},
    {"share: {c: channel, d: channel}\nfix:\n  main: [spawn a]\n"
     "  a:\n    - select:\n        recv c: exit\n        send d: exit\n",
     "`select`: no task that still runs sends on or closes `c`, or receives from `d`; "},
    {"fix:\n  main: [spawn a]\n  a:\n    - select: {}\n", "a select without cases never goes on; "},
    {"share: {t: ticker 1s}\nfix:\n  main: [stop t, spawn a]\n  a: [tick t]\n",
     "`tick t`: `t` was stopped and never ticks again; "},
    {"share: {m: mutex}\nfix:\n  main: [lock m, spawn a]\n  a: [lock m]\n",
     "`lock m`: no task that still runs unlocks `m`; "},
    {"share: {m: rwmutex}\nfix:\n  main: [rlock m, spawn a]\n  a: [lock m]\n",
     "`lock m`: no task that still runs unlocks or lets go of `m`; "},
    {"share: {m: rwmutex}\nfix:\n  main: [lock m, spawn a]\n  a: [rlock m]\n",
     "`rlock m`: no task that still runs unlocks or lets go of `m`; "},
    {"share: {g: group}\nfix:\n  main: [add g 1, spawn a]\n  a: [wait g]\n",
     "`wait g`: no task that still runs finishes `g`; "},
    {"share: {m: mutex, c: condition m}\nfix:\n  main: [spawn a]\n  a: [lock m, wait c]\n",
     "`wait c`: no task that still runs signals or broadcasts `c`; "},
    {"share: {m: mutex, c: condition m}\nfix:\n  main: [spawn a, sleep 1s, lock m, signal c]\n"
     "  a: [lock m, wait c]\n",
     "`wait c`: it was signalled, and no task that still runs unlocks `m`; "},
    {"share: {t: ticker 1s}\nfix:\n  main: [spawn a * 3]\n  a: [loop: [tick t]]\n",
     "3 tasks go on for ever at x.yaml:9 `tick t`: its owner has left and no path from here leads to its "
     "end; spawned at "},
};

static void every_way_to_be_stuck_has_its_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sentences); i++) {
        struct stage stage;
        struct tasks_rows rows;
        struct tasks_row row;
        struct buf text;
        stage_open(&stage, (struct stage_spec){.text = sentences[i].text, .linger_ns = MS});
        stage_start(&stage);
        stage_pass(&stage, 2000 * MS);
        judge_all(&stage);
        struct profile *profile = given_collected(&stage, &all);
        buf_init(&text, 4096);
        assert_int_equal(tasks_rows_init(&rows, profile), ERR_OK);
        tasks_row(&rows, 0, &row);
        tasks_sentence(profile, &row, &text);
        const char *wanted = strstr(sentences[i].sentence, "x.yaml");
        const char *said = buf_text(&text);
        if (wanted != NULL) { /* the stage gives names of its own to files, and other lines */
            assert_memory_equal(said, sentences[i].sentence, (size_t)(wanted - sentences[i].sentence));
            wanted = strchr(wanted, '`');
        } else {
            wanted = sentences[i].sentence;
        }
        if (strstr(said, wanted) == NULL)
            fail_msg("\"%s\" is not said in \"%s\"", wanted, said);
        tasks_rows_deinit(&rows);
        buf_deinit(&text);
        profile_free(profile);
        stage_close(&stage);
    }
}

static void a_place_is_shared_by_all_who_run_the_same_program(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, three_kinds);
    struct workload *other = stage_add(&stage, (struct stage_spec){0});
    assert_int_equal(workload_start(other), ERR_OK);
    stage_settle(&stage);
    judge_all(&stage);
    struct profile *profile = given_collected(&stage, &all);
    assert_int_equal(profile->scenario_count, 1);
    assert_int_equal(profile->groups[0].tasks, 80);
    profile_free(profile);
    stage_close(&stage);
}

static bool collect_and_write(void *argument)
{
    struct gathering gathering = {.err = ERR_MEMORY};
    struct stage *stage = argument;
    if (collect_begin(&gathering.collect, stage->runtime, &all, on_done) != ERR_OK)
        return false;
    stage_settle(stage);
    if (gathering.err != ERR_OK) {
        assert_null(gathering.collect.profile);
        return false;
    }
    struct buf out;
    buf_init(&out, LIMIT_PROFILE_BYTES);
    profile_finish(gathering.collect.profile);
    struct tasks_report report = {gathering.collect.profile, "token", "", TASKS_ROWS, true};
    bool written = tasks_write_text(&report, &out) == ERR_OK;
    json_t *json = tasks_json(&report);
    written = written && json != NULL;
    json_decref(json);
    buf_deinit(&out);
    profile_free(gathering.collect.profile);
    return written;
}

static void without_memory_nothing_is_left_behind(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, three_kinds);
    judge_all(&stage);
    fault_sweep(collect_and_write, &stage);
    stage_close(&stage);
}

static void a_collection_that_is_stopped_leaves_nothing(void **state)
{
    (void)state;
    struct stage stage;
    struct gathering gathering = {0};
    stage_play(&stage, three_kinds);
    assert_int_equal(collect_begin(&gathering.collect, stage.runtime, &all, on_done), ERR_OK);
    collect_stop(&gathering.collect);
    collect_stop(&gathering.collect);
    stage_settle(&stage);
    assert_int_equal(gathering.called, 0);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_is_counted_once_at_its_place),
        cmocka_unit_test(the_way_in_which_tasks_came_about_is_told_all_the_way_up),
        cmocka_unit_test(only_what_was_asked_for_is_counted),
        cmocka_unit_test(tasks_and_starts_may_come_and_go_meanwhile),
        cmocka_unit_test(a_walk_outlives_what_it_stands_in),
        cmocka_unit_test(a_name_is_a_tasks_own_and_stays),
        cmocka_unit_test(every_way_to_be_stuck_has_its_sentence),
        cmocka_unit_test(a_place_is_shared_by_all_who_run_the_same_program),
        cmocka_unit_test(without_memory_nothing_is_left_behind),
        cmocka_unit_test(a_collection_that_is_stopped_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
