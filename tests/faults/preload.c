/* Makes calls of a whole process fail, one at a time, whoever makes them: leaklab, libuv, libmicrohttpd,
 * jansson, libyaml, zlib or libc. To be loaded with LD_PRELOAD and told by the environment:
 *
 *     FAULT_KIND=memory   what fails, see KINDS below
 *     FAULT_AT=n          the n-th such call of the process, from 1; 0: none, they are only counted
 *     FAULT_REPORT=path   where "calls N" is written at the end, and "hit" with a backtrace when one fails
 *
 * Only of the process that was told: those that it starts have what they need.
 *
 * What a call fails with is what it may really fail with in that place: a read of a file EIO, of a socket
 * ECONNRESET; epoll_wait EINTR, which is no failure but must be coped with. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>
#include <yaml.h>

#define KINDS(X)                                                                                             \
    X(MEMORY, "memory") /* malloc and its like */                                                            \
    X(MAP, "map")       /* mmap */                                                                           \
    X(OPEN, "open")     /* open, fopen, socket, eventfd, epoll_create1, pipe2: no descriptor is to be had */ \
    X(ACCEPT, "accept") /* accept4: the same */                                                              \
    X(READ, "read")     /* read, recv */                                                                     \
    X(WRITE, "write")   /* write, send, sendmsg */                                                           \
    X(POLL, "poll")     /* epoll_ctl and epoll_wait */                                                       \
    X(THREAD, "thread") /* pthread_create, fork */                                                           \
    X(UV, "uv")         /* what libuv says may fail */                                                       \
    X(JSON, "json")     /* what jansson says may fail */                                                     \
    X(YAML, "yaml")     /* libyaml's parser */                                                               \
    X(MHD, "mhd")       /* libmicrohttpd's functions, and the callback that answers requests */

enum kind {
#define X(id, word) KIND_##id,
    KINDS(X)
#undef X
        KIND_COUNT
};

static const char *const words[] = {
#define X(id, word) word,
    KINDS(X)
#undef X
};

/* For what is asked before the constructor ran: a sanitizer may not be ready then, and is never given back.
 */
#define EARLY_BYTES 1048576

static _Alignas(16) unsigned char early[EARLY_BYTES];
static size_t early_used;
static bool prepared;
static enum kind chosen = KIND_COUNT;
static uint64_t fail_at;
static atomic_uint_least64_t calls;
static int report = -1;
static _Thread_local bool within; /* the report's own calls do not count */

static bool is_early(const void *memory)
{
    return (const unsigned char *)memory >= early && (const unsigned char *)memory < early + EARLY_BYTES;
}

static void say(const char *text)
{
    (void)!syscall(SYS_write, report, text, strlen(text));
}

__attribute__((constructor)) static void prepare(void)
{
    const char *kind = getenv("FAULT_KIND"), *at = getenv("FAULT_AT"), *path = getenv("FAULT_REPORT");
    void *frames[4];
    (void)backtrace(frames, 4); /* loads what it needs */
    prepared = true;
    if (getenv("FAULT_TOLD") != NULL)
        return;
    setenv("FAULT_TOLD", "", 1);
    fail_at = at == NULL ? 0 : strtoull(at, NULL, 10);
    if (path != NULL)
        report = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    for (int i = 0; kind != NULL && i < KIND_COUNT; i++)
        if (strcmp(kind, words[i]) == 0)
            chosen = (enum kind)i;
}

__attribute__((destructor)) static void finish(void)
{
    char text[64];
    within = true;
    (void)snprintf(text, sizeof text, "calls %llu\n", (unsigned long long)atomic_load(&calls));
    if (report >= 0)
        say(text);
}

/* libuv ends the process by design when a first signal handle or its thread pool lacks something: leaklab
 * tries beforehand (command/rehearsal.h). And when the kernel does not take a descriptor for epoll. */
