#include "lab/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/macros.h"
#include "base/utf8.h"

static const struct {
    int status;
    const char *title;
} titles[] = {
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

const char *problem_title(int status)
{
    for (size_t i = 0; i < COUNT_OF(titles); i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Error";
}

static json_t *make_text(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
static json_t *make_text(const char *format, va_list arguments)
{
    char text[PROBLEM_TEXT];
    vsnprintf(text, sizeof text, format, arguments);
    utf8_mend(text);
    return json_string(text);
}

json_t *problem_new(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    json_t *detail = make_text(format, arguments);
    va_end(arguments);
    /* "o" takes the reference even when packing fails, and fails on NULL. */
    return json_pack("{s:s, s:s, s:i, s:o}", "type", "about:blank", "title", problem_title(status), "status",
                     status, "detail", detail);
}

void problem_set_detail(json_t *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    json_t *detail = make_text(format, arguments);
    va_end(arguments);
    json_object_set_new(problem, "detail", detail);
}

static bool has_room(const json_t *problem)
{
    return problem != NULL && problem_count(problem) < LIMIT_REPORTED_ERRORS;
}

/* Takes the error over. */
static void add_error(json_t *problem, json_t *error)
{
    if (error == NULL)
        return;
    json_t *errors = json_object_get(problem, "errors");
    if (errors == NULL) {
        errors = json_array();
        if (json_object_set_new(problem, "errors", errors) != 0)
            errors = NULL;
    }
    json_array_append_new(errors, error);
}

static void add(json_t *problem, const char *pointer, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
static void add(json_t *problem, const char *pointer, const char *format, va_list arguments)
{
    if (!has_room(problem))
        return;
    char place[PROBLEM_TEXT];
    snprintf(place, sizeof place, "%s", pointer);
    utf8_mend(place);
    add_error(problem, json_pack("{s:s, s:o}", "pointer", place, "detail", make_text(format, arguments)));
}

void problem_add_place(json_t *problem, unsigned line, unsigned column, const char *format, ...)
{
    va_list arguments;
    if (!has_room(problem))
        return;
    va_start(arguments, format);
    add_error(problem, json_pack("{s:i, s:i, s:o}", "line", (int)line, "column", (int)column, "detail",
                                 make_text(format, arguments)));
    va_end(arguments);
}

void problem_add(json_t *problem, const char *pointer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(problem, pointer, format, arguments);
    va_end(arguments);
}

void problem_add_member(json_t *problem, const char *member, const char *format, ...)
{
    char pointer[PROBLEM_TEXT];
    size_t size = 0;
    pointer[size++] = '/';
    for (; *member != '\0' && size < sizeof pointer - 2; member++) {
        bool escape = *member == '~' || *member == '/';
        pointer[size++] = escape ? '~' : *member;
        if (escape)
            pointer[size++] = *member == '~' ? '0' : '1';
    }
    pointer[size] = '\0';
    va_list arguments;
    va_start(arguments, format);
    add(problem, pointer, format, arguments);
    va_end(arguments);
}

size_t problem_count(const json_t *problem)
{
    return json_array_size(json_object_get(problem, "errors"));
}

int problem_status(const json_t *problem)
{
    json_t *status = json_object_get(problem, "status");
    return status == NULL ? 500 : (int)json_integer_value(status);
}
