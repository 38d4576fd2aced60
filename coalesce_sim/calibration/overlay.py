"""The YAML file that extends a scenario by what was fitted, each figure with what is known of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coalesce_sim import bundled
from coalesce_sim.calibration.components import Parameter
from coalesce_sim.calibration.study import Calibration
from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.numbers import number, plural
from coalesce_sim.scenario.document import DISTRIBUTIONS, Document, read_document
from coalesce_sim.scenario.problems import Steps
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.wording import flow, scalar
from coalesce_sim.scenario.workload import Csv, Table
from coalesce_sim.version import __version__

DRAWS_FILE = "calibration_draws.csv"

_WIDE = 100
_LEAST_HOURS = 2


def overlay_text(found: Calibration, source: str, folder: Path) -> str:
    """The content of ``calibrated.yaml`` in a folder; `source` is the file or the bundled name it extends."""
    document = read_document(source)
    extends = _extended(source, folder)
    title = f"{found.before.title}, calibrated by {plural(len(found.runs), 'run')}"
    changes = {**found.changes, **found.cleared}
    data = {"extends": extends, "title": title, **_overlay(document, changes, folder)}
    uncertainty: dict[str, Any] = {"sample": DRAWS_FILE} if found.uncertain else {}
    blocks = _blocks(found.before)
    if blocks is not None:
        uncertainty["log"] = {"blocks": blocks}
    if uncertainty:
        data["uncertainty"] = uncertainty
    comments = {each.path: _told(each) for each in found.fitted}
    head = [
        f"What {extends} assumes, fitted to {plural(len(found.runs), 'run')} of {Path(found.runs.file).name} "
        f"by coalesce-sim calibrate {__version__}.",
        f"{100 * found.hold_out:g} % of the runs were held out: {found.parted}. Errors: calibration.json.",
        "Beside each figure its 95 % interval, how many runs it was fitted to, and what it was before.",
    ]
    if "contractors" in data:
        head.append(f"Contractors are listed in full: change them here, those of {extends} do not count.")
    return "\n".join([*(f"# {line}" for line in head), *_lines(data, (), comments, ""), ""])


def _blocks(scenario: Scenario) -> str | None:
    """By which blocks the log of the scenario is sampled, where it has one and does not say so itself:
    sessions, where there are some, or else hours; None where it has not two of them."""
    stated = scenario.uncertainty
    source = scenario.workload.arrivals
    if not isinstance(source, Csv | Table) or (stated is not None and stated.log is not None):
        return None
    table = tasks_of(scenario)
    assert table is not None
    if len(np.unique(table.session[table.session >= 0])) > 1:
        return "session"
    return "hour" if scenario.clock.days * 24 >= _LEAST_HOURS else None


def _extended(source: str, folder: Path) -> str:
    """How the folder's file names the scenario that it extends."""
    if not bundled.is_path(source) and not os.path.exists(source):
        return source
    relative = Path(os.path.relpath(source, folder)).as_posix()
    return relative if bundled.is_path(relative) else f"./{relative}"


def _overlay(document: Document, changes: Mapping[Steps, Any], folder: Path) -> dict[str, Any]:
    """What to merge over a scenario: mappings with the fields that change, lists whole, a profile's name
    beside fields that are stated with it."""
    data: dict[str, Any] = {}
    for path, value in changes.items():
        stated: Any = document.data
        for depth, step in enumerate(path):
            if isinstance(step, int):  # a list is replaced, not merged
                data = _seeded(data, path[:depth], _beside(document, path[:depth], stated, folder))
                break
            stated = stated.get(step) if isinstance(stated, Mapping) else None
            if isinstance(stated, str) and depth + 1 < len(path):
                data = _seeded(data, (*path[: depth + 1], "profile"), stated)
        if value is not None or stated is not None:  # null takes away what is inherited
            data = _with(data, path, value)
    return data


def _with(data: Any, path: Steps, value: Any) -> Any:
    """A copy of the data with a field set; another distribution takes the place of the one there is."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return [_with(each, rest, value) if place == step else each for place, each in enumerate(data)]
    kept = isinstance(data, Mapping) and not (step in DISTRIBUTIONS and step not in data)
    holder = dict(data) if kept else {}
    holder[step] = _with(holder.get(step), rest, value)
    return holder


def _seeded(data: dict[str, Any], path: Steps, value: Any) -> dict[str, Any]:
    """The data with a value at a path unless there is one."""
    inside: Any = data
    for step in path:
        inside = inside.get(step) if isinstance(inside, Mapping) else None
    return data if inside is not None else dict(_with(data, path, value))


def _beside(document: Document, path: Steps, value: Any, folder: Path) -> Any:
    """What was inherited, with the files that it names as they are named from the folder."""
    if isinstance(value, Mapping):
        here = {key: _beside(document, (*path, key), inner, folder) for key, inner in value.items()}
        if path[-1] == "csv" and isinstance(value.get("path"), str):
            file = Path(document.marks[(*path, "path")].file).parent / value["path"]
            if file.is_file():
                here["path"] = Path(os.path.relpath(file, folder)).as_posix()
        return here
    if isinstance(value, list):
        return [_beside(document, (*path, place), inner, folder) for place, inner in enumerate(value)]
    return value


def _told(parameter: Parameter) -> str:
    """What is known of a figure, in a comment."""
    told = parameter.told_interval
    within = {"": "", "exact": "exact; "}.get(told, f"95 % {told}; ")
    before = "not stated before" if parameter.stated is None else f"was {number(parameter.stated)}"
    return f"{within}{plural(parameter.runs, 'run')}, {parameter.source}; {before}"


def _lines(data: Mapping[str, Any], path: Steps, comments: Mapping[Steps, str], indent: str) -> Iterator[str]:
    for key, value in data.items():
        at = (*path, key)
        name = f"{indent}{scalar(key)}:"
        if not any(each[: len(at)] == at for each in comments):
            line = f"{name} {flow(value)}"
            if len(line) <= _WIDE or not isinstance(value, Mapping | list) or not value:
                yield line
                continue
        if isinstance(value, Mapping):
            yield name
            yield from _lines(value, at, comments, f"{indent}  ")
        elif isinstance(value, list):
            yield name
            yield from _items(value, at, comments, f"{indent}  ")
        else:
            yield f"{name} {scalar(value)}   # {comments[at]}"


def _items(values: Sequence[Any], path: Steps, comments: Mapping[Steps, str], indent: str) -> Iterator[str]:
    for place, value in enumerate(values):
        at = (*path, place)
        if not isinstance(value, Mapping) or not value:
            yield f"{indent}- {flow(value)}"
            continue
        first, *others = _lines(value, at, comments, f"{indent}  ")
        yield f"{indent}- {first.lstrip()}"
        yield from others
