#include "drill/prometheus.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/suggest.h"
#include "drill/report.h"

#define SHOWN_TARGETS 12
#define SHOWN_RULES   1000 /* that a misspelt name is compared with */
#define NS_PER_SECOND 1000000000.0

const json_t *prometheus_data(const json_t *answer, struct buf *why)
{
    const char *status = json_string_value(json_object_get(answer, "status"));
    const char *error = json_string_value(json_object_get(answer, "error"));
    const json_t *data = json_object_get(answer, "data");
    if (status != NULL && strcmp(status, "success") == 0 && json_is_object(data))
        return data;
    if (status != NULL && strcmp(status, "error") == 0 && error != NULL)
        buf_printf(why, "it says: %s", error);
    else
        buf_puts(why, "it does not answer as Prometheus does");
    return NULL;
}

static enum err unlike(struct buf *why)
{
    buf_puts(why, "it does not answer as Prometheus does");
    return why->err == ERR_MEMORY ? ERR_MEMORY : ERR_SYNTAX;
}

/* The "host:port" of a URL such as http://host:port/metrics, compared with `wanted`. */
static bool is_at(const char *url, const char *wanted)
{
    const char *host = url == NULL ? NULL : strstr(url, "://");
    if (host == NULL || wanted == NULL || wanted[0] == '\0')
        return false;
    size_t size = strcspn(host + 3, "/?");
    return size == strlen(wanted) && memcmp(host + 3, wanted, size) == 0;
}

static bool is_wanted(const json_t *target, const struct target_wish *wish)
{
    const json_t *labels = json_object_get(target, "labels");
    const char *instance = json_string_value(json_object_get(labels, "instance"));
    const char *job = json_string_value(json_object_get(labels, "job"));
    const char *url = json_string_value(json_object_get(target, "scrapeUrl"));
    if (instance == NULL || job == NULL || (wish->job[0] != '\0' && strcmp(job, wish->job) != 0))
        return false;
    if (wish->instance[0] != '\0')
        return strcmp(instance, wish->instance) == 0;
    for (size_t i = 0; i < COUNT_OF(wish->addresses); i++) {
        const char *address = wish->addresses[i];
        if (address != NULL && (is_at(url, address) || strcmp(instance, address) == 0))
            return true;
    }
    return false;
}

static enum target_health health_of(const json_t *target)
{
    const char *word = json_string_value(json_object_get(target, "health"));
    if (word != NULL && strcmp(word, "up") == 0)
        return TARGET_UP;
    return word != NULL && strcmp(word, "down") == 0 ? TARGET_DOWN : TARGET_UNKNOWN;
}

static void list_targets(const json_t *targets, struct buf *why)
{
    size_t at;
    json_t *target;
    if (json_array_size(targets) == 0) {
        buf_puts(why, "it has no targets");
        return;
    }
    buf_puts(why, "its targets are ");
    json_array_foreach(targets, at, target)
    {
        const json_t *labels = json_object_get(target, "labels");
        const char *instance = json_string_value(json_object_get(labels, "instance"));
        const char *job = json_string_value(json_object_get(labels, "job"));
        if (at == SHOWN_TARGETS) {
            buf_puts(why, ", ...");
            break;
        }
        buf_printf(why, "%s%s (job %s)", at == 0 ? "" : ", ", instance == NULL ? "?" : instance,
                   job == NULL ? "?" : job);
    }
}

enum err target_find(const json_t *data, const struct target_wish *wish, struct target *target,
                     struct buf *why)
{
    const json_t *targets = json_object_get(data, "activeTargets");
    size_t at;
    json_t *one;
    struct target found = {0};
    if (!json_is_array(targets))
        return unlike(why);
    json_array_foreach(targets, at, one)
    {
        const json_t *labels = json_object_get(one, "labels");
        const char *job = json_string_value(json_object_get(labels, "job"));
        if (!is_wanted(one, wish))
            continue;
        if (found.instance != NULL) { /* whoever sees it first tells of its health */
            found.job = found.job != NULL && strcmp(found.job, job) == 0 ? job : NULL;
            continue;
        }
        found.instance = json_string_value(json_object_get(labels, "instance"));
        found.job = job;
        found.last_error = json_string_value(json_object_get(one, "lastError"));
        found.health = health_of(one);
    }
    if (found.instance == NULL) {
        list_targets(targets, why);
        return why->err == ERR_MEMORY ? ERR_MEMORY : ERR_ABSENT;
    }
    *target = found;
    return ERR_OK;
}

