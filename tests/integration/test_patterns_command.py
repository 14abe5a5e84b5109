"""The commands around patterns: `leaklab patterns` lists and shows them, `check` tells what is wrong with one, `graph`
draws one."""

import json
import os
import re
import subprocess

import pytest

import leaklab

pytestmark = pytest.mark.one_thread
PATTERNS = leaklab.ROOT / "service/patterns"
FILES = sorted(PATTERNS.glob("*.yaml"))
PATTERN_BYTES = 64 * 1024

GOOD = """pattern: mine
title: Mine
story: s
remedy: r
params: {n: {default: 3, about: how many}}
share: {jobs: channel}
leak:
  main: [spawn consumer * n]
  consumer:
    - recv jobs
expect: {leak: n}
"""
BAD = GOOD.replace("    - recv jobs\n", "    - recv jbos\n    - sleep n\n")


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


# ---- leaklab patterns ----


def test_lists_every_pattern_with_its_title_and_modes_in_columns():
    done = leaklab.run("patterns")
    assert done.returncode == 0 and done.stderr == ""
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["pattern", "title", "modes"]
    names = [line.split()[0] for line in lines]
    assert names == sorted(path.stem for path in FILES)
    for line, name in zip(lines, names):
        modes = line[head.index("modes"):].split(", ")
        assert modes and all(mode.endswith(f"-{name}") for mode in modes), line


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shows_a_pattern_with_its_source_line_by_line(path):
    done = leaklab.run("patterns", path.stem)
    assert done.returncode == 0 and done.stderr == ""
    page, _, source = done.stdout.rpartition(f"\n{path.name}\n")
    for headline in ("how it happens", "what to do about it", "what one start leaks once its owner has left"):
        assert f"\n{headline}\n" in page
    lines = path.read_text(encoding="utf-8").splitlines()
    assert source.splitlines() == [f"{number:5}  {line}".rstrip() for number, line in enumerate(lines, 1)]


def test_shows_parameters_with_default_unit_meaning_and_bounds():
    page = leaklab.run("patterns", "send").stdout
    assert re.search(r"^  n +3000 +tasks +producers in one start \(0 to 1000000000\)$", page, re.M)
    assert re.search(r"^  remedy +deadline .*\(deadline, buffer, cancel\)$", page, re.M)
    assert re.search(r"^  patience +linger / 2 .*\(0s to 366d\)$", page, re.M)


def test_json_is_what_the_daemon_answers(shared):
    ours = json.loads(leaklab.run("patterns", "--json").stdout)
    theirs = shared.get("/patterns").json()
    for answer in (ours, theirs):  # what these two are depends on the memory that is free at the moment
        for field in answer["fields"]:
            if field["name"] in ("max_tasks", "max_heap"):
                del field["default"], field["max"]
    assert ours == theirs
    assert json.loads(leaklab.run("patterns", "recv", "--json").stdout) == shared.get("/patterns/recv").json()


