/* Requests and their answers, without a loop. */
#include "lab/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "lab/ending.h"
#include "lab/problem.h"
#include "lab_fixture.h"

#define MIB (1024ull * 1024)

static void given(struct desk *desk)
{
    desk_open(desk, 100000, 1024 * MIB);
}

static void assert_answer(const struct reply *reply, const char *path, const char *expected)
{
    assert_string_equal(json_look(reply->request.answer, path), expected);
}

static void a_spawn_answers_with_its_scenario(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"leak-recv\",\"n\":2000}"),
                     201);
    assert_string_equal(reply.request.location, "leak-recv-1");
    assert_answer(&reply, "name", "leak-recv-1");
    assert_answer(&reply, "mode", "leak-recv");
    assert_answer(&reply, "pattern", "recv");
    assert_answer(&reply, "variant", "leak");
    assert_answer(&reply, "state", "running");
    assert_answer(&reply, "cause", "null");
    assert_answer(&reply, "spec.n", "2000");
    assert_answer(&reply, "spec.linger", "null");
    assert_answer(&reply, "spec.holds", "1KiB");
    assert_answer(&reply, "spec.max_heap", "1GiB");
    assert_answer(&reply, "spec.seed", "4711");
    reply_free(&reply);

    desk_spawn(&desk, "{\"mode\":\"leak-recv\"}");
    assert_string_equal(desk_look(&desk, "leak-recv-1", "tasks.live"), "2001");
    assert_string_equal(desk_look(&desk, "leak-recv-1", "heap_bytes"), "2048000");
    assert_string_equal(desk_look(&desk, "leak-recv-2", "tasks.live"), "3001");
    desk_close(&desk);
}

static void a_cancel_answers_with_a_receipt(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"leaky\",\"n\":2000}");
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"fixed\",\"n\":2000}");

    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_DELETE, "leaky", NULL), 202);
    assert_answer(&reply, "name", "leaky");
    assert_answer(&reply, "state", "draining");
    assert_answer(&reply, "receipt",
                  "{\"tasks_told\":2001,\"tasks_ended\":1,\"tasks_left\":2000,\"bytes_freed\":0,\"bytes_"
                  "held\":2048000}");
    reply_free(&reply);

    assert_int_equal(
        desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"action\":\"cancel\",\"name\":\"fixed\"}"), 200);
    assert_answer(&reply, "state", "finished");
    assert_answer(&reply, "receipt",
                  "{\"tasks_told\":2001,\"tasks_ended\":2001,\"tasks_left\":0,\"bytes_freed\":2048000,"
                  "\"bytes_held\":0}");
    reply_free(&reply);
    desk_close(&desk);
}

static void a_cancel_does_not_wait_long_for_those_who_do_not_hear(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":50000}");
    desk_post(&desk, &reply, LAB_SCENARIO_DELETE, "x", NULL);
    /* Given a runtime that gets no turn, as on a loop that is busy elsewhere. */
    core_after_turn(&desk.core);
    core_deliver(&desk.core);
    assert_false(reply.answered);
    desk.clock.manual_ns += LIMIT_SETTLE_MS * MS;
    core_after_turn(&desk.core);
    core_deliver(&desk.core);
    assert_true(reply.answered);
    assert_int_equal(reply.request.status, 202);
    assert_answer(&reply, "receipt.tasks_left", "50001");
    reply_free(&reply);
    desk_close(&desk);
}

static void a_reclaim_frees_what_a_cancel_left(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-ticker\",\"name\":\"x\",\"n\":500}");
    assert_string_equal(desk_look(&desk, "x", "tickers"), "500");
    desk_post(&desk, &reply, LAB_SCENARIO_DELETE, "x", NULL);
    reply.request.reclaim = false;
    desk_settle(&desk);
    reply_free(&reply);
    assert_int_equal(
        desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"action\":\"reclaim\",\"name\":\"x\"}"), 200);
    assert_answer(&reply, "state", "finished");
    assert_answer(&reply, "receipt",
                  "{\"tasks_told\":500,\"tasks_ended\":0,\"tasks_reclaimed\":500,\"tasks_left\":0,\"bytes_"
                  "freed\":512000,"
                  "\"bytes_held\":0}");
    reply_free(&reply);
    assert_string_equal(desk_look(&desk, "x", "tickers"), "0");
    desk_close(&desk);
}

