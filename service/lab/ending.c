#include "lab/ending.h"

#include <stdlib.h>

#include "base/macros.h"
#include "lab/problem.h"

/* What is counted of a scenario: a receipt is the difference between two of them. */
struct account {
    uint64_t spawned;
    uint64_t ended; /* by themselves */
    uint64_t reclaimed;
    uint64_t live;
    uint64_t held_bytes;
};

struct part {
    struct scenario *scenario; /* pinned */
    struct account before;
};

struct ending {
    struct link link;
    struct lab_request *request;
    struct call timer; /* only to be woken at the deadline */
    uint64_t deadline_ns;
    uint32_t waiting; /* parts before it have got where the phase wants them */
    bool one;         /* a single scenario's; otherwise a reset */
    bool reclaim;
    bool reclaiming;
    uint32_t part_count;
    struct part parts[];
};

static struct account account_of(const struct scenario *scenario)
{
    struct census census = scenario_census(scenario);
    uint64_t reclaimed = census.ended[END_RECLAIMED];
    return (struct account){
        .spawned = census.spawned,
        .ended = census_ended(&census) - reclaimed,
        .reclaimed = reclaimed,
        .live = census_live(&census),
        .held_bytes = census_heap_bytes(&census),
    };
}

static void on_timer(struct call *call)
{
    /* Being called has made a turn, and that is followed by ending_check(). */
    (void)call;
}

/* Without memory for the timer the lab's own beat does, a little later. */
static void set_deadline(struct core *core, struct ending *ending, uint64_t ms)
{
    struct clock *clock = core->config.clock;
    ending->deadline_ns = clock->now_ns(clock) + ms * 1000000;
    (void)runtime_call_at(&core->runtime, &ending->timer, ending->deadline_ns);
}

static void add_part(struct ending *ending, struct scenario *scenario)
{
    scenario->pins++;
    ending->parts[ending->part_count++] = (struct part){scenario, account_of(scenario)};
}

static void cancel_parts(struct ending *ending)
{
    for (uint32_t i = 0; i < ending->part_count; i++)
        scenario_cancel(ending->parts[i].scenario, CAUSE_CANCELLED);
}

void ending_begin(struct core *core, struct lab_request *request, struct scenario *scenario, bool reclaim)
{
    size_t most = scenario == NULL ? core->scenario_count : 1;
    struct ending *ending = calloc(1, sizeof *ending + most * sizeof ending->parts[0]);
    if (ending == NULL) {
        core_refuse(core, request, problem_new(500, "out of memory"));
        return;
    }
    ending->request = request;
    ending->one = scenario != NULL;
    ending->reclaim = reclaim;
    ending->timer.fn = on_timer;
    timer_init(&ending->timer.timer, TIMER_CALL);
    list_push_back(&core->endings, &ending->link);
    if (scenario != NULL)
        add_part(ending, scenario);
    struct link *link;
    if (scenario == NULL)
        list_each (link, &core->active)
            add_part(ending, container_of(link, struct scenario, active));
    cancel_parts(ending);
    set_deadline(core, ending, LIMIT_SETTLE_MS);
}

static void put(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

/* told = ended + reclaimed + left: whoever was spawned meanwhile was born under a scope that is done, and
 * counts as told. */
static json_t *receipt(const struct ending *ending, uint64_t *tasks_left)
{
    struct account sum = {0};
    uint64_t freed = 0;
    for (uint32_t i = 0; i < ending->part_count; i++) {
        const struct account *before = &ending->parts[i].before;
        struct account now = account_of(ending->parts[i].scenario);
        sum.ended += now.ended - before->ended;
        sum.reclaimed += now.reclaimed - before->reclaimed;
        sum.live += now.live;
        sum.held_bytes += now.held_bytes;
        freed += before->held_bytes > now.held_bytes ? before->held_bytes - now.held_bytes : 0;
    }
    *tasks_left = sum.live;
    json_t *object = json_object();
    put(object, "tasks_told", sum.ended + sum.reclaimed + sum.live);
    put(object, "tasks_ended", sum.ended);
    if (ending->reclaim)
        put(object, "tasks_reclaimed", sum.reclaimed);
    put(object, "tasks_left", sum.live);
    put(object, "bytes_freed", freed);
    put(object, "bytes_held", sum.held_bytes);
    return object;
}

static void finish(struct core *core, struct ending *ending, int status, json_t *answer)
{
    struct lab_request *request = ending->request;
    for (uint32_t i = 0; i < ending->part_count; i++)
        ending->parts[i].scenario->pins--;
    runtime_call_cancel(&core->runtime, &ending->timer);
    list_remove(&ending->link);
    free(ending);
    core_answer(core, request, status, answer);
}

static void answer(struct core *core, struct ending *ending)
{
    uint64_t tasks_left;
    json_t *sums = receipt(ending, &tasks_left);
    json_t *body;
    if (ending->one) {
        const struct scenario *scenario = ending->parts[0].scenario;
        body = json_pack("{s:s, s:s, s:o}", "name", scenario->spec.name, "state",
                         scenario_state_word(scenario->state), "receipt", sums);
    } else {
        body = json_pack("{s:I, s:o}", "scenarios", (json_int_t)ending->part_count, "receipt", sums);
    }
    finish(core, ending, tasks_left > 0 ? 202 : 200, body);
}

/* True when the scenario's tasks have heard, or, in a reclaim, are gone with all that they held. */
static bool arrived(const struct ending *ending, const struct scenario *scenario)
{
    if (ending->reclaiming)
        return scenario->state == SCENARIO_FINISHED && scenario_freed(scenario);
    return scenario->state == SCENARIO_FINISHED || scenario_told(scenario);
}

/* Moves one ending on; true when something was given to the runtime. */
static bool advance(struct core *core, struct ending *ending)
{
    struct clock *clock = core->config.clock;
    while (ending->waiting < ending->part_count && arrived(ending, ending->parts[ending->waiting].scenario))
        ending->waiting++;
    if (ending->waiting < ending->part_count && clock->now_ns(clock) < ending->deadline_ns)
        return false;
    if (!ending->reclaim || ending->reclaiming) {
        answer(core, ending);
        return false;
    }
    ending->reclaiming = true;
    ending->waiting = 0;
    for (uint32_t i = 0; i < ending->part_count; i++)
        scenario_reclaim(ending->parts[i].scenario);
    set_deadline(core, ending, LIMIT_RECLAIM_MS);
    return true;
}

bool ending_check(struct core *core)
{
    bool given = false;
    for (struct link *link = core->endings.next, *next; link != &core->endings; link = next) {
        next = link->next;
        given |= advance(core, container_of(link, struct ending, link));
    }
    return given;
}

void ending_close(struct core *core)
{
    while (!list_empty(&core->endings)) {
        struct ending *ending = container_of(core->endings.next, struct ending, link);
        finish(core, ending, 503, problem_new(503, "leaklab is shutting down"));
    }
}
