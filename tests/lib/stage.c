#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD        "pattern: p\ntitle: t\nstory: s\nremedy: r\n"
#define FOOT        "expect: {fix: 0}\n"
#define TEXT_BYTES  8192
#define WALK_TASKS  1000
#define ROUNDS_MOST 10000000
#define NO_LIMIT    (UINT64_MAX / 4)

void stage_compile(struct stage *stage, const char *text)
{
    struct messages messages;
    struct buf why;
    char source[TEXT_BYTES];
    int size = snprintf(source, sizeof source, HEAD "%s" FOOT, text);
    assert_in_range(size, 1, sizeof source - 1);
    *stage = (struct stage){.host = stage};
    messages_init(&messages);
    enum err err = pattern_compile("p.yaml", source, strlen(source), &messages, &stage->pattern);
    if (err != ERR_OK) {
        buf_init(&why, 65536);
        messages_print(&messages, "p.yaml", &why);
        fail_msg("%s: %s\n%s", err_text(err), buf_text(&why), source);
    }
    messages_deinit(&messages);
    stage->program = stage->pattern->variants[VARIANT_FIX].program;
    for (uint16_t i = 0; i < stage->pattern->param_count; i++)
        stage->params[i] = param_default(stage->pattern, i, stage->params, LINGER_OPEN_NS);
}

static uint64_t limit(uint64_t number)
{
    return number == 0 ? NO_LIMIT : number;
}

static enum err add(struct stage *stage, struct stage_spec spec)
{
    assert_true(stage->workload_count < STAGE_WORKLOADS);
    struct workload_spec settings = {
        .tally = stage->tally,
        .params = stage->params,
        .linger_ns = spec.linger_ns,
        .holds_bytes = spec.holds_bytes,
        .seed = spec.seed,
        .max_tasks = limit(spec.max_tasks),
        .max_heap_bytes = limit(spec.max_heap_bytes),
        .owner_stays = spec.owner_stays,
    };
    enum err err = workload_init(&stage->workloads[stage->workload_count], stage->runtime, &settings);
    if (err == ERR_OK)
        stage->workload_count++;
    return err;
}

struct workload *stage_add(struct stage *stage, struct stage_spec spec)
{
    assert_int_equal(add(stage, spec), ERR_OK);
    return &stage->workloads[stage->workload_count - 1];
}

static void set_source(struct stage *stage, const struct stage_spec *spec)
{
    uint64_t most[SUPPLIES];
    for (int supply = 0; supply < SUPPLIES; supply++)
        most[supply] = limit(spec->supplies[supply]);
    fake_source_init(&stage->fake);
    runtime_set_source(&stage->own, spec->source == NULL ? &stage->fake.source : spec->source, most);
}

enum err stage_set(struct stage *stage, struct stage_spec spec)
{
    stage->clock = clock_manual(1000 * MS);
    stage->host = spec.beside == NULL ? stage : spec.beside;
    stage->runtime = spec.beside == NULL ? &stage->own : spec.beside->runtime;
    stage->workload = &stage->workloads[0];
    stage->workload_count = 0;
    stage->before = (struct census){0};
    if (stage->host == stage && runtime_init(&stage->own, &stage->clock, limit(spec.runtime_max_tasks),
                                             limit(spec.runtime_max_heap_bytes)) != ERR_OK)
        return ERR_MEMORY;
    if (stage->host == stage)
        set_source(stage, &spec);
    stage->outside = spec.outside;
    stage->argument = spec.argument;
    stage->tally = runtime_tally(stage->runtime, stage->program);
    enum err err = stage->tally == NULL ? ERR_MEMORY : add(stage, spec);
    if (err != ERR_OK && stage->host == stage)
        runtime_deinit(stage->runtime);
    return err;
}

void stage_open(struct stage *stage, struct stage_spec spec)
{
    stage_compile(stage, spec.text);
    assert_int_equal(stage_set(stage, spec), ERR_OK);
}

void stage_play(struct stage *stage, const char *text)
{
    stage_open(stage, (struct stage_spec){.text = text});
    stage_start(stage);
}

void stage_start(struct stage *stage)
{
    assert_int_equal(workload_start(stage->workload), ERR_OK);
    stage_settle(stage);
}

