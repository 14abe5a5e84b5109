#include "command/demo.h"

#include <stdlib.h>

#include "base/macros.h"
#include "lab/request.h"

struct demo_request {
    struct lab_request request;
    const struct log *log;
    const char *name;
};

/* Five starts a second, each an owner that stays for a second and one worker. */
static const struct {
    const char *name;
    const char *mode;
} twins[] = {{"demo-leak", "leak-recv"}, {"demo-fix", "fix-recv"}};

static void on_answer(struct lab_request *request, void *argument)
{
    struct demo_request *demo = argument;
    if (request->status == 201) {
        log_line(demo->log, LOG_INFO, "demo scenario started", LOG_TEXT("name", demo->name));
    } else {
        const char *detail = json_string_value(json_object_get(request->answer, "detail"));
        log_line(demo->log, LOG_ERROR, "demo scenario not started", LOG_TEXT("name", demo->name),
                 LOG_TEXT("why", detail == NULL ? "out of memory" : detail));
    }
    json_decref(request->body);
    json_decref(request->answer);
    free(demo);
}

void demo_start(struct lab *lab, const struct log *log)
{
    for (size_t i = 0; i < COUNT_OF(twins); i++) {
        struct demo_request *demo = calloc(1, sizeof *demo);
        json_t *body = json_pack("{s:s, s:s, s:i, s:s}", "mode", twins[i].mode, "name", twins[i].name, "n", 1,
                                 "rate", "5/s");
        if (demo == NULL || body == NULL) {
            json_decref(body);
            free(demo);
            log_line(log, LOG_ERROR, "demo scenario not started", LOG_TEXT("name", twins[i].name),
                     LOG_TEXT("why", "out of memory"));
            continue;
        }
        demo->log = log;
        demo->name = twins[i].name;
        demo->request = (struct lab_request){
            .verb = LAB_SCENARIO_POST, .body = body, .done = on_answer, .argument = demo};
        lab_post(lab, &demo->request);
    }
}
