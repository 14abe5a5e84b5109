#include "drill/conduct.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/ending.h"
#include "base/macros.h"

#define NS_PER_SECOND 1000000000LL
#define HEARTBEAT_NS  (10 * NS_PER_SECOND)
#define WHY_BYTES     (64 * 1024)
#define URL           (SITE_URL + 64)
#define LABEL_BYTES   4096

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* True once somebody has asked for the end. From then on a second signal ends the process as it ends any. */
static bool is_interrupted(struct conductor *conductor)
{
    const struct timespec at_once = {0};
    if (!conductor->interrupted && sigtimedwait(&conductor->signals, NULL, &at_once) > 0) {
        conductor->interrupted = true;
        sigprocmask(SIG_SETMASK, &conductor->before, NULL);
    }
    return conductor->interrupted;
}

/* For requests: a signal stays pending until the conductor itself takes notice of it. */
static bool wants_out(void *context)
{
    const struct conductor *conductor = context;
    return !conductor->clearing && (conductor->interrupted || ending_waits() != 0);
}

/* Waits, but not longer than until a signal. */
static void wait_ns(struct conductor *conductor, int64_t ns)
{
    const struct timespec pause = {.tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND};
    if (!conductor->interrupted && sigtimedwait(&conductor->signals, NULL, &pause) > 0) {
        conductor->interrupted = true;
        sigprocmask(SIG_SETMASK, &conductor->before, NULL);
    }
}

enum err conductor_init(struct conductor *conductor, const struct conduct_config *config,
                        const struct drilled *drilled)
{
    *conductor = (struct conductor){.config = *config, .drilled = *drilled};
    buf_init(&conductor->why, WHY_BYTES);
    buf_init(&conductor->instance, LABEL_BYTES);
    buf_init(&conductor->job, LABEL_BYTES);
    conductor->fetcher = fetcher_new();
    conductor->drilled.fetcher = conductor->fetcher;
    if (conductor->fetcher != NULL && config->trusted != NULL)
        fetcher_trust(conductor->fetcher, config->trusted, false);
    conductor->drilled.timeout_ns = config->timeout_ns;
    conductor->drilled.abandon = wants_out;
    conductor->drilled.context = conductor;
    signal(SIGPIPE, SIG_IGN);
    ending_signals(&conductor->signals);
    sigprocmask(SIG_BLOCK, &conductor->signals, &conductor->before);
    return conductor->fetcher == NULL ? ERR_MEMORY : ERR_OK;
}

void conductor_deinit(struct conductor *conductor)
{
    drilled_stop(&conductor->drilled);
    fetcher_free(conductor->fetcher);
    buf_deinit(&conductor->why);
    buf_deinit(&conductor->instance);
    buf_deinit(&conductor->job);
    sigprocmask(SIG_SETMASK, &conductor->before, NULL);
}

static enum exit_code code_of(struct conductor *conductor, enum err err)
{
    if (err == ERR_OK)
        return EXIT_OK;
    if (is_interrupted(conductor))
        return EXIT_INTERRUPTED;
    if (err == ERR_MEMORY) {
        buf_clear(&conductor->why);
        buf_puts(&conductor->why, err_text(ERR_MEMORY));
        return EXIT_FAILED;
    }
    return EXIT_USAGE;
}

/* One question to Prometheus; *answer is the caller's, *data is borrowed from it. `why` has a sentence after
 * an error. ERR_SYSTEM: it may be there again later. */
