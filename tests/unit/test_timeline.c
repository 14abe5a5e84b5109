/* The last hour, on virtual time: a row a second of what there is, and marks for what happens to scenarios.
 */
#include "lab/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "lab_fixture.h"

#define MIB (1024ull * 1024)

struct book {
    struct desk desk;
    struct timeline *timeline;
    struct snapshot *snapshot;
};

static void book_open(struct book *book, uint64_t max_tasks)
{
    desk_open(&book->desk, max_tasks, 64 * MIB);
    book->timeline = timeline_new(0xb001, SEC);
    assert_non_null(book->timeline);
    book->desk.core.config.timeline = book->timeline;
    book->snapshot = calloc(1, sizeof *book->snapshot + LIMIT_PROGRAMS * sizeof book->snapshot->programs[0]);
    assert_non_null(book->snapshot);
}

static void book_close(struct book *book)
{
    book->desk.core.config.timeline = NULL;
    desk_close(&book->desk);
    timeline_free(book->timeline);
    free(book->snapshot);
}

/* Adds a row as the lab does, and reads it back. */
static struct timeline_row look(struct book *book)
{
    const struct vitals vitals = {
        .heap_allocated_bytes = 7, .heap_resident_bytes = VITAL_UNKNOWN, .descriptors = 12, .threads = 6};
    struct timeline_row row;
    core_fill(&book->desk.core, book->snapshot);
    timeline_fill(book->timeline, book->snapshot, &vitals, book->desk.clock.manual_ns, &row);
    timeline_push(book->timeline, &row);
    assert_true(timeline_row(book->timeline, timeline_rows(book->timeline).end - 1, &row));
    return row;
}

/* All marks so far: "started leak-recv leak; ...". Valid until the next call. */
static const char *marks(const struct book *book)
{
    static char text[4096];
    size_t used = 0;
    struct timeline_span span = timeline_marks(book->timeline);
    text[0] = '\0';
    for (uint64_t number = span.first; number < span.end; number++) {
        struct timeline_mark mark;
        assert_true(timeline_mark(book->timeline, number, &mark));
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s %s", used == 0 ? "" : "; ",
                                 timeline_what_word((enum timeline_what)mark.what), mark.mode, mark.name);
        assert_true(used < sizeof text);
    }
    return text;
}

static int ask(struct book *book, enum lab_verb verb, const char *name, const char *body)
{
    struct reply reply;
    desk_post(&book->desk, &reply, verb, name, body);
    desk_settle(&book->desk);
    while (!reply.answered)
        desk_advance(&book->desk, 50 * MS);
    int status = reply.request.status;
    reply_free(&reply);
    return status;
}

static void a_row_is_due_once_a_second(void **state)
{
    (void)state;
    struct timeline *timeline = timeline_new(1, 5 * SEC);
    struct timeline_row row = {.at_ms = 0};
    assert_true(timeline_due(timeline, 5 * SEC));
    timeline_push(timeline, &row);
    assert_false(timeline_due(timeline, 5 * SEC));
    assert_false(timeline_due(timeline, 6 * SEC - 1));
    assert_true(timeline_due(timeline, 6 * SEC));
    assert_int_equal(timeline_due_ms(timeline, 5 * SEC), 1000);
    assert_int_equal(timeline_due_ms(timeline, 6 * SEC - 300 * MS), 301);
    assert_int_equal(timeline_due_ms(timeline, 6 * SEC), 1);
    assert_int_equal(timeline_due_ms(timeline, 60 * SEC), 1);
    /* One that was late does not make the next one late, and seconds that were missed are not made up for. */
    row.at_ms = 3900;
    timeline_push(timeline, &row);
    assert_false(timeline_due(timeline, 8 * SEC + 999 * MS));
    assert_true(timeline_due(timeline, 9 * SEC));
    timeline_free(timeline);
    timeline_free(NULL);
}

