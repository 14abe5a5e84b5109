#include "simulation/simulation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/rng.h"
#include "lab/scenario.h"
#include "simulation/agenda.h"
#include "simulation/replica.h"

#define MS_NS     1000000u
#define DIGITS    32
#define CHANCE    UINT64_C(0x6C62272E07BB0142) /* tells the seed of chance from those of instances */
#define ODD       UINT64_C(0x9E3779B97F4A7C15)
#define LIFE_BITS 32

/* Of a scenario of the calendar. */
struct plan {
    json_t *body; /* borrowed */
    uint32_t instance;
    uint64_t at_ns;
    uint64_t duration_ns; /* 0: it has no end */
};

struct instance {
    uint32_t shows; /* the target of what its process shows, and of what the scraper itself says of it */
    uint32_t scrape;
    bool present;
    uint64_t up_ns;          /* when it is back, while it is down */
    uint64_t lives;          /* processes so far */
    struct replica *replica; /* NULL: down, or not present */
};

enum what {
    OCCUR, /* an event of the calendar */
    STOP,  /* an instance's process ends, and begins again after the event's `down` */
    START
};

struct simulation {
    struct simulation_config config;
    struct replica_view view;
    struct metrics_history *history;
    struct metrics_registry *scraper; /* `up` of the instance at hand */
    struct metrics_series *up;
    struct agenda agenda;
    struct rng chance;
    struct plan plans[LIMIT_SEQUENCE];
    size_t plan_count;
    uint64_t begin_ns; /* since 1970 */
    uint64_t now_ns;   /* since then */
    struct instance instances[LIMIT_INSTANCES];
};

static const struct metrics_declaration scraper_table[] = {
    {.name = "up",
     .help = "1 when the scrape of this instance went well, 0 when it did not.",
     .type = METRICS_GAUGE},
};

static enum err err_of(enum metrics_err err)
{
    CHECK(err == METRICS_OK || err == METRICS_MEMORY || err == METRICS_LIMIT || err == METRICS_UTF8);
    if (err == METRICS_UTF8)
        return ERR_SYNTAX;
    return err == METRICS_OK ? ERR_OK : err == METRICS_MEMORY ? ERR_MEMORY : ERR_LIMIT;
}

static uint32_t instance_count(const struct simulation *simulation)
{
    return simulation->config.calendar->instance_count;
}

/* ---- making ---- */

static enum err open_scraper(struct simulation *simulation)
{
    enum metrics_err err =
        metrics_registry_new(scraper_table, COUNT_OF(scraper_table), &simulation->scraper, NULL);
    if (err == METRICS_OK)
        err = metrics_series(simulation->scraper, 0, NULL, &simulation->up);
    return err_of(err);
}

static enum err add_targets(struct simulation *simulation)
{
    enum metrics_err err = METRICS_OK;
    for (uint32_t i = 0; i < instance_count(simulation) && err == METRICS_OK; i++) {
        const struct metrics_stamp stamps[] = {{"job", simulation->config.job},
                                               {"instance", simulation->config.calendar->labels[i]}};
        struct instance *instance = &simulation->instances[i];
        err = metrics_history_add(simulation->history, stamps, COUNT_OF(stamps), &instance->shows);
        if (err == METRICS_OK)
            err = metrics_history_add(simulation->history, stamps, COUNT_OF(stamps), &instance->scrape);
    }
    return err_of(err);
}

static enum err put_events(struct simulation *simulation)
{
    const struct calendar *calendar = simulation->config.calendar;
    enum err err = ERR_OK;
    for (uint32_t i = 0; i < calendar->event_count && err == ERR_OK; i++) {
        const struct event *event = &calendar->events[i];
        if (event->kind != EVENT_MISS && event->kind != EVENT_GAP)
            err = agenda_put(&simulation->agenda,
                             (struct moment){.at_ns = event->at_ns, .what = OCCUR, .event = i});
    }
    return err;
}

