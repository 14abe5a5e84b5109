#include "http/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool has_file(const struct listener *listener)
{
    return address_is_unix(&listener->address) && !listener->inherited;
}

static socklen_t size_of(const struct address *address)
{
    switch (address->socket.ss_family) {
    case AF_INET:
        return sizeof(struct sockaddr_in);
    case AF_INET6:
        return sizeof(struct sockaddr_in6);
    default:
        return sizeof(struct sockaddr_un);
    }
}

/* Removes a socket that nobody answers at. Whatever else is in the way is for bind to complain about. */
static void remove_stale(const struct address *address)
{
    struct stat there;
    if (lstat(address->path, &there) != 0 || !S_ISSOCK(there.st_mode))
        return;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return;
    if (connect(probe, (const struct sockaddr *)&address->socket, size_of(address)) != 0 &&
        errno == ECONNREFUSED)
        unlink(address->path);
    close(probe);
}

/* bind(2) gives the file the mode that the socket has, less the umask. */
static bool bind_unix(struct listener *listener, mode_t mode)
{
    const struct address *address = &listener->address;
    struct stat made;
    remove_stale(address);
    if (fchmod(listener->fd, mode) != 0 ||
        bind(listener->fd, (const struct sockaddr *)&address->socket, size_of(address)) != 0)
        return false;
    if (chmod(address->path, mode) != 0 || lstat(address->path, &made) != 0) {
        int error = errno;
        unlink(address->path);
        errno = error;
        return false;
    }
    listener->device = made.st_dev;
    listener->inode = made.st_ino;
    return true;
}

static bool bind_ip(struct listener *listener)
{
    const struct address *address = &listener->address;
    int on = 1, only_v6 = !address->any;
    bool v6 = address->socket.ss_family == AF_INET6;
    return setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           (!v6 || setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6) == 0) &&
           bind(listener->fd, (const struct sockaddr *)&address->socket, size_of(address)) == 0 &&
           address_of_socket(listener->fd, &listener->address) == ERR_OK;
}

enum err listener_open(struct listener *listener, const struct address *address, mode_t mode)
{
    *listener = (struct listener){.address = *address};
    listener->fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0)
        return ERR_SYSTEM;
    bool bound = address_is_unix(address) ? bind_unix(listener, mode) : bind_ip(listener);
    if (bound && listen(listener->fd, SOMAXCONN) == 0)
        return ERR_OK;
    int error = errno;
    if (!bound)
        listener->inherited = true; /* a file at its path is another's */
    listener_close(listener);
    errno = error;
    return ERR_SYSTEM;
}

enum err listener_inherit(struct listener *listener, int fd)
{
    struct address address;
    int type = 0, listens = 0;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 ||
        address_of_socket(fd, &address) != ERR_OK)
        return ERR_SYSTEM;
    if (type != SOCK_STREAM || !listens) {
        errno = EINVAL;
        return ERR_SYSTEM;
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return ERR_SYSTEM;
    *listener = (struct listener){.fd = fd, .inherited = true, .address = address};
    return ERR_OK;
}

void listener_refuse(struct listener *listener)
{
    if (listener->fd >= 0 && !listener->inherited)
        shutdown(listener->fd, SHUT_RDWR);
}

void listener_close(struct listener *listener)
{
    struct stat there;
    if (listener->fd < 0)
        return;
    if (has_file(listener) && lstat(listener->address.path, &there) == 0 &&
        there.st_dev == listener->device && there.st_ino == listener->inode)
        unlink(listener->address.path);
    close(listener->fd);
    listener->fd = -1;
}
