#include "client/site.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "client/libcurl.h"

/* Copies a part of the URL; "" when it has none. False: it is too long. */
static bool part(CURLU *url, CURLUPart what, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    out[0] = '\0';
    if (libcurl()->url_get(url, what, &text, flags) != CURLUE_OK)
        return true;
    bool fits = (size_t)snprintf(out, size, "%s", text) < size;
    libcurl()->free(text);
    return fits;
}

static bool has(CURLU *url, CURLUPart what)
{
    char *text = NULL;
    bool there = libcurl()->url_get(url, what, &text, 0) == CURLUE_OK;
    libcurl()->free(text);
    return there;
}

static bool fill(CURLU *url, struct site *site)
{
    char scheme[8];
    char host[SITE_HOST - 6];
    if (has(url, CURLUPART_QUERY) || has(url, CURLUPART_FRAGMENT) ||
        !part(url, CURLUPART_SCHEME, 0, scheme, sizeof scheme) ||
        !part(url, CURLUPART_HOST, 0, host, sizeof host) ||
        !part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, site->port, sizeof site->port) ||
        !part(url, CURLUPART_URL, 0, site->url, sizeof site->url))
        return false;
    site->plain = strcmp(scheme, "http") == 0;
    if (!site->plain && strcmp(scheme, "https") != 0)
        return false;
    for (size_t end = strlen(site->url); end > 0 && site->url[end - 1] == '/'; end--)
        site->url[end - 1] = '\0';
    (void)snprintf(site->host, sizeof site->host, "%s:%s", host, site->port);
    return host[0] != '\0' && site->port[0] != '\0' && site->url[0] != '\0';
}

enum err site_parse(const char *text, struct site *site)
{
    struct site read;
    if (libcurl() == NULL)
        return ERR_SYSTEM;
    CURLU *url = libcurl()->url();
    if (url == NULL)
        return ERR_MEMORY;
    bool named = strstr(text, "://") != NULL;
    char full[SITE_URL];
    bool fits = (size_t)snprintf(full, sizeof full, "%s%s", named ? "" : "http://", text) < sizeof full;
    CURLUcode code = fits ? libcurl()->url_set(url, CURLUPART_URL, full, 0) : CURLUE_MALFORMED_INPUT;
    bool fine = code == CURLUE_OK && fill(url, &read);
    libcurl()->url_cleanup(url);
    if (fine)
        *site = read;
    return fine ? ERR_OK : code == CURLUE_OUT_OF_MEMORY ? ERR_MEMORY : ERR_SYNTAX;
}

enum err site_pin(struct site *site, const char *ip)
{
    struct site pinned = *site;
    char host[SITE_HOST];
    CURLU *url = site->plain && ip[0] != '\0' ? libcurl()->url() : NULL;
    if (url == NULL)
        return site->plain && ip[0] != '\0' ? ERR_MEMORY : ERR_OK;
    bool six = strchr(ip, ':') != NULL;
    (void)snprintf(host, sizeof host, six ? "[%.80s]" : "%.80s", ip);
    bool fine = libcurl()->url_set(url, CURLUPART_URL, site->url, 0) == CURLUE_OK &&
                libcurl()->url_set(url, CURLUPART_HOST, host, 0) == CURLUE_OK && fill(url, &pinned);
    libcurl()->url_cleanup(url);
    if (fine)
        *site = pinned;
    return fine ? ERR_OK : ERR_MEMORY;
}
