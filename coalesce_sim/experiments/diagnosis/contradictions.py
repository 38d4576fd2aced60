"""Settings that the scenario's own tasks and contractors contradict: known before anything is played."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray
from coalesce_sim.experiments.diagnosis.finding import Finding, of_contractors
from coalesce_sim.experiments.diagnosis.unused.levels import of_type
from coalesce_sim.experiments.diagnosis.unused.market import Asked
from coalesce_sim.inputs.recordings import read_recordings
from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.market.workload import Block, Workload, hourly_demand
from coalesce_sim.numbers import number
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.distributions import support
from coalesce_sim.scenario.moving import extremes
from coalesce_sim.scenario.pool import DrawnPool
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.workload import Explicit, FromFile, Listed, ListedTask
from coalesce_sim.streams import Streams

FAR_TOKENS = 1.5
"""Times by which expected and real answers differ on average from which it is told."""

NEARLY_ALL = 0.9
"""Share of explicit tasks that are late for their work alone from which it is told."""

_CLOCK_S = 60.0
"""Seconds by which the clock may differ from the file."""


def contradictions(scenario: Scenario) -> list[Finding]:
    """Problems and notes, a sentence each."""
    block = first_tasks(scenario)
    return [
        *_expected_tokens(scenario, block),
        *_clock(scenario),
        *_targets(scenario, block),
        *_risk(scenario),
    ]


def mean_answer(scenario: Scenario, type_name: str | None = None) -> float:
    """Tokens that answers really have on average, of all tasks or those of a type; NaN without any."""
    block = first_tasks(scenario)
    return _mean(block.truth.output_tokens[_rows_of(scenario, block, type_name)])


def expects_answers(scenario: Scenario) -> bool:
    """Whether it matters how long answers are expected to be."""
    if scenario.records is not None:
        return False
    written = Asked(scenario).tokens_at_contractors("decode_tokens_per_s", "output_usd_per_mtok")
    return written or scenario.cost_model.internal.work == "tokens"


def first_tasks(scenario: Scenario) -> Block:
    """The first block of tasks of the scenario's seed: all of them, where they are explicit."""
    streams, rule = Streams(scenario.seed), scenario.market_demand
    demand = np.zeros(0) if rule is None else hourly_demand(rule, scenario.clock, streams)
    workload = Workload(scenario, demand, streams)
    return next(workload.blocks(), None) or workload.no_tasks()


def _expected_tokens(scenario: Scenario, block: Block) -> Iterator[Finding]:
    if not len(block) or not expects_answers(scenario):
        return
    yield from filter(None, (_misjudged(scenario, block, name) for name in (None, *scenario.workload.types)))


def _misjudged(scenario: Scenario, block: Block, type_name: str | None) -> Finding | None:
    """What is expected of answers, of a type or of types that say nothing, against what they are."""
    types, source = scenario.workload.types, scenario.workload.arrivals
    if type_name is None:
        place, stated = "workload.attributes", scenario.workload.attributes.expected_output_tokens
    elif (own := types[type_name].expected_output_tokens) is not None:
        place, stated = of_type(type_name), own
    else:
        return None
    rows = _rows_of(scenario, block, type_name)
    real = _mean(block.truth.output_tokens[rows])
    expected = _mean(block.tasks.expected_output_tokens[rows])
    less, more = sorted((real, expected))
    if not rows.any() or more <= FAR_TOKENS * less:
        return None
    place = f"{place}.expected_output_tokens"
    where = f"in {Path(source.path).name} " if isinstance(source, FromFile) else ""
    whose = "" if type_name is None else f"of {type_name} "
    mean = number(real, 0 if real >= 10 else 1)
    sentence = (
        f"{place} is {stated:g}{scenario.origins.place(place)}, but answers {whose}{where}have "
        f"{mean} tokens on average: offers and estimates go by what is expected"
    )
    numbers = {"expected_tokens": expected, "mean_tokens": real}
    return Finding("expected_tokens", "problem", sentence, numbers, (f"{place}={real:.4g}",))


def _rows_of(scenario: Scenario, block: Block, type_name: str | None) -> BoolArray:
    """The tasks of a type or, without one, of all types whose answers are expected to be as `attributes`
    say. A step is of the type of its whole."""
    types = list(scenario.workload.types.values())
    whose = block.tasks.type_id if block.wholes is None else block.wholes.type_id[block.wholes.of]
    if type_name is not None:
        return np.equal(whose, list(scenario.workload.types).index(type_name))
    unstated: BoolArray = np.array([kind.expected_output_tokens is None for kind in types])[whose]
    return unstated


