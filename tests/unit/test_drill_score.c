/* A drill's score, played on literals: who was detected, missed, late, or a false alarm. */
#include "drill_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "fault.h"

#define RECV                                                                                                 \
    "{'drill': 'recv', 'scenarios': [{'mode': 'leak-recv'}], 'resolve': '20s',"                              \
    " 'expect': [{'alert': 'TasksStuck', 'within': '30s', 'labels': {'pattern': 'recv'}}]}"
#define DECOY "{'drill': 'wave', 'scenarios': [{'mode': 'decoy-wave'}], 'watch': '60s'}"

/* A drill and its score. */
struct play {
    struct drill drill;
    struct score *score;
    char told[1024]; /* what the listener heard */
};

static void hear(void *context, const struct score_row *row, enum score_change change, int64_t now_ns)
{
    static const char *const words[] = {"pending", "fires", "resolved"};
    struct play *play = context;
    size_t size = strlen(play->told);
    snprintf(play->told + size, sizeof play->told - size, "%lld %s %s;", (long long)(now_ns / SEC), row->name,
             words[change]);
}

static void given(struct play *play, const char *text)
{
    struct score_listener listener = {.told = hear, .context = play};
    memset(play, 0, sizeof *play);
    drill_of(&play->drill, text);
    assert_int_equal(score_new(&play->drill, &listener, &play->score), ERR_OK);
}

static void done(struct play *play)
{
    score_free(play->score);
    drill_deinit(&play->drill);
}

static void what_fires_in_time_and_resolves_is_detected(void **state)
{
    (void)state;
    struct play play;
    given(&play, RECV);
    score_begin(play.score, 100 * SEC);
    see(play.score, 101, "");
    see(play.score, 105, "~TasksStuck/pattern=recv");
    assert_true(score_is_running(play.score, 105 * SEC));
    see(play.score, 112, "TasksStuck/pattern=recv");
    /* All that is expected is there: there is nothing more to wait for. */
    assert_false(score_is_running(play.score, 112 * SEC));
    score_release(play.score, 113 * SEC);
    see(play.score, 114, "TasksStuck/pattern=recv");
    assert_true(score_is_resolving(play.score, 114 * SEC));
    see(play.score, 118, "");
    assert_false(score_is_resolving(play.score, 118 * SEC));
    score_finish(play.score, 118 * SEC);
    assert_true(score_passed(play.score));
    const struct score_row *row = score_row(play.score, 0);
    assert_int_equal(row->detected_ns, 12 * SEC);
    assert_int_equal(row->resolved_ns, 5 * SEC);
    assert_string_equal(row->labels, "{pattern=\"recv\"}");
    assert_int_equal(score_took_ns(play.score), 18 * SEC);
    assert_string_equal(play.told, "105 TasksStuck pending;112 TasksStuck fires;118 TasksStuck resolved;");
    done(&play);
}

static void what_never_fires_is_missed(void **state)
{
    (void)state;
    struct play play;
    given(&play, RECV);
    score_begin(play.score, 0);
    for (int64_t second = 1; second <= 30; second++) {
        see(play.score, second, "~TasksStuck/pattern=recv");
        assert_true(score_is_running(play.score, second * SEC));
    }
    see(play.score, 31, "");
    assert_false(score_is_running(play.score, 31 * SEC));
    score_release(play.score, 31 * SEC);
    assert_false(score_is_resolving(play.score, 31 * SEC));
    score_finish(play.score, 31 * SEC);
    assert_string_equal(outcome_of(play.score, "TasksStuck"), "missed");
    assert_false(score_passed(play.score));
    done(&play);
}

static void what_fires_after_its_time_is_late(void **state)
{
    (void)state;
    static const int64_t seconds[] = {31, 40};
    for (int i = 0; i < 2; i++) {
        struct play play;
        given(&play, RECV);
        score_begin(play.score, 0);
        see(play.score, 30, "");
        /* Seen at the last look while running, or only while the others resolve. */
        if (i == 1)
            score_release(play.score, 31 * SEC);
        see(play.score, seconds[i], "TasksStuck/pattern=recv");
        if (i == 0)
            score_release(play.score, 32 * SEC);
        see(play.score, 50, "");
        score_finish(play.score, 50 * SEC);
        assert_string_equal(outcome_of(play.score, "TasksStuck"), "late");
        assert_int_equal(score_row(play.score, 0)->detected_ns, seconds[i] * SEC);
        done(&play);
    }
}

