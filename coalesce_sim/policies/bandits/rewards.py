"""From money to rewards between 0 and 1."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.policies.protocol import Outcome

HOME_REWARD = 0.5
"""What costs as much as home was expected to."""


class Rewards:
    """``reward = clip(½ + saving / (2·scale), 0, 1)`` with saving = cost expected at home − realised cost.

    The scale is what the user states or else the task's expected cost at home and at least twice the mean
    of the losses so far. So a saving, which is never more than the cost at home, does not saturate, and a
    loss only if it is twice the ordinary one. Rare extremes, which real bills have, would otherwise press
    all the rest together; in the mean, too, a loss counts as at most twice the scale. Between the ends the
    map is linear: for tasks of one scale the arm with the best mean reward is the one with the least mean
    cost.
    """

    def __init__(self, scale_usd: float | None) -> None:
        self._stated_usd = scale_usd
        self._losses = 0
        self._mean_loss_usd = 0.0

    def scale_usd(self, internal_usd: float) -> float:
        """The saving of reward 1 on a task that is expected to cost so much at home."""
        if self._stated_usd is not None:
            return self._stated_usd
        return max(internal_usd, 2 * self._mean_loss_usd, LEAST_USD)

    def estimated(self, savings_usd: FloatArray, internal_usd: float) -> FloatArray:
        """Rewards of estimated savings on a task that costs so much at home."""
        rewards = HOME_REWARD + savings_usd * (0.5 / self.scale_usd(internal_usd))
        return np.maximum(np.minimum(rewards, 1.0), 0.0)

    def met(self, outcome: Outcome) -> float:
        """The reward of an outcome, which also teaches what losses are ordinary."""
        saving_usd = outcome.internal_usd - outcome.realised_usd
        if saving_usd < 0:
            loss_usd = min(-saving_usd, 2 * self.scale_usd(outcome.internal_usd))
            self._losses += 1
            self._mean_loss_usd += (loss_usd - self._mean_loss_usd) / self._losses
        return min(max(HOME_REWARD + saving_usd / (2 * self.scale_usd(outcome.internal_usd)), 0.0), 1.0)

    def savings_usd(self, rewards: FloatArray, internal_usd: float) -> FloatArray:
        """The savings that stand for the rewards."""
        return 2 * (rewards - HOME_REWARD) * self.scale_usd(internal_usd)


LEAST_USD = 1e-9
"""Stands in for the scale of a task that costs nothing at home."""
