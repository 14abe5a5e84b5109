#include "http/query.h"

#include <string.h>

#include "base/macros.h"
#include "base/suggest.h"
#include "base/unit.h"
#include "http/body.h"
#include "judge/tasks.h"
#include "lab/problem.h"

static const char *const words[QUERY_KEYS] = {
#define X(name, word) word,
    QUERY_TABLE(X)
#undef X
};

/* ---- values: NULL, or what is wrong with one ---- */

static const char *read_flag(const char *value, bool *flag)
{
    *flag = strcmp(value, "true") == 0;
    return *flag || strcmp(value, "false") == 0 ? NULL : "neither \"true\" nor \"false\"";
}

static const char *read_text(const char *value, char *text, size_t size)
{
    size_t length = strlen(value);
    if (length == 0)
        return "empty";
    if (length >= size)
        return "too long";
    memcpy(text, value, length + 1);
    return NULL;
}

static const char *read_limit(const char *value, uint32_t *limit)
{
    int64_t number;
    if (unit_parse_count(value, &number) != ERR_OK || number < 1 || number > TASKS_MOST_ROWS)
        return "not a whole number from 1 to 1000";
    *limit = (uint32_t)number;
    return NULL;
}

static const char *read_format(const char *value, enum query_format *format)
{
    static const char *const formats[] = {
        [FORMAT_TEXT] = "text", [FORMAT_JSON] = "json", [FORMAT_PPROF] = "pprof"};
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        *format = (enum query_format)i;
        if (strcmp(value, formats[i]) == 0)
            return NULL;
    }
    return "neither \"text\", \"json\" nor \"pprof\"";
}

static const char *read_from(const char *value, struct query *query)
{
    query->has_from = curve_token_parse(value, &query->from);
    return query->has_from ? NULL : "no token of /timeline: \"next\" of an answer is one";
}

static const char *read_debug(const char *value, bool *debug)
{
    *debug = strcmp(value, "1") == 0;
    return *debug || strcmp(value, "0") == 0 ? NULL : "neither \"0\" nor \"1\"";
}

static const char *read_value(enum query_key key, const char *value, struct query *query)
{
    switch (key) {
    case QUERY_RECLAIM:
        return read_flag(value, &query->reclaim);
    case QUERY_DRY_RUN:
        return read_flag(value, &query->dry_run);
    case QUERY_LEAKED:
        return read_flag(value, &query->tasks.leaked);
    case QUERY_PATTERN:
        return read_text(value, query->tasks.pattern, sizeof query->tasks.pattern);
    case QUERY_SCENARIO:
        return read_text(value, query->tasks.scenario, sizeof query->tasks.scenario);
    case QUERY_SINCE:
        return read_text(value, query->tasks.since, sizeof query->tasks.since);
    case QUERY_FROM:
        return read_from(value, query);
    case QUERY_LIMIT:
        return read_limit(value, &query->limit);
    case QUERY_FORMAT:
        return read_format(value, &query->format);
    case QUERY_DEBUG:
        return read_debug(value, &query->debug);
    case QUERY_KEYS:
        break;
    }
    CHECK(!"a key");
    return NULL;
}

/* ---- keys ---- */

/* QUERY_KEYS: none of that name. */
static enum query_key find_key(uint32_t keys, const char *name)
{
    enum query_key key = 0;
    while (key < QUERY_KEYS && ((keys & 1u << key) == 0 || strcmp(words[key], name) != 0))
        key++;
    return key;
}

static json_t *unknown_key(uint32_t keys, const char *name)
{
    const char *known[QUERY_KEYS];
    size_t count = 0;
    for (enum query_key key = 0; key < QUERY_KEYS; key++)
        if ((keys & 1u << key) != 0)
            known[count++] = words[key];
    json_t *problem = problem_new(422, "the query cannot be used");
    struct buf why;
    buf_init(&why, PROBLEM_TEXT);
    buf_printf(&why, "unknown query parameter \"%s\": ", name);
    if (count == 0)
        buf_puts(&why, "none is known here");
    else
        suggest_append(&why, name, known, count);
    problem_add_member(problem, name, "%s", buf_text(&why));
    buf_deinit(&why);
    return problem;
}

static json_t *bad_value(const char *name, const char *value, const char *why)
{
    json_t *problem = problem_new(422, "the query cannot be used");
    if (value == NULL)
        problem_add_member(problem, name, "%s", why);
    else
        problem_add_member(problem, name, "\"%s\" is %s", value, why);
    return problem;
}

/* One `name=value`. `seen`: the keys that were there before. */
static bool read_one(uint32_t keys, const char *text, size_t size, uint32_t *seen, struct query *query,
                     json_t **problem)
{
    const char *equals = memchr(text, '=', size);
    size_t name_size = equals == NULL ? size : (size_t)(equals - text);
    char name[LIMIT_TARGET_BYTES + 1];
    char value[LIMIT_TARGET_BYTES + 1] = "";
    bool decoded =
        body_unescape(text, name_size, true, name, LIMIT_TARGET_BYTES) &&
        (equals == NULL || body_unescape(equals + 1, size - name_size - 1, true, value, LIMIT_TARGET_BYTES));
    if (!decoded) {
        *problem =
            problem_new(400, "the query holds a bad %%-escape, a zero byte, or text that is not UTF-8");
        return false;
    }
    enum query_key key = find_key(keys, name);
    if (key == QUERY_KEYS) {
        *problem = unknown_key(keys, name);
        return false;
    }
    const char *why = (*seen & 1u << key) != 0 ? "given twice" : read_value(key, value, query);
    if (why != NULL)
        *problem = bad_value(name, (*seen & 1u << key) != 0 ? NULL : value, why);
    *seen |= 1u << key;
    return why == NULL;
}

bool query_read(uint32_t keys, const char *text, struct query *query, json_t **problem)
{
    uint32_t seen = 0;
    *problem = NULL;
    *query = (struct query){.limit = TASKS_ROWS};
    while (*text != '\0') {
        size_t size = strcspn(text, "&");
        if (size > 0 && !read_one(keys, text, size, &seen, query, problem))
            return false;
        text += size + (text[size] == '&');
    }
    return true;
}
