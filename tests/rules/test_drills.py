"""The drills that are shipped, on virtual time: what each expects of the alerts is what the rules say, for every leak of the catalogue.

Nobody waits for the minutes that they take with a real Prometheus; tests/integration/test_drill.py does that with short ones."""

import pytest
import yaml

import leaklab
from sets import DRILL, alert, catalogue
from test_files import NAMES

DRILLS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((leaklab.ROOT / "docker/drills").glob("*.yaml"))}
# An outage is no scenario, and the decoys are tried one by one by test_growth.py.
LEFT_OUT = {"down", "decoys"}
LIMITS = {"heap": {"max_heap": "256MiB"}}  # which its first lines ask for
# What leaves nothing behind that could be told of, as the drill itself says.
QUIET = {"close", "forgotten-cancel"}


def seconds(text):
    return int(text[:-1]) * {"s": 1, "m": 60}[text[-1]]


def fired(names, by):
    return f'count_over_time(ALERTS{{alertstate="firing", alertname=~"{"|".join(sorted(names))}"}}[{by}s])'


@pytest.mark.parametrize("name", [name for name in DRILLS if name not in LEFT_OUT])
def test_a_drill_is_passed(name, tmp_path):
    """All that it expects has fired in time, for nobody else, and no other alert fires meanwhile."""
    drill = DRILLS[name]
    told = [(seconds(each["within"]), each["alert"], alert(each["alert"], **each.get("labels", {}))) for each in drill.get("expect", [])]
    end = max([within for within, _, _ in told] or [seconds(drill.get("watch", "0s"))])
    suite = DRILL.suite(DRILL.simulate(tmp_path, drill["scenarios"], seconds=end, **LIMITS.get(name, {})))
    for at in sorted({within for within, _, _ in told}):
        names = {each for within, each, _ in told if within <= at}
        suite.shows(f"group by (alertname, instance, pattern, variant) ({fired(names, at)})", at,
                    {labels: 1 for _, each, labels in told if each in names})
    others = set(NAMES["leaklab"]) - {each for _, each, _ in told} - set(drill.get("allow", []))
    suite.shows(fired(others, end), end, {})
    suite.check(tmp_path)


def test_every_leak_is_expected_somewhere():
    """By the name of its pattern, or as the only leak of a drill of its own kind."""
    named = {each.get("labels", {}).get("pattern") for drill in DRILLS.values() for each in drill.get("expect", [])}
    started = {each["mode"].removeprefix("leak-") for drill in DRILLS.values() for each in drill.get("scenarios", [])}
    leaks = set(catalogue("leak"))
    assert leaks <= started
    # Files, sockets, threads, tickers, jobs and heap belong to the process, whose alerts carry no pattern.
    assert leaks - named - QUIET == {"file", "socket", "thread", "unstopped-ticker", "threadpool", "heap", "queue"}
