"""What is known of a fitted figure: its distribution, of which the told interval is the middle 95 %."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from coalesce_sim.arrays import FloatArray

_ENDS = np.array([0.025, 0.975])
_RIM = 0.0025
"""Draws stay within the middle 99.5 %: with few runs Student's t reaches further than any figure can."""


class Marginal(Protocol):
    """A distribution by its quantiles."""

    def at(self, p: FloatArray) -> FloatArray: ...


@dataclass(frozen=True, slots=True)
class LogT:
    """Of a figure above 0: Student's t of its logarithm; nothing beyond `most`."""

    value: float
    relative_error: float
    degrees: int
    most: float = np.inf

    def at(self, p: FloatArray) -> FloatArray:
        return np.asarray(
            np.minimum(self.most, self.value * np.exp(self.relative_error * _t(p, self.degrees)))
        )


@dataclass(frozen=True, slots=True)
class AtLeastZero:
    """Of a figure that may be 0: Student's t, and 0 where that is below it."""

    value: float
    error: float
    degrees: int

    def at(self, p: FloatArray) -> FloatArray:
        return np.asarray(np.maximum(0.0, self.value + self.error * _t(p, self.degrees)))


@dataclass(frozen=True, slots=True)
class Beta:
    """Of a probability: the Beta posterior of so many successes and failures and Jeffreys' prior."""

    successes: float
    failures: float

    def at(self, p: FloatArray) -> FloatArray:
        from scipy.special import betaincinv

        return np.asarray(betaincinv(self.successes + 0.5, self.failures + 0.5, p))

    @property
    def mean(self) -> float:
        """The mean of the posterior."""
        return (self.successes + 0.5) / (self.successes + self.failures + 1)


@dataclass(frozen=True, slots=True)
class MedianOfMeanOne:
    """Of the median of a lognormal whose mean is 1, by what is known of its sigma: where that is large, the
    median is small."""

    sigma: LogT

    def at(self, p: FloatArray) -> FloatArray:
        return np.asarray(np.exp(-(self.sigma.at(1 - p) ** 2) / 2))


def interval(marginal: Marginal) -> tuple[float, float]:
    """The middle 95 %."""
    low, high = marginal.at(_ENDS).tolist()
    return low, high


def farthest(marginal: Marginal) -> float:
    """The largest that is ever drawn."""
    return float(marginal.at(np.array([1 - _RIM]))[0])


def draws(marginal: Marginal, scores: FloatArray) -> FloatArray:
    """Draws by their standard normal scores."""
    from scipy.special import ndtr

    return marginal.at(np.clip(ndtr(scores), _RIM, 1 - _RIM))


def _t(p: FloatArray, degrees: int) -> FloatArray:
    from scipy.special import stdtrit

    return np.asarray(stdtrit(degrees, p))
