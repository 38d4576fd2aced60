"""When contractors are down, and what that does to work: all of it known when the work begins."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from coalesce_sim.luck import Draws, Luck
from coalesce_sim.market.roster import Roster
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.scenario.boxes import Box
from coalesce_sim.scenario.outages import LAST_OUTAGE, Outages


class Down(NamedTuple):
    """A time in which a contractor is down, of which the end is no part."""

    from_s: float
    until_s: float


class Lasting(NamedTuple):
    """How long work that begins at some time takes by the clock, repairs included, and whether it is lost at
    the end of that."""

    lasts_s: float
    lost: bool


class Breakdowns:
    """The outages of contractors and of boxes; those by chance are laid out as far as somebody has looked, by
    the contractor's own luck, or the box's.

    Boxes are numbered from -1 downwards (`of_box`); whoever is on one is down when it is.
    """

    def __init__(self, roster: Roster, luck: Luck, boxes: Mapping[str, Box] | None = None) -> None:
        boxes = boxes or {}
        self._boxes = {name: -1 - place for place, name in enumerate(boxes)}
        self._draws: Draws = luck("outage")
        self._of_boxes = [luck(f"outage.{name}") for name in boxes]
        self._rules = roster.each([kind.outages for kind in roster.kinds])
        self._box_rules = [box.outages for box in boxes.values()]
        on_boxes = roster.stated("box")
        self._machine = [self._boxes.get(box, who) for who, box in enumerate(on_boxes)]
        self._laid_out: dict[int, list[Down]] = {}

    def of_box(self, name: str) -> int:
        """The number of a box."""
        return self._boxes[name]

    def of_machine(self, name: str, there: Sequence[int]) -> int:
        """Whose outages the machine of that name has: the box's or, of one that only the names of an agent
        share, those of `there`, the agent's own."""
        return self._boxes[name] if name in self._boxes else there[0]

    def suffers(self, who: int) -> bool:
        """Whether a contractor, or a box, is ever down."""
        return self._rule(who) is not None

    def _rule(self, who: int) -> Outages | None:
        rule: Outages | None = self._rules[who] if who >= 0 else self._box_rules[-1 - who]
        return rule

    def repaired_s(self, who: int, now_s: float) -> float:
        """When a contractor is up: now, or when it is repaired."""
        for down in self._since(who, now_s):
            return max(now_s, down.until_s) if down.from_s <= now_s else now_s
        return now_s

    def is_down(self, who: int, now_s: float) -> bool:
        """Whether a contractor is down now."""
        return self.repaired_s(who, now_s) > now_s

    def lasting(self, who: int, begin_s: float, work_s: float) -> Lasting:
        """What becomes of work that begins then, when the contractor is up."""
        rule, lasts_s = self._rule(who), work_s
        for down in self._since(who, begin_s):
            if down.from_s >= begin_s + lasts_s:
                break
            if rule is not None and rule.running == "lost":
                return Lasting(down.from_s - begin_s, lost=True)
            lasts_s += down.until_s - down.from_s
        return Lasting(lasts_s, lost=False)

    def ends_s(self, who: int, now_s: float, work_s: float) -> float:
        """When so much work is done that goes on now and, during repairs, waits."""
        end_s = now_s + work_s
        for down in self._since(who, now_s):
            if down.from_s >= end_s:
                break
            end_s += down.until_s - max(down.from_s, now_s)
        return end_s

    def lost_s(self, who: int, now_s: float) -> float:
        """When work is lost that goes on now, if it is not done before."""
        rule = self._rule(who)
        if rule is not None and rule.running == "lost":
            for down in self._since(who, now_s):
                return down.from_s
        return math.inf

    def down_s(self, who: int, begin_s: float, end_s: float) -> float:
        """For how long a contractor is down between two times."""
        total_s = 0.0
        for down in self._since(who, begin_s):
            if down.from_s >= end_s:
                break
            total_s += min(down.until_s, end_s) - max(down.from_s, begin_s)
        return total_s

    def occupied_s(self, who: int, begin_s: float, work_s: float) -> float:
        """How long work takes a slot that is given it then, the wait for a repair included."""
        up_s = self.repaired_s(who, begin_s)
        return up_s - begin_s + self.lasting(who, up_s, work_s).lasts_s

    def _since(self, who: int, now_s: float) -> Iterator[Down]:
        """The outages of a contractor that are not over by now, one after the other."""
        rule, who = self._rule(who), who if who < 0 else self._machine[who]
        if rule is None:
            return
        known = self._laid_out.setdefault(who, [])
        place = bisect_right(known, now_s, key=_end_s)
        while True:
            if place == len(known):
                following = self._next(who, rule, known)
                if following is None:
                    return
                known.append(following)
            if known[place].until_s > now_s:
                yield known[place]
            place += 1

    def _next(self, who: int, rule: Outages, known: list[Down]) -> Down | None:
        """The outage after those that are known; None where there are no more."""
        number = len(known)
        if rule.at_hours is not None:
            if number == len(rule.at_hours):
                return None
            from_h, until_h = rule.at_hours[number]
            return Down(3600 * from_h, 3600 * until_h)
        if number == LAST_OUTAGE:
            return None
        assert rule.mean_up_h is not None
        assert rule.mean_repair_h is not None
        since_s = known[-1].until_s if known else 0.0
        draws, worker = (self._draws, who) if who >= 0 else (self._of_boxes[-1 - who], LOCAL)
        from_s = since_s - 3600 * rule.mean_up_h * math.log1p(-draws.draw(worker, number, 0))
        return Down(from_s, from_s - 3600 * rule.mean_repair_h * math.log1p(-draws.draw(worker, number, 1)))


def _end_s(down: Down) -> float:
    return down.until_s


class Uptime(NamedTuple):
    """When a machine works, of a contractor or a box that has outages."""

    outages: Breakdowns
    who: int

    def repair_s(self, now_s: float) -> float:
        """How long its repair takes from now on; 0 while it is up."""
        return self.outages.repaired_s(self.who, now_s) - now_s

    def worked_s(self, begin_s: float, end_s: float) -> float:
        """For how long it is up between two times."""
        return end_s - begin_s - self.outages.down_s(self.who, begin_s, end_s)

    def takes_s(self, now_s: float, work_s: float) -> float:
        """How long so much work takes from now on by the clock."""
        return self.outages.ends_s(self.who, now_s, work_s) - now_s


def breakdowns_of(roster: Roster, luck: Luck, boxes: Mapping[str, Box] | None) -> Breakdowns | None:
    """The outages of contractors and boxes; None where nobody has any."""
    rules = [each.outages for each in roster.kinds] + [box.outages for box in (boxes or {}).values()]
    return None if all(rule is None for rule in rules) else Breakdowns(roster, luck, boxes)
