"""Policies to measure others by."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from coalesce_sim.policies.protocol import LOCAL, Decision, OracleView, Policy, Surroundings, View


class AlwaysLocal(Policy):
    """Every task at home."""

    def decide(self, view: View) -> Decision:  # noqa: ARG002
        return Decision(LOCAL)


class Cheapest(Policy):
    """The lowest estimated cost among home and the eligible contractors; ties stay at home."""

    def decide(self, view: View) -> Decision:
        cost_usd = np.where(view.eligible, view.external_usd, np.inf)
        best = int(cost_usd.argmin())
        return Decision(best if cost_usd[best] < view.internal_usd else LOCAL)


class Random(Policy):
    """A uniformly random eligible contractor; at home where there is none."""

    def start(self, surroundings: Surroundings) -> None:
        self._rng = surroundings.stream("random")

    def decide(self, view: View) -> Decision:
        draw = self._rng.random()
        eligible = np.flatnonzero(view.eligible)
        return Decision(int(eligible[int(draw * len(eligible))]) if len(eligible) else LOCAL)


class Oracle(Policy):
    """The lowest realised cost among home and all contractors, task by task.

    It is greedy: where queues are shared, a task's best choice may still delay later tasks.
    """

    view_type: ClassVar[type[View]] = OracleView

    def decide(self, view: View) -> Decision:
        if not isinstance(view, OracleView):
            raise TypeError(f"Oracle needs an OracleView (got {type(view).__name__})")
        best = int(view.realised_external_usd.argmin())
        return Decision(best if view.realised_external_usd[best] < view.realised_internal_usd else LOCAL)
