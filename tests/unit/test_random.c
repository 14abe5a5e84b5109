/* Random programs, played with at random: whatever a pattern says and whenever it is cut short, the books
 * balance after every round (tests/lib/stage.h), every task waits where it should, nobody has lost a wake-up
 * at rest, queues are first in, first out (tests/lib/invariant.h), and after a reclaim nothing is left.
 *
 * A failure is made smaller, and its pattern shown with its seed. LEAKLAB_SEEDS=n tries n seeds,
 * LEAKLAB_SEED=s that one alone, of each test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "fault.h"
#include "grow.h"
#include "invariant.h"
#include "isolate.h"

#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 500
#else
#define SEEDS 1000
#endif
#define BATCH         100 /* seeds in one child process */
#define BATCH_SECONDS 60  /* of CPU, before it counts as hanging */
#define TRIAL_SECONDS 10
#define ACTS          40
#define SLOW_STEPS    60 /* in one act, task by task */
#define TEXT_MOST     8000

/* What a child tells its parent, even when it dies. */
struct progress {
    uint64_t seed;
    unsigned act;
    bool compiled;
};

struct trial {
    struct grown grown;
    uint64_t first_seed; /* of a batch */
    uint64_t seeds;
    unsigned acts;
    bool memory_fails;
    struct progress *progress;
};

/* ---- a play ---- */

static struct stage_spec random_spec(struct rng *rng)
{
    struct stage_spec spec = {.seed = rng_next(rng), .max_tasks = 100, .max_heap_bytes = 16 << 20};
    if (rng_below(rng, 2) == 0)
        spec.linger_ns = (int64_t)rng_below(rng, 200) * MS;
    if (rng_below(rng, 2) == 0)
        spec.holds_bytes = rng_below(rng, 3000);
    if (rng_below(rng, 40) == 0)
        spec.max_tasks = 3000;
    if (rng_below(rng, 4) == 0)
        spec.max_tasks = 1 + rng_below(rng, 30);
    if (rng_below(rng, 4) == 0)
        spec.max_heap_bytes = 500 + rng_below(rng, 300000);
    if (rng_below(rng, 8) == 0)
        spec.runtime_max_tasks = 1 + rng_below(rng, 500);
    if (rng_below(rng, 8) == 0)
        spec.runtime_max_heap_bytes = 500 + rng_below(rng, 300000);
    spec.owner_stays = rng_below(rng, 8) == 0;
    if (rng_below(rng, 4) == 0)
        spec.supplies[rng_below(rng, SUPPLIES)] = 1 + rng_below(rng, 5);
    return spec;
}

static void let_go(void *fake)
{
    fake_source_let_go(fake);
}

/* What is shut may be gone later only, and there may be no more to open. */
static void random_source(struct fake_source *fake, struct rng *rng)
{
    fake->late = rng_below(rng, 4) == 0;
    if (rng_below(rng, 8) == 0)
        fake->fail_at = 1 + rng_below(rng, 30);
}

static void random_act(struct stage *stage, struct rng *rng)
{
    struct workload *workload = &stage->workloads[rng_below(rng, stage->workload_count)];
    switch (rng_below(rng, 12)) {
    case 0:
    case 1:
        (void)workload_start(workload);
        return;
    case 2:
        if (rng_below(rng, 4) == 0)
            workload_cancel(workload);
        return;
    case 3:
        if (rng_below(rng, 8) == 0)
            workload_reclaim(workload);
        return;
    case 4:
        stage->clock.manual_ns += (uint64_t)MS * rng_below(rng, 20000);
        return;
    default:
        stage->clock.manual_ns += 100000 * (uint64_t)rng_below(rng, 100);
    }
}

/* Some rounds, or a task at a time; what must be true then is. */
static void random_rounds(struct stage *stage, struct rng *rng, bool slow)
{
    bool more = true;
    for (unsigned steps = slow ? SLOW_STEPS : 0; more && steps > 0; steps--)
        more = invariant_step(stage);
    for (unsigned rounds = 1 + rng_below(rng, 12); more && rounds > 0; rounds--) {
        more = stage_rounds(stage, 1);
        invariant_places(stage);
    }
    if (!more)
        invariant_rest(stage);
}

static void play(const struct trial *trial, uint64_t seed)
{
    static struct stage stage;
    struct rng rng = {~seed};
    struct buf text;
    buf_init(&text, TEXT_MOST);
    grow_write(&trial->grown, &text);
    assert_int_equal(text.err, ERR_OK);
    stage_compile(&stage, buf_text(&text));
    buf_deinit(&text);
    trial->progress->compiled = true;
    struct stage_spec spec = random_spec(&rng);
    spec.outside = let_go;
    spec.argument = &stage.fake;
    assert_int_equal(stage_set(&stage, spec), ERR_OK);
    random_source(&stage.fake, &rng);
    stage_add(&stage, random_spec(&rng));
    bool slow = rng_below(&rng, 3) == 0;
    for (unsigned act = 0; act < trial->acts; act++) {
        trial->progress->act = act;
        if (trial->memory_fails)
            fault_arm(1 + rng_below(&rng, 20), rng_below(&rng, 4) == 0);
        if (act == 0)
            (void)workload_start(stage.workload);
        else
            random_act(&stage, &rng);
        random_rounds(&stage, &rng, slow);
        fault_disarm();
    }
    stage_close(&stage);
}