static bool is_hopeless(enum kind kind, void *caller)
{
    void *frames[12];
    Dl_info about;
    bool of_libuv = dladdr(caller, &about) != 0 && strstr(about.dli_fname, "libuv") != NULL;
    if (kind == KIND_UV || kind == KIND_POLL)
        return of_libuv;
    if (!of_libuv || (kind != KIND_OPEN && kind != KIND_THREAD))
        return false;
    for (int i = backtrace(frames, 12); i > 0; i--)
        if (dladdr(frames[i - 1], &about) != 0 && about.dli_sname != NULL &&
            strcmp(about.dli_sname, "uv_once") == 0)
            return true;
    return false;
}

/* Maps are the allocator's own affair, and the sanitizers', but for leaklab's. */
static bool is_foreign(enum kind kind, void *caller)
{
    Dl_info about;
    return kind == KIND_MAP && dladdr(caller, &about) != 0 && strstr(about.dli_fname, "leaklab") == NULL;
}

static bool fails_for(enum kind kind, void *caller)
{
    void *frames[40];
    if (kind != chosen || within)
        return false;
    within = true;
    bool counts = kind == KIND_MEMORY || !(is_hopeless(kind, caller) || is_foreign(kind, caller));
    within = false;
    if (!counts || atomic_fetch_add(&calls, 1) + 1 != fail_at)
        return false;
    int before = errno;
    within = true;
    say("hit\n");
    backtrace_symbols_fd(frames, backtrace(frames, 40), report);
    within = false;
    errno = before;
    return true;
}

#define fails(kind) fails_for(kind, __builtin_return_address(0))

/* The next function of that name: an allocator's, a sanitizer's, or libc's. */
static void *next(const char *name)
{
    within = true;
    void *function = dlsym(RTLD_NEXT, name);
    within = false;
    if (function == NULL)
        abort();
    return function;
}

#define NEXT(type, name, ...)                                                                                \
    static type (*real)(__VA_ARGS__);                                                                        \
    if (real == NULL)                                                                                        \
    real = (type(*)(__VA_ARGS__))next(name)

static int failed(int error)
{
    errno = error;
    return -1;
}

/* The parameters of what is replaced have libc's names in its headers, which are reserved.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

/* ---- memory ---- */

static void *early_take(size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (size > EARLY_BYTES - early_used)
        abort();
    early_used += size;
    return early + early_used - size;
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    if (!prepared)
        return early_take(size);
    NEXT(void *, "malloc", size_t);
    return fails(KIND_MEMORY) ? no_memory() : real(size);
}

void *calloc(size_t count, size_t size)
{
    if (!prepared)
        return early_take(count * size); /* zero, and never used twice */
    NEXT(void *, "calloc", size_t, size_t);
    return fails(KIND_MEMORY) ? no_memory() : real(count, size);
}

static void *early_move(const unsigned char *old, size_t size)
{
    size_t left = (size_t)(early + EARLY_BYTES - old);
    void *memory = malloc(size);
    return memory == NULL ? NULL : memcpy(memory, old, size < left ? size : left);
}

