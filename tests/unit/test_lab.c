/* The lab on a real loop: mail from another thread, snapshots, and a clean end. */
#include "lab/lab.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "lab_fixture.h"

#define MIB   (1024ull * 1024)
#define POSTS 300

struct bench {
    struct catalogue catalogue;
    uv_loop_t loop;
    struct lab *lab;
    struct log log;
    int fds; /* open before */
};

static int count_fds(void)
{
    DIR *directory = opendir("/proc/self/fd");
    int fds = 0;
    assert_non_null(directory);
    while (readdir(directory) != NULL)
        fds++;
    closedir(directory);
    return fds;
}

static void open_bench(struct bench *bench)
{
    load_catalogue(&bench->catalogue);
    bench->fds = count_fds();
    bench->log = (struct log){.fd = STDERR_FILENO, .level = LOG_ERROR};
    assert_int_equal(uv_loop_init(&bench->loop), 0);
    struct lab_config config = {
        .log = &bench->log, .catalogue = &bench->catalogue, .max_tasks = 100000, .max_heap_bytes = 512 * MIB};
    assert_int_equal(lab_open(&bench->lab, &bench->loop, &config), ERR_OK);
}

/* Whatever a test did: the loop closes, and no descriptor is left. */
static void close_bench(struct bench *bench)
{
    lab_close(bench->lab);
    lab_close(bench->lab);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
    lab_free(bench->lab);
    assert_int_equal(count_fds(), bench->fds);
    catalogue_deinit(&bench->catalogue);
}

static void post(struct bench *bench, struct reply *reply, enum lab_verb verb, const char *name,
                 const char *body)
{
    *reply = (struct reply){.request = {.verb = verb, .done = reply_done, .argument = reply}};
    if (name != NULL)
        snprintf(reply->request.name, sizeof reply->request.name, "%s", name);
    if (body != NULL)
        reply->request.body = json_loads(body, 0, NULL);
    lab_post(bench->lab, &reply->request);
}

static int ask(struct bench *bench, struct reply *reply, enum lab_verb verb, const char *name,
               const char *body)
{
    post(bench, reply, verb, name, body);
    while (!reply->answered)
        uv_run(&bench->loop, UV_RUN_ONCE);
    return reply->request.status;
}

static void a_lab_opens_and_closes(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    assert_non_null(lab_snapshot(bench.lab));
    assert_true(lab_snapshot(bench.lab)->program_count > 0);
    close_bench(&bench);
    lab_free(NULL);
}

static void requests_are_answered_on_the_loop(void **state)
{
    (void)state;
    struct bench bench;
    struct reply reply;
    open_bench(&bench);
    assert_int_equal(
        ask(&bench, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"leak-recv\",\"name\":\"x\",\"n\":500}"),
        201);
    assert_string_equal(reply.request.location, "x");
    reply_free(&reply);
    assert_int_equal(ask(&bench, &reply, LAB_SCENARIO_DELETE, "x", NULL), 202);
    assert_string_equal(json_look(reply.request.answer, "receipt.tasks_left"), "500");
    reply_free(&reply);
    assert_int_equal(ask(&bench, &reply, LAB_RESET, NULL, NULL), 200);
    assert_string_equal(json_look(reply.request.answer, "receipt.tasks_reclaimed"), "500");
    reply_free(&reply);
    close_bench(&bench);
}

static void the_snapshot_follows(void **state)
{
    (void)state;
    struct bench bench;
    struct reply reply;
    open_bench(&bench);
    uint64_t first = lab_snapshot(bench.lab)->sequence;
    assert_false(lab_snapshot(bench.lab)->ready);
    lab_set_ready(bench.lab, true);
    assert_true(lab_snapshot(bench.lab)->ready);
    assert_int_equal(
        ask(&bench, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"leak-recv\",\"n\":500,\"holds\":0}"), 201);
    reply_free(&reply);
    while (census_live(&program_in(lab_snapshot(bench.lab), "recv", "leak")->census) < 501)
        uv_run(&bench.loop, UV_RUN_ONCE);
    const struct snapshot *snapshot = lab_snapshot(bench.lab);
    assert_true(snapshot->sequence > first);
    assert_true(snapshot->loop_turns > 0);
    assert_true(snapshot->published_ns > 0);
    assert_int_equal(snapshot->limit_tasks, 100000);
    /* The mailbox, and where threads say goodbye. */
    assert_int_equal(snapshot->uv_handles[UV_ASYNC], 2);
    assert_int_equal(program_in(snapshot, "recv", "leak")->scenarios[SCENARIO_RUNNING], 1);
    close_bench(&bench);
}

