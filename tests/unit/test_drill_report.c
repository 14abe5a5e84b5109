/* What a drill prints: a table, JSON and JUnit XML, of one score. */
#include "drill_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "drill/report.h"
#include "fault.h"

#define DRILL                                                                                                \
    "{'drill': 'recv', 'scenarios': [{}], 'expect': [{'alert': 'TasksStuck', 'within': '1m', 'labels':"      \
    " {'pattern': 'recv'}}, {'alert': 'Slow', 'after': '5s', 'within': '10s'}]}"

/* Two drills: one that fails, and one that never ran. */
struct play {
    struct drill drill;
    struct score *score;
    struct report_drill reports[2];
};

static void given(struct play *play)
{
    drill_of(&play->drill, DRILL);
    assert_int_equal(score_new(&play->drill, NULL, &play->score), ERR_OK);
    score_begin(play->score, 0);
    see(play->score, 12, "TasksStuck/pattern=recv Noise/a=<b>");
    score_release(play->score, 61 * SEC);
    see(play->score, 63, "");
    score_finish(play->score, 63 * SEC);
    play->reports[0] = (struct report_drill){"recv.yaml", &play->drill, play->score, NULL, true};
    play->reports[1] = (struct report_drill){"recv.yaml", &play->drill, NULL, "Prometheus: gone", false};
}

static void done(struct play *play)
{
    score_free(play->score);
    drill_deinit(&play->drill);
}

static const char table[] =
    "recv: FAILED in 1m3s, 1 false alarm\n"
    "alert                       expected             detected after  resolved after  outcome\n"
    "TasksStuck{pattern=\"recv\"}  within 1m            12s             2s              detected\n"
    "Slow                        within 10s after 5s  -               -               missed\n"
    "Noise{a=\"<b>\"}              silent               12s             2s              false alarm\n"
    "all others                  silent               -               -               silent\n"
    "\n";

static void a_table_for_who_reads_it(void **state)
{
    (void)state;
    struct play play;
    struct buf text;
    given(&play);
    buf_init(&text, 65536);
    report_table(&text, &play.reports[0]);
    assert_string_equal(buf_text(&text), table);
    buf_clear(&text);
    report_summary(&text, play.reports, 2);
    assert_string_equal(buf_text(&text), "0 of 2 drills passed:\n"
                                         "  recv: Slow missed, Noise{a=\"<b>\"} false alarm\n"
                                         "  recv was not finished\n");
    buf_deinit(&text);
    done(&play);
}

static void without_alerts_the_columns_still_stand_below_each_other(void **state)
{
    (void)state;
    struct drill drill;
    struct score *score;
    struct buf text;
    drill_of(&drill, "{'drill': 'calm', 'scenarios': [{}], 'watch': 5}");
    assert_int_equal(score_new(&drill, NULL, &score), ERR_OK);
    score_begin(score, 0);
    score_release(score, 6 * SEC);
    score_finish(score, 6 * SEC);
    const struct report_drill report = {"calm.yaml", &drill, score, NULL, true};
    buf_init(&text, 65536);
    report_table(&text, &report);
    assert_string_equal(buf_text(&text), "calm: passed in 6s, 0 false alarms\n"
                                         "alert       expected  detected after  resolved after  outcome\n"
                                         "all others  silent    -               -               silent\n\n");
    buf_deinit(&text);
    score_free(score);
    drill_deinit(&drill);
}

