#include "command/opening.h"

#include <stdio.h>

/* A fault has a place in the text, or the pointer of a field. */
static void say_error(const char *path, const json_t *error)
{
    const char *pointer = json_string_value(json_object_get(error, "pointer"));
    const char *detail = json_string_value(json_object_get(error, "detail"));
    if (pointer != NULL)
        fprintf(stderr, "  %s: %s\n", pointer, detail);
    else
        fprintf(stderr, "%s:%lld:%lld: %s\n", path,
                (long long)json_integer_value(json_object_get(error, "line")),
                (long long)json_integer_value(json_object_get(error, "column")), detail);
}

void opening_say(const char *command, const char *path, const json_t *problem)
{
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    size_t at;
    json_t *error;
    fprintf(stderr, "%s: --scenario %s: %s\n", command, path, detail == NULL ? "out of memory" : detail);
    json_array_foreach(json_object_get(problem, "errors"), at, error) say_error(path, error);
}

bool opening_text(const char *command, const char *path, struct document *document)
{
    const char *why = document_open(document, path);
    if (why != NULL)
        fprintf(stderr, "%s: --scenario %s: %s\n", command, path, why);
    return why == NULL;
}

json_t *opening_decode(const char *command, const char *path, const struct document *document)
{
    json_t *problem;
    json_t *body = document_decode(document, path, &problem);
    if (body == NULL)
        opening_say(command, path, problem);
    json_decref(problem);
    return body;
}

json_t *opening_read(const char *command, const char *path)
{
    struct document document;
    return opening_text(command, path, &document) ? opening_decode(command, path, &document) : NULL;
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
