#include "lab/view.h"

#include "base/macros.h"

/* {"recv": 2000, "linger": 1}: states without tasks are left out. */
static json_t *view_states(const struct census *census)
{
    json_t *object = json_object();
    int failed = 0;
    for (int state = 0; state < TASK_STATES; state++)
        if (census->states[state] > 0)
            failed |= json_object_set_new(object, task_state_word((enum task_state)state),
                                          json_integer((json_int_t)census->states[state]));
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *view_ended(const struct census *census)
{
    json_t *object = json_object();
    int failed = 0;
    for (int how = 0; how < TASK_ENDS; how++)
        failed |= json_object_set_new(object, task_end_word((enum task_end)how),
                                      json_integer((json_int_t)census->ended[how]));
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

/* {"file": 100}: kinds of which none is open are left out. */
static json_t *view_resources(const struct census *census)
{
    json_t *object = json_object();
    int failed = 0;
    for (int kind = 0; kind < RESOURCE_KINDS; kind++)
        if (census->open[kind] > 0)
            failed |= json_object_set_new(object, resource_word((enum resource_kind)kind),
                                          json_integer((json_int_t)census->open[kind]));
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *view_tasks(const struct census *census)
{
    return json_pack("{s:I, s:I, s:o, s:o}", "live", (json_int_t)census_live(census), "spawned",
                     (json_int_t)census->spawned, "ended", view_ended(census), "states", view_states(census));
}

/* Where tasks panicked and why; how many did in all is tasks.ended.panicked. */
static int add_panics(json_t *list, const struct workload *workload)
{
    int failed = 0;
    for (uint32_t i = 0; i < workload->panic_count; i++) {
        const struct panic *panic = &workload->panics[i];
        const struct step *step = &workload->program->steps[panic->step];
        failed |= json_array_append_new(
            list, json_pack("{s:s, s:I, s:s, s:s, s:I}", "file", workload->program->file, "line",
                            (json_int_t)step->line, "step", step->text, "why",
                            panic_text((enum panic_why)panic->why), "count", (json_int_t)panic->count));
    }
    return failed;
}

static json_t *view_panics(const struct scenario *scenario)
{
    json_t *list = json_array();
    int failed = 0;
    for (size_t i = 0; i < scenario->workload_count; i++)
        failed |= add_panics(list, &scenario->workloads[i]);
    if (failed == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* Live tasks that the judge found leaked. */
static json_t *view_leaked(const struct census *census)
{
    return json_pack("{s:I, s:I}", verdict_word(VERDICT_STUCK), (json_int_t)census->leaked[VERDICT_STUCK],
                     verdict_word(VERDICT_ENDLESS), (json_int_t)census->leaked[VERDICT_ENDLESS]);
}

json_t *view_scenario(const struct scenario *scenario)
{
    struct census census = scenario_census(scenario);
    const struct clock *clock = scenario->workloads[0].runtime->clock;
    const char *cause = scenario->cause == CAUSE_NONE ? NULL : scenario_cause_word(scenario->cause);
    enum limit_kind kind = scenario_capped_by(scenario);
    const char *limit = kind == LIMIT_KINDS ? NULL : limit_kind_word(kind);
    uint64_t age_ms = (clock->now_ns(clock) - scenario->began_ns) / 1000000;
    char mode[MODE_TEXT];
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s?, s:s?, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I, "
        "s:o, s:I, s:o, s:f}",
        "name", scenario->spec.name, "mode", mode_format(scenario->spec.mode, mode), "pattern",
        scenario->spec.mode.pattern->name, "variant", variant_word(scenario->spec.mode.variant), "state",
        scenario_state_word(scenario->state), "cause", cause, "capped_by", limit, "spec",
        spec_json(&scenario->spec), "tasks", view_tasks(&census), "heap_bytes", (json_int_t)census.held_bytes,
        "lost_heap_bytes", (json_int_t)census.lost_bytes, "queue_messages",
        (json_int_t)census.queued_messages, "queue_heap_bytes", (json_int_t)census.queued_bytes, "channels",
        (json_int_t)census.channels, "tickers", (json_int_t)census.tickers, "resources",
        view_resources(&census), "starts", (json_int_t)census.starts, "starts_skipped",
        (json_int_t)scenario->skipped, "leaked", view_leaked(&census), "expected_leaked",
        (json_int_t)scenario_expected_leaked(scenario), "panics", view_panics(scenario), "age_seconds",
        (double)age_ms / 1000);
}
