/* A lock-free stack of requests that any thread may push and one thread empties (Treiber 1986; since
 * everything is taken at once, nothing is ever popped that could have come back, which is what usually makes
 * such stacks hard). Once closed it takes nothing more, and tells whoever pushes. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "lab/request.h"

struct mailbox {
    _Atomic(struct lab_request *) head;
    atomic_uint posting; /* threads between mailbox_enter and mailbox_leave */
};

void mailbox_init(struct mailbox *mailbox);

/* Any thread: adds a request. False when the mailbox is closed; the request is still the caller's. What the
 * caller does between mailbox_enter() and mailbox_leave() happens before mailbox_close() returns. */
void mailbox_enter(struct mailbox *mailbox);
bool mailbox_push(struct mailbox *mailbox, struct lab_request *request);
void mailbox_leave(struct mailbox *mailbox);

/* The owner: takes everything, oldest first, linked by `next`; NULL when it is empty. */
struct lab_request *mailbox_take(struct mailbox *mailbox);

/* The owner: true when nothing is there to be taken. */
bool mailbox_empty(struct mailbox *mailbox);

/* The owner: takes everything for the last time, and waits for threads that are just pushing: a few
 * instructions. */
struct lab_request *mailbox_close(struct mailbox *mailbox);
