#include "drill_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

/* The linker wraps these calls in every object of the test. */
static void *json_take(size_t size)
{
    return malloc(size);
}

static void json_give(void *memory)
{
    free(memory);
}

void json_can_fail(void)
{
    json_set_alloc_funcs(json_take, json_give);
}

json_t *json_of(const char *text)
{
    char copy[8192];
    size_t size = strlen(text);
    json_error_t error;
    assert_in_range(size, 0, sizeof copy - 1);
    for (size_t i = 0; i <= size; i++)
        copy[i] = (char)(text[i] == '\'' ? '"' : text[i]);
    json_t *json = json_loads(copy, 0, &error);
    if (json == NULL)
        fail_msg("%s: %s", text, error.text);
    return json;
}

void drill_of(struct drill *drill, const char *text)
{
    json_t *problem;
    enum err err = drill_read(json_of(text), drill, &problem);
    if (err != ERR_OK)
        fail_msg("%s", json_dumps(problem, 0));
}

size_t alerts_of(struct alert_set *set, const char *list)
{
    char *rest = NULL;
    size_t count = 0;
    memset(set, 0, sizeof *set);
    assert_in_range(strlen(list), 0, sizeof set->text - 1);
    memcpy(set->text, list, strlen(list) + 1);
    for (char *word = strtok_r(set->text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        struct alert *alert = &set->alerts[count];
        assert_in_range(count, 0, ALERTS_MAX - 1);
        alert->firing = word[0] != '~';
        alert->name = alert->firing ? word : word + 1;
        char *label = strchr(word, '/');
        if (label != NULL) {
            char *value = strchr(label, '=');
            assert_non_null(value);
            *label = '\0';
            *value = '\0';
            set->labels[count] = (struct label){label + 1, value + 1};
            alert->labels = &set->labels[count];
            alert->label_count = 1;
        }
        count++;
    }
    return count;
}

void see(struct score *score, int64_t seconds, const char *alerts)
{
    struct alert_set set;
    size_t count = alerts_of(&set, alerts);
    assert_int_equal(score_see(score, seconds * SEC, set.alerts, count), ERR_OK);
}

const char *outcome_of(const struct score *score, const char *name)
{
    for (size_t i = 0; i < score_row_count(score); i++)
        if (strcmp(score_row(score, i)->name, name) == 0)
            return outcome_word(score_row(score, i)->outcome);
    fail_msg("there is no row %s", name);
    return "";
}
