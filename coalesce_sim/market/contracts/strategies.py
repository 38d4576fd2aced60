"""The market's questions, put to those who may cheat; it knows no attack by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from coalesce_sim.adversaries.asked import (
    Asked,
    amount,
    ballot_among,
    ballots_among,
    bid,
    effort_among,
    holds_among,
    nothing,
    yes_or_no,
)
from coalesce_sim.adversaries.protocol import Effort, Hold, Scene
from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.luck import Luck
from coalesce_sim.market.cast import Part
from coalesce_sim.market.contracts.behaviour import Asking, Behaviour, Bidding, Conduct, Reception
from coalesce_sim.market.contracts.books import Books
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.knowledge import Knowledge
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.presence import Presence
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.reputation.rating import Ballot, Rating
from coalesce_sim.scenario.defences import Defences

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


class Follower(Asked):
    """A strategy, with those who follow it and what they see."""

    def __init__(self, part: Part, presence: Presence, place: str) -> None:
        super().__init__(part.strategy, place)
        self.part = part
        self.agent_of = {name: agent for agent in part.agents for name in agent.names}
        self.sight = Seen(frozenset(self.agent_of), presence)
        self.due_s = math.inf

    def at(self, now_s: float) -> Seen:
        """What they see at a time."""
        self.sight.now_s = now_s
        return self.sight


class Strategies:
    """All strategies of a run, behind the seams of the market."""

    def __init__(
        self, parts: Iterable[Part], pool: Pool, luck: Luck, defences: Defences, *, clients: int, types: int
    ) -> None:
        self._presence, self._pool, self._defences = pool.roster.presence, pool, defences
        self.luck = luck("adversary")
        among = clients, len(pool), types
        self.effort, self.ballot, self._ballots = (
            effort_among(len(pool)),
            ballot_among(*among),
            ballots_among(*among),
        )
        self._holds = holds_among(len(pool))
        self.followers = [
            Follower(part, self._presence, f"adversaries[{index}]") for index, part in enumerate(parts)
        ]
        self.of = {who: each for each in self.followers for who in each.agent_of}
        self.of_client = {client: each for each in self.followers for client in each.part.clients}
        self._counts: dict[int, tuple[int, int]] = {}
        self._due_s = math.inf
        for each in self.followers:
            scene = Scene(each.part.agents, each.part.clients, pool.names, pool.types, pool.base_price_usd)
            each.ask("start", nothing, scene)

    def behaviour(self) -> Behaviour:
        """How everybody behaves, those who follow none honestly."""
        return Behaviour(_Conduct(self), _Asking(self), _Bidding(self), _Reception(self), _Rating(self))

    def begin(self, until_s: float, knowledge: Knowledge, books: Books) -> None:
        """The market stands; those begin that act by the clock, until the last tasks arrive."""
        self._knowledge, self._books, self._until_s = knowledge, books, until_s
        for each in self.followers:
            each.sight.told(knowledge, books, self._counts)
            if each.strategy.acts_every_s is not None:
                each.due_s = each.strategy.acts_every_s
        self._due_s = min((each.due_s for each in self.followers), default=math.inf)

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
        follower.ask("noticed", nothing, follower.at(now_s), who)
        names, presence = follower.agent_of[who].names, self._presence
        if len(names) == 1 or presence.leave_s[who] <= now_s:
            return
        unused = next((name for name in names if math.isinf(presence.enter_s[name])), None)
        if unused is not None and follower.ask("renames", yes_or_no, follower.sight, who):
            presence.leave(who, now_s)
            presence.enter(unused, now_s)

    def catch_up(self, now_s: float) -> None:
        """Write what was to be written by the clock up to now, each at its own time."""
        until_s = min(now_s, self._until_s)
        while self._due_s <= until_s:
            at_s = self._due_s
            for each in self.followers:
                if each.due_s == at_s and each.strategy.acts_every_s is not None:
                    each.due_s += each.strategy.acts_every_s
                    self._write(at_s, each.ask("ballots", self._ballots, each.at(at_s)))
            self._due_s = min(each.due_s for each in self.followers)

    def blockers(self) -> Iterator[tuple[Follower, float]]:
        """Strategies that say by the clock which slots they take, and how often they are asked."""
        for each in self.followers:
            if each.strategy.acts_every_s is not None and each.answers("blocks"):
                yield each, each.strategy.acts_every_s

    def holds(self, now_s: float, follower: Follower) -> Iterator[Hold]:
        """The slots of those in the market that a strategy takes now."""
        self.catch_up(now_s)
        for hold in follower.ask("blocks", self._holds, follower.at(now_s)):
            if follower.sight.active(hold.contractor):
                yield hold

    def _write(self, at_s: float, ballots: Iterable[Ballot]) -> None:
        """Ballots that nobody's work is behind; of a contract that only seems to be one the market takes its
        part."""
        for ballot in ballots:
            if ballot.contract:
                listed_usd = self._pool.base_price_usd.item(ballot.contractor)
                self._books.levy(at_s, ballot.contractor, self._defences.platform_fee_share * listed_usd)
            if self.admits(ballot):
                self._knowledge.rate(at_s, ballot)
                self.written(at_s, ballot)

    def admits(self, ballot: Ballot) -> bool:
        """Whether the market lets a ballot count."""
        return ballot.contract or self._defences.ratings == "any"


def _answers(
    strategies: Strategies,
    concerns: BoolArray,
    question: str,
    meant: Callable[[object], float],
    now_s: float,
    ids: IntArray,
    usd: FloatArray,
) -> FloatArray:
    """What each of those concerned answers, the others' as it is."""
    places = np.flatnonzero(concerns[ids])
    if len(places) == 0:
        return usd
    usd = usd.copy()
    for place in places.tolist():
        who = ids.item(place)
        follower = strategies.of[who]
        usd[place] = follower.ask(question, meant, follower.at(now_s), who, usd.item(place))
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
        return follower.ask("effort", self._strategies.effort, follower.at(now_s), contractor, luck)

    def bill_usd(self, now_s: float, contractor: int, due_usd: float, honest_usd: float) -> float:
        follower = self._strategies.of.get(contractor)
        if follower is None or not follower.answers("bill_usd"):
            return due_usd
        return follower.ask("bill_usd", amount, follower.at(now_s), contractor, due_usd, honest_usd)


