/* A user's own pattern from the body of POST /patterns to its end: compiled, added to a lab, started in every
 * mode that it has, looked at while it runs in each way that there is, reset and removed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_desk.h"
#include "http/body.h"
#include "judge/pprof.h"
#include "judge/tasks.h"
#include "language/pattern.h"

#define TEXT_MOST (8 << 20)
#define TURNS_RUN 60 /* some patterns spin for ever */
#define LOOKS     3
#define PAUSE     (200 * MS) /* between two looks */
#define TIME_NS   1000000000

static struct lab_request request_of(enum lab_verb verb, const char *name)
{
    struct lab_request request = {.verb = verb};
    snprintf(request.name, sizeof request.name, "%s", name);
    return request;
}

/* 201; what the lab did not take is freed. */
static bool add(struct desk *desk, struct pattern *pattern)
{
    struct reply reply;
    int status =
        fuzz_desk_ask(desk, &reply, (struct lab_request){.verb = LAB_PATTERN_POST, .pattern = pattern});
    pattern_free(reply.request.pattern);
    reply_free(&reply);
    return status == 201;
}

/* As many as there are modes; a limit may refuse any of them. */
static void start_all(struct desk *desk, const char *name)
{
    static const char *const variants[] = {"leak", "fix", "mix", "decoy"};
    char mode[LIMIT_NAME + 8];
    for (size_t i = 0; i < COUNT_OF(variants); i++) {
        snprintf(mode, sizeof mode, "%s-%s", variants[i], name);
        json_t *body = json_pack("{s:s, s:s, s:s}", "mode", mode, "name", variants[i], "rate", "10/s");
        CHECK(body != NULL);
        (void)fuzz_desk_do(desk, (struct lab_request){.verb = LAB_SCENARIO_POST, .body = body});
    }
}

static void write_all(const struct tasks_report *report)
{
    struct buf text;
    buf_init(&text, TEXT_MOST);
    CHECK(tasks_write_text(report, &text) == ERR_OK);
    for (enum pprof_kind kind = 0; kind < PPROF_KINDS; kind++) {
        CHECK(pprof_write(report->profile, kind, TIME_NS, &text) == ERR_OK);
        CHECK(pprof_write_text(report->profile, kind, &text) == ERR_OK);
    }
    buf_deinit(&text);
    json_t *json = tasks_json(report);
    CHECK(json != NULL);
    json_decref(json);
}

/* Each task that a group names can be asked for. */
static void look_at_tasks(struct desk *desk, const struct profile *profile)
{
    for (uint32_t i = 0; i < profile->group_count; i++) {
        char id[LIMIT_NAME + 1];
        snprintf(id, sizeof id, "%016llx", (unsigned long long)profile->groups[i].oldest[0].id);
        (void)fuzz_desk_do(desk, request_of(LAB_TASK, id));
    }
}

static void look(struct desk *desk, const char *name)
{
    struct reply reply;
    CHECK(fuzz_desk_do(desk, request_of(LAB_PATTERN_STEPS, name)) == 200);
    CHECK(fuzz_desk_do(desk, (struct lab_request){.verb = LAB_SCENARIO_LIST}) == 200);
    if (fuzz_desk_ask(desk, &reply, (struct lab_request){.verb = LAB_TASKS, .tasks = {.token = true}}) ==
        200) {
        profile_finish(reply.request.profile);
        write_all(&(struct tasks_report){.profile = reply.request.profile,
                                         .token = reply.request.token,
                                         .since = "",
                                         .rows = TASKS_MOST_ROWS,
                                         .judged = reply.request.judged});
        look_at_tasks(desk, reply.request.profile);
    }
    reply_free(&reply);
}

/* Half of what runs is told to leave, and then all of it. */
static void play(struct desk *desk, const char *name)
{
    start_all(desk, name);
    for (int looks = 0; looks < LOOKS; looks++) {
        fuzz_desk_run(desk, TURNS_RUN);
        desk->clock.manual_ns += PAUSE;
        look(desk, name);
        if (looks == 0)
            (void)fuzz_desk_do(desk, request_of(LAB_SCENARIO_DELETE, "leak"));
    }
    fuzz_desk_reset(desk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct desk desk;
    static struct catalogue catalogue;
    struct fuzz_input input = {data, size};
    size_t bytes;
    char *text = fuzz_rest(&input, &bytes), name[LIMIT_NAME + 1];
    json_t *problem = NULL;
    struct pattern *pattern = body_compile(text, bytes, &problem);
    free(text);
    if (pattern == NULL) {
        fuzz_problem(problem);
        return 0;
    }
    snprintf(name, sizeof name, "%s", pattern->name);
    catalogue_init(&catalogue);
    fuzz_desk_open(&desk, &catalogue);
    if (add(&desk, pattern)) {
        play(&desk, name);
        CHECK(fuzz_desk_do(&desk, request_of(LAB_PATTERN_DELETE, name)) == 200);
        CHECK(catalogue.count == 0);
    }
    fuzz_desk_close(&desk);
    catalogue_deinit(&catalogue);
    return 0;
}
