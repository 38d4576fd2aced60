"""Who follows which strategy in a run: drawn, named, or new in the market."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from coalesce_sim.adversaries.asked import Asked, card, slots_of
from coalesce_sim.adversaries.protocol import Adversary, Agent, Card
from coalesce_sim.adversaries.registry import strategy_of
from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.economics.external import linear_risk
from coalesce_sim.luck import StateArray, identities_of
from coalesce_sim.market.presence import Presence
from coalesce_sim.market.roster import Adapted, Roster, roster_of, stated_kind
from coalesce_sim.scenario.adversaries import Absent, AdversarySettings, Who, names_at_once, names_each
from coalesce_sim.scenario.distributions import sample
from coalesce_sim.scenario.pool import ContractorFacts, DrawnPool
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.streams import Streams

AGENT = "agent of "
"""What the machine is called that all names of one agent share."""


class Part(NamedTuple):
    """A strategy and its followers, in the order of the scenario."""

    strategy: Adversary
    agents: tuple[Agent, ...]
    clients: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """All strategies of a run. `withheld` are the slots that a contractor has and does not offer, one entry a
    contractor."""

    parts: tuple[Part, ...]
    withheld: IntArray

    @property
    def acts_by_the_clock(self) -> bool:
        """Whether anybody acts whether or not there is a task."""
        return any(part.strategy.acts_every_s is not None for part in self.parts)

    def seeming(self, roster: Roster) -> StateArray:
        """Who each seems to be: every further name of an agent somebody of its own."""
        seeming = roster.identities.copy()
        further = [name for agent in self.agents() for name in agent.names[1:]]
        seeming[further] = identities_of(roster.names[name] for name in further)
        return seeming

    def agents(self) -> Iterator[Agent]:
        """Sellers that follow any."""
        for part in self.parts:
            yield from part.agents


def everyone(scenario: Scenario, streams: Streams) -> tuple[Roster, Cast | None]:
    """All contractors of a run, with those that join and all their names, and who follows which strategy;
    None where nobody follows any."""
    roster = roster_of(scenario, streams)
    if not scenario.adversaries:
        return roster, None
    followers = Followers(scenario, roster, streams)
    parts = [
        followers.of(chosen, f"adversaries[{index}]") for index, chosen in enumerate(scenario.adversaries)
    ]
    return followers.rows.roster(roster), Cast(tuple(parts), followers.withheld())


class _Row(NamedTuple):
    """A contractor that is added: like the one in a row, or of a kind of its own."""

    name: str
    type: str
    kind: int
    own: dict[str, float]
    identity: np.uint64
    price_factor: float
    owner: int
    enter_s: float
    leave_s: float
    like: int | None


class Rows:
    """Rows that are added to a roster, and those of it that are changed."""

    def __init__(self, roster: Roster) -> None:
        self._first = len(roster.names)
        self.kinds, self.moving = list(roster.kinds), list(roster.moving)
        self.kind_of: list[int] = roster.kind.tolist()
        self.enter_s = roster.presence.enter_s.copy()
        self.own = {name: values.copy() for name, values in roster.own.items()}
        self.added: list[_Row] = []

    def __len__(self) -> int:
        return self._first + len(self.added)

    def add(self, row: _Row) -> int:
        """Add a contractor; its place."""
        self.added.append(row)
        self.kind_of.append(row.kind)
        return len(self) - 1

    def change(self, place: int, **facts: object) -> None:
        """Have a contractor state other facts than its kind; those stand still."""
        kind = self.kind_of[place]
        self.kinds.append(self.kinds[kind].model_copy(update=facts))
        moving = self.moving[kind]
        self.moving.append({name: number for name, number in moving.items() if name not in facts})
        self.kind_of[place] = len(self.kinds) - 1

    def state(self, place: int, field: str, value: float) -> None:
        """Have a contractor state a number that it left out, where each has its own."""
        if place >= self._first:
            own = self.added[place - self._first].own
            if field in own and np.isnan(own[field]):
                own[field] = value
        elif field in self.own and np.isnan(self.own[field][place]):
            self.own[field][place] = value

    def roster(self, before: Roster) -> Roster:
        """All contractors, those added last."""
        added = self.added
        sources = np.arange(self._first)
        own = range(self._first, len(self))
        like = [each if row.like is None else row.like for each, row in zip(own, added, strict=True)]

        def longer(column: FloatArray, more: Iterable[float]) -> FloatArray:
            return np.append(column, np.fromiter(more, dtype=np.float64))

        def adapted(rule: Adapted) -> Adapted:
            return Adapted(drawn(rule.factor, 1.0), drawn(rule.shift, 0.0), rule.least, rule.most)

        def drawn(of: FloatArray | float, otherwise: float) -> FloatArray | float:
            """Further names have what was drawn of their agent."""
            if isinstance(of, float):
                return of
            return longer(of, (otherwise if row.like is None else of.item(row.like) for row in added))

        leave_s = longer(before.presence.leave_s, (row.leave_s for row in added))
        return replace(
            before,
            names=(*before.names, *(row.name for row in added)),
            types=(*before.types, *(row.type for row in added)),
            kinds=self.kinds,
            moving=self.moving,
            kind=np.array(self.kind_of, dtype=np.int64),
            identities=np.append(
                before.identities, np.array([row.identity for row in added], dtype=np.uint64)
            ),
            price_factor=longer(before.price_factor, (row.price_factor for row in added)),
            owner=np.append(before.owner, np.array([row.owner for row in added], dtype=np.int64)),
            presence=Presence(longer(self.enter_s, (row.enter_s for row in added)), leave_s),
            own={name: longer(each, (row.own[name] for row in added)) for name, each in self.own.items()},
            adapted={name: adapted(rule) for name, rule in before.adapted.items()},
            sources=np.append(sources, np.array(like, dtype=np.int64)),
        )


class Followers:
    """Finds the followers of strategies one after the other; each identity has one."""

    def __init__(self, scenario: Scenario, roster: Roster, streams: Streams) -> None:
        self._scenario, self._roster, self._streams = scenario, roster, streams
        self.rows = Rows(roster)
        members = [each.who.members or () for each in scenario.adversaries]
        self._taken = {self._place(member) for each in members for member in each}
        self._taken_clients: set[int] = set()
        self._joined = 0
        self._withheld: dict[int, int] = {}
        skills = (skill for kind in scenario.workload.types.values() for skill in kind.skills)
        self._wanted = tuple(dict.fromkeys(skills))

    def of(self, chosen: AdversarySettings, place: str) -> Part:
        """The strategy of that description, and who follows it; it stands at a place of the scenario."""
        strategy, who = strategy_of(chosen), chosen.who
        firsts = self._join(who) if who.join is not None else self._found(who)
        clients = () if who.clients is None else self._clients(who.clients)
        if isinstance(chosen, Absent):
            for first in firsts:
                self._keep_out(first)
        agents = [Agent((first, *self._more_names(first, chosen))) for first in firsts]
        for agent in agents:
            self._advertise(Asked(strategy, place), agent)
        return Part(strategy, tuple(agents), clients)

    def withheld(self) -> IntArray:
        """`Cast.withheld`."""
        slots = np.zeros(len(self.rows), dtype=np.int64)
        for place, many in self._withheld.items():
            slots[place] = many
        return slots

    def _found(self, who: Who) -> list[int]:
        """Contractors of the pool: those named, or a share of them."""
        if who.members is not None:
            return [self._place(member) for member in who.members]
        if who.share is None:
            return []
        total = len(self._roster.names)
        places = _first_free(self._streams("adversaries.who"), who.share, total, self._taken)
        self._taken.update(places)
        return places

    def _place(self, member: str | int) -> int:
        return member if isinstance(member, int) else self._roster.names.index(member)

    def _clients(self, share: float) -> tuple[int, ...]:
        total = self._scenario.clients.total
        chosen = _first_free(self._streams("adversaries.clients"), share, total, self._taken_clients)
        self._taken_clients.update(chosen)
        return tuple(chosen)

    def _join(self, who: Who) -> list[int]:
        places = []
        for _ in range(who.join or 0):
            self._joined += 1
            name = f"joined_{self._joined}"
            row = self._like(name, who.like) if who.like is not None else self._stated(name, who)
            places.append(self.rows.add(row))
        return places

    def _like(self, name: str, like: str) -> _Row:
        """A new contractor that is like one of the pool, or like a type of a drawn one."""
        roster, pool = self._roster, self._scenario.contractors
        if isinstance(pool, DrawnPool):
            return self._row(name, like, list(pool.types).index(like), None)
        place = roster.names.index(like)
        own = {field: float(values[place]) for field, values in roster.own.items()}
        row = self._row(name, roster.types[place], int(roster.kind[place]), place)
        return row._replace(own=own, price_factor=float(roster.price_factor[place]))

    def _stated(self, name: str, who: Who) -> _Row:
        """A new contractor of stated facts."""
        assert who.facts is not None
        still, moving = stated_kind(self._scenario, who.facts)
        self.rows.kinds.append(still)
        self.rows.moving.append(moving)
        return self._row(name, who.facts.type, len(self.rows.kinds) - 1, None)

    def _row(self, name: str, type_: str, kind: int, like: int | None) -> _Row:
        facts, pool = self.rows.kinds[kind], self._scenario.contractors
        own = {field: _own(facts, field) for field in self._roster.own}
        if isinstance(pool, DrawnPool):
            own["price_usd"] = max(own["price_usd"], pool.min_price_usd)
            own["latency_min"] = max(own["latency_min"], pool.min_latency_min)
            for field, drawn in (("demand", pool.demand), ("available_capacity", pool.available_capacity)):
                own[field] = float(sample(drawn, self._streams.later(f"{name}.{field}"), 1)[0])
        owner = len(self.rows)
        return _Row(name, type_, kind, own, identities_of([name])[0], 1.0, owner, 0.0, np.inf, like)

    def _more_names(self, first: int, chosen: AdversarySettings) -> Iterator[int]:
        """Further names of an agent, some from the start, the others later; all share its machine."""
        many, at_once = names_each(chosen), names_at_once(chosen)
        if many == 1:
            return
        row = self._as_row(first)
        machine = f"{AGENT}{row.name}"
        if self.rows.kinds[row.kind].box is None:
            self.rows.change(first, box=machine)
        for number in range(2, many + 1):
            enter_s = row.enter_s if number <= at_once else np.inf
            name = f"{row.name}#{number}"
            yield self.rows.add(row._replace(name=name, kind=self.rows.kind_of[first], enter_s=enter_s))

    def _as_row(self, place: int) -> _Row:
        """A contractor in the form in which others are added."""
        roster, first = self._roster, len(self._roster.names)
        if place >= first:
            return self.rows.added[place - first]
        return _Row(
            roster.names[place],
            roster.types[place],
            self.rows.kind_of[place],
            {field: float(values[place]) for field, values in self.rows.own.items()},
            roster.identities[place],
            float(roster.price_factor[place]),
            int(roster.owner[place]),
            float(self.rows.enter_s[place]),
            float(roster.presence.leave_s[place]),
            place,
        )

    def _keep_out(self, place: int) -> None:
        first = len(self._roster.names)
        if place < first:
            self.rows.enter_s[place] = np.inf
        else:
            self.rows.added[place - first] = self.rows.added[place - first]._replace(enter_s=np.inf)

    def _advertise(self, strategy: Asked, agent: Agent) -> None:
        """What an agent's names say of it, and how many of its slots they offer."""
        first, *_ = agent.names
        kind = self.rows.kinds[self.rows.kind_of[first]]
        honest = Card(tuple(kind.skills), float(kind.reliability))  # type: ignore[arg-type]
        told = strategy.ask("card", card, honest, self._wanted)
        if told.reliability != honest.reliability:
            self._claim(agent, told.reliability)
        if told.skills != honest.skills:
            for place in agent.names:
                self.rows.change(place, skills=list(told.skills))
        if not isinstance(kind.slots, int) or kind.slots == 0 or not strategy.answers("slots"):
            return
        offered = strategy.ask("slots", slots_of(kind.slots), kind.slots)
        if offered < kind.slots:
            self._withheld[first] = kind.slots - offered
            for place in agent.names:
                self.rows.change(place, slots=offered)

    def _claim(self, agent: Agent, reliability: float) -> None:
        """Have an agent claim so much good work; what its work is like, and what happens to it, stays."""
        first, *_ = agent.names
        kind = self.rows.kind_of[first]
        facts, moving = self.rows.kinds[kind], self.rows.moving[kind]
        stays: dict[str, object] = {}
        if facts.success is None:
            stays["success"] = facts.reliability
        if facts.security_risk is None and self._scenario.incidents is not None:
            rule = self._scenario.cost_model.external.security_risk
            stays["security_risk"] = float(linear_risk(rule, np.array([facts.reliability]))[0])
        for place in agent.names:
            self.rows.change(place, reliability=reliability, **stays)
            if "reliability" in moving and "success" in stays:
                self.rows.moving[self.rows.kind_of[place]]["success"] = moving["reliability"]
            if "success" in stays:
                self.rows.state(place, "success", float(facts.reliability))  # type: ignore[arg-type]


def _own(facts: ContractorFacts, field: str) -> float:
    """What a contractor states in a field of which each has its own; NaN where it does not."""
    value = getattr(facts, field, None)
    return np.nan if value is None else float(value)


def _first_free(
    draws: np.random.Generator, share: float, total: int, taken: Sequence[int] | set[int]
) -> list[int]:
    """So large a share of all, of the lowest draws among those that are free; in their order."""
    order = np.argsort(draws.random(total), kind="stable").tolist()
    many = round(share * total)
    return sorted([each for each in order if each not in taken][:many])
