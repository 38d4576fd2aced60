"""By what a log's calls are told apart as types of task, and its users as groups."""

from __future__ import annotations

import numpy as np

from coalesce_sim.logs.calls import Calls, Gathering
from coalesce_sim.logs.models import same_model
from coalesce_sim.logs.people import Kinds, kinds_of, plain
from coalesce_sim.logs.request import Request
from coalesce_sim.logs.sources import BY
from coalesce_sim.scenario.problems import Problem, ScenarioError


def types_of(request: Request, calls: Calls, gathering: Gathering) -> tuple[Kinds, str]:
    """Kinds of task: by tag where the log has some, else by the model that was asked for."""
    by = request.type_by or ("tag" if "tag" in gathering.has else "model")
    if by == "model":
        return _by_model(calls, gathering), by
    _check_has(by, "--type-by", gathering)
    values = gathering.names[by].values
    return kinds_of(
        getattr(calls, by), values, f"no_{by}", lambda number, value: _type_name(request, by, number, value)
    ), by


def _type_name(request: Request, by: str, number: int, value: str) -> str:
    personal = by in ("user", "team") and not request.keep_names
    return f"{by}_{number}" if personal else plain(value, by)


def _by_model(calls: Calls, gathering: Gathering) -> Kinds:
    """By what was asked for, else by who answered; names of the same model are one."""
    asked, answered = gathering.names["requested"].values, gathering.names["model"].values
    shared: dict[str, int] = {}
    number = [shared.setdefault(same_model(each), len(shared)) for each in (*asked, *answered)]
    of_name = np.array([*number, -1], dtype=np.int64)
    codes = np.where(calls.requested >= 0, of_name[calls.requested], of_name[calls.model + len(asked)])
    return kinds_of(codes, list(shared), "no_model", lambda _, value: plain(value, "model"))


def groups_of(request: Request, calls: Calls, gathering: Gathering, type_by: str) -> tuple[Kinds, str]:
    """Groups of clients: by team, else by agent, where the log has some and types are not told apart by
    it."""
    by = request.group_by or next(
        (each for each in ("team", "agent") if each in gathering.has and each != type_by), ""
    )
    if not by:
        return Kinds(("clients",), np.zeros(len(calls), dtype=np.int32)), ""
    if by == "model":
        return _by_model(calls, gathering), by
    _check_has(by, "--group-by", gathering)
    named = request.keep_names or by == "tag"
    values = gathering.names[by].values
    return kinds_of(
        getattr(calls, by),
        values,
        f"no_{by}",
        lambda number, value: plain(value, by) if named else f"{by}_{number}",
    ), by


def _check_has(by: str, option: str, gathering: Gathering) -> None:
    if by not in gathering.has:
        there = [each for each in BY if each in gathering.has]
        raise ScenarioError(
            [Problem("", None, option, f"the log says no {by} (it says: {', '.join(there)})")]
        )
