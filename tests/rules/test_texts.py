"""What an alert says to whom it wakes: all of its labels and texts, with the number and the rate."""

from sets import DRILL, every
from test_growth import leaks
import test_services

GOES_ON = "their floor has not stopped rising for 80s, or from day to day for 8m."
VERDICT = "This is the judge's verdict and is never taken back."


def expect(suite, name, seconds, severity, summary, description, **labels):
    everywhere = {"instance": "a", "job": "leaklab", "windows": "drill", "severity": severity}
    labels = {key: value for key, value in {**everywhere, **labels}.items() if value}
    suite.says(name, seconds, labels,
               {"summary": summary, "description": description, "runbook_url": f"docker/runbooks/{name}.md"})


def test_growth(tmp_path):
    table = DRILL.simulate(tmp_path, [*leaks(DRILL)[:1], *leaks(DRILL)[2:]], seconds=100)
    suite = DRILL.suite(table)
    expect(suite, "TasksLeaking", 100, "warning", "Tasks of recv (leak) on a keep growing",
           f"101 tasks, 3.6k more each hour: {GOES_ON}", pattern="recv", variant="leak", resource="tasks")
    expect(suite, "HandlesLeaking", 100, "warning", "libuv handles of handle (leak) on a keep growing",
           f"100 handles that nobody has closed, 3.6k more each hour: {GOES_ON}", pattern="handle", variant="leak",
           resource="handles")
    expect(suite, "DescriptorsLeaking", 100, "warning", "Open descriptors of a keep growing",
           f"118 open descriptors, 3.6k more each hour: {GOES_ON}", resource="descriptors")
    expect(suite, "ThreadsLeaking", 100, "warning", "Threads of a keep growing",
           f"109 threads, 3.6k more each hour: {GOES_ON}", resource="threads")
    expect(suite, "TickersLeaking", 100, "warning", "Tickers of a keep growing",
           f"100 tickers that nobody has stopped, 3.6k more each hour: {GOES_ON}", resource="tickers")
    suite.check(tmp_path)


def test_verdicts(tmp_path):
    suite = DRILL.suite(DRILL.simulate(tmp_path, leaks(DRILL)[:2], seconds=60))
    expect(suite, "TasksStuck", 60, "warning", "Tasks of recv (leak) on a are stuck for good",
           f"60 tasks wait for what nobody can do any more, 3.556k more each hour. {VERDICT}", pattern="recv", variant="leak",
           verdict="stuck")
    expect(suite, "TasksEndless", 60, "warning", "Tasks of ticker (leak) on a go on without an end",
           "59 tasks go on although their owner has left, and no path leads to their end, 3.556k more each hour. " + VERDICT,
           pattern="ticker", variant="leak", verdict="endless")
    suite.check(tmp_path)


def test_heap_and_limits(tmp_path):
    suite = DRILL.suite(DRILL.simulate(tmp_path, [every(1, "leak-heap", DRILL, n=256)], seconds=70, max_heap="64MiB"))
    expect(suite, "HeapExhaustionPredicted", 50, "critical", "Heap of a reaches its limit in 13.75s",
           "50.25MiB held or lost of 64MiB, 3.516GiB more each hour without a break for 30s: full in 13.75s.", resource="heap")
    expect(suite, "LimitReached", 66, "warning", "a has reached its limit on heap",
           "Scenarios: 1 of heap (leak) within 15s were ended by it, 1 since it started.", pattern="heap", variant="leak",
           limit="heap")
    suite.check(tmp_path)


def test_who_is_down(tmp_path):
    load = [{"mode": "fix-recv", "n": 1}]
    events = [{"at": "20s", "restart": "a", "down": "20s"}]
    suite = DRILL.suite(DRILL.simulate(tmp_path, load, seconds=60, instances=["a", "b"], events=events))
    expect(suite, "LeaklabDown", 30, "critical", "a does not answer",
           "1 instances of leaklab are up; 0% of the scrapes of this one succeeded in the last 10s.")
    suite.check(tmp_path)
    suite = DRILL.suite(DRILL.simulate(tmp_path, load, seconds=60, events=[{"at": "20s", "remove": "a"}]))
    expect(suite, "LeaklabDown", 30, "critical", "leaklab has no target any more",
           "0 instances of leaklab are up; none is being scraped.", instance="")
    suite.check(tmp_path)


def test_other_services(tmp_path):
    table = test_services.service(DRILL, tmp_path, test_services.leaks(DRILL), 100)
    suite = DRILL.suite(table, stem="services")
    expect(suite, "GoroutinesLeaking", 100, "warning", "Goroutines of shop on a keep growing",
           f"105 goroutines, 3.6k more each hour: {GOES_ON}", job="shop", resource="goroutines")
    expect(suite, "NodeHandlesLeaking", 100, "warning", "Handles of shop on a keep growing",
           f"109 active handles of Node.js, 3.6k more each hour: {GOES_ON}", job="shop", resource="handles")
    suite.check(tmp_path)