bool stage_rounds(struct stage *stage, uint64_t rounds)
{
    bool more = true;
    for (uint64_t round = 0; more && round < rounds; round++) {
        more = runtime_turn(stage->runtime, (struct budget){.rounds = 1});
        stage_check(stage);
    }
    return more;
}

uint64_t stage_settle(struct stage *stage)
{
    uint64_t rounds = 0;
    while (stage_rounds(stage, 1))
        assert_true(++rounds < ROUNDS_MOST);
    if (stage->outside != NULL)
        stage->outside(stage->argument);
    return rounds;
}

void stage_pass(struct stage *stage, int64_t ns)
{
    uint64_t *now_ns = &stage->host->clock.manual_ns;
    uint64_t end_ns = *now_ns + (uint64_t)ns;
    stage_settle(stage);
    for (uint64_t due_ns; (due_ns = runtime_due_ns(stage->runtime)) <= end_ns;) {
        assert_true(due_ns > *now_ns);
        *now_ns = due_ns;
        stage_settle(stage);
    }
    if (*now_ns < end_ns)
        *now_ns = end_ns;
    stage_settle(stage);
}

void stage_jump(struct stage *stage, int64_t ns)
{
    stage->host->clock.manual_ns += (uint64_t)ns;
    stage_settle(stage);
}

uint64_t stage_in(const struct stage *stage, enum task_state state)
{
    return stage->tally->census.states[state];
}

uint64_t stage_ended(const struct stage *stage, enum task_end how)
{
    return stage->tally->census.ended[how];
}

uint64_t stage_at(const struct stage *stage, const char *step)
{
    uint64_t count = 0;
    bool known = false;
    for (uint16_t i = 0; i < stage->program->step_count; i++) {
        if (strcmp(stage->program->steps[i].text, step) == 0) {
            count += stage->tally->standing[i];
            known = true;
        }
    }
    if (!known)
        fail_msg("no step is called \"%s\"", step);
    return count;
}

/* ---- the books ---- */

static uint64_t sum_states(const struct census *census)
{
    uint64_t sum = 0;
    for (int state = 0; state < TASK_STATES; state++)
        sum += census->states[state];
    return sum;
}

static void assert_balanced(const struct census *census)
{
    assert_true(census_ended(census) <= census->spawned);
    assert_int_equal(sum_states(census), census_live(census));
}

static void assert_not_back(const struct census *before, const struct census *now)
{
    assert_true(now->spawned >= before->spawned && now->starts >= before->starts);
    assert_true(now->ticks >= before->ticks && now->ticks_dropped >= before->ticks_dropped);
    for (int how = 0; how < TASK_ENDS; how++)
        assert_true(now->ended[how] >= before->ended[how]);
}

/* What all workloads say together is what the tally says: every field is a number of 64 bits. */
static void assert_sums(const struct stage *stage)
{
    uint64_t sums[sizeof(struct census) / sizeof(uint64_t)] = {0};
    for (unsigned i = 0; i < stage->workload_count; i++) {
        uint64_t numbers[COUNT_OF(sums)];
        memcpy(numbers, &stage->workloads[i].census, sizeof numbers);
        for (size_t j = 0; j < COUNT_OF(sums); j++)
            sums[j] += numbers[j];
    }
    assert_memory_equal(sums, &stage->tally->census, sizeof sums);
}

/* What a walk over all tasks counts. */
struct count {
    uint64_t states[TASK_STATES];
    uint64_t standing[LIMIT_STEPS];
    uint64_t leaked_standing[LIMIT_STEPS][VERDICTS];
    uint64_t held_bytes;
    uint64_t lost_bytes;
    uint64_t timers;
    uint64_t open[RESOURCE_KINDS];
    uint64_t leaked[VERDICTS];
};

static void assert_linked(const struct link *link)
{
    assert_ptr_equal(link->next->prev, link);
    assert_ptr_equal(link->prev->next, link);
}

static uint64_t count_held(const struct held *oldest)
{
    if (oldest == NULL)
        return 0;
    assert_true(oldest->alone);
    for (const struct held *held = oldest->next; held != oldest; held = held->next) {
        assert_false(held->alone);
        assert_true(held->bytes > held->next->bytes);
    }
    return held_bytes(oldest);
}

