"""Whoever comes anew is answered, however many connections are held open, and one address gets no more than it may."""

import resource
import socket

import pytest

import leaklab

CROWD = 10000

# What is sent on each of the crowd's connections, which nobody ever says more on.
HALVES = {
    "nothing": b"",
    "half a request line": b"GET /met",
    "half a head": b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "half a body": b"POST /scenario HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    "an answer that is not read": b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 20,
}


@pytest.fixture(name="crowd", scope="module")
def crowd_():
    """How many connections this process may hold, CROWD at most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CROWD + 500 if hard == resource.RLIM_INFINITY else min(CROWD + 500, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield min(CROWD, max(soft, wanted) - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def hold(daemon, count, said):
    held = []
    for _ in range(count):
        connection = socket.create_connection((daemon.host, daemon.port), timeout=30)
        held.append(connection)
        try:
            connection.sendall(said)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has made room already
    return held


def let_go(held):
    for connection in held:
        connection.close()


@pytest.mark.parametrize("said", HALVES)
def test_a_crowd_that_says_half_keeps_nobody_out(daemon, said):
    held = hold(daemon, 600, HALVES[said])
    try:
        for _ in range(5):
            assert daemon.request("GET", "/metrics", timeout=5).status == 200
    finally:
        let_go(held)
    leaklab.eventually(lambda: daemon.open_descriptors() < 100, what="closed connections")


def test_ten_thousand_connections_keep_nobody_out(daemon, crowd):
    held = []
    try:
        for part in range(10):
            held += hold(daemon, crowd // 10, list(HALVES.values())[part % 4])
            assert daemon.request("GET", "/metrics", timeout=5).status == 200
    finally:
        let_go(held)
    leaklab.eventually(lambda: daemon.open_descriptors() < 100, what="closed connections")


def says(connection, daemon):
    connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {daemon.address}\r\n\r\n".encode())
    return connection.recv(65536)


def test_one_address_has_so_many_connections(serve):
    daemon = serve("--connections-per-address", "3")
    held = hold(daemon, 3, b"")
    for connection in held:
        assert says(connection, daemon).startswith(b"HTTP/1.1 200")
    newest = hold(daemon, 1, b"")
    assert says(newest[0], daemon).startswith(b"HTTP/1.1 200")
    assert held[0].recv(1) == b""  # it had waited longest
    assert says(held[2], daemon).startswith(b"HTTP/1.1 200")
    let_go(held + newest)


def test_one_address_makes_so_many_requests(serve):
    daemon = serve("--requests-per-address", "1")
    answers = [daemon.get("/version") for _ in range(20)]
    assert answers[0].status == 200
    refused = [answer for answer in answers if answer.status == 429]
    assert refused and refused[0].headers["Retry-After"] == "1"
    assert refused[0].headers["Content-Type"] == "application/problem+json"
    assert "--requests-per-address" in refused[0].json()["detail"]
    assert all(daemon.get("/healthz").status == 200 for _ in range(20))


@pytest.mark.parametrize("flag, value", [("--connections-per-address", "0"), ("--connections-per-address", "257"),
                                         ("--requests-per-address", "0"), ("--requests-per-address", "1/s")])
def test_limits_that_cannot_be_are_refused(flag, value):
    answer = leaklab.run("serve", flag, value)
    assert answer.returncode == 2 and flag in answer.stderr