/* The heap takes more rounds than the tasks. */
static void a_reclaim_is_answered_when_the_heap_is_free(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":50,\"holds\":\"1MiB\"}");
    desk_post(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"action\":\"reclaim\",\"name\":\"x\"}");
    bool garbage = false;
    for (int round = 0; !reply.answered; round++) {
        assert_true(round < 1000);
        runtime_turn(&desk.core.runtime, (struct budget){.rounds = 1});
        garbage |= desk.core.runtime.garbage.last != NULL;
        core_after_turn(&desk.core);
        core_deliver(&desk.core);
    }
    assert_true(garbage);
    assert_null(desk.core.runtime.garbage.last);
    assert_int_equal(reply.request.status, 200);
    assert_answer(&reply, "receipt.bytes_held", "0");
    reply_free(&reply);
    desk_close(&desk);
}

static void tasks_that_hear_a_reclaim_in_time_end_by_themselves(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"x\",\"n\":500}");
    desk_post(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"action\":\"reclaim\",\"name\":\"x\"}");
    desk_settle(&desk);
    assert_int_equal(reply.request.status, 200);
    assert_answer(&reply, "receipt.tasks_ended", "501");
    assert_answer(&reply, "receipt.tasks_reclaimed", "0");
    reply_free(&reply);
    assert_string_equal(desk_look(&desk, "x", "cause"), "cancelled");
    desk_close(&desk);
}

static void ending_what_has_ended_is_harmless(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"x\",\"n\":5,\"linger\":\"5ms\"}");
    desk_advance(&desk, 10 * MS);
    static const char *const bodies[] = {"{\"action\":\"cancel\",\"name\":\"x\"}",
                                         "{\"action\":\"reclaim\",\"name\":\"x\"}"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, bodies[i % 2]), 200);
        assert_answer(&reply, "receipt.tasks_told", "0");
        assert_answer(&reply, "receipt.bytes_freed", "0");
        reply_free(&reply);
    }
    assert_string_equal(desk_look(&desk, "x", "cause"), "completed");
    desk_close(&desk);
}

static void many_cancels_of_one_scenario_are_all_answered(void **state)
{
    (void)state;
    struct desk desk;
    struct reply replies[3];
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-send\",\"name\":\"x\",\"n\":5}");
    for (int i = 0; i < 3; i++)
        desk_post(&desk, &replies[i], LAB_SCENARIO_DELETE, "x", NULL);
    desk_settle(&desk);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(replies[i].request.status, 202);
        assert_answer(&replies[i], "receipt.tasks_left", "5");
        reply_free(&replies[i]);
    }
    desk_close(&desk);
}

static void a_reset_ends_everything(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"a\",\"n\":10}");
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"b\",\"n\":10,\"rate\":100}");
    desk_spawn(&desk, "{\"mode\":\"leak-ticker\",\"name\":\"c\",\"n\":10}");
    desk_advance(&desk, 100 * MS);
    assert_int_equal(desk_ask(&desk, &reply, LAB_RESET, NULL, NULL), 200);
    assert_answer(&reply, "scenarios", "3");
    assert_answer(&reply, "receipt.tasks_reclaimed", "20");
    assert_answer(&reply, "receipt.tasks_left", "0");
    reply_free(&reply);
    assert_int_equal(desk.core.runtime.live, 0);
    assert_string_equal(desk_look(&desk, "a", "state"), "finished");

    assert_int_equal(desk_ask(&desk, &reply, LAB_RESET, NULL, NULL), 200);
    assert_answer(&reply, "scenarios", "0");
    reply_free(&reply);
    desk_close(&desk);
}

static void scenarios_are_listed_newest_first(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"n\":1}");
    desk_spawn(&desk, "{\"mode\":\"fix-send\",\"n\":1}");
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_LIST, NULL, NULL), 200);
    assert_answer(&reply, "scenarios.0.name", "fix-send-1");
    assert_answer(&reply, "scenarios.1.name", "leak-recv-1");
    assert_int_equal(json_array_size(json_object_get(reply.request.answer, "scenarios")), 2);
    reply_free(&reply);
    desk_close(&desk);
}

