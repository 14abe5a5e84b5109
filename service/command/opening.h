/* The scenarios of `--scenario FILE`, of `leaklab serve` and `leaklab simulate`: a file with what POST
 * /scenario takes, a scenario or a list of them, in YAML or JSON. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "command/document.h"
#include "lab/request.h"

struct opening {
    struct lab_request request;
    const char *path;
    void (*done)(bool started, void *argument);
    void *argument;
};

/* Reads the file. NULL after a message on stderr, which begins with `command`, that says what is wrong with
 * it, and where. */
json_t *opening_read(const char *command, const char *path);

/* The two halves of it, for who wants to see the text as well. */
bool opening_text(const char *command, const char *path, struct document *document);
json_t *opening_decode(const char *command, const char *path, const struct document *document);

/* Says on stderr why what was read starts nothing: `problem` is the answer, NULL: there was no memory. */
void opening_say(const char *command, const char *path, const json_t *problem);

/* Posts what was read, and takes it over. `done` is called once, on the lab thread, after a message on stderr
 * when nothing was started. `path` is borrowed until then. */
void opening_post(struct opening *opening, struct lab *lab, json_t *body);
