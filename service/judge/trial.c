#include "judge/trial.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/macros.h"
#include "runtime/ghost.h"
#include "runtime/runtime.h"

#define SEEDS         4
#define FINE_NS       60000000000ull   /* after the owner has left, timer by timer */
#define COARSE_NS     3600000000000ull /* then an hour at a time */
#define COARSE_JUMPS  2000
#define ROUND_WORK    16 /* what a round counts for beside its tasks */
#define PILE_ARRIVALS 32 /* moments at which tasks arrive that make a trend */

/* How the number of tasks at a step moves while further ones arrive. */
struct pile {
    uint64_t standing;
    uint32_t rises;
    uint32_t falls;
};

/* How many messages stand in queues while the owner is there: the most in the first half of its stay, and the
 * least in the last quarter. */
struct backlog {
    uint64_t middle_ns;
    uint64_t late_ns;
    uint64_t end_ns;
    uint64_t early_most;
    uint64_t late_least;
};

struct run {
    struct flow *flow;
    struct findings *findings;
    struct clock clock;
    struct runtime runtime;
    struct tally *tally;
    struct workload workload;
    uint64_t spawned;  /* when it was looked at last */
    uint32_t arrivals; /* moments at which there were more */
    struct pile piles[LIMIT_STEPS];
    struct backlog backlog;
};

/* Runs until nothing moves before time passes. False: it does not come to rest, or the work is used up. */
static bool settle(struct run *run, uint64_t *work)
{
    for (int round = 0; round < LIMIT_TRIAL_UNREST; round++) {
        if (!runtime_turn(&run->runtime, (struct budget){.rounds = 1}))
            return true;
        uint64_t spent = ROUND_WORK + workload_live(&run->workload);
        if (*work < spent)
            return false;
        *work -= spent;
    }
    return false;
}

/* ---- what piles up ---- */

/* A step at which a task hands something on or waits for its turn. */
static bool hands_on(const struct flow *flow, uint16_t step)
{
    const struct program *program = flow->program;
    struct use uses[LIMIT_CASES];
    for (uint16_t i = 0; i < program->op_count; i++) {
        unsigned count = program->ops[i].step == step ? roles_uses(flow->roles, &program->ops[i], uses) : 0;
        for (unsigned j = 0; j < count; j++)
            if ((uses[j].role & (ROLE_SEND | ROLE_LOCK | ROLE_RLOCK)) != 0)
                return true;
    }
    return false;
}

static void piles_watch(struct run *run)
{
    if (run->workload.census.spawned == run->spawned)
        return;
    run->spawned = run->workload.census.spawned;
    run->arrivals++;
    for (uint16_t i = 0; i < run->flow->program->step_count; i++) {
        struct pile *pile = &run->piles[i];
        pile->rises += run->tally->standing[i] > pile->standing;
        pile->falls += run->tally->standing[i] < pile->standing;
        pile->standing = run->tally->standing[i];
    }
}

static void piles_tell(const struct run *run)
{
    for (uint16_t i = 0; i < run->flow->program->step_count; i++) {
        const struct pile *pile = &run->piles[i];
        if (run->arrivals < PILE_ARRIVALS || pile->falls > 0 || pile->rises * 4 < run->arrivals * 3 ||
            findings_explain(run->findings, i) || !hands_on(run->flow, i))
            continue;
        findings_add(run->findings, FINDING_PILED_UP, i, true,
                     "tasks arrive faster than they can leave: %" PRIu64
                     " stood here when the last of %u came, in a trial run",
                     pile->standing, run->arrivals);
    }
}

static void backlog_watch(struct run *run)
{
    uint64_t queued = run->workload.census.queued_messages;
    struct backlog *backlog = &run->backlog;
    if (run->clock.manual_ns < backlog->middle_ns)
        backlog->early_most = queued > backlog->early_most ? queued : backlog->early_most;
    else if (run->clock.manual_ns >= backlog->late_ns && run->clock.manual_ns < backlog->end_ns)
        backlog->late_least = queued < backlog->late_least ? queued : backlog->late_least;
}

/* The first step that sends to a queue. */
static uint16_t queue_step(const struct flow *flow)
{
    const struct program *program = flow->program;
    struct use uses[LIMIT_CASES];
    for (uint16_t i = 0; i < program->op_count; i++) {
        unsigned count = flow->reached[i] ? roles_uses(flow->roles, &program->ops[i], uses) : 0;
        for (unsigned j = 0; j < count; j++)
            if (uses[j].role == ROLE_SEND &&
                roles_thing(flow->roles, uses[j].thing, NULL)->kind == THING_QUEUE)
                return program->ops[i].step;
    }
    return program->ops[program->kinds[0].entry].step;
}

