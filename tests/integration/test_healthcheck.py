"""`leaklab healthcheck`: what a container asks its own daemon, without curl."""

import signal
import socket
import subprocess
from pathlib import Path

import pytest

import leaklab


def check(*arguments, **extra):
    return leaklab.run("healthcheck", *arguments, **extra)


@pytest.mark.parametrize("flags, path, word", [([], "/healthz", "ok"), (["--ready"], "/readyz", "ready")])
def test_a_daemon_says_that_it_is_well(daemon, flags, path, word):
    leaklab.eventually(lambda: daemon.get("/readyz").status, lambda status: status == 200)
    for where in (["--listen", daemon.address], ["--target", f"http://{daemon.address}"],
                  ["--target", f"http://{daemon.address}/"]):
        told = check(*where, *flags)
        assert (told.returncode, told.stderr) == (0, ""), where
        assert told.stdout == f"healthy: http://{daemon.address}{path} answers: {word}\n"


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]"])
def test_asks_on_loopback_whoever_listens_everywhere(serve, host):
    if host == "[::]" and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    daemon = serve("--insecure", listen=f"{host}:0")
    told = check(LEAKLAB_LISTEN=f"{host}:{daemon.port}")
    loopback = "127.0.0.1" if host == "0.0.0.0" else "[::1]"
    assert told.stdout == f"healthy: http://{loopback}:{daemon.port}/healthz answers: ok\n", told


def test_no_proxy_stands_between(daemon):
    proxy = f"http://127.0.0.1:{leaklab.free_port()}"
    assert check("--listen", daemon.address, http_proxy=proxy, ALL_PROXY=proxy).returncode == 0


def test_nobody_there():
    port = leaklab.free_port()
    told = check("--listen", f"127.0.0.1:{port}")
    assert told.returncode == 1 and told.stdout == ""
    assert told.stderr.startswith(f"unhealthy: http://127.0.0.1:{port}/healthz: ")
    assert "connect" in told.stderr and told.stderr.count("\n") == 1


def test_nobody_at_a_unix_socket(tmp_path):
    path = tmp_path / "s"
    told = check("--listen", f"unix:{path}")
    assert (told.returncode, told.stderr) == (1, f"unhealthy: /healthz at unix:{path}: No such file or directory\n")
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(str(path))
    told = check("--listen", f"unix:{path}", "--ready")
    assert (told.returncode, told.stderr) == (1, f"unhealthy: /readyz at unix:{path}: Connection refused\n")


def test_a_certificate_that_is_not_there_is_said_though_nobody_listens(tmp_path):
    port, none = leaklab.free_port(), str(tmp_path / "none.pem")
    for arguments, extra, name in (
            (["--listen", f"127.0.0.1:{port}", "--tls-cert", none], {}, "--tls-cert"),
            (["--listen", f"127.0.0.1:{port}"], {"LEAKLAB_TLS_CERT": none}, "LEAKLAB_TLS_CERT"),
            (["--target", f"https://127.0.0.1:{port}", "--ca-file", none], {}, "--ca-file")):
        told = check(*arguments, **extra)
        assert (told.returncode, told.stderr) == (2, f"leaklab healthcheck: {name}: {none}: No such file or directory\n")
    # That of a daemon here is nothing to another one.
    told = check("--target", f"http://127.0.0.1:{port}", LEAKLAB_TLS_CERT=none)
    assert told.returncode == 1 and "connect" in told.stderr


def test_somebody_who_does_not_answer():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = check("--target", f"http://127.0.0.1:{silent.getsockname()[1]}", "--timeout", "50ms")
    assert told.returncode == 1
    assert "timed out" in told.stderr


def test_a_daemon_that_is_stopped_in_its_tracks(daemon):
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        assert check("--listen", daemon.address, "--timeout", "50ms").returncode == 1
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    assert check("--listen", daemon.address, "--timeout", "20s").returncode == 0


@pytest.mark.parametrize("answer, says", [
    ("200 OK", "answers 200, but not as leaklab does"),
    ("503 Busy", "answers 503, but not as leaklab does"),
])
def test_another_service_on_that_port(answer, says):
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        asking = subprocess.Popen([leaklab.BINARY, "healthcheck", "--listen", address, "--timeout", "20s"],
                                  env=leaklab.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        connection, _ = other.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(f"HTTP/1.1 {answer}\r\nContent-Length: 5\r\n\r\nhello".encode())
            said, complaint = asking.communicate(timeout=30)
    assert (asking.returncode, said) == (1, "")
    assert complaint == f"unhealthy: http://{address}/healthz {says}\n"


@pytest.mark.parametrize("arguments, word", [
    (["--target", "127.0.0.1:9777"], "--target"),
    (["--target", "http://"], "--target"),
    (["--target", "http://" + "x" * 600], "--target"),
    (["--listen", "127.0.0.1:0"], "--listen"),
    (["--listen", "nowhere"], "--listen"),
    (["--timeout", "0s"], "--timeout"),
    (["--timeout", "soon"], "--timeout"),
    (["surplus"], "surplus"),
], ids=lambda value: value[0] if isinstance(value, list) else "")
def test_refuses_what_it_does_not_know(arguments, word):
    told = check(*arguments)
    assert told.returncode == 2 and word in told.stderr and told.stdout == ""


def test_libcurl_is_loaded_by_whoever_asks_and_not_by_the_daemon(daemon, tmp_path):
    """With it would come thirty more libraries, and with them most of the time in which a daemon starts."""
    daemon.get("/metrics")
    mapped = Path(f"/proc/{daemon.process.pid}/maps").read_text()
    assert "libmicrohttpd" in mapped and "libcurl" not in mapped
    (tmp_path / "libcurl.so.4").write_text("not a library")
    told = check("--listen", daemon.address, LD_LIBRARY_PATH=str(tmp_path))
    assert told.returncode == 1 and told.stderr.startswith("leaklab healthcheck: ") and "libcurl" in told.stderr, told