static void a_dry_run_starts_nothing(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL,
                              "{\"mode\":\"leak-recv\",\"n\":2000,\"dry_run\":true}"),
                     200);
    assert_answer(&reply, "dry_run", "true");
    assert_answer(&reply, "spec.n", "2000");
    assert_answer(&reply, "spec.name", "leak-recv-1");
    assert_answer(&reply, "forecast.tasks_per_start", "2001");
    assert_answer(&reply, "forecast.leaked_per_start", "2000");
    assert_answer(&reply, "forecast.limit", "null");
    assert_string_equal(reply.request.location, "");
    reply_free(&reply);
    assert_int_equal(desk.core.scenario_count, 0);
    assert_int_equal(desk.core.runtime.live, 0);
    desk_close(&desk);
}

static void what_is_not_there_is_met_with_the_nearest(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_SHOW, "x", NULL), 404);
    assert_answer(&reply, "detail", "no scenario \"x\"");
    reply_free(&reply);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"n\":1}");
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_DELETE, "leek-recv-1", NULL), 404);
    assert_answer(&reply, "detail", "no scenario \"leek-recv-1\": did you mean \"leak-recv-1\"?");
    reply_free(&reply);
    assert_int_equal(
        desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"action\":\"cancel\",\"name\":\"y\"}"), 404);
    reply_free(&reply);
    assert_int_equal(desk_ask(&desk, &reply, LAB_PATTERN_SHOW, "tickr", NULL), 404);
    assert_answer(&reply, "detail", "no pattern \"tickr\": did you mean \"ticker\"?");
    reply_free(&reply);
    desk_close(&desk);
}

static void a_wrong_request_changes_nothing(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"leek-recv\",\"rate\":-1}"),
                     422);
    assert_answer(&reply, "errors.0.pointer", "/mode");
    assert_answer(&reply, "errors.1.pointer", "/rate");
    reply_free(&reply);
    assert_int_equal(desk.core.scenario_count, 0);
    desk_close(&desk);
}

static void a_scenario_begins_at_its_time(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":10,\"at\":\"5s\",\"duration\":\"2s\"}");
    desk_advance(&desk, 5 * SEC - MS);
    assert_string_equal(desk_look(&desk, "x", "state"), "starting");
    assert_string_equal(desk_look(&desk, "x", "tasks.live"), "0");
    desk_advance(&desk, MS);
    assert_string_equal(desk_look(&desk, "x", "state"), "running");
    assert_string_equal(desk_look(&desk, "x", "tasks.live"), "11");
    assert_string_equal(desk_look(&desk, "x", "age_seconds"), "0.0");
    desk_advance(&desk, 2 * SEC - MS);
    assert_string_equal(desk_look(&desk, "x", "state"), "running");
    desk_advance(&desk, 2 * MS);
    assert_string_equal(desk_look(&desk, "x", "cause"), "expired");
    desk_close(&desk);
}

static void a_scenario_may_be_cancelled_before_its_time(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"at\":\"5s\"}");
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_DELETE, "x", NULL), 200);
    assert_answer(&reply, "state", "finished");
    reply_free(&reply);
    desk_advance(&desk, 10 * SEC);
    assert_string_equal(desk_look(&desk, "x", "tasks.spawned"), "0");
    desk_close(&desk);
}

static void a_list_starts_each_at_its_time(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_post(&desk, &reply, LAB_SCENARIO_POST, NULL,
              "[{\"mode\":\"leak-recv\",\"n\":10},"
              "{\"mode\":\"leak-recv\",\"n\":20,\"name\":\"leak-recv-1\",\"at\":\"1s\"},"
              "{\"mode\":\"fix-recv\",\"n\":1,\"rate\":\"100/s\",\"at\":\"2s\"}]");
    desk_settle(&desk);
    assert_int_equal(reply.request.status, 201);
    assert_string_equal(reply.request.location, "");
    assert_answer(&reply, "scenarios.0.name", "leak-recv-2");
    assert_answer(&reply, "scenarios.1.name", "leak-recv-1");
    assert_answer(&reply, "scenarios.2.spec.at", "2s");
    reply_free(&reply);
    assert_string_equal(desk_look(&desk, "leak-recv-2", "tasks.live"), "11");
    assert_string_equal(desk_look(&desk, "leak-recv-1", "state"), "starting");
    desk_advance(&desk, SEC);
    assert_string_equal(desk_look(&desk, "leak-recv-1", "tasks.live"), "21");
    assert_string_equal(desk_look(&desk, "fix-recv-1", "state"), "starting");
    desk_advance(&desk, 2 * SEC);
    assert_string_equal(desk_look(&desk, "fix-recv-1", "starts"), "100");
    desk_close(&desk);
}

