#include "runtime/internal.h"

void queue_init(struct queue *queue, uint64_t message_bytes)
{
    *queue = (struct queue){.message_bytes = held_size(message_bytes)};
    channel_init(&queue->channel, UINT64_MAX, false);
    queue->channel.queue = true;
}

bool queue_append(struct workload *workload, struct queue *queue)
{
    struct held *message = held_new(workload, queue->message_bytes);
    if (message == NULL)
        return false;
    if (queue->last != NULL) {
        message->next = queue->last->next;
        queue->last->next = message;
    }
    queue->last = message;
    count_add(workload, queued_messages, 1);
    count_add(workload, queued_bytes, queue->message_bytes);
    return true;
}

void queue_take(struct workload *workload, struct queue *queue)
{
    struct held *first = queue->last->next;
    if (first == queue->last)
        queue->last = NULL;
    else
        queue->last->next = first->next;
    first->next = first;
    count_sub(workload, queued_messages, 1);
    count_sub(workload, queued_bytes, queue->message_bytes);
    held_discard(workload, first, queue->message_bytes);
}

void queue_close(struct workload *workload, struct queue *queue)
{
    uint64_t bytes = queue->channel.length * queue->message_bytes;
    if (queue->last == NULL)
        return;
    count_sub(workload, queued_messages, queue->channel.length);
    count_sub(workload, queued_bytes, bytes);
    held_discard(workload, queue->last, bytes);
    queue->last = NULL;
}