static void count_task(const struct task *task, struct count *count)
{
    const struct program *program = task->start->workload->program;
    const struct op *op = &program->ops[task->pc];
    count->states[task->state]++;
    if (task->verdict != VERDICT_LIVE)
        count->leaked[task->verdict]++;
    count->timers += timer_armed(&task->timer);
    count->held_bytes += count_held(task->held);
    assert_linked(&task->wait.link);
    if (task->state == TASK_READY) {
        assert_false(list_empty(&task->wait.link));
        assert_null(task->more);
        assert_false(timer_armed(&task->timer));
        return;
    }
    count->standing[op->step]++;
    if (task->verdict != VERDICT_LIVE)
        count->leaked_standing[op->step][task->verdict]++;
    assert_false(task->woken);
    bool queued = task->state == TASK_RECV || task->state == TASK_SEND || task->state == TASK_TICK ||
                  task->state == TASK_AWAIT || task->state == TASK_LOCK || task->state == TASK_JOIN ||
                  task->state == TASK_WAIT;
    if (queued)
        assert_false(list_empty(&task->wait.link));
    if (task->state == TASK_SLEEP)
        assert_true(list_empty(&task->wait.link) && timer_armed(&task->timer));
    if (task->state == TASK_SELECT)
        assert_int_equal(task->more == NULL ? 0 : task->more_count, op->count < 2 ? 0 : op->count - 1);
    for (unsigned i = 0; task->more != NULL && i < task->more_count; i++)
        assert_linked(&task->more[i].link);
}

static void count_starts(struct link *starts, struct count *count)
{
    struct link *link;
    list_each (link, starts) {
        const struct start *start = container_of(link, struct start, link);
        struct link *each;
        uint32_t live = 0;
        list_each (each, &start->tasks) {
            count_task(container_of(each, struct task, link), count);
            live++;
        }
        list_each (each, &start->stuck) {
            const struct task *task = container_of(each, struct task, link);
            assert_int_equal(task->verdict, VERDICT_STUCK);
            count_task(task, count);
            live++;
        }
        assert_int_equal(live, start->live);
        count->lost_bytes += count_held(start->lost);
        list_each (each, &start->tickers)
            count->timers++;
        list_each (each, &start->resources) {
            const struct resource *resource = container_of(each, struct resource, link);
            assert_ptr_equal(resource->start, start);
            count->open[resource->kind]++;
        }
    }
}

/* Every task that waits for its turn is ready, and the other way round. */
static void assert_ready_queue(struct runtime *runtime, uint64_t at_least)
{
    struct link *link;
    uint64_t queued = 0;
    list_each (link, &runtime->ready) {
        assert_linked(link);
        assert_int_equal(container_of(link, struct task, wait.link)->state, TASK_READY);
        queued++;
    }
    assert_true(queued >= at_least);
    list_each (link, &runtime->waking)
        assert_int_not_equal(container_of(link, struct wait, link)->task->state, TASK_READY);
}

static void assert_walk(struct stage *stage)
{
    struct count count = {0};
    for (unsigned i = 0; i < stage->workload_count; i++) {
        count_starts(&stage->workloads[i].starts, &count);
        count_starts(&stage->workloads[i].told, &count);
    }
    const struct census *census = &stage->tally->census;
    assert_memory_equal(count.states, census->states, sizeof count.states);
    assert_int_equal(count.held_bytes, census->held_bytes);
    assert_memory_equal(count.open, census->open, sizeof count.open);
    assert_memory_equal(count.leaked, census->leaked, sizeof count.leaked);
    assert_int_equal(count.lost_bytes, census->lost_bytes);
    assert_memory_equal(count.standing, stage->tally->standing,
                        stage->program->step_count * sizeof count.standing[0]);
    assert_memory_equal(count.leaked_standing, stage->tally->leaked,
                        stage->program->step_count * sizeof count.leaked_standing[0]);
    assert_true(count.timers <= stage->runtime->wheel.armed);
    assert_ready_queue(stage->runtime, census->states[TASK_READY]);
}