/* Nothing starts; the first error is at `pointer`. */
static void assert_list_refused(struct desk *desk, const char *body, int status, const char *pointer)
{
    struct reply reply;
    uint32_t before = desk->core.scenario_count;
    assert_int_equal(desk_ask(desk, &reply, LAB_SCENARIO_POST, NULL, body), status);
    if (pointer != NULL)
        assert_answer(&reply, "errors.0.pointer", pointer);
    reply_free(&reply);
    assert_int_equal(desk->core.scenario_count, before);
    assert_int_equal(desk->core.runtime.starts, 0);
    for (uint32_t i = 0; i < desk->core.program_count; i++)
        assert_int_equal(desk->core.programs[i].scenarios[SCENARIO_STARTING], 0);
}

static void one_error_in_a_list_starts_nothing(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    assert_list_refused(&desk, "[]", 422, "");
    assert_list_refused(&desk, "[{\"mode\":\"leak-recv\"},7]", 422, "/1");
    assert_list_refused(&desk, "[{\"mode\":\"leak-recv\"},{\"mode\":\"fix-recv\"},{\"mode\":\"leek-recv\"}]",
                        422, "/2/mode");
    assert_list_refused(&desk, "[{\"mode\":\"leak-recv\"},{\"action\":\"cancel\",\"name\":\"x\"}]", 422,
                        "/1/action");
    assert_list_refused(&desk, "[{\"mode\":\"leak-recv\",\"dry_run\":true}]", 422, "/0/dry_run");
    assert_list_refused(&desk,
                        "[{\"mode\":\"leak-recv\",\"name\":\"x\"},{\"mode\":\"fix-recv\",\"name\":\"x\"}]",
                        422, "/1/name");
    struct reply reply;
    assert_int_equal(
        desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL,
                 "[{\"mode\":\"leak-recv\",\"n\":1,\"rate\":-1},{\"mode\":\"fix-recv\",\"at\":\"soon\"}]"),
        422);
    assert_answer(&reply, "errors.0.pointer", "/0/rate");
    assert_answer(&reply, "errors.1.pointer", "/1/at");
    assert_answer(&reply, "detail", "2 fields are not right: nothing was started");
    reply_free(&reply);
    desk_close(&desk);
}

static void desk_list(struct desk *desk, const char *body, int status)
{
    struct reply reply;
    assert_int_equal(desk_ask(desk, &reply, LAB_SCENARIO_POST, NULL, body), status);
    reply_free(&reply);
}

static void a_list_that_does_not_fit_starts_nothing(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    json_t *list = json_array();
    for (int i = 0; i <= LIMIT_SEQUENCE; i++)
        json_array_append_new(list, json_pack("{s:s, s:i, s:s}", "mode", "leak-recv", "n", 1, "at", "1h"));
    char *text = json_dumps(list, 0);
    assert_list_refused(&desk, text, 422, "");
    free(text);
    json_array_remove(list, 0);
    text = json_dumps(list, 0);
    for (int i = 0; i < LIMIT_SCENARIOS / LIMIT_SEQUENCE; i++)
        desk_list(&desk, text, 201);
    desk_list(&desk, text, 429);
    assert_int_equal(desk.core.scenario_count, LIMIT_SCENARIOS);
    /* Those that have finished make room. */
    struct reply reply;
    assert_int_equal(desk_ask(&desk, &reply, LAB_RESET, NULL, NULL), 200);
    reply_free(&reply);
    desk_list(&desk, text, 201);
    assert_int_equal(desk.core.scenario_count, LIMIT_SCENARIOS);
    free(text);
    json_decref(list);
    desk_close(&desk);
}

struct list_sweep {
    struct desk *desk;
    json_t *body;
};

static bool post_list_once(void *argument)
{
    struct list_sweep *sweep = argument;
    struct core *core = &sweep->desk->core;
    uint32_t before = core->scenario_count;
    struct reply reply = {.request = {.verb = LAB_SCENARIO_POST, .body = sweep->body, .done = reply_done}};
    reply.request.argument = &reply;
    core_handle(core, &reply.request);
    core_deliver(core);
    assert_true(reply.answered);
    bool started = reply.request.status == 201;
    assert_true(started || reply.request.status >= 422);
    assert_int_equal(core->scenario_count, before + (started ? 2 : 0));
    uint64_t starting = 0;
    for (uint32_t i = 0; i < core->program_count; i++)
        starting += core->programs[i].scenarios[SCENARIO_STARTING];
    assert_int_equal(starting, core->scenario_count);
    bool whole = started && reply.request.answer != NULL;
    json_decref(reply.request.answer);
    return whole;
}

