"""Limits end the scenario that reaches them, and nothing else."""

import socket

import pytest

import leaklab

MIB = 1024 * 1024


def limit_hits(daemon, limit):
    return daemon.scrape().sum("leaklab_limit_hits_total", limit=limit)


@pytest.mark.parametrize("mode, end", [("leak-recv", "leaked"), ("fix-recv", "finished")])
def test_a_scenario_is_capped_by_its_own_max_tasks(daemon, mode, end):
    daemon.spawn(mode, name="a", n=1000, max_tasks=100)
    scenario = daemon.when_state("a", end)
    assert scenario["cause"] == "capped" and scenario["tasks"]["spawned"] <= 100
    assert limit_hits(daemon, "own_tasks") == 1 and limit_hits(daemon, "tasks") == 0
    assert any("own_tasks" in line.values() for line in daemon.log_lines()), daemon.log.read_text()


def test_a_scenario_is_capped_by_its_own_max_heap(daemon):
    daemon.spawn("leak-recv", name="a", n=1000, holds="1MiB", max_heap="20MiB")
    scenario = daemon.when_state("a", "leaked")
    assert scenario["cause"] == "capped" and 0 < scenario["heap_bytes"] <= 20 * MIB
    assert limit_hits(daemon, "own_heap") == 1 and limit_hits(daemon, "heap") == 0


def test_a_rate_runs_into_its_cap(daemon):
    daemon.spawn("leak-recv", name="a", n=9, rate="100/s", linger="10ms", max_tasks=95)
    scenario = daemon.when_state("a", "leaked")
    assert scenario["cause"] == "capped" and scenario["tasks"]["live"] <= 95


@pytest.mark.parametrize("n", [10 ** 9, 10 ** 12])
def test_a_huge_n_with_a_tiny_cap_is_harmless(daemon, n):
    answer = daemon.post("/scenario", {"mode": "leak-recv", "n": n, "max_tasks": 10})
    if answer.status == 422:
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/n"]
        return
    assert answer.status == 201, answer
    scenario = daemon.when_state(answer.json()["name"], "leaked")
    assert scenario["cause"] == "capped" and scenario["tasks"]["live"] <= 10


def test_the_daemons_task_limit_caps_one_and_leaves_the_others_alone(serve):
    daemon = serve("--max-tasks", "1000")
    daemon.spawn("fix-recv", name="bystander", n=99)
    daemon.when_live("bystander", 100)
    daemon.spawn("leak-recv", name="greedy", n=5000)
    scenario = daemon.when_state("greedy", "leaked")
    assert scenario["cause"] == "capped"
    bystander = daemon.scenario("bystander")
    assert bystander["state"] == "running" and bystander["tasks"]["live"] == 100
    assert daemon.scrape().sum("leaklab_tasks") <= 1000
    assert limit_hits(daemon, "tasks") == 1 and daemon.scrape().value("leaklab_limit_tasks") == 1000


def test_what_cannot_even_begin_is_refused_until_there_is_room(serve):
    daemon = serve("--max-tasks", "50")
    daemon.spawn("leak-recv", name="full", n=49)
    daemon.when_live("full", 50)
    answer = daemon.post("/scenario", {"mode": "fix-recv", "n": 1})
    assert answer.status == 429 and "50" in answer.json()["detail"], answer
    daemon.post("/reset")
    daemon.spawn("fix-recv", n=1)


def test_the_daemons_heap_limit_caps_one_and_leaves_the_others_alone(serve):
    daemon = serve("--max-heap", "64MiB")
    daemon.spawn("fix-recv", name="bystander", n=9)
    daemon.when_live("bystander", 10)
    daemon.spawn("leak-recv", name="greedy", n=500, holds="1MiB")
    scenario = daemon.when_state("greedy", "leaked")
    assert scenario["cause"] == "capped" and scenario["heap_bytes"] <= 64 * MIB
    assert daemon.scenario("bystander")["state"] == "running"
    assert limit_hits(daemon, "heap") == 1
    assert daemon.delete("/scenario/greedy?reclaim=true").json()["receipt"]["bytes_freed"] > 0
    assert daemon.scrape().sum("leaklab_task_heap_bytes") == daemon.scenario("bystander")["heap_bytes"]


def test_connections_are_bounded_and_scrapes_come_back(daemon):
    idle = daemon.open_descriptors()
    crowd = []
    try:
        for _ in range(600):
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex((daemon.host, daemon.port))
            crowd.append(connection)
        leaklab.eventually(lambda: daemon.open_descriptors() >= idle + 150, what="a crowd")
        assert daemon.open_descriptors() <= idle + 300
    finally:
        for connection in crowd:
            connection.close()
    leaklab.eventually(lambda: answers(daemon), what="a scrape after the crowd")


def answers(daemon):
    try:
        return daemon.get("/metrics").status == 200
    except OSError:
        return False


@pytest.mark.release
@pytest.mark.limit(90)
def test_idle_and_slow_clients_are_hung_up_on(daemon):
    starts = [b"", b"GET /metr", b"GET /healthz HTTP/1.1\r\nHost: x\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
              b"POST /scenario HTTP/1.1\r\nHost: " + daemon.address.encode() +
              b"\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"mode\":"]
    clients = []
    for start in starts:
        client = socket.create_connection((daemon.host, daemon.port), timeout=60)
        client.sendall(start)
        clients.append(client)
    for client in clients:
        try:
            while client.recv(65536):
                pass
        except ConnectionResetError:
            pass
        client.close()
    assert daemon.get("/healthz").status == 200
    assert daemon.get("/scenario").json()["scenarios"] == []