enum err simulation_new(struct simulation **result, const struct simulation_config *config)
{
    struct simulation *simulation = calloc(1, sizeof *simulation);
    if (simulation == NULL)
        return ERR_MEMORY;
    simulation->config = *config;
    simulation->begin_ns = config->at_ms * MS_NS;
    simulation->chance.state = config->seed ^ CHANCE;
    enum err err = replica_view_init(&simulation->view);
    if (err == ERR_OK)
        err = open_scraper(simulation);
    if (err == ERR_OK)
        err = err_of(metrics_history_new(config->keep, config->keep_context, &simulation->history));
    if (err == ERR_OK)
        err = add_targets(simulation);
    if (err == ERR_OK)
        err = put_events(simulation);
    if (err != ERR_OK) {
        simulation_free(simulation);
        return err;
    }
    *result = simulation;
    return ERR_OK;
}

/* ---- processes ---- */

/* Each process has seeds of its own, and the first one those of the whole. */
static enum err open_replica(const struct simulation *simulation, uint32_t number, struct replica **replica)
{
    const struct simulation_config *config = &simulation->config;
    uint64_t process = (uint64_t)number << LIFE_BITS | simulation->instances[number].lives;
    const struct replica_config replica_config = {
        .catalogue = config->catalogue,
        .seed = config->seed ^ process * ODD,
        .max_tasks = config->max_tasks,
        .max_heap_bytes = config->max_heap_bytes,
        .max_fds = config->max_fds,
        .judge_interval_ns = config->judge_interval_ns,
        .now_ns = simulation->begin_ns + simulation->now_ns,
        .stop = config->stop,
    };
    return replica_new(replica, &replica_config);
}

static void tell_capped(const struct simulation *simulation, uint32_t number)
{
    const struct simulation_config *config = &simulation->config;
    const struct core *core = replica_core(simulation->instances[number].replica);
    struct link *link;
    if (config->capped == NULL)
        return;
    list_each (link, &core->scenarios) {
        const struct scenario *scenario = container_of(link, struct scenario, link);
        if (scenario->cause == CAUSE_CAPPED)
            config->capped(config->capped_context, config->calendar->labels[number], scenario->spec.name,
                           limit_kind_word(scenario_capped_by(scenario)));
    }
}

static void stop(struct simulation *simulation, uint32_t number)
{
    struct instance *instance = &simulation->instances[number];
    if (instance->replica == NULL)
        return;
    tell_capped(simulation, number);
    metrics_history_part(simulation->history, instance->shows);
    replica_free(instance->replica);
    instance->replica = NULL;
}

/* A scenario as a process gets it that begins now; `*gone_ns` of its time is over. NULL: not at all, or there
 * was no memory. */
static json_t *body_now(const struct simulation *simulation, const struct plan *plan, bool again,
                        uint64_t *gone_ns, enum err *err)
{
    char text[DIGITS];
    uint64_t now_ns = simulation->now_ns;
    *gone_ns = now_ns > plan->at_ns ? now_ns - plan->at_ns : 0;
    if (*gone_ns > 0 && (!again || (plan->duration_ns > 0 && *gone_ns >= plan->duration_ns)))
        return NULL;
    snprintf(text, sizeof text, "%lluns",
             (unsigned long long)(plan->at_ns > now_ns ? plan->at_ns - now_ns : 0));
    json_t *body = json_copy(plan->body);
    if (body == NULL || json_object_set_new(body, "at", json_string(text)) != 0) {
        json_decref(body);
        *err = ERR_MEMORY;
        return NULL;
    }
    return body;
}

/* What begins in a process, and since when it would have run. */
static json_t *bodies_now(const struct simulation *simulation, uint32_t number, bool again,
                          uint64_t gone_ns[static LIMIT_SEQUENCE], enum err *err)
{
    json_t *bodies = json_array();
    for (size_t i = 0; i < simulation->plan_count && bodies != NULL; i++) {
        const struct plan *plan = &simulation->plans[i];
        uint64_t gone = 0;
        json_t *body = plan->instance == CALENDAR_ALL || plan->instance == number
                           ? body_now(simulation, plan, again, &gone, err)
                           : NULL;
        gone_ns[json_array_size(bodies)] = gone;
        if (body != NULL && json_array_append_new(bodies, body) != 0)
            *err = ERR_MEMORY;
    }
    if (bodies == NULL)
        *err = ERR_MEMORY;
    return bodies;
}

