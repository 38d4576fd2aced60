"""Where the variance of a figure comes from: luck, the log of tasks, or inputs that are uncertain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from coalesce_sim.arrays import FloatArray

Source = Literal["luck", "log", "inputs"]
"""What a replication and its twin differ by; the other two they share."""

_ERRORS: Final = 2.0
"""So many standard errors above it lies the most that twins may well have in common."""

SOURCES: Final[tuple[Source, ...]] = ("luck", "log", "inputs")


@dataclass(frozen=True, slots=True)
class Split:
    """The variance of a figure of single replications, in its unit squared, by where it comes from.

    `log` and `inputs` are what it varies by because the log, or the inputs, may be others; None where they
    are certain. `luck` is the rest. `total` is of `n` replications, the others of as many `pairs` of a
    replication and its twin. `hidden` says that luck is too large for what log and inputs do to be told from
    it, so that they are taken for the most that they may well be.
    """

    total: float
    log: float | None
    inputs: float | None
    n: int
    pairs: int
    hidden: bool = False

    @property
    def luck(self) -> float:
        """What more replications average out."""
        return max(0.0, self.total - self.stays)

    @property
    def stays(self) -> float:
        """What no number of replications averages out: one log was seen, and inputs were measured once."""
        return (self.log or 0.0) + (self.inputs or 0.0)

    @property
    def error(self) -> float:
        """Standard error of the mean over the replications, taken for what is true."""
        return math.sqrt(self.total / self.n + self.stays)

    @property
    def degrees(self) -> float:
        """Degrees of freedom of that error. Source: Satterthwaite (1946), Biometrics Bulletin 2(6)."""
        parts = [(self.total / self.n, self.n - 1)]
        parts += [(part, self.pairs) for part in (self.log, self.inputs) if part]
        squares = sum(part**2 / max(1, degrees) for part, degrees in parts)
        return self.error**4 / squares if squares > 0 else float(self.n - 1)

    @property
    def of_interval(self) -> dict[Source, float]:
        """The shares of luck, log and inputs in the variance that the interval of the mean stands for, from 0
        to 1; luck's falls with the number of replications. Empty where nothing varies."""
        parts: dict[Source, float] = {"luck": self.luck / self.n}
        if self.log is not None:
            parts["log"] = self.log * (1 + 1 / self.n)
        if self.inputs is not None:
            parts["inputs"] = self.inputs * (1 + 1 / self.n)
        whole = sum(parts.values())
        return {name: part / whole for name, part in parts.items()} if whole > 0 else {}

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> Split:
        """What `as_dict` made, as it comes out of JSON."""
        return cls(*(told[name] for name in ("total", "log", "inputs", "replications", "pairs", "hidden")))

    def as_dict(self) -> dict[str, Any]:
        """The form in which it appears in JSON."""
        return {
            "total": self.total,
            "luck": self.luck,
            "log": self.log,
            "inputs": self.inputs,
            "replications": self.n,
            "pairs": self.pairs,
            "hidden": self.hidden,
            "of_interval": self.of_interval,
        }


def split_of(values: FloatArray, twins: Mapping[Source, FloatArray]) -> Split | None:
    """The split of a figure's variance, from one value a replication and those of twins.

    `twins` has, by source, the figure of twins of the first replications, in their order, of which only that
    source was drawn anew. NaN are left out; None with fewer than two values. Of a source of which no pair is
    complete nothing is known, and all variance is taken for its own.

    What a source does is half the mean square of what it changes: what it does only together with luck counts
    as its own, too, which is much where a little sets off another course. Twins of other luck give a limit:
    log and inputs together are what twins that share them have in common, taken two standard errors larger.

    Source: Jansen (1999), Computer Physics Communications 117, of what a source changes; Searle, Casella and
    McCulloch (1992), chapter 3, of what twins have in common; Barton, Lam and Song (2022), of why it is not
    averaged out.
    """
    defined = values[~np.isnan(values)]
    if len(defined) < 2:
        return None
    total, n = float(defined.var(ddof=1)), len(defined)
    pairs = {source: _complete(values, others) for source, others in twins.items()}
    found = {
        source: _within(each) if each.size else total for source, each in pairs.items() if source != "luck"
    }
    hidden = False
    if "luck" in pairs and len(pairs["luck"]) > 1:
        common, error = _in_common(pairs["luck"])
        most, whole = common + _ERRORS * error, sum(found.values())
        if most < whole:
            found = {source: each * most / whole for source, each in found.items()}
            hidden = common < error
    fewest = min(map(len, pairs.values()), default=0)
    return Split(total, found.get("log"), found.get("inputs"), n, fewest, hidden)


def _complete(values: FloatArray, others: FloatArray) -> FloatArray:
    """The pairs of a replication and its twin, (pairs, 2), of which both have the figure."""
    pairs = np.column_stack((values[: len(others)], others))
    return pairs[~np.isnan(pairs).any(axis=1)]


def _within(pairs: FloatArray) -> float:
    """The variance within pairs."""
    return float((np.diff(pairs, axis=1) ** 2).mean()) / 2


def _in_common(pairs: FloatArray) -> tuple[float, float]:
    """The variance of what pairs have in common, at least 0, and its standard error."""
    between, within = 2 * float(pairs.mean(axis=1).var(ddof=1)), _within(pairs)
    error = math.sqrt((between**2 / (len(pairs) - 1) + within**2 / len(pairs)) / 2)
    return max(0.0, (between - within) / 2), error
