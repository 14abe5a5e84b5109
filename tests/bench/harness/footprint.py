"""What a server costs before anybody asks it for anything: its size, its start, its rest; and when many ask at once."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from .basis import GO, Bench
from .programs import Daemon, Server, run_wrk
from .row import Row, below, times

STARTS = 7
CROWD = 64


def footprint(bench: Bench) -> Iterator[Row]:
    yield from sizes(bench)
    yield from starts(bench)
    with our_server(bench) as daemon, Maybe(peer_server(bench)) as peer:
        yield from rest(bench, daemon, peer)
        yield from crowd(bench, daemon, peer, "plain", "Go with its default series alone" if peer else "")
    with our_server(bench) as daemon, Maybe(peer_server(bench, extra_series(bench))) as peer:
        yield from crowd(bench, daemon, peer)


def our_server(bench: Bench) -> Daemon:
    return Daemon(bench.programs.leaklab)


def extra_series(bench: Bench) -> int:
    """How many the peer lacks of what leaklab has."""
    if GO not in bench.programs.peers:
        return 0
    with our_server(bench) as daemon, peer_server(bench) as peer:
        return max(0, len(daemon.metrics()) - len(peer.metrics()))


def peer_server(bench: Bench, series: int = 0) -> Server | None:
    return Server(bench.programs.peers[GO], "serve", 0, series) if GO in bench.programs.peers else None


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
    peers = {peer: [stripped_bytes(program) / 1e6] for peer, program in bench.programs.peers.items() if peer == GO}
    yield Row("program_size", "the program, stripped", "MB", [stripped_bytes(bench.programs.leaklab) / 1e6], peers,
              note="its libraries are the system's; Go's are part of its program" if peers else "its libraries are the system's")


def start_ms(make: Callable[[], Server]) -> float:
    began = time.perf_counter()
    with make() as server:
        server.request("GET", "/metrics")
        return (time.perf_counter() - began) * 1e3


def starts(bench: Bench) -> Iterator[Row]:
    def started(side: str, make: Callable[[], Server]) -> dict:
        return bench.keep(side, {"measure": "start", "ms": median(start_ms(make) for _ in range(STARTS))})

    sides = bench.alternate(lambda: started("leaklab", lambda: our_server(bench)),
                            lambda peer: started(peer, lambda: peer_server(bench)), of=(GO,))
    yield Row("start", "from the start of the process to its first scrape", "ms", *sides.values("ms"),
              expectation=below(10, "10 ms"))


def rest(bench: Bench, daemon: Server, peer: Server | None) -> Iterator[Row]:
    servers = {"leaklab": daemon, **({GO: peer} if peer else {})}
    before = {side: server.cpu_seconds() for side, server in servers.items()}
    time.sleep(bench.plan.rest_seconds)
    used = {side: (server.cpu_seconds() - before[side]) / bench.plan.rest_seconds * 100 for side, server in servers.items()}
    for side, percent in used.items():
        bench.keep(side, {"measure": "rest", "percent": percent})
    yield Row("rest", f"a processor's time while nobody asks for anything, {bench.plan.rest_seconds} s", "%", [used["leaklab"]],
              {GO: [used[GO]]} if peer else {}, expectation=below(0.05, "0.05%"))


def crowd(bench: Bench, daemon: Server, peer: Server | None, key: str = "", note: str = "") -> Iterator[Row]:
    sides = bench.alternate(lambda: wrk(bench, "leaklab", daemon), lambda name: wrk(bench, name, peer), of=(GO,) if peer else ())
    what = f"scrape by wrk on {CROWD} connections"
    suffix = f"_{key}" if key else ""
    expectation = times(go=5) if peer and not key else None
    yield Row(f"crowd_rate{suffix}", what, "/s", *sides.values("requests_per_second"), higher_is_better=True,
              expectation=expectation, note=note)
    yield Row(f"crowd_cpu{suffix}", f"{what}: processor time of the server", "us", *sides.values("server_cpu_us"),
              expectation=expectation, note=note)
    yield Row(f"crowd_p99{suffix}", f"{what}: p99", "us", *sides.values("p99_us"), note=note)


def wrk(bench: Bench, side: str, server: Server) -> dict:
    """As many connections as fast as they go, from one thread, by a client that is not ours."""
    cpu = server.cpu_seconds()
    result = run_wrk(server.address, CROWD, bench.plan.load_seconds)
    result["server_cpu_us"] = (server.cpu_seconds() - cpu) * 1e6 / result["requests"]
    return bench.keep(side, result)
