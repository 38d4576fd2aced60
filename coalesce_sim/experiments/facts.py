"""What a replication is given before anybody decides, as plain data: for a second engine, or to be looked at.

Nothing here follows from a decision, and nothing is worked out that can be worked out from the rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coalesce_sim.arrays import FloatArray
from coalesce_sim.inputs.logged import contractors_of
from coalesce_sim.inputs.ontology import read_ontology
from coalesce_sim.inputs.recordings import Recordings, read_recordings
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.luck import Luck
from coalesce_sim.market.cast import AGENT, Cast, everyone
from coalesce_sim.market.courses import Course, rent_of
from coalesce_sim.market.matching import texts_of, vectors_of
from coalesce_sim.market.moving import told, told_of_homes
from coalesce_sim.market.roster import Roster
from coalesce_sim.market.workload import Block, Workload, hourly_demand
from coalesce_sim.policies.mcdm import CRITERIA
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.scenario.boxes import Box
from coalesce_sim.scenario.clients import ClientGroup, Clients
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.workload import HOME, LEVELS
from coalesce_sim.streams import Streams

Facts = dict[str, Any]

_PURPOSES: Final = (
    *("work", "difficulty", "unreachable", "question", "reply", "fails_openly", "fails_at", "found"),
    *("incident", "incident kind", "incident averted", "outage", "adversary"),
    *("registry", "gossip", "gossip of clients", "broadcast"),
    *("policy.random", "policy.exploration", "policy.exploration.pick"),
    *(f"policy.weight drift.{criterion}" for criterion in CRITERIA),
)
_ATTRIBUTES: Final = (
    *("arrival_s", "documents", "complexity", "value_usd", "budget_usd", "data_gb", "output_gb"),
    *("model_size", "duration_h", "prompt_tokens", "cached_tokens"),
)
_FACTORS: Final = ("local_cost_factor", "external_cost_factor", "local_time_factor", "external_time_factor")


def facts(scenario: Scenario, seed: int, replication: int) -> Facts:
    """All that a replication of a market with contracts is given: settings, contractors, tasks, and luck.

    Ready for JSON. Of the published trade settings and demand are missing by which prices and capacities move
    (`market_demand`, `contractor_dynamics`).

    Fresh generators are asked for everything, so nothing that is played changes by it.
    Workers are numbered: the contractors in their order, then home. What is not stated is None.

    ``trade``
        ``contracts`` or, where the scenario states nothing that needs them, ``published``.
    ``work_may_fail``
        Whether the scenario has a section `contracts`; without it all work is good, whatever is advertised.
    ``settings``
        Sections of the scenario by the names that users write, defaults filled in, units in the names:
        `types` and `attributes` of the workload, `failure_correlation`, `boxes`, `clients`, `contracts` (its
        defaults where there is no such section), `reputation`, `discovery`, `calibration`, `skills`,
        `cost_model`, `policy`, `turnover`, and `settlement` and `compliance` if they are stated;
        `start_second_of_day`, the seconds from midnight, UTC, to the start of the run,
        `start_s_after_midnight`, the same from midnight by the clock's own hours, and `horizon_s`, the
        seconds from there to where the last tasks arrive.
    ``contractors``
        One mapping each, with the fields that a listed contractor has in a scenario, its `identity`, and when
        it enters the market and leaves it, `enter_s` and `leave_s`, as far as that is known beforehand. A
        number that moves, here, in `clients` and in `boxes`, is a mapping of ``at_s``, seconds since the
        start, and ``values``, each of which holds from then on, as they were written, drawn or read.
    ``tasks``
        One mapping each, in the order of decision, composite tasks whole: `type`, `client` (from 0),
        `arrival_s`, its public attributes, `data_sensitivity` where the task states it itself,
        `output_tokens`, which nobody knows beforehand, and `recorded`: None or, where records are replayed,
        ``good`` and ``bill_usd`` with one entry a worker. A bill of None: no run of that worker is recorded,
        so it makes no offer. `logged` is None or what a log says of it, by the fields of a listed task.
    ``factors``
        One mapping for each task that may be decided on: for the steps, in their order, in place of a
        composite task, and before them for the whole where the policy decides whether it is split. The four
        factors of `cost_model.realised`.
    ``luck``
        By purpose the 64 bits that its draws begin at. A draw on (0, 1) is made of them and of the worker's
        identity (-1 for home, or nobody), the task's number and the attempt's, as `coalesce_sim.luck` says:
        `work` and `difficulty` (attempt 0), what may go wrong with contracts (`unreachable`, `question`,
        `reply`, `fails_openly`, `fails_at`, `found`, `incident`, `incident kind`, `incident averted`), when
        a contractor is down by chance (`outage`: the number of the outage stands for the task, 0 for the time
        up before it and 1 for its repair; of a box it is ``outage.NAME``, and nobody's), and
        what policies draw (`policy.random`, `policy.exploration`, `policy.exploration.pick`,
        `policy.weight drift.cost` and the like; nobody's). `registry`, or `broadcast`, gives each contractor
        a draw (task 0, attempt 0), and those of equal merit are ranked by it; in `gossip` the round stands
        for the task and the place for the attempt, and `gossip of clients` has the client's number for the
        identity.
    ``adversaries``
        Those who follow strategies, in the order of the scenario: the `settings`, the `agents`, each by the
        numbers of its names among the contractors, and the `clients`. Names that are not used yet have an
        `enter_s` of None.
    ``sources``
        None or, where contractors joined, which one each is like in what is recorded.
    ``recorded``
        None or, of replayed records, by type of task: `own_success`, the share of all recorded tasks on which
        the client's own agent did well, and `runtime_s`, one entry a worker; and `own_bill_usd`, what the
        client's own agent is expected to be billed for a task.
    ``ontology``
        None or, of the tree of skills, the `parents` by skill, and the skill that each name is `meant` for.
    ``texts``
        None or, where the embedder reads them, those of `tasks` by type, and of `contractors` by name, of a
        drawn pool by type.
    ``vectors``
        The same of the vectors that a file or the user's own embedder gives.
    """
    rules = scenario.contracts or ContractRules()
    records = None if scenario.records is None else read_recordings(scenario.records)
    scenario = drawn(scenario, seed, replication)
    streams = Streams(seed, replication)
    roster, cast = everyone(scenario, streams)
    luck = Luck(seed, replication, roster.identities)
    moving = told(scenario, roster, luck)
    return {
        "trade": "contracts" if scenario.learning else "published",
        "work_may_fail": scenario.contracts is not None,
        "settings": _with_machines_of_agents(_settings(scenario, rules, luck, streams), roster),
        "contractors": [
            _in_motion(each.model_dump(mode="json"), moves)
            | {"identity": identity, "enter_s": enter_s, "leave_s": leave_s}
            for each, moves, identity, enter_s, leave_s in zip(
                roster.contractors(),
                moving,
                roster.identities.tolist(),
                _finite(roster.presence.enter_s),
                _finite(roster.presence.leave_s),
                strict=True,
            )
        ],
        "adversaries": [] if cast is None else _adversaries(scenario, cast),
        "sources": None if roster.sources is None else roster.sources.tolist(),
        "tasks": list(_tasks(scenario, records, streams)),
        "factors": list(_factors(scenario, streams)),
        "luck": {
            purpose: luck.key(purpose)
            for purpose in (*_PURPOSES, *(f"outage.{name}" for name in scenario.boxes or ()))
        },
        "recorded": None if records is None else _recorded(records),
        "ontology": _ontology(scenario),
        "texts": _texts(scenario),
        "vectors": _vectors(scenario),
    }


def _finite(times_s: FloatArray) -> list[float | None]:
    return [None if math.isinf(each) else each for each in times_s.tolist()]


def _adversaries(scenario: Scenario, cast: Cast) -> list[Facts]:
    return [
        {
            "settings": chosen.model_dump(mode="json", by_alias=True),
            "agents": [list(agent.names) for agent in part.agents],
            "clients": list(part.clients),
        }
        for chosen, part in zip(scenario.adversaries, cast.parts, strict=True)
    ]


def _with_machines_of_agents(settings: Facts, roster: Roster) -> Facts:
    """The settings, with a box for the machine that all names of an agent share."""
    machines = {
        kind.box: kind.model_dump(mode="json", include={"slots", "batch_curve", "hardware", "outages"})
        for kind in roster.kinds
        if kind.box is not None and kind.box.startswith(AGENT)
    }
    return settings | {"boxes": (settings["boxes"] or {}) | machines} if machines else settings


def _moving(course: Course) -> dict[str, list[float]]:
    return {"at_s": course.at_s.tolist(), "values": course.values.tolist()}


def _in_motion(fields: Facts, courses: Mapping[str, Course]) -> Facts:
    """What is stated, with courses in place of what moves; ``outcomes.TYPE.FIELD`` is that of a type."""
    for name, course in courses.items():
        place, _, field = name.rpartition(".")
        stated = fields["outcomes"][place.removeprefix("outcomes.")] if place else fields
        stated[field] = _moving(course)
    return fields


def _set_in_motion(scenario: Scenario, dumped: Facts, luck: Luck, streams: Streams) -> None:
    """Enter the courses of what moves of clients and boxes."""
    clients, clock = scenario.clients, scenario.clock
    written: list[tuple[Clients | ClientGroup | Box, Facts]] = [(clients, dumped["clients"])]
    written += [(each, dumped["clients"]["groups"][name]) for name, each in (clients.groups or {}).items()]
    written += [(box, dumped["boxes"][name]) for name, box in (scenario.boxes or {}).items()]
    for stated, fields in written:
        _in_motion(fields, told_of_homes(stated, clock, luck))
        rent = rent_of(stated, clock, streams)
        if rent is not None and isinstance(stated.slot_usd_per_h, Moving):
            fields["slot_usd_per_h"] = _moving(rent)


def _settings(scenario: Scenario, rules: ContractRules, luck: Luck, streams: Streams) -> Facts:
    dumped = scenario.model_dump(mode="json", by_alias=True)
    _set_in_motion(scenario, dumped, luck, streams)
    sections = (
        "boxes",
        "clients",
        "reputation",
        "discovery",
        "calibration",
        "skills",
        "cost_model",
        "policy",
        "turnover",
    )
    return {
        **{name: dumped["workload"][name] for name in ("types", "attributes", "failure_correlation")},
        **{name: dumped[name] for name in sections},
        **{name: dumped[name] for name in ("settlement", "compliance") if dumped[name] is not None},
        "contracts": rules.model_dump(mode="json"),
        "start_second_of_day": scenario.clock.start_second_of_day,
        "horizon_s": scenario.clock.horizon_s,
        "start_s_after_midnight": scenario.clock.start_s_after_midnight,
    }


def _blocks(scenario: Scenario, streams: Streams) -> Iterator[Block]:
    rule = scenario.market_demand
    demand = np.zeros(0) if rule is None else hourly_demand(rule, scenario.clock, streams)
    return Workload(scenario, demand, streams).blocks()


def _tasks(scenario: Scenario, records: Recordings | None, streams: Streams) -> Iterator[dict[str, Any]]:
    """The tasks as they are drawn, before composite ones fall into steps."""
    types = scenario.workload.types
    undivided = {name: kind.model_copy(update={"steps": None}) for name, kind in types.items()}
    workload = scenario.workload.model_copy(update={"types": undivided})
    names = tuple(types)
    for block in _blocks(scenario.model_copy(update={"workload": workload}), streams):
        columns = {name: getattr(block.tasks, name).tolist() for name in _ATTRIBUTES}
        columns["type"] = [names[type_id] for type_id in block.tasks.type_id.tolist()]
        columns["client"] = block.tasks.client.tolist()
        levels = _stated(block.stated_sensitivity)
        columns["data_sensitivity"] = [None if level is None else LEVELS[int(level)] for level in levels]
        columns["output_tokens"] = block.truth.output_tokens.tolist()
        columns["logged"] = _logged(block, contractors_of(scenario) or ())
        columns["recorded"] = [None] * len(block)
        if records is not None and block.instance is not None:
            good, bill_usd = records.success[block.instance], records.bill_usd[block.instance]
            columns["recorded"] = [
                {"good": good[row].tolist(), "bill_usd": _stated(bill_usd[row])} for row in range(len(block))
            ]
        yield from _rows(columns)


def _logged(block: Block, names: Sequence[str]) -> list[dict[str, Any] | None]:
    """What a log says of each task, as it is written in a scenario; None where there is none."""
    said = block.logged
    if said is None:
        return [None] * len(block)
    columns = {
        "to": [HOME if to == LOCAL else names[to] for to in said.to.tolist()],
        "usd": _stated(said.usd),
        "s": said.s.tolist(),
        "good": said.good.tolist(),
        "attempts": said.attempts.tolist(),
    }
    return list(_rows(columns))


def _factors(scenario: Scenario, streams: Streams) -> Iterator[dict[str, Any]]:
    """What happens to every task that is decided on, whoever works on it."""
    for block in _blocks(scenario, streams):
        yield from _rows({name: getattr(block.truth, name).tolist() for name in _FACTORS})


def _recorded(records: Recordings) -> dict[str, Any]:
    own = records.success[:, -1]
    return {
        "own_success": {
            name: float(own[records.type_id == k].mean()) for k, name in enumerate(records.types)
        },
        "runtime_s": {name: records.runtime_s[k].tolist() for k, name in enumerate(records.types)},
        "own_bill_usd": float(records.expected_bill_usd[-1]),
    }


def _ontology(scenario: Scenario) -> dict[str, Any] | None:
    if scenario.skills.ontology is None:
        return None
    tree = read_ontology(scenario.skills.ontology)
    return {"parents": dict(tree.parents), "meant": dict(tree.meant)}


def _texts(scenario: Scenario) -> dict[str, Any] | None:
    said = texts_of(scenario)
    return None if said is None else dict(zip(("tasks", "contractors"), map(dict, said), strict=True))


def _vectors(scenario: Scenario) -> dict[str, Any] | None:
    given = vectors_of(scenario)
    if given is None:
        return None
    return {
        side: dict(zip(named.names, named.vectors.tolist(), strict=True))
        for side, named in zip(("tasks", "contractors"), given, strict=True)
    }


def _rows(columns: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def _stated(values: NDArray[np.float64]) -> list[float | None]:
    return [None if math.isnan(each) else each for each in values.tolist()]
