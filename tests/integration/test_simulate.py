"""`leaklab simulate`: weeks in seconds, as a text that a real Prometheus loads."""

import json
import shutil
import subprocess
import time

import pytest

import leaklab
from test_prometheus import Prometheus

DAY = 24 * 3600
MONTH = [{"mode": "fix-recv", "n": 2, "rate": "1/s", "shape": "wave", "shape_period": "1d", "linger": "30s", "name": "day"},
         {"mode": "leak-recv", "n": 1, "rate": "1/m", "name": "the-bug"}]


def simulate(tmp_path, body, *arguments, **settings):
    scenario = tmp_path / "scenario.json"
    scenario.write_text(body if isinstance(body, str) else json.dumps(body))
    flags = {"scenario": scenario, "for": "1h", "out": tmp_path / "out.om", **settings}
    given = [text for name, value in flags.items() if value is not None for text in (f"--{name}", str(value))]
    return leaklab.run("simulate", *given, *arguments, timeout=300)


def refused(done, *words):
    assert done.returncode == 2 and done.stdout == ""
    for word in words:
        assert word in done.stderr, done.stderr


def test_help_names_every_flag():
    done = leaklab.run("simulate", "--help")
    assert done.returncode == 0 and done.stderr == ""
    for flag in ("scenario", "for", "scrape-interval", "out", "at", "seed", "job", "instance", "max-tasks", "max-heap"):
        assert f"-{flag} " in done.stdout
    assert "promtool tsdb create-blocks-from openmetrics" in done.stdout


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    body = {"mode": "fix-recv", "rate": "3/m", "jitter": "80%", "n": 2}
    texts = []
    for seed in ("1", "1", "2"):
        done = simulate(tmp_path, body, out="-", seed=seed)
        assert done.returncode == 0, done.stderr
        assert done.stderr.endswith("samples in standard output\n")
        texts.append(done.stdout)
    assert texts[0] == texts[1] != texts[2]


def test_the_text_is_openmetrics(tmp_path):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    # Whole seconds: this parser compares seconds and nanoseconds of two timestamps apart, and calls 1.5, 2 a step back.
    done = simulate(tmp_path, MONTH, **{"scrape-interval": "2m", "instance": 'a "b" \\c', "job": "nightly"})
    assert done.returncode == 0, done.stderr
    families = list(parser.text_string_to_metric_families((tmp_path / "out.om").read_text()))
    assert "leaklab_tasks" in [family.name for family in families]
    for family in families:
        for sample in family.samples:
            assert sample.labels["job"] == "nightly" and sample.labels["instance"] == 'a "b" \\c'
            assert sample.timestamp is not None


@pytest.mark.release
@pytest.mark.limit(240)
def test_a_month_is_simulated_and_loaded(tmp_path):
    """Thirty days with a leak of one task a minute below a day's wave, in a Prometheus."""
    promtool = shutil.which("promtool")
    assert promtool, "promtool is not on PATH; script/test puts it there"
    begin = int(time.time()) - 30 * DAY - 3600
    done = simulate(tmp_path, MONTH, **{"for": "30d", "at": begin, "scrape-interval": "1m"})
    assert done.returncode == 0, done.stderr
    subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=744h",
                    tmp_path / "out.om", tmp_path / "tsdb"], check=True, timeout=120, stdout=subprocess.DEVNULL)
    server = Prometheus(tmp_path, f"127.0.0.1:{leaklab.free_port()}", "--storage.tsdb.retention.time=60d")
    try:
        leaklab.eventually(server.ready, timeout=60, what="a ready Prometheus")
        leak = 'leaklab_tasks{job="leaklab",pattern="recv",variant="leak",state="recv"}'
        for day in (1, 7, 30):
            assert server.query(f"{leak} @ {begin + day * DAY}") == day * 24 * 60
        night = server.query(f'sum(leaklab_tasks{{variant="fix"}} @ {begin + 10 * DAY})')
        noon = server.query(f'sum(leaklab_tasks{{variant="fix"}} @ {begin + 10 * DAY + DAY // 2})')
        assert night < noon / 5
        assert server.query(f"count(count_over_time({leak}[30d] @ {begin + 30 * DAY}))") == 1
    finally:
        server.stop()


@pytest.mark.parametrize("flag", ("scenario", "for", "out"))
def test_what_is_missing_is_named(tmp_path, flag):
    refused(simulate(tmp_path, MONTH, **{flag: None}), f"--{flag}", "is missing")


@pytest.mark.parametrize("flag, value", (
    ("for", "0s"), ("for", "month"), ("for", "367d"), ("scrape-interval", "1us"), ("scrape-interval", "15"),
    ("at", "yesterday"), ("at", "2026-13-01"), ("at", "2026-01-01T00:00:00"), ("at", "99999999999"), ("seed", "-1"),
    ("max-tasks", "0"), ("max-heap", "lots"), ("instance", "x" * 1025)))
def test_wrong_values_are_refused(tmp_path, flag, value):
    refused(simulate(tmp_path, MONTH, **{flag: value}), f"--{flag}")
    assert not (tmp_path / "out.om").exists()


def test_more_scrapes_than_anybody_keeps_are_refused(tmp_path):
    refused(simulate(tmp_path, MONTH, **{"for": "366d", "scrape-interval": "1s"}), "--scrape-interval", "scrapes")


def test_a_wrong_scenario_is_told_and_leaves_no_file(tmp_path):
    refused(simulate(tmp_path, [{"mode": "leek-recv"}]), "leaklab simulate: --scenario", "/0/mode", "leak-recv")
    refused(simulate(tmp_path, "{"), "leaklab simulate: --scenario")
    refused(simulate(tmp_path, {"mode": "leak-recv", "dry_run": True}), "starts no scenario")
    refused(simulate(tmp_path, MONTH, scenario=tmp_path / "none.json"), "No such file")
    assert not (tmp_path / "out.om").exists()


def test_a_place_that_cannot_be_written_is_told_at_once(tmp_path):
    refused(simulate(tmp_path, MONTH, out=tmp_path / "no" / "folder"), "--out", "No such file")


def test_a_full_disk_is_told_and_only_a_file_is_removed(tmp_path):
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    done = simulate(tmp_path, MONTH, out=full)
    assert done.returncode == 1 and "No space left" in done.stderr
    assert full.is_symlink()


def test_a_scenario_that_hits_a_limit_is_named(tmp_path):
    done = simulate(tmp_path, {"mode": "leak-recv", "n": 1000, "name": "big"}, **{"max-tasks": "100"})
    assert done.returncode == 0
    assert 'scenario "big" was ended by the limit on tasks' in done.stderr
