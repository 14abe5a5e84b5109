/* What a simulation's file says: instances, events, and what is wrong with them; and the agenda. */
#include "lab_fixture.h"

#include <string.h>

#include "fault.h"
#include "lab/problem.h"
#include "language/place.h"
#include "simulation/agenda.h"
#include "simulation/calendar.h"

static struct calendar calendar;

static enum err read_it(const char *text, uint32_t instances, json_t **problem)
{
    json_t *body = json_loads(text, 0, NULL);
    assert_non_null(body);
    enum err err = calendar_read(&calendar, body, "host:9777", instances, problem);
    json_decref(body);
    return err;
}

static void given(const char *text, uint32_t instances)
{
    json_t *problem;
    assert_int_equal(read_it(text, instances, &problem), ERR_OK);
    assert_null(problem);
}

static void assert_refused(const char *text, const char *pointer, const char *told)
{
    json_t *problem;
    assert_int_equal(read_it(text, 0, &problem), ERR_SYNTAX);
    assert_string_equal(json_look(problem, "errors.0.pointer"), pointer);
    if (strstr(json_look(problem, "errors.0.detail"), told) == NULL)
        fail_msg("%s", json_look(problem, "errors.0.detail"));
    json_decref(problem);
}

/* A mapping with one scenario and these events. */
#define EVENTS(text) "{\"scenarios\":[{\"mode\":\"leak-recv\"}],\"instances\":2,\"events\":[" text "]}"

static void scenarios_alone_run_on_one_instance(void **state)
{
    (void)state;
    given("{\"mode\":\"leak-recv\"}", 0);
    assert_null(calendar.root);
    assert_int_equal(json_array_size(calendar.scenarios), 1);
    assert_int_equal(calendar.first_count, 1);
    assert_string_equal(calendar.labels[0], "host:9777");
    calendar_deinit(&calendar);
    given("[{\"mode\":\"leak-recv\"},{\"mode\":\"fix-recv\"}]", 3);
    assert_string_equal(calendar.root, "");
    assert_int_equal(calendar.first_count, 3);
    assert_string_equal(calendar.labels[2], "host:9779");
    calendar_deinit(&calendar);
}

static void labels_are_given_or_made(void **state)
{
    (void)state;
    json_t *problem, *body = json_loads("{\"scenarios\":[{}],\"instances\":2}", 0, NULL);
    assert_int_equal(calendar_read(&calendar, body, "web", 0, &problem), ERR_OK);
    assert_string_equal(calendar.labels[0], "web");
    assert_string_equal(calendar.labels[1], "web-2");
    calendar_deinit(&calendar);
    json_decref(body);
    given("{\"scenarios\":[{\"instance\":\"b\"}],\"instances\":[\"a\",\"b\"]}", 0);
    assert_int_equal(calendar.placed[0], 1);
    assert_null(json_object_get(json_array_get(calendar.scenarios, 0), "instance"));
    calendar_deinit(&calendar);
}

static void events_have_their_defaults(void **state)
{
    (void)state;
    given(EVENTS(
              "{\"at\":60,\"restart\":\"all\"},{\"at\":\"2m\",\"deploy\":1,\"again\":false,\"every\":\"1d\"},"
              "{\"at\":0,\"miss\":2,\"share\":\"5%\",\"for\":\"1h\"},{\"at\":0,\"gap\":\"all\"}"),
          0);
    const struct event *events = calendar.events;
    assert_int_equal(calendar.event_count, 4);
    assert_int_equal(events[0].at_ns, 60 * SEC);
    assert_int_equal(events[0].instance, CALENDAR_ALL);
    assert_int_equal(events[0].down_ns, 5 * SEC);
    assert_true(events[0].again);
    assert_int_equal(events[1].kind, EVENT_DEPLOY);
    assert_int_equal(events[1].instance, 0);
    assert_int_equal(events[1].pause_ns, 30 * SEC);
    assert_int_equal(events[1].every_ns, 86400 * SEC);
    assert_false(events[1].again);
    assert_int_equal(events[2].share, 50000);
    assert_int_equal(events[2].for_ns, 3600 * SEC);
    assert_int_equal(events[3].for_ns, 0);
    calendar_deinit(&calendar);
}

