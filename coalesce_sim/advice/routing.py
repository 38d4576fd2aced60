"""Static routings: who does which tasks, whatever the moment; the best of them are found by playing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from coalesce_sim.advice.plays import Plays
from coalesce_sim.advice.workers import contractors, home_works, known
from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.policies.yardsticks import AlwaysLocal
from coalesce_sim.scenario.routes import HOME, Route, Routes
from coalesce_sim.scenario.schema import Scenario

QUANTILES = (0.25, 0.5, 0.75, 0.9)
"""Lengths of prompts at which a type's tasks are split between two workers, as quantiles."""

MOST_ALTERNATIVES = 3
"""So many workers at most are tried for a type: those that cost least when they do all of it."""

MOST_BY_LENGTH = 5
"""The tasks of so many types at most, those that cost most, are split by length."""

_WORTH = 0.002
"""A type that costs no more than this share of the bill is left with whom it costs least by itself."""


@dataclass(frozen=True)
class Option:
    """A worker at all tasks of a type that it offers to do: how many these are in a replication, and what one
    costs, in the mean over the replications of the survey."""

    type: str
    worker: str
    tasks: float
    usd_per_task: float


@dataclass(frozen=True)
class Share:
    """Who does a type of task: `worker`, but where `short` is stated that one does those whose prompt has at
    most `up_to` tokens."""

    worker: str
    short: str | None = None
    up_to: float = 0.0


@dataclass(frozen=True)
class Plan:
    """A static routing: who does each type of task; what that worker does not offer to do, `otherwise`."""

    shares: Mapping[str, Share] = field(default_factory=dict)
    otherwise: str = HOME
    trial: tuple[str, str] | None = None
    """A type of task and the worker who is given it first, the others only what came to nothing there."""

    def routes(self) -> Routes:
        """The policy that does so."""
        rules = []
        if self.trial is not None:
            kind, worker = self.trial
            rules.append(Route(type=kind, to=worker, otherwise=self.shares[kind].worker))
        for name, share in self.shares.items():
            if share.short is not None:
                rules.append(Route(type=name, prompt_tokens_up_to=share.up_to, to=share.short))
            rules.append(Route(type=name, to=share.worker))
        return Routes(kind="routes", rules=rules, otherwise=self.otherwise)

    def market(self, scenario: Scenario) -> Scenario:
        """The market that is routed so."""
        return scenario.model_copy(update={"policy": self.routes()})

    def sending(self, kind: str, share: Share) -> Plan:
        """The same with others for a type of task."""
        return replace(self, shares={**self.shares, kind: share})

    def trying(self, kind: str, worker: str) -> Plan:
        """The same with a worker who is given all of a type first."""
        return replace(self, trial=(kind, worker))


@dataclass(frozen=True)
class Survey:
    """Who could do what: one option a worker and type, the type first that costs most, of each the worker
    first that costs least."""

    options: Sequence[Option]

    @cached_property
    def by_type(self) -> dict[str, list[Option]]:
        """The options of each type, in that order."""
        found: dict[str, list[Option]] = {}
        for each in self.options:
            found.setdefault(each.type, []).append(each)
        return found


def survey(scenario: Scenario, plays: Plays, replications: Sequence[int]) -> Survey:
    """Give each worker, in a play of its own, all tasks that it offers to do, so that its queue is theirs."""
    workers = [HOME] if home_works(scenario) else []
    workers += [each.name for each in contractors(scenario)]
    markets = [Plan(otherwise=worker).market(scenario) for worker in workers]
    options = []
    for worker, played in zip(workers, plays.play(markets, replications), strict=True):
        row = played[0].workers.index(worker)
        options += [
            _option(kind, worker, [each.sums for each in played], row, column)
            for column, kind in enumerate(scenario.workload.types)
            if known(scenario, worker, kind) and all(each.sums["tasks"][row, column] for each in played)
        ]
    bill_usd: dict[str, float] = {}
    for each in options:
        usd = each.tasks * each.usd_per_task
        bill_usd[each.type] = min(bill_usd.get(each.type, usd), usd)
    return Survey(sorted(options, key=lambda each: (-bill_usd[each.type], each.type, each.usd_per_task)))


def _option(
    kind: str, worker: str, sums: Sequence[Mapping[str, FloatArray]], row: int, column: int
) -> Option:
    tasks, usd = (np.array([each[name][row, column] for each in sums]) for name in ("tasks", "usd"))
    return Option(kind, worker, float(tasks.mean()), float((usd / tasks).mean()))


