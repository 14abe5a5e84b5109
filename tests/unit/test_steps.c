/* What a listing of a pattern shows beside its lines: tasks on each step, by verdict, and why. */
#include "judge/steps.h"

#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "lab_fixture.h"

#define MIB (1024ull * 1024)

static void let_judge(struct desk *desk)
{
    struct reply reply;
    desk_post(desk, &reply, LAB_TASKS, NULL, NULL);
    while (!reply.answered)
        desk_advance(desk, 20 * MS);
    reply_free(&reply);
}

static json_t *ask(struct desk *desk, const char *pattern)
{
    struct reply reply;
    assert_int_equal(desk_ask(desk, &reply, LAB_PATTERN_STEPS, pattern, NULL), 200);
    json_t *answer = json_incref(reply.request.answer);
    reply_free(&reply);
    return answer;
}

static const json_t *variant_of(const json_t *answer, const char *variant)
{
    const json_t *found = json_object_get(json_object_get(answer, "variants"), variant);
    assert_non_null(found);
    return found;
}

/* The step whose statement begins so, of a kind of task. */
static const json_t *step_of(const json_t *variant, const char *task, const char *statement)
{
    size_t at;
    const json_t *step;
    json_array_foreach(json_object_get(variant, "steps"), at, step)
    {
        const char *text = json_string_value(json_object_get(step, "statement"));
        if (strncmp(text, statement, strlen(statement)) == 0 &&
            strcmp(json_string_value(json_object_get(step, "task")), task) == 0)
            return step;
    }
    fail_msg("no step %s of %s", statement, task);
    return NULL;
}

static void expect(const json_t *step, int tasks, int stuck, int endless)
{
    assert_int_equal(json_integer_value(json_object_get(step, "tasks")), tasks);
    assert_int_equal(json_integer_value(json_object_get(step, "stuck")), stuck);
    assert_int_equal(json_integer_value(json_object_get(step, "endless")), endless);
    assert_int_equal(json_object_get(step, "why_stuck") != NULL, stuck > 0);
    assert_int_equal(json_object_get(step, "why_endless") != NULL, endless > 0);
}

static void tasks_are_counted_at_their_step_before_the_judge_has_looked(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 100000, 64 * MIB);
    desk_spawn(&desk, "{\"mode\": \"leak-recv\", \"n\": 20}");
    desk_spawn(&desk, "{\"mode\": \"fix-recv\", \"n\": 5}");
    desk_settle(&desk);
    json_t *answer = ask(&desk, "recv");
    assert_string_equal(json_look(answer, "file"), "recv.yaml");
    const json_t *leak = variant_of(answer, "leak");
    assert_string_equal(json_look(leak, "tasks"), "21");
    assert_string_equal(json_look(leak, "ready"), "0");
    expect(step_of(leak, "consumer", "recv jobs"), 20, 0, 0);
    assert_int_equal(json_integer_value(json_object_get(step_of(leak, "consumer", "recv jobs"), "line")), 21);
    expect(step_of(variant_of(answer, "fix"), "consumer", "select"), 5, 0, 0);
    json_decref(answer);
    desk_close(&desk);
}

static void stuck_tasks_are_counted_at_theirs_with_what_they_lack(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 100000, 64 * MIB);
    desk_spawn(&desk, "{\"mode\": \"leak-recv\", \"n\": 20, \"linger\": \"1s\", \"name\": \"a\"}");
    desk_advance(&desk, 1500 * MS);
    let_judge(&desk);
    json_t *answer = ask(&desk, "recv");
    const json_t *step = step_of(variant_of(answer, "leak"), "consumer", "recv jobs");
    expect(step, 20, 20, 0);
    assert_non_null(strstr(json_string_value(json_object_get(step, "why_stuck")), "jobs"));
    assert_string_equal(json_look(variant_of(answer, "leak"), "stuck"), "20");
    json_decref(answer);
    struct reply reply;
    desk_post(&desk, &reply, LAB_SCENARIO_POST, NULL, "{\"action\": \"reclaim\", \"name\": \"a\"}");
    while (!reply.answered)
        desk_advance(&desk, 50 * MS);
    reply_free(&reply);
    answer = ask(&desk, "recv");
    expect(step_of(variant_of(answer, "leak"), "consumer", "recv jobs"), 0, 0, 0);
    json_decref(answer);
    desk_close(&desk);
}

static void endless_tasks_are_counted_where_they_happen_to_stand(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 100000, 64 * MIB);
    desk_spawn(&desk, "{\"mode\": \"leak-ticker\", \"n\": 7, \"linger\": \"1s\"}");
    desk_advance(&desk, 1500 * MS);
    let_judge(&desk);
    desk_advance(&desk, 777 * MS); /* ticks come and go */
    json_t *answer = ask(&desk, "ticker");
    const json_t *leak = variant_of(answer, "leak");
    assert_string_equal(json_look(leak, "endless"), "7");
    size_t at;
    const json_t *step;
    int64_t endless = 0;
    json_array_foreach(json_object_get(leak, "steps"), at, step) endless +=
        json_integer_value(json_object_get(step, "endless"));
    assert_int_equal(endless, 7);
    json_decref(answer);
    desk_close(&desk);
}

static void a_decoy_has_its_steps_and_an_unknown_pattern_has_none(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    desk_open(&desk, 100000, 64 * MIB);
    json_t *answer = ask(&desk, "wave");
    assert_int_equal(json_object_size(json_object_get(answer, "variants")), 1);
    assert_true(json_array_size(json_object_get(variant_of(answer, "decoy"), "steps")) > 0);
    json_decref(answer);
    assert_int_equal(desk_ask(&desk, &reply, LAB_PATTERN_STEPS, "recvv", NULL), 404);
    reply_free(&reply);
    desk_close(&desk);
}

static bool count_once(void *argument)
{
    json_t *steps = steps_json(argument);
    json_decref(steps);
    return steps != NULL;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 100000, 64 * MIB);
    desk_spawn(&desk, "{\"mode\": \"leak-recv\", \"n\": 2, \"linger\": \"1s\"}");
    desk_advance(&desk, 1500 * MS);
    let_judge(&desk);
    json_can_fail();
    fault_sweep(count_once, core_program(&desk.core, "recv", VARIANT_LEAK)->tally);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_are_counted_at_their_step_before_the_judge_has_looked),
        cmocka_unit_test(stuck_tasks_are_counted_at_theirs_with_what_they_lack),
        cmocka_unit_test(endless_tasks_are_counted_where_they_happen_to_stand),
        cmocka_unit_test(a_decoy_has_its_steps_and_an_unknown_pattern_has_none),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
