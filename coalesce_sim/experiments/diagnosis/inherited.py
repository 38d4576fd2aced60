"""Settings that a user's scenario inherits, does not say itself, and that decide on outsourcing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from coalesce_sim.experiments.diagnosis.contradictions import expects_answers, mean_answer
from coalesce_sim.experiments.diagnosis.finding import Finding
from coalesce_sim.experiments.diagnosis.unused.levels import of_type, types_that_come
from coalesce_sim.experiments.diagnosis.unused.market import Asked, in_tasks
from coalesce_sim.experiments.staging import stage
from coalesce_sim.inputs.logged import is_logged
from coalesce_sim.loading import load
from coalesce_sim.scenario.problems import ScenarioError, shown
from coalesce_sim.scenario.schema import Scenario

MATTERS = 10.0
"""Points of the outsourcing rate by which a setting matters."""

_MOST_TASKS = 20_000
"""Tasks in a replication up to which each inherited setting is tried."""

_NEUTRAL = {
    "policy.kind": None,
    "policy.outsource_above_score": "0",
    "policy.outsource_above_confidence": "0",
    "policy.only_if_cheaper_percent": "null",
    "policy.within_budget": "false",
    "skills.threshold": "0",
    "cost_model.late_usd_per_min": "0",
    "cost_model.internal.opportunity": "none",
    "cost_model.internal.execution_time_unit": "second",
    "workload.attributes.expected_output_tokens": "",
    "workload.attributes.value_usd": "0",
}
"""What decides on outsourcing, with the value at which it would not; None where there is no such value, empty
where the tasks say it."""

_NO_TARGET_MIN = "1e6"
"""A target, in minutes, that every task meets."""


def inherited_of(scenario: Scenario) -> dict[str, str]:
    """The settings that are inherited and may decide here, with the file that says them."""
    found = {}
    for place in (*_NEUTRAL, *_targets(scenario), *_answers(scenario)):
        file = scenario.origins.inherited_from(place)
        if file is not None and _may_decide(scenario, place):
            found[place] = file
    return found


def inherited_note(scenario: Scenario) -> str | None:
    """One sentence on all of them; None where there are none."""
    by_file: dict[str, list[str]] = {}
    for place, file in inherited_of(scenario).items():
        by_file.setdefault(file, []).append(f"{place}={_value(scenario, place)}")
    parts = [f"{', '.join(places)} ({file})" for file, places in by_file.items()]
    return f"inherited, and may decide what is outsourced: {'; '.join(parts)}" if parts else None


def decisive(scenario: Scenario, seed: int, rate: float, tasks: float) -> Iterator[Finding]:
    """Those that matter: played once more with the value at which each would not count.

    `rate` is the outsourcing rate of replication 0, in percent, `tasks` how many it has.
    """
    if tasks > _MOST_TASKS:
        return
    for place, file in inherited_of(scenario).items():
        value = _neutral(scenario, place)
        if value is None or value == _value(scenario, place):
            continue
        other = math.nan
        with suppress(ScenarioError):
            changed = load(scenario.resolved(), [f"{place}={value}"])
            other = stage(changed, seed=seed).play()["outsourcing_rate"]
        if abs(other - rate) >= MATTERS:
            sentence = (
                f"{place} is {_value(scenario, place)}, inherited from {file}: with {value} "
                f"{other:.0f} % of tasks would be outsourced, not {rate:.0f} %."
            )
            numbers = {"outsourcing_rate": rate, "otherwise": other}
            yield Finding("inherited", "note", sentence, numbers, (f"{place}={value}",))


def _neutral(scenario: Scenario, place: str) -> str | None:
    if place in _answers(scenario):
        return f"{mean_answer(scenario, place.split('.')[2]):.4g}"
    value = _NEUTRAL.get(place, _NO_TARGET_MIN)
    return f"{mean_answer(scenario):.4g}" if value == "" else value


def _may_decide(scenario: Scenario, place: str) -> bool:
    """Whether a setting does anything here, by what is stated beside it."""
    value = _value(scenario, place)
    match place:
        case "workload.attributes.expected_output_tokens":
            kinds = (scenario.workload.types[name] for name in types_that_come(scenario))
            return expects_answers(scenario) and any(each.expected_output_tokens is None for each in kinds)
        case _ if place in _answers(scenario):
            return expects_answers(scenario)
        case "workload.attributes.value_usd":
            nothing = value == "0" and "value_usd" not in in_tasks(scenario)
            return (value != "0" and Asked(scenario).risk) or (nothing and is_logged(scenario))
        case "cost_model.late_usd_per_min":
            return value != "0" or is_logged(scenario)
        case "cost_model.internal.opportunity" if scenario.cost_model.internal.expects_delay:
            return scenario.cost_model.late_usd_per_min > 0
        case "policy.kind":
            return True
        case _ if place in _NEUTRAL:
            return value != _NEUTRAL[place]
        case _:
            boosts = getattr(scenario.policy, "boosts", None)
            urgent = boosts is not None and boosts.latency_if_max_min_below > 0
            return urgent or scenario.cost_model.late_usd_per_min > 0


def _targets(scenario: Scenario) -> list[str]:
    """Where the target of each type of task is stated that can come."""
    return [f"{of_type(name)}.max_latency_min" for name in types_that_come(scenario)]


def _answers(scenario: Scenario) -> list[str]:
    """Where it is stated for a type of task that can come how long its answers are expected to be."""
    types = scenario.workload.types
    told = [name for name in types_that_come(scenario) if types[name].expected_output_tokens is not None]
    return [f"{of_type(name)}.expected_output_tokens" for name in told]


def _value(scenario: Scenario, place: str) -> str:
    """A setting as ``--set`` takes it."""
    value: Any = scenario
    for step in place.split("."):
        value = value.get(step) if isinstance(value, dict) else getattr(value, step, None)
    return f"{value:g}" if isinstance(value, float) else shown(value).strip("'")
