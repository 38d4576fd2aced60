"""The market's questions, put to those who may cheat; it knows no attack by name."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import simpy

from coalesce_sim.adversaries.errors import AdversaryError
from coalesce_sim.adversaries.protocol import Adversary, Effort, Scene
from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.luck import Luck
from coalesce_sim.market.cast import Part
from coalesce_sim.market.contracts.behaviour import Asking, Behaviour, Bidding, Conduct, Reception
from coalesce_sim.market.contracts.books import Books
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.knowledge import Knowledge
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.presence import Presence
from coalesce_sim.market.trade import Events
from coalesce_sim.own_code import NOT_OF_OWN_CODE, OwnCode, raised, trace_of
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.reputation.rating import Ballot, Rating
from coalesce_sim.scenario.defences import Defences
from coalesce_sim.scenario.distributions import MOST
from coalesce_sim.texts import on_one_line

BAD_BELOW = 0.5
"""A rating below this says that work was bad."""


class Seen:
    """What the followers of one strategy see (`Sight`)."""

    def __init__(self, own: frozenset[int], presence: Presence) -> None:
        self.now_s = 0.0
        self._own, self._presence = own, presence
        self._counts: dict[int, tuple[int, int]] = {}
        self._knowledge: Knowledge | None = None
        self._books: Books | None = None

    def told(self, knowledge: Knowledge, books: Books, counts: dict[int, tuple[int, int]]) -> None:
        """What there is to see, once the market stands."""
        self._knowledge, self._books, self._counts = knowledge, books, counts

    def score(self, who: int) -> float:
        """Mean over all types of task."""
        if self._knowledge is None or self._knowledge.ratings is None:
            return math.nan
        scores = self._knowledge.ratings.scores
        return scores.item(0, who) if len(scores) == 1 else float(scores[:, who].mean())

    def ratings(self, who: int) -> tuple[int, int]:
        """Those written since the market began."""
        return self._counts.get(who, (0, 0))

    def active(self, who: int) -> bool:
        """As the roster says."""
        return bool(self._presence.enter_s[who] <= self.now_s < self._presence.leave_s[who])

    def profit_usd(self, who: int) -> float:
        """By the books."""
        if who not in self._own:
            raise ValueError(f"the books of others cannot be seen (got contractor {who})")
        assert self._books is not None
        return float(self._books.profit_usd(self.now_s)[who])


class Follower:
    """A strategy, asked: what goes wrong in it names it, and ends the run."""

    def __init__(self, part: Part, presence: Presence, place: str) -> None:
        self.strategy, self.part = part.strategy, part
        kind = type(part.strategy)
        self._name = f"{place}: {kind.__module__}:{kind.__qualname__}"
        self.own = frozenset(name for agent in part.agents for name in agent.names)
        self.sight = Seen(self.own, presence)
        self.agent_of = {name: agent for agent in part.agents for name in agent.names}

    def answers(self, question: str) -> bool:
        """Whether the strategy says anything of its own there."""
        return getattr(type(self.strategy), question) is not getattr(Adversary, question)

    def ask(self, question: str, now_s: float, *given: Any) -> Any:
        """What the strategy says."""
        self.sight.now_s = now_s
        try:
            with OwnCode():
                return getattr(self.strategy, question)(self.sight, *given)
        except NOT_OF_OWN_CODE:
            raise
        except BaseException as error:
            message = on_one_line(f"{self._name}: {question} raised {raised(error)}")
            raise AdversaryError(message, trace_of(error)) from error

    def usd(self, question: str, now_s: float, *given: Any) -> float:
        """What it says, an amount. Raises `AdversaryError` for one below 0, or that is none."""
        answer = self.ask(question, now_s, *given)
        is_number = isinstance(answer, int | float | np.floating) and answer >= 0
        if not is_number or (answer > MOST and question != "bid_usd"):
            raise AdversaryError(
                on_one_line(f"{self._name}: {question} must be an amount >= 0 (got {answer!r})")
            )
        return float(answer)


class Strategies:
    """All strategies of a run, behind the seams of the market."""

    def __init__(self, parts: Iterable[Part], pool: Pool, luck: Luck, defences: Defences) -> None:
        self._presence, self._pool = pool.roster.presence, pool
        self.luck = luck("adversary")
        self._contracts_only = defences.ratings == "contracts"
        self._fee_usd = defences.platform_fee_share * pool.base_price_usd
        self.followers = [
            Follower(part, self._presence, f"adversaries[{index}]") for index, part in enumerate(parts)
        ]
        self.of = {who: each for each in self.followers for who in each.own}
        self.of_client = {client: each for each in self.followers for client in each.part.clients}
        self._counts: dict[int, tuple[int, int]] = {}
        self._knowledge: Knowledge | None = None
        for each in self.followers:
            scene = Scene(each.part.agents, each.part.clients, pool.names, pool.types, pool.base_price_usd)
            each.strategy.start(scene)

    def behaviour(self) -> Behaviour:
        """How everybody behaves, those who follow none honestly."""
        return Behaviour(_Conduct(self), _Asking(self), _Bidding(self), _Reception(self), _Rating(self))

    def begin(self, env: simpy.Environment, until_s: float, knowledge: Knowledge, books: Books) -> None:
        """The market stands; those begin that act by the clock, until the last tasks arrive."""
        self._knowledge = knowledge
        for each in self.followers:
            each.sight.told(knowledge, books, self._counts)
        paces_s = [(each.strategy.acts_every_s, place) for place, each in enumerate(self.followers)]
        due = [(pace_s, place, pace_s) for pace_s, place in paces_s if pace_s is not None]
        if due:
            env.process(self._act(env, due, until_s, books))

    def concerned(self, *questions: str) -> BoolArray:
        """Which contractors' strategies say anything of their own there."""
        concerns = np.zeros(len(self._pool), dtype=bool)
        for who, follower in self.of.items():
            concerns[who] = any(follower.answers(question) for question in questions)
        return concerns

    def written(self, now_s: float, ballot: Ballot) -> None:
        """A ballot has been written: whoever it is about may notice, and take another name."""
        who = ballot.contractor
        many, bad = self._counts.get(who, (0, 0))
        self._counts[who] = many + 1, bad + (ballot.rating < BAD_BELOW)
        follower = self.of.get(who)
        if follower is None:
            return
        follower.ask("noticed", now_s, who)
        names = follower.agent_of[who].names
        if len(names) > 1 and self._presence.leave_s[who] > now_s and follower.ask("renames", now_s, who):
            unused = next((name for name in names if math.isinf(self._presence.enter_s[name])), None)
            if unused is not None:
                self._presence.leave(who, now_s)
                self._presence.enter(unused, now_s)

    def _act(
        self, env: simpy.Environment, due: list[tuple[float, int, float]], until_s: float, books: Books
    ) -> Events:
        """All that is done by the clock, as long as anything else happens: `due` has when each strategy acts
        next, its place, and how often it does."""
        heapq.heapify(due)
        while due[0][0] <= until_s:
            at_s, place, pace_s = due[0]
            yield env.timeout(at_s - env.now)
            if math.isinf(env.peek()):
                return
            self._write(env.now, self.followers[place], books)
            heapq.heapreplace(due, (at_s + pace_s, place, pace_s))

    def _write(self, now_s: float, follower: Follower, books: Books) -> None:
        """Write ratings that no task is behind; where a contract is, the market keeps its part of that."""
        for ballot in follower.ask("ballots", now_s):
            if ballot.contract:
                books.levy(ballot.contractor, self._fee_usd.item(ballot.contractor))
            if self._knowledge is not None and self.admits(ballot):
                self._knowledge.rate(now_s, ballot)
                self.written(now_s, ballot)

    def admits(self, ballot: Ballot) -> bool:
        """Whether the market lets a ballot count."""
        return ballot.contract or not self._contracts_only


