"""The README's figures: a table and a picture, written from the JSON of a full run and from nothing else."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from . import growth
from .basis import PEERS, human
from .programs import BenchError
from .row import PEER_NAMES

BEGIN, END = "<!-- figures: written by script/bench --readme -->", "<!-- end of the figures -->"
PICTURE = "docs/pictures/growth.svg"


@dataclass(frozen=True)
class Line:
    """A row of the README: what was measured under a key; or two, as in "100% on 0.4 cores"."""

    work: str
    key: str
    on: str = ""
    instead: dict[str, str] = field(default_factory=dict)  # by peer, of what was not measured


LINES = (
    Line("spawn a million tasks that block on receive", "spawn"),
    Line("resident memory of one of them", "bytes"),
    Line("ten million of them", "ten_million", instead={"go": "needs 27 GB"}),
    Line("cancel a million tasks and see them end, each", "cancel"),
    Line("messages from task to task: one pair, ping-pong over channels", "messages_ping-pong_1"),
    Line("a thousand pairs at once", "messages_ping-pong_1000"),
    Line("a thousand tasks that select among four channels and done", "messages_selecting_1000"),
    Line("100,000 tickers at 10 ms: ticks delivered", "ticks_100000_made", on="ticks_cores_100000_made"),
    Line("the same, shuffled in memory", "ticks_100000_shuffled", on="ticks_cores_100000_shuffled"),
    Line("a scrape at a million tasks, one after another: p50", "scrape_p50_1000000"),
    Line("the same on 8 connections", "scrape_rate_1000000"),
    Line("a scrape at ten million tasks: p50", "scrape_p50_10000000", instead={"go": "needs 27 GB"}),
    Line("scrapes by `wrk` on 64 connections", "crowd_rate"),
    Line("the server's processor time for one of them", "crowd_cpu"),
    Line("`/metrics` while a million tasks come and go: p99", "churn_p99_/metrics"),
    Line("loop lag meanwhile, 99th percentile, at most", "churn_lag_p99"),
    Line("a profile of where a million tasks stand", "profile_1000000"),
    Line("judge which of a million tasks are leaked", "judge_1000000"),
    Line("the same in 500,000 starts, all of them live", "judge_starts_live"),
    Line("for how long the judge keeps the loop at a time, at most", "judge_slice_1000000"),
    Line("still resident 15 s after a million tasks of 1 KiB have gone", "memory_after"),
    Line("from the start of the process to its first scrape", "start"),
    Line("the program, stripped, without the system's libraries", "program_size"),
    Line("a processor's time at rest", "rest"),
)
UNITS = {"us": "µs", "%": "%"}


def number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def quantity(value: float, unit: str) -> str:
    if unit == "MiB" and value >= 1024:
        return f"{value / 1024:.1f} GiB"
    if unit == "us" and value >= 10_000:
        return f"{value / 1000:,.1f} ms"
    if unit == "%":
        return f"{number(value) if value < 99.95 else '100'}%"
    return f"{number(value)}{'' if unit == '/s' else ' '}{UNITS.get(unit, unit)}"


def measured(row: dict, on: dict | None, peer: str | None) -> str:
    """What leaklab did, or a peer; "" where there is nothing."""
    def of(row: dict) -> float | None:
        return row["leaklab_median"] if peer is None else row["peers"].get(peer, {}).get("median")

    value = of(row)
    if value is None:
        return ""
    text = quantity(value, row["unit"])
    return text if on is None else f"{text} on {number(of(on))} cores"


def better(row: dict, peer: str) -> str:
    against = row["peers"].get(peer, {})
    if against.get("ratio") is None or row["unit"] == "%":
        return ""
    spread = "" if len(row["leaklab"]) < 2 else f" ({number(against['ratio_min'])}–{number(against['ratio_max'])})"
    return f"{number(against['ratio'])}{spread}"


def cells(line: Line, rows: dict[str, dict]) -> list[str]:
    row, on = rows[line.key], rows[line.on] if line.on else None
    against = ((measured(row, on, peer) or line.instead.get(peer, ""), better(row, peer)) for peer in PEERS)
    return [line.work, measured(row, on, None), *(cell for pair in against for cell in pair)]


def machine_words(results: dict) -> str:
    machine = results["machine"]
    return (f"Medians of {results['plan']['repeats']} turns on {machine['cores']} cores of {machine['cpu']} "
            f"({machine['memory_bytes'] / 1e9:.0f} GB, {machine['system']}, kernel {machine['kernel']}), beside {machine['go']} with "
            f"its own client library, and tokio {machine['tokio']} by {machine['rust']}. *Better by* is the ratio of the medians, "
            "in brackets the least and the greatest ratio of two runs of the same turn:")


def growth_words(rows: dict[str, dict], tasks: list[int]) -> str:
    def span(measure: str) -> str:
        found = [rows[f"growth_{measure}_{count}"]["leaklab_median"] for count in tasks]
        return f"{min(found):.0f} to {max(found):.0f}"

    return (f"Four curves over the number of tasks, from {human(tasks[0])} to {human(tasks[-1])}: spawning at {span('spawn')} ns a task, "
            f"{span('bytes')} bytes each, cancelling at {span('cancel')} ns, and a scrape at {span('scrape')} microseconds")


def figures(results: dict) -> str:
    if results["quick"] or results["failures"]:
        raise BenchError("these are no figures to publish: a quick run, or one in which something failed")
    rows = {row["key"]: row for row in results["rows"]}
    tasks = results["plan"]["growth_tasks"]
    wanted = {key for line in LINES for key in (line.key, line.on) if key}
    wanted |= {f"growth_{measure}_{count}" for measure in growth.MEASURES for count in tasks}
    missing = sorted(wanted - rows.keys())
    if missing or results["peers"] != list(PEERS):
        raise BenchError(f"not all of it was measured: {', '.join(missing) or 'a peer'} is missing")
    heading = ["work", "leaklab", *(word for peer in PEERS for word in (PEER_NAMES[peer], "better by"))]
    table = [heading, ["---"] * len(heading), *(cells(line, rows) for line in LINES)]
    return "\n".join([machine_words(results), "", *(f"| {' | '.join(line)} |" for line in table), "",
                      f"![{growth_words(rows, tasks)}]({PICTURE})"])


def write(results: Path, root: Path) -> None:
    """Into the README of the tree, between two marks, and beside it the picture."""
    text = figures(json.loads(results.read_text()))
    readme = root / "README.md"
    before, begin, rest = readme.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchError(f"{readme} lacks its marks: {BEGIN} and {END}")
    readme.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    shutil.copyfile(results.with_name("bench-growth.svg"), root / PICTURE)
