/* Asking the lab which tasks are leaked: profiles, tokens, single tasks, and what is refused. */
#include <string.h>

#include "fault.h"
#include "judge/tasks.h"
#include "lab/debug.h"
#include "lab_fixture.h"

#define MIB       (1024ull * 1024)
#define UNIT_TIME (SINCE_MS * MS)

static void given(struct desk *desk)
{
    desk_open(desk, 100000, 1024 * MIB);
    desk_spawn(desk, "{\"mode\":\"leak-recv\",\"n\":20,\"linger\":\"10ms\",\"name\":\"leaky\"}");
    desk_spawn(desk, "{\"mode\":\"fix-send\",\"n\":30,\"name\":\"fixed\"}");
    desk_spawn(desk, "{\"mode\":\"leak-ticker\",\"n\":5,\"linger\":\"10ms\",\"name\":\"ticking\"}");
    desk_settle(desk);
    desk_advance(desk, 100 * MS);
}

static void post(struct desk *desk, struct reply *reply, struct lab_tasks_query query)
{
    *reply =
        (struct reply){.request = {.verb = LAB_TASKS, .tasks = query, .done = reply_done, .argument = reply}};
    core_handle(&desk->core, &reply->request);
    core_deliver(&desk->core);
}

static int ask(struct desk *desk, struct reply *reply, struct lab_tasks_query query)
{
    post(desk, reply, query);
    desk_settle(desk);
    if (!reply->answered && query.token)
        desk_advance(desk, UNIT_TIME);
    assert_true(reply->answered);
    if (reply->request.profile != NULL)
        profile_finish(reply->request.profile);
    return reply->request.status;
}

static void expect_tasks(struct desk *desk, struct lab_tasks_query query, uint64_t tasks)
{
    struct reply reply;
    assert_int_equal(ask(desk, &reply, query), 200);
    assert_int_equal(reply.request.profile->tasks, tasks);
    reply_free(&reply);
}

static void the_judge_looks_before_tasks_are_counted(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    assert_int_equal(desk.core.judge.stats.runs, 0);
    assert_int_equal(ask(&desk, &reply, (struct lab_tasks_query){0}), 200);
    assert_int_equal(desk.core.judge.stats.runs, 1);
    const struct profile *profile = reply.request.profile;
    assert_int_equal(profile->tasks, desk.core.runtime.live);
    assert_int_equal(tasks_with(profile, VERDICT_STUCK), 20);
    assert_int_equal(tasks_with(profile, VERDICT_ENDLESS), 5);
    reply_free(&reply);
    desk_close(&desk);
}

static void only_those_that_were_asked_for_are_shown(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    uint64_t live = desk.core.runtime.live;
    expect_tasks(&desk, (struct lab_tasks_query){0}, live);
    expect_tasks(&desk, (struct lab_tasks_query){.leaked = true}, 25);
    expect_tasks(&desk, (struct lab_tasks_query){.pattern = "recv"}, 20);
    expect_tasks(&desk, (struct lab_tasks_query){.scenario = "fixed"}, live - 25);
    expect_tasks(&desk, (struct lab_tasks_query){.scenario = "fixed", .leaked = true}, 0);
    expect_tasks(&desk, (struct lab_tasks_query){.pattern = "ticker", .scenario = "leaky"}, 0);
    desk_close(&desk);
}

static void both_sides_of_a_mix_are_its_own(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 100000, 1024 * MIB);
    desk_spawn(&desk, "{\"mode\":\"mix-recv\",\"n\":3,\"leak_share\":\"50%\",\"rate\":100,\"linger\":\"1s\","
                      "\"name\":\"mixed\"}");
    desk_advance(&desk, 500 * MS);
    expect_tasks(&desk, (struct lab_tasks_query){.scenario = "mixed"}, desk.core.runtime.live);
    desk_close(&desk);
}

static void after_a_token_there_is_only_what_came_later(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    struct lab_tasks_query query = {.token = true, .pattern = "recv"};
    given(&desk);
    assert_int_equal(ask(&desk, &reply, query), 200);
    memcpy(query.since, reply.request.token, sizeof query.since);
    reply_free(&reply);

    expect_tasks(&desk, query, 0);
    /* At the very time at which the token was answered. */
    assert_int_equal(ask(&desk, &reply, (struct lab_tasks_query){.token = true}), 200);
    memcpy(query.since, reply.request.token, sizeof query.since);
    reply_free(&reply);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"n\":7,\"linger\":\"10ms\"}");
    desk_advance(&desk, 100 * MS);
    expect_tasks(&desk, query, 7);
    desk_close(&desk);
}

