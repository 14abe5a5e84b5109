/* What Prometheus answers, as literals of its own shape. */
#include "drill_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "drill/prometheus.h"
#include "fault.h"

#define TARGET(instance, job, url, health, error)                                                            \
    "{'labels': {'instance': '" instance "', 'job': '" job "'}, 'scrapeUrl': '" url "', 'health': '" health  \
    "', 'lastError': '" error "'}"
#define TARGETS(list) "{'activeTargets': [" list "]}"

struct finding {
    const char *targets;
    struct target_wish wish;
    const char *instance; /* that is found; NULL: none */
    const char *job;
    enum target_health health;
};

#define A TARGET("10.0.0.5:9777", "leaklab", "http://10.0.0.5:9777/metrics", "up", "")
#define B TARGET("cart-1", "leaklab", "http://10.0.0.6:9777/metrics", "down", "connection refused")
#define C TARGET("10.0.0.5:9777", "other", "http://10.0.0.5:9777/metrics", "unknown", "")

static const struct finding findings[] = {
    {TARGETS(A "," B), {"", "", {"10.0.0.5:9777"}}, "10.0.0.5:9777", "leaklab", TARGET_UP},
    /* Found by where it is scraped, though it is called something else. */
    {TARGETS(A "," B), {"", "", {"cart:9777", "10.0.0.6:9777", ""}}, "cart-1", "leaklab", TARGET_DOWN},
    {TARGETS(A "," B), {"", "", {"10.0.0.5:977"}}, NULL, NULL, TARGET_UNKNOWN},
    {TARGETS(A "," B), {"cart-1", "", {"10.0.0.5:9777"}}, "cart-1", "leaklab", TARGET_DOWN},
    /* Scraped twice: no job can be told, unless one is asked for. */
    {TARGETS(A "," C), {"", "", {"10.0.0.5:9777"}}, "10.0.0.5:9777", NULL, TARGET_UP},
    {TARGETS(A "," C), {"", "other", {"10.0.0.5:9777"}}, "10.0.0.5:9777", "other", TARGET_UNKNOWN},
    {TARGETS(""), {"", "", {"10.0.0.5:9777"}}, NULL, NULL, TARGET_UNKNOWN},
};

static void the_target_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(findings); i++) {
        const struct finding *finding = &findings[i];
        json_t *data = json_of(finding->targets);
        struct target target;
        struct buf why;
        buf_init(&why, 4096);
        enum err err = target_find(data, &finding->wish, &target, &why);
        assert_int_equal(err, finding->instance == NULL ? ERR_ABSENT : ERR_OK);
        if (err == ERR_OK) {
            assert_string_equal(target.instance, finding->instance);
            assert_int_equal(target.health, finding->health);
            assert_int_equal(target.job == NULL, finding->job == NULL);
            if (target.job != NULL)
                assert_string_equal(target.job, finding->job);
        }
        buf_deinit(&why);
        json_decref(data);
    }
}

static void who_is_not_found_hears_who_is_there(void **state)
{
    (void)state;
    const struct target_wish wish = {"", "", {"127.0.0.1:1"}};
    json_t *data = json_of(TARGETS(A "," B));
    struct target target;
    struct buf why;
    buf_init(&why, 4096);
    assert_int_equal(target_find(data, &wish, &target, &why), ERR_ABSENT);
    assert_string_equal(buf_text(&why), "its targets are 10.0.0.5:9777 (job leaklab), cart-1 (job leaklab)");
    buf_deinit(&why);
    json_decref(data);
}

#define RULES(list)       "{'groups': [{'name': 'g', 'rules': [" list "]}]}"
#define RULE(name, wait)  "{'name': '" name "', 'duration': " wait ", 'health': 'ok'}"
#define BROKEN(name, why) "{'name': '" name "', 'duration': 0, 'health': 'err', 'lastError': '" why "'}"
#define DRILL                                                                                                \
    "{'drill': 'd', 'scenarios': [{}], 'allow': ['Allowed'],"                                                \
    " 'expect': [{'alert': 'TasksStuck', 'within': '1m'}, {'alert': 'TasksStuck', 'within': '2m'}]}"

static const char *const rule_cases[][2] = {
    {RULES(RULE("TasksStuck", "60") "," RULE("Allowed", "0")), ""},
    {RULES(RULE("TasksStack", "60") "," RULE("Allowed", "0")),
     "TasksStuck: no alerting rule is called so: did you mean \"TasksStack\"?\n"},
    {"{'groups': []}", "TasksStuck: there is no alerting rule at all: load some with rule_files\n"
                       "Allowed: there is no alerting rule at all: load some with rule_files\n"},
    {RULES(BROKEN("TasksStuck", "many-to-many") "," RULE("Allowed", "0")),
     "TasksStuck: its rule cannot be evaluated: many-to-many\n"},
    {RULES(RULE("TasksStuck", "61") "," RULE("Allowed", "0")),
     "TasksStuck: its rule waits for 1m1s (\"for\"), and the drill gives it 1m0s: it needs a rule with "
     "shorter "
     "windows, or more time\n"},
    /* Of two rules with one name the quicker one decides. */
    {RULES(RULE("TasksStuck", "600") "," RULE("TasksStuck", "5") "," RULE("Allowed", "0")), ""},
    {"{'groups': 1}", "it does not answer as Prometheus does"},
};

