"""Sellers that cheat, in plain words; see `verification/plain_market.py`, which asks `Cheats`.

Of each kind what is played here is what it does with its effort, its prices and its names. Lies of clients,
and what sellers say of themselves or withhold, are refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from verification.plain_given import Contractor, Task, draw

Score = Callable[[Contractor], float]


class Honest:
    """Does nothing that others would not."""

    def __init__(self, rules: dict[str, Any], agents: list[list[Contractor]], score: Score) -> None:
        self.rules, self.agents, self.score = rules, agents, score

    def cheats(self, who: Contractor, now_s: float, luck: float) -> bool:
        """Whether it delivers the cheap work."""
        return False

    def asked(self, who: Contractor, now_s: float) -> float:
        """What it multiplies an honest price by."""
        return 1.0

    def billed_usd(self, due_usd: float, honest_usd: float) -> float:
        return due_usd

    def rated(self, who: Contractor) -> None:
        """Its public score has changed."""

    def renames(self, who: Contractor, ratings: list[float]) -> bool:
        return False


class OnOff(Honest):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.cheating: dict[Contractor, bool] = {}

    def cheats(self, who: Contractor, now_s: float, luck: float) -> bool:
        least = self.rules["behave_below" if self.cheating.get(who, False) else "cheat_above"]
        return bool(self.score(who) >= least)

    def rated(self, who: Contractor) -> None:
        self.cheating[who] = self.cheats(who, 0.0, 0.0)


class ExitScam(Honest):
    def cheats(self, who: Contractor, now_s: float, luck: float) -> bool:
        return bool(now_s >= 3600 * self.rules["from_hour"])


class Substitution(Honest):
    def cheats(self, who: Contractor, now_s: float, luck: float) -> bool:
        return bool(luck < self.rules["share"])


class Metering(Honest):
    def billed_usd(self, due_usd: float, honest_usd: float) -> float:
        return float(self.rules["factor"] * due_usd)


class Lowball(Honest):
    def asked(self, who: Contractor, now_s: float) -> float:
        return float(self.rules["quoted"])

    def billed_usd(self, due_usd: float, honest_usd: float) -> float:
        return float(self.rules["billed"] * honest_usd)


class Cartel(Honest):
    def asked(self, who: Contractor, now_s: float) -> float:
        deviants, grim = self.rules["deviants"], self.rules["trigger"]
        deviate_s = 3600 * self.rules["deviate_from_hour"]
        deviated = deviants > 0 and now_s >= deviate_s
        if deviated and any(who in names for names in self.agents[:deviants]):
            return 1.0
        if deviated and grim is not None:
            hours = math.inf if grim["punish_hours"] is None else grim["punish_hours"]
            if now_s < deviate_s + 3600 * hours:
                return 1.0
        return float(self.rules["markup"])


class ExplorationFarming(Honest):
    def asked(self, who: Contractor, now_s: float) -> float:
        return float(self.rules["factor"])


class Whitewashing(Honest):
    def cheats(self, who: Contractor, now_s: float, luck: float) -> bool:
        return True

    def renames(self, who: Contractor, ratings: list[float]) -> bool:
        bad, limit = sum(rating < 0.5 for rating in ratings), self.rules["leave_after_bad"]
        return self.score(who) < self.rules["leave_below"] or (limit is not None and bad >= limit)


KINDS: dict[str, type[Honest]] = {
    "honest": Honest,
    "absent": Honest,
    "on_off": OnOff,
    "exit_scam": ExitScam,
    "substitution": Substitution,
    "metering": Metering,
    "lowball": Lowball,
    "cartel": Cartel,
    "exploration_farming": ExplorationFarming,
    "sybil": Honest,
    "whitewashing": Whitewashing,
}


class Cheats:
    """All who follow a strategy, by contractor."""

    def __init__(
        self,
        facts: dict[str, Any],
        contractors: list[Contractor],
        score: Score,
        jobs: Callable[[Contractor], int],
    ) -> None:
        self.luck, self.contractors, self.jobs = facts["luck"], contractors, jobs
        self.strategy: dict[Contractor, Honest] = {}
        self.names: dict[Contractor, list[Contractor]] = {}
        self.ratings: dict[Contractor, list[float]] = {}
        for told in facts["adversaries"]:
            rules = told["settings"]
            if rules.get("kind") not in KINDS:
                raise ValueError(f"adversaries: must be one of {', '.join(KINDS)} (got {rules!r})")
            agents = [[contractors[place] for place in agent] for agent in told["agents"]]
            strategy = KINDS[rules["kind"]](rules, agents, score)
            for names in agents:
                for who in names:
                    self.strategy[who], self.names[who] = strategy, names

    def other(self, who: Contractor) -> Contractor | None:
        """Whose work is delivered in place of its own, if that is another's."""
        word = self.strategy[who].rules.get("with")
        if word is None:
            return None
        named = [each for each in self.contractors if each.name == word]
        return (named or [each for each in self.contractors if each.stated["type"] == word])[0]

    def cheap(self, who: Contractor, task: Task, now_s: float) -> bool:
        """Whether its work on a task, as it is done now, is the cheap one."""
        if who not in self.strategy:
            return False
        other, luck = self.other(who), draw(self.luck["adversary"], who.identity, task.number, 0)
        return (other is None or other.does(task)) and self.strategy[who].cheats(who, now_s, luck)

    def is_good(self, who: Contractor, task: Task, again: int, *, cheap: bool) -> bool:
        """Whether its work on a task is good, done honestly or cheaply, after it was tried `again` times."""
        if not cheap:
            return who.is_good(task, again=again)
        other, honest_p = self.other(who), who.good_p(task)
        least = self.strategy[who].rules["success"]
        return who.is_good(task, min(least, honest_p) if other is None else other.good_p(task), again)

    def spent_usd(self, who: Contractor, task: Task, honest_usd: float, *, good: bool) -> float | None:
        """What cheap work on a task cost, of which honest work would have cost `honest_usd`."""
        other = self.other(who)
        if other is None:
            return float(self.strategy[who].rules["cost_factor"] * honest_usd)
        billed_usd = other.bill_usd(task, good=good)
        if billed_usd is None or other.usd_per_s(0.0) > 0:
            return other.own_usd(task, self.jobs(other) + 1)
        return float(other.stated["own_cost_share"] * billed_usd)

    def asked(self, who: Contractor, now_s: float) -> float:
        """What it multiplies an honest price by."""
        return self.strategy[who].asked(who, now_s) if who in self.strategy else 1.0

    def bids(self, who: Contractor, now_s: float) -> float:
        """What it multiplies an honest bid by, under seal."""
        cartel = who in self.strategy and isinstance(self.strategy[who], Cartel)
        return self.asked(who, now_s) if cartel else 1.0

    def billed_usd(self, who: Contractor, due_usd: float, honest_usd: float) -> float:
        """What it bills; what is due by its own offer or by use, and by an honest one."""
        return self.strategy[who].billed_usd(due_usd, honest_usd) if who in self.strategy else due_usd

    def rated(self, who: Contractor, rating: float, now_s: float) -> None:
        """It was rated; it may notice, and go on under another name."""
        self.ratings.setdefault(who, []).append(rating)
        if who not in self.strategy:
            return
        strategy, names = self.strategy[who], self.names[who]
        strategy.rated(who)
        unused = [name for name in names if name.enter_s == math.inf]
        if len(names) > 1 and who.leave_s > now_s and strategy.renames(who, self.ratings[who]) and unused:
            who.leave_s = unused[0].enter_s = now_s
