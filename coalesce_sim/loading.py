"""From a file, a bundled name or a mapping to a validated scenario."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from coalesce_sim.adversaries.registry import check_strategies
from coalesce_sim.files import read_bytes
from coalesce_sim.inputs.checks import check_inputs
from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.inputs.uncertain import check_uncertainty
from coalesce_sim.market.matching import matching_of
from coalesce_sim.scenario.document import Base, Change, Document, read_document
from coalesce_sim.scenario.origins import Origins
from coalesce_sim.scenario.problems import Problem, ScenarioError, Steps, dotted, shown
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.uncertain_numbers import with_uncertainty
from coalesce_sim.scenario.validation import validate
from coalesce_sim.scenario.workload import FromFile

DATA_PATHS = (
    ("workload", "arrivals", "path"),
    ("contractors", "price_file"),
    ("records", "path"),
    ("records", "models_path"),
    ("skills", "ontology", "path"),
    ("skills", "embedder", "path"),
    ("uncertainty", "sample"),
)
"""Fields that name a data file."""


_SAME_EXPERIMENT = ("seed=", "replications=", "clock.timeline_min=")
"""Overrides that leave an experiment what it is."""


def load(source: str | Path | Mapping[str, Any], overrides: Sequence[str] = ()) -> Scenario:
    """Read and validate a scenario.

    `source` is a file, the name of a bundled scenario or the content itself; `overrides` are
    ``path.to.field=value`` texts. Relative paths of data files are looked up beside the file that names
    them, then in the working directory; they are read once here, so that what is wrong with them is known
    before anything runs. Printed figures (`published`) are those of the scenario that states them: a scenario
    that extends it or overrides anything has none, and overrides are told in its title.

    Raises `ScenarioError` with all problems found in the scenario or, failing that, in its data files.

    >>> import coalesce_sim
    >>> scenario = coalesce_sim.load("dur_02", ["clock.days=1", "policy.epsilon=0"])
    >>> scenario.clock.days, scenario.policy.epsilon
    (1.0, 0.0)
    >>> scenario.title
    'Published experiment dur_02: 3 days, 15 clients, 30 contractors, but clock.days=1, policy.epsilon=0'
    """
    if isinstance(overrides, str) or not isinstance(overrides, Sequence):
        message = f"must be a list of texts such as 'clock.days=1' (got {shown(overrides)})"
        raise ScenarioError([Problem("", None, "overrides", message)])
    document = with_uncertainty(read_document(source, overrides))
    changed = [text for text in overrides if not text.startswith(_SAME_EXPERIMENT)]
    scenario = _finished(document, keep_published=not changed)
    if changed:
        scenario = scenario.model_copy(update={"title": f"{scenario.title}, but {', '.join(changed)}"})
    return scenario.written_at(Origins.of(document.root, document.extended))


def resolve(base: Base, changes: Iterable[Change]) -> Scenario:
    """The scenario that a base becomes with some changes; like `load`, for many scenarios of one base.

    Printed figures are left out. Raises `ScenarioError` with all problems.
    """
    return _finished(with_uncertainty(base.document(changes)), keep_published=False)


def data_files(scenario: Scenario) -> list[str]:
    """The data files that a scenario names."""
    found = []
    for path in DATA_PATHS:
        value: Any = scenario
        for step in path:
            value = getattr(value, step, None)
        if isinstance(value, str):
            found.append(value)
    return [*found, *(number.csv.path for *_, number in scenario.moving if number.csv is not None)]


def data_digests(*scenarios: Scenario) -> dict[str, str]:
    """The SHA-256 of each data file that scenarios name, as it is now; of those that can be read."""
    digests: dict[str, str] = {}
    for path in dict.fromkeys(path for scenario in scenarios for path in data_files(scenario)):
        with suppress(OSError):
            digests[path] = read_bytes(path).sha256
    return digests


def _finished(document: Document, *, keep_published: bool) -> Scenario:
    document.data.setdefault("name", document.name)
    for path in data_fields(document.data):
        _beside_the_file(document, path)
    _keep_own_figures(document, keep=keep_published)
    scenario = validate(document, Scenario)
    _check_inputs(document, scenario)
    return _started(scenario)


def _started(scenario: Scenario) -> Scenario:
    """The scenario, its clock set by the log where that is asked for."""
    source = scenario.workload.arrivals
    if not isinstance(source, FromFile) or source.start is None:
        return scenario
    table = tasks_of(scenario)
    assert table is not None
    return scenario.model_copy(update={"clock": scenario.clock.model_copy(update={"start": table.begins})})


def _keep_own_figures(document: Document, *, keep: bool) -> None:
    printed = document.data.get("published")
    if isinstance(printed, dict) and not keep:
        document.data["published"] = {}
    elif isinstance(printed, dict):
        own = document.marks[()].file
        document.data["published"] = {
            name: value for name, value in printed.items() if document.marks["published", name].file == own
        }


def _check_inputs(document: Document, scenario: Scenario) -> None:
    problems: list[Problem] = []
    for check in (check_inputs, matching_of, check_strategies, check_uncertainty):
        try:
            check(scenario)
        except ScenarioError as error:
            problems += (each for each in error.problems if each not in problems)
    if problems:
        paths = {dotted(path): path for path in document.marks}

        def placed(problem: Problem) -> Problem:
            """At the field, or what is nearest around it; a problem of a file stays there."""
            at = problem.path
            while at and at not in paths:
                at = at[: max(at.rfind("."), at.rfind("["), 0)]
            if problem.file:
                return problem
            return replace(document.problem(paths[at], problem.message), path=problem.path)

        raise ScenarioError(map(placed, problems))


def data_fields(data: Any) -> Iterator[Steps]:
    """The fields of a scenario's content that may name a data file; not all of them need be there."""
    yield from DATA_PATHS
    yield from _histories(data, ())


def _histories(data: Any, path: Steps) -> Iterator[Steps]:
    """The fields that name the file of a number that moves, wherever one may stand."""
    if isinstance(data, dict) and isinstance(history := data.get("csv"), dict) and "path" in history:
        yield (*path, "csv", "path")
    elif isinstance(data, dict | list):
        for step, inner in data.items() if isinstance(data, dict) else enumerate(data):
            if isinstance(inner, dict | list):
                yield from _histories(inner, (*path, step))


def _beside_the_file(document: Document, path: Steps) -> None:
    holder: Any = document.data
    for step in path[:-1]:
        if isinstance(holder, list) and isinstance(step, int):
            holder = holder[step]
        else:
            holder = holder.get(step) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or not isinstance(holder.get(path[-1]), str):
        return
    beside = Path(document.marks[path].file).parent / holder[path[-1]]
    if os.path.isfile(beside):  # False, too, for what can be no name of a file
        holder[path[-1]] = str(beside)
