"""The two sets of windows, and scenarios that are the same in both: a drill's second takes twelve minutes of a service's day."""

import pathlib
from dataclasses import dataclass

import leaklab
import promtool
import series


@dataclass(frozen=True)
class Windows:
    name: str
    tempo: int  # how many of a service's seconds a drill's second stands for
    step: int   # seconds between two scrapes, and between two evaluations
    judge: int  # seconds between two looks of the judge
    sparse: int  # the longest step that the rules can do with, for what goes on for days
    folder: pathlib.Path = promtool.RULES

    def rules(self, stem="leaklab"):
        return self.folder / f"{stem}{'' if self.name == 'real' else f'-{self.name}'}.yml"

    def lasts(self, seconds):
        """A duration as a pattern's parameter takes it."""
        return f"{round(seconds * self.tempo * 1000)}ms"

    def each(self, seconds):
        """A rate: once in so many drill seconds."""
        return 1 / (seconds * self.tempo)

    def simulate(self, folder, scenarios, *, seconds=None, scrapes=None, step=None, **more):
        """For so many drill seconds, or so many scrapes."""
        step = step or self.step
        judge = {"judge_interval": f"{self.judge}s", **more}
        length = (scrapes - 1) * step if scrapes else seconds * self.tempo // step * step
        return series.simulate(folder, scenarios, seconds=length, step=step, **judge)

    def suite(self, table, *, stem="leaklab", step=None):
        return promtool.Suite(self.rules(stem), table, step or self.step)


REAL = Windows("real", 720, 60, 60, 300)
DRILL = Windows("drill", 1, 1, 5, 1)
SETS = (REAL, DRILL)


def alert(name, pattern="", variant="", instance="a"):
    """The labels by which promtool.Suite.fires() tells alerts apart."""
    labels = {"alertname": name, "instance": instance, "pattern": pattern, "variant": variant}
    return "{" + ", ".join(f'{key}="{value}"' for key, value in labels.items() if value) + "}"


def every(seconds, mode, windows, **more):
    """A scenario that starts once in so many drill seconds."""
    return {"mode": mode, "n": 1, "rate": windows.each(seconds), **more}


def catalogue(variant):
    """The patterns of the daemon that have this variant."""
    rows = leaklab.run("patterns").stdout.splitlines()[1:]
    return [row.split()[0] for row in rows if f" {variant}-" in row]


def decoys(windows):
    """All there are, with their periods in this set's time: a day of `wave` is a day, two minutes of a drill."""
    lasts = windows.lasts
    periods = {
        "burst": {"quiet": lasts(30), "handling": lasts(.02)},
        "cache": {"pace": lasts(.03)},
        "plateau": {"pace": lasts(.06)},
        "resident": {"interval": lasts(1)},
        "retain": {"n": 5000, "peak": lasts(10), "between": lasts(60)},
        "sawtooth": {"pace": lasts(.025), "pause": lasts(5)},
        "wave": {"day": lasts(120)},
    }
    assert set(catalogue("decoy")) == set(periods)
    return periods


# About three times what each decoy takes at its highest: who comes nearer should be told.
HEAP = {"burst": "8MiB", "cache": "96MiB", "plateau": "27MiB", "resident": "3MiB", "retain": "18MiB", "sawtooth": "30MiB",
        "wave": "15MiB"}


def fixes(windows, folder):
    """The whole catalogue side by side, in a wave of load that takes a day: two and a half days of a drill, two of a service."""
    modes = [f"fix-{name}" for name in catalogue("fix")]
    assert len(modes) > 30
    if windows is DRILL:
        load = {"rate": 1, "shape": "wave", "shape_period": "2m", "linger": "2s"}
        return windows.simulate(folder, [{"mode": mode, **load} for mode in modes], seconds=300)
    load = {"rate": "6/h", "shape": "wave", "shape_period": "1d", "linger": "30s"}
    return windows.simulate(folder, [{"mode": mode, **load} for mode in modes], seconds=240, step=windows.sparse)


def decoy(windows, name, folder):
    """One of them in a drill, with a limit on heap in sight; all of them beside each other for two days of a service."""
    params = decoys(windows)
    if windows is DRILL:
        return windows.simulate(folder, [{"mode": f"decoy-{name}", **params[name]}], seconds=300, max_heap=HEAP[name])
    scenarios = [{"mode": f"decoy-{each}", **params[each]} for each in params]
    return windows.simulate(folder, scenarios, seconds=240, step=windows.sparse)
