/* base/slab.h: objects apart from each other, memory that goes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/slab.h"
#include "fault.h"

static void an_empty_pool_holds_no_memory(void **state)
{
    (void)state;
    struct slab_pool pool;
    slab_init(&pool, 128);
    assert_int_equal(slab_bytes(&pool), 0);
    slab_deinit(&pool);
}

static void objects_are_aligned_and_do_not_overlap(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 16, 24, 64, 100, 128, 264, 1024, 8192};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct slab_pool pool;
        slab_init(&pool, sizes[i]);
        size_t count = (size_t)pool.objects_per_slab * 2 + 3;
        unsigned char **objects = calloc(count, sizeof *objects);
        for (size_t j = 0; j < count; j++) {
            objects[j] = slab_take(&pool);
            assert_int_equal((uintptr_t)objects[j] % 16, 0);
            memset(objects[j], (int)(j & 255), sizes[i]);
        }
        assert_int_equal(pool.objects, count);
        for (size_t j = 0; j < count; j++)
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(objects[j][k], j & 255);
        assert_in_range(slab_bytes(&pool), count * sizes[i], count * sizes[i] * 2 + 4 * SLAB_BYTES);
        for (size_t j = 0; j < count; j++)
            slab_give(&pool, objects[j]);
        assert_int_equal(pool.objects, 0);
        slab_deinit(&pool);
        free(objects);
    }
}

static void a_task_that_comes_and_goes_makes_no_slab_each_time(void **state)
{
    (void)state;
    struct slab_pool pool;
    slab_init(&pool, 128);
    slab_give(&pool, slab_take(&pool));
    fault_arm(0, false);
    for (int i = 0; i < 1000; i++)
        slab_give(&pool, slab_take(&pool));
    assert_int_equal(fault_disarm(), 0);
    slab_deinit(&pool);
}

/* Given a pool with many slabs, when all objects go in an order of their own, then next to nothing is held.
 */
static void memory_goes_back_in_whatever_order_objects_go(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct rng rng = {seed};
        struct slab_pool pool;
        slab_init(&pool, 1024);
        size_t count = (size_t)pool.objects_per_slab * 60;
        void **objects = calloc(count, sizeof *objects);
        for (size_t i = 0; i < count; i++)
            objects[i] = slab_take(&pool);
        uint64_t most = pool.slabs;
        assert_true(most >= 60);
        for (size_t left = count; left > 0; left--) {
            size_t pick = seed == 0 ? left - 1 : seed == 1 ? count - left : rng_below(&rng, (uint32_t)left);
            slab_give(&pool, objects[pick]);
            if (seed > 1)
                objects[pick] = objects[left - 1];
            if (left == count / 2 && seed < 2)
                assert_true(pool.slabs <= most / 2 + 8);
        }
        assert_int_equal(pool.objects, 0);
        assert_true(pool.slabs <= 8);
        slab_deinit(&pool);
        free(objects);
    }
}

/* Random takes and gives against a model: what is written into an object stays there. */
static void random_takes_and_gives_keep_every_object_apart(void **state)
{
    (void)state;
    enum { MOST = 4000 };
    static uint64_t *objects[MOST];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct rng rng = {seed};
        struct slab_pool pool;
        uint32_t count = 0;
        slab_init(&pool, 16 + rng_below(&rng, 2000));
        for (int i = 0; i < 20000; i++) {
            bool take = count == 0 || (count < MOST && rng_below(&rng, 16) < (i / 4000 % 2 == 0 ? 10 : 6));
            if (take) {
                objects[count] = slab_take(&pool);
                objects[count][0] = (uint64_t)(uintptr_t)objects[count] ^ seed;
                count++;
            } else {
                uint32_t pick = rng_below(&rng, count);
                assert_true(objects[pick][0] == ((uint64_t)(uintptr_t)objects[pick] ^ seed));
                slab_give(&pool, objects[pick]);
                objects[pick] = objects[--count];
            }
            assert_int_equal(pool.objects, count);
        }
        slab_deinit(&pool);
        assert_int_equal(slab_bytes(&pool), 0);
    }
}

static void without_memory_there_is_no_object_and_nothing_changes(void **state)
{
    (void)state;
    struct slab_pool pool;
    slab_init(&pool, 8192);
    fault_arm(1, true);
    assert_null(slab_take(&pool));
    fault_disarm();
    assert_int_equal(pool.objects, 0);
    assert_int_equal(pool.slabs, 0);
    for (uint32_t i = 0; i < pool.objects_per_slab; i++)
        assert_non_null(slab_take(&pool));
    fault_arm(1, true);
    assert_null(slab_take(&pool));
    fault_disarm();
    assert_int_equal(pool.objects, pool.objects_per_slab);
    assert_non_null(slab_take(&pool));
    slab_deinit(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_pool_holds_no_memory),
        cmocka_unit_test(objects_are_aligned_and_do_not_overlap),
        cmocka_unit_test(a_task_that_comes_and_goes_makes_no_slab_each_time),
        cmocka_unit_test(memory_goes_back_in_whatever_order_objects_go),
        cmocka_unit_test(random_takes_and_gives_keep_every_object_apart),
        cmocka_unit_test(without_memory_there_is_no_object_and_nothing_changes),
    };
    return cmocka_run_group_tests_name("slab", tests, NULL, NULL);
}
