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

#include "isolate.h"
#include "truth_fixture.h"

#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 200
#else
#define SEEDS 1000
#endif
#define HARD_SEEDS    40
#define BATCH         100 /* seeds in one child process */
#define BATCH_SECONDS 120 /* of CPU, before it counts as hanging */
#define TRIAL_SECONDS 20
#define STEPS_MOST    300 /* operations of one program that are compared with the model */

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
        truth()->stage.runtime->watch = NULL;
    model_take(&truth()->model, replay->watch.start, &state);
    model_settle(&truth()->model, &state, NULL);
    forget_ids(&state);
    uint8_t form[MODEL_FORM];
    bool known = model_form(&truth()->model, &state, form) > 0 && !truth_capped();
    if (known && replay->known) {
        replay->trial->progress->steps++;
        enum foreseen foreseen = explore_reaches(&truth()->model, &replay->last, &state, TRUTH_STATES);
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
    truth_given(trial, &rng);
    replay = (struct replay){.watch = {.arrives = arrives, .leaves = leaves, .start = truth_start()}};
    replay.trial = trial;
    watch_hold(&replay.watch.start->env);
    truth()->stage.runtime->watch = &replay.watch;
    for (unsigned act = 0; act < TRUTH_ACTS && replay.steps < STEPS_MOST; act++) {
        truth_rounds(&rng);
        if (rng_below(&rng, 4) == 0)
            workload_cancel(truth()->stage.workload);
    }
    truth()->stage.runtime->watch = NULL;
    watch_release(&replay.watch.start->env);
    stage_close(&truth()->stage);
}

/* ---- programs that a random one seldom is ---- */

/* Those at the end are beyond the judge: it does not count in slices, and it does not see that tasks keep
 * each other from meeting. Should one of these fail, it has learnt to, and judge/judge.h is to say so. */
