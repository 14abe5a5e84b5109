/* The socket that the daemon accepts connections on: one that it opens itself, or one that somebody has
 * opened for it, such as systemd (sd_listen_fds(3)). The latter outlives the daemon: whoever connects while
 * none runs waits there for the next.
 *
 * A Unix socket is a file. It has its mode before anybody can see it. One that a daemon has left behind that
 * could not clean up, and that nobody answers at, is removed; a file of any other kind never is. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "http/address.h"

/* Only its owner may connect. */
#define LISTENER_MODE 0600

struct listener {
    int fd; /* -1: closed */
    bool inherited;
    struct address address; /* as bound: with the port that the system chose */
    dev_t device;           /* of the Unix socket's file */
    ino_t inode;
};

/* Opens and binds; `mode` is of a Unix socket's file. ERR_SYSTEM with errno: EADDRINUSE also where somebody
 * listens at that path. Nothing is left behind on an error. */
enum err listener_open(struct listener *listener, const struct address *address, mode_t mode);

/* Takes a socket over that listens already. ERR_SYSTEM with errno: it does not, or is not a stream of IPv4,
 * IPv6 or Unix; it stays open then. */
enum err listener_inherit(struct listener *listener, int fd);

/* Turns new connections away; those that one that was inherited still gets wait for the next daemon. */
void listener_refuse(struct listener *listener);

/* Closes it, and removes the file that it made, unless another is there by now. */
void listener_close(struct listener *listener);
