"""The market of one replication, of a scenario of which not everything is known for certain."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from pydantic import ValidationError

from coalesce_sim.inputs.csvfile import Row, is_number, read_rows, read_text
from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.luck import number_of, state_of, uniform
from coalesce_sim.scenario.distributions import drawn_at
from coalesce_sim.scenario.document import Document
from coalesce_sim.scenario.problems import Mark, Problem, ScenarioError, Steps, shown
from coalesce_sim.scenario.pythondata import from_python
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.uncertainty import Uncertainty, UnknownPlace, steps_to
from coalesce_sim.scenario.validation import validate

_INPUTS: Final = number_of("uncertainty.inputs")
_SAMPLE: Final = number_of("uncertainty.sample")
_LOG: Final = number_of("uncertainty.log")
_PLACE: Final = "uncertainty.sample"

TWINS: Final = 1_000_000
"""Numbers from here on are those of no replication: what twins draw is met by nobody else."""


def drawn(
    scenario: Scenario, seed: int, replication: int, *, inputs: int | None = None, log: int | None = None
) -> Scenario:
    """The market that a replication plays: the scenario itself where nothing is uncertain, else one whose
    numbers, and the log's sample, were drawn for it.

    What is drawn hangs on seed, replication and the name of what is drawn, and on nothing else: all policies
    meet the same, and what is uncertain besides moves nothing. With `inputs` the numbers are those of another
    replication, with `log` its log is. Raises `ScenarioError` where a number is drawn that cannot be.
    """
    rules = scenario.uncertainty
    if rules is None:
        return scenario
    whose = replication if inputs is None else inputs
    numbers = drawn_inputs(scenario, seed, whose)
    data = scenario.stated()
    for path, value in numbers.items():
        _put(data, steps_to(path, data), value)
    if rules.log is not None:
        which = _state(seed, replication if log is None else log, _LOG) >> 12
        _resample(data, rules.log.blocks, which + 1)
    try:
        market = Scenario.model_validate(data)
    except ValidationError:
        whom = f"a twin of replication {whose - TWINS}" if whose >= TWINS else f"replication {whose}"
        raise _refused(scenario, data, numbers, f"drawn for {whom} of seed {seed}") from None
    return market.written_at(scenario.origins).drawn_with(numbers)


def drawn_inputs(scenario: Scenario, seed: int, replication: int) -> dict[str, float]:
    """The numbers that a replication plays in place of those that are uncertain, by the way to each."""
    rules = scenario.uncertainty
    if rules is None:
        return {}
    state = _state(seed, replication, _INPUTS)
    inputs = {path: drawn_at(each, uniform(state, number_of(path))) for path, each in rules.inputs.items()}
    if rules.sample is not None:
        rows = read_sample(rules.sample)
        row = rows[int(uniform(_state(seed, replication, _SAMPLE), 0) * len(rows))]
        inputs |= {path: value for path, value in row.items() if path not in rules.fixed}
    return inputs


def _state(seed: int, replication: int, purpose: int) -> int:
    return state_of(state_of(state_of(0, seed), replication), purpose)


def read_sample(path: str) -> list[dict[str, float]]:
    """The rows of a file of joint draws, each number by the column that it stands in.

    Raises `ScenarioError` for a file that cannot be read or a cell that is no number.
    """
    return _read_sample(path, read_text(path, _PLACE))


@lru_cache(maxsize=4)
def _read_sample(path: str, text: str) -> list[dict[str, float]]:
    rows: list[dict[str, float]] = []

    def take(row: Row) -> None:
        for column in row.cells:
            if not is_number(got := row.text(column)):
                raise row.error(column, f"must be a number (got {shown(got)})")
        rows.append({column: float(cell) + 0.0 for column, cell in row.cells.items()})

    problems = read_rows(path, _PLACE, text, (), take)
    if problems:
        raise ScenarioError(problems)
    return rows


def check_uncertainty(scenario: Scenario) -> None:
    """Read the file of joint draws, if there is one, and draw what replication 0 plays, its log too.

    Raises `ScenarioError` with all that is wrong with them. A problem that names no file is about the field
    of the scenario at its path.
    """
    rules = scenario.uncertainty
    if rules is None:
        return
    if rules.sample is not None:
        problems = list(_misplaced(rules, rules.sample, scenario.stated()))
        if problems:
            raise ScenarioError(problems)
    tasks_of(drawn(scenario, scenario.seed, 0))


def _misplaced(rules: Uncertainty, file: str, stated: Mapping[str, Any]) -> list[Problem]:
    """Columns that are the way to no number, or to one that is drawn otherwise too."""
    problems: list[Problem] = []
    first = {steps_to(path, stated): f"uncertainty.inputs.{path}" for path in rules.inputs}
    for column in (each for each in read_sample(file)[0] if each not in rules.fixed):
        try:
            steps = steps_to(column, stated)
        except UnknownPlace as error:
            problems.append(Problem(file, 1, column, str(error)))
            continue
        if steps in first:
            problems.append(Problem(file, 1, column, f"is the same field as {first[steps]}"))
        first[steps] = f"the column {column}"
    return problems


def _put(data: Any, steps: Steps, value: float) -> None:
    for step in steps[:-1]:
        data = data[step]
    data[steps[-1]] = value


def _resample(data: dict[str, Any], blocks: str, number: int) -> None:
    if blocks == "instance":
        data["records"]["resample"] = number
    else:
        data["workload"]["arrivals"]["resample"] = {"blocks": blocks, "number": number}


def _refused(
    scenario: Scenario, data: dict[str, Any], inputs: Mapping[str, float], when: str
) -> ScenarioError:
    """In our words what is wrong with a market whose numbers were drawn, at the places that say how."""
    rules, problems = scenario.uncertainty, []
    try:
        validate(Document(from_python(data, (), Mark("", None)), data, scenario.name, ()), Scenario)
    except ScenarioError as error:
        for each in error.problems:
            place, mark = each.path, Mark("", None)
            if rules is not None and place in rules.inputs:
                place = f"uncertainty.inputs.{place}"
                mark = scenario.origins.marks.get(place, mark)
            elif rules is not None and rules.sample is not None and place in inputs:
                mark = Mark(rules.sample, None)
            others = "" if each.path in inputs else f": {_told(inputs)}"
            problems.append(Problem(mark.file, mark.line, place, f"{each.message}, {when}{others}"))
    return ScenarioError(problems)


def _told(inputs: Mapping[str, float]) -> str:
    return ", ".join(f"{path} {value:.6g}" for path, value in inputs.items())