/* ---- a failure, made smaller ---- */

static void play_trial(void *argument)
{
    const struct trial *trial = argument;
    play(trial, trial->grown.seed);
}

static bool trial_fails(const struct grown *grown, void *argument)
{
    struct trial *trial = argument;
    trial->grown = *grown;
    trial->progress->compiled = false;
    return !isolate(play_trial, trial, TRIAL_SECONDS, false) && trial->progress->compiled;
}

static void grow_seed(struct grown *grown, uint64_t seed)
{
    grow(grown, &(struct grow_spec){.seed = seed});
}

static void tell_failure(struct trial *trial)
{
    struct grown smallest;
    struct buf text;
    trial->acts = trial->progress->act + 1;
    grow_seed(&smallest, trial->progress->seed);
    if (!trial_fails(&smallest, trial))
        trial->acts = ACTS;
    unsigned asked = trial_fails(&smallest, trial) ? grow_shrink(&smallest, trial_fails, trial) : 0;
    trial->grown = smallest;
    isolate(play_trial, trial, TRIAL_SECONDS, true);
    buf_init(&text, TEXT_MOST);
    grow_write(&smallest, &text);
    fail_msg("seed %llu fails, and so does this rest of it, of %u statements, found in %u trials:\n%s"
             "To run it alone: LEAKLAB_SEED=%llu %s",
             (unsigned long long)smallest.seed, grow_size(&smallest), asked, buf_text(&text),
             (unsigned long long)smallest.seed, program_invocation_name);
}

/* ---- all seeds ---- */

static void play_batch(void *argument)
{
    struct trial *trial = argument;
    for (uint64_t i = 0; i < trial->seeds; i++) {
        uint64_t seed = trial->first_seed + i;
        trial->progress->seed = seed;
        trial->progress->act = 0;
        grow_seed(&trial->grown, seed);
        play(trial, seed);
    }
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void play_all(uint64_t first_seed, uint64_t seeds, bool memory_fails)
{
    static struct trial trial;
    uint64_t only = setting("LEAKLAB_SEED", 0);
    seeds = only != 0 ? 1 : setting("LEAKLAB_SEEDS", seeds);
    first_seed = only != 0 ? only : first_seed;
    trial = (struct trial){.memory_fails = memory_fails, .acts = ACTS};
    trial.progress = isolate_shared(sizeof *trial.progress);
    for (uint64_t done = 0; done < seeds; done += BATCH) {
        trial.first_seed = first_seed + done;
        trial.seeds = seeds - done < BATCH ? seeds - done : BATCH;
        if (!isolate(play_batch, &trial, BATCH_SECONDS, false))
            tell_failure(&trial);
    }
}

static void random_programs_keep_the_invariants(void **state)
{
    (void)state;
    play_all(1, SEEDS, false);
}

static void they_keep_them_when_memory_runs_out_too(void **state)
{
    (void)state;
    play_all(1000001, SEEDS / 4, true);
}

/* ---- closed channels ---- */

static const struct channel *shared_channel(const struct stage *stage, const char *name)
{
    const struct layout *layout = &stage->program->layouts[0];
    const struct start *start = container_of(stage->workload->starts.next, struct start, link);
    for (uint16_t i = 0; i < layout->count; i++)
        if (strcmp(layout->things[i].name, name) == 0)
            return (const void *)((const char *)start + layout->things[i].offset);
    fail_msg("nothing is called \"%s\"", name);
    return NULL;
}

/* However many send, however slowly others receive and whatever has room: each message is seen once, before
 * the end of the channel is. */
static void drain(uint64_t seed)
{
    static struct stage stage;
    struct rng rng = {seed};
    unsigned room = rng_below(&rng, 12), senders = 1 + rng_below(&rng, 20), messages = 1 + rng_below(&rng, 9);
    unsigned receivers = 1 + rng_below(&rng, 9), pause = rng_below(&rng, 3), late = rng_below(&rng, 40);
    char text[1024];
    snprintf(text, sizeof text,
             "share: {jobs: channel %u, seen: channel 1000, senders: group}\n"
             "fix:\n"
             "  main: [add senders %u, spawn sender * %u, spawn receiver * %u, wait senders, close jobs]\n"
             "  sender:\n"
             "  - loop %u: [send jobs, sleep %ums]\n"
             "  - finish senders\n"
             "  receiver:\n"
             "  - sleep %ums\n"
             "  - range jobs: [send seen, sleep %ums]\n",
             room, senders, senders, receivers, messages, rng_below(&rng, 3), late, pause);
    stage_play(&stage, text);
    stage_pass(&stage, 10000 * MS);
    assert_int_equal(shared_channel(&stage, "seen")->length, senders * messages);
    assert_int_equal(shared_channel(&stage, "jobs")->length, 0);
    assert_int_equal(stage_ended(&stage, END_RETURNED), senders + receivers);
    stage_close(&stage);
}

static void closed_channels_drain_and_then_end(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++)
        drain(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_channels_drain_and_then_end),
        cmocka_unit_test(random_programs_keep_the_invariants),
        cmocka_unit_test(they_keep_them_when_memory_runs_out_too),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
