#include "lab/mailbox.h"

#include <sched.h>

/* A head that means "closed": the mailbox's own address, which no request has. Never looked into. */
static struct lab_request *closed_mark(struct mailbox *mailbox)
{
    return (struct lab_request *)(void *)mailbox;
}

void mailbox_init(struct mailbox *mailbox)
{
    atomic_init(&mailbox->head, NULL);
    atomic_init(&mailbox->posting, 0);
}

void mailbox_enter(struct mailbox *mailbox)
{
    atomic_fetch_add(&mailbox->posting, 1);
}

void mailbox_leave(struct mailbox *mailbox)
{
    atomic_fetch_sub(&mailbox->posting, 1);
}

bool mailbox_push(struct mailbox *mailbox, struct lab_request *request)
{
    struct lab_request *head = atomic_load_explicit(&mailbox->head, memory_order_acquire);
    do {
        if (head == closed_mark(mailbox))
            return false;
        request->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&mailbox->head, &head, request, memory_order_release,
                                                    memory_order_acquire));
    return true;
}

/* The newest is first on the stack: turned round. */
static struct lab_request *oldest_first(struct lab_request *newest)
{
    struct lab_request *oldest = NULL;
    while (newest != NULL) {
        struct lab_request *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

struct lab_request *mailbox_take(struct mailbox *mailbox)
{
    if (atomic_load_explicit(&mailbox->head, memory_order_relaxed) == closed_mark(mailbox))
        return NULL;
    return oldest_first(atomic_exchange_explicit(&mailbox->head, NULL, memory_order_acquire));
}

bool mailbox_empty(struct mailbox *mailbox)
{
    struct lab_request *head = atomic_load_explicit(&mailbox->head, memory_order_relaxed);
    return head == NULL || head == closed_mark(mailbox);
}

struct lab_request *mailbox_close(struct mailbox *mailbox)
{
    struct lab_request *rest = atomic_exchange(&mailbox->head, closed_mark(mailbox));
    while (atomic_load(&mailbox->posting) > 0)
        sched_yield();
    return rest == closed_mark(mailbox) ? NULL : oldest_first(rest);
}
