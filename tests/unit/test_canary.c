/* The canary: what it says while libuv's pool is free, and while somebody blocks all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lab/canary.h"
#include "runtime/real.h"

#define SEC     1000000000ull
#define BLOCKED 128 /* more than libuv lets its pool have threads, by default or otherwise, in a test */

struct bench {
    uv_loop_t loop;
    struct real real;
    struct canary canary;
};

static void bench_open(struct bench *bench)
{
    *bench = (struct bench){.canary = {.flying = false}};
    assert_int_equal(uv_loop_init(&bench->loop), 0);
    assert_int_equal(real_init(&bench->real, &bench->loop, NULL, NULL), ERR_OK);
}

static void bench_close(struct bench *bench)
{
    real_close(&bench->real);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_false(bench->canary.flying);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
}

static void come_back(struct bench *bench)
{
    while (bench->canary.flying)
        uv_run(&bench->loop, UV_RUN_ONCE);
}

static void it_flies_once_a_second(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    uint64_t now_ns = uv_hrtime();
    canary_look(&bench.canary, &bench.loop, now_ns);
    assert_true(bench.canary.flying);
    come_back(&bench);
    assert_int_equal(canary_delay_ns(&bench.canary, now_ns + 10 * SEC),
                     bench.canary.began_ns - bench.canary.submitted_ns);
    canary_look(&bench.canary, &bench.loop, now_ns + SEC - 1);
    assert_false(bench.canary.flying);
    canary_look(&bench.canary, &bench.loop, now_ns + SEC);
    assert_true(bench.canary.flying);
    bench_close(&bench);
}

static void its_delay_grows_while_nobody_gets_a_thread(void **state)
{
    (void)state;
    struct bench bench;
    struct resource *jobs[BLOCKED];
    bench_open(&bench);
    for (int i = 0; i < BLOCKED; i++) {
        assert_int_equal(bench.real.source.open(&bench.real.source, RESOURCE_JOB, &jobs[i]), ERR_OK);
        jobs[i]->workload = NULL;
    }
    uint64_t now_ns = uv_hrtime();
    canary_look(&bench.canary, &bench.loop, now_ns);
    uv_run(&bench.loop, UV_RUN_NOWAIT);
    assert_true(bench.canary.flying);
    assert_int_equal(canary_delay_ns(&bench.canary, now_ns + 3 * SEC), 3 * SEC);
    assert_int_equal(canary_delay_ns(&bench.canary, now_ns + 70 * SEC), 70 * SEC);
    canary_look(&bench.canary, &bench.loop, now_ns + 70 * SEC);
    assert_int_equal(bench.canary.submitted_ns, now_ns);
    for (int i = 0; i < BLOCKED; i++)
        bench.real.source.shut(&bench.real.source, jobs[i]);
    come_back(&bench);
    assert_int_equal(canary_delay_ns(&bench.canary, now_ns), bench.canary.began_ns - now_ns);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_flies_once_a_second),
        cmocka_unit_test(its_delay_grows_while_nobody_gets_a_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
