#include "judge/slice.h"

#include "base/macros.h"
#include "judge/balance.h"
#include "judge/gate.h"
#include "judge/scan.h"

#define WHOLE_STEPS 2048 /* tasks times operations: some 100 us at worst */
#define BEGIN_STEPS 4    /* what beginning with a start costs */
#define FACTS_OPS   16   /* operations of a program that are looked up in the time of a step */
#define SETTLE_MOST 4096 /* tasks woken ahead of their turn before a look at a start */
#define TRIM_CHUNKS 4    /* given back at a time */
#define TRIM_STEPS  256  /* what that costs */

static void spend(uint32_t *steps, uint32_t cost)
{
    *steps = *steps > cost ? *steps - cost : 0;
}

/* ---- which start is next ---- */

static struct link *starts_of(const struct judge *judge)
{
    struct workload *workload = judge->watch.workload;
    return judge->told ? &workload->told : &workload->starts;
}

static void enter_list(struct judge *judge, bool told)
{
    judge->told = told;
    judge->watch.next_start = judge->watch.workload->dead[told]->next;
}

static void leave_workload(struct judge *judge)
{
    if (judge->watch.workload != NULL)
        judge->watch.workload->blocked_oldest_ms = judge->oldest_ms;
    judge->watch.workload = NULL;
    judge->watch.next_start = NULL;
}

/* False when there is no further workload. */
static bool enter_workload(struct judge *judge, uint32_t *steps)
{
    struct link *link = judge->watch.next_workload;
    if (link == &judge->runtime->workloads)
        return false;
    struct workload *workload = container_of(link, struct workload, link);
    judge->watch.next_workload = link->next;
    judge->watch.workload = workload;
    judge->next_start = workload->next_start;
    judge->oldest_ms = 0;
    facts_init(&judge->facts, workload);
    enter_list(judge, false);
    spend(steps, BEGIN_STEPS + workload->program->op_count / FACTS_OPS);
    return true;
}

/* The next start of the workload at hand; NULL when it has no further one. */
static struct start *next_start(struct judge *judge)
{
    while (judge->watch.next_start == starts_of(judge)) {
        if (judge->told)
            return NULL;
        enter_list(judge, true);
    }
    struct start *start = container_of(judge->watch.next_start, struct start, link);
    judge->watch.next_start = start->link.next;
    __builtin_prefetch(start->link.next);
    __builtin_prefetch((char *)start->link.next + 64);
    return start;
}

/* ---- one start ---- */

static bool over(const struct judge *judge)
{
    return judge->cursor == &judge->start->tasks || judge->last == &judge->start->tasks;
}

/* Takes the next of the tasks that were there when `last` was set. */
static struct task *next_task(struct judge *judge)
{
    struct link *link = judge->cursor;
    judge->cursor = link == judge->last ? &judge->start->tasks : link->next;
    __builtin_prefetch(link->next);
    return container_of(link, struct task, link);
}

static void to_all_tasks(struct judge *judge, enum judge_phase phase)
{
    judge->phase = phase;
    judge->cursor = judge->start->tasks.next;
    judge->last = judge->start->tasks.prev;
}

static void begin_start(struct judge *judge, struct start *start)
{
    uint32_t whole_steps = judge->config.whole_steps == 0 ? WHOLE_STEPS : judge->config.whole_steps;
    uint64_t size = (uint64_t)start->live * judge->facts.program->op_count;
    judge->start = start;
    judge->whole = size <= whole_steps;
    judge->given_up = false;
    judge->watch.start = judge->whole ? NULL : start;
    if (!judge->whole)
        judge->trim_pending = true;
    if (!records_begin(&judge->records, &judge->facts, start, !judge->whole))
        judge->records.failed = true;
    to_all_tasks(judge, PHASE_SCAN);
}

/* Whoever is stuck is so for ever, and nobody else can make tasks: a start in which nobody is left to be
 * judged is not looked at again, as long as all that are listed before it are like that. In a leak that goes
 * on for weeks these are nearly all. */
static void pass_over(const struct judge *judge, struct start *start)
{
    struct link **dead = &judge->watch.workload->dead[judge->told];
    if (start->link.prev == *dead)
        *dead = &start->link;
}

