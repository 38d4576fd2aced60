"""What groups of clients may still commit to contractors today."""

from __future__ import annotations

import math

from coalesce_sim.luck import Luck
from coalesce_sim.market.moving import course_of_home
from coalesce_sim.market.roster import first
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.schema import Scenario

_FIELD = "budget_usd_per_day"


class Budgets:
    """The daily budgets of groups, which all clients of a group draw on; infinite where none is stated.

    A contract commits the price agreed on when it is made. When it has ended, what it was paid beyond that is
    committed, too, on the day, between two midnights of the clock, on which it ends; what it was paid less
    comes back if that is the day on which it was made.
    """

    def __init__(self, scenario: Scenario, luck: Luck) -> None:
        clients, clock = scenario.clients, scenario.clock
        groups = [each.stated for each in clients.populations]
        limits = [None if group is None else group.budget_usd_per_day for group in groups]
        stated = [math.inf if each is None else each for each in limits]
        self._budget_usd = [first(each, _FIELD, clock) for each in stated]
        self._courses = [course_of_home(each, _FIELD, clock, luck) for each in stated]
        self._group_of: list[int] = clients.group_of.tolist()
        self._start_s = scenario.clock.start_s_after_midnight
        self._day = [0] * len(stated)
        self._committed_usd = [0.0] * len(stated)

    def left_usd(self, client: int, now_s: float) -> float:
        """What a client may still commit now; below 0 where bills were dearer than what was agreed on."""
        group = self._group_of[client]
        course = self._courses[group]
        budget_usd = self._budget_usd[group] if course is None else course.value(now_s)
        if self._day[group] != self._day_of(now_s):
            return budget_usd
        left_usd = budget_usd - self._committed_usd[group]
        return left_usd if exceeds(self._committed_usd[group], budget_usd) else max(0.0, left_usd)

    def commit(self, client: int, usd: float, now_s: float) -> None:
        """A contract is made now."""
        group, day = self._group_of[client], self._day_of(now_s)
        if self._day[group] != day:
            self._day[group], self._committed_usd[group] = day, 0.0
        self._committed_usd[group] += usd

    def settle(self, client: int, more_usd: float, made_s: float, now_s: float) -> None:
        """A contract that was made then ends now, and was paid so much more than was agreed on, or less."""
        if more_usd > 0 or self._day_of(made_s) == self._day_of(now_s):
            self.commit(client, more_usd, now_s)

    def _day_of(self, at_s: float) -> int:
        return int((self._start_s + at_s) // 86_400)


def budgets_of(scenario: Scenario, luck: Luck) -> Budgets | None:
    """The budgets of a scenario; None where no group has one."""
    groups = (scenario.clients.groups or {}).values()
    return Budgets(scenario, luck) if any(group.budget_usd_per_day is not None for group in groups) else None
