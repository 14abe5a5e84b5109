#include "http/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/macros.h"
#include "http/answer.h"
#include "http/body.h"
#include "http/debug.h"
#include "http/header.h"
#include "http/parts.h"
#include "lab/problem.h"

void exchange_init(struct exchange *exchange, struct server *server)
{
    *exchange = (struct exchange){.server = server};
    buf_init(&exchange->body, LIMIT_BODY_BYTES);
}

void exchange_deinit(struct exchange *exchange)
{
    exchange_end(exchange);
    buf_deinit(&exchange->body);
}

void exchange_begin(struct exchange *exchange, struct MHD_Connection *connection, const char *target)
{
    exchange_end(exchange);
    exchange->connection = connection;
    exchange->method = "";
    size_t size = strnlen(target, LIMIT_TARGET_BYTES + 1);
    exchange->target_cut = size > LIMIT_TARGET_BYTES;
    if (exchange->target_cut)
        size = LIMIT_TARGET_BYTES;
    memcpy(exchange->target, target, size);
    exchange->target[size] = '\0';
    exchange->phase = EXCHANGE_RECEIVING;
    exchange->started_ns = 0;
    exchange->answer_bytes = 0;
    atomic_fetch_add(&exchange->server->open, 1);
}

void exchange_end(struct exchange *exchange)
{
    CHECK(exchange->phase != EXCHANGE_WAITING || exchange->ticket.state != TICKET_WAITING);
    if (exchange->phase == EXCHANGE_IDLE)
        return;
    struct lab_request *request;
    if (desk_take(exchange->server->desk, &exchange->ticket, &request) == TICKET_ANSWERED)
        call_free(request); /* the client went before it could hear the answer */
    json_decref(exchange->refusal);
    exchange->refusal = NULL;
    exchange->refused = false;
    exchange->challenge = NULL;
    exchange->last = false;
    exchange->discarded = 0;
    exchange->match = (struct route_match){0};
    buf_deinit(&exchange->body);
    buf_init(&exchange->body, LIMIT_BODY_BYTES);
    exchange->phase = EXCHANGE_IDLE;
    exchange->server->unread_bytes -= exchange->unread_bytes;
    exchange->unread_bytes = 0;
    server_request_ended(exchange->server);
}

static void refuse(struct exchange *exchange, json_t *problem)
{
    json_decref(exchange->refusal);
    exchange->refusal = problem;
    exchange->refused = true;
}

static json_t *refuse_route(const struct exchange *exchange)
{
    struct buf text;
    json_t *problem = NULL;
    const struct route_match *match = &exchange->match;
    switch (match->outcome) {
    case ROUTE_FOUND:
        break;
    case ROUTE_NO_PATH:
        buf_init(&text, PROBLEM_TEXT);
        route_suggest(&text, exchange->target);
        problem = problem_new(404, "there is nothing at this path: %s", buf_text(&text));
        buf_deinit(&text);
        break;
    case ROUTE_NO_METHOD:
        problem = problem_new(405, "%s does not answer to this method, only to %s", match->route->path,
                              match->allow);
        break;
    case ROUTE_BAD_NAME:
        problem = problem_new(
            404, "nothing can have this name: names are at most %d letters, digits, '.', '_' and '-'",
            LIMIT_NAME);
        break;
    }
    return problem;
}

/* The length that the client announces; 0 when it announces none. libmicrohttpd has checked that it is a
 * number. */