static enum err question(struct conductor *conductor, const char *path, json_t **answer, const json_t **data)
{
    char url[URL];
    struct buf *why = &conductor->why;
    struct fetch_answer reply;
    (void)snprintf(url, sizeof url, "%s%s", conductor->config.prometheus.url, path);
    struct fetch_request request = {.method = FETCH_GET,
                                    .url = url,
                                    .timeout_ns = conductor->config.timeout_ns,
                                    .abandon = wants_out,
                                    .context = conductor};
    *answer = NULL;
    *data = NULL;
    buf_clear(why);
    buf_printf(why, "Prometheus at %s: ", conductor->config.prometheus.url);
    buf_init(&reply.body, LIMIT_REPLY_BYTES);
    enum err err = fetch(conductor->fetcher, &request, &reply);
    if (err != ERR_OK) {
        buf_puts(why, reply.why);
    } else if (reply.status >= 500) {
        buf_printf(why, "answers %d to %s: it is not ready, or in trouble", reply.status, path);
        err = ERR_SYSTEM;
    } else {
        *answer = json_loadb(buf_text(&reply.body), reply.body.size, 0, NULL);
        *data = prometheus_data(*answer, why);
        err = *data == NULL ? ERR_SYNTAX : ERR_OK;
    }
    buf_deinit(&reply.body);
    return why->err == ERR_MEMORY ? ERR_MEMORY : err;
}

/* The same of a Prometheus that may only just have been started. */
static enum err first_question(struct conductor *conductor, const char *path, json_t **answer,
                               const json_t **data)
{
    int64_t end_ns = now_ns() + conductor->config.timeout_ns;
    for (bool told = false;; told = true) {
        enum err err = question(conductor, path, answer, data);
        if (err != ERR_SYSTEM || now_ns() >= end_ns || is_interrupted(conductor))
            return err;
        if (!told)
            fprintf(stderr, "waiting for %s\n", buf_text(&conductor->why));
        wait_ns(conductor, conductor->config.poll_ns);
    }
}

enum exit_code conduct_rules(struct conductor *conductor, const struct drill *drills, size_t count)
{
    json_t *answer;
    const json_t *data;
    enum err err = first_question(conductor, PROMETHEUS_RULES, &answer, &data);
    if (err == ERR_OK) {
        buf_clear(&conductor->why);
        buf_printf(&conductor->why, "Prometheus at %s cannot score this:\n",
                   conductor->config.prometheus.url);
    }
    for (size_t i = 0; i < count && (err == ERR_OK || err == ERR_ABSENT); i++) {
        enum err own = rules_check(data, &drills[i], &conductor->why);
        err = own == ERR_OK ? err : own;
    }
    json_decref(answer);
    return code_of(conductor, err);
}

/* Where the daemon may be scraped: as it was named, and where it was found. */
static void wish_for(const struct conductor *conductor, char found[static SITE_HOST],
                     char local[static SITE_HOST], struct target_wish *wish)
{
    const struct drilled *drilled = &conductor->drilled;
    bool six = strchr(drilled->ip, ':') != NULL;
    (void)snprintf(found, SITE_HOST, six ? "[%s]:%s" : "%s:%s", drilled->ip, drilled->site.port);
    bool loopback = strncmp(drilled->ip, "127.", 4) == 0 || strcmp(drilled->ip, "::1") == 0;
    (void)snprintf(local, SITE_HOST, loopback ? "localhost:%s" : "", drilled->site.port);
    *wish = (struct target_wish){.instance = conductor->config.instance,
                                 .job = conductor->config.job,
                                 .addresses = {drilled->named, found, local}};
}

static enum err keep_target(struct conductor *conductor, const struct target *target)
{
    buf_clear(&conductor->instance);
    buf_clear(&conductor->job);
    buf_puts(&conductor->instance, target->instance);
    buf_puts(&conductor->job, target->job == NULL ? "" : target->job);
    return conductor->instance.err == ERR_OK ? conductor->job.err : conductor->instance.err;
}

