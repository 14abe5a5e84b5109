/* The socket that is listened on: a port, a file, or one that was handed over. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/listener.h"

struct room {
    char folder[64];
    struct address address; /* of a socket in it */
};

static int enter(void **state)
{
    static struct room room;
    char text[ADDRESS_TEXT];
    strcpy(room.folder, "/tmp/leaklab-listener-XXXXXX");
    assert_non_null(mkdtemp(room.folder));
    snprintf(text, sizeof text, "unix:%s/socket", room.folder);
    assert_int_equal(address_parse(text, &room.address), ERR_OK);
    *state = &room;
    return 0;
}

static int leave(void **state)
{
    struct room *room = *state;
    unlink(room->address.path);
    return rmdir(room->folder);
}

static bool is_there(const struct room *room)
{
    return access(room->address.path, F_OK) == 0;
}

static void port_0_is_told_once_it_is_known(void **state)
{
    (void)state;
    struct address address;
    struct listener listener;
    assert_int_equal(address_parse("127.0.0.1:0", &address), ERR_OK);
    assert_int_equal(listener_open(&listener, &address, 0600), ERR_OK);
    assert_int_not_equal(listener.address.port, 0);
    listener_close(&listener);
    assert_int_equal(listener.fd, -1);
}

static void a_port_that_is_taken_is_an_error(void **state)
{
    (void)state;
    struct address address;
    struct listener first, second;
    assert_int_equal(address_parse("127.0.0.1:0", &address), ERR_OK);
    assert_int_equal(listener_open(&first, &address, 0600), ERR_OK);
    assert_int_equal(listener_open(&second, &first.address, 0600), ERR_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
    listener_close(&first);
}

static void a_file_has_its_mode_whatever_the_umask(void **state)
{
    struct room *room = *state;
    struct listener listener;
    struct stat made;
    mode_t before = umask(077);
    assert_int_equal(listener_open(&listener, &room->address, 0660), ERR_OK);
    umask(before);
    assert_int_equal(stat(room->address.path, &made), 0);
    assert_int_equal(made.st_mode & 07777, 0660);
    listener_close(&listener);
    assert_false(is_there(room));
}

static void a_file_that_somebody_listens_on_stays(void **state)
{
    struct room *room = *state;
    struct listener first, second;
    assert_int_equal(listener_open(&first, &room->address, 0600), ERR_OK);
    assert_int_equal(listener_open(&second, &room->address, 0600), ERR_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
    assert_true(is_there(room));
    listener_close(&first);
}

static void a_file_that_was_left_behind_makes_room(void **state)
{
    struct room *room = *state;
    struct listener left, next;
    assert_int_equal(listener_open(&left, &room->address, 0600), ERR_OK);
    listener_refuse(&left);
    assert_int_equal(listener_open(&next, &room->address, 0600), ERR_OK);
    listener_close(&left); /* its file is another's by now */
    assert_true(is_there(room));
    listener_close(&next);
}

static void what_is_no_socket_stays(void **state)
{
    struct room *room = *state;
    struct listener listener;
    int fd = open(room->address.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(listener_open(&listener, &room->address, 0600), ERR_SYSTEM);
    assert_true(is_there(room));
}

static void what_was_handed_over_is_not_shut(void **state)
{
    struct room *room = *state;
    struct listener owner, inherited;
    assert_int_equal(listener_open(&owner, &room->address, 0600), ERR_OK);
    int copy = dup(owner.fd);
    assert_int_equal(listener_inherit(&inherited, copy), ERR_OK);
    assert_string_equal(inherited.address.path, room->address.path);
    listener_refuse(&inherited);
    listener_close(&inherited);
    assert_true(is_there(room));
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(
        connect(client, (const struct sockaddr *)&room->address.socket, sizeof(struct sockaddr_un)), 0);
    close(client);
    listener_close(&owner);
}

static void what_does_not_listen_cannot_be_handed_over(void **state)
{
    (void)state;
    struct listener listener = {.fd = 77};
    int silent = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(listener_inherit(&listener, silent), ERR_SYSTEM);
    assert_int_equal(errno, EINVAL);
    close(silent);
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(listener_inherit(&listener, file), ERR_SYSTEM);
    close(file);
    assert_int_equal(listener.fd, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_0_is_told_once_it_is_known),
        cmocka_unit_test(a_port_that_is_taken_is_an_error),
        cmocka_unit_test_setup_teardown(a_file_has_its_mode_whatever_the_umask, enter, leave),
        cmocka_unit_test_setup_teardown(a_file_that_somebody_listens_on_stays, enter, leave),
        cmocka_unit_test_setup_teardown(a_file_that_was_left_behind_makes_room, enter, leave),
        cmocka_unit_test_setup_teardown(what_is_no_socket_stays, enter, leave),
        cmocka_unit_test_setup_teardown(what_was_handed_over_is_not_shut, enter, leave),
        cmocka_unit_test(what_does_not_listen_cannot_be_handed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
