/* What is shown of each kind of thing that a task sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "judge/inspect.h"
#include "stage.h"

/* The task looked at waits on a nil channel behind `steps`, with all of what `share` makes in sight. */
static const struct {
    const char *about, *share, *steps, *sees;
} things[] = {
    {"a channel with messages", "c: channel 3", "send c, send c",
     "{'nil': false, 'closed': false, 'length': 2, 'capacity': 3, 'receivers_waiting': 0, "
     "'senders_waiting': 0, 'kind': 'channel'}"},
    {"a closed channel", "c: channel", "close c",
     "{'nil': false, 'closed': true, 'length': 0, 'capacity': 0, 'receivers_waiting': 0, 'senders_waiting': "
     "0, 'kind': 'channel'}"},
    {"a queue with messages", "c: queue 100B", "send c, send c, send c",
     "{'closed': false, 'length': 3, 'message_bytes': 100, 'bytes': 300, 'receivers_waiting': 0, 'kind': "
     "'queue'}"},
    {"an empty queue that others wait for", "c: queue 1KiB", "spawn other * 2",
     "{'closed': false, 'length': 0, 'message_bytes': 1024, 'bytes': 0, 'receivers_waiting': 2, 'kind': "
     "'queue'}"},
    {"a closed queue with messages", "c: queue 80B", "send c, close c",
     "{'closed': true, 'length': 1, 'message_bytes': 80, 'bytes': 80, 'receivers_waiting': 0, 'kind': "
     "'queue'}"},
    {"a number", "c: number 5", "set c + 2", "{'value': 7, 'kind': 'number'}"},
    {"a ticker", "c: ticker 10ms", "tick c",
     "{'period_ms': 10, 'stopped': false, 'pending': false, 'waiting': 0, 'kind': 'ticker'}"},
    {"a scope", "c: scope", "cancel c",
     "{'state': 'cancelled', 'deadline': false, 'waiting': 0, 'kind': 'scope'}"},
    {"a mutex", "c: mutex", "lock c", "{'locked': true, 'waiting': 0, 'kind': 'mutex'}"},
    {"an rwmutex", "c: rwmutex", "rlock c, rlock c",
     "{'writing': false, 'reading': 2, 'writers_waiting': 0, 'readers_waiting': 0, 'kind': 'rwmutex'}"},
    {"a group", "c: group", "add c 4, finish c", "{'counter': 3, 'waiting': 0, 'kind': 'group'}"},
    {"a file", "c: file", "open c", "{'open': true, 'kind': 'file'}"},
    {"a socket", "c: socket", "open c, shut c", "{'open': false, 'kind': 'socket'}"},
};

static const struct task *find(struct stage *stage)
{
    struct link *link = stage->workload->starts.next;
    const struct start *start = container_of(link, struct start, link);
    for (link = start->tasks.next; link != &start->tasks; link = link->next) {
        const struct task *task = container_of(link, struct task, link);
        if (strcmp(stage->program->kinds[task->kind].name, "one") == 0)
            return task;
    }
    fail_msg("there is no such task");
    return NULL;
}

static void a_thing_is_shown_as_it_stands(void **state)
{
    static struct stage stage;
    size_t i = (size_t)(uintptr_t)*state;
    char text[1024];
    json_error_t error;
    snprintf(text, sizeof text,
             "share: {%s, never: nil channel}\nfix:\n  main: [spawn one]\n  one: [%s, recv never]\n%s",
             things[i].share, things[i].steps,
             strstr(things[i].steps, "other") == NULL ? "" : "  other: [recv c]\n");
    stage_open(&stage, (struct stage_spec){.text = text, .linger_ns = 1000 * MS});
    stage_start(&stage);
    stage_pass(&stage, 15 * MS);
    json_t *shown = inspect_json(find(&stage), 1, "mine");
    assert_non_null(shown);
    char expected[512];
    snprintf(expected, sizeof expected, "%s", things[i].sees);
    for (char *at = expected; (at = strchr(at, '\'')) != NULL;)
        *at = '"';
    json_t *sees = json_loads(expected, 0, &error);
    assert_non_null(sees);
    json_object_set_new(sees, "name", json_string("c"));
    json_object_set_new(sees, "shared", json_true());
    const json_t *seen = json_array_get(json_object_get(shown, "sees"), 0);
    if (!json_equal(seen, sees))
        fail_msg("%s is shown as %s", things[i].about, json_dumps(seen, 0));
    json_decref(sees);
    json_decref(shown);
    stage_close(&stage);
}

int main(void)
{
    struct CMUnitTest tests[COUNT_OF(things)];
    for (size_t i = 0; i < COUNT_OF(things); i++)
        tests[i] = (struct CMUnitTest){.name = things[i].about,
                                       .test_func = a_thing_is_shown_as_it_stands,
                                       .initial_state = (void *)(uintptr_t)i};
    return _cmocka_run_group_tests("inspect", tests, COUNT_OF(tests), NULL, NULL);
}
