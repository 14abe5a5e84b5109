#include "http/desk.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/macros.h"
#include "judge/profile.h"
#include "language/pattern.h"

#define CALL_MAGIC 0x63616c6cU

/* Calls by how much memory their answers take. */
enum weight { WEIGHT_LIGHT, WEIGHT_LIST, WEIGHT_PROFILE, WEIGHTS };

static const uint32_t most[WEIGHTS] = {[WEIGHT_LIGHT] = LIMIT_COMMANDS_IN_FLIGHT,
                                       [WEIGHT_LIST] = LIMIT_LISTS_IN_FLIGHT,
                                       [WEIGHT_PROFILE] = LIMIT_PROFILES_IN_FLIGHT};

struct call {
    uint32_t magic;
    struct lab_request request;
    struct link link;                  /* desk->calls, while the lab has it */
    struct desk *desk;                 /* NULL: not posted yet */
    struct ticket *ticket;             /* NULL once given up */
    struct MHD_Connection *connection; /* suspended while `ticket` waits */
    uint64_t posted_ns;
};

struct desk {
    pthread_mutex_t mutex;
    struct link calls;
    uint32_t count; /* calls that were posted and have not been freed */
    uint32_t counts[WEIGHTS];
    uint32_t max;
    bool stopped; /* takes no more calls */
    bool closed;  /* the server has let go; the last call frees the desk */
};

struct desk *desk_new(uint32_t max)
{
    struct desk *desk = calloc(1, sizeof *desk);
    if (desk == NULL)
        return NULL;
    pthread_mutex_init(&desk->mutex, NULL);
    list_init(&desk->calls);
    desk->max = max;
    return desk;
}

static void desk_destroy(struct desk *desk)
{
    pthread_mutex_destroy(&desk->mutex);
    free(desk);
}

void desk_free(struct desk *desk)
{
    if (desk == NULL)
        return;
    pthread_mutex_lock(&desk->mutex);
    desk->closed = true;
    bool last = desk->count == 0;
    pthread_mutex_unlock(&desk->mutex);
    if (last)
        desk_destroy(desk);
}

static enum weight weight_of(const struct lab_request *request)
{
    switch (request->verb) {
    case LAB_SCENARIO_LIST:
    case LAB_PATTERN_LIST:
        return WEIGHT_LIST;
    case LAB_TASKS:
        return WEIGHT_PROFILE;
    default:
        return WEIGHT_LIGHT;
    }
}

/* The call's memory has gone, and with it its place at the desk. */
static void leave(struct desk *desk, enum weight weight)
{
    pthread_mutex_lock(&desk->mutex);
    desk->count--;
    desk->counts[weight]--;
    bool last = desk->closed && desk->count == 0;
    pthread_mutex_unlock(&desk->mutex);
    if (last)
        desk_destroy(desk);
}

void call_free(struct lab_request *request)
{
    if (request == NULL)
        return;
    struct call *call = container_of(request, struct call, request);
    struct desk *desk = call->desk;
    enum weight weight = weight_of(request);
    json_decref(request->body);
    json_decref(request->answer);
    pattern_free(request->pattern);
    profile_free(request->profile);
    free(call);
    if (desk != NULL)
        leave(desk, weight);
}

/* The lab has answered. Its thread, or the posting one. */
static void call_done(struct lab_request *request, void *argument)
{
    struct call *call = argument;
    CHECK(call->magic == CALL_MAGIC && request == &call->request);
    struct desk *desk = call->desk;

    pthread_mutex_lock(&desk->mutex);
    list_remove(&call->link);
    bool given_up = call->ticket == NULL;
    if (!given_up) {
        call->ticket->state = TICKET_ANSWERED;
        MHD_resume_connection(call->connection);
    }
    pthread_mutex_unlock(&desk->mutex);

    if (given_up)
        call_free(request);
}

struct lab_request *call_new(enum lab_verb verb)
{
    struct call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return NULL;
    call->magic = CALL_MAGIC;
    call->request.verb = verb;
    call->request.done = call_done;
    call->request.argument = call;
    return &call->request;
}

enum err desk_post(struct desk *desk, const struct http_backend *backend, struct lab_request *request,
                   struct MHD_Connection *connection, uint64_t now_ns, struct ticket *ticket)
{
    struct call *call = container_of(request, struct call, request);
    CHECK(call->magic == CALL_MAGIC && ticket->state == TICKET_NONE);

    enum weight weight = weight_of(request);

    pthread_mutex_lock(&desk->mutex);
    bool full = desk->count == desk->max || desk->counts[weight] == most[weight];
    enum err err = desk->stopped ? ERR_CLOSED : full ? ERR_LIMIT : ERR_OK;
    if (err == ERR_OK) {
        desk->count++;
        desk->counts[weight]++;
        list_push_back(&desk->calls, &call->link);
        call->desk = desk;
        call->ticket = ticket;
        call->connection = connection;
        call->posted_ns = now_ns;
        *ticket = (struct ticket){.state = TICKET_WAITING, .call = call};
        /* Before anybody can resume it: the answer may come while `post` still runs. */
        MHD_suspend_connection(connection);
    }
    pthread_mutex_unlock(&desk->mutex);
    if (err == ERR_OK)
        backend->post(backend->context, request);
    return err;
}

enum ticket_state desk_take(struct desk *desk, struct ticket *ticket, struct lab_request **request)
{
    pthread_mutex_lock(&desk->mutex);
    enum ticket_state state = ticket->state;
    *request = state == TICKET_ANSWERED ? &ticket->call->request : NULL;
    if (state != TICKET_WAITING)
        *ticket = (struct ticket){0};
    pthread_mutex_unlock(&desk->mutex);
    return state;
}

void desk_abandon(struct desk *desk, uint64_t posted_ns, enum ticket_state why)
{
    pthread_mutex_lock(&desk->mutex);
    desk->stopped |= why == TICKET_STOPPED;
    struct link *at;
    list_each (at, &desk->calls) {
        struct call *call = container_of(at, struct call, link);
        if (call->ticket == NULL || call->posted_ns > posted_ns)
            continue;
        *call->ticket = (struct ticket){.state = why};
        call->ticket = NULL;
        MHD_resume_connection(call->connection);
    }
    pthread_mutex_unlock(&desk->mutex);
}