/* ERR_OK when Prometheus scrapes it; ERR_ABSENT when it does not, or not yet, with the reason in `why`. */
static enum err find_target(struct conductor *conductor)
{
    struct buf *why = &conductor->why;
    char found[SITE_HOST];
    char local[SITE_HOST];
    struct target_wish wish;
    struct target target;
    json_t *answer;
    const json_t *data;
    enum err err = question(conductor, PROMETHEUS_TARGETS, &answer, &data);
    wish_for(conductor, found, local, &wish);
    if (err == ERR_OK) {
        const char *named = wish.instance[0] != '\0' ? wish.instance : wish.addresses[0];
        buf_printf(why, "scrapes no daemon at %s (put it into a scrape_config, or give --instance): ", named);
        err = target_find(data, &wish, &target, why);
        if (err == ERR_OK)
            err = keep_target(conductor, &target);
        if (err == ERR_OK && target.health != TARGET_UP) {
            buf_clear(why);
            buf_printf(why, "Prometheus at %s has not scraped %s%s%s", conductor->config.prometheus.url,
                       target.instance, target.health == TARGET_DOWN ? ": " : " yet",
                       target.health == TARGET_DOWN && target.last_error != NULL ? target.last_error : "");
            err = ERR_ABSENT;
        }
    }
    json_decref(answer);
    return err;
}

static enum exit_code await_target(struct conductor *conductor)
{
    int64_t end_ns = now_ns() + conductor->config.settle_ns;
    for (bool told = false;; told = true) {
        enum err err = find_target(conductor);
        if (err == ERR_OK || (err != ERR_ABSENT && err != ERR_SYSTEM) || now_ns() >= end_ns)
            return code_of(conductor, err);
        if (!told)
            fprintf(stderr, "waiting until Prometheus scrapes %s\n", conductor->drilled.named);
        wait_ns(conductor, conductor->config.poll_ns);
        if (is_interrupted(conductor))
            return EXIT_INTERRUPTED;
    }
}

enum exit_code conduct_daemon(struct conductor *conductor, const struct drill *drills, size_t count)
{
    struct buf *why = &conductor->why;
    buf_clear(why);
    enum err err = drilled_start(&conductor->drilled, why);
    if (err == ERR_OK)
        err = drilled_reach(&conductor->drilled, why);
    for (size_t i = 0; i < count && (err == ERR_OK || err == ERR_SYNTAX); i++) {
        enum err own = drilled_try(&conductor->drilled, &drills[i], why);
        err = own == ERR_OK ? err : own;
    }
    return err == ERR_OK ? await_target(conductor) : code_of(conductor, err);
}

static const char *since_begin(const struct conductor *conductor, int64_t at_ns,
                               char text[static REPORT_TEXT])
{
    return report_time(at_ns - conductor->begin_ns, text);
}

static void told(void *context, const struct score_row *row, enum score_change change, int64_t at_ns)
{
    static const char *const words[] = {
        [CHANGE_PENDING] = "is pending", [CHANGE_FIRES] = "fires", [CHANGE_RESOLVED] = "has resolved"};
    const struct conductor *conductor = context;
    char text[REPORT_TEXT];
    bool wrong = change == CHANGE_FIRES && row->kind != ROW_EXPECTED;
    fprintf(stderr, "%s: %s: %s%s %s%s\n", conductor->drill->name, since_begin(conductor, at_ns, text),
            row->name, row->labels, words[change], wrong ? ": a false alarm" : "");
}

struct score_listener conduct_listener(struct conductor *conductor)
{
    return (struct score_listener){.told = told, .context = conductor};
}

/* What a look at the alerts brought. */
struct look {
    json_t *answer;
    struct alert_list alerts;
    int64_t at_ns;
};

static void look_end(struct look *look)
{
    alert_list_deinit(&look->alerts);
    json_decref(look->answer);
    look->answer = NULL;
}

static enum err look_once(struct conductor *conductor, struct look *look)
{
    const json_t *data;
    const struct label labels[] = {{"instance", buf_text(&conductor->instance)},
                                   {"job", buf_text(&conductor->job)}};
    size_t count = conductor->job.size == 0 ? 1 : 2;
    memset(look, 0, sizeof *look);
    enum err err = question(conductor, PROMETHEUS_ALERTS, &look->answer, &data);
    if (err == ERR_OK)
        err = alerts_read(data, labels, count, &look->alerts, &conductor->why);
    look->at_ns = now_ns();
    if (err != ERR_OK)
        look_end(look);
    return err;
}

