/* The judge on the kernels of tests/kernels: whoever leaks is found in every run in which something leaks,
 * nobody is found in a fix. Who is found stuck, at whatever moment, never moves again, and who is found
 * endless never ends. A run's ground truth is told by kernel_end, not by the file. */
#include "judge/judge.h"
#include "kernel_fixture.h"
#include "runtime/internal.h"

#include "base/list.h"

#define FOUND_MOST 64
#define SEEDS      (KERNEL_SEEDS / 2) /* each in two ways */
#define TASK_FUEL  1000               /* more than any of these tasks spends without blocking */
#define STEPS      16                 /* task by task, before time passes */

/* A task that was found leaked, and where it stood then. */
struct found {
    const struct task *task;
    enum verdict verdict;
    uint16_t pc;
    uint32_t since;
};

static struct stage stage;
static struct judge judge;
static struct found found[FOUND_MOST];
static size_t found_count;
static int granted_count;

typedef void visitor(struct task *task);

static void visit_list(struct link *tasks, visitor *visit)
{
    for (struct link *link = tasks->next; link != tasks; link = link->next)
        visit(container_of(link, struct task, link));
}

static void visit_starts(struct link *starts, visitor *visit)
{
    for (struct link *link = starts->next; link != starts; link = link->next) {
        struct start *start = container_of(link, struct start, link);
        visit_list(&start->tasks, visit);
        visit_list(&start->stuck, visit);
    }
}

/* Every task there is. */
static void visit_all(visitor *visit)
{
    visit_starts(&stage.workload->starts, visit);
    visit_starts(&stage.workload->told, visit);
}

static uint64_t leaked(void)
{
    const struct census *census = &stage.workload->census;
    return census->leaked[VERDICT_STUCK] + census->leaked[VERDICT_ENDLESS];
}

static void note(struct task *task)
{
    if (task->verdict == VERDICT_LIVE)
        return;
    assert_true(found_count < FOUND_MOST);
    found[found_count++] = (struct found){task, task->verdict, task->pc, task->since};
}

/* Whether this may be what became of it. */
static bool holds(const struct found *before, const struct task *task)
{
    if (before->task != task)
        return false;
    if (before->verdict == VERDICT_ENDLESS)
        return task->verdict != VERDICT_LIVE;
    return task->verdict == VERDICT_STUCK && task->pc == before->pc && task->since == before->since;
}

static void strike_out(struct task *task)
{
    size_t i = 0;
    while (i < found_count && !holds(&found[i], task))
        i++;
    if (i < found_count)
        found[i] = found[--found_count];
}

static void assert_those_found_are_still_there(void)
{
    visit_all(strike_out);
    assert_int_equal(found_count, 0);
}

static void granted(struct judge_wish *wish)
{
    (void)wish;
    granted_count++;
}

static void look_around(const struct mode *mode)
{
    judge_now(&judge);
    if (mode->variant == VARIANT_FIX)
        assert_int_equal(leaked(), 0);
    assert_those_found_are_still_there();
    visit_all(note);
    assert_int_equal(found_count, leaked());
}

/* Runs the task whose turn it is until it blocks or ends; when nobody's it is, whatever else there is to do.
 */
static void run_next(void)
{
    struct link *link = list_pop_front(&stage.runtime->ready);
    if (link == NULL) {
        stage_rounds(&stage, 1);
        return;
    }
    stage.runtime->fuel = TASK_FUEL;
    task_run(container_of(link, struct task, wait.link));
    stage_check(&stage);
}

/* Between two looks the judge also looks by itself, as tasks run, if it is asked to. */
static void pass(uint64_t seed, int look, bool asked)
{
    struct judge_wish wish = {.done = granted};
    granted_count = 0;
    if (asked)
        judge_ask(&judge, &wish);
    kernel_pass(&stage, seed, look);
    assert_int_equal(granted_count, asked);
}

/* A run that the judge looks at at several moments; returns how many are left, all of whom it has found, and
 * nobody else. */
static uint64_t run(const struct mode *mode, uint64_t seed, struct judge_config config, bool asked)
{
    kernel_given(&stage, mode, seed);
    judge_init(&judge, stage.runtime, &config);
    found_count = 0;
    assert_int_equal(workload_start(stage.workload), ERR_OK);
    for (int step = 0; step < STEPS && !asked; step++) {
        look_around(mode);
        run_next();
    }
    for (int look = 0; look < KERNEL_LOOKS; look++) {
        look_around(mode);
        pass(seed, look, asked);
    }
    look_around(mode);
    kernel_end(&stage, seed);
    look_around(mode);
    uint64_t left = workload_live(stage.workload);
    if (leaked() != left)
        fail_msg("seed %llu: %llu of %llu leaked tasks were found", (unsigned long long)seed,
                 (unsigned long long)leaked(), (unsigned long long)left);
    judge_deinit(&judge);
    stage_strike(&stage);
    return left;
}

static void whoever_leaks_is_found_and_nobody_else(void **state)
{
    const struct mode *mode = *state;
    uint64_t leaky_runs = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        leaky_runs += run(mode, seed, (struct judge_config){0}, false) != 0;
    assert_true((leaky_runs != 0) == (mode->variant == VARIANT_LEAK));
}

static void it_is_the_same_in_slices_while_tasks_run(void **state)
{
    const struct mode *mode = *state;
    struct judge_config config = {.slice_steps = 3, .whole_steps = 1};
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        run(mode, seed, config, true);
}

int main(void)
{
    static const struct kernel_case cases[] = {
        KERNEL_CASE(whoever_leaks_is_found_and_nobody_else),
        KERNEL_CASE(it_is_the_same_in_slices_while_tasks_run),
    };
    return kernels_run("kernels_judge", cases, COUNT_OF(cases));
}
