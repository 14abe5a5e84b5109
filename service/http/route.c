#include "http/route.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/macros.h"
#include "base/suggest.h"
#include "http/body.h"
#include "http/curve.h"
#include "http/debug.h"
#include "http/local.h"
#include "http/page.h"
#include "http/query.h"
#include "http/scrape.h"
#include "lab/problem.h"

/* A segment of a path, decoded: a name, or a literal no longer than one. */
#define SEGMENT LIMIT_NAME

static const char name_pattern[] = "{name}";

const struct route route_table[] = {
    {"/", ROUTE_GET, local_index, .bare = true, .about = "the page, in a browser; this text otherwise",
     .curl = ""},
    {"/page/{name}", ROUTE_GET, page_serve_part, .bare = true, .about = "parts of the page", .curl = "",
     .example = "/page/main.js"},
    {"/metrics", ROUTE_GET, scrape_serve, .open = true,
     .about = "for Prometheus: text or OpenMetrics by Accept, gzip", .curl = ""},
    {"/timeline", ROUTE_GET, curve_serve, .keys = 1u << QUERY_FROM,
     .about = "the last hour, second by second; ?since= asks for what is new", .curl = ""},
    {"/scenario", ROUTE_POST, .verb = LAB_SCENARIO_POST, .body = ROUTE_SCENARIO,
     .about = "start a scenario; action=cancel and action=reclaim end one",
     .curl = "-d mode=leak-recv -d n=2000"},
    {"/scenario", ROUTE_GET, .verb = LAB_SCENARIO_LIST, .about = "all scenarios, newest first", .curl = ""},
    {"/scenario/{name}", ROUTE_GET, .verb = LAB_SCENARIO_SHOW, .about = "one scenario and its live counts",
     .curl = "", .example = "/scenario/leak-recv-1"},
    {"/scenario/{name}", ROUTE_DELETE, .verb = LAB_SCENARIO_DELETE, .keys = 1u << QUERY_RECLAIM,
     .about = "cancel it; ?reclaim=true also frees what leaked", .curl = "-X DELETE",
     .example = "/scenario/leak-recv-1"},
    {"/reset", ROUTE_POST, .verb = LAB_RESET, .about = "cancel and reclaim everything, as a restart would",
     .curl = "-X POST"},
    {"/patterns", ROUTE_GET, .verb = LAB_PATTERN_LIST, .about = "the catalogue: modes and their parameters",
     .curl = ""},
    {"/patterns", ROUTE_POST, .verb = LAB_PATTERN_POST, .body = ROUTE_PATTERN, .keys = 1u << QUERY_DRY_RUN,
     .about = "add a pattern of one's own, or replace it; ?dry_run=true only checks it",
     .curl = "-H 'Content-Type: application/yaml' --data-binary @mine.yaml"},
    {"/patterns/{name}", ROUTE_GET, .verb = LAB_PATTERN_SHOW, .about = "one pattern with its source",
     .curl = "", .example = "/patterns/recv"},
    {"/patterns/{name}/steps", ROUTE_GET, .verb = LAB_PATTERN_STEPS,
     .about = "how many tasks stand on each of its steps now, and are leaked", .curl = "",
     .example = "/patterns/recv/steps"},
    {"/patterns/{name}", ROUTE_DELETE, .verb = LAB_PATTERN_DELETE,
     .about = "remove a pattern of one's own that nothing uses", .curl = "-X DELETE",
     .example = "/patterns/mine"},
    {"/debug/tasks", ROUTE_GET, .verb = LAB_TASKS, .view = VIEW_TASKS,
     .keys = QUERY_OF_TASKS | 1u << QUERY_LEAKED | 1u << QUERY_LIMIT | 1u << QUERY_FORMAT,
     .about = "which tasks are leaked, why, and where; ?leaked=true, ?format=json", .curl = ""},
    {"/debug/tasks/{name}", ROUTE_GET, .verb = LAB_TASK,
     .about = "one task: what it waits for, sees and holds", .curl = "",
     .example = "/debug/tasks/0123456789abcdef"},
    {"/debug/pprof", ROUTE_GET, debug_index, .about = "the profiles that there are", .curl = ""},
    {"/debug/pprof/tasks", ROUTE_GET, .verb = LAB_TASKS, .view = VIEW_PPROF_TASKS,
     .keys = QUERY_OF_TASKS | 1u << QUERY_DEBUG, .about = "every task by its stack, for go tool pprof",
     .curl = "-o tasks.pb.gz"},
    {"/debug/pprof/leaked", ROUTE_GET, .verb = LAB_TASKS, .view = VIEW_PPROF_LEAKED,
     .keys = QUERY_OF_TASKS | 1u << QUERY_DEBUG, .about = "the leaked ones", .curl = "-o leaked.pb.gz"},
    {"/debug/pprof/heap", ROUTE_GET, .verb = LAB_TASKS, .view = VIEW_PPROF_HEAP,
     .keys = QUERY_OF_TASKS | 1u << QUERY_DEBUG, .about = "heap that tasks hold, by their stack",
     .curl = "-o heap.pb.gz"},
    {"/healthz", ROUTE_GET, local_health, .open = true, .bare = true, .about = "does the daemon live?",
     .curl = ""},
    {"/readyz", ROUTE_GET, local_ready, .open = true, .bare = true,
     .about = "does it take work? (503: starting, stopping or stalled)", .curl = ""},
    {"/version", ROUTE_GET, local_version, .about = "leaklab and its libraries", .curl = ""},
    {"/openapi.json", ROUTE_GET, local_openapi, .bare = true, .about = "this API, for machines", .curl = ""},
};
const size_t route_count = COUNT_OF(route_table);

