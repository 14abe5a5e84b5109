/* What is said to be reached in no run is reached in none: random programs are played, and wherever a task
 * stands, reading the program said that it may. A failure names its seed and shows the pattern. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "judge/locks.h"
#include "stage.h"

#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 200
#else
#define SEEDS 1500
#endif
#define ROUNDS    400
#define TEXT_MOST 7000

/* Tasks of the stage that stand where nobody should come to. */
static unsigned strangers(const struct stage *stage, const struct flow *flow)
{
    const struct workload *workload = stage->workload;
    const struct link *lists[] = {&workload->starts, &workload->told};
    unsigned count = 0;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct link *at, *each;
        list_each (at, lists[i])
            list_each (each, &container_of(at, struct start, link)->tasks)
                count += !flow->reached[container_of(each, struct task, link)->pc];
    }
    return count;
}

static unsigned play(struct stage *stage, struct flow *flow)
{
    unsigned count = 0;
    assert_int_equal(workload_start(stage->workload), ERR_OK);
    for (unsigned round = 0; round < ROUNDS && count == 0; round++) {
        if (!stage_rounds(stage, 1)) {
            uint64_t due_ns = runtime_due_ns(stage->runtime);
            if (due_ns == UINT64_MAX && stage->workload->cancelled)
                break;
            if (due_ns == UINT64_MAX || round == ROUNDS / 2)
                workload_cancel(stage->workload);
            else
                stage->clock.manual_ns =
                    due_ns > stage->clock.manual_ns ? due_ns : stage->clock.manual_ns + 1;
        }
        count = strangers(stage, flow);
    }
    return count;
}

static unsigned read_and_play(struct stage *stage)
{
    struct flow *flow = calloc(1, sizeof *flow);
    struct findings findings;
    struct roles roles;
    assert_non_null(flow);
    assert_int_equal(roles_init(&roles, stage->program), ERR_OK);
    assert_int_equal(findings_init(&findings, stage->program), ERR_OK);
    assert_int_equal(flow_init(flow, stage->program, stage->workload->values, &roles), ERR_OK);
    assert_int_equal(locks_look(flow, &findings), ERR_OK);
    unsigned count = play(stage, flow);
    flow_deinit(flow);
    findings_deinit(&findings);
    roles_deinit(&roles);
    free(flow);
    return count;
}

static void nobody_comes_where_nobody_should(void **state)
{
    (void)state;
    unsigned unreached = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct grown grown;
        struct stage stage;
        struct buf text;
        grow(&grown, &(struct grow_spec){.seed = seed});
        buf_init(&text, TEXT_MOST);
        grow_write(&grown, &text);
        stage_open(&stage, (struct stage_spec){.text = buf_text(&text),
                                               .seed = seed,
                                               .linger_ns = 20 * MS,
                                               .max_tasks = 100,
                                               .max_heap_bytes = 4 << 20});
        if (read_and_play(&stage) > 0) {
            print_message("seed %llu\n%s", (unsigned long long)seed, buf_text(&text));
            unreached++;
        }
        stage_close(&stage);
        buf_deinit(&text);
    }
    assert_int_equal(unreached, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nobody_comes_where_nobody_should)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