static const struct hard {
    const char *about;
    const char *share, *main, *tasks;
    bool whole; /* judged within one slice */
    bool beyond;
} hard[] = {
    {.about = "a group that is finished later",
     .share = "{g: group}",
     .main = "[add g 1, spawn w, spawn a]",
     .tasks = "  w: [wait g]\n"
              "  a: [sleep 5ms, finish g]\n"},
    {.about = "a finish whose add is still to come",
     .share = "{g: group, d: channel}",
     .main = "[spawn w, spawn a]",
     .tasks = "  w: [recv d]\n"
              "  a: [sleep 5ms, add g 1, finish g, send d]\n"},
    {.about = "a chain of which nobody opens the far end",
     .share = "{d: channel, more: channel 2}",
     .main = "[send more, send more, spawn a]",
     .tasks = "  a:\n    own: {d: channel}\n    steps:\n"
              "      - select: {recv more: [spawn a], default: []}\n"
              "      - recv outer.d\n      - close d\n"},
    {.about = "a chain of which somebody opens the far end later",
     .share = "{d: channel, more: channel 1}",
     .main = "[send more, spawn a, spawn late]",
     .tasks = "  a:\n    own: {d: channel}\n    steps:\n"
              "      - select: {recv more: [spawn a], default: []}\n"
              "      - recv outer.d\n      - close d\n"
              "  late: [sleep 5ms, close d]\n"},
    {.about = "a link that waits for one that is still to be spawned",
     .share = "{d: channel 1, more: channel 2}",
     .main = "[send more, send more, spawn a]",
     .tasks = "  a:\n    own: {d: channel}\n    steps:\n      - sleep 1ms\n"
              "      - select: {recv more: [spawn a, recv d], default: []}\n"
              "      - send outer.d\n"},
    {.about = "a link that only its own next one could wake, which waits for it",
     .share = "{d: channel 1, e: channel 1, more: channel 1}",
     .main = "[send more, spawn a]",
     .tasks =
         "  a:\n    own: {d: channel, e: channel}\n    steps:\n"
         "      - select: {recv more: [spawn a, recv d, send e], default: [recv outer.e, send outer.d]}\n"},
    {.about = "locks along a chain, handed on by the next link",
     .share = "{m: mutex, more: channel 1}",
     .main = "[send more, lock m, spawn a]",
     .tasks = "  a:\n    own: {m: mutex}\n    steps:\n      - lock m\n"
              "      - select: {recv more: [spawn a, lock m], default: []}\n"
              "      - unlock outer.m\n"},
    {.about = "a writer that waits for a reader",
     .share = "{l: rwmutex}",
     .main = "[spawn r, spawn w]",
     .tasks = "  r: [rlock l, sleep 5ms, runlock l]\n"
              "  w: [sleep 1ms, lock l, unlock l]\n"},
    {.about = "a reader that is always followed by another",
     .share = "{l: rwmutex}",
     .main = "[rlock l, spawn a, spawn w]",
     .tasks = "  w: [lock l]\n"
              "  a: [loop: [sleep 1ms, rlock l, runlock l]]\n"},
    {.about = "a default that leads on",
     .share = "{c: channel, d: channel}",
     .main = "[spawn w, spawn a]",
     .tasks = "  w: [recv d]\n"
              "  a: [sleep 5ms, select: {recv c: exit, default: [send d]}]\n"},
    {.about = "a send on what will be closed",
     .share = "{c: channel}",
     .main = "[spawn a, spawn b, spawn x]",
     .tasks = "  a: [loop: [sleep 1ms, send c]]\n"
              "  b: [loop: [recv c, sleep 1ms]]\n"
              "  x: [await done, sleep 20ms, close c]\n"},
    {.about = "a close while others send",
     .share = "{c: channel, d: channel}",
     .main = "[spawn a, spawn b, spawn x]",
     .tasks = "  a: [send c, send d]\n"
              "  b: [select: {send c: [send d], recv d: }]\n"
              "  x: [sleep 5ms, close c]\n"},
    {.about = "two that only ever poll",
     .share = "{c: channel, d: channel}",
     .main = "[spawn a, spawn b, spawn w]",
     .tasks = "  w: [recv d]\n"
              "  a: [loop: [sleep 1ms, select: {send c: , default: }]]\n"
              "  b: [loop: [sleep 1ms, select: {recv c: [send d], default: }]]\n"},
    {.about = "one that polls and one that waits",
     .share = "{c: channel, d: channel}",
     .main = "[spawn a, spawn b, spawn w]",
     .tasks = "  w: [recv d]\n"
              "  a: [sleep 5ms, send c]\n"
              "  b: [loop: [sleep 1ms, select: {recv c: [send d], default: }]]\n"},
    {.about = "a signal under a mutex that nobody gives back",
     .share = "{m: mutex, k: condition m, c: channel, d: channel}",
     .main = "[spawn w, spawn x, spawn s, spawn v]",
     .tasks = "  w: [lock m, wait k, send d]\n"
              "  x: [sleep 1ms, lock m, recv c]\n"
              "  s: [sleep 5ms, signal k]\n"
              "  v: [recv d]\n"},
    {.about = "a signal that comes only to oneself",
     .share = "{m: mutex, k: condition m}",
     .main = "[spawn a, spawn w]",
     .tasks = "  w: [lock m, wait k, unlock m]\n"
              "  a: [loop: [lock m, sleep 1ms, wait k, signal k, unlock m]]\n"},
    {.about = "a finish that its add makes up for, by another task",
     .share = "{g: group}",
     .main = "[add g 1, spawn w, spawn a]",
     .tasks = "  w: [wait g]\n"
              "  a: [loop: [add g 1, spawn b, sleep 1ms]]\n"
              "  b: [finish g]\n"},
    {.about = "a finish that its add makes up for",
     .whole = true,
     .share = "{g: group}",
     .main = "[add g 1, spawn w, spawn a]",
     .tasks = "  w: [wait g]\n"
              "  a: [loop: [add g 1, sleep 1ms, finish g]]\n"},
    {.about = "a finish for each add but one",
     .whole = true,
     .share = "{g: group}",
     .main = "[add g 3, spawn w, spawn a * 2]",
     .tasks = "  w: [wait g]\n"
              "  a: [loop: [sleep 1ms, select: {done: [finish g, exit], default: }]]\n"},
    {.about = "a finish by each whom a loop spawns",
     .whole = true,
     .share = "{g: group}",
     .main = "[add g 2, spawn w, spawn a]",
     .tasks = "  w: [wait g]\n"
              "  a: [loop 2: [sleep 1ms, spawn b]]\n"
              "  b: [sleep 1ms, finish g]\n"},
    {.about = "an add that comes between two finishes",
     .whole = true,
     .share = "{g: group, c: channel}",
     .main = "[add g 2, spawn w, spawn a, spawn b]",
     .tasks = "  w: [wait g, send c]\n"
              "  a: [finish g, sleep 1ms, add g 1, finish g]\n"
              "  b: [sleep 1ms, finish g, recv c]\n"},
    {.about = "one finish too many by each of those who spawn themselves",
     .whole = true,
     .share = "{g: group}",
     .main = "[spawn a, spawn b]",
     .tasks = "  a: [add g 2, finish g, spawn a, wait g]\n"
              "  b: [spawn b, add g 1, finish g, finish g]\n"},
    {.about = "beyond: a finish that its add makes up for, in slices",
     .beyond = true,
     .share = "{g: group}",
     .main = "[add g 1, spawn w, spawn a]",
     .tasks = "  w: [wait g]\n"
              "  a: [loop: [add g 1, sleep 1ms, finish g]]\n"},
    {.about = "beyond: two that a mutex keeps from meeting",
     .beyond = true,
     .share = "{c: channel, d: channel, m: mutex}",
     .main = "[spawn a, spawn b, spawn w]",
     .tasks = "  w: [recv d]\n"
              "  a: [loop: [lock m, select: {send c: , after 1ms: }, unlock m]]\n"
              "  b: [loop: [lock m, select: {recv c: [send d], after 1ms: }, unlock m]]\n"},
    {.about = "beyond: one after the other, never two",
     .beyond = true,
     .share = "{c: channel, d: channel, e: channel}",
     .main = "[spawn boss, spawn w]",
     .tasks = "  w: [recv e]\n"
              "  boss: [loop: [spawn one, recv d]]\n"
              "  one: [select: {send c: , recv c: [send e], after 1ms: }, send d]\n"},
};

