/* POST /scenario from its bytes to the answer: the first line is the Content-Type, the rest the body. What is
 * decoded is asked of a lab on a clock that stands still, which then runs for a moment and is reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "http/body.h"
#include "lab_fixture.h"

#define TASKS_MOST 300
#define HEAP_MOST  (4u << 20)
#define TURNS_RUN  60     /* some patterns spin for ever */
#define TURNS_MOST 100000 /* to reclaim TASKS_MOST tasks */

static struct catalogue *patterns(void)
{
    static struct catalogue catalogue;
    if (catalogue.count == 0)
        load_catalogue(&catalogue);
    return &catalogue;
}

static uint64_t fixed_seed(void *argument)
{
    (void)argument;
    return DESK_SEED;
}

static void open_core(struct desk *desk)
{
    desk->clock = clock_manual(SEC);
    struct core_config config = {
        .catalogue = patterns(),
        .max_tasks = TASKS_MOST,
        .max_heap_bytes = HEAP_MOST,
        .clock = &desk->clock,
        .seed = fixed_seed,
    };
    fake_source_init(&desk->fake);
    config.source = &desk->fake.source;
    for (int supply = 0; supply < SUPPLIES; supply++)
        config.supplies[supply] = TASKS_MOST;
    CHECK(core_init(&desk->core, &config) == ERR_OK);
}

static void turn(struct desk *desk, unsigned turns, const bool *until)
{
    for (; turns > 0 && (until == NULL || !*until); turns--) {
        bool more = runtime_turn(&desk->core.runtime, (struct budget){.rounds = 1});
        more = core_after_turn(&desk->core) || more;
        core_deliver(&desk->core);
        CHECK(desk->core.runtime.live <= TASKS_MOST);
        if (!more && until == NULL)
            return;
        if (!more)
            desk->clock.manual_ns += MS;
    }
}

/* The lab's answer, once there: a problem says what is wrong, and nothing is the daemon's fault. */
static void ask(struct desk *desk, enum lab_verb verb, json_t *body)
{
    struct reply reply = {.request = {.verb = verb, .done = reply_done, .argument = &reply, .body = body}};
    core_handle(&desk->core, &reply.request);
    turn(desk, TURNS_MOST, &reply.answered);
    CHECK(reply.answered);
    CHECK(reply.request.status >= 200 && reply.request.status < 500);
    if (reply.request.status >= 400)
        fuzz_problem(json_incref(reply.request.answer));
    reply_free(&reply);
}

static void close_core(struct desk *desk)
{
    ask(desk, LAB_RESET, NULL);
    CHECK(desk->core.runtime.live == 0 && desk->core.runtime.charged_bytes == 0);
    core_close(&desk->core);
    core_deinit(&desk->core);
}

/* The effective specification can be posted again and means the same. */
static void check_effective(const json_t *body)
{
    struct spec_context context = {
        .catalogue = patterns(), .max_tasks = TASKS_MOST, .max_heap_bytes = HEAP_MOST, .seed = DESK_SEED};
    struct spec spec, again;
    json_t *problem = NULL;
    if (!json_is_object(body))
        return;
    if (spec_parse(&context, body, &spec, &problem) != ERR_OK) {
        fuzz_problem(problem);
        return;
    }
    if (spec.action != ACTION_SPAWN)
        return;
    if (spec.name[0] == '\0')
        spec.name[0] = 'a'; /* the lab makes one up */
    json_t *first = spec_json(&spec);
    CHECK(first != NULL);
    context.seed++;
    CHECK(spec_parse(&context, first, &again, &problem) == ERR_OK);
    json_t *second = spec_json(&again);
    CHECK(json_equal(first, second));
    json_decref(first);
    json_decref(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct desk desk;
    struct fuzz_input input = {data, size};
    char *header = fuzz_header(&input);
    enum body_type type;
    bool known = body_type_parse(header, &type);
    free(header);
    if (!known)
        return 0;
    size_t bytes;
    char *text = fuzz_rest(&input, &bytes);
    json_t *problem = NULL, *body = body_decode(type, text, bytes, &problem);
    free(text);
    if (body == NULL) {
        fuzz_problem(problem);
        return 0;
    }
    CHECK(json_is_object(body) || json_is_array(body));
    check_effective(body);
    open_core(&desk);
    ask(&desk, LAB_SCENARIO_POST, body);
    turn(&desk, TURNS_RUN, NULL);
    close_core(&desk);
    return 0;
}
