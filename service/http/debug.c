#include "http/debug.h"

#include <stdio.h>
#include <time.h>

#include "base/macros.h"
#include "http/answer.h"
#include "judge/pprof.h"
#include "judge/tasks.h"

#define PLAIN_TEXT  "text/plain; charset=utf-8"
#define INDEX_BYTES 4096

static const enum pprof_kind kinds[ROUTE_VIEWS] = {
    [VIEW_TASKS] = PPROF_TASKS,
    [VIEW_PPROF_TASKS] = PPROF_TASKS,
    [VIEW_PPROF_LEAKED] = PPROF_LEAKED,
    [VIEW_PPROF_HEAP] = PPROF_HEAP,
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* As a file to be saved, which is how Go's net/http/pprof gives them. */
static struct MHD_Response *pprof_response(struct exchange *exchange, const struct profile *profile,
                                           enum pprof_kind kind, struct buf *out)
{
    char disposition[64];
    if (pprof_write(profile, kind, now_ns(), out) != ERR_OK)
        return NULL;
    struct MHD_Response *response = answer_buffer(exchange, "application/octet-stream", out);
    snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", pprof_kind_word(kind));
    if (response == NULL ||
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, disposition) == MHD_YES)
        return response;
    MHD_destroy_response(response);
    return NULL;
}

static struct MHD_Response *tasks_response(struct exchange *exchange, const struct lab_request *request,
                                           struct buf *out)
{
    const struct query *query = &exchange->query;
    struct tasks_report report = {.profile = request->profile,
                                  .token = request->token,
                                  .since = query->tasks.since,
                                  .rows = query->limit,
                                  .judged = request->judged};
    if (query->format == FORMAT_TEXT)
        return tasks_write_text(&report, out) == ERR_OK ? answer_buffer(exchange, PLAIN_TEXT, out) : NULL;
    json_t *json = tasks_json(&report);
    struct MHD_Response *response = answer_json(exchange, MHD_HTTP_OK, json);
    json_decref(json);
    return response;
}

struct MHD_Response *debug_response(struct exchange *exchange, struct lab_request *request)
{
    const struct query *query = &exchange->query;
    enum route_view view = exchange->match.route->view;
    enum pprof_kind kind = kinds[view];
    struct buf out;
    struct MHD_Response *response;
    buf_init(&out, LIMIT_RESPONSE_BYTES);
    profile_finish(request->profile);
    if (view == VIEW_TASKS && query->format != FORMAT_PPROF)
        response = tasks_response(exchange, request, &out);
    else if (query->debug)
        response = pprof_write_text(request->profile, kind, &out) == ERR_OK
                       ? answer_buffer(exchange, PLAIN_TEXT, &out)
                       : NULL;
    else
        response = pprof_response(exchange, request->profile, kind, &out);
    buf_deinit(&out);
    return response;
}

enum MHD_Result debug_index(struct exchange *exchange)
{
    struct buf text;
    buf_init(&text, INDEX_BYTES);
    buf_puts(&text, "Profiles of where tasks stand, for go tool pprof, Pyroscope and Parca; ?debug=1 gives "
                    "text.\n\n");
    for (size_t i = 0; i < route_count; i++)
        if (route_table[i].view != VIEW_NONE && route_table[i].view != VIEW_TASKS)
            buf_printf(&text, "  %-22s %s\n", route_table[i].path, route_table[i].about);
    buf_puts(&text, "\n/debug/tasks says in words which tasks are leaked, and why.\n");
    struct MHD_Response *response = answer_buffer(exchange, PLAIN_TEXT, &text);
    buf_deinit(&text);
    return answer_queue(exchange, MHD_HTTP_OK, response);
}