static void the_loops_lag_is_measured(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    uint64_t samples = 0;
    while (samples < 3) {
        uv_run(&bench.loop, UV_RUN_ONCE);
        const struct snapshot *snapshot = lab_snapshot(bench.lab);
        samples = 0;
        for (int bucket = 0; bucket <= LAG_BUCKETS; bucket++)
            samples += snapshot->lag_buckets[bucket];
    }
    assert_true(lab_snapshot(bench.lab)->lag_sum_seconds >= 0);
    assert_true(lab_snapshot(bench.lab)->loop_idle_ns > 0);
    close_bench(&bench);
}

static void many_tasks_do_not_delay_the_end(void **state)
{
    (void)state;
    struct bench bench;
    struct reply reply;
    open_bench(&bench);
    assert_int_equal(
        ask(&bench, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"leak-recv\",\"n\":99000,\"holds\":0}"),
        201);
    reply_free(&reply);
    while (lab_runtime(bench.lab)->live < 50000)
        uv_run(&bench.loop, UV_RUN_ONCE);
    lab_log_tasks(bench.lab);
    close_bench(&bench);
}

static void closing_answers_what_waits_and_what_comes_later(void **state)
{
    (void)state;
    struct bench bench;
    struct reply unread, late;
    open_bench(&bench);
    lab_set_ready(bench.lab, true);
    post(&bench, &unread, LAB_SCENARIO_LIST, NULL, NULL);
    lab_close(bench.lab);
    assert_true(unread.answered);
    assert_int_equal(unread.request.status, 503);
    assert_string_equal(json_look(unread.request.answer, "title"), "Service Unavailable");
    post(&bench, &late, LAB_SCENARIO_LIST, NULL, NULL);
    assert_true(late.answered);
    assert_int_equal(late.request.status, 503);
    reply_free(&unread);
    reply_free(&late);
    lab_set_ready(bench.lab, true);
    assert_false(lab_snapshot(bench.lab)->ready);
    lab_log_tasks(bench.lab);
    close_bench(&bench);
}

#define DRY_RUNS 10
#define DRY_RUN  "{\"mode\":\"leak-unstopped-ticker\",\"rate\":\"1/s\",\"dry_run\":true}"

static int count_answered(const struct reply *replies, int status)
{
    int count = 0;
    for (int i = 0; i < DRY_RUNS; i++)
        count += replies[i].answered && replies[i].request.status == status;
    return count;
}

/* Dry runs take milliseconds each. */
static void much_work_at_once_is_done_in_many_turns_of_the_loop(void **state)
{
    (void)state;
    struct bench bench;
    static struct reply replies[DRY_RUNS];
    int turns = 0;
    open_bench(&bench);
    for (int i = 0; i < DRY_RUNS; i++)
        post(&bench, &replies[i], LAB_SCENARIO_POST, NULL, DRY_RUN);
    for (; count_answered(replies, 200) < DRY_RUNS; turns++) {
        uv_run(&bench.loop, UV_RUN_ONCE);
        assert_int_equal(count_answered(replies, 503), 0);
    }
    assert_true(turns > 2);
    for (int i = 0; i < DRY_RUNS; i++)
        reply_free(&replies[i]);
    close_bench(&bench);
}

static void closing_answers_what_there_was_no_turn_for(void **state)
{
    (void)state;
    struct bench bench;
    static struct reply replies[DRY_RUNS];
    open_bench(&bench);
    for (int i = 0; i < DRY_RUNS; i++)
        post(&bench, &replies[i], LAB_SCENARIO_POST, NULL, DRY_RUN);
    while (count_answered(replies, 200) == 0)
        uv_run(&bench.loop, UV_RUN_ONCE);
    lab_close(bench.lab);
    assert_true(count_answered(replies, 503) > 0);
    assert_int_equal(count_answered(replies, 200) + count_answered(replies, 503), DRY_RUNS);
    for (int i = 0; i < DRY_RUNS; i++)
        reply_free(&replies[i]);
    close_bench(&bench);
}

/* Another thread's requests, one after another, as the HTTP server's. */
struct client {
    struct bench *bench;
    atomic_bool answered;
    int refused;
    int answers;
};

