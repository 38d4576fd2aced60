"""What clients come to know: the public record, how good their own agent is, corrected estimates."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.economics.correction import Calibration, EstimationError
from coalesce_sim.market.pool import Pool
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.reputation import Ratings
from coalesce_sim.reputation.ratings import RatingRows
from coalesce_sim.scenario.reputation import BetaReputation, Reputation
from coalesce_sim.scenario.schema import Scenario


class Knowledge:
    """Probabilities of good work and factors on estimates, by task type; all change with experience.

    Contractors are known by their scores in the public record, `ratings`, or, without one, by what they
    advertise. Clients are alike, so they share what they know of their own agent, a Beta mean by task type;
    without a public record it is true from the start. `factors` is (task types, contractors + 1), the last
    column home's.
    """

    def __init__(
        self, scenario: Scenario, pool: Pool, own_success: FloatArray, *, record_ratings: bool
    ) -> None:
        n_types = len(scenario.workload.types)
        self.ratings: Ratings | None = None
        self._own: Ratings | None = None
        if scenario.reputation is not None:
            counts = n_types, scenario.clients.count
            self.ratings = Ratings(scenario.reputation, *counts, pool.reliability, record=record_ratings)
            self._own = Ratings(_OWN, n_types, 1, np.full(1, float(own_success.mean())), record=False)
        self.reliability = pool.reliability[None] if self.ratings is None else self.ratings.scores
        self.own = own_success[:, None] if self._own is None else self._own.scores
        rule = scenario.calibration
        self._calibration = None if rule is None else Calibration(rule.rate, n_types, len(pool))
        self.factors = (
            np.ones((n_types, len(pool) + 1)) if self._calibration is None else self._calibration.factors
        )
        self.errors = EstimationError()
        self._record_ratings = record_ratings

    def rate(self, now_s: float, client: int, contractor: int, type_id: int, rating: float) -> None:
        """Somebody's work was good (1) or not (0); `LOCAL` is the client's own agent."""
        if contractor != LOCAL:
            if self.ratings is not None:
                self.ratings.rate(now_s, client, contractor, type_id, rating)
        elif self._own is not None:
            self._own.rate(now_s, 0, 0, type_id, rating)

    def bill(self, now_s: float, who: int, type_id: int, plain_usd: float, actual_usd: float) -> None:
        """What was charged, against the estimate before correction."""
        self.errors.add(now_s, plain_usd * float(self.factors[type_id, who]), actual_usd)
        if self._calibration is not None:
            self._calibration.learn(type_id, who, plain_usd, actual_usd)

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
