"""The files a scenario names, read once before anything runs."""

from __future__ import annotations

import numpy as np

from coalesce_sim.inputs.history import check_histories
from coalesce_sim.inputs.logged import objections_to_log, objections_to_policies
from coalesce_sim.inputs.recordings import read_recordings
from coalesce_sim.inputs.sellers import listed_prices
from coalesce_sim.inputs.tasktable import TaskTable, tasks_of
from coalesce_sim.scenario.adversarial import names_known, unknown_names
from coalesce_sim.scenario.complying import unknown_contractors
from coalesce_sim.scenario.distributions import support
from coalesce_sim.scenario.policy import hired_by
from coalesce_sim.scenario.pool import PriceList, RecordedPool
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.settling import unknown_payees
from coalesce_sim.scenario.workload import Attributes, Csv, FromFile, too_many_cached


def check_inputs(scenario: Scenario) -> None:
    """Read the explicit tasks, the price list and the records of a scenario, if it has any.

    Raises `ScenarioError` with all that is wrong with them. A problem that names no file is about the field
    of the scenario at its path.
    """
    problems: list[Problem] = []
    arrivals = scenario.workload.arrivals
    try:
        table = tasks_of(scenario)
        problems += objections_to_policies(scenario, table)
        if table is not None and len(table.arrival_s):  # a sample may have none
            last_s, end_s = float(table.arrival_s[-1]), scenario.clock.horizon_s
            if last_s >= end_s:
                message = f"ends after {end_s:g} s, before the last task comes at {last_s:g} s"
                message += f" (got {scenario.clock.days:g}){_since_1970(float(table.arrival_s[0]))}"
                problems.append(Problem("", None, "clock.days", message))
            if isinstance(arrivals, FromFile) and arrivals.start is not None and table.begins is None:
                column = arrivals.columns["arrival_s"] if isinstance(arrivals, Csv) else "arrival_s"
                message = f"needs timestamps in the column {column!r}, which has seconds"
                problems.append(Problem("", None, "workload.arrivals.start", f"{message} (got 'log')"))
            problems += _of_cached_tokens(table, scenario.workload.attributes)
            problems += objections_to_log(scenario, table)
    except ScenarioError as error:
        problems.extend(error.problems)
    try:
        if isinstance(scenario.contractors, PriceList):
            listed_prices(scenario.contractors)
    except ScenarioError as error:
        problems.extend(error.problems)
    try:
        if scenario.records is not None:
            names = read_recordings(scenario.records).contractors
            for place, each in scenario.policies:
                for field, name in hired_by(each).items():
                    if name not in names:
                        message = f"no contractor of that name (got {name!r})"
                        problems.append(Problem("", None, f"{place}.{field}", message))
            if isinstance(scenario.contractors, RecordedPool):
                for name in scenario.contractors.claims:
                    if name not in names:
                        message = f"no contractor of that name (got {name!r})"
                        problems.append(Problem("", None, f"contractors.claims.{name}", message))
            if names_known(scenario) is None:
                unknown = (each.split(": ", 1) for each in unknown_names(scenario, names))
                problems += (Problem("", None, place, message) for place, message in unknown)
            if scenario.names_of("contractor") is None:
                unknown = (each.split(": ", 1) for each in unknown_contractors(scenario, names))
                problems += (Problem("", None, place, message) for place, message in unknown)
                unknown = (each.split(": ", 1) for each in unknown_payees(scenario, names))
                problems += (Problem("", None, place, message) for place, message in unknown)
    except ScenarioError as error:
        problems.extend(error.problems)
    histories = [(at, name, number.csv) for at, name, number in scenario.moving if number.csv is not None]
    problems += check_histories(histories, scenario.clock.start)
    if problems:
        raise ScenarioError(problems)


_UNITS = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}


def _since_1970(first_s: float) -> str:
    """A hint, where arrivals look like times of this century and not like seconds from the start of a run."""
    for unit, per_s in _UNITS.items():
        if 9e8 * per_s <= first_s < 5e9 * per_s:
            counted = "numbers count seconds from the start of the run"
            return f"; {counted}, and these look like {unit} since 1970: write them as timestamps"
    return ""


def _of_cached_tokens(table: TaskTable, attributes: Attributes) -> list[Problem]:
    """Tasks of which part of a prompt may be cached that is longer than the whole."""
    drawn = np.full(len(table.arrival_s), np.nan)
    least, most = (
        np.where(np.isnan(given), bound, given)
        for given, bound in (
            (table.given.get("prompt_tokens", drawn), support(attributes.prompt_tokens)[0]),
            (table.given.get("cached_tokens", drawn), support(attributes.cached_tokens)[1]),
        )
    )
    worst = int(np.argmax(most - least))
    if most[worst] <= least[worst]:
        return []
    drawn_here = bool(np.isnan(table.given.get("cached_tokens", drawn)[worst]))
    place = "workload.attributes.cached_tokens" if drawn_here else "workload.arrivals"
    message = f"{too_many_cached(most[worst], least[worst])}: task {worst}, counted from 0"
    return [Problem("", None, place, message if drawn_here else f"cached_tokens {message}")]
