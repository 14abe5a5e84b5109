#include "drill/drilled.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"

#define PATH       (LIMIT_NAME + 64)
#define URL        (SITE_URL + PATH)
#define PAUSE_NS   20000000
#define STOP_TURNS 500 /* of PAUSE_NS: ten seconds */

static void pause_briefly(void)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    nanosleep(&pause, NULL);
}

/* One request; *body is its answer as JSON, NULL when it is none. */
static enum err ask(struct drilled *drilled, enum fetch_method method, const char *path, const char *text,
                    int *status, json_t **body, struct buf *why)
{
    char url[URL];
    struct fetch_answer answer;
    (void)snprintf(url, sizeof url, "%s%s", drilled->site.url, path);
    struct fetch_request request = {.method = method,
                                    .url = url,
                                    .body = text,
                                    .token = drilled->token.text[0] == '\0' ? NULL : drilled->token.text,
                                    .timeout_ns = drilled->timeout_ns,
                                    .abandon = drilled->abandon,
                                    .context = drilled->context};
    *body = NULL;
    buf_init(&answer.body, LIMIT_REPLY_BYTES);
    enum err err = fetch(drilled->fetcher, &request, &answer);
    *status = answer.status;
    if (err == ERR_OK) {
        *body = json_loadb(buf_text(&answer.body), answer.body.size, 0, NULL);
        (void)snprintf(drilled->ip, sizeof drilled->ip, "%s", answer.ip);
    } else {
        buf_printf(why, "the daemon at %s: %s", drilled->site.url, answer.why);
    }
    buf_deinit(&answer.body);
    return err;
}

static enum err refused(struct drilled *drilled, int status, const json_t *body, struct buf *why)
{
    const char *detail = json_string_value(json_object_get(body, "detail"));
    if (detail != NULL)
        buf_printf(why, "the daemon at %s refuses: %s", drilled->site.url, detail);
    else
        buf_printf(why, "the daemon at %s answers %d, but not as leaklab does", drilled->site.url, status);
    return why->err == ERR_MEMORY ? ERR_MEMORY : ERR_SYNTAX;
}

/* In the child: only what a signal handler may do, until exec. */
static void become_daemon(char *const *argv, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0); /* an interrupt on the terminal is the drill's: it ends its daemon itself */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it ended before it could be watched */
        _exit(127);
    sigprocmask(SIG_SETMASK, &none, NULL);
    unsetenv("LEAKLAB_TLS_CERT"); /* it is asked over http, by nobody from elsewhere */
    unsetenv("LEAKLAB_TLS_KEY");
    execv("/proc/self/exe", argv);
    _exit(127);
}

static void forget_names(struct drilled *drilled)
{
    json_decref(drilled->names);
    drilled->names = NULL;
}

static enum err spawn(struct drilled *drilled, struct buf *why)
{
    const char *words[] = {"leaklab", "serve", "--listen", drilled->listen, "--log-level", "error"};
    const char *argv[COUNT_OF(words) + 5];
    size_t count = COUNT_OF(words);
    memcpy(argv, words, sizeof words);
    if (drilled->patterns != NULL) {
        argv[count++] = "--patterns";
        argv[count++] = drilled->patterns;
    }
    if (drilled->token_path != NULL) {
        argv[count++] = "--token-file";
        argv[count++] = drilled->token_path;
    }
    argv[count] = NULL;
    pid_t self = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become_daemon((char *const *)(uintptr_t)argv, self);
    if (pid < 0) {
        buf_printf(why, "a daemon cannot be started: %s", strerror(errno));
        return ERR_SYSTEM;
    }
    drilled->pid = pid;
    return ERR_OK;
}

