"""Which tasks are leaked, and why, over HTTP; and the same as profiles that the real `go tool pprof` reads."""

import re
import shutil
import subprocess

import pytest

NO_TASK = "0" * 16
needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="there is no go, which brings pprof (package golang-go)")


@pytest.fixture
def leaking(daemon):
    """2,000 tasks that are stuck, 50 endless ones, and 300 that are fine."""
    daemon.spawn("leak-recv", name="stuck", n=2000, linger="20ms")
    daemon.spawn("leak-ticker", name="endless", n=50, linger="20ms")
    daemon.spawn("fix-recv", name="fine", n=300)
    daemon.when_state("stuck", "leaked")
    daemon.when_state("endless", "leaked")
    daemon.when_live("fine", 301)
    return daemon


def tasks(daemon, query=""):
    answer = daemon.get(f"/debug/tasks?format=json{query}")
    assert answer.status == 200, answer
    return answer.json()


def test_the_text_says_what_would_have_freed_them(leaking):
    answer = leaking.get("/debug/tasks")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "2,351 tasks, 2,050 leaked: 2,000 stuck, 50 endless" in answer.text
    assert re.search(r"2,000 tasks wait at recv\.yaml:\d+ `recv jobs`: no task that still runs sends on or closes `jobs`; "
                     r"spawned at recv\.yaml:\d+\.", answer.text)
    assert re.search(r"50 tasks go on for ever at ticker\.yaml:\d+ `tick t`: its owner has left", answer.text)


def test_groups_come_leaked_first_and_agree_with_the_metrics(leaking):
    answer = tasks(leaking)
    assert [(group["tasks"], group["verdict"]) for group in answer["groups"]] == [
        (2000, "stuck"), (50, "endless"), (300, "live"), (1, "live")]
    assert answer["leaked"] == {"stuck": 2000, "endless": 50} and answer["judged"] is True
    stuck = answer["groups"][0]
    assert stuck["states"] == {"recv": 2000} and stuck["scenarios"] == ["stuck"] and stuck["held_bytes"] == 2000 * 1024
    assert stuck["spawned"][0]["statement"] == "spawn consumer * n" and len(stuck["oldest"]) == 5
    assert answer["groups"][2]["why"] is None
    scrape = leaking.scrape()
    assert answer["tasks"] == scrape.sum("leaklab_tasks")
    assert answer["leaked"]["stuck"] == scrape.sum("leaklab_tasks_leaked", verdict="stuck")
    assert answer["leaked"]["endless"] == scrape.sum("leaklab_tasks_leaked", verdict="endless")


def test_a_mix_shows_both_of_its_sides(daemon):
    daemon.spawn("mix-recv", name="mixed", n=2, rate=200, linger="50ms", duration="1s", leak_share="50%")
    daemon.when_state("mixed", "leaked")
    answer = tasks(daemon, "&scenario=mixed")
    assert {group["variant"] for group in answer["groups"]} == {"leak"}
    assert answer["leaked"]["stuck"] == answer["tasks"] > 0


def test_filters(leaking):
    assert tasks(leaking, "&leaked=true")["tasks"] == 2050
    assert tasks(leaking, "&leaked=false")["tasks"] == 2351
    assert tasks(leaking, "&pattern=ticker")["tasks"] == 50
    assert tasks(leaking, "&scenario=fine")["tasks"] == 301
    assert tasks(leaking, "&scenario=fine&leaked=true")["groups"] == []
    few = tasks(leaking, "&limit=1")
    assert len(few["groups"]) == 1 and few["group_count"] == 4 and few["tasks_in_other_groups"] == 351


def test_since_a_token_there_is_what_came_later(leaking):
    token = tasks(leaking)["token"]
    assert tasks(leaking, f"&pattern=recv&since={token}")["tasks"] == 0
    leaking.spawn("leak-recv", name="late", n=70, linger="20ms")
    leaking.when_state("late", "leaked")
    later = tasks(leaking, f"&pattern=recv&since={token}")
    assert later["since"] == token and later["tasks"] == 70 and later["groups"][0]["scenarios"] == ["late"]


