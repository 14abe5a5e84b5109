/* A doubly linked, circular, intrusive list. A list is a sentinel link; an element embeds a link. Taking an
 * element out needs no list, so that a whole chain can be moved from one list to another in one step
 * (list_splice) and its elements still leave one by one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

struct link {
    struct link *next;
    struct link *prev;
};

/* Makes an empty list, or an element that is on no list. */
static inline void list_init(struct link *link)
{
    link->next = link;
    link->prev = link;
}

/* True for an empty list, and for an element that is on no list. */
static inline bool list_empty(const struct link *link)
{
    return link->next == link;
}

static inline void list_push_back(struct link *list, struct link *element)
{
    element->next = list;
    element->prev = list->prev;
    list->prev->next = element;
    list->prev = element;
}

static inline void list_push_front(struct link *list, struct link *element)
{
    list_push_back(list->next, element);
}

/* Takes the element out and leaves it on no list; harmless when it is on none. */
static inline void list_remove(struct link *element)
{
    element->prev->next = element->next;
    element->next->prev = element->prev;
    list_init(element);
}

static inline struct link *list_pop_front(struct link *list)
{
    struct link *element = list->next;
    if (element == list)
        return NULL;
    list_remove(element);
    return element;
}

/* Moves all elements of `from` to the end of `list`, in order; `from` is empty afterwards. */
static inline void list_splice(struct link *list, struct link *from)
{
    if (list_empty(from))
        return;
    from->next->prev = list->prev;
    list->prev->next = from->next;
    from->prev->next = list;
    list->prev = from->prev;
    list_init(from);
}

#define list_each(position, list)                                                                            \
    for ((position) = (list)->next; (position) != (list); (position) = (position)->next)
