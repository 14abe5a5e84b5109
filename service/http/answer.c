#include "http/answer.h"

#include <stdlib.h>
#include <string.h>

#include "http/parts.h"
#include "lab/problem.h"

/* Whatever it says, there is room for that. */
#define SHORT_BYTES 4096

#define JSON_STYLE (JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

struct MHD_Response *answer_static(const char *type, const void *bytes, size_t size)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(size, (void *)(uintptr_t)bytes, NULL);
    if (response != NULL &&
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) != MHD_YES) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

struct MHD_Response *answer_buffer(struct exchange *exchange, const char *type, struct buf *buf)
{
    if (buf->err != ERR_OK || buf->size == 0)
        return NULL;
    size_t size;
    char *bytes = buf_take(buf, &size);
    exchange->answer_bytes = size;
    struct MHD_Response *response = MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(bytes);
        return NULL;
    }
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) != MHD_YES) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

static int dump_piece(const char *bytes, size_t size, void *context)
{
    return buf_append(context, bytes, size) == ERR_OK ? 0 : -1;
}

struct MHD_Response *answer_json(struct exchange *exchange, int status, const json_t *json)
{
    if (json == NULL)
        return NULL;
    struct buf text;
    buf_init(&text, LIMIT_RESPONSE_BYTES);
    struct MHD_Response *response = NULL;
    if (json_dump_callback(json, dump_piece, &text, JSON_STYLE) == 0 && buf_putc(&text, '\n') == ERR_OK)
        response =
            answer_buffer(exchange, status >= 400 ? "application/problem+json" : "application/json", &text);
    buf_deinit(&text);
    return response;
}

/* What is left to say when there is no memory to say anything. */
static struct MHD_Response *out_of_memory(void)
{
    static const char text[] =
        "{\"type\": \"about:blank\", \"title\": \"Internal Server Error\", \"status\": 500, "
        "\"detail\": \"out of memory\"}\n";
    return answer_static("application/problem+json", text, sizeof text - 1);
}

static const char *method_label(const char *method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(method, known[i]) == 0)
            return known[i];
    return "other";
}

static void observe(const struct exchange *exchange, int status)
{
    struct server *server = exchange->server;
    const char *route = exchange->match.route == NULL ? "unmatched" : exchange->match.route->path;
    uint64_t took_ns = server_now_ns() - exchange->started_ns;
    export_observe_request(server->exporter, route, method_label(exchange->method), status,
                           (double)took_ns / 1e9);
    if (server->log != NULL && server->log->level <= LOG_DEBUG)
        log_line(server->log, LOG_DEBUG, "request", LOG_TEXT("method", exchange->method),
                 LOG_TEXT("target", exchange->target), LOG_NUMBER("status", status),
                 LOG_NUMBER("microseconds", took_ns / 1000));
}

/* The response with one more header; NULL, and the response gone, when memory is out. */
static struct MHD_Response *with_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (response == NULL || MHD_add_response_header(response, name, value) == MHD_YES)
        return response;
    MHD_destroy_response(response);
    return NULL;
}

/* What has been done is told in any case, and so is what is short. */
static bool has_room(const struct exchange *exchange)
{
    const struct server *server = exchange->server;
    const struct route *route = exchange->match.route;
    size_t most = server->unread_most;
    if (exchange->answer_bytes <= SHORT_BYTES || route == NULL || route->method != ROUTE_GET)
        return true;
    if (route->serve == scrape_serve)
        most *= 2;
    return server->unread_bytes == 0 || server->unread_bytes + exchange->answer_bytes <= most;
}

/* The response, or in its place a problem when too much is unread; NULL when memory is out. */
static struct MHD_Response *admit(struct exchange *exchange, int *status, struct MHD_Response *response)
{
    struct server *server = exchange->server;
    if (server->unread_bytes + exchange->answer_bytes > server->unread_most)
        visitors_hurry(&server->visitors);
    if (has_room(exchange))
        return response;
    MHD_destroy_response(response);
    *status = MHD_HTTP_TOO_MANY_REQUESTS;
    json_t *problem = problem_new(*status, "too much of what was answered has not been read yet; try again");
    response = answer_json(exchange, *status, problem);
    json_decref(problem);
    return with_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

enum MHD_Result answer_queue(struct exchange *exchange, int status, struct MHD_Response *response)
{
    if (response != NULL)
        response = admit(exchange, &status, response);
    if (response == NULL) {
        status = MHD_HTTP_INTERNAL_SERVER_ERROR;
        response = out_of_memory();
        exchange->answer_bytes = 0;
    }
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result result = MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (result == MHD_YES && MHD_get_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL) == NULL)
        result = MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (result == MHD_YES && (exchange->last || atomic_load(&exchange->server->stopping)))
        result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (result == MHD_YES)
        result = MHD_queue_response(exchange->connection, (unsigned)status, response);
    MHD_destroy_response(response);
    if (result == MHD_YES) {
        exchange->phase = EXCHANGE_ANSWERED;
        exchange->unread_bytes = exchange->answer_bytes;
        exchange->server->unread_bytes += exchange->unread_bytes;
        observe(exchange, status);
    }
    return result;
}

enum MHD_Result answer_problem(struct exchange *exchange, json_t *problem)
{
    int status = problem_status(problem);
    struct MHD_Response *response = answer_json(exchange, status, problem);
    json_decref(problem);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        response = with_header(response, MHD_HTTP_HEADER_ALLOW, exchange->match.allow);
    if (status == MHD_HTTP_UNAUTHORIZED && exchange->challenge != NULL)
        response = with_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, exchange->challenge);
    if (status == MHD_HTTP_TOO_MANY_REQUESTS)
        response = with_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    return answer_queue(exchange, status, response);
}
