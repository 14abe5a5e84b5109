#include "http/scrape.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "http/answer.h"
#include "http/header.h"
#include "http/parts.h"
#include "metrics/negotiate.h"

#define PROCESS_FRESH_NS 100000000u

/* Below this gzip's head and tail eat what compression saves. */
#define COMPRESS_BYTES 1024

/* A window of 32 KiB, and the bit that asks for gzip's frame instead of zlib's (zlib.h, deflateInit2). */
#define WINDOW_BITS  (15 + 16)
#define MEMORY_LEVEL 8

/* What a scrape sends. It comes back when libmicrohttpd has let go of the response. */
struct body {
    struct link link; /* scrape->spare */
    struct scrape *scrape;
    struct buf bytes;
};

enum err scrape_init(struct scrape *scrape)
{
    *scrape = (struct scrape){0};
    /* Level 1: a scrape is compressed each time anew, and the network behind it is seldom slow. */
    if (deflateInit2(&scrape->deflate, 1, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return ERR_MEMORY;
    list_init(&scrape->spare);
    process_init(&scrape->process);
    return ERR_OK;
}

static void body_free(struct body *body)
{
    buf_deinit(&body->bytes);
    free(body);
}

void scrape_deinit(struct scrape *scrape)
{
    if (scrape->spare.next == NULL)
        return;
    struct link *link;
    while ((link = list_pop_front(&scrape->spare)) != NULL)
        body_free(container_of(link, struct body, link));
    deflateEnd(&scrape->deflate);
    process_deinit(&scrape->process);
}

static struct body *body_take(struct scrape *scrape)
{
    struct link *link = list_pop_front(&scrape->spare);
    if (link != NULL) {
        scrape->spares--;
        struct body *body = container_of(link, struct body, link);
        buf_clear(&body->bytes);
        return body;
    }
    struct body *body = malloc(sizeof *body);
    if (body == NULL)
        return NULL;
    list_init(&body->link);
    body->scrape = scrape;
    buf_init(&body->bytes, LIMIT_RESPONSE_BYTES);
    return body;
}

static void body_give(void *context)
{
    struct body *body = context;
    struct scrape *scrape = body->scrape;
    if (scrape->spares == LIMIT_SPARE_BODIES) {
        body_free(body);
        return;
    }
    scrape->spares++;
    list_push_front(&scrape->spare, &body->link); /* the next one finds it in the processor's caches */
}

enum err scrape_compress(struct scrape *scrape, const struct buf *plain, struct buf *out)
{
    size_t bound = deflateBound(&scrape->deflate, plain->size);
    if (bound > UINT32_MAX)
        return ERR_LIMIT;
    enum err err = buf_reserve(out, bound);
    if (err != ERR_OK)
        return err;
    CHECK(deflateReset(&scrape->deflate) == Z_OK);
    scrape->deflate.next_in = (Bytef *)plain->data;
    scrape->deflate.avail_in = (uInt)plain->size;
    scrape->deflate.next_out = (Bytef *)out->data;
    scrape->deflate.avail_out = (uInt)bound;
    CHECK(deflate(&scrape->deflate, Z_FINISH) == Z_STREAM_END);
    out->size = bound - scrape->deflate.avail_out;
    out->data[out->size] = '\0';
    return ERR_OK;
}

/* The plain body's bytes, compressed into another body; NULL when that is not possible. */
static struct body *compress_body(struct scrape *scrape, const struct buf *plain)
{
    struct body *body = body_take(scrape);
    if (body == NULL || scrape_compress(scrape, plain, &body->bytes) == ERR_OK)
        return body;
    body_give(body);
    return NULL;
}

static struct MHD_Response *scrape_response(struct body *body, const char *type, bool compressed)
{
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        body->bytes.size, body->bytes.data, body_give, body);
    if (response == NULL) {
        body_give(body);
        return NULL;
    }
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES &&
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding") == MHD_YES &&
        (!compressed ||
         MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip") == MHD_YES))
        return response;
    MHD_destroy_response(response);
    return NULL;
}

/* What allocator and system say of the process costs more than all the rest of a scrape. It is asked for
 * again when the snapshot has changed, which it does many times a second, and when the lab is stalled, after
 * a while. */
static void read_process(struct scrape *scrape, uint64_t sequence, uint64_t now_ns)
{
    if (scrape->sequence == sequence && now_ns - scrape->read_ns < PROCESS_FRESH_NS)
        return;
    scrape->sequence = sequence;
    scrape->read_ns = now_ns;
    process_read(&scrape->process, &scrape->values);
    scrape->heap_known = heap_stats_read(&scrape->heap);
}

static enum err render(struct server *server, enum metrics_format format, struct buf *text)
{
    struct scrape *scrape = &server->scrape;
    const struct snapshot *snapshot = server_snapshot(server);
    uint64_t now_ns = server_now_ns();
    read_process(scrape, snapshot->sequence, now_ns);
    const struct export_input input = {
        .snapshot = snapshot,
        .heap = scrape->heap_known ? &scrape->heap : NULL,
        .process = &scrape->values,
        .now_ns = now_ns,
    };
    return export_render(server->exporter, &input, format, text);
}

enum MHD_Result scrape_serve(struct exchange *exchange)
{
    struct server *server = exchange->server;
    struct body *body = body_take(&server->scrape);
    if (body == NULL)
        return answer_queue(exchange, MHD_HTTP_OK, NULL);
    char several[HEADER_LIST_BYTES];
    enum metrics_format format =
        metrics_negotiate_format(header_list(exchange, MHD_HTTP_HEADER_ACCEPT, several));
    if (render(server, format, &body->bytes) != ERR_OK) {
        body_give(body);
        return answer_queue(exchange, MHD_HTTP_OK, NULL);
    }
    bool compressed = false;
    if (body->bytes.size > COMPRESS_BYTES &&
        metrics_negotiate_gzip(header_list(exchange, MHD_HTTP_HEADER_ACCEPT_ENCODING, several))) {
        struct body *smaller = compress_body(&server->scrape, &body->bytes);
        compressed = smaller != NULL;
        if (compressed) {
            body_give(body);
            body = smaller;
        }
    }
    exchange->answer_bytes = body->bytes.size;
    return answer_queue(exchange, MHD_HTTP_OK,
                        scrape_response(body, metrics_content_type(format), compressed));
}
