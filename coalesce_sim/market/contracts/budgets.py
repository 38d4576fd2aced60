"""What groups of clients may still commit to contractors today."""

from __future__ import annotations

import math

from coalesce_sim.scenario.schema import Scenario


class Budgets:
    """The daily budgets of groups, which all clients of a group draw on; infinite where none is stated.

    A contract commits the price agreed on when it is made. What it is not paid in the end comes back if it
    ends on the day, between two midnights of the clock, on which it was made; what is paid beyond the price
    counts for nothing.
    """

    def __init__(self, scenario: Scenario) -> None:
        clients = scenario.clients
        stated = [
            None if each.stated is None else each.stated.budget_usd_per_day for each in clients.populations
        ]
        self._budget_usd = [math.inf if each is None else each for each in stated]
        self._group_of: list[int] = clients.group_of.tolist()
        self._start_s = scenario.clock.start_s_after_midnight
        self._day = [0] * len(stated)
        self._committed_usd = [0.0] * len(stated)

    def left_usd(self, client: int, now_s: float) -> float:
        """What a client may still commit now."""
        group = self._group_of[client]
        if self._day[group] != self._day_of(now_s):
            return self._budget_usd[group]
        return max(0.0, self._budget_usd[group] - self._committed_usd[group])

    def commit(self, client: int, usd: float, now_s: float) -> None:
        """A contract is made now."""
        group, day = self._group_of[client], self._day_of(now_s)
        if self._day[group] != day:
            self._day[group], self._committed_usd[group] = day, 0.0
        self._committed_usd[group] += usd

    def give_back(self, client: int, usd: float, made_s: float, now_s: float) -> None:
        """A contract that was made then ends now, and so much of its price is not due."""
        group, day = self._group_of[client], self._day_of(now_s)
        if usd > 0 and self._day[group] == day == self._day_of(made_s):
            self._committed_usd[group] -= usd

    def _day_of(self, at_s: float) -> int:
        return int((self._start_s + at_s) // 86_400)


def budgets_of(scenario: Scenario) -> Budgets | None:
    """The budgets of a scenario; None where no group has one."""
    groups = (scenario.clients.groups or {}).values()
    return Budgets(scenario) if any(group.budget_usd_per_day is not None for group in groups) else None
