"""What tests/bench/run makes of its measurements. The measurements themselves are for script/bench on an idle machine."""

import json
import sys

import pytest

from leaklab import ROOT

sys.path.insert(0, str(ROOT / "tests/bench"))

from harness import growth, programs, readme, row  # noqa: E402

SIZES = (10_000, 100_000)
MACHINE = {"cpu": "Some CPU", "cores": 2, "memory_bytes": 8e9, "system": "Debian", "kernel": "6", "go": "go", "tokio": "1.24", "rust": "rustc"}


def a_row(key):
    unit = "cores" if "cores" in key else "M/s"
    peers = {"go": [2.0, 1.0, 4.0], "tokio": [10.0, 20.0, 10.0]} if key == "spawn" else {}
    return row.Row(key, key, unit, [20.0, 20.0, 20.0], peers, higher_is_better=True).as_json()


@pytest.fixture(name="results")
def results_():
    keys = {key for line in readme.LINES for key in (line.key, line.on) if key}
    keys |= {f"growth_{measure}_{size}" for measure in growth.MEASURES for size in SIZES}
    return {"quick": False, "failures": [], "machine": MACHINE, "peers": ["go", "tokio"], "plan": {"repeats": 3, "growth_tasks": SIZES},
            "rows": [a_row(key) for key in sorted(keys)]}


def test_the_readme_gets_medians_and_ratios_with_their_spread_for_each_peer(results, tmp_path):
    (tmp_path / "docs/pictures").mkdir(parents=True)
    (tmp_path / "README.md").write_text(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n")
    (tmp_path / "bench-growth.svg").write_text("<svg/>")
    (tmp_path / "bench.json").write_text(json.dumps(results))
    readme.write(tmp_path / "bench.json", tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert text.startswith(f"before\n{readme.BEGIN}\nMedians of 3 turns on 2 cores of Some CPU (8 GB, ") and text.endswith(f"{readme.END}\nafter\n")
    assert ("| spawn a million tasks that block on receive | 20.0 M/s | 2.00 M/s | 10.0 (5.00–20.0) | 10.0 M/s | 2.00 (1.00–2.00) |\n") in text
    assert "| 20.0 M/s on 20.0 cores |" in text and "old" not in text
    assert (tmp_path / readme.PICTURE).read_text() == "<svg/>"


@pytest.mark.parametrize("spoil", [lambda results: results.update(quick=True), lambda results: results.update(failures=["one"]),
                                   lambda results: results["rows"].pop(), lambda results: results.update(peers=["go"])])
def test_only_a_whole_full_run_is_published(results, spoil):
    readme.figures(results)
    spoil(results)
    with pytest.raises(programs.BenchError):
        readme.figures(results)


def test_the_readme_of_this_tree_has_a_place_for_them():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count(readme.BEGIN) == text.count(readme.END) == 1


WRK = """\
Running 1s test @ http://127.0.0.1:1/metrics
  1 threads and 64 connections
  Latency Distribution
     50%    1.50ms
     99%  {tail}
  121 requests in 1.06s, 726.65KB read
{errors}Requests/sec:    114.49
"""


@pytest.mark.parametrize("tail, us", [("850.00us", 850), ("12.50ms", 12_500), ("1.01s ", 1_010_000)])
def test_wrk_is_read(tail, us):
    read = programs.read_wrk(WRK.format(tail=tail, errors=""), 64)
    assert (read["requests"], read["requests_per_second"], read["p99_us"]) == (121, 114.49, us)


def test_answers_that_are_none_are_no_figures():
    with pytest.raises(programs.BenchError):
        programs.read_wrk(WRK.format(tail="1.00ms", errors="  Non-2xx or 3xx responses: 121\n"), 64)


@pytest.mark.parametrize("ratios, met", [({"go": 1.0, "tokio": 1.0}, True), ({"go": 2.5}, False), ({"go": 1.0, "tokio": 3.0}, False), ({}, None)])
def test_an_expectation_is_met_against_every_peer_that_was_measured(ratios, met):
    peers = {peer: [value] for peer, value in ratios.items()}
    assert row.Row("key", "title", "M/s", [10.0], peers, higher_is_better=True, expectation=row.times(go=5, tokio=4)).met is met
