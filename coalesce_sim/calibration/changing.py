"""A scenario as plain data with some of its fields changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coalesce_sim.scenario.document import DISTRIBUTIONS
from coalesce_sim.scenario.problems import Steps


def changed(data: Any, changes: Mapping[Steps, Any]) -> Any:
    """A copy of the data with the fields set; None takes one away. A profile's name is written out where
    fields stand beside it, and another distribution takes the place of the one there is."""
    for path, value in changes.items():
        data = _with(data, path, value)
    return data


def _with(data: Any, path: Steps, value: Any) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return [_with(each, rest, value) if place == step else each for place, each in enumerate(data)]
    if isinstance(data, str):
        holder: dict[str, Any] = {"profile": data}
    elif isinstance(data, Mapping) and not (step in DISTRIBUTIONS and step not in data):
        holder = dict(data)
    else:
        holder = {}
    if not rest and value is None:
        holder.pop(step, None)
    else:
        holder[step] = _with(holder.get(step), rest, value)
    return holder
