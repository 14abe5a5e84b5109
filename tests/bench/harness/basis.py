"""What every measurement builds on: how much of each, the programs, and the results so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import machine
from .programs import Programs, Server, run_json

MILLION = 1_000_000
MIB = 1024 * 1024
RECV = "leak-recv"
GO, TOKIO = PEERS = ("go", "tokio")
MAX_REQUESTS = 2_000_000
# Memory that a measurement may use without pushing the rest of the machine out.
SPARE_BYTES = 2 * 1024 * MIB
GO_BYTES_PER_TASK = 2700
OUR_BYTES_PER_TASK = 200


@dataclass(frozen=True)
class Plan:
    """How much of each; `quick` gives a first impression, `full` numbers to quote."""

    repeats: int
    tickers: tuple[int, ...]
    window_seconds: int
    scrape_tasks: tuple[int, ...]
    load_seconds: int
    churn_seconds: int
    memory_wait_seconds: int
    every_seconds: int
    judged_tasks: tuple[int, ...]
    judge_looks: int
    rest_seconds: int
    messages: int
    growth_tasks: tuple[int, ...]


FULL = Plan(repeats=3, tickers=(1000, 10_000, 100_000), window_seconds=3,
            scrape_tasks=(0, 100_000, MILLION, 10 * MILLION), load_seconds=1, churn_seconds=6, memory_wait_seconds=15,
            every_seconds=10, judged_tasks=(100_000, MILLION, 10 * MILLION), judge_looks=25, rest_seconds=30, messages=4 * MILLION,
            growth_tasks=(10_000, 100_000, MILLION, 10 * MILLION))
QUICK = Plan(repeats=1, tickers=(1000, 100_000), window_seconds=1, scrape_tasks=(0, MILLION), load_seconds=1,
             churn_seconds=3, memory_wait_seconds=15, every_seconds=3, judged_tasks=(100_000, MILLION), judge_looks=5, rest_seconds=5,
             messages=MILLION, growth_tasks=(10_000, 100_000, MILLION))


@dataclass
class Bench:
    programs: Programs
    plan: Plan
    log: Callable[[str], None]
    raw: list[dict] = field(default_factory=list)

    def keep(self, side: str, result: dict) -> dict:
        self.raw.append({"side": side, **result})
        return result

    def ours(self, *arguments: object, warm: bool = False) -> dict:
        return self.keep("leaklab", self.measured(self.programs.runtime, arguments, warm))

    def peer(self, name: str, *arguments: object, warm: bool = False) -> dict:
        return self.keep(name, self.measured(self.programs.peers[name], arguments, warm))

    def measured(self, program: Path, arguments: tuple[object, ...], warm: bool) -> dict:
        """Warm: the run after one that does not count. On a virtual machine, the host brings in memory that was not
        used lately at a tenth of the speed; that is not what is measured."""
        if warm:
            run_json(program, *arguments)
        return run_json(program, *arguments)

    def load(self, side: str, server: Server, connections: int) -> dict:
        cpu = server.cpu_seconds()
        result = run_json(self.programs.load, server.address, "/metrics", connections, MAX_REQUESTS,
                          self.plan.load_seconds)
        result["server_cpu_us"] = (server.cpu_seconds() - cpu) * 1e6 / result["requests"]
        return self.keep(side, result)

    def alternate(self, ours: Callable[[], dict], peer: Callable[[str], dict], of: Iterable[str] = PEERS) -> Sides:
        """Leaklab, each of those peers that there are, and so on, in turns."""
        sides = Sides([], {name: [] for name in of if name in self.programs.peers})
        for _ in range(self.plan.repeats):
            sides.ours.append(ours())
            for name, results in sides.peers.items():
                results.append(peer(name))
        return sides


@dataclass
class Sides:
    """The results of each side, in the order of its runs."""

    ours: list[dict]
    peers: dict[str, list[dict]]

    def values(self, key: str, scale: float = 1) -> tuple[list[float], dict[str, list[float]]]:
        """As a row takes them."""
        return values(self.ours, key, scale), {name: values(results, key, scale) for name, results in self.peers.items()}


def values(results: list[dict], key: str, scale: float = 1) -> list[float]:
    return [result[key] * scale for result in results]


def human(count: int) -> str:
    """1e5 as people who measure write it."""
    return f"{count:.0e}".replace("e+0", "e") if count else "0"


def fits(wanted_bytes: float) -> bool:
    return wanted_bytes + SPARE_BYTES < machine.available_bytes()
