"""What a server costs before anybody asks it for anything: its size, its start, its rest; and when many ask at once."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from .basis import Bench, values
from .programs import Daemon, Server
from .row import Row, at_most, below, times

STARTS = 7
CROWD = 64


def footprint(bench: Bench) -> Iterator[Row]:
    yield from sizes(bench)
    yield from starts(bench)
    with our_server(bench) as daemon, Maybe(peer_server(bench)) as peer:
        yield from rest(bench, daemon, peer)
        yield from crowd(bench, daemon, peer)


def our_server(bench: Bench) -> Daemon:
    return Daemon(bench.programs.leaklab)


def peer_server(bench: Bench) -> Server | None:
    return None if bench.programs.peer is None else Server(bench.programs.peer, "serve", 0, 0)


class Maybe:
    """A server, or none."""

    def __init__(self, server: Server | None) -> None:
        self.server = server

    def __enter__(self) -> Server | None:
        return None if self.server is None else self.server.__enter__()

    def __exit__(self, *reason: object) -> None:
        if self.server is not None:
            self.server.__exit__(*reason)


def stripped_bytes(program: Path) -> int:
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(["strip", "-o", copy.name, program], check=True)
        return Path(copy.name).stat().st_size


def sizes(bench: Bench) -> Iterator[Row]:
    peer = [] if bench.programs.peer is None else [stripped_bytes(bench.programs.peer) / 1e6]
    yield Row("program_size", "the program, stripped", "MB", [stripped_bytes(bench.programs.leaklab) / 1e6], peer,
              note="its libraries are the system's; Go's are part of its program" if peer else "its libraries are the system's")


def start_ms(make: Callable[[], Server]) -> float:
    began = time.perf_counter()
    with make() as server:
        server.request("GET", "/metrics")
        return (time.perf_counter() - began) * 1e3


def starts(bench: Bench) -> Iterator[Row]:
    def started(side: str, make: Callable[[], Server]) -> dict:
        return bench.keep(side, {"measure": "start", "ms": median(start_ms(make) for _ in range(STARTS))})

    ours, peer = bench.alternate(lambda: started("leaklab", lambda: our_server(bench)),
                                 lambda: started("go", lambda: peer_server(bench)) if bench.programs.peer else None)
    yield Row("start", "from the start of the process to its first scrape", "ms", values(ours, "ms"), values(peer, "ms"),
              expectation=below(100, "100 ms"))


def rest(bench: Bench, daemon: Server, peer: Server | None) -> Iterator[Row]:
    servers = {"leaklab": daemon, **({"go": peer} if peer else {})}
    before = {side: server.cpu_seconds() for side, server in servers.items()}
    time.sleep(bench.plan.rest_seconds)
    used = {side: (server.cpu_seconds() - before[side]) / bench.plan.rest_seconds * 100 for side, server in servers.items()}
    for side, percent in used.items():
        bench.keep(side, {"measure": "rest", "percent": percent})
    yield Row("rest", f"a processor's time while nobody asks for anything, {bench.plan.rest_seconds} s", "%", [used["leaklab"]],
              [used["go"]] if peer else [], expectation=at_most(0.3, "0.3%"))


def crowd(bench: Bench, daemon: Server, peer: Server | None) -> Iterator[Row]:
    ours, theirs = bench.alternate(lambda: bench.load("leaklab", daemon, CROWD),
                                   lambda: bench.load("go", peer, CROWD) if peer else None)
    yield Row("crowd_rate", f"scrape by {CROWD} connections at once", "/s", values(ours, "requests_per_second"),
              values(theirs, "requests_per_second"), higher_is_better=True, expectation=times(5) if theirs else None)
    yield Row("crowd_p99", f"scrape by {CROWD} connections at once: p99", "us", values(ours, "p99_us"), values(theirs, "p99_us"))