/* True when one of its own has ended, by itself or because it was told; it is then no more. */
static bool has_ended(struct drilled *drilled)
{
    int status;
    if (drilled->pid == 0)
        return true;
    pid_t pid = waitpid(drilled->pid, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return false;
    drilled->pid = 0;
    return true;
}

static bool somebody_listens(struct drilled *drilled)
{
    int status;
    json_t *body;
    struct buf why;
    buf_init(&why, 1024);
    enum err err = ask(drilled, FETCH_GET, "/version", NULL, &status, &body, &why);
    json_decref(body);
    buf_deinit(&why);
    return err == ERR_OK || err == ERR_LIMIT;
}

/* Waits for /readyz. */
static enum err await_ready(struct drilled *drilled, struct buf *why)
{
    for (int64_t waited_ns = 0; waited_ns < drilled->timeout_ns; waited_ns += PAUSE_NS) {
        int status;
        json_t *body;
        if (has_ended(drilled)) {
            buf_clear(why);
            buf_printf(why, "the daemon at %s has ended (see above)", drilled->listen);
            return ERR_SYSTEM;
        }
        buf_clear(why);
        enum err err = ask(drilled, FETCH_GET, "/readyz", NULL, &status, &body, why);
        json_decref(body);
        if (err == ERR_OK && status == 200)
            return ERR_OK;
        if (err != ERR_OK && err != ERR_SYSTEM)
            return err;
        pause_briefly();
    }
    buf_clear(why);
    buf_printf(why, "the daemon at %s does not become ready", drilled->listen);
    return ERR_SYSTEM;
}

enum err drilled_start(struct drilled *drilled, struct buf *why)
{
    CHECK(drilled->pid == 0);
    if (drilled->listen[0] == '\0')
        return ERR_OK;
    if (somebody_listens(drilled)) {
        buf_printf(why,
                   "something listens on %s already: to drill it, give --target http://%s; otherwise another "
                   "--listen",
                   drilled->listen, drilled->listen);
        return ERR_TAKEN;
    }
    enum err err = spawn(drilled, why);
    if (err == ERR_OK)
        err = await_ready(drilled, why);
    if (err != ERR_OK)
        drilled_stop(drilled);
    return err;
}

void drilled_stop(struct drilled *drilled)
{
    if (drilled->pid == 0)
        return;
    kill(drilled->pid, SIGTERM);
    for (int turn = 0; !has_ended(drilled); turn++) {
        if (turn == STOP_TURNS)
            kill(drilled->pid, SIGKILL);
        pause_briefly();
    }
    forget_names(drilled); /* they are gone with it */
}

enum err drilled_reach(struct drilled *drilled, struct buf *why)
{
    int status;
    json_t *body;
    enum err err = ask(drilled, FETCH_GET, "/version", NULL, &status, &body, why);
    const char *name = json_string_value(json_object_get(body, "name"));
    if (err == ERR_OK && (status != 200 || name == NULL || strcmp(name, "leaklab") != 0)) {
        buf_printf(why, "%s answers %d, but not as leaklab does", drilled->site.url, status);
        err = ERR_SYNTAX;
    }
    json_decref(body);
    return err == ERR_OK ? site_pin(&drilled->site, drilled->ip) : err;
}

/* The faults of one scenario, or of the list of them: what `place` names in the drill. */
static void say_faults(const struct drill *drill, const char *place, const json_t *problem, struct buf *why)
{
    size_t at;
    json_t *error;
    const json_t *errors = json_object_get(problem, "errors");
    if (json_array_size(errors) == 0)
        buf_printf(why, "%s: %s: %s\n", drill->name, place,
                   json_string_value(json_object_get(problem, "detail")));
    json_array_foreach(errors, at, error) buf_printf(why, "%s: %s%s: %s\n", drill->name, place,
                                                     json_string_value(json_object_get(error, "pointer")),
                                                     json_string_value(json_object_get(error, "detail")));
}

static enum err try_one(struct drilled *drilled, const struct drill *drill, size_t index, struct buf *why)
{
    int status = 0;
    json_t *answer = NULL;
    json_t *body = json_copy(json_array_get(drill->scenarios, index));
    char *text = NULL;
    enum err err = ERR_MEMORY;
    if (body != NULL && json_object_set_new(body, "dry_run", json_true()) == 0)
        text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    if (text != NULL)
        err = ask(drilled, FETCH_POST, "/scenario", text, &status, &answer, why);
    free(text);
    if (err == ERR_OK && status >= 400 && json_is_string(json_object_get(answer, "detail"))) {
        char place[PATH];
        (void)snprintf(place, sizeof place, "/scenarios/%zu", index);
        say_faults(drill, place, answer, why);
        err = ERR_SYNTAX;
    } else if (err == ERR_OK && status != 200) {
        err = refused(drilled, status, answer, why);
    }
    json_decref(answer);
    return err;
}

enum err drilled_try(struct drilled *drilled, const struct drill *drill, struct buf *why)
{
    enum err worst = ERR_OK;
    for (size_t i = 0; i < drill->scenario_count; i++) {
        enum err err = try_one(drilled, drill, i, why);
        if (err != ERR_OK && err != ERR_SYNTAX)
            return err;
        worst = err == ERR_OK ? worst : err;
    }
    return worst;
}

/* A copy of the drill's scenarios in which each has a name, and those names: whatever becomes of the request,
 * what it may have started can be found again. NULL: no memory. */
static json_t *name_all(struct drilled *drilled, const struct drill *drill)
{
    size_t at;
    json_t *scenario;
    uint32_t run = 0;
    if (getrandom(&run, sizeof run, 0) != (ssize_t)sizeof run)
        run = 0; /* names that repeat are refused, and no harm is done */
    json_t *list = json_deep_copy(drill->scenarios);
    drilled->names = json_array();
    bool whole = list != NULL && drilled->names != NULL;
    json_array_foreach(list, at, scenario)
    {
        char name[LIMIT_NAME + 1];
        (void)snprintf(name, sizeof name, "drill-%08" PRIx32 "-%zu", run, at + 1);
        if (json_object_get(scenario, "name") == NULL)
            whole = whole && json_object_set_new(scenario, "name", json_string(name)) == 0;
        whole = whole && json_array_append(drilled->names, json_object_get(scenario, "name")) == 0;
    }
    if (whole)
        return list;
    json_decref(list);
    return NULL;
}

enum err drilled_begin(struct drilled *drilled, const struct drill *drill, struct buf *why)
{
    int status;
    json_t *answer = NULL;
    enum err err = ERR_MEMORY;
    CHECK(drilled->names == NULL);
    if (drill->scenario_count == 0)
        return ERR_OK;
    json_t *named = name_all(drilled, drill);
    char *text = named == NULL ? NULL : json_dumps(named, JSON_COMPACT);
    json_decref(named);
    if (text == NULL)
        forget_names(drilled);
    else
        err = ask(drilled, FETCH_POST, "/scenario", text, &status, &answer, why);
    free(text);
    if (err == ERR_OK && status != 201) { /* nothing was started, and a name may be somebody else's */
        forget_names(drilled);
        err = ERR_SYNTAX;
        if (json_array_size(json_object_get(answer, "errors")) > 0)
            say_faults(drill, "/scenarios", answer, why);
        else
            err = refused(drilled, status, answer, why);
    }
    json_decref(answer);
    return err;
}

static const char *scenario_name(const struct drilled *drilled, size_t index)
{
    return json_string_value(json_array_get(drilled->names, index));
}

enum err drilled_look(struct drilled *drilled, uint64_t *tasks, struct buf *why)
{
    *tasks = 0;
    if (drilled->listen[0] != '\0' && has_ended(drilled)) {
        buf_puts(why, "the daemon of the drill has ended by itself");
        return ERR_ABSENT;
    }
    for (size_t i = 0; i < json_array_size(drilled->names); i++) {
        int status;
        json_t *body;
        char path[PATH];
        (void)snprintf(path, sizeof path, "/scenario/%s", scenario_name(drilled, i));
        enum err err = ask(drilled, FETCH_GET, path, NULL, &status, &body, why);
        const json_t *live = json_object_get(json_object_get(body, "tasks"), "live");
        *tasks += (uint64_t)json_integer_value(live);
        json_decref(body);
        if (err != ERR_OK)
            return err;
        if (status == 404) {
            buf_printf(why, "the daemon at %s knows nothing of %s any more: it was restarted",
                       drilled->site.url, path);
            return ERR_ABSENT;
        }
    }
    return ERR_OK;
}

/* What is to be done stands in the body: where memory is out, libcurl 7.88 loses a URL's query without a
 * word, and a DELETE only cancels then. */
static enum err reclaim(struct drilled *drilled, const char *name, struct buf *why)
{
    int status = 0;
    json_t *answer = NULL;
    char body[LIMIT_NAME + 64];
    (void)snprintf(body, sizeof body, "{\"action\":\"reclaim\",\"name\":\"%s\"}", name);
    enum err err = ask(drilled, FETCH_POST, "/scenario", body, &status, &answer, why);
    if (err == ERR_OK && status != 200 && status != 202 && status != 404)
        err = refused(drilled, status, answer, why);
    json_decref(answer);
    return err;
}

enum err drilled_clear(struct drilled *drilled, struct buf *why)
{
    enum err worst = ERR_OK;
    for (size_t i = 0; i < json_array_size(drilled->names); i++) {
        enum err err = reclaim(drilled, scenario_name(drilled, i), why);
        if (err != ERR_OK && i + 1 < json_array_size(drilled->names))
            buf_putc(why, '\n');
        worst = worst == ERR_OK ? err : worst;
    }
    forget_names(drilled);
    return worst;
}
