#include "runtime/real.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/macros.h"

#define STACK_BYTES (256 * 1024) /* of address space: a waiting thread touches two pages of it */
#define JOIN_SLICE  32           /* threads that are joined before the loop goes on */

struct real_item {
    struct resource resource; /* first */
    struct link link;         /* in real->open, or real->returned */
    struct real *real;
    union {
        int fd;
        uv_timer_t timer;
        struct {
            uv_sem_t told; /* to end */
            union {
                uv_work_t work;
                struct {
                    uv_thread_t thread;
                    struct real_item *next; /* in real->goodbyes */
                };
            };
        };
    };
};

static struct real_item *item_of(struct resource *resource)
{
    return container_of(resource, struct real_item, resource);
}

/* The end of every item. */
static void item_gone(struct real_item *item)
{
    struct real *real = item->real;
    real->leaving--;
    resource_gone(&item->resource);
    free(item);
    if (real->closing && real->leaving == 0)
        uv_close((uv_handle_t *)&real->goodbye, NULL);
    if (real->gone != NULL)
        real->gone(real->argument);
}

/* ---- descriptors ---- */

/* True when the system would still let others have some after this one: numbers are given out from the lowest
 * up. Whoever accepts connections may not recover from being refused one. */
static bool leaves_headroom(int fd)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return true;
    rlim_t quarter = limit.rlim_cur / 4;
    return (rlim_t)fd < limit.rlim_cur - (quarter < LIMIT_HEADROOM ? quarter : LIMIT_HEADROOM);
}

static enum err descriptor_open(struct real_item *item)
{
    item->fd = item->resource.kind == RESOURCE_FILE ? open("/dev/null", O_RDONLY | O_CLOEXEC)
                                                    : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (item->fd >= 0 && leaves_headroom(item->fd))
        return ERR_OK;
    if (item->fd >= 0) {
        close(item->fd);
        return ERR_LIMIT;
    }
    return errno == ENOMEM ? ERR_MEMORY : ERR_LIMIT;
}

static void descriptor_shut(struct real_item *item)
{
    close(item->fd);
    item_gone(item);
}

/* ---- handles ---- */

static enum err handle_open(struct real_item *item)
{
    uv_timer_init(item->real->loop, &item->timer);
    item->timer.data = item;
    item->real->handles++;
    return ERR_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct real_item *item = handle->data;
    item->real->handles--;
    item_gone(item);
}

static void handle_shut(struct real_item *item)
{
    uv_close((uv_handle_t *)&item->timer, on_closed);
}

/* ---- threads ---- */

/* On its own thread: waits, and says goodbye. Whoever hears that joins it, and only then frees the item. */
static void thread_run(void *argument)
{
    struct real_item *item = argument;
    struct real *real = item->real;
    uv_sem_wait(&item->told);
    item->next = atomic_load(&real->goodbyes);
    while (!atomic_compare_exchange_weak(&real->goodbyes, &item->next, item)) {
    }
    uv_async_send(&real->goodbye);
}

static enum err thread_open(struct real_item *item)
{
    const uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = STACK_BYTES};
    if (uv_sem_init(&item->told, 0) != 0)
        return ERR_MEMORY;
    if (uv_thread_create_ex(&item->thread, &options, thread_run, item) == 0)
        return ERR_OK;
    uv_sem_destroy(&item->told);
    return ERR_LIMIT;
}

static void thread_shut(struct real_item *item)
{
    uv_sem_post(&item->told);
}

static void on_goodbye(uv_async_t *async)
{
    struct real *real = async->data;
    struct real_item *item = atomic_exchange(&real->goodbyes, NULL);
    for (; item != NULL; item = item->next)
        list_push_back(&real->returned, &item->link);
    for (int i = 0; i < JOIN_SLICE && !list_empty(&real->returned); i++) {
        item = container_of(list_pop_front(&real->returned), struct real_item, link);
        CHECK(uv_thread_join(&item->thread) == 0);
        uv_sem_destroy(&item->told);
        item_gone(item);
    }
    if (!list_empty(&real->returned))
        uv_async_send(async);
}

/* ---- jobs ---- */

/* On a thread of the pool. */
static void job_run(uv_work_t *work)
{
    struct real_item *item = work->data;
    uv_sem_wait(&item->told);
}

static void on_job_done(uv_work_t *work, int status)
{
    struct real_item *item = work->data;
    (void)status;
    uv_sem_destroy(&item->told);
    item_gone(item);
}

static enum err job_open(struct real_item *item)
{
    if (uv_sem_init(&item->told, 0) != 0)
        return ERR_MEMORY;
    item->work.data = item;
    CHECK(uv_queue_work(item->real->loop, &item->work, job_run, on_job_done) == 0);
    return ERR_OK;
}

/* One that has not begun never does. */
static void job_shut(struct real_item *item)
{
    if (uv_cancel((uv_req_t *)&item->work) != 0)
        uv_sem_post(&item->told);
}

/* ---- all of them ---- */

static const struct {
    enum err (*open)(struct real_item *item);
    void (*shut)(struct real_item *item);
} kinds[RESOURCE_KINDS] = {
    [RESOURCE_FILE] = {descriptor_open, descriptor_shut},
    [RESOURCE_SOCKET] = {descriptor_open, descriptor_shut},
    [RESOURCE_HANDLE] = {handle_open, handle_shut},
    [RESOURCE_THREAD] = {thread_open, thread_shut},
    [RESOURCE_JOB] = {job_open, job_shut},
};

static enum err real_open(struct resource_source *source, enum resource_kind kind, struct resource **resource)
{
    struct real *real = container_of(source, struct real, source);
    CHECK(!real->closing);
    struct real_item *item = calloc(1, sizeof *item);
    if (item == NULL)
        return ERR_MEMORY;
    item->real = real;
    item->resource.kind = kind;
    enum err err = kinds[kind].open(item);
    if (err != ERR_OK) {
        free(item);
        return err;
    }
    list_init(&item->link);
    list_push_back(&real->open, &item->link);
    *resource = &item->resource;
    return ERR_OK;
}

static void real_shut(struct resource_source *source, struct resource *resource)
{
    struct real *real = container_of(source, struct real, source);
    struct real_item *item = item_of(resource);
    list_remove(&item->link);
    real->leaving++;
    kinds[resource->kind].shut(item);
}

enum err real_init(struct real *real, uv_loop_t *loop, void (*gone)(void *argument), void *argument)
{
    *real = (struct real){
        .source = {.open = real_open, .shut = real_shut}, .loop = loop, .gone = gone, .argument = argument};
    if (uv_async_init(loop, &real->goodbye, on_goodbye) != 0)
        return ERR_SYSTEM;
    real->goodbye.data = real;
    list_init(&real->open);
    list_init(&real->returned);
    atomic_init(&real->goodbyes, NULL);
    return ERR_OK;
}

void real_close(struct real *real)
{
    /* One more than there are, so that nothing that goes at once closes `goodbye` too early. */
    real->closing = true;
    real->leaving++;
    while (!list_empty(&real->open)) {
        struct resource *resource = &container_of(real->open.next, struct real_item, link)->resource;
        resource->workload = NULL;
        real_shut(&real->source, resource);
    }
    if (--real->leaving == 0)
        uv_close((uv_handle_t *)&real->goodbye, NULL);
}