static void rules_are_checked_before_anything_runs(void **state)
{
    (void)state;
    struct drill drill;
    drill_of(&drill, DRILL);
    for (size_t i = 0; i < COUNT_OF(rule_cases); i++) {
        json_t *data = json_of(rule_cases[i][0]);
        struct buf why;
        buf_init(&why, 4096);
        enum err err = rules_check(data, &drill, &why);
        assert_string_equal(buf_text(&why), rule_cases[i][1]);
        assert_int_equal(err == ERR_OK, rule_cases[i][1][0] == '\0');
        buf_deinit(&why);
        json_decref(data);
    }
    drill_deinit(&drill);
}

#define ALERT(name, labels, state) "{'labels': {'alertname': '" name "'" labels "}, 'state': '" state "'}"
#define ALERTS(list)               "{'alerts': [" list "]}"

static const struct label ours[] = {{"instance", "a:1"}, {"job", "leaklab"}};

static void alerts_of_others_do_not_count(void **state)
{
    (void)state;
    json_t *data = json_of(
        ALERTS(ALERT("Mine", ", 'severity': 'page', 'instance': 'a:1', 'job': 'leaklab'", "firing") "," ALERT(
            "Theirs", ", 'instance': 'b:1', 'job': 'leaklab'",
            "firing") "," ALERT("OfAnotherJob", ", 'instance': 'a:1', 'job': 'node'",
                                "firing") "," ALERT("OfTheWholeJob", ", 'job': 'leaklab'", "pending")));
    struct alert_list list;
    struct buf why;
    buf_init(&why, 4096);
    assert_int_equal(alerts_read(data, ours, 2, &list, &why), ERR_OK);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.alerts[0].name, "Mine");
    assert_true(list.alerts[0].firing);
    assert_int_equal(list.alerts[0].label_count, 3);
    assert_string_equal(list.alerts[0].labels[0].name, "instance");
    assert_string_equal(list.alerts[1].name, "OfTheWholeJob");
    assert_false(list.alerts[1].firing);
    alert_list_deinit(&list);
    buf_deinit(&why);
    json_decref(data);
}

static const char *const unlike[] = {"{}", "{'alerts': {}}", "{'alerts': [1]}",
                                     "{'alerts': [{'labels': {}}]}",
                                     "{'alerts': [{'labels': {'alertname': 1}, 'state': 'firing'}]}"};

static void other_shapes_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(unlike); i++) {
        json_t *data = json_of(unlike[i]);
        struct alert_list list;
        struct buf why;
        buf_init(&why, 4096);
        assert_int_equal(alerts_read(data, ours, 2, &list, &why), ERR_SYNTAX);
        assert_string_equal(buf_text(&why), "it does not answer as Prometheus does");
        buf_deinit(&why);
        json_decref(data);
    }
}

static void an_error_is_handed_on(void **state)
{
    (void)state;
    json_t *fine = json_of("{'status': 'success', 'data': {'alerts': []}}");
    json_t *error = json_of("{'status': 'error', 'errorType': 'bad_data', 'error': 'no such thing'}");
    struct buf why;
    buf_init(&why, 4096);
    assert_non_null(prometheus_data(fine, &why));
    assert_null(prometheus_data(error, &why));
    assert_string_equal(buf_text(&why), "it says: no such thing");
    buf_clear(&why);
    assert_null(prometheus_data(NULL, &why));
    assert_string_equal(buf_text(&why), "it does not answer as Prometheus does");
    buf_deinit(&why);
    json_decref(fine);
    json_decref(error);
}

/* Everything that allocates, on answers that are there. */
struct answers {
    struct drill drill;
    json_t *targets;
    json_t *rules;
    json_t *alerts;
};

static bool ask_once(void *argument)
{
    const struct answers *answers = argument;
    const struct target_wish wish = {"", "", {"127.0.0.1:1"}};
    struct target target;
    struct alert_list list;
    struct buf why;
    bool whole = true;
    buf_init(&why, 4096);
    whole &= target_find(answers->targets, &wish, &target, &why) != ERR_MEMORY;
    whole &= rules_check(answers->rules, &answers->drill, &why) != ERR_MEMORY;
    whole &= alerts_read(answers->alerts, ours, 2, &list, &why) == ERR_OK;
    alert_list_deinit(&list);
    buf_deinit(&why);
    return whole;
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    struct answers answers = {.targets = json_of(TARGETS(A)),
                              .rules = json_of(RULES(RULE("TasksStack", "1"))),
                              .alerts = json_of(ALERTS(ALERT("Mine", ", 'job': 'leaklab'", "firing")))};
    drill_of(&answers.drill, DRILL);
    fault_sweep(ask_once, &answers);
    drill_deinit(&answers.drill);
    json_decref(answers.targets);
    json_decref(answers.rules);
    json_decref(answers.alerts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_target_is_found),
        cmocka_unit_test(who_is_not_found_hears_who_is_there),
        cmocka_unit_test(rules_are_checked_before_anything_runs),
        cmocka_unit_test(alerts_of_others_do_not_count),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test(an_error_is_handed_on),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