def test_one_task(leaking):
    example = tasks(leaking, "&leaked=true")["groups"][0]["oldest"][0]["id"]
    task = leaking.get(f"/debug/tasks/{example}").json()
    assert task["id"] == example and task["verdict"] == "stuck" and task["scenario"] == "stuck"
    assert task["sees"][0]["name"] == "jobs" and task["sees"][0]["receivers_waiting"] == 2000
    assert task["events"][-1] == {"event": "judged stuck"}
    assert leaking.get("/debug/tasks/" + NO_TASK).status == 404
    leaking.delete("/scenario/stuck?reclaim=true")
    assert leaking.get(f"/debug/tasks/{example}").status == 404


@pytest.mark.parametrize("query, status", [
    ("leaked=1", 422), ("leaked", 422), ("leaked=true&leaked=true", 422), ("limit=0", 422), ("limit=1001", 422), ("limit=-1", 422),
    ("limit=99999999999999999999", 422), ("format=xml", 422), ("since=", 422), ("since=0-0", 422), ("since=" + "f" * 200, 422),
    ("since=ffffffff-ffffffff", 422), ("pattern=nosuch", 422), ("pattern=" + "a" * 300, 422), ("scenario=nosuch", 422),
    ("scenario=%00", 400), ("scenario=%zz", 400), ("debug=1", 422), ("unknown=1", 422)])
def test_other_queries_are_refused(shared, query, status):
    answer = shared.get("/debug/tasks?" + query)
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["x", "-1", "0x0123456789abcd", "FFFFFFFFFFFFFFFF", "f" * 17, "f" * 60])
def test_what_is_no_id_is_not_found(shared, name):
    assert shared.get("/debug/tasks/" + name).status == 404


def test_pprof_refuses_what_it_does_not_know(shared):
    assert shared.get("/debug/pprof/tasks?debug=2").status == 422
    assert shared.get("/debug/pprof/tasks?format=json").status == 422
    assert shared.get("/debug/pprof/goroutine").status == 404
    assert shared.post("/debug/pprof/tasks").status == 405


def test_the_index_names_the_profiles(shared):
    for path in ("/debug/pprof", "/debug/pprof/"):
        text = shared.get(path).text
        assert all(f"/debug/pprof/{kind}" in text for kind in ("tasks", "leaked", "heap"))


def test_profiles_are_given_as_go_gives_them(leaking):
    for path, name in (("/debug/pprof/leaked", "leaked"), ("/debug/tasks?format=pprof", "tasks")):
        answer = leaking.get(path)
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert answer.body[:2] == b"\x1f\x8b"
    text = leaking.get("/debug/pprof/leaked?debug=1").text
    assert text.startswith("leaked profile: total 2050\n2000 @ ")


def pprof(path, *arguments):
    return subprocess.run(["go", "tool", "pprof", *arguments, str(path)], capture_output=True, text=True, timeout=60, check=True).stdout


@needs_go
@pytest.mark.parametrize("kind", ["tasks", "leaked", "heap"])
def test_go_tool_pprof_reads_the_same_totals_as_a_scrape_shows(leaking, tmp_path, kind):
    path = tmp_path / f"{kind}.pb.gz"
    path.write_bytes(leaking.get(f"/debug/pprof/{kind}").body)
    scrape = leaking.scrape()
    total = {"tasks": scrape.sum("leaklab_tasks"), "leaked": scrape.sum("leaklab_tasks_leaked"),
             "heap": scrape.sum("leaklab_task_heap_bytes")}[kind]

    samples = pprof(path, "-raw").partition("Samples:\n")[2].partition("Locations\n")[0]
    rows = re.findall(r"^\s*(\d+)(?:\s+(\d+))?: ", samples, re.MULTILINE)
    counted = sum(int(row[1] if kind == "heap" and row[1] else row[0]) for row in rows)
    assert counted == total
    for label in ("pattern", "variant", "verdict", "state", "scenario"):
        assert f"{label}:[" in samples

    unit = ["-unit=B"] if kind == "heap" else []
    top = pprof(path, "-top", "-nodefraction=0", *unit)
    shown, whole = re.search(r"accounting for ([\d.]+)B?, .* of ([\d.]+)B? total", top).groups()
    assert float(shown) == float(whole) == total
    assert "consumer recv jobs" in top
