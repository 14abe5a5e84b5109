/* Random programs under random schedules: the first bytes are the seed of a program (tests/lib/grow.h) and
 * its limits, every further pair one act and its amount. After every round the books balance, every task
 * waits where it should, nobody has lost a wake-up at rest, and at the end nothing is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>

#include "fuzz.h"
#include "grow.h"
#include "invariant.h"

#define TEXT_MOST 8000
#define ACTS_MOST 60
#define STEP_MOST 40 /* task by task, in one act */

static struct stage_spec spec_of(struct fuzz_input *input)
{
    struct stage_spec spec = {.seed = fuzz_byte(input), .max_tasks = 100, .max_heap_bytes = 16 << 20};
    uint8_t which = fuzz_byte(input), amount = fuzz_byte(input);
    if (which & 1)
        spec.linger_ns = amount * MS;
    if (which & 2)
        spec.holds_bytes = amount * 12;
    if (which & 4)
        spec.max_tasks = 1u + amount % 30u;
    if (which & 8)
        spec.max_heap_bytes = 500u + 1000u * amount;
    if (which & 16)
        spec.runtime_max_tasks = 1u + 2u * amount;
    if (which & 32)
        spec.runtime_max_heap_bytes = 500u + 1000u * amount;
    spec.owner_stays = which & 64;
    return spec;
}

static void compile(struct stage *stage, struct fuzz_input *input)
{
    static struct grown grown;
    struct grow_spec spec = {.seed = fuzz_number(input)};
    spec.without = fuzz_byte(input);
    spec.tasks = fuzz_byte(input) % 10u;
    struct buf text;
    grow(&grown, &spec);
    buf_init(&text, TEXT_MOST);
    grow_write(&grown, &text);
    CHECK(text.err == ERR_OK);
    stage_compile(stage, buf_text(&text));
    buf_deinit(&text);
}

static void act(struct stage *stage, uint8_t what, uint8_t amount)
{
    struct workload *workload = &stage->workloads[(what >> 4) % stage->workload_count];
    bool more = true;
    switch (what & 7) {
    case 0:
        (void)workload_start(workload);
        break;
    case 1:
        workload_cancel(workload);
        break;
    case 2:
        if (amount % 4 == 0)
            workload_reclaim(workload);
        break;
    case 3:
        stage->clock.manual_ns += (uint64_t)MS * 100u * amount;
        break;
    case 4:
        stage->clock.manual_ns += 100000u * (uint64_t)amount;
        break;
    case 5:
        for (unsigned steps = amount % STEP_MOST; more && steps > 0; steps--)
            more = invariant_step(stage);
        break;
    default:
        (void)stage_rounds(stage, amount % 16u);
    }
    invariant_places(stage);
    if (!stage_rounds(stage, 1))
        invariant_rest(stage);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stage stage;
    struct fuzz_input input = {data, size};
    setenv("CMOCKA_TEST_ABORT", "1", 1); /* a failed assertion is a crash */
    compile(&stage, &input);
    CHECK(stage_set(&stage, spec_of(&input)) == ERR_OK);
    stage_add(&stage, spec_of(&input));
    (void)workload_start(stage.workload);
    for (unsigned acts = 0; acts < ACTS_MOST && input.size > 0; acts++) {
        uint8_t what = fuzz_byte(&input);
        act(&stage, what, fuzz_byte(&input));
    }
    stage_close(&stage);
    return 0;
}
