"""A strategy, asked: what goes wrong in it, and what it cannot mean, names it and ends the run."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

from coalesce_sim.adversaries.errors import AdversaryError
from coalesce_sim.adversaries.protocol import Adversary, Card, Effort, Hold
from coalesce_sim.own_code import NOT_OF_OWN_CODE, OwnCode, raised, trace_of
from coalesce_sim.reputation.rating import Ballot
from coalesce_sim.scenario.distributions import MOST
from coalesce_sim.texts import on_one_line

T = TypeVar("T")

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


class Asked:
    """The strategy that stands at a place of the scenario."""

    def __init__(self, strategy: Adversary, place: str) -> None:
        self.strategy = strategy
        kind = type(strategy)
        self._name = f"{place}: {kind.__module__}:{kind.__qualname__}"

    def answers(self, question: str) -> bool:
        """Whether the strategy says anything of its own there."""
        return getattr(type(self.strategy), question) is not getattr(Adversary, question)

    def ask(self, question: str, meant: Callable[[object], T], *given: Any) -> T:
        """What the strategy says, as it is `meant`. Raises `AdversaryError` where it raises, or where that
        has no meaning."""
        try:
            with OwnCode():
                answer = getattr(self.strategy, question)(*given)
                if isinstance(answer, Iterator):
                    answer = list(answer)
        except NOT_OF_OWN_CODE:
            raise
        except BaseException as error:
            message = on_one_line(f"{self._name}: {question} raised {raised(error)}")
            raise AdversaryError(message, trace_of(error)) from error
        try:
            return meant(answer)
        except Meaningless as wrong:
            message = f"{self._name}: {question} must give {wrong.wanted} (got {_SHORT.repr(wrong.given)})"
            raise AdversaryError(on_one_line(message)) from None


class Meaningless(Exception):
    """An answer that has no meaning; told as an `AdversaryError`."""

    def __init__(self, wanted: str, given: object) -> None:
        super().__init__(wanted, given)
        self.wanted, self.given = wanted, given


def nothing(answer: object) -> None:
    """Whatever is said is not listened to."""


def yes_or_no(answer: object) -> bool:
    """Whether it says so."""
    return bool(answer)


def amount(answer: object) -> float:
    """An amount in USD."""
    return _number(answer, "an amount >= 0", most=MOST)


def bid(answer: object) -> float:
    """An amount in USD, infinite for one who stays away."""
    return _number(answer, "an amount >= 0, or infinity", most=math.inf)


def slots_of(own: int) -> Callable[[object], int]:
    """Some of one's own slots, at least one."""

    def slots(answer: object) -> int:
        if isinstance(answer, bool) or not isinstance(answer, int | np.integer) or not 1 <= answer <= own:
            raise Meaningless(f"a whole number from 1 to {own}", answer)
        return int(answer)

    return slots


def card(answer: object) -> Card:
    """Skills and a share of good work."""
    if not isinstance(answer, Card) or not all(isinstance(each, str) for each in answer.skills):
        raise Meaningless("a Card with skills by name", answer)
    return Card(tuple(answer.skills), _number(answer.reliability, "a reliability from 0 to 1", most=1.0))


def effort_among(contractors: int) -> Callable[[object], Effort | None]:
    """How work is done, where there are so many contractors whose work it may be like."""

    def effort(answer: object) -> Effort | None:
        if answer is None:
            return None
        if not isinstance(answer, Effort):
            raise Meaningless("an Effort or None", answer)
        like: object = answer.like
        if like is not None and (not isinstance(like, int | np.integer) or not 0 <= like < contractors):
            raise Meaningless("an Effort like one of the contractors", answer)
        _number(answer.success, "an Effort whose success is from 0 to 1", most=1.0)
        _number(answer.cost_factor, "an Effort whose cost_factor is >= 0", most=MOST)
        return answer

    return effort


def ballot_among(clients: int, contractors: int, types: int) -> Callable[[object], Ballot]:
    """A rating by one of so many clients of one of so many contractors, at one of so many types of task."""
    of = (("client", clients), ("contractor", contractors), ("type_id", types))

    def ballot(answer: object) -> Ballot:
        if not isinstance(answer, Ballot):
            raise Meaningless("a Ballot", answer)
        for what, many in of:
            place: object = getattr(answer, what)
            if not isinstance(place, int | np.integer) or not 0 <= place < many:
                raise Meaningless(f"a Ballot whose {what} is from 0 to {many - 1}", answer)
        return answer._replace(
            rating=_number(answer.rating, "a Ballot whose rating is from 0 to 1", most=1.0)
        )

    return ballot


def ballots_among(clients: int, contractors: int, types: int) -> Callable[[object], list[Ballot]]:
    """Several such ratings."""
    one = ballot_among(clients, contractors, types)

    def ballots(answer: object) -> list[Ballot]:
        if not isinstance(answer, list | tuple):
            raise Meaningless("ballots, one after the other", answer)
        return [one(each) for each in answer]

    return ballots


def holds_among(contractors: int) -> Callable[[object], list[Hold]]:
    """Several contracts that will be cancelled, where there are so many contractors."""

    def hold(answer: object) -> Hold:
        if not isinstance(answer, Hold):
            raise Meaningless("a Hold", answer)
        who: object = answer.contractor
        if not isinstance(who, int | np.integer) or not 0 <= who < contractors:
            raise Meaningless(f"a Hold whose contractor is from 0 to {contractors - 1}", answer)
        return Hold(int(who), _number(answer.hold_s, "a Hold whose hold_s is >= 0", most=MOST))

    def holds(answer: object) -> list[Hold]:
        if not isinstance(answer, list | tuple) or isinstance(answer, Hold):
            raise Meaningless("Holds, one after the other", answer)
        return [hold(each) for each in answer]

    return holds


def _number(answer: object, wanted: str, *, most: float) -> float:
    numbers = int | float | np.integer | np.floating
    if isinstance(answer, bool) or not isinstance(answer, numbers) or not 0 <= answer <= most:
        raise Meaningless(wanted, answer)
    return float(answer)