static void expect_refusal(struct desk *desk, struct lab_tasks_query query, const char *part)
{
    struct reply reply;
    assert_int_equal(ask(desk, &reply, query), 422);
    assert_non_null(strstr(json_look(reply.request.answer, "errors.0.detail"), part));
    assert_null(reply.request.profile);
    reply_free(&reply);
}

static void what_is_not_there_cannot_be_asked_for(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    expect_refusal(&desk, (struct lab_tasks_query){.pattern = "recw"}, "did you mean \"recv\"");
    expect_refusal(&desk, (struct lab_tasks_query){.scenario = "leeky"}, "did you mean \"leaky\"");
    expect_refusal(&desk, (struct lab_tasks_query){.since = "x"}, "no token");
    expect_refusal(&desk, (struct lab_tasks_query){.since = "00000000-00000000"}, "no token");
    expect_refusal(&desk, (struct lab_tasks_query){.since = "zzzzzzzz-zzzzzzzz"}, "no token");
    desk_close(&desk);
}

static void those_who_ask_together_share_a_run_of_the_judge(void **state)
{
    (void)state;
    struct desk desk;
    struct reply replies[20];
    given(&desk);
    for (int i = 0; i < 20; i++)
        post(&desk, &replies[i], (struct lab_tasks_query){.token = i % 2 == 0});
    desk_settle(&desk);
    desk_advance(&desk, 3 * UNIT_TIME);
    assert_in_range(desk.core.judge.stats.runs, 1, 2);
    for (int i = 0; i < 20; i++) {
        assert_true(replies[i].answered);
        assert_int_equal(replies[i].request.status, 200);
        assert_int_equal(replies[i].request.profile->tasks, desk.core.runtime.live);
        reply_free(&replies[i]);
    }
    desk_close(&desk);
}

static void who_asks_does_not_wait_for_the_judge_for_ever(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    desk_open(&desk, 100000, 1024 * MIB);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"n\":20,\"linger\":\"10ms\"}");
    desk_advance(&desk, 100 * MS);
    post(&desk, &reply, (struct lab_tasks_query){0});
    assert_false(reply.answered);
    /* It had no time to look at anything. */
    desk.clock.manual_ns += (LIMIT_LOOK_MS + 1) * MS;
    while (!reply.answered) {
        runtime_turn(&desk.core.runtime, (struct budget){.rounds = 1});
        core_deliver(&desk.core);
    }
    assert_false(reply.request.judged);
    assert_int_equal(reply.request.status, 200);
    assert_int_equal(reply.request.profile->tasks, desk.core.runtime.live);
    reply_free(&reply);
    /* And it goes on where it was. */
    expect_tasks(&desk, (struct lab_tasks_query){.leaked = true}, 20);
    desk_close(&desk);
}

/* The id of a task that is leaked, from a profile. */
static void find_id(struct desk *desk, const char *pattern, char id[static 17])
{
    struct reply reply;
    struct lab_tasks_query query = {.leaked = true};
    snprintf(query.pattern, sizeof query.pattern, "%s", pattern);
    assert_int_equal(ask(desk, &reply, query), 200);
    snprintf(id, 17, "%016llx", (unsigned long long)reply.request.profile->groups[0].oldest[0].id);
    reply_free(&reply);
}

static void a_task_is_shown_as_long_as_it_lives(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    char id[17];
    given(&desk);
    find_id(&desk, "recv", id);
    assert_int_equal(desk_ask(&desk, &reply, LAB_TASK, id, NULL), 200);
    const json_t *task = reply.request.answer;
    assert_string_equal(json_look(task, "id"), id);
    assert_string_equal(json_look(task, "scenario"), "leaky");
    assert_string_equal(json_look(task, "verdict"), "stuck");
    assert_string_equal(json_look(task, "step.statement"), "recv jobs");
    assert_non_null(strstr(json_look(task, "why"), "sends on or closes `jobs`"));
    assert_string_equal(json_look(task, "sees.0.name"), "jobs");
    assert_string_equal(json_look(task, "sees.0.receivers_waiting"), "20");
    assert_string_equal(json_look(task, "spawned.0.task"), "main");
    assert_string_equal(json_look(task, "held_bytes"), "1024");
    reply_free(&reply);

    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_DELETE, "leaky", NULL), 202);
    reply_free(&reply);
    desk_post(&desk, &reply, LAB_RESET, NULL, NULL);
    desk_advance(&desk, 10 * SEC);
    reply_free(&reply);
    assert_int_equal(desk_ask(&desk, &reply, LAB_TASK, id, NULL), 404);
    reply_free(&reply);
    assert_int_equal(desk_ask(&desk, &reply, LAB_TASK, "no-id", NULL), 404);
    reply_free(&reply);
    desk_close(&desk);
}