static void without_memory_no_part_of_a_list_starts(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    static const char list[] =
        "[{\"mode\":\"leak-recv\",\"n\":1},{\"mode\":\"fix-send\",\"n\":2,\"at\":\"1s\"}]";
    struct list_sweep sweep = {&desk, json_loads(list, 0, NULL)};
    fault_sweep(post_list_once, &sweep);
    json_decref(sweep.body);
    desk_settle(&desk);
    desk_close(&desk);
}

static void patterns_are_shown(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    assert_int_equal(desk_ask(&desk, &reply, LAB_PATTERN_LIST, NULL, NULL), 200);
    assert_int_equal(json_array_size(json_object_get(reply.request.answer, "patterns")),
                     desk.catalogue.count);
    assert_answer(&reply, "patterns.0.name", desk.catalogue.patterns[0]->name);
    assert_answer(&reply, "fields.0.name", "action");
    reply_free(&reply);
    assert_int_equal(desk_ask(&desk, &reply, LAB_PATTERN_SHOW, "send", NULL), 200);
    assert_answer(&reply, "file", "send.yaml");
    reply_free(&reply);
    desk_close(&desk);
}

static void a_name_is_taken_until_its_scenario_has_finished(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"x\",\"n\":5}");
    assert_int_equal(
        desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"leak-recv\",\"name\":\"x\"}"), 409);
    assert_answer(&reply, "errors.0.pointer", "/name");
    reply_free(&reply);
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_DELETE, "x", NULL), 200);
    reply_free(&reply);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":7}");
    assert_string_equal(desk_look(&desk, "x", "tasks.live"), "8");
    assert_int_equal(desk.core.scenario_count, 1);
    desk_close(&desk);
}

static void what_an_answer_waits_for_is_kept(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reset, reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"many\",\"n\":50000,\"holds\":0}");
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"few\",\"n\":1}");
    /* Given a reset that is done with one scenario and not with the other. */
    desk_post(&desk, &reset, LAB_RESET, NULL, NULL);
    for (int turn = 0; turn < 20; turn++) {
        runtime_turn(&desk.core.runtime, (struct budget){.rounds = 1});
        core_after_turn(&desk.core);
    }
    assert_string_equal(desk_look(&desk, "few", "state"), "finished");
    assert_false(reset.answered);
    /* Then its name is not free yet. */
    desk_post(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"fix-recv\",\"name\":\"few\"}");
    assert_int_equal(reply.request.status, 409);
    reply_free(&reply);
    desk_settle(&desk);
    assert_int_equal(reset.request.status, 200);
    assert_answer(&reset, "scenarios", "2");
    reply_free(&reset);
    desk_close(&desk);
}

static void made_up_names_avoid_those_that_are_taken(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"leak-recv-1\",\"n\":1}");
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"n\":1}");
    assert_string_equal(desk_look(&desk, "leak-recv-2", "state"), "running");
    desk_close(&desk);
}

static void a_task_limit_that_is_reached_refuses_more(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    desk_open(&desk, 100, MIB);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"n\":99}");
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"fix-recv\"}"), 429);
    assert_answer(
        &reply, "detail",
        "all 100 tasks that the daemon may have are alive: cancel or reclaim a scenario, or POST /reset");
    reply_free(&reply);
    assert_int_equal(desk.core.scenario_count, 1);
    desk_close(&desk);
}

static void a_heap_limit_that_is_reached_refuses_more(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    desk_open(&desk, 100000, MIB);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":90000,\"holds\":0}");
    assert_string_equal(desk_look(&desk, "x", "capped_by"), "heap");
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"fix-recv\"}"), 429);
    assert_answer(
        &reply, "detail",
        "all 1MiB that the daemon may use are in use: cancel or reclaim a scenario, or POST /reset");
    reply_free(&reply);
    assert_int_equal(desk.core.scenario_count, 1);
    for (size_t i = 0; i < desk.core.program_count; i++)
        assert_int_equal(desk.core.programs[i].scenarios[SCENARIO_STARTING], 0);
    desk_close(&desk);
}

