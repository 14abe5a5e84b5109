"""Where the daemon listens beside a port: a Unix socket, and a socket that systemd hands over."""

import os
import signal
import socket
import stat
import subprocess

import pytest

import leaklab


@pytest.fixture(name="path")
def path_(tmp_path):
    return tmp_path / "leaklab.sock"


def activated(*sockets):
    """Starts a command as systemd does (sd_listen_fds(3)): sockets from descriptor 3 on, and their number."""
    def launch(command, env, preexec_fn=lambda: None, **how):
        def hand_over():
            preexec_fn()
            copies = [os.dup2(one.fileno(), 100 + i) for i, one in enumerate(sockets)]
            for i, copy in enumerate(copies):
                os.dup2(copy, 3 + i)

        shell = ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$0" "$@"', *command]
        return subprocess.Popen(shell, env={**env, "LISTEN_FDS": str(len(sockets))}, preexec_fn=hand_over,
                                pass_fds=range(3, 3 + len(sockets)), **how)

    return launch


def refused(*sockets):
    """What a daemon says that will not take them."""
    process = activated(*sockets)([leaklab.BINARY, "serve"], leaklab.environment(), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2, said
    return said


def test_a_unix_socket_answers_as_a_port_does(serve, path):
    daemon = serve(listen=f"unix:{path}")
    assert daemon.address == f"unix:{path}"
    name = daemon.spawn("leak-recv", n=10)
    daemon.when_live(name, 11)
    assert daemon.scrape().sum("leaklab_tasks") == 11
    assert f"--unix-socket {path} http://localhost/scenario" in daemon.get("/").text
    assert daemon.request("GET", "/scenario", headers={"Host": "evil.example"}).status == 421
    healthy = leaklab.run("healthcheck", "--ready", "--listen", f"unix:{path}")
    assert (healthy.returncode, healthy.stdout) == (0, f"healthy: /readyz at unix:{path} answers: ready\n"), healthy


def test_a_unix_socket_is_its_owners_unless_told_otherwise(serve, path):
    serve(listen=f"unix:{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = path.with_name("group.sock")
    serve("--listen-mode", "0660", listen=f"unix:{other}")
    assert stat.S_IMODE(other.stat().st_mode) == 0o660


def test_a_unix_socket_goes_with_its_daemon(tmp_path, path):
    daemon = leaklab.Daemon(log=tmp_path / "log", listen=f"unix:{path}")
    assert daemon.stop() == 0
    assert not path.exists()


def test_a_socket_that_was_left_behind_makes_room(serve, tmp_path, path):
    killed = leaklab.Daemon(log=tmp_path / "log", listen=f"unix:{path}")
    killed.stop(signal.SIGKILL)
    assert path.exists()
    assert serve(listen=f"unix:{path}").get("/healthz").status == 200


def test_a_socket_that_is_in_use_does_not(serve, path):
    daemon = serve(listen=f"unix:{path}")
    second = leaklab.run("serve", "--listen", f"unix:{path}")
    assert second.returncode == 1 and "in use" in second.stderr
    assert daemon.get("/healthz").status == 200


def test_what_is_no_socket_is_left_alone(path):
    path.write_text("precious")
    assert leaklab.run("serve", "--listen", f"unix:{path}").returncode == 1
    assert path.read_text() == "precious"


@pytest.mark.parametrize("address", ["unix:", "unix:relative.sock", "unix:/" + 107 * "x"])
def test_a_path_that_cannot_be_is_refused(address):
    answer = leaklab.run("serve", "--listen", address)
    assert answer.returncode == 2 and "unix:/PATH" in answer.stderr


@pytest.mark.parametrize("mode", ["", "rw", "0999", "1777", "0"])
def test_a_mode_that_cannot_be_is_refused(path, mode):
    answer = leaklab.run("serve", f"--listen-mode={mode}", "--listen", f"unix:{path}")
    assert answer.returncode == 2 and "--listen-mode" in answer.stderr


def test_a_socket_that_systemd_hands_over_outlives_the_daemon(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as handed:
        port = handed.getsockname()[1]
        daemon = leaklab.Daemon(log=tmp_path / "first", launch=activated(handed))
        assert daemon.port == port
        assert daemon.get("/metrics").status == 200
        assert daemon.stop() == 0
        with socket.create_connection(("127.0.0.1", port), timeout=30) as waiting:
            waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            second = leaklab.Daemon(log=tmp_path / "second", launch=activated(handed))
            assert waiting.recv(65536).startswith(b"HTTP/1.1 200")
            assert second.stop() == 0


def test_a_unix_socket_that_systemd_hands_over_stays(tmp_path, path):
    with socket.socket(socket.AF_UNIX) as handed:
        handed.bind(str(path))
        handed.listen()
        daemon = leaklab.Daemon(log=tmp_path / "log", launch=activated(handed))
        assert daemon.address == f"unix:{path}"
        assert daemon.get("/healthz").status == 200
        assert daemon.stop() == 0
        assert path.exists()


def test_what_cannot_be_listened_on_is_refused():
    with socket.socket() as silent, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
        assert "ListenStream" in refused(silent)
        assert "ListenStream" in refused(datagrams)
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        assert "several" in refused(one, two)


def test_a_socket_that_others_reach_wants_a_token_too():
    with socket.create_server(("0.0.0.0", 0)) as handed:
        said = refused(handed)
    assert "LISTEN_FDS" in said and "--token-file" in said


def test_sockets_for_another_process_are_not_taken(serve):
    daemon = serve(LISTEN_FDS="1", LISTEN_PID="1")
    assert daemon.get("/healthz").status == 200


@pytest.mark.parametrize("hidden", [False, True], ids=["file", "abstract"])
def test_it_tells_systemd_when_it_is_ready_and_when_it_stops(tmp_path, hidden):
    name = f"@leaklab-{os.getpid()}" if hidden else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(name.replace("@", "\0"))
        supervisor.settimeout(30)
        daemon = leaklab.Daemon(log=tmp_path / "log", NOTIFY_SOCKET=name)
        assert supervisor.recv(64) == b"READY=1"
        assert daemon.stop() == 0
        assert supervisor.recv(64) == b"STOPPING=1"
