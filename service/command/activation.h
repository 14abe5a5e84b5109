/* What a supervisor that starts the daemon has to do with it: the socket that systemd has opened for it
 * (sd_listen_fds(3)), and word back that it is ready (sd_notify(3)). Both are a few lines, which is less than
 * a library that is only of use on some machines. */
#pragma once

#include <stdbool.h>

#include "http/listener.h"

/* Takes the socket that LISTEN_FDS and LISTEN_PID name, and removes both from the environment, so that no
 * child takes it too. False, with a sentence in *why, when there is not exactly one that can be listened on;
 * true, and listener->fd < 0, when the daemon was started without. Call it before anything is opened. */
bool activation_take(struct listener *listener, const char **why);

/* Tells whoever set NOTIFY_SOCKET, such as "READY=1". Nobody set it, or nobody listens: nothing happens. */
void activation_notify(const char *state);