/* Asks for a task of every pattern, so that every kind of thing is shown. */
static void every_kind_of_thing_can_be_shown(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 100000, 1024 * MIB);
    for (size_t i = 0; i < desk.catalogue.count; i++) {
        char body[256], id[17];
        struct reply reply;
        const char *name = desk.catalogue.patterns[i]->name;
        snprintf(body, sizeof body, "{\"mode\":\"leak-%s\",\"linger\":\"10ms\",\"name\":\"x\"}", name);
        if (desk.catalogue.patterns[i]->variants[VARIANT_LEAK].program == NULL)
            continue;
        desk_spawn(&desk, body);
        desk_advance(&desk, 20 * SEC);
        assert_int_equal(ask(&desk, &reply, (struct lab_tasks_query){.leaked = true}), 200);
        bool leaks = reply.request.profile->tasks > 0;
        reply_free(&reply);
        if (leaks) {
            find_id(&desk, name, id);
            assert_int_equal(desk_ask(&desk, &reply, LAB_TASK, id, NULL), 200);
            assert_true(strcmp(json_look(reply.request.answer, "verdict"), "live") != 0);
            reply_free(&reply);
        }
        desk_post(&desk, &reply, LAB_RESET, NULL, NULL);
        desk_advance(&desk, 10 * SEC);
        reply_free(&reply);
    }
    desk_close(&desk);
}

static void a_lab_that_closes_answers_those_who_wait(void **state)
{
    (void)state;
    for (uint64_t rounds = 0; rounds < 12; rounds++) {
        struct desk desk;
        struct reply replies[3];
        given(&desk);
        for (int i = 0; i < 3; i++)
            post(&desk, &replies[i], (struct lab_tasks_query){.token = true});
        if (rounds > 0)
            runtime_turn(&desk.core.runtime, (struct budget){.rounds = rounds});
        core_close(&desk.core);
        for (int i = 0; i < 3; i++) {
            assert_true(replies[i].answered);
            assert_int_equal(replies[i].request.status, 503);
            reply_free(&replies[i]);
        }
        core_deinit(&desk.core);
        catalogue_deinit(&desk.catalogue);
    }
}

static bool ask_once(void *argument)
{
    struct desk *desk = argument;
    struct reply reply, task = {0};
    bool good = ask(desk, &reply, (struct lab_tasks_query){.token = true}) == 200;
    if (!good)
        assert_true(reply.request.status == 503 || reply.request.status == 500);
    if (good) {
        char id[17];
        snprintf(id, sizeof id, "%016llx", (unsigned long long)reply.request.profile->groups[0].oldest[0].id);
        desk_ask(desk, &task, LAB_TASK, id, NULL);
        good = task.request.answer != NULL && task.request.status == 200;
    }
    reply_free(&reply);
    reply_free(&task);
    return good;
}

static void without_memory_it_is_said_and_nothing_is_left_behind(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    fault_sweep(ask_once, &desk);
    desk_close(&desk);
}

static int set_up(void **state)
{
    (void)state;
    json_can_fail();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_judge_looks_before_tasks_are_counted),
        cmocka_unit_test(only_those_that_were_asked_for_are_shown),
        cmocka_unit_test(both_sides_of_a_mix_are_its_own),
        cmocka_unit_test(after_a_token_there_is_only_what_came_later),
        cmocka_unit_test(what_is_not_there_cannot_be_asked_for),
        cmocka_unit_test(those_who_ask_together_share_a_run_of_the_judge),
        cmocka_unit_test(who_asks_does_not_wait_for_the_judge_for_ever),
        cmocka_unit_test(a_task_is_shown_as_long_as_it_lives),
        cmocka_unit_test(every_kind_of_thing_can_be_shown),
        cmocka_unit_test(a_lab_that_closes_answers_those_who_wait),
        cmocka_unit_test(without_memory_it_is_said_and_nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