/* What the rules say of one alert. */
struct rule_facts {
    bool found;
    double shortest_for_seconds; /* of its rules */
    const char *broken;          /* why one cannot be evaluated; NULL: none is known to be broken */
};

static void look_at_rule(const json_t *rule, const char *name, struct rule_facts *facts)
{
    const char *called = json_string_value(json_object_get(rule, "name"));
    const char *health = json_string_value(json_object_get(rule, "health"));
    const char *error = json_string_value(json_object_get(rule, "lastError"));
    double seconds = json_number_value(json_object_get(rule, "duration"));
    if (called == NULL || strcmp(called, name) != 0)
        return;
    if (!facts->found || seconds < facts->shortest_for_seconds)
        facts->shortest_for_seconds = seconds;
    facts->found = true;
    if (health != NULL && strcmp(health, "err") == 0)
        facts->broken = error == NULL ? "" : error;
}

static void look_at_rules(const json_t *groups, const char *name, struct rule_facts *facts)
{
    size_t i;
    size_t k;
    json_t *group;
    json_t *rule;
    json_array_foreach(groups, i, group) json_array_foreach(json_object_get(group, "rules"), k, rule)
        look_at_rule(rule, name, facts);
}

static void say_absent(const json_t *groups, const char *name, struct buf *why)
{
    const char *known[SHOWN_RULES];
    size_t count = 0;
    size_t i;
    size_t k;
    json_t *group;
    json_t *rule;
    json_array_foreach(groups, i, group) json_array_foreach(json_object_get(group, "rules"), k, rule)
    {
        const char *called = json_string_value(json_object_get(rule, "name"));
        if (called != NULL && count < SHOWN_RULES)
            known[count++] = called;
    }
    if (count == 0) {
        buf_printf(why, "%s: there is no alerting rule at all: load some with rule_files\n", name);
        return;
    }
    buf_printf(why, "%s: no alerting rule is called so: ", name);
    suggest_append(why, name, known, count);
    buf_putc(why, '\n');
}

/* A rule that waits longer than the drill gives it will be missed, whatever happens. */
static bool say_slow(const struct drill *drill, const char *name, double for_seconds, struct buf *why)
{
    char gives[REPORT_TEXT];
    char waits[REPORT_TEXT];
    for (size_t i = 0; i < drill->expectation_count; i++) {
        const struct expectation *expectation = &drill->expectations[i];
        int64_t end_ns = expectation->after_ns + expectation->within_ns;
        if (strcmp(expectation->alert, name) != 0 || for_seconds * NS_PER_SECOND <= (double)end_ns)
            continue;
        double wait_ns = for_seconds * NS_PER_SECOND;
        report_time(end_ns, gives);
        report_time(wait_ns < (double)LIMIT_DURATION_NS ? (int64_t)wait_ns : LIMIT_DURATION_NS, waits);
        buf_printf(why,
                   "%s: its rule waits for %s (\"for\"), and the drill gives it %s: it needs a rule with "
                   "shorter windows, or more time\n",
                   name, waits, gives);
        return true;
    }
    return false;
}

static bool rule_is_fine(const json_t *groups, const struct drill *drill, const char *name, struct buf *why)
{
    struct rule_facts facts = {0};
    look_at_rules(groups, name, &facts);
    if (!facts.found) {
        say_absent(groups, name, why);
        return false;
    }
    if (facts.broken != NULL) {
        buf_printf(why, "%s: its rule cannot be evaluated: %s\n", name, facts.broken);
        return false;
    }
    return !say_slow(drill, name, facts.shortest_for_seconds, why);
}

