#include <stdlib.h>

#include "runtime/internal.h"

#define GARBAGE_SLICE 256

void queue_init(struct queue *queue, uint64_t message_bytes)
{
    *queue = (struct queue){.message_bytes = message_bytes};
    channel_init(&queue->channel, UINT64_MAX, false);
    queue->channel.queue = true;
}

bool queue_append(struct workload *workload, struct queue *queue)
{
    struct held *message = held_new(workload, queue->message_bytes, NULL);
    if (message == NULL)
        return false;
    if (queue->first == NULL)
        queue->first = message;
    else
        queue->last->next = message;
    queue->last = message;
    count_add(workload, queued_messages, 1);
    count_add(workload, queued_bytes, message->bytes);
    return true;
}

void queue_take(struct workload *workload, struct queue *queue)
{
    count_sub(workload, queued_messages, 1);
    count_sub(workload, queued_bytes, queue->first->bytes);
    held_free(workload, &queue->first);
}

/* They may be millions, and whoever closes is in the midst of something else. */
void queue_close(struct workload *workload, struct queue *queue)
{
    struct runtime *runtime = workload->runtime;
    uint64_t bytes = queue->channel.length * queue->message_bytes;
    if (queue->first == NULL)
        return;
    count_sub(workload, queued_messages, queue->channel.length);
    count_sub(workload, queued_bytes, bytes);
    workload_refund(workload, bytes);
    queue->last->next = runtime->garbage;
    runtime->garbage = queue->first;
    runtime_job_add(runtime, &runtime->garbage_job);
}

static bool garbage_take(struct runtime *runtime)
{
    struct held *next = runtime->garbage;
    if (next == NULL)
        return false;
    runtime->garbage = next->next;
    free(next);
    return true;
}

bool garbage_step(struct job *job)
{
    struct runtime *runtime = container_of(job, struct runtime, garbage_job);
    for (int i = 0; i < GARBAGE_SLICE; i++)
        if (!garbage_take(runtime))
            return true;
    return runtime->garbage == NULL;
}

void garbage_free(struct runtime *runtime)
{
    while (garbage_take(runtime))
        continue;
    list_remove(&runtime->garbage_job.link);
}
