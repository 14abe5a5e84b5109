"""The two sets of windows, and scenarios that are the same in both: a drill's second takes twelve minutes of a service's day."""

import pathlib
from dataclasses import dataclass

import promtool
import series


@dataclass(frozen=True)
class Windows:
    name: str
    tempo: int  # how many of a service's seconds a drill's second stands for
    step: int   # seconds between two scrapes, and between two evaluations
    judge: int  # seconds between two looks of the judge
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


REAL = Windows("real", 720, 60, 60)
DRILL = Windows("drill", 1, 1, 5)
SETS = (REAL, DRILL)


def alert(name, pattern="", variant="", instance="a"):
    """The labels by which promtool.Suite.fires() tells alerts apart."""
    labels = {"alertname": name, "instance": instance, "pattern": pattern, "variant": variant}
    return "{" + ", ".join(f'{key}="{value}"' for key, value in labels.items() if value) + "}"


def every(seconds, mode, windows, **more):
    """A scenario that starts once in so many drill seconds."""
    return {"mode": mode, "n": 1, "rate": windows.each(seconds), **more}


def decoys(windows):
    """The seven, with their periods in this set's time: a day of `wave` is a day, two minutes of a drill."""
    lasts = windows.lasts
    return {
        "burst": {"quiet": lasts(30), "handling": lasts(.02)},
        "cache": {"pace": lasts(.03)},
        "plateau": {"pace": lasts(.06)},
        "resident": {"interval": lasts(1)},
        "retain": {"n": 5000, "peak": lasts(10), "between": lasts(60)},
        "sawtooth": {"pace": lasts(.025), "pause": lasts(5)},
        "wave": {"day": lasts(120)},
    }
