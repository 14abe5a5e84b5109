/* The judge's verdicts beside the truth: on random programs small enough that everything which may come of a
 * moment can be tried (tests/lib/explore.h). Who is called stuck moves in no schedule, and who is called
 * endless comes to an end in none. Of programs without `chance`, once all that can come to rest has come to
 * rest, whoever moves in no schedule is called stuck.
 *
 * At rest is meant exactly: whatever happens, the same state may come again.
 *
 * The truth is put to the test as well: whatever the runtime does, operation by operation, must be something
 * that the model foresees, so that a wrong model cannot hide a wrong judge.
 *
 * A failure is made smaller, and its pattern shown with both opinions. LEAKLAB_SEEDS=n tries n seeds,
 * LEAKLAB_SEED=s that one alone, of each test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "explore.h"
#include "grow.h"
#include "isolate.h"
#include "judge/judge.h"
#include "stage.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SEEDS       300
#define STATES_MOST 2000
#else
#define SEEDS       2000
#define STATES_MOST 10000
#endif
#define BATCH         100 /* seeds in one child process */
#define BATCH_SECONDS 120 /* of CPU, before it counts as hanging */
#define TRIAL_SECONDS 20
#define ACTS          4
#define REST_ROUNDS   400
#define STEPS_MOST    300 /* operations of one program that are compared with the model */
#define TEXT_MOST     8000

/* What children tell their parent, even when they die. */
struct progress {
    uint64_t seed;
    bool compiled;
    uint64_t looks, too_big; /* moments looked at, and those of which too much may come to try all of it */
    uint64_t rests;          /* moments at rest */
    uint64_t stuck, found;   /* tasks that move in no schedule, and those of them that were called stuck */
    uint64_t endless, told;  /* at rest: tasks that move and never end, and those that were called endless */
    uint64_t states;
    uint64_t steps, perhaps; /* operations carried out, and those of which too much may have come */
};

struct trial {
    struct grown grown;
    uint64_t first_seed; /* of a batch */
    uint64_t seeds;
    void (*play)(const struct trial *trial);
    struct progress *progress;
};

static struct stage stage;
static struct judge judge;
static struct model model;
static struct explored explored;

/* ---- a start on a stage ---- */

static bool has_chance(uint64_t seed)
{
    return seed % 4 == 0;
}

static void grow_seed(struct grown *grown, uint64_t seed)
{
    struct grow_spec spec = {.seed = seed, .small = true, .tasks = 4, .statements = 5 + seed % 16};
    spec.without = GROW_HEAP | (has_chance(seed) ? 0 : GROW_CHANCE);
    grow(grown, &spec);
}

static void given(const struct trial *trial, struct rng *rng)
{
    struct buf text;
    buf_init(&text, TEXT_MOST);
    grow_write(&trial->grown, &text);
    assert_int_equal(text.err, ERR_OK);
    stage_compile(&stage, buf_text(&text));
    buf_deinit(&text);
    trial->progress->compiled = true;
    struct stage_spec spec = {.seed = rng_next(rng), .max_tasks = 200};
    spec.linger_ns = (int64_t)rng_below(rng, 3) * 10 * MS;
    spec.owner_stays = rng_below(rng, 16) == 0;
    assert_int_equal(stage_set(&stage, spec), ERR_OK);
    model = (struct model){.program = stage.program,
                           .values = stage.workload->values,
                           .lingers = spec.linger_ns > 0,
                           .stays = spec.owner_stays};
    assert_int_equal(workload_start(stage.workload), ERR_OK);
}

/* NULL: it is over. */
static struct start *the_start(void)
{
    struct workload *workload = stage.workload;
    struct link *list = list_empty(&workload->starts) ? &workload->told : &workload->starts;
    return list_empty(list) ? NULL : container_of(list->next, struct start, link);
}

static void pass_time(void)
{
    uint64_t due_ns = runtime_due_ns(stage.runtime);
    if (due_ns != UINT64_MAX && due_ns > stage.clock.manual_ns)
        stage.clock.manual_ns = due_ns;
}

static void random_rounds(struct rng *rng, unsigned most)
{
    for (unsigned rounds = rng_below(rng, most); rounds > 0; rounds--) {
        (void)stage_rounds(&stage, 1);
        if (rng_below(rng, 3) == 0)
            pass_time();
    }
}

/* The model knows of no limits: once one was hit, spawns are refused that it would foresee. */
static bool is_capped(void)
{
    return stage.workload->capped_by != LIMIT_KINDS;
}

/* Some programs go on for ever, others only as long as time passes. */
static void come_to_rest(void)
{
    for (unsigned round = 0; round < REST_ROUNDS; round++)
        if (!stage_rounds(&stage, 1))
            pass_time();
}

/* ---- both opinions ---- */

struct seen {
    const struct task *task;
    struct model_task as;
    uint8_t env_id;
    bool stands; /* blocked, so that there is something to tell */
};

