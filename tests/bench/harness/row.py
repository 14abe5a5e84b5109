"""A row of the comparison: what leaklab measured, what its peer measured, and what was expected of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from statistics import median


@dataclass(frozen=True)
class Expectation:
    text: str
    check: Callable[[Row], bool | None]  # None: cannot be told


@dataclass
class Row:
    key: str
    title: str
    unit: str
    ours: list[float]
    peer: list[float] = field(default_factory=list)
    higher_is_better: bool = False
    expectation: Expectation | None = None
    note: str = ""

    @property
    def value(self) -> float:
        return median(self.ours)

    @property
    def peer_value(self) -> float:
        return median(self.peer)

    def times_better(self, ours: float, peer: float) -> float | None:
        better, worse = (ours, peer) if self.higher_is_better else (peer, ours)
        return better / worse if worse > 0 else None

    @property
    def ratio(self) -> float | None:
        """How many times as good as the peer, by the medians."""
        if not self.ours or not self.peer:
            return None
        return self.times_better(self.value, self.peer_value)

    @property
    def ratio_spread(self) -> tuple[float, float] | None:
        """The least and the greatest ratio of two runs that followed each other."""
        ratios = [ratio for ratio in map(self.times_better, self.ours, self.peer) if ratio is not None]
        return (min(ratios), max(ratios)) if ratios else None

    @property
    def met(self) -> bool | None:
        if self.expectation is None or not self.ours:
            return None
        return self.expectation.check(self)

    def as_json(self) -> dict:
        spread = self.ratio_spread
        return {
            "key": self.key, "title": self.title, "unit": self.unit,
            "leaklab": [finite(value) for value in self.ours], "peer": self.peer,
            "leaklab_median": finite(self.value) if self.ours else None,
            "peer_median": self.peer_value if self.peer else None,
            "ratio": self.ratio, "ratio_min": spread[0] if spread else None, "ratio_max": spread[1] if spread else None,
            "expected": self.expectation.text if self.expectation else None, "met": self.met, "note": self.note or None,
        }


def finite(value: float) -> float | None:
    """JSON has no infinity; null stands for what lies beyond a histogram's last bound."""
    return value if isfinite(value) else None


def times(least: float) -> Expectation:
    """At least so many times as good as the peer, if there is one."""
    return Expectation(f">= {least:g}x", lambda row: None if row.ratio is None else row.ratio >= least)


def at_least(least: float, text: str) -> Expectation:
    return Expectation(f">= {text}", lambda row: row.value >= least)


def at_most(most: float, text: str) -> Expectation:
    return Expectation(f"<= {text}", lambda row: row.value <= most)


def below(bound: float, text: str) -> Expectation:
    return Expectation(f"< {text}", lambda row: row.value < bound)
