/* Problem details as RFC 9457 describes them, the body of every answer with a status of 400 and above:
 *
 *     {"type": "about:blank", "title": "Unprocessable Content", "status": 422, "detail": "one sentence",
 *      "errors": [{"pointer": "/mode", "detail": "unknown mode \"leek-recv\": did you mean \"leak-recv\"?"}]}
 *
 * A problem is a JSON object that the caller owns (json_decref) or hands on as lab_request.answer. Every
 * function takes NULL, which is what problem_new gives when memory is out, so that a writer checks once, at
 * the end. Texts are cut after PROBLEM_TEXT bytes; what is not UTF-8 in them is replaced by '?'. Any thread.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The longest text in a problem, with its zero. */
#define PROBLEM_TEXT 4096

/* A problem without errors; `format` makes its detail: one sentence that says what is wrong and what would
 * have been right. NULL when memory is out. */
json_t *problem_new(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Replaces the detail, once all errors are known. Without memory for it the old one stays. */
void problem_set_detail(json_t *problem, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds an error at `pointer` (RFC 6901; "" is the whole body). At most LIMIT_REPORTED_ERRORS are kept; those
 * beyond, and one that memory has no room for, are left out. */
void problem_add(json_t *problem, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a member of the body: `member` is its plain name, escaped here as RFC 6901 wants it. */
void problem_add_member(json_t *problem, const char *member, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same at a place of a text: {"line": 3, "column": 5, "detail": "..."}, both from 1. */
void problem_add_place(json_t *problem, unsigned line, unsigned column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* How many errors it has; 0 for NULL. */
size_t problem_count(const json_t *problem);

/* Its HTTP status; 500 for NULL. */
int problem_status(const json_t *problem);

/* The reason phrase of a status that leaklab answers with: "Not Found". "Error" for any other. */
const char *problem_title(int status);
