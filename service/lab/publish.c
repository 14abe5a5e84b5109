#include "lab/publish.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define FRESH 4u

enum err publisher_init(struct publisher *publisher)
{
    memset(publisher, 0, sizeof *publisher);
    for (size_t i = 0; i < COUNT_OF(publisher->copies); i++) {
        publisher->copies[i] =
            calloc(1, sizeof(struct snapshot) + LIMIT_PROGRAMS * sizeof(struct snapshot_program));
        if (publisher->copies[i] == NULL) {
            publisher_deinit(publisher);
            return ERR_MEMORY;
        }
    }
    publisher->back = 0;
    atomic_init(&publisher->middle, 1);
    publisher->front = 2;
    return ERR_OK;
}

void publisher_deinit(struct publisher *publisher)
{
    for (size_t i = 0; i < COUNT_OF(publisher->copies); i++) {
        free(publisher->copies[i]);
        publisher->copies[i] = NULL;
    }
}

struct snapshot *publisher_back(struct publisher *publisher)
{
    return publisher->copies[publisher->back];
}

void publisher_publish(struct publisher *publisher)
{
    unsigned old =
        atomic_exchange_explicit(&publisher->middle, publisher->back | FRESH, memory_order_acq_rel);
    publisher->back = old & ~FRESH;
}

const struct snapshot *publisher_front(struct publisher *publisher)
{
    if (atomic_load_explicit(&publisher->middle, memory_order_relaxed) & FRESH) {
        unsigned old = atomic_exchange_explicit(&publisher->middle, publisher->front, memory_order_acq_rel);
        publisher->front = old & ~FRESH;
    }
    return publisher->copies[publisher->front];
}
