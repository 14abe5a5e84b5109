/* Random patterns: whatever is asked for, the language accepts what grows; everything that may grow does; and
 * cutting down comes to what a failure needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "grow_table.h"
#include "stage.h"

#define SEEDS     400
#define TEXT_MOST 8000

static char *text_of(const struct grown *grown)
{
    struct buf text;
    size_t size;
    buf_init(&text, TEXT_MOST);
    grow_write(grown, &text);
    assert_int_equal(text.err, ERR_OK);
    return buf_take(&text, &size);
}

static void assert_compiles(const struct grown *grown)
{
    static struct stage stage;
    char *text = text_of(grown);
    stage_compile(&stage, text);
    pattern_free(stage.pattern);
    free(text);
}

static void a_seed_grows_the_same_again(void **state)
{
    (void)state;
    static struct grown once, again, other;
    grow(&once, &(struct grow_spec){.seed = 7});
    grow(&again, &(struct grow_spec){.seed = 7});
    grow(&other, &(struct grow_spec){.seed = 8});
    char *texts[] = {text_of(&once), text_of(&again), text_of(&other)};
    assert_string_equal(texts[0], texts[1]);
    assert_string_not_equal(texts[0], texts[2]);
    for (unsigned i = 0; i < COUNT_OF(texts); i++)
        free(texts[i]);
}

static unsigned feature_of(const struct grow_node *node)
{
    if (node->role == ROLE_THING)
        return grow_kinds[node->row].feature;
    return node->role == ROLE_STATEMENT || node->role == ROLE_CASE ? grow_verb(node)->feature : 0;
}

static void what_is_not_wanted_does_not_grow(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        static struct grown grown;
        struct grow_spec spec = {
            .seed = seed, .without = (unsigned)seed & 511, .tasks = 1 + (unsigned)seed % 20};
        spec.small = seed % 2 == 0;
        spec.statements = 1 + (unsigned)seed % 100;
        grow(&grown, &spec);
        for (unsigned i = 1; i < grown.count; i++)
            assert_int_equal(feature_of(&grown.nodes[i]) & spec.without, 0);
        assert_compiles(&grown);
    }
}

static void all_that_may_grow_does(void **state)
{
    (void)state;
    bool kinds[64] = {false}, verbs[256] = {false}, cases[64] = {false};
    unsigned chains = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        static struct grown grown;
        grow(&grown, &(struct grow_spec){.seed = seed});
        char *text = text_of(&grown);
        chains += strstr(text, " outer.") != NULL;
        free(text);
        for (unsigned i = 1; i < grown.count; i++) {
            const struct grow_node *node = &grown.nodes[i];
            kinds[node->row & 63] |= node->role == ROLE_THING;
            verbs[node->row] |= node->role == ROLE_STATEMENT;
            cases[node->row & 63] |= node->role == ROLE_CASE;
        }
    }
    assert_true(chains > SEEDS / 40);
    for (size_t i = 0; i < grow_kind_count; i++)
        assert_true(kinds[i]);
    for (size_t i = 0; i < grow_verb_count; i++)
        if (!verbs[i])
            fail_msg("`%s` never grew", grow_verbs[i].verb);
    for (size_t i = 0; i < grow_case_verb_count; i++)
        assert_true(cases[i]);
}

static bool closes(const struct grown *grown, void *argument)
{
    (void)argument;
    char *text = text_of(grown);
    bool found = strstr(text, "close chan") != NULL;
    free(text);
    return found;
}

static void cutting_down_leaves_what_a_failure_needs(void **state)
{
    (void)state;
    unsigned tried = 0;
    for (uint64_t seed = 1; tried < 10; seed++) {
        static struct grown grown;
        grow(&grown, &(struct grow_spec){.seed = seed});
        if (!closes(&grown, NULL))
            continue;
        tried++;
        assert_true(grow_shrink(&grown, closes, NULL) > 0);
        assert_true(closes(&grown, NULL));
        /* The close, and what spawns its task, which may take a few. */
        assert_true(grow_size(&grown) <= 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_grows_the_same_again),
        cmocka_unit_test(what_is_not_wanted_does_not_grow),
        cmocka_unit_test(all_that_may_grow_does),
        cmocka_unit_test(cutting_down_leaves_what_a_failure_needs),
    };
    return cmocka_run_group_tests_name("grow", tests, NULL, NULL);
}