static void resume(struct replica *replica, const json_t *answer, const uint64_t gone_ns[])
{
    size_t at;
    json_t *view;
    json_array_foreach(json_object_get(answer, "scenarios"), at, view)
    {
        struct scenario *scenario =
            core_find(replica_core(replica), json_string_value(json_object_get(view, "name")));
        CHECK(scenario != NULL);
        if (gone_ns[at] > 0)
            scenario_resume(scenario, gone_ns[at]);
    }
}

static enum err post(struct simulation *simulation, uint32_t number, struct replica *replica, bool again)
{
    uint64_t gone_ns[LIMIT_SEQUENCE] = {0};
    enum err err = ERR_OK;
    json_t *answer;
    json_t *bodies = bodies_now(simulation, number, again, gone_ns, &err);
    if (err != ERR_OK || json_array_size(bodies) == 0) {
        json_decref(bodies);
        return err;
    }
    /* They were checked at the beginning: only memory can be missing. */
    int status = replica_post(replica, bodies, &answer);
    if (status == 201 && answer != NULL)
        resume(replica, answer, gone_ns);
    else
        err = ERR_MEMORY;
    json_decref(answer);
    return err;
}

static enum err start(struct simulation *simulation, uint32_t number, bool again)
{
    struct instance *instance = &simulation->instances[number];
    if (instance->replica != NULL || !instance->present || simulation->now_ns < instance->up_ns)
        return ERR_OK;
    struct replica *replica;
    enum err err = open_replica(simulation, number, &replica);
    if (err != ERR_OK)
        return err;
    err = post(simulation, number, replica, again);
    if (err != ERR_OK) {
        replica_free(replica);
        return err;
    }
    replica_advance(replica, simulation->begin_ns + simulation->now_ns);
    instance->lives++;
    instance->replica = replica;
    return ERR_OK;
}

void simulation_end(struct simulation *simulation)
{
    for (uint32_t i = 0; i < instance_count(simulation); i++)
        stop(simulation, i);
}

void simulation_free(struct simulation *simulation)
{
    if (simulation == NULL)
        return;
    simulation_end(simulation);
    metrics_history_free(simulation->history);
    metrics_registry_free(simulation->scraper);
    replica_view_deinit(&simulation->view);
    agenda_deinit(&simulation->agenda);
    free(simulation);
}

/* ---- beginning ---- */

/* What the lab makes of each scenario. They are listed in the order of the file. */
static void keep_plans(struct simulation *simulation, struct replica *replica, const json_t *answer)
{
    const struct calendar *calendar = simulation->config.calendar;
    size_t at;
    json_t *view;
    json_array_foreach(json_object_get(answer, "scenarios"), at, view)
    {
        const struct scenario *scenario =
            core_find(replica_core(replica), json_string_value(json_object_get(view, "name")));
        CHECK(scenario != NULL);
        simulation->plans[at] = (struct plan){
            .body = json_array_get(calendar->scenarios, at),
            .instance = calendar->placed[at],
            .at_ns = (uint64_t)scenario->spec.at_ns,
            .duration_ns = (uint64_t)scenario->spec.duration_ns,
        };
        simulation->plan_count = at + 1;
    }
    replica_view_list(&simulation->view, replica);
}

/* Asks a process that never runs. */
static int check_scenarios(struct simulation *simulation, json_t **answer)
{
    struct replica *replica;
    *answer = NULL;
    json_t *bodies = json_deep_copy(simulation->config.calendar->scenarios);
    if (bodies == NULL)
        return 500;
    if (open_replica(simulation, 0, &replica) != ERR_OK) {
        json_decref(bodies);
        return 500;
    }
    int status = replica_post(replica, bodies, answer);
    if (status == 201 && *answer != NULL)
        keep_plans(simulation, replica, *answer);
    else if (status == 201)
        status = 500;
    replica_free(replica);
    return status;
}

int simulation_begin(struct simulation *simulation, json_t **answer)
{
    int status = check_scenarios(simulation, answer);
    for (uint32_t i = 0; i < simulation->config.calendar->first_count && status == 201; i++) {
        simulation->instances[i].present = true;
        if (start(simulation, i, true) == ERR_OK)
            continue;
        json_decref(*answer);
        *answer = NULL;
        status = 500;
    }
    return status;
}