enum err rules_check(const json_t *data, const struct drill *drill, struct buf *why)
{
    const json_t *groups = json_object_get(data, "groups");
    const char *names[3 * LIMIT_DRILL_ALERTS];
    size_t count = drill_alert_names(drill, names);
    bool fine = true;
    if (!json_is_array(groups))
        return unlike(why);
    for (size_t i = 0; i < count; i++) {
        bool told = false;
        for (size_t k = 0; k < i; k++)
            told |= strcmp(names[i], names[k]) == 0;
        if (!told)
            fine &= rule_is_fine(groups, drill, names[i], why);
    }
    if (why->err == ERR_MEMORY)
        return ERR_MEMORY;
    return fine ? ERR_OK : ERR_ABSENT;
}

/* How many alerts and labels there are. False: not what Prometheus answers, or more than is taken. */
static enum err measure(const json_t *alerts, size_t *labels, struct buf *why)
{
    size_t at;
    json_t *alert;
    *labels = 0;
    if (!json_is_array(alerts))
        return unlike(why);
    if (json_array_size(alerts) > LIMIT_ALERTS) {
        buf_printf(why, "it has more than %d alerts", LIMIT_ALERTS);
        return ERR_LIMIT;
    }
    json_array_foreach(alerts, at, alert)
    {
        const json_t *own = json_object_get(alert, "labels");
        if (!json_is_string(json_object_get(own, "alertname")) ||
            !json_is_string(json_object_get(alert, "state")))
            return unlike(why);
        if (json_object_size(own) > LIMIT_ALERT_LABELS) {
            buf_printf(why, "it has an alert with more than %d labels", LIMIT_ALERT_LABELS);
            return ERR_LIMIT;
        }
        *labels += json_object_size(own);
    }
    return ERR_OK;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct label *)left)->name, ((const struct label *)right)->name);
}

/* Fills one alert, whose labels begin at `labels`. */
static void fill_alert(const json_t *json, struct label *labels, struct alert *alert)
{
    json_t *own = json_object_get(json, "labels");
    const char *name;
    json_t *value;
    *alert = (struct alert){.labels = labels};
    json_object_foreach(own, name, value)
    {
        const char *text = json_string_value(value);
        if (strcmp(name, "alertname") == 0)
            alert->name = text;
        else if (text != NULL)
            labels[alert->label_count++] = (struct label){name, text};
    }
    qsort(labels, alert->label_count, sizeof *labels, by_name);
    alert->firing = strcmp(json_string_value(json_object_get(json, "state")), "firing") == 0;
}

enum err alerts_read(const json_t *data, const struct label *labels, size_t count, struct alert_list *list,
                     struct buf *why)
{
    const json_t *alerts = json_object_get(data, "alerts");
    size_t label_count;
    size_t at;
    json_t *one;
    memset(list, 0, sizeof *list);
    size_t alert_count = json_array_size(alerts);
    enum err err = measure(alerts, &label_count, why);
    if (err != ERR_OK || alert_count == 0 || label_count == 0)
        return err;
    list->alerts = calloc(alert_count, sizeof *list->alerts);
    list->labels = calloc(label_count, sizeof *list->labels);
    if (list->alerts == NULL || list->labels == NULL) {
        alert_list_deinit(list);
        return ERR_MEMORY;
    }
    struct label *free_labels = list->labels;
    json_array_foreach(alerts, at, one)
    {
        struct alert *alert = &list->alerts[list->count];
        fill_alert(one, free_labels, alert);
        if (!alert_may_concern(alert, labels, count))
            continue;
        free_labels += alert->label_count;
        list->count++;
    }
    return ERR_OK;
}

void alert_list_deinit(struct alert_list *list)
{
    free(list->alerts);
    free(list->labels);
    memset(list, 0, sizeof *list);
}
