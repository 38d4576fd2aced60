"""Policies of the plain market: who does a task, by what its client is offered.

`decide` gives one of the offers, or None for home. `observe` is told what came of every attempt that the
client knows of: all but refused contracts, and tasks kept at home by a client without a GPU.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from verification.plain_given import Contractor, Task, draw


def exceeds(one: float, other: float) -> bool:
    """Whether `one` is larger by more than rounding: a billionth."""
    return one > other + 1e-9 * abs(other)


def first_least(values: list[float]) -> int:
    """The place of the least, the first of those that are equal to it but for rounding."""
    least = min(values)
    return next(place for place, value in enumerate(values) if not exceeds(value, least))


@dataclass(frozen=True, eq=False)
class Offer:
    """What a contractor quotes for a task, and what its client makes of it."""

    contractor: Contractor
    search_s: float  # that it took to find it
    work_s: float
    latency_s: float  # to the result: search, handshake, network, data, queue, work and verification
    asked_usd: float
    due_usd: float  # what is asked, by the tokens that are really written
    honest_usd: float  # the same of an honest offer
    shown_usd: float  # the price as expected: corrected by experience where bills follow use
    plain_usd: float  # all charges, before correction by experience (eq. 10)
    external_usd: float  # the whole: charges and lateness corrected, and risk (eq. 9)
    home_usd: float  # what the client expects of home instead
    own_usd: float  # the contractor's own cost or, where that is not known, its price
    bid_usd: float  # what it bids under seal; the honest bid that
    reliability: float  # probability of good work: the public score, or what is claimed
    security: float  # 1 - security risk
    eligible: bool  # whether its skills reach the threshold
    agreed: bool = False  # a mechanism set the price, which is then due even where others bill by use
    explored: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a client knows of an attempt; `who` is None where it was its own agent."""

    task: Task
    who: Contractor | None
    realised_usd: float


@dataclass(frozen=True)
class Question:
    """What a policy decides on: the task, which attempt at it, what home is expected to cost, the offers."""

    task: Task
    attempt: int
    home_usd: float
    offers: list[Offer]

    @property
    def eligible(self) -> list[Offer]:
        return [offer for offer in self.offers if offer.eligible]

    @property
    def cheapest(self) -> Offer | None:
        """The eligible offer of the lowest estimated cost, the first of equals."""
        costs_usd = [offer.external_usd for offer in self.eligible]
        return self.eligible[first_least(costs_usd)] if costs_usd else None


@dataclass(frozen=True)
class Ways:
    """What a task, or all its steps, are expected to cost at the least, and all at home."""

    least_usd: float
    at_home_usd: float


class Policy:
    """Base of all; `luck` holds the keys of the random numbers that a policy may use. Who never `searches`
    pays for no message."""

    searches = True

    def __init__(self, settings: dict[str, Any], luck: dict[str, int]) -> None:
        self.settings, self.luck = settings, luck

    def draw(self, name: str, asked: Question) -> float:
        """A random number of this task, attempt and name."""
        return draw(self.luck[f"policy.{name}"], -1, asked.task.number, asked.attempt)

    def decide(self, asked: Question) -> Offer | None:
        raise NotImplementedError

    def splits(self, whole: Ways, steps: Ways) -> bool:
        """Whether a task is done in its steps: by estimated cost."""
        return exceeds(whole.least_usd, steps.least_usd)

    def observe(self, outcome: Outcome) -> None:
        """Most do not learn."""


class AlwaysLocal(Policy):
    searches = False

    def splits(self, whole: Ways, steps: Ways) -> bool:
        return exceeds(whole.at_home_usd, steps.at_home_usd)

    def decide(self, asked: Question) -> Offer | None:  # noqa: ARG002
        return None


class AlwaysOutsource(Policy):
    def decide(self, asked: Question) -> Offer | None:
        return asked.cheapest


class Cheapest(Policy):
    def decide(self, asked: Question) -> Offer | None:
        best = asked.cheapest
        return best if best is not None and exceeds(asked.home_usd, best.external_usd) else None


class Fixed(AlwaysLocal):
    searches = True

    def decide(self, asked: Question) -> Offer | None:
        name = self.settings["contractor"]
        return next((offer for offer in asked.offers if offer.contractor.name == name), None)


class AsLogged(AlwaysLocal):
    """Where the log says, if that contractor makes an offer."""

    searches = True

    def decide(self, asked: Question) -> Offer | None:
        name = asked.task.logged["to"]
        return next((offer for offer in asked.offers if offer.contractor.name == name), None)


class Routes(AlwaysLocal):
    def __init__(self, settings: dict[str, Any], luck: dict[str, int]) -> None:
        super().__init__(settings, luck)
        named = {rule[field] for rule in settings["rules"] for field in ("to", "otherwise")}
        self.searches = not {settings["otherwise"], *named} <= {"home", None}

    def decide(self, asked: Question) -> Offer | None:
        otherwise = self.settings["otherwise"]
        fitting = (rule for rule in self.settings["rules"] if self.fits(rule, asked.task))
        rule = next(fitting, {"to": otherwise, "otherwise": otherwise})
        for name in (rule["to"], rule["otherwise"] or otherwise):
            offers = [offer for offer in asked.offers if offer.contractor.name == name]
            if offers or name == "home":
                return offers[0] if offers else None
        return None

    def fits(self, rule: dict[str, Any], task: Task) -> bool:
        types = [rule["type"]] if isinstance(rule["type"], str) else rule["type"]
        if task.type not in (types or [task.type]) or rule["group"] not in (None, task.row.get("group")):
            return False
        lengths = ("prompt_tokens", "expected_output_tokens")
        most = {name: rule[f"{name}_up_to"] for name in lengths}
        return all(most[name] is None or task.given[name] <= most[name] for name in lengths)


