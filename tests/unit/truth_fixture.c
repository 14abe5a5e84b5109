#include "truth_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ROUNDS_MOST 12  /* of one act */
#define REST_ROUNDS 400 /* in which everybody comes to rest who does */

static struct judge judge;
static struct explored explored;

struct truth *truth(void)
{
    static struct truth the_one;
    return &the_one;
}

/* ---- a start on a stage ---- */

/* What programs do without, by seed: the fewer kinds of statement there are, the more often the others meet.
 */
static const unsigned profiles[] = {
    GROW_HEAP | GROW_REAL,
    GROW_HEAP | GROW_REAL | GROW_CHANCE | GROW_NUMBERS,
    GROW_HEAP | GROW_REAL | GROW_CHANCE | GROW_NUMBERS | GROW_TIME | GROW_PANICS,
    GROW_HEAP | GROW_REAL | GROW_CHANCE | GROW_NUMBERS | GROW_TIME | GROW_PANICS | GROW_SELECTS,
};

static unsigned profile_of(uint64_t seed)
{
    return profiles[seed % COUNT_OF(profiles)];
}

void truth_grow(struct grown *grown, uint64_t seed)
{
    struct grow_spec spec = {.seed = seed, .without = profile_of(seed), .small = true, .tasks = 4};
    spec.statements = 5 + seed / COUNT_OF(profiles) % 16;
    grow(grown, &spec);
}

void truth_given(const struct trial *trial, struct rng *rng)
{
    struct buf text;
    buf_init(&text, TRUTH_TEXT);
    if (trial->text != NULL)
        buf_puts(&text, trial->text);
    else
        grow_write(&trial->grown, &text);
    assert_int_equal(text.err, ERR_OK);
    stage_compile(&truth()->stage, buf_text(&text));
    buf_deinit(&text);
    trial->progress->compiled = true;
    struct stage_spec spec = {.seed = rng_next(rng), .max_tasks = 200};
    spec.linger_ns = (int64_t)rng_below(rng, 3) * 10 * MS;
    spec.owner_stays = rng_below(rng, 16) == 0;
    assert_int_equal(stage_set(&truth()->stage, spec), ERR_OK);
    truth()->model = (struct model){.program = truth()->stage.program,
                                    .values = truth()->stage.workload->values,
                                    .lingers = spec.linger_ns > 0,
                                    .stays = spec.owner_stays};
    assert_int_equal(workload_start(truth()->stage.workload), ERR_OK);
}

/* NULL: it is over. */
struct start *truth_start(void)
{
    struct workload *workload = truth()->stage.workload;
    struct link *list = list_empty(&workload->starts) ? &workload->told : &workload->starts;
    return list_empty(list) ? NULL : container_of(list->next, struct start, link);
}

/* Not while somebody has been told that something is over and does not know yet: what comes due meanwhile may
 * still be first for him, as if it had been so all along, and that is one more thing to foresee. */
static void pass_time(void)
{
    const struct runtime *runtime = truth()->stage.runtime;
    uint64_t due_ns = runtime_due_ns(runtime);
    if (!list_empty(&runtime->waking) || !list_empty(&runtime->cancelling))
        return;
    if (due_ns != UINT64_MAX && due_ns > truth()->stage.clock.manual_ns)
        truth()->stage.clock.manual_ns = due_ns;
}

void truth_rounds(struct rng *rng)
{
    for (unsigned rounds = rng_below(rng, ROUNDS_MOST); rounds > 0; rounds--) {
        (void)stage_rounds(&truth()->stage, 1);
        if (rng_below(rng, 3) == 0)
            pass_time();
    }
}

/* The model knows of no limits: once one was hit, spawns are refused that it would foresee. */
bool truth_capped(void)
{
    return truth()->stage.workload->capped_by != LIMIT_KINDS;
}

/* Some programs go on for ever, others only as long as time passes. */
static void come_to_rest(void)
{
    for (unsigned round = 0; round < REST_ROUNDS; round++)
        if (!stage_rounds(&truth()->stage, 1))
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
            bool stands =
                as.stage == MODEL_BLOCKED || as.stage == MODEL_WAITING || as.stage == MODEL_RELOCKING;
            seen[count++] = (struct seen){task, as, state->envs[as.env].id, stands};
        }
    }
    return count;
}

static void tell(const struct seen *seen, const char *opinion)
{
    static const char *const verdicts[] = {
        [VERDICT_LIVE] = "live", [VERDICT_STUCK] = "stuck", [VERDICT_ENDLESS] = "endless"};
    const struct program *program = truth()->stage.program;
    const struct step *step = &program->steps[program->ops[seen->task->pc].step];
    fail_msg("%s at `%s` (line %u): the judge says %s, but it %s", program->kinds[seen->task->kind].name,
             step->text, step->line - 4, verdicts[seen->task->verdict], opinion);
}

/* A task that comes to its end in some schedule. */
static bool comes_to_its_end(const struct model_state *state, unsigned who)
{
    static struct model_state tagged;
    static struct explored ending;
    tagged = *state;
    tagged.tasks[who].tag = 1;
    explore(&truth()->model, &tagged, TRUTH_STATES, &ending);
    return ending.ends || !ending.whole;
}

static void compare_stuck(const struct trial *trial, const struct seen *seen, bool rests)
{
    struct progress *progress = trial->progress;
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
        progress->missed++;
    if (rests && !called && !trial->beyond)
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
    struct start *start = truth_start();
    struct progress *progress = trial->progress;
    if (start == NULL)
        return;
    judge_now(&judge);
    progress->looks++;
    model_take(&truth()->model, start, &state);
    if (state.too_big || truth_capped()) {
        progress->too_big++;
        return;
    }
    unsigned count = look_at_tasks(start, &state, seen);
    explored.place_count = 0;
    for (unsigned i = 0; i < count; i++)
        if (seen[i].stands)
            explore_add(&explored,
                        (struct explore_place){seen[i].env_id, seen[i].as.stage, seen[i].as.pc, false});
    model_settle(&truth()->model, &state, NULL);
    explore(&truth()->model, &state, TRUTH_STATES, &explored);
    progress->states += explored.states;
    progress->too_big += !explored.whole;
    progress->rests += explored.recurrent;
    bool chance = trial->text == NULL && (~profile_of(trial->grown.seed) & (GROW_CHANCE | GROW_NUMBERS)) != 0;
    bool rests = explored.recurrent && !chance && !truth()->model.stays;
    for (unsigned i = 0; i < count; i++) {
        compare_stuck(trial, &seen[i], rests);
        compare_endless(&seen[i], i, &state, progress);
    }
}

void truth_play(const struct trial *trial)
{
    struct rng rng = {~trial->grown.seed};
    truth_given(trial, &rng);
    struct judge_config sliced = {.interval_ns = 20 * MS, .slice_steps = 5, .whole_steps = 1};
    bool in_slices = rng_below(&rng, 3) == 0 && !trial->whole;
    judge_init(&judge, truth()->stage.runtime, in_slices ? &sliced : &(struct judge_config){0});
    for (unsigned act = 0; act < TRUTH_ACTS; act++) {
        truth_rounds(&rng);
        compare(trial);
        if (rng_below(&rng, 4) == 0)
            workload_cancel(truth()->stage.workload);
    }
    workload_cancel(truth()->stage.workload);
    come_to_rest();
    compare(trial);
    judge_deinit(&judge);
    stage_close(&truth()->stage);
}
