/* leaklab healthcheck: asks a daemon whether it lives, for containers whose image has no curl. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/unit.h"
#include "client/fetch.h"
#include "client/libcurl.h"
#include "command/command.h"
#include "command/options.h"
#include "http/address.h"

/* The health checks answer with a few words. */
#define ANSWER_BYTES 4096
#define URL_BYTES    512

/* What to ask, and over which socket. */
struct place {
    char url[URL_BYTES];
    char shown[URL_BYTES];        /* where that is, for messages */
    char unix_path[ADDRESS_PATH]; /* "": the URL says it all */
    const char *trusted;          /* a PEM file; NULL: what the system trusts */
    bool any_name;                /* that is the very certificate */
};

enum healthcheck_option { TARGET, LISTEN, TLS_CERT, CA_FILE, READY, TIMEOUT, HEALTHCHECK_OPTIONS };

static const struct option_spec specs[HEALTHCHECK_OPTIONS] = {
    [TARGET] = {"target", "URL", NULL, "the daemon, such as http://10.0.0.5:9777 (default: see --listen)"},
    [LISTEN] = {"listen", "HOST:PORT", "127.0.0.1:9777",
                "the daemon on this machine that was told to listen there; unix:/PATH as well"},
    [TLS_CERT] = {"tls-cert", "FILE", NULL,
                  "the certificate of the daemon at --listen, which is asked over TLS then and must have it, "
                  "whatever its name"},
    [CA_FILE] = {"ca-file", "FILE", NULL,
                 "the certificates that an https:// target may be vouched for by (default: the system's)"},
    [READY] = {"ready", NULL, NULL,
               "ask whether it takes work (/readyz), not only whether it lives (/healthz)"},
    [TIMEOUT] = {"timeout", "DURATION", "2s", "how long it may take to answer"},
};

static const struct options options = {"leaklab healthcheck", specs, HEALTHCHECK_OPTIONS, "LEAKLAB_"};

struct given {
    const char *values[HEALTHCHECK_OPTIONS];
    enum option_source sources[HEALTHCHECK_OPTIONS];
};

static bool bad_value(const struct given *given, enum healthcheck_option option, const char *right)
{
    char name[OPTION_NAME];
    fprintf(stderr, "leaklab healthcheck: %s: \"%s\" is not %s\n",
            options_name(&options, option, given->sources[option], name), given->values[option], right);
    return false;
}

/* Whoever listens on every interface is asked on loopback: a wildcard is no address to connect to. */
static void base_of(const struct address *address, char base[static ADDRESS_TEXT])
{
    if (address_is_unix(address))
        snprintf(base, ADDRESS_TEXT, "localhost");
    else if (address->any)
        snprintf(base, ADDRESS_TEXT, address->socket.ss_family == AF_INET6 ? "[::1]:%u" : "127.0.0.1:%u",
                 (unsigned)address->port);
    else
        address_format(address, address->port, base);
}

/* libcurl looks for the file only once somebody has answered. */
static bool is_readable(const struct given *given, enum healthcheck_option option)
{
    char name[OPTION_NAME];
    const char *path = given->values[option];
    if (path == NULL || access(path, R_OK) == 0)
        return true;
    fprintf(stderr, "leaklab healthcheck: %s: %s: %s\n",
            options_name(&options, option, given->sources[option], name), path, strerror(errno));
    return false;
}

