"""Limits, targets, and what a scraper goes through: restarts, failed scrapes, deployments, further replicas."""

import pytest

from sets import DRILL, REAL, SETS, alert, every

LEAK = [every(1, "leak-recv", DRILL)]
LOAD = [{"mode": "fix-recv", "n": 10, "rate": 1, "linger": "20s"}]
OUTAGE = [{"at": "20s", "restart": "a", "down": "25s"}]
LEAKING, STUCK = alert("TasksLeaking", "recv", "leak"), alert("TasksStuck", "recv", "leak")


def drill(folder, scenarios, seconds, expected, **more):
    table = DRILL.simulate(folder, scenarios, seconds=seconds, **more)
    DRILL.suite(table).fires(expected).check(folder)


def test_a_restart_hides_a_leak_until_it_has_grown_anew(tmp_path):
    """Told of 92 s after its beginning, and again 92 s after the beginning of the next process, at 112 s."""
    events = [{"at": "110s", "restart": "a", "down": "2s"}]
    drill(tmp_path, LEAK, 220, {LEAKING: [(92, 112), (204, 220)], STUCK: [(10, 114), (122, 220)]}, events=events)


@pytest.mark.parametrize("event", ({"miss": "a", "for": "3s"}, {"gap": "all", "for": "3s"}), ids=("failed", "nobody scraped"))
def test_missed_scrapes_change_nothing(tmp_path, event):
    """Neither while it grows nor while it is told of."""
    events = [{"at": "40s", **event}, {"at": "95s", **event}]
    drill(tmp_path, LEAK, 110, {LEAKING: (92, 110), STUCK: (10, 110)}, events=events)


def test_a_tenth_of_all_scrapes_missed_changes_nothing(tmp_path):
    events = [{"at": "0s", "miss": "a", "share": "10%", "for": "110s"}]
    drill(tmp_path, LEAK, 110, {LEAKING: (93, 110), STUCK: (10, 110)}, events=events)


def test_what_nobody_saw_has_not_risen(tmp_path):
    """An outage of more than two windows, with a restart in it: no fall was seen, but no rise either. Growth begins anew."""
    drill(tmp_path, LEAK, 150, {alert("LeaklabDown"): (25, 44), LEAKING: (137, 150), STUCK: [(10, 24), (55, 150)]}, events=OUTAGE)


@pytest.mark.parametrize("windows", SETS, ids=lambda windows: windows.name)
def test_deployments_and_replicas_are_silent(windows, tmp_path):
    """Of a service the same for an hour: no growth is told of in less, but whatever depends on states and scrapes would be."""
    step = windows.step
    down = {"drill": 2, "real": 90}[windows.name]
    events = [{"at": f"{60 * step}s", "add": "d"}, {"at": f"{90 * step}s", "deploy": "all", "down": f"{down}s", "pause": f"{5 * step}s"},
              {"at": f"{200 * step}s", "restart": "b", "down": "1s"}, {"at": f"{250 * step}s", "miss": "all", "share": "30%", "for": f"{3 * step}s"}]
    table = windows.simulate(tmp_path, LOAD, scrapes=300, instances=["a", "b", "c"], events=events)
    windows.suite(table).fires({}).check(tmp_path)


def test_a_replica_is_told_of_by_itself(tmp_path):
    """The second one comes a minute later, and its leak is told of a minute later."""
    drill(tmp_path, LEAK, 160, {
        LEAKING: (92, 160), STUCK: (10, 160),
        alert("TasksLeaking", "recv", "leak", "b"): (152, 160), alert("TasksStuck", "recv", "leak", "b"): (70, 160),
    }, events=[{"at": "60s", "add": "b"}])


@pytest.mark.parametrize("windows, told", ((DRILL, (37, 73)), (REAL, (9 * 3600, 13 * 3600 + 47 * 60))),
                         ids=lambda part: getattr(part, "name", ""))
def test_the_end_of_heap_is_foreseen(windows, told, tmp_path):
    """A MiB at a time of 64: told of half an hour of drill seconds before the limit, whose end the other alert tells."""
    table = windows.simulate(tmp_path, [every(1, "leak-heap", windows, n=256)], seconds=90, max_heap="64MiB")
    hit = {"drill": (64, 78), "real": (64 * 720, 64 * 720 + 840)}[windows.name]
    windows.suite(table).fires({
        alert("HeapExhaustionPredicted"): told,
        alert("LimitReached", "heap", "leak"): hit,
    }).check(tmp_path)


@pytest.mark.parametrize("windows", SETS, ids=lambda windows: windows.name)
def test_a_limit_that_is_reached_is_told_of_at_once(windows, tmp_path):
    """And for as long as the window; a counter that begins anew after a restart has not been hit again."""
    scenario = every(1, "leak-recv", windows, n=10, max_tasks=100)
    tempo = windows.tempo
    events = [{"at": f"{40 * tempo}s", "restart": "a", "down": f"{2 * windows.step}s", "again": False}]
    table = windows.simulate(tmp_path, [scenario], seconds=60, events=events).only(("leaklab_limit", "up"))
    told = {"drill": (10, 24), "real": (120 * 60, 134 * 60)}[windows.name]
    windows.suite(table).fires({alert("LimitReached", "recv", "leak"): told}).check(tmp_path)


@pytest.mark.parametrize("windows", SETS, ids=lambda windows: windows.name)
def test_who_does_not_answer_is_told_of(windows, tmp_path):
    """An outage as long as the wait is not, a longer one is, from the scrape at which the wait is over to the last failed one."""
    step = windows.step
    wait = {"drill": 5, "real": 120}[windows.name]
    down = 20 * step
    events = [{"at": f"{20 * step}s", "miss": "a", "for": f"{wait}s"}, {"at": f"{40 * step}s", "restart": "a", "down": f"{down}s"}]
    table = windows.simulate(tmp_path, LOAD, seconds=80 if windows is DRILL else 7, instances=["a", "b"], events=events)
    told = (40 * step + wait, 40 * step + down - step)
    windows.suite(table).fires({alert("LeaklabDown"): told}).check(tmp_path)


def test_a_target_of_another_job_is_known_by_what_it_was(tmp_path):
    events = [{"at": "20s", "restart": "a", "down": "20s"}]
    drill(tmp_path, LOAD, 60, {alert("LeaklabDown"): (25, 39)}, events=events, job="nightly")


def test_a_job_without_a_target_is_told_of_and_one_replica_fewer_is_not(tmp_path):
    drill(tmp_path, LOAD, 100, {alert("LeaklabDown", instance=""): (25, 79)}, events=[{"at": "20s", "remove": "a"}])
    drill(tmp_path, LOAD, 100, {}, instances=["a", "b"], events=[{"at": "20s", "remove": "b"}])


@pytest.mark.parametrize("windows, told", ((DRILL, (6, 40)), (REAL, (240, 2400))), ids=lambda part: getattr(part, "name", ""))
def test_a_pool_without_a_free_thread_is_told_of(windows, told, tmp_path):
    """Four jobs that never end, from the first scrape on."""
    step = windows.step
    table = windows.simulate(tmp_path, [{"mode": "leak-threadpool", "n": 4, "at": f"{step}s"}], scrapes=41)
    windows.suite(table).fires({alert("ThreadpoolStarved"): told}).check(tmp_path)