static void the_oldest_finished_scenario_makes_room(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"stays\",\"n\":0}");
    for (int i = 1; i < LIMIT_SCENARIOS; i++)
        desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"n\":0,\"linger\":\"1ms\"}");
    desk_advance(&desk, 10 * MS);
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"name\":\"new\",\"n\":0}");
    assert_int_equal(desk.core.scenario_count, LIMIT_SCENARIOS);
    assert_string_equal(desk_look(&desk, "stays", "state"), "running");
    assert_string_equal(desk_look(&desk, "fix-recv-1", "status"), "404");
    assert_string_equal(desk_look(&desk, "fix-recv-2", "state"), "finished");

    /* When nothing has finished there is no room. */
    for (int i = 2; i < LIMIT_SCENARIOS; i++)
        desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"n\":0}");
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"fix-recv\",\"n\":0}"),
                     429);
    reply_free(&reply);
    desk_close(&desk);
}

static void a_snapshot_adds_up(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    struct snapshot *snapshot =
        calloc(1, sizeof *snapshot + LIMIT_PROGRAMS * sizeof(struct snapshot_program));
    core_fill(&desk.core, snapshot);
    const struct snapshot_program *leak = program_in(snapshot, "recv", "leak");
    const struct snapshot_program *fix = program_in(snapshot, "recv", "fix");
    assert_int_equal(leak->scenarios_seen, 0);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"n\":100,\"linger\":\"10ms\"}");
    desk_spawn(&desk, "{\"mode\":\"fix-recv\",\"n\":100,\"linger\":\"10ms\"}");
    for (int ms = 0; ms < 20; ms++) {
        core_fill(&desk.core, snapshot);
        for (uint32_t i = 0; i < snapshot->program_count; i++) {
            uint64_t standing = 0;
            for (int s = 0; s < TASK_STATES; s++)
                standing += snapshot->programs[i].census.states[s];
            assert_int_equal(standing, census_live(&snapshot->programs[i].census));
        }
        desk_advance(&desk, MS);
    }
    core_fill(&desk.core, snapshot);
    assert_int_equal(leak->scenarios[SCENARIO_DRAINING], 1);
    assert_int_equal(leak->expected_leaked, 100);
    assert_int_equal(fix->scenarios[SCENARIO_FINISHED], 1);
    assert_int_equal(fix->scenarios[SCENARIO_RUNNING], 0);
    assert_int_equal(fix->scenarios_seen, 1u << SCENARIO_STARTING | 1u << SCENARIO_RUNNING |
                                              1u << SCENARIO_DRAINING | 1u << SCENARIO_FINISHED);
    assert_int_equal(snapshot->limit_tasks, 100000);
    free(snapshot);
    desk_close(&desk);
}

static void closing_answers_everybody_and_forgets_the_tasks(void **state)
{
    (void)state;
    struct desk desk;
    struct reply waiting, late;
    given(&desk);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":5000,\"holds\":0}");
    desk_post(&desk, &waiting, LAB_SCENARIO_DELETE, "x", NULL);
    core_close(&desk.core);
    assert_true(waiting.answered);
    assert_int_equal(waiting.request.status, 503);
    desk_post(&desk, &late, LAB_SCENARIO_LIST, NULL, NULL);
    assert_int_equal(late.request.status, 503);
    reply_free(&waiting);
    reply_free(&late);
    core_deinit(&desk.core);
    catalogue_deinit(&desk.catalogue);
}

/* A life under a failing allocator: whatever is refused, nothing is lost and everything ends. */
static bool live_once(void *argument)
{
    struct desk *desk = argument;
    struct reply reply;
    struct core_config config = desk->core.config;
    bool whole = false;
    if (core_init(&desk->core, &config) != ERR_OK)
        return false;
    static const char *const bodies[] = {
        "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":3,\"linger\":\"5ms\"}",
        "{\"mode\":\"fix-ticker\",\"name\":\"y\",\"n\":2,\"rate\":1000,\"duration\":\"20ms\"}",
        "{\"action\":\"cancel\",\"name\":\"x\"}",
        "{\"mode\":\"fix-send\",\"n\":3,\"dry_run\":true}",
        "{\"action\":\"reclaim\",\"name\":\"x\"}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        reply =
            (struct reply){.request = {.verb = LAB_SCENARIO_POST, .done = reply_done, .argument = &reply}};
        reply.request.body = json_loads(bodies[i], 0, NULL);
        if (reply.request.body == NULL)
            continue;
        core_handle(&desk->core, &reply.request);
        desk_advance(desk, 10 * MS);
        assert_true(reply.answered);
        whole = reply.request.status == 200 && reply.request.answer != NULL;
        reply_free(&reply);
    }
    fault_disarm();
    assert_int_equal(desk_ask(desk, &reply, LAB_RESET, NULL, NULL), 200);
    reply_free(&reply);
    assert_int_equal(desk->core.runtime.live, 0);
    assert_int_equal(desk->core.runtime.charged_bytes, 0);
    core_close(&desk->core);
    core_deinit(&desk->core);
    return whole;
}

