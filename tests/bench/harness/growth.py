"""How what a task costs depends on how many there are: it should not. And a picture of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from .basis import OUR_BYTES_PER_TASK, RECV, Bench, fits, human, values
from .programs import daemon_with
from .row import Expectation, Row

FIXED = "fix-recv"
FLAT = 2.0  # times what it is for the least crowd that is large enough to measure
BASE = 100_000
# Key of a row's measure, what it says, its unit, and whether it is of each task or of all.
MEASURES = {"spawn": ("spawn, per task", "ns"), "bytes": ("resident memory, per task", "B"), "cancel": ("cancel, per task", "ns"),
            "scrape": ("a scrape, p50", "us")}


def growth(bench: Bench) -> Iterator[Row]:
    base: dict[str, float] = {}
    for tasks in bench.plan.growth_tasks:
        if not fits(tasks * OUR_BYTES_PER_TASK):
            continue
        for measure, found in costs(bench, tasks).items():
            what, unit = MEASURES[measure]
            row = Row(f"growth_{measure}_{tasks}", f"{human(tasks)} tasks: {what}", unit, found)
            if tasks == BASE:
                base[measure] = row.value
            elif tasks > BASE and measure in base:
                row.expectation = flat(base[measure])
            yield row


def flat(base: float) -> Expectation:
    return Expectation(f"<= {FLAT:g}x of 1e5", lambda row: row.value <= FLAT * base)


def costs(bench: Bench, tasks: int) -> dict[str, list[float]]:
    repeats = range(bench.plan.repeats)
    spawned = [bench.ours("spawn", RECV, tasks, warm=True) for _ in repeats]
    cancelled = [bench.ours("cancel", FIXED, tasks) for _ in repeats]
    with daemon_with(bench.programs.leaklab, tasks) as daemon:
        scraped = [bench.load("leaklab", daemon, 1) for _ in repeats]
    return {"spawn": [1e9 / each for each in values(spawned, "tasks_per_second")], "bytes": values(spawned, "bytes_per_task"),
            "cancel": values(cancelled, "ns_per_task"), "scrape": values(scraped, "p50_us")}


def draw(results: Path, picture: Path) -> bool:
    """From the JSON of a run. False: there is nothing to draw, or nothing to draw it with."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "leaklab"})
    from matplotlib import pyplot
    rows = [row for row in json.loads(results.read_text())["rows"] if row["key"].startswith("growth_")]
    if not rows:
        return False
    figure, axes = pyplot.subplots(1, len(MEASURES), figsize=(3.4 * len(MEASURES), 3.2), constrained_layout=True)
    for axis, (measure, (what, unit)) in zip(axes, MEASURES.items()):
        points = sorted((int(row["key"].rpartition("_")[2]), row["leaklab_median"]) for row in rows if row["key"].startswith(f"growth_{measure}_"))
        axis.plot([tasks for tasks, _ in points], [value for _, value in points], marker="o")
        axis.set(xscale="log", title=what, xlabel="tasks", ylabel=unit)
        axis.set_ylim(0, 1.25 * max(value for _, value in points))
        axis.grid(alpha=0.3)
    figure.savefig(picture, metadata={"Date": None})
    return True
