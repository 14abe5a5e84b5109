/* Where a service is found, as a user writes it: "http://127.0.0.1:9777", "https://example.org/prometheus",
 * "[::1]:9090". Any thread. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* The longest URL of a site, and the longest "host:port", with their zeros. */
#define SITE_URL  1024
#define SITE_HOST 280

struct site {
    char url[SITE_URL];   /* what paths are put behind: no slash at its end, no query */
    char host[SITE_HOST]; /* "host:port", as Prometheus writes instances: brackets around an IPv6 address */
    char port[6];
    bool plain; /* http */
};

/* Reads a URL of http or https, with http:// for one without a scheme. The path is a prefix; a query, a
 * fragment and what is too long are not taken. ERR_SYNTAX, ERR_MEMORY, ERR_SYSTEM: no libcurl; nothing is
 * written on an error. */
enum err site_parse(const char *text, struct site *site);

/* The same site at the one address `ip` (without brackets): where a name stands for several, whoever was
 * asked first is asked again. Changes nothing with https, whose certificate is for the name. ERR_MEMORY. */
enum err site_pin(struct site *site, const char *ip);
