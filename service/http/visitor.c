#include "http/visitor.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "base/macros.h"
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

enum err visitors_init(struct visitors *visitors, const struct visitors_config *config)
{
    *visitors = (struct visitors){.desk = config->desk,
                                  .answer_ns = config->answer_ns,
                                  .tick_ns = config->tick_ns,
                                  .crowded = config->crowded,
                                  .caller_most = config->caller_most,
                                  .salt = config->salt};
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

/* How soon a connection is given up: what is at the lab never is, since its answer is about to come. */
static int precedence(const struct visitor *visitor)
{
    static const int precedences[] = {
        [EXCHANGE_IDLE] = 3, [EXCHANGE_RECEIVING] = 2, [EXCHANGE_ANSWERED] = 1, [EXCHANGE_WAITING] = 0};
    return visitor->leaving ? 0 : precedences[visitor->exchange.phase];
}

/* True when `a` rather than `b` makes room; `b` NULL: nobody else does. */
static bool goes_before(const struct visitor *a, const struct visitor *b)
{
    if (precedence(a) == 0 || b == NULL)
        return precedence(a) != 0;
    if (precedence(a) != precedence(b))
        return precedence(a) > precedence(b);
    return atomic_load(&a->deadline_ns) < atomic_load(&b->deadline_ns);
}

/* Of the newest's own caller, when that one has more than it may. */
static struct visitor *find_own(const struct visitors *visitors, const struct visitor *newest)
{
    struct link *at;
    struct visitor *found = NULL;
    unsigned count = 0;
    list_each (at, &visitors->list) {
        struct visitor *visitor = container_of(at, struct visitor, link);
        if (visitor->leaving || !caller_equal(&visitor->caller, &newest->caller))
            continue;
        count++;
        if (visitor != newest && goes_before(visitor, found))
            found = visitor;
    }
    return visitors->caller_most != 0 && count > visitors->caller_most ? found : NULL;
}

/* The system hands out the lowest number that is free: while nobody has a high one, there are others left. */
static int last_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT_MAX)
        return INT_MAX;
    return (int)limit.rlim_cur - LIMIT_LAST_DESCRIPTORS;
}

/* Of the caller that has most, when there are too many of all, or hardly a descriptor is left. */
static struct visitor *find_any(const struct visitors *visitors, const struct visitor *newest)
{
    enum { SLOTS = 256 };
    unsigned counts[SLOTS] = {0}, count = 0, most = 0;
    struct link *at;
    struct visitor *found = NULL;
    bool short_of = false;
    int last = last_descriptors();
    list_each (at, &visitors->list) {
        const struct visitor *visitor = container_of(at, struct visitor, link);
        count += !visitor->leaving;
        short_of |= !visitor->leaving && visitor->fd >= last;
        counts[caller_slot(&visitor->caller, visitors->salt, SLOTS)] += !visitor->leaving;
    }
    if (count <= visitors->crowded && !short_of)
        return NULL;
    list_each (at, &visitors->list) {
        struct visitor *visitor = container_of(at, struct visitor, link);
        unsigned has = counts[caller_slot(&visitor->caller, visitors->salt, SLOTS)];
        if (visitor == newest || precedence(visitor) == 0 || has < most)
            continue;
        if (has > most || goes_before(visitor, found))
            found = visitor;
        most = has;
    }
    return found;
}

static void hang_up(struct visitor *visitor)
{
    visitor->leaving = true;
    shutdown(visitor->fd, SHUT_RDWR);
}

static void make_room(struct visitors *visitors, const struct visitor *newest)
{
    struct visitor *leaver = find_own(visitors, newest);
    if (leaver == NULL)
        leaver = find_any(visitors, newest);
    if (leaver == NULL)
        return;
    hang_up(leaver);
}

void visitors_hurry(struct visitors *visitors)
{
    struct link *at;
    struct visitor *found = NULL;
    pthread_mutex_lock(&visitors->mutex);
    list_each (at, &visitors->list) {
        struct visitor *visitor = container_of(at, struct visitor, link);
        if (visitor->exchange.phase == EXCHANGE_ANSWERED && visitor->exchange.unread_bytes > 0 &&
            goes_before(visitor, found))
            found = visitor;
    }
    if (found != NULL)
        hang_up(found);
    pthread_mutex_unlock(&visitors->mutex);
}

struct visitor *visitor_new(struct visitors *visitors, struct server *server, int fd,
                            const struct caller *caller, uint64_t deadline_ns)
{
    struct visitor *visitor = malloc(sizeof *visitor);
    if (visitor == NULL)
        return NULL;
    visitor->fd = fd;
    visitor->caller = *caller;
    visitor->leaving = false;
    atomic_init(&visitor->deadline_ns, deadline_ns);
    exchange_init(&visitor->exchange, server);
    pthread_mutex_lock(&visitors->mutex);
    bool first = list_empty(&visitors->list);
    list_push_back(&visitors->list, &visitor->link);
    make_room(visitors, visitor);
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

const struct caller *visitor_caller(struct exchange *exchange)
{
    return &container_of(exchange, struct visitor, exchange)->caller;
}

void visitor_extend(struct exchange *exchange, uint64_t deadline_ns)
{
    struct visitor *visitor = container_of(exchange, struct visitor, exchange);
    atomic_store_explicit(&visitor->deadline_ns, deadline_ns, memory_order_relaxed);
}