def _clock(scenario: Scenario) -> Iterator[Finding]:
    source, start = scenario.workload.arrivals, scenario.clock.start
    if not isinstance(source, FromFile):
        return
    table = tasks_of(scenario)
    begins = None if table is None else table.begins
    if begins is None or abs((_in_utc(begins) - _in_utc(start)).total_seconds()) <= _CLOCK_S:
        return
    hours = any(getattr(each, "from_hour_utc", None) is not None for each in Asked(scenario).tariffs)
    matters = hours or scenario.contractor_dynamics is not None
    what = "prices go by the clock's hours" if matters else "results carry the clock's dates"
    sentence = (
        f"clock.start is {start.isoformat()}{scenario.origins.place('clock.start')}, but "
        f"{Path(source.path).name} begins at {begins.isoformat(timespec='seconds')}: {what}; "
        "workload.arrivals.start: log takes the file's"
    )
    numbers = {"clock": start.isoformat(), "log": begins.isoformat()}
    settings = ("workload.arrivals.start=log",)
    yield Finding("clock", "problem" if matters else "note", sentence, numbers, settings)


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _targets(scenario: Scenario, block: Block) -> Iterator[Finding]:
    """Types that work at home cannot do in time: nearly all explicit tasks or, if tasks are drawn, the least
    that can be drawn."""
    if scenario.clients.all_have(0):
        return
    explicit = isinstance(scenario.workload.arrivals, Explicit)
    if not explicit:
        block = first_tasks(_easiest(scenario))
    work_s = _home_s(scenario, block)
    charged = scenario.cost_model.charged_late_usd_per_s > 0
    for type_id, name in enumerate(scenario.workload.types):
        rows = block.tasks.type_id == type_id
        late = exceeds(work_s[rows], block.target_s[rows])
        if not rows.any() or late.mean() < NEARLY_ALL:
            continue
        target_s, took_s = float(block.target_s[rows].max()), float(np.median(work_s[rows]))
        place = f"workload.types.{name}.max_latency_min"
        how = f"{number(took_s)} s at the median" if explicit else f"at least {number(took_s)} s"
        whom = "all" if late.all() else f"{100 * late.mean():.0f} %"
        sentence = (
            f"{place}{scenario.origins.place(place)} makes {number(target_s)} s, but work at home takes {how}"
            f": {whom} of {name} would be late there without any queue"
            + (", which is charged" if charged else "")
        )
        numbers = {"target_s": target_s, "work_s": took_s, "share": 100 * float(late.mean())}
        yield Finding("target_out_of_reach", "problem", sentence, numbers, (place, "clients.hardware"))


def _easiest(scenario: Scenario) -> Scenario:
    """The scenario with a task of each type for every group, the least work that it can be."""
    workload, costs = scenario.workload, scenario.cost_model
    least = {
        name: support(getattr(workload.attributes, name))[0]
        for name in ("complexity", "data_gb", "prompt_tokens", "cached_tokens", "output_tokens")
    }
    whose = [each.first for each in scenario.clients.populations]
    listed = [ListedTask(type=name, client=client) for name in workload.types for client in whose]
    tasks = Listed(kind="listed", tasks=listed)
    changed = {"arrivals": tasks, "attributes": workload.attributes.model_copy(update=least)}
    quickest = {"local_time_factor": support(costs.realised.local_time_factor)[0]}
    realised = costs.realised.model_copy(update=quickest)
    return scenario.model_copy(
        update={
            "workload": workload.model_copy(update=changed),
            "cost_model": costs.model_copy(update={"realised": realised}),
        }
    )


def _home_s(scenario: Scenario, block: Block) -> FloatArray:
    """What work on each task really takes at home, its queue left out."""
    names, types = list(scenario.workload.types), block.tasks.type_id
    if scenario.records is not None:
        records = read_recordings(scenario.records)
        runtime_s = dict(zip(records.types, records.runtime_s[:, -1].tolist(), strict=True))
        return np.array([runtime_s[name] for name in names])[types]
    outcomes = [home.outcomes or {} for home in scenario.clients.homes]
    stated_min = [[None if name not in own else own[name].latency_min for own in outcomes] for name in names]
    whose = scenario.clients.home_of[block.tasks.client]
    stated_s = 60 * np.array(stated_min, dtype=np.float64)[types, whose]
    return np.where(np.isnan(stated_s), block.truth.local_work_s, stated_s)


def _risk(scenario: Scenario) -> Iterator[Finding]:
    """Risk that clients reckon with and that can never come true.

    Where estimates are charged, as in the paper's own scenarios, it is told to those who extend them.
    """
    asked, charged = Asked(scenario), scenario.cost_model.realised.basis == "estimate"
    if _may_fail(scenario) or (charged and not scenario.origins.extended):
        return
    if not asked.has("value_usd") and (scenario.contracts is None or not scenario.contracts.rework_usd):
        return
    least = max(0.0, min(extremes(facts.reliability)[0] for facts in asked.contractors))
    if least == 1:
        return
    place = of_contractors(scenario, "reliability")
    consequence = (
        "it is charged all the same (cost_model.realised.basis is estimate)"
        if charged
        else "they look dearer than they are"
    )
    sentence = (
        f"{place} is down to {least:g}, which estimates take for risk of bad work at contractors, but no "
        f"work can be bad here: {consequence}"
    )
    severity: Literal["problem", "note"] = "note" if charged else "problem"
    numbers = {"least_reliability": least}
    yield Finding("risk_for_nothing", severity, sentence, numbers, (f"{place}=1", "contracts"))


def _may_fail(scenario: Scenario) -> bool:
    """Whether work at contractors may be bad, or is not taken on their word."""
    if scenario.contracts is None:
        return scenario.reputation is not None
    if scenario.reputation is not None or scenario.records is not None:
        return True
    if isinstance(scenario.contractors, DrawnPool) and scenario.contractors.success_shift != 0:
        return True
    for _, facts in scenario.facts:
        by_type = [each.success for each in (facts.outcomes or {}).values()]
        any_type = facts.reliability if facts.success is None else facts.success
        if any(extremes(each)[0] < 1 for each in by_type or [any_type]):
            return True
    return False


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else float("nan")
