"""Who the contractors of a run are: what is stated of each, listed, read from files, or drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isinf, isnan
from typing import Any, NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.inputs.history import read_history
from coalesce_sim.inputs.recordings import read_recordings
from coalesce_sim.inputs.sellers import listed_prices
from coalesce_sim.luck import StateArray, identities_of
from coalesce_sim.market.presence import Presence
from coalesce_sim.scenario.distributions import Distribution, sample
from coalesce_sim.scenario.moving import Moving, moving_in, range_of
from coalesce_sim.scenario.pool import Coming, Contractor, ContractorFacts, DrawnPool, PriceList, RecordedPool
from coalesce_sim.scenario.schema import Clock, Scenario
from coalesce_sim.scenario.tariff import PRICES
from coalesce_sim.scenario.turnover import Entry, Turnover
from coalesce_sim.streams import Streams

_OWN = ("name", "type", *Coming.model_fields)
_SHARED = tuple(name for name in Contractor.model_fields if name not in _OWN)


class Adapted(NamedTuple):
    """How the numbers of drawn contractors follow from those of their types, by contractor: times a factor,
    plus a shift, and within bounds."""

    factor: FloatArray | float
    shift: FloatArray | float
    least: float
    most: float

    def of(self, values: FloatArray, who: int) -> FloatArray:
        """The values of one contractor, of those of its type."""
        factor, shift = (each if isinstance(each, float) else each[who] for each in self[:2])
        return np.clip(values * factor + shift, self.least, self.most)


@dataclass(frozen=True, slots=True)
class Roster:
    """All contractors in columns, one entry a contractor.

    `kind` indexes `kinds`, the statements that several share, with what moves as it is at first; `moving` has
    it as it was stated, by kind and field, and `adapted`, by field, what a drawn contractor's own luck makes
    of it. `own` holds, by field of a listed contractor,
    what is each one's own instead; its prices by tokens are those of its kind times its `price_factor`.
    `identities` are who each one is to luck: its number in a drawn pool, else its name. Several names may be
    of one identity. `owner` is whose each is, by the first that its owner has, and `presence` says when it is
    in the market. `sources` says whose records and texts each has: one that joined may be
    like another; None where that is its own.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    kinds: Sequence[ContractorFacts]
    kind: IntArray
    identities: StateArray
    price_factor: FloatArray
    owner: IntArray
    presence: Presence
    own: dict[str, FloatArray] = field(default_factory=dict)
    moving: Sequence[dict[str, Moving]] = ()
    adapted: dict[str, Adapted] = field(default_factory=dict)
    sources: IntArray | None = None

    def active(self, now_s: float) -> BoolArray | None:
        """Which contractors make offers at a time, and are found, one entry each; None where all do."""
        return self.presence.active(now_s)

    def each(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Values of the kinds, one a contractor."""
        return tuple(map(values.__getitem__, self.kind.tolist()))

    def stated(self, name: str) -> tuple[Any, ...]:
        """A field that contractors of a kind share."""
        return self.each([getattr(kind, name) for kind in self.kinds])

    def column(self, name: str) -> FloatArray:
        """A field that is a number; NaN where it is left out."""
        if name in self.own:
            return self.own[name]
        return self.spread([getattr(kind, name) for kind in self.kinds])

    def spread(self, values: Sequence[float | None]) -> FloatArray:
        """Numbers of the kinds, one a contractor; NaN for None."""
        column: FloatArray = np.array(values, dtype=float)
        return column[self.kind]

    def contractors(self) -> list[Contractor]:
        """What is true of each, in the form in which contractors are listed."""
        fields = {name: column.tolist() for name, column in self.own.items()}
        told = []
        for row, facts in enumerate(self.each(self.kinds)):
            shared = {name: getattr(facts, name) for name in _SHARED if name not in fields}
            shared |= facts.token_prices(float(self.price_factor[row]))
            own = {name: None if isnan(values[row]) else values[row] for name, values in fields.items()}
            own |= {"name": self.names[row], "type": self.types[row]} | self._coming(row, facts)
            told.append(Contractor.model_construct(**shared | own))
        return told

    def _coming(self, row: int, facts: ContractorFacts) -> dict[str, Any]:
        """Whose it is and when it is there: as it is stated or, of a drawn one, as it was drawn."""
        if isinstance(facts, Coming):
            return {name: getattr(facts, name) for name in Coming.model_fields}
        enter_s, leave_s = self.presence.enter_s.item(row), self.presence.leave_s.item(row)
        until_h = None if isinf(leave_s) else leave_s / 3600
        return {"owner": None, "enter_h": enter_s / 3600, "leave_h": until_h}


def roster_of(scenario: Scenario, streams: Streams) -> Roster:
    """All contractors of a run, those among them who enter later: listed, read from files, or drawn."""
    clock, stay, on_its_machine = scenario.clock, _Stay(scenario.turnover, streams), scenario.on_its_machine
    match source := scenario.contractors:
        case DrawnPool():
            entry = None if scenario.turnover is None else scenario.turnover.entry
            entries = _entries(source, entry, scenario.clock.horizon_s, streams)
            drawn = [on_its_machine(kind) for kind in source.types.values()]
            return _drawn(source, drawn, entries, stay, clock, streams)
        case PriceList(template=template):
            listed = listed_prices(source)
            names = tuple(price.provider for price in listed)
            kinds = [on_its_machine(_kind(template, **each.prices.token_prices())) for each in listed]
            everyone, presence = np.arange(len(names)), stay.from_the_start(len(names))
            return _named(names, ("seller",) * len(names), kinds, everyone, presence, clock)
        case RecordedPool(recorded=facts, claims=claims):
            assert scenario.records is not None
            recordings = read_recordings(scenario.records)
            names = recordings.contractors
            kinds = [_kind(facts), *(_kind(source.facts_of(name)) for name in claims)]
            kinds = [on_its_machine(each) for each in kinds]
            number = {name: k for k, name in enumerate(claims, start=1)}
            which: IntArray = np.array([number.get(name, 0) for name in names], dtype=np.int64)
            roster = _named(names, names, kinds, which, stay.from_the_start(len(names)), clock)
            roster.own["price_usd"] = recordings.expected_bill_usd[: len(names)]
            return roster
        case _:
            names, types = tuple(each.name for each in source), tuple(each.type for each in source)
            kinds = [on_its_machine(each) for each in source]
            everyone, presence = np.arange(len(source)), _listed_presence(source, stay)
            roster = _named(names, types, kinds, everyone, presence, clock)
            first_of_owner: dict[str, int] = {}
            owners = [each.owner or each.name for each in source]
            owner = [first_of_owner.setdefault(each, row) for row, each in enumerate(owners)]
            return replace(roster, owner=np.array(owner))


class _Stay:
    """Until when contractors stay whom nothing but a hazard drives away."""

    def __init__(self, turnover: Turnover | None, streams: Streams) -> None:
        leaves = None if turnover is None else turnover.exit
        self._per_day, self._stream = 0.0 if leaves is None else leaves.per_day, streams.later("pool.exit")

    def until_s(self, enter_s: FloatArray) -> FloatArray:
        """When each leaves; one draw a contractor, in their order."""
        if self._per_day == 0:
            return np.full(len(enter_s), np.inf)
        return enter_s + self._stream().exponential(86_400 / self._per_day, len(enter_s))

    def from_the_start(self, contractors: int) -> Presence:
        """The stay of so many who are there when the run begins."""
        start_s = np.zeros(contractors)
        return Presence(start_s, self.until_s(start_s))


def _listed_presence(listed: Sequence[Contractor], stay: _Stay) -> Presence:
    """As each says, unless it is driven away before."""
    enter_s = np.array([3600 * each.enter_h for each in listed])
    leave_s = np.array([np.inf if each.leave_h is None else 3600 * each.leave_h for each in listed])
    return Presence(enter_s, np.minimum(leave_s, stay.until_s(enter_s)))


def _named(
    names: tuple[str, ...],
    types: tuple[str, ...],
    kinds: Sequence[ContractorFacts],
    kind: IntArray,
    presence: Presence,
    clock: Clock,
) -> Roster:
    """Contractors who are known by their names, at prices as stated."""
    still, moving = _at_first(kinds, clock)
    one, everyone = np.ones(len(names)), np.arange(len(names))
    return Roster(names, types, still, kind, identities_of(names), one, everyone, presence, moving=moving)


def _at_first(
    kinds: Sequence[ContractorFacts], clock: Clock
) -> tuple[Sequence[ContractorFacts], Sequence[dict[str, Moving]]]:
    """The kinds as they are when the clock starts, and what moves of each."""
    moving = [moving_in(kind) for kind in kinds]
    if not any(moving):
        return kinds, moving
    still = [
        _still(kind, {name: first_of(number, name, clock) for name, number in numbers.items()})
        for kind, numbers in zip(kinds, moving, strict=True)
    ]
    return still, moving


def _still(kind: ContractorFacts, firsts: dict[str, float]) -> ContractorFacts:
    """A kind with these numbers, of which ``outcomes.TYPE.FIELD`` belong to one type of task."""
    outcomes = {
        name: outcome.model_copy(
            update={
                field: firsts[f"outcomes.{name}.{field}"]
                for field in type(outcome).model_fields
                if f"outcomes.{name}.{field}" in firsts
            }
        )
        for name, outcome in (kind.outcomes or {}).items()
    }
    own = {name: value for name, value in firsts.items() if not name.startswith("outcomes.")}
    return kind.model_copy(update=own | ({"outcomes": outcomes} if outcomes else {}))


def first(number: float | Moving, name: str, clock: Clock) -> float:
    """What a number in a field of that name is when the clock starts."""
    return first_of(number, name, clock) if isinstance(number, Moving) else number


def first_of(number: Moving, name: str, clock: Clock) -> float | int:
    """What a number that moves is when the clock starts."""
    if number.at_hours is not None:
        value = number.at_hours[0][1]
        return int(value) if range_of(name).whole else value
    if number.csv is not None:
        return float(read_history(number.csv, name, clock.start)[1][0])
    regular = number.trend or number.walk
    assert regular is not None
    return regular.start


def stated_kind(scenario: Scenario, facts: ContractorFacts) -> tuple[ContractorFacts, dict[str, Moving]]:
    """What contractors of stated facts are like when the clock starts, and what of that moves."""
    still, moving = _at_first([scenario.on_its_machine(_kind(facts))], scenario.clock)
    return still[0], moving[0]


def _kind(facts: ContractorFacts, **prices: object) -> ContractorFacts:
    """A kind of which what only listed contractors can state is as it is by default."""
    shared = {name: getattr(facts, name) for name in ContractorFacts.model_fields}
    return Contractor.model_validate({"name": "any", **shared, **prices})


class _Entries(NamedTuple):
    """When contractors of a drawn pool enter, and what kinds they are, one entry each."""

    enter_s: FloatArray
    kind: IntArray


def _entries(pool: DrawnPool, entry: Entry | None, horizon_s: float, streams: Streams) -> _Entries:
    """Those who are there from the start, and then those who enter as a Poisson process, in their order."""
    shares = [kind.share for kind in pool.types.values()]
    kind = _picked(shares, streams("pool.type").random(pool.count))
    if entry is None:
        return _Entries(np.zeros(pool.count), kind)
    gaps, enter_s, now_s = streams("pool.entry"), [0.0] * pool.count, 0.0
    while (now_s := now_s + gaps.exponential(86_400 / entry.per_day)) < horizon_s:
        enter_s.append(now_s)
    if entry.types is not None:
        shares = [entry.types.get(name, 0.0) for name in pool.types]
    later = _picked(shares, streams("pool.entry.type").random(len(enter_s) - pool.count))
    return _Entries(np.array(enter_s), np.append(kind, later))


def _picked(shares: Sequence[float], draws: FloatArray) -> IntArray:
    """Which kind each is, by the shares of the kinds."""
    weights = np.array(shares)
    edges = np.cumsum(weights / weights.sum())
    return np.minimum(np.searchsorted(edges, draws, side="right"), len(shares) - 1)


def _drawn(
    pool: DrawnPool,
    stated: Sequence[ContractorFacts],
    entries: _Entries,
    stay: _Stay,
    clock: Clock,
    streams: Streams,
) -> Roster:
    kind, names, n = entries.kind, list(pool.types), len(entries.kind)
    kinds, moving = _at_first(stated, clock)

    def drawn(factor: Distribution, name: str) -> FloatArray:
        """Those who enter are drawn apart, so that they change nothing of the others."""
        first = sample(factor, streams.later(name), pool.count)
        if n == pool.count:
            return first
        return np.append(first, sample(factor, streams.later(f"{name}.entry"), n - pool.count))

    price_factor = drawn(pool.price_factor, "pool.price")
    latency_factor = drawn(pool.latency_factor, "pool.latency")
    demand, available = drawn(pool.demand, "pool.demand"), drawn(pool.available_capacity, "pool.capacity")
    shift = drawn(pool.success_shift, "pool.success")
    types = tuple(map(names.__getitem__, kind.tolist()))
    all_names = tuple([f"{type_}_{i}" for i, type_ in enumerate(types)])
    numbers, presence = (
        np.arange(n, dtype=np.uint64),
        Presence(entries.enter_s, stay.until_s(entries.enter_s)),
    )
    roster = Roster(
        all_names, types, kinds, kind, numbers, price_factor, np.arange(n), presence, moving=moving
    )
    roster.own.update(
        price_usd=np.maximum(pool.min_price_usd, roster.column("price_usd") * price_factor),
        latency_min=np.maximum(pool.min_latency_min, roster.column("latency_min") * latency_factor),
        demand=demand,
        available_capacity=available,
        success=_shifted(roster, shift),
    )
    roster.adapted.update(
        price_usd=Adapted(price_factor, 0.0, pool.min_price_usd, math.inf),
        latency_min=Adapted(latency_factor, 0.0, pool.min_latency_min, math.inf),
        success=Adapted(1.0, shift, 0.0, 1.0),
        **dict.fromkeys(PRICES, Adapted(price_factor, 0.0, 0.0, math.inf)),
    )
    return roster


def _shifted(roster: Roster, shift: FloatArray) -> FloatArray:
    """Drawn contractors' own success rates; their type's, left as stated, where there is no shift."""
    stated, claimed = roster.column("success"), roster.column("reliability")
    moved = np.clip(np.where(np.isnan(stated), claimed, stated) + shift, 0.0, 1.0)
    return np.where(shift == 0, stated, moved)
