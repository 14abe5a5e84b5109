/* libcurl, loaded when a subcommand first asks somebody something. With it come thirty more libraries: linked
 * as the others are, they would be two thirds of the time in which a daemon starts, which asks nobody. */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>

/* What is used of it; a call is written libcurl()->easy_perform(...), as curl_easy_perform(3) says. */
#define LIBCURL_FUNCTIONS(X)                                                                                 \
    X(global_init)                                                                                           \
    X(global_cleanup)                                                                                        \
    X(easy_init)                                                                                             \
    X(easy_setopt)                                                                                           \
    X(easy_perform)                                                                                          \
    X(easy_getinfo)                                                                                          \
    X(easy_reset)                                                                                            \
    X(easy_cleanup)                                                                                          \
    X(easy_strerror)                                                                                         \
    X(slist_append)                                                                                          \
    X(slist_free_all)                                                                                        \
    X(url)                                                                                                   \
    X(url_set)                                                                                               \
    X(url_get)                                                                                               \
    X(url_cleanup)                                                                                           \
    X(free)

struct libcurl {
#define X(name) __typeof__(curl_##name) *name; /* NOLINT(bugprone-macro-parentheses): a declaration */
    LIBCURL_FUNCTIONS(X)
#undef X
};

/* The same each time; it stays loaded. Call first from one thread. NULL: it cannot be loaded. */
const struct libcurl *libcurl(void);

/* Says why on stderr where it cannot be loaded, and returns false. `command` is such as "leaklab drill". */
bool libcurl_load(const char *command);
