"""What would have changed a decision: the smallest change of one price, of a threshold, of a gate or of the
exploration draw that sends the task elsewhere.

Found by asking again: a copy of the policy, as it was before the decision, decides on the same offers but
for the change. Changes are tried in doubling steps and then halved down to rounding, so the decision that is
told flips, and does not with a hundredth less.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coalesce_sim.market.breakdown import Breakdown
from coalesce_sim.numbers import number
from coalesce_sim.policies.bandits.greedy import EpsilonGreedy
from coalesce_sim.policies.protocol import LOCAL, Decision, Outcome, Policy, Surroundings, View
from coalesce_sim.policies.rankings import Ranking
from coalesce_sim.policies.topsis import Topsis
from coalesce_sim.rounding import ROUNDING
from coalesce_sim.scenario import learners
from coalesce_sim.scenario import policy as settings

Facts = dict[str, Any]
Flips = Callable[[float], bool]

ASKED_AGAIN: Final = (
    settings.Topsis,
    settings.WeightedSum,
    settings.Vikor,
    settings.Cheapest,
    settings.AlwaysOutsource,
    learners.CostLearner,
)
"""The policies that go by what offers say. Mechanisms go by bids and yardsticks by what comes true; a user's
own policy may do more than decide when it is asked."""

MOST_TRIED: Final = 50
"""Contractors whose prices are changed, the cheapest by estimate; each is asked about many times."""

_FINEST, _COARSEST = -12, 5
"""Between which powers of two of the largest estimate the first change of a price that flips is sought."""

_PRECISION = 1e-12

_TIE = 10 * ROUNDING
"""Share of the larger estimate: what flips for less was equal but for rounding."""

_MOST_PERCENT = 99.999
"""What `only_if_cheaper_percent` can be at most, about."""

_HARDLY = 1e-6
"""A change so small is told in words."""


class Rehearsed(Policy):
    """Another policy, which decides as it would; copies of it are kept as it was before each decision on one
    task."""

    def __init__(self, policy: Policy, task: int) -> None:
        self._policy, self._task = policy, task
        self.before: list[Policy] = []

    def start(self, surroundings: Surroundings) -> None:
        self._policy.start(surroundings)

    @property
    def searches(self) -> bool:
        return self._policy.searches

    def splits(self, view: View) -> bool:
        return self._policy.splits(view)

    def decide(self, view: View) -> Decision:
        if view.task == self._task:
            self.before.append(copy.deepcopy(self._policy))
        return self._policy.decide(view)


class _RehearsedLearner(Rehearsed):
    """The same of a policy that wants to be told of outcomes."""

    def observe(self, outcome: Outcome) -> None:
        self._policy.observe(outcome)


def rehearsed(policy: Policy, task: int) -> Rehearsed:
    """A policy, as it is, of which copies are kept."""
    learns = type(policy).observe is not Policy.observe
    return (_RehearsedLearner if learns else Rehearsed)(policy, task)


class _Redrawn(View):
    """The same with another exploration draw."""

    __slots__ = ("_exploration",)

    def __init__(self, view: View, exploration: float) -> None:
        super().__init__(view.offers, view.row)
        self._exploration = exploration

    def draw(self, name: str) -> float:
        return self._exploration if name == "exploration" else super().draw(name)


@dataclass(frozen=True)
class WhatIf:
    """A decision that can be asked for again. `names` are those of the offers' contractors, `before` is the
    policy as it was, `breakdown` what the offers were made up of."""

    before: Policy
    view: View
    decision: Decision
    breakdown: Breakdown
    names: list[str]

    def flips(self) -> list[Facts]:
        """The smallest changes, of as many kinds as there are: `of` says what, `then` who would do the task,
        None being home. What no change of its kind flips has a `to` of None."""
        told = [self._price()]
        if isinstance(self.before, Topsis):
            told += [self._threshold(self.before, each) for each in ("score", "confidence")]
        if isinstance(self.before, Topsis | Ranking):
            told += self._gates(self.before)
        if isinstance(self.before, Topsis | EpsilonGreedy):
            told.append(self._draw())
        return told

    def _decided(self, policy: Policy, view: View) -> int:
        return copy.deepcopy(policy).decide(view).contractor

    def _then(self, contractor: int) -> str | None:
        return None if contractor == LOCAL else self.names[contractor]

    # a price

    def _price(self) -> Facts:
        """Of all offers' prices, up or down, the one that has to change least."""
        positions = self._whose_price_may_count()
        asked_usd = self.breakdown.parts_usd["price_usd"]
        tried = [(position, sign) for position in positions for sign in (-1, 1)]
        estimates_usd = [self.view.internal_usd, *self.view.external_usd[positions].tolist()]
        scale_usd = max([1e-6, *(usd for usd in estimates_usd if math.isfinite(usd))])
        most = {(p, sign): float(asked_usd[p]) if sign < 0 else math.inf for p, sign in tried}
        before = dict.fromkeys(tried, 0.0)
        for power in range(_FINEST, _COARSEST + 1):
            sizes = {each: min(scale_usd * 2.0**power, most[each]) for each in tried}
            found = [each for each in tried if before[each] < sizes[each] and self._moved(each, sizes[each])]
            if found:
                least = {each: _boundary(self._mover(each), before[each], sizes[each]) for each in found}
                return self._told_price(*min(least.items(), key=lambda item: item[1]))
            before = sizes
        return {"of": "price", "to": None, "then": None, "sentence": self._no_price(len(positions))}

    def _whose_price_may_count(self) -> list[int]:
        """The eligible, and who was picked at random; of many the cheapest by estimate."""
        view, decision = self.view, self.decision
        may = set(np.flatnonzero(view.eligible).tolist())
        may |= {decision.contractor, (decision.reasons or {}).get("not_explored", LOCAL)} - {LOCAL}
        return sorted(sorted(may, key=lambda p: float(view.external_usd[p]))[:MOST_TRIED])

    def _mover(self, which: tuple[int, int]) -> Flips:
        return lambda size_usd: self._moved(which, size_usd)

    def _moved(self, which: tuple[int, int], size_usd: float) -> bool:
        """Whether the task goes elsewhere if a price changes by so much."""
        position, sign = which
        return self._at_price(position, sign * size_usd) != self.decision.contractor

    def _at_price(self, position: int, change_usd: float) -> int:
        """Who does the task if a contractor asks for so much more.

        The client's estimate follows by the factor by which it corrects charges, and so does the price as it
        is shown, where bills follow use.
        """
        view, offers = self.view, self.view.offers
        asked_usd = float(self.breakdown.parts_usd["price_usd"][position])
        factors = self.breakdown.facts.get("calibration_factor")
        factor = 1.0 if factors is None else float(factors[position])
        shown = 1.0 if math.isclose(float(view.price_usd[position]), asked_usd) else factor
        external_usd, price_usd = offers.external_usd.copy(), offers.price_usd.copy()
        external_usd[view.row, position] += factor * change_usd
        price_usd[view.row, position] += shown * change_usd
        changed = dataclasses.replace(offers, external_usd=external_usd, price_usd=price_usd)
        return self._decided(self.before, View(changed, view.row))

    def _told_price(self, which: tuple[int, int], size_usd: float) -> Facts:
        position, sign = which
        change_usd = sign * size_usd
        from_usd, name = float(self.breakdown.parts_usd["price_usd"][position]), self.names[position]
        then = self._then(self._at_price(position, change_usd))
        sentence = (
            f"{_went(then)} if {name} asked {number(from_usd + change_usd)} USD: {number(size_usd)} USD "
            f"{'more' if sign > 0 else 'less'} than its {number(from_usd)} USD."
        )
        if size_usd <= _TIE * max(abs(self.view.internal_usd), abs(float(self.view.external_usd[position]))):
            a_little = f"anything {'more' if sign > 0 else 'less'} than its {number(from_usd)} USD"
            sentence = f"A tie, of which the first is taken. {_went(then)} if {name} asked {a_little}."
        told: Facts = {"of": "price", "contractor": name, "from": from_usd, "to": from_usd + change_usd}
        return told | {"change": change_usd, "then": then, "sentence": sentence}

    def _no_price(self, tried: int) -> str:
        of_many = f" (of the {tried} cheapest by estimate)" if tried == MOST_TRIED else ""
        return f"No change of one price{of_many} would have sent it elsewhere."

    # a threshold, the exploration draw

    def _threshold(self, policy: Topsis, what: str) -> Facts:
        """The threshold of the score or of the confidence."""
        name = f"outsource_above_{what}"

        def at(threshold: float) -> int:
            changed = policy.under(**{name: threshold})
            return changed.decide(self.view).contractor

        return self._nearest(what, name, getattr(policy.rules, name), at)

    def _gates(self, policy: Topsis | Ranking) -> Iterator[Facts]:
        """What an offer must pass besides, where it is asked: to be cheaper than home, and within budget."""
        rules = policy.rules

        def under(**changed: Any) -> int:
            return policy.under(**changed).decide(self.view).contractor

        percent, name = rules.only_if_cheaper_percent, "only_if_cheaper_percent"
        if percent is not None:
            told = self._nearest(name, name, percent, lambda x: under(**{name: x}), most=_MOST_PERCENT)
            left_out = self._without(name, percent, under(**{name: None}))
            yield left_out if told["to"] is None else told
        if isinstance(policy, Topsis) and policy.rules.within_budget:
            yield self._without("within_budget", True, under(within_budget=False))

    def _without(self, name: str, now: float, contractor: int) -> Facts:
        """A gate that is left out, with who would do the task then."""
        told: Facts = {"of": name, "from": now}
        if contractor == self.decision.contractor:
            sentence = f"Without {name} it would have gone nowhere else."
            return told | {"to": None, "then": None, "sentence": sentence}
        then = self._then(contractor)
        return told | {"to": "left out", "then": then, "sentence": f"{_went(then)} without {name}."}

    def _draw(self) -> Facts:
        """The draw that decides whether a random offer is taken."""

        def at(draw: float) -> int:
            return self._decided(self.before, _Redrawn(self.view, draw))

        return self._nearest("exploration_draw", "exploration draw", self.view.draw("exploration"), at)

    def _nearest(
        self, of: str, name: str, now: float, at: Callable[[float], int], most: float = 1.0
    ) -> Facts:
        """The value from 0 to `most` nearest to that of now with which somebody else does the task."""
        here, told = self.decision.contractor, {"of": of, "from": now}
        ends = [end for end in (0.0, most) if at(end) != here]
        if not ends:
            sentence = f"No other {name} alone would have sent it elsewhere."
            return told | {"to": None, "then": None, "sentence": sentence}
        changes = []
        for end in ends:
            sign = math.copysign(1.0, end - now)

            def flips(size: float, sign: float = sign) -> bool:
                return at(now + sign * size) != here

            changes.append(sign * _boundary(flips, 0.0, abs(end - now)))
        change = min(changes, key=abs)
        then = self._then(at(now + change))
        to = f"{now + change:.4g} instead of {now:.4g}"
        if abs(change) < _HARDLY:
            to = f"just {'above' if change > 0 else 'below'} {now:.4g}"
        sentence = f"{_went(then)} with another {name}: {to}."
        return told | {"to": now + change, "change": change, "then": then, "sentence": sentence}


def _boundary(flips: Flips, stays: float, flipped: float) -> float:
    """The smallest size that flips, to rounding, between one that does not and one that does."""
    while flipped - stays > _PRECISION * flipped:
        middle = (stays + flipped) / 2
        if not stays < middle < flipped:
            break
        if flips(middle):
            flipped = middle
        else:
            stays = middle
    return flipped


def _went(then: str | None) -> str:
    return "It would have stayed at home" if then is None else f"It would have gone to {then}"
