/* What a drill file may say, and what its author hears about a mistake. */
#include "drill_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "fault.h"
#include "lab/problem.h"

#define WHOLE                                                                                                \
    "{'drill': 'recv', 'about': 'why', 'scenarios': [{'mode': 'leak-recv'}, {'mode': 'fix-recv', 'at': "     \
    "'5s'}],"                                                                                                \
    " 'expect': [{'alert': 'A', 'within': 90, 'after': '10s', 'labels': {'pattern': 'recv'}}],"              \
    " 'silent': ['B'], 'allow': ['C', 'D'], 'watch': '1m', 'outage': 0, 'resolve': '2m30s'}"

static void everything_is_read(void **state)
{
    (void)state;
    struct drill drill;
    const char *names[3 * LIMIT_DRILL_ALERTS];
    drill_of(&drill, WHOLE);
    assert_string_equal(drill.name, "recv");
    assert_string_equal(drill.about, "why");
    assert_int_equal(drill.scenario_count, 2);
    assert_int_equal(drill.expectation_count, 1);
    assert_string_equal(drill.expectations[0].alert, "A");
    assert_int_equal(drill.expectations[0].within_ns, 90 * SEC);
    assert_int_equal(drill.expectations[0].after_ns, 10 * SEC);
    assert_string_equal(label_value(drill.expectations[0].labels, 1, "pattern"), "recv");
    assert_false(drill.others_silent);
    assert_int_equal(drill.watch_ns, 60 * SEC);
    assert_int_equal(drill.outage_ns, 0);
    assert_int_equal(drill.resolve_ns, 150 * SEC);
    assert_int_equal(drill_end_ns(&drill), 100 * SEC);
    assert_int_equal(drill_alert_names(&drill, names), 4);
    assert_string_equal(names[3], "D");
    drill_deinit(&drill);
}

static void what_is_left_out_has_a_default(void **state)
{
    (void)state;
    struct drill drill;
    drill_of(&drill, "{'drill': 'd', 'scenarios': [{}], 'expect': [{'alert': 'A', 'within': '1s'}]}");
    assert_string_equal(drill.about, "");
    assert_true(drill.others_silent);
    assert_int_equal(drill.watch_ns, 0);
    assert_int_equal(drill.outage_ns, -1);
    assert_int_equal(drill.resolve_ns, 300 * SEC);
    drill_deinit(&drill);
}

/* A drill and the fault that must be told of it. */
struct mistake {
    const char *text;
    const char *pointer;
    const char *detail;
};

