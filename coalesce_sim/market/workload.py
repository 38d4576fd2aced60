"""The tasks of a run, in blocks: everything about them that no decision can change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.economics.internal import (
    Machines,
    RunningCost,
    best_value_rate_behind,
    billed_hours,
    execution_s,
    memory_need_gb,
    running_cost,
)
from coalesce_sim.inputs.logged import where_to
from coalesce_sim.inputs.recordings import read_recordings
from coalesce_sim.inputs.tasktable import LoggedTasks, tasks_of
from coalesce_sim.market.arrivals import Arrivals, dealer_of, unbroken
from coalesce_sim.market.composite import SCALED, Templates, Wholes
from coalesce_sim.market.courses import Course, course_by, rent_of
from coalesce_sim.market.logged.tasks import Logged, shared_s
from coalesce_sim.market.own_streams import OwnDraws, by_the_hour, renewed
from coalesce_sim.market.tasks_of_groups import TasksOfGroups
from coalesce_sim.policies.protocol import LOCAL, NOT_LOGGED, Tasks
from coalesce_sim.scenario.believed import OwnHardware
from coalesce_sim.scenario.clients import Home
from coalesce_sim.scenario.distributions import Distribution, sample
from coalesce_sim.scenario.hardware import Hardware
from coalesce_sim.scenario.schema import Clock, Scenario
from coalesce_sim.scenario.workload import LEVELS, DemandDriven, MarketDemand, Recorded, Renewal
from coalesce_sim.streams import Streams

_FACTORS = ("local_cost_factor", "external_cost_factor", "local_time_factor", "external_time_factor")

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

BLOCK_TASKS = 2048
"""About how many tasks are drawn, and later recorded, at a time."""


@dataclass(frozen=True, slots=True)
class HomeEstimate:
    """What a client expects of running each task at home; opportunity is complete only once decided."""

    work_s: FloatArray
    running: RunningCost
    opportunity_usd: FloatArray


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happens to each task, whoever works on it. Policies never see it.

    `local_estimate` and `local_opportunity_usd` are what a client would expect of it at home that knew its
    hardware, queue left out.
    """

    output_tokens: FloatArray
    local_work_s: FloatArray
    local_running: RunningCost
    local_estimate: RunningCost
    local_opportunity_usd: FloatArray
    local_cost_factor: FloatArray
    external_cost_factor: FloatArray
    local_time_factor: FloatArray
    external_time_factor: FloatArray


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive tasks.

    `flop` is the work of each, `target_s` the time in which a task, or the whole that it is a step of, is to
    be done, `loss_usd` what it costs if it is not done well. `sensitivity` is how sensitive its data are, by
    the place in `LEVELS`, `stated_sensitivity` that which the task states itself, NaN if none. `instance` is
    the row of each task in the records, None if it has none; `wholes` is None where no task is composite;
    `logged` is what a log says of them, None where there is none.
    """

    first: int
    tasks: Tasks
    home: HomeEstimate
    truth: Truth
    flop: FloatArray
    target_s: FloatArray
    loss_usd: FloatArray
    sensitivity: IntArray
    stated_sensitivity: FloatArray
    instance: IntArray | None
    wholes: Wholes | None
    logged: Logged | None

    def __len__(self) -> int:
        return len(self.tasks.arrival_s)

    @property
    def rounds(self) -> list[tuple[float, int, int]]:
        """Time, first and stop of the tasks that arrive together."""
        arrival_s = self.tasks.arrival_s
        opening = np.flatnonzero(np.diff(arrival_s, prepend=-1.0)).tolist()
        return [(float(arrival_s[begin]), begin, end) for begin, end in pairwise([*opening, len(self)])]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Tasks, or their steps, in the order of decision. `whole_type_id` and `whole_value_usd` are those of the
    composite task that each belongs to, its own where there is none; `work` is its part of that."""

    arrival_s: FloatArray
    type_id: IntArray
    whole_type_id: IntArray
    client: IntArray
    columns: dict[str, FloatArray]
    whole_value_usd: FloatArray
    instance: IntArray | None
    work: FloatArray | float = 1.0
    wholes: Wholes | None = None
    logged: LoggedTasks | None = None


