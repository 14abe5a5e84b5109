#include "http/local.h"

#include <jansson.h>
#include <string.h>
#include <uv.h>

#include "base/heap.h"
#include "http/answer.h"
#include "http/page.h"
#include "http/parts.h"
#include "http/route.h"

#define STALLED_NS  5000000000ULL
#define INDEX_BYTES (16 * 1024)
#define BASE_BYTES  (ADDRESS_TEXT + 40)

static void index_route(struct buf *text, const struct route *route, const char *base)
{
    const char *path = route->example == NULL ? route->path : route->example;
    buf_printf(text, "  %-6s %-18s %s\n", route_method_word(route->method), route->path, route->about);
    buf_printf(text, "         curl %s%s%s%s\n", route->curl, route->curl[0] == '\0' ? "" : " ", base, path);
}

/* What curl is to be given before a path. */
static void write_base(const struct server *server, char base[static BASE_BYTES])
{
    const struct address *address = &server->listener.address;
    const char *scheme = server->guard.secure ? "https" : "http";
    char text[ADDRESS_TEXT];
    if (address_is_unix(address))
        snprintf(base, BASE_BYTES, "--unix-socket %s %s://localhost", address->path, scheme);
    else if (address->any)
        snprintf(base, BASE_BYTES, "%s://localhost:%u", scheme, (unsigned)address->port);
    else
        snprintf(base, BASE_BYTES, "%s://%s", scheme, address_format(address, address->port, text));
}

enum MHD_Result local_index(struct exchange *exchange)
{
    const struct server *server = exchange->server;
    if (page_is_wanted(exchange))
        return page_serve(exchange);
    char base[BASE_BYTES];
    write_base(server, base);

    struct buf text;
    buf_init(&text, INDEX_BYTES);
    buf_puts(
        &text,
        "leaklab " LEAKLAB_VERSION "\n\n"
        "Grows task leaks on purpose, beside the same work with the bug fixed, and shows both as metrics.\n"
        "Start a leak and its fixed twin, then look at /metrics or at /scenario:\n\n");
    buf_printf(&text, "  curl -d mode=leak-recv -d n=2000 %s/scenario\n", base);
    buf_printf(&text, "  curl -d mode=fix-recv -d n=2000 %s/scenario\n", base);
    buf_printf(&text, "  curl -s %s/metrics | grep leaklab_tasks\n\nRoutes:\n\n", base);
    for (size_t i = 0; i < route_count; i++)
        index_route(&text, &route_table[i], base);
    struct MHD_Response *response = answer_buffer(exchange, "text/plain; charset=utf-8", &text);
    buf_deinit(&text);
    if (response != NULL &&
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding") != MHD_YES) {
        MHD_destroy_response(response);
        response = NULL;
    }
    return answer_queue(exchange, MHD_HTTP_OK, response);
}

static enum MHD_Result answer_status(struct exchange *exchange, int status, const char *word)
{
    char text[64];
    int size = snprintf(text, sizeof text, "{\"status\": \"%s\"}\n", word);
    struct buf body;
    buf_init(&body, sizeof text);
    buf_append(&body, text, (size_t)size);
    struct MHD_Response *response = answer_buffer(exchange, "application/json", &body);
    buf_deinit(&body);
    return answer_queue(exchange, status, response);
}

enum MHD_Result local_health(struct exchange *exchange)
{
    return answer_status(exchange, MHD_HTTP_OK, "ok");
}

enum MHD_Result local_ready(struct exchange *exchange)
{
    struct server *server = exchange->server;
    const struct snapshot *snapshot = server_snapshot(server);
    uint64_t now_ns = server_now_ns();
    const char *word = "ready";
    if (atomic_load(&server->stopping) || (!snapshot->ready && server->seen_ready))
        word = "stopping";
    else if (!snapshot->ready)
        word = "starting";
    else if (now_ns > snapshot->published_ns && now_ns - snapshot->published_ns > STALLED_NS)
        word = "stalled";
    return answer_status(exchange, strcmp(word, "ready") == 0 ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                         word);
}

enum MHD_Result local_version(struct exchange *exchange)
{
    json_t *version =
        json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s, s:s?}", "name", "leaklab", "version", LEAKLAB_VERSION,
                  "revision", exchange->server->revision, "libuv", uv_version_string(), "libmicrohttpd",
                  MHD_get_version(), "jansson", jansson_version_str(), "jemalloc", heap_allocator_version());
    struct MHD_Response *response = answer_json(exchange, MHD_HTTP_OK, version);
    json_decref(version);
    return answer_queue(exchange, MHD_HTTP_OK, response);
}

enum MHD_Result local_openapi(struct exchange *exchange)
{
    return answer_queue(
        exchange, MHD_HTTP_OK,
        answer_static("application/json", embedded_openapi[0].text, embedded_openapi[0].size));
}
