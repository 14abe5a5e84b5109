#include "command/rehearsal.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/macros.h"

/* A loop: epoll, eventfd, and two pipes of signals; the server: a socket, epoll and eventfd; and what both
 * open for a moment. */
#define DESCRIPTORS 12
#define THREADS     3 /* beside libuv's pool: the server's two, and the one that stops it */
#define POOL        4 /* libuv's, unless UV_THREADPOOL_SIZE says otherwise */
#define POOL_MOST   1024

static bool try_descriptors(void)
{
    int fds[DESCRIPTORS];
    size_t count = 0;
    while (count < DESCRIPTORS && (fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    return count == DESCRIPTORS;
}

static size_t threads_needed(void)
{
    const char *said = getenv("UV_THREADPOOL_SIZE");
    unsigned long pool = said == NULL ? POOL : strtoul(said, NULL, 10);
    return THREADS + (pool < 1 ? 1 : pool > POOL_MOST ? POOL_MOST : pool);
}

static void wait_for_all(void *argument)
{
    uv_sem_wait(argument);
}

static bool try_threads(void)
{
    static uv_thread_t threads[THREADS + POOL_MOST];
    size_t needed = threads_needed(), count = 0;
    uv_sem_t go;
    if (uv_sem_init(&go, 0) != 0)
        return false;
    while (count < needed && uv_thread_create(&threads[count], wait_for_all, &go) == 0)
        count++;
    for (size_t i = 0; i < count; i++)
        uv_sem_post(&go);
    for (size_t i = 0; i < count; i++)
        CHECK(uv_thread_join(&threads[i]) == 0);
    uv_sem_destroy(&go);
    return count == needed;
}

bool rehearse(const char **why)
{
    *why = try_descriptors() ? NULL : "there are not enough descriptors: see ulimit -n";
    if (*why == NULL && !try_threads())
        *why = "there are not enough threads: see ulimit -u, or the limit of processes of the container";
    return *why == NULL;
}