/* Tasks in the order in which the model has them. */
static unsigned look_at_tasks(struct start *start, const struct model_state *state, struct seen *seen)
{
    unsigned count = 0;
    struct link *lists[] = {&start->tasks, &start->stuck}, *link;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        list_each (link, lists[i]) {
            const struct task *task = container_of(link, struct task, link);
            struct model_task as = state->tasks[count];
            seen[count++] = (struct seen){task, as, state->envs[as.env].id, as.stage != MODEL_ARRIVED};
        }
    }
    return count;
}

static void tell(const struct seen *seen, const char *truth)
{
    static const char *const verdicts[] = {
        [VERDICT_LIVE] = "live", [VERDICT_STUCK] = "stuck", [VERDICT_ENDLESS] = "endless"};
    const struct program *program = stage.program;
    const struct step *step = &program->steps[program->ops[seen->task->pc].step];
    fail_msg("%s at `%s` (line %u): the judge says %s, but it %s", program->kinds[seen->task->kind].name,
             step->text, step->line - 4, verdicts[seen->task->verdict], truth);
}

/* A task that comes to its end in some schedule. */
static bool comes_to_its_end(const struct model_state *state, unsigned who)
{
    static struct model_state tagged;
    static struct explored ending;
    tagged = *state;
    tagged.tasks[who].tag = 1;
    explore(&model, &tagged, STATES_MOST, &ending);
    return ending.ends || !ending.whole;
}

static void compare_stuck(const struct seen *seen, bool rests, struct progress *progress)
{
    bool called = seen->task->verdict == VERDICT_STUCK;
    if (!seen->stands) {
        if (called)
            tell(seen, "has been woken, or sleeps, or lingers");
        return;
    }
    const struct explore_place *place = explore_find(&explored, seen->env_id, seen->as.pc, seen->as.stage);
    if (called && place->moves)
        tell(seen, "moves in some schedule");
    if (!explored.whole || place->moves)
        return;
    progress->stuck++;
    progress->found += called;
    if (rests && !called)
        tell(seen, "moves in no schedule");
}

/* What moves and does not end is not always called endless: see judge/judge.h. */
static void compare_endless(const struct seen *seen, unsigned who, const struct model_state *state,
                            struct progress *progress)
{
    bool called = seen->task->verdict == VERDICT_ENDLESS;
    bool asked = called ||
                 (explored.recurrent && seen->task->verdict == VERDICT_LIVE && seen->task->start->owner_left);
    if (!asked)
        return;
    bool ends = comes_to_its_end(state, who);
    if (called && ends && explored.whole)
        tell(seen, "comes to its end in some schedule");
    progress->endless += !ends;
    progress->told += !ends && called;
}

static void compare(const struct trial *trial)
{
    static struct model_state state;
    struct seen seen[MODEL_TASKS];
    struct start *start = the_start();
    struct progress *progress = trial->progress;
    if (start == NULL)
        return;
    judge_now(&judge);
    progress->looks++;
    model_take(&model, start, &state);
    if (state.too_big || is_capped()) {
        progress->too_big++;
        return;
    }
    unsigned count = look_at_tasks(start, &state, seen);
    explored.place_count = 0;
    for (unsigned i = 0; i < count; i++)
        if (seen[i].stands)
            explore_add(&explored,
                        (struct explore_place){seen[i].env_id, seen[i].as.stage, seen[i].as.pc, false});
    model_settle(&model, &state, NULL);
    explore(&model, &state, STATES_MOST, &explored);
    progress->states += explored.states;
    progress->too_big += !explored.whole;
    progress->rests += explored.recurrent;
    bool rests = explored.recurrent && !has_chance(trial->grown.seed) && !model.stays;
    for (unsigned i = 0; i < count; i++) {
        compare_stuck(&seen[i], rests, progress);
        compare_endless(&seen[i], i, &state, progress);
    }
}

static void play_verdicts(const struct trial *trial)
{
    struct rng rng = {~trial->grown.seed};
    given(trial, &rng);
    judge_init(&judge, stage.runtime, &(struct judge_config){0});
    for (unsigned act = 0; act < ACTS; act++) {
        random_rounds(&rng, 12);
        compare(trial);
        if (rng_below(&rng, 4) == 0)
            workload_cancel(stage.workload);
    }
    workload_cancel(stage.workload);
    come_to_rest();
    compare(trial);
    judge_deinit(&judge);
    stage_close(&stage);
}

/* ---- what the runtime does, the model foresees ---- */

struct replay {
    struct watch watch;
    const struct trial *trial;
    struct model_state last;
    bool known; /* there is a last state */
    unsigned steps;
};

/* Environments are told apart by what is in them. */
static void forget_ids(struct model_state *state)
{
    for (unsigned i = 0; i < state->env_count; i++)
        state->envs[i].id = 0;
}

static void foresee(struct replay *replay)
{
    static struct model_state state;
    if (replay->steps++ == STEPS_MOST)
        stage.runtime->watch = NULL;
    model_take(&model, replay->watch.start, &state);
    model_settle(&model, &state, NULL);
    forget_ids(&state);
    uint8_t form[MODEL_FORM];
    bool known = model_form(&model, &state, form) > 0 && !is_capped();
    if (known && replay->known) {
        replay->trial->progress->steps++;
        enum foreseen foreseen = explore_reaches(&model, &replay->last, &state, STATES_MOST);
        if (foreseen == FORESEEN_NOT)
            fail_msg("the runtime has done what the model does not foresee");
        replay->trial->progress->perhaps += foreseen == FORESEEN_PERHAPS;
    }
    replay->last = state;
    replay->known = known;
}

