/* The drills of docker/drills: each can be read, names what there is, and together they cover the catalogue.
 */
#include "drill_fixture.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "command/document.h"
#include "lab/spec.h"
#include "language/catalogue.h"

#define DRILLS_MIN 5
#define RULES_MAX  (1 << 20)

struct shipped {
    struct catalogue catalogue;
    size_t count;
    struct drill drills[LIMIT_DRILLS];
};

static void read_one(struct shipped *shipped, const char *path)
{
    json_t *problem;
    const char *why;
    json_t *source = document_read(path, &problem, &why);
    if (source == NULL || drill_read(source, &shipped->drills[shipped->count], &problem) != ERR_OK)
        fail_msg("%s: %s %s", path, why == NULL ? "" : why, json_dumps(problem, 0));
    shipped->count++;
}

static int open_all(void **state)
{
    struct shipped *shipped = calloc(1, sizeof *shipped);
    struct buf why;
    glob_t found;
    assert_non_null(shipped);
    catalogue_init(&shipped->catalogue);
    buf_init(&why, 4096);
    assert_int_equal(catalogue_load(&shipped->catalogue, &why), ERR_OK);
    buf_deinit(&why);
    assert_int_equal(glob(ROOT "/docker/drills/*.yaml", 0, NULL, &found), 0);
    assert_in_range(found.gl_pathc, DRILLS_MIN, LIMIT_DRILLS);
    for (size_t i = 0; i < found.gl_pathc; i++)
        read_one(shipped, found.gl_pathv[i]);
    globfree(&found);
    *state = shipped;
    return 0;
}

static int close_all(void **state)
{
    struct shipped *shipped = *state;
    for (size_t i = 0; i < shipped->count; i++)
        drill_deinit(&shipped->drills[i]);
    catalogue_deinit(&shipped->catalogue);
    free(shipped);
    return 0;
}

static void every_scenario_can_be_started(void **state)
{
    const struct shipped *shipped = *state;
    const struct spec_context context = {
        .catalogue = &shipped->catalogue, .max_tasks = LIMIT_TASKS, .max_heap_bytes = 1 << 30, .seed = 1};
    for (size_t i = 0; i < shipped->count; i++)
        for (size_t k = 0; k < shipped->drills[i].scenario_count; k++) {
            struct spec spec;
            json_t *problem;
            const json_t *body = json_array_get(shipped->drills[i].scenarios, k);
            if (spec_parse(&context, body, &spec, &problem) != ERR_OK)
                fail_msg("%s: %s", shipped->drills[i].name, json_dumps(problem, 0));
        }
}

/* True when one of the drills starts a scenario of this mode. */
static bool starts(const struct shipped *shipped, const char *mode)
{
    for (size_t i = 0; i < shipped->count; i++)
        for (size_t k = 0; k < shipped->drills[i].scenario_count; k++) {
            const json_t *body = json_array_get(shipped->drills[i].scenarios, k);
            if (strcmp(json_string_value(json_object_get(body, "mode")), mode) == 0)
                return true;
        }
    return false;
}

static void every_pattern_is_drilled(void **state)
{
    const struct shipped *shipped = *state;
    size_t seen = 0;
    for (size_t i = 0; i < shipped->catalogue.count; i++, seen++) {
        char leak[LIMIT_NAME + 8];
        char decoy[LIMIT_NAME + 8];
        const struct pattern *pattern = shipped->catalogue.patterns[i];
        snprintf(leak, sizeof leak, "leak-%s", pattern->name);
        snprintf(decoy, sizeof decoy, "decoy-%s", pattern->name);
        if (!starts(shipped, leak) && !starts(shipped, decoy))
            fail_msg("no drill starts %s", pattern->name);
    }
    assert_in_range(seen, 40, LIMIT_PROGRAMS);
}

static void every_alert_has_a_rule(void **state)
{
    const struct shipped *shipped = *state;
    static char rules[RULES_MAX];
    FILE *file = fopen(ROOT "/docker/prometheus/rules/leaklab-drill.yml", "re");
    assert_non_null(file);
    rules[fread(rules, 1, sizeof rules - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; i < shipped->count; i++) {
        const char *names[3 * LIMIT_DRILL_ALERTS];
        size_t count = drill_alert_names(&shipped->drills[i], names);
        for (size_t k = 0; k < count; k++) {
            char line[LIMIT_DRILL_TEXT + 32];
            snprintf(line, sizeof line, "alert: %s\n", names[k]);
            if (strstr(rules, line) == NULL)
                fail_msg("%s: there is no rule %s", shipped->drills[i].name, names[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_can_be_started),
        cmocka_unit_test(every_pattern_is_drilled),
        cmocka_unit_test(every_alert_has_a_rule),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