static const struct mistake mistakes[] = {
    {"[]", "", "must be an object with drill, scenarios and expect"},
    {"{'scenarios': [{}], 'watch': 1}", "/drill",
     "is missing: what the drill is called: letters, digits, '.', '_' and '-'"},
    {"{'drill': 'a b', 'scenarios': [{}], 'watch': 1}", "/drill",
     "must be a name of up to 64 letters, digits, '.', '_' and '-'"},
    {"{'drill': 'd', 'watch': 1}", "/scenarios", "is missing: what to start, or an outage"},
    {"{'drill': 'd', 'scenarios': [{}]}", "/watch",
     "is missing: nothing is expected to fire; for how long must that hold?"},
    {"{'drill': 'd', 'scenarios': {}, 'watch': 1, 'outage': 1}", "/scenarios",
     "must be a list of up to 100 scenarios"},
    {"{'drill': 'd', 'scenarios': [1], 'watch': 1}", "/scenarios/0",
     "must be a scenario such as {mode: leak-recv, rate: 5/s}"},
    {"{'drill': 'd', 'scenarios': [{'action': 'cancel'}], 'watch': 1}", "/scenarios/0",
     "a drill only starts scenarios: no action, no dry_run"},
    {"{'drill': 'd', 'scenarios': [{'name': 'a'}, {'name': 'b'}, {'name': 'a'}], 'watch': 1}", "/scenarios/2",
     "another has the same name"},
    {"{'drill': 'd', 'scenarios': [{}], 'wach': 1, 'watch': 1}", "/wach",
     "is unknown: did you mean \"watch\"?"},
    {"{'drill': 'd', 'scenarios': [{}], 'watch': '8d'}", "/watch",
     "must be a duration such as 90s or 5m, at most 7d"},
    {"{'drill': 'd', 'scenarios': [{}], 'watch': 1, 'resolve': -1}", "/resolve",
     "must be a duration such as 90s or 5m, at most 7d"},
    {"{'drill': 'd', 'scenarios': [{}], 'watch': 1, 'silent': 'all'}", "/silent",
     "must be others, or a list of names of alerts"},
    {"{'drill': 'd', 'scenarios': [{}], 'watch': 1, 'allow': [1]}", "/allow/0",
     "must be the name of an alert"},
    {"{'drill': 'd', 'scenarios': [{}], 'expect': [{'alert': 'A'}]}", "/expect/0/within",
     "is missing: within which time must it fire, such as 1m?"},
    {"{'drill': 'd', 'scenarios': [{}], 'expect': [{'within': 1}]}", "/expect/0/alert",
     "must be the name of an alert"},
    {"{'drill': 'd', 'scenarios': [{}], 'expect': ['A']}", "/expect/0",
     "must be an object such as {alert: TasksStuck, within: 1m}"},
    {"{'drill': 'd', 'scenarios': [{}], 'expect': [{'alert': 'A', 'within': 1, 'label': {}}]}",
     "/expect/0/label", "is unknown: did you mean \"labels\"?"},
    {"{'drill': 'd', 'scenarios': [{}], 'expect': [{'alert': 'A', 'within': 1, 'labels': {'n': 1}}]}",
     "/expect/0/labels/n", "must be a text: the value that the label must have"},
    {"{'drill': 'd', 'scenarios': [{}], 'expect': [{'alert': 'A', 'within': '7d', 'after': 1}]}",
     "/expect/0/within", "together with after is more than 7d"},
    {"{'drill': 'd', 'scenarios': [{}], 'silent': ['A'], 'expect': [{'alert': 'A', 'within': 1}]}",
     "/silent/0", "\"A\" is expected to fire"},
};

static void a_mistake_is_told_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
        struct drill drill;
        json_t *problem;
        assert_int_equal(drill_read(json_of(mistakes[i].text), &drill, &problem), ERR_SYNTAX);
        const json_t *error = json_array_get(json_object_get(problem, "errors"), 0);
        assert_string_equal(json_string_value(json_object_get(error, "pointer")), mistakes[i].pointer);
        assert_string_equal(json_string_value(json_object_get(error, "detail")), mistakes[i].detail);
        assert_int_equal(problem_count(problem), 1);
        json_decref(problem);
    }
}

static void all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    struct drill drill;
    json_t *problem;
    assert_int_equal(drill_read(json_of("{'drill': 1, 'wach': 1, 'expect': [{}, 2]}"), &drill, &problem),
                     ERR_SYNTAX);
    assert_int_equal(problem_count(problem), 6);
    json_decref(problem);
}

static bool read_once(void *argument)
{
    struct drill drill;
    json_t *problem;
    enum err err = drill_read(json_incref(argument), &drill, &problem);
    if (err == ERR_OK)
        drill_deinit(&drill);
    json_decref(problem);
    return err != ERR_MEMORY;
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    static const char *const texts[] = {WHOLE, "{'drill': 1, 'wach': 1, 'expect': [{}, 2]}"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        json_t *source = json_of(texts[i]);
        fault_sweep(read_once, source);
        json_decref(source);
    }
}

static int open_json(void **state)
{
    (void)state;
    json_can_fail();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(what_is_left_out_has_a_default),
        cmocka_unit_test(a_mistake_is_told_with_its_place),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, open_json, NULL);
}
