#include "runtime/internal.h"

void channel_init(struct channel *channel, uint64_t capacity, bool nil)
{
    *channel = (struct channel){.capacity = capacity, .nil = nil};
    list_init(&channel->receivers);
    list_init(&channel->senders);
}

/* What the first of those who wait allows. */
static enum attempt first_allows(const struct link *waiting)
{
    const struct task *task = container_of(waiting->next, struct wait, link)->task;
    return task->state == TASK_SELECT && select_settled(task) ? ATTEMPT_LATER : ATTEMPT_DONE;
}

enum attempt channel_try_send(const struct channel *channel)
{
    if (channel->nil)
        return ATTEMPT_BLOCKS;
    if (channel->closed)
        return ATTEMPT_CLOSED;
    if (!list_empty(&channel->receivers))
        return first_allows(&channel->receivers);
    return channel->length < channel->capacity ? ATTEMPT_DONE : ATTEMPT_BLOCKS;
}

enum attempt channel_try_receive(const struct channel *channel)
{
    if (channel->nil)
        return ATTEMPT_BLOCKS;
    if (!list_empty(&channel->senders))
        return first_allows(&channel->senders);
    if (channel->length > 0)
        return ATTEMPT_DONE;
    return channel->closed ? ATTEMPT_CLOSED : ATTEMPT_BLOCKS;
}

enum attempt channel_send(struct workload *workload, struct channel *channel)
{
    enum attempt attempt = channel_try_send(channel);
    if (attempt != ATTEMPT_DONE)
        return attempt;
    if (!list_empty(&channel->receivers))
        wait_wake(channel->receivers.next, WAKE_MATCHED);
    else if (!channel->queue || queue_append(workload, container_of(channel, struct queue, channel)))
        channel->length++;
    return ATTEMPT_DONE;
}

enum attempt channel_receive(struct workload *workload, struct channel *channel)
{
    enum attempt attempt = channel_try_receive(channel);
    if (attempt != ATTEMPT_DONE)
        return attempt;
    /* Senders wait only while the buffer is full: with one, the first of them fills the place that was just
     * emptied. */
    if (!list_empty(&channel->senders)) {
        wait_wake(channel->senders.next, WAKE_MATCHED);
        return ATTEMPT_DONE;
    }
    channel->length--;
    if (channel->queue)
        queue_take(workload, container_of(channel, struct queue, channel));
    return ATTEMPT_DONE;
}

bool channel_close(struct runtime *runtime, struct channel *channel)
{
    if (channel->closed || channel->nil)
        return false;
    channel->closed = true;
    list_splice(&runtime->waking, &channel->receivers);
    list_splice(&runtime->waking, &channel->senders);
    return true;
}