static void arrives(struct watch *watch, struct task *task)
{
    (void)task;
    foresee(container_of(watch, struct replay, watch));
}

static void leaves(struct watch *watch, struct task *task)
{
    (void)watch;
    (void)task;
}

static void play_steps(const struct trial *trial)
{
    static struct replay replay;
    struct rng rng = {~trial->grown.seed};
    given(trial, &rng);
    replay = (struct replay){.watch = {.arrives = arrives, .leaves = leaves, .start = the_start()}};
    replay.trial = trial;
    watch_hold(&replay.watch.start->env);
    stage.runtime->watch = &replay.watch;
    for (unsigned act = 0; act < ACTS && replay.steps < STEPS_MOST; act++) {
        random_rounds(&rng, 12);
        if (rng_below(&rng, 4) == 0)
            workload_cancel(stage.workload);
    }
    stage.runtime->watch = NULL;
    watch_release(&replay.watch.start->env);
    stage_close(&stage);
}

/* ---- a failure, made smaller ---- */

static void play_trial(void *argument)
{
    const struct trial *trial = argument;
    trial->play(trial);
}

static bool trial_fails(const struct grown *grown, void *argument)
{
    struct trial *trial = argument;
    trial->grown = *grown;
    trial->progress->compiled = false;
    return !isolate(play_trial, trial, TRIAL_SECONDS, false) && trial->progress->compiled;
}

static void tell_failure(struct trial *trial)
{
    struct grown smallest;
    struct buf text;
    grow_seed(&smallest, trial->progress->seed);
    unsigned asked = trial_fails(&smallest, trial) ? grow_shrink(&smallest, trial_fails, trial) : 0;
    trial->grown = smallest;
    isolate(play_trial, trial, TRIAL_SECONDS, true);
    buf_init(&text, TEXT_MOST);
    grow_write(&smallest, &text);
    fail_msg("seed %llu fails, and so does this rest of it, of %u statements, found in %u trials:\n%s"
             "To run it alone: LEAKLAB_SEED=%llu tests/unit/test_truth",
             (unsigned long long)smallest.seed, grow_size(&smallest), asked, buf_text(&text),
             (unsigned long long)smallest.seed);
}

/* ---- all seeds ---- */

static void play_batch(void *argument)
{
    struct trial *trial = argument;
    for (uint64_t i = 0; i < trial->seeds; i++) {
        trial->progress->seed = trial->first_seed + i;
        grow_seed(&trial->grown, trial->first_seed + i);
        trial->play(trial);
    }
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static const struct progress *play_all(void (*play)(const struct trial *trial), uint64_t seeds)
{
    static struct trial trial;
    uint64_t only = setting("LEAKLAB_SEED", 0);
    uint64_t first_seed = only != 0 ? only : 1;
    seeds = only != 0 ? 1 : setting("LEAKLAB_SEEDS", seeds);
    trial = (struct trial){.play = play, .progress = isolate_shared(sizeof *trial.progress)};
    for (uint64_t done = 0; done < seeds; done += BATCH) {
        trial.first_seed = first_seed + done;
        trial.seeds = seeds - done < BATCH ? seeds - done : BATCH;
        if (!isolate(play_batch, &trial, BATCH_SECONDS, false))
            tell_failure(&trial);
    }
    return trial.progress;
}

static void verdicts_are_true(void **state)
{
    (void)state;
    const struct progress *progress = play_all(play_verdicts, SEEDS);
    print_message("%llu moments, %llu of them too big to try everything, %llu at rest; %llu states\n",
                  (unsigned long long)progress->looks, (unsigned long long)progress->too_big,
                  (unsigned long long)progress->rests, (unsigned long long)progress->states);
    print_message("%llu of %llu tasks that move in no schedule were called stuck, before and at rest; "
                  "%llu of %llu that never end endless\n",
                  (unsigned long long)progress->found, (unsigned long long)progress->stuck,
                  (unsigned long long)progress->told, (unsigned long long)progress->endless);
    /* Otherwise there is nothing that it says. */
    if (getenv("LEAKLAB_SEED") == NULL)
        assert_true(progress->too_big * 5 < progress->looks && progress->rests > 0 && progress->found > 0);
}

static void what_the_runtime_does_is_foreseen(void **state)
{
    (void)state;
    const struct progress *progress = play_all(play_steps, SEEDS);
    print_message("%llu operations, %llu of them with too much that may come of itself\n",
                  (unsigned long long)progress->steps, (unsigned long long)progress->perhaps);
    assert_true(progress->perhaps * 50 <= progress->steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_runtime_does_is_foreseen),
        cmocka_unit_test(verdicts_are_true),
    };
    return cmocka_run_group_tests_name("truth", tests, NULL, NULL);
}