static void what_is_added_is_a_new_instance(void **state)
{
    (void)state;
    given(EVENTS("{\"at\":1,\"add\":4},{\"at\":1,\"add\":\"web\"},{\"at\":1,\"add\":\"host:9778\"},"
                 "{\"at\":2,\"remove\":\"web\"},{\"at\":3,\"restart\":4}"),
          0);
    assert_int_equal(calendar.first_count, 2);
    assert_int_equal(calendar.instance_count, 5);
    assert_int_equal(calendar.events[0].instance, 3);
    assert_int_equal(calendar.events[1].instance, 4);
    assert_int_equal(calendar.events[2].instance, 1);
    assert_int_equal(calendar.events[3].instance, 4);
    assert_string_equal(calendar.labels[3], "host:9780");
    calendar_deinit(&calendar);
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    assert_refused("{\"instances\":2}", "/scenarios", "must be a list of 1 to 100 scenarios");
    assert_refused("{\"scenarios\":[{}],\"instances\":0}", "/instances", "a number from 1 to 100, or a list");
    assert_refused("{\"scenarios\":[{}],\"instances\":[\"a\",\"a\"]}", "/instances/1", "label of another");
    assert_refused("{\"scenarios\":[{}],\"instances\":[1]}", "/instances/0", "must be the label");
    assert_refused("{\"scenarios\":[{}],\"evnts\":[]}", "/evnts", "did you mean \"events\"?");
    assert_refused("{\"scenarios\":[{\"instance\":3}]}", "/scenarios/0/instance", "there is 1");
    assert_refused(EVENTS("1"), "/events/0", "must be a mapping such as");
    assert_refused(EVENTS("{\"restart\":1}"), "/events/0", "must have \"at\"");
    assert_refused(EVENTS("{\"at\":1}"), "/events/0", "must say what happens, once");
    assert_refused(EVENTS("{\"at\":1,\"restart\":1,\"add\":3}"), "/events/0", "must say what happens, once");
    assert_refused(EVENTS("{\"at\":\"1x\",\"restart\":1}"), "/events/0/at", "must be a duration such as");
    assert_refused(EVENTS("{\"at\":-1,\"restart\":1}"), "/events/0/at", "must be a duration such as");
    assert_refused(EVENTS("{\"at\":1,\"restart\":1,\"every\":\"10ms\"}"), "/events/0/every",
                   "from 1s to 366d");
    assert_refused(EVENTS("{\"at\":1,\"restart\":3}"), "/events/0/restart", "must be \"all\", an instance's");
    assert_refused(EVENTS("{\"at\":1,\"restart\":\"c\"}"), "/events/0/restart", "there are 2");
    assert_refused(EVENTS("{\"at\":1,\"restart\":1,\"share\":\"1%\"}"), "/events/0/share", "unknown member");
    assert_refused(EVENTS("{\"at\":1,\"restart\":1,\"again\":1}"), "/events/0/again", "true or false");
    assert_refused(EVENTS("{\"at\":1,\"miss\":1,\"share\":\"0%\"}"), "/events/0/share",
                   "must be a share such as");
    assert_refused(EVENTS("{\"at\":1,\"miss\":1,\"for\":0}"), "/events/0/for", "must be a duration");
    assert_refused(EVENTS("{\"at\":1,\"gap\":1}"), "/events/0/gap", "must be \"all\"");
    assert_refused(EVENTS("{\"at\":1,\"add\":\"all\"}"), "/events/0/add", "must be an instance's number");
    assert_refused(EVENTS("{\"at\":1,\"add\":101}"), "/events/0/add", "must be an instance's number");
    assert_refused("{\"scenarios\":[{}],\"instances\":[\"a\"],\"events\":[{\"at\":1,\"add\":2}]}",
                   "/events/0/add", "must be an instance's number");
}