/* Prometheus may be away for a moment. */
static enum exit_code look_at_alerts(struct conductor *conductor, struct look *look)
{
    int64_t end_ns = now_ns() + conductor->config.timeout_ns;
    for (;;) {
        enum err err = look_once(conductor, look);
        if (err != ERR_SYSTEM || now_ns() >= end_ns)
            return code_of(conductor, err);
        wait_ns(conductor, conductor->config.poll_ns);
        if (is_interrupted(conductor))
            return EXIT_INTERRUPTED;
    }
}

/* Alerts that stay: the drill goes without them, or not at all. */
static enum exit_code leave_out(struct conductor *conductor, struct score *score, const struct look *look)
{
    struct buf blocking;
    buf_init(&blocking, WHY_BYTES);
    enum err err = score_exclude(score, look->alerts.alerts, look->alerts.count, &blocking);
    enum exit_code code = code_of(conductor, err);
    if (err == ERR_LIMIT) {
        buf_clear(&conductor->why);
        buf_printf(&conductor->why, "more than %d alerts fire already", LIMIT_DRILL_ROWS);
    } else if (err == ERR_OK && blocking.size > 0) {
        buf_clear(&conductor->why);
        buf_printf(
            &conductor->why,
            "%s cannot be scored: reset the daemon (POST /reset) and wait until these have resolved, or "
            "give them more time (--settle):\n%s",
            conductor->drill->name, buf_text(&blocking));
        code = EXIT_USAGE;
    }
    buf_deinit(&blocking);
    for (size_t i = 0; code == EXIT_OK && i < score_row_count(score); i++) {
        const struct score_row *row = score_row(score, i);
        if (row->kind == ROW_LEFT_OUT)
            fprintf(stderr, "%s: %s%s was there before and is left out\n", conductor->drill->name, row->name,
                    row->labels);
    }
    return code;
}

static enum exit_code settle(struct conductor *conductor, struct score *score)
{
    int64_t end_ns = now_ns() + conductor->config.settle_ns;
    for (bool first = true;; first = false) {
        struct look look;
        enum exit_code code = look_at_alerts(conductor, &look);
        if (code != EXIT_OK)
            return code;
        bool quiet = score_is_quiet(score, look.alerts.alerts, look.alerts.count);
        bool over = quiet || look.at_ns >= end_ns;
        if (first && !over)
            fprintf(stderr, "%s: waiting until earlier alerts have resolved\n", conductor->drill->name);
        if (over)
            code = leave_out(conductor, score, &look);
        look_end(&look);
        if (over)
            return code;
        wait_ns(conductor, conductor->config.poll_ns);
        if (is_interrupted(conductor))
            return EXIT_INTERRUPTED;
    }
}

/* What is waited for, now and then. */
static void heartbeat(const struct conductor *conductor, const struct score *score, bool resolving,
                      uint64_t tasks, int64_t at_ns, int64_t *next_ns)
{
    char text[REPORT_TEXT];
    const char *before = resolving ? ": still firing: " : ": waiting for ";
    if (at_ns < *next_ns)
        return;
    *next_ns = at_ns + HEARTBEAT_NS;
    fprintf(stderr, "%s: %s", conductor->drill->name, since_begin(conductor, at_ns, text));
    for (size_t i = 0; i < score_row_count(score); i++) {
        const struct score_row *row = score_row(score, i);
        bool open = resolving ? row->firing : row->kind == ROW_EXPECTED && row->detected_ns < 0;
        if (!open)
            continue;
        fprintf(stderr, "%s%s%s", before, row->name, row->labels);
        before = ", ";
    }
    if (before[0] == ':')
        fputs(": watching", stderr);
    if (!resolving)
        fprintf(stderr, "; %" PRIu64 " tasks", tasks);
    fputc('\n', stderr);
}

