"""The judge and the profile: crowds of different shape, as many tasks in each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from .basis import GO, GO_BYTES_PER_TASK, MILLION, OUR_BYTES_PER_TASK, RECV, Bench, Sides, fits, human
from .histogram import LAG, Histogram
from .programs import POLL_SECONDS, BenchError, Daemon
from .row import Row, at_most, below, times

SLICES = "leaklab_judge_slice_seconds"
LINKS = 60
CHAINS = MILLION // (LINKS + 1)
RUN_SECONDS_MOST = 10


@dataclass(frozen=True)
class Crowd:
    """Tasks to be judged. Who is found stuck is not looked at again: such a crowd is made anew for each look."""

    key: str
    title: str
    live: int
    leaked: int
    spec: dict
    pattern: dict = field(default_factory=dict)


def about(name: str, **parts: object) -> dict:
    """A pattern of the bench's own, fixed only."""
    return {"pattern": name, "title": name, "story": "Measured.", "remedy": "None.", **parts, "expect": {"fix": 0}}


def pair() -> dict:
    """Two tasks that both may still move."""
    return about("pair", fix={"share": {"c": "channel"}, "main": ["spawn waiter", "sleep 1h", "send c"],
                              "waiter": ["recv c"]})


def chain() -> dict:
    """Each waits for the one before it, and the first for somebody who may still come."""
    channels = {f"c{i}": "channel" for i in range(LINKS + 1)}
    links = {f"link-{i}": [f"recv c{i}", f"send c{i + 1}"] for i in range(LINKS)}
    return about("chain", fix={"share": channels, "main": [*(f"spawn {link}" for link in links), "sleep 1h", "send c0"],
                               **links})


def one_start(tasks: int) -> Crowd:
    return Crowd(f"{tasks}", f"{human(tasks)} stuck tasks", tasks + 1, tasks, {"mode": RECV, "n": tasks})


