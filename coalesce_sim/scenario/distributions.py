"""Distributions as data: ``3.5`` or ``{normal: {mean: 1, sd: 0.1}}`` and the like."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from coalesce_sim.arrays import FloatArray
from coalesce_sim.luck import normal
from coalesce_sim.scenario.base import Model

LEAST, MOST = 1e-30, 1e30
"""No real amount is beyond these; what is computed from numbers between them stays finite. So do all draws,
which the spread of distributions without an upper end is limited for."""


def misfit(value: float, *, positive: bool = False) -> str | None:
    """What an amount must be that is none, or not within what amounts can be; None for one that fits."""
    if not 0 <= value <= MOST:
        return "must be >= 0" if value < 0 else f"must be <= {MOST:g}"
    if value == 0:
        return "must be > 0" if positive else None
    return f"is smaller than any real amount: must be at least {LEAST:g}" if value < LEAST else None


def no_speck(value: float) -> float:
    """Numbers so small that what is divided by them is infinite are refused."""
    if 0 < abs(value) < LEAST:
        raise ValueError(f"is smaller than any real amount: must be at least {LEAST:g} (got {value!r})")
    return value


Positive = Annotated[float, Field(gt=0, le=MOST), AfterValidator(no_speck)]
NonNegative = Annotated[float, Field(ge=0, le=MOST), AfterValidator(no_speck)]
Real = Annotated[float, Field(ge=-MOST, le=MOST), AfterValidator(no_speck)]
"""Any number, of a size that can be reckoned with."""

Share = Annotated[float, Field(ge=0, le=1), AfterValidator(no_speck)]
PositiveShare = Annotated[float, Field(gt=0, le=1), AfterValidator(no_speck)]

Support = tuple[float, float]
"""The least interval that holds all draws."""

_MOST_SD = 6.0


class Normal(Model):
    """Normal, clipped where limits are set, and always at six standard deviations from its mean."""

    mean: Real
    """Centre before clipping, in the unit of the field that the distribution stands in."""
    sd: NonNegative
    """Standard deviation before clipping, in the same unit; 0 makes all draws alike."""
    min: Real | None = None
    """Smaller draws are set to this; left out, none are."""
    max: Real | None = None
    """Larger draws are set to this; left out, none are."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min is not None and self.max is not None and self.max < self.min:
            raise ValueError(f"max must be >= min (got min {self.min}, max {self.max})")
        return self

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        return np.clip(rng.normal(self.mean, self.sd, size), *self.support())

    def at(self, p: float) -> float:
        low, high = self.support()
        return min(max(low, self.mean + self.sd * normal(p)), high)

    def support(self) -> Support:
        reach = _MOST_SD * self.sd
        least = -math.inf if self.min is None else self.min
        most = math.inf if self.max is None else self.max
        low, high = (min(max(least, end), most) for end in (self.mean - reach, self.mean + reach))
        return low, high