/* ---- events ---- */

/* The process ends, and there is another one after `down`. */
static enum err restart(struct simulation *simulation, uint32_t number, uint32_t event_number)
{
    const struct event *event = &simulation->config.calendar->events[event_number];
    struct instance *instance = &simulation->instances[number];
    uint64_t up_ns = simulation->now_ns + event->down_ns;
    if (!instance->present)
        return ERR_OK;
    stop(simulation, number);
    if (up_ns > instance->up_ns)
        instance->up_ns = up_ns;
    return agenda_put(
        &simulation->agenda,
        (struct moment){.at_ns = instance->up_ns, .what = START, .instance = number, .event = event_number});
}

static enum err happen_to(struct simulation *simulation, uint32_t number, uint32_t event_number)
{
    const struct event *event = &simulation->config.calendar->events[event_number];
    struct instance *instance = &simulation->instances[number];
    if (event->kind == EVENT_RESTART)
        return restart(simulation, number, event_number);
    if (event->kind == EVENT_REMOVE) {
        stop(simulation, number);
        instance->present = false;
        return ERR_OK;
    }
    CHECK(event->kind == EVENT_ADD);
    if (!instance->present)
        instance->up_ns = simulation->now_ns;
    instance->present = true;
    return start(simulation, number, event->again);
}

/* One after the other: each begins once the one before is back, and a pause is over. */
static enum err deploy(struct simulation *simulation, uint32_t event_number)
{
    const struct event *event = &simulation->config.calendar->events[event_number];
    struct moment moment = {.at_ns = simulation->now_ns, .what = STOP, .event = event_number};
    enum err err = ERR_OK;
    for (uint32_t i = 0; i < instance_count(simulation) && err == ERR_OK; i++) {
        if (!simulation->instances[i].present || (event->instance != CALENDAR_ALL && event->instance != i))
            continue;
        moment.instance = i;
        err = agenda_put(&simulation->agenda, moment);
        moment.at_ns += event->down_ns + event->pause_ns;
    }
    return err;
}

static enum err occur(struct simulation *simulation, uint32_t event_number)
{
    const struct event *event = &simulation->config.calendar->events[event_number];
    enum err err = ERR_OK;
    if (event->every_ns > 0)
        err = agenda_put(&simulation->agenda, (struct moment){.at_ns = simulation->now_ns + event->every_ns,
                                                              .what = OCCUR,
                                                              .event = event_number});
    if (err == ERR_OK && event->kind == EVENT_DEPLOY)
        return deploy(simulation, event_number);
    for (uint32_t i = 0; i < instance_count(simulation) && err == ERR_OK; i++)
        if (event->instance == CALENDAR_ALL || event->instance == i)
            err = happen_to(simulation, i, event_number);
    return err;
}

static enum err happen(struct simulation *simulation, const struct moment *moment)
{
    const struct event *event = &simulation->config.calendar->events[moment->event];
    switch ((enum what)moment->what) {
    case OCCUR:
        return occur(simulation, moment->event);
    case STOP:
        return restart(simulation, moment->instance, moment->event);
    case START:
        return start(simulation, moment->instance, event->again);
    }
    CHECK(!"a moment");
    return ERR_OK;
}

/* ---- time ---- */

static void advance_all(struct simulation *simulation, uint64_t end_ns)
{
    simulation->now_ns = end_ns;
    for (uint32_t i = 0; i < instance_count(simulation); i++)
        if (simulation->instances[i].replica != NULL)
            replica_advance(simulation->instances[i].replica, simulation->begin_ns + end_ns);
}

static bool stopped(const struct simulation *simulation)
{
    return simulation->config.stop != NULL && simulation->config.stop();
}

enum err simulation_advance(struct simulation *simulation, uint64_t end_ns)
{
    struct moment moment;
    enum err err = ERR_OK;
    while (err == ERR_OK && !stopped(simulation) && agenda_take(&simulation->agenda, end_ns, &moment)) {
        advance_all(simulation, moment.at_ns);
        err = happen(simulation, &moment);
    }
    if (err == ERR_OK)
        advance_all(simulation, end_ns);
    return err;
}

