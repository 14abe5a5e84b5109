/* A user's own patterns in a lab without a loop: added, replaced, removed, counted on. */
#include "lab/own.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "fault.h"
#include "lab_fixture.h"

#define MIB (1024ull * 1024)

/* A pattern with a leak, and with a fix unless `fix` is false; `op` is what its tasks do. */
static struct pattern *compile(const char *name, const char *op, bool fix)
{
    char text[1024];
    struct messages messages;
    struct pattern *pattern = NULL;
    snprintf(text, sizeof text,
             "pattern: %s\ntitle: t\nstory: s\nremedy: r\nshare: {c: channel}\n"
             "leak:\n  main: [spawn w * 3]\n  w: [%s]\n%sexpect: {leak: 3%s}\n",
             name, op, fix ? "fix:\n  main: [exit]\n" : "", fix ? ", fix: 0" : "");
    messages_init(&messages);
    enum err err = pattern_compile(NULL, text, strlen(text), &messages, &pattern);
    if (err == ERR_SYNTAX)
        fail_msg("%s", messages.items[0].text);
    messages_deinit(&messages);
    return pattern;
}

/* Posts a pattern; returns the status. */
static int post(struct desk *desk, struct reply *reply, struct pattern *pattern)
{
    *reply = (struct reply){
        .request = {.verb = LAB_PATTERN_POST, .pattern = pattern, .done = reply_done, .argument = reply}};
    core_handle(&desk->core, &reply->request);
    core_deliver(&desk->core);
    assert_true(reply->answered);
    /* Whoever asks frees what the lab did not take. */
    pattern_free(reply->request.pattern);
    return reply->request.status;
}

static int add(struct desk *desk, const char *name, const char *op)
{
    struct reply reply;
    int status = post(desk, &reply, compile(name, op, true));
    reply_free(&reply);
    return status;
}

static int ask(struct desk *desk, enum lab_verb verb, const char *name, const char *body)
{
    struct reply reply;
    int status = desk_ask(desk, &reply, verb, name, body);
    reply_free(&reply);
    return status;
}

static struct snapshot *take_snapshot(struct desk *desk)
{
    struct snapshot *snapshot =
        calloc(1, sizeof *snapshot + LIMIT_PROGRAMS * sizeof(struct snapshot_program));
    assert_non_null(snapshot);
    core_fill(&desk->core, snapshot);
    return snapshot;
}

static uint64_t spawned(struct desk *desk, const char *variant)
{
    struct snapshot *snapshot = take_snapshot(desk);
    uint64_t count = program_in(snapshot, "mine", variant)->census.spawned;
    free(snapshot);
    return count;
}

static void a_new_pattern_runs(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    desk_open(&desk, 1000, 64 * MIB);

    assert_int_equal(post(&desk, &reply, compile("mine", "recv c", true)), 201);
    assert_string_equal(reply.request.location, "mine");
    assert_string_equal(json_look(reply.request.answer, "name"), "mine");
    assert_string_equal(json_look(reply.request.answer, "own"), "true");
    assert_string_equal(json_look(reply.request.answer, "file"), "mine.yaml");
    reply_free(&reply);

    desk_spawn(&desk, "{\"mode\":\"leak-mine\"}");
    assert_string_equal(desk_look(&desk, "leak-mine-1", "tasks.states.recv"), "3");
    assert_int_equal(ask(&desk, LAB_PATTERN_SHOW, "mine", NULL), 200);
    assert_int_equal(ask(&desk, LAB_PATTERN_SHOW, "recv", NULL), 200);
    desk_close(&desk);
}

static void a_built_in_pattern_stays(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 1000, 64 * MIB);
    assert_int_equal(add(&desk, "recv", "recv c"), 409);
    assert_int_equal(ask(&desk, LAB_PATTERN_DELETE, "recv", NULL), 409);
    assert_int_equal(ask(&desk, LAB_PATTERN_DELETE, "mine", NULL), 404);
    desk_close(&desk);
}

