"""What is measured. Each function returns rows; runs of leaklab and of its peer take turns (A B A B ...)."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .basis import GO_BYTES_PER_TASK, MAX_REQUESTS, MIB, MILLION, OUR_BYTES_PER_TASK, RECV, Bench, fits, human, values
from .footprint import footprint
from .growth import growth
from .histogram import LAG, Histogram
from .judging import judged
from .programs import Background, BenchError, Daemon, Programs, Server, daemon_with, run_peer_tickers
from .row import Row, at_least, at_most, below, times

FIXED = "fix-recv"
PERIOD_MS = 10
EVERY_RATE = 1000
CONNECTIONS = 8


def spawn(bench: Bench) -> Iterator[Row]:
    ours, peer = bench.alternate(lambda: bench.ours("spawn", RECV, MILLION, warm=True),
                                 lambda: bench.peer("spawn", MILLION, warm=True))
    yield Row("spawn", "spawn 1e6 tasks that block on receive", "M/s", values(ours, "tasks_per_second", 1e-6),
              values(peer, "tasks_per_second", 1e-6), higher_is_better=True, expectation=times(20))
    yield Row("bytes", "resident memory of one of them", "B", values(ours, "bytes_per_task"),
              values(peer, "bytes_per_task"), expectation=times(16))
    fixed = [bench.ours("spawn", FIXED, MILLION) for _ in range(bench.plan.repeats)]
    yield Row("bytes_select", "the same, selecting on done as well", "B", values(fixed, "bytes_per_task"))


def spawn_ten_million(bench: Bench) -> Iterator[Row]:
    title = "resident memory of 1e7 blocked tasks"
    if not fits(10 * MILLION * OUR_BYTES_PER_TASK):
        yield Row("ten_million", title, "MiB", [], note="not enough memory free")
        return
    result = bench.ours("spawn", RECV, 10 * MILLION)
    yield Row("ten_million", title, "MiB", [result["resident_after_bytes"] / MIB], expectation=below(2048, "2 GiB"),
              note=f"Go would need {10 * MILLION * GO_BYTES_PER_TASK / 1e9:.0f} GB")


def cancel(bench: Bench) -> Iterator[Row]:
    ours, peer = bench.alternate(lambda: bench.ours("cancel", FIXED, MILLION), lambda: bench.peer("cancel", MILLION))
    yield Row("cancel", "cancel 1e6 tasks and see them end, per task", "ns", values(ours, "ns_per_task"),
              values(peer, "ns_per_task"), expectation=times(10))
    freed = [bench.ours("reclaim", RECV, MILLION) for _ in range(bench.plan.repeats)]
    yield Row("reclaim", "free 1e6 leaked tasks from outside, per task", "ns", values(freed, "ns_per_task"),
              note="nothing in Go can")


def tickers(bench: Bench) -> Iterator[Row]:
    largest = max(bench.plan.tickers)
    for count, order in [*((count, "made") for count in bench.plan.tickers), (largest, "shuffled"),
                         (largest, "scattered")]:
        yield from tickers_of(bench, count, order)


def tickers_of(bench: Bench, count: int, order: str) -> Iterator[Row]:
    ours, peer = bench.alternate(lambda: bench.ours("tickers", count, f"{PERIOD_MS}ms", f"{bench.plan.window_seconds}s",
                                                    order),
                                 lambda: peer_tickers(bench, count, order))
    name = f"{human(count)} tickers at {PERIOD_MS} ms" + ("" if order == "made" else f", {order}")
    judged = count == 100_000 and order != "scattered"
    yield Row(f"ticks_{count}_{order}", f"{name}: ticks delivered", "%", values(ours, "delivered_share", 100),
              values(peer, "delivered_share", 100), higher_is_better=True,
              expectation=at_least(99, "99%") if judged else None, note=made_note(peer, count))
    yield Row(f"ticks_cores_{count}_{order}", f"{name}: processors used", "cores", values(ours, "cores"),
              values(peer, "cores"), expectation=below(0.5, "0.5 cores") if judged else None)


def made_note(peer: list[dict], count: int) -> str:
    made = min((result["made"] for result in peer), default=count)
    return f"Go came to make {made} of them" if made < count else ""


def peer_tickers(bench: Bench, count: int, order: str) -> dict | None:
    """Scattered means a start for each ticker; in Go, a ticker belongs to nothing but its goroutine anyway."""
    if bench.programs.peer is None or order == "scattered":
        return None
    words = ["shuffled"] if order == "shuffled" else []
    return bench.keep("go", run_peer_tickers(bench.programs.peer, count, PERIOD_MS, bench.plan.window_seconds, *words))


def series_count(server: Server) -> int:
    return len(server.metrics())


def scrape(bench: Bench) -> Iterator[Row]:
    """The peer has as many series as leaklab, so that both write about the same text."""
    extra = extra_series(bench)
    for tasks in bench.plan.scrape_tasks:
        if fits(tasks * OUR_BYTES_PER_TASK):
            yield from scrape_with(bench, tasks, extra)
    yield from scrape_plain(bench)


def extra_series(bench: Bench) -> int:
    if bench.programs.peer is None:
        return 0
    with Daemon(bench.programs.leaklab) as daemon, Server(bench.programs.peer, "serve", 0, 0) as peer:
        return max(0, series_count(daemon) - series_count(peer))


def scrape_with(bench: Bench, tasks: int, extra: int) -> Iterator[Row]:
    note = ""
    with daemon_with(bench.programs.leaklab, tasks) as daemon:
        if bench.programs.peer is None:
            rounds = scrape_rounds(bench, daemon, None)
        elif not fits(tasks * GO_BYTES_PER_TASK):
            note = f"Go would need {tasks * GO_BYTES_PER_TASK / 1e9:.0f} GB"
            rounds = scrape_rounds(bench, daemon, None)
        else:
            with Server(bench.programs.peer, "serve", tasks, extra) as peer:
                rounds = scrape_rounds(bench, daemon, peer)
    yield from scrape_rows(f"{human(tasks)} tasks", f"{tasks}", rounds, note)


def scrape_plain(bench: Bench) -> Iterator[Row]:
    """Against a Go program that exports nothing but what the client library does by itself: a third of our text."""
    if bench.programs.peer is None:
        return
    with Daemon(bench.programs.leaklab) as daemon, Server(bench.programs.peer, "serve", 0, 0) as peer:
        rounds = scrape_rounds(bench, daemon, peer)
    yield from scrape_rows("0 tasks, Go's default series alone", "plain", rounds, "")


@dataclass
class Rounds:
    """Loads of one connection, and of several, for each side."""

    ours_one: list[dict]
    peer_one: list[dict]
    ours_many: list[dict]
    peer_many: list[dict]


def scrape_rounds(bench: Bench, daemon: Server, peer: Server | None) -> Rounds:
    def loads(connections: int) -> tuple[list[dict], list[dict]]:
        return bench.alternate(lambda: bench.load("leaklab", daemon, connections),
                               lambda: bench.load("go", peer, connections) if peer else None)

    return Rounds(*loads(1), *loads(CONNECTIONS))


def scrape_rows(what: str, key: str, rounds: Rounds, note: str) -> Iterator[Row]:
    sizes = [f"{side[-1]['body_bytes'] / 1000:.1f} kB" for side in (rounds.ours_one, rounds.peer_one) if side]
    sized = " and ".join(sizes)
    yield Row(f"scrape_p50_{key}", f"scrape at {what}: p50", "us", values(rounds.ours_one, "p50_us"),
              values(rounds.peer_one, "p50_us"), expectation=times(5) if rounds.peer_one else None,
              note="; ".join(filter(None, (sized, note))))
    yield Row(f"scrape_p99_{key}", f"scrape at {what}: p99", "us", values(rounds.ours_one, "p99_us"),
              values(rounds.peer_one, "p99_us"), note=note)
    yield Row(f"scrape_cpu_{key}", f"scrape at {what}: processor time of the server", "us",
              values(rounds.ours_many, "server_cpu_us"), values(rounds.peer_many, "server_cpu_us"), note=note)
    yield Row(f"scrape_rate_{key}", f"scrape at {what}: {CONNECTIONS} connections", "/s",
              values(rounds.ours_many, "requests_per_second"), values(rounds.peer_many, "requests_per_second"),
              higher_is_better=True, expectation=times(5) if rounds.peer_many else None, note=note)


def churn(bench: Bench) -> Iterator[Row]:
    """Scrapes and health checks, one each 2 ms, while a million tasks come and go."""
    with Daemon(bench.programs.leaklab) as daemon:
        before = Histogram.read(daemon, LAG)
        with loader(bench, daemon, "/metrics") as metrics, loader(bench, daemon, "/healthz") as health:
            cycles = churn_tasks(daemon, bench.plan.churn_seconds)
            results = []
            for load in (metrics, health):
                load.interrupt()
                results.append(bench.keep("leaklab", load.result()))
        lag = Histogram.read(daemon, LAG).since(before)
    for result in results:
        yield Row(f"churn_p50_{result['path']}", f"{result['path']} while 1e6 tasks come and go: p50", "us",
                  [result["p50_us"]], note=f"{result['requests']} requests, {cycles} times a million tasks")
        yield Row(f"churn_p99_{result['path']}", f"{result['path']} while 1e6 tasks come and go: p99", "us",
                  [result["p99_us"]], expectation=below(5000, "5 ms"), note=f"longest {result['max_us'] / 1000:.1f} ms")
    yield Row("churn_lag_p99", "loop lag meanwhile: p99, at most", "ms", [lag.quantile_bound(0.99) * 1e3],
              expectation=at_most(2, "2 ms"))
    yield Row("churn_lag_max", "loop lag meanwhile: longest, at most", "ms", [lag.quantile_bound(1) * 1e3],
              expectation=at_most(10, "10 ms"))


def loader(bench: Bench, daemon: Daemon, path: str) -> Background:
    return Background(bench.programs.load, daemon.address, path, 1, MAX_REQUESTS, 60, 2000)


def churn_tasks(daemon: Daemon, seconds: float) -> int:
    """Spawns a million tasks again and again: fixed ones, which are cancelled, and leaky ones, which are reclaimed."""
    over = time.monotonic() + seconds
    for cycle in itertools.count(1):
        if cycle % 2:
            daemon.spawn(f"fixed-{cycle}", FIXED, MILLION, 0)
            daemon.cancel(f"fixed-{cycle}")
        else:
            daemon.spawn(f"leaky-{cycle}", RECV, MILLION, 0)
            daemon.reclaim(f"leaky-{cycle}")
        if time.monotonic() > over:
            return cycle
    raise AssertionError


@dataclass
class Memory:
    resident: float
    allocated: float

    @staticmethod
    def read(daemon: Daemon) -> Memory:
        metrics = daemon.metrics()
        return Memory(metrics["process_resident_memory_bytes"], metrics["leaklab_heap_allocated_bytes"])


def memory(bench: Bench) -> Iterator[Row]:
    """A million tasks of 1 KiB each, before, meanwhile, and after they have gone."""
    wait = bench.plan.memory_wait_seconds
    with memory_peer(bench) as peer, Daemon(bench.programs.leaklab) as daemon:
        before = Memory.read(daemon)
        daemon.spawn("crowd", RECV, MILLION, 1024)
        full = Memory.read(daemon)
        daemon.reclaim("crowd")
        at_once = Memory.read(daemon)
        time.sleep(wait)
        after = Memory.read(daemon)
        go = [bench.keep("go", peer.result())] if isinstance(peer, Background) else []
    bench.keep("leaklab", {"measure": "memory", "before": vars(before), "full": vars(full), "at_once": vars(at_once),
                           "after": vars(after)})
    yield Row("memory_before", "resident memory before", "MiB", [before.resident / MIB],
              values(go, "resident_before_bytes", 1 / MIB))
    yield Row("memory_full", "resident memory with 1e6 tasks of 1 KiB", "MiB", [full.resident / MIB],
              values(go, "resident_full_bytes", 1 / MIB))
    allowed = max(before.resident * 0.1, 10 * MIB)
    yield Row("memory_after", f"still resident {wait} s after they have gone", "MiB",
              [max(0.0, after.resident - before.resident) / MIB],
              [max(0.0, one["resident_after_bytes"] - one["resident_before_bytes"]) / MIB for one in go],
              expectation=at_most(allowed / MIB, f"{allowed / MIB:.0f} MiB"))
    yield Row("memory_allocated", "still allocated at once, of what they had", "%",
              [max(0.0, at_once.allocated - before.allocated) / (full.allocated - before.allocated) * 100],
              expectation=at_most(1, "1%"))


def every(bench: Bench) -> Iterator[Row]:
    """Every pattern of the catalogue at once, each started at a rate; all that leak, and then all that are fixed."""
    seconds = bench.plan.every_seconds
    for variant in ("leak", "fix"):
        with Daemon(bench.programs.leaklab) as daemon:
            before, cpu, began = Histogram.read(daemon, LAG), daemon.cpu_seconds(), time.monotonic()
            modes = start_every(daemon, variant, seconds)
            time.sleep(seconds)
            cores = (daemon.cpu_seconds() - cpu) / (time.monotonic() - began)
            lag = Histogram.read(daemon, LAG).since(before)
            scenarios = daemon.ask("GET", "/scenario")["scenarios"]
        started = sum(scenario["starts"] for scenario in scenarios)
        capped = sorted(scenario["mode"] for scenario in scenarios if scenario["cause"] == "capped")
        title = f"{modes} {variant} patterns at once, {EVERY_RATE} starts/s each"
        bench.keep("leaklab", {"measure": "every", "variant": variant, "scenarios": scenarios, "cores": cores})
        yield Row(f"every_starts_{variant}", f"{title}: starts made", "%",
                  [100 * started / (modes * EVERY_RATE * seconds)], higher_is_better=True,
                  note=f"stopped by a limit: {', '.join(capped)}" if capped else "")
        yield Row(f"every_cores_{variant}", f"{title}: processors used", "cores", [cores])
        yield Row(f"every_lag_{variant}", f"{title}: loop lag p99, at most", "ms", [lag.quantile_bound(0.99) * 1e3])


def start_every(daemon: Daemon, variant: str, seconds: int) -> int:
    """One task a start where a pattern lets one choose."""
    specs = []
    for pattern in daemon.ask("GET", "/patterns")["patterns"]:
        mode = f"{variant}-{pattern['name']}"
        if mode in pattern["modes"]:
            single = {"n": 1} if any(param["name"] == "n" for param in pattern["params"]) else {}
            specs.append({"mode": mode, "rate": EVERY_RATE, "duration": f"{seconds}s",
                          "linger": "100ms", **single})
    daemon.ask("POST", "/scenario", specs)
    return len(specs)


class Nobody:
    def __enter__(self) -> Nobody:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def memory_peer(bench: Bench) -> Background | Nobody:
    if bench.programs.peer is None:
        return Nobody()
    return Background(bench.programs.peer, "memory", MILLION, 1024, bench.plan.memory_wait_seconds)


MEASURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "spawn": spawn, "ten-million": spawn_ten_million, "cancel": cancel, "tickers": tickers, "scrape": scrape,
    "churn": churn, "memory": memory, "every": every, "judge": judged, "footprint": footprint, "growth": growth,
}


def run(bench: Bench, names: list[str]) -> tuple[list[Row], list[str]]:
    """All rows, and what went wrong; one failed measurement leaves the others alone."""
    rows: list[Row] = []
    failures: list[str] = []
    for name in names:
        bench.log(name)
        try:
            rows.extend(MEASURES[name](bench))
        except (BenchError, KeyError, ValueError, OSError) as error:
            failures.append(f"{name}: {type(error).__name__}: {error}")
    return rows, failures


def programs(build: Path, peer: Path | None) -> Programs:
    found = Programs(build / "leaklab", build / "tests/bench/bench_runtime", build / "tests/bench/bench_load", peer)
    for path in (found.leaklab, found.runtime, found.load):
        if not path.exists():
            raise BenchError(f"{path} is missing: cmake --build --preset release --target bench")
    return found