class Random(Policy):
    def decide(self, asked: Question) -> Offer | None:
        eligible = asked.eligible
        return eligible[int(self.draw("random", asked) * len(eligible))] if eligible else None


class Vickrey(Policy):
    """The lowest bid that beats home, at the price of the second-lowest, at most what home would cost."""

    def decide(self, asked: Question) -> Offer | None:
        reserve_usd = {o: asked.home_usd - (o.external_usd - o.shown_usd) for o in asked.eligible}
        bidders = [o for o in reserve_usd if exceeds(reserve_usd[o], o.bid_usd)]
        if not bidders:
            return None
        winner = bidders[first_least([o.bid_usd for o in bidders])]
        others_usd = [o.bid_usd for o in bidders if o is not winner]
        agreed_usd = min([*others_usd, reserve_usd[winner]])
        return replace(winner, asked_usd=agreed_usd, due_usd=agreed_usd, agreed=True)


class Greedy(Policy):
    """The lowest cost by what happened so far: the price, and what was spent above it on average.

    Averages over all tasks begin at what the offer says, those over one type at the average over all. A
    decision counts at once, as if it had cost what was expected; its outcome takes the place of that.
    """

    def __init__(self, settings: dict[str, Any], luck: dict[str, int]) -> None:
        super().__init__(settings, luck)
        self.seen: dict[Any, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
        self.open: dict[Task, tuple[Contractor | None, float, float]] = {}

    def decide(self, asked: Question) -> Offer | None:
        alternatives = (*asked.eligible, None)
        costs_usd = [self.cost_usd(asked.task, *_reference(o, asked.home_usd)) for o in alternatives]
        return self.take(asked, alternatives[first_least(costs_usd)])

    def cost_usd(self, task: Task, who: Contractor | None, reference_usd: float, excess_usd: float) -> float:
        rules = self.settings
        excess_usd = self.mean((who, None), excess_usd, rules["prior_weight"])
        if rules["by_task_type"]:
            excess_usd = self.mean((who, task.type), excess_usd, rules["pooled_weight"])
        return reference_usd + excess_usd

    def mean(self, of: Any, prior: float, weight: float) -> float:
        count, total = self.seen[of]
        return (total + weight * prior) / (count + weight) if count + weight > 0 else prior

    def take(self, asked: Question, chosen: Offer | None) -> Offer | None:
        who, reference_usd, excess_usd = _reference(chosen, asked.home_usd)
        self.open[asked.task] = who, reference_usd, excess_usd
        self.count(asked.task, who, 1, excess_usd)
        return chosen

    def observe(self, outcome: Outcome) -> None:
        who, reference_usd, expected_usd = self.open.pop(outcome.task, (None, math.nan, math.nan))
        if who is outcome.who and not math.isnan(reference_usd):
            self.count(outcome.task, who, 0, outcome.realised_usd - reference_usd - expected_usd)

    def count(self, task: Task, who: Contractor | None, times: int, excess_usd: float) -> None:
        for of in ((who, task.type), (who, None)):
            count, total = self.seen[of]
            self.seen[of] = count + times, total + excess_usd


class WindowedGreedy(Greedy):
    """As `Greedy`, by the last decisions only."""

    def __init__(self, settings: dict[str, Any], luck: dict[str, int]) -> None:
        super().__init__(settings, luck)
        self.decided: list[tuple[Contractor | None, str, float]] = []  # whose, which type, what came on top
        self.which: dict[Task, int] = {}

    def mean(self, of: Any, prior: float, weight: float) -> float:
        who, type_ = of
        last = self.decided[-self.settings["window_tasks"] :]
        heard = [usd for whose, which, usd in last if whose is who and type_ in (None, which)]
        count = len(heard) + weight
        return (math.fsum(heard) + weight * prior) / count if count > 0 else prior

    def count(self, task: Task, who: Contractor | None, times: int, excess_usd: float) -> None:
        if times:
            self.which[task] = len(self.decided)
            self.decided.append((who, task.type, excess_usd))
        else:
            whose, type_, expected_usd = self.decided[self.which[task]]
            self.decided[self.which[task]] = whose, type_, expected_usd + excess_usd


class EpsilonGreedy(Greedy):
    """As `Greedy`, but with probability epsilon any eligible offer."""

    def __init__(self, settings: dict[str, Any], luck: dict[str, int]) -> None:
        super().__init__(settings, luck)
        self.epsilon, half_life = settings["epsilon"], settings["epsilon_half_life_tasks"]
        self.decay = 1.0 if half_life is None else 0.5 ** (1 / half_life)

    def decide(self, asked: Question) -> Offer | None:
        explores, eligible = self.draw("exploration", asked) < self.epsilon, asked.eligible
        self.epsilon *= self.decay
        if not (explores and eligible):
            return super().decide(asked)
        picked = eligible[int(self.draw("exploration.pick", asked) * len(eligible))]
        return self.take(asked, replace(picked, explored=True))


def _reference(offer: Offer | None, home_usd: float) -> tuple[Contractor | None, float, float]:
    """Whose offer, the price to compare with, and what is expected to come on top of it; None is home."""
    if offer is None:
        return None, home_usd, 0.0
    return offer.contractor, offer.shown_usd, offer.external_usd - offer.shown_usd


POLICIES: dict[str, type[Policy]] = {
    "always_local": AlwaysLocal,
    "always_outsource": AlwaysOutsource,
    "cheapest": Cheapest,
    "fixed": Fixed,
    "as_logged": AsLogged,
    "routes": Routes,
    "random": Random,
    "vickrey": Vickrey,
    "greedy": Greedy,
    "epsilon_greedy": EpsilonGreedy,
    "windowed_greedy": WindowedGreedy,
}