def _answers(
    strategies: Strategies, concerns: BoolArray, question: str, now_s: float, ids: IntArray, usd: FloatArray
) -> FloatArray:
    """What each of those concerned answers, the others' as it is."""
    places = np.flatnonzero(concerns[ids])
    if len(places) == 0:
        return usd
    usd = usd.copy()
    for place in places.tolist():
        who = ids.item(place)
        usd[place] = strategies.of[who].usd(question, now_s, who, usd.item(place))
    return usd


class _Conduct(Conduct):
    def __init__(self, strategies: Strategies) -> None:
        self._strategies = strategies
        self.concerns = strategies.concerned("effort", "bill_usd", "ask_usd")

    def effort(self, now_s: float, contractor: int, task: int) -> Effort | None:
        follower = self._strategies.of.get(contractor)
        if follower is None or not follower.answers("effort"):
            return None
        luck = self._strategies.luck.draw(contractor, task)
        effort: Effort | None = follower.ask("effort", now_s, contractor, luck)
        return effort

    def bill_usd(self, now_s: float, contractor: int, due_usd: float, honest_usd: float) -> float:
        follower = self._strategies.of.get(contractor)
        if follower is None or not follower.answers("bill_usd"):
            return due_usd
        return follower.usd("bill_usd", now_s, contractor, due_usd, honest_usd)


class _Asking(Asking):
    def __init__(self, strategies: Strategies) -> None:
        self._strategies, self._asks = strategies, strategies.concerned("ask_usd")
        self.concerns = self._asks

    def ask_usd(self, now_s: float, task: int, ids: IntArray, list_usd: FloatArray) -> FloatArray:  # noqa: ARG002
        return _answers(self._strategies, self._asks, "ask_usd", now_s, ids, list_usd)


class _Bidding(Bidding):
    def __init__(self, strategies: Strategies) -> None:
        self._strategies, self._bids = strategies, strategies.concerned("bid_usd")

    def bids_usd(self, now_s: float, task: int, ids: IntArray, own_usd: FloatArray) -> FloatArray:  # noqa: ARG002
        return _answers(self._strategies, self._bids, "bid_usd", now_s, ids, own_usd)


class _Reception(Reception):
    def __init__(self, strategies: Strategies) -> None:
        self._strategies = strategies

    def _says(self, question: str, contract: Contract) -> bool:
        follower = self._strategies.of_client.get(contract.client)
        if follower is None or not follower.answers(question):
            return True
        luck = self._strategies.luck.draw(LOCAL, contract.task, contract.attempt)
        return bool(follower.ask(question, contract.ended_s, contract.client, luck))

    def pays(self, contract: Contract) -> bool:
        return self._says("pays", contract)

    def reports(self, contract: Contract) -> bool:
        return contract.passed and self._says("reports", contract)


class _Rating(Rating):
    def __init__(self, strategies: Strategies) -> None:
        self._strategies = strategies

    def rate(self, now_s: float, cast: Ballot) -> Iterator[Ballot]:
        follower = self._strategies.of_client.get(cast.client)
        if follower is not None and follower.answers("rates"):
            cast = follower.ask("rates", now_s, cast)
        if self._strategies.admits(cast):
            yield cast

    def written(self, now_s: float, ballot: Ballot) -> None:
        self._strategies.written(now_s, ballot)
