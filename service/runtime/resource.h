/* Real resources: descriptors, libuv handles, threads and jobs of libuv's thread pool, which a pattern opens
 * and shuts. The runtime decides when, counts them and keeps them within limits; what they really are comes
 * from a source (runtime/real.h), since nothing here knows libuv. Lab thread only.
 *
 * As in C, what a pattern declares is only the variable: opening again overwrites it, and when its
 * environment goes the resource stays. It then belongs to nobody but its start, which it keeps alive until
 * somebody reclaims it: that is the leak. A cancel closes nothing. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "runtime/program.h"

struct start;
struct workload;

/* One that is open. A source allocates it with what it needs behind it, and frees it once it is gone. */
struct resource {
    struct link link;          /* in start->resources while it is open */
    struct start *start;       /* valid while it is open */
    struct workload *workload; /* until it is gone; NULL: nobody wants to hear of it */
    enum resource_kind kind;
};

/* The variable in an environment: what it has open, or NULL. */
struct slot {
    struct resource *resource;
};

/* Where resources come from. Embedded in what implements it. */
struct resource_source {
    /* Opens one. ERR_LIMIT: the system has no more of them (EMFILE, EAGAIN, ...); ERR_MEMORY. Nothing is
     * left behind then. */
    enum err (*open)(struct resource_source *source, enum resource_kind kind, struct resource **resource);
    /* Begins to close it, without waiting: it is the source's from now on. Once it is really gone, which may
     * be during the call, the source calls resource_gone() and frees it. */
    void (*shut)(struct resource_source *source, struct resource *resource);
};

/* To be called by a source, once for each resource that was shut. */
void resource_gone(struct resource *resource);
