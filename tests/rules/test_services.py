"""The rules for other services, on the series of a leaklab process under the names that a service's client library would give."""

import pytest

from sets import DRILL, REAL, SETS, alert, catalogue, every

NAMES = ((r"^process_open_fds\{(.*)\}", r"process_open_fds{\1}"),
         (r"^process_resident_memory_bytes\{(.*)\}", r"process_resident_memory_bytes{\1}"),
         (r"^leaklab_uv_handles\{(job=.*?),handle=(.*)\}", r"nodejs_active_handles{\1,type=\2}"))

by_set = pytest.mark.parametrize("windows", SETS, ids=lambda windows: windows.name)


def as_service(table):
    """Nothing in it says leaklab: every task is a goroutine."""
    return table.summed("leaklab_tasks", "go_goroutines").beside(*(table.renamed(*names) for names in NAMES))


def service(windows, folder, scenarios, seconds, **more):
    return as_service(windows.simulate(folder, scenarios, seconds=seconds, job="shop", **more))


def leaks(windows):
    return [every(1, "leak-recv", windows, holds="4MiB"), every(1, "leak-file", windows), every(1, "leak-handle", windows)]


@pytest.mark.parametrize("windows, there, new", ((DRILL, 91, 92), (REAL, 65520, 66240)), ids=lambda part: getattr(part, "name", ""))
def test_each_leak_is_told_of_at_the_expected_minute(windows, there, new, tmp_path):
    end = 100 * windows.tempo
    table = service(windows, tmp_path, leaks(windows), 100)
    windows.suite(table, stem="services").fires({
        alert("GoroutinesLeaking"): (new, end),
        alert("ServiceDescriptorsLeaking"): (there, end),
        alert("ResidentMemoryGrowing"): (there, end),
        alert("NodeHandlesLeaking"): (there, end),
    }).check(tmp_path)


@by_set
def test_every_fix_is_silent(windows, fixes, tmp_path):
    windows.suite(as_service(fixes(windows)), stem="services", step=windows.sparse).fires({}).check(tmp_path)


@pytest.mark.parametrize("name", catalogue("decoy"))
def test_a_decoy_is_silent_in_a_drill(name, decoy, tmp_path):
    DRILL.suite(as_service(decoy(DRILL, name)), stem="services").fires({}).check(tmp_path)


def test_decoys_are_silent_for_two_days(decoy, tmp_path):
    REAL.suite(as_service(decoy(REAL, "all")), stem="services", step=REAL.sparse).fires({}).check(tmp_path)


def test_what_a_scraper_goes_through_is_silent(tmp_path):
    """A restart, failed scrapes, a deployment and a further replica, under load that has no bug."""
    scenarios = [{"mode": f"fix-{name}", "rate": 1, "linger": "5s"} for name in ("recv", "file", "handle", "thread")]
    events = [{"at": "30s", "miss": "a", "for": "3s"}, {"at": "60s", "add": "d"}, {"at": "90s", "deploy": "all", "down": "2s", "pause": "5s"},
              {"at": "200s", "restart": "b", "down": "1s"}]
    table = DRILL.simulate(tmp_path, scenarios, seconds=300, instances=["a", "b", "c"], events=events)
    DRILL.suite(as_service(table), stem="services").fires({}).check(tmp_path)


def test_a_restart_hides_a_leak_until_it_has_grown_anew(tmp_path):
    """As for leaklab: 92 s after the beginning of each process, whatever was missed meanwhile."""
    events = [{"at": "40s", "miss": "a", "for": "3s"}, {"at": "110s", "restart": "a", "down": "2s"}]
    table = service(DRILL, tmp_path, leaks(DRILL), 220, events=events)
    DRILL.suite(table.only("go_goroutines"), stem="services").fires({
        alert("GoroutinesLeaking"): [(92, 112), (204, 220)]}).check(tmp_path)


def test_leaklab_itself_is_left_to_its_own_rules(tmp_path):
    table = DRILL.simulate(tmp_path, leaks(DRILL), seconds=100)
    DRILL.suite(table, stem="services").fires({}).check(tmp_path)