/* What to ask. A target that was given says more than where a daemon here would listen. */
static bool read_place(const struct given *given, struct place *place)
{
    const char *path = given->values[READY] != NULL ? "/readyz" : "/healthz";
    const char *target = given->values[TARGET];
    struct address address;
    char base[ADDRESS_TEXT];
    if (target == NULL) {
        if (address_parse(given->values[LISTEN], &address) != ERR_OK ||
            (address.port == 0 && !address_is_unix(&address)))
            return bad_value(given, LISTEN,
                             "HOST:PORT, such as 127.0.0.1:9777 or 0.0.0.0:9777, or unix:/PATH");
        base_of(&address, base);
        place->trusted = given->values[TLS_CERT];
        place->any_name = place->trusted != NULL;
        snprintf(place->url, URL_BYTES, "%s://%s%s", place->any_name ? "https" : "http", base, path);
        memcpy(place->unix_path, address.path, sizeof place->unix_path);
        if (address_is_unix(&address))
            snprintf(place->shown, URL_BYTES, "%s at unix:%s", path, address.path);
        else
            memcpy(place->shown, place->url, URL_BYTES);
        return is_readable(given, TLS_CERT);
    }
    size_t scheme = strncmp(target, "https://", 8) == 0 ? 8 : 7;
    size_t size = strlen(target);
    while (size > scheme && target[size - 1] == '/')
        size--;
    if ((scheme == 7 && strncmp(target, "http://", 7) != 0) || size == scheme ||
        size + strlen(path) >= URL_BYTES)
        return bad_value(given, TARGET, "a URL such as http://127.0.0.1:9777");
    snprintf(place->url, URL_BYTES, "%.*s%s", (int)size, target, path);
    memcpy(place->shown, place->url, URL_BYTES);
    place->unix_path[0] = '\0';
    place->trusted = given->values[CA_FILE];
    place->any_name = false;
    return is_readable(given, CA_FILE);
}

/* Says what came of it. Another service may well answer 200 at such a path: only the daemon's own word
 * counts. */
static int tell(const char *where, int status, const struct buf *body)
{
    json_t *answer = json_loadb(buf_text(body), body->size, 0, NULL);
    const char *word = json_string_value(json_object_get(answer, "status"));
    enum exit_code code = EXIT_FAILED;
    if (word == NULL) {
        fprintf(stderr, "unhealthy: %s answers %d, but not as leaklab does\n", where, status);
    } else if (status != 200) {
        fprintf(stderr, "unhealthy: %s answers %d: %s\n", where, status, word);
    } else {
        printf("healthy: %s answers: %s\n", where, word);
        code = EXIT_OK;
    }
    json_decref(answer);
    return code;
}

static int ask(const struct place *place, int64_t timeout_ns)
{
    struct fetch_request request = {.method = FETCH_GET,
                                    .url = place->url,
                                    .unix_path = place->unix_path[0] == '\0' ? NULL : place->unix_path,
                                    .timeout_ns = timeout_ns};
    struct fetch_answer answer;
    struct fetcher *fetcher = fetcher_new();
    int code = EXIT_FAILED;
    if (fetcher == NULL) {
        fprintf(stderr, "leaklab healthcheck: %s\n", err_text(ERR_MEMORY));
        return EXIT_FAILED;
    }
    buf_init(&answer.body, ANSWER_BYTES);
    fetcher_trust(fetcher, place->trusted, place->any_name);
    if (fetch(fetcher, &request, &answer) == ERR_OK)
        code = tell(place->shown, answer.status, &answer.body);
    else
        fprintf(stderr, "unhealthy: %s: %s\n", place->shown, answer.why);
    buf_deinit(&answer.body);
    fetcher_free(fetcher);
    return code;
}

static int print_help(void)
{
    puts("usage: leaklab healthcheck [flags]\n\nAsks a daemon whether it lives: exit 0 if it says so, 1 if "
         "not, "
         "and a sentence that says why.\n");
    options_print_help(&options);
    return EXIT_OK;
}

int command_healthcheck(int argc, char **argv)
{
    struct given given;
    struct place place;
    int64_t timeout_ns;
    bool help;
    if (!options_parse(&options, argc, argv, given.values, given.sources, &help))
        return EXIT_USAGE;
    if (help)
        return print_help();
    if (!libcurl_load("leaklab healthcheck"))
        return EXIT_FAILED;
    if (!read_place(&given, &place))
        return EXIT_USAGE;
    if (unit_parse_duration(given.values[TIMEOUT], &timeout_ns) != ERR_OK || timeout_ns == 0) {
        bad_value(&given, TIMEOUT, "a duration such as 2s or 500ms");
        return EXIT_USAGE;
    }
    return ask(&place, timeout_ns);
}
