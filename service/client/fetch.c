#include "client/fetch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "client/libcurl.h"

#define NS_PER_MS 1000000

struct fetcher {
    CURL *curl;
    const char *trusted; /* a PEM file; NULL: what the system trusts */
    bool any_name;
    char detail[CURL_ERROR_SIZE]; /* libcurl writes here what went wrong */
};

struct fetcher *fetcher_new(void)
{
    struct fetcher *fetcher = libcurl() == NULL ? NULL : calloc(1, sizeof *fetcher);
    if (fetcher == NULL)
        return NULL;
    if (libcurl()->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(fetcher);
        return NULL;
    }
    fetcher->curl = libcurl()->easy_init();
    if (fetcher->curl == NULL) {
        fetcher_free(fetcher);
        return NULL;
    }
    return fetcher;
}

void fetcher_free(struct fetcher *fetcher)
{
    if (fetcher == NULL)
        return;
    libcurl()->easy_cleanup(fetcher->curl);
    libcurl()->global_cleanup();
    free(fetcher);
}

void fetcher_trust(struct fetcher *fetcher, const char *path, bool any_name)
{
    fetcher->trusted = path;
    fetcher->any_name = any_name;
}

/* libcurl's write callback: what does not fit ends the transfer. */
static size_t keep(char *bytes, size_t size, size_t count, void *argument)
{
    struct buf *body = argument;
    return buf_append(body, bytes, size * count) == ERR_OK ? size * count : 0;
}

/* libcurl's progress callback: not 0 ends the transfer. */
static int on_progress(void *argument, curl_off_t to_come, curl_off_t came, curl_off_t to_go, curl_off_t gone)
{
    const struct fetch_request *request = argument;
    (void)to_come;
    (void)came;
    (void)to_go;
    (void)gone;
    return request->abandon(request->context);
}

static long timeout_ms(int64_t timeout_ns)
{
    int64_t ms = timeout_ns / NS_PER_MS;
    if (ms < 1)
        return 1;
    return ms > INT_MAX ? INT_MAX : (long)ms;
}

/* An option fails for lack of memory, or because this libcurl was built without it. */
#define SET(option, value)                                                                                   \
    do {                                                                                                     \
        if (code == CURLE_OK)                                                                                \
            code = libcurl()->easy_setopt(fetcher->curl, option, value);                                     \
    } while (0)

static CURLcode prepare(struct fetcher *fetcher, const struct fetch_request *request, struct buf *body)
{
    CURLcode code = CURLE_OK;
    libcurl()->easy_reset(fetcher->curl);
    SET(CURLOPT_ERRORBUFFER, fetcher->detail);
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_USERAGENT, "leaklab");
    SET(CURLOPT_TIMEOUT_MS, timeout_ms(request->timeout_ns));
    SET(CURLOPT_WRITEFUNCTION, keep);
    SET(CURLOPT_WRITEDATA, body);
    if (fetcher->trusted != NULL)
        SET(CURLOPT_CAINFO, fetcher->trusted);
    if (fetcher->any_name)
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
    if (request->unix_path != NULL)
        SET(CURLOPT_UNIX_SOCKET_PATH, request->unix_path);
    if (request->token != NULL) {
        SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        SET(CURLOPT_XOAUTH2_BEARER, request->token);
    }
    if (request->abandon != NULL) {
        SET(CURLOPT_NOPROGRESS, 0L);
        SET(CURLOPT_XFERINFOFUNCTION, on_progress);
        SET(CURLOPT_XFERINFODATA, (void *)(uintptr_t)request);
    }
    if (request->method == FETCH_POST) {
        const char *text = request->body == NULL ? "" : request->body;
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(text));
        SET(CURLOPT_POSTFIELDS, text);
    }
    return code;
}

static CURLcode perform(struct fetcher *fetcher, const struct fetch_request *request, struct buf *body)
{
    char line[128];
    const char *type = request->content_type == NULL ? "application/json" : request->content_type;
    CURLcode code = prepare(fetcher, request, body);
    if (request->method != FETCH_POST)
        return code == CURLE_OK ? libcurl()->easy_perform(fetcher->curl) : code;
    CHECK((size_t)snprintf(line, sizeof line, "Content-Type: %s", type) < sizeof line);
    struct curl_slist *headers = libcurl()->slist_append(NULL, line);
    if (headers == NULL)
        return CURLE_OUT_OF_MEMORY;
    SET(CURLOPT_HTTPHEADER, headers);
    if (code == CURLE_OK)
        code = libcurl()->easy_perform(fetcher->curl);
    libcurl()->slist_free_all(headers);
    return code;
}

static enum err error_of(CURLcode code, const struct buf *body)
{
    switch (code) {
    case CURLE_OK:
        return ERR_OK;
    case CURLE_OUT_OF_MEMORY:
        return ERR_MEMORY;
    case CURLE_WRITE_ERROR:
        return body->err == ERR_OK ? ERR_SYSTEM : body->err;
    case CURLE_ABORTED_BY_CALLBACK:
        return ERR_CLOSED;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return ERR_SYNTAX;
    default:
        return ERR_SYSTEM;
    }
}

static void note_answer(CURL *curl, struct fetch_answer *answer)
{
    long status = 0;
    const char *ip = NULL;
    if (libcurl()->easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK)
        answer->status = (int)status;
    if (libcurl()->easy_getinfo(curl, CURLINFO_PRIMARY_IP, &ip) == CURLE_OK && ip != NULL)
        snprintf(answer->ip, sizeof answer->ip, "%s", ip);
}

/* Of a Unix socket to which there is no connection, libcurl tells the host and the port of the URL. */
static const char *detail_of(struct fetcher *fetcher, const struct fetch_request *request, CURLcode code)
{
    long failed = 0;
    if (request->unix_path != NULL && code == CURLE_COULDNT_CONNECT &&
        libcurl()->easy_getinfo(fetcher->curl, CURLINFO_OS_ERRNO, &failed) == CURLE_OK && failed != 0)
        return strerror((int)failed);
    return fetcher->detail[0] == '\0' ? libcurl()->easy_strerror(code) : fetcher->detail;
}

enum err fetch(struct fetcher *fetcher, const struct fetch_request *request, struct fetch_answer *answer)
{
    answer->status = 0;
    answer->ip[0] = '\0';
    answer->why[0] = '\0';
    fetcher->detail[0] = '\0';
    buf_clear(&answer->body);
    CURLcode code = perform(fetcher, request, &answer->body);
    enum err err = error_of(code, &answer->body);
    if (err == ERR_LIMIT) {
        snprintf(answer->why, sizeof answer->why, "the answer is longer than %zu bytes", answer->body.max);
    } else if (err != ERR_OK) {
        snprintf(answer->why, sizeof answer->why, "%s", detail_of(fetcher, request, code));
    } else {
        note_answer(fetcher->curl, answer);
    }
    return err;
}
