#include "fuzz_desk.h"

#define TURNS_MOST 100000 /* to reclaim FUZZ_TASKS_MOST tasks */
#define UNREST     20     /* turns after which time passes, though there is always more to do */

static uint64_t fixed_seed(void *argument)
{
    (void)argument;
    return DESK_SEED;
}

void fuzz_desk_open(struct desk *desk, struct catalogue *catalogue)
{
    desk->clock = clock_manual(SEC);
    struct core_config config = {
        .catalogue = catalogue,
        .max_tasks = FUZZ_TASKS_MOST,
        .max_heap_bytes = FUZZ_HEAP_MOST,
        .clock = &desk->clock,
        .seed = fixed_seed,
    };
    fake_source_init(&desk->fake);
    config.source = &desk->fake.source;
    for (int supply = 0; supply < SUPPLIES; supply++)
        config.supplies[supply] = FUZZ_TASKS_MOST;
    CHECK(core_init(&desk->core, &config) == ERR_OK);
}

/* One turn; true when another is due at this time of the clock. */
static bool turn(struct desk *desk)
{
    bool more = runtime_turn(&desk->core.runtime, (struct budget){.rounds = 1});
    more = core_after_turn(&desk->core) || more;
    core_deliver(&desk->core);
    CHECK(desk->core.runtime.live <= FUZZ_TASKS_MOST);
    return more;
}

void fuzz_desk_run(struct desk *desk, unsigned turns)
{
    while (turns-- > 0 && turn(desk))
        ;
}

int fuzz_desk_ask(struct desk *desk, struct reply *reply, struct lab_request request)
{
    *reply = (struct reply){.request = request};
    reply->request.done = reply_done;
    reply->request.argument = reply;
    core_handle(&desk->core, &reply->request);
    for (unsigned turns = TURNS_MOST; turns > 0 && !reply->answered; turns--)
        if (!turn(desk) || turns % UNREST == 0)
            desk->clock.manual_ns += MS;
    CHECK(reply->answered);
    int status = reply->request.status;
    CHECK(status >= 200 && status < 500);
    if (status >= 400)
        fuzz_problem(json_incref(reply->request.answer));
    return status;
}

int fuzz_desk_do(struct desk *desk, struct lab_request request)
{
    struct reply reply;
    int status = fuzz_desk_ask(desk, &reply, request);
    reply_free(&reply);
    return status;
}

void fuzz_desk_reset(struct desk *desk)
{
    CHECK(fuzz_desk_do(desk, (struct lab_request){.verb = LAB_RESET}) == 200);
    CHECK(desk->core.runtime.live == 0 && desk->core.runtime.charged_bytes == 0);
}

void fuzz_desk_close(struct desk *desk)
{
    fuzz_desk_reset(desk);
    core_close(&desk->core);
    core_deinit(&desk->core);
}
