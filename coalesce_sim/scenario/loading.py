"""From a file, a bundled name or a mapping to a validated scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from coalesce_sim.scenario.document import Document, read_document
from coalesce_sim.scenario.problems import Problem, ScenarioError, dotted
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.validation import validate

_DATA_PATHS = (("workload", "arrivals", "path"), ("contractors", "price_file"))
"""Fields that name a data file."""


def load(source: str | Path | Mapping[str, Any], overrides: Sequence[str] = ()) -> Scenario:
    """Read and validate a scenario.

    `source` is a file, the name of a bundled scenario or the content itself; `overrides` are
    ``path.to.field=value`` texts. Relative paths of data files are looked up beside the file that names
    them, then in the working directory; they are read once here, so that what is wrong with them is known
    before anything runs.

    Raises `ScenarioError` with all problems found in the scenario or, failing that, in its data files.
    """
    document = read_document(source, overrides)
    document.data.setdefault("name", document.name)
    for path in _DATA_PATHS:
        _beside_the_file(document, path)
    scenario = validate(document, Scenario)
    _check_inputs(document, scenario)
    return scenario


def _check_inputs(document: Document, scenario: Scenario) -> None:
    from coalesce_sim.market.inputs import check_inputs  # here, since the market builds on this package

    try:
        check_inputs(scenario)
    except ScenarioError as error:
        marks = {dotted(path): mark for path, mark in document.marks.items()}

        def placed(problem: Problem) -> Problem:
            mark = None if problem.file else marks.get(problem.path)
            return problem if mark is None else replace(problem, file=mark.file, line=mark.line)

        raise ScenarioError(map(placed, error.problems)) from None


def _beside_the_file(document: Document, path: tuple[str, ...]) -> None:
    holder: Any = document.data
    for step in path[:-1]:
        holder = holder.get(step) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or not isinstance(holder.get(path[-1]), str):
        return
    beside = Path(document.marks[path].file).parent / holder[path[-1]]
    if beside.is_file():
        holder[path[-1]] = str(beside)