SHAPES = (
    Crowd("crowd_live", "1e6 tasks in one start, all live", MILLION + 1, 0, {"mode": "fix-recv", "n": MILLION}),
    Crowd("starts", "1e6 stuck tasks in 500,000 starts", MILLION, MILLION,
          {"mode": RECV, "n": 2, "rate": MILLION // 2, "duration": "1s", "linger": "1ms"}),
    Crowd("starts_live", "1e6 tasks in 500,000 starts, all live", MILLION, 0,
          {"mode": "fix-pair", "rate": MILLION // 2, "duration": "1s"}, pair()),
    Crowd("own", "1e6 stuck tasks in one start, each with a channel of its own", MILLION + 1, MILLION,
          {"mode": "leak-early-return", "n": MILLION}),
    Crowd("chains", f"{CHAINS * (LINKS + 1):,} tasks in chains of {LINKS}, all live", CHAINS * (LINKS + 1), 0,
          {"mode": "fix-chain", "rate": CHAINS, "duration": "1s"}, chain()),
)


@dataclass(frozen=True)
class Look:
    seconds: float
    slices: Histogram
    lag: Histogram


def judged(bench: Bench) -> Iterator[Row]:
    """The judge over tasks in one start, over as many in other shapes, and then profiles of where they stand."""
    sizes = [tasks for tasks in bench.plan.judged_tasks if fits(tasks * OUR_BYTES_PER_TASK)]
    for crowd in (*map(one_start, sizes), *SHAPES):
        yield from judge_rows(bench, crowd)
    for tasks in sizes:
        yield from profile_rows(bench, tasks)


def judge_rows(bench: Bench, crowd: Crowd) -> Iterator[Row]:
    plan = bench.plan
    daemons, looks_each = (plan.repeats, 1) if crowd.leaked else (1, plan.judge_looks)
    looks = [look for _ in range(daemons) for look in looks_at(bench, crowd, looks_each)]
    what = f"judge {crowd.title}"
    million = crowd.live <= MILLION + 1
    yield Row(f"judge_{crowd.key}", what, "ms", [look.seconds * 1e3 for look in looks],
              expectation=below(1000, "1 s") if million else None,
              note="Go's profile does not judge" if crowd.leaked else "")
    yield Row(f"judge_slice_{crowd.key}", f"{what}: longest slice, at most", "ms",
              [look.slices.quantile_bound(1) * 1e3 for look in looks], expectation=at_most(1, "1 ms"),
              note=f"{max(look.slices.buckets[float('inf')] for look in looks):,.0f} slices")
    lag = Histogram.together([look.lag for look in looks])
    yield Row(f"judge_lag_{crowd.key}", f"{what}: loop lag p99, at most", "ms", [lag.quantile_bound(0.99) * 1e3],
              expectation=at_most(2, "2 ms"))


def looks_at(bench: Bench, crowd: Crowd, count: int) -> list[Look]:
    """The judge of this daemon runs only when asked."""
    with Daemon(bench.programs.leaklab, judge_interval="0s") as daemon:
        gather(daemon, crowd)
        looks = [look_once(daemon) for _ in range(count)]
        found = sum(value for series, value in daemon.metrics().items() if series.startswith("leaklab_tasks_leaked{"))
    for look in looks:
        bench.keep("leaklab", {"measure": "judge", "crowd": crowd.key, "seconds": look.seconds,
                               "slices": bounds(look.slices), "lag": bounds(look.lag)})
    if found != crowd.leaked:
        raise BenchError(f"{crowd.title}: the judge found {found:.0f} of {crowd.leaked} stuck tasks")
    return looks


def bounds(histogram: Histogram) -> dict[str, float]:
    return {str(bound): count for bound, count in histogram.buckets.items()}


def gather(daemon: Daemon, crowd: Crowd) -> None:
    """Returns when all tasks are there and come to rest."""
    if crowd.pattern:
        daemon.ask("POST", "/patterns", crowd.pattern)
    daemon.ask("POST", "/scenario", {"name": "crowd", "holds": 0, **crowd.spec})

    def at_rest(scenario: dict) -> bool:
        live, states = scenario["tasks"]["live"], scenario["tasks"]["states"]
        over = "rate" not in crowd.spec or scenario["state"] in ("leaked", "finished")
        moving = states.get("ready", 0) + (states.get("sleep", 0) if crowd.leaked else 0)
        return over and live == crowd.live and moving == 0

    daemon.wait_until("crowd", "at rest", at_rest)


def look_once(daemon: Daemon) -> Look:
    before = daemon.metrics()
    slices, lag = Histogram.read(daemon, SLICES), Histogram.read(daemon, LAG)
    profile_of(daemon)
    deadline = time.monotonic() + RUN_SECONDS_MOST
    while (after := daemon.metrics())["leaklab_judge_runs_total"] == before["leaklab_judge_runs_total"]:
        if time.monotonic() > deadline:
            raise BenchError("the judge does not come to an end")
        time.sleep(POLL_SECONDS)
    seconds = after["leaklab_judge_seconds_sum"] - before["leaklab_judge_seconds_sum"]
    return Look(seconds, Histogram.read(daemon, SLICES).since(slices), Histogram.read(daemon, LAG).since(lag))


def profile_rows(bench: Bench, tasks: int) -> Iterator[Row]:
    peers = {}
    if GO in bench.programs.peers and fits(tasks * GO_BYTES_PER_TASK):
        peers[GO] = [bench.peer(GO, "profile", tasks) for _ in range(bench.plan.repeats)]
    with Daemon(bench.programs.leaklab) as daemon:
        gather(daemon, one_start(tasks))
        profile_of(daemon)
        ours = [bench.keep("leaklab", profile_of(daemon)) for _ in range(bench.plan.repeats)]
    what = human(tasks)
    sides = Sides(ours, peers)
    yield Row(f"profile_{tasks}", f"profile of {what} tasks", "ms", *sides.values("seconds", 1e3),
              expectation=times(go=10) if peers else None)
    yield Row(f"profile_bytes_{tasks}", f"profile of {what} tasks: size", "B", *sides.values("bytes"))


def profile_of(daemon: Daemon) -> dict:
    began = time.monotonic()
    status, body = daemon.request("GET", "/debug/pprof/tasks")
    if status != 200:
        raise BenchError(f"no profile: {status}")
    return {"measure": "profile", "seconds": time.monotonic() - began, "bytes": len(body)}
