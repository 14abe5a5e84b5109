"""A test of the tests: rules with a fault in them, each of which must be noticed."""

import dataclasses

import pytest

import test_growth
import test_states
from sets import DRILL, alert, decoys, every


def silent(windows, folder, scenarios, seconds=130, **more):
    return windows.suite(windows.simulate(folder, scenarios, seconds=seconds, **more)).fires({}).run(folder)


def leaks(windows, folder):
    told = test_growth.TOLD["drill"]
    table = windows.simulate(folder, test_growth.leaks(windows)[:1], seconds=100)
    return windows.suite(table).fires({test_states.LEAKING: (told["new"], 100), test_states.STUCK: (told["stuck"], 100)}).run(folder)


def small(windows, folder):
    return silent(windows, folder, [every(6, "leak-handle", windows)])


def decoy(name, **more):
    return lambda windows, folder: silent(windows, folder, [{"mode": f"decoy-{name}", **decoys(DRILL)[name]}], **more)


def step(windows, folder):
    return silent(windows, folder, [{"mode": "fix-recv", "n": 100}, {"mode": "fix-recv", "n": 900, "at": "60s", "name": "step"}], 180)


def missed(windows, folder):
    table = windows.simulate(folder, test_states.LEAK, seconds=60, events=[{"at": "40s", "miss": "a", "for": "3s"}])
    return windows.suite(table).fires({test_states.STUCK: (10, 60)}).run(folder)


def outage(windows, folder):
    events = [{"at": "20s", "restart": "a", "down": "20s"}]
    table = windows.simulate(folder, test_states.LEAK, seconds=60, events=events).without("leaklab_tasks_leaked")
    return windows.suite(table).fires({alert("LeaklabDown"): (25, 39)}).run(folder)


def blink(windows, folder):
    return silent(windows, folder, test_states.LOAD, 40, events=[{"at": "20s", "miss": "a", "for": "4s"}])


def exhaustion(windows, folder):
    table = windows.simulate(folder, [every(1, "leak-heap", windows, n=256)], seconds=60, max_heap="64MiB")
    return windows.suite(table).fires({alert("HeapExhaustionPredicted"): (37, 60)}).run(folder)


# What is put wrong: (alert or record, what it says, what it says instead), and who has to notice.
FAULTS = {
    "a threshold ten times as high": (leaks, "TasksLeaking", ">= 720", ">= 7200"),
    "a threshold of nothing": (small, "HandlesLeaking", ">= 720", ">= 0"),
    "an operator turned round": (leaks, "TasksLeaking", ">= 720", "<= 720"),
    "a verdict's operator turned round": (leaks, "TasksStuck", "> 0", "< 0"),
    "another verdict": (leaks, "TasksStuck", 'leaked{verdict="stuck"}', 'leaked{verdict="endless"}'),
    "no time to wait for a verdict": (leaks, "TasksStuck", "for: 5s", "for: 0s"),
    "no time to wait for a target": (blink, "LeaklabDown", "for: 5s", "for: 0s"),
    "no memory of what a missed scrape would have shown": (missed, "TasksStuck", "[5s]", "[1s]"),
    "growth that need not go on": (decoy("wave", seconds=200), "leaklab:growth:per_hour", "[80s]) > 0", "[20s]) > 0"),
    "growth that may fall as well": (step, "leaklab:growth:per_hour", "[80s]) > 0", "[80s]) >= 0"),
    "the mean in place of the floor": (decoy("sawtooth", seconds=200), "leaklab:growth:per_hour",
                                       "min_over_time(leaklab:rise", "max_over_time(leaklab:rise"),
    "an outage taken for growth": (outage, "leaklab:rise\n        labels: {span: fast}", "or 0 * leaklab", "or 1 + leaklab"),
    "a limit that is never near": (exhaustion, "HeapExhaustionPredicted", "< 60", "< 6"),
    "a limit that is always near": (decoy("cache", max_heap="96MiB"), "HeapExhaustionPredicted", "< 60", "< 600"),
}


def planted(folder, rule, was, instead):
    """A folder with the drill's rules, and the fault in the first rule of that name."""
    text = DRILL.rules().read_text()
    start = min(at for at in (text.find(f"alert: {rule}\n"), text.find(f"record: {rule}\n")) if at >= 0)
    end = start + text[start:].find("\n      - ")
    body = text[start:end]
    assert was in body, body
    (folder / DRILL.rules().name).write_text(text[:start] + body.replace(was, instead) + text[end:])
    return dataclasses.replace(DRILL, folder=folder)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_noticed(name, tmp_path):
    notice, *fault = FAULTS[name]
    assert not notice(DRILL, tmp_path)
    wrong = notice(planted(tmp_path, *fault), tmp_path)
    assert "FAILED" in wrong and "got:" in wrong
    assert "error" not in wrong, wrong
