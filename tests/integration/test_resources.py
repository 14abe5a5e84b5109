"""What C services leak, with the real thing behind it: it shows in what the system says of the process, a cancel leaves
it, a reclaim brings everything back, and a limit ends one scenario and nothing else."""

import os
import resource
import socket

import pytest

import leaklab

N = 30
KINDS = {"file": "file", "socket": "socket", "handle": "handle", "thread": "thread", "threadpool": "job"}


def descriptors(scrape):
    return scrape.value("process_open_fds")


def timers(scrape):
    return scrape.value("leaklab_uv_handles", handle="timer")


def vital(daemon):
    """What the system says. A scrape counts its own connection, and the one before it where that is still being closed:
    compare it by way of `rests_at`."""
    scrape = daemon.scrape()
    return {"fds": descriptors(scrape), "threads": scrape.value("process_threads"), "timers": timers(scrape)}


def moved(pattern):
    """How far each of them moves with a leak of N."""
    return {"fds": N if pattern in ("file", "socket") else 0, "threads": N if pattern == "thread" else 0,
            "timers": N if pattern == "handle" else 0}


def resources(daemon, pattern, variant="leak"):
    return daemon.scrape().sum("leaklab_resources", pattern=pattern, variant=variant, kind=KINDS[pattern])


def settled(daemon):
    """The process as it is when nobody else asks it anything."""
    def steady(now):
        return all(vital(daemon) == now for _ in range(5))

    return leaklab.eventually(lambda: vital(daemon), steady, what="a process at rest")


def rests_at(daemon, expected):
    leaklab.eventually(lambda: vital(daemon), lambda now: now == expected, what=f"{expected}")


@pytest.mark.parametrize("pattern", KINDS)
def test_a_leak_shows_outlasts_a_cancel_and_is_reclaimed(daemon, pattern):
    before = settled(daemon)
    after = {name: value + moved(pattern)[name] for name, value in before.items()}
    daemon.spawn(f"leak-{pattern}", name="a", n=N, linger="30ms")
    scenario = daemon.when_state("a", "leaked")
    assert scenario["resources"] == {KINDS[pattern]: N} and scenario["tasks"]["live"] == 0
    assert resources(daemon, pattern) == N
    rests_at(daemon, after)

    daemon.delete("/scenario/a")
    assert resources(daemon, pattern) == N
    rests_at(daemon, after)

    assert daemon.delete("/scenario/a?reclaim=true").json()["state"] == "finished"
    assert resources(daemon, pattern) == 0
    rests_at(daemon, before)
    if not leaklab.sanitized():
        leaklab.eventually(daemon.open_descriptors, lambda now: now <= before["fds"], what="the descriptors of before")
        assert len(os.listdir(f"/proc/{daemon.process.pid}/task")) == before["threads"]


@pytest.mark.parametrize("pattern", KINDS)
def test_the_fix_leaves_nothing(daemon, pattern):
    before = settled(daemon)
    daemon.spawn(f"fix-{pattern}", name="a", n=N, linger="30ms")
    assert daemon.when_state("a", "finished")["resources"] == {}
    rests_at(daemon, before)


def delay(daemon):
    return daemon.scrape().value("leaklab_threadpool_delay_seconds")


def test_a_blocked_pool_starves_the_canary_and_nobody_who_matters(serve):
    daemon = serve(UV_THREADPOOL_SIZE="4")
    daemon.spawn("leak-threadpool", name="a", n=4, linger="30ms")
    leaklab.eventually(lambda: delay(daemon), lambda now: now > 2, what="a canary that waits")
    daemon.spawn("fix-threadpool", name="b", n=20, linger="30ms")
    daemon.when_state("b", "finished")
    daemon.delete("/scenario/a?reclaim=true")
    leaklab.eventually(lambda: delay(daemon), lambda now: now < 1, what="a canary that is back")


def test_a_daemon_with_all_of_it_still_open_stops_cleanly(daemon):
    for pattern in KINDS:
        daemon.spawn(f"leak-{pattern}", name=pattern, n=N, linger="30ms")
    for pattern in KINDS:
        daemon.when_state(pattern, "leaked")
    assert daemon.stop() == 0


@pytest.mark.parametrize("flag, limit, pattern", [
    ("--max-descriptors", "descriptors", "file"),
    ("--max-descriptors", "descriptors", "socket"),
    ("--max-handles", "handles", "handle"),
    ("--max-threads", "threads", "thread"),
    ("--max-jobs", "jobs", "threadpool"),
])
def test_a_limit_ends_the_scenario_that_reaches_it(serve, flag, limit, pattern):
    daemon = serve(flag, "20")
    daemon.spawn("fix-recv", name="bystander", n=10)
    daemon.spawn(f"leak-{pattern}", name="a", n=N, linger="10s")
    scenario = daemon.when_state("a", "leaked")
    assert (scenario["cause"], scenario["capped_by"]) == ("capped", limit)
    assert scenario["resources"] == {KINDS[pattern]: 20}
    scrape = daemon.scrape()
    assert scrape.value(f"leaklab_limit_{limit}") == 20
    assert scrape.sum("leaklab_limit_hits_total", limit=limit) == 1
    assert daemon.scenario("bystander")["state"] == "running"


def test_near_the_systems_limit_a_scenario_ends_and_connections_still_come_in(serve):
    """Its own limit is far above what the system allows."""
    daemon = serve("--max-descriptors", "1000000")
    _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (200, hard))
    daemon.spawn("leak-file", name="a", n=1000, linger="10s")
    scenario = daemon.when_state("a", "leaked")
    assert (scenario["cause"], scenario["capped_by"]) == ("capped", "descriptors")
    assert 0 < scenario["resources"]["file"] <= 150
    held = [socket.create_connection((daemon.host, daemon.port), timeout=30) for _ in range(300)]
    for _ in range(5):
        assert daemon.request("GET", "/metrics", timeout=5).status == 200
    assert daemon.delete("/scenario/a?reclaim=true").status == 200
    for connection in held:
        connection.close()


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "99999999999"])
def test_a_limit_is_a_whole_number(value):
    done = leaklab.run("serve", "--max-threads", value)
    assert done.returncode == 2 and "--max-threads" in done.stderr and "0 to 10000000" in done.stderr