@pytest.mark.parametrize("arguments, said", [
    (["sned"], 'unknown pattern "sned": did you mean "send"?'),
    (["xyzzy-plugh", "--json"], 'unknown pattern "xyzzy-plugh": known: '),
    (["recv", "send"], 'stray argument "send"'),
    (["--jsn"], 'unknown flag -jsn: did you mean "json"?'),
    ([""], 'unknown pattern ""'),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_patterns_refuses_what_it_does_not_know(arguments, said):
    done = leaklab.run("patterns", *arguments)
    assert done.returncode == 2
    assert said in done.stderr and done.stdout == ""


# ---- leaklab check ----


def heads(output):
    """The lines that say what a file is, without those about its tasks."""
    return [line for line in output.splitlines() if ": ok: " in line or "expect does not declare" in line]


def test_the_catalogue_is_fine_and_each_file_says_its_modes():
    done = leaklab.run("check", *map(str, FILES))
    assert done.returncode == 0 and done.stderr == ""
    lines = heads(done.stdout)
    assert len(lines) == len(FILES)
    assert f"{PATTERNS / 'recv.yaml'}: ok: leak-recv, fix-recv, mix-recv" in lines


def test_tells_all_mistakes_of_all_files_with_their_places(tmp_path):
    bad, good = write(tmp_path / "bad.yaml", BAD), write(tmp_path / "good.yaml", GOOD)
    done = leaklab.run("check", bad, good)
    assert done.returncode == 1 and done.stderr == ""
    assert done.stdout.splitlines() == [
        f'{bad}:10:12: nothing is called "jbos": did you mean "jobs"?',
        f'{bad}:11:13: "sleep" needs a duration such as 10ms, not the count "n"',
        f"{good}: ok: leak-mine",
        f"{good}: leak main: exits: linger (line 8)",
        f"{good}: leak consumer: never exits: recv jobs (line 10)",
        f'{good}:10:7: leak consumer: nobody sends on or closes "jobs"; send on it or close it, or select on done as '
        "well [expected]",
    ]


def test_json_is_checked_as_well(tmp_path):
    pattern = {"pattern": "mine", "title": "t", "story": "s", "remedy": "r", "fix": {"main": []}, "expect": {"fix": 0}}
    path = write(tmp_path / "mine.json", json.dumps(pattern))
    assert leaklab.run("check", path).stdout == (
        f"{path}: ok: fix-mine\n{path}: fix main: exits: linger (line 1)\n")


def test_what_expect_does_not_declare_fails(tmp_path):
    wrong = write(tmp_path / "wrong.yaml", GOOD.replace("leak: n", "leak: 0"))
    fine = write(tmp_path / "fine.yaml", GOOD)
    done = leaklab.run("check", wrong, fine)
    assert done.returncode == 1 and done.stderr == ""
    assert heads(done.stdout) == [
        f"{wrong}: 1 finding that expect does not declare: leak-mine",
        f"{fine}: ok: leak-mine",
    ]
    place = [line for line in done.stdout.splitlines() if line.startswith(f"{wrong}:10:7: ")]
    assert len(place) == 1 and "[expected]" not in place[0]


def test_a_leak_in_which_nothing_is_found_is_noted(tmp_path):
    path = write(tmp_path / "mine.yaml", GOOD.replace("    - recv jobs\n", "    - select: {recv jobs: [], done: []}\n"))
    done = leaklab.run("check", path)
    assert done.returncode == 0
    assert f"{path}: leak: note: it expects a leak, and nothing was found that would be one" in done.stdout


def test_findings_as_json(tmp_path):
    wrong, bad = write(tmp_path / "wrong.yaml", GOOD.replace("leak: n", "leak: 0")), write(tmp_path / "bad.yaml", BAD)
    done = leaklab.run("check", "--json", bad, wrong, str(tmp_path / "missing.yaml"))
    assert done.returncode == 2 and "No such file" in done.stderr
    refused, checked = json.loads(done.stdout)
    assert refused["file"] == bad and refused["ok"] is False
    assert [(error["line"], error["column"]) for error in refused["errors"]] == [(10, 12), (11, 13)]
    assert refused["errors"][0]["message"] == 'nothing is called "jbos": did you mean "jobs"?'
    expected = checked["variants"][0].pop("expected")
    assert expected["tasks"] == 0 and expected["tickers"] == 0
    assert checked == {
        "file": wrong, "ok": False, "errors": [], "pattern": "mine",
        "variants": [{
            "mode": "leak-mine",
            "tasks": [
                {"task": "main", "starts": True, "exits": True, "by": "linger (line 8)"},
                {"task": "consumer", "starts": True, "exits": False, "by": "", "stays_at_line": 10},
            ],
            "findings": [{
                "kind": "recv-without-sender", "task": "consumer", "line": 10, "column": 7, "step": "recv jobs",
                "text": 'nobody sends on or closes "jobs"', "remedy": "send on it or close it, or select on done as well",
                "evidence": "program", "declared": False,
            }],
            "trial": {"whole": True, "tasks_left": 3, "tickers_left": 0, "resources_left": 0, "panicked": 0},
        }],
    }


def test_a_name_that_is_not_utf8_is_told_with_question_marks(tmp_path):
    wrong, bad = os.fsencode(tmp_path) + b"/w\xff\xe4.yaml", os.fsencode(tmp_path) + b"/b\xc3.yaml"
    for path, text in ((wrong, GOOD.replace("leak: n", "leak: 0")), (bad, BAD)):
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    done = leaklab.run("check", "--json", wrong, bad)
    assert (done.returncode, done.stderr) == (1, "")
    checked, refused = json.loads(done.stdout)
    assert checked["file"] == f"{tmp_path}/w??.yaml" and checked["variants"][0]["findings"]
    assert refused["file"] == f"{tmp_path}/b?.yaml"
    assert [(error["line"], error["column"]) for error in refused["errors"]] == [(10, 12), (11, 13)]


def test_no_parameter_is_called_as_the_reference_says_that_none_can_be(tmp_path):
    text = (PATTERNS / "README.md").read_text()
    said = re.search(r"A parameter cannot be called what.*?:(.*?)\.\n\n", text, re.S).group(1)
    words = re.findall(r"`(\w+)`", said)
    assert {"mode", "at", "patterns", "instance"} <= set(words)
    for word in words:
        write(tmp_path / f"{word}.yaml", GOOD.replace("params: {", f"params: {{{word}: {{default: 3, about: a}}, "))
    done = leaklab.run("check", *sorted(map(str, tmp_path.iterdir())))
    assert set(re.findall(r'1?:5:10: "(\w+)" cannot name a parameter', done.stdout)) == set(words), done.stdout


def test_flags_each_leak_of_the_catalogue_and_nothing_else():
    done = leaklab.run("check", "--json", *map(str, FILES))
    assert done.returncode == 0
    for file in json.loads(done.stdout):
        for variant in file["variants"]:
            assert bool(variant["findings"]) == variant["mode"].startswith("leak-"), variant


@pytest.mark.parametrize("text, code, said", [
    (GOOD, 0, "stdin: ok: leak-mine\n"),
    (BAD, 1, 'stdin:10:12: nothing is called "jbos"'),
    ("", 1, "stdin:1:1: the pattern is empty\n"),
    ("\x00", 1, "stdin:1:1: "),
    ("[" * 100_000, 1, f"stdin:1:1: the pattern is too large: more than {PATTERN_BYTES} bytes\n"),
    ("[" * 1000, 1, "stdin:1:"),
], ids=["good", "bad", "empty", "zero", "large", "deep"])
def test_reads_standard_input(text, code, said):
    done = subprocess.run([leaklab.BINARY, "check", "-"], env=leaklab.environment(), input=text, text=True,
                          capture_output=True, timeout=30, check=False)
    assert done.returncode == code and done.stderr == ""
    assert done.stdout.startswith(said)


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_refused(tmp_path):
    largest = GOOD + "#" * (PATTERN_BYTES - len(GOOD))
    assert leaklab.run("check", write(tmp_path / "largest.yaml", largest)).returncode == 0
    done = leaklab.run("check", write(tmp_path / "larger.yaml", largest + "#"))
    assert done.returncode == 1
    assert "too large" in done.stdout


def test_what_cannot_be_read_is_said_and_the_rest_is_checked(tmp_path):
    missing, good = str(tmp_path / "missing.yaml"), write(tmp_path / "good.yaml", GOOD)
    done = leaklab.run("check", missing, str(tmp_path), good)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f'leaklab check: cannot read "{missing}": No such file or directory',
        f'leaklab check: cannot read "{tmp_path}": Is a directory',
    ]
    assert heads(done.stdout) == [f"{good}: ok: leak-mine"]


def test_check_needs_a_file_and_flags_that_it_knows():
    done = leaklab.run("check")
    assert done.returncode == 2 and "which files" in done.stderr
    done = leaklab.run("check", "--strict", "x.yaml")
    assert done.returncode == 2 and "unknown flag -strict" in done.stderr


# ---- leaklab graph ----


def all_modes():
    return [mode for pattern in json.loads(leaklab.run("patterns", "--json").stdout)["patterns"]
            for mode in pattern["modes"]]


def red(graph):
    """What the labels of a graph's red edges say."""
    return [re.search('label="([^"]*)"', line)[1] for line in graph.splitlines() if "dashed" in line and "#cc0000" in line]


def test_draws_every_mode_and_what_is_missing_in_leaks_alone():
    modes = [mode for mode in all_modes() if not mode.startswith("mix-")]
    for mode in modes[::5 if leaklab.sanitized() else 1]:
        done = leaklab.run("graph", mode)
        assert done.returncode == 0 and done.stderr == "", mode
        assert done.stdout.startswith(f'digraph "{mode}" {{\n') and done.stdout.endswith("\n}\n")
        nodes = set(re.findall(r"^ *(\w+) \[", done.stdout, re.M)) - {"node", "edge"}
        for tail, head in re.findall(r"^ *(\w+) -> (\w+)", done.stdout, re.M):
            assert {tail, head} <= nodes, f"{mode}: an edge to nowhere: {tail} -> {head}"
        assert bool(red(done.stdout)) == mode.startswith("leak-"), mode


@pytest.mark.parametrize("mode", ["leak-recv", "fix-contract", "leak-close"])
def test_draws_a_mode_the_same_each_time(mode):
    assert leaklab.run("graph", mode).stdout == leaklab.run("graph", mode).stdout


@pytest.mark.parametrize("leak, missing", [
    ("leak-recv", ["nobody sends or closes"]),
    ("leak-send", ["nobody receives"]),
    ("leak-ticker", ["nobody stops", "no way out"]),
    ("leak-consumer", ["no way out"]),
    ("leak-forgotten-cancel", ["nobody cancels"]),
    # What is there and comes too late, or never, is what `check` finds.
    ("leak-range", ["nobody closes"]),
    ("leak-n-cast", ["nobody receives any more"]),
    ("leak-group", ["nobody gets to finish"]),
    ("leak-contract", ["not stopped on every way out", "no way out"]),
    ("leak-double-lock", ["nobody unlocks any more", "holds it already"]),
    ("leak-close", ["panics"]),
    ("leak-socket", ["stays open"]),
    ("leak-queue", ["more comes in than goes out"]),
])
def test_the_leak_misses_what_its_fix_does_not(leak, missing):
    assert red(leaklab.run("graph", leak).stdout) == missing
    assert red(leaklab.run("graph", leak.replace("leak", "fix")).stdout) == []


def test_draws_a_variant_of_a_file(tmp_path):
    path = write(tmp_path / "mine.yaml", GOOD)
    done = leaklab.run("graph", path, "--variant", "leak")
    assert done.returncode == 0
    assert done.stdout.startswith('digraph "leak-mine" {\n')


@pytest.mark.parametrize("arguments, code, said", [
    ([], 2, "leaklab graph: which mode?"),
    (["mix-recv"], 2, '"mix-recv" runs leak-recv and fix-recv: draw one of them'),
    (["leek-recv"], 2, 'unknown mode "leek-recv": did you mean "leak-recv"?'),
    (["mine.yaml"], 2, "a file needs --variant"),
    (["leak-recv", "fix-recv"], 2, 'stray argument "fix-recv"'),
    (["GOOD", "--variant", "fix"], 2, 'the pattern has no "fix"'),
    (["GOOD", "--variant", "leek"], 2, 'unknown variant "leek": did you mean "leak"?'),
    (["BAD", "--variant", "leak"], 1, ':10:12: nothing is called "jbos"'),
    (["/nowhere.yaml", "--variant", "leak"], 2, 'cannot read "/nowhere.yaml": No such file or directory'),
    (["leak-recv", "--variant"], 2, "--variant needs a value"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_graph_refuses_what_it_cannot_draw(tmp_path, arguments, code, said):
    files = {"GOOD": write(tmp_path / "good.yaml", GOOD), "BAD": write(tmp_path / "bad.yaml", BAD)}
    done = leaklab.run("graph", *(files.get(argument, argument) for argument in arguments))
    assert done.returncode == code
    assert said in done.stderr and done.stdout == ""


@pytest.mark.parametrize("arguments", [["patterns"], ["patterns", "--json"], ["graph", "leak-recv"],
                                       ["check", PATTERNS / "recv.yaml"], ["check", "--json", PATTERNS / "recv.yaml"]],
                         ids=lambda value: value[0])
def test_a_full_disk_is_no_success(arguments):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([leaklab.BINARY, *arguments], env=leaklab.environment(), stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr == "leaklab: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize("command", ["patterns", "check", "graph"])
def test_help_says_what_the_command_does(command):
    done = leaklab.run(command, "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith(f"usage: leaklab {command} ")