/* ---- scrapes ---- */

/* How long ago the event began for the last time; UINT64_MAX: it has not. */
static uint64_t event_age_ns(const struct event *event, uint64_t now_ns)
{
    if (now_ns < event->at_ns)
        return UINT64_MAX;
    uint64_t age_ns = now_ns - event->at_ns;
    return event->every_ns > 0 ? age_ns % event->every_ns : age_ns;
}

/* A scrape falls into the time of an event; without one of its own that is the time since the scrape before.
 */
static bool falls_into(const struct simulation *simulation, const struct event *event)
{
    uint64_t for_ns = event->for_ns > 0 ? event->for_ns : simulation->config.interval_ns;
    return event_age_ns(event, simulation->now_ns) < for_ns;
}

static bool nobody_scrapes(const struct simulation *simulation)
{
    const struct calendar *calendar = simulation->config.calendar;
    for (uint32_t i = 0; i < calendar->event_count; i++)
        if (calendar->events[i].kind == EVENT_GAP && falls_into(simulation, &calendar->events[i]))
            return true;
    return false;
}

/* Chance is asked for each event, whatever the others say, so that one more changes nothing for them. */
static bool scrape_fails(struct simulation *simulation, uint32_t number)
{
    const struct calendar *calendar = simulation->config.calendar;
    bool fails = false;
    for (uint32_t i = 0; i < calendar->event_count; i++) {
        const struct event *event = &calendar->events[i];
        if (event->kind != EVENT_MISS || !falls_into(simulation, event) ||
            (event->instance != CALENDAR_ALL && event->instance != number))
            continue;
        fails |= event->share == CALENDAR_SHARE_ALL ||
                 rng_below(&simulation->chance, CALENDAR_SHARE_ALL) < event->share;
    }
    return fails;
}

static enum err say_up(struct simulation *simulation, const struct instance *instance, bool up)
{
    metrics_set_u64(simulation->up, up);
    return err_of(metrics_history_record(simulation->history, instance->scrape, simulation->scraper, NULL));
}

static enum err see_nothing(struct simulation *simulation, const struct instance *instance, bool looked)
{
    return err_of(
        metrics_history_miss(simulation->history, instance->shows, looked ? METRICS_STALE : METRICS_UNSEEN));
}

static enum err scrape(struct simulation *simulation, uint32_t number)
{
    struct instance *instance = &simulation->instances[number];
    if (!instance->present) {
        enum err err = err_of(metrics_history_miss(simulation->history, instance->scrape, METRICS_STALE));
        return err == ERR_OK ? see_nothing(simulation, instance, true) : err;
    }
    bool up = !scrape_fails(simulation, number) && instance->replica != NULL;
    enum err err = say_up(simulation, instance, up);
    if (err != ERR_OK)
        return err;
    return up ? replica_show(instance->replica, &simulation->view, simulation->history, instance->shows)
              : see_nothing(simulation, instance, true);
}

enum err simulation_scrape(struct simulation *simulation)
{
    uint64_t time_ms = (simulation->begin_ns + simulation->now_ns) / MS_NS;
    enum err err = err_of(metrics_history_scrape(simulation->history, time_ms));
    bool nobody = nobody_scrapes(simulation);
    for (uint32_t i = 0; i < instance_count(simulation) && err == ERR_OK; i++) {
        if (!nobody) {
            err = scrape(simulation, i);
            continue;
        }
        err = err_of(
            metrics_history_miss(simulation->history, simulation->instances[i].scrape, METRICS_UNSEEN));
        if (err == ERR_OK)
            err = see_nothing(simulation, &simulation->instances[i], false);
    }
    return err;
}

const struct metrics_history *simulation_history(const struct simulation *simulation)
{
    return simulation->history;
}

uint64_t simulation_live(const struct simulation *simulation)
{
    uint64_t live = 0;
    for (uint32_t i = 0; i < instance_count(simulation); i++)
        if (simulation->instances[i].replica != NULL)
            live += replica_core(simulation->instances[i].replica)->runtime.live;
    return live;
}
