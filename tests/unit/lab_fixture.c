#include "lab_fixture.h"

#include "judge/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t fixed_seed(void *argument)
{
    (void)argument;
    return DESK_SEED;
}

static void *json_take(size_t size)
{
    return malloc(size);
}

static void json_give(void *memory)
{
    free(memory);
}

void json_can_fail(void)
{
    json_set_alloc_funcs(json_take, json_give);
}

void load_catalogue(struct catalogue *catalogue)
{
    struct buf why;
    buf_init(&why, 4096);
    catalogue_init(catalogue);
    if (catalogue_load(catalogue, &why) != ERR_OK)
        fail_msg("%s", buf_text(&why));
    buf_deinit(&why);
}

void desk_open(struct desk *desk, uint64_t max_tasks, uint64_t max_heap_bytes)
{
    load_catalogue(&desk->catalogue);
    desk->clock = clock_manual(SEC);
    struct core_config config = {
        .catalogue = &desk->catalogue,
        .max_tasks = max_tasks,
        .max_heap_bytes = max_heap_bytes,
        .clock = &desk->clock,
        .seed = fixed_seed,
    };
    fake_source_init(&desk->fake);
    config.source = &desk->fake.source;
    for (int supply = 0; supply < SUPPLIES; supply++)
        config.supplies[supply] = 1000;
    assert_int_equal(core_init(&desk->core, &config), ERR_OK);
}

void desk_close(struct desk *desk)
{
    struct reply reply;
    assert_int_equal(desk_ask(desk, &reply, LAB_RESET, NULL, NULL), 200);
    reply_free(&reply);
    assert_int_equal(desk->core.runtime.live, 0);
    assert_int_equal(desk->core.runtime.charged_bytes, 0);
    core_close(&desk->core);
    core_deinit(&desk->core);
    catalogue_deinit(&desk->catalogue);
}

void desk_settle(struct desk *desk)
{
    for (int turn = 0; turn < 1000000; turn++) {
        bool more = runtime_turn(&desk->core.runtime, (struct budget){.rounds = 4});
        bool given = core_after_turn(&desk->core);
        core_deliver(&desk->core);
        if (!more && !given)
            return;
    }
    fail_msg("the runtime does not come to rest");
}

void desk_advance(struct desk *desk, uint64_t ns)
{
    uint64_t end_ns = desk->clock.manual_ns + ns;
    while (desk->clock.manual_ns < end_ns) {
        uint64_t due_ns = runtime_due_ns(&desk->core.runtime);
        uint64_t next_ns = desk->clock.manual_ns + MS;
        next_ns = due_ns > next_ns ? due_ns : next_ns;
        desk->clock.manual_ns = next_ns < end_ns ? next_ns : end_ns;
        desk_settle(desk);
    }
}

void reply_done(struct lab_request *request, void *argument)
{
    struct reply *reply = argument;
    assert_ptr_equal(request, &reply->request);
    assert_false(reply->answered);
    reply->answered = true;
}

void reply_free(struct reply *reply)
{
    json_decref(reply->request.body);
    json_decref(reply->request.answer);
    profile_free(reply->request.profile);
    memset(reply, 0, sizeof *reply);
}

void desk_post(struct desk *desk, struct reply *reply, enum lab_verb verb, const char *name, const char *body)
{
    *reply = (struct reply){.request = {.verb = verb, .done = reply_done, .argument = reply}};
    if (name != NULL)
        snprintf(reply->request.name, sizeof reply->request.name, "%s", name);
    if (body != NULL) {
        reply->request.body = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(reply->request.body);
    }
    core_handle(&desk->core, &reply->request);
    core_deliver(&desk->core);
}

int desk_ask(struct desk *desk, struct reply *reply, enum lab_verb verb, const char *name, const char *body)
{
    desk_post(desk, reply, verb, name, body);
    desk_settle(desk);
    assert_true(reply->answered);
    return reply->request.status;
}

void desk_spawn(struct desk *desk, const char *body)
{
    struct reply reply;
    int status = desk_ask(desk, &reply, LAB_SCENARIO_POST, NULL, body);
    if (status != 201)
        fail_msg("%d: %s", status, json_look(reply.request.answer, "errors.0.detail"));
    reply_free(&reply);
}

const char *json_look(const json_t *json, const char *path)
{
    static char text[8192];
    char key[128];
    while (*path != '\0') {
        size_t length = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)length, path);
        path += length + (path[length] == '.');
        json =
            json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10)) : json_object_get(json, key);
    }
    if (json == NULL)
        return "(none)";
    if (json_is_string(json)) {
        snprintf(text, sizeof text, "%s", json_string_value(json));
        return text;
    }
    size_t size = json_dumpb(json, text, sizeof text - 1, JSON_ENCODE_ANY | JSON_COMPACT);
    text[size < sizeof text ? size : sizeof text - 1] = '\0';
    return text;
}

const char *desk_look(struct desk *desk, const char *name, const char *path)
{
    struct reply reply;
    desk_post(desk, &reply, LAB_SCENARIO_SHOW, name, NULL);
    assert_true(reply.answered);
    const char *text = json_look(reply.request.answer, path);
    reply_free(&reply);
    return text;
}

const struct snapshot_program *program_in(const struct snapshot *snapshot, const char *pattern,
                                          const char *variant)
{
    for (uint32_t i = 0; i < snapshot->program_count; i++) {
        const struct snapshot_program *program = &snapshot->programs[i];
        if (strcmp(program->pattern, pattern) == 0 && strcmp(program->variant, variant) == 0)
            return program;
    }
    fail_msg("%s-%s is not in the snapshot", variant, pattern);
    return NULL;
}