class Uniform(Model):
    """Uniform on [low, high)."""

    low: Real
    """Lower end, in the unit of the field that the distribution stands in."""
    high: Real
    """Upper end, in the same unit, which draws do not reach; must not be below `low`."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high < self.low:
            raise ValueError(f"high must be >= low (got low {self.low}, high {self.high})")
        return self

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        return rng.uniform(self.low, self.high, size)

    def at(self, p: float) -> float:
        return self.low + p * (self.high - self.low)

    def support(self) -> Support:
        return self.low, self.high


class LogNormal(Model):
    """Lognormal by its median and the standard deviation of the logarithm."""

    median: Positive
    """What half of the draws exceed, in the unit of the field that the distribution stands in."""
    sigma: Annotated[float, Field(ge=0, le=60)]
    """Standard deviation of the natural logarithm, without a unit; 0 makes all draws alike."""

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        return rng.lognormal(math.log(self.median), self.sigma, size)

    def at(self, p: float) -> float:
        return math.exp(math.log(self.median) + self.sigma * normal(p))

    def support(self) -> Support:
        return 0.0, math.inf


class Exponential(Model):
    """Exponential with the given mean."""

    mean: Positive
    """Average of the draws and their standard deviation, in the unit of the field that the distribution
    stands in."""

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        return rng.exponential(self.mean, size)

    def at(self, p: float) -> float:
        return -self.mean * math.log1p(-p)

    def support(self) -> Support:
        return 0.0, math.inf


class Gamma(Model):
    """Gamma by its mean and coefficient of variation (sd / mean)."""

    mean: Positive
    """Average of the draws, in the unit of the field that the distribution stands in."""
    cv: Positive
    """Standard deviation over mean, without a unit: 1 is an exponential, less is more even, more is burstier.
    """

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        return rng.gamma(self.cv**-2, self.mean * self.cv**2, size)

    def at(self, p: float) -> float:
        from scipy.special import gammaincinv  # 0.3 s of a core, of which most scenarios need nothing

        return float(self.mean * self.cv**2 * gammaincinv(self.cv**-2, p))

    def support(self) -> Support:
        return 0.0, math.inf


class Weibull(Model):
    """Weibull by shape and scale."""

    shape: Annotated[float, Field(ge=0.01, le=MOST)]
    """Without a unit: 1 is an exponential, more is more even, less has rarer and larger extremes."""
    scale: Positive
    """What 63 % of the draws stay below, in the unit of the field that the distribution stands in."""

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        return self.scale * rng.weibull(self.shape, size)

    def at(self, p: float) -> float:
        return self.scale * math.pow(-math.log1p(-p), 1 / self.shape)

    def support(self) -> Support:
        return 0.0, math.inf


class Choice(Model):
    """One of the values, with the given weights."""

    values: Annotated[list[Real], Field(min_length=1)]
    """What may be drawn, in the unit of the field that the distribution stands in."""
    weights: list[NonNegative] | None = None
    """How often each of the values is drawn, relative to the others; left out, all alike."""

    @model_validator(mode="after")
    def _weights_fit(self) -> Self:
        if self.weights is not None and len(self.weights) != len(self.values):
            raise ValueError(f"needs one weight a value (got {len(self.weights)} for {len(self.values)})")
        if self.weights is not None and sum(self.weights) <= 0:
            raise ValueError("weights must not all be 0")
        return self

    def _probabilities(self) -> FloatArray:
        weights = np.ones(len(self.values)) if self.weights is None else np.asarray(self.weights)
        return np.asarray(weights / weights.sum())

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        edges = np.cumsum(self._probabilities())
        picked = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
        values: FloatArray = np.array(self.values)
        return np.asarray(values[np.minimum(picked, len(values) - 1)])

    def at(self, p: float) -> float:
        picked, _ = _picked(p, self._probabilities().tolist())
        return self.values[picked]

    def support(self) -> Support:
        possible = np.asarray(self.values)[self._probabilities() > 0]
        return float(possible.min()), float(possible.max())


class Empirical(Model):
    """A quantile table, linear in between: ``quantiles[i]`` is the value at ``probabilities[i]``."""

    quantiles: Annotated[list[Real], Field(min_length=2)]
    """Values in rising order, from the least to the greatest, in the unit of the field that the distribution
    stands in."""
    probabilities: list[Share] | None = None
    """Share of the draws below each of them, rising from 0 to 1; left out, equally spaced."""

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if any(b < a for a, b in pairwise(self.quantiles)):
            raise ValueError("quantiles must not decrease")
        grid = self.probabilities
        if grid is None:
            return self
        if len(grid) != len(self.quantiles):
            raise ValueError(f"needs one probability a quantile (got {len(grid)} for {len(self.quantiles)})")
        if grid[0] != 0 or grid[-1] != 1 or any(b <= a for a, b in pairwise(grid)):
            raise ValueError(f"probabilities must rise from 0 to 1 (got {grid})")
        return self

    def _grid(self) -> FloatArray:
        if self.probabilities is None:
            return np.linspace(0.0, 1.0, len(self.quantiles))
        return np.asarray(self.probabilities)

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        return np.asarray(np.interp(rng.random(size), self._grid(), self.quantiles))

    def at(self, p: float) -> float:
        return float(np.interp(p, self._grid(), self.quantiles))

    def support(self) -> Support:
        return self.quantiles[0], self.quantiles[-1]


class Mixture(Model):
    """One of several distributions, picked by weight; of exponentials, it makes bursty arrivals."""

    components: Annotated[list[Component], Field(min_length=2)]
    """Parts, of which one is picked for every draw; each may be a mixture itself."""

    def _weights(self) -> FloatArray:
        weights = np.array([part.weight for part in self.components])
        return np.asarray(weights / weights.sum())

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        draws = rng.random((size, 2))
        edges = np.cumsum(self._weights())
        picked = np.minimum(np.searchsorted(edges, draws[:, 0], side="right"), len(edges) - 1)
        sampled = np.empty(size)
        for number, part in enumerate(self.components):
            within, chosen = picked == number, part.chosen
            sampled[within] = [chosen.at(p) for p in draws[within, 1].tolist()]
        return sampled

    def at(self, p: float) -> float:
        picked, rest = _picked(p, self._weights().tolist())
        return self.components[picked].chosen.at(rest)

    def support(self) -> Support:
        lows, highs = zip(*(part.chosen.support() for part in self.components), strict=True)
        return min(lows), max(highs)


class DistributionSpec(Model):
    """Exactly one distribution, named by its key."""

    normal: Normal | None = None
    """Symmetric around a mean, and never more than six standard deviations from it; clip it where draws must
    not be negative."""
    uniform: Uniform | None = None
    """Between two ends, all values as likely."""
    lognormal: LogNormal | None = None
    """Above 0 and skewed, by its median."""
    exponential: Exponential | None = None
    """Of no memory; as gaps between arrivals it makes a Poisson process."""
    gamma: Gamma | None = None
    """Above 0, by mean and coefficient of variation; as gaps, more even or burstier than Poisson."""
    weibull: Weibull | None = None
    """Above 0, by shape and scale, as lifetimes are often described."""
    choice: Choice | None = None
    """One of some listed values, with weights."""
    empirical: Empirical | None = None
    """As measured: a table of quantiles, linear in between."""
    mixture: Mixture | None = None
    """One of several distributions for each draw; exponentials as gaps make arrivals in bursts."""

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, data: Any) -> Any:
        if isinstance(data, dict) and set(data) <= set(cls.model_fields):
            named = sorted(data.keys() & DistributionSpec.model_fields.keys())
            if len(named) != 1:
                raise ValueError(f"must name exactly one distribution (got {named or 'none'})")
        return data

    @property
    def chosen(
        self,
    ) -> Normal | Uniform | LogNormal | Exponential | Gamma | Weibull | Choice | Empirical | Mixture:
        """The distribution that was named."""
        for name in DistributionSpec.model_fields:
            value = getattr(self, name)
            if value is not None:
                return value  # type: ignore[no-any-return]
        raise AssertionError("a DistributionSpec names one distribution")


class Component(DistributionSpec):
    """One part of a mixture: a weight and exactly one distribution."""

    weight: Positive
    """How often this part is picked, relative to the others."""


Distribution = Real | DistributionSpec


def sample(
    distribution: Distribution, rng: np.random.Generator | Callable[[], np.random.Generator], size: int
) -> FloatArray:
    """Draw `size` values; a plain number is a constant and draws nothing, and calls for no generator.

    Successive calls on one generator continue one sequence: drawing 3 and then 2 gives the same five
    values as drawing 5 at once, so results do not depend on how a run is cut into blocks.
    """
    if isinstance(distribution, DistributionSpec):
        return distribution.chosen.sample(rng() if callable(rng) else rng, size)
    return np.full(size, float(distribution))


def drawn_at(distribution: Distribution, p: float) -> float:
    """The value that a uniform draw `p` on (0, 1) stands for; its distribution is the one given.

    Of `math` alone but for the gamma, whose quantile is SciPy's.
    """
    if isinstance(distribution, DistributionSpec):
        return distribution.chosen.at(p)
    return float(distribution)


def _picked(p: float, shares: list[float]) -> tuple[int, float]:
    """Which of several parts a uniform draw falls in, and where in it, from 0 to 1."""
    below = 0.0
    for picked, share in enumerate(shares):
        if p < below + share:
            return picked, (p - below) / share
        below += share
    last = max(picked for picked, share in enumerate(shares) if share > 0)
    return last, 1 - 2.0**-53


def support(distribution: Distribution) -> Support:
    """The least interval that holds all draws; its ends may be infinite."""
    if isinstance(distribution, DistributionSpec):
        return distribution.chosen.support()
    return float(distribution), float(distribution)


def highest_draw(distribution: Distribution) -> float:
    """The largest value that is drawn at all; finite, however far a distribution reaches."""
    high = support(distribution)[1]
    if math.isfinite(high):
        return high
    assert isinstance(distribution, DistributionSpec)
    if isinstance(distribution.chosen, Mixture):
        return max(map(highest_draw, distribution.chosen.components))
    return drawn_at(distribution, 1 - 2.0**-53)