static uint64_t announced_bytes(const struct exchange *exchange)
{
    const char *length = header_first(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length == NULL ? 0 : strtoull(length, NULL, 10);
}

static json_t *too_large(void)
{
    return problem_new(413, "the body is larger than %d bytes", LIMIT_BODY_BYTES);
}

/* Once, or not at all: which of two its sender meant is anybody's guess. */
static bool is_single(struct exchange *exchange, const char *name)
{
    unsigned count = header_count(exchange, name);
    if (count > 1)
        refuse(exchange,
               problem_new(400, "the %s header is there %u times; it must be there once", name, count));
    return count <= 1;
}

/* What the daemon was asked for under a name that is not its own is not meant for it. */
static json_t *refuse_host(const struct exchange *exchange, const char *host)
{
    struct buf names;
    buf_init(&names, PROBLEM_TEXT);
    guard_describe(&exchange->server->guard, &names);
    json_t *problem =
        problem_new(421,
                    "the Host header names \"%.100s\", and this daemon answers to %s; leaklab serve "
                    "--allowed-host NAME lets it answer to more",
                    host == NULL ? "" : host, buf_text(&names));
    buf_deinit(&names);
    return problem;
}

/* False, and refused, when the request comes from elsewhere. */
static bool passes_guard(struct exchange *exchange)
{
    static const char *const names[] = {MHD_HTTP_HEADER_HOST, MHD_HTTP_HEADER_ORIGIN, "Sec-Fetch-Site"};
    const struct guard *guard = &exchange->server->guard;
    const struct route *route = exchange->match.route;
    if (route->open)
        return true;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (!is_single(exchange, names[i]))
            return false;
    const char *host = header_first(exchange, names[0]);
    if (!guard_host_allowed(guard, host)) {
        refuse(exchange, refuse_host(exchange, host));
        return false;
    }
    if (route->method == ROUTE_GET)
        return true;
    const char *sentence =
        guard_refuse(guard, host, header_first(exchange, names[1]), header_first(exchange, names[2]));
    if (sentence != NULL)
        refuse(exchange, problem_new(403, "%s", sentence));
    return sentence == NULL;
}

/* False, and refused, when it needs the token and has not got it. */
static bool passes_access(struct exchange *exchange)
{
    if (!is_single(exchange, MHD_HTTP_HEADER_AUTHORIZATION))
        return false;
    enum token_word word = access_check(&exchange->server->access, exchange);
    if (word == TOKEN_MATCHES)
        return true;
    exchange->challenge = access_challenge(word);
    refuse(exchange, problem_new(401, "%s", access_sentence(word)));
    return false;
}

/* False, and refused, when its caller asks more often than it may. Probes may always ask. */
static bool passes_quota(struct exchange *exchange)
{
    struct server *server = exchange->server;
    if (exchange->match.route != NULL && exchange->match.route->bare)
        return true;
    if (quota_take(&server->quota, visitor_caller(exchange), exchange->started_ns))
        return true;
    refuse(exchange,
           problem_new(429, "more requests than one address may make in a second; see leaklab serve "
                            "--requests-per-address"));
    return false;
}

/* Whether the head says just once where the body ends. Where it says so twice, a proxy may have read it
 * another way, and what is behind this request is not to be taken for the next one (RFC 9112, 6.1 and 6.3).
 */
static bool passes_framing(struct exchange *exchange)
{
    unsigned lengths = header_count(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    bool coded = header_first(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
    if (lengths + coded <= 1 && !header_spaced(exchange))
        return true;
    exchange->last = true;
    refuse(exchange,
           problem_new(400, "the head does not say just once where the body ends: Content-Length and "
                            "Transfer-Encoding must be there once, and not both, and no header's "
                            "name may have a blank behind it"));
    return false;
}

/* What can be said against the request from its head alone. */
static void check_head(struct exchange *exchange)
{
    if (!passes_framing(exchange) || !passes_quota(exchange))
        return;
    if (exchange->target_cut) {
        exchange->match = (struct route_match){0};
        refuse(exchange,
               problem_new(414, "path and query are longer than %d bytes together", LIMIT_TARGET_BYTES));
        return;
    }
    if (exchange->match.outcome != ROUTE_FOUND) {
        refuse(exchange, refuse_route(exchange));
        return;
    }
    if (!passes_guard(exchange) || !passes_access(exchange))
        return;
    if (announced_bytes(exchange) > LIMIT_BODY_BYTES)
        refuse(exchange, too_large());
}

static bool wants_continue(const struct exchange *exchange)
{
    const char *expect = header_first(exchange, MHD_HTTP_HEADER_EXPECT);
    return expect != NULL && strcasecmp(expect, "100-continue") == 0;
}

static enum MHD_Result answer_refusal(struct exchange *exchange)
{
    json_t *problem = exchange->refusal;
    exchange->refusal = NULL;
    return answer_problem(exchange, problem);
}

static enum MHD_Result receive_head(struct exchange *exchange, const char *method)
{
    exchange->started_ns = server_now_ns();
    exchange->method = method;
    route_find(method, exchange->target, &exchange->match);
    check_head(exchange);
    bool early = exchange->refused && (exchange->last || wants_continue(exchange) ||
                                       announced_bytes(exchange) > LIMIT_DISCARD_BYTES);
    return early ? answer_refusal(exchange) : MHD_YES;
}

static enum MHD_Result receive_body(struct exchange *exchange, const char *data, size_t size)
{
    enum err err = exchange->refused ? ERR_LIMIT : buf_append(&exchange->body, data, size);
    if (err == ERR_OK)
        return MHD_YES;
    if (!exchange->refused)
        refuse(exchange, err == ERR_LIMIT ? too_large() : NULL);
    exchange->discarded += size;
    return exchange->discarded > LIMIT_DISCARD_BYTES ? MHD_NO : MHD_YES;
}

/* The decoded body; NULL with *problem (NULL: no memory) when it cannot be used. */
static json_t *read_body(struct exchange *exchange, json_t **problem)
{
    enum body_type type = BODY_JSON;
    const char *header_type = header_first(exchange, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (exchange->body.size > 0 && !body_type_parse(header_type, &type)) {
        *problem = problem_new(415, "the Content-Type must be application/json, application/yaml or "
                                    "application/x-www-form-urlencoded, in UTF-8");
        return NULL;
    }
    return body_decode(type, exchange->body.data, exchange->body.size, problem);
}

/* The body as a compiled pattern; NULL with *problem as above. */
static struct pattern *read_pattern(struct exchange *exchange, json_t **problem)
{
    enum body_type type = BODY_YAML;
    const struct buf *body = &exchange->body;
    bool known = body_type_parse(header_first(exchange, MHD_HTTP_HEADER_CONTENT_TYPE), &type);
    if (body->size > 0 && (!known || type == BODY_FORM)) {
        *problem =
            problem_new(415, "the Content-Type must be application/yaml or application/json, in UTF-8: "
                             "curl -H 'Content-Type: application/yaml' --data-binary @mine.yaml");
        return NULL;
    }
    return body_compile(body->data, body->size, problem);
}

/* Reads what the route takes; false with *problem as above. */
static bool read_content(struct exchange *exchange, struct lab_request *request, json_t **problem)
{
    const char *coding = header_first(exchange, MHD_HTTP_HEADER_CONTENT_ENCODING);
    enum route_body body = exchange->match.route->body;
    if (body != ROUTE_NO_BODY && coding != NULL && strcasecmp(coding, "identity") != 0) {
        *problem = problem_new(415, "the body must be sent as it is, without Content-Encoding");
        return false;
    }
    switch (body) {
    case ROUTE_SCENARIO:
        request->body = read_body(exchange, problem);
        return request->body != NULL;
    case ROUTE_PATTERN:
        request->pattern = read_pattern(exchange, problem);
        return request->pattern != NULL;
    case ROUTE_NO_BODY:
        break;
    }
    if (exchange->body.size == 0)
        return true;
    *problem = problem_new(400, "this request takes no body");
    return false;
}

/* What to ask the lab; NULL with *problem (NULL: no memory) when the request cannot be used. */
static struct lab_request *read_request(struct exchange *exchange, json_t **problem)
{
    const struct route *route = exchange->match.route;
    struct lab_request *request = call_new(route->verb);
    *problem = NULL;
    if (request == NULL)
        return NULL;
    memcpy(request->name, exchange->match.name, sizeof request->name);
    bool good = query_read(route->keys, exchange->match.query, &exchange->query, problem);
    request->reclaim = exchange->query.reclaim;
    request->dry_run = exchange->query.dry_run;
    request->tasks = exchange->query.tasks;
    request->tasks.leaked |= route->view == VIEW_PPROF_LEAKED;
    request->tasks.token = route->view == VIEW_TASKS;
    if (good && read_content(exchange, request, problem))
        return request;
    call_free(request);
    return NULL;
}

static enum MHD_Result ask_lab(struct exchange *exchange)
{
    struct server *server = exchange->server;
    json_t *problem;
    struct lab_request *request = read_request(exchange, &problem);
    if (request == NULL)
        return answer_problem(exchange, problem);
    buf_clear(&exchange->body);
    uint64_t now_ns = server_now_ns();
    visitor_extend(exchange, now_ns + server->answer_ns + server->request_ns);
    exchange->phase = EXCHANGE_WAITING;
    enum err err =
        desk_post(server->desk, &server->backend, request, exchange->connection, now_ns, &exchange->ticket);
    if (err == ERR_OK)
        return MHD_YES;
    call_free(request);
    return answer_problem(exchange,
                          err == ERR_CLOSED
                              ? problem_new(503, "the daemon is shutting down")
                              : problem_new(429, "the lab has too many such commands to work on; try again"));
}

/* Whatever is new is at the path that it was posted to, and its name. */
static struct MHD_Response *lab_response(struct exchange *exchange, struct lab_request *request)
{
    if (request->profile != NULL)
        return debug_response(exchange, request);
    struct MHD_Response *response = answer_json(exchange, request->status, request->answer);
    if (response == NULL || request->location[0] == '\0')
        return response;
    char location[sizeof request->location + 16];
    snprintf(location, sizeof location, "%s/%s", exchange->match.route->path, request->location);
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, location) == MHD_YES)
        return response;
    MHD_destroy_response(response);
    return NULL;
}

static enum MHD_Result answer_waiting(struct exchange *exchange)
{
    struct lab_request *request;
    json_t *problem = NULL;
    switch (desk_take(exchange->server->desk, &exchange->ticket, &request)) {
    case TICKET_WAITING:
        return MHD_YES;
    case TICKET_ANSWERED: {
        struct MHD_Response *response = lab_response(exchange, request);
        int status = request->status;
        call_free(request);
        return answer_queue(exchange, status, response);
    }
    case TICKET_LATE:
        problem = problem_new(503, "the lab has not answered in %u ms; what was asked for may still happen",
                              (unsigned)(exchange->server->answer_ns / 1000000));
        break;
    case TICKET_STOPPED:
        problem = problem_new(503, "the daemon is shutting down");
        break;
    case TICKET_NONE:
        break;
    }
    return answer_problem(exchange, problem);
}

enum MHD_Result exchange_step(struct exchange *exchange, const char *method, const char *data, size_t *size)
{
    if (exchange->phase == EXCHANGE_WAITING)
        return answer_waiting(exchange);
    if (exchange->phase != EXCHANGE_RECEIVING)
        return MHD_NO;
    if (exchange->started_ns == 0)
        return receive_head(exchange, method);
    if (*size > 0) {
        size_t given = *size;
        *size = 0;
        return receive_body(exchange, data, given);
    }
    if (exchange->refused)
        return answer_refusal(exchange);
    return exchange->match.route->serve != NULL ? exchange->match.route->serve(exchange) : ask_lab(exchange);
}