static void instances_are_said_once(void **state)
{
    (void)state;
    json_t *problem;
    assert_int_equal(read_it("{\"scenarios\":[{}],\"instances\":2}", 3, &problem), ERR_SYNTAX);
    assert_string_equal(json_look(problem, "errors.0.pointer"), "/instances");
    json_decref(problem);
}

static void the_agenda_keeps_order(void **state)
{
    (void)state;
    struct agenda agenda = {0};
    struct moment moment;
    uint64_t last_ns = 0, last = 0;
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(agenda_put(&agenda, (struct moment){.at_ns = i * 7919 % 20, .what = i}), ERR_OK);
    for (int i = 0; i < 200; i++) {
        assert_true(agenda_take(&agenda, 19, &moment));
        assert_true(moment.at_ns >= last_ns);
        assert_true(moment.at_ns > last_ns || i == 0 || moment.what > last);
        last_ns = moment.at_ns;
        last = moment.what;
    }
    assert_false(agenda_take(&agenda, UINT64_MAX, &moment));
    assert_int_equal(agenda_put(&agenda, (struct moment){.at_ns = 5}), ERR_OK);
    assert_false(agenda_take(&agenda, 4, &moment));
    assert_true(agenda_take(&agenda, 5, &moment));
    agenda_deinit(&agenda);
}

static void assert_place(const char *text, const char *pointer, uint32_t line, uint32_t column)
{
    uint32_t found_line, found_column;
    assert_true(place_find(text, strlen(text), pointer, &found_line, &found_column));
    assert_int_equal(found_line, line);
    assert_int_equal(found_column, column);
}

static void a_pointer_has_a_place(void **state)
{
    static const char text[] = "a: 1\nb:\n  - c\n  - d: [x, y]\n    \"e/~f\": 2\n";
    uint32_t line, column;
    (void)state;
    assert_place(text, "", 1, 1);
    assert_place(text, "/b", 2, 1);
    assert_place(text, "/b/0", 3, 5);
    assert_place(text, "/b/1/d/1", 4, 12);
    assert_place(text, "/b/1/e~1~0f", 5, 5);
    /* What is not there is where it would be. */
    assert_place(text, "/b/1/z", 4, 5);
    assert_place(text, "/b/9", 2, 1);
    assert_place("{\"a\": [1,\n 2]}", "/a/1", 2, 2);
    assert_false(place_find("a: *b", 5, "/a", &line, &column));
}

static bool read_once(void *argument)
{
    json_t *problem, *body = json_loads(argument, 0, NULL);
    if (body == NULL)
        return false;
    enum err err = calendar_read(&calendar, body, "a", 0, &problem);
    assert_true(err == ERR_OK || err == ERR_MEMORY);
    if (err == ERR_OK)
        calendar_deinit(&calendar);
    json_decref(body);
    return err == ERR_OK;
}

static bool refuse_once(void *argument)
{
    json_t *problem, *body = json_loads(argument, 0, NULL);
    if (body == NULL)
        return false;
    enum err err = calendar_read(&calendar, body, "a", 0, &problem);
    bool whole = err == ERR_SYNTAX && problem_count(problem) == 1;
    assert_true(err == ERR_SYNTAX || err == ERR_MEMORY);
    json_decref(problem);
    json_decref(body);
    return whole;
}

static void without_memory_it_says_so(void **state)
{
    static char good[] = EVENTS("{\"at\":1,\"add\":4},{\"at\":1,\"restart\":\"all\"}");
    static char bad[] = EVENTS("{\"at\":1,\"rstart\":1}");
    (void)state;
    fault_sweep(read_once, good);
    fault_sweep(refuse_once, bad);
}

static int json_set_up(void **state)
{
    (void)state;
    json_can_fail();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenarios_alone_run_on_one_instance),
        cmocka_unit_test(labels_are_given_or_made),
        cmocka_unit_test(events_have_their_defaults),
        cmocka_unit_test(what_is_added_is_a_new_instance),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(instances_are_said_once),
        cmocka_unit_test(the_agenda_keeps_order),
        cmocka_unit_test(a_pointer_has_a_place),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, json_set_up, NULL);
}
