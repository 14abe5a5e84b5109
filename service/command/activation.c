#include "command/activation.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/unit.h"

/* Behind standard input, output and error (sd_listen_fds(3)). */
#define FIRST_FD 3

/* A whole number in the environment; -1: there is none. */
static int64_t number_of(const char *name)
{
    const char *text = getenv(name);
    int64_t number;
    return text == NULL || unit_parse_count(text, &number) != ERR_OK ? -1 : number;
}

bool activation_take(struct listener *listener, const char **why)
{
    int64_t pid = number_of("LISTEN_PID"), count = number_of("LISTEN_FDS");
    *listener = (struct listener){.fd = -1};
    *why = NULL;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (pid != getpid() || count <= 0)
        return true;
    if (count > 1)
        *why = "there are several; leaklab listens on one";
    else if (listener_inherit(listener, FIRST_FD) != ERR_OK)
        *why = errno == EINVAL ? "it is no stream that is listened on: Accept=no and ListenStream= are right"
                               : strerror(errno);
    return *why == NULL;
}

/* A path, or with "@" a name without a file (unix(7), abstract). */
static bool address_of(const char *name, struct sockaddr_un *address, socklen_t *size)
{
    size_t length = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || length >= sizeof address->sun_path)
        return false;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, name, length);
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

void activation_notify(const char *state)
{
    struct sockaddr_un address;
    socklen_t size;
    const char *name = getenv("NOTIFY_SOCKET");
    if (name == NULL || !address_of(name, &address, &size))
        return;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&address,
                 size);
    close(fd);
}
