"""Rates of exchange: what a currency costs at a time, as an integer."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from coalesce_sim.settlement.units import ONE, divided, units_of

_STEP_S = 3600.0
_YEAR_S = 365 * 86_400.0
_AT_ONCE = 1024


class Rates:
    """The rates of some currencies in the first, hour by hour, drawn as far as they are asked for.

    Each is a geometric random walk without drift, ``S(t + h) = S(t)·exp(σ√h·z − σ²h/2)``: what is expected of
    tomorrow's rate is today's. `streams` gives each currency its own generator.
    """

    def __init__(
        self,
        start: list[float],
        volatility_per_year: float,
        streams: Callable[[int], np.random.Generator],
    ) -> None:
        self._units = [[units_of(rate)] for rate in start]
        self._last = list(start)
        self._sd = volatility_per_year * math.sqrt(_STEP_S / _YEAR_S)
        self._streams = [streams(number) for number in range(len(start))] if self._sd > 0 else []

    @property
    def still(self) -> bool:
        """Whether no rate moves."""
        return self._sd == 0

    def at(self, currency: int, at_s: float) -> int:
        """What ``ONE`` units of a currency cost in units of the first."""
        path = self._units[currency]
        if self._sd == 0 or currency == 0:
            return path[0]
        hour = int(at_s // _STEP_S)
        while hour >= len(path):
            steps = self._sd * self._streams[currency].standard_normal(_AT_ONCE) - self._sd**2 / 2
            for step in steps.tolist():
                self._last[currency] *= math.exp(step)
                path.append(max(1, units_of(self._last[currency])))
        return path[hour]

    def foreign(self, units: int, currency: int, at_s: float) -> int:
        """Units of the first currency in units of another."""
        return divided(units * ONE, self.at(currency, at_s))

    def own(self, units: int, currency: int, at_s: float) -> int:
        """Units of another currency in units of the first."""
        return divided(units * self.at(currency, at_s), ONE)