static void json_for_programs(void **state)
{
    (void)state;
    struct play play;
    struct buf text;
    given(&play);
    buf_init(&text, 65536);
    assert_int_equal(report_json(&text, play.reports, 2), ERR_OK);
    json_t *got = json_loads(buf_text(&text), 0, NULL);
    json_t *wanted = json_of(
        "{'passed': false, 'drills': [{'drill': 'recv', 'file': 'recv.yaml', 'finished': true, 'passed': "
        "false,"
        "  'took_seconds': 63.0, 'alerts_not_shown': 0, 'alerts': ["
        "   {'alert': 'TasksStuck', 'labels': {'pattern': 'recv'}, 'told_apart_by': '{pattern=\\'recv\\'}',"
        "    'expected': 'within 1m', 'outcome': 'detected', 'fine': true,"
        "    'detected_after_seconds': 12.0, 'resolved_after_seconds': 2.0},"
        "   {'alert': 'Slow', 'labels': {}, 'told_apart_by': '', 'expected': 'within 10s after 5s',"
        "    'outcome': 'missed', 'fine': false, 'detected_after_seconds': null, 'resolved_after_seconds': "
        "null},"
        "   {'alert': 'Noise', 'told_apart_by': '{a=\\'<b>\\'}', 'expected': 'silent',"
        "    'outcome': 'false alarm', 'fine': false, 'detected_after_seconds': 12.0,"
        "    'resolved_after_seconds': 2.0}]},"
        " {'drill': 'recv', 'file': 'recv.yaml', 'finished': false, 'passed': false,"
        "  'error': 'Prometheus: gone'}]}");
    assert_non_null(got);
    assert_true(json_equal(got, wanted));
    json_decref(got);
    json_decref(wanted);
    buf_deinit(&text);
    done(&play);
}

static const char junit[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<testsuites name=\"leaklab drill\">\n"
    "  <testsuite name=\"recv\" file=\"recv.yaml\" tests=\"4\" failures=\"2\" errors=\"0\" time=\"63.000\">\n"
    "    <testcase classname=\"recv\" name=\"TasksStuck{pattern=&quot;recv&quot;}\" time=\"12.000\"/>\n"
    "    <testcase classname=\"recv\" name=\"Slow\"><failure message=\"missed\">expected: within 10s after "
    "5s; "
    "detected after: -</failure></testcase>\n"
    "    <testcase classname=\"recv\" name=\"Noise{a=&quot;&lt;b&gt;&quot;}\" time=\"12.000\"><failure "
    "message=\"false alarm\">expected: silent; detected after: 12s</failure></testcase>\n"
    "    <testcase classname=\"recv\" name=\"all others\"/>\n"
    "  </testsuite>\n"
    "  <testsuite name=\"recv\" file=\"recv.yaml\" tests=\"1\" failures=\"0\" errors=\"1\">\n"
    "    <testcase classname=\"recv\" name=\"drill\"><error message=\"Prometheus: gone\"/></testcase>\n"
    "  </testsuite>\n"
    "</testsuites>\n";

static void junit_for_continuous_integration(void **state)
{
    (void)state;
    struct play play;
    struct buf text;
    given(&play);
    buf_init(&text, 65536);
    report_junit(&text, play.reports, 2);
    assert_string_equal(buf_text(&text), junit);
    buf_deinit(&text);
    done(&play);
}

static void times_are_told_to_a_tenth_of_a_second(void **state)
{
    (void)state;
    char text[REPORT_TEXT];
    assert_string_equal(report_time(1234567890, text), "1.2s");
    assert_string_equal(report_time(49999999, text), "0s");
    assert_string_equal(report_time(59949999999, text), "59.9s");
    assert_string_equal(report_time(59950000000, text), "1m0s");
    assert_string_equal(report_time(3599 * SEC, text), "59m59s");
    assert_string_equal(report_time(7512 * SEC, text), "2h5m");
    assert_string_equal(report_time(-1, text), "-");
}

static bool write_once(void *argument)
{
    const struct play *play = argument;
    struct buf text;
    buf_init(&text, 65536);
    bool whole = report_json(&text, play->reports, 2) == ERR_OK;
    report_table(&text, &play->reports[0]);
    report_junit(&text, play->reports, 2);
    whole &= text.err == ERR_OK;
    buf_deinit(&text);
    return whole;
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    struct play play;
    given(&play);
    fault_sweep(write_once, &play);
    done(&play);
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
        cmocka_unit_test(a_table_for_who_reads_it),
        cmocka_unit_test(without_alerts_the_columns_still_stand_below_each_other),
        cmocka_unit_test(json_for_programs),
        cmocka_unit_test(junit_for_continuous_integration),
        cmocka_unit_test(times_are_told_to_a_tenth_of_a_second),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, open_json, NULL);
}