const char *route_method_word(enum route_method method)
{
    static const char *const words[ROUTE_METHODS] = {"GET", "POST", "DELETE"};
    return words[method];
}

/* Where the path begins: behind scheme and authority in absolute-form, which every server must accept. */
static const char *target_path(const char *target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        size_t size = strlen(schemes[i]);
        if (strncasecmp(target, schemes[i], size) == 0)
            return target + size + strcspn(target + size, "/?");
    }
    return target;
}

static bool name_valid(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return name[0] != '\0' && name[strspn(name, allowed)] == '\0';
}

enum path_match { PATH_DIFFERS, PATH_MATCHES, PATH_BAD_NAME };

/* Compares a route's path with `size` bytes of a request's path, segment by segment. */
static enum path_match match_path(const char *pattern, const char *path, size_t size,
                                  char name[static SEGMENT + 1])
{
    enum path_match result = PATH_MATCHES;
    const char *end = path + size;
    if (size > 1 && end[-1] == '/' && end[-2] != '/')
        end--;
    name[0] = '\0';
    while (*pattern == '/' && path < end && *path == '/') {
        size_t wanted = strcspn(++pattern, "/");
        path++;
        const char *slash = memchr(path, '/', (size_t)(end - path));
        size_t given = (size_t)((slash == NULL ? end : slash) - path);
        char segment[SEGMENT + 1];
        bool decoded = body_unescape(path, given, false, segment, SEGMENT);
        if (wanted == sizeof name_pattern - 1 && strncmp(pattern, name_pattern, wanted) == 0) {
            if (given == 0)
                return PATH_DIFFERS;
            if (!decoded || !name_valid(segment))
                result = PATH_BAD_NAME;
            else
                memcpy(name, segment, sizeof segment);
        } else if (!decoded || strlen(segment) != wanted || strncmp(segment, pattern, wanted) != 0) {
            return PATH_DIFFERS;
        }
        pattern += wanted;
        path += given;
    }
    return *pattern == '\0' && path == end ? result : PATH_DIFFERS;
}

static void add_allowed(struct route_match *match, enum route_method method)
{
    size_t used = strlen(match->allow);
    snprintf(match->allow + used, sizeof match->allow - used, "%s%s", used == 0 ? "" : ", ",
             method == ROUTE_GET ? "GET, HEAD" : route_method_word(method));
}

void route_find(const char *method, const char *target, struct route_match *match)
{
    const char *path = target_path(target);
    size_t size = strcspn(path, "?");
    *match = (struct route_match){.outcome = ROUTE_NO_PATH};
    match->query = path[size] == '?' ? path + size + 1 : "";
    if (size == 0 && path != target) {
        path = "/"; /* an authority alone */
        size = 1;
    }
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    for (size_t i = 0; i < route_count; i++) {
        char name[SEGMENT + 1];
        enum path_match found = match_path(route_table[i].path, path, size, name);
        if (found == PATH_DIFFERS)
            continue;
        add_allowed(match, route_table[i].method);
        if (match->outcome == ROUTE_NO_PATH) {
            match->outcome = ROUTE_NO_METHOD;
            match->route = &route_table[i];
        }
        if (strcmp(route_method_word(route_table[i].method), wanted) == 0) {
            match->outcome = found == PATH_BAD_NAME ? ROUTE_BAD_NAME : ROUTE_FOUND;
            match->route = &route_table[i];
            memcpy(match->name, name, sizeof name);
        }
    }
}

void route_suggest(struct buf *text, const char *target)
{
    const char *words[COUNT_OF(route_table)];
    size_t count = 0;
    for (size_t i = 0; i < route_count; i++) {
        size_t before = 0;
        while (before < count && strcmp(words[before], route_table[i].path) != 0)
            before++;
        if (before == count)
            words[count++] = route_table[i].path;
    }

    char path[LIMIT_TARGET_BYTES + 1];
    snprintf(path, sizeof path, "%s", target_path(target));
    path[strcspn(path, "?")] = '\0';
    if (suggest_nearest(path, words, count) == NULL && path[0] == '/')
        path[1 + strcspn(path + 1, "/")] =
            '\0'; /* "/scenarios/leak-recv-1" is near to "/scenario" in its first part */
    suggest_append(text, path, words, count);
}
