"""Scenarios in YAML, over HTTP and from a file, and what a panic looks like from outside."""

import pytest

from leaklab import eventually, free_port, run

SEQUENCE = """\
# The day's load, and the bug a little later.
- mode: fix-recv
  n: 20
  name: day
- {mode: leak-recv, n: 30, at: 10ms, name: the-bug}
"""


@pytest.mark.parametrize("kind", ["application/yaml", "application/x-yaml", "text/yaml"])
def test_post_yaml(daemon, kind):
    answer = daemon.post("/scenario", "mode: leak-recv\nn: 7\nrate: 5/s\njitter: 2%\nname: y\n", Content_Type=kind)
    assert answer.status == 201
    spec = answer.json()["spec"]
    assert (spec["n"], spec["rate"], spec["jitter"]) == (7, 5, "2%")
    dry = daemon.post("/scenario", "{mode: leak-recv, dry_run: true}", Content_Type=kind)
    assert dry.status == 200 and dry.json()["dry_run"] is True


def test_post_a_list(daemon):
    answer = daemon.post("/scenario", SEQUENCE, Content_Type="application/yaml")
    assert answer.status == 201
    assert [each["name"] for each in answer.json()["scenarios"]] == ["day", "the-bug"]
    daemon.when_live("the-bug", 31)


def test_faults(daemon):
    wrong = daemon.post("/scenario", "- mode: leak-recv\n- mode: leek-recv\n", Content_Type="application/yaml")
    assert wrong.status == 422 and wrong.json()["errors"][0]["pointer"] == "/1/mode"
    broken = daemon.post("/scenario", "mode: leak-recv\n  n: 2\n", Content_Type="application/yaml")
    assert broken.status == 422 and broken.json()["errors"][0]["line"] == 2
    scalar = daemon.post("/scenario", "leak-recv", Content_Type="application/yaml")
    assert scalar.status == 400
    foreign = daemon.post("/scenario", SEQUENCE, Content_Type="application/yaml", Origin="http://evil.example")
    assert foreign.status == 403


@pytest.mark.parametrize("name", ["day.yaml", "day.yml", "day"])
def test_a_file(serve, tmp_path, name):
    path = tmp_path / name
    path.write_text(SEQUENCE)
    daemon = serve("--scenario", path)
    eventually(lambda: daemon.get("/readyz").status == 200)
    daemon.when_live("the-bug", 31)
    daemon.when_live("day", 21)


def test_a_file_with_faults(tmp_path):
    path = tmp_path / "day.yaml"
    path.write_text("- mode: leak-recv\n- n: *x\n- n: 1e999\n")
    told = run("serve", "--listen", f"127.0.0.1:{free_port()}", "--scenario", path)
    assert told.returncode == 2
    assert f"{path}:2:6: aliases (*name) are not part of the language: write it out" in told.stderr.splitlines()
    path.write_text("- mode: leek-recv\n")
    told = run("serve", "--listen", f"127.0.0.1:{free_port()}", "--scenario", path)
    assert told.returncode == 2 and "/0/mode: unknown mode" in told.stderr


def test_a_panic_is_shown_and_logged_once_a_step(daemon):
    name = daemon.spawn("leak-close", n=5, linger="50ms")
    scenario = daemon.scenario_when(name, lambda each: each["tasks"]["ended"]["panicked"] == 4)
    assert len(scenario["panics"]) == 1
    panic = scenario["panics"][0]
    line = panic.pop("line")
    source = daemon.get("/patterns/close").json()["source"].splitlines()
    assert "close" in source[line - 1]
    assert panic.pop("step").startswith("close ")
    assert panic == {"file": "close.yaml", "why": "close of closed channel", "count": 4}
    lines = [each for each in daemon.log_lines() if each["message"] == "a task panicked"]
    assert len(lines) == 1
    assert lines[0]["level"] == "warn" and lines[0]["place"] == f"close.yaml:{line}"
    assert (lines[0]["pattern"], lines[0]["variant"], lines[0]["why"]) == ("close", "leak", "close of closed channel")
    quiet = daemon.spawn("fix-close", n=5, linger="50ms")
    assert daemon.when_state(quiet, "finished")["panics"] == []
