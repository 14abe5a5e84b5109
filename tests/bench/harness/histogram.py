"""What a histogram of the daemon's has counted between two moments."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from .programs import Daemon

LAG = "leaklab_loop_lag_seconds"


@dataclass(frozen=True)
class Histogram:
    """Cumulative counts by upper bound in seconds."""

    buckets: dict[float, float]

    @staticmethod
    def read(daemon: Daemon, name: str) -> Histogram:
        prefix = f'{name}_bucket{{le="'
        return Histogram({float(series[len(prefix):-2]): value for series, value in daemon.metrics().items()
                          if series.startswith(prefix)})

    def since(self, before: Histogram) -> Histogram:
        return Histogram({bound: count - before.buckets.get(bound, 0) for bound, count in self.buckets.items()})

    @staticmethod
    def together(histograms: list[Histogram]) -> Histogram:
        counts: Counter[float] = Counter()
        for histogram in histograms:
            counts.update(histogram.buckets)
        return Histogram(dict(counts))

    def quantile_bound(self, quantile: float) -> float:
        """The upper bound of the bucket that holds the quantile; 1: of the longest."""
        total = max(self.buckets.values())
        return min(bound for bound, count in self.buckets.items() if count >= quantile * total)
