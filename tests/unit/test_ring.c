/* The last records of one writer, read by others who wait for nobody. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/ring.h"
#include "fault.h"

#define WORDS 1000

struct record {
    uint64_t words[WORDS];
};

/* A record whose words all say its number. */
static struct record record_of(uint64_t number)
{
    struct record record;
    for (size_t i = 0; i < WORDS; i++)
        record.words[i] = number;
    return record;
}

static void push(struct ring *ring, uint64_t number)
{
    struct record record = record_of(number);
    ring_push(ring, &record);
}

/* 0: not to be had; otherwise it is whole. */
static int reads(const struct ring *ring, uint64_t number)
{
    struct record record, wanted = record_of(number);
    if (!ring_read(ring, number, &record))
        return 0;
    assert_memory_equal(&record, &wanted, sizeof record);
    return 1;
}

static void an_empty_ring_has_nothing_to_read(void **state)
{
    (void)state;
    struct ring *ring = ring_new(3, sizeof(struct record));
    assert_int_equal(ring_first(ring), 0);
    assert_int_equal(ring_end(ring), 0);
    assert_false(reads(ring, 0));
    assert_false(reads(ring, 3));
    ring_free(ring);
    ring_free(NULL);
}

static void what_was_pushed_is_read_by_its_number(void **state)
{
    (void)state;
    struct ring *ring = ring_new(3, sizeof(struct record));
    push(ring, 0);
    push(ring, 1);
    assert_int_equal(ring_end(ring), 2);
    assert_true(reads(ring, 0) && reads(ring, 1));
    assert_false(reads(ring, 2));
    ring_free(ring);
}

static void the_oldest_record_makes_room(void **state)
{
    (void)state;
    struct ring *ring = ring_new(3, sizeof(struct record));
    for (uint64_t number = 0; number < 8; number++)
        push(ring, number);
    assert_int_equal(ring_first(ring), 5);
    assert_int_equal(ring_end(ring), 8);
    for (uint64_t number = 0; number < 10; number++)
        assert_int_equal(reads(ring, number), number >= 5 && number < 8);
    ring_free(ring);
}

#define PUSHED 20000

struct race {
    struct ring *ring;
    atomic_bool over;
};

static void *write_all(void *argument)
{
    struct race *race = argument;
    for (uint64_t number = 0; number < PUSHED; number++)
        push(race->ring, number);
    atomic_store(&race->over, true);
    return NULL;
}

/* With room for one record, and a large one, the writer keeps overtaking the reader. */
static void a_record_that_is_overwritten_meanwhile_is_never_half_read(void **state)
{
    (void)state;
    struct race race = {.ring = ring_new(1, sizeof(struct record))};
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_all, &race), 0);
    while (!atomic_load(&race.over)) {
        (void)reads(race.ring, ring_first(race.ring));
    }
    pthread_join(writer, NULL);
    assert_true(reads(race.ring, PUSHED - 1));
    ring_free(race.ring);
}

static void without_memory_there_is_none(void **state)
{
    (void)state;
    fault_arm(1, false);
    struct ring *ring = ring_new(3, sizeof(struct record));
    (void)fault_disarm();
    assert_null(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_ring_has_nothing_to_read),
        cmocka_unit_test(what_was_pushed_is_read_by_its_number),
        cmocka_unit_test(the_oldest_record_makes_room),
        cmocka_unit_test(a_record_that_is_overwritten_meanwhile_is_never_half_read),
        cmocka_unit_test(without_memory_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