void *realloc(void *old, size_t size)
{
    if (is_early(old) || !prepared)
        return old == NULL ? malloc(size) : early_move(old, size);
    NEXT(void *, "realloc", void *, size_t);
    return fails(KIND_MEMORY) ? no_memory() : real(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    NEXT(void *, "aligned_alloc", size_t, size_t);
    return fails(KIND_MEMORY) ? no_memory() : real(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    NEXT(int, "posix_memalign", void **, size_t, size_t);
    return fails(KIND_MEMORY) ? ENOMEM : real(memory, alignment, size);
}

void free(void *memory)
{
    if (memory == NULL || is_early(memory))
        return;
    NEXT(void, "free", void *);
    real(memory);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (fails(KIND_MAP)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    /* Not by name: the allocator may ask before there is one. */
    long mapped = syscall(SYS_mmap, address, size, protection, flags, fd, offset);
    return mapped == -1 ? MAP_FAILED : (void *)(intptr_t)mapped;
}

/* ---- descriptors ---- */

#define OPENS(name)                                                                                          \
    int name(const char *path, int flags, ...)                                                               \
    {                                                                                                        \
        NEXT(int, #name, const char *, int, ...);                                                            \
        va_list rest;                                                                                        \
        va_start(rest, flags);                                                                               \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;                       \
        va_end(rest);                                                                                        \
        return fails(KIND_OPEN) ? failed(EMFILE) : real(path, flags, mode);                                  \
    }
OPENS(open)
OPENS(open64)

FILE *fopen(const char *path, const char *mode)
{
    NEXT(FILE *, "fopen", const char *, const char *);
    if (!fails(KIND_OPEN))
        return real(path, mode);
    errno = EMFILE;
    return NULL;
}

int socket(int family, int type, int protocol)
{
    NEXT(int, "socket", int, int, int);
    return fails(KIND_OPEN) ? failed(EMFILE) : real(family, type, protocol);
}

int eventfd(unsigned int count, int flags)
{
    NEXT(int, "eventfd", unsigned int, int);
    return fails(KIND_OPEN) ? failed(EMFILE) : real(count, flags);
}

int epoll_create1(int flags)
{
    NEXT(int, "epoll_create1", int);
    return fails(KIND_OPEN) ? failed(EMFILE) : real(flags);
}

int pipe2(int fds[2], int flags)
{
    NEXT(int, "pipe2", int *, int);
    return fails(KIND_OPEN) ? failed(EMFILE) : real(fds, flags);
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    NEXT(int, "accept4", int, struct sockaddr *, socklen_t *, int);
    return fails(KIND_ACCEPT) ? failed(EMFILE) : real(fd, address, size, flags);
}

int epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
    NEXT(int, "epoll_ctl", int, int, int, struct epoll_event *);
    return what == EPOLL_CTL_ADD && fails(KIND_POLL) ? failed(ENOMEM) : real(epoll, what, fd, event);
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
    NEXT(int, "epoll_wait", int, struct epoll_event *, int, int);
    return fails(KIND_POLL) ? failed(EINTR) : real(epoll, events, most, timeout);
}

int epoll_pwait(int epoll, struct epoll_event *events, int most, int timeout, const sigset_t *mask)
{
    NEXT(int, "epoll_pwait", int, struct epoll_event *, int, int, const sigset_t *);
    return fails(KIND_POLL) ? failed(EINTR) : real(epoll, events, most, timeout, mask);
}

/* ---- bytes ---- */

/* What reading or writing there may really fail with; 0: nothing, it is what the process says to itself. */
static int why_not(int fd, int of_file)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return EIO;
    if (S_ISREG(about.st_mode))
        return of_file;
    return S_ISSOCK(about.st_mode) ? ECONNRESET : 0;
}

ssize_t read(int fd, void *bytes, size_t size)
{
    NEXT(ssize_t, "read", int, void *, size_t);
    int why = chosen == KIND_READ ? why_not(fd, EIO) : 0;
    return why != 0 && fails(KIND_READ) ? failed(why) : real(fd, bytes, size);
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
    NEXT(ssize_t, "recv", int, void *, size_t, int);
    return fails(KIND_READ) ? failed(ECONNRESET) : real(fd, bytes, size, flags);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    NEXT(ssize_t, "write", int, const void *, size_t);
    int why = chosen == KIND_WRITE ? why_not(fd, ENOSPC) : 0;
    return why != 0 && fails(KIND_WRITE) ? failed(why) : real(fd, bytes, size);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    NEXT(ssize_t, "send", int, const void *, size_t, int);
    return fails(KIND_WRITE) ? failed(ECONNRESET) : real(fd, bytes, size, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    NEXT(ssize_t, "sendmsg", int, const struct msghdr *, int);
    return fails(KIND_WRITE) ? failed(ECONNRESET) : real(fd, message, flags);
}

/* ---- threads, and libuv ---- */

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    NEXT(int, "pthread_create", pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    return fails(KIND_THREAD) ? EAGAIN : real(thread, attributes, run, argument);
}

pid_t fork(void)
{
    NEXT(pid_t, "fork", void);
    return fails(KIND_THREAD) ? failed(EAGAIN) : real();
}

int uv_loop_configure(uv_loop_t *loop, uv_loop_option option, ...)
{
    NEXT(int, "uv_loop_configure", uv_loop_t *, uv_loop_option, ...);
    return fails(KIND_UV) ? UV_ENOSYS : real(loop, option); /* the one that is used has no more to say */
}

int uv_loop_init(uv_loop_t *loop)
{
    NEXT(int, "uv_loop_init", uv_loop_t *);
    return fails(KIND_UV) ? UV_EMFILE : real(loop);
}

int uv_async_init(uv_loop_t *loop, uv_async_t *async, uv_async_cb fn)
{
    NEXT(int, "uv_async_init", uv_loop_t *, uv_async_t *, uv_async_cb);
    return fails(KIND_UV) ? UV_EMFILE : real(loop, async, fn);
}

int uv_signal_init(uv_loop_t *loop, uv_signal_t *handle)
{
    NEXT(int, "uv_signal_init", uv_loop_t *, uv_signal_t *);
    return fails(KIND_UV) ? UV_EMFILE : real(loop, handle);
}

int uv_signal_start(uv_signal_t *handle, uv_signal_cb fn, int number)
{
    NEXT(int, "uv_signal_start", uv_signal_t *, uv_signal_cb, int);
    return fails(KIND_UV) ? UV_EINVAL : real(handle, fn, number);
}

int uv_thread_create(uv_thread_t *thread, uv_thread_cb run, void *argument)
{
    NEXT(int, "uv_thread_create", uv_thread_t *, uv_thread_cb, void *);
    return fails(KIND_UV) ? UV_EAGAIN : real(thread, run, argument);
}

int uv_thread_create_ex(uv_thread_t *thread, const uv_thread_options_t *options, uv_thread_cb run,
                        void *argument)
{
    NEXT(int, "uv_thread_create_ex", uv_thread_t *, const uv_thread_options_t *, uv_thread_cb, void *);
    return fails(KIND_UV) ? UV_EAGAIN : real(thread, options, run, argument);
}

int uv_sem_init(uv_sem_t *sem, unsigned int value)
{
    NEXT(int, "uv_sem_init", uv_sem_t *, unsigned int);
    return fails(KIND_UV) ? UV_ENOMEM : real(sem, value);
}

int uv_random(uv_loop_t *loop, uv_random_t *request, void *bytes, size_t size, unsigned flags,
              uv_random_cb fn)
{
    NEXT(int, "uv_random", uv_loop_t *, uv_random_t *, void *, size_t, unsigned, uv_random_cb);
    return fails(KIND_UV) ? UV_EIO : real(loop, request, bytes, size, flags, fn);
}

/* ---- jansson, libyaml, libmicrohttpd ---- */

#define MAKES(name, parameters, ...)                                                                         \
    json_t *name parameters                                                                                  \
    {                                                                                                        \
        static json_t *(*real)parameters;                                                                    \
        if (real == NULL)                                                                                    \
            real = (json_t * (*)parameters) next(#name);                                                     \
        return fails(KIND_JSON) ? NULL : real(__VA_ARGS__);                                                  \
    }
MAKES(json_object, (void))
MAKES(json_array, (void))
MAKES(json_string, (const char *value), value)
MAKES(json_stringn, (const char *value, size_t size), value, size)
MAKES(json_integer, (json_int_t value), value)
MAKES(json_real, (double value), value)
MAKES(json_copy, (json_t * value), value)
MAKES(json_deep_copy, (const json_t *value), value)

json_t *json_pack(const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    json_t *value = json_vpack_ex(NULL, 0, format, rest);
    va_end(rest);
    if (value == NULL || !fails(KIND_JSON))
        return value;
    json_decref(value); /* what was given to it is gone in any case */
    return NULL;
}

json_t *json_loadb(const char *text, size_t size, size_t flags, json_error_t *error)
{
    NEXT(json_t *, "json_loadb", const char *, size_t, size_t, json_error_t *);
    if (!fails(KIND_JSON))
        return real(text, size, flags, error);
    if (error != NULL) {
        *error = (json_error_t){.line = -1, .column = -1};
        error->text[JSON_ERROR_TEXT_LENGTH - 1] = json_error_out_of_memory;
    }
    return NULL;
}

/* Both take the value over, whatever comes of it. */
int json_object_set_new(json_t *object, const char *key, json_t *value)
{
    NEXT(int, "json_object_set_new", json_t *, const char *, json_t *);
    if (!fails(KIND_JSON))
        return real(object, key, value);
    json_decref(value);
    return -1;
}

int json_array_append_new(json_t *array, json_t *value)
{
    NEXT(int, "json_array_append_new", json_t *, json_t *);
    if (!fails(KIND_JSON))
        return real(array, value);
    json_decref(value);
    return -1;
}

char *json_dumps(const json_t *value, size_t flags)
{
    NEXT(char *, "json_dumps", const json_t *, size_t);
    return fails(KIND_JSON) ? NULL : real(value, flags);
}

int json_dumpf(const json_t *value, FILE *stream, size_t flags)
{
    NEXT(int, "json_dumpf", const json_t *, FILE *, size_t);
    return fails(KIND_JSON) ? -1 : real(value, stream, flags);
}

int json_dump_callback(const json_t *value, json_dump_callback_t fn, void *context, size_t flags)
{
    NEXT(int, "json_dump_callback", const json_t *, json_dump_callback_t, void *, size_t);
    return fails(KIND_JSON) ? -1 : real(value, fn, context, flags);
}

int yaml_parser_initialize(yaml_parser_t *parser)
{
    NEXT(int, "yaml_parser_initialize", yaml_parser_t *);
    return fails(KIND_YAML) ? 0 : real(parser);
}

int yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event)
{
    NEXT(int, "yaml_parser_parse", yaml_parser_t *, yaml_event_t *);
    if (!fails(KIND_YAML))
        return real(parser, event);
    memset(event, 0, sizeof *event);
    parser->error = YAML_MEMORY_ERROR;
    return 0;
}

static MHD_AccessHandlerCallback handler;

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data, size_t *size,
                              void **request)
{
    return fails(KIND_MHD) ? MHD_NO : handler(context, connection, url, method, version, data, size, request);
}

struct MHD_Daemon *MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback accepts,
                                    void *accepts_context, MHD_AccessHandlerCallback handles, void *context,
                                    ...)
{
    va_list rest;
    if (fails(KIND_MHD)) {
        errno = ENOMEM;
        return NULL;
    }
    handler = handles;
    va_start(rest, context);
    struct MHD_Daemon *daemon =
        MHD_start_daemon_va(flags, port, accepts, accepts_context, handle, context, rest);
    va_end(rest);
    return daemon;
}

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *bytes,
                                                     enum MHD_ResponseMemoryMode mode)
{
    NEXT(struct MHD_Response *, "MHD_create_response_from_buffer", size_t, void *,
         enum MHD_ResponseMemoryMode);
    return fails(KIND_MHD) ? NULL : real(size, bytes, mode);
}

