/* GET /timeline's answer, made of a timeline that the test fills. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/limits.h"
#include "base/macros.h"
#include "fault.h"
#include "http/curve.h"

#define BOOT 0x0000b001u
#define SEC  1000000000ull

struct fixture {
    struct timeline *timeline;
    struct snapshot *snapshot;
};

static void add_program(struct snapshot *snapshot, const char *pattern, const char *variant)
{
    struct snapshot_program *program = &snapshot->programs[snapshot->program_count++];
    snprintf(program->pattern, sizeof program->pattern, "%s", pattern);
    snprintf(program->variant, sizeof program->variant, "%s", variant);
}

static int open_fixture(void **state)
{
    static struct fixture fixture;
    fixture.timeline = timeline_new(BOOT, 100 * SEC);
    fixture.snapshot = calloc(1, sizeof *fixture.snapshot + 100 * sizeof fixture.snapshot->programs[0]);
    CHECK(fixture.timeline != NULL && fixture.snapshot != NULL);
    add_program(fixture.snapshot, "recv", "leak");
    add_program(fixture.snapshot, "recv", "fix");
    *state = &fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    timeline_free(fixture->timeline);
    free(fixture->snapshot);
    return 0;
}

/* A second with so many tasks of the first program. */
static void add_row(struct fixture *fixture, uint64_t second, uint64_t tasks)
{
    const struct vitals vitals = {.heap_allocated_bytes = VITAL_UNKNOWN, .threads = 6};
    struct timeline_row row;
    fixture->snapshot->programs[0].census.spawned = tasks;
    timeline_fill(fixture->timeline, fixture->snapshot, &vitals, (100 + second) * SEC, &row);
    timeline_push(fixture->timeline, &row);
}

static enum err write_since(const struct fixture *fixture, const char *since, struct buf *out)
{
    struct curve_token token;
    struct curve_input input = {.timeline = fixture->timeline,
                                .rows = timeline_rows(fixture->timeline),
                                .snapshot = fixture->snapshot,
                                .now_ns = 110 * SEC,
                                .wall_ms = 1700000010000};
    if (since != NULL) {
        assert_true(curve_token_parse(since, &token));
        input.since = &token;
    }
    return curve_write(&input, out);
}

static json_t *ask(const struct fixture *fixture, const char *since)
{
    struct buf text;
    json_error_t error;
    buf_init(&text, LIMIT_RESPONSE_BYTES);
    assert_int_equal(write_since(fixture, since, &text), ERR_OK);
    json_t *answer = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    if (answer == NULL)
        fail_msg("%s in: %s", error.text, buf_text(&text));
    buf_deinit(&text);
    return answer;
}

/* A member by its path, as compact JSON; valid until the next call. */
static const char *look(const json_t *json, const char *first, const char *second)
{
    static char text[512];
    json = json_object_get(json, first);
    if (second != NULL)
        json = json_object_get(json, second);
    size_t size = json_dumpb(json, text, sizeof text - 1, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_in_range(size, 1, sizeof text - 1);
    text[size] = '\0';
    return text;
}

static void without_a_token_it_tells_everything(void **state)
{
    struct fixture *fixture = *state;
    add_row(fixture, 0, 0);
    add_row(fixture, 1, 20);
    timeline_note(fixture->timeline, MARK_STARTED, "a", "leak-recv", 101 * SEC);
    json_t *answer = ask(fixture, NULL);
    assert_string_equal(look(answer, "boot", NULL), "\"0000b001\"");
    assert_string_equal(look(answer, "whole", NULL), "true");
    assert_string_equal(look(answer, "next", NULL), "\"0000b001-00000002-00000001\"");
    assert_string_equal(look(answer, "now_ms", NULL), "10000");
    assert_string_equal(look(answer, "began_unix_ms", NULL), "1700000000000");
    assert_string_equal(look(answer, "at_ms", NULL), "[0,1000]");
    assert_string_equal(look(answer, "leak", "tasks"), "[0,20]");
    assert_string_equal(look(answer, "fix", "tasks"), "[0,0]");
    assert_string_equal(look(answer, "heap_allocated_bytes", NULL), "[null,null]");
    assert_string_equal(look(answer, "threads", NULL), "[6,6]");
    assert_string_equal(look(answer, "programs", NULL),
                        "[{\"pattern\":\"recv\",\"variant\":\"leak\",\"tasks\":[0,20],\"leaked\":[0,0],"
                        "\"expected_leaked\":[0,0]}]");
    assert_string_equal(look(answer, "marks", NULL),
                        "[{\"at_ms\":1000,\"what\":\"started\",\"name\":\"a\",\"mode\":\"leak-recv\"}]");
    json_decref(answer);
}

static void with_a_token_it_tells_what_is_new(void **state)
{
    struct fixture *fixture = *state;
    add_row(fixture, 0, 5);
    timeline_note(fixture->timeline, MARK_STARTED, "a", "leak-recv", 100 * SEC);
    add_row(fixture, 1, 6);
    timeline_note(fixture->timeline, MARK_LEAKED, "a", "leak-recv", 101 * SEC);
    json_t *answer = ask(fixture, "0000b001-00000001-00000001");
    assert_string_equal(look(answer, "whole", NULL), "false");
    assert_string_equal(look(answer, "at_ms", NULL), "[1000]");
    assert_string_equal(look(answer, "leak", "tasks"), "[6]");
    assert_int_equal(json_array_size(json_object_get(answer, "marks")), 1);
    json_decref(answer);
    answer = ask(fixture, "0000b001-00000002-00000002");
    assert_string_equal(look(answer, "whole", NULL), "false");
    assert_string_equal(look(answer, "next", NULL), "\"0000b001-00000002-00000002\"");
    assert_string_equal(look(answer, "at_ms", NULL), "[]");
    assert_string_equal(look(answer, "programs", NULL), "[]");
    json_decref(answer);
}

/* The daemon was started again; or it cannot have been this one; or too much has gone meanwhile. */
static void a_token_that_nothing_goes_on_from_brings_everything(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t second = 0; second < LIMIT_TIMELINE_SECONDS + 3; second++)
        add_row(fixture, second, second);
    static const char *const tokens[] = {"0000b002-00000005-00000000", "0000b001-00000002-00000000",
                                         "0000b001-ffffffff-00000000", "0000b001-00000005-00000001"};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        json_t *answer = ask(fixture, tokens[i]);
        if (strcmp(look(answer, "whole", NULL), "true") != 0)
            fail_msg("goes on from %s", tokens[i]);
        assert_int_equal(json_array_size(json_object_get(answer, "at_ms")), LIMIT_TIMELINE_SECONDS);
        json_decref(answer);
    }
    json_t *answer = ask(fixture, "0000b001-00000003-00000000");
    assert_string_equal(look(answer, "whole", NULL), "false");
    json_decref(answer);
}