/* Looks, and looks again, while the score wants it: running or resolving. */
static enum exit_code watch(struct conductor *conductor, struct score *score, bool resolving)
{
    int64_t next_ns = now_ns() + HEARTBEAT_NS;
    bool out = false; /* the outage has begun */
    for (;;) {
        struct look look;
        uint64_t tasks = 0;
        enum exit_code code = look_at_alerts(conductor, &look);
        if (code != EXIT_OK)
            return code;
        enum err err = score_see(score, look.at_ns, look.alerts.alerts, look.alerts.count);
        look_end(&look);
        if (err == ERR_OK && !out) {
            buf_clear(&conductor->why);
            err = drilled_look(&conductor->drilled, &tasks, &conductor->why);
        }
        if (err != ERR_OK)
            return code_of(conductor, err);
        if (!(resolving ? score_is_resolving(score, look.at_ns) : score_is_running(score, look.at_ns)))
            return EXIT_OK;
        heartbeat(conductor, score, resolving, tasks, look.at_ns, &next_ns);
        if (!resolving && !out && conductor->drill->outage_ns >= 0 &&
            look.at_ns - conductor->begin_ns >= conductor->drill->outage_ns) {
            fprintf(stderr, "%s: ends the daemon\n", conductor->drill->name);
            drilled_stop(&conductor->drilled);
            out = true;
        }
        wait_ns(conductor, conductor->config.poll_ns);
        if (is_interrupted(conductor))
            return EXIT_INTERRUPTED;
    }
}

/* Nothing that was started stays, whatever has happened, and even when somebody presses ^C. */
static enum exit_code clear(struct conductor *conductor, enum exit_code code)
{
    struct buf why;
    buf_init(&why, WHY_BYTES);
    conductor->clearing = true;
    enum err err = drilled_clear(&conductor->drilled, &why);
    conductor->clearing = false;
    if (err != ERR_OK) {
        conductor->left_behind = true;
        if (code == EXIT_OK || code == EXIT_INTERRUPTED)
            buf_clear(&conductor->why);
        else if (conductor->why.size > 0)
            buf_putc(&conductor->why, '\n');
        buf_printf(&conductor->why, "%swhat the drill started could not be reclaimed: %s",
                   code == EXIT_INTERRUPTED ? "interrupted; " : "", buf_text(&why));
        code = code == EXIT_OK ? EXIT_USAGE : code;
    }
    buf_deinit(&why);
    return code;
}

static enum exit_code begin(struct conductor *conductor, struct score *score)
{
    buf_clear(&conductor->why);
    conductor->clearing = true; /* whether they were started must be known */
    enum err err = drilled_begin(&conductor->drilled, conductor->drill, &conductor->why);
    conductor->clearing = false;
    if (err != ERR_OK)
        return code_of(conductor, err);
    conductor->begin_ns = now_ns();
    score_begin(score, conductor->begin_ns);
    fprintf(stderr, "%s: %zu scenario%s started\n", conductor->drill->name, conductor->drill->scenario_count,
            conductor->drill->scenario_count == 1 ? "" : "s");
    return EXIT_OK;
}

/* After an outage the daemon comes back, empty. */
static enum exit_code restart(struct conductor *conductor)
{
    if (conductor->drill->outage_ns < 0 || conductor->drilled.pid != 0)
        return EXIT_OK;
    buf_clear(&conductor->why);
    return code_of(conductor, drilled_start(&conductor->drilled, &conductor->why));
}

enum exit_code conduct_drill(struct conductor *conductor, struct score *score)
{
    conductor->drill = score_drill(score);
    enum exit_code code = settle(conductor, score);
    if (code == EXIT_OK)
        code = begin(conductor, score);
    if (code == EXIT_OK)
        code = watch(conductor, score, false);
    code = clear(conductor, code);
    if (code == EXIT_OK)
        code = restart(conductor);
    if (code != EXIT_OK)
        return code;
    score_release(score, now_ns());
    fprintf(stderr, "%s: all reclaimed\n", conductor->drill->name);
    code = watch(conductor, score, true);
    if (code == EXIT_OK)
        score_finish(score, now_ns());
    return code;
}