static void backlog_tell(const struct run *run)
{
    const struct backlog *backlog = &run->backlog;
    if (backlog->late_least == UINT64_MAX || backlog->late_least <= backlog->early_most)
        return;
    findings_add(run->findings, FINDING_OUTGROWN, queue_step(run->flow), true,
                 "more comes in than goes out: never fewer than %" PRIu64
                 " messages stood in queues in the last quarter of a trial run",
                 backlog->late_least);
}

/* ---- the parts of a run ---- */

/* From timer to timer until `end_ns`. False: cut short. */
static bool pass(struct run *run, uint64_t end_ns, uint64_t *work)
{
    for (;;) {
        if (!settle(run, work))
            return false;
        piles_watch(run);
        backlog_watch(run);
        uint64_t due_ns = runtime_due_ns(&run->runtime);
        if (due_ns > end_ns || workload_idle(&run->workload))
            break;
        run->clock.manual_ns = due_ns > run->clock.manual_ns ? due_ns : run->clock.manual_ns + 1;
    }
    run->clock.manual_ns = end_ns;
    return settle(run, work);
}

/* Long enough for every sleep and every deadline to be over; tickers tick on. False: some timer is still
 * armed. */
static bool outlast(struct run *run)
{
    uint64_t work = LIMIT_TRIAL_WORK;
    pass(run, run->clock.manual_ns + FINE_NS, &work);
    work = LIMIT_TRIAL_WORK;
    for (int i = 0; i < COARSE_JUMPS; i++) {
        uint64_t due_ns = runtime_due_ns(&run->runtime);
        if (due_ns == UINT64_MAX || workload_idle(&run->workload))
            return true;
        uint64_t next_ns = run->clock.manual_ns + COARSE_NS;
        run->clock.manual_ns = due_ns > next_ns ? due_ns : next_ns;
        if (!settle(run, &work))
            return false;
    }
    return false;
}

/* ---- what is left ---- */

/* Time alone brings a task on from here, as long as its timer is armed. */
static bool timed(const struct program *program, uint16_t step)
{
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        if (op->step != step)
            continue;
        if (op->code == OP_SLEEP || op->code == OP_TICK)
            return true;
        for (uint16_t j = 0; op->code == OP_SELECT && j < op->count; j++) {
            enum case_kind kind = program->cases[op->first + j].kind;
            if (kind == CASE_AFTER || kind == CASE_TICK)
                return true;
        }
    }
    return false;
}

/* Somebody who has waited for time until now may come to the end one day, and free others on the way. */
static bool may_go_on(const struct run *run)
{
    const struct program *program = run->flow->program;
    for (uint16_t i = 0; i < program->step_count; i++)
        if (run->tally->standing[i] > 0 && timed(program, i) && !findings_explain(run->findings, i))
            return true;
    return run->workload.census.states[TASK_READY] > 0;
}

static void left_tell(struct run *run, struct trial *trial)
{
    const struct program *program = run->flow->program;
    uint64_t left = 0;
    for (uint16_t i = 0; i < program->step_count; i++) {
        uint64_t standing = run->tally->standing[i];
        if (standing == 0)
            continue;
        left += standing;
        if (!findings_explain(run->findings, i))
            findings_add(run->findings, FINDING_LEFT, i, true,
                         "%" PRIu64 " task%s left here in a trial run, once the owner had gone", standing,
                         standing == 1 ? " was" : "s were");
    }
    trial->left = left > trial->left ? left : trial->left;
}

static uint16_t first_step(const struct program *program, uint16_t kind)
{
    return program->ops[program->kinds[kind].entry].step;
}

static void tickers_tell(struct run *run, struct trial *trial)
{
    uint64_t left = run->workload.census.tickers;
    trial->tickers = left > trial->tickers ? left : trial->tickers;
    for (uint32_t i = 0; i < run->findings->count; i++)
        if (run->findings->items[i].kind == FINDING_TICKER)
            return;
    if (left > 0)
        findings_add(run->findings, FINDING_TICKERS_LEFT, first_step(run->flow->program, 0), true,
                     "%" PRIu64 " ticker%s on for ever in a trial run", left, left == 1 ? " goes" : "s go");
}

/* The thing that an operation opens, where some of its kind were left open; ROLE_START: none. */
static uint32_t left_open(const struct run *run, uint16_t index)
{
    const struct op *op = &run->flow->program->ops[index];
    struct use uses[LIMIT_CASES];
    if (op->code != OP_OPEN || !run->flow->reached[index] || run->workload.census.open[op->reg] == 0 ||
        roles_uses(run->flow->roles, op, uses) == 0)
        return ROLE_START;
    return uses[0].thing;
}

/* The step that is the likeliest to have left something open: the second that opens the same thing, whose
 * first nobody can shut any more; otherwise the first that opens anything. */