void stage_check(struct stage *stage)
{
    const struct census *census = &stage->tally->census;
    uint64_t standing = 0;
    assert_balanced(census);
    assert_sums(stage);
    assert_not_back(&stage->before, census);
    stage->before = *census;
    for (uint16_t i = 0; i < stage->program->step_count; i++)
        standing += stage->tally->standing[i];
    assert_int_equal(standing, census_live(census) - census->states[TASK_READY]);
    assert_true(stage->runtime->live >= census_live(census));
    for (unsigned i = 0; i < stage->workload_count; i++)
        assert_balanced(&stage->workloads[i].census);
    if (stage->runtime->live <= WALK_TASKS)
        assert_walk(stage);
}

/* ---- the end ---- */

void stage_cancel(struct stage *stage)
{
    workload_cancel(stage->workload);
    stage_settle(stage);
    assert_true(workload_told(stage->workload));
}

void stage_reclaim(struct stage *stage)
{
    workload_reclaim(stage->workload);
    stage_settle(stage);
    stage_assert_over(stage->workload);
}

void stage_assert_over(const struct workload *workload)
{
    const struct census *census = &workload->census;
    assert_true(workload_idle(workload));
    assert_int_equal(census->spawned, census_ended(census));
    for (int state = 0; state < TASK_STATES; state++)
        assert_int_equal(census->states[state], 0);
    assert_int_equal(census->held_bytes, 0);
    assert_int_equal(census->lost_bytes, 0);
    assert_int_equal(census->queued_messages, 0);
    assert_int_equal(census->queued_bytes, 0);
    assert_int_equal(census->channels, 0);
    assert_int_equal(census->tickers, 0);
    for (int kind = 0; kind < RESOURCE_KINDS; kind++)
        assert_int_equal(census->open[kind], 0);
    assert_int_equal(workload->charged_bytes, 0);
    assert_int_equal(workload->owners_left, 0);
    for (int verdict = 0; verdict < VERDICTS; verdict++)
        assert_int_equal(census->leaked[verdict], 0);
}

void stage_assert_empty(const struct runtime *runtime)
{
    assert_int_equal(runtime->live, 0);
    assert_int_equal(runtime->starts, 0);
    assert_int_equal(runtime->charged_bytes, 0);
    assert_int_equal(runtime->wheel.armed, 0);
    for (int supply = 0; supply < SUPPLIES; supply++)
        assert_int_equal(runtime->supplies_used[supply], 0);
    assert_int_equal(runtime_due_ns(runtime), UINT64_MAX);
    assert_true(list_empty(&runtime->ready) && list_empty(&runtime->waking));
    assert_true(list_empty(&runtime->cancelling) && list_empty(&runtime->jobs));
    assert_null(runtime->garbage.last);
    assert_int_equal(runtime->garbage.bytes, 0);
    assert_int_equal(runtime->task_pool.objects, 0);
    for (size_t i = 0; i < ENV_POOLS; i++)
        assert_int_equal(runtime->env_pools[i].objects, 0);
    for (size_t i = 0; i < WAIT_POOLS; i++)
        assert_int_equal(runtime->wait_pools[i].objects, 0);
}

/* A guest is over when its workloads are: the host's may go on for ever. */
static void end_workloads(struct stage *stage)
{
    for (unsigned i = 0; i < stage->workload_count; i++)
        workload_reclaim(&stage->workloads[i]);
    for (unsigned i = 0; i < stage->workload_count; i++) {
        for (int round = 0; !workload_idle(&stage->workloads[i]); round++) {
            assert_true(round < ROUNDS_MOST);
            if (!stage_rounds(stage, 1) && stage->outside != NULL)
                stage->outside(stage->argument);
        }
        stage_assert_over(&stage->workloads[i]);
    }
    for (unsigned i = 0; i < stage->workload_count; i++)
        while (!workload_freed(&stage->workloads[i]))
            stage_rounds(stage, 1);
}

void stage_strike(struct stage *stage)
{
    end_workloads(stage);
    for (uint16_t i = 0; i < stage->program->step_count; i++)
        for (enum verdict verdict = 0; verdict < VERDICTS; verdict++)
            assert_int_equal(stage->tally->standing[i] + stage->tally->leaked[i][verdict], 0);
    for (unsigned i = 0; i < stage->workload_count; i++)
        workload_deinit(&stage->workloads[i]);
    if (stage->host == stage) {
        stage_assert_empty(stage->runtime);
        runtime_deinit(stage->runtime);
    }
}

void stage_close(struct stage *stage)
{
    stage_strike(stage);
    pattern_free(stage->pattern);
}
