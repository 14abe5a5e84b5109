#include "command/opening.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "http/body.h"

void opening_say(const char *command, const char *path, const json_t *problem)
{
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    size_t at;
    json_t *error;
    fprintf(stderr, "%s: --scenario %s: %s\n", command, path, detail == NULL ? "out of memory" : detail);
    json_array_foreach(json_object_get(problem, "errors"), at, error)
        fprintf(stderr, "  %s: %s\n", json_string_value(json_object_get(error, "pointer")),
                json_string_value(json_object_get(error, "detail")));
}

json_t *opening_read(const char *command, const char *path)
{
    char bytes[LIMIT_BODY_BYTES + 1];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "%s: --scenario %s: %s\n", command, path, strerror(errno));
        return NULL;
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    int failed = ferror(file) ? errno : 0;
    (void)fclose(file); /* only read */
    if (failed != 0) {
        fprintf(stderr, "%s: --scenario %s: %s\n", command, path, strerror(failed));
        return NULL;
    }
    if (size > LIMIT_BODY_BYTES) {
        fprintf(stderr, "%s: --scenario %s: is larger than %d bytes\n", command, path, LIMIT_BODY_BYTES);
        return NULL;
    }
    json_t *problem;
    json_t *body = body_decode(BODY_JSON, bytes, size, &problem);
    if (body == NULL)
        opening_say(command, path, problem);
    json_decref(problem);
    return body;
}

static void on_answer(struct lab_request *request, void *argument)
{
    struct opening *opening = argument;
    bool started = request->status == 201;
    if (request->status >= 400)
        opening_say("leaklab serve", opening->path, request->answer);
    else if (!started)
        fprintf(stderr, "leaklab serve: --scenario %s: starts no scenario\n", opening->path);
    json_decref(request->body);
    json_decref(request->answer);
    opening->done(started, opening->argument);
}

void opening_post(struct opening *opening, struct lab *lab, json_t *body)
{
    opening->request =
        (struct lab_request){.verb = LAB_SCENARIO_POST, .body = body, .done = on_answer, .argument = opening};
    lab_post(lab, &opening->request);
}
