/* The small parts of base: lists, errors, the generator, assertions, statistics of the heap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/rng.h"

struct item {
    struct link link;
    int number;
};

static void fill(struct link *list, struct item *items, int count, int first)
{
    list_init(list);
    for (int i = 0; i < count; i++) {
        items[i].number = first + i;
        list_push_back(list, &items[i].link);
    }
}

static void assert_numbers(struct link *list, const int *numbers, size_t count)
{
    struct link *link = list->next;
    for (size_t i = 0; i < count; i++, link = link->next) {
        assert_ptr_not_equal(link, list);
        assert_int_equal(container_of(link, struct item, link)->number, numbers[i]);
        assert_ptr_equal(link->next->prev, link);
    }
    assert_ptr_equal(link, list);
}

static void a_list_keeps_the_order_of_arrival(void **state)
{
    (void)state;
    struct link list;
    struct item items[3];
    fill(&list, items, 3, 1);
    assert_numbers(&list, (int[]){1, 2, 3}, 3);
    assert_ptr_equal(list_pop_front(&list), &items[0].link);
    assert_numbers(&list, (int[]){2, 3}, 2);
}

static void an_element_leaves_without_knowing_its_list(void **state)
{
    (void)state;
    struct link list;
    struct item items[3];
    fill(&list, items, 3, 1);
    list_remove(&items[1].link);
    list_remove(&items[1].link);
    assert_true(list_empty(&items[1].link));
    assert_numbers(&list, (int[]){1, 3}, 2);
}

static void an_empty_list_gives_nothing(void **state)
{
    (void)state;
    struct link list;
    list_init(&list);
    assert_true(list_empty(&list));
    assert_null(list_pop_front(&list));
}

static void a_splice_moves_all_in_order_and_they_still_leave_one_by_one(void **state)
{
    (void)state;
    struct link list, from;
    struct item items[2], others[3];
    fill(&list, items, 2, 1);
    fill(&from, others, 3, 3);
    list_splice(&list, &from);
    assert_true(list_empty(&from));
    assert_numbers(&list, (int[]){1, 2, 3, 4, 5}, 5);
    list_remove(&others[0].link);
    list_remove(&others[2].link);
    assert_numbers(&list, (int[]){1, 2, 4}, 3);
}

static void splicing_nothing_changes_nothing(void **state)
{
    (void)state;
    struct link list, from;
    struct item items[2];
    fill(&list, items, 2, 1);
    list_init(&from);
    list_splice(&list, &from);
    assert_numbers(&list, (int[]){1, 2}, 2);
    list_splice(&from, &list);
    assert_numbers(&from, (int[]){1, 2}, 2);
    assert_true(list_empty(&list));
}

static void every_error_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int err = ERR_OK; err <= ERR_SYSTEM; err++) {
        assert_non_null(err_text((enum err)err));
        for (int other = ERR_OK; other < err; other++)
            assert_string_not_equal(err_text((enum err)err), err_text((enum err)other));
    }
    assert_non_null(err_text((enum err)999));
}

static void the_same_seed_gives_the_same_numbers(void **state)
{
    (void)state;
    struct rng one = {7}, same = {7}, other = {8};
    int equal = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t number = rng_next(&one);
        assert_true(number == rng_next(&same));
        equal += number == rng_next(&other);
    }
    assert_int_equal(equal, 0);
}

static void the_generator_is_splitmix64(void **state)
{
    (void)state;
    /* Given in the authors' test vectors for the seed 1234567. */
    struct rng rng = {1234567};
    assert_true(rng_next(&rng) == 6457827717110365317u);
    assert_true(rng_next(&rng) == 3203168211198807973u);
}

static void numbers_below_a_bound_are_evenly_spread(void **state)
{
    (void)state;
    struct rng rng = {1};
    for (uint32_t bound = 1; bound <= 12; bound++) {
        int counts[12] = {0};
        for (int i = 0; i < 12000; i++) {
            uint32_t number = rng_below(&rng, bound);
            assert_true(number < bound);
            counts[number]++;
        }
        for (uint32_t i = 0; i < bound; i++)
            assert_in_range(counts[i], 12000 / bound * 8 / 10, 12000 / bound * 12 / 10);
    }
    for (int i = 0; i < 100; i++)
        assert_true(rng_below(&rng, UINT32_MAX) < UINT32_MAX);
}

static void a_check_that_fails_ends_the_process_with_its_place(void **state)
{
    (void)state;
    int out[2];
    char text[512] = "";
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(out[1], STDERR_FILENO);
        CHECK(1 + 1 == 3);
        _exit(0);
    }
    int status;
    close(out[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_true(read(out[0], text, sizeof text - 1) > 0);
    close(out[0]);
    assert_non_null(strstr(text, "test_base.c:"));
    assert_non_null(strstr(text, "not true: 1 + 1 == 3"));
}

static void heap_statistics_are_exact_or_not_there(void **state)
{
    (void)state;
    struct heap_stats stats = {.allocated_bytes = 1};
    uint64_t objects = 2;
    if (heap_allocator_version() == NULL) {
        assert_false(heap_stats_read(&stats));
        assert_false(heap_objects_read(&objects));
        assert_int_equal(stats.allocated_bytes, 1);
        assert_int_equal(objects, 2);
        return;
    }
    struct heap_stats after;
    uint64_t objects_after;
    assert_true(heap_stats_read(&stats));
    assert_true(heap_objects_read(&objects));
    char *volatile block = malloc(1 << 20);
    memset(block, 1, 1 << 20);
    assert_true(heap_stats_read(&after));
    assert_true(heap_objects_read(&objects_after));
    free(block);
    assert_in_range(after.allocated_bytes - stats.allocated_bytes, 1 << 20, (1 << 20) + (1 << 19));
    assert_true(objects_after > objects);
    assert_true(after.allocated_bytes <= after.active_bytes && after.active_bytes <= after.resident_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_keeps_the_order_of_arrival),
        cmocka_unit_test(an_element_leaves_without_knowing_its_list),
        cmocka_unit_test(an_empty_list_gives_nothing),
        cmocka_unit_test(a_splice_moves_all_in_order_and_they_still_leave_one_by_one),
        cmocka_unit_test(splicing_nothing_changes_nothing),
        cmocka_unit_test(every_error_has_a_text_of_its_own),
        cmocka_unit_test(the_same_seed_gives_the_same_numbers),
        cmocka_unit_test(the_generator_is_splitmix64),
        cmocka_unit_test(numbers_below_a_bound_are_evenly_spread),
        cmocka_unit_test(a_check_that_fails_ends_the_process_with_its_place),
        cmocka_unit_test(heap_statistics_are_exact_or_not_there),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
