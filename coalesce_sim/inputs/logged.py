"""Where a log says that tasks went, against who there is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.inputs.sellers import listed_prices
from coalesce_sim.inputs.tasktable import LoggedTasks, TaskTable, tasks_of
from coalesce_sim.scenario.policy import AsLogged
from coalesce_sim.scenario.pool import PriceList
from coalesce_sim.scenario.problems import Problem, closest, shown
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.workload import HOME

_HOME = -1
_MOST_NAMED = 8


def is_logged(scenario: Scenario) -> bool:
    """Whether a log says of the scenario's tasks what came of them. Raises as `read_table`."""
    table = tasks_of(scenario)
    return table is not None and table.logged is not None


def is_billed(scenario: Scenario) -> bool:
    """Whether a log says of the scenario's tasks what they came to, all bills among it. Raises as
    `read_table`."""
    table = tasks_of(scenario)
    return table is not None and table.logged is not None and not len(unbilled(table))


def unbilled(table: TaskTable) -> IntArray:
    """The tasks that went to a contractor for a bill that is not in the log."""
    logged = table.logged
    if logged is None:
        return np.empty(0, dtype=np.int64)
    at_home = np.array([name == HOME for name in logged.names])[logged.to]
    return np.flatnonzero(np.isnan(logged.usd) & ~at_home)


def contractors_of(scenario: Scenario) -> tuple[str, ...] | None:
    """The names of the contractors that are there from the first, in the order of the pool; None where they
    are drawn or recorded. Raises ScenarioError for price lists that cannot be read."""
    match scenario.contractors:
        case PriceList() as source:
            return tuple(each.provider for each in listed_prices(source))
        case list() as listed:
            return tuple(each.name for each in listed)
        case _:
            return None


def where_to(scenario: Scenario, logged: LoggedTasks) -> IntArray:
    """To which contractor each task went, by its place in the pool; -1 for home."""
    names = contractors_of(scenario) or ()
    place = [_HOME if name == HOME else names.index(name) for name in logged.names]
    return np.array(place, dtype=np.int64)[logged.to]


def objections_to_log(scenario: Scenario, table: TaskTable) -> Iterator[Problem]:
    """What is wrong with where the log says that tasks went."""
    logged = table.logged
    if logged is None:
        return
    names = contractors_of(scenario)
    if names is None:
        what = "logged tasks need contractors that are listed, or a price list, which are the same always"
        yield Problem("", None, "contractors", f"{what}; leave logged out, or list them")
        return
    if HOME in names:
        yield Problem("", None, "contractors", f"a log means work at home by {HOME!r}; name it otherwise")
    for number, name in enumerate(logged.names):
        if name != HOME and name not in names:
            tasks = np.flatnonzero(logged.to == number)
            if not len(tasks):
                continue  # a word of the file's dictionary that no row has
            yield table.problem(int(tasks[0]), "logged.to", _unknown(name, names, len(tasks)))
    composite = [kind.steps is not None for kind in scenario.workload.types.values()]
    if len(whole := np.flatnonzero(np.array(composite)[table.type_id])):
        name = list(scenario.workload.types)[int(table.type_id[whole[0]])]
        message = f"must be of a task without steps, which {name!r} has (workload.types.{name}.steps)"
        yield table.problem(int(whole[0]), "logged.to", message)


def objections_to_policies(scenario: Scenario, table: TaskTable | None) -> Iterator[Problem]:
    """What is wrong with policies that go by a log."""
    for place, rule in scenario.policies:
        if not isinstance(rule, AsLogged):
            continue
        for field, message in why_not_logged(rule, table):
            yield Problem("", None, f"{place}.{field}", message)
        if rule.costs == "logged" and place != "policy":
            all_of_them = "plays the log for all clients; state it as policy, or costs: modelled"
            yield Problem("", None, f"{place}.costs", f"{all_of_them} (got 'logged')")


def why_not_logged(rule: AsLogged, table: TaskTable | None) -> Iterator[tuple[str, str]]:
    """Why a policy cannot go by the log of these tasks: the field that is wrong, and what is."""
    if table is None or table.logged is None:
        needs = "needs tasks that are logged (workload.arrivals, logged.to and so on)"
        yield "kind", f"{needs} (got 'as_logged')"
    elif rule.costs == "logged" and len(tasks := unbilled(table)):
        first = table.problem(int(tasks[0]), "logged.usd", "")
        place = first.path if first.line is None else f"line {first.line}: {first.path}"
        of_which = f"{len(tasks):,} tasks have no bill of their contractor, the first at {place}"
        yield "costs", f"{of_which}; state them, or costs: modelled (got 'logged')"


def _unknown(name: str, names: tuple[str, ...], tasks: int) -> str:
    near = closest(name, names)
    hint = f"; did you mean {near!r}?" if near else f"; add it to contractors, or say {HOME!r}"
    listed = ", ".join(names[:_MOST_NAMED]) + ", …" * (len(names) > _MOST_NAMED)
    of_tasks = f", of {tasks:,} tasks" if tasks > 1 else ""
    return f"no contractor of that name (got {shown(name)}{of_tasks}; known: {listed}){hint}"
