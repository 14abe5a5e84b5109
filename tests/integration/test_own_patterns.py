"""Patterns of one's own: added from a folder and over HTTP, run, replaced, removed; and hostile ones."""

import concurrent.futures
import json
import os
import threading

import pytest

from leaklab import run

YAML = """\
pattern: mine
title: A queue that nobody reads
story: The reader was removed, the writers were not.
remedy: Remove the writers too.
params:
  n: {default: 5, unit: tasks, about: writers in one start}
share:
  queue: channel
leak:
  main:
    - spawn writer * n
  writer:
    - send queue
fix:
  main:
    - spawn writer * n
  writer:
    - select:
        send queue:
        done: exit
expect: {leak: n, fix: 0}
"""

AS_JSON = {
    "pattern": "mine", "title": "Emoji \U0001f600", "story": "s", "remedy": "r", "share": {"queue": "channel"},
    "leak": {"main": ["spawn writer * 2"], "writer": ["send queue"]}, "expect": {"leak": "2"},
}


def post(daemon, text, kind="application/yaml"):
    body = text if isinstance(text, (str, bytes)) else json.dumps(text)
    return daemon.request("POST", "/patterns", body, {"Content-Type": kind})


def folder(path, **files):
    path.mkdir()
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text)
    return path


def test_add_run_replace_remove(daemon):
    added = post(daemon, YAML)
    assert added.status == 201
    assert added.headers["Location"] == "/patterns/mine"
    assert added.json() == daemon.get("/patterns/mine").json()
    assert added.json()["own"] and added.json()["source"] == YAML
    assert [each["name"] for each in daemon.get("/patterns").json()["patterns"] if each["own"]] == ["mine"]
    # Its counters are there from the start.
    assert daemon.scrape().value("leaklab_tasks_spawned_total", pattern="mine", variant="leak") == 0

    daemon.spawn("leak-mine", n=7, name="one")
    daemon.when_live("one", 8)
    refused = post(daemon, YAML)
    assert refused.status == 409 and '"one"' in refused.json()["detail"]
    assert daemon.delete("/patterns/mine").status == 409
    assert daemon.scrape().value("leaklab_tasks", pattern="mine", variant="leak", state="send") == 7
    assert daemon.delete("/scenario/one?reclaim=true").status == 200

    replaced = post(daemon, AS_JSON, "application/json")
    assert replaced.status == 200 and "Location" not in replaced.headers
    assert replaced.json()["file"] == "mine.json"
    # What was counted for the old text goes on.
    assert daemon.scrape().value("leaklab_tasks_spawned_total", pattern="mine", variant="leak") == 8
    daemon.spawn("leak-mine", name="two")
    daemon.when_live("two", 3)
    assert daemon.scrape().value("leaklab_tasks_spawned_total", pattern="mine", variant="leak") == 11
    assert daemon.delete("/scenario/two?reclaim=true").status == 200

    assert daemon.delete("/patterns/mine").json() == {"name": "mine", "removed": True}
    assert daemon.get("/patterns/mine").status == 404
    assert daemon.delete("/patterns/mine").status == 404
    assert daemon.get("/scenario/two").json()["mode"] == "leak-mine"
    # What has appeared stays.
    assert daemon.scrape().value("leaklab_tasks_spawned_total", pattern="mine", variant="leak") == 11


def test_a_dry_run_changes_nothing(daemon):
    def check(text):
        return daemon.request("POST", "/patterns?dry_run=true", text, {"Content-Type": "application/yaml"})

    checked = check(YAML)
    assert checked.status == 200
    assert checked.headers["Location"] is None
    assert checked.json()["source"] == YAML
    assert daemon.get("/patterns/mine").status == 404
    assert daemon.get("/metrics").text.count('pattern="mine"') == 0
    assert post(daemon, YAML).status == 201
    assert check(YAML.replace("title: A queue", "title: The queue")).status == 200
    assert daemon.get("/patterns/mine").json()["source"] == YAML
    assert check(YAML.replace("send queue", "sned queue")).status == 422
    assert check(YAML.replace("pattern: mine", "pattern: recv")).status == 409
    daemon.spawn("leak-mine", n=1)
    assert check(YAML).status == 409


def test_all_faults_at_once(daemon):
    broken = YAML.replace("channel", "chanel").replace("send queue\nfix", "sned queue\nfix")
    answer = post(daemon, broken)
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    errors = answer.json()["errors"]
    assert len(errors) >= 2
    assert all(set(error) == {"line", "column", "detail"} for error in errors)
    assert (8, 10) == (errors[0]["line"], errors[0]["column"])


