#include "http/visitor.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/check.h"
#include "http/parts.h"

static void look(struct visitors *visitors, uint64_t now_ns)
{
    struct link *at;
    list_each (at, &visitors->list) {
        struct visitor *visitor = container_of(at, struct visitor, link);
        if (atomic_load(&visitor->deadline_ns) <= now_ns)
            shutdown(visitor->fd, SHUT_RDWR);
    }
}

static void *watch(void *context)
{
    struct visitors *visitors = context;
    pthread_mutex_lock(&visitors->mutex);
    while (!visitors->stopping) {
        if (list_empty(&visitors->list)) {
            pthread_cond_wait(&visitors->changed, &visitors->mutex);
            continue;
        }
        uint64_t wake_ns = server_now_ns() + visitors->tick_ns;
        struct timespec wake = {.tv_sec = (time_t)(wake_ns / 1000000000),
                                .tv_nsec = (long)(wake_ns % 1000000000)};
        pthread_cond_timedwait(&visitors->changed, &visitors->mutex, &wake);
        uint64_t now_ns = server_now_ns();
        if (now_ns < wake_ns)
            continue;
        look(visitors, now_ns);
        pthread_mutex_unlock(&visitors->mutex);
        if (now_ns > visitors->answer_ns)
            desk_abandon(visitors->desk, now_ns - visitors->answer_ns, TICKET_LATE);
        pthread_mutex_lock(&visitors->mutex);
    }
    pthread_mutex_unlock(&visitors->mutex);
    return NULL;
}

enum err visitors_init(struct visitors *visitors, struct desk *desk, uint64_t answer_ns, uint64_t tick_ns)
{
    *visitors = (struct visitors){.desk = desk, .answer_ns = answer_ns, .tick_ns = tick_ns};
    list_init(&visitors->list);
    pthread_mutex_init(&visitors->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&visitors->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (server_thread_create(&visitors->thread, watch, visitors) == 0)
        return ERR_OK;
    pthread_cond_destroy(&visitors->changed);
    pthread_mutex_destroy(&visitors->mutex);
    return ERR_SYSTEM;
}

void visitors_deinit(struct visitors *visitors)
{
    CHECK(list_empty(&visitors->list));
    pthread_mutex_lock(&visitors->mutex);
    visitors->stopping = true;
    pthread_cond_signal(&visitors->changed);
    pthread_mutex_unlock(&visitors->mutex);
    pthread_join(visitors->thread, NULL);
    pthread_cond_destroy(&visitors->changed);
    pthread_mutex_destroy(&visitors->mutex);
}

struct visitor *visitor_new(struct visitors *visitors, struct server *server, int fd, uint64_t deadline_ns)
{
    struct visitor *visitor = malloc(sizeof *visitor);
    if (visitor == NULL)
        return NULL;
    visitor->fd = fd;
    atomic_init(&visitor->deadline_ns, deadline_ns);
    exchange_init(&visitor->exchange, server);
    pthread_mutex_lock(&visitors->mutex);
    bool first = list_empty(&visitors->list);
    list_push_back(&visitors->list, &visitor->link);
    if (first)
        pthread_cond_signal(&visitors->changed);
    pthread_mutex_unlock(&visitors->mutex);
    return visitor;
}

void visitor_free(struct visitors *visitors, struct visitor *visitor)
{
    if (visitor == NULL)
        return;
    pthread_mutex_lock(&visitors->mutex);
    list_remove(&visitor->link);
    pthread_mutex_unlock(&visitors->mutex);
    exchange_deinit(&visitor->exchange);
    free(visitor);
}

void visitor_extend(struct exchange *exchange, uint64_t deadline_ns)
{
    struct visitor *visitor = container_of(exchange, struct visitor, exchange);
    atomic_store_explicit(&visitor->deadline_ns, deadline_ns, memory_order_relaxed);
}