struct MHD_Response *MHD_create_response_from_buffer_with_free_callback(
    size_t size, void *bytes, MHD_ContentReaderFreeCallback give_back)
{
    NEXT(struct MHD_Response *, "MHD_create_response_from_buffer_with_free_callback", size_t, void *,
         MHD_ContentReaderFreeCallback);
    return fails(KIND_MHD) ? NULL : real(size, bytes, give_back);
}

struct MHD_Response *MHD_create_response_from_buffer_with_free_callback_cls(
    size_t size, void *bytes, MHD_ContentReaderFreeCallback give_back, void *context)
{
    NEXT(struct MHD_Response *, "MHD_create_response_from_buffer_with_free_callback_cls", size_t, void *,
         MHD_ContentReaderFreeCallback, void *);
    return fails(KIND_MHD) ? NULL : real(size, bytes, give_back, context);
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *response, const char *name, const char *value)
{
    NEXT(enum MHD_Result, "MHD_add_response_header", struct MHD_Response *, const char *, const char *);
    return fails(KIND_MHD) ? MHD_NO : real(response, name, value);
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status,
                                   struct MHD_Response *response)
{
    NEXT(enum MHD_Result, "MHD_queue_response", struct MHD_Connection *, unsigned, struct MHD_Response *);
    return fails(KIND_MHD) ? MHD_NO : real(connection, status, response);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