class Workload:
    """Draws a scenario's tasks, each attribute from a stream of its own, or each client's own of that."""

    def __init__(self, scenario: Scenario, demand: FloatArray, streams: Streams) -> None:
        self._scenario = scenario
        self._demand, self._all_streams = demand, streams
        self._streams = {
            name: streams.later(f"task.{name}")
            for name in (
                "arrival",
                "instance",
                "type",
                "client",
                *(name for name in type(scenario.workload.attributes).model_fields),
                *_FACTORS,
            )
        }
        self._own = OwnDraws(streams) if scenario.workload.arrivals_per_client else None
        self._dealer = dealer_of(scenario.workload, scenario.clients, self._streams["client"]())
        self._of_groups = TasksOfGroups(scenario, streams)
        self._home_of = scenario.clients.home_of
        homes = scenario.clients.homes
        self._shares = np.array([home.batch_curve is not None for home in homes])[self._home_of]
        self._rents = [rent_of(home, scenario.clock, streams) for home in homes]
        self._machines_at_home = [_timed(home) for home in homes]
        self._believed = [machine.as_believed for machine in self._machines_at_home]
        self._templates = Templates(scenario.workload.types)
        self._recordings = None if scenario.records is None else read_recordings(scenario.records)
        value_usd, stream = scenario.workload.attributes.value_usd, self._streams["value_usd"]
        self._value_usd = course_by(value_usd, "value_usd", scenario.clock, stream)

    def blocks(self) -> Iterator[Block]:
        """The tasks in the order of decision: by arrival, then client, then the order they were dealt."""
        first = 0
        for arrivals in unbroken(self._arrivals()):
            if len(arrivals):
                block = self._block(first, arrivals)
                yield block
                first += len(block)

    def share(self, block: Block) -> float:
        """Which part of all tasks come before a block, roughly: by time or, where counted, by number."""
        arrivals, done = self._scenario.workload.arrivals, 0.0
        if isinstance(arrivals, Renewal | Recorded):
            counted = math.inf if arrivals.limit is None else arrivals.limit
            if (
                isinstance(arrivals, Recorded)
                and self._recordings is not None
                and arrivals.drawing == "each_once"
            ):
                counted = min(counted, len(self._recordings.type_id))
            if self._scenario.workload.arrivals_per_client:
                counted *= self._scenario.clients.total
            done = block.first / counted
        arrived = float(block.tasks.arrival_s[0]) / self._scenario.clock.horizon_s
        return min(1.0, max(arrived, done))

    def no_tasks(self) -> Block:
        """A block of none, to record a market to which nothing came."""
        return self._block(0, Arrivals(np.empty(0)))

    def _arrivals(self) -> Iterator[Arrivals]:
        workload, clock = self._scenario.workload, self._scenario.clock
        clients, streams = self._scenario.clients.total, self._all_streams
        match workload.arrivals:
            case DemandDriven(tasks_per_hour=rate, per="client"):
                yield from by_the_hour(rate, self._demand, clients, streams, BLOCK_TASKS)
            case Renewal(per="client") as rule:
                yield from renewed(rule, clients, streams, clock.horizon_s, BLOCK_TASKS)
            case DemandDriven(tasks_per_hour=rate):
                counts = self._streams["arrival"]().poisson(rate * self._demand)
                starts = 3600.0 * np.arange(len(counts))
                cuts = np.searchsorted(counts.cumsum(), np.arange(0, counts.sum(), BLOCK_TASKS), side="right")
                for begin, end in pairwise([*cuts, len(counts)]):
                    yield Arrivals(np.repeat(starts[begin:end], counts[begin:end]))
            case Renewal(gap_s=gap_s, limit=limit):
                now, left = 0.0, limit
                while now < clock.horizon_s and (left is None or left > 0):
                    size = BLOCK_TASKS if left is None else min(BLOCK_TASKS, left)
                    times = _after(now, sample(gap_s, self._streams["arrival"], size))
                    now = float(times[-1])
                    left = None if left is None else left - size
                    yield Arrivals(times[times < clock.horizon_s])
            case Recorded() as rule:
                yield from self._recorded(rule)
            case _:
                table = tasks_of(self._scenario)
                assert table is not None
                yield Arrivals(table.arrival_s, table)

    def _recorded(self, rule: Recorded) -> Iterator[Arrivals]:
        """Recorded tasks in random order, `BLOCK_TASKS` at a time."""
        assert self._recordings is not None
        recorded = len(self._recordings.type_id)
        now, left = 0.0, recorded if rule.limit is None else rule.limit
        if rule.drawing == "each_once":
            order, left = self._streams["instance"]().permutation(recorded), min(left, recorded)
        while left > 0 and now < self._scenario.clock.horizon_s:
            size = min(BLOCK_TASKS, left)
            left -= size
            times = _after(now, sample(rule.gap_s, self._streams["arrival"], size))
            now = float(times[-1])
            if rule.drawing == "each_once":
                instance, order = order[:size], order[size:]
            else:
                instance = (self._streams["instance"]().random(size) * recorded).astype(np.int64)
            inside = times < self._scenario.clock.horizon_s
            yield Arrivals(times[inside], instance=instance[inside])

    def _block(self, first: int, arrivals: Arrivals) -> Block:
        workload = self._scenario.workload
        n = len(arrivals)
        client = self._dealer.deal(arrivals)
        kinds = self._streams["type"]().random(n) if self._own is None else self._own.uniforms("type", client)
        type_id = self._of_groups.types(kinds, client)
        if arrivals.table is not None:
            type_id = arrivals.table.type_id
        if arrivals.instance is not None and self._recordings is not None:
            names = list(workload.types)
            order_of = np.array([names.index(name) for name in self._recordings.types])
            type_id = order_of[self._recordings.type_id[arrivals.instance]]
        order = np.lexsort((client, arrivals.arrival_s))
        said = None if arrivals.table is None else arrivals.table.logged
        columns = {
            name: values[order] for name, values in self._attributes(type_id, client, arrivals).items()
        }
        drawn = _Drawn(
            arrivals.arrival_s[order],
            type_id[order],
            type_id[order],
            client[order],
            columns,
            columns["value_usd"],
            None if arrivals.instance is None else arrivals.instance[order],
            logged=None if said is None else said.rows(order),
        )
        if not self._templates.any:
            luck = {name: factors[order] for name, factors in self._luck(client).items()}
            return self._priced(first, drawn, luck)
        drawn = self._in_steps(drawn)
        return self._priced(first, drawn, self._luck(drawn.client))

    def _luck(self, client: IntArray) -> dict[str, FloatArray]:
        """The factors between what is expected and what happens, of tasks of these clients."""
        realised = self._scenario.cost_model.realised
        return {name: self._sample(name, getattr(realised, name), client) for name in _FACTORS}

    def _sample(self, name: str, distribution: Distribution, client: IntArray) -> FloatArray:
        """A value for each task of these clients."""
        if self._own is not None:
            return self._own.sample(name, distribution, client)
        return sample(distribution, self._streams[name], len(client))

    def _in_steps(self, drawn: _Drawn) -> _Drawn:
        """The same tasks with every composite one in its steps, each with its part of the whole."""
        whole, step_type, work, wholes = self._templates.expand(drawn.type_id)
        columns = {
            name: values[whole] * work if name in SCALED else values[whole]
            for name, values in drawn.columns.items()
        }
        return _Drawn(
            drawn.arrival_s[whole],
            step_type,
            drawn.type_id[whole],
            drawn.client[whole],
            columns,
            drawn.whole_value_usd[whole],
            None,
            work,
            wholes,
        )

    def _attributes(self, type_id: IntArray, client: IntArray, arrivals: Arrivals) -> dict[str, FloatArray]:
        """All attributes by name; what the table gives stands in place of what is drawn.

        Of `data_sensitivity`, which is not drawn, what the table does not give is NaN.
        """
        attributes, n = self._scenario.workload.attributes, len(arrivals)
        given = arrivals.table.given if arrivals.table is not None else {}
        documents = np.array([kind.documents for kind in self._scenario.workload.types.values()])[type_id]
        drawn = {"documents": documents}
        for name in (
            "complexity",
            "value_usd",
            "budget_share",
            "data_gb",
            "output_gb",
            "model_size",
            "duration_h",
            "prompt_tokens",
            "cached_tokens",
            "output_tokens",
        ):
            if name == "value_usd" and isinstance(self._value_usd, Course):
                drawn[name] = self._value_usd.values_at(arrivals.arrival_s)
            else:
                drawn[name] = self._sample(name, getattr(attributes, name), client)
        drawn["value_usd"] = self._of_groups.values_usd(drawn["value_usd"], client, arrivals.arrival_s)
        columns = {
            name: np.where(np.isnan(given[name]), values, given[name]) if name in given else values
            for name, values in drawn.items()
        }
        budget = columns["value_usd"] * columns.pop("budget_share")
        stated = given.get("budget_usd")
        columns["budget_usd"] = budget if stated is None else np.where(np.isnan(stated), budget, stated)
        columns["data_sensitivity"] = given.get("data_sensitivity", np.full(n, np.nan))
        return columns

    def _sensitivity(self, stated: FloatArray, drawn: _Drawn) -> IntArray:
        """How sensitive the data of each task are, by places in `LEVELS`: as the task states it, or else its
        type, the type of its whole, or the attributes of all."""
        workload = self._scenario.workload
        by_type = [kind.data_sensitivity for kind in workload.types.values()]
        of_types = np.array([np.nan if each is None else LEVELS.index(each) for each in by_type])
        level = np.full(len(stated), float(LEVELS.index(workload.attributes.data_sensitivity)))
        for nearer in (of_types[drawn.whole_type_id], of_types[drawn.type_id], stated):
            level = np.where(np.isnan(nearer), level, nearer)
        return level.astype(np.int64)

    def _machines(
        self, client: IntArray, arrival_s: FloatArray
    ) -> tuple[Hardware | Machines, Hardware | Machines]:
        """What each task runs on at home, at the prices of when it arrives, really and as its client
        believes; one and the same where nobody believes otherwise."""
        own, believed = self._machines_at_home, self._believed
        rented = any(rent is not None for rent in self._rents)
        if len(own) == 1 and not rented:
            return own[0], believed[0]
        which = self._home_of[client]

        def priced(each: Sequence[Hardware]) -> Machines:
            machines = Machines.of(each, which)
            return machines.rented(self._rents_at(arrival_s, which)) if rented else machines

        really = priced(own)
        known = all(machine.believed is None for machine in own)
        return really, really if known else priced(believed)

    def _rents_at(self, arrival_s: FloatArray, which: IntArray) -> FloatArray:
        """What an hour of a slot costs at the home of each task when it arrives; NaN where hardware tells."""
        usd_per_h = np.full(len(which), np.nan)
        for home, rent in enumerate(self._rents, -len(self._rents)):
            if rent is not None:
                rows = which == home
                usd_per_h[rows] = rent.values_at(arrival_s[rows])
        return usd_per_h

    def _priced(self, first: int, drawn: _Drawn, factors: dict[str, FloatArray]) -> Block:
        """Add what work at home takes and costs, as expected and in truth."""
        scenario = self._scenario
        settings = scenario.cost_model.internal
        types = list(scenario.workload.types.values())
        attributes = scenario.workload.attributes
        arrival_s, type_id, client, columns = drawn.arrival_s, drawn.type_id, drawn.client, drawn.columns
        n = len(arrival_s)
        output_tokens = columns.pop("output_tokens")
        stated_sensitivity = columns.pop("data_sensitivity")
        sensitivity = self._sensitivity(stated_sensitivity, drawn)
        expected_tokens = scenario.workload.expected_output_tokens[drawn.whole_type_id] * drawn.work
        base_flop = np.array([kind.base_flop for kind in types])[type_id]
        declared_s = (
            60 * np.array([kind.local_min or np.nan for kind in types])[type_id] * columns["complexity"]
        )
        need_gb = memory_need_gb(
            settings.memory, columns["model_size"], columns["documents"], columns["complexity"]
        )

        def at_home(
            hardware: Hardware | Machines, tokens: FloatArray, time_factor: FloatArray
        ) -> tuple[FloatArray, RunningCost, FloatArray]:
            busy_s = time_factor * execution_s(
                settings,
                hardware,
                base_flop=base_flop,
                data_gb=columns["data_gb"],
                complexity=columns["complexity"],
                prompt_tokens=columns["prompt_tokens"],
                output_tokens=tokens,
            )
            hours = billed_hours(busy_s, settings.execution_time_unit)
            if self._shares.any():
                hours = np.where(self._shares[client], 1.0, hours)
            work_s = np.where(np.isnan(declared_s), busy_s, time_factor * declared_s)
            return work_s, running_cost(hours, need_gb, hardware), hours

        own, believed = self._machines(client, arrival_s)
        expected_s, running, hours = at_home(believed, expected_tokens, np.ones(n))
        true_s, true_running, _ = at_home(own, output_tokens, factors["local_time_factor"])
        rate = np.zeros(n)
        if settings.opportunity == "later_tasks":
            rate = best_value_rate_behind(columns["value_usd"], columns["duration_h"], arrival_s, client)
            if drawn.wholes is not None:
                rate = drawn.wholes.behind_the_whole(rate)
        opportunity = rate * hours
        known_running, known_hours = running, hours
        if believed is not own:
            _, known_running, known_hours = at_home(own, expected_tokens, np.ones(n))
        logged = None if drawn.logged is None else self._logged(drawn.logged, arrival_s, client, need_gb, own)
        rework_usd = None if scenario.contracts is None else scenario.contracts.rework_usd
        tasks = Tasks(
            arrival_s=arrival_s,
            type_id=type_id,
            client=client,
            expected_output_tokens=expected_tokens,
            max_latency_s=self._of_groups.max_latency_s(type_id, client),
            critical=np.full(n, attributes.criticality == "high"),
            sensitive=sensitivity == LEVELS.index("high"),
            logged_to=np.full(n, NOT_LOGGED) if logged is None else logged.to,
            **columns,
        )
        for field in fields(tasks):
            getattr(tasks, field.name).flags.writeable = False
        truth = Truth(output_tokens, true_s, true_running, known_running, rate * known_hours, **factors)
        return Block(
            first,
            tasks,
            HomeEstimate(expected_s, running, opportunity),
            truth,
            flop=base_flop * (columns["data_gb"] / settings.flop_reference_gb) * columns["complexity"],
            target_s=self._of_groups.max_latency_s(drawn.whole_type_id, client),
            loss_usd=drawn.whole_value_usd if rework_usd is None else np.full(n, rework_usd),
            sensitivity=sensitivity,
            stated_sensitivity=stated_sensitivity,
            instance=drawn.instance,
            wholes=drawn.wholes,
            logged=logged,
        )

    def _logged(
        self,
        said: LoggedTasks,
        arrival_s: FloatArray,
        client: IntArray,
        need_gb: FloatArray,
        own: Hardware | Machines,
    ) -> Logged:
        """What a log says of tasks, with what their clients' machines cost for so long."""
        to = where_to(self._scenario, said)
        hours = billed_hours(said.s, self._scenario.cost_model.internal.execution_time_unit)
        hours[to != LOCAL] = 0.0
        shared = (to == LOCAL) & self._shares[client]
        if shared.any():
            machine = self._scenario.clients.machine_of[client]
            hours[shared] = shared_s(arrival_s[shared], said.s[shared], machine[shared]) / 3600
        running = running_cost(hours, need_gb, own)
        return Logged(to, said.usd, said.s, said.good, said.attempts, running)


