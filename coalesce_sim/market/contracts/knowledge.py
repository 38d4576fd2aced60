"""What clients come to know: the public record, how good their own agent is, corrected estimates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.economics.correction import Correction, Effect, EstimationError
from coalesce_sim.market.pool import Pool
from coalesce_sim.reputation import Ratings
from coalesce_sim.reputation.eigentrust import everybody
from coalesce_sim.reputation.rating import Ballot
from coalesce_sim.reputation.ratings import RatingRows
from coalesce_sim.scenario.reputation import BetaReputation, Reputation
from coalesce_sim.scenario.schema import Scenario


class Expected(NamedTuple):
    """What a client expects of one attempt, before correction by experience.

    `plain_usd` is what will be charged, `turnaround_s` how long it will take from its decision on. Beyond
    `target_s` the client reckons with `late_usd_per_s`.
    """

    plain_usd: float
    turnaround_s: float
    target_s: float
    late_usd_per_s: float

    def corrected_usd(self, factor: float, time_factor: float) -> float:
        """Charges and lateness, corrected by these factors."""
        late_s = max(0.0, self.turnaround_s * time_factor - self.target_s)
        return self.plain_usd * factor + late_s * self.late_usd_per_s


class Knowledge:
    """Probabilities of good work and factors on estimates, by task type; all change with experience.

    Contractors are known by their scores in the public record, `ratings`, or, without one, by what they
    advertise. Clients whose homes are alike share what they know of their own agent, a Beta mean by task
    type, in `own`, (task types, homes); without a public record it is true from the start. `factors`, on
    charges, and `time_factors` are (task types, contractors + homes), the last columns those of homes, which
    are counted from the end (`Clients.home_of`). `effects` is what they did to the error of estimates, at
    home and at contractors; None without `calibration`.
    """

    def __init__(
        self, scenario: Scenario, pool: Pool, own_success: FloatArray, *, record_ratings: bool
    ) -> None:
        n_types = len(scenario.workload.types)
        self._presence, self._rated_s = pool.roster.presence, 0.0
        self.ratings: Ratings | None = None
        self._own: Ratings | None = None
        if scenario.reputation is not None:
            counts = n_types, scenario.clients.total
            there = self._entered if pool.roster.presence.moves else everybody
            self.ratings = Ratings(
                scenario.reputation, *counts, pool.reliability, record=record_ratings, there=there
            )
            first = np.array([float(own_success[:, home].mean()) for home in range(own_success.shape[1])])
            self._own = Ratings(_OWN, n_types, 1, first, record=False)
        self.reliability = pool.reliability[None] if self.ratings is None else self.ratings.scores
        self._homes = own_success.shape[1]
        self.own = own_success.copy() if self._own is None else self._own.scores
        rule = scenario.calibration
        shape = n_types, len(pool) + self._homes
        self._charges = self._times = self.effects = None
        self.factors: FloatArray = np.ones(shape)
        self.time_factors: FloatArray = np.ones(shape)
        if rule is not None:
            self._charges, self._times = (
                Correction(shape, rule.rate, rule.forgetting, proven_only=rule.proven_only) for _ in range(2)
            )
            self.factors, self.time_factors = self._charges.factors, self._times.factors
            self.effects = Effect(), Effect()
        self.errors = EstimationError()
        self._record_ratings = record_ratings

    def rate(self, now_s: float, ballot: Ballot) -> None:
        """Write a ballot into the public record, where there is one."""
        if self.ratings is not None:
            client, contractor, type_id, rating, _ = ballot
            self._rated_s = now_s
            self.ratings.rate(now_s, client, contractor, type_id, rating)

    def _entered(self) -> IntArray:
        """Who had entered the market when a rating was last written."""
        return np.flatnonzero(self._presence.entered(self._rated_s))

    def rate_own(self, now_s: float, home: int, type_id: int, *, good: bool) -> None:
        """The own agent of a client of that home did good work or bad."""
        if self._own is not None:
            self._own.rate(now_s, 0, home + self._homes, type_id, float(good))

    def bill(
        self, now_s: float, who: int, type_id: int, expected: Expected, charged_usd: float, late_usd: float
    ) -> None:
        """What was charged and what lateness cost, against what was expected; `who` is a contractor, or a
        home."""
        at, actual_usd = (type_id, who), charged_usd + late_usd
        corrected_usd = expected.corrected_usd(float(self.factors[at]), float(self.time_factors[at]))
        self.errors.add(now_s, corrected_usd, actual_usd)
        if self._charges is not None and self.effects is not None:
            self.effects[who >= 0].add(corrected_usd, expected.corrected_usd(1.0, 1.0), actual_usd)
            self._charges.learn(type_id, who, expected.plain_usd, charged_usd)

    def took(self, who: int, type_id: int, expected: Expected, turnaround_s: float) -> None:
        """How long work took that came to its end."""
        if self._times is not None:
            self._times.learn(type_id, who, expected.turnaround_s, turnaround_s)

    def take_ratings(self) -> RatingRows | None:
        """The public ratings since the last time; None where there are none or nobody watches."""
        return self.ratings.take_rows() if self.ratings is not None and self._record_ratings else None

    def errors_by_time(self) -> dict[str, float]:
        """Errors of estimated charges in percent of what was charged: of all, the first and the last."""
        windows = self.errors.windows()
        if not windows:
            return {}
        actual_usd = sum(window.actual_usd for window in windows)
        absolute = sum(window.actual_usd * window.absolute for window in windows) / actual_usd
        return {
            "estimation_error": 100 * absolute,
            "estimation_error_first": 100 * windows[0].absolute,
            "estimation_error_last": 100 * windows[-1].absolute,
        }


_OWN = Reputation(model=BetaReputation(kind="beta"), by_task_type=True)