def test_the_same_faults_in_json_have_their_places(daemon):
    text = json.dumps(AS_JSON).replace("send queue", "sned queue")
    assert "\\ud83d\\ude00" in text
    answer = post(daemon, text, "application/json")
    assert answer.status == 422
    places = [(error["line"], error["column"]) for error in answer.json()["errors"]]
    assert (1, text.index('"sned queue"') + 1) in places


@pytest.mark.parametrize("kind", ["application/json", "application/x-yaml", "text/yaml; charset=utf-8"])
def test_json_and_its_escapes(daemon, kind):
    assert post(daemon, AS_JSON, kind).status == 201
    assert daemon.get("/patterns/mine").json()["title"] == "Emoji \U0001f600"


def test_built_in_ones_stay(daemon):
    assert post(daemon, YAML.replace("pattern: mine", "pattern: recv")).status == 409
    assert daemon.delete("/patterns/recv").status == 409
    assert daemon.get("/patterns/recv").status == 200


def test_other_content(daemon):
    assert post(daemon, YAML, "application/x-www-form-urlencoded").status == 415
    assert post(daemon, YAML, "text/plain").status == 415
    assert post(daemon, "").status == 422
    assert post(daemon, "# " + "x" * 70000).status == 413
    assert daemon.request("PUT", "/patterns", YAML).headers["Allow"] == "GET, HEAD, POST"
    assert daemon.request("POST", "/patterns/mine", YAML).headers["Allow"] == "GET, HEAD, DELETE"


def test_a_foreign_page_adds_nothing(daemon):
    foreign = {"Content-Type": "application/yaml", "Origin": "http://evil.example"}
    assert daemon.request("POST", "/patterns", YAML, foreign).status == 403
    assert daemon.request("DELETE", "/patterns/mine", None, foreign).status == 403
    assert daemon.get("/patterns/mine").status == 404


