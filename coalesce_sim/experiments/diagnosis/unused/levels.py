"""Where it is stated how sensitive the data of a scenario's tasks are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.workload import LEVELS, Attributes, Csv, Level, Listed, Recorded, Series, Table

OF_ALL: Final = "workload.attributes"
OF_LISTED: Final = "workload.arrivals.tasks[*]"
OF_COLUMNS: Final = "workload.arrivals.columns"

Chain = tuple[tuple[str, Level], ...]
"""Where the level of a task, or a step, is stated, and which: the nearest first, which counts."""


def chains_of(scenario: Scenario) -> set[Chain]:
    """The chains of all tasks that can come, and of their steps."""
    workload = scenario.workload
    chains: set[Chain] = set()
    for name, own in _tasks_of(scenario):
        whole = workload.types[name]
        parts = [] if whole.in_steps else [name]
        if whole.in_steps or whole.may_split:
            parts += [step.type for step in (whole.steps or {}).values()]
        for part in parts:
            by_type = {each: workload.types[each].data_sensitivity for each in (part, name)}
            said = [(of_type(each), level) for each, level in by_type.items() if level is not None]
            chains.add((*own, *said, (OF_ALL, workload.attributes.data_sensitivity)))
    return chains


def types_that_come(scenario: Scenario) -> list[str]:
    """The types of task that can come, in the order of the scenario."""
    come = {name for name, _ in _tasks_of(scenario)}
    return [name for name in scenario.workload.types if name in come]


def of_type(name: str) -> str:
    """The place of a type of task."""
    return f"workload.types.{name}"


def level_by(chain: Chain, without: str = "") -> Level:
    """The level that a chain comes to, where what one place states is left out."""
    default: Level = Attributes().data_sensitivity
    return next((level for place, level in chain if place != without), default)


def _tasks_of(scenario: Scenario) -> Iterable[tuple[str, Chain]]:
    """The types of the tasks that can come, with what they state themselves."""
    types, table = scenario.workload.types, tasks_of(scenario)
    match scenario.workload.arrivals:
        case Listed(tasks=tasks):
            stated = ((task.type, task.data_sensitivity) for task in tasks)
            return {(name, () if level is None else ((OF_LISTED, level),)) for name, level in stated}
        case Csv() | Table() if table is not None and "data_sensitivity" in table.given:
            pairs = np.column_stack((table.type_id, table.given["data_sensitivity"]))
            names = list(types)
            return [
                (names[k], ((OF_COLUMNS, LEVELS[level]),))
                for k, level in np.unique(pairs, axis=0).astype(int).tolist()
            ]
        case Csv(type=str() as only):
            come = {only}
        case Table() if table is not None:
            come = {[*types][k] for k in np.unique(table.type_id).tolist()}
        case Series(parts=parts):
            come = {part.type for part in parts}
        case Csv() | Recorded():
            come = set(types)
        case _:
            come = {name for name, kind in types.items() if kind.share > 0}
    return [(name, ()) for name in come]