static void what_fires_before_its_time_is_early(void **state)
{
    (void)state;
    struct play play;
    given(&play,
          "{'drill': 'd', 'scenarios': [{}], 'expect': [{'alert': 'A', 'after': '10s', 'within': '5s'},"
          " {'alert': 'B', 'after': '10s', 'within': '5s'}]}");
    score_begin(play.score, 0);
    see(play.score, 9, "A");
    see(play.score, 15, "A B");
    score_release(play.score, 15 * SEC);
    see(play.score, 16, "");
    score_finish(play.score, 16 * SEC);
    assert_string_equal(outcome_of(play.score, "A"), "early");
    assert_string_equal(outcome_of(play.score, "B"), "detected");
    done(&play);
}

static void what_still_fires_at_the_end_is_not_resolved(void **state)
{
    (void)state;
    struct play play;
    given(&play, RECV);
    score_begin(play.score, 0);
    see(play.score, 5, "TasksStuck/pattern=recv");
    score_release(play.score, 6 * SEC);
    see(play.score, 26, "TasksStuck/pattern=recv");
    assert_true(score_is_resolving(play.score, 26 * SEC));
    see(play.score, 27, "TasksStuck/pattern=recv");
    assert_false(score_is_resolving(play.score, 27 * SEC));
    score_finish(play.score, 27 * SEC);
    assert_string_equal(outcome_of(play.score, "TasksStuck"), "not resolved");
    assert_false(score_passed(play.score));
    done(&play);
}

static void whatever_else_fires_is_a_false_alarm(void **state)
{
    (void)state;
    struct play play;
    given(&play, RECV);
    score_begin(play.score, 0);
    /* Given an alert of another name, one of the same name about another pattern, and one that only waits: */
    see(play.score, 3, "HeapExhaustionPredicted TasksStuck/pattern=send ~ThreadsLeaking");
    see(play.score, 4, "HeapExhaustionPredicted TasksStuck/pattern=send TasksStuck/pattern=recv");
    score_release(play.score, 4 * SEC);
    see(play.score, 5, "LoopStalled");
    see(play.score, 6, "");
    score_finish(play.score, 6 * SEC);
    /* Then what was expected is detected, and the drill fails by three alerts, the last of them while it
     * resolves. */
    assert_int_equal(score_row_count(play.score), 4);
    assert_string_equal(outcome_of(play.score, "TasksStuck"), "detected");
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(score_row(play.score, i)->outcome, OUTCOME_FALSE_ALARM);
    assert_string_equal(score_row(play.score, 2)->labels, "{pattern=\"send\"}");
    assert_int_equal(score_row(play.score, 3)->detected_ns, 5 * SEC);
    assert_false(score_passed(play.score));
    done(&play);
}

static void nothing_expected_is_watched_to_its_end(void **state)
{
    (void)state;
    struct play play;
    given(&play, DECOY);
    score_begin(play.score, 0);
    for (int64_t second = 1; second <= 60; second++) {
        see(play.score, second, "");
        assert_true(score_is_running(play.score, second * SEC));
    }
    assert_false(score_is_running(play.score, 61 * SEC));
    score_release(play.score, 61 * SEC);
    score_finish(play.score, 61 * SEC);
    assert_true(score_passed(play.score));
    done(&play);
}

static void only_named_alerts_count_when_they_are_named(void **state)
{
    (void)state;
    struct play play;
    given(&play, "{'drill': 'd', 'scenarios': [{}], 'watch': 9, 'silent': ['A', 'B'], 'allow': ['C']}");
    assert_true(score_is_quiet(play.score, NULL, 0));
    score_begin(play.score, 0);
    see(play.score, 3, "A C D");
    see(play.score, 4, "C D");
    score_release(play.score, 10 * SEC);
    score_finish(play.score, 10 * SEC);
    assert_int_equal(score_row_count(play.score), 2);
    assert_string_equal(outcome_of(play.score, "A"), "false alarm");
    assert_string_equal(outcome_of(play.score, "B"), "silent");
    done(&play);
}

