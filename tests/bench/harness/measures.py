"""What is measured. Each function returns rows; runs of leaklab and of its peer take turns (A B A B ...)."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .basis import (GO, GO_BYTES_PER_TASK, MAX_REQUESTS, MIB, MILLION, OUR_BYTES_PER_TASK, PEERS, RECV, Bench, Sides, fits,
                    human, values)
from .footprint import extra_series, footprint
from .growth import growth
from .histogram import LAG, Histogram
from .judging import judged
from .programs import Background, BenchError, Daemon, Programs, Server, daemon_with, run_peer_tickers
from .row import PEER_NAMES, Row, at_least, at_most, below, times

FIXED = "fix-recv"
PERIOD_MS = 10
EVERY_RATE = 1000
CONNECTIONS = 8
PAIRS = (1, 1000)
SELECTING = 1000
MESSAGES_A_ROUND = {"ping-pong": 2, "selecting": 1}


def spawn(bench: Bench) -> Iterator[Row]:
    sides = bench.alternate(lambda: bench.ours("spawn", RECV, MILLION, warm=True),
                            lambda peer: bench.peer(peer, "spawn", MILLION, warm=True))
    yield Row("spawn", "spawn 1e6 tasks that block on receive", "M/s", *sides.values("tasks_per_second", 1e-6),
              higher_is_better=True, expectation=times(go=20, tokio=4))
    yield Row("bytes", "resident memory of one of them", "B", *sides.values("bytes_per_task"),
              expectation=times(go=16, tokio=1.5))
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
    sides = bench.alternate(lambda: bench.ours("cancel", FIXED, MILLION), lambda peer: bench.peer(peer, "cancel", MILLION))
    yield Row("cancel", "cancel 1e6 tasks and see them end, per task", "ns", *sides.values("ns_per_task"),
              expectation=times(go=10, tokio=5))
    freed = [bench.ours("reclaim", RECV, MILLION) for _ in range(bench.plan.repeats)]
    yield Row("reclaim", "free 1e6 leaked tasks from outside, per task", "ns", values(freed, "ns_per_task"),
              note="neither Go nor tokio can")


def messages(bench: Bench) -> Iterator[Row]:
    """From task to task, over channels: what the interpreter of patterns makes of it."""
    for pairs in PAIRS:
        yield messages_of(bench, "ping-pong", pairs, f"{pairs:,} {'pair' if pairs == 1 else 'pairs'} of tasks, ping-pong over channels")
    yield messages_of(bench, "selecting", SELECTING, f"{SELECTING:,} tasks that select among four channels and done")


def messages_of(bench: Bench, measure: str, n: int, title: str) -> Row:
    rounds = bench.plan.messages // n // MESSAGES_A_ROUND[measure]
    pattern = bench.programs.patterns / f"{measure}.yaml"

    def per_second(result: dict) -> dict:
        result["messages_per_second"] = n * rounds * MESSAGES_A_ROUND[measure] / result["seconds"]
        return result

    sides = bench.alternate(lambda: per_second(bench.ours("messages", pattern, n, rounds)),
                            lambda peer: per_second(bench.peer(peer, measure, n, rounds)))
    return Row(f"messages_{measure}_{n}", f"{title}: messages", "M/s", *sides.values("messages_per_second", 1e-6),
               higher_is_better=True, note="leaklab on one processor")


def tickers(bench: Bench) -> Iterator[Row]:
    largest = max(bench.plan.tickers)
    for count, order in [*((count, "made") for count in bench.plan.tickers), (largest, "shuffled"),
                         (largest, "scattered")]:
        yield from tickers_of(bench, count, order)


def tickers_of(bench: Bench, count: int, order: str) -> Iterator[Row]:
    # Scattered means a start for each ticker; elsewhere, a ticker belongs to nothing but its task anyway.
    sides = bench.alternate(lambda: bench.ours("tickers", count, f"{PERIOD_MS}ms", f"{bench.plan.window_seconds}s", order),
                            lambda peer: peer_tickers(bench, peer, count, order),
                            of=() if order == "scattered" else PEERS)
    name = f"{human(count)} tickers at {PERIOD_MS} ms" + ("" if order == "made" else f", {order}")
    judged = count == 100_000 and order != "scattered"
    yield Row(f"ticks_{count}_{order}", f"{name}: ticks delivered", "%", *sides.values("delivered_share", 100),
              higher_is_better=True, expectation=at_least(99, "99%") if judged else None, note=made_note(sides, count))
    yield Row(f"ticks_cores_{count}_{order}", f"{name}: processors used", "cores", *sides.values("cores"),
              expectation=below(0.5, "0.5 cores") if judged else None)


def made_note(sides: Sides, count: int) -> str:
    made = {peer: min(result["made"] for result in results) for peer, results in sides.peers.items()}
    return "; ".join(f"{PEER_NAMES[peer]} came to make {least} of them" for peer, least in made.items() if least < count)


def peer_tickers(bench: Bench, peer: str, count: int, order: str) -> dict:
    words = ["shuffled"] if order == "shuffled" else []
    return bench.keep(peer, run_peer_tickers(bench.programs.peers[peer], count, PERIOD_MS, bench.plan.window_seconds, *words))


def scrape(bench: Bench) -> Iterator[Row]:
    """The peer has as many series as leaklab, so that both write about the same text."""
    extra = extra_series(bench)
    for tasks in bench.plan.scrape_tasks:
        if fits(tasks * OUR_BYTES_PER_TASK):
            yield from scrape_with(bench, tasks, extra)
    yield from scrape_plain(bench)


def scrape_with(bench: Bench, tasks: int, extra: int) -> Iterator[Row]:
    note = ""
    with daemon_with(bench.programs.leaklab, tasks) as daemon:
        if GO not in bench.programs.peers:
            rounds = scrape_rounds(bench, daemon, None)
        elif not fits(tasks * GO_BYTES_PER_TASK):
            note = f"Go would need {tasks * GO_BYTES_PER_TASK / 1e9:.0f} GB"
            rounds = scrape_rounds(bench, daemon, None)
        else:
            with Server(bench.programs.peers[GO], "serve", tasks, extra) as peer:
                rounds = scrape_rounds(bench, daemon, peer)
    yield from scrape_rows(f"{human(tasks)} tasks", f"{tasks}", rounds, note)


def scrape_plain(bench: Bench) -> Iterator[Row]:
    """Against a Go program that exports nothing but what the client library does by itself: a third of our text."""
    if GO not in bench.programs.peers:
        return
    with Daemon(bench.programs.leaklab) as daemon, Server(bench.programs.peers[GO], "serve", 0, 0) as peer:
        rounds = scrape_rounds(bench, daemon, peer)
    yield from scrape_rows("0 tasks, Go's default series alone", "plain", rounds, "")


@dataclass
class Rounds:
    """Loads of one connection, and of several, for each side."""

    one: Sides
    many: Sides


def scrape_rounds(bench: Bench, daemon: Server, peer: Server | None) -> Rounds:
    def loads(connections: int) -> Sides:
        return bench.alternate(lambda: bench.load("leaklab", daemon, connections),
                               lambda name: bench.load(name, peer, connections), of=(GO,) if peer else ())

    return Rounds(loads(1), loads(CONNECTIONS))


def scrape_rows(what: str, key: str, rounds: Rounds, note: str) -> Iterator[Row]:
    sizes = [f"{side[-1]['body_bytes'] / 1000:.1f} kB" for side in (rounds.one.ours, *rounds.one.peers.values())]
    sized = " and ".join(sizes)
    expectation = times(go=5) if rounds.one.peers else None
    yield Row(f"scrape_p50_{key}", f"scrape at {what}: p50", "us", *rounds.one.values("p50_us"), expectation=expectation,
              note="; ".join(filter(None, (sized, note))))
    yield Row(f"scrape_p99_{key}", f"scrape at {what}: p99", "us", *rounds.one.values("p99_us"), note=note)
    yield Row(f"scrape_cpu_{key}", f"scrape at {what}: processor time of the server", "us",
              *rounds.many.values("server_cpu_us"), note=note)
    yield Row(f"scrape_rate_{key}", f"scrape at {what}: {CONNECTIONS} connections", "/s",
              *rounds.many.values("requests_per_second"), higher_is_better=True, expectation=expectation, note=note)


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
    with contextlib.ExitStack() as stack:
        running = {peer: stack.enter_context(Background(program, "memory", MILLION, 1024, wait))
                   for peer, program in bench.programs.peers.items()}
        daemon = stack.enter_context(Daemon(bench.programs.leaklab))
        before = Memory.read(daemon)
        daemon.spawn("crowd", RECV, MILLION, 1024)
        full = Memory.read(daemon)
        daemon.reclaim("crowd")
        at_once = Memory.read(daemon)
        time.sleep(wait)
        after = Memory.read(daemon)
        peers = {peer: [bench.keep(peer, run.result())] for peer, run in running.items()}
    bench.keep("leaklab", {"measure": "memory", "before": vars(before), "full": vars(full), "at_once": vars(at_once),
                           "after": vars(after)})
    yield Row("memory_before", "resident memory before", "MiB", [before.resident / MIB],
              {peer: values(runs, "resident_before_bytes", 1 / MIB) for peer, runs in peers.items()})
    yield Row("memory_full", "resident memory with 1e6 tasks of 1 KiB", "MiB", [full.resident / MIB],
              {peer: values(runs, "resident_full_bytes", 1 / MIB) for peer, runs in peers.items()})
    allowed = max(before.resident * 0.1, 10 * MIB)
    yield Row("memory_after", f"still resident {wait} s after they have gone", "MiB",
              [max(0.0, after.resident - before.resident) / MIB],
              {peer: [max(0.0, run["resident_after_bytes"] - run["resident_before_bytes"]) / MIB for run in runs]
               for peer, runs in peers.items()},
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


MEASURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "spawn": spawn, "ten-million": spawn_ten_million, "cancel": cancel, "messages": messages, "tickers": tickers, "scrape": scrape,
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


def programs(build: Path, patterns: Path, peers: dict[str, Path]) -> Programs:
    found = Programs(build / "leaklab", build / "tests/bench/bench_runtime", build / "tests/bench/bench_load", patterns, peers)
    for path in (found.leaklab, found.runtime, found.load):
        if not path.exists():
            raise BenchError(f"{path} is missing: cmake --build --preset release --target bench")
    return found
