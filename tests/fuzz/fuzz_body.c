/* POST /scenario from its bytes to the answer: the first line is the Content-Type, the rest the body. What is
 * decoded is asked of a lab on a clock that stands still, which then runs for a moment and is reset. */
#include <stdlib.h>

#include "fuzz_desk.h"
#include "http/body.h"

#define TURNS_RUN 60 /* some patterns spin for ever */

static struct catalogue *patterns(void)
{
    static struct catalogue catalogue;
    if (catalogue.count == 0)
        load_catalogue(&catalogue);
    return &catalogue;
}

/* The effective specification can be posted again and means the same. */
static void check_effective(const json_t *body)
{
    struct spec_context context = {.catalogue = patterns(),
                                   .max_tasks = FUZZ_TASKS_MOST,
                                   .max_heap_bytes = FUZZ_HEAP_MOST,
                                   .seed = DESK_SEED};
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
    fuzz_desk_open(&desk, patterns());
    (void)fuzz_desk_do(&desk, (struct lab_request){.verb = LAB_SCENARIO_POST, .body = body});
    fuzz_desk_run(&desk, TURNS_RUN);
    fuzz_desk_close(&desk);
    return 0;
}