static void what_is_in_use_stays(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    desk_open(&desk, 1000, 64 * MIB);
    assert_int_equal(add(&desk, "mine", "recv c"), 201);
    desk_spawn(&desk, "{\"mode\":\"leak-mine\",\"name\":\"one\"}");
    /* One that still waits for its time to begin uses it too. */
    desk_spawn(&desk, "{\"mode\":\"fix-mine\",\"name\":\"two\",\"at\":\"1h\"}");

    assert_int_equal(post(&desk, &reply, compile("mine", "send c", true)), 409);
    assert_string_equal(json_look(reply.request.answer, "detail"),
                        "the pattern \"mine\" is in use by 2 scenarios that have not finished: \"one\", "
                        "\"two\"");
    reply_free(&reply);
    assert_int_equal(ask(&desk, LAB_PATTERN_DELETE, "mine", NULL), 409);
    assert_string_equal(desk_look(&desk, "one", "tasks.live"), "4");

    assert_int_equal(ask(&desk, LAB_RESET, NULL, NULL), 200);
    assert_int_equal(ask(&desk, LAB_PATTERN_DELETE, "mine", NULL), 200);
    desk_close(&desk);
}

static void counters_go_on_where_they_were(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 1000, 64 * MIB);
    assert_int_equal(add(&desk, "mine", "recv c"), 201);
    desk_spawn(&desk, "{\"mode\":\"leak-mine\"}");
    assert_int_equal(ask(&desk, LAB_RESET, NULL, NULL), 200);
    uint32_t rows = desk.core.program_count;

    assert_int_equal(add(&desk, "mine", "send c"), 200);
    assert_int_equal(spawned(&desk, "leak"), 4);
    desk_spawn(&desk, "{\"mode\":\"leak-mine\"}");
    assert_string_equal(desk_look(&desk, "leak-mine-2", "tasks.states.send"), "3");
    assert_int_equal(spawned(&desk, "leak"), 8);
    assert_int_equal(ask(&desk, LAB_RESET, NULL, NULL), 200);

    assert_int_equal(ask(&desk, LAB_PATTERN_DELETE, "mine", NULL), 200);
    assert_int_equal(spawned(&desk, "leak"), 8);
    assert_int_equal(ask(&desk, LAB_SCENARIO_POST, NULL, "{\"mode\":\"leak-mine\"}"), 422);

    assert_int_equal(add(&desk, "mine", "recv c"), 201);
    desk_spawn(&desk, "{\"mode\":\"leak-mine\"}");
    assert_int_equal(spawned(&desk, "leak"), 12);
    assert_int_equal(desk.core.program_count, rows);
    desk_close(&desk);
}

static void a_variant_may_go_with_a_replacement(void **state)
{
    (void)state;
    struct desk desk;
    struct reply reply;
    desk_open(&desk, 1000, 64 * MIB);
    assert_int_equal(add(&desk, "mine", "recv c"), 201);
    desk_spawn(&desk, "{\"mode\":\"fix-mine\"}");
    assert_int_equal(spawned(&desk, "fix"), 1);
    assert_int_equal(ask(&desk, LAB_RESET, NULL, NULL), 200);
    uint32_t tallies = desk.core.runtime.tally_count;

    assert_int_equal(post(&desk, &reply, compile("mine", "recv c", false)), 200);
    reply_free(&reply);
    assert_int_equal(spawned(&desk, "fix"), 1);
    assert_int_equal(desk.core.runtime.tally_count, tallies - 1);
    assert_int_equal(ask(&desk, LAB_SCENARIO_POST, NULL, "{\"mode\":\"fix-mine\"}"), 422);
    desk_close(&desk);
}

/* The sanitizers see to it that what is shown is there, and that nothing is left behind. */
static void a_finished_scenario_shows_the_pattern_that_it_ran(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 1000, 64 * MIB);
    assert_int_equal(add(&desk, "mine", "recv c"), 201);
    desk_spawn(&desk, "{\"mode\":\"leak-mine\",\"name\":\"one\"}");
    assert_int_equal(ask(&desk, LAB_SCENARIO_POST, NULL, "{\"action\":\"reclaim\",\"name\":\"one\"}"), 200);

    assert_int_equal(ask(&desk, LAB_PATTERN_DELETE, "mine", NULL), 200);
    assert_int_equal(desk.core.retired_count, 1);
    assert_string_equal(desk_look(&desk, "one", "mode"), "leak-mine");
    assert_string_equal(desk_look(&desk, "one", "tasks.ended.reclaimed"), "3");
    /* Telling it to end again is harmless, as ever. */
    assert_int_equal(ask(&desk, LAB_SCENARIO_DELETE, "one", NULL), 200);

    /* Another scenario takes its name, and with it goes the last that showed the pattern. */
    desk_spawn(&desk, "{\"mode\":\"leak-recv\",\"name\":\"one\"}");
    assert_int_equal(desk.core.retired_count, 0);
    desk_close(&desk);
}