static void without_memory_nothing_is_lost(void **state)
{
    (void)state;
    struct desk desk;
    given(&desk);
    core_close(&desk.core);
    core_deinit(&desk.core);
    fault_sweep(live_once, &desk);
    catalogue_deinit(&desk.catalogue);
}

/* The system denies memory: what was put aside goes back to it, tasks get no more than there was, and once
 * most of it is free both are as before. */
static void denied_memory_lowers_the_limit_until_it_is_free_again(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    const uint64_t limit = 1ull << 40;
    given(&desk);
    core_close(&desk.core);
    core_deinit(&desk.core);
    desk.core.config.max_heap_bytes = limit;
    struct core_config config = desk.core.config;
    assert_int_equal(core_init(&desk.core, &config), ERR_OK);
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":9,\"holds\":\"4MiB\"}");
    uint64_t had = desk.core.runtime.charged_bytes;
    assert_in_range(had, 9 * 4 * MIB, 10 * 4 * MIB);
    assert_non_null(desk.core.reserve.bytes);

    desk.core.runtime.denials++;
    desk_settle(&desk);
    assert_null(desk.core.reserve.bytes);
    assert_in_range(desk.core.runtime.max_heap_bytes, had / 2, had - 1);
    assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"leak-recv\"}"), 429);
    reply_free(&reply);

    assert_int_equal(desk_ask(&desk, &reply, LAB_RESET, NULL, NULL), 200);
    reply_free(&reply);
    desk_settle(&desk);
    assert_non_null(desk.core.reserve.bytes);
    assert_true(desk.core.runtime.max_heap_bytes == limit);
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
        cmocka_unit_test(a_spawn_answers_with_its_scenario),
        cmocka_unit_test(a_cancel_answers_with_a_receipt),
        cmocka_unit_test(a_cancel_does_not_wait_long_for_those_who_do_not_hear),
        cmocka_unit_test(a_reclaim_frees_what_a_cancel_left),
        cmocka_unit_test(a_reclaim_is_answered_when_the_heap_is_free),
        cmocka_unit_test(tasks_that_hear_a_reclaim_in_time_end_by_themselves),
        cmocka_unit_test(ending_what_has_ended_is_harmless),
        cmocka_unit_test(many_cancels_of_one_scenario_are_all_answered),
        cmocka_unit_test(a_reset_ends_everything),
        cmocka_unit_test(scenarios_are_listed_newest_first),
        cmocka_unit_test(a_dry_run_starts_nothing),
        cmocka_unit_test(what_is_not_there_is_met_with_the_nearest),
        cmocka_unit_test(a_wrong_request_changes_nothing),
        cmocka_unit_test(a_scenario_begins_at_its_time),
        cmocka_unit_test(a_scenario_may_be_cancelled_before_its_time),
        cmocka_unit_test(a_list_starts_each_at_its_time),
        cmocka_unit_test(one_error_in_a_list_starts_nothing),
        cmocka_unit_test(a_list_that_does_not_fit_starts_nothing),
        cmocka_unit_test(without_memory_no_part_of_a_list_starts),
        cmocka_unit_test(patterns_are_shown),
        cmocka_unit_test(a_name_is_taken_until_its_scenario_has_finished),
        cmocka_unit_test(what_an_answer_waits_for_is_kept),
        cmocka_unit_test(made_up_names_avoid_those_that_are_taken),
        cmocka_unit_test(a_task_limit_that_is_reached_refuses_more),
        cmocka_unit_test(a_heap_limit_that_is_reached_refuses_more),
        cmocka_unit_test(the_oldest_finished_scenario_makes_room),
        cmocka_unit_test(a_snapshot_adds_up),
        cmocka_unit_test(closing_answers_everybody_and_forgets_the_tasks),
        cmocka_unit_test(without_memory_nothing_is_lost),
        cmocka_unit_test(denied_memory_lowers_the_limit_until_it_is_free_again),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