/* Looks for a start with tasks to be judged; false when the run is over. */
static bool find_start(struct judge *judge, uint32_t *steps)
{
    while (*steps > 0) {
        if (judge->watch.workload == NULL || judge->watch.workload->reclaimed) {
            leave_workload(judge);
            if (!enter_workload(judge, steps))
                return false;
            continue;
        }
        struct start *start = next_start(judge);
        spend(steps, BEGIN_STEPS);
        if (start == NULL) {
            leave_workload(judge);
        } else if (list_empty(&start->tasks)) {
            pass_over(judge, start);
        } else if (start->index < judge->next_start) {
            begin_start(judge, start);
            return true;
        }
    }
    return true;
}

static void give_up(struct judge *judge)
{
    judge->given_up = true;
    judge->stats.given_up++;
    to_all_tasks(judge, PHASE_WORD);
}

static void scan(struct judge *judge, uint32_t *steps)
{
    for (; *steps > 0 && !over(judge) && !judge->records.failed; --*steps)
        scan_task(judge, next_task(judge));
    if (judge->records.failed)
        give_up(judge);
    else if (over(judge))
        judge->phase = PHASE_SPREAD;
}

static void spread(struct judge *judge, uint32_t *steps)
{
    struct records *records = &judge->records;
    for (; *steps > 0 && records->work != STORE_NONE && !records->failed; --*steps)
        gate_look(records);
    if (records->failed)
        give_up(judge);
    else if (records->work == STORE_NONE && !balance_opens(records))
        to_all_tasks(judge, PHASE_WORD);
}

static void speak(struct judge *judge, uint32_t *steps)
{
    for (; *steps > 0 && !over(judge); --*steps)
        scan_judge(judge, next_task(judge));
    if (over(judge))
        judge->phase = PHASE_RELEASE;
}

static void release(struct judge *judge, uint32_t *steps)
{
    if (!records_release(&judge->records, steps))
        return;
    judge->watch.start = NULL;
    judge->start = NULL;
    judge->phase = judge->trim_pending ? PHASE_TRIM : PHASE_NEXT;
}

static void trim(struct judge *judge, uint32_t *steps)
{
    store_reset(&judge->records.store);
    if (store_trim(&judge->records.store, TRIM_CHUNKS)) {
        judge->trim_pending = false;
        judge->phase = PHASE_NEXT;
    }
    spend(steps, TRIM_STEPS);
}

/* Whoever is being freed is not judged any more, and what is held for it is let go. */
static void look_away(struct judge *judge)
{
    if (judge->start != NULL && judge->start->workload->reclaimed)
        judge->phase = PHASE_RELEASE;
}

/* A start that is judged whole is, in one go. */
static void judge_whole(struct judge *judge, uint32_t *steps)
{
    uint32_t enough = UINT32_MAX;
    while (judge->start != NULL)
        slice_advance(judge, &enough);
    spend(steps, UINT32_MAX - enough);
}

bool slice_advance(struct judge *judge, uint32_t *steps)
{
    look_away(judge);
    switch (judge->phase) {
    case PHASE_NEXT:
        if (!watch_settle(judge->runtime, SETTLE_MOST)) {
            *steps = 0;
            return true;
        }
        if (!find_start(judge, steps))
            return false;
        if (judge->start != NULL && judge->whole)
            judge_whole(judge, steps);
        return true;
    case PHASE_SCAN:
        if (watch_settle(judge->runtime, SETTLE_MOST))
            scan(judge, steps);
        else
            *steps = 0;
        return true;
    case PHASE_SPREAD:
        spread(judge, steps);
        return true;
    case PHASE_WORD:
        speak(judge, steps);
        return true;
    case PHASE_RELEASE:
        release(judge, steps);
        return true;
    case PHASE_TRIM:
        trim(judge, steps);
        return true;
    case PHASE_IDLE:
        break;
    }
    CHECK(!"a run is under way");
    return false;
}

void slice_begin(struct judge *judge)
{
    CHECK(judge->phase == PHASE_IDLE && judge->runtime->watch == NULL);
    scan_watch(judge);
    judge->watch.next_workload = judge->runtime->workloads.next;
    judge->runtime->watch = &judge->watch;
    judge->phase = PHASE_NEXT;
}

void slice_stop(struct judge *judge)
{
    uint32_t all = UINT32_MAX;
    if (judge->phase == PHASE_IDLE)
        return;
    if (!judge->runtime->abandoned && judge->start != NULL) {
        while (!records_release(&judge->records, &all))
            all = UINT32_MAX;
    }
    judge->start = NULL;
    judge->runtime->watch = NULL;
    judge->phase = PHASE_IDLE;
}
