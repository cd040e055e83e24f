"""What was measured: samples, percentiles, and whether a figure meets its target."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


def find_percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that at least so many percent do not exceed."""
    ordered = sorted(samples)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One series in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float
    slowest: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Spread":
        millis = [each * 1000 for each in seconds]
        return cls(
            count=len(millis),
            p50=round(find_percentile(millis, 50), 2),
            p95=round(find_percentile(millis, 95), 2),
            p99=round(find_percentile(millis, 99), 2),
            slowest=round(max(millis), 2),
        )

    @classmethod
    def median_of(cls, rounds: Sequence["Spread"]) -> "Spread":
        """Each figure is the median over the rounds, so that one disturbed round does not decide."""

        def middle(name: str) -> float:
            return round(float(statistics.median(getattr(each, name) for each in rounds)), 2)

        count = sum(each.count for each in rounds)
        return cls(count=count, p50=middle("p50"), p95=middle("p95"), p99=middle("p99"), slowest=middle("slowest"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. `target` is the most that `value` may be; None: for comparison only."""

    group: str
    name: str
    value: float
    unit: str
    target: float | None = None

    @property
    def is_met(self) -> bool | None:
        return None if self.target is None else self.value <= self.target


@dataclass(slots=True, kw_only=True)
class Results:
    """A whole run."""

    measured_at: str
    machine: dict[str, str | int]
    sizes: dict[str, int]
    figures: list[Figure] = field(default_factory=list)
    series: dict[str, Spread] = field(default_factory=dict)

    def add(self, group: str, name: str, value: float, unit: str = "ms", *, target: float | None = None) -> None:
        self.figures.append(Figure(group=group, name=name, value=round(value, 2), unit=unit, target=target))

    def to_json(self) -> dict[str, Any]:
        figures = [{**asdict(each), "met": each.is_met} for each in self.figures]
        series = {name: asdict(each) for name, each in self.series.items()}
        head = {"measured_at": self.measured_at, "machine": self.machine, "sizes": self.sizes}
        return {**head, "figures": figures, "series": series}