class _Search:
    """Goes from one plan to the next where that costs less, on the same replications throughout."""

    def __init__(self, scenario: Scenario, plays: Plays, replications: Sequence[int], plan: Plan) -> None:
        self._scenario, self._plays, self._replications = scenario, plays, replications
        self.plan = plan
        self._usd = self._costs([plan])[0]

    def _costs(self, plans: Sequence[Plan]) -> list[float]:
        played = self._plays.play([each.market(self._scenario) for each in plans], self._replications)
        return [float(np.mean([each.usd for each in one])) for one in played]

    def best_of(self, plans: Sequence[Plan]) -> None:
        """Take the best of the plans, where it is better than the one so far."""
        costs = self._costs(plans) if plans else []
        if costs and min(costs) < self._usd:
            self._usd = min(costs)
            self.plan = plans[costs.index(self._usd)]


def worker_a_type(scenario: Scenario, plays: Plays, replications: Sequence[int], found: Survey) -> Plan:
    """One worker for each type: at first whoever costs least at all of it; then, type after type, whoever
    makes the whole cost least, queues and all."""
    first = {kind: Share(options[0].worker) for kind, options in found.by_type.items()}
    search = _Search(scenario, plays, replications, Plan(first))
    for kind in _dear(found):
        tried = [each.worker for each in found.by_type[kind][:MOST_ALTERNATIVES]]
        if any(each.worker == HOME for each in found.by_type[kind]) and HOME not in tried:
            tried.append(HOME)
        now = search.plan.shares[kind].worker
        search.best_of([search.plan.sending(kind, Share(each)) for each in tried if each != now])
    return search.plan


def hired_a_type(found: Survey) -> Plan | None:
    """Whichever contractor costs least at all of a type, for each, and nobody at home; None where there is a
    type that no contractor is known to do."""
    shares = {}
    for kind, options in found.by_type.items():
        hired = next((each.worker for each in options if each.worker != HOME), None)
        if hired is None:
            return None
        shares[kind] = Share(hired)
    return Plan(shares)


def by_length(
    scenario: Scenario, plays: Plays, replications: Sequence[int], found: Survey, plan: Plan
) -> Plan:
    """A plan in which the types that cost most are split by the length of their prompts, where that costs
    less: short ones to another worker, or long ones."""
    lengths = _lengths(scenario, plays, replications[0])
    search = _Search(scenario, plays, replications, plan)
    for kind in _dear(found)[:MOST_BY_LENGTH]:
        workers = [each.worker for each in found.by_type[kind]]
        tried = list(dict.fromkeys([*workers[:2], *(each for each in workers if each == HOME)]))
        cuts = np.unique(np.floor(np.quantile(lengths[kind], QUANTILES))).tolist()
        search.best_of([search.plan.sending(kind, share) for share in _splits(tried, cuts)])
    return search.plan


def _splits(workers: Sequence[str], cuts: Sequence[float]) -> Iterator[Share]:
    for short in workers:
        for other in workers:
            if short != other:
                yield from (Share(other, short, cut) for cut in cuts)


def _dear(found: Survey) -> list[str]:
    """The types that are worth a search, those that cost most first."""
    usd = {kind: options[0].tasks * options[0].usd_per_task for kind, options in found.by_type.items()}
    total = sum(usd.values())
    return [kind for kind in usd if usd[kind] > _WORTH * total]


class _Prompts(Observer):
    """Keeps the length of every prompt, by type of task."""

    def __init__(self, types: Sequence[str]) -> None:
        self._types = types
        self.lengths: dict[str, list[FloatArray]] = {name: [] for name in types}

    def block_recorded(self, records: Records) -> None:
        tasks = records.block.tasks
        for number, name in enumerate(self._types):
            self.lengths[name].append(tasks.prompt_tokens[tasks.type_id == number])


def _lengths(scenario: Scenario, plays: Plays, replication: int) -> dict[str, FloatArray]:
    """The length of every prompt of a replication, by type of task."""
    prompts, core = _Prompts(tuple(scenario.workload.types)), plays.core([scenario], 1).core
    Market(scenario, AlwaysLocal(), prompts, seed=plays.seed, replication=replication, core=core).run()
    return {name: np.concatenate(each) for name, each in prompts.lengths.items()}
