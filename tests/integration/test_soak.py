"""script/soak's own run, for some seconds; and that it tells what is not fine."""

import importlib.machinery
import importlib.util
import json
import subprocess
import sys

import pytest

import leaklab
from leaklab import ROOT

RUN = ROOT / "tests/soak/run"


@pytest.fixture(name="soak")
def soak_():
    loader = importlib.machinery.SourceFileLoader("soak_run", str(RUN))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("soak_run", loader))
    loader.exec_module(module)
    return module


@pytest.mark.release
@pytest.mark.limit(120)
def test_a_short_soak_ends_as_it_began(tmp_path):
    done = subprocess.run([sys.executable, RUN, "--seconds", "8", "--settle", "4", "--most-lag", "inf", "--no-plot", "--output", tmp_path, "--name", "short"],
                          capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "short.json").read_text())
    assert report["done"]["started"] > 0 and report["failures"] == []
    assert len(report["rows"]) > 2
    assert "| tasks spawned, and ended |" in (tmp_path / "short.md").read_text()


METRICS = """\
leaklab_tasks{{state="recv"}} {tasks}
leaklab_tasks_spawned_total 100
leaklab_tasks_ended_total {ended}
process_resident_memory_bytes {resident}
process_open_fds {descriptors}
leaklab_loop_lag_seconds_bucket{{le="0.001"}} 10
leaklab_loop_lag_seconds_bucket{{le="0.1"}} {late}
leaklab_loop_lag_seconds_bucket{{le="+Inf"}} {late}
"""
FINE = {"tasks": 0, "ended": 100, "resident": 1e7, "descriptors": 10, "late": 10}


def not_fine(soak, failures=(), **wrong):
    first = leaklab.Scrape(METRICS.format(**FINE))
    last = leaklab.Scrape(METRICS.format(**{**FINE, **wrong}))
    return [name for name, _, _, fine in soak.verdicts(first, last, [{"scrape": 0.01}], list(failures), sanitized=False) if not fine]


@pytest.mark.parametrize("wrong, told", [({}, []), ({"ended": 99}, ["tasks spawned, and ended"]), ({"tasks": 1}, ["tasks"]),
                                         ({"resident": 1e8}, ["resident memory"]), ({"descriptors": 20}, ["descriptors"]),
                                         ({"failures": ["scrape"]}, ["requests and scrapes that failed"]),
                                         ({"late": 11}, ["loop lag in seconds, 99 of 100: bound, and seen"])])
def test_what_is_not_as_it_was_is_told(soak, wrong, told):
    assert not_fine(soak, **wrong) == told
