/* Chance: how often, and that a seed decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "stage.h"

#define COIN                                                                                                 \
    "share: {c: channel}\n"                                                                                  \
    "fix:\n"                                                                                                 \
    "  main: [spawn worker * 1000]\n"                                                                        \
    "  worker:\n"                                                                                            \
    "    - chance 20%: recv c\n"                                                                             \
    "      else: exit\n"

static void never_and_always_are_what_they_say(void **state)
{
    (void)state;
    struct stage stage;
    stage_play(&stage, "fix:\n"
                       "  main: [spawn worker * 500]\n"
                       "  worker:\n"
                       "    - chance 0%: panic\n"
                       "    - chance 100%: sleep 1h\n"
                       "      else: panic\n");
    assert_int_equal(stage_ended(&stage, END_PANICKED), 0);
    assert_int_equal(stage_at(&stage, "sleep 1h"), 500);
    stage_close(&stage);
}

static uint64_t share_of_a_thousand(uint64_t seed)
{
    struct stage stage;
    stage_open(&stage, (struct stage_spec){.text = COIN, .seed = seed});
    stage_start(&stage);
    uint64_t blocked = stage_at(&stage, "recv c");
    assert_int_equal(blocked + stage_ended(&stage, END_RETURNED), 1000);
    stage_close(&stage);
    return blocked;
}

static void a_share_is_about_as_large_as_it_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        assert_in_range(share_of_a_thousand(seed), 150, 250);
}

static void the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    bool differ = false;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        assert_int_equal(share_of_a_thousand(seed), share_of_a_thousand(seed));
        differ |= share_of_a_thousand(seed) != share_of_a_thousand(seed + 1);
    }
    assert_true(differ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_and_always_are_what_they_say),
        cmocka_unit_test(a_share_is_about_as_large_as_it_says),
        cmocka_unit_test(the_same_seed_gives_the_same_run),
    };
    return cmocka_run_group_tests_name("chance", tests, NULL, NULL);
}