static void client_done(struct lab_request *request, void *argument)
{
    struct client *client = argument;
    client->answers++;
    client->refused += request->status == 503;
    json_decref(request->answer);
    request->answer = NULL;
    atomic_store(&client->answered, true);
}

static void *client_run(void *argument)
{
    struct client *client = argument;
    for (int i = 0; i < POSTS; i++) {
        struct lab_request request = {.verb = LAB_SCENARIO_LIST, .done = client_done, .argument = client};
        atomic_store(&client->answered, false);
        lab_post(client->bench->lab, &request);
        while (!atomic_load(&client->answered))
            (void)lab_snapshot(client->bench->lab);
    }
    return NULL;
}

static void another_thread_is_answered_until_the_end_and_after(void **state)
{
    (void)state;
    struct bench bench;
    struct client client = {.bench = &bench};
    pthread_t thread;
    open_bench(&bench);
    assert_int_equal(pthread_create(&thread, NULL, client_run, &client), 0);
    /* Closed in the middle of it. */
    for (int i = 0; i < 50; i++)
        uv_run(&bench.loop, UV_RUN_ONCE);
    lab_close(bench.lab);
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    pthread_join(thread, NULL);
    assert_int_equal(client.answers, POSTS);
    close_bench(&bench);
}

static void where_tasks_stand_is_logged_fullest_first(void **state)
{
    (void)state;
    struct bench bench;
    struct reply reply;
    char text[2048] = "";
    FILE *file = tmpfile();
    assert_non_null(file);
    open_bench(&bench);
    ask(&bench, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"leak-recv\",\"n\":20,\"holds\":0}");
    reply_free(&reply);
    ask(&bench, &reply, LAB_SCENARIO_POST, NULL, "{\"mode\":\"leak-send\",\"n\":300,\"holds\":0}");
    reply_free(&reply);
    while (lab_runtime(bench.lab)->live < 322 ||
           program_in(lab_snapshot(bench.lab), "send", "leak")->census.states[TASK_READY] > 0)
        uv_run(&bench.loop, UV_RUN_ONCE);
    bench.log.fd = fileno(file);
    bench.log.level = LOG_INFO;
    lab_log_tasks(bench.lab);
    assert_true(pread(fileno(file), text, sizeof text - 1, 0) > 0);
    const char *all = strstr(text, "live=322");
    const char *senders = strstr(text, "step=\"send results\" tasks=300");
    const char *receivers = strstr(text, "step=\"recv jobs\" tasks=20");
    assert_true(all != NULL && senders > all && receivers > senders);
    bench.log.level = LOG_ERROR;
    close_bench(&bench);
    fclose(file);
}

static bool open_once(void *argument)
{
    struct bench *bench = argument;
    struct lab_config config = {.catalogue = &bench->catalogue, .max_tasks = 10, .max_heap_bytes = MIB};
    enum err err = lab_open(&bench->lab, &bench->loop, &config);
    if (err != ERR_OK) {
        assert_int_equal(err, ERR_MEMORY);
        assert_false(uv_loop_alive(&bench->loop));
        return false;
    }
    lab_close(bench->lab);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    lab_free(bench->lab);
    return true;
}

static void without_memory_no_lab_opens(void **state)
{
    (void)state;
    struct bench bench;
    load_catalogue(&bench.catalogue);
    assert_int_equal(uv_loop_init(&bench.loop), 0);
    fault_sweep(open_once, &bench);
    assert_int_equal(uv_loop_close(&bench.loop), 0);
    catalogue_deinit(&bench.catalogue);
}

/* libuv makes a pipe for signals with the first loop of a process, and keeps it. */
static int set_up(void **state)
{
    uv_loop_t loop;
    (void)state;
    return uv_loop_init(&loop) != 0 || uv_loop_close(&loop) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lab_opens_and_closes),
        cmocka_unit_test(requests_are_answered_on_the_loop),
        cmocka_unit_test(the_snapshot_follows),
        cmocka_unit_test(the_loops_lag_is_measured),
        cmocka_unit_test(many_tasks_do_not_delay_the_end),
        cmocka_unit_test(closing_answers_what_waits_and_what_comes_later),
        cmocka_unit_test(much_work_at_once_is_done_in_many_turns_of_the_loop),
        cmocka_unit_test(closing_answers_what_there_was_no_turn_for),
        cmocka_unit_test(another_thread_is_answered_until_the_end_and_after),
        cmocka_unit_test(where_tasks_stand_is_logged_fullest_first),
        cmocka_unit_test(without_memory_no_lab_opens),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