static void a_program_that_comes_late_has_zeroes_before(void **state)
{
    struct fixture *fixture = *state;
    add_row(fixture, 0, 0);
    fixture->snapshot->programs[1].census.spawned = 4;
    add_row(fixture, 1, 0);
    json_t *answer = ask(fixture, NULL);
    assert_string_equal(look(answer, "programs", NULL),
                        "[{\"pattern\":\"recv\",\"variant\":\"fix\",\"tasks\":[0,4],\"leaked\":[0,0],"
                        "\"expected_leaked\":[0,0]}]");
    json_decref(answer);
}

/* Each second another program: the answer stays bounded, and tells apart those of the newest seconds. */
static void of_many_programs_the_newest_are_told(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < 90; i++) {
        char name[16];
        snprintf(name, sizeof name, "own-%u", i);
        add_program(fixture->snapshot, name, "leak");
        fixture->snapshot->programs[2 + i].census.spawned = 1;
        add_row(fixture, i, 0);
        fixture->snapshot->programs[2 + i].census.spawned = 0;
    }
    json_t *answer = ask(fixture, NULL);
    const json_t *programs = json_object_get(answer, "programs");
    assert_int_equal(json_array_size(programs), LIMIT_TIMELINE_PROGRAMS);
    assert_string_equal(look(json_array_get(programs, 0), "pattern", NULL), "\"own-89\"");
    json_decref(answer);
}

static void only_tokens_are_tokens(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "0000b001",
                                      "0000b001-00000002",
                                      "0000B001-00000002-00000001",
                                      "0000b001-00000002-0000000",
                                      "0000b001-00000002-000000011",
                                      "0000b001 00000002-00000001",
                                      "0000b001--0000002-00000001",
                                      "       1-00000002-00000001",
                                      "0x00b001-00000002-00000001",
                                      "0000b001-00000002-0000000g"};
    struct curve_token token = {1, 2, 3};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (curve_token_parse(bad[i], &token))
            fail_msg("taken: %s", bad[i]);
    assert_int_equal(token.boot, 1);
    assert_true(curve_token_parse("ffffffff-00000002-00000001", &token));
    assert_int_equal(token.boot, 0xffffffff);
    assert_int_equal(token.row, 2);
    assert_int_equal(token.mark, 1);
}

static bool write_once(void *argument)
{
    struct buf text;
    buf_init(&text, LIMIT_RESPONSE_BYTES);
    enum err err = write_since(argument, NULL, &text);
    buf_deinit(&text);
    return err == ERR_OK;
}

static void any_allocation_may_fail(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t second = 0; second < 50; second++)
        add_row(fixture, second, second);
    fault_sweep(write_once, fixture);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(without_a_token_it_tells_everything),
        CASE(with_a_token_it_tells_what_is_new),
        CASE(a_token_that_nothing_goes_on_from_brings_everything),
        CASE(a_program_that_comes_late_has_zeroes_before),
        CASE(of_many_programs_the_newest_are_told),
        CASE(only_tokens_are_tokens),
        CASE(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