static void what_was_there_before_is_left_out_or_in_the_way(void **state)
{
    (void)state;
    struct play play;
    struct alert_set set;
    struct buf blocking;
    given(&play, RECV);
    buf_init(&blocking, 4096);
    /* Given a watchdog that always fires, and an alert of which the drill speaks: */
    size_t count = alerts_of(&set, "Watchdog TasksStuck/pattern=recv ~TasksStuck/pattern=send");
    assert_false(score_is_quiet(play.score, set.alerts, count));
    assert_int_equal(score_exclude(play.score, set.alerts, count, &blocking), ERR_OK);
    assert_string_equal(buf_text(&blocking), "TasksStuck{pattern=\"recv\"} fires already\n");
    /* Of the others only one that names an instance is waited for: */
    count = alerts_of(&set, "HeapExhaustionPredicted/instance=a:1");
    assert_false(score_is_quiet(play.score, set.alerts, count));
    count = alerts_of(&set, "Watchdog");
    assert_true(score_is_quiet(play.score, set.alerts, count));
    /* When only others stay: */
    buf_clear(&blocking);
    count = alerts_of(&set, "Watchdog ~TasksStuck/pattern=send");
    assert_int_equal(score_exclude(play.score, set.alerts, count, &blocking), ERR_OK);
    assert_int_equal(blocking.size, 0);
    score_begin(play.score, 0);
    see(play.score, 1, "Watchdog TasksStuck/pattern=recv TasksStuck/pattern=send");
    score_release(play.score, 2 * SEC);
    see(play.score, 3, "Watchdog TasksStuck/pattern=send");
    /* Then nobody waits for them, and they are no false alarms. */
    assert_false(score_is_resolving(play.score, 3 * SEC));
    score_finish(play.score, 3 * SEC);
    assert_true(score_passed(play.score));
    assert_string_equal(outcome_of(play.score, "Watchdog"), "left out");
    buf_deinit(&blocking);
    done(&play);
}

static void an_alert_may_come_and_go(void **state)
{
    (void)state;
    struct play play;
    given(&play, RECV);
    score_begin(play.score, 0);
    see(play.score, 5, "TasksStuck/pattern=recv");
    see(play.score, 6, "");
    score_release(play.score, 7 * SEC);
    assert_int_equal(score_row(play.score, 0)->resolved_ns, 0);
    see(play.score, 8, "TasksStuck/pattern=recv");
    assert_true(score_is_resolving(play.score, 8 * SEC));
    see(play.score, 9, "");
    score_finish(play.score, 9 * SEC);
    assert_int_equal(score_row(play.score, 0)->detected_ns, 5 * SEC);
    assert_int_equal(score_row(play.score, 0)->resolved_ns, 2 * SEC);
    assert_true(score_passed(play.score));
    done(&play);
}

static void more_false_alarms_than_fit_are_counted(void **state)
{
    (void)state;
    struct play play;
    given(&play, DECOY);
    score_begin(play.score, 0);
    for (int i = 0; i < LIMIT_DRILL_ROWS + 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "A%d", i);
        see(play.score, 1, name);
    }
    assert_int_equal(score_row_count(play.score), LIMIT_DRILL_ROWS);
    assert_int_equal(score_more(play.score), 3);
    score_release(play.score, 61 * SEC);
    score_finish(play.score, 61 * SEC);
    assert_false(score_passed(play.score));
    done(&play);
}

static bool play_once(void *argument)
{
    struct score *score;
    struct alert_set set;
    struct buf blocking;
    bool whole = false;
    size_t count = alerts_of(&set, "Watchdog TasksStuck/pattern=recv Other/a=b");
    if (score_new(argument, NULL, &score) != ERR_OK)
        return false;
    buf_init(&blocking, 4096);
    if (score_exclude(score, set.alerts, count, &blocking) == ERR_OK) {
        score_begin(score, 0);
        whole = score_see(score, SEC, set.alerts, count) == ERR_OK;
    }
    buf_deinit(&blocking);
    score_free(score);
    return whole;
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    struct drill drill;
    drill_of(&drill, RECV);
    fault_sweep(play_once, &drill);
    drill_deinit(&drill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fires_in_time_and_resolves_is_detected),
        cmocka_unit_test(what_never_fires_is_missed),
        cmocka_unit_test(what_fires_after_its_time_is_late),
        cmocka_unit_test(what_fires_before_its_time_is_early),
        cmocka_unit_test(what_still_fires_at_the_end_is_not_resolved),
        cmocka_unit_test(whatever_else_fires_is_a_false_alarm),
        cmocka_unit_test(nothing_expected_is_watched_to_its_end),
        cmocka_unit_test(only_named_alerts_count_when_they_are_named),
        cmocka_unit_test(what_was_there_before_is_left_out_or_in_the_way),
        cmocka_unit_test(an_alert_may_come_and_go),
        cmocka_unit_test(more_false_alarms_than_fit_are_counted),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
