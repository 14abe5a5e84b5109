/* Every decoy of the catalogue with nothing but its defaults, for twelve minutes of virtual time: it trips a
 * rule that looks at a number, and none of what makes a leak is true of it. A new decoy is tested by being
 * there. */
#include <stdio.h>
#include <stdlib.h>

#include "lab_fixture.h"

#define MIB           (1024ull * 1024)
#define WATCH_SECONDS 360 /* three of the longest default periods */
#define NAIVE_TASKS   100 /* what a rule on a number would take for a leak */
#define NAIVE_BYTES   MIB

/* The highest that a decoy came to. */
struct peak {
    uint64_t tasks;
    uint64_t heap_bytes;
};

static uint64_t higher(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static struct peak watch(struct desk *desk)
{
    struct peak peak = {0};
    for (int second = 0; second < WATCH_SECONDS; second++) {
        desk_advance(desk, SEC);
        const struct scenario *scenario = core_find(&desk->core, "x");
        assert_int_equal(scenario->state, SCENARIO_RUNNING);
        assert_int_equal(scenario_expected_leaked(scenario), 0);
        peak.tasks = higher(peak.tasks, workload_live(&scenario->workloads[0]));
        peak.heap_bytes = higher(peak.heap_bytes, scenario->workloads[0].census.held_bytes);
    }
    return peak;
}

static void begin(struct desk *desk, const struct mode *mode)
{
    char text[MODE_TEXT];
    char body[2 * MODE_TEXT];
    snprintf(body, sizeof body, "{\"mode\": \"%s\", \"name\": \"x\"}", mode_format(*mode, text));
    desk_open(desk, 10000000, 8192 * MIB);
    desk_spawn(desk, body);
}

static void it_looks_like_a_leak_and_does_not_grow(void **state)
{
    struct desk desk;
    begin(&desk, *state);
    struct peak early = watch(&desk);
    assert_true(early.tasks >= NAIVE_TASKS || early.heap_bytes >= NAIVE_BYTES);
    struct peak late = watch(&desk);
    /* Chance moves a peak by a little. */
    assert_true(late.tasks <= early.tasks + early.tasks / 10);
    assert_true(late.heap_bytes <= early.heap_bytes + early.heap_bytes / 10);
    desk_close(&desk);
}

static void all_of_it_hears_a_cancel(void **state)
{
    static const uint64_t after_ns[] = {0, 3 * SEC, 200 * SEC};
    for (size_t i = 0; i < sizeof after_ns / sizeof after_ns[0]; i++) {
        struct desk desk;
        struct reply reply;
        begin(&desk, *state);
        desk_advance(&desk, after_ns[i]);
        assert_int_equal(desk_ask(&desk, &reply, LAB_SCENARIO_DELETE, "x", NULL), 200);
        assert_string_equal(json_look(reply.request.answer, "state"), "finished");
        assert_string_equal(json_look(reply.request.answer, "receipt.tasks_left"), "0");
        assert_string_equal(json_look(reply.request.answer, "receipt.bytes_held"), "0");
        reply_free(&reply);
        assert_string_equal(desk_look(&desk, "x", "tasks.ended.panicked"), "0");
        assert_string_equal(desk_look(&desk, "x", "tickers"), "0");
        assert_string_equal(desk_look(&desk, "x", "channels"), "0");
        assert_int_equal(desk.core.runtime.live, 0);
        desk_close(&desk);
    }
}

/* A decoy, and the names of its tests. */
struct listed {
    struct mode mode;
    char names[2][MODE_TEXT + 80];
};

static size_t list_decoys(const struct catalogue *catalogue, struct listed *listed, struct CMUnitTest *tests)
{
    static const struct {
        const char *name;
        CMUnitTestFunction function;
    } cases[] = {
        {"it_looks_like_a_leak_and_does_not_grow", it_looks_like_a_leak_and_does_not_grow},
        {"all_of_it_hears_a_cancel", all_of_it_hears_a_cancel},
    };
    size_t count = 0;
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct pattern *pattern = catalogue->patterns[i];
        if (pattern->variants[VARIANT_DECOY].program == NULL)
            continue;
        listed[i].mode = (struct mode){pattern, VARIANT_DECOY};
        for (size_t which = 0; which < 2; which++) {
            char text[MODE_TEXT];
            snprintf(listed[i].names[which], sizeof listed[i].names[which], "%s: %s",
                     mode_format(listed[i].mode, text), cases[which].name);
            tests[count++] = (struct CMUnitTest){.name = listed[i].names[which],
                                                 .test_func = cases[which].function,
                                                 .initial_state = &listed[i].mode};
        }
    }
    return count;
}

int main(void)
{
    struct catalogue catalogue;
    load_catalogue(&catalogue);
    struct listed *listed = calloc(catalogue.count, sizeof *listed);
    struct CMUnitTest *tests = calloc(catalogue.count * 2, sizeof *tests);
    size_t count = listed == NULL || tests == NULL ? 0 : list_decoys(&catalogue, listed, tests);
    int failed = count == 0 ? 1 : _cmocka_run_group_tests("decoy", tests, count, NULL, NULL);
    free(tests);
    free(listed);
    catalogue_deinit(&catalogue);
    return failed;
}
