"""Stopped for a while, or killed at any moment: the books balance, and the next daemon begins as the first one did."""

import email.utils
import pathlib
import random
import signal
import socket
import time

import pytest

import leaklab

# Seconds: longer than any beat, grace or settling time of the daemon; where it counts, longer than any connection may last.
STOPPED = 3 if leaklab.sanitized() else 32


def balance(scrape):
    live = scrape.sum("leaklab_tasks")
    assert live == scrape.sum("leaklab_tasks_spawned_total") - scrape.sum("leaklab_tasks_ended_total")
    return live


def stopped(pid):
    """Each thread stops by itself, as soon as it would run: until then it may still take a connection."""
    states = [stat.read_text().rpartition(")")[2].split()[0] for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(states) == {"T"}


@pytest.mark.limit(120)
def test_a_daemon_that_was_suspended_goes_on(daemon):
    daemon.spawn("leak-recv", name="once", n=50)
    daemon.spawn("fix-ticker", name="often", n=3, rate="50/s", linger="20ms")
    daemon.spawn("fix-recv", name="brief", n=3, duration="1s")
    daemon.when_live("once", 51)
    half = socket.create_connection((daemon.host, daemon.port), timeout=60)
    half.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
    daemon.process.send_signal(signal.SIGSTOP)
    leaklab.eventually(lambda: stopped(daemon.process.pid), what="a daemon whose every thread stands still")
    asked = socket.create_connection((daemon.host, daemon.port), timeout=60)
    asked.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    time.sleep(STOPPED)
    daemon.process.send_signal(signal.SIGCONT)
    assert asked.recv(12) == b"HTTP/1.1 200"  # it came while nobody could answer, and has waited
    asked.close()
    assert daemon.when_state("brief", "finished")["cause"] == "expired"
    half.close()
    before = daemon.scenario("often")["starts"]
    daemon.scenario_when("often", lambda scenario: scenario["starts"] > before)
    assert daemon.scenario("once")["tasks"]["live"] == 51
    balance(daemon.scrape())
    assert daemon.post("/reset").status == 200
    assert balance(daemon.scrape()) == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_daemon_that_was_killed_can_be_started_again(tmp_path, seed):
    """On the same port, at once; nothing is left in the way."""
    chance = random.Random(seed)
    listen = f"127.0.0.1:{leaklab.free_port()}"
    for life in range(4):
        daemon = leaklab.Daemon("--demo", log=tmp_path / f"{life}.log", listen=listen)
        try:
            if life > 0:
                daemon.spawn("leak-recv", n=2000)
            balance(daemon.scrape())
            time.sleep(chance.random() * 0.05)
        finally:
            daemon.process.kill()
            daemon.process.wait()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{life}.log" for life in range(4)]


YEAR = 365 * 86400


@pytest.mark.release
@pytest.mark.parametrize("seconds", [3600, 30 * YEAR, -3600, -30 * YEAR])
def test_a_wall_clock_that_is_set_moves_nothing_but_the_date(serve, tmp_path, seconds):
    jump = tmp_path / "jump"
    daemon = serve("--judge-interval", "200ms", LD_PRELOAD=str(leaklab.BINARY.parent / "jump.so"), JUMP_FILE=str(jump))
    daemon.spawn("leak-recv", name="once", n=50, linger="50ms")
    daemon.spawn("fix-ticker", name="often", n=3, rate="50/s", linger="20ms")
    daemon.spawn("fix-recv", name="lasting", n=3, duration="1h")
    daemon.when_state("once", "leaked")
    first = daemon.get("/timeline").json()
    started = daemon.scrape().value("process_start_time_seconds")
    jump.write_text(str(seconds))
    date = email.utils.parsedate_to_datetime(daemon.get("/healthz").headers["Date"]).timestamp()
    assert abs(date - time.time() - seconds) < 600  # it sees that clock

    starts = daemon.scenario("often")["starts"]
    often = daemon.scenario_when("often", lambda scenario: scenario["starts"] > starts + 20)
    assert often["starts"] < starts + 5000  # nobody makes up for the years
    assert daemon.scenario("lasting")["state"] == "running"
    assert 0 <= daemon.scenario("once")["age_seconds"] < 600
    second = daemon.get(f"/timeline?since={first['next']}").json()
    assert first["now_ms"] < second["now_ms"] < first["now_ms"] + 600_000 and not second["whole"]
    assert daemon.scrape().value("process_start_time_seconds") == started
    judged = daemon.scrape().value("leaklab_judge_runs_total")
    leaklab.eventually(lambda: daemon.scrape().value("leaklab_judge_runs_total") > judged, what="another look of the judge")
    balance(daemon.scrape())
    assert daemon.delete("/scenario/lasting").status == 200
