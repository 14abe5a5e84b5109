"""The rules for other services, on the series of a leaklab process under the names that a service's client library would give."""

import pytest

from sets import DRILL, REAL, alert, decoys, every

NAMES = ((r"^leaklab_tasks\{(job=.*?),pattern=.*state=\"(?:recv|select|await)\"\}", r"go_goroutines{\1}"),
         (r"^process_open_fds\{(.*)\}", r"process_open_fds{\1}"),
         (r"^process_resident_memory_bytes\{(.*)\}", r"process_resident_memory_bytes{\1}"),
         (r"^leaklab_uv_handles\{(job=.*?),handle=(.*)\}", r"nodejs_active_handles{\1,type=\2}"))


def service(windows, folder, scenarios, seconds, **more):
    """Nothing in it says leaklab."""
    table = windows.simulate(folder, scenarios, seconds=seconds, job="shop", **more)
    first, *others = [table.renamed(*names) for names in NAMES]
    return first.beside(*others)


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


@pytest.mark.parametrize("decoy", ("burst", "plateau", "sawtooth", "wave"))
def test_a_decoy_is_silent_in_a_drill(decoy, tmp_path):
    table = service(DRILL, tmp_path, [{"mode": f"decoy-{decoy}", **decoys(DRILL)[decoy]}], 300)
    DRILL.suite(table, stem="services").fires({}).check(tmp_path)


def test_leaklab_itself_is_left_to_its_own_rules(tmp_path):
    table = DRILL.simulate(tmp_path, leaks(DRILL), seconds=100)
    DRILL.suite(table, stem="services").fires({}).check(tmp_path)