def laughs():
    lines = ["a0: &a0 [lol, lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    return "\n".join(lines)


HOSTILE = {
    "billion laughs": laughs(),
    "alias to itself": "a: &a [*a]",
    "deep list": "[" * 60000,
    "deep mapping": "{a: " * 15000,
    "deep block": "\n".join(" " * i + "a:" for i in range(300)),
    "many keys": "\n".join(f"k{i}: x" for i in range(7000)),
    "many nodes": "[" + "a," * 30000 + "a]",
    "long scalar": "pattern: " + "x" * 60000,
    "long name": YAML.replace("mine", "m" * 65),
    "path as a name": YAML.replace("pattern: mine", "pattern: ../../etc"),
    "merge key": "<<: {pattern: x}\n" + YAML,
    "tag": "!!python/object:os.system [x]",
    "two documents": YAML + "---\n" + YAML,
    "key twice": YAML + "pattern: other\n",
    "not UTF-8": b"pattern: \xff\xfe",
    "zero byte": b"pattern: a\0b",
    "lone surrogate": '{"pattern": "\\ud83d"}',
    "half a pair": '{"pattern": "\\ud83d\\u0041"}',
    "anchor on a scalar": "pattern: &p mine",
    "not a mapping": "42",
    "open quote": '{"pattern": "',
    "many steps": YAML.replace("    - send queue\nfix", "    - send queue\n" * 3000 + "fix"),
    "many tasks": YAML.replace("fix:\n", "".join(f"  t{i}: [exit]\n" for i in range(500)) + "fix:\n"),
    "nested loops": YAML.replace("    - send queue\nfix", "".join("    " + "    " * i + "- loop:\n"
                                                                 for i in range(30)) + "fix"),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_are_refused(daemon, text):
    answer = post(daemon, text)
    assert answer.status == 422, answer
    assert 1 <= len(answer.json()["errors"]) <= 50
    assert daemon.get("/healthz").status == 200
    assert not [each for each in daemon.get("/patterns").json()["patterns"] if each["own"]]


def test_a_folder(serve, tmp_path):
    own = folder(tmp_path / "own", mine__yaml=YAML, b__yml=YAML.replace("mine", "b"),
                 c__json=json.dumps({**AS_JSON, "pattern": "c"}), notes__txt="nothing", __hidden__yaml="{")
    daemon = serve("--patterns", own)
    found = {each["name"] for each in daemon.get("/patterns").json()["patterns"] if each["own"]}
    assert found == {"mine", "b", "c"}
    assert daemon.get("/patterns/mine").json()["file"] == "mine.yaml"
    daemon.spawn("leak-c", name="c")
    # One from a folder is like any other of one's own.
    assert post(daemon, YAML).status == 200


def test_a_folder_with_a_name_that_is_not_utf8(serve, tmp_path):
    own = folder(tmp_path / "own")
    with open(os.fsencode(own) + b"/\xff.yaml", "w", encoding="utf-8") as stream:
        stream.write(YAML)
    daemon = serve("--patterns", own)
    assert daemon.get("/patterns/mine").json()["file"] == "?.yaml"
    daemon.when_live(daemon.spawn("leak-mine"), 6)
    assert "?.yaml" in daemon.get("/debug/tasks?format=json").text


def test_a_folder_with_faults(tmp_path):
    own = folder(tmp_path / "own", a__yaml=YAML.replace("send", "sned"), b__yaml=YAML.replace("mine", "recv"),
                 c__yaml=YAML, d__yaml=YAML, e__json="{")
    for command in (["serve", "--listen", "127.0.0.1:0"], ["run"], ["patterns"], ["graph", "leak-recv"]):
        told = run(*command, "--patterns", own)
        assert told.returncode == 1 and told.stdout == ""
        lines = told.stderr.splitlines()
        assert f'{own}/a.yaml:13:7: "sned" is no statement: did you mean "send"?' in lines
        assert f'{own}/b.yaml:1:10: "recv" is the name of a built-in pattern: choose another' in lines
        assert f'{own}/d.yaml:1:10: the pattern "mine" is in c.yaml already' in lines
        assert any(line.startswith(f"{own}/e.json:") for line in lines)


def test_no_folder(tmp_path):
    told = run("patterns", "--patterns", tmp_path / "none")
    assert told.returncode == 2 and "No such file" in told.stderr
    many = folder(tmp_path / "many", **{f"p{i}__yaml": "" for i in range(201)})
    told = run("patterns", "--patterns", many)
    assert told.returncode == 2 and "201 patterns, where 200 are allowed" in told.stderr


def test_commands_on_a_folder(tmp_path):
    own = folder(tmp_path / "own", mine__yaml=YAML)
    told = run("run", f"-patterns={own}", "-mode=leak-mine", "-n=20", "-linger=20ms")
    assert told.returncode == 0 and "[end] tasks=21" in told.stdout
    told = run("--patterns", own, "--mode", "fix-mine", "-n=20", "-linger=20ms")
    assert told.returncode == 0 and "[end] tasks=1" in told.stdout
    assert "leak-mine, fix-mine" in run("patterns", "--patterns", own).stdout
    assert "mine.yaml" in run("patterns", "mine", "--patterns", own).stdout
    assert "nobody receives" in run("graph", "leak-mine", "--patterns", own).stdout
    told = run("run", "--pattern", own)
    assert told.returncode == 2 and "write --patterns in full" in told.stderr


def test_changes_beside_scrapes_and_scenarios(daemon):
    """Many at once add, replace, run and remove; whoever scrapes meanwhile sees no counter go back."""
    done = threading.Event()
    statuses = set()

    def change(number):
        name = f"p{number % 2}"
        for k in range(15):
            op = "send queue" if k % 2 else "recv queue"
            statuses.add(post(daemon, YAML.replace("mine", name).replace("send queue\nfix", f"{op}\nfix")).status)
            answer = daemon.post("/scenario", {"mode": f"leak-{name}", "n": 3})
            if answer.status == 201:
                daemon.delete(f"/scenario/{answer.json()['name']}?reclaim=true")
            statuses.add(daemon.delete(f"/patterns/{name}").status)

    def scrape():
        before = {}
        while not done.is_set():
            samples = {key: value for key, value in daemon.scrape().samples.items() if key[0].endswith("_total")}
            assert all(samples[key] >= value for key, value in before.items())
            before = samples
            daemon.get("/patterns")
        return before

    with concurrent.futures.ThreadPoolExecutor() as pool:
        scraped = pool.submit(scrape)
        changes = [pool.submit(change, number) for number in range(4)]
        try:
            for each in changes:
                each.result()
        finally:
            done.set()
        assert any("p0" in dict(key[1]).values() for key in scraped.result())
    assert statuses <= {200, 201, 404, 409}
