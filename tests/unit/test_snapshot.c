/* What goes between threads: snapshots out of the lab, requests into it. The thread sanitizer watches in its
 * preset. */
#include "lab/publish.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fault.h"
#include "lab/mailbox.h"

#define PUBLICATIONS 200000
#define POSTERS      4
#define POSTS        20000

static void fill(struct snapshot *snapshot, uint64_t sequence)
{
    snapshot->sequence = sequence;
    snapshot->program_count = 8;
    for (uint32_t i = 0; i < snapshot->program_count; i++) {
        snapshot->programs[i].census.spawned = sequence;
        snapshot->programs[i].census.states[TASK_RECV] = sequence;
    }
}

static void assert_whole(const struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->program_count; i++) {
        assert_int_equal(snapshot->programs[i].census.spawned, snapshot->sequence);
        assert_int_equal(snapshot->programs[i].census.states[TASK_RECV], snapshot->sequence);
    }
}

static void the_reader_gets_what_was_published_last(void **state)
{
    (void)state;
    struct publisher publisher;
    assert_int_equal(publisher_init(&publisher), ERR_OK);
    assert_int_equal(publisher_front(&publisher)->sequence, 0);
    for (uint64_t sequence = 1; sequence <= 3; sequence++) {
        fill(publisher_back(&publisher), sequence);
        publisher_publish(&publisher);
    }
    assert_int_equal(publisher_front(&publisher)->sequence, 3);
    assert_int_equal(publisher_front(&publisher)->sequence, 3);
    publisher_deinit(&publisher);
}

static void what_the_reader_holds_does_not_change(void **state)
{
    (void)state;
    struct publisher publisher;
    assert_int_equal(publisher_init(&publisher), ERR_OK);
    fill(publisher_back(&publisher), 1);
    publisher_publish(&publisher);
    const struct snapshot *held = publisher_front(&publisher);
    for (uint64_t sequence = 2; sequence < 10; sequence++) {
        fill(publisher_back(&publisher), sequence);
        publisher_publish(&publisher);
        assert_int_equal(held->sequence, 1);
        assert_whole(held);
    }
    assert_int_equal(publisher_front(&publisher)->sequence, 9);
    publisher_deinit(&publisher);
}

static void *publish_many(void *argument)
{
    struct publisher *publisher = argument;
    for (uint64_t sequence = 1; sequence <= PUBLICATIONS; sequence++) {
        fill(publisher_back(publisher), sequence);
        publisher_publish(publisher);
    }
    return NULL;
}

static void every_snapshot_is_of_one_moment(void **state)
{
    (void)state;
    struct publisher publisher;
    pthread_t writer;
    assert_int_equal(publisher_init(&publisher), ERR_OK);
    assert_int_equal(pthread_create(&writer, NULL, publish_many, &publisher), 0);
    uint64_t last = 0;
    while (last < PUBLICATIONS) {
        const struct snapshot *snapshot = publisher_front(&publisher);
        assert_true(snapshot->sequence >= last);
        assert_whole(snapshot);
        last = snapshot->sequence;
    }
    pthread_join(writer, NULL);
    publisher_deinit(&publisher);
}

static bool open_publisher(void *argument)
{
    struct publisher *publisher = argument;
    if (publisher_init(publisher) != ERR_OK)
        return false;
    publisher_deinit(publisher);
    return true;
}

static void without_memory_nothing_is_left_behind(void **state)
{
    (void)state;
    struct publisher publisher;
    fault_sweep(open_publisher, &publisher);
}

static void mail_comes_out_in_order(void **state)
{
    (void)state;
    struct mailbox mailbox;
    struct lab_request requests[3] = {{0}};
    mailbox_init(&mailbox);
    assert_null(mailbox_take(&mailbox));
    for (int i = 0; i < 3; i++)
        assert_true(mailbox_push(&mailbox, &requests[i]));
    struct lab_request *mail = mailbox_take(&mailbox);
    for (int i = 0; i < 3; i++, mail = mail->next)
        assert_ptr_equal(mail, &requests[i]);
    assert_null(mail);
    assert_null(mailbox_take(&mailbox));
}

static void a_closed_mailbox_takes_nothing(void **state)
{
    (void)state;
    struct mailbox mailbox;
    struct lab_request first = {0}, second = {0};
    mailbox_init(&mailbox);
    assert_true(mailbox_push(&mailbox, &first));
    assert_ptr_equal(mailbox_close(&mailbox), &first);
    assert_false(mailbox_push(&mailbox, &second));
    assert_null(mailbox_take(&mailbox));
    assert_null(mailbox_close(&mailbox));
}

struct poster {
    struct mailbox *mailbox;
    struct lab_request requests[POSTS];
    int taken; /* by the mailbox */
};

static void *post_many(void *argument)
{
    struct poster *poster = argument;
    for (int i = 0; i < POSTS; i++) {
        mailbox_enter(poster->mailbox);
        poster->taken += mailbox_push(poster->mailbox, &poster->requests[i]);
        mailbox_leave(poster->mailbox);
    }
    return NULL;
}

static int count(struct lab_request *mail)
{
    int requests = 0;
    for (; mail != NULL; mail = mail->next) {
        assert_int_equal(mail->status, 0);
        mail->status = 200;
        requests++;
    }
    return requests;
}

static void nothing_is_lost_between_many_posters_and_a_close(void **state)
{
    (void)state;
    struct mailbox mailbox;
    struct poster *posters = calloc(POSTERS, sizeof *posters);
    pthread_t threads[POSTERS];
    assert_non_null(posters);
    mailbox_init(&mailbox);
    for (int i = 0; i < POSTERS; i++) {
        posters[i].mailbox = &mailbox;
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &posters[i]), 0);
    }
    int got = 0;
    while (got < POSTS)
        got += count(mailbox_take(&mailbox));
    got += count(mailbox_close(&mailbox));
    int taken = 0;
    for (int i = 0; i < POSTERS; i++) {
        pthread_join(threads[i], NULL);
        taken += posters[i].taken;
    }
    assert_int_equal(got, taken);
    free(posters);
}

struct closer {
    struct mailbox mailbox;
    atomic_bool closed;
};

static void *close_mailbox(void *argument)
{
    struct closer *closer = argument;
    (void)mailbox_close(&closer->mailbox);
    atomic_store(&closer->closed, true);
    return NULL;
}

static void closing_waits_for_who_is_just_posting(void **state)
{
    (void)state;
    struct closer closer = {.closed = false};
    pthread_t thread;
    mailbox_init(&closer.mailbox);
    mailbox_enter(&closer.mailbox);
    assert_int_equal(pthread_create(&thread, NULL, close_mailbox, &closer), 0);
    /* An empty mailbox that is no longer empty is closed, and who closed it now waits. */
    while (atomic_load(&closer.mailbox.head) == NULL)
        sched_yield();
    for (int i = 0; i < 1000; i++)
        sched_yield();
    assert_false(atomic_load(&closer.closed));
    mailbox_leave(&closer.mailbox);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&closer.closed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reader_gets_what_was_published_last),
        cmocka_unit_test(what_the_reader_holds_does_not_change),
        cmocka_unit_test(every_snapshot_is_of_one_moment),
        cmocka_unit_test(without_memory_nothing_is_left_behind),
        cmocka_unit_test(mail_comes_out_in_order),
        cmocka_unit_test(a_closed_mailbox_takes_nothing),
        cmocka_unit_test(closing_waits_for_who_is_just_posting),
        cmocka_unit_test(nothing_is_lost_between_many_posters_and_a_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