class _Asking(Asking):
    def __init__(self, strategies: Strategies) -> None:
        self._strategies, self._asks = strategies, strategies.concerned("ask_usd")
        self.concerns = self._asks

    def ask_usd(self, now_s: float, task: int, ids: IntArray, list_usd: FloatArray) -> FloatArray:  # noqa: ARG002
        return _answers(self._strategies, self._asks, "ask_usd", amount, now_s, ids, list_usd)

    def hurries(self, now_s: float, ids: IntArray) -> BoolArray:
        strategies = self._strategies
        each = ((who, strategies.of.get(who)) for who in ids.tolist())
        first = [
            follower is not None
            and follower.answers("hurries")
            and follower.ask("hurries", yes_or_no, follower.at(now_s), who)
            for who, follower in each
        ]
        return np.array(first, dtype=bool)


class _Bidding(Bidding):
    def __init__(self, strategies: Strategies) -> None:
        self._strategies, self._bids = strategies, strategies.concerned("bid_usd")

    def bids_usd(self, now_s: float, task: int, ids: IntArray, own_usd: FloatArray) -> FloatArray:  # noqa: ARG002
        return _answers(self._strategies, self._bids, "bid_usd", bid, now_s, ids, own_usd)


class _Reception(Reception):
    def __init__(self, strategies: Strategies) -> None:
        self._strategies = strategies

    def _says(self, question: str, contract: Contract) -> bool:
        follower = self._strategies.of_client.get(contract.client)
        if follower is None or not follower.answers(question):
            return True
        luck = self._strategies.luck.draw(LOCAL, contract.task, contract.attempt)
        return follower.ask(question, yes_or_no, follower.at(contract.ended_s), contract.client, luck)

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
            cast = follower.ask("rates", self._strategies.ballot, follower.at(now_s), cast)
        if self._strategies.admits(cast):
            yield cast

    def written(self, now_s: float, ballot: Ballot) -> None:
        self._strategies.written(now_s, ballot)

    def catch_up(self, now_s: float) -> None:
        self._strategies.catch_up(now_s)
