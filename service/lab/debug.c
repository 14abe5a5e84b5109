#include "lab/debug.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/suggest.h"
#include "lab/core.h"
#include "lab/problem.h"

#define SUGGESTED_FROM 100
#define UNIT_NS        (SINCE_MS * 1000000ull)

static void queue_init(struct debug_queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

static void queue_push(struct debug_queue *queue, struct lab_request *request)
{
    request->next = NULL;
    *queue->end = request;
    queue->end = &request->next;
}

static struct lab_request *queue_pop(struct debug_queue *queue)
{
    struct lab_request *request = queue->first;
    if (request == NULL)
        return NULL;
    queue->first = request->next;
    if (queue->first == NULL)
        queue->end = &queue->first;
    return request;
}

/* ---- tokens ---- */

/* What tells this run of the daemon from others, in a token. */
static uint32_t run_mark(const struct debug *debug)
{
    return (uint32_t)(debug->key >> 32 ^ debug->key);
}

static void write_token(const struct debug *debug, char token[static LAB_TOKEN_TEXT])
{
    const struct runtime *runtime = &debug->core->runtime;
    snprintf(token, LAB_TOKEN_TEXT, "%08" PRIx32 "-%08" PRIx32, run_mark(debug),
             (uint32_t)(runtime->now_ms / SINCE_MS));
}

/* False: it is none of this run's. */
static bool read_token(const struct debug *debug, const char *token, uint32_t *unit)
{
    char again[LAB_TOKEN_TEXT];
    if (strlen(token) != LAB_TOKEN_TEXT - 1 || token[8] != '-')
        return false;
    *unit = (uint32_t)strtoul(token + 9, NULL, 16);
    snprintf(again, sizeof again, "%08" PRIx32 "-%08" PRIx32, run_mark(debug), *unit);
    return strcmp(again, token) == 0 && *unit <= debug->core->runtime.now_ms / SINCE_MS;
}

/* ---- whose tasks ---- */

static const struct scenario *scenario_of(const struct core *core, const struct workload *workload)
{
    struct link *link;
    list_each (link, &core->active) {
        const struct scenario *scenario = container_of(link, struct scenario, active);
        for (size_t i = 0; i < scenario->workload_count; i++)
            if (&scenario->workloads[i] == workload)
                return scenario;
    }
    return NULL;
}

/* See collect_plan.owner. */
static const char *owner_of(const struct workload *workload, void *argument)
{
    const struct debug *debug = argument;
    const struct lab_tasks_query *query = &debug->current->tasks;
    const struct scenario *scenario = scenario_of(debug->core, workload);
    if (scenario == NULL || (query->scenario[0] != '\0' && strcmp(query->scenario, scenario->spec.name) != 0))
        return NULL;
    if (query->pattern[0] != '\0' && strcmp(query->pattern, workload->program->pattern) != 0)
        return NULL;
    return scenario->spec.name;
}

static void settle(struct debug *debug);

static void work_on_next(struct debug *debug);

static void refuse(struct debug *debug, struct lab_request *request, int status, const char *why)
{
    core_refuse(debug->core, request, problem_new(status, "%s", why));
}

static void on_collected(struct collect *collect, enum err err)
{
    struct debug *debug = container_of(collect, struct debug, collect);
    struct lab_request *request = debug->current;
    debug->current = NULL;
    if (err != ERR_OK) {
        refuse(debug, request, 503, "there is no memory to count tasks");
    } else {
        request->profile = collect->profile;
        collect->profile = NULL;
        write_token(debug, request->token);
        if (request->tasks.token)
            queue_push(&debug->settling, request);
        else
            core_answer(debug->core, request, 200, NULL);
    }
    work_on_next(debug);
}

static void on_inspected(struct inspect *inspect, const struct task *task)
{
    struct debug *debug = container_of(inspect, struct debug, inspect);
    struct lab_request *request = debug->current;
    debug->current = NULL;
    const struct scenario *scenario = task == NULL ? NULL : scenario_of(debug->core, task->start->workload);
    if (scenario == NULL)
        core_refuse(debug->core, request,
                    problem_new(404, "there is no task \"%s\": it has ended, or never was", request->name));
    else
        core_answer(debug->core, request, 200, inspect_json(task, debug->key, scenario->spec.name));
    work_on_next(debug);
}

/* False: it was answered already. */
static bool work_on(struct debug *debug, struct lab_request *request)
{
    struct runtime *runtime = &debug->core->runtime;
    debug->current = request;
    if (request->verb == LAB_TASK) {
        inspect_begin(&debug->inspect, runtime, strtoull(request->name, NULL, 16), debug->key, on_inspected);
        return true;
    }
    struct collect_plan plan = {
        .owner = owner_of, .argument = debug, .key = debug->key, .leaked = request->tasks.leaked};
    if (request->tasks.since[0] != '\0')
        plan.has_after = read_token(debug, request->tasks.since, &plan.after);
    if (collect_begin(&debug->collect, runtime, &plan, on_collected) == ERR_OK)
        return true;
    debug->current = NULL;
    refuse(debug, request, 503, "there is no memory to count tasks");
    return false;
}

static void count(struct debug *debug, bool judged)
{
    for (struct lab_request *request = debug->judged.first; request != NULL; request = request->next)
        request->judged = judged;
    debug->phase = DEBUG_COUNTING;
    judge_hold(&debug->core->judge);
    work_on_next(debug);
}

static void on_judged(struct judge_wish *wish)
{
    struct debug *debug = container_of(wish, struct debug, wish);
    runtime_call_cancel(&debug->core->runtime, &debug->call);
    count(debug, true);
}

static void ask_judge(struct debug *debug)
{
    debug->phase = DEBUG_IDLE;
    if (debug->waiting.first == NULL)
        return;
    debug->judged = debug->waiting;
    queue_init(&debug->waiting);
    debug->phase = DEBUG_JUDGING;
    /* Without memory for the timer the judge is waited for however long it takes. */
    struct clock *clock = debug->core->config.clock;
    (void)runtime_call_at(&debug->core->runtime, &debug->call,
                          clock->now_ns(clock) + LIMIT_LOOK_MS * 1000000ull);
    judge_ask(&debug->core->judge, &debug->wish);
}

static void work_on_next(struct debug *debug)
{
    struct lab_request *request;
    while ((request = queue_pop(&debug->judged)) != NULL)
        if (work_on(debug, request))
            return;
    judge_let(&debug->core->judge);
    settle(debug);
}

static void on_time(struct call *call)
{
    struct debug *debug = container_of(call, struct debug, call);
    struct lab_request *request;
    if (debug->phase == DEBUG_JUDGING) {
        judge_forget(&debug->wish);
        count(debug, false);
        return;
    }
    while ((request = queue_pop(&debug->settling)) != NULL)
        core_answer(debug->core, request, 200, NULL);
    ask_judge(debug);
}

/* Those who were given a token wait until the clock has left its unit. */
static void settle(struct debug *debug)
{
    const struct runtime *runtime = &debug->core->runtime;
    if (debug->settling.first == NULL) {
        ask_judge(debug);
        return;
    }
    debug->phase = DEBUG_SETTLING;
    uint64_t unit = runtime->now_ms / SINCE_MS + 1;
    if (runtime_call_at(&debug->core->runtime, &debug->call, runtime->began_ns + unit * UNIT_NS) == ERR_OK)
        return;
    struct lab_request *request;
    while ((request = queue_pop(&debug->settling)) != NULL)
        refuse(debug, request, 503, "there is no memory to count tasks");
    ask_judge(debug);
}

/* ---- requests ---- */

static json_t *unknown(const char *key, const char *what, const char *name, const char *const *names,
                       size_t count)
{
    json_t *problem = problem_new(422, "the query cannot be used");
    struct buf why;
    buf_init(&why, PROBLEM_TEXT);
    buf_printf(&why, "no %s \"%s\"", what, name);
    if (count > 0) {
        buf_puts(&why, ": ");
        suggest_append(&why, name, names, count);
    }
    problem_add_member(problem, key, "%s", buf_text(&why));
    buf_deinit(&why);
    return problem;
}

static json_t *unknown_pattern(const struct core *core, const char *name)
{
    const struct catalogue *catalogue = core->config.catalogue;
    const char *names[SUGGESTED_FROM];
    size_t count = 0;
    for (; count < catalogue->count && count < SUGGESTED_FROM; count++)
        names[count] = catalogue->patterns[count]->name;
    return unknown("pattern", "pattern", name, names, count);
}

static json_t *unknown_scenario(const struct core *core, const char *name)
{
    const char *names[SUGGESTED_FROM];
    size_t count = 0;
    struct link *link = core->scenarios.next;
    for (; link != &core->scenarios && count < SUGGESTED_FROM; link = link->next)
        names[count++] = container_of(link, struct scenario, link)->spec.name;
    return unknown("scenario", "scenario", name, names, count);
}

static bool is_id(const char *text)
{
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

/* True when the query makes no sense; it was refused. */
static bool refuses(struct debug *debug, struct lab_request *request)
{
    struct core *core = debug->core;
    const struct lab_tasks_query *query = &request->tasks;
    json_t *problem = NULL;
    uint32_t unit;
    if (request->verb == LAB_TASK) {
        if (is_id(request->name))
            return false;
        problem = problem_new(404,
                              "\"%s\" is no task's id: those are 16 hexadecimal digits, see /debug/tasks"
                              "?format=json",
                              request->name);
    } else if (query->pattern[0] != '\0' && catalogue_find(core->config.catalogue, query->pattern) == NULL) {
        problem = unknown_pattern(core, query->pattern);
    } else if (query->scenario[0] != '\0' && core_find(core, query->scenario) == NULL) {
        problem = unknown_scenario(core, query->scenario);
    } else if (query->since[0] != '\0' && !read_token(debug, query->since, &unit)) {
        problem = problem_new(422, "the query cannot be used");
        problem_add_member(problem, "since", "\"%s\" is no token of this run of the daemon", query->since);
    } else {
        return false;
    }
    core_refuse(core, request, problem);
    return true;
}

void debug_init(struct debug *debug, struct core *core)
{
    *debug = (struct debug){.core = core, .wish.done = on_judged, .call.fn = on_time};
    queue_init(&debug->waiting);
    queue_init(&debug->judged);
    queue_init(&debug->settling);
    list_init(&debug->wish.link);
    timer_init(&debug->call.timer, TIMER_CALL);
}

void debug_ask(struct debug *debug, struct lab_request *request)
{
    if (debug->key == 0)
        debug->key = debug->core->config.seed(debug->core->config.argument) | 1;
    if (refuses(debug, request))
        return;
    queue_push(&debug->waiting, request);
    if (debug->phase == DEBUG_IDLE)
        ask_judge(debug);
}

static void refuse_queue(struct debug *debug, struct debug_queue *queue)
{
    struct lab_request *request;
    while ((request = queue_pop(queue)) != NULL)
        refuse(debug, request, 503, "leaklab is shutting down");
}

void debug_close(struct debug *debug)
{
    judge_forget(&debug->wish);
    collect_stop(&debug->collect);
    inspect_stop(&debug->inspect);
    runtime_call_cancel(&debug->core->runtime, &debug->call);
    if (debug->current != NULL)
        queue_push(&debug->judged, debug->current);
    debug->current = NULL;
    refuse_queue(debug, &debug->settling);
    refuse_queue(debug, &debug->judged);
    refuse_queue(debug, &debug->waiting);
}
