"""Policies to measure others by."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from coalesce_sim.policies.errors import place_of
from coalesce_sim.policies.protocol import LOCAL, Decision, OracleView, Policy, Surroundings, View
from coalesce_sim.rounding import exceeds, first_least
from coalesce_sim.scenario import policy as settings


class AlwaysLocal(Policy):
    """Every task at home, and what may be split in the way that is expected to cost less there."""

    def splits(self, view: View) -> bool:
        return splits_at_home(view)

    @property
    def searches(self) -> bool:
        return False

    def decide(self, view: View) -> Decision:  # noqa: ARG002
        return Decision(LOCAL)


class Tally(AlwaysLocal):
    """Keeps every task at home; adds up what each contractor would have saved with nobody in its queue."""

    view_type: ClassVar[type[View]] = OracleView

    def start(self, surroundings: Surroundings) -> None:
        self.saved_usd = np.zeros(len(surroundings.contractor_names))

    def decide(self, view: View) -> Decision:
        if not isinstance(view, OracleView):
            raise TypeError(f"Tally needs an OracleView (got {type(view).__name__})")
        saved_usd = view.realised_internal_usd - view.realised_external_usd
        self.saved_usd[view.ids] += np.where(np.isfinite(saved_usd), saved_usd, 0.0)
        return Decision(LOCAL)


class AlwaysOutsource(Policy):
    """The lowest estimated cost among the eligible contractors whatever home costs; home if there is none."""

    def decide(self, view: View) -> Decision:
        return Decision(_cheapest(view))


class Cheapest(Policy):
    """The lowest estimated cost among home and the eligible contractors; ties stay at home."""

    def decide(self, view: View) -> Decision:
        best = _cheapest(view)
        hired = best != LOCAL and exceeds(view.internal_usd, float(view.external_usd[best]))
        return Decision(best if hired else LOCAL)


class Random(Policy):
    """A uniformly random eligible contractor; at home where there is none."""

    def decide(self, view: View) -> Decision:
        eligible = np.flatnonzero(view.eligible)
        if not len(eligible):
            return Decision(LOCAL)
        return Decision(int(eligible[int(view.draw("random") * len(eligible))]))


class FixedChoice(Policy):
    """One contractor, by its index in the pool, for every task that it offers to do; the other tasks at home.

    Skills and cost do not matter. The index may be `LOCAL`: all tasks at home. What may be split is done in
    the way that is expected to cost less at home, as where this choice is looked for in hindsight.
    """

    def __init__(self, contractor: int) -> None:
        self.contractor = contractor

    def splits(self, view: View) -> bool:
        return splits_at_home(view)

    @property
    def searches(self) -> bool:
        return self.contractor != LOCAL

    def decide(self, view: View) -> Decision:
        return Decision(position_of(view, self.contractor))


class Fixed(FixedChoice):
    """The contractor of the given name for every task that it offers to do; the other tasks at home."""

    def __init__(self, rules: settings.Fixed) -> None:
        super().__init__(LOCAL)
        self._name = rules.contractor

    def start(self, surroundings: Surroundings) -> None:
        """Find the contractor. Raises `PolicyError` where there is none of that name."""
        self.contractor = place_of(self._name, surroundings.contractor_names, "contractor", "contractor")


class AsLogged(Policy):
    """Each task goes where its log says; to home, too, where that contractor makes no offer.

    `at_logged_costs` says whether the log itself is played, and not this market.
    """

    def __init__(self, rules: settings.AsLogged) -> None:
        self.at_logged_costs = rules.costs == "logged"

    def splits(self, view: View) -> bool:
        return splits_at_home(view)

    def decide(self, view: View) -> Decision:
        return Decision(position_of(view, int(view.fact("logged_to"))))


class BestFixed(FixedChoice):
    """The one choice, a contractor or home, that in hindsight costs least when made for a whole replication.

    Whoever plays the replication finds that choice and tells it after `start`, by `told`.
    """

    def __init__(self) -> None:
        super().__init__(LOCAL)

    def start(self, surroundings: Surroundings) -> None:  # noqa: ARG002
        self._told = False

    def told(self, best: int) -> None:
        """Make this choice, an index in the pool or `LOCAL`, from now on."""
        self.contractor, self._told = best, True

    def decide(self, view: View) -> Decision:
        if not self._told:
            raise RuntimeError("BestFixed decides only after told(best); start() makes it forget")
        return super().decide(view)


class Oracle(Policy):
    """The lowest realised cost among home and all contractors, task by task.

    It is greedy: where queues are shared, a task's best choice may still delay later tasks. In a market with
    contracts it is not told of the delays of questions and authorisation, and of time-outs.
    """

    view_type: ClassVar[type[View]] = OracleView

    def decide(self, view: View) -> Decision:
        if not isinstance(view, OracleView):
            raise TypeError(f"Oracle needs an OracleView (got {type(view).__name__})")
        if not view.contractors:
            return Decision(LOCAL)
        best = first_least(view.realised_external_usd)
        least_usd = float(view.realised_external_usd[best])
        return Decision(best if exceeds(view.realised_internal_usd, least_usd) else LOCAL)


def position_of(view: View, contractor: int) -> int:
    """The position of a contractor's offer, `LOCAL` where it makes none."""
    position = int(view.ids.searchsorted(contractor))
    offered = position < len(view.ids) and view.ids[position] == contractor
    return position if offered else LOCAL


def splits_at_home(view: View) -> bool:
    """Whether a task is expected to cost less in its steps where nobody is hired."""
    whole, split = view.whole, view.split
    return whole is not None and split is not None and exceeds(whole.at_home.usd, split.at_home.usd)


def _cheapest(view: View) -> int:
    """Position of the eligible offer of the lowest estimated cost, `LOCAL` where there is none."""
    eligible = np.flatnonzero(view.eligible)
    return int(eligible[first_least(view.external_usd[eligible])]) if len(eligible) else LOCAL