static void a_hard_program_is_judged_truly_and_foreseen(void **state)
{
    static struct trial trial;
    static char text[TRUTH_TEXT];
    const struct hard *program = *state;
    snprintf(text, sizeof text, "share: %s\nfix:\n  main: %s\n%s", program->share, program->main,
             program->tasks);
    trial = (struct trial){.text = text, .whole = program->whole, .beyond = program->beyond};
    trial.progress = isolate_shared(sizeof *trial.progress);
    for (trial.grown.seed = 1; trial.grown.seed <= HARD_SEEDS; trial.grown.seed++) {
        truth_play(&trial);
        play_steps(&trial);
    }
    assert_int_equal(trial.progress->missed > 0, program->beyond);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* ---- programs of groups, in which adds and finishes are many and seldom even ---- */

static void put_deeds(struct buf *text, struct rng *rng)
{
    static const char *const words[] = {"finish g", "finish g",  "finish h", "finish h",  "add g 1",
                                        "add g 2",  "add h 1",   "wait g",   "wait h",    "sleep 1ms",
                                        "spawn c",  "sleep 3ms", "finish g", "await done"};
    static const char *const around[] = {"", "", "", "", "loop: [", "loop 2: ["};
    unsigned wrapped = rng_below(rng, COUNT_OF(around));
    buf_puts(text, around[wrapped]);
    for (unsigned left = 1 + rng_below(rng, 4); left > 0; left--)
        buf_printf(text, "%s%s", words[rng_below(rng, COUNT_OF(words))], left > 1 ? ", " : "");
    buf_puts(text, wrapped < 4 ? "]\n" : "]]\n");
}

/* Two of them that all see, and at times one of a task's own and those whom it spawns. */
static void write_groups(struct buf *text, uint64_t seed)
{
    struct rng rng = {seed};
    buf_printf(text, "share: {g: group, h: group}\nfix:\n  main: [add g %u, add h %u, ",
               1 + rng_below(&rng, 4), rng_below(&rng, 3));
    buf_printf(text, "spawn w, spawn a * %u, spawn b, spawn c]\n", 1 + rng_below(&rng, 2));
    buf_puts(text, "  w: [wait g, finish h]\n  a: [sleep 1ms, ");
    put_deeds(text, &rng);
    buf_puts(text, "  b: [wait h, finish g, ");
    put_deeds(text, &rng);
    bool own = rng_below(&rng, 3) == 0;
    buf_puts(text,
             own ? "  c:\n    own: {x: group}\n    steps: [add x 2, spawn d, finish x, wait x, " : "  c: [");
    put_deeds(text, &rng);
    if (own) {
        buf_puts(text, "  d: [sleep 1ms, finish x, ");
        put_deeds(text, &rng);
    }
}

static void play_groups(void *argument)
{
    struct trial *trial = argument;
    for (uint64_t i = 0; i < trial->seeds; i++) {
        struct buf text;
        buf_init(&text, TRUTH_TEXT);
        trial->grown.seed = trial->progress->seed = trial->first_seed + i;
        write_groups(&text, trial->grown.seed);
        trial->text = buf_text(&text);
        truth_play(trial);
        buf_deinit(&text);
    }
}

static void who_waits_for_a_group_is_judged_truly(void **state)
{
    static struct trial trial;
    (void)state;
    trial =
        (struct trial){.seeds = BATCH, .beyond = true, .progress = isolate_shared(sizeof *trial.progress)};
    for (trial.first_seed = 1; trial.first_seed <= setting("LEAKLAB_SEEDS", SEEDS / 4);
         trial.first_seed += BATCH) {
        trial.whole = trial.first_seed / BATCH % 4 != 0;
        if (isolate(play_groups, &trial, BATCH_SECONDS, true))
            continue;
        struct buf text;
        buf_init(&text, TRUTH_TEXT);
        write_groups(&text, trial.progress->seed);
        fail_msg("seed %llu fails:\n%s", (unsigned long long)trial.progress->seed, buf_text(&text));
    }
    const struct progress *progress = trial.progress;
    print_message("%llu moments, %llu of them too big to try everything; %llu of %llu tasks that move in no "
                  "schedule were called stuck\n",
                  (unsigned long long)progress->looks, (unsigned long long)progress->too_big,
                  (unsigned long long)progress->found, (unsigned long long)progress->stuck);
    assert_true(progress->too_big * 2 < progress->looks && progress->found * 10 > progress->stuck * 9);
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
    truth_grow(&smallest, trial->progress->seed);
    unsigned asked = trial_fails(&smallest, trial) ? grow_shrink(&smallest, trial_fails, trial) : 0;
    trial->grown = smallest;
    isolate(play_trial, trial, TRIAL_SECONDS, true);
    buf_init(&text, TRUTH_TEXT);
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
        truth_grow(&trial->grown, trial->first_seed + i);
        trial->play(trial);
    }
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
    const struct progress *progress = play_all(truth_play, SEEDS);
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
    struct CMUnitTest tests[3 + COUNT_OF(hard)] = {
        cmocka_unit_test(what_the_runtime_does_is_foreseen),
        cmocka_unit_test(verdicts_are_true),
        cmocka_unit_test(who_waits_for_a_group_is_judged_truly),
    };
    for (size_t i = 0; i < COUNT_OF(hard); i++)
        tests[3 + i] = (struct CMUnitTest){.name = hard[i].about,
                                           .test_func = a_hard_program_is_judged_truly_and_foreseen,
                                           .initial_state = (void *)(uintptr_t)&hard[i]};
    return _cmocka_run_group_tests("truth", tests, COUNT_OF(tests), NULL, NULL);
}
