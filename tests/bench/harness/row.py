"""A row of the comparison: what leaklab measured, what its peers measured, and what was expected of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from statistics import median

# As people write them.
PEER_NAMES = {"go": "Go", "tokio": "tokio"}


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
    peers: dict[str, list[float]] = field(default_factory=dict)  # by name; who has nothing to compare is not there
    higher_is_better: bool = False
    expectation: Expectation | None = None
    note: str = ""

    @property
    def value(self) -> float:
        return median(self.ours)

    def times_better(self, ours: float, peer: float) -> float | None:
        better, worse = (ours, peer) if self.higher_is_better else (peer, ours)
        return better / worse if worse > 0 else None

    def peer_value(self, peer: str) -> float:
        return median(self.peers[peer])

    def ratio(self, peer: str) -> float | None:
        """How many times as good as the peer, by the medians."""
        if not self.ours or not self.peers.get(peer):
            return None
        return self.times_better(self.value, self.peer_value(peer))

    def ratio_spread(self, peer: str) -> tuple[float, float] | None:
        """The least and the greatest ratio of two runs of the same round."""
        pairs = zip(self.ours, self.peers.get(peer, []))
        ratios = [ratio for ratio in itertools.starmap(self.times_better, pairs) if ratio is not None]
        return (min(ratios), max(ratios)) if ratios else None

    @property
    def met(self) -> bool | None:
        if self.expectation is None or not self.ours:
            return None
        return self.expectation.check(self)

    def as_json(self) -> dict:
        return {
            "key": self.key, "title": self.title, "unit": self.unit,
            "leaklab": [finite(value) for value in self.ours],
            "leaklab_median": finite(self.value) if self.ours else None,
            "peers": {peer: self.peer_as_json(peer) for peer, results in self.peers.items() if results},
            "expected": self.expectation.text if self.expectation else None, "met": self.met, "note": self.note or None,
        }

    def peer_as_json(self, peer: str) -> dict:
        spread = self.ratio_spread(peer) or (None, None)
        return {"values": self.peers[peer], "median": self.peer_value(peer), "ratio": self.ratio(peer),
                "ratio_min": spread[0], "ratio_max": spread[1]}


def finite(value: float) -> float | None:
    """JSON has no infinity; null stands for what lies beyond a histogram's last bound."""
    return value if isfinite(value) else None


def times(**least: float) -> Expectation:
    """At least so many times as good as the peer of that name, if it was measured: `times(go=20)`."""
    def check(row: Row) -> bool | None:
        ratios = {peer: row.ratio(peer) for peer in least}
        told = [ratio >= least[peer] for peer, ratio in ratios.items() if ratio is not None]
        return all(told) if told else None

    return Expectation(", ".join(f">= {factor:g}x {PEER_NAMES[peer]}" for peer, factor in least.items()), check)


def at_least(least: float, text: str) -> Expectation:
    return Expectation(f">= {text}", lambda row: row.value >= least)


def at_most(most: float, text: str) -> Expectation:
    return Expectation(f"<= {text}", lambda row: row.value <= most)


def below(bound: float, text: str) -> Expectation:
    return Expectation(f"< {text}", lambda row: row.value < bound)
