"""`leaklab run`: the article's command and its numbers."""

import json
import re

import pytest

import leaklab

LINE = re.compile(r"^\[(?P<stage>[^\]]+)\] tasks=(?P<tasks>\d+)"
                  r"(?: heap_alloc=(?P<heap>\d+\.\d+)MB heap_objects=(?P<objects>\d+))?$")


def stages(*arguments):
    """Runs one mode to its end; returns [(stage, tasks)] in the order of printing."""
    done = leaklab.run("run", *arguments)
    assert done.returncode == 0, done
    matches = [LINE.match(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert all(matches), done.stdout
    return [(match["stage"], int(match["tasks"])) for match in matches]


# A fixed send gives up after half of it: with a sanitizer spawning takes longer than that.
LINGER = "-linger=800ms" if leaklab.sanitized() else "-linger=80ms"

ARTICLE = [  # mode, flags, tasks after the spawn, tasks at the end
    ("leak-recv", ["-n=2000", LINGER], 2001, 2001),
    ("fix-recv", ["-n=2000", LINGER], 2001, 1),
    ("leak-send", ["-n=2000", LINGER], 2001, 2001),
    ("fix-send", ["-n=2000", LINGER], 2001, 1),
    ("leak-ticker", ["-n=5", "-tick=10ms", LINGER], 6, 6),
    ("fix-ticker", ["-n=5", "-tick=10ms", LINGER], 6, 1),
    ("decoy-resident", ["-n=10", LINGER], 31, 1),
]


@pytest.mark.parametrize("mode, flags, spawned, end", ARTICLE, ids=[row[0] for row in ARTICLE])
def test_prints_the_numbers_of_the_article(mode, flags, spawned, end):
    seen = stages(f"-mode={mode}", *flags)
    assert seen[0] == ("start", 1)
    assert seen[1] == ("after spawn (still blocked)", spawned)
    assert seen[-1] == ("end", end)
    waited = [tasks for stage, tasks in seen if stage == "after cancel + wait"]
    assert waited == ([] if mode.startswith("leak-") else [1])


@pytest.mark.parametrize("mode, spawned", [("leak-recv", 3001), ("leak-send", 3001), ("leak-ticker", 2)])
def test_counts_consumers_by_thousands_and_tickers_one_by_one_unless_told(mode, spawned):
    assert stages("-mode", mode, "-linger=20ms")[-1] == ("end", spawned)


def test_fixes_recv_unless_told():
    seen = stages()
    assert [tasks for _, tasks in seen] == [1, 3001, 1, 1]


@pytest.mark.parametrize("flags", [
    ["-mode=leak-recv", "-n=7", "-linger=20ms"],
    ["-mode", "leak-recv", "-n", "7", "-linger", "20ms"],
    ["--mode=leak-recv", "--n=7", "--linger=20ms"],
    ["--mode", "leak-recv", "-n", "7", "--linger", "20ms"],
], ids=["go", "go with spaces", "gnu", "gnu with spaces"])
def test_takes_flags_in_both_spellings(flags):
    assert stages(*flags)[-1] == ("end", 8)


def test_prints_json_lines_with_the_same_numbers():
    done = leaklab.run("run", "-json", "-mode=fix-recv", "-n=2000", "-linger=80ms")
    assert done.returncode == 0, done
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["tasks"] for line in lines if "tasks" in line] == [1, 2001, 1, 1]
    assert lines[0]["stage"] == "start" and lines[-1]["stage"] == "end"
    for line in lines:
        assert ("heap_alloc_bytes" in line) == ("heap_objects" in line) == (not leaklab.sanitized())


@pytest.mark.release
def test_shows_that_the_leak_holds_heap_and_the_fix_gives_it_back():
    def heap(mode):
        done = leaklab.run("run", "-json", f"-mode={mode}", "-n=20000", "-linger=80ms")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return lines[0]["heap_alloc_bytes"], lines[-1]["heap_alloc_bytes"]

    start, end = heap("leak-recv")
    assert end - start > 20000 * 64
    start, end = heap("fix-recv")
    assert end - start < 20000 * 64


@pytest.mark.parametrize("flags, words", [
    (["-mode=leek-recv"], leaklab.MODES),
    (["-mode="], leaklab.MODES),
    (["-modus=leak-recv"], leaklab.MODES),
    (["-n=many"], ["-n"]),
    (["-n=-1"], ["-n"]),
    (["-n=99999999999999999999"], ["-n"]),
    (["-linger=soon"], ["-linger"]),
    (["-tick=0"], ["-tick"]),
    (["surplus"], ["surplus"]),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_refuses_bad_flags_with_a_message_that_helps(flags, words):
    done = leaklab.run("run", *flags)
    assert done.returncode == 2, done
    assert done.stdout == ""
    for word in words:
        assert word.lstrip("-") in done.stderr, done.stderr


def test_a_parameter_of_the_mode_is_no_other_patterns():
    """A send's remedy may be to buffer; a select's, which comes first in the catalogue, may not."""
    assert stages("-mode=fix-send", "-remedy=buffer", "-n=10", LINGER)[-1] == ("end", 1)
    refused = leaklab.run("run", "-mode=fix-select", "-remedy=buffer")
    assert refused.returncode == 2 and '-remedy: must be "done" or "deadline"' in refused.stderr, refused.stderr


@pytest.mark.parametrize("value, fine", [("buffer", True), ("deadline", True), ("prayer", False)])
def test_a_parameter_that_others_have_is_what_one_of_them_takes(value, fine):
    done = leaklab.run("run", "-mode=fix-recv", "-n=1", "-linger=1ms", f"-remedy={value}")
    assert (done.returncode == 0) == fine and ("-remedy: " in done.stderr) != fine, done


def test_help_describes_a_parameter_where_one_pattern_has_it():
    lines = dict(re.findall(r"^  (--\S+) \S+ +(.*)$", leaklab.run("run", "--help").stdout, re.M))
    assert lines["--n"] == lines["--remedy"] == "of several patterns: see 'leaklab patterns NAME'"
    assert lines["--segments"] == "full segments that the cache keeps (of cache; default 16)"


def test_suggests_the_mode_that_was_meant():
    assert 'did you mean "leak-recv"' in leaklab.run("run", "-mode=leek-recv").stderr