def _timed(home: Home) -> OwnHardware:
    """What a home works on. Where it serves all its jobs at once nobody knows how long it will write: that
    takes no time here, and costs are those of an hour, to be shared."""
    if home.batch_curve is None:
        return home.hardware
    return home.hardware.model_copy(update={"decode_tokens_per_s": math.inf})


def hourly_demand(rule: MarketDemand, clock: Clock, streams: Streams) -> FloatArray:
    """Demand D of every hour up to the horizon (published model, section 1)."""
    hour = np.arange(clock.hours) + clock.start.hour
    hour_of_day = hour % 24
    weekday = (clock.start.weekday() + hour // 24) % 7
    busy_days = np.array([name in rule.busy_weekdays for name in _WEEKDAYS])
    busy = busy_days[weekday] & (hour_of_day >= rule.busy_first_hour) & (hour_of_day <= rule.busy_last_hour)
    level = rule.base * np.where(busy, rule.busy_factor, 1.0)
    noise = streams("market demand").normal(0.0, rule.noise_sd, clock.hours)
    return np.clip(level + noise, rule.min, rule.max)


def _after(now_s: float, gaps_s: FloatArray) -> FloatArray:
    """Times at the given gaps from `now_s` on; the same to the last bit however they are cut into blocks."""
    return np.cumsum(np.concatenate(([now_s], gaps_s)))[1:]
