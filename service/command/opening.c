#include "command/opening.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "http/body.h"

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

/* By its name, or by how it begins: what JSON can be begins with a brace or a bracket. */
static enum body_type type_of(const char *path, const char *bytes, size_t size)
{
    const char *suffix = strrchr(path, '.');
    size_t blank = 0;
    if (suffix != NULL && (strcmp(suffix, ".yaml") == 0 || strcmp(suffix, ".yml") == 0))
        return BODY_YAML;
    while (blank < size && strchr(" \t\r\n", bytes[blank]) != NULL && bytes[blank] != '\0')
        blank++;
    bool brace = blank < size && (bytes[blank] == '{' || bytes[blank] == '[');
    return brace || (suffix != NULL && strcmp(suffix, ".json") == 0) ? BODY_JSON : BODY_YAML;
}

bool opening_text(const char *command, const char *path, struct opening_bytes *bytes)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "%s: --scenario %s: %s\n", command, path, strerror(errno));
        return false;
    }
    bytes->size = fread(bytes->text, 1, sizeof bytes->text, file);
    int failed = ferror(file) ? errno : 0;
    (void)fclose(file); /* only read */
    if (failed != 0)
        fprintf(stderr, "%s: --scenario %s: %s\n", command, path, strerror(failed));
    else if (bytes->size > LIMIT_BODY_BYTES)
        fprintf(stderr, "%s: --scenario %s: is larger than %d bytes\n", command, path, LIMIT_BODY_BYTES);
    return failed == 0 && bytes->size <= LIMIT_BODY_BYTES;
}

json_t *opening_decode(const char *command, const char *path, const struct opening_bytes *bytes)
{
    json_t *problem;
    json_t *body = body_decode(type_of(path, bytes->text, bytes->size), bytes->text, bytes->size, &problem);
    if (body == NULL)
        opening_say(command, path, problem);
    json_decref(problem);
    return body;
}

json_t *opening_read(const char *command, const char *path)
{
    struct opening_bytes bytes;
    return opening_text(command, path, &bytes) ? opening_decode(command, path, &bytes) : NULL;
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
