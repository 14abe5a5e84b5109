"""However it misbehaves, the daemon stays within its walls: it is not killed, goes on answering, and can be told to stop."""

import json
import os
import pathlib
import re
import socket
import subprocess
import time

import pytest

import leaklab

MIB = 1024 * 1024
WALL = 256 * MIB
SECONDS_EACH = 0.7  # for a pattern to get as far as it can
GROUPS = (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"))


def behind(*wrapper):
    """What starts the daemon by a program that then becomes it."""
    return lambda command, **how: subprocess.Popen([*wrapper, *command], **how)


ADDRESS_SPACE = behind("prlimit", f"--as={WALL}")


@pytest.fixture
def control_group():
    """The folder of a control group that may have 256 MiB of memory, gone afterwards."""
    for mount, limit in GROUPS:
        group = pathlib.Path(mount) / f"leaklab-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / limit).write_text(str(WALL))
            yield group
            return
        except OSError:
            continue
        finally:
            leaklab.eventually(lambda: (group / "cgroup.procs").read_text() == "", what="an empty control group")
            group.rmdir()
    pytest.skip("no control group for memory can be made here")


@pytest.fixture(params=["control group", "address space"])
def walled(request):
    """A daemon that may have 256 MiB. It ends before its control group does."""
    if request.param == "address space":
        launch = ADDRESS_SPACE
    else:
        group = request.getfixturevalue("control_group")
        launch = behind("sh", "-c", f'echo $$ > {group / "cgroup.procs"} && exec "$@"', "sh")
    return request.getfixturevalue("serve")(launch=launch)


def modes(daemon):
    for pattern in daemon.get("/patterns").json()["patterns"]:
        yield from (mode for mode in pattern["modes"] if not mode.startswith("mix-"))


def run_wild(daemon, mode):
    """As many starts as can be asked for, until a limit ends them or the time is over."""
    answer = daemon.post("/scenario", {"mode": mode, "rate": "1000000/s", "linger": "1h"})
    assert answer.status == 201, (mode, answer)
    end = time.monotonic() + SECONDS_EACH
    while time.monotonic() < end and daemon.scenario(answer.json()["name"])["state"] in ("starting", "running"):
        assert daemon.get("/metrics").status == 200, mode
    assert daemon.get("/metrics").status == 200, mode
    assert daemon.post("/reset").status == 200, mode
    leaklab.eventually(lambda: daemon.scrape().sum("leaklab_tasks") == 0, what=f"the end of {mode}")


@pytest.mark.release
@pytest.mark.limit(240)
def test_every_pattern_at_full_rate_stays_within_its_memory(walled):
    for mode in modes(walled):
        run_wild(walled, mode)
        assert walled.process.poll() is None, mode


@pytest.mark.release
@pytest.mark.limit(120)
def test_a_limit_beyond_what_there_is_ends_the_scenario_and_not_the_daemon(serve):
    daemon = serve("--max-heap", "4GiB", "--max-tasks", "100000000", launch=ADDRESS_SPACE)
    for turn in range(3):
        daemon.spawn("leak-recv", name=f"a{turn}", n=10_000_000)
        daemon.when_state(f"a{turn}", "leaked")
        assert daemon.scrape().value("leaklab_limit_heap_bytes") < WALL
        assert daemon.post("/reset").status == 200
        assert daemon.scrape().sum("leaklab_tasks") == 0
    assert daemon.scrape().sum("leaklab_limit_hits_total", limit="memory") >= 1
    assert any(line["message"] == "the system has no more memory" for line in daemon.log_lines())


def most_resident(daemon):
    return 1024 * int(re.search(r"^VmHWM:\s+(\d+) kB$", pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text(), re.M).group(1))


@pytest.mark.release
def test_answers_that_nobody_reads_stay_within_bounds(serve, tmp_path):
    """A thousand scenarios make a megabyte, for each connection that asks for it. Of a Unix socket the system takes little of that."""
    daemon = serve(listen=f"unix:{tmp_path / 'socket'}")
    for part in range(9):
        assert daemon.post("/scenario", [{"mode": "leak-empty-select", "name": f"a{part}-{i}"} for i in range(100)]).status == 201
    before, lazy, heard = most_resident(daemon), [], []
    for _ in range(40):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(daemon.unix_path)
        connection.sendall(b"GET /scenario HTTP/1.1\r\nHost: localhost\r\n\r\n")
        heard.append(connection.recv(12))
        lazy.append(connection)
    assert set(heard) == {b"HTTP/1.1 200", b"HTTP/1.1 429"}
    assert daemon.get("/metrics").status == 200
    assert most_resident(daemon) - before < 80 * MIB
    for connection in lazy:
        connection.close()
    leaklab.eventually(lambda: daemon.get("/scenario"), lambda answer: answer.status == 200, what="room for answers")


def cpu_seconds(daemon):
    return daemon.scrape().value("process_cpu_seconds_total")


SPIN = {"pattern": "spin", "title": "t", "story": "s", "remedy": "r", "expect": {"leak": 1},
        "leak": {"main": ["spawn spinner"], "spinner": [{"loop": ["work 1ms"]}]}}


@pytest.mark.release
def test_a_share_of_the_processor_is_not_exceeded(serve):
    daemon = serve("--cpu-share", "20%")
    assert daemon.request("POST", "/patterns", json.dumps(SPIN), {"Content-Type": "application/json"}).status == 201
    daemon.spawn("leak-spin")
    turns = daemon.scrape().value("leaklab_loop_turns_total")
    began, used = time.monotonic(), cpu_seconds(daemon)
    leaklab.eventually(lambda: daemon.scrape().value("leaklab_loop_turns_total") >= turns + 300, what="300 turns")
    time_passed, used = time.monotonic() - began, cpu_seconds(daemon) - used
    assert used < time_passed * 0.4, (used, time_passed)  # scrapes have their share as well
    assert daemon.post("/reset").status == 200


@pytest.mark.parametrize("flag, text", [("--cpu-share", "0%"), ("--cpu-share", "101%"), ("--cpu-share", "20"), ("--cpu-share", "1.5%"),
                                        ("--oom-score-adj", "1001"), ("--oom-score-adj", "-1"), ("--oom-score-adj", "much")])
def test_other_shares_and_scores_are_refused(flag, text):
    answer = leaklab.run("serve", "--listen", "127.0.0.1:0", f"{flag}={text}")
    assert answer.returncode == 2
    assert flag in answer.stderr and text in answer.stderr and ("1% to 100%" in answer.stderr or "0 to 1000" in answer.stderr)


def oom_score(process):
    return int(pathlib.Path(f"/proc/{process}/oom_score_adj").read_text())


@pytest.mark.parametrize("arguments, score", [((), 1000), (("--oom-score-adj", "500"), 500), (("--oom-score-adj", "0"), None)])
def test_the_kernel_ends_it_first(serve, arguments, score):
    daemon = serve(*arguments)
    own = oom_score("self")
    assert oom_score(daemon.process.pid) == max(own, own if score is None else score)
