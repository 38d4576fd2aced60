"""Ways to fields: which covers which, in which order they stand, and what lies at their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from coalesce_sim.scenario.document import DISCRIMINATORS, EVERY
from coalesce_sim.scenario.problems import Steps
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.yamltext import Node

_SECTIONS: Final = ("policy", *Scenario.model_fields)
"""The order of overrides, by the section that they are of."""


def covers(steps: Steps, other: Steps, *, whole: bool = False) -> bool:
    """Whether a change at `steps` decides on the field at `other`, or just on it where they are `whole`."""
    if len(steps) > len(other) or (whole and len(steps) != len(other)):
        return False
    return all(step in (EVERY, each) for step, each in zip(steps, other, strict=False))


def place_of(steps: Steps) -> tuple[int, list[tuple[int, str]]]:
    """Its place in the order: a mapping, its kind and what is meant of all stand before what is in it."""

    def of(step: str | int) -> tuple[int, str]:
        if isinstance(step, int):
            return 1, f"{step:09d}"
        return (0, "") if step in (*DISCRIMINATORS, EVERY) else (2, step)

    first = str(steps[0])
    return _SECTIONS.index(first) if first in _SECTIONS else len(_SECTIONS), [of(step) for step in steps]


def placed(content: Any, steps: Steps, value: Any) -> Any:
    """The content with another value at the end of a way; None takes a key away."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(content, list) and isinstance(step, int):
        return [placed(each, rest, value) if at == step else each for at, each in enumerate(content)]
    inside = dict(content) if isinstance(content, Mapping) else {}
    inner = placed(inside.get(str(step)), rest, value)
    if inner is None:
        inside.pop(str(step), None)
        return inside
    return {**inside, str(step): inner}


def stands_in(root: Node, steps: Steps) -> bool:
    """Whether a tree has anything at the end of a way."""
    node = root
    for step in steps:
        inside = node.value
        if isinstance(inside, dict):
            found = inside.get(str(step))
        elif isinstance(inside, list) and isinstance(step, int) and step < len(inside):
            found = inside[step]
        else:
            found = None
        if found is None or found.cleared:
            return False
        node = found
    return True
