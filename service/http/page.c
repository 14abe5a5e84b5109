#include "http/page.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "http/answer.h"
#include "http/header.h"
#include "http/parts.h"
#include "lab/problem.h"
#include "metrics/negotiate.h"
#include "page/assets.h"

#define TAG_TEXT 32

struct field {
    const char *name, *value;
};

/* `no-cache`: kept, and asked for again each time, which costs a 304. Referrer-Policy leaves Origin on what
 * the page itself sends. */
static const struct field fields[] = {
    {MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache"},
    {MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding"},
    {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                                "frame-ancestors 'none'"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Referrer-Policy", "same-origin"},
    {"X-Frame-Options", "DENY"},
};

bool page_is_wanted(const struct exchange *exchange)
{
    char several[HEADER_LIST_BYTES];
    const char *accept = header_list(exchange, MHD_HTTP_HEADER_ACCEPT, several);
    return accept != NULL && strstr(accept, "text/html") != NULL;
}

bool page_tag_matches(const char *text, const char *tag)
{
    if (text == NULL)
        return false;
    text += strspn(text, " \t");
    if (strcmp(text, "*") == 0)
        return true;
    size_t size = strlen(tag);
    while (*text != '\0') {
        text += strspn(text, " \t,");
        if (strncmp(text, "W/", 2) == 0)
            text += 2;
        if (strncmp(text, tag, size) == 0 && (text[size] == '\0' || strchr(" \t,", text[size]) != NULL))
            return true;
        text += strcspn(text, ",");
    }
    return false;
}

/* False: no memory. */
static bool add_fields(struct MHD_Response *response, const char *tag, bool compressed)
{
    bool good = MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, tag) == MHD_YES;
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        good &= MHD_add_response_header(response, fields[i].name, fields[i].value) == MHD_YES;
    if (compressed)
        good &= MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip") == MHD_YES;
    return good;
}

static enum MHD_Result serve(struct exchange *exchange, const struct page_asset *asset)
{
    char several[HEADER_LIST_BYTES];
    bool compressed = metrics_negotiate_gzip(header_list(exchange, MHD_HTTP_HEADER_ACCEPT_ENCODING, several));
    char tag[TAG_TEXT];
    snprintf(tag, sizeof tag, "\"%s%s\"", asset->hash, compressed ? "-gzip" : "");
    bool known = page_tag_matches(header_list(exchange, MHD_HTTP_HEADER_IF_NONE_MATCH, several), tag);
    const void *bytes = compressed ? (const void *)asset->gzip : asset->bytes;
    size_t size = compressed ? asset->gzip_size : asset->size;
    struct MHD_Response *response = answer_static(asset->type, bytes, size);
    if (response != NULL && !add_fields(response, tag, compressed)) {
        MHD_destroy_response(response);
        response = NULL;
    }
    return answer_queue(exchange, known ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

static const struct page_asset *find(const char *name)
{
    for (size_t i = 0; i < page_asset_count; i++)
        if (strcmp(page_assets[i].name, name) == 0)
            return &page_assets[i];
    return NULL;
}

enum MHD_Result page_serve(struct exchange *exchange)
{
    const struct page_asset *asset = find("index.html");
    CHECK(asset != NULL);
    return serve(exchange, asset);
}

enum MHD_Result page_serve_part(struct exchange *exchange)
{
    const char *name = exchange->match.name;
    const struct page_asset *asset = find(name);
    if (asset == NULL)
        return answer_problem(exchange, problem_new(404, "the page has no part \"%s\"", name));
    return serve(exchange, asset);
}