static void a_row_says_what_there_is(void **state)
{
    (void)state;
    struct book book;
    book_open(&book, 100000);
    desk_spawn(&book.desk, "{\"mode\": \"leak-recv\", \"n\": 20, \"linger\": \"1s\", \"holds\": \"1KiB\"}");
    desk_spawn(&book.desk, "{\"mode\": \"fix-ticker\", \"n\": 3}");
    desk_advance(&book.desk, 1500 * MS);
    struct timeline_row row = look(&book);
    assert_int_equal(row.at_ms, 1500);
    assert_int_equal(row.variants[VARIANT_LEAK].tasks, 20);
    assert_int_equal(row.variants[VARIANT_LEAK].expected_leaked, 20);
    assert_int_equal(row.variants[VARIANT_LEAK].leaked, 0); /* the judge has not looked */
    assert_int_equal(row.variants[VARIANT_FIX].tasks, 4);
    assert_int_equal(row.variants[VARIANT_FIX].expected_leaked, 0);
    assert_int_equal(row.values[TIMELINE_TICKERS], 3);
    assert_int_equal(row.values[TIMELINE_HEAP_HELD], 23 * 1024);
    assert_int_equal(row.values[TIMELINE_HEAP_ALLOCATED], 7);
    assert_int_equal(row.values[TIMELINE_HEAP_RESIDENT], TIMELINE_UNKNOWN);
    assert_int_equal(row.values[TIMELINE_DESCRIPTORS], 12);
    assert_int_equal(row.values[TIMELINE_THREADS], 6);
    assert_int_equal(row.program_count, 2);
    assert_string_equal(book.snapshot->programs[row.programs[0].program].pattern, "recv");
    assert_int_equal(row.programs[0].counts.tasks, 20);
    assert_string_equal(book.snapshot->programs[row.programs[1].program].pattern, "ticker");
    assert_int_equal(row.programs[1].counts.tasks, 4);
    book_close(&book);
}

static void a_row_has_the_judges_word(void **state)
{
    (void)state;
    struct book book;
    struct reply reply;
    book_open(&book, 100000);
    desk_spawn(&book.desk, "{\"mode\": \"leak-recv\", \"n\": 20, \"linger\": \"1s\"}");
    desk_advance(&book.desk, 1500 * MS);
    desk_post(&book.desk, &reply, LAB_TASKS, NULL, NULL);
    while (!reply.answered)
        desk_advance(&book.desk, 20 * MS);
    reply_free(&reply);
    struct timeline_row row = look(&book);
    assert_int_equal(row.variants[VARIANT_LEAK].leaked, 20);
    assert_int_equal(row.programs[0].counts.leaked, 20);
    book_close(&book);
}

static void of_many_programs_those_with_most_tasks_are_told_apart(void **state)
{
    (void)state;
    enum { PROGRAMS = LIMIT_TIMELINE_PROGRAMS + 10 };
    struct timeline *timeline = timeline_new(1, 0);
    struct snapshot *snapshot = calloc(1, sizeof *snapshot + PROGRAMS * sizeof snapshot->programs[0]);
    const struct vitals vitals = {0};
    struct timeline_row row;
    assert_non_null(snapshot);
    snapshot->program_count = PROGRAMS;
    for (uint32_t i = 0; i < PROGRAMS; i++) {
        strcpy(snapshot->programs[i].variant, "leak");
        /* The first has none; the rest come and go: 5, 10, 15, ... , then less again. */
        snapshot->programs[i].census.spawned = i * 5 % 173;
    }
    timeline_fill(timeline, snapshot, &vitals, 0, &row);
    assert_int_equal(row.program_count, LIMIT_TIMELINE_PROGRAMS);
    uint32_t sum = 0, least = UINT32_MAX, in_row = 0, left_out_most = 0;
    for (uint32_t i = 0; i < PROGRAMS; i++) {
        uint32_t tasks = i * 5 % 173;
        sum += tasks;
        if (in_row < row.program_count && row.programs[in_row].program == i) {
            assert_int_equal(row.programs[in_row++].counts.tasks, tasks);
            least = tasks < least ? tasks : least;
        } else {
            left_out_most = tasks > left_out_most ? tasks : left_out_most;
        }
    }
    assert_int_equal(in_row, row.program_count); /* in the snapshot's order */
    assert_true(left_out_most <= least && least > 0);
    assert_int_equal(row.variants[VARIANT_LEAK].tasks, sum);
    free(snapshot);
    timeline_free(timeline);
}

static void an_hour_is_kept(void **state)
{
    (void)state;
    struct timeline *timeline = timeline_new(1, 0);
    struct timeline_row row = {0};
    for (uint64_t second = 0; second < LIMIT_TIMELINE_SECONDS + 100; second++) {
        row.at_ms = second * 1000;
        timeline_push(timeline, &row);
    }
    struct timeline_span span = timeline_rows(timeline);
    assert_int_equal(span.first, 100);
    assert_int_equal(span.end, LIMIT_TIMELINE_SECONDS + 100);
    assert_false(timeline_row(timeline, 99, &row));
    assert_true(timeline_row(timeline, 100, &row));
    assert_int_equal(row.at_ms, 100000);
    timeline_free(timeline);
}