static uint16_t open_step(const struct run *run)
{
    const struct program *program = run->flow->program;
    uint16_t first = NO_TARGET;
    for (uint16_t i = 0; i < program->op_count; i++) {
        uint32_t thing = left_open(run, i);
        if (thing == ROLE_START)
            continue;
        first = first == NO_TARGET ? i : first;
        for (uint16_t j = 0; j < i; j++)
            if (left_open(run, j) == thing)
                return program->ops[i].step;
    }
    return first == NO_TARGET ? first_step(program, 0) : program->ops[first].step;
}

static void resources_tell(struct run *run, struct trial *trial)
{
    uint64_t left = 0;
    for (int kind = 0; kind < RESOURCE_KINDS; kind++)
        left += run->workload.census.open[kind];
    trial->resources = left > trial->resources ? left : trial->resources;
    for (uint32_t i = 0; i < run->findings->count; i++)
        if (run->findings->items[i].kind == FINDING_OPEN || run->findings->items[i].kind == FINDING_OPEN_LEFT)
            return;
    if (left > 0)
        findings_add(run->findings, FINDING_OPEN_LEFT, open_step(run), true,
                     "%" PRIu64 " resource%s open in a trial run", left, left == 1 ? " stays" : "s stay");
}

static void panicked_tell(struct run *run, struct trial *trial)
{
    const struct workload *workload = &run->workload;
    uint64_t panicked = workload->census.ended[END_PANICKED];
    for (uint32_t i = 0; i < workload->panic_count; i++)
        if (workload->panics[i].why != PANIC_MEMORY)
            findings_add(run->findings, FINDING_PANICKED, workload->panics[i].step, true,
                         "tasks panic here in a trial run: %s", panic_text(workload->panics[i].why));
    trial->panicked = panicked > trial->panicked ? panicked : trial->panicked;
}

/* ---- a run ---- */

static enum err play(struct run *run, struct trial *trial)
{
    uint64_t work = LIMIT_TRIAL_WORK;
    if (workload_start(&run->workload) == ERR_MEMORY)
        return ERR_MEMORY;
    run->backlog = (struct backlog){.middle_ns = run->clock.manual_ns + LINGER_OPEN_NS / 2,
                                    .late_ns = run->clock.manual_ns + LINGER_OPEN_NS / 4 * 3,
                                    .end_ns = run->clock.manual_ns + LINGER_OPEN_NS,
                                    .late_least = UINT64_MAX};
    bool whole = pass(run, run->clock.manual_ns + LINGER_OPEN_NS, &work);
    piles_tell(run);
    backlog_tell(run);
    outlast(run);
    workload_cancel(&run->workload);
    bool over = outlast(run);
    if (run->workload.capped_by == LIMIT_KIND_MEMORY)
        return ERR_MEMORY;
    if (!whole || run->workload.capped_by != LIMIT_KINDS || (!over && may_go_on(run))) {
        trial->cut = true;
        return ERR_OK;
    }
    left_tell(run, trial);
    tickers_tell(run, trial);
    resources_tell(run, trial);
    panicked_tell(run, trial);
    return ERR_OK;
}

static enum err run_once(struct run *run, const int64_t *params, uint64_t seed, struct trial *trial)
{
    struct workload_spec spec = {
        .params = params,
        .linger_ns = LINGER_OPEN_NS,
        .seed = seed,
        .max_tasks = LIMIT_TRIAL_TASKS,
        .max_heap_bytes = LIMIT_TRIAL_BYTES,
    };
    run->clock = clock_manual(COARSE_NS);
    if (runtime_init(&run->runtime, &run->clock, LIMIT_TRIAL_TASKS, LIMIT_TRIAL_BYTES) != ERR_OK)
        return ERR_MEMORY;
    struct resource_source source = ghost_source();
    runtime_set_source(&run->runtime, &source, ghost_supplies);
    run->tally = spec.tally = runtime_tally(&run->runtime, run->flow->program);
    enum err err = run->tally == NULL ? ERR_MEMORY : workload_init(&run->workload, &run->runtime, &spec);
    if (err == ERR_OK) {
        err = play(run, trial);
        workload_reclaim(&run->workload);
        while (!workload_idle(&run->workload))
            runtime_turn(&run->runtime, (struct budget){.rounds = 1});
        workload_deinit(&run->workload);
    }
    runtime_deinit(&run->runtime);
    return err;
}

enum err trial_run(struct flow *flow, const int64_t *params, struct findings *findings, struct trial *trial)
{
    enum err err = ERR_OK;
    *trial = (struct trial){0};
    for (uint64_t seed = 1; err == ERR_OK && seed <= SEEDS && !trial->cut; seed++) {
        struct run *run = calloc(1, sizeof *run);
        if (run == NULL)
            return ERR_MEMORY;
        run->flow = flow;
        run->findings = findings;
        err = run_once(run, params, seed, trial);
        free(run);
    }
    return err == ERR_RANGE ? ERR_OK : err;
}