static void there_is_an_end_to_patterns(void **state)
{
    (void)state;
    struct desk desk;
    char name[LIMIT_NAME + 1];
    desk_open(&desk, 1000, 64 * MIB);
    for (int i = 0; i < LIMIT_OWN_PATTERNS; i++) {
        snprintf(name, sizeof name, "p%d", i);
        assert_int_equal(add(&desk, name, "recv c"), 201);
    }
    assert_int_equal(add(&desk, "mine", "recv c"), 429);
    assert_int_equal(add(&desk, "p0", "send c"), 200);

    /* Given names that come and go, until no row is left for one more. */
    int status = 0;
    for (int i = 0; i < LIMIT_PROGRAMS && status != 429; i++) {
        assert_int_equal(ask(&desk, LAB_PATTERN_DELETE, name, NULL), 200);
        snprintf(name, sizeof name, "q%d", i);
        status = add(&desk, name, "recv c");
    }
    assert_int_equal(status, 429);
    assert_in_range(desk.core.program_count, LIMIT_PROGRAMS - VARIANTS, LIMIT_PROGRAMS);
    assert_int_equal(add(&desk, "q0", "recv c"), 201);
    desk_close(&desk);
}

struct sweep {
    struct desk desk;
};

/* Adds, replaces and removes; whatever fails has changed nothing. True when memory never was out. */
static bool run(void *argument)
{
    struct sweep *sweep = argument;
    struct desk *desk = &sweep->desk;
    size_t patterns = desk->catalogue.count;
    uint32_t tallies = desk->core.runtime.tally_count;
    bool whole = true;
    for (int round = 0; round < 2; round++) {
        struct pattern *pattern = compile("mine", round == 0 ? "recv c" : "send c", round == 0);
        struct reply reply;
        whole &= pattern != NULL;
        if (pattern == NULL)
            continue;
        bool there = catalogue_find(&desk->catalogue, "mine") != NULL;
        int status = post(desk, &reply, pattern);
        assert_true(status == (there ? 200 : 201) || status == 500);
        whole &= status != 500 && reply.request.answer != NULL;
        there |= status != 500;
        reply_free(&reply);
        assert_int_equal(desk->catalogue.count, patterns + there);
        assert_int_equal(catalogue_find(&desk->catalogue, "mine") != NULL, there);
    }
    if (catalogue_find(&desk->catalogue, "mine") != NULL) {
        struct reply reply;
        assert_int_equal(desk_ask(desk, &reply, LAB_PATTERN_DELETE, "mine", NULL), 200);
        whole &= reply.request.answer != NULL;
        reply_free(&reply);
    }
    assert_int_equal(desk->core.runtime.tally_count, tallies);
    return whole;
}

static void any_single_allocation_may_fail(void **state)
{
    (void)state;
    static struct sweep sweep;
    json_can_fail();
    desk_open(&sweep.desk, 1000, 64 * MIB);
    assert_int_equal(add(&sweep.desk, "mine", "recv c"), 201);
    assert_int_equal(ask(&sweep.desk, LAB_PATTERN_DELETE, "mine", NULL), 200);
    fault_sweep(run, &sweep);
    desk_close(&sweep.desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_pattern_runs),
        cmocka_unit_test(a_built_in_pattern_stays),
        cmocka_unit_test(what_is_in_use_stays),
        cmocka_unit_test(counters_go_on_where_they_were),
        cmocka_unit_test(a_variant_may_go_with_a_replacement),
        cmocka_unit_test(a_finished_scenario_shows_the_pattern_that_it_ran),
        cmocka_unit_test(there_is_an_end_to_patterns),
        cmocka_unit_test(any_single_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("lab_own", tests, NULL, NULL);
}