static void a_fix_is_cancelled_and_finishes(void **state)
{
    (void)state;
    struct book book;
    book_open(&book, 100000);
    desk_spawn(&book.desk, "{\"mode\": \"fix-recv\", \"n\": 3, \"name\": \"a\"}");
    assert_int_equal(ask(&book, LAB_SCENARIO_DELETE, "a", NULL), 200);
    assert_string_equal(marks(&book), "started fix-recv a; cancelled fix-recv a; finished fix-recv a");
    book_close(&book);
}

static void a_leak_is_marked_when_its_grace_is_over_and_when_it_is_reclaimed(void **state)
{
    (void)state;
    struct book book;
    struct timeline_mark mark;
    book_open(&book, 100000);
    desk_spawn(&book.desk, "{\"mode\": \"leak-recv\", \"n\": 3, \"name\": \"a\", \"linger\": \"2s\"}");
    desk_advance(&book.desk, 5 * SEC);
    assert_string_equal(marks(&book), "started leak-recv a; completed leak-recv a; leaked leak-recv a");
    assert_true(timeline_mark(book.timeline, 1, &mark));
    assert_int_equal(mark.at_ms, 2000);
    assert_int_equal(ask(&book, LAB_SCENARIO_POST, NULL, "{\"action\": \"reclaim\", \"name\": \"a\"}"), 200);
    assert_string_equal(
        marks(&book),
        "started leak-recv a; completed leak-recv a; leaked leak-recv a; reclaimed leak-recv a");
    book_close(&book);
}

static void a_limit_and_a_duration_are_marked(void **state)
{
    (void)state;
    struct book book;
    book_open(&book, 100000);
    desk_spawn(&book.desk, "{\"mode\": \"fix-recv\", \"n\": 1, \"name\": \"a\", \"duration\": \"1s\"}");
    desk_advance(&book.desk, 3 * SEC);
    desk_spawn(&book.desk, "{\"mode\": \"fix-recv\", \"n\": 1, \"name\": \"b\", \"rate\": \"100/s\", "
                           "\"max_tasks\": 5, \"linger\": \"10s\"}");
    desk_advance(&book.desk, 500 * MS);
    assert_string_equal(marks(&book), "started fix-recv a; expired fix-recv a; finished fix-recv a; "
                                      "started fix-recv b; capped fix-recv b; finished fix-recv b");
    book_close(&book);
}

static void a_reset_is_marked_once_and_each_scenario_with_it(void **state)
{
    (void)state;
    struct book book;
    book_open(&book, 100000);
    desk_spawn(&book.desk, "{\"mode\": \"leak-recv\", \"n\": 3, \"name\": \"a\"}");
    assert_int_equal(ask(&book, LAB_RESET, NULL, NULL), 200);
    assert_string_equal(marks(&book),
                        "started leak-recv a; reset  ; cancelled leak-recv a; reclaimed leak-recv a");
    book_close(&book);
}

static void old_marks_make_room(void **state)
{
    (void)state;
    struct timeline *timeline = timeline_new(1, 0);
    for (uint64_t i = 0; i < LIMIT_TIMELINE_MARKS + 5; i++)
        timeline_note(timeline, MARK_STARTED, "a", "leak-recv", i * MS);
    struct timeline_span span = timeline_marks(timeline);
    struct timeline_mark mark;
    assert_int_equal(span.first, 5);
    assert_true(timeline_mark(timeline, 5, &mark));
    assert_int_equal(mark.at_ms, 5);
    timeline_free(timeline);
}

static bool make_one(void *argument)
{
    struct timeline *timeline = timeline_new(1, 0);
    (void)argument;
    timeline_free(timeline);
    return timeline != NULL;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    fault_sweep(make_one, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_due_once_a_second),
        cmocka_unit_test(a_row_says_what_there_is),
        cmocka_unit_test(a_row_has_the_judges_word),
        cmocka_unit_test(of_many_programs_those_with_most_tasks_are_told_apart),
        cmocka_unit_test(an_hour_is_kept),
        cmocka_unit_test(a_fix_is_cancelled_and_finishes),
        cmocka_unit_test(a_leak_is_marked_when_its_grace_is_over_and_when_it_is_reclaimed),
        cmocka_unit_test(a_limit_and_a_duration_are_marked),
        cmocka_unit_test(a_reset_is_marked_once_and_each_scenario_with_it),
        cmocka_unit_test(old_marks_make_room),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
